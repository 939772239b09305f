//! What the store can fail with.

use std::io;
use std::path::{Path, PathBuf};

use crate::model::{Class, Explain, Sha256};

/// The store could not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file system refused.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// What was being done, as a verb with its object: `read`, `write to the store`.
        action: &'static str,
        /// On which file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Bytes are not those of their digest.
    #[error("{what} has {found} where {expected} is needed")]
    Digest {
        /// What was written or read.
        what: String,
        /// What it should be.
        expected: Sha256,
        /// What it is.
        found: Sha256,
    },
    /// Somebody reads the store without the right to write to it, so what is in use is unknown.
    #[error("the store at `{}` is read by a process that cannot mark what it uses", path.display())]
    Busy {
        /// The store.
        path: PathBuf,
    },
}

impl StoreError {
    pub(super) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io {
            action,
            path: path.into(),
            source,
        }
    }
}

impl Explain for StoreError {
    fn class(&self) -> Class {
        match self {
            Self::Io { .. } | Self::Busy { .. } => Class::Outside,
            Self::Digest { .. } => Class::Untrusted,
        }
    }

    fn hint(&self) -> Option<String> {
        use io::ErrorKind;
        match self {
            Self::Io { source, .. } => match source.kind() {
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Some(
                    "make room, for one with `rootlock store gc --keep-days 30`, or use another \
                     directory with `--store DIR`"
                        .into(),
                ),
                ErrorKind::PermissionDenied
                | ErrorKind::ReadOnlyFilesystem
                | ErrorKind::NotADirectory => {
                    Some("use another directory with `--store DIR` or ROOTLOCK_STORE".into())
                }
                _ => None,
            },
            Self::Digest { .. } => None,
            Self::Busy { .. } => Some("run it again when that process has ended".into()),
        }
    }
}
