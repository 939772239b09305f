//! Whether a lockfile fits its manifest, from the two alone: `lock --check`.

use std::fmt;

use super::{Lockfile, LockfileError};
use crate::model::{Arch, PackageName, Sha256};

/// Why a lockfile does not fit. Displayed as a sentence without a full stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfit {
    /// It was made from another manifest.
    Manifest {
        /// What the lockfile says.
        locked: Sha256,
        /// What the manifest's normal form has now.
        manifest: Sha256,
    },
    /// The manifest has an architecture that it lacks.
    Arch(Arch),
    /// A package depends on one that it does not hold.
    Edge {
        /// For this architecture.
        arch: Arch,
        /// The package.
        package: PackageName,
        /// What it needs.
        needs: PackageName,
    },
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Manifest { locked, manifest } => write!(
                f,
                "the manifest has changed since it was locked: it has {manifest}, the lockfile is \
                 of {locked}"
            ),
            Self::Arch(arch) => write!(f, "it has no packages for {arch}"),
            Self::Edge {
                arch,
                package,
                needs,
            } => write!(f, "{package} on {arch} needs {needs}, which is not locked"),
        }
    }
}

/// Why `lockfile` does not fit a manifest whose normal form has the digest `manifest` and which
/// names `arches`; empty where it fits.
pub fn unfit(lockfile: &Lockfile, manifest: &Sha256, arches: &[Arch]) -> Vec<Unfit> {
    let mut out = Vec::new();
    if lockfile.manifest != *manifest {
        out.push(Unfit::Manifest {
            locked: lockfile.manifest,
            manifest: *manifest,
        });
    }
    let lacking = |arch: &&Arch| !lockfile.packages.contains_key(arch);
    out.extend(arches.iter().filter(lacking).copied().map(Unfit::Arch));
    for (&arch, packages) in &lockfile.packages {
        for package in packages {
            let edges = [&package.depends, &package.recommends, &package.install_if];
            for edge in edges.into_iter().flatten() {
                // Sorted by name: see `Lockfile::packages`.
                if packages
                    .binary_search_by(|other| other.name.cmp(&edge.name))
                    .is_err()
                {
                    out.push(Unfit::Edge {
                        arch,
                        package: package.name.clone(),
                        needs: edge.name.clone(),
                    });
                }
            }
        }
    }
    out
}

impl Lockfile {
    /// Refuses to write over what a newer rootlock wrote, which this one read only in part. `file`
    /// is named in the error only.
    ///
    /// # Errors
    /// When the format is newer.
    pub fn check_writable(&self, file: &std::path::Path) -> Result<(), LockfileError> {
        match self.format.cmp_precedence(&super::FORMAT).is_gt() {
            true => Err(LockfileError::NotRewritten {
                file: file.into(),
                found: self.format.clone(),
            }),
            false => Ok(()),
        }
    }

    /// Drops recorded outputs that no longer follow from the lockfile, given the one that they were
    /// recorded in: those of each architecture whose packages differ, and all where the mode or the
    /// rules do. The index over several architectures stays only if all of them do.
    pub fn drop_stale_outputs(&mut self, old: &Self) {
        let rules = |lockfile: &Self| (lockfile.canonical, lockfile.configure, lockfile.rules);
        let same_rules = rules(self) == rules(old);
        let packages = &self.packages;
        let before = self.outputs.len();
        self.outputs.retain(|arch, _| {
            same_rules
                && packages.contains_key(arch)
                && packages.get(arch) == old.packages.get(arch)
        });
        if self.outputs.len() != before || !packages.keys().eq(old.packages.keys()) {
            self.index = None;
        }
    }
}
