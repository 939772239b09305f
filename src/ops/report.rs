//! What verbs are asked and what they answer, as plain data.

use std::path::PathBuf;

use crate::assemble::Replaced;
pub use crate::lockfile::ChangeKind;
use crate::lockfile::Undone;
use crate::model::{Arch, Epoch, LockedPackage, PackageName, ScriptOutcome, Sha256, Version};
use crate::resolve::Update;

/// Options of `lock`.
#[derive(Debug, Clone)]
pub struct LockOptions {
    /// `--update`
    pub update: Update,
    /// `--dry-run`
    pub dry_run: bool,
}

/// One package of an old or a new lockfile.
#[derive(Debug, Clone)]
pub struct Change {
    /// What happened.
    pub kind: ChangeKind,
    /// The package as locked now; for `Removed` as it was.
    pub package: LockedPackage,
    /// The version locked before, where it was.
    pub from: Option<Version>,
    /// Why it moved, where it did.
    pub reason: Option<String>,
}

/// The answer of `lock`.
#[derive(Debug, Clone)]
pub struct LockReport {
    /// The lockfile.
    pub path: PathBuf,
    /// Whether the file was written (or would be, under `--dry-run`).
    pub changed: bool,
    /// Per architecture, sorted by name; kept packages too.
    pub changes: Vec<(Arch, Vec<Change>)>,
}

/// The answer of `fetch`.
#[derive(Debug, Clone, Copy, Default)]
pub struct FetchReport {
    /// Packages of the lockfile.
    pub packages: u64,
    /// Those that were not in the store.
    pub downloaded: u64,
    /// Bytes of those.
    pub bytes: u64,
}

/// The answer of `vendor`.
#[derive(Debug, Clone)]
pub struct VendorReport {
    /// The tree.
    pub output: PathBuf,
    /// Packages of the lockfile.
    pub packages: u64,
    /// Indexes of the lockfile.
    pub indexes: u64,
    /// Files that were not there already, signed roots included.
    pub written: u64,
    /// Bytes of those.
    pub bytes: u64,
}

/// `--format`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// OCI image layout, a directory.
    Oci,
    /// The same as one tar.
    OciArchive,
    /// What `docker load` reads.
    DockerArchive,
    /// The merged filesystem as one tar.
    Tar,
    /// The merged filesystem as a directory.
    Dir,
}

impl Format {
    /// As `--format` has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Oci => "oci",
            Self::OciArchive => "oci-archive",
            Self::DockerArchive => "docker-archive",
            Self::Tar => "tar",
            Self::Dir => "dir",
        }
    }
}

/// `-o`
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A path.
    Path(PathBuf),
    /// `-`
    Stdout,
}

/// Options of `build`.
#[derive(Debug, Clone)]
pub struct BuildOptions {
    /// `-o`
    pub output: Target,
    /// `--format`
    pub format: Format,
    /// `--arch`; empty means all of the lockfile's.
    pub arches: Vec<Arch>,
    /// `--tag NAME[:TAG]`
    pub tag: Option<String>,
    /// `--record`
    pub record: bool,
    /// `--locked`
    pub locked: bool,
    /// `--no-owner`
    pub no_owner: bool,
    /// `--allow-outside`
    pub allow_outside: bool,
    /// `--require-configured`
    pub require_configured: bool,
}

/// One layer of a built image.
#[derive(Debug, Clone)]
pub struct BuiltLayer {
    /// The group's name, `system` or `files`.
    pub name: String,
    /// Of the uncompressed tar.
    pub diff_id: Sha256,
    /// Of the uncompressed tar, in bytes.
    pub size: u64,
    /// The blob's digest, where the format has blobs.
    pub digest: Option<Sha256>,
    /// The blob's size in bytes.
    pub compressed: Option<u64>,
}

/// The image of one architecture.
#[derive(Debug, Clone)]
pub struct BuiltImage {
    /// The architecture.
    pub arch: Arch,
    /// Its epoch.
    pub epoch: Epoch,
    /// Lowest first; empty for tar and dir, which have no layers.
    pub layers: Vec<BuiltLayer>,
    /// The image ID.
    pub config: Option<Sha256>,
    /// The image manifest's digest.
    pub manifest: Option<Sha256>,
    /// Merkle root of the merged filesystem.
    pub tree: Option<Sha256>,
    /// What `system` and `files` hide.
    pub replaced: Vec<Replaced>,
    /// Scripts that did not run.
    pub undone: Vec<Undone>,
    /// What became of each script under `configure: native`.
    pub scripts: Vec<ScriptOutcome>,
    /// Packages in it.
    pub packages: Vec<(PackageName, Version)>,
}

/// The answer of `build`.
#[derive(Debug, Clone)]
pub struct BuildReport {
    /// Where it was written.
    pub output: Target,
    /// How.
    pub format: Format,
    /// The tag, `NAME:TAG`, where the format has one.
    pub tag: Option<String>,
    /// What `index.json` points at, or the only image's manifest; of a tar the digest of the file.
    pub digest: Option<Sha256>,
    /// One per architecture.
    pub images: Vec<BuiltImage>,
}
