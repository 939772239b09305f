//! A repository as the manifest declares it, with everything that decides what is accepted.

use std::sync::Arc;

use super::{Sha256, Snapshot};

/// Which repository it is; never where its bytes come from on this machine.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// A well-known archive by name: `debian`, `debian-security`, `alpine`.
    Archive(String),
    /// Any other, by its URL as the manifest writes it: http, https, file, or a path relative to
    /// the manifest.
    Url(String),
}

/// One repository of the manifest, or of a release's defaults.
///
/// For Debian one suite is one repository; for Alpine the directory above the architecture's is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// Unique within the image: from the suite (Debian) or the path (Alpine).
    pub id: String,
    /// Which one.
    pub origin: Origin,
    /// Absolute base URL without trailing slash for `Origin::Url` (`file:///...` for a path), with
    /// the relative path resolved against the manifest's directory; never written to a lockfile.
    /// Empty for `Origin::Archive`.
    pub base: String,
    /// Debian: the suite, `./` and the like for a flat repository.
    pub suite: Option<String>,
    /// Debian: the components, `main` where none was given; empty for a flat repository.
    pub components: Vec<String>,
    /// Alpine: the path below the archive, `v3.22/main`.
    pub path: Option<String>,
    /// Debian: the apt pin priority, where the manifest sets one.
    pub priority: Option<i32>,
    /// Debian: the contents of `keyring`. Alpine: of each of `keys`. Empty: the built-in keys.
    pub keys: Vec<Key>,
    /// Debian: the moment at which the archive is pinned.
    pub snapshot: Option<Snapshot>,
    /// Alpine: the tag.
    pub tag: Option<String>,
    /// No signature is needed.
    pub unsigned: bool,
    /// A Release past its Valid-Until is accepted.
    pub allow_expired: bool,
}

/// A file of keys that the manifest names, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// As the manifest writes it.
    pub name: String,
    /// The bytes of the file.
    pub bytes: Arc<[u8]>,
    /// The digest of the bytes.
    pub sha256: Sha256,
}
