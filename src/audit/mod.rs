//! What is installed somewhere, against what was locked.
//!
//! In: a filesystem that anyone made ([`Subject`]), what its databases say, and a lockfile's side of
//! it ([`Locked`]). Out: [`Finding`]s and a [`Summary`]. What a file should be is known from, in this
//! order: the recorded outputs (paths that no package ships), the locked package itself where it is at
//! hand, and else the image's own database, which is then only as good as the image: the summary says
//! how many paths were judged by which. Times are not judged: whoever unpacks an image sets them.
//!
//! [`advisory`] has the known vulnerabilities.

pub mod advisory;
mod expect;
mod fields;
mod files;
mod packages;
mod summary;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::distro::Installed;
use crate::lockfile::Output;
use crate::model::{LockedPackage, PackageName};
use crate::tree::{Kind, Node, Tree, TreePath};

pub use summary::{Account, Checked, Password, Special, Summary};

/// A filesystem and what it says of itself.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// All of it.
    pub tree: &'a Tree,
    /// The digest that its database has of files, for every regular file; empty where none was made.
    pub sums: &'a BTreeMap<TreePath, Vec<u8>>,
    /// What its databases say.
    pub installed: &'a Installed,
    /// Whether it was unpacked without the right to give files away: owners and special bits then
    /// mean nothing.
    pub one_owner: bool,
    /// Whether the whole filesystem has the digest that was recorded of it: nothing in it can
    /// differ then.
    pub as_recorded: bool,
}

/// What a lockfile says of one architecture.
#[derive(Clone, Copy)]
pub struct Locked<'a> {
    /// Sorted by name.
    pub packages: &'a [LockedPackage],
    /// Of the packages that are at hand: what they ship, as packaged, and what they add to the
    /// database.
    pub at_hand: &'a BTreeMap<PackageName, Vec<(TreePath, Node)>>,
    /// Whose path another package at hand takes over, as packaged: the other's is the right one.
    pub lost: &'a BTreeSet<(PackageName, TreePath)>,
    /// The paths that the packages at hand divert: from and to, as packaged.
    pub diversions: &'a BTreeSet<(TreePath, TreePath)>,
    /// What `build --record` wrote.
    pub output: Option<&'a Output>,
    /// The links above directories that the release has, and those directories, whether or not a package
    /// ships them.
    pub links: &'a [(TreePath, Node)],
    /// Whether `paths:` leaves out a packaged path.
    pub excluded: &'a (dyn Fn(&TreePath, &Kind) -> bool + Sync),
}

impl std::fmt::Debug for Locked<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Locked")
            .field("packages", &self.packages.len())
            .field("at_hand", &self.at_hand.len())
            .finish_non_exhaustive()
    }
}

/// What is not as it was locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingKind {
    /// A locked package is not installed.
    PackageMissing,
    /// An installed package is not locked.
    PackageExtra,
    /// Another version is installed.
    PackageVersion,
    /// It is installed for another architecture.
    PackageArch,
    /// The database does not say which files it has.
    PackageUnlisted,
    /// A path that should be there is not.
    FileMissing,
    /// A path is not as it should be.
    FileChanged,
    /// No package and no record knows the path.
    FileUnowned,
    /// The database says that a packaged path lies under another name, and no locked package does
    /// that.
    FileDiverted,
}

impl FindingKind {
    /// As reports write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PackageMissing => "package-missing",
            Self::PackageExtra => "package-extra",
            Self::PackageVersion => "package-version",
            Self::PackageArch => "package-arch",
            Self::PackageUnlisted => "package-unlisted",
            Self::FileMissing => "file-missing",
            Self::FileChanged => "file-changed",
            Self::FileUnowned => "file-unowned",
            Self::FileDiverted => "file-diverted",
        }
    }
}

/// What a path was judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Witness {
    /// The recorded outputs.
    Record,
    /// The locked package, by its digests.
    Package,
    /// The image's own package database.
    Database,
}

impl Witness {
    /// As reports write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Package => "package",
            Self::Database => "database",
        }
    }
}

/// One thing that is not as it was locked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// What kind of thing.
    pub kind: FindingKind,
    /// The package that it is about, or that owns the path.
    pub package: Option<PackageName>,
    /// The path, of findings about files.
    pub path: Option<TreePath>,
    /// `type`, `content`, `mode`, `owner`, `link`, `device` or `xattr` of a changed path.
    pub field: Option<&'static str>,
    /// What was locked.
    pub expected: Option<String>,
    /// What is there.
    pub found: Option<String>,
    /// What the path was judged by.
    pub by: Option<Witness>,
    /// Whether it is configuration, which an administrator may change.
    pub conffile: bool,
}

impl Finding {
    fn about(kind: FindingKind, package: &PackageName) -> Self {
        Self {
            kind,
            package: Some(package.clone()),
            path: None,
            field: None,
            expected: None,
            found: None,
            by: None,
            conffile: false,
        }
    }
}

/// The answer.
#[derive(Debug, Clone, Default)]
pub struct Audit {
    /// Sorted: packages first, then paths.
    pub findings: Vec<Finding>,
    /// What there is to know beside.
    pub summary: Summary,
}

/// Compares `subject` with `locked`.
pub fn audit(subject: Subject<'_>, locked: Locked<'_>) -> Audit {
    let mut audit = listed(subject);
    let expected = expect::expectations(subject, locked);
    let judged = files::judge(subject, locked, &expected);
    audit.findings = packages::compare(subject.installed, locked.packages);
    audit.findings.extend(judged.findings);
    audit.findings.extend(expected.unexpected);
    audit.findings.sort();
    audit.summary.checked = judged.checked;
    audit.summary.unlocked = judged.unlocked;
    audit
}

/// The answer where no package of the ecosystem is locked: every installed one is extra.
pub fn not_locked(subject: Subject<'_>) -> Audit {
    Audit {
        findings: packages::compare(subject.installed, &[]),
        ..listed(subject)
    }
}

/// The answer where nothing is locked: what there is to know, and no finding.
pub fn listed(subject: Subject<'_>) -> Audit {
    let mut summary = summary::of(subject.tree);
    summary.packages = subject.installed.packages.len();
    Audit {
        findings: Vec::new(),
        summary,
    }
}
