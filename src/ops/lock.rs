//! `lock`: a manifest, an old lockfile and repositories in, a lockfile out.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::before::Before;
use super::open::open;
use super::report::{Change, ChangeKind, LockOptions, LockReport};
use super::review::{Asked, reason_of_added};
use super::seal::seal;
use super::{Context, Error, OpsError, Project, warnings};
use crate::distro::{Opened, Opening};
use crate::lockfile::{self, Graph, LockedRepository, Lockfile, LockfileError};
use crate::model::{Arch, Configure, LockedPackage, PackageName};
use crate::resolve::{GroupRequest, Problem, Solution, Update};

/// Locks `project`: see FORMATS.md section 3.
///
/// # Errors
/// When the manifest asks for what this version lacks, a repository is not to be trusted or had, or
/// no set of packages fits.
pub fn lock(
    cx: &Context<'_>,
    project: &Project,
    options: &LockOptions,
) -> Result<LockReport, Error> {
    let plan = plan(cx, project, &options.update, options.dry_run)?;
    if !options.dry_run {
        plan.write(project)?;
    }
    Ok(plan.report)
}

/// Why the lockfile does not fit the manifest, as sentences; empty where it does. Reads the manifest,
/// its keys and the lockfile, and nothing else.
///
/// # Errors
/// When the lockfile is there but damaged.
pub fn lock_check(project: &Project, host: Arch) -> Result<Vec<String>, Error> {
    let name = project.lockfile_name();
    let Some(text) = project.lockfile_text()? else {
        return Ok(vec![format!("{name} does not exist")]);
    };
    match lockfile::parse(&project.lockfile_path, &text) {
        Ok(lockfile) => Ok(project.unfit(&lockfile, host)),
        Err(LockfileError::MergeMarkers { .. }) => Ok(vec![format!("{name} has merge markers")]),
        Err(error) => Err(error.into()),
    }
}

/// A lockfile that is not written yet.
pub(super) struct Plan {
    text: String,
    pub(super) report: LockReport,
}

impl Plan {
    /// Writes it, unless nothing changed.
    pub(super) fn write(&self, project: &Project) -> Result<(), Error> {
        match self.report.changed {
            true => project.write_lockfile(&self.text),
            false => Ok(()),
        }
    }
}

/// What `lock` would write. A dry run downloads no packages: where only reading one tells its digest,
/// the text is without, and of no use.
pub(super) fn plan(
    cx: &Context<'_>,
    project: &Project,
    update: &Update,
    dry_run: bool,
) -> Result<Plan, Error> {
    let before = Before::read(cx, project)?;
    let arches = project.arches(before.sides.first(), cx.host);
    let configure = project.configure(before.sides.first());

    if let (Some(old), Update::Keep) = (&before.whole, update)
        && lockfile::unfit(old, &project.digest, &arches).is_empty()
    {
        let mut new = Lockfile {
            configure,
            ..old.clone()
        };
        new.drop_stale_outputs(old);
        let mut plan = plan_of(project, &before, &new, &BTreeMap::new())?;
        // The text may differ all the same: line ends of a checkout, fields of a newer rootlock.
        plan.report.changed = new != *old;
        if plan.report.changed {
            old.check_writable(&project.lockfile_path)?;
        }
        return Ok(plan);
    }
    before.check_names(project, update)?;
    if let Some(old) = &before.whole {
        old.check_writable(&project.lockfile_path)?;
    }

    let opened = open(
        cx,
        project.distro,
        opening(cx, project, &before, &arches, update),
    )?;
    for warning in &opened.warnings {
        cx.progress.warn(warning);
    }
    let problems: Vec<Problem> = arches
        .iter()
        .map(|arch| problem(project, &before, *arch, update))
        .collect();
    let solutions = opened
        .catalogs
        .par_iter()
        .zip(&problems)
        .map(|(catalog, problem)| catalog.resolve(problem))
        .collect::<Vec<_>>()
        .into_iter()
        .collect::<Result<Vec<Solution>, _>>()?;

    let mut packages = BTreeMap::new();
    let mut unread = BTreeMap::new();
    let mut reasons = BTreeMap::new();
    for (arch, solution) in arches.iter().zip(solutions) {
        for warning in &solution.warnings {
            cx.progress.warn(warning);
        }
        for moved in solution.moves {
            reasons.insert((*arch, moved.name), moved.reason);
        }
        packages.insert(*arch, solution.packages);
        unread.insert(*arch, solution.unread);
    }
    for package in packages.values().flatten() {
        project
            .distro
            .check(package)
            .map_err(|reason| OpsError::Offered {
                package: package.name.to_string(),
                repository: package.repository.clone(),
                reason,
            })?;
    }
    seal(
        cx,
        project.distro,
        &opened,
        &|arch| before.packages(arch),
        &mut packages,
        &unread,
        !dry_run,
    )?;
    let new = assemble(project, &before, opened, packages, configure);
    warnings::of_lock(cx.progress, project, &new);
    plan_of(project, &before, &new, &reasons)
}

