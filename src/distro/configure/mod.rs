//! `configure: native`: what maintainer scripts do that matters, done without running anything.
//!
//! What both ecosystems share: the image in the making ([`draft`]), its accounts, the statements
//! about files, and the reading of a script's literal statements ([`shell`]). What a distribution
//! knows beyond that (its own programs, rules for known scripts) is in its own folder.

pub(super) mod accounts;
pub(super) mod arguments;
pub(super) mod certs;
pub(super) mod draft;
pub(super) mod files;
pub(super) mod ids;
pub(super) mod keystore;
mod limits;
pub(super) mod order;
mod put;
pub(super) mod rules;
pub(super) mod running;
pub(super) mod shell;
pub(super) mod subject;
#[cfg(test)]
pub(super) mod testing;
mod text;

use std::collections::BTreeMap;

pub use draft::Ground;
pub use running::{Act, Fate, Running};

use super::Control;
use crate::model::{Accounts, Arch, Epoch, LockedPackage, PackageName, ScriptOutcome};
use crate::tree::{Node, TreePath};

/// For names that OpenSSL and Java make of SHA-1; nothing is trusted because of it.
pub(super) fn sha1(bytes: &[u8]) -> [u8; 20] {
    let mut hasher = sha1collisiondetection::Sha1CD::default();
    hasher.update(bytes);
    hasher.finalize_cd().map(Into::into).unwrap_or_default()
}

/// A package with the control files that it was unpacked with.
#[derive(Debug, Clone, Copy)]
pub struct Scripted<'a> {
    /// As locked.
    pub package: &'a LockedPackage,
    /// Its scripts among them.
    pub control: &'a Control,
    /// The number of its layer, lowest first.
    pub layer: usize,
}

/// An image that is to be configured.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// Its architecture.
    pub arch: Arch,
    /// The locked release.
    pub release: &'a str,
    /// The time of what is made.
    pub epoch: Epoch,
    /// `accounts:` of the manifest: their numbers count for what packages ask for, too.
    pub accounts: &'a Accounts,
    /// Its packages, in any order.
    pub packages: &'a [Scripted<'a>],
    /// Its files.
    pub ground: &'a dyn Ground,
}

impl std::fmt::Debug for Scene<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scene")
            .field("arch", &self.arch)
            .field("release", &self.release)
            .field("packages", &self.packages.len())
            .finish_non_exhaustive()
    }
}

/// What configuring came to.
#[derive(Debug, Default)]
pub struct Configured {
    /// What is made, by where it is stored.
    pub made: BTreeMap<TreePath, Node>,
    /// Every script that would have run, in the order of their packages' names.
    pub scripts: Vec<ScriptOutcome>,
    /// The packages with something left to do, and what: nothing for scripts, else the triggers.
    pub unfinished: BTreeMap<PackageName, Vec<String>>,
}
