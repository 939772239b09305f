//! What can be wrong with a package.

use std::error::Error;
use std::io;

use super::ar::ArError;
use crate::distro::deb::control::ControlError;
use crate::distro::tarball::TarError;
use crate::model::{Class, Explain};

/// A package's archive does not hold.
#[derive(Debug, thiserror::Error)]
pub(super) enum ArchiveError {
    /// It cannot be read as deb(5) says.
    #[error("the package {package} is malformed")]
    Malformed {
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
        /// The field of its control file.
        field: &'static str,
        /// What it says.
        found: String,
        /// What the lockfile says.
        locked: String,
    },
}

/// Why a package is malformed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Cause {
    /// Its outer archive.
    #[error(transparent)]
    Ar(#[from] ArError),
    /// The order and the names of its members.
    #[error("it {0}")]
    Members(String),
    /// A member.
    #[error("its member `{member}` does not hold")]
    Member {
        /// As the archive names it.
        member: String,
        /// Why.
        source: MemberError,
    },
    /// Its control file.
    #[error("its control file does not hold")]
    Control(#[from] ControlError),
}

/// Why a member does not hold.
#[derive(Debug, thiserror::Error)]
pub(super) enum MemberError {
    /// Its compression.
    #[error("it cannot be decompressed")]
    Stream(#[from] io::Error),
    /// Its tar archive.
    #[error(transparent)]
    Tar(#[from] TarError),
    /// A control file.
    #[error("its file `{name}` {why}")]
    ControlFile {
        /// Its name.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// There is more in the member than its stream.
    #[error("it goes on after its compressed stream")]
    Trailing,
}

impl Explain for ArchiveError {
    fn class(&self) -> Class {
        // A disk that fails while a package is read says nothing about the package.
        let mut cause: Option<&(dyn Error + 'static)> = self.source();
        while let Some(error) = cause {
            let failed = error.downcast_ref::<io::Error>();
            if failed.is_some_and(|error| error.raw_os_error().is_some()) {
                return Class::Outside;
            }
            cause = error.source();
        }
        Class::Untrusted
    }
}