/// What is opened: the manifest's repositories, and what the old lockfile knows of them.
fn opening(
    cx: &Context<'_>,
    project: &Project,
    before: &Before,
    arches: &[Arch],
    update: &Update,
) -> Opening {
    // An alias such as `stable` stays what it meant, until everything may move.
    let declared = project.release();
    // Repositories that are declared say which release they are of.
    let means = project.repositories.is_empty() || project.manifest.release.is_some();
    let kept = before
        .release()
        .filter(|_| *update != Update::All && means && project.distro.is_alias(declared));
    Opening {
        release: kept.unwrap_or(declared).to_owned(),
        snapshot: project.manifest.snapshot,
        repositories: project.repositories.clone(),
        arches: arches.to_vec(),
        now: cx.now,
        locked: before.dates(project),
        proven: Vec::new(),
    }
}

fn problem(project: &Project, before: &Before, arch: Arch, update: &Update) -> Problem {
    let groups = project
        .manifest
        .groups
        .iter()
        .map(|group| GroupRequest {
            name: group.name.clone(),
            priority: group.priority,
            requests: group
                .packages()
                .iter()
                .filter(|request| request.applies_to(arch))
                .cloned()
                .collect(),
            exclude: group.exclude().to_vec(),
        })
        .collect();
    Problem {
        arch,
        groups,
        recommends: project.manifest.recommends == Some(true),
        locked: before.packages(arch),
        update: update.clone(),
    }
}

/// Puts the new lockfile together; outputs stay for architectures whose packages did.
fn assemble(
    project: &Project,
    before: &Before,
    opened: Opened,
    packages: BTreeMap<Arch, Vec<LockedPackage>>,
    configure: Configure,
) -> Lockfile {
    let repositories = opened
        .repositories
        .into_iter()
        .zip(opened.proofs)
        .map(|(repository, proof)| LockedRepository {
            id: repository.id,
            origin: repository.origin,
            suite: repository.suite,
            path: repository.path,
            snapshot: repository.snapshot,
            unsigned: repository.unsigned,
            proof,
        })
        .collect();
    let mut new = Lockfile {
        format: lockfile::FORMAT,
        canonical: lockfile::CANONICAL,
        manifest: project.digest,
        distro: project.distro.name().to_owned(),
        release: opened.release,
        configure,
        rules: lockfile::RULES,
        repositories,
        packages,
        outputs: BTreeMap::new(),
        index: None,
    };
    if let Some(old) = &before.whole {
        new.outputs.clone_from(&old.outputs);
        new.index.clone_from(&old.index);
        new.drop_stale_outputs(old);
    }
    new
}

/// Compares the new lockfile with what is there.
fn plan_of(
    project: &Project,
    before: &Before,
    new: &Lockfile,
    reasons: &BTreeMap<(Arch, PackageName), String>,
) -> Result<Plan, Error> {
    let old = before.sides.first();
    let merged = before.sides.len() > 1;
    let text = lockfile::write(new, &project.manifest_name());
    let changed = project.lockfile_text()?.as_deref() != Some(text.as_bytes());
    let compare = |a: &_, b: &_| project.distro.compare(a, b);
    let locked = |lockfile: Option<&'_ Lockfile>, arch: &Arch| {
        let packages = lockfile.and_then(|lockfile| lockfile.packages.get(arch));
        packages.cloned().unwrap_or_default()
    };
    // An architecture that is given up loses all its packages.
    let arches: BTreeSet<&Arch> = [Some(new), old]
        .into_iter()
        .flatten()
        .flat_map(|lockfile| lockfile.packages.keys())
        .collect();
    let changes = arches
        .into_iter()
        .map(|arch| {
            let (before, after) = (locked(old, arch), locked(Some(new), arch));
            let graph = Graph::new(&after);
            let (shortest, asked) = (
                graph.shortest(),
                Asked::new(Some(&project.manifest), *arch, &after),
            );
            // What the distribution says of a package that was locked, else what the lockfiles do.
            let reason = |kind, name: &PackageName| match kind {
                ChangeKind::Kept => None,
                ChangeKind::Added => {
                    let index = graph.find(name.as_str())?;
                    Some(reason_of_added(&shortest, &asked, index))
                }
                ChangeKind::Removed if after.is_empty() => {
                    Some("the architecture is given up".to_owned())
                }
                _ => merged.then(|| "the other side of the merge has it so".to_owned()),
            };
            let changes = lockfile::changes(&before, &after, &compare).into_iter();
            let changes = changes.filter_map(|change| {
                let package = change.new.or(change.old)?.clone();
                let old = change.old.map(|old| &old.version);
                Some(Change {
                    kind: change.kind,
                    reason: reasons
                        .get(&(*arch, package.name.clone()))
                        .cloned()
                        .or_else(|| reason(change.kind, &package.name)),
                    from: old.cloned(),
                    package,
                })
            });
            (*arch, changes.collect())
        })
        .collect();
    let path = project.lockfile_path.clone();
    Ok(Plan {
        text,
        report: LockReport {
            path,
            changed,
            changes,
        },
    })
}
