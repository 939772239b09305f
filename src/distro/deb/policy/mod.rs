//! apt's policy: a problem in the manifest's words in, a solution in the lockfile's words out.
//!
//! The candidate of a package is its version of the highest pin, then the highest version, then of
//! the first repository (apt_preferences(5)). A locked version that is still offered, and that the
//! requests still allow, takes the candidate's place; so does what a request names.

mod moves;
mod requests;
mod suite;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::catalog::DebCatalog;
use super::universe::DebUniverse;
use crate::model::{LockedPackage, PackageId, PackageName, Sha256};
use crate::resolve::{
    Problem, Solution, Task, Universe as _, Unsatisfiable, Update, choose, place,
};
use requests::Requests;

/// What became of the old lockfile before anything is chosen.
#[derive(Debug, Default)]
pub(super) struct Lock<'p> {
    /// The old lockfile's packages of which a version can stay or move, by name.
    pub(super) before: BTreeMap<&'p PackageName, &'p LockedPackage>,
    /// Where the locked versions are offered.
    pub(super) offered: BTreeMap<&'p PackageName, PackageId>,
}

impl<'p> Lock<'p> {
    fn new(universe: &DebUniverse<'_>, catalog: &DebCatalog, problem: &'p Problem) -> Self {
        let mut lock = Self::default();
        for package in &problem.locked {
            lock.before.insert(&package.name, package);
            let versions = universe.versions(&package.name);
            let same = |id: &&PackageId| universe.get(**id).version == package.version;
            let here =
                |id: &PackageId| catalog.sources[universe.source(*id)].id == package.repository;
            let offered: Vec<PackageId> = versions.iter().filter(same).copied().collect();
            if let Some(&id) = offered.iter().find(|id| here(id)).or(offered.first()) {
                lock.offered.insert(&package.name, id);
            }
        }
        lock
    }
}

/// Whether `update` lets the locked version of `name` go.
pub(super) fn moves_freely(update: &Update, name: &PackageName) -> bool {
    match update {
        Update::Keep => false,
        Update::Names(names) => names.contains(name),
        Update::All => true,
    }
}

/// See `Catalog::resolve`.
pub(super) fn resolve(
    catalog: &DebCatalog,
    universe: &DebUniverse<'_>,
    problem: &Problem,
) -> Result<Solution, Unsatisfiable> {
    let lock = Lock::new(universe, catalog, problem);
    let requests = Requests::read(catalog, universe, problem)?;
    let mut chosen: HashMap<PackageName, PackageId> = HashMap::new();
    for (name, &id) in &lock.offered {
        if !moves_freely(&problem.update, name) {
            chosen.insert((*name).clone(), id);
        }
    }
    let mut wanted = requests.wanted.clone();
    let mut also: HashMap<PackageName, Vec<PackageId>> = HashMap::new();
    for want in &wanted {
        // The locked version while it will do, else apt's candidate, else the best.
        let kept = chosen.get(&want.name).copied();
        let candidate = universe.versions(&want.name).first().copied();
        let best = kept
            .into_iter()
            .chain(candidate)
            .find(|id| want.any_of.contains(id))
            .or(want.any_of.first().copied());
        chosen.extend(best.map(|id| (want.name.clone(), id)));
        also.insert(want.name.clone(), want.any_of.clone());
    }
    suite::prefer(catalog, universe, problem, &requests, &mut chosen);
    // apt takes requests up as they stand on its command line, and with that order the walk gives
    // apt's answers without exception. Here the manifest's order decides nothing, so there must be
    // another; of those tried, this one comes nearest.
    wanted.sort_by(|a, b| b.name.cmp(&a.name));
    // A lock that was made without Recommends is no start for a solution with them.
    let followed = problem
        .locked
        .iter()
        .any(|package| !package.recommends.is_empty());
    let mut given = Vec::new();
    if problem.update != Update::All && (followed || !problem.recommends) {
        let stays = |name, id| chosen.get(name) == Some(id) && !requests.excluded.contains(name);
        given.extend(
            lock.offered
                .iter()
                .filter(|(name, id)| stays(**name, id))
                .map(|(_, id)| *id),
        );
    }
    let task = Task {
        universe,
        given,
        wanted,
        excluded: requests.excluded.clone(),
        recommends: problem.recommends,
        chosen,
        also,
        kept: problem
            .locked
            .iter()
            .filter(|_| problem.update != Update::All)
            .map(|package| package.name.clone())
            .collect(),
    };
    let solution = choose(&task)?;
    Ok(write(
        catalog, universe, problem, &requests, &lock, &solution,
    ))
}

/// The solution in the lockfile's words.
fn write(
    catalog: &DebCatalog,
    universe: &DebUniverse<'_>,
    problem: &Problem,
    requests: &Requests,
    lock: &Lock<'_>,
    solution: &[PackageId],
) -> Solution {
    let before = match problem.update {
        Update::All => &[],
        Update::Keep | Update::Names(_) => &problem.locked[..],
    };
    let placed = place(
        universe,
        solution,
        &requests.roots,
        &requests.requested,
        before,
        problem.recommends,
    );
    let packages: Vec<LockedPackage> = placed
        .into_values()
        .filter_map(|placed| {
            let package = universe.get(placed.id);
            Some(LockedPackage {
                name: package.name.clone(),
                version: package.version.clone(),
                arch: package.arch.clone(),
                group: problem.groups.get(placed.group)?.name.clone(),
                requested: requests.requested.contains(&package.name),
                source: package.source.clone(),
                repository: catalog.sources[universe.source(placed.id)].id.clone(),
                path: package.path.to_string(),
                size: package.size,
                sha256: package.sha256.unwrap_or(Sha256::from_bytes([0; 32])),
                checksum: None,
                depends: placed.depends,
                recommends: placed.recommends,
                install_if: Vec::new(),
            })
        })
        .collect();
    let chosen: BTreeSet<PackageId> = solution.iter().copied().collect();
    Solution {
        moves: moves::explain(universe, problem, requests, lock, &chosen),
        packages,
        unread: BTreeSet::new(),
        warnings: requests.warnings.clone(),
    }
}

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
