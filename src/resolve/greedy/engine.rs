//! What is known of each name and package while choices are made, and how knowledge spreads.
//!
//! Nothing that was decided is ever taken back. A package is *selectable* until something decided
//! rules it out; a name is *settled* once it is known who has it. What a change may affect is put
//! into a queue and looked at again ([`Engine::reconsider`](super::reconsider)) before the next
//! choice is made ([`Engine::choose`](super::choose)).

use std::collections::{BTreeMap, VecDeque};

use super::need::{NameId, Need};
use super::stock::{Provider, Rows, Stock};
use super::{Job, Trouble};
use crate::model::PackageId;

/// What is known of a name.
#[derive(Debug, Clone, Default)]
pub(super) struct Name {
    /// It may come to matter.
    pub(super) seen: bool,
    /// It is known who has it: `holder`, or nobody.
    pub(super) settled: bool,
    pub(super) holder: Option<Provider>,
    /// Among open names the highest is taken first; set when it is discovered.
    pub(super) turn: i32,
    /// How many want it.
    pub(super) wanted: u32,
    /// None of its packages can be wanted on a condition.
    pub(super) unconditional: bool,
    /// One of its packages is wanted because its conditions hold.
    pub(super) triggered: bool,
    /// A condition wants to know that nobody has it.
    pub(super) asked_for: bool,
    /// More than one package may be taken, or one that its tag forbids so far.
    pub(super) open_choice: bool,
    /// A package may be taken without being asked for by its own name.
    pub(super) takeable: bool,
    /// Everything that depends on it is settled.
    pub(super) dependents_settled: bool,
    /// Dependencies of its packages may have become impossible.
    pub(super) recheck_depends: bool,
    /// Conditions of its packages may have come to hold.
    pub(super) recheck_conditions: bool,
    /// It is in the queue of what is to be reconsidered.
    pub(super) dirty: bool,
    pub(super) queue: Queue,
    /// While the packages of another name are gone through: in how many of them it occurred.
    pub(super) common_depends: u32,
    pub(super) common_provides: u32,
    pub(super) provided_unversioned: bool,
    /// The plan has been here.
    pub(super) planned: bool,
}

/// In which queue of open names a name waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Queue {
    #[default]
    None,
    /// Nothing more can be learnt, first come first served.
    Now,
    /// By turn, after all that are due now.
    Takeable,
    /// By turn, last of all.
    Rest,
}

/// What is known of a package.
#[derive(Debug, Clone, Default)]
pub(super) struct Package {
    pub(super) seen: bool,
    /// Nothing decided so far rules it out.
    pub(super) selectable: bool,
    /// How much does.
    pub(super) conflicts: u32,
    /// The repositories' tags that those who want it allow, as bits.
    pub(super) tags: u64,
    /// It is in a repository that they allow.
    pub(super) allowed: bool,
    /// It is in a repository that the manifest's request names.
    pub(super) preferred: bool,
    /// It may move although another version of it was there ...
    pub(super) upgrade: bool,
    /// ... and so may what it needs.
    pub(super) upgrade_below: bool,
    /// It took part when the dependencies of the packages of a name were last compared.
    pub(super) compared: bool,
    pub(super) comparing: bool,
    /// Its conditions can no longer hold, or it has none.
    pub(super) condition_failed: bool,
    /// Its conditions hold.
    pub(super) condition_met: bool,
    pub(super) faulty: bool,
    pub(super) planned: bool,
}

/// The default tag alone.
const UNTAGGED: u64 = 1;

pub(super) struct Engine<'a> {
    pub(super) stock: &'a Stock,
    pub(super) job: &'a Job,
    pub(super) names: Vec<Name>,
    pub(super) packages: Vec<Package>,
    /// Of each name, the names of the packages that say something of it in their dependencies.
    pub(super) dependents: Rows,
    dirty: VecDeque<NameId>,
    now: VecDeque<NameId>,
    takeable: BTreeMap<i32, NameId>,
    rest: BTreeMap<i32, NameId>,
    pub(super) troubles: Vec<Trouble>,
}

impl<'a> Engine<'a> {
    pub(super) fn new(stock: &'a Stock, job: &'a Job) -> Self {
        let mut packages = vec![Package::default(); stock.packages.len()];
        for &name in &job.upgrade {
            for provider in stock.providers(name) {
                packages[provider.package.0 as usize].upgrade = true;
            }
        }
        Self {
            stock,
            job,
            names: vec![Name::default(); stock.len()],
            packages,
            dependents: Rows::default(),
            dirty: VecDeque::new(),
            now: VecDeque::new(),
            takeable: BTreeMap::new(),
            rest: BTreeMap::new(),
            troubles: Vec::new(),
        }
    }

