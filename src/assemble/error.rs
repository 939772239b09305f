//! What keeps locked packages from becoming an image.

use std::fmt;
use std::io;

use crate::distro::Fault;
use crate::model::{Class, Explain, GroupName, PackageName};
use crate::store::StoreError;
use crate::tree::TreePath;

/// A package and the layer that it is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The package; absent for what no package ships.
    pub package: Option<PackageName>,
    /// The group of the layer.
    pub group: GroupName,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.package {
            Some(package) => write!(f, "{package} (group {})", self.group),
            None => write!(f, "the layer of group {}", self.group),
        }
    }
}

/// An error of the distribution, or of whoever runs scripts, passed on as it is.
#[derive(Debug)]
pub struct Refusal(pub(super) Fault);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Refusal {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

/// Why no image can be assembled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AssembleError {
    /// Two packages ship different things under one path.
    #[error("{path} is claimed by {first} and by {second}, and neither replaces the other")]
    Conflict {
        /// The path.
        path: TreePath,
        /// The one that came first.
        first: Holder,
        /// The other.
        second: Holder,
    },
    /// A link would hide a directory of a lower layer.
    #[error("{link} ships {path} as a link, which would hide the directory there from {below}")]
    LinkAbove {
        /// The path of the link.
        path: TreePath,
        /// Whose link it is.
        link: Holder,
        /// Whose directory it is.
        below: Holder,
    },
    /// The links of packages lead in a circle, or nowhere that could exist.
    #[error("{path} of {package} cannot be placed: its links lead in a circle or too far")]
    Tangled {
        /// The path as packaged.
        path: TreePath,
        /// The package.
        package: PackageName,
    },
    /// A hard link to something that the package does not hold.
    #[error("{path} of {package} is a hard link to {target}, which the package does not hold")]
    LostHardlink {
        /// The path as packaged.
        path: TreePath,
        /// What it names.
        target: TreePath,
        /// The package.
        package: PackageName,
    },
    /// A locked package is in a group that the manifest does not have.
    #[error("{package} is locked in group {group}, which the manifest does not have")]
    UnknownGroup {
        /// The package.
        package: PackageName,
        /// The group.
        group: GroupName,
    },
    /// An entry of `files:` does not fit what is beneath it, or what it names.
    #[error("line {line}: {what}")]
    File {
        /// In the manifest.
        line: usize,
        /// One sentence.
        what: String,
    },
    /// A source of `files:` is not under the manifest's directory.
    #[error("line {line}: the source `{source_path}` leaves the manifest's directory")]
    Outside {
        /// In the manifest.
        line: usize,
        /// As the manifest has it.
        source_path: String,
    },
    /// A file that rootlock generates has no place.
    #[error("{path} cannot be generated: {what}")]
    System {
        /// The path.
        path: TreePath,
        /// Why, as one sentence.
        what: &'static str,
    },
    /// `accounts:` or `image.user` does not fit what the packages ship.
    #[error("{0}")]
    Account(String),
    /// A file below `files:` cannot be read.
    #[error("line {line}: {what} cannot be read")]
    Source {
        /// In the manifest.
        line: usize,
        /// The file.
        what: String,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// What was unpacked cannot be read again.
    #[error("{path} cannot be read back from the store")]
    Content {
        /// The path in the image.
        path: TreePath,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// The distribution refuses a package.
    #[error(transparent)]
    Distro(#[from] Refusal),
    /// Scripts could not be run, or not to a good end.
    #[error(transparent)]
    Scripts(Refusal),
    /// The store cannot keep the contents of `files:`.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Explain for AssembleError {
    fn class(&self) -> Class {
        match self {
            Self::Conflict { .. } | Self::LinkAbove { .. } | Self::System { .. } => {
                Class::Unsatisfiable
            }
            Self::Tangled { .. } | Self::LostHardlink { .. } => Class::Untrusted,
            Self::UnknownGroup { .. }
            | Self::File { .. }
            | Self::Outside { .. }
            | Self::Account(_) => Class::BadInput,
            Self::Source { .. } | Self::Content { .. } => Class::Outside,
            Self::Distro(Refusal(fault)) | Self::Scripts(Refusal(fault)) => fault.class(),
            Self::Store(error) => error.class(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Conflict { second, .. } => second.package.as_ref().map(|package| {
                format!("leave one of them out, for example with `exclude: [{package}]`")
            }),
            Self::LinkAbove { link, below, .. } => link.package.as_ref().map(|package| {
                format!(
                    "move {package} to group {}: request it there, and run `rootlock lock`",
                    below.group
                )
            }),
            Self::Outside { .. } => {
                Some("copy it below the manifest, or allow this with `--allow-outside`".into())
            }
            Self::UnknownGroup { .. } => Some("run `rootlock lock`".into()),
            Self::Distro(Refusal(fault)) | Self::Scripts(Refusal(fault)) => fault.hint(),
            Self::Store(error) => error.hint(),
            _ => None,
        }
    }
}
