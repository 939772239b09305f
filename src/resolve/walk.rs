//! The walk: packages one after the other, each followed by what it needs, depth first.
//!
//! This is how apt-get decides what to install on an empty system, so its choices between
//! alternatives and its Recommends are apt's: a relation that something already taken fulfils takes
//! nothing; else its first option that can be installed is taken, with all it needs, before the
//! next relation is looked at. Only candidates count. A package whose needs fail is given up, with
//! what was taken for it.
//!
//! The walk never revises a choice, so it can get [`Stuck`] where a solution exists; then
//! `complete` decides. What it returns without getting stuck is a solution.

use std::collections::{HashMap, HashSet};

use super::Task;
use crate::model::{Clause, Package, PackageId, PackageName, Relation};

/// The walk found no way on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stuck;

/// What is taken so far.
pub(super) struct Walk<'a> {
    task: &'a Task<'a>,
    /// In the order in which it was taken.
    taken: Vec<PackageId>,
    /// What of it stands for each name.
    present: HashMap<&'a PackageName, Vec<PackageId>>,
    /// The conflicts of what is taken, by the name that they are against.
    barred: HashMap<&'a PackageName, Vec<(&'a Clause, PackageId)>>,
    /// What failed once is not tried again.
    given_up: HashSet<PackageId>,
}

/// A package whose needs are being looked at.
struct Frame<'a> {
    id: PackageId,
    /// How much was taken before it.
    before: usize,
    /// The relations still to come, hard ones first.
    relations: std::vec::IntoIter<(&'a Relation, bool)>,
    /// What is left to try for the current one, and whether it is hard.
    options: std::vec::IntoIter<PackageId>,
    current: Option<bool>,
}

impl<'a> Walk<'a> {
    /// Solves `task`.
    ///
    /// # Errors
    /// When it gets stuck.
    pub(super) fn run(task: &'a Task<'a>) -> Result<Vec<PackageId>, Stuck> {
        let mut walk = Self::new(task);
        let mut wanted = Vec::new();
        for want in &task.wanted {
            let id = task
                .candidate(&want.name)
                .filter(|id| want.any_of.contains(id));
            let id = id.ok_or(Stuck)?;
            if !walk.fits(id) {
                return Err(Stuck);
            }
            walk.take(id);
            wanted.push(id);
        }
        for id in wanted {
            let frame = walk.frame(id);
            if !walk.follow(frame) {
                return Err(Stuck);
            }
        }
        Ok(walk.finish())
    }

    /// Adds to `solution`, which is one without Recommends, those that fit.
    pub(super) fn extend(task: &'a Task<'a>, solution: &[PackageId]) -> Vec<PackageId> {
        let mut walk = Self::new(task);
        solution.iter().for_each(|&id| walk.take(id));
        for &id in solution {
            let frame = walk.frame(id);
            // What is hard is there already, and what is not cannot fail it.
            let _ = walk.follow(frame);
        }
        walk.finish()
    }

    fn new(task: &'a Task<'a>) -> Self {
        Self {
            task,
            taken: Vec::new(),
            present: HashMap::new(),
            barred: HashMap::new(),
            given_up: HashSet::new(),
        }
    }

