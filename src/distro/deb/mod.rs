//! Debian: deb-version(7), deb822(5), the repository format, deb(5) and dpkg's database.
//!
//! [`Debian`] is the front; each of its duties is a file here.

mod archive;
mod catalog;
mod check;
mod configure;
mod control;
mod database;
mod dialect;
mod dialogue;
#[cfg(test)]
mod dialogue_tests;
mod divert;
mod fault;
pub mod hostapt;
mod index;
mod installed;
mod layout;
mod plan;
mod policy;
mod relation;
mod release;
mod replaces;
mod slot;
mod sources;
mod status;
#[cfg(test)]
pub(crate) mod testing;
mod trust;
mod universe;
mod usrmerge;
mod version;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::sync::Arc;

use super::{Control, Dialogue, Distro, Fault, Opening, Sink};
use crate::model::{Arch, Key, LockedPackage, Version, WantedFile};

/// Debian and what is built like it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Debian;

impl Distro for Debian {
    fn compare(&self, a: &Version, b: &Version) -> Ordering {
        version::compare(a.as_str(), b.as_str())
    }

    fn sources(
        &self,
        condensed: Arc<[u8]>,
        wanted: &BTreeSet<&str>,
    ) -> Result<BTreeMap<String, Vec<Version>>, Fault> {
        Ok(index::sources(condensed, wanted)?)
    }

    fn is_alias(&self, release: &str) -> bool {
        sources::is_alias(release)
    }

    fn has_essential_packages(&self) -> bool {
        true
    }

    fn arch_name(&self, arch: Arch) -> Option<&'static str> {
        arch.debian()
    }

    fn open(&self, opening: Opening) -> Result<Box<dyn Dialogue>, Fault> {
        dialogue::open(opening)
    }

    fn condense(&self, file: &WantedFile, raw: &[u8]) -> Result<Vec<u8>, Fault> {
        index::condense(file, raw)
    }

    fn index_revision(&self) -> u32 {
        index::REVISION
    }

    fn package_revision(&self) -> u32 {
        archive::REVISION
    }

    fn check(&self, package: &LockedPackage) -> Result<(), String> {
        check::check(package)
    }

    fn vouch(
        &self,
        _package: &LockedPackage,
        _arch: Arch,
        _keys: &[Key],
        _archive: &mut (dyn Read + Send),
    ) -> Result<(), Fault> {
        // Debian's indexes have the SHA-256 of every package: nothing is ever unread.
        Ok(())
    }

    fn unpack(
        &self,
        package: &LockedPackage,
        archive: &mut (dyn Read + Send),
        sink: &mut dyn Sink,
    ) -> Result<Control, Fault> {
        archive::unpack(package, archive, sink)
    }

    fn purl_type(&self) -> &'static str {
        "deb"
    }
}
