//! What keeps a package from being unpacked.

use std::io;

use crate::assemble::Refusal;
use crate::distro::Fault;
use crate::model::{Class, Explain, Sha256};
use crate::store::StoreError;

/// A package could not be unpacked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnpackError {
    /// Its archive is not in the store.
    #[error("the archive of {package} is not in the store")]
    Missing {
        /// Name and version.
        package: String,
    },
    /// Its archive in the store has other bytes.
    #[error(
        "the store's archive of {package} was damaged: it did not have {sha256}, and was dropped"
    )]
    Damaged {
        /// Name and version.
        package: String,
        /// What was needed.
        sha256: Sha256,
    },
    /// Its archive has the locked digest and not the locked size.
    #[error("the archive of {package} has {found} bytes where the lockfile says {locked}")]
    Size {
        /// Name and version.
        package: String,
        /// What the lockfile says.
        locked: u64,
        /// What there is.
        found: u64,
    },
    /// The distribution refuses the archive.
    #[error(transparent)]
    Refused(Refusal),
    /// The content of an entry could not be read; the distribution's own error says why.
    #[error("the content of an entry cannot be read")]
    Content(#[source] io::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl UnpackError {
    pub(super) fn refused(fault: Fault) -> Self {
        Self::Refused(Refusal(fault))
    }
}

impl Explain for UnpackError {
    fn class(&self) -> Class {
        match self {
            Self::Missing { .. } | Self::Content(_) => Class::Outside,
            Self::Damaged { .. } | Self::Size { .. } => Class::Untrusted,
            Self::Refused(Refusal(fault)) => fault.class(),
            Self::Store(error) => error.class(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Missing { .. } | Self::Damaged { .. } => {
                Some("bring it into the store with `rootlock fetch`".into())
            }
            Self::Size { .. } => Some("write the lockfile anew with `rootlock lock`".into()),
            Self::Refused(Refusal(fault)) => fault.hint(),
            Self::Content(_) => None,
            Self::Store(error) => error.hint(),
        }
    }
}
