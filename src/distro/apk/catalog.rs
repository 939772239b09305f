//! What Alpine repositories offer for one architecture: condensed indexes in, choices out.

use std::ops::Range;
use std::sync::Arc as Shared;

use super::fault::IndexFault;
use super::index::{Columns, Flaw};
use super::join::{Identity, Join};
use super::{policy, version};
use crate::distro::{Catalog, Fault};
use crate::model::{Arch, LockedPackage};
use crate::resolve::greedy::{NameId, Stock, TextId};
use crate::resolve::{Problem, Solution};

/// More repositories than apk itself takes.
pub(super) const MAX_REPOSITORIES: usize = 64;

/// One repository's part of a catalog.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// Its id in the lockfile.
    pub(super) id: String,
    /// `tag:` of the manifest.
    pub(super) tag: Option<String>,
    /// Its index in the condensed form.
    pub(super) index: Shared<[u8]>,
}

/// The catalog of one architecture.
#[derive(Debug)]
pub(super) struct ApkCatalog {
    /// Alpine's name of the architecture.
    pub(super) arch: &'static str,
    pub(super) sources: Vec<Source>,
    columns: Vec<Columns>,
}

/// What the lockfile says of a package and the engine does not need.
#[derive(Debug, Clone)]
pub(super) struct Extra {
    pub(super) size: u64,
    pub(super) arch: Option<TextId>,
    pub(super) origin: Option<TextId>,
    pub(super) flaw: Option<Flawed>,
}

/// Why a package is uninstallable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flawed {
    /// The index says something that cannot be understood.
    Entry(Flaw),
    /// It is of another architecture.
    Arch,
}

/// Everything that is offered, ready for the engine.
#[derive(Debug)]
pub(super) struct Offers {
    pub(super) stock: Stock,
    /// By the number of the package.
    pub(super) extras: Vec<Extra>,
}

impl ApkCatalog {
    /// Checks the condensed indexes; they are joined when something is asked for.
    pub(super) fn new(arch: Arch, sources: Vec<Source>) -> Result<Self, Fault> {
        let columns = sources
            .iter()
            .map(|source| Columns::new(Shared::clone(&source.index)))
            .collect::<Result<Vec<Columns>, _>>()?;
        let sizes = columns.iter().flat_map(Columns::counts);
        if sizes.sum::<usize>() > u32::MAX as usize {
            return Err(IndexFault::TooLarge.into());
        }
        Ok(Self {
            // An architecture that Alpine does not have is in no index.
            arch: arch.alpine().unwrap_or_default(),
            sources,
            columns,
        })
    }

    /// Joins the indexes. `asked` are names and versions that the manifest and the lockfile speak
    /// of: whether or not a repository has them, they get numbers.
    pub(super) fn offers<'a>(
        &self,
        asked: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> (Offers, Vec<(NameId, TextId)>) {
        let mut join = Join::new(&self.columns);
        for (number, columns) in self.columns.iter().enumerate() {
            join.add(columns, number, self.arch);
        }
        let asked = asked
            .map(|(name, version)| {
                let name = join.name(name);
                let version = match version {
                    "" => TextId::NONE,
                    _ => join.text(version),
                };
                (name, version)
            })
            .collect();
        let mut tags: Vec<(String, u64)> = vec![(String::new(), 0)];
        for (number, source) in self.sources.iter().enumerate() {
            let tag = source.tag.as_deref().unwrap_or_default();
            let at = match tags.iter().position(|(known, _)| known == tag) {
                Some(at) => at,
                None => {
                    tags.push((tag.to_owned(), 0));
                    tags.len() - 1
                }
            };
            tags[at].1 |= 1 << number;
        }
        join.parts.tags = tags;
        let offers = Offers {
            stock: Stock::new(join.parts, version::order),
            extras: join.extras,
        };
        (offers, asked)
    }
}

#[cfg(test)]
impl ApkCatalog {
    /// Gives packages of the same place in the index the checksums of another catalog's, as the same
    /// packages in a later index have them.
    pub(super) fn adopt_checksums(&mut self, other: &Self) {
        for (source, known) in self.sources.iter_mut().zip(&other.sources) {
            let columns = [&source.index, &known.index].map(|index| {
                let columns = Columns::new(Shared::clone(index)).unwrap();
                let checksums = columns.rows().map(|row| row.checksum.unwrap());
                let texts: Vec<Range<u32>> = columns.texts().collect();
                let checksums: Vec<String> = checksums
                    .map(|text| {
                        let range = &texts[text as usize];
                        columns.arena()[range.start as usize..range.end as usize].to_owned()
                    })
                    .collect();
                checksums
            });
            let mut bytes = source.index.to_vec();
            for (old, new) in columns[0].iter().zip(&columns[1]) {
                let at = bytes
                    .windows(old.len())
                    .position(|part| part == old.as_bytes());
                let at = at.unwrap();
                bytes[at..at + old.len()].copy_from_slice(new.as_bytes());
            }
            source.index = bytes.into();
        }
        self.columns = self
            .sources
            .iter()
            .map(|source| Columns::new(Shared::clone(&source.index)).unwrap())
            .collect();
    }
}

impl Catalog for ApkCatalog {
    fn resolve(&self, problem: &Problem) -> Result<Solution, Fault> {
        policy::resolve(self, problem).map_err(|error| Box::new(error) as Fault)
    }

    fn offers(&self, package: &LockedPackage) -> Result<(), String> {
        let LockedPackage {
            name,
            version,
            repository,
            ..
        } = package;
        let sources = self.sources.iter().zip(&self.columns);
        let here = sources.filter(|(source, _)| source.id == *repository);
        let mut difference = None;
        for (_, columns) in here {
            let texts: Vec<Range<u32>> = columns.texts().collect();
            let names: Vec<u32> = columns.names().map(|(text, _)| text).collect();
            let arena = columns.arena();
            let read = |number: u32| {
                let range = &texts[number as usize];
                &arena[range.start as usize..range.end as usize]
            };
            for row in columns.rows() {
                let own = row.version.map_or("", read);
                if own != version.as_str() || read(names[row.name as usize]) != name.as_str() {
                    continue;
                }
                let checksum = package.checksum.as_deref().unwrap_or_default();
                let path = format!("{}/{name}-{version}.apk", self.arch);
                let differs = [
                    (
                        "checksum",
                        Identity::new(row.checksum.map_or("", read)) == Identity::new(checksum),
                    ),
                    ("size", row.size == package.size),
                    (
                        "architecture",
                        row.arch.map_or("noarch", read) == &*package.arch,
                    ),
                    (
                        "origin",
                        row.origin.map_or(name.as_str(), read) == &*package.source.name,
                    ),
                    ("path", path == package.path),
                ];
                match differs.into_iter().find(|(_, same)| !same) {
                    None => return Ok(()),
                    Some((field, _)) => difference = Some(field),
                }
            }
        }
        Err(match difference {
            Some(field) => {
                format!("{name} {version} has another {field} in the index of {repository}")
            }
            None => format!("{name} {version} is not in the index of {repository}"),
        })
    }
}
