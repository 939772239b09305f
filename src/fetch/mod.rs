//! Brings verified bytes into the store.

use std::collections::BTreeMap;

/// How bytes may be had on this machine: never what is accepted.
#[derive(Debug, Clone, Default)]
pub struct Network {
    /// `--mirror` in order, then `ROOTLOCK_MIRRORS`.
    pub mirrors: Vec<Mirror>,
    /// `--mirror-only`
    pub mirror_only: bool,
    /// `--offline`
    pub offline: bool,
    /// `--jobs`, how many downloads at once.
    pub jobs: usize,
    /// The mirrors of well-known archives that the host's own apt is configured with, by archive.
    pub host_mirrors: BTreeMap<String, Vec<String>>,
    /// The contents of the user's netrc, where there is one.
    pub netrc: Option<String>,
}

/// `--mirror WHAT=URL`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror {
    /// An archive's name or a URL prefix; absent for a vendored tree that serves everything.
    pub what: Option<String>,
    /// Where it is served from.
    pub url: String,
}
