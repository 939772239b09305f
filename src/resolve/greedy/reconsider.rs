//! What is known of a name is drawn together again after something it rests on has changed.
//!
//! Packages whose dependencies can no longer be had are ruled out; conditions are looked at; what
//! all packages that are left have in common, they all need: dependencies of that name are wanted,
//! and other packages that have a name which all of them have must have this one, too.

use super::engine::{Engine, Source};
use super::need::{NameId, Need, TextId};
use super::stock::Provider;
use crate::model::PackageId;

/// Counts a name that the `count`-th package has, if all before it had it.
const fn tally(common: &mut u32, count: u32) -> bool {
    if *common != count {
        return false;
    }
    *common = count + 1;
    true
}

impl Engine<'_> {
    pub(super) fn reconsider(&mut self, name: NameId) {
        let stock = self.stock;
        let state = self.name(name);
        let recheck_depends = std::mem::take(&mut state.recheck_depends);
        let recheck_conditions = std::mem::take(&mut state.recheck_conditions);
        let wanted = state.wanted > 0;
        let mut left: Vec<PackageId> = Vec::new();
        let (mut forbidden, mut triggered, mut unconditional, mut takeable) =
            (false, false, true, false);
        for &provider in stock.providers(name) {
            let id = provider.package;
            self.package(id).comparing = false;
            if !self.selectable(id) {
                continue;
            }
            if recheck_depends && !(stock.depends(id).iter()).all(|&need| self.possible(id, need)) {
                self.rule_out(id);
                continue;
            }
            if recheck_conditions {
                self.look_at_conditions(id);
            }
            let package = &self.packages[id.0 as usize];
            triggered |= package.condition_met;
            unconditional &= package.condition_failed;
            takeable |= package.condition_met;
            if !wanted {
                continue;
            }
            forbidden |= !package.allowed;
            self.package(id).comparing = true;
            self.tally(provider, left.len() as u32);
            left.push(id);
            takeable = takeable || self.takeable(provider);
        }
        let state = self.name(name);
        state.open_choice = left.len() > 1 || forbidden;
        state.triggered = triggered;
        state.unconditional = unconditional;
        let moved = state.takeable != takeable;
        state.takeable = takeable;
        if let Some(&first) = left.first() {
            for provider in stock.providers(name) {
                let package = self.package(provider.package);
                package.compared = package.comparing;
            }
            self.need_in_common(first, left.len() as u32);
            self.have_in_common(name, first, left.len() as u32);
        }
        let dependents = self.dependents.row(name).iter();
        let mut open = dependents.map(|dependent| &self.names[dependent.0 as usize]);
        let done = !open.any(|dependent| dependent.seen && !dependent.settled);
        self.name(name).dependents_settled = done;
        self.enqueue(name, moved);
    }

    /// Whether a package may be taken for the name that it has: one that provides the name without
    /// a version only if it has a priority, or is asked for by its own name.
    pub(super) fn takeable(&self, provider: Provider) -> bool {
        let offer = self.stock.offer(provider.package);
        provider.version != TextId::NONE
            || offer.priority > 0
            || self.names[offer.name.0 as usize].wanted > 0
    }

    /// Finds out whether the conditions of a package hold, unless that is known for good.
    fn look_at_conditions(&mut self, id: PackageId) {
        let stock = self.stock;
        let package = &self.packages[id.0 as usize];
        if !package.condition_met && !package.condition_failed {
            let (mut met, mut failed) = (true, false);
            for &need in stock.install_if(id) {
                let name = &self.names[need.name.0 as usize];
                let (settled, holder) = (name.settled, name.holder);
                if !settled && need.negated() {
                    self.name(need.name).asked_for = true;
                    self.enqueue(need.name, false);
                }
                failed = settled && !stock.fulfils(Some(id), need, holder);
                met = settled && !failed;
                if !met {
                    break;
                }
            }
            let package = self.package(id);
            (package.condition_met, package.condition_failed) = (met, failed);
        }
        if self.packages[id.0 as usize].condition_met {
            for need in stock.install_if(id) {
                let holder = self.names[need.name.0 as usize].holder;
                let by = holder.map_or(Source::Nobody, |holder| Source::Package(holder.package));
                self.inherit(id, by);
            }
        }
    }

    /// Counts what the `count`-th package of a name needs and has.
    fn tally(&mut self, provider: Provider, count: u32) {
        let stock = self.stock;
        let id = provider.package;
        for need in stock.depends(id).iter().filter(|need| !need.negated()) {
            tally(&mut self.name(need.name).common_depends, count);
        }
        // What stands for its own name here is how it came to be a package of the name.
        let own = (stock.offer(id).name, provider.version);
        let provided = stock.provides(id).iter();
        let provided = provided.map(|need| (need.name, need.version));
        for (name, version) in std::iter::once(own).chain(provided) {
            let state = self.name(name);
            if tally(&mut state.common_provides, count) {
                state.provided_unversioned |= version == TextId::NONE;
            }
        }
    }

    /// What all packages need, of which `first` is one, is needed.
    fn need_in_common(&mut self, first: PackageId, count: u32) {
        let stock = self.stock;
        for &need in stock.depends(first) {
            let state = self.name(need.name);
            let common = std::mem::take(&mut state.common_depends) == count;
            if !common {
                continue;
            }
            if count == 1 {
                self.apply(Source::Package(first), need);
            } else if state.wanted == 0 {
                // Which versions differs from one to the other.
                state.wanted = 1;
                self.want(need.name);
                for provider in stock.providers(need.name) {
                    self.inherit(provider.package, Source::Package(first));
                }
            }
        }
    }

    /// What all packages of `name` have, of which `first` is one, others have only together with
    /// `name`.
    fn have_in_common(&mut self, name: NameId, first: PackageId, count: u32) {
        let stock = self.stock;
        let own = stock.offer(first).name;
        let provided = || stock.provides(first).iter().map(|need: &Need| need.name);
        for held in std::iter::once(own).chain(provided()) {
            let state = self.name(held);
            if std::mem::take(&mut state.common_provides) == count {
                let unversioned = state.provided_unversioned;
                self.exclude_others(held, name, unversioned);
            }
        }
        for held in std::iter::once(own).chain(provided()) {
            self.name(held).provided_unversioned = false;
        }
    }

    /// Rules out what has the name `held` without having the name `must`, too.
    fn exclude_others(&mut self, held: NameId, must: NameId, unversioned: bool) {
        if held == must {
            return;
        }
        let stock = self.stock;
        for &provider in stock.providers(held) {
            let id = provider.package;
            let alone = |version: TextId| unversioned && version == TextId::NONE;
            let mut provided = stock.provides(id).iter();
            let fits = stock.offer(id).name == must
                || !self.selectable(id)
                || alone(provider.version)
                || provided.any(|need| need.name == must || alone(need.version));
            if !fits {
                self.rule_out(id);
            }
        }
    }
}
