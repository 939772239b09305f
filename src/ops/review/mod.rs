//! The verbs that read lockfiles for those who review them: `list`, `tree`, `why`, `outdated`, `diff`.
//!
//! Lockfiles in, plain data out. Nothing here touches the network but [`outdated`], which reads the
//! repositories as `lock --update --dry-run` does; nothing writes a file. What an edge of a lockfile
//! says is all that is known of it: the package that fulfils a dependency and the provided name that
//! it does so by, and not the alternatives that were not taken.

mod asked;
mod diff;
mod error;
mod git;
mod images;
mod list;
mod outdated;
mod side;
#[cfg(test)]
mod testing;
mod tree;
mod why;

use std::collections::BTreeMap;

use super::{Error, OpsError, Project};
use crate::lockfile::Lockfile;
use crate::model::{Arch, LockedPackage};
use crate::resolve::nearest;

pub use crate::lockfile::EdgeKind;
pub use crate::tree::{Change as PathChange, Difference as PathDiff};
pub use asked::Asking;
pub(super) use asked::{Asked, reason_of_added};
pub use diff::{
    ArchDiff, Compared, DiffKind, DiffOptions, DiffReport, FieldChange, LayerDiff, LayerState,
    LayersDiff, OutputDiff, PackageDiff, RepositoryDiff, diff, diff_lockfiles,
};
pub use error::ReviewError;
pub use images::{ImageArchDiff, ImageDiffReport, ImageLayerDiff, InstalledChange};
pub use list::{ListFilter, list};
pub use outdated::{Outdated, OutdatedReport, outdated};
pub use side::{Locked, Side};
pub use tree::{TreeNode, TreeOptions, TreeReport, tree};
pub use why::{Why, WhyChain, WhyLink, WhyOptions, WhyReport, why};

/// More than any lockfile; what is larger is not read.
const MAX_TEXT: u64 = 64 << 20;

/// The lockfile's packages for `arches`, or for all of its architectures where that is empty.
///
/// # Errors
/// When the lockfile has nothing for one of them.
fn packages_of<'a>(
    project: &Project,
    lockfile: &'a Lockfile,
    arches: &[Arch],
) -> Result<BTreeMap<Arch, &'a [LockedPackage]>, Error> {
    if let Some(arch) = arches
        .iter()
        .find(|arch| !lockfile.packages.contains_key(arch))
    {
        return Err(OpsError::NoArch {
            lockfile: project.lockfile_name(),
            arch: arch.to_string(),
        }
        .into());
    }
    let all = lockfile.packages.iter();
    Ok(all
        .filter(|(arch, _)| arches.is_empty() || arches.contains(arch))
        .map(|(arch, packages)| (*arch, packages.as_slice()))
        .collect())
}

/// The locked names nearest to one that is not locked.
fn near(packages: &BTreeMap<Arch, &[LockedPackage]>, name: &str) -> Vec<String> {
    let names = packages.values().copied().flatten();
    nearest(name, names.map(|package| package.name.as_str()))
        .into_iter()
        .map(str::to_owned)
        .collect()
}
