//! What writing an image can fail with.

use std::io;
use std::path::{Path, PathBuf};

use crate::model::{Class, Explain, Sha256};
use crate::store::StoreError;
use crate::tree::TreePath;

/// An image could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The file system or the other end of a pipe refused.
    #[error("{} cannot be written", .path.display())]
    Write {
        /// The output.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The content of a file could not be copied from where it lies.
    #[error("the content of {path} cannot be read")]
    Content {
        /// The path in the image.
        path: TreePath,
        /// Why.
        source: io::Error,
    },
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A blob of the store is not what its name says, or went away; it was dropped.
    #[error("the store's copy of {digest} was damaged and has been dropped")]
    Damaged {
        /// What it should have been.
        digest: Sha256,
    },
    /// There is something at the output that is not to be touched.
    #[error("{} {why}", .path.display())]
    Occupied {
        /// The output.
        path: PathBuf,
        /// What is there.
        why: &'static str,
    },
    /// An OCI layout that cannot be added to.
    #[error("{} is no OCI image layout that can be added to", .path.display())]
    Layout {
        /// The file that is wrong.
        path: PathBuf,
        /// What is wrong with it.
        source: io::Error,
    },
    /// `--tag` is no image name.
    #[error("`{text}` is not an image name: {why}")]
    Reference {
        /// As given.
        text: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The format holds one architecture and was given another number of them.
    #[error("a docker-archive holds the image of one architecture")]
    OneArch,
    /// The tree is not whole: a parent is missing or a link's target does not come before it.
    #[error("the tree is not whole at {path}: {why}")]
    Tree {
        /// The path.
        path: TreePath,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A device number that tar has no room for.
    #[error("the device number of {path} is over 2097151")]
    Device {
        /// The path in the image.
        path: TreePath,
    },
    /// The caller may not make what the image holds.
    #[error("{path} needs {what}, which this user may not set under {}", .out.display())]
    Rights {
        /// The path in the image that needs it.
        path: TreePath,
        /// `owner 0:0`, `device 1:3`, `attribute security.capability`.
        what: String,
        /// The output.
        out: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl ExportError {
    /// For `map_err`: writing `path` failed.
    pub(crate) fn write(path: &Path) -> impl Fn(io::Error) -> Self + '_ {
        |source| Self::Write {
            path: path.into(),
            source,
        }
    }
}

impl Explain for ExportError {
    fn class(&self) -> Class {
        match self {
            Self::Write { .. } | Self::Content { .. } | Self::Rights { .. } => Class::Outside,
            Self::Damaged { .. } => Class::Outside,
            Self::Store(error) => error.class(),
            Self::Occupied { .. }
            | Self::Layout { .. }
            | Self::Reference { .. }
            | Self::OneArch => Class::BadInput,
            Self::Tree { .. } | Self::Device { .. } => Class::Untrusted,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Damaged { .. } => "run the command again: what was dropped is made anew",
            Self::Rights { .. } => {
                "give `--no-owner` to write everything as yourself, or run the command under \
                 `unshare --map-auto -r`"
            }
            Self::Occupied { .. } => "choose another output, or remove it",
            Self::OneArch => "choose one with `--arch`",
            Self::Store(error) => return error.hint(),
            _ => return None,
        };
        Some(hint.into())
    }
}
