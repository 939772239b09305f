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

    /// Moves what was there before to the front, leaving the order otherwise as it is.
    pub fn prefer_kept(&self, options: &mut [PackageId]) {
        if !self.kept.is_empty() {
            options.sort_by_key(|&id| !self.kept.contains(&self.universe.get(id).name));
        }
    }
}
