//! Why a locked package did not stay.

use std::collections::BTreeMap;

use super::catalog::Offers;
use crate::model::{LockedPackage, PackageId, PackageName};
use crate::resolve::greedy::{Choice, Job, Provider, Stock};
use crate::resolve::{Move, Problem, Update};

/// The moves from the old lockfile to `choice`, sorted by name.
pub(super) fn explain(offers: &Offers, problem: &Problem, job: &Job, choice: &Choice) -> Vec<Move> {
    let stock = &offers.stock;
    let now: BTreeMap<&str, PackageId> = choice
        .packages
        .iter()
        .map(|&id| (stock.name(stock.offer(id).name), id))
        .collect();
    let before: BTreeMap<&PackageName, &LockedPackage> = problem
        .locked
        .iter()
        .map(|package| (&package.name, package))
        .collect();
    let mut moves = Vec::new();
    for (name, before) in before {
        let to = now.get(name.as_str()).copied();
        let version = to.and_then(|id| stock.text(stock.offer(id).version).parse().ok());
        if version.as_ref() == Some(&before.version) {
            continue;
        }
        moves.push(Move {
            name: name.clone(),
            from: before.version.clone(),
            to: version,
            reason: match to {
                Some(_) => changed(stock, problem, job, choice, before),
                None => removed(stock, problem, before),
            },
        });
    }
    moves
}

fn removed(stock: &Stock, problem: &Problem, before: &LockedPackage) -> String {
    let mut excluded = problem.groups.iter().flat_map(|group| &group.exclude);
    let mut offered = stock.packages();
    if excluded.any(|name| *name == before.name) {
        "the manifest excludes it".into()
    } else if !offered.any(|id| stock.name(stock.offer(id).name) == before.name.as_str()) {
        "it is no longer offered".into()
    } else if before.requested {
        "it is no longer asked for".into()
    } else {
        "nothing needs it any more".into()
    }
}

fn changed(
    stock: &Stock,
    problem: &Problem,
    job: &Job,
    choice: &Choice,
    before: &LockedPackage,
) -> String {
    let identity = before.checksum.as_deref();
    let mut all = stock.packages();
    let same = |id: &PackageId| Some(stock.text(stock.offer(*id).identity)) == identity;
    let Some(old) = all.find(same) else {
        return format!("{} is no longer offered", before.version);
    };
    let freely = match &problem.update {
        Update::Keep => false,
        Update::Names(names) => names.contains(&before.name),
        Update::All => true,
    };
    if freely {
        return "--update".into();
    }
    // Every name that the old one has, and how it has it.
    let offer = stock.offer(old);
    let own = std::iter::once((offer.name, offer.version));
    let has: Vec<_> = own
        .chain(
            stock
                .provides(old)
                .iter()
                .map(|need| (need.name, need.version)),
        )
        .collect();
    let refuses = |by, need: &crate::resolve::greedy::Need| {
        has.iter().any(|&(name, version)| {
            let provider = Provider {
                package: old,
                version,
            };
            name == need.name && !stock.fulfils(by, *need, Some(provider))
        })
    };
    if let Some(wish) = job.wishes.iter().find(|wish| refuses(None, &wish.need)) {
        return format!("the manifest asks for {}", wish.text);
    }
    for &id in &choice.packages {
        if let Some(need) = stock
            .depends(id)
            .iter()
            .find(|need| refuses(Some(id), need))
        {
            return match need.negated() {
                true => format!("{} conflicts with {}", stock.title(id), before.version),
                false => format!("needed by {}", stock.title(id)),
            };
        }
    }
    "its dependencies are no longer fulfilled".into()
}
