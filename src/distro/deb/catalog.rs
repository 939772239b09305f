//! What Debian repositories offer for one architecture: condensed indexes in, choices out.

use std::sync::Arc as Shared;

use crate::distro::{Catalog, Fault};
use crate::model::Arch;
use crate::resolve::{Problem, Solution};

/// One repository's part of a catalog.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// Its index in the image's list.
    pub(super) repository: usize,
    /// Its id in the lockfile.
    pub(super) id: String,
    /// apt's pin priority of everything in it.
    pub(super) pin: i32,
    /// What `/suite` of a request may name it: the suite as declared, the Release's Suite and
    /// Codename.
    pub(super) suites: Vec<String>,
    /// Its indexes in the condensed form.
    pub(super) indexes: Vec<Shared<[u8]>>,
}

/// The catalog of one architecture.
#[derive(Debug)]
pub(super) struct DebCatalog {
    arch: Arch,
    sources: Vec<Source>,
}

impl DebCatalog {
    /// Reads what is needed to find packages by name; the rest is read when it is asked for.
    ///
    /// # Errors
    /// When an index is malformed.
    pub(super) fn new(arch: Arch, sources: Vec<Source>) -> Result<Self, Fault> {
        Ok(Self { arch, sources })
    }
}

impl Catalog for DebCatalog {
    fn resolve(&self, _problem: &Problem) -> Result<Solution, Fault> {
        unimplemented!("{} {:?}", self.arch, self.sources)
    }
}
