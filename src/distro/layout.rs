//! How an ecosystem's packages become a filesystem: what assembling asks of a distribution.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::{Configured, Control, Fate, Fault, Running, Scene};
use crate::model::{
    Arch, Configure, Epoch, LockedPackage, PackageName, PackageRequest, PathRules, Proof,
    Repository,
};
use crate::tree::{Contents, Node, TreePath};

/// A package of the image with its control files.
#[derive(Debug, Clone, Copy)]
pub struct Member<'a> {
    /// As locked.
    pub package: &'a LockedPackage,
    /// As packaged.
    pub control: &'a Control,
}

/// A link that an image has wherever it is needed, and the directory that it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootLink {
    /// Where it is.
    pub path: TreePath,
    /// The directory, which is made where no package ships it.
    pub target: TreePath,
    /// What the link says.
    pub text: String,
    /// Whether the lowest layer has it in any case; else the lowest that has a path on it.
    pub always: bool,
}

impl RootLink {
    /// Whether a path is the link's own, or passes through it.
    pub fn is_on(&self, path: &TreePath) -> bool {
        let rest = path.as_bytes().strip_prefix(self.path.as_bytes());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
    }
}

/// A path of other packages that one package moves out of its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diversion {
    /// The path as packaged.
    pub from: TreePath,
    /// Its new name.
    pub to: TreePath,
    /// The package whose own file keeps the path; absent where none does.
    pub package: Option<PackageName>,
}

/// What a package adds to the database.
#[derive(Debug, Clone, Default)]
pub struct Registration {
    /// Files of the package's own layer, with their content inline; sorted by path.
    pub files: Vec<(TreePath, Node)>,
    /// What the database of the whole image says of it, in the distribution's own form.
    pub record: Vec<u8>,
}

/// A package of the image as [`Layout::database`] sees it.
#[derive(Debug, Clone, Copy)]
pub struct Registered<'a> {
    /// As locked.
    pub package: &'a LockedPackage,
    /// [`Registration::record`].
    pub record: &'a [u8],
    /// The paths, as packaged, that it ships and the image does not have from it: left out by
    /// `paths:`, or another package's.
    pub gone: &'a BTreeSet<TreePath>,
}

/// A locked repository as [`Layout::database`] sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// As the manifest declares it, or as the release has it.
    pub repository: Repository,
    /// What was proven of it.
    pub proof: Proof,
}

/// What the manifest asks for in one image: what a package manager inside is told.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wishes<'a> {
    /// `packages:` of all groups, as far as they are for the image's architecture.
    pub requests: &'a [PackageRequest],
    /// `exclude:` of all groups.
    pub excluded: &'a [PackageName],
    /// In the lockfile's order.
    pub repositories: &'a [Provenance],
}

/// A whole image as [`Layout::database`] sees it.
#[derive(Debug, Clone, Copy)]
pub struct Image<'a> {
    /// Its architecture.
    pub arch: Arch,
    /// Its packages, sorted by name; at least one.
    pub packages: &'a [Registered<'a>],
    /// The diversions in force, sorted by `from`.
    pub diversions: &'a [Diversion],
    /// `paths:` of the manifest.
    pub rules: &'a PathRules,
    /// What the manifest asks for.
    pub wishes: Wishes<'a>,
    /// The packages that are not fully configured, and the triggers that are left where it is only
    /// those; absent where no package was configured at all.
    pub unfinished: Option<&'a BTreeMap<PackageName, Vec<String>>>,
}

/// A file, link or directory of the database; owned by 0:0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    /// Where it is.
    pub path: TreePath,
    /// Permission bits.
    pub mode: u16,
    /// The content; a directory has none.
    pub content: Option<Vec<u8>>,
    /// Whether a package's file at its path stays.
    pub yields: bool,
}

/// What user accounts look like before any is declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountDefaults {
    /// Where packages ship what `/etc/passwd` is first made from, below the root. Where one does,
    /// the image has that file, for other scripts take the accounts in it for granted. Absent where
    /// packages ship `/etc/passwd` itself.
    pub passwd_master: Option<&'static str>,
    /// The same for `/etc/group`.
    pub group_master: Option<&'static str>,
    /// What `/etc/passwd` is made from for declared accounts where no package ships either.
    pub passwd: &'static str,
    /// The same for `/etc/group`.
    pub group: &'static str,
    /// The shell of an account that names none.
    pub nologin: &'static str,
    /// The group that reads `/etc/shadow`.
    pub shadow_gid: u32,
}

