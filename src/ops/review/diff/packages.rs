//! The packages of one architecture that changed, and why each is there.

use crate::lockfile::{self, ChangeKind, Graph};
use crate::model::{Arch, LockedPackage};
use crate::ops::review::{Asked, Locked, WhyChain};

/// What happened to a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DiffKind {
    /// It is gone.
    Removed,
    /// It is new.
    Added,
    /// A later version.
    Upgraded,
    /// An earlier version.
    Downgraded,
    /// The same version, in the layer of another group.
    Moved,
    /// The same version in the same layer, and another field.
    Changed,
}

impl DiffKind {
    /// As reports write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Removed => "removed",
            Self::Added => "added",
            Self::Upgraded => "upgraded",
            Self::Downgraded => "downgraded",
            Self::Moved => "moved",
            Self::Changed => "changed",
        }
    }
}

/// A package that changed.
#[derive(Debug, Clone)]
pub struct PackageDiff {
    /// What happened to it.
    pub kind: DiffKind,
    /// As it is locked now; for `Removed` as it was.
    pub package: LockedPackage,
    /// As it was locked, where it was.
    pub old: Option<LockedPackage>,
    /// Which fields of its block differ, of a package that both have in one version.
    pub fields: Vec<&'static str>,
    /// From what is asked for to the package: the shortest chain of the new lockfile, of a removed
    /// package that of the old one.
    pub why: Option<WhyChain>,
}

impl PackageDiff {
    /// The package as it is locked now, and as it was.
    pub fn sides(&self) -> (Option<&LockedPackage>, Option<&LockedPackage>) {
        let is = (self.kind != DiffKind::Removed).then_some(&self.package);
        (is, self.old.as_ref())
    }
}

/// What changed, by kind and name. Where the sides are of two distributions, the new one's says which
/// version is the later.
pub(super) fn compare(
    arch: Arch,
    (from, before): (&Locked, &[LockedPackage]),
    (to, after): (&Locked, &[LockedPackage]),
) -> Vec<PackageDiff> {
    let graphs = [(from, before), (to, after)].map(|(side, packages)| {
        let manifest = side.project.as_ref().map(|project| &project.manifest);
        (Graph::new(packages), Asked::new(manifest, arch, packages))
    });
    let [old, new] = &graphs;
    let shortest = [old.0.shortest(), new.0.shortest()];
    let why = |side: usize, name: &str| {
        let (graph, asked) = &graphs[side];
        WhyChain::new(&shortest[side].chain(graph.find(name)?), asked)
    };
    let order = |a: &_, b: &_| to.distro.compare(a, b);
    let changes = lockfile::changes(before, after, &order).into_iter();
    let mut out: Vec<PackageDiff> = changes
        .filter(|change| change.old != change.new)
        .filter_map(|change| {
            let package = change.new.or(change.old)?;
            let (kind, fields) = match (change.kind, change.old) {
                (ChangeKind::Removed, _) => (DiffKind::Removed, Vec::new()),
                (ChangeKind::Added, _) => (DiffKind::Added, Vec::new()),
                (ChangeKind::Upgraded, _) => (DiffKind::Upgraded, Vec::new()),
                (ChangeKind::Downgraded, _) => (DiffKind::Downgraded, Vec::new()),
                (ChangeKind::Kept, old) => {
                    let fields = differing(old?, package);
                    match fields.first() {
                        Some(&"group") => (DiffKind::Moved, fields),
                        _ => (DiffKind::Changed, fields),
                    }
                }
            };
            Some(PackageDiff {
                kind,
                package: package.clone(),
                old: change.old.cloned(),
                fields,
                why: why(
                    usize::from(kind != DiffKind::Removed),
                    package.name.as_str(),
                ),
            })
        })
        .collect();
    // Stable: within a kind it stays by name.
    out.sort_by_key(|package| package.kind);
    out
}

/// The keys under which two blocks differ; the group first.
fn differing(old: &LockedPackage, new: &LockedPackage) -> Vec<&'static str> {
    [
        ("group", old.group == new.group),
        ("sha256", old.sha256 == new.sha256),
        ("size", old.size == new.size),
        ("checksum", old.checksum == new.checksum),
        ("arch", old.arch == new.arch),
        ("requested", old.requested == new.requested),
        ("source", old.source == new.source),
        ("repository", old.repository == new.repository),
        ("path", old.path == new.path),
        ("depends", old.depends == new.depends),
        ("recommends", old.recommends == new.recommends),
        ("install_if", old.install_if == new.install_if),
    ]
    .into_iter()
    .filter_map(|(field, same)| (!same).then_some(field))
    .collect()
}
