//! What one package asks of others.

use std::fmt;

use super::{PackageName, Version};

/// How a version is compared, in the distribution's own order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Op {
    /// Strictly earlier (Debian `<<`, Alpine `<`).
    Lt,
    /// Earlier or equal.
    Le,
    /// Exactly equal.
    Eq,
    /// Later or equal.
    Ge,
    /// Strictly later (Debian `>>`, Alpine `>`).
    Gt,
}

impl Op {
    /// Whether a version that compares to the constraint's as `ordering` fulfils it.
    pub const fn accepts(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Self::Lt => ordering.is_lt(),
            Self::Le => ordering.is_le(),
            Self::Eq => ordering.is_eq(),
            Self::Ge => ordering.is_ge(),
            Self::Gt => ordering.is_gt(),
        }
    }
}

impl fmt::Display for Op {
    /// As manifests and people write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Eq => "=",
            Self::Ge => ">=",
            Self::Gt => ">",
        })
    }
}

/// A name, possibly with a constraint on its version. Displayed as `libc6 (>= 2.36)`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Clause {
    /// The name of a package, or one that packages provide.
    pub name: PackageName,
    /// A foreign architecture that it must be of: nothing in an image of one architecture is.
    pub arch: Option<Box<str>>,
    /// Which versions will do; all where it is absent.
    pub constraint: Option<(Op, Version)>,
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name.as_str())?;
        if let Some(arch) = &self.arch {
            write!(f, ":{arch}")?;
        }
        match &self.constraint {
            Some((op, version)) => write!(f, " ({op} {version})"),
            None => Ok(()),
        }
    }
}

/// Alternatives in the package's order, the first being preferred. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Relation {
    /// `a | b | c`.
    pub any_of: Vec<Clause>,
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, clause) in self.any_of.iter().enumerate() {
            if index > 0 {
                f.write_str(" | ")?;
            }
            clause.fmt(f)?;
        }
        Ok(())
    }
}
