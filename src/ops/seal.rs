//! The digests that no index gives: packages that are to be locked are read, and vouched for.
//!
//! What was locked before with the same checksum keeps its digest, and what was read before is
//! remembered in the store; the rest is downloaded, all at once, and stays in the store for the
//! build.

use std::collections::{BTreeMap, BTreeSet};

use super::open::{archives, sentence};
use super::{Context, Error};
use crate::distro::{Distro, Opened};
use crate::fetch::{Fetcher, Package, Place};
use crate::model::{Arch, Key, LockedPackage, PackageName, Repository, Sha256};

/// The stage of digests that were found by reading.
const STAGE: (&str, u32) = ("digest", 1);

/// One package without a digest.
struct Unread<'a> {
    arch: Arch,
    repository: &'a Repository,
    package: &'a mut LockedPackage,
    /// What its digest is remembered under.
    key: Sha256,
}

/// Gives every package of `packages` that `unread` names its digest. `before` are the packages of
/// the old lockfile. Without `download` those that nothing is known of stay without.
///
/// # Errors
/// When a package cannot be had, or nobody vouches for what is there.
pub(super) fn seal(
    cx: &Context<'_>,
    distro: &dyn Distro,
    opened: &Opened,
    before: &dyn Fn(Arch) -> Vec<LockedPackage>,
    packages: &mut BTreeMap<Arch, Vec<LockedPackage>>,
    unread: &BTreeMap<Arch, BTreeSet<PackageName>>,
    download: bool,
) -> Result<(), Error> {
    let mut missing: Vec<Unread<'_>> = Vec::new();
    for (arch, packages) in packages {
        let names = unread.get(arch);
        let is_unread = |name: &PackageName| names.is_some_and(|names| names.contains(name));
        let old = before(*arch);
        for package in packages.iter_mut().filter(|one| is_unread(&one.name)) {
            let mut repositories = opened.repositories.iter();
            let Some(repository) = repositories.find(|one| one.id == package.repository) else {
                continue;
            };
            let same = |old: &&LockedPackage| {
                (&old.name, &old.version, &old.arch, old.size, &old.checksum)
                    == (
                        &package.name,
                        &package.version,
                        &package.arch,
                        package.size,
                        &package.checksum,
                    )
            };
            if let Some(old) = old.iter().find(same) {
                package.sha256 = old.sha256;
                continue;
            }
            let key = key(distro, package, *arch, &repository.keys);
            if let Some(known) = cx.store.derived(STAGE.0, STAGE.1, &key)?
                && let Ok(known) = <[u8; 32]>::try_from(&known[..])
            {
                package.sha256 = Sha256::from_bytes(known);
                continue;
            }
            missing.push(Unread {
                arch: *arch,
                repository,
                package,
                key,
            });
        }
    }
    if !download {
        return Ok(());
    }
    let wanted: Vec<Package> = missing
        .iter()
        .map(|one| Package {
            name: format!("{} {}", one.package.name, one.package.version),
            place: Place::from(one.repository),
            date: None,
            path: one.package.path.clone(),
            size: one.package.size,
            sha256: one.key,
        })
        .collect();
    let fetcher = Fetcher::new(cx.store, cx.network, cx.progress, &archives());
    let read = fetcher.vouched(&wanted, &|place, archive| {
        let one = &missing[place];
        let vouched = distro.vouch(one.package, one.arch, &one.repository.keys, archive);
        vouched.map_err(|fault| (fault.class(), sentence(&fault)))
    })?;
    for (one, sha256) in missing.into_iter().zip(read) {
        cx.store
            .put_derived(STAGE.0, STAGE.1, &one.key, sha256.as_bytes())?;
        one.package.sha256 = sha256;
    }
    Ok(())
}

/// What decides whether a package is vouched for.
fn key(distro: &dyn Distro, package: &LockedPackage, arch: Arch, keys: &[Key]) -> Sha256 {
    let keys: Vec<Sha256> = keys.iter().map(|key| key.sha256).collect();
    let LockedPackage {
        name,
        version,
        size,
        checksum,
        ..
    } = package;
    let inputs = (
        (distro.name(), distro.package_revision(), arch, keys),
        (name, version, &package.arch, size, checksum),
    );
    // `Debug` of plain data spells every field out, in an order that its type fixes.
    Sha256::of(format!("{inputs:?}").as_bytes())
}
