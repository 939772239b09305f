//! What the verbs of review find wrong.

use std::io;

use crate::model::{Class, Explain};

/// Something cannot be reviewed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReviewError {
    /// It is neither a lockfile nor a manifest.
    #[error("{0} is neither a lockfile nor a manifest")]
    Image(String),
    /// Version control cannot be asked.
    #[error("git, which `@{reference}` is for, cannot be run")]
    NoGit {
        /// The reference.
        reference: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Version control does not have it.
    #[error("`@{reference}` has no {path}")]
    NotInGit {
        /// The reference.
        reference: String,
        /// The file.
        path: String,
        /// What git says.
        #[source]
        source: io::Error,
    },
    /// It cannot be a reference.
    #[error("`@{0}` names no commit")]
    Reference(String),
    /// There is no such group or repository.
    #[error("{lockfile} has no {what} `{name}`")]
    Unknown {
        /// The lockfile's name.
        lockfile: String,
        /// `group`, `repository`.
        what: &'static str,
        /// What was asked for.
        name: String,
        /// Those that there are.
        known: Vec<String>,
    },
}

impl Explain for ReviewError {
    fn class(&self) -> Class {
        match self {
            Self::NoGit { .. } => Class::Outside,
            _ => Class::BadInput,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Image(_) => {
                "name a lockfile, a manifest, a directory that holds rootfs.yaml, or \
                               `@REF` for a lockfile in git"
                    .into()
            }
            Self::NoGit { .. } => {
                "install git, or write the other lockfile to a file and name that".into()
            }
            Self::NotInGit { .. } => {
                "`@REF:PATH` names a lockfile at another path, counted from the top of the \
                 repository"
                    .into()
            }
            Self::Reference(_) => "name one as git does: `@HEAD~1`, `@main`, `@v1.2`".into(),
            Self::Unknown { known, .. } if known.is_empty() => return None,
            Self::Unknown { known, .. } => format!("there are {}", known.join(", ")),
        })
    }
}