/// Where a package says what its licence is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stated {
    /// In a field, as an expression.
    Field(String),
    /// In a file that it ships, or that a package ships which it links to.
    File(TreePath),
    /// Nowhere.
    Nowhere,
}

/// The part of a distribution that assembling needs. Pure: bytes come in through [`Contents`].
pub trait Layout: Sync {
    /// The links above directories that this release's packages take for granted.
    fn root_links(&self, release: &str, arch: Arch, configure: Configure) -> Vec<RootLink>;

    /// The order in which the packages of one layer are put into it, as places in `members`, each
    /// once: of two that may take a path over from one another the later has it.
    fn order(&self, members: &[Member<'_>]) -> Vec<usize>;

    /// Which of two packages of one layer decides on a directory that both ship: the lesser one.
    /// Need not be transitive: it is asked for two at a time, in the layer's order.
    fn precedence(&self, a: Member<'_>, b: Member<'_>) -> Ordering;

    /// Whether `winner` may take a path over from `loser` although their files differ.
    fn takes_over(&self, winner: Member<'_>, loser: Member<'_>) -> bool;

    /// What a package moves out of its way: literal statements in every `configure` mode, and beyond
    /// `none` what is known of its scripts otherwise.
    fn diversions(&self, member: Member<'_>, configure: Configure) -> Vec<Diversion>;

    /// What a package adds to the database. `entries` are as packaged, with their contents in
    /// `contents`, and `newest` is the time of what is generated. Control files that become files
    /// of the layer are taken out of `control`; the one that describes the package stays.
    ///
    /// # Errors
    /// When the package is malformed, or a content cannot be read.
    fn register(
        &self,
        package: &LockedPackage,
        control: &mut Control,
        entries: &[(TreePath, Node)],
        newest: i64,
        contents: &dyn Contents,
    ) -> Result<Registration, Fault>;

    /// A database file of a package that lost the paths in `gone` (as packaged) to another one;
    /// `None` where it reads the same.
    fn without(&self, file: &TreePath, bytes: &[u8], gone: &BTreeSet<TreePath>) -> Option<Vec<u8>>;

    /// What the database of the whole image consists of.
    ///
    /// # Errors
    /// When a record cannot be written in the database's form.
    fn database(&self, image: Image<'_>) -> Result<Vec<Generated>, Fault>;

    /// The scripts of a package that would run when it is installed: `preinst`, `triggers`.
    fn scripts(&self, control: &Control) -> Vec<&'static str>;

    /// Does what the scripts of the packages would do, as far as that is known (`configure: native`).
    ///
    /// # Errors
    /// When a packaged file cannot be read back.
    fn configure(&self, scene: Scene<'_>) -> Result<Configured, Fault>;

    /// What runs the packages' scripts (`configure: scripts`) in a root that holds their files and the
    /// database of packages that were only unpacked.
    ///
    /// # Errors
    /// When the image lacks what that takes.
    fn running(&self, scene: Scene<'_>) -> Result<Running, Fault>;

    /// What becomes of a path that scripts made or changed; `directory` says what it is.
    fn fate(&self, path: &TreePath, directory: bool) -> Fate;

    /// A file of [`Fate::Steadied`] without the time and the chance of its making; `None` where it is
    /// best left as it is.
    fn steady(&self, path: &TreePath, bytes: &[u8], epoch: Epoch) -> Option<Vec<u8>> {
        let _ = (path, bytes, epoch);
        None
    }

    /// Where a package says what its licence is.
    fn license(&self, package: &LockedPackage, control: &Control) -> Stated;

    /// Accounts as the distribution has them.
    fn accounts(&self) -> AccountDefaults;

    /// The day of a password's last change, as `/etc/shadow` counts it.
    fn shadow_day(&self, epoch: Epoch) -> i64 {
        epoch.0.div_euclid(86_400)
    }
}
