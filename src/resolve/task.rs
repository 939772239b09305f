//! What an engine is told, in the words of the universe.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::Universe;
use crate::model::{PackageId, PackageName};

/// One thing that must be there.
#[derive(Debug, Clone)]
pub struct Want {
    /// The package.
    pub name: PackageName,
    /// The request as it is written, for explanations.
    pub text: String,
    /// The versions that will do, best first.
    pub any_of: Vec<PackageId>,
}

/// Which versions may be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Width {
    /// Of what is given, that alone.
    pub(super) keeps: bool,
    /// Of what is wanted, the candidate alone; else whatever the request allows.
    pub(super) strict: bool,
    /// Of everything else all that are pinned as the candidate is; else the candidate, and what the
    /// lock names.
    pub(super) all: bool,
}

impl Width {
    /// From nothing: candidates where they will do.
    const FRESH: &[Self] = &[Self::of(false, false, false)];
    /// On top of what is given: what is wanted in its best version, if need be at the cost of what is
    /// given; then what is given, if need be at the cost of the best version.
    const GIVEN: &[Self] = &[
        Self::of(true, true, false),
        Self::of(false, true, false),
        Self::of(true, false, false),
        Self::of(false, false, false),
        Self::of(true, false, true),
    ];
    /// Everything, where all else fails.
    pub(super) const WIDEST: Self = Self::of(false, false, true);

    const fn of(keeps: bool, strict: bool, all: bool) -> Self {
        Self { keeps, strict, all }
    }
}

/// What is to be solved, with the distribution's policy applied.
#[derive(Clone)]
pub struct Task<'a> {
    /// What is offered.
    pub universe: &'a dyn Universe,
    /// What must be there, in the order in which it is taken up; each name once.
    pub wanted: Vec<Want>,
    /// What must not be there.
    pub excluded: BTreeSet<PackageName>,
    /// Whether Recommends are followed.
    pub recommends: bool,
    /// The version that takes the place of the universe's first, for some names.
    pub chosen: HashMap<PackageName, PackageId>,
    /// Further versions that may be taken where the first will not do.
    pub also: HashMap<PackageName, Vec<PackageId>>,
    /// What was there before, and is preferred where several packages would do.
    pub kept: HashSet<PackageName>,
    /// What was there before and need not move: it is started from.
    pub given: Vec<PackageId>,
}

impl std::fmt::Debug for Task<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Task")
            .field("wanted", &self.wanted)
            .field("excluded", &self.excluded)
            .field("recommends", &self.recommends)
            .finish_non_exhaustive()
    }
}

impl Task<'_> {
    /// The one version of a package that is considered at first.
    pub fn candidate(&self, name: &PackageName) -> Option<PackageId> {
        match self.chosen.get(name) {
            Some(&id) => Some(id),
            None => self.universe.versions(name).first().copied(),
        }
    }

    /// Whether `id` is the one version of its package that is considered at first.
    pub fn is_candidate(&self, id: PackageId) -> bool {
        self.candidate(&self.universe.get(id).name) == Some(id)
    }

    /// How far the complete engine looks, step by step, before it looks at everything.
    pub(super) fn widths(&self) -> &'static [Width] {
        match self.given[..] {
            [] => Width::FRESH,
            _ => Width::GIVEN,
        }
    }

    /// The versions of a package that may be taken, best first.
    pub(super) fn eligible(&self, name: &PackageName, width: Width) -> Vec<PackageId> {
        let universe = self.universe;
        let versions = universe.versions(name);
        let first = self.chosen.get(name).copied();
        if width.keeps
            && let Some(id) = first.filter(|id| self.given.contains(id))
        {
            return vec![id];
        }
        let also = self.also.get(name).filter(|_| !width.strict);
        let also = also.into_iter().flatten().copied();
        let rest = match width.all {
            false => versions.len().min(1),
            true => {
                let pin = versions.first().map(|&id| universe.get(id).pin);
                let same = |id: &&PackageId| Some(universe.get(**id).pin) == pin;
                versions.iter().take_while(same).count()
            }
        };
        let mut out: Vec<PackageId> = Vec::new();
        let rest = versions[..rest].iter().copied();
        for id in first.into_iter().chain(also).chain(rest) {
            // The same version from another repository is not another choice.
            let version = &universe.get(id).version;
            if !out
                .iter()
                .any(|&known| &universe.get(known).version == version)
            {
                out.push(id);
            }
        }
        out
    }

    /// Moves what was there before to the front, leaving the order otherwise as it is.
    pub fn prefer_kept(&self, options: &mut [PackageId]) {
        if !self.kept.is_empty() {
            options.sort_by_key(|&id| !self.kept.contains(&self.universe.get(id).name));
        }
    }
}
