//! Locked packages in, one tree per layer out: section 5 of FORMATS.md.

mod accounts;
mod build;
mod decide;
mod error;
mod etc;
mod files;
mod filter;
mod glob;
mod group;
mod links;
mod native;
mod overlay;
mod packs;
mod parents;
#[cfg(test)]
mod property_tests;
mod record;
mod stack;
mod staged;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod undone;
mod unpack;

use std::fmt;

use crate::lockfile::Undone;
use crate::model::{Epoch, GroupName, PackageName, ScriptOutcome};
use crate::tree::{Tree, TreePath};

pub use build::{AssembleRequest, assemble};
pub use error::{AssembleError, Holder, Refusal};
pub use files::{LoadedFile, LoadedFiles, load};
pub use filter::Filter;
pub use packs::Packs;
pub use record::generated;
pub use staged::{Ran, Runner, Staged};
pub use unpack::{MEMORY, UnpackError, unpack_all};

/// What a layer is made from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum LayerName {
    /// The packages of a group.
    Group(GroupName),
    /// Package database, accounts, links, generated files.
    System,
    /// `files:` of the manifest.
    Files,
}

impl fmt::Display for LayerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group(name) => name.fmt(f),
            Self::System => f.write_str("system"),
            Self::Files => f.write_str("files"),
        }
    }
}

/// One layer, whole: it carries the parent directories of everything in it.
#[derive(Debug, Clone)]
pub struct Layer {
    /// What it is made from.
    pub name: LayerName,
    /// Its filesystem. `Location::Pack` counts the packs of the assembly.
    pub tree: Tree,
}

/// A path of `system` or `files` that hides one beneath it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Replaced {
    /// The path.
    pub path: TreePath,
    /// The layer that replaces.
    pub by: LayerName,
    /// The package whose file is hidden, where it is a package's.
    pub package: Option<PackageName>,
}

/// An image of one architecture, before it has bytes.
#[derive(Debug)]
pub struct Assembly {
    /// Lowest first; empty ones are left out.
    pub layers: Vec<Layer>,
    /// The newest mtime of the packages, or what replaces it.
    pub epoch: Epoch,
    /// What `system` and `files` hide, sorted.
    pub replaced: Vec<Replaced>,
    /// What `system` takes away from the layers below, by whiteouts in its tree; sorted.
    pub whiteouts: Vec<TreePath>,
    /// Scripts that did not run, sorted.
    pub undone: Vec<Undone>,
    /// What became of each script under `configure: native` or `scripts`, sorted.
    pub scripts: Vec<ScriptOutcome>,
    /// `image.user` as numbers, `UID:GID`, where the manifest has one.
    pub user: Option<String>,
    /// What the user should know, as sentences.
    pub warnings: Vec<String>,
}

impl Assembly {
    /// The filesystem that the layers make together.
    pub fn merged(&self) -> Tree {
        staged::merged(self.layers.iter().cloned(), &self.whiteouts)
    }

    /// The same, without a copy of the layers.
    pub fn into_merged(self) -> Tree {
        staged::merged(self.layers.into_iter(), &self.whiteouts)
    }
}