    pub(super) fn name(&mut self, name: NameId) -> &mut Name {
        &mut self.names[name.0 as usize]
    }

    pub(super) fn package(&mut self, id: PackageId) -> &mut Package {
        &mut self.packages[id.0 as usize]
    }

    pub(super) fn selectable(&self, id: PackageId) -> bool {
        self.packages[id.0 as usize].selectable
    }

    /// Meets a package for the first time.
    pub(super) fn meet(&mut self, id: PackageId) {
        let offer = self.stock.offer(id);
        let untagged = offer.repositories & self.stock.tagged(UNTAGGED) != 0;
        let conditions = self.stock.install_if(id);
        let state = &mut self.packages[id.0 as usize];
        state.seen = true;
        state.tags = UNTAGGED;
        state.selectable = offer.installable;
        state.condition_failed = conditions.is_empty();
        state.preferred = offer.empty || untagged;
        state.allowed = state.preferred;
    }

    /// Finds out who depends on whom, among everything that was discovered.
    pub(super) fn relate(&mut self) {
        let stock = self.stock;
        let all = (0..self.names.len() as u32).map(NameId);
        let mut seen: Vec<NameId> = all.filter(|&name| self.name(name).seen).collect();
        seen.sort_unstable_by_key(|&name| stock.rank(name));
        self.dependents = stock.reverse(&seen, |id| stock.depends(id));
    }

    /// Notes that a name is to be reconsidered.
    pub(super) fn stir(&mut self, name: NameId) {
        let state = &mut self.names[name.0 as usize];
        let matters = state.wanted > 0 || state.recheck_conditions;
        if !state.dirty && !state.settled && matters {
            state.dirty = true;
            self.dirty.push_back(name);
        }
    }

    /// The next name that is to be reconsidered.
    pub(super) fn next_dirty(&mut self) -> Option<NameId> {
        while let Some(name) = self.dirty.pop_front() {
            // One that was settled meanwhile is still in the queue.
            if std::mem::take(&mut self.name(name).dirty) {
                return Some(name);
            }
        }
        None
    }

    /// Puts a name that is not settled where it is waited for; `moved` when what decides on the
    /// place has changed.
    pub(super) fn enqueue(&mut self, name: NameId, moved: bool) {
        let state = &self.names[name.0 as usize];
        if state.settled {
            return;
        }
        let due =
            state.dependents_settled && state.wanted > 0 && state.takeable && !state.open_choice;
        match state.queue {
            Queue::Now => return,
            Queue::None if state.wanted == 0 && !state.triggered && !state.asked_for => return,
            Queue::Takeable | Queue::Rest if !due && !moved => return,
            _ => {}
        }
        self.dequeue(name);
        let state = &mut self.names[name.0 as usize];
        state.queue = match (due, state.takeable) {
            (true, _) => Queue::Now,
            (false, true) => Queue::Takeable,
            (false, false) => Queue::Rest,
        };
        match state.queue {
            Queue::Now => self.now.push_back(name),
            Queue::Takeable => drop(self.takeable.insert(state.turn, name)),
            _ => drop(self.rest.insert(state.turn, name)),
        }
    }

    fn dequeue(&mut self, name: NameId) {
        let state = &mut self.names[name.0 as usize];
        match std::mem::take(&mut state.queue) {
            Queue::Takeable => drop(self.takeable.remove(&state.turn)),
            Queue::Rest => drop(self.rest.remove(&state.turn)),
            // What is settled is passed over there.
            Queue::Now | Queue::None => {}
        }
    }

    /// The next name to choose a package for.
    pub(super) fn next_open(&mut self) -> Option<NameId> {
        while let Some(name) = self.now.pop_front() {
            if !self.name(name).settled {
                return Some(name);
            }
        }
        let (_, name) = self.takeable.pop_last().or_else(|| self.rest.pop_last())?;
        self.name(name).queue = Queue::None;
        Some(name)
    }

    /// Notes that a name is settled: it waits for nothing any more.
    pub(super) fn settle(&mut self, name: NameId, holder: Option<Provider>) {
        self.dequeue(name);
        let state = self.name(name);
        state.settled = true;
        state.dirty = false;
        state.holder = holder;
    }

