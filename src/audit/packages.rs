//! Installed packages against locked ones.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, FindingKind};
use crate::distro::{Installed, InstalledPackage};
use crate::model::{LockedPackage, PackageName};

/// Packages that are missing, extra, or of another version or architecture.
pub(super) fn compare(installed: &Installed, locked: &[LockedPackage]) -> Vec<Finding> {
    let mut by_name: BTreeMap<&PackageName, Vec<&InstalledPackage>> = BTreeMap::new();
    for package in &installed.packages {
        by_name.entry(&package.name).or_default().push(package);
    }
    let mut out = Vec::new();
    let mut met = BTreeSet::new();
    for package in locked {
        met.insert(&package.name);
        let found = by_name.get(&package.name).map_or(&[][..], Vec::as_slice);
        let Some(same) = counterpart(package, found) else {
            out.push(Finding {
                expected: Some(package.version.to_string()),
                ..Finding::about(FindingKind::PackageMissing, &package.name)
            });
            continue;
        };
        if same.version != package.version {
            out.push(Finding {
                expected: Some(package.version.to_string()),
                found: Some(same.version.to_string()),
                ..Finding::about(FindingKind::PackageVersion, &package.name)
            });
        }
        if same.arch != package.arch {
            out.push(Finding {
                expected: Some(package.arch.to_string()),
                found: Some(same.arch.to_string()),
                ..Finding::about(FindingKind::PackageArch, &package.name)
            });
        }
        out.extend(
            found
                .iter()
                .filter(|one| ***one != *same)
                .map(|one| extra(one)),
        );
    }
    for (name, packages) in by_name {
        if !met.contains(name) {
            out.extend(packages.into_iter().map(extra));
        }
    }
    out
}

/// Of several installed architectures the one that is meant: the locked one, where it is there.
fn counterpart<'a>(
    locked: &LockedPackage,
    found: &[&'a InstalledPackage],
) -> Option<&'a InstalledPackage> {
    let same = found.iter().find(|one| one.arch == locked.arch);
    same.or(found.first()).copied()
}

fn extra(package: &InstalledPackage) -> Finding {
    Finding {
        found: Some(format!("{} {}", package.version, package.arch)),
        ..Finding::about(FindingKind::PackageExtra, &package.name)
    }
}
