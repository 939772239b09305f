//! Reads `rootfs.yaml`: declared names in, a validated manifest out.
//!
//! [`parse`] takes the bytes of a manifest and the dialects of the distributions, and gives a
//! [`Manifest`] in which everything that FORMATS.md section 1 says has been checked, or an error
//! with the line and, where there is one, what to write instead. [`Manifest::digest`] is the digest
//! of the normal form, by which a lockfile knows its manifest. [`add`] and [`remove`] edit the text
//! and leave everything else in it as it was; [`template()`] is the text that `init` writes.
//!
//! Nothing here reads a file: where keys are needed, the caller brings them.

mod edit;
mod error;
mod fault;
mod fields;
mod files;
mod flow;
mod groups;
mod image;
mod nearest;
mod normal;
mod paths;
mod repositories;
mod schema;
mod shape;
mod sources;
mod syntax;
mod template;
#[cfg(test)]
mod tests;
mod text;
mod yaml;

use crate::model::{
    Accounts, Arch, Compression, Configure, Dialect, Epoch, FileSpec, GroupName, ImageConfig,
    Origin, PackageName, PackageRequest, PathRules, Priority, Snapshot,
};

pub use edit::{add, remove};
pub use error::{ManifestError, Place};
pub use schema::{MAX_SIZE, parse};
pub use template::{project_name, template};

/// What a manifest is read with.
#[derive(Clone, Copy)]
pub struct ParseContext<'a> {
    /// The file as messages name it, `rootfs.yaml`.
    pub file: &'a str,
    /// The version of this tool, for `rootlock:`.
    pub version: &'a semver::Version,
    /// What `distro:` may name.
    pub dialects: &'a [&'a dyn Dialect],
}

impl std::fmt::Debug for ParseContext<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParseContext")
            .field("file", &self.file)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// A manifest, valid, as it is written: what it leaves out is `None`, defaults are not filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// The file as messages name it.
    pub file: String,
    /// `name:`
    pub name: String,
    /// `rootlock:`; this tool fulfils it.
    pub rootlock: Option<semver::VersionReq>,
    /// `distro:`, the name of one of the dialects.
    pub distro: String,
    /// `release:`, as written.
    pub release: Option<String>,
    /// `snapshot:`
    pub snapshot: Option<Snapshot>,
    /// `architectures:` in the manifest's order, each once; empty where it is absent.
    pub architectures: Vec<Arch>,
    /// `repositories:`
    pub repositories: Option<Vec<RepositorySpec>>,
    /// `recommends:`
    pub recommends: Option<bool>,
    /// `groups:`, at least one.
    pub groups: Vec<Group>,
    /// `files:`
    pub files: Vec<FileSpec>,
    /// `paths:`
    pub paths: Option<PathRules>,
    /// `accounts:`
    pub accounts: Accounts,
    /// `image:`
    pub image: ImageConfig,
    /// `lockfile:`, relative to the manifest's directory.
    pub lockfile: Option<String>,
    /// `configure:`
    pub configure: Option<Configure>,
    /// `compression:`
    pub compression: Option<Compression>,
    /// `epoch:`
    pub epoch: Option<Epoch>,
}

/// One entry of `groups:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its name, unlike any other's.
    pub name: GroupName,
    /// `priority:`
    pub priority: Option<Priority>,
    /// `packages:` in the manifest's order.
    pub packages: Option<Vec<PackageRequest>>,
    /// `exclude:` in the manifest's order.
    pub exclude: Option<Vec<PackageName>>,
}

impl Group {
    /// What it asks for; nothing where `packages:` is absent.
    pub fn packages(&self) -> &[PackageRequest] {
        self.packages.as_deref().unwrap_or_default()
    }

    /// What it keeps out; nothing where `exclude:` is absent.
    pub fn exclude(&self) -> &[PackageName] {
        self.exclude.as_deref().unwrap_or_default()
    }
}

/// One entry of `repositories:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositorySpec {
    /// `archive:` or `url:`, as written.
    pub origin: Origin,
    /// `suite:`
    pub suite: Option<String>,
    /// `components:`, in the manifest's order.
    pub components: Option<Vec<String>>,
    /// `path:`
    pub path: Option<String>,
    /// `priority:`
    pub priority: Option<i32>,
    /// `keyring:`, as written.
    pub keyring: Option<String>,
    /// `keys:`, as written.
    pub keys: Option<Vec<String>>,
    /// `snapshot: false`
    pub unpinned: bool,
    /// `tag:`
    pub tag: Option<String>,
    /// `unsigned:`
    pub unsigned: Option<bool>,
    /// `allow_expired:`
    pub allow_expired: Option<bool>,
    /// The line in the manifest, for errors.
    pub line: usize,
}
