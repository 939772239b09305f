//! What can be wrong with a package.

use std::error::Error;
use std::io;

use crate::distro::apk::trust::TrustFault;
use crate::distro::tarball::TarError;
use crate::model::{Class, Explain};

/// A package's archive does not hold.
#[derive(Debug, thiserror::Error)]
pub(in crate::distro::apk) enum ArchiveError {
    /// It cannot be read as apk-v2(5) says.
    #[error("the package {package} is malformed")]
    Malformed {
        /// Name and version.
        package: String,
        /// Why.
        source: Cause,
    },
    /// It does not have what is signed, or is not the file that its index means.
    #[error("the package {package} is not what its repository vouches for")]
    Unproven {
        /// Name and version.
        package: String,
        /// Why.
        source: Cause,
    },
    /// It names itself otherwise than the lockfile does.
    #[error(
        "the archive of {package} is another package: its {field} is `{found}`, not `{locked}`"
    )]
    Other {
        /// Name and version, as locked.
        package: String,
        /// The field of its `.PKGINFO`.
        field: &'static str,
        /// What it says.
        found: String,
        /// What the lockfile says.
        locked: String,
    },
}

/// Why a package is not accepted.
#[derive(Debug, thiserror::Error)]
pub(in crate::distro::apk) enum Cause {
    /// Its format or its signatures.
    #[error(transparent)]
    Trust(#[from] TrustFault),
    /// Its whole shape.
    #[error("it {0}")]
    Shape(&'static str),
    /// One of its parts.
    #[error("its {part} part does not hold")]
    Part {
        /// Which.
        part: &'static str,
        /// Why.
        source: PartError,
    },
    /// Its control part is another one than the index lists.
    #[error("its control part has the checksum {found}, and the index says {locked}")]
    Identity {
        /// What it has.
        found: String,
        /// What the index says.
        locked: String,
    },
    /// Its data part is another one than its control part lists.
    #[error("its data part does not have the datahash that its control part says")]
    DataHash,
}

/// Why a part does not hold.
#[derive(Debug, thiserror::Error)]
pub(in crate::distro::apk) enum PartError {
    /// Its compression.
    #[error("it cannot be decompressed")]
    Stream(#[from] io::Error),
    /// Its tar archive.
    #[error(transparent)]
    Tar(#[from] TarError),
    /// One entry.
    #[error("its entry `{path}` {why}")]
    Entry {
        /// As the archive has it, escaped.
        path: String,
        /// What is wrong with it.
        why: &'static str,
    },
}

impl Explain for ArchiveError {
    fn class(&self) -> Class {
        // A disk that fails while a package is read says nothing about the package; a key file that
        // cannot be used is the manifest's.
        let mut cause: Option<&(dyn Error + 'static)> = self.source();
        while let Some(error) = cause {
            let failed = error.downcast_ref::<io::Error>();
            if failed.is_some_and(|error| error.raw_os_error().is_some()) {
                return Class::Outside;
            }
            if let Some(fault) = error.downcast_ref::<TrustFault>() {
                return fault.class();
            }
            cause = error.source();
        }
        Class::Untrusted
    }
}
