//! What Debian repositories offer for one architecture: condensed indexes in, choices out.

use std::sync::Arc as Shared;

use super::index::Index;
use super::policy;
use super::universe::DebUniverse;
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
    /// Debian's name of the architecture.
    pub(super) arch_name: &'static str,
    pub(super) sources: Vec<Source>,
    /// All indexes in the order of their sources.
    pub(super) indexes: Vec<Numbered>,
}

/// An index, and the ids that its packages have.
#[derive(Debug)]
pub(super) struct Numbered {
    pub(super) index: Index,
    /// Which of the sources it is of.
    pub(super) source: usize,
    /// The id of its first package.
    pub(super) first: u32,
}

impl DebCatalog {
    /// Reads what is needed to find packages by name; the rest is read when it is asked for.
    ///
    /// # Errors
    /// When an index is malformed.
    pub(super) fn new(arch: Arch, sources: Vec<Source>) -> Result<Self, Fault> {
        let mut indexes = Vec::new();
        let mut first = 0u32;
        for (source, bytes) in sources
            .iter()
            .enumerate()
            .flat_map(|(number, source)| source.indexes.iter().map(move |bytes| (number, bytes)))
        {
            let index = Index::open(bytes.clone()).map_err(|error| Box::new(error) as Fault)?;
            let next = first.saturating_add(index.len());
            indexes.push(Numbered {
                index,
                source,
                first,
            });
            first = next;
        }
        Ok(Self {
            // An architecture that Debian does not have is in no index.
            arch_name: arch.debian().unwrap_or_default(),
            sources,
            indexes,
        })
    }

    /// How many packages there are in all indexes.
    pub(super) fn len(&self) -> usize {
        self.indexes
            .last()
            .map_or(0, |last| last.first as usize + last.index.len() as usize)
    }

    /// All names in all indexes.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.indexes
            .iter()
            .flat_map(|numbered| (0..numbered.index.len()).map(|place| numbered.index.name(place)))
    }
}

impl Catalog for DebCatalog {
    fn resolve(&self, problem: &Problem) -> Result<Solution, Fault> {
        let universe = DebUniverse::new(self);
        let solution = policy::resolve(self, &universe, problem);
        match universe.fault() {
            Some(fault) => Err(Box::new(fault)),
            None => solution.map_err(|error| Box::new(error) as Fault),
        }
    }
}
