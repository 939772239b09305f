//! The OCI image layout: a directory of blobs with an index of tags (image-spec, image-layout.md).
//!
//! A new layout is made beside its place and renamed into it. Into one that is there, blobs are added
//! by rename and then `index.json` is replaced, under a lock on the directory that all rootlocks
//! take: a reader sees the old tags or the new ones, and two writers lose neither's.

use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use fs_err as fs;
use serde_json::{Value, json};

use super::output::place;
use super::{ExportError, PackedImage, Reference, Top, oci};
use crate::model::{HashingWriter, Sha256};
use crate::store::Store;
use crate::store::scratch::{dir_beside, file_beside};

/// The annotation of a tag.
pub(crate) const REF_NAME: &str = "org.opencontainers.image.ref.name";
/// The file that makes a directory a layout.
pub(crate) const MARK: (&str, &[u8]) = ("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#);
/// The tags.
pub(crate) const INDEX: &str = "index.json";
/// What an index of someone else's may have at most, in bytes: some 50,000 tags.
const MAX_INDEX: u64 = 16 << 20;
/// How often a place that changes while it is looked at is looked at again.
const ATTEMPTS: u32 = 8;

/// Writes `images`, one for each architecture, to the layout at `out` under the tag of `reference`;
/// the digest that the tag points at.
///
/// `out` is absent, an empty directory, or a layout, whose other tags and blobs stay.
///
/// # Errors
/// When something else is at `out`, it cannot be written, or a blob of the store is damaged.
pub fn write_layout(
    out: &Path,
    store: &Store,
    images: &[PackedImage],
    reference: &Reference,
) -> Result<Sha256, ExportError> {
    let layout = Layout { store, out };
    for _ in 0..ATTEMPTS {
        match look(out)? {
            Found::Layout => return layout.add(out, images, reference),
            Found::Nothing => {
                let place = place(out)?;
                let scratch = dir_beside(&place).map_err(ExportError::write(out))?;
                let digest = layout.add(scratch.path(), images, reference)?;
                match scratch.persist(&place) {
                    Ok(()) => return Ok(digest),
                    // Someone else was faster: it is a layout by now, or something to leave alone.
                    Err(error) if in_the_way(error.kind()) => {}
                    Err(error) => return Err(ExportError::write(out)(error)),
                }
            }
        }
    }
    Err(ExportError::Occupied {
        path: out.into(),
        why: "changes all the time",
    })
}

/// Why a directory cannot be renamed to where something has appeared.
fn in_the_way(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{AlreadyExists, DirectoryNotEmpty, NotADirectory};
    matches!(kind, AlreadyExists | DirectoryNotEmpty | NotADirectory)
}

enum Found {
    /// Nothing, or an empty directory.
    Nothing,
    Layout,
}

struct Layout<'a> {
    store: &'a Store,
    /// As the user gave it, for errors.
    out: &'a Path,
}

/// Holds that [`write_layout`] can begin or add to a layout at `out`, as far as what is there tells.
///
/// # Errors
/// When something else is at `out`.
pub fn layout_fits(out: &Path) -> Result<(), ExportError> {
    look(out).map(|_| ())
}

fn look(out: &Path) -> Result<Found, ExportError> {
    let occupied = |why| ExportError::Occupied {
        path: out.into(),
        why,
    };
    match fs::metadata(out) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(ExportError::write(out)(error)),
        Ok(there) if !there.is_dir() => {
            return Err(occupied("is a file, and this format is a directory"));
        }
        Ok(_) => {}
    }
    if fs::metadata(out.join(MARK.0)).is_ok() {
        return Ok(Found::Layout);
    }
    let mut entries = fs::read_dir(out).map_err(ExportError::write(out))?;
    match entries.next() {
        None => Ok(Found::Nothing),
        Some(_) => Err(occupied("is neither empty nor an OCI image layout")),
    }
}

