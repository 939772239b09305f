//! What is in the store, and how much room it takes.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::{Store, StoreError};
use crate::model::Sha256;

/// A number of files and their bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Files.
    pub files: u64,
    /// The sum of their sizes in bytes.
    pub bytes: u64,
}

impl Usage {
    pub(super) fn add(&mut self, bytes: u64) {
        self.files += 1;
        self.bytes += bytes;
    }
}

/// The room that the store takes, by kind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sizes {
    /// Packages and indexes under their digests.
    pub blobs: Usage,
    /// What was made from them, by stage and revision: `unpack-1`.
    pub derived: BTreeMap<String, Usage>,
    /// What is being written, or was when a process was killed.
    pub temporary: Usage,
}

impl Sizes {
    /// All kinds together.
    pub fn total(&self) -> Usage {
        let parts = self.derived.values().chain([&self.blobs, &self.temporary]);
        parts.fold(Usage::default(), |sum, part| Usage {
            files: sum.files + part.files,
            bytes: sum.bytes + part.bytes,
        })
    }
}

/// One file or other thing under a name of the store.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) path: PathBuf,
    /// Absent for a derived entry.
    pub(super) blob: Option<Sha256>,
    /// In bytes.
    pub(super) size: u64,
    /// The time of last use in seconds since 1970.
    pub(super) used: i64,
}

impl Store {
    /// The room that the store takes.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn size(&self) -> Result<Sizes, StoreError> {
        let mut sizes = Sizes::default();
        for entry in self.blobs()? {
            sizes.blobs.add(entry.size);
        }
        for (stage, entries) in self.stages()? {
            let usage = sizes.derived.entry(stage).or_default();
            entries.iter().for_each(|entry| usage.add(entry.size));
        }
        for path in names(&self.root().join("tmp"))? {
            if let Some(meta) = present(&path)? {
                sizes.temporary.add(meta.len());
            }
        }
        Ok(sizes)
    }

    /// Every blob, in the order of the digests.
    pub(super) fn blobs(&self) -> Result<Vec<Entry>, StoreError> {
        entries(&self.root().join("blobs/sha256"), true)
    }

    /// Every derived entry, by `STAGE-REVISION`.
    pub(super) fn stages(&self) -> Result<BTreeMap<String, Vec<Entry>>, StoreError> {
        let mut out = BTreeMap::new();
        for path in names(&self.root().join("derived"))? {
            if let Some(stage) = path.file_name().and_then(|name| name.to_str()) {
                out.insert(stage.to_owned(), entries(&path, false)?);
            }
        }
        Ok(out)
    }
}

/// Everything at `directory/ab/abcd...`; other names are not the store's and are passed over.
fn entries(directory: &Path, blobs: bool) -> Result<Vec<Entry>, StoreError> {
    let mut out = Vec::new();
    for shard in names(directory)? {
        for path in names(&shard)? {
            let name = path.file_name().and_then(|name| name.to_str());
            let Some(digest) = name.and_then(|name| Sha256::from_hex(name).ok()) else {
                continue;
            };
            if let Some(meta) = present(&path)? {
                out.push(Entry {
                    blob: blobs.then_some(digest),
                    size: meta.len(),
                    used: meta.mtime(),
                    path,
                });
            }
        }
    }
    Ok(out)
}

/// What is in `directory`, sorted; nothing where it is none.
pub(super) fn names(directory: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let wrong = |error| StoreError::io("read", directory, error);
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(Vec::new());
        }
        Err(error) => return Err(wrong(error)),
    };
    let mut out = Vec::new();
    for entry in entries {
        out.push(entry.map_err(wrong)?.path());
    }
    out.sort_unstable();
    Ok(out)
}

/// The metadata of what was there a moment ago.
fn present(path: &Path) -> Result<Option<fs::Metadata>, StoreError> {
    match fs::symlink_metadata(path) {
        Ok(meta) => Ok(Some(meta)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::io("read", path, error)),
    }
}
