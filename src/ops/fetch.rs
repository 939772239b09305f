//! `fetch`: every locked package into the store.

use super::open::archives;
use super::{Context, Error, FetchReport, OpsError, Project, warnings};
use crate::fetch::{Fetcher, Package, Place};
use crate::lockfile::{LockedRepository, Lockfile};
use crate::model::{Arch, LockedPackage};

/// Brings every package of the lockfile into the store.
///
/// # Errors
/// When the lockfile does not fit the manifest, or a package cannot be had or is not the locked one.
pub fn fetch(cx: &Context<'_>, project: &Project) -> Result<FetchReport, Error> {
    let lockfile = project.fitting_lockfile(cx.host)?;
    warnings::of_trust(cx.progress, &lockfile);
    let arches: Vec<Arch> = lockfile.packages.keys().copied().collect();
    bring(cx, project, &lockfile, &arches)
}

/// Brings the packages of `arches` that the store lacks.
pub(super) fn bring(
    cx: &Context<'_>,
    project: &Project,
    lockfile: &Lockfile,
    arches: &[Arch],
) -> Result<FetchReport, Error> {
    let packages: Vec<&LockedPackage> = arches
        .iter()
        .filter_map(|arch| lockfile.packages.get(arch))
        .flatten()
        .collect();
    let mut wanted = Vec::with_capacity(packages.len());
    for package in packages {
        let (place, repository) = place_of(project, lockfile, package)?;
        wanted.push(Package {
            name: format!("{} {}", package.name, package.version),
            place,
            date: Some(repository.proof.date),
            path: package.path.clone(),
            size: package.size,
            sha256: package.sha256,
        });
    }
    let fetcher = Fetcher::new(cx.store, cx.network, cx.progress, &archives());
    let fetched = fetcher.packages(&wanted)?;
    Ok(FetchReport {
        packages: wanted.len() as u64,
        downloaded: fetched.downloaded,
        bytes: fetched.bytes,
    })
}

/// The repository of a locked package, and where its bytes may be had.
pub(super) fn place_of<'a>(
    project: &Project,
    lockfile: &'a Lockfile,
    package: &LockedPackage,
) -> Result<(Place, &'a LockedRepository), Error> {
    let repository = lockfile
        .repositories
        .iter()
        .find(|one| one.id == package.repository);
    let repository = repository.ok_or_else(|| OpsError::Package {
        lockfile: project.lockfile_name(),
        package: package.name.to_string(),
        reason: format!("there is no repository `{}`", package.repository),
    })?;
    Ok((place(project, repository), repository))
}

/// Where a locked repository's bytes may be had. The base of a relative URL is the manifest's, for
/// the lockfile holds none.
fn place(project: &Project, locked: &LockedRepository) -> Place {
    let same = |new: &&crate::model::Repository| {
        new.origin == locked.origin && new.suite == locked.suite && new.path == locked.path
    };
    let declared = project.repositories.iter().find(same);
    Place {
        origin: locked.origin.clone(),
        base: declared.map(|new| new.base.clone()).unwrap_or_default(),
        path: locked.path.clone(),
        snapshot: locked.snapshot,
    }
}
