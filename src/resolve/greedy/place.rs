//! From a choice to edges and groups, as FORMATS.md section 5 has them.
//!
//! Each dependency makes one edge: to a requested package that fulfils it, else to the one that was
//! taken for the name. A package belongs to the lowest group from whose requests the edges reach it;
//! one whose conditions all hold is also reached from the group of the highest of them.

use std::collections::{BTreeMap, BTreeSet};

use super::need::{NameId, Need};
use super::stock::Stock;
use super::{Choice, Job};
use crate::model::PackageId;

/// An edge: to a package, and the provided name that made it, where it was not its own.
pub type Arrow = (PackageId, Option<NameId>);

/// A package of a choice in its place.
#[derive(Debug, Clone)]
pub struct Situated {
    /// The package.
    pub id: PackageId,
    /// The place of its group.
    pub group: usize,
    /// Whether it was taken for something that the manifest asks for.
    pub requested: bool,
    /// One edge per dependency.
    pub depends: Vec<Arrow>,
    /// The conditions that make it wanted, where they all hold.
    pub install_if: Vec<Arrow>,
}

/// Makes the edges of `choice`, and puts each package into one of `groups` groups. In the order of
/// the choice.
pub fn situate(stock: &Stock, job: &Job, choice: &Choice, groups: usize) -> Vec<Situated> {
    let mut roots: BTreeMap<PackageId, usize> = BTreeMap::new();
    for wish in job.wishes.iter().filter(|wish| !wish.need.negated()) {
        if let (Some(id), Some(group)) = (choice.holder(wish.need.name), wish.group) {
            let lowest = roots.entry(id).or_insert(group);
            *lowest = group.min(*lowest);
        }
    }
    let present: BTreeSet<PackageId> = choice.packages.iter().copied().collect();
    let edges = Edges {
        stock,
        choice,
        roots: &roots,
        present: &present,
    };
    let mut all: Vec<Situated> = choice
        .packages
        .iter()
        .map(|&id| Situated {
            id,
            group: usize::MAX,
            requested: roots.contains_key(&id),
            depends: edges.of(id, stock.depends(id)),
            install_if: match edges.hold(id) {
                true => edges.of(id, stock.install_if(id)),
                false => Vec::new(),
            },
        })
        .collect();
    let at: BTreeMap<PackageId, usize> = (0..).zip(&all).map(|(at, one)| (one.id, at)).collect();
    for group in 0..groups {
        let mut open: Vec<usize> = roots
            .iter()
            .filter(|(_, lowest)| **lowest == group)
            .filter_map(|(id, _)| at.get(id).copied())
            .collect();
        loop {
            while let Some(one) = open.pop() {
                if all[one].group == usize::MAX {
                    all[one].group = group;
                    let reached = all[one].depends.iter();
                    open.extend(reached.filter_map(|(id, _)| at.get(id)));
                }
            }
            // What those that are reached now are the last condition of.
            let placed = |id: &PackageId| at.get(id).is_some_and(|&at| all[at].group <= group);
            open.extend((0..all.len()).filter(|&one| {
                let one = &all[one];
                one.group == usize::MAX
                    && edges.hold(one.id)
                    && one.install_if.iter().all(|(id, _)| placed(id))
            }));
            if open.is_empty() {
                break;
            }
        }
    }
    // Only a package that nothing leads to is left, which the plan has by a conflict's name.
    for one in &mut all {
        one.group = one.group.min(groups.saturating_sub(1));
    }
    all
}

struct Edges<'a> {
    stock: &'a Stock,
    choice: &'a Choice,
    roots: &'a BTreeMap<PackageId, usize>,
    present: &'a BTreeSet<PackageId>,
}

impl Edges<'_> {
    fn of(&self, by: PackageId, needs: &[Need]) -> Vec<Arrow> {
        let mut out: Vec<Arrow> = Vec::new();
        for &need in needs.iter().filter(|need| !need.negated()) {
            let Some(id) = self.fulfilling(by, need) else {
                continue;
            };
            let own = self.stock.offer(id).name == need.name;
            let arrow = (id, (!own).then_some(need.name));
            if id != by && !out.contains(&arrow) {
                out.push(arrow);
            }
        }
        out
    }

    /// The package of the choice that stands for a need.
    fn fulfilling(&self, by: PackageId, need: Need) -> Option<PackageId> {
        let taken = self.choice.holder(need.name);
        let providers = self.stock.providers(need.name).iter();
        let mut requested = providers.filter(|provider| {
            let id = provider.package;
            self.roots.contains_key(&id)
                && self.present.contains(&id)
                && self.stock.fulfils(Some(by), need, Some(**provider))
        });
        match taken {
            Some(id) if self.roots.contains_key(&id) => taken,
            _ => requested.next().map(|provider| provider.package).or(taken),
        }
    }

    /// Whether a package has conditions, all of which hold.
    fn hold(&self, id: PackageId) -> bool {
        let conditions = self.stock.install_if(id);
        let holds = |&need: &Need| {
            let providers = self.stock.providers(need.name).iter();
            let mut present = providers.filter(|one| self.present.contains(&one.package));
            match need.negated() {
                false => present.any(|&one| self.stock.fulfils(Some(id), need, Some(one))),
                true => present.all(|&one| self.stock.fulfils(Some(id), need, Some(one))),
            }
        };
        !conditions.is_empty() && conditions.iter().all(holds)
    }
}
