//! What the indexes offer, as the engines of `resolve` see it.

use std::cmp::Ordering;

use super::{Clause, Op, PackageName, Relation, Sha256, SourcePackage, Version};

/// A package's place among everything that is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageId(pub u32);

/// A name that a package stands for beside its own, possibly with a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provide {
    /// The provided name.
    pub name: PackageName,
    /// The provided version; without one, no versioned relation is fulfilled.
    pub version: Option<Version>,
}

/// One version of one package, as one repository offers it.
#[derive(Debug, Clone)]
pub struct Package {
    /// The name.
    pub name: PackageName,
    /// The version.
    pub version: Version,
    /// The package's own architecture in the distribution's words: `amd64`, `all`, `noarch`.
    pub arch: Box<str>,
    /// The index of its repository in the image's list.
    pub repository: usize,
    /// apt's pin priority, or 0 where the distribution has none.
    pub pin: i32,
    /// Where the archive lies below the repository.
    pub path: Box<str>,
    /// The size of the archive in bytes.
    pub size: u64,
    /// The digest of the whole archive; absent where the index has none (Alpine).
    pub sha256: Option<Sha256>,
    /// The source package it was built from.
    pub source: SourcePackage,
    /// Essential (Debian).
    pub essential: bool,
    /// Pre-Depends first, then Depends, each in the package's order.
    pub depends: Vec<Relation>,
    /// Recommends (Debian).
    pub recommends: Vec<Relation>,
    /// What cannot be there at the same time: Conflicts and Breaks.
    pub conflicts: Vec<Clause>,
    /// Further names.
    pub provides: Vec<Provide>,
}

/// How two versions compare, by the distribution's rules.
pub type Compare = fn(&Version, &Version) -> Ordering;

impl Package {
    /// Whether the package itself, or a name that it provides, fulfils `clause` under `compare`.
    pub fn fulfils(&self, clause: &Clause, compare: Compare) -> bool {
        let accepts = |version: Option<&Version>| match (&clause.constraint, version) {
            (None, _) => true,
            (Some((op, wanted)), Some(version)) => Op::accepts(*op, compare(version, wanted)),
            (Some(_), None) => false,
        };
        if clause.arch.is_some() {
            return false;
        }
        (self.name == clause.name && accepts(Some(&self.version)))
            || self
                .provides
                .iter()
                .any(|provide| provide.name == clause.name && accepts(provide.version.as_ref()))
    }
}
