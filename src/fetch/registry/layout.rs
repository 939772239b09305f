//! The directory that an image is pulled into: an OCI image layout (image-spec, image-layout.md).

use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;
use serde_json::{Map, Value, json};

use super::document::Blob;
use super::{ImageReference, RegistryError};
use crate::model::Sha256;
use crate::store::{Partial, Store};

/// The annotation of a tag.
const REF_NAME: &str = "org.opencontainers.image.ref.name";
/// Where blobs are until they are whole.
const UNFINISHED: &str = ".unfinished";

/// A layout that is being made. It is one only when [`Layout::finish`] has named what it holds.
pub(super) struct Layout<'a> {
    root: &'a Path,
    /// Downloads are a store's affair: what comes is hashed, and gone on with when it was cut.
    unfinished: Store,
}

impl<'a> Layout<'a> {
    /// Begins one in a directory that is absent or empty.
    pub(super) fn begin(root: &'a Path) -> Result<Self, RegistryError> {
        match fs::read_dir(root) {
            Ok(mut entries) => {
                if entries.next().is_some() {
                    return Err(RegistryError::Occupied { path: root.into() });
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(wrong(root)(error)),
        }
        let blobs = root.join("blobs/sha256");
        fs::create_dir_all(&blobs).map_err(wrong(&blobs))?;
        Ok(Self {
            root,
            unfinished: Store::open(root.join(UNFINISHED))?,
        })
    }

    fn path(&self, digest: &Sha256) -> PathBuf {
        self.root.join("blobs/sha256").join(digest.hex())
    }

    /// A file for a blob that is to come.
    pub(super) fn partial(&self, blob: Blob) -> Result<Option<Partial>, RegistryError> {
        Ok(self.unfinished.partial(&blob.digest, blob.size)?)
    }

    /// Takes a blob that has come, if its digest holds. `what` names it in errors.
    pub(super) fn take(
        &self,
        partial: Partial,
        blob: Blob,
        what: &str,
    ) -> Result<(), RegistryError> {
        partial.commit(what)?;
        let path = self.path(&blob.digest);
        fs::rename(self.unfinished.path(&blob.digest), &path).map_err(wrong(&path))
    }

    /// Writes a manifest or an index.
    pub(super) fn put(&self, bytes: &[u8]) -> Result<Blob, RegistryError> {
        let digest = Sha256::of(bytes);
        let path = self.path(&digest);
        fs::write(&path, bytes).map_err(wrong(&path))?;
        Ok(Blob {
            digest,
            size: bytes.len() as u64,
        })
    }

    /// The bytes of a blob that is there, which must not be large.
    pub(super) fn read(&self, blob: Blob) -> Result<Vec<u8>, RegistryError> {
        let path = self.path(&blob.digest);
        fs::read(&path).map_err(wrong(&path))
    }

    /// Makes it a layout whose one entry is `top`, under the tag of the reference.
    pub(super) fn finish(
        self,
        top: Blob,
        media_type: &str,
        reference: &ImageReference,
    ) -> Result<(), RegistryError> {
        let unfinished = self.root.join(UNFINISHED);
        drop(self.unfinished);
        match fs::remove_dir_all(&unfinished) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(wrong(&unfinished)(error));
            }
            _ => {}
        }
        let mut entry = Map::new();
        entry.insert("mediaType".into(), media_type.into());
        entry.insert("digest".into(), top.digest.to_string().into());
        entry.insert("size".into(), top.size.into());
        if let Some(tag) = reference.tag() {
            entry.insert("annotations".into(), json!({ REF_NAME: tag }));
        }
        let index = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": [Value::Object(entry)],
        });
        let write = |name: &str, text: String| {
            let path = self.root.join(name);
            fs::write(&path, text).map_err(wrong(&path))
        };
        write("index.json", index.to_string())?;
        write("oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#.into())
    }
}

/// For `map_err`: writing `path` failed.
fn wrong(path: &Path) -> impl Fn(io::Error) -> RegistryError + '_ {
    |source| RegistryError::Write {
        path: path.into(),
        source,
    }
}
