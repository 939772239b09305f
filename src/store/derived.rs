//! What stages made from blobs, kept under the digest of their inputs.
//!
//! An entry is its bytes, their number as eight bytes (little-endian), and the SHA-256 of all that.
//! The number tells a large entry that was cut short without reading it whole.

use std::fs;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use super::scratch::ScratchFile;
use super::{Store, StoreError};
use crate::model::{HashingWriter, Sha256};

/// The length and the digest behind an entry's bytes.
const TRAILER: u64 = 8 + 32;

/// Writes one entry of a stage, which appears under its key when it is whole.
#[derive(Debug)]
pub struct DerivedWriter {
    inner: HashingWriter<ScratchFile>,
    length: u64,
    store: Store,
    path: PathBuf,
}

impl Store {
    /// Where the stage's entry for `key` lies, whether or not it is there.
    pub fn derived_path(&self, stage: &str, revision: u32, key: &Sha256) -> PathBuf {
        let hex = key.hex();
        let mut path = self.root().join("derived");
        path.push(format!("{stage}-{revision}"));
        path.push(&hex[..2]);
        path.push(hex);
        path
    }

    /// A small entry, checked against the digest it carries; `None` where it is absent or damaged
    /// (then it is dropped).
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn derived(
        &self,
        stage: &str,
        revision: u32,
        key: &Sha256,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.derived_path(stage, revision, key);
        let Some((mut file, _)) = self.open_file(&path)? else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)
            .map_err(|error| StoreError::io("read", &path, error))?;
        match payload(&bytes) {
            Some(length) => {
                bytes.truncate(length);
                Ok(Some(bytes))
            }
            None => {
                let _ = self.discard(&path);
                Ok(None)
            }
        }
    }

    /// Opens an entry for reads at positions below the returned length; `None` where it is absent or
    /// was cut short (then it is dropped). Its bytes are not hashed: whoever copies from it checks
    /// the digest of what is made, and drops the entry with [`Store::drop_derived`] when in doubt.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn open_derived(
        &self,
        stage: &str,
        revision: u32,
        key: &Sha256,
    ) -> Result<Option<(fs::File, u64)>, StoreError> {
        let path = self.derived_path(stage, revision, key);
        let Some((mut file, size)) = self.open_file(&path)? else {
            return Ok(None);
        };
        let length = recorded_length(&mut file, size)
            .and_then(|length| file.rewind().map(|()| length))
            .map_err(|error| StoreError::io("read", &path, error))?;
        if length.is_none() {
            let _ = self.discard(&path);
        }
        Ok(length.map(|length| (file, length)))
    }

    /// As [`Store::open_derived`], after all of its bytes were hashed; a damaged entry is dropped.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn open_derived_verified(
        &self,
        stage: &str,
        revision: u32,
        key: &Sha256,
    ) -> Result<Option<(fs::File, u64)>, StoreError> {
        let Some((mut file, length)) = self.open_derived(stage, revision, key)? else {
            return Ok(None);
        };
        let path = self.derived_path(stage, revision, key);
        if verify(&mut file).map_err(|error| StoreError::io("read", &path, error))? {
            return Ok(Some((file, length)));
        }
        let _ = self.discard(&path);
        Ok(None)
    }

    /// Drops an entry that proved wrong, so that it is made again.
    pub fn drop_derived(&self, stage: &str, revision: u32, key: &Sha256) {
        let _ = self.discard(&self.derived_path(stage, revision, key));
    }

    /// Starts an entry of a stage.
    ///
    /// # Errors
    /// When no file can be made.
    pub fn derived_writer(
        &self,
        stage: &str,
        revision: u32,
        key: &Sha256,
    ) -> Result<DerivedWriter, StoreError> {
        Ok(DerivedWriter {
            inner: HashingWriter::new(self.temporary()?),
            length: 0,
            store: self.clone(),
            path: self.derived_path(stage, revision, key),
        })
    }

    /// Keeps an entry of a stage.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put_derived(
        &self,
        stage: &str,
        revision: u32,
        key: &Sha256,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        let mut writer = self.derived_writer(stage, revision, key)?;
        writer
            .write_all(bytes)
            .map_err(|error| StoreError::io("write to the store", &writer.path, error))?;
        writer.commit()
    }
}

impl DerivedWriter {
    /// How many bytes were written so far: the offset of the next.
    pub fn position(&self) -> u64 {
        self.length
    }

    /// Keeps what was written.
    ///
    /// # Errors
    /// When it cannot be kept.
    pub fn commit(mut self) -> Result<(), StoreError> {
        let wrong = |error| StoreError::io("write to the store", &self.path, error);
        self.inner
            .write_all(&self.length.to_le_bytes())
            .map_err(wrong)?;
        let (mut file, digest, _) = self.inner.finish();
        file.write_all(digest.as_bytes()).map_err(wrong)?;
        self.store.place(file, &self.path)
    }
}

impl Write for DerivedWriter {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(buf)?;
        self.length += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// The length of the payload of a whole, undamaged entry.
fn payload(entry: &[u8]) -> Option<usize> {
    let length = entry.len().checked_sub(TRAILER as usize)?;
    let (body, digest) = entry.split_at(length + 8);
    let whole =
        body[length..] == (length as u64).to_le_bytes() && Sha256::of(body).as_bytes() == digest;
    whole.then_some(length)
}

/// The length that an entry of `size` bytes says it has, where that agrees.
fn recorded_length(file: &mut fs::File, size: u64) -> io::Result<Option<u64>> {
    let Some(length) = size.checked_sub(TRAILER) else {
        return Ok(None);
    };
    let mut recorded = [0; 8];
    file.seek(SeekFrom::Start(length))?;
    file.read_exact(&mut recorded)?;
    Ok((u64::from_le_bytes(recorded) == length).then_some(length))
}

/// Whether an entry is whole and undamaged; reads it once.
pub(super) fn verify(file: &mut fs::File) -> io::Result<bool> {
    let size = file.metadata()?.len();
    let Some(length) = recorded_length(file, size)? else {
        return Ok(false);
    };
    file.rewind()?;
    let found = super::blob::digest_of(&mut Read::by_ref(file).take(length + 8))?;
    let mut carried = [0; 32];
    file.read_exact(&mut carried)?;
    Ok(found.as_bytes() == &carried)
}
