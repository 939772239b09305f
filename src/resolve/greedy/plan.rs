//! From choices to the packages that the manifest needs, each after what it depends on.

use super::Trouble;
use super::engine::Engine;
use super::need::{NameId, Need};
use crate::model::PackageId;

/// What is still to be done, the last first. Dependencies can be as deep as there are packages.
enum Step {
    /// What a package (or the manifest) needs, and whether it has it.
    Need(Option<PackageId>, Need),
    /// Whether what it needs turned out to be faulty.
    After(PackageId, PackageId),
    /// The package that has a name.
    Name(NameId),
    /// All dependencies of a package are there.
    Add(PackageId),
    /// A name whose packages have conditions, which may hold now.
    Conditional(NameId),
}

impl Engine<'_> {
    /// The packages, in the order in which they can be installed.
    pub(super) fn plan(&mut self) -> Vec<PackageId> {
        let stock = self.stock;
        let mut plan = Vec::new();
        let wishes = self.job.wishes.iter().rev();
        let mut steps: Vec<Step> = wishes.map(|wish| Step::Need(None, wish.need)).collect();
        while let Some(step) = steps.pop() {
            match step {
                Step::Need(by, need) => {
                    let holder = self.name(need.name).holder;
                    if let Some(by) = by {
                        if !stock.fulfils(Some(by), need, holder) && !self.package(by).faulty {
                            self.package(by).faulty = true;
                            self.troubles.push(Trouble::Unfulfilled { by, need });
                        }
                        if let Some(holder) = holder {
                            steps.push(Step::After(by, holder.package));
                        }
                    }
                    steps.push(Step::Name(need.name));
                }
                Step::After(by, needed) => {
                    if self.package(needed).faulty && !self.package(by).faulty {
                        self.package(by).faulty = true;
                        self.troubles.push(Trouble::Follows { by });
                    }
                }
                Step::Name(name) => {
                    if std::mem::replace(&mut self.name(name).planned, true) {
                        continue;
                    }
                    let Some(holder) = self.name(name).holder else {
                        continue;
                    };
                    let id = holder.package;
                    if std::mem::replace(&mut self.package(id).planned, true) {
                        continue;
                    }
                    self.name(stock.offer(id).name).planned = true;
                    for provided in stock.provides(id) {
                        self.name(provided.name).planned = true;
                    }
                    steps.push(Step::Add(id));
                    let needs = stock.depends(id).iter().rev();
                    steps.extend(needs.map(|&need| Step::Need(Some(id), need)));
                }
                Step::Add(id) => {
                    plan.push(id);
                    let own = std::iter::once(stock.offer(id).name);
                    let names = own.chain(stock.provides(id).iter().map(|need| need.name));
                    let conditional: Vec<NameId> = names
                        .flat_map(|name| stock.conditional.row(name))
                        .copied()
                        .collect();
                    steps.extend(conditional.into_iter().rev().map(Step::Conditional));
                }
                Step::Conditional(name) => {
                    if self.conditions_hold(name) {
                        steps.push(Step::Name(name));
                    }
                }
            }
        }
        plan
    }

    /// Whether the package that has a name is wanted by its conditions, as far as the plan goes.
    fn conditions_hold(&mut self, name: NameId) -> bool {
        let stock = self.stock;
        let state = &self.names[name.0 as usize];
        let Some(holder) = state.holder.filter(|_| state.seen && !state.planned) else {
            return false;
        };
        let id = holder.package;
        stock.install_if(id).iter().all(|&need| {
            let other = &self.names[need.name.0 as usize];
            (need.negated() || other.planned) && stock.fulfils(Some(id), need, other.holder)
        })
    }
}
