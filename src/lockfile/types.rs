//! What a lockfile holds, as values.

use std::collections::BTreeMap;

use crate::model::{
    Arch, Configure, Epoch, LockedPackage, Origin, PackageName, PathRules, Proof, Sha256, Snapshot,
};

/// A whole lockfile, as FORMATS.md section 2 has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lockfile {
    /// The format's version, `lock:`.
    pub format: semver::Version,
    /// The rules of the canonical result, `canonical:`.
    pub canonical: u32,
    /// The digest of the manifest's normal form.
    pub manifest: Sha256,
    /// `debian` or `alpine`.
    pub distro: String,
    /// Never an alias.
    pub release: String,
    /// The effective mode.
    pub configure: Configure,
    /// The revision of the mode's rules.
    pub rules: u32,
    /// In the manifest's order.
    pub repositories: Vec<LockedRepository>,
    /// By architecture, each sorted by name.
    pub packages: BTreeMap<Arch, Vec<LockedPackage>>,
    /// What `build --record` wrote.
    pub outputs: BTreeMap<Arch, Output>,
    /// The index over several architectures, recorded with the outputs.
    pub index: Option<BlobRecord>,
}

/// A repository and the proof of what it offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedRepository {
    /// Unique in the lockfile.
    pub id: String,
    /// Which one, as in the manifest.
    pub origin: Origin,
    /// Debian.
    pub suite: Option<String>,
    /// Alpine.
    pub path: Option<String>,
    /// Debian, where the manifest pins one.
    pub snapshot: Option<Snapshot>,
    /// `unsigned: true` of the manifest, recorded.
    pub unsigned: bool,
    /// What was proven.
    pub proof: Proof,
}

/// A digest that only means something with the encoder that made the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobRecord {
    /// `gzip-libdeflate-6-1MiB/1.26`
    pub encoder: String,
    /// Of the image manifest, or of the index.
    pub digest: Sha256,
}

/// The recorded result for one architecture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The image's epoch.
    pub epoch: Epoch,
    /// Lowest first.
    pub layers: Vec<LayerRecord>,
    /// Merkle root of the filesystem.
    pub tree: Sha256,
    /// The image ID.
    pub config: Sha256,
    /// What `system` and `files` hold, sorted by path.
    pub generated: Vec<Generated>,
    /// `paths:` of the manifest, where it has one.
    pub paths: Option<PathRules>,
    /// What no script did, sorted.
    pub undone: Vec<Undone>,
    /// The image manifest's digest.
    pub blobs: Option<BlobRecord>,
}

/// One layer of a recorded result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerRecord {
    /// The group's name, `system` or `files`.
    pub group: String,
    /// Of the uncompressed tar.
    pub diff_id: Sha256,
    /// Of the uncompressed tar, in bytes.
    pub size: u64,
}

/// A path of `system` or `files`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    /// Absolute; bytes that are not UTF-8 are escaped as `\xNN`.
    pub path: String,
    /// Of a regular file's content.
    pub sha256: Option<Sha256>,
    /// Of a symbolic link.
    pub link: Option<String>,
    /// Permission bits.
    pub mode: u16,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
}

/// A statement of a maintainer script that was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Undone {
    /// The package.
    pub package: PackageName,
    /// `preinst`, `postinst`, `triggers`.
    pub script: String,
    /// The statement, or `*` for the whole script.
    pub statement: String,
}
