//! `lock --check --proof`: the judgement of a lockfile's signatures and dates, repeated offline.
//!
//! In: the lockfile, the manifest with its keys, and the signed roots and indexes that the store
//! keeps or a vendored tree on this machine holds. Out: why the lockfile does not follow from them.

use std::io::Seek as _;

use super::fetch::place_of;
use super::open::archives;
use super::{Context, Error, Project, again, lock_check, warnings};
use crate::fetch::{Fetcher, Network, Package};
use crate::lockfile::Lockfile;
use crate::model::{Arch, Class, Explain as _, LockedPackage};

/// What to do where the proof is neither kept nor vendored.
const HINT: &str = "run it with the store of the machine that locked, or name a vendored tree with \
                    `--mirror DIR`";

/// Why the lockfile does not fit the manifest, or does not follow from what was signed when it was
/// locked, as sentences; empty where it does both. Uses no network.
///
/// # Errors
/// When the lockfile is damaged, a signature or a digest does not hold, or what is to be judged is
/// not at hand.
pub fn lock_prove(cx: &Context<'_>, project: &Project) -> Result<Vec<String>, Error> {
    let reasons = lock_check(project, cx.host)?;
    if !reasons.is_empty() {
        return Ok(reasons);
    }
    let lockfile = project.lockfile()?;
    warnings::of_trust(cx.progress, &lockfile);
    let network = trees(cx);
    let again = again::open(cx, project, &lockfile, &network, HINT)?;
    let mut reasons = again::unproven(&lockfile, &again.opened);
    if reasons.is_empty() {
        let fetcher = Fetcher::new(cx.store, &network, cx.progress, &archives());
        for (arch, packages) in &lockfile.packages {
            for package in packages.iter().filter(|package| package.checksum.is_some()) {
                let refused = unread(cx, project, &lockfile, &fetcher, *arch, package)?;
                reasons.extend(refused);
            }
        }
    }
    Ok(reasons)
}

/// The vendored trees of this machine, and no other source.
fn trees(cx: &Context<'_>) -> Network {
    let mut mirrors = cx.network.mirrors.clone();
    mirrors.retain(|mirror| mirror.what.is_none());
    for remote in mirrors
        .iter()
        .filter(|mirror| !mirror.url.starts_with("file:"))
    {
        cx.progress.warn(&format!(
            "the vendored tree {} is not read: a proof uses no network, and takes a directory",
            remote.url
        ));
    }
    Network {
        mirrors,
        mirror_only: true,
        offline: true,
        jobs: cx.network.jobs,
        ..Network::default()
    }
}

/// Why a package is not proven whose index has no digest of its whole archive, if it is not: then
/// the archive itself, which has the locked digest, must be the one that the index means.
fn unread(
    cx: &Context<'_>,
    project: &Project,
    lockfile: &Lockfile,
    fetcher: &Fetcher<'_>,
    arch: Arch,
    package: &LockedPackage,
) -> Result<Option<String>, Error> {
    let (place, locked) = place_of(project, lockfile, package)?;
    let name = format!("{} {}", package.name, package.version);
    let wanted = Package {
        name: name.clone(),
        place,
        date: Some(locked.proof.date),
        path: package.path.clone(),
        size: package.size,
        sha256: package.sha256,
    };
    // A damaged one is dropped, and looked for in the trees.
    let mut archive = cx.store.open_verified(&package.sha256)?;
    if archive.is_none() {
        match fetcher.packages(&[wanted]) {
            Ok(_) => archive = cx.store.open_verified(&package.sha256)?,
            Err(error) if error.class() == Class::Untrusted => return Err(error.into()),
            Err(_) => {}
        }
    }
    let Some(mut archive) = archive else {
        return Ok(Some(format!(
            "the archive of {name} for {arch} is not at hand, without which its sha256 proves nothing"
        )));
    };
    archive.rewind().map_err(super::OpsError::file(
        "read",
        &cx.store.path(&package.sha256),
    ))?;
    // One for each of the lockfile's, in their order.
    let mut declared = lockfile
        .repositories
        .iter()
        .zip(project.provenance(lockfile));
    let declared = declared.find(|(one, _)| one.id == locked.id);
    let keys = declared.map_or_else(Vec::new, |(_, declared)| declared.repository.keys);
    project.distro.vouch(package, arch, &keys, &mut archive)?;
    Ok(None)
}
