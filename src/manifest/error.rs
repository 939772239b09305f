//! How a manifest fails.

use std::fmt;
use std::io;

use crate::model::{Class, Explain};

/// A place in a manifest. Displayed as `rootfs.yaml:12`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, as the caller names it.
    pub file: String,
    /// From 1, where it is known.
    pub line: Option<usize>,
    /// In characters, from 1, where it is known.
    pub column: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        match self.line {
            Some(line) => write!(f, ":{line}"),
            None => Ok(()),
        }
    }
}

/// A manifest that cannot be used, or an edit that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The text is not YAML, or the YAML is not a manifest.
    #[error("{place}: {message}")]
    Invalid {
        /// Where.
        place: Place,
        /// What is wrong.
        message: String,
        /// What to write instead.
        hint: Option<String>,
        /// [`Class::Unsatisfiable`] where it is well-formed and no package can ever fit it.
        class: Class,
    },
    /// A file of keys that the manifest names cannot be read.
    #[error("{place}: cannot read the key file `{name}`")]
    Key {
        /// Where it is named.
        place: Place,
        /// As the manifest writes it.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// `add` or `remove` was asked for something that cannot be done.
    #[error("{message}")]
    Request {
        /// What was asked, and why not.
        message: String,
        /// What to ask instead.
        hint: Option<String>,
    },
    /// The text is written in a way that the editor does not master; nothing is changed.
    #[error("{file} is written in a way that cannot be edited safely")]
    Edit {
        /// The file, as the caller names it.
        file: String,
        /// What to do by hand.
        hint: String,
    },
}

impl Explain for ManifestError {
    fn class(&self) -> Class {
        match self {
            Self::Invalid { class, .. } => *class,
            Self::Key { source, .. } if source.kind() != io::ErrorKind::NotFound => Class::Outside,
            _ => Class::BadInput,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Invalid { hint, .. } | Self::Request { hint, .. } => hint.clone(),
            Self::Key { .. } => {
                Some("key files are looked for from the manifest's directory".into())
            }
            Self::Edit { hint, .. } => Some(hint.clone()),
        }
    }
}
