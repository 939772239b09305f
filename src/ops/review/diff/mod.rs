//! `diff`: what changed between two lockfiles, and what that means for the image.
//!
//! Two sides in, every difference out: of the packages with why each is there, of the repositories
//! they are from, of the layers that a registry and its clients have to move, of what was recorded.
//! Two lockfiles that are not the same value never give an empty report.

mod fields;
mod layers;
mod packages;

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::super::{Context, Error};
use super::images::{self, ImageDiffReport};
use super::side::Current;
use super::{Locked, Side};
use crate::model::{Arch, GroupName, Sha256};

pub use fields::{FieldChange, RepositoryDiff};
pub use layers::{LayerDiff, LayerState, LayersDiff};
pub use packages::{DiffKind, PackageDiff};

/// What `diff` compares.
#[derive(Debug, Clone)]
pub struct DiffOptions {
    /// What was before; absent: the lockfile of the last commit.
    pub from: Option<PathBuf>,
    /// What is now; absent: the manifest's lockfile.
    pub to: Option<PathBuf>,
    /// The manifest whose lockfile an absent side and a bare `@REF` mean.
    pub manifest: PathBuf,
    /// `--lockfile`
    pub lockfile: Option<PathBuf>,
}

/// The answer of `diff`.
#[derive(Debug, Clone)]
pub struct DiffReport {
    /// What was before, for messages.
    pub from: String,
    /// What is now.
    pub to: String,
    /// Whether the two are the same value.
    pub equal: bool,
    /// What changed at the head of the lockfile: its release, mode, rules.
    pub fields: Vec<FieldChange>,
    /// What changed of the repositories, in the order of the new lockfile.
    pub repositories: Vec<RepositoryDiff>,
    /// What changed for each architecture; all of both sides are there.
    pub arches: Vec<(Arch, ArchDiff)>,
    /// What changed of the recorded results.
    pub outputs: Vec<OutputDiff>,
}

/// What changed for one architecture.
#[derive(Debug, Clone)]
pub struct ArchDiff {
    /// The packages that changed: removed, added, upgraded, downgraded, moved, changed; each kind by
    /// name.
    pub packages: Vec<PackageDiff>,
    /// How many packages there are now.
    pub count: usize,
    /// How many bytes all archives had before.
    pub from_size: u64,
    /// How many they have now.
    pub size: u64,
    /// The layers of the image, lowest first where their order is known.
    pub layers: LayersDiff,
}

/// What changed of the recorded result for one architecture, or of the index over all of them.
#[derive(Debug, Clone)]
pub struct OutputDiff {
    /// The architecture; none for the index.
    pub arch: Option<Arch>,
    /// What was recorded: the root of the filesystem, or the index's digest.
    pub from: Option<Sha256>,
    /// What is recorded now.
    pub to: Option<Sha256>,
    /// Which fields of the record differ.
    pub fields: Vec<&'static str>,
}

/// The answer of `diff`: of two lockfiles, or where one side at least is an image.
#[derive(Debug, Clone)]
pub enum Compared {
    /// Two lockfiles.
    Locks(Box<DiffReport>),
    /// An image, and another or a lockfile.
    Images(ImageDiffReport),
}

/// Compares two sides; see [`DiffOptions`] for what each may be. `stdin` is read where one is `-`.
///
/// # Errors
/// When a side is not there, is of no known form, has merge markers, or cannot be read in full.
pub fn diff(
    cx: &Context<'_>,
    options: &DiffOptions,
    stdin: &mut (dyn Read + Send),
) -> Result<Compared, Error> {
    let (from, to, groups) = sides(options)?;
    if let (Side::Image(_), _) | (_, Side::Image(_)) = (&from, &to) {
        return images::compare(cx, from, to, stdin).map(Compared::Images);
    }
    let report = lockfiles(from, to, groups)?;
    Ok(Compared::Locks(Box::new(report)))
}

/// Compares two lockfiles; an image is none.
///
/// # Errors
/// When a side is not there, is not a lockfile, or has merge markers.
pub fn diff_lockfiles(options: &DiffOptions) -> Result<DiffReport, Error> {
    let (from, to, groups) = sides(options)?;
    lockfiles(from, to, groups)
}

/// Both sides, and the groups of the manifest at hand.
fn sides(options: &DiffOptions) -> Result<(Side, Side, Vec<GroupName>), Error> {
    let current = match Current::find(&options.manifest, options.lockfile.as_deref()) {
        // Two sides that say themselves where they are need no manifest.
        Err(_) if [&options.from, &options.to].map(is_found_alone) == [true; 2] => {
            Current::nowhere()
        }
        current => current?,
    };
    let groups = current.groups();
    let head = Path::new("@HEAD");
    let from = match (&options.from, &options.to) {
        (Some(from), _) => Side::open(from, &current)?,
        (None, _) => Side::open(head, &current)?,
    };
    let to = match &options.to {
        Some(to) => Side::open(to, &current)?,
        None => current.side()?,
    };
    Ok((from, to, groups))
}

fn lockfiles(from: Side, to: Side, groups: Vec<GroupName>) -> Result<DiffReport, Error> {
    let (from, to) = (from.lock()?, to.lock()?);
    let own = to
        .project
        .iter()
        .flat_map(|project| &project.manifest.groups);
    let own: Vec<_> = own.map(|group| group.name.clone()).collect();
    let groups = if own.is_empty() { groups } else { own };
    let order: Vec<&str> = groups.iter().map(|group| group.as_str()).collect();
    Ok(compare(&from, &to, &order))
}

/// Whether a side is given, and is not the manifest's lockfile in another commit.
fn is_found_alone(side: &Option<PathBuf>) -> bool {
    let text = side.as_deref().map(Path::to_string_lossy);
    text.is_some_and(|text| !text.starts_with('@') || text.contains(':'))
}

/// Compares two lockfiles. `groups` are the new one's, lowest first, as far as they are known.
fn compare(from: &Locked, to: &Locked, groups: &[&str]) -> DiffReport {
    let (old, new) = (&from.lockfile, &to.lockfile);
    let arches: BTreeSet<Arch> = [old, new]
        .into_iter()
        .flat_map(|lockfile| lockfile.packages.keys().copied())
        .collect();
    let rules = fields::rules(old) == fields::rules(new);
    let of_arch = |arch: Arch| {
        let [before, after] = [old, new].map(|lockfile| {
            let packages = lockfile.packages.get(&arch);
            packages.map_or(&[][..], Vec::as_slice)
        });
        let packages = packages::compare(arch, (from, before), (to, after));
        let recorded = (old.outputs.get(&arch), new.outputs.get(&arch));
        let size = |packages: &[crate::model::LockedPackage]| {
            packages
                .iter()
                .fold(0_u64, |sum, package| sum.saturating_add(package.size))
        };
        ArchDiff {
            layers: layers::compare(before, after, recorded, groups, rules),
            packages,
            count: after.len(),
            from_size: size(before),
            size: size(after),
        }
    };
    DiffReport {
        from: from.name.clone(),
        to: to.name.clone(),
        equal: old == new,
        fields: fields::head(old, new),
        repositories: fields::repositories(old, new),
        arches: arches
            .into_iter()
            .map(|arch| (arch, of_arch(arch)))
            .collect(),
        outputs: fields::outputs(old, new),
    }
}

#[cfg(test)]
mod tests;
