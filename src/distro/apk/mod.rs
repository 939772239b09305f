//! Alpine: apk-world(5), apk-package(5), APKINDEX and apk's database.
//!
//! [`Alpine`] is the front; each of its duties is a file here. Everything is version 2 of apk's
//! formats, which is what Alpine's repositories have; version 3 (ADB) is recognised and refused.

mod archive;
mod catalog;
mod check;
mod checksum;
mod configure;
#[cfg(test)]
mod conformance;
mod database;
mod dialect;
mod dialogue;
#[cfg(test)]
mod dialogue_tests;
mod fault;
#[cfg(test)]
pub(crate) mod fixtures;
mod image;
mod index;
mod installed;
mod join;
mod keys;
mod layout;
mod moves;
mod order;
mod pkginfo;
mod policy;
#[cfg(test)]
mod policy_tests;
#[cfg(test)]
mod real_tests;
mod record;
mod relation;
mod replaces;
mod slot;
mod sources;
#[cfg(test)]
pub(crate) mod testing;
mod trust;
#[cfg(test)]
mod trust_tests;
mod version;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::sync::Arc;

use super::{Control, Dialogue, Distro, Fault, Opening, Sink};
use crate::model::{Arch, Key, LockedPackage, Version, WantedFile};

/// Alpine and what is built like it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Alpine;

impl Distro for Alpine {
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
        release == sources::ALIAS
    }

    fn has_essential_packages(&self) -> bool {
        false
    }

    fn arch_name(&self, arch: Arch) -> Option<&'static str> {
        arch.alpine()
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
        package: &LockedPackage,
        arch: Arch,
        keys: &[Key],
        archive: &mut (dyn Read + Send),
    ) -> Result<(), Fault> {
        archive::vouch(package, arch, keys, archive)
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
        "apk"
    }
}