    pub(super) fn stir_dependents(&mut self, name: NameId) {
        for at in 0..self.dependents.row(name).len() {
            let dependent = self.dependents.row(name)[at];
            if self.name(dependent).seen {
                self.name(dependent).recheck_depends = true;
                self.stir(dependent);
            }
        }
    }

    pub(super) fn stir_conditional(&mut self, name: NameId) {
        let stock = self.stock;
        for &conditional in stock.conditional.row(name) {
            let state = self.name(conditional);
            if state.seen && !state.unconditional {
                state.recheck_conditions = true;
                self.stir(conditional);
            }
        }
    }

    /// All names of a package may matter to the conditions of others.
    pub(super) fn stir_conditional_on(&mut self, id: PackageId) {
        let stock = self.stock;
        self.stir_conditional(stock.offer(id).name);
        for provided in stock.provides(id) {
            self.stir_conditional(provided.name);
        }
    }

    /// Rules a package out.
    pub(super) fn rule_out(&mut self, id: PackageId) {
        let stock = self.stock;
        self.package(id).selectable = false;
        self.stir_dependents(stock.offer(id).name);
        for provided in stock.provides(id) {
            self.stir_dependents(provided.name);
        }
        self.stir_conditional_on(id);
    }

    /// Whether what a package needs can still be had.
    pub(super) fn possible(&self, by: PackageId, need: Need) -> bool {
        let name = &self.names[need.name.0 as usize];
        if name.settled {
            return self.stock.fulfils(Some(by), need, name.holder);
        }
        if name.wanted == 0 && need.negated() {
            return true;
        }
        let providers = self.stock.providers(need.name).iter();
        let mut selectable = providers.filter(|provider| self.selectable(provider.package));
        selectable.any(|&provider| self.stock.fulfils(Some(by), need, Some(provider)))
    }

    /// Notes that a name is wanted now.
    pub(super) fn want(&mut self, name: NameId) {
        self.enqueue(name, false);
        self.stir_conditional(name);
        self.stir(name);
    }

    /// Applies what the package `by`, or with a tag the manifest, asks for.
    pub(super) fn apply(&mut self, by: Source, need: Need) {
        let stock = self.stock;
        if !need.negated() {
            let state = self.name(need.name);
            state.wanted += 1;
            if state.wanted == 1 {
                self.want(need.name);
            }
        }
        for &provider in stock.providers(need.name) {
            let fulfils = stock.fulfils(by.package(), need, Some(provider));
            let state = self.package(provider.package);
            state.conflicts += u32::from(!fulfils);
            if state.selectable && state.conflicts > 0 {
                self.rule_out(provider.package);
            }
            if fulfils {
                self.inherit(provider.package, by);
            }
        }
    }

    /// A package that is wanted may come from where those who want it may come from.
    pub(super) fn inherit(&mut self, id: PackageId, by: Source) {
        let repositories = self.stock.offer(id).repositories;
        match by {
            Source::Package(by) => {
                let above = &self.packages[by.0 as usize];
                let (tags, upgrade) = (above.tags, above.upgrade_below);
                let state = self.package(id);
                state.tags |= tags;
                state.upgrade |= upgrade;
                state.upgrade_below |= upgrade;
            }
            Source::Manifest { tag } => {
                let tag = 1 << tag;
                let preferred = repositories & self.stock.tagged(tag) != 0;
                let upgrade = self.job.upgrade_all;
                let state = self.package(id);
                state.tags |= tag;
                state.preferred = preferred;
                state.upgrade |= upgrade;
                state.upgrade_below |= upgrade;
            }
            Source::Nobody => self.package(id).preferred = false,
        }
        let tags = self.packages[id.0 as usize].tags;
        let allowed = repositories & self.stock.tagged(tags) != 0;
        self.package(id).allowed |= allowed;
    }
}

/// Who asks for something.
#[derive(Debug, Clone, Copy)]
pub(super) enum Source {
    /// A package.
    Package(PackageId),
    /// The manifest, from the repositories of a tag.
    Manifest {
        /// A place in [`Stock::tags`].
        tag: usize,
    },
    /// A condition that nobody fulfils.
    Nobody,
}

impl Source {
    const fn package(self) -> Option<PackageId> {
        match self {
            Self::Package(id) => Some(id),
            _ => None,
        }
    }
}
