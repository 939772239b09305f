//! Blobs: bytes under their own digest.

use std::fs;
use std::io::{self, Read, Seek, Write};
use std::path::PathBuf;

use super::scratch::ScratchFile;
use super::{Store, StoreError};
use crate::model::{HashingReader, HashingWriter, Sha256};

/// Writes one blob, which appears under its digest when it is whole.
#[derive(Debug)]
pub struct BlobWriter {
    inner: HashingWriter<ScratchFile>,
    store: Store,
}

impl Store {
    /// Where the blob lies, whether or not it is there.
    pub fn path(&self, digest: &Sha256) -> PathBuf {
        let hex = digest.hex();
        let mut path = self.root().join("blobs/sha256");
        path.push(&hex[..2]);
        path.push(hex);
        path
    }

    /// Whether the blob is there; it then stays until this process ends.
    pub fn has(&self, digest: &Sha256) -> bool {
        self.held_size(digest).is_some()
    }

    /// Whether the blob is there with its whole `size`; one of another size is dropped.
    pub fn has_sized(&self, digest: &Sha256, size: u64) -> bool {
        match self.held_size(digest) {
            Some(found) if found == size => true,
            Some(_) => {
                let _ = self.discard(&self.path(digest));
                false
            }
            None => false,
        }
    }

    fn held_size(&self, digest: &Sha256) -> Option<u64> {
        self.session()?;
        let path = self.path(digest);
        let meta = fs::symlink_metadata(&path).ok()?;
        (meta.is_file() && self.hold(&path, &meta)).then_some(meta.len())
    }

    /// Opens a blob; `None` where it is absent. The bytes are not checked again: readers who need
    /// that use [`Store::open_verified`] or [`Store::read`].
    ///
    /// # Errors
    /// When it is there and cannot be opened.
    pub fn open_blob(&self, digest: &Sha256) -> Result<Option<fs::File>, StoreError> {
        let opened = self.open_file(&self.path(digest))?;
        Ok(opened.map(|(file, _)| file))
    }

    /// Opens a blob after its bytes were hashed, once per process; `None` where it is absent or was
    /// damaged (then it is dropped).
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn open_verified(&self, digest: &Sha256) -> Result<Option<fs::File>, StoreError> {
        let path = self.path(digest);
        let Some((mut file, _)) = self.open_file(&path)? else {
            return Ok(None);
        };
        if self.verified().contains(digest) {
            return Ok(Some(file));
        }
        let wrong = |error| StoreError::io("read", &path, error);
        if digest_of(&mut file).map_err(wrong)? != *digest {
            let _ = self.discard(&path);
            return Ok(None);
        }
        file.rewind().map_err(wrong)?;
        self.verified().insert(*digest);
        Ok(Some(file))
    }

    /// The bytes of a blob, checked; `None` where it is absent or was damaged (then it is dropped).
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn read(&self, digest: &Sha256) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.path(digest);
        let Some((mut file, _)) = self.open_file(&path)? else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)
            .map_err(|error| StoreError::io("read", &path, error))?;
        if Sha256::of(&bytes) == *digest {
            return Ok(Some(bytes));
        }
        let _ = self.discard(&path);
        Ok(None)
    }

    /// Takes a blob over from another store, after its bytes were hashed there; `false` where it is
    /// absent or was damaged. It is linked where the file system can, else copied.
    ///
    /// # Errors
    /// When it cannot be read there or kept here.
    pub fn adopt(&self, from: &Self, digest: &Sha256) -> Result<bool, StoreError> {
        let Some(mut file) = from.open_verified(digest)? else {
            return Ok(false);
        };
        let path = self.path(digest);
        let wrong = |error| StoreError::io("write to the store", &path, error);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(wrong)?;
        }
        if fs::hard_link(from.path(digest), &path).is_ok() {
            self.verified().insert(*digest);
            return Ok(true);
        }
        let mut writer = self.writer()?;
        io::copy(&mut file, &mut writer).map_err(wrong)?;
        writer.commit_as(digest, "a blob of another store")?;
        Ok(true)
    }

    /// Starts a blob.
    ///
    /// # Errors
    /// When no file can be made.
    pub fn writer(&self) -> Result<BlobWriter, StoreError> {
        Ok(BlobWriter {
            inner: HashingWriter::new(self.temporary()?),
            store: self.clone(),
        })
    }

    /// Keeps `bytes` as a blob.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn put(&self, bytes: &[u8]) -> Result<Sha256, StoreError> {
        let mut writer = self.writer()?;
        writer
            .write_all(bytes)
            .map_err(|error| StoreError::io("write to the store", self.root(), error))?;
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
        self.store.place(file, &self.store.path(&digest))?;
        self.store.verified().insert(digest);
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
        self.store.place(file, &self.store.path(&found))?;
        self.store.verified().insert(found);
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

/// The digest of everything that `reader` still has.
pub(super) fn digest_of(reader: &mut impl Read) -> io::Result<Sha256> {
    /// Large enough that system calls do not count, small enough for a cache.
    const CHUNK: usize = 128 * 1024;
    let mut hashing = HashingReader::new(reader);
    let mut buffer = vec![0; CHUNK];
    loop {
        match hashing.read(&mut buffer) {
            Ok(0) => return Ok(hashing.finish().0),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
