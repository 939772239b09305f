//! A manifest with the files that belong to it.

use std::path::{Path, PathBuf};

use super::Error;

/// A manifest on disk, read and valid, and where its lockfile is.
#[derive(Debug)]
pub struct Project {
    /// The manifest's path.
    pub manifest_path: PathBuf,
    /// The lockfile's path, whether or not it exists.
    pub lockfile_path: PathBuf,
}

impl Project {
    /// Opens `MANIFEST`: a file, or a directory that holds `rootfs.yaml`. `lockfile` is
    /// `--lockfile`.
    ///
    /// # Errors
    /// When it cannot be read or is not valid.
    pub fn open(manifest: &Path, lockfile: Option<&Path>) -> Result<Self, Error> {
        let _ = (manifest, lockfile);
        unimplemented!()
    }
}