impl Layout<'_> {
    /// Adds the images to the layout at `root`, or begins one there.
    fn add(
        &self,
        root: &Path,
        images: &[PackedImage],
        reference: &Reference,
    ) -> Result<Sha256, ExportError> {
        let write = ExportError::write(self.out);
        let blobs = root.join("blobs/sha256");
        fs::create_dir_all(&blobs).map_err(&write)?;
        let top = Top::of(images, reference);
        for image in images {
            for (_, layer) in &image.layers {
                self.place(root, &blobs, layer.digest, layer.size)?;
            }
            for document in [&image.config, &image.manifest] {
                put(root, &blobs.join(document.digest.hex()), &document.bytes).map_err(&write)?;
            }
        }
        if let Some(index) = &top.index {
            put(root, &blobs.join(index.digest.hex()), &index.bytes).map_err(&write)?;
        }
        let lock = fs::File::open(root).map_err(&write)?;
        let exclusive = rustix::fs::FlockOperation::LockExclusive;
        rustix::fs::flock(&lock, exclusive).map_err(|error| write(error.into()))?;
        let descriptor = serde_json::to_value(&top.descriptor).unwrap_or_default();
        let tags = self.tags(root, descriptor)?;
        put(root, &root.join(INDEX), &tags).map_err(&write)?;
        if !root.join(MARK.0).exists() {
            put(root, &root.join(MARK.0), MARK.1).map_err(&write)?;
        }
        Ok(top.digest)
    }

    /// `index.json` with the tag of `descriptor` moved to it.
    fn tags(&self, root: &Path, descriptor: Value) -> Result<Vec<u8>, ExportError> {
        let path = root.join(INDEX);
        let wrong = |source| ExportError::Layout {
            path: path.clone(),
            source,
        };
        let malformed = |what: &str| wrong(io::Error::new(io::ErrorKind::InvalidData, what));
        let old = match bounded(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(fresh(&descriptor)),
            Err(error) => return Err(wrong(error)),
        };
        let mark = bounded(&root.join(MARK.0)).map_err(&wrong)?;
        let mark: Value = serde_json::from_slice(&mark).unwrap_or_default();
        if !mark["imageLayoutVersion"]
            .as_str()
            .is_some_and(|version| version.starts_with("1."))
        {
            return Err(malformed("the file oci-layout names no version 1"));
        }
        let mut index: Value = serde_json::from_slice(&old)
            .map_err(|error| wrong(io::Error::new(io::ErrorKind::InvalidData, error)))?;
        if index["schemaVersion"] != 2 {
            return Err(malformed("its schemaVersion is not 2"));
        }
        let Some(manifests) = index.get_mut("manifests").and_then(Value::as_array_mut) else {
            return Err(malformed("it has no list of manifests"));
        };
        let tag = |entry: &Value| entry["annotations"][REF_NAME].clone();
        let own = tag(&descriptor);
        let at = manifests.iter().position(|entry| tag(entry) == own);
        manifests.retain(|entry| tag(entry) != own);
        manifests.insert(at.unwrap_or(manifests.len()), descriptor);
        Ok(serde_json::to_vec(&index).unwrap_or(old))
    }

    /// Copies a blob of the store, unless it is there with its size already.
    fn place(
        &self,
        root: &Path,
        blobs: &Path,
        digest: Sha256,
        size: u64,
    ) -> Result<(), ExportError> {
        let path = blobs.join(digest.hex());
        if fs::metadata(&path).is_ok_and(|there| there.is_file() && there.len() == size) {
            return Ok(());
        }
        let write = ExportError::write(self.out);
        let Some(mut blob) = self.store.open_blob(&digest)? else {
            return Err(ExportError::Damaged { digest });
        };
        let mut copy = HashingWriter::new(file_beside(&root.join(INDEX)).map_err(&write)?);
        io::copy(&mut blob, &mut copy).map_err(&write)?;
        let (file, found, _) = copy.finish();
        if found != digest {
            return Err(drop_blob(self.store, digest));
        }
        file.persist(&path).map_err(&write)?;
        Ok(())
    }
}

/// Takes a blob that is not what its name says out of the store.
pub(super) fn drop_blob(store: &Store, digest: Sha256) -> ExportError {
    let path = store.path(&digest);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => ExportError::write(&path)(error),
        _ => ExportError::Damaged { digest },
    }
}

/// An `index.json` that holds one tag.
pub(super) fn fresh(descriptor: &impl serde::Serialize) -> Vec<u8> {
    let descriptor = serde_json::to_value(descriptor).unwrap_or_default();
    let index = json!({"schemaVersion": 2, "mediaType": oci::INDEX, "manifests": [descriptor]});
    serde_json::to_vec(&index).unwrap_or_default()
}

/// Makes `path` hold `bytes`, by rename, unless it does already.
fn put(root: &Path, path: &PathBuf, bytes: &[u8]) -> io::Result<()> {
    let there = fs::metadata(path);
    let same_size = there.is_ok_and(|there| there.len() == bytes.len() as u64);
    if same_size && fs::read(path)? == bytes {
        return Ok(());
    }
    let mut file = file_beside(&root.join(INDEX))?;
    file.write_all(bytes)?;
    file.persist(path)
}

/// A file of a stranger's, if it is no larger than [`MAX_INDEX`].
fn bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = fs::File::open(path)?
        .take(MAX_INDEX + 1)
        .read_to_end(&mut bytes)?;
    if read as u64 > MAX_INDEX {
        return Err(io::Error::other("it is over 16 MiB"));
    }
    Ok(bytes)
}

#[cfg(test)]
#[path = "layout_tests.rs"]
mod tests;
