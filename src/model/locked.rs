//! What a lockfile holds of each package and each repository.

use super::{Epoch, GroupName, PackageName, Sha256, Version};

/// The source package that a binary package was built from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourcePackage {
    /// Its name.
    pub name: Box<str>,
    /// Its version.
    pub version: Version,
}

/// A dependency that one locked package fulfils.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// The locked package.
    pub name: PackageName,
    /// The provided name that made the edge, where it was not the package's own.
    pub through: Option<Box<str>>,
}

/// One package of a lockfile: exactly one version of one name for one architecture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedPackage {
    /// The name.
    pub name: PackageName,
    /// The version.
    pub version: Version,
    /// The package's own architecture in the distribution's words: `amd64`, `all`, `noarch`.
    pub arch: Box<str>,
    /// The group whose layer holds it.
    pub group: GroupName,
    /// Whether the manifest asks for it by name.
    pub requested: bool,
    /// The source package.
    pub source: SourcePackage,
    /// The `id` of its repository in the same lockfile.
    pub repository: String,
    /// Where the archive lies below the repository.
    pub path: String,
    /// The size of the archive in bytes.
    pub size: u64,
    /// The digest of the whole archive.
    pub sha256: Sha256,
    /// Alpine: the index's own checksum, `Q1...`.
    pub checksum: Option<String>,
    /// One edge per dependency, sorted, each once.
    pub depends: Vec<Edge>,
    /// Followed Recommends (Debian), sorted.
    pub recommends: Vec<Edge>,
    /// The conditions that pulled it in (Alpine), sorted.
    pub install_if: Vec<Edge>,
}

/// Where a repository's index was proven: what its signature covered, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The digest of the text that the signature covers.
    pub sha256: Sha256,
    /// `Date` of the Release, or the index's time.
    pub date: Epoch,
    /// `Valid-Until`, where the Release has one.
    pub valid_until: Option<Epoch>,
    /// Fingerprints (upper-case hexadecimal) of the allowed keys whose signatures hold, sorted;
    /// empty only for `unsigned: true`.
    pub signed_by: Vec<String>,
    /// The indexes that the Release lists and that were read, sorted by path.
    pub indexes: Vec<IndexProof>,
}

/// One index of a repository, as the signed Release lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexProof {
    /// Below the suite's directory: `main/binary-amd64/Packages.xz`.
    pub path: String,
    /// In bytes.
    pub size: u64,
    /// Its digest.
    pub sha256: Sha256,
    /// Its own time, where each index of the repository is signed by itself and there are several
    /// (Alpine, for several architectures).
    pub date: Option<Epoch>,
}
