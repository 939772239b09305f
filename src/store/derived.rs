//! What stages made from blobs, kept under the digest of their inputs.

use std::io::{self, Write};
use std::path::PathBuf;

use fs_err as fs;

use super::{Store, StoreError};
use crate::model::Sha256;

impl Store {
    /// Where the stage's entry for `key` lies, whether or not it is there.
    pub fn derived_path(&self, stage: &str, revision: u32, key: &Sha256) -> PathBuf {
        let hex = key.hex();
        self.root()
            .join("derived")
            .join(format!("{stage}-{revision}"))
            .join(&hex[..2])
            .join(hex)
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
        let mut bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let whole = bytes.len().checked_sub(32);
        match whole {
            Some(end) if Sha256::of(&bytes[..end]).as_bytes() == &bytes[end..] => {
                bytes.truncate(end);
                Ok(Some(bytes))
            }
            _ => {
                fs::remove_file(path)?;
                Ok(None)
            }
        }
    }

    /// Keeps an entry of a stage, with its digest behind it.
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
        let path = self.derived_path(stage, revision, key);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut file = tempfile::NamedTempFile::new_in(self.root().join("tmp"))?;
        file.write_all(bytes)?;
        file.write_all(Sha256::of(bytes).as_bytes())?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    }
}
