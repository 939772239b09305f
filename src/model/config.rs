//! What a manifest says about the result beside its packages.

use std::collections::BTreeMap;

/// `configure:`, what is done beyond unpacking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Configure {
    /// Packages are unpacked; nothing else happens.
    None,
    /// What the maintainer scripts would do is done by rootlock itself.
    Native,
    /// The maintainer scripts run in a sandbox.
    Scripts,
}

impl Configure {
    /// As manifest and lockfile write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Native => "native",
            Self::Scripts => "scripts",
        }
    }
}

/// `compression:` of layers in an OCI layout or archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compression {
    /// gzip: every consumer reads it.
    #[default]
    Gzip,
    /// zstd: smaller and faster; OCI image-spec 1.1.
    Zstd,
    /// Plain tar.
    None,
}

/// `owner: "app:app"`: names of `accounts` or of the packages' passwd, or numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The user, as written.
    pub user: String,
    /// The group, as written; absent means the user's own group.
    pub group: Option<String>,
}

/// What a `files:` entry puts at its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileSource {
    /// `content:`
    Content(String),
    /// `source:`, a file or directory relative to the manifest, as written.
    Source(String),
    /// `directory: true`
    Directory,
    /// `link:`, the target as written.
    Link(String),
}

/// One entry of `files:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSpec {
    /// Absolute, `/`-separated, without `.` or `..` parts and without trailing slash.
    pub path: String,
    /// What is put there.
    pub source: FileSource,
    /// Octal, at most 0o7777; absent means the default of FORMATS.md section 1.
    pub mode: Option<u16>,
    /// Absent means 0:0.
    pub owner: Option<Owner>,
    /// Glob patterns of names below a `source` directory that are left out.
    pub exclude: Vec<String>,
    /// The line in the manifest, for errors.
    pub line: usize,
}

/// `paths:`, dpkg's path-exclude and path-include rules: last match wins. Patterns are absolute
/// and fnmatch(3)'s, in which `*` and `?` match `/` too.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PathRules {
    /// Patterns of paths to leave out.
    pub exclude: Vec<String>,
    /// Patterns of paths to keep all the same.
    pub include: Vec<String>,
}

/// A group of `accounts:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserGroup {
    /// Its name.
    pub name: String,
    /// Its number.
    pub gid: u32,
}

/// A user of `accounts:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// Its number.
    pub uid: u32,
    /// Its primary group, by name or number; absent means a group of the user's name.
    pub group: Option<String>,
    /// Its home; absent means `/nonexistent`, as Debian's system users have.
    pub home: Option<String>,
    /// Its login shell; absent means the distribution's nologin.
    pub shell: Option<String>,
}

/// `accounts:`
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Accounts {
    /// Groups, in the manifest's order.
    pub groups: Vec<UserGroup>,
    /// Users, in the manifest's order.
    pub users: Vec<Account>,
}

/// `image:`, the OCI image configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImageConfig {
    /// Entrypoint.
    pub entrypoint: Option<Vec<String>>,
    /// Cmd.
    pub cmd: Option<Vec<String>>,
    /// Env; gets a PATH unless it has one.
    pub env: BTreeMap<String, String>,
    /// `WorkingDir`.
    pub workdir: Option<String>,
    /// User as written: `app`, `app:app`, `10001`, `10001:10001`.
    pub user: Option<String>,
    /// `ExposedPorts`, `8000/tcp`.
    pub ports: Vec<String>,
    /// Volumes, absolute paths.
    pub volumes: Vec<String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Annotations of the image manifest and index.
    pub annotations: BTreeMap<String, String>,
    /// `StopSignal`.
    pub stop_signal: Option<String>,
}
