//! Licence expressions, which hold by construction.

use std::fmt;

/// One licence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Simple {
    /// On the SPDX list.
    Listed {
        /// Its identifier.
        id: &'static str,
        /// Any later version, for those whose identifier does not say it itself.
        later: bool,
        /// An exception of the list.
        exception: Option<&'static str>,
    },
    /// A `LicenseRef-`.
    Ref(String),
}

/// An expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expression {
    /// A licence.
    One(Simple),
    /// Every one of two or more, none of which is such a list itself.
    All(Vec<Self>),
    /// Any one of two or more, likewise.
    Any(Vec<Self>),
}

impl Expression {
    /// Every one of `parts`, each once, in the order in which they come first; `None` for none.
    pub(super) fn all(parts: impl IntoIterator<Item = Self>) -> Option<Self> {
        let flat = parts.into_iter().flat_map(|part| match part {
            Self::All(parts) => parts,
            part => vec![part],
        });
        Self::join(flat, Self::All)
    }

    /// Any one of `parts`, likewise.
    pub(super) fn any(parts: impl IntoIterator<Item = Self>) -> Option<Self> {
        let flat = parts.into_iter().flat_map(|part| match part {
            Self::Any(parts) => parts,
            part => vec![part],
        });
        Self::join(flat, Self::Any)
    }

    fn join(parts: impl Iterator<Item = Self>, list: fn(Vec<Self>) -> Self) -> Option<Self> {
        let mut seen = std::collections::HashSet::new();
        let mut parts: Vec<Self> = parts.filter(|part| seen.insert(part.to_string())).collect();
        match parts.len() {
            0 | 1 => parts.pop(),
            _ => Some(list(parts)),
        }
    }
}

impl fmt::Display for Simple {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listed {
                id,
                later,
                exception,
            } => {
                write!(f, "{id}{}", if *later { "+" } else { "" })?;
                match exception {
                    Some(exception) => write!(f, " WITH {exception}"),
                    None => Ok(()),
                }
            }
            Self::Ref(id) => f.write_str(id),
        }
    }
}

impl fmt::Display for Expression {
    /// With parentheses around every list in a list: few know by heart that AND binds tighter.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (parts, word) = match self {
            Self::One(simple) => return simple.fmt(f),
            Self::All(parts) => (parts, " AND "),
            Self::Any(parts) => (parts, " OR "),
        };
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                f.write_str(word)?;
            }
            match part {
                Self::One(simple) => simple.fmt(f)?,
                list => write!(f, "({list})")?,
            }
        }
        Ok(())
    }
}
