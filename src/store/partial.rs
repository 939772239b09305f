//! Downloads that are not finished: they outlive the process, so that the next one goes on.
//!
//! `STORE/tmp/partial-DIGEST` holds the first bytes of a blob, as some source gave them. They are
//! worth nothing until the digest of the whole holds, and only then the file becomes the blob.

use std::fs;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::PathBuf;

use sha2::Digest as _;

use super::{Store, StoreError};
use crate::model::Sha256;

/// The beginning of a blob, held by this process alone.
#[derive(Debug)]
pub struct Partial {
    file: fs::File,
    path: PathBuf,
    store: Store,
    digest: Sha256,
    hasher: sha2::Sha256,
    len: u64,
}

impl Store {
    /// Opens what is there of a blob of `size` bytes, waiting for a process that is at it; `None`
    /// when the whole blob is there (by then).
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn partial(&self, digest: &Sha256, size: u64) -> Result<Option<Partial>, StoreError> {
        let directory = self.root().join("tmp");
        let path = directory.join(format!("partial-{}", digest.hex()));
        let wrong = |error| StoreError::io("write to the store", &path, error);
        fs::create_dir_all(&directory).map_err(wrong)?;
        loop {
            if self.has_sized(digest, size) {
                return Ok(None);
            }
            let file = fs::OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(&path)
                .map_err(wrong)?;
            file.lock().map_err(wrong)?;
            // Whoever held it may have made the file a blob, or dropped it.
            let own = file.metadata().map_err(wrong)?;
            let same = |there: fs::Metadata| (there.dev(), there.ino()) == (own.dev(), own.ino());
            if !fs::symlink_metadata(&path).is_ok_and(same) {
                continue;
            }
            let mut partial = Partial {
                file,
                path: path.clone(),
                store: self.clone(),
                digest: *digest,
                hasher: sha2::Sha256::new(),
                len: 0,
            };
            partial.resume(size).map_err(wrong)?;
            return Ok(Some(partial));
        }
    }
}

impl Partial {
    /// How many bytes are there.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether nothing is there.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Forgets what is there.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn restart(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.hasher = sha2::Sha256::new();
        self.len = 0;
        Ok(())
    }

    /// The digest of what is there.
    pub fn digest(&self) -> Sha256 {
        Sha256::from_bytes(self.hasher.clone().finalize().into())
    }

    /// Makes it the blob. A whole file of other bytes is dropped.
    ///
    /// # Errors
    /// When the bytes are others, or cannot be kept. `what` names them in the error.
    pub fn commit(self, what: &str) -> Result<(), StoreError> {
        let found = self.digest();
        if found != self.digest {
            self.drop_file();
            return Err(StoreError::Digest {
                what: what.into(),
                expected: self.digest,
                found,
            });
        }
        let to = self.store.path(&self.digest);
        let wrong = |error| StoreError::io("write to the store", &to, error);
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent).map_err(wrong)?;
        }
        self.file
            .set_permissions(fs::Permissions::from_mode(0o444))
            .map_err(wrong)?;
        if fs::symlink_metadata(&to).is_ok_and(|meta| meta.is_dir()) {
            self.store.discard(&to).map_err(wrong)?;
        }
        fs::rename(&self.path, &to).map_err(wrong)?;
        // It may have been whole for long, and is used only now.
        self.store.has(&self.digest);
        self.store.verified().insert(self.digest);
        Ok(())
    }

    /// Reads what is there, from its beginning.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn reader(&self) -> io::Result<fs::File> {
        fs::File::open(&self.path)
    }

    /// Makes it a blob under the digest that it has, whatever it was begun as.
    ///
    /// # Errors
    /// When it cannot be kept.
    pub fn commit_found(mut self, what: &str) -> Result<Sha256, StoreError> {
        self.digest = self.digest();
        let found = self.digest;
        self.commit(what)?;
        Ok(found)
    }

    /// Forgets it for good.
    pub fn drop_file(&self) {
        // What cannot be removed is found wrong, and begun again, by the next process.
        let _ = fs::remove_file(&self.path);
    }

    /// Hashes what an earlier process left.
    fn resume(&mut self, size: u64) -> io::Result<()> {
        if self.file.metadata()?.len() > size {
            return self.restart();
        }
        let mut buffer = vec![0; 128 * 1024];
        loop {
            match self.file.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(read) => {
                    self.hasher.update(&buffer[..read]);
                    self.len += read as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl Write for Partial {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let written = self.file.write(buf)?;
        self.hasher.update(&buf[..written]);
        self.len += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_on_where_another_stopped() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path().join("store")).unwrap();
        let digest = Sha256::of(b"hello");
        let mut first = store.partial(&digest, 5).unwrap().unwrap();
        first.write_all(b"he").unwrap();
        drop(first);
        let mut second = store.partial(&digest, 5).unwrap().unwrap();
        assert_eq!(second.len(), 2);
        second.write_all(b"llo").unwrap();
        second.commit("x").unwrap();
        assert_eq!(store.read(&digest).unwrap().unwrap(), b"hello");
        assert!(store.partial(&digest, 5).unwrap().is_none());
    }

    #[test]
    fn other_bytes_are_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path().join("store")).unwrap();
        let digest = Sha256::of(b"hello");
        let mut partial = store.partial(&digest, 5).unwrap().unwrap();
        partial.write_all(b"howdy").unwrap();
        assert!(matches!(
            partial.commit("x"),
            Err(StoreError::Digest { .. })
        ));
        assert!(store.partial(&digest, 5).unwrap().unwrap().is_empty());
        assert!(!store.has(&digest));
    }
}
