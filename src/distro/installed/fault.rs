//! What can be wrong with a package database.

use crate::model::{Class, Explain, PackageName, ParseNameError};
use crate::tree::{ParsePathError, TreePath};

/// A package database that cannot be read in full.
#[derive(Debug, thiserror::Error)]
pub(in crate::distro) enum InventoryFault {
    #[error("line {line} of the package database {file} {why}")]
    Line {
        file: TreePath,
        line: usize,
        why: String,
    },
    #[error("line {line} of the package database {file} names a path that is refused")]
    Path {
        file: TreePath,
        line: usize,
        #[source]
        cause: ParsePathError,
    },
    #[error("the package at line {line} of the package database {file} {why}")]
    Package {
        file: TreePath,
        line: usize,
        why: String,
    },
    #[error("the package at line {line} of the package database {file} has no valid {what}")]
    Name {
        file: TreePath,
        line: usize,
        what: &'static str,
        #[source]
        cause: ParseNameError,
    },
    #[error("the package databases {one} and {other} have different versions of {package}")]
    Disagree {
        package: PackageName,
        one: TreePath,
        other: TreePath,
    },
    #[error("the package database {file} ends in the middle of {what}")]
    Cut { file: TreePath, what: &'static str },
    #[error("the package database {file} is {form}, which rootlock does not read")]
    Form { file: TreePath, form: &'static str },
    #[error("the package database {0} leads to no regular file")]
    NoFile(TreePath),
    #[error("the package database {0} is not at hand: it lies where none is looked for")]
    Unread(TreePath),
    #[error("the package database {file} has {size} bytes, more than {limit}")]
    Large {
        file: TreePath,
        size: u64,
        limit: u64,
    },
    #[error("the package database {file} passes the limit of {limit} {what}")]
    Many {
        file: TreePath,
        limit: usize,
        what: &'static str,
    },
}

impl Explain for InventoryFault {
    fn class(&self) -> Class {
        Class::Untrusted
    }
}
