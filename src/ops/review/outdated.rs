//! `outdated`: what is locked against what the repositories offer now.

use std::path::PathBuf;

use super::super::lock::plan;
use super::super::{ChangeKind, Context, Error, Project};
use super::packages_of;
use crate::model::{Arch, LockedPackage, Version};
use crate::resolve::Update;

/// The answer of `outdated`.
#[derive(Debug, Clone)]
pub struct OutdatedReport {
    /// The lockfile.
    pub path: PathBuf,
    /// Of each architecture what `lock --update` would move, by name.
    pub arches: Vec<(Arch, Vec<Outdated>)>,
}

/// A package that `lock --update` would move.
#[derive(Debug, Clone)]
pub struct Outdated {
    /// What would become of it.
    pub kind: ChangeKind,
    /// As it would be locked; for `Removed` as it is.
    pub package: LockedPackage,
    /// The version that is locked, where it is.
    pub locked: Option<Version>,
    /// Whether the new version is from a repository of security updates.
    pub security: bool,
    /// Why it would move, where that is not only because there is something newer: others need it, it
    /// is no longer offered.
    pub reason: Option<String>,
}

impl Outdated {
    /// The version that would be locked, where one would.
    pub fn available(&self) -> Option<&Version> {
        (self.kind != ChangeKind::Removed).then_some(&self.package.version)
    }

    /// Whether it has another version now, and does not only come or go because others have.
    pub const fn has_moved(&self) -> bool {
        matches!(self.kind, ChangeKind::Upgraded | ChangeKind::Downgraded)
    }
}

/// Compares the lockfile with what the repositories offer, as `lock --update --dry-run` does, for
/// `arches` or all where that is empty. Downloads indexes at most.
///
/// # Errors
/// As `lock`, and when the lockfile is not there or damaged.
pub fn outdated(
    cx: &Context<'_>,
    project: &Project,
    arches: &[Arch],
) -> Result<OutdatedReport, Error> {
    // What has merge markers is not an answer to what is locked.
    let lockfile = project.lockfile()?;
    let asked = packages_of(project, &lockfile, arches)?;
    let plan = plan(cx, project, &Update::All, true)?;
    let changes = plan.report.changes.into_iter();
    let arches = changes
        .filter(|(arch, _)| asked.contains_key(arch))
        .map(|(arch, changes)| {
            let moved = changes
                .into_iter()
                .filter(|change| change.kind != ChangeKind::Kept);
            let moved = moved.map(|change| {
                let removed = change.kind == ChangeKind::Removed;
                Outdated {
                    security: !removed && is_security(project, &change.package.repository),
                    // That everything may move was asked for, and is not worth a word.
                    reason: change.reason.filter(|reason| reason != "--update"),
                    kind: change.kind,
                    locked: change.from,
                    package: change.package,
                }
            });
            (arch, moved.collect())
        });
    Ok(OutdatedReport {
        path: project.lockfile_path.clone(),
        arches: arches.collect(),
    })
}

/// Whether a repository is one of security updates: its suite says so, and its id is made of that.
fn is_security(project: &Project, id: &str) -> bool {
    let mut declared = project.repositories.iter();
    let declared = declared.find(|repository| repository.id == id);
    let suite = declared.and_then(|repository| repository.suite.as_deref());
    [Some(id), suite]
        .into_iter()
        .flatten()
        .any(|name| name.contains("-security"))
}
