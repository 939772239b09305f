//! Everything that differs between ecosystems, behind one trait.
//!
//! A distribution does no I/O and keeps no state: it says what it wants to read and is given bytes.
//! A third ecosystem is a folder here and one line in `ALL`.

pub mod apk;
mod archive;
mod configure;
pub mod deb;
mod installed;
mod layout;
mod tarball;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::sync::Arc;

use crate::model::{
    Answer, Arch, Dialect, Epoch, Explain, Key, LockedPackage, PackageName, Proof, Repository,
    Snapshot, Version, Wanted, WantedFile,
};
use crate::resolve::{Problem, Solution};

pub use archive::{Control, ControlFile, Entry, EntryKind, Sink, Unpacked};
pub use configure::{Act, Configured, Fate, Ground, Running, Scene, Scripted};
pub use installed::{FileSum, Installed, InstalledFile, InstalledPackage, Inventory, Resolver};
pub use layout::{
    AccountDefaults, Diversion, Generated, Image, Layout, Member, Provenance, Registered,
    Registration, RootLink, Stated, Wishes,
};

/// Every ecosystem that rootlock knows.
pub static ALL: &[&dyn Distro] = &[&deb::Debian, &apk::Alpine];

/// The ecosystem that `distro:` names.
pub fn by_name(name: &str) -> Option<&'static dyn Distro> {
    ALL.iter().copied().find(|distro| distro.name() == name)
}

/// The grammars of all distributions, those whose packages rootlock cannot read yet included.
pub static DIALECTS: &[&dyn Dialect] = &[&deb::Debian, &apk::Alpine];

/// The grammar that `distro:` names.
pub fn dialect(name: &str) -> Option<&'static dyn Dialect> {
    DIALECTS
        .iter()
        .copied()
        .find(|dialect| dialect.name() == name)
}

/// An error of a distribution's code: a repository or a package that does not hold.
pub type Fault = Box<dyn Explain + Send + Sync>;

impl<E: Explain + Send + Sync + 'static> From<E> for Fault {
    fn from(error: E) -> Self {
        Box::new(error)
    }
}

/// What is opened, and what is already known of it.
#[derive(Debug, Clone)]
pub struct Opening {
    /// `release:` of the manifest, or of the lockfile where that one is kept.
    pub release: String,
    /// `snapshot:` of the manifest.
    pub snapshot: Option<Snapshot>,
    /// `repositories:` of the manifest; empty for the release's own.
    pub repositories: Vec<Repository>,
    /// What is locked for, at least one.
    pub arches: Vec<Arch>,
    /// The present, for Valid-Until and for moments that lie ahead.
    pub now: Epoch,
    /// How old what is read may be at most, where the old lockfile has the same repository.
    pub locked: Vec<Floor>,
    /// What a lockfile was made from, where that and nothing else is to be opened again: each
    /// repository as of its own date, one that is not named here is left out. Empty otherwise.
    pub proven: Vec<Proven>,
}

/// The state of a repository that a lockfile was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// The repository's id.
    pub repository: String,
    /// Of what is read, the digest must be this one's.
    pub proof: Proof,
}

/// A Date in the old lockfile: nothing older is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Floor {
    /// The repository's id.
    pub repository: String,
    /// The path of the index that has the date, where each index has its own.
    pub index: Option<String>,
    /// The date.
    pub date: Epoch,
}

/// The way from a repository's signature to what it offers, step by step.
pub trait Dialogue {
    /// The repositories that [`Wanted::repository`] counts, as known so far; their number only
    /// grows. Those of the release's own appear once the release is known.
    fn repositories(&self) -> &[Repository];

    /// Takes the answers to the last step's needs, in their order (none at first), and goes on.
    ///
    /// # Errors
    /// When a signature, date, hash or format does not hold, or no source has what is needed.
    fn step(&mut self, answers: Vec<Answer>) -> Result<Step, Fault>;
}

/// What a [`Dialogue`] says.
#[derive(Debug)]
pub enum Step {
    /// Bring these, then call again.
    Need(Vec<Wanted>),
    /// Everything is read.
    Done(Opened),
}

/// Repositories, proven and read.
#[derive(Debug)]
pub struct Opened {
    /// Never an alias such as `stable`.
    pub release: String,
    /// In the order of the manifest.
    pub repositories: Vec<Repository>,
    /// One for each repository.
    pub proofs: Vec<Proof>,
    /// For each repository the files whose signature was judged to hold.
    pub evidence: Vec<Evidence>,
    /// What is offered for each architecture, in the order of `Opening::arches`.
    pub catalogs: Vec<Box<dyn Catalog>>,
    /// What the user should know, as sentences.
    pub warnings: Vec<String>,
}

