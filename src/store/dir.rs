//! The store as a directory.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::model::{Class, Explain, HashingWriter, Sha256};

/// The store could not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file system refused.
    #[error("the store cannot be used")]
    Io(#[from] io::Error),
    /// Bytes are not those of their digest.
    #[error("{what} has {found} where {expected} is needed")]
    Digest {
        /// What was written or read.
        what: String,
        /// What it should be.
        expected: Sha256,
        /// What it is.
        found: Sha256,
    },
}

impl Explain for StoreError {
    fn class(&self) -> Class {
        match self {
            Self::Io(_) => Class::Outside,
            Self::Digest { .. } => Class::Untrusted,
        }
    }
}

/// Blobs by digest in one directory, shared by any number of processes.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

/// Writes one blob, which appears under its digest when it is whole.
#[derive(Debug)]
pub struct BlobWriter {
    inner: HashingWriter<tempfile::NamedTempFile>,
    store: Store,
}

impl Store {
    /// Opens the store at `root`, which is made where it does not exist.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let root = root.into();
        for part in ["blobs/sha256", "derived", "tmp"] {
            fs::create_dir_all(root.join(part))?;
        }
        Ok(Self { root })
    }

    /// Its directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the blob lies, whether or not it is there.
    pub fn path(&self, digest: &Sha256) -> PathBuf {
        let hex = digest.hex();
        self.root.join("blobs/sha256").join(&hex[..2]).join(hex)
    }

    /// Whether the blob is there.
    pub fn has(&self, digest: &Sha256) -> bool {
        self.path(digest).is_file()
    }

    /// Opens a blob; `None` where it is absent. The bytes are not checked again: readers who need
    /// that hash them, see [`Store::read`].
    ///
    /// # Errors
    /// When it is there and cannot be opened.
    pub fn open_blob(&self, digest: &Sha256) -> Result<Option<fs::File>, StoreError> {
        match fs::File::open(self.path(digest)) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The bytes of a blob, checked; `None` where it is absent or was damaged (then it is dropped).
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn read(&self, digest: &Sha256) -> Result<Option<Vec<u8>>, StoreError> {
        match fs::read(self.path(digest)) {
            Ok(bytes) if Sha256::of(&bytes) == *digest => Ok(Some(bytes)),
            Ok(_) => {
                fs::remove_file(self.path(digest))?;
                Ok(None)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Starts a blob.
    ///
    /// # Errors
    /// When no file can be made.
    pub fn writer(&self) -> Result<BlobWriter, StoreError> {
        let file = tempfile::Builder::new()
            .prefix("blob-")
            .tempfile_in(self.root.join("tmp"))?;
        Ok(BlobWriter {
            inner: HashingWriter::new(file),
            store: self.clone(),
        })
    }

    /// Keeps `bytes` as a blob.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn put(&self, bytes: &[u8]) -> Result<Sha256, StoreError> {
        let mut writer = self.writer()?;
        writer.write_all(bytes)?;
        writer.commit().map(|(digest, _)| digest)
    }
}

impl BlobWriter {
    /// Keeps what was written; the digest and the size of it.
    ///
    /// # Errors
    /// When it cannot be kept.
    pub fn commit(self) -> Result<(Sha256, u64), StoreError> {
        let (file, digest, size) = self.inner.finish();
        let path = self.store.path(&digest);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        file.persist(&path).map_err(|error| error.error)?;
        Ok((digest, size))
    }

    /// As [`BlobWriter::commit`], but keeps nothing unless the digest is `expected`. `what` names
    /// the bytes in the error.
    ///
    /// # Errors
    /// When the bytes are others, or cannot be kept.
    pub fn commit_as(self, expected: &Sha256, what: &str) -> Result<u64, StoreError> {
        let (file, found, size) = self.inner.finish();
        if found != *expected {
            return Err(StoreError::Digest {
                what: what.into(),
                expected: *expected,
                found,
            });
        }
        let path = self.store.path(&found);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        file.persist(&path).map_err(|error| error.error)?;
        Ok(size)
    }
}

impl Write for BlobWriter {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.inner.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
