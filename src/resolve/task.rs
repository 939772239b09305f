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
pub(super) enum Width {
    /// The candidate of each package, and what requests and the lock name.
    Candidates,
    /// All that are pinned as the candidate is.
    All,
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

    /// The versions of a package that may be taken, best first.
    pub(super) fn eligible(&self, name: &PackageName, width: Width) -> Vec<PackageId> {
        let universe = self.universe;
        let versions = universe.versions(name);
        let first = self.chosen.get(name).copied();
        let also = self.also.get(name).into_iter().flatten().copied();
        let rest = match width {
            Width::Candidates => versions.len().min(1),
            Width::All => {
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
