//! The walk: packages one after the other, each followed by what it needs, depth first.
//!
//! This is how apt-get decides what to install on an empty system, so its choices between
//! alternatives and its Recommends are apt's: a relation that something already taken fulfils takes
//! nothing; else its first option that can be installed is taken, with all it needs, before the
//! next relation is looked at. Only candidates count. A package whose needs fail is given up, with
//! what was taken for it. A package that conflicts with one taken before puts that one out, unless
//! it is wanted, given, the only choice of what is, or being followed; what needed it is followed
//! again at the end.
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
    /// In the order in which it was taken; `None` for what was put out.
    taken: Vec<Option<PackageId>>,
    /// What may not be put out.
    firm: HashSet<PackageId>,
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
    /// Solves `task` on top of what is `given`: as much of it as is needed and fits with what is
    /// wanted is there from the start and stays. Its Recommends are followed only if `anew`.
    ///
    /// # Errors
    /// When it gets stuck.
    pub(super) fn run(
        task: &'a Task<'a>,
        given: &[PackageId],
        anew: bool,
    ) -> Result<Vec<PackageId>, Stuck> {
        let mut walk = Self {
            task,
            taken: Vec::new(),
            firm: HashSet::new(),
            present: HashMap::new(),
            barred: HashMap::new(),
            given_up: HashSet::new(),
        };
        let mut wanted = Vec::new();
        for want in &task.wanted {
            let id = task
                .candidate(&want.name)
                .filter(|id| want.any_of.contains(id));
            let id = id.ok_or(Stuck)?;
            walk.firm.insert(id);
            walk.fits(id, &[]).ok_or(Stuck)?;
            walk.take(id);
            wanted.push(id);
        }
        let given = walk.start_from(given);
        let rest = walk.needed().into_iter().filter(|id| !wanted.contains(id));
        for id in wanted.iter().copied().chain(rest.collect::<Vec<_>>()) {
            if (anew || !given.contains(&id)) && !walk.follow(id) {
                return Err(Stuck);
            }
        }
        walk.mend()?;
        let needed: HashSet<PackageId> = walk.needed().into_iter().collect();
        let taken = walk.taken.into_iter().flatten();
        Ok(taken.filter(|id| needed.contains(id)).collect())
    }

    /// Takes what of `given` fits and is needed, and says what of it is taken.
    fn start_from(&mut self, given: &[PackageId]) -> HashSet<PackageId> {
        let before = self.taken.len();
        let given: HashSet<PackageId> = given
            .iter()
            .copied()
            .filter(|id| {
                let known = self.taken[..before].contains(&Some(*id));
                if !known && self.fits(*id, &[]).is_some_and(|out| out.is_empty()) {
                    self.take(*id);
                    return true;
                }
                known
            })
            .collect();
        let needed: HashSet<PackageId> = self.needed().into_iter().collect();
        for id in self.taken.split_off(before).into_iter().flatten() {
            if needed.contains(&id) {
                self.taken.push(Some(id));
                self.firm.insert(id);
            } else {
                self.forget(id);
            }
        }
        given.intersection(&needed).copied().collect()
    }

    /// Follows again what is needed and lacks something that it needs.
    fn mend(&mut self) -> Result<(), Stuck> {
        loop {
            let broken = self.needed().into_iter().find(|&id| {
                let needs = &self.get(id).depends;
                needs.iter().any(|relation| !self.holds(relation))
            });
            let Some(id) = broken else { return Ok(()) };
            // Each turn fulfils a package, gives one up or ends, and what is put out is given up:
            // so there is an end.
            if !self.follow(id) {
                if self.firm.contains(&id) {
                    return Err(Stuck);
                }
                self.put_out(id);
            }
        }
    }

    /// What is taken and reached from what is wanted, over any alternative, in a stable order.
    fn needed(&self) -> Vec<PackageId> {
        let wanted = self.task.wanted.iter();
        let mut out: Vec<PackageId> = wanted
            .flat_map(|want| self.present.get(&want.name).into_iter().flatten())
            .copied()
            .collect();
        let mut known: HashSet<PackageId> = out.iter().copied().collect();
        let mut next = 0;
        while let Some(&id) = out.get(next) {
            next += 1;
            let package = self.get(id);
            let soft = package.recommends.iter().filter(|_| self.task.recommends);
            let relations = package.depends.iter().chain(soft);
            for clause in relations.flat_map(|relation| &relation.any_of) {
                for &target in self.present.get(&clause.name).into_iter().flatten() {
                    if self.task.universe.fulfils(target, clause) && known.insert(target) {
                        out.push(target);
                    }
                }
            }
        }
        out
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

    /// Takes what `first`, which is taken, needs, and what that needs in turn. The stack is
    /// explicit, for a chain of dependencies may be as long as an index.
    fn follow(&mut self, first: PackageId) -> bool {
        let mut stack = vec![self.frame(first)];
        let mut answer = None;
        while let Some(frame) = stack.last_mut() {
            if answer.take() == Some(true) {
                frame.current = None;
            }
            if let Some(hard) = frame.current {
                if let Some(option) = frame.options.next() {
                    match self.attempt(option, &stack) {
                        Some(done) => answer = Some(done),
                        None => stack.push(self.frame(option)),
                    }
                    continue;
                }
                frame.current = None;
                if hard {
                    let (id, before) = (frame.id, frame.before);
                    stack.pop();
                    self.drop_to(before);
                    if !stack.is_empty() {
                        self.put_out(id);
                    }
                    answer = Some(false);
                }
                continue;
            }
            match frame.relations.next() {
                Some((relation, hard)) => {
                    let firm = hard && self.firm.contains(&frame.id);
                    if self.holds(relation) {
                        if firm {
                            self.hold_firm(relation);
                        }
                        continue;
                    }
                    let options = self.options(relation);
                    if let ([only], true) = (&options[..], firm) {
                        self.firm.insert(*only);
                    }
                    frame.options = options.into_iter();
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

    /// Makes the only choice for a relation firm, and the only choices for what that needs.
    fn hold_firm(&mut self, relation: &'a Relation) {
        let mut open = vec![relation];
        while let Some(relation) = open.pop() {
            if let [only] = self.options(relation)[..]
                && self.firm.insert(only)
            {
                open.extend(&self.get(only).depends);
            }
        }
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
    fn attempt(&mut self, id: PackageId, stack: &[Frame<'a>]) -> Option<bool> {
        let package = self.get(id);
        let present = self.present.get(&package.name);
        if present.is_some_and(|ids| ids.contains(&id)) {
            return Some(true);
        }
        if self.given_up.contains(&id) {
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
        let Some(out) = self.fits(id, stack) else {
            return Some(false);
        };
        out.into_iter().for_each(|other| self.put_out(other));
        self.take(id);
        None
    }

    fn is_possible(&self, relation: &Relation) -> bool {
        let options = self.options(relation);
        options.iter().any(|id| {
            !self.given_up.contains(id) && !self.task.excluded.contains(&self.get(*id).name)
        })
    }

    /// What must be put out to take `id`; `None` if it cannot be taken.
    fn fits(&self, id: PackageId, stack: &[Frame<'a>]) -> Option<Vec<PackageId>> {
        let universe = self.task.universe;
        let package = self.get(id);
        let present = |name| self.present.get(name).into_iter().flatten().copied();
        let mut same = present(&package.name).filter(|&other| self.get(other).name == package.name);
        if same.next().is_some() || self.task.excluded.contains(&package.name) {
            return None;
        }
        let mut out = Vec::new();
        for clause in &package.conflicts {
            for other in present(&clause.name).filter(|&other| universe.fulfils(other, clause)) {
                let followed = stack.iter().any(|frame| frame.id == other);
                if followed || self.firm.contains(&other) {
                    return None;
                }
                out.push(other);
            }
        }
        let names = std::iter::once(&package.name).chain(package.provides.iter().map(|p| &p.name));
        let is_barred = names
            .flat_map(|name| self.barred.get(name).into_iter().flatten())
            .any(|(clause, owner)| !out.contains(owner) && universe.fulfils(id, clause));
        (!is_barred).then_some(out)
    }

    fn take(&mut self, id: PackageId) {
        let package = self.get(id);
        self.taken.push(Some(id));
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

    /// Gives up what was taken last, until `length` places are left.
    fn drop_to(&mut self, length: usize) {
        for id in self.taken.split_off(length).into_iter().flatten() {
            self.forget(id);
        }
    }

    /// Gives up a package for good.
    fn put_out(&mut self, id: PackageId) {
        for place in self.taken.iter_mut().filter(|place| **place == Some(id)) {
            *place = None;
        }
        self.given_up.insert(id);
        self.forget(id);
    }

    fn forget(&mut self, id: PackageId) {
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
