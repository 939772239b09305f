//! Requests and a universe in, a solution or an explained conflict out.
//!
//! A distribution turns a [`Problem`] into a [`Task`] over its [`Universe`] and lets
//! [`choose`] solve it: the walk first, whose choices are apt's; where that gets stuck, the
//! complete engine. Nothing here knows a distribution's name. Everything is deterministic.

mod complete;
mod explain;
pub mod greedy;
mod groups;
mod nearest;
mod reason;
mod task;
mod universe;
mod walk;

pub use explain::Unsatisfiable;
pub use groups::{Placed, place};
pub use nearest::nearest;
pub use task::{Task, Want};
pub use universe::Universe;

use std::collections::BTreeSet;

use walk::Walk;

use crate::model::{
    Arch, GroupName, LockedPackage, PackageId, PackageName, PackageRequest, Priority, Version,
};

/// What one group of the manifest asks for, for one architecture (requests for others left out).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRequest {
    /// The group.
    pub name: GroupName,
    /// `priority:`
    pub priority: Option<Priority>,
    /// `packages:`
    pub requests: Vec<PackageRequest>,
    /// `exclude:`, which holds for the whole image.
    pub exclude: Vec<PackageName>,
}

/// Which locked versions may move although they are still offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Update {
    /// None.
    Keep,
    /// These, and what must follow.
    Names(Vec<PackageName>),
    /// All.
    All,
}

/// What is to be solved.
#[derive(Debug, Clone)]
pub struct Problem {
    /// For which architecture.
    pub arch: Arch,
    /// Lowest layer first.
    pub groups: Vec<GroupRequest>,
    /// Debian: also install Recommends.
    pub recommends: bool,
    /// What the old lockfile holds, whatever still exists of it.
    pub locked: Vec<LockedPackage>,
    /// What of it may move.
    pub update: Update,
}

/// What was chosen.
#[derive(Debug, Clone)]
pub struct Solution {
    /// Sorted by name; groups assigned, edges made, `repository` the id of the repository.
    pub packages: Vec<LockedPackage>,
    /// Of which of them the indexes do not give the digest (Alpine): their `sha256` means nothing
    /// until the archive has been read.
    pub unread: BTreeSet<PackageName>,
    /// Why each package that was locked at another version, or is gone, moved; sorted by name.
    pub moves: Vec<Move>,
    /// What the user should know, as sentences.
    pub warnings: Vec<String>,
}

/// A locked package that did not stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// The package.
    pub name: PackageName,
    /// The version locked before.
    pub from: Version,
    /// The version now; absent when it is removed.
    pub to: Option<Version>,
    /// Why, as a sentence without a full stop: `5.2-1 is no longer offered`, `--update`, `needed by
    /// nginx 1.26`, `nothing needs it any more`.
    pub reason: String,
}

/// Chooses packages for `task`.
///
/// # Errors
/// When there is no solution, with the shortest explanation.
pub fn choose(task: &Task<'_>) -> Result<Vec<PackageId>, Unsatisfiable> {
    // From what is locked, as on a system where it is installed; else from nothing.
    let walked = match task.given[..] {
        [] => Walk::run(task, &[], false),
        _ => Walk::run(task, &task.given, false).or_else(|_| Walk::run(task, &[], false)),
    };
    if let Ok(solution) = walked {
        return Ok(solution);
    }
    let solution = complete::solve(task).map_err(|reason| Unsatisfiable::explain(task, &reason))?;
    // Given a solution, the walk adds the Recommends, and what was given and would do as well.
    let mut known = task.clone();
    for &id in &solution {
        let name = &task.universe.get(id).name;
        known.chosen.insert(name.clone(), id);
    }
    let start = [&solution[..], &task.given].concat();
    Ok(Walk::run(&known, &start, true).unwrap_or(solution))
}
