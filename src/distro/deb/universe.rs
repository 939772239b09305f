//! The packages of a catalog, each parsed when it is first asked for.

use std::cell::{Cell, OnceCell, RefCell};
use std::cmp::{Ordering, Reverse};
use std::collections::HashMap;
use std::rc::Rc;

use super::catalog::{DebCatalog, Numbered};
use super::index::{IndexError, Record};
use super::{relation, version};
use crate::model::{
    Clause, Compare, Package, PackageId, PackageName, Provide, Relation, Sha256, SourcePackage,
    Version,
};
use crate::resolve::Universe;

/// Names and what was found under them.
type Memo = RefCell<HashMap<PackageName, Rc<[PackageId]>>>;

/// A catalog while it is being chosen from.
pub(super) struct DebUniverse<'a> {
    catalog: &'a DebCatalog,
    packages: Vec<OnceCell<Box<Package>>>,
    versions: Memo,
    providers: Memo,
    damaged: Cell<bool>,
}

impl<'a> DebUniverse<'a> {
    pub(super) fn new(catalog: &'a DebCatalog) -> Self {
        Self {
            catalog,
            packages: vec![OnceCell::new(); catalog.len()],
            versions: Memo::default(),
            providers: Memo::default(),
            damaged: Cell::new(false),
        }
    }

    /// Whether what was read made sense. What did not is absent, so nothing may be concluded.
    pub(super) fn fault(&self) -> Option<IndexError> {
        self.damaged.get().then_some(IndexError::Damaged)
    }

    /// The packages of this architecture at the places that `find` gives for each index, of
    /// repositories that are not forbidden by their pin.
    fn collect<I: Iterator<Item = u32>>(
        &self,
        find: impl Fn(&'a Numbered) -> I,
    ) -> Vec<(PackageId, Record<'a>)> {
        let mut out: Vec<(PackageId, Record<'a>)> = Vec::new();
        for numbered in &self.catalog.indexes {
            if self.catalog.sources[numbered.source].pin < 0 {
                continue;
            }
            for place in find(numbered) {
                let Some(record) = numbered.index.record(place) else {
                    self.damaged.set(true);
                    continue;
                };
                let id = PackageId(numbered.first + place);
                let here = record.arch == "all" || record.arch == self.catalog.arch_name;
                if !here || out.iter().any(|&(known, _)| known == id) {
                    continue;
                }
                match self.parse(id) {
                    Some(_) => out.push((id, record)),
                    None => self.damaged.set(true),
                }
            }
        }
        out
    }

    fn pin(&self, id: PackageId) -> i32 {
        self.numbered(id)
            .map_or(-1, |numbered| self.catalog.sources[numbered.source].pin)
    }

    fn numbered(&self, id: PackageId) -> Option<&'a Numbered> {
        let after = self
            .catalog
            .indexes
            .partition_point(|numbered| numbered.first <= id.0);
        self.catalog.indexes.get(after.checked_sub(1)?)
    }

    /// The names that the condensed indexes call notable, with duplicates.
    pub(super) fn notable(&self) -> Vec<PackageName> {
        let found = self.collect(|numbered| numbered.index.notable());
        found
            .into_iter()
            .map(|(id, _)| self.get(id).name.clone())
            .collect()
    }

    /// The priority of a package, from 1 for required to 5 for extra.
    pub(super) fn priority(&self, id: PackageId) -> u8 {
        self.record(id).map_or(0, |record| record.priority)
    }

    /// The source that offers a package.
    pub(super) fn source(&self, id: PackageId) -> usize {
        self.numbered(id).map_or(0, |numbered| numbered.source)
    }

    /// When apt's cache learns of a name: in the first index that has it, and when it is first
    /// spoken of there.
    pub(super) fn rank(&self, name: &str) -> (usize, u32) {
        let found = self
            .catalog
            .indexes
            .iter()
            .enumerate()
            .find_map(|(number, numbered)| {
                let place = numbered.index.named(name).next()?;
                Some((number, numbered.index.record(place)?.rank))
            });
        found.unwrap_or((usize::MAX, 0))
    }

    fn record(&self, id: PackageId) -> Option<Record<'a>> {
        let numbered = self.numbered(id)?;
        numbered.index.record(id.0 - numbered.first)
    }

