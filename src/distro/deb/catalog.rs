//! What Debian repositories offer for one architecture: condensed indexes in, choices out.

use std::sync::Arc as Shared;

use super::index::{Index, Record};
use super::policy;
use super::universe::DebUniverse;
use crate::distro::{Catalog, Fault};
use crate::model::{Arch, LockedPackage, Sha256};
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

    fn offers(&self, package: &LockedPackage) -> Result<(), String> {
        let LockedPackage { name, version, .. } = package;
        let here = |numbered: &&Numbered| self.sources[numbered.source].id == package.repository;
        let records = self.indexes.iter().filter(here).flat_map(|numbered| {
            let places = numbered.index.named(name.as_str());
            places.filter_map(|place| numbered.index.record(place))
        });
        let same: Vec<Record<'_>> = records
            .filter(|record| record.version == version.as_str() && *record.arch == *package.arch)
            .collect();
        // A repository may offer one version twice, and the reason is then the first one's.
        let differs: Vec<_> = same
            .iter()
            .map(|record| difference(record, package))
            .collect();
        match differs.first() {
            _ if differs.contains(&None) => Ok(()),
            Some(Some(field)) => Err(format!(
                "{name} {version} has another {field} in the index of {}",
                package.repository
            )),
            _ => Err(format!(
                "{name} {version} is not in the index of {}",
                package.repository
            )),
        }
    }
}

/// The first field in which a package is not what the index says.
fn difference(record: &Record<'_>, package: &LockedPackage) -> Option<&'static str> {
    let source = &package.source;
    let same = [
        (
            "sha256",
            Sha256::from_hex(record.sha256).ok() == Some(package.sha256),
        ),
        ("size", record.size == package.size),
        ("path", record.path == package.path),
        (
            "source",
            record.source == &*source.name && record.source_version == source.version.as_str(),
        ),
    ];
    same.into_iter()
        .find_map(|(field, same)| (!same).then_some(field))
}