/// The signed root of a repository, as it was accepted.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// `InRelease`, or `Release` and its signature; for Alpine the indexes, which are signed.
    pub files: Vec<EvidenceFile>,
}

/// One file of a signed root.
#[derive(Debug, Clone)]
pub struct EvidenceFile {
    /// Below the repository, as it was asked for.
    pub path: String,
    /// Its bytes.
    pub bytes: Arc<[u8]>,
}

/// What repositories offer for one architecture.
pub trait Catalog: std::fmt::Debug + Sync + Send {
    /// Chooses packages. `LockedPackage::group` and `repository` of the solution are final.
    ///
    /// # Errors
    /// When no set of packages fits, with the shortest explanation.
    fn resolve(&self, problem: &Problem) -> Result<Solution, Fault>;

    /// Whether the repository that a locked package names offers exactly it: name, version,
    /// architecture, source, path, size and whatever digest the index gives.
    ///
    /// # Errors
    /// With the reason, as one sentence.
    fn offers(&self, package: &LockedPackage) -> Result<(), String>;
}

impl std::fmt::Debug for dyn Distro {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// One package ecosystem.
pub trait Distro: Dialect + Layout + Inventory {
    /// Orders two versions. Total: every pair has an answer.
    fn compare(&self, a: &Version, b: &Version) -> Ordering;

    /// The versions of source packages that an index offers, by name, as far as `wanted` names them;
    /// `condensed` is what [`Distro::condense`] gave.
    ///
    /// # Errors
    /// When the bytes are no condensed index.
    fn sources(
        &self,
        condensed: Arc<[u8]>,
        wanted: &BTreeSet<&str>,
    ) -> Result<BTreeMap<String, Vec<Version>>, Fault>;

    /// Whether a release's name means another one as time goes by, as `stable` does.
    fn is_alias(&self, release: &str) -> bool;

    /// Whether some packages are needed although none depends on them.
    fn has_essential_packages(&self) -> bool;

    /// The distribution's own name of an architecture.
    fn arch_name(&self, arch: Arch) -> Option<&'static str>;

    /// Starts a dialogue with repositories.
    ///
    /// # Errors
    /// When they cannot be meant, before anything is read: an unknown archive, a future snapshot.
    fn open(&self, opening: Opening) -> Result<Box<dyn Dialogue>, Fault>;

    /// Turns the bytes of an index, whose digest has been checked, into the form that the dialogue
    /// reads: uncompressed and without what rootlock does not use. Pure, so it can be cached under
    /// the digest and [`Distro::index_revision`].
    ///
    /// # Errors
    /// When the bytes are not what the file's name and its listed plain size say.
    fn condense(&self, file: &WantedFile, raw: &[u8]) -> Result<Vec<u8>, Fault>;

    /// The revision of [`Distro::condense`]: raised whenever it gives other bytes.
    fn index_revision(&self) -> u32;

    /// The revision of [`Distro::unpack`]: raised whenever it reads a package otherwise.
    fn package_revision(&self) -> u32;

    /// Refuses a locked package whose name, version, architecture or path is outside the
    /// distribution's grammar. The lockfile is a stranger's input.
    ///
    /// # Errors
    /// With the reason, as one sentence.
    fn check(&self, package: &LockedPackage) -> Result<(), String>;

    /// Whether an archive is the package that a proven index offers, where the index says nothing of
    /// the digest of the whole ([`Solution::unread`]). `package.sha256` means nothing yet. `keys` are
    /// those of the repository's manifest entry; none stands for the built-in ones.
    ///
    /// # Errors
    /// When it is another one, or a signature that it carries does not hold.
    fn vouch(
        &self,
        package: &LockedPackage,
        arch: Arch,
        keys: &[Key],
        archive: &mut (dyn Read + Send),
    ) -> Result<(), Fault>;

    /// Streams the entries of a package's archive, whose digest has been checked, in the archive's
    /// order, and returns its control files. Bounded in bytes, entries and lengths.
    ///
    /// # Errors
    /// When the archive is malformed, is another package, or the sink refuses.
    fn unpack(
        &self,
        package: &LockedPackage,
        archive: &mut (dyn Read + Send),
        sink: &mut dyn Sink,
    ) -> Result<Control, Fault>;

    /// The name under which a missing package is looked for in the archive of a later time; used in
    /// messages only.
    fn purl_type(&self) -> &'static str;

    /// The names of packages nearest to `name` are found among these, for messages.
    fn is_package_name(&self, name: &str) -> bool {
        name.parse::<PackageName>().is_ok()
    }
}
