//! Which names may come to matter, and in which order they are taken.
//!
//! From each request a walk goes through everything that could follow from it: the dependencies of
//! the packages that have a name, the packages that are wanted on condition of it, and what those
//! packages provide. Packages are chosen first for what is only now asked for, then for names of
//! packages, then for names that are only provided; within these, the later a name is left, the
//! earlier its turn comes.

use super::engine::Engine;
use super::need::NameId;
use super::stock::Provider;

/// What a name is left behind for, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Provider, and which of its dependencies.
    Depends,
    Conditional,
    /// Provider, and which of the names that are conditional on it.
    ConditionalOn,
    /// Provider, and which of the names that it provides.
    Provides,
    /// Provider, and which of its conditions.
    Conditions,
}

/// A name on the way, with the place that was come to.
struct Visit {
    name: NameId,
    stage: Stage,
    provider: usize,
    item: usize,
}

/// Added to the turn of what is not asked for anew.
const OLD: i32 = i32::MIN;
/// Added to the turn of what is the name of a package.
const PACKAGE: i32 = 1 << 30;

impl Engine<'_> {
    /// Discovers everything from `name`. The walk can be as deep as there are names, so it keeps its
    /// own stack.
    pub(super) fn discover(&mut self, name: NameId, left: &mut i32) {
        let mut way = Vec::new();
        self.enter(name, &mut way);
        while let Some(mut visit) = way.pop() {
            let next = self.next(&mut visit, left);
            if let Some(next) = next {
                way.push(visit);
                self.enter(next, &mut way);
            }
        }
    }

    fn enter(&mut self, name: NameId, way: &mut Vec<Visit>) {
        let state = self.name(name);
        if !state.seen {
            state.seen = true;
            state.unconditional = true;
            way.push(Visit {
                name,
                stage: Stage::Depends,
                provider: 0,
                item: 0,
            });
        }
    }

    /// The next name to go to from `visit`; `None` when it is done.
    fn next(&mut self, visit: &mut Visit, left: &mut i32) -> Option<NameId> {
        let stock = self.stock;
        let name = visit.name;
        loop {
            let provider = stock.providers(name).get(visit.provider).copied();
            let found = match (visit.stage, provider) {
                (Stage::Depends, Some(provider)) => {
                    let id = provider.package;
                    if visit.item == 0 {
                        // A package that another name met first is gone through there.
                        if self.packages[id.0 as usize].seen {
                            visit.item = usize::MAX;
                        } else {
                            self.meet(id);
                        }
                    }
                    let found = stock.depends(id).get(visit.item).map(|need| need.name);
                    if found.is_none() {
                        let failed = self.packages[id.0 as usize].condition_failed;
                        self.name(name).unconditional &= failed;
                    }
                    found
                }
                (Stage::Conditional, _) => stock.conditional.row(name).get(visit.item).copied(),
                (Stage::ConditionalOn, Some(provider)) => {
                    let own = stock.offer(provider.package).name;
                    stock.conditional.row(own).get(visit.item).copied()
                }
                (Stage::Provides, Some(provider)) => {
                    let provides = stock.provides(provider.package);
                    provides.get(visit.item).map(|need| need.name)
                }
                (Stage::Conditions, Some(provider)) => {
                    let conditions = stock.install_if(provider.package);
                    conditions.get(visit.item).map(|need| need.name)
                }
                (_, None) => None,
            };
            if let Some(found) = found {
                visit.item += 1;
                return Some(found);
            }
            visit.item = 0;
            (visit.stage, visit.provider) = match (visit.stage, provider) {
                (Stage::Depends, None) => (Stage::Conditional, 0),
                (Stage::Conditional, _) | (Stage::Provides, Some(_)) => {
                    let next = match visit.stage {
                        Stage::Conditional => 0,
                        _ => visit.provider + 1,
                    };
                    (Stage::ConditionalOn, next)
                }
                (Stage::ConditionalOn, Some(_)) => (Stage::Provides, visit.provider),
                (Stage::ConditionalOn | Stage::Provides, None) => {
                    self.leave(name, left);
                    (Stage::Conditions, 0)
                }
                (Stage::Conditions, None) => return None,
                (stage, Some(_)) => (stage, visit.provider + 1),
            };
        }
    }

    /// Gives a name its turn.
    fn leave(&mut self, name: NameId, left: &mut i32) {
        let stock = self.stock;
        let own = |provider: &Provider| stock.offer(provider.package).name == name;
        let mut turn = 0;
        if !self.job.anew.contains(&name) {
            turn += OLD;
        }
        if stock.providers(name).iter().any(own) {
            turn += PACKAGE;
        }
        *left += 1;
        self.name(name).turn = turn + *left;
    }
}
