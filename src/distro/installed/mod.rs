//! What a filesystem says is installed in it: the package databases of images that anyone made.
//!
//! In: a [`Tree`] in which the files that [`Inventory::reads`] names hold their content. Out: what
//! the databases say, as [`Installed`]. Guaranteed: a database is read whole or refused, with its
//! name and the line, so that no answer rests on half of one; links are followed as a container
//! would, never out of the root; bytes, packages and paths are bounded; the same tree gives the same
//! answer, sorted. [`Resolver`] tells where packaged paths lie in such a tree.
//!
//! The formats are those of the ecosystems: each has its own reader.

mod fault;
mod files;
mod os_release;
mod resolver;

use std::collections::BTreeMap;

use super::Fault;
use crate::model::{Arch, PackageName, SourcePackage, Version};
use crate::tree::{Tree, TreePath};

pub(in crate::distro) use fault::InventoryFault;
pub(in crate::distro) use files::{Files, MAX_PACKAGES, Text, shown};
pub(in crate::distro) use os_release::OsRelease;
pub use resolver::Resolver;

/// What one ecosystem's databases say.
#[derive(Debug, Clone, Default)]
pub struct Installed {
    /// By name, then architecture; each once.
    pub packages: Vec<InstalledPackage>,
    /// The architecture of the whole, where it is certain.
    pub arch: Option<Arch>,
    /// The release as a manifest would name it, `trixie` or `v3.22`, where the filesystem says it.
    pub release: Option<String>,
    /// Which distribution it says that it is: `ID` of os-release(5), as `debian`, `ubuntu`, `wolfi`.
    pub id: Option<String>,
    /// Packaged paths that lie under another name, as the database has it: from, to, and the package
    /// whose own file keeps the first; none where no package's does. Sorted, each `from` once.
    pub diversions: Vec<(TreePath, TreePath, Option<PackageName>)>,
    /// The files that were read, where they lie behind all links; sorted. What only tells the release
    /// is not among them.
    pub databases: Vec<TreePath>,
}

/// One installed package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstalledPackage {
    /// The name.
    pub name: PackageName,
    /// The version.
    pub version: Version,
    /// In the distribution's words: `amd64`, `all`, `noarch`.
    pub arch: Box<str>,
    /// The source package; the package itself where the database names none.
    pub source: SourcePackage,
    /// `installed`, `unpacked`, `half-configured` ...: dpkg's word; `installed` for apk.
    pub state: Box<str>,
    /// The licence, where the database has it (apk).
    pub license: Option<Box<str>>,
    /// What it owns, as the database has it, sorted by path, each once; `None` where the database
    /// does not say. Where dpkg's lists are left out (`status.d` of distroless images), these are the
    /// regular files alone.
    pub files: Option<Vec<InstalledFile>>,
}

/// One path of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstalledFile {
    /// As packaged: links above it and diversions are not followed.
    pub path: TreePath,
    /// Of the content of a regular file, or (apk) of the target of a symbolic link; where the database
    /// has one. [`Inventory::file_sum`] says which digest.
    pub sum: Option<Box<[u8]>>,
    /// Mode, user and group, where the database has them (apk).
    pub meta: Option<(u16, u32, u32)>,
    /// Whether it is a directory: as the database says (apk), or, for dpkg's lists do not say it, as
    /// the path is one in the filesystem, links followed.
    pub directory: bool,
    /// Whether it is configuration, which an administrator may change: a conffile of dpkg's; what apk
    /// protects by default.
    pub conffile: bool,
}

/// The digest that a database has of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileSum {
    /// dpkg's: 16 bytes.
    Md5,
    /// apk's: 20 bytes.
    Sha1,
}

/// The part of a distribution that reads what is installed. Pure.
pub trait Inventory: Sync {
    /// Whether the content of the file at this path is needed to say what is installed. Cheap: it is
    /// asked of every regular file of an image while it streams by.
    fn reads(&self, path: &TreePath) -> bool;

    /// What the databases in `tree` say; `None` where it has none of this ecosystem. The contents of
    /// files that [`Inventory::reads`] names are [`Location::Inline`](crate::tree::Location::Inline).
    ///
    /// # Errors
    /// When a database is damaged, of an unknown format, larger than any, or not at hand.
    fn installed(&self, tree: &Tree) -> Result<Option<Installed>, Fault>;

    /// The namespace of package URLs: `debian`, `alpine`. [`Installed::id`] is the nearer one.
    fn purl_namespace(&self) -> &'static str;

    /// The ecosystem's name in OSV advisories: `Debian`, `Alpine`.
    fn osv_ecosystem(&self) -> &'static str;

    /// What stands behind that name and a colon for a release: `13` for `trixie`, `v3.22`; `None`
    /// where advisories know none.
    fn osv_release(&self, release: &str) -> Option<String>;

    /// Which digest the database has of files.
    fn file_sum(&self) -> FileSum;
}

/// Whether a text can name an architecture: a stranger's word goes into reports.
pub(in crate::distro) fn is_arch(text: &str) -> bool {
    const MAX: usize = 64;
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    (1..=MAX).contains(&text.len()) && text.bytes().all(valid)
}

/// The architecture that most packages are of, but for those of `independent`; `None` on a tie.
pub(in crate::distro) fn common_arch<'a>(
    packages: &'a [InstalledPackage],
    independent: &str,
) -> Option<&'a str> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for package in packages.iter().filter(|one| &*one.arch != independent) {
        *counts.entry(&package.arch).or_default() += 1;
    }
    let most = counts.values().max().copied()?;
    let mut first = counts.into_iter().filter(|(_, count)| *count == most);
    let (arch, _) = first.next()?;
    first.next().is_none().then_some(arch)
}
