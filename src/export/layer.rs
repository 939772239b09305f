//! A layer's tree into a blob of the store, made once for each tree and encoder.

use serde::{Deserialize, Serialize};

use super::blocks::encode;
use super::tar::{TarError, check, tar_size, write_tar};
use super::{Encoder, Event, ExportError, ImageLayer, Workshop};
use crate::model::{Compression, Sha256};
use crate::store::Store;
use crate::tree::{Contents, merkle_root};

/// The stage of layers in the store, by [`key`]; raised with every change of the canonical tar.
const LAYER: (&str, u32) = ("layer", 1);
/// The stage of diff IDs, by the tree's Merkle root.
const DIFF: (&str, u32) = ("diff", 1);

/// The uncompressed tar of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Diff {
    /// Its digest, the layer's identity.
    pub diff_id: Sha256,
    /// Its size in bytes.
    pub size: u64,
}

/// A layer as a blob of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayerBlob {
    /// The tar that it holds.
    pub diff: Diff,
    /// Its own digest.
    pub digest: Sha256,
    /// Its own size in bytes.
    pub size: u64,
}

/// Both as the store keeps them.
#[derive(Serialize, Deserialize)]
struct Record {
    diff_id: String,
    size: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    blob: Option<(String, u64)>,
}

impl Record {
    fn read(store: &Store, stage: (&str, u32), key: &Sha256) -> Result<Option<Self>, ExportError> {
        let bytes = store.derived(stage.0, stage.1, key)?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    fn write(&self, store: &Store, stage: (&str, u32), key: &Sha256) -> Result<(), ExportError> {
        let bytes = serde_json::to_vec(self).unwrap_or_default();
        Ok(store.put_derived(stage.0, stage.1, key, &bytes)?)
    }

    fn diff(&self) -> Option<Diff> {
        Some(Diff {
            diff_id: self.diff_id.parse().ok()?,
            size: self.size,
        })
    }

    fn blob(&self) -> Option<LayerBlob> {
        let (digest, size) = self.blob.as_ref()?;
        Some(LayerBlob {
            diff: self.diff()?,
            digest: digest.parse().ok()?,
            size: *size,
        })
    }
}

/// A layer's blob is a function of its tree and the encoder.
fn key(encoder: Encoder, root: &Sha256) -> Sha256 {
    Sha256::of(format!("{encoder}\n{root}\n").as_bytes())
}

impl Workshop<'_> {
    /// The layer's blob, which is in the store afterwards: as it was, when this tree has been a
    /// layer before.
    ///
    /// # Errors
    /// When the tree is not whole, its contents cannot be read or the store cannot be written.
    pub fn layer(
        &self,
        layer: &ImageLayer<'_>,
        contents: &dyn Contents,
        compression: Compression,
    ) -> Result<LayerBlob, ExportError> {
        check(layer.tree)?;
        let encoder = Encoder::from(compression);
        let root = merkle_root(layer.tree);
        let key = key(encoder, &root);
        let known = Record::read(self.store, LAYER, &key)?.and_then(|record| record.blob());
        if let Some(blob) = known
            && self.store.has_sized(&blob.digest, blob.size)
        {
            return Ok(blob);
        }
        let mut writer = self.store.writer()?;
        let diff = self.write_layer(layer, contents, encoder, &mut writer)?;
        let (digest, size) = writer.commit()?;
        let mut record = Record {
            diff_id: diff.diff_id.to_string(),
            size: diff.size,
            blob: None,
        };
        record.write(self.store, DIFF, &root)?;
        record.blob = Some((digest.to_string(), size));
        record.write(self.store, LAYER, &key)?;
        Ok(LayerBlob { diff, digest, size })
    }

    /// The layer's tar, which is kept nowhere.
    ///
    /// # Errors
    /// When the tree is not whole or its contents cannot be read.
    pub fn diff(
        &self,
        layer: &ImageLayer<'_>,
        contents: &dyn Contents,
    ) -> Result<Diff, ExportError> {
        check(layer.tree)?;
        let root = merkle_root(layer.tree);
        if let Some(diff) = Record::read(self.store, DIFF, &root)?.and_then(|known| known.diff()) {
            return Ok(diff);
        }
        let plain = Encoder::from(Compression::None);
        let diff = self.write_layer(layer, contents, plain, &mut std::io::sink())?;
        let record = Record {
            diff_id: diff.diff_id.to_string(),
            size: diff.size,
            blob: None,
        };
        record.write(self.store, DIFF, &root)?;
        Ok(diff)
    }

    /// Forgets what [`Workshop::diff`] remembers of the layer.
    pub(crate) fn forget_diff(&self, layer: &ImageLayer<'_>) {
        self.store
            .drop_derived(DIFF.0, DIFF.1, &merkle_root(layer.tree));
    }

    /// Writes the layer through `encoder`.
    fn write_layer<W: std::io::Write + Send>(
        &self,
        layer: &ImageLayer<'_>,
        contents: &dyn Contents,
        encoder: Encoder,
        out: &mut W,
    ) -> Result<Diff, ExportError> {
        let size = tar_size(layer.tree)?;
        (self.watch)(Event::Begin {
            layer: &layer.name,
            size,
        });
        let advance = |bytes| (self.watch)(Event::Advance(bytes));
        let made = encode(encoder, self.threads, out, &advance, |out| {
            write_tar(layer.tree, contents, out)
        });
        (self.watch)(Event::End);
        match made {
            Ok((diff_id, size)) => Ok(Diff { diff_id, size }),
            Err(TarError::Tree(error)) => Err(error),
            Err(TarError::Write(error)) => Err(ExportError::write(self.store.root())(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::testing::NoPacks;
    use crate::tree::testing::{file, tree};
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn an_unchanged_layer_is_made_once_and_a_lost_blob_again() {
        let home = tempfile::tempdir().unwrap();
        let store = Store::open(home.path()).unwrap();
        let made = AtomicU32::new(0);
        let watch = |event: Event<'_>| {
            if let Event::Begin { .. } = event {
                made.fetch_add(1, Ordering::Relaxed);
            }
        };
        let workshop = Workshop {
            store: &store,
            threads: 2,
            watch: &watch,
        };
        let tree = tree([("a", file("a"))]);
        let layer = ImageLayer {
            name: "base".into(),
            tree: &tree,
        };
        let count = || made.load(Ordering::Relaxed);
        let gzip = workshop.layer(&layer, &NoPacks, Compression::Gzip).unwrap();
        assert_eq!(count(), 1);
        let again = workshop.layer(&layer, &NoPacks, Compression::Gzip).unwrap();
        assert_eq!((again, count()), (gzip, 1));
        assert_eq!(workshop.diff(&layer, &NoPacks).unwrap(), gzip.diff);
        assert_eq!(count(), 1);
        let plain = workshop.layer(&layer, &NoPacks, Compression::None).unwrap();
        assert_eq!(
            (plain.diff, plain.digest, count()),
            (gzip.diff, gzip.diff.diff_id, 2)
        );
        fs_err::remove_file(store.path(&gzip.digest)).unwrap();
        let again = workshop.layer(&layer, &NoPacks, Compression::Gzip).unwrap();
        assert_eq!((again, count()), (gzip, 3));
        assert!(store.has(&gzip.digest));
        workshop.forget_diff(&layer);
        assert_eq!(workshop.diff(&layer, &NoPacks).unwrap(), gzip.diff);
        assert_eq!(count(), 4);
    }
}
