//! Why a locked package did not stay.

use std::collections::{BTreeMap, BTreeSet};

use super::requests::Requests;
use super::{Lock, moves_freely};
use crate::distro::deb::universe::{DebUniverse, compare};
use crate::model::{Clause, LockedPackage, PackageId, PackageName};
use crate::resolve::{Move, Problem, Universe as _};

/// The moves from the old lockfile to `solution`, sorted by name.
pub(super) fn explain(
    universe: &DebUniverse<'_>,
    problem: &Problem,
    requests: &Requests,
    lock: &Lock<'_>,
    solution: &BTreeSet<PackageId>,
) -> Vec<Move> {
    let now: BTreeMap<&PackageName, PackageId> = solution
        .iter()
        .map(|&id| (&universe.get(id).name, id))
        .collect();
    let mut moves = Vec::new();
    for (&name, before) in &lock.before {
        let to = now.get(name).map(|&id| universe.get(id).version.clone());
        if to.as_ref() == Some(&before.version) {
            continue;
        }
        let reason = if to.is_none() {
            removed(universe, problem, requests, name)
        } else {
            changed(universe, problem, requests, lock, before, solution)
        };
        moves.push(Move {
            name: name.clone(),
            from: before.version.clone(),
            to,
            reason,
        });
    }
    moves
}

fn removed(
    universe: &DebUniverse<'_>,
    problem: &Problem,
    requests: &Requests,
    name: &PackageName,
) -> String {
    if requests.excluded.contains(name) {
        "the manifest excludes it".into()
    } else if universe.versions(name).is_empty() {
        "it is no longer offered".into()
    } else if problem
        .locked
        .iter()
        .any(|locked| locked.name == *name && locked.requested)
    {
        "it is no longer asked for".into()
    } else {
        "nothing needs it any more".into()
    }
}

fn changed(
    universe: &DebUniverse<'_>,
    problem: &Problem,
    requests: &Requests,
    lock: &Lock<'_>,
    before: &LockedPackage,
    solution: &BTreeSet<PackageId>,
) -> String {
    let Some(&old) = lock.offered.get(&before.name) else {
        return format!("{} is no longer offered", before.version);
    };
    if moves_freely(&problem.update, &before.name) {
        return "--update".into();
    }
    let want = requests.wanted.iter().find(|want| want.name == before.name);
    if let Some(want) = want.filter(|want| !want.any_of.contains(&old)) {
        return format!("the manifest asks for {}", want.text);
    }
    let package = universe.get(old);
    let fulfils = |clause: &Clause| package.fulfils(clause, compare);
    for &id in solution {
        let other = universe.get(id);
        let about = |clause: &&Clause| clause.name == before.name;
        let mut needs = other
            .depends
            .iter()
            .flat_map(|relation| &relation.any_of)
            .filter(about);
        if needs.any(|clause| !fulfils(clause)) {
            return format!("needed by {} {}", other.name, other.version);
        }
        if other.name != before.name && other.conflicts.iter().any(fulfils) {
            return format!(
                "{} {} conflicts with {}",
                other.name, other.version, before.version
            );
        }
    }
    for clause in &package.conflicts {
        let with = solution
            .iter()
            .map(|&id| universe.get(id))
            .find(|other| other.name != before.name && other.fulfils(clause, compare));
        if let Some(with) = with {
            return format!(
                "{} conflicts with {} {}",
                before.version, with.name, with.version
            );
        }
    }
    "its dependencies are no longer fulfilled".into()
}