    /// Parses a package, unless that was done before. From here on [`Universe::get`] has it.
    fn parse(&self, id: PackageId) -> Option<&Package> {
        let slot = self.packages.get(id.0 as usize)?;
        if slot.get().is_none() {
            let _ = slot.set(Box::new(self.read(id)?));
        }
        slot.get().map(Box::as_ref)
    }

    fn read(&self, id: PackageId) -> Option<Package> {
        let record = self.record(id)?;
        let source = &self.catalog.sources[self.source(id)];
        let relations = |field| relation::parse(field, self.catalog.arch_name).ok();
        let clauses = |relations: Vec<Relation>| -> Vec<Clause> {
            let all = relations.into_iter().flat_map(|relation| relation.any_of);
            // There is nothing foreign to be in conflict with.
            all.filter(|clause| clause.arch.is_none()).collect()
        };
        let provides = record.provides.split(',').filter(|part| !part.is_empty());
        let provide = |part: &str| {
            let (name, version) = match part.split_once('=') {
                Some((name, version)) => (name, Some(version.parse().ok()?)),
                None => (part, None),
            };
            Some(Provide {
                name: name.parse().ok()?,
                version,
            })
        };
        Some(Package {
            name: record.name.parse().ok()?,
            version: record.version.parse().ok()?,
            arch: record.arch.into(),
            repository: source.repository,
            pin: source.pin,
            path: record.path.into(),
            size: record.size,
            sha256: Some(Sha256::from_hex(record.sha256).ok()?),
            source: SourcePackage {
                name: record.source.into(),
                version: record.source_version.parse().ok()?,
            },
            essential: record.essential,
            depends: relations(record.depends)?,
            recommends: relations(record.recommends)?,
            conflicts: clauses(relations(record.conflicts)?),
            provides: provides.map(provide).collect::<Option<_>>()?,
        })
    }
}

fn remember(
    memo: &Memo,
    name: &PackageName,
    find: impl FnOnce() -> Vec<PackageId>,
) -> Rc<[PackageId]> {
    if let Some(known) = memo.borrow().get(name) {
        return known.clone();
    }
    let found: Rc<[PackageId]> = find().into();
    memo.borrow_mut().insert(name.clone(), found.clone());
    found
}

/// Orders two versions.
pub(super) fn compare(a: &Version, b: &Version) -> Ordering {
    version::compare(a.as_str(), b.as_str())
}

impl Universe for DebUniverse<'_> {
    /// apt's candidate first: the highest pin, then the highest version, then the first repository.
    fn versions(&self, name: &PackageName) -> Rc<[PackageId]> {
        remember(&self.versions, name, || {
            let mut found = self.collect(|numbered| numbered.index.named(name.as_str()));
            found.sort_by(|(a, left), (b, right)| {
                let pins = self.pin(*b).cmp(&self.pin(*a));
                pins.then_with(|| version::compare(right.version, left.version))
            });
            found.into_iter().map(|(id, _)| id).collect()
        })
    }

    /// As apt orders them: Essential, Important, then by priority, then the one that its cache
    /// learnt of last.
    fn providers(&self, name: &PackageName) -> Rc<[PackageId]> {
        remember(&self.providers, name, || {
            let mut found = self.collect(|numbered| numbered.index.providers(name.as_str()));
            found.retain(|(_, record)| record.name != name.as_str());
            found.sort_by_cached_key(|(_, record)| {
                let class = (!record.essential, !record.important, record.priority);
                (class, Reverse(self.rank(record.name)))
            });
            found.into_iter().map(|(id, _)| id).collect()
        })
    }

    /// # Panics
    /// For an id that is not of this universe.
    fn get(&self, id: PackageId) -> &Package {
        let package = self.packages[id.0 as usize].get();
        package.expect("an id that was handed out is of a package that was parsed")
    }

    fn compare(&self) -> Compare {
        compare
    }
}