    fn get(&self, id: PackageId) -> &'a Package {
        self.task.universe.get(id)
    }

    fn frame(&self, id: PackageId) -> Frame<'a> {
        let package = self.get(id);
        let soft: &[Relation] = if self.task.recommends {
            &package.recommends
        } else {
            &[]
        };
        let hard = package.depends.iter().map(|relation| (relation, true));
        let relations: Vec<_> = hard
            .chain(soft.iter().map(|relation| (relation, false)))
            .collect();
        Frame {
            id,
            before: self.taken.len(),
            relations: relations.into_iter(),
            options: Vec::new().into_iter(),
            current: None,
        }
    }

    /// Takes what the package of `first`, which is taken, needs, and what that needs in turn. The
    /// stack is explicit, for a chain of dependencies may be as long as an index.
    fn follow(&mut self, first: Frame<'a>) -> bool {
        let mut stack = vec![first];
        let mut answer = None;
        while let Some(frame) = stack.last_mut() {
            if answer.take() == Some(true) {
                frame.current = None;
            }
            if let Some(hard) = frame.current {
                let Some(option) = frame.options.next() else {
                    frame.current = None;
                    if hard {
                        let failed = (frame.id, frame.before);
                        stack.pop();
                        // What is wanted or given cannot be given up: only its needs are.
                        let own = usize::from(!stack.is_empty());
                        self.drop_to(failed.1 - own);
                        self.given_up.insert(failed.0);
                        answer = Some(false);
                    }
                    continue;
                };
                match self.attempt(option) {
                    Some(done) => answer = Some(done),
                    None => stack.push(self.frame(option)),
                }
                continue;
            }
            match frame.relations.find(|(relation, _)| !self.holds(relation)) {
                Some((relation, hard)) => {
                    frame.options = self.options(relation).into_iter();
                    frame.current = Some(hard);
                }
                None => {
                    stack.pop();
                    answer = Some(true);
                }
            }
        }
        answer == Some(true)
    }

    /// Whether something taken fulfils the relation.
    fn holds(&self, relation: &Relation) -> bool {
        relation.any_of.iter().any(|clause| {
            self.present
                .get(&clause.name)
                .is_some_and(|ids| ids.iter().any(|&id| self.task.universe.fulfils(id, clause)))
        })
    }

    /// The candidates that would fulfil the relation, the preferred one first.
    fn options(&self, relation: &Relation) -> Vec<PackageId> {
        let mut options = self.task.universe.options(relation);
        // A version that is not the universe's first can be the candidate.
        options.retain(|&id| self.task.is_candidate(id));
        self.task.prefer_kept(&mut options);
        options
    }

    /// Takes `id` if it can be taken; `None` when its needs come next.
    fn attempt(&mut self, id: PackageId) -> Option<bool> {
        let package = self.get(id);
        let present = self.present.get(&package.name);
        if present.is_some_and(|ids| ids.contains(&id)) {
            return Some(true);
        }
        if self.given_up.contains(&id) || !self.fits(id) {
            return Some(false);
        }
        let possible = package
            .depends
            .iter()
            .all(|relation| self.holds(relation) || self.is_possible(relation));
        if !possible {
            self.given_up.insert(id);
            return Some(false);
        }
        self.take(id);
        None
    }

    fn is_possible(&self, relation: &Relation) -> bool {
        let options = self.options(relation);
        options.iter().any(|id| {
            !self.given_up.contains(id) && !self.task.excluded.contains(&self.get(*id).name)
        })
    }

    /// Whether `id` is allowed, and in no conflict with what is taken.
    fn fits(&self, id: PackageId) -> bool {
        let universe = self.task.universe;
        let package = self.get(id);
        let present = |name| self.present.get(name).into_iter().flatten();
        let other_version =
            present(&package.name).any(|&other| self.get(other).name == package.name);
        if other_version || self.task.excluded.contains(&package.name) {
            return false;
        }
        let names = std::iter::once(&package.name).chain(package.provides.iter().map(|p| &p.name));
        let is_barred = names
            .flat_map(|name| self.barred.get(name).into_iter().flatten())
            .any(|(clause, _)| universe.fulfils(id, clause));
        let bars = package
            .conflicts
            .iter()
            .any(|clause| present(&clause.name).any(|&other| universe.fulfils(other, clause)));
        !is_barred && !bars
    }

    fn take(&mut self, id: PackageId) {
        let package = self.get(id);
        self.taken.push(id);
        self.present.entry(&package.name).or_default().push(id);
        for provide in &package.provides {
            self.present.entry(&provide.name).or_default().push(id);
        }
        for clause in &package.conflicts {
            self.barred
                .entry(&clause.name)
                .or_default()
                .push((clause, id));
        }
    }

    /// Gives up what was taken last, until `length` packages are left.
    fn drop_to(&mut self, length: usize) {
        for id in self.taken.split_off(length) {
            let package = self.get(id);
            let names = package.provides.iter().map(|provide| &provide.name);
            for name in names.chain([&package.name]) {
                if let Some(ids) = self.present.get_mut(name) {
                    ids.retain(|&other| other != id);
                }
            }
            for clause in &package.conflicts {
                if let Some(clauses) = self.barred.get_mut(&clause.name) {
                    clauses.retain(|&(_, owner)| owner != id);
                }
            }
        }
    }

    /// What is taken and still needed, in the order in which it was taken.
    fn finish(self) -> Vec<PackageId> {
        let mut open: Vec<PackageId> = Vec::new();
        for want in &self.task.wanted {
            open.extend(self.present.get(&want.name).into_iter().flatten());
        }
        let mut needed: HashSet<PackageId> = open.iter().copied().collect();
        while let Some(id) = open.pop() {
            let package = self.get(id);
            let soft = package.recommends.iter().filter(|_| self.task.recommends);
            for clause in package
                .depends
                .iter()
                .chain(soft)
                .flat_map(|relation| &relation.any_of)
            {
                for &target in self.present.get(&clause.name).into_iter().flatten() {
                    if self.task.universe.fulfils(target, clause) && needed.insert(target) {
                        open.push(target);
                    }
                }
            }
        }
        let mut taken = self.taken;
        taken.retain(|id| needed.contains(id));
        taken
    }
}
