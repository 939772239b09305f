//! The choice of a package for a name, which is never taken back.

use std::cmp::Ordering;

use super::Trouble;
use super::engine::{Engine, Source};
use super::need::{NameId, TextId};
use super::stock::Provider;
use crate::model::PackageId;

impl Engine<'_> {
    /// Settles `name`: the best of its packages is taken, with everything that it provides; or
    /// nobody has it.
    pub(super) fn choose(&mut self, name: NameId) {
        let stock = self.stock;
        let state = &self.names[name.0 as usize];
        let wanted = state.wanted > 0;
        let mut best: Option<Provider> = None;
        if wanted || state.triggered {
            for &provider in stock.providers(name) {
                let package = &self.packages[provider.package.0 as usize];
                let fit = package.condition_met && package.allowed && package.selectable;
                if (!wanted && !fit) || !self.takeable(provider) {
                    continue;
                }
                if best.is_none_or(|best| self.compare(provider, best).is_gt()) {
                    best = Some(provider);
                }
            }
        }
        let Some(Provider { package: id, .. }) = best else {
            self.assign(name, None);
            if wanted {
                self.troubles.push(Trouble::Nobody { name });
            }
            return;
        };
        let package = &self.packages[id.0 as usize];
        if !package.selectable || !package.allowed {
            self.blame(id);
        }
        let offer = stock.offer(id);
        let own = Provider {
            package: id,
            version: offer.version,
        };
        self.assign(offer.name, Some(own));
        for provided in stock.provides(id) {
            let provider = Provider {
                package: id,
                version: provided.version,
            };
            self.assign(provided.name, Some(provider));
        }
        for &need in stock.depends(id) {
            self.apply(Source::Package(id), need);
        }
    }

    /// Which of two packages of a name is better, the greater one.
    fn compare(&self, a: Provider, b: Provider) -> Ordering {
        let stock = self.stock;
        let state = |provider: Provider| &self.packages[provider.package.0 as usize];
        let offer = |provider: Provider| stock.offer(provider.package);
        let held = |provider: Provider| self.job.held.contains(&provider.package);
        let unversioned = TextId::NONE;
        let upgrade = state(a).upgrade || state(b).upgrade;
        let same_name = offer(a).name == offer(b).name;
        let versioned = a.version != unversioned || b.version != unversioned;
        let dropped = |provider: Provider| self.job.dropped.contains(&provider.package);
        let stays = same_name || !(dropped(a) || dropped(b));
        let keep = !upgrade && stays && (same_name || versioned);
        let versions = |a, b| (stock.compare)(stock.text(a), stock.text(b), false);
        let by = |order: Ordering| (order != Ordering::Equal).then_some(order);
        // What is possible, least disturbing, and from where the manifest says ...
        by(state(a).selectable.cmp(&state(b).selectable))
            .or_else(|| by(state(a).compared.cmp(&state(b).compared)))
            .or_else(|| by(state(b).conflicts.cmp(&state(a).conflicts)))
            .or_else(|| by(state(a).allowed.cmp(&state(b).allowed)))
            .or_else(|| by(state(a).preferred.cmp(&state(b).preferred)))
            .or_else(|| by(held(a).cmp(&held(b))).filter(|_| keep))
            // ... then the latest version of what is asked for, then of the package itself ...
            .or_else(|| by(versions(a.version, b.version)))
            .or_else(|| by(versions(offer(a).version, offer(b).version)).filter(|_| same_name))
            // ... then what the packagers prefer, what was there, and the first repository.
            .or_else(|| by(offer(a).priority.cmp(&offer(b).priority)))
            .or_else(|| by(held(a).cmp(&held(b))).filter(|_| stays))
            .unwrap_or_else(|| {
                let first = |provider| offer(provider).repositories.trailing_zeros();
                first(b).cmp(&first(a))
            })
    }

    /// Settles a name that is had by `holder`, or by nobody.
    fn assign(&mut self, name: NameId, holder: Option<Provider>) {
        let stock = self.stock;
        let unversioned = |provider: &Provider| provider.version == TextId::NONE;
        let state = self.name(name);
        if state.settled {
            let before = state.holder;
            // Several may have a name as long as none has it at a version.
            let shared = |holder: Option<Provider>| holder.as_ref().is_none_or(unversioned);
            if shared(holder) && shared(before) {
                return;
            }
            for provider in [holder, before].into_iter().flatten() {
                self.blame(provider.package);
            }
            return;
        }
        let wanted = state.wanted > 0;
        self.settle(name, holder);
        if let Some(Provider { package, .. }) = holder
            && !wanted
            && self.packages[package.0 as usize].condition_met
        {
            for &need in stock.install_if(package) {
                if !self.name(need.name).settled {
                    self.apply(Source::Package(package), need);
                }
            }
        }
        for &other in stock.providers(name) {
            let same = holder.is_some_and(|holder| holder.package == other.package);
            let shared = holder.as_ref().is_none_or(unversioned) && unversioned(&other);
            if !same && !shared {
                self.rule_out(other.package);
            }
        }
        self.stir_dependents(name);
        match holder {
            Some(holder) => self.stir_conditional_on(holder.package),
            None => self.stir_conditional(name),
        }
    }

    /// Notes that a package was taken although it cannot be.
    pub(super) fn blame(&mut self, id: PackageId) {
        let package = self.package(id);
        if !package.faulty {
            package.faulty = true;
            self.troubles.push(Trouble::Package { id });
        }
    }
}
