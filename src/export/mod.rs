//! Writes images: trees and layers in; OCI layouts, archives, tars and directories out.
//!
//! An [`Image`] is layers of one architecture with their configuration. [`Workshop::pack`] makes its
//! layers into blobs of the store and its configuration into documents; [`write_layout`] and
//! [`write_oci_archive`] put packed images where they are wanted. [`Workshop::docker_archive`] needs
//! no blobs, [`Workshop::tar`] and [`write_dir`] no layers: they take one merged tree.
//!
//! Guaranteed: the same trees and configuration give the same bytes, for any number of threads
//! (docs/canonical.md). An output appears whole or not at all. Memory does not grow with the image.

mod blocks;
mod dir;
mod docker_archive;
mod encoder;
mod error;
mod header;
mod layer;
mod layout;
mod oci;
mod oci_archive;
mod output;
mod reference;
mod rights;
mod tar;
#[cfg(test)]
mod testing;

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufWriter, Write};

use crate::model::{Arch, Compression, Epoch, ImageConfig, Sha256};
use crate::store::Store;
use crate::tree::{Contents, Tree};

pub use dir::{Dropped, dir_fits, write_dir};
pub use docker_archive::DockerImage;
pub use encoder::Encoder;
pub use error::ExportError;
pub use layer::{Diff, LayerBlob};
pub use layout::{layout_fits, write_layout};
pub use oci::Document;
pub use oci_archive::write_oci_archive;
pub use output::{Output, file_fits};
pub use reference::Reference;
pub use tar::{check, tar_size};

/// One layer of an image.
#[derive(Debug, Clone)]
pub struct ImageLayer<'a> {
    /// The group's name, `system` or `files`.
    pub name: String,
    /// Its filesystem, with every parent directory.
    pub tree: &'a Tree,
}

/// An image of one architecture.
#[derive(Clone)]
pub struct Image<'a> {
    /// The architecture.
    pub arch: Arch,
    /// `created` of the configuration and its history.
    pub epoch: Epoch,
    /// Lowest first.
    pub layers: Vec<ImageLayer<'a>>,
    /// `image:` of the manifest.
    pub config: &'a ImageConfig,
    /// `image.user` as numbers.
    pub user: Option<&'a str>,
    /// Where the contents of all layers lie.
    pub contents: &'a dyn Contents,
}

impl fmt::Debug for Image<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Image")
            .field("arch", &self.arch)
            .field("layers", &self.layers.len())
            .finish_non_exhaustive()
    }
}

/// What is told of a layer being made. One layer is made at a time.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// It begins; what the store has already is not made and not told.
    Begin {
        /// The layer's name.
        layer: &'a str,
        /// The size of its tar in bytes.
        size: u64,
    },
    /// So many more bytes of the tar are made.
    Advance(u64),
    /// It ended, well or not.
    End,
}

/// What exporting works with.
#[derive(Clone, Copy)]
pub struct Workshop<'a> {
    /// Where finished layers are kept.
    pub store: &'a Store,
    /// How many threads compress.
    pub threads: usize,
    /// Is told how far things are.
    pub watch: &'a (dyn Fn(Event<'_>) + Sync),
}

impl fmt::Debug for Workshop<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workshop")
            .field("store", &self.store)
            .field("threads", &self.threads)
            .finish_non_exhaustive()
    }
}

/// An image whose layers are blobs of the store.
#[derive(Debug, Clone)]
pub struct PackedImage {
    /// The architecture.
    pub arch: Arch,
    /// Name and blob of each layer, the lowest first.
    pub layers: Vec<(String, LayerBlob)>,
    /// The configuration; its digest is the image's ID.
    pub config: Document,
    /// The image manifest.
    pub manifest: Document,
    /// Of the manifest, and of the index over several.
    pub annotations: BTreeMap<String, String>,
}

impl Workshop<'_> {
    /// Makes the layers' blobs, as far as the store has not got them, and the documents.
    ///
    /// # Errors
    /// When a tree is not whole, contents cannot be read or the store cannot be written.
    pub fn pack(
        &self,
        image: &Image<'_>,
        compression: Compression,
    ) -> Result<PackedImage, ExportError> {
        let mut blobs = Vec::with_capacity(image.layers.len());
        for layer in &image.layers {
            blobs.push(self.layer(layer, image.contents, compression)?);
        }
        let diffs: Vec<Diff> = blobs.iter().map(|blob| blob.diff).collect();
        let config = oci::config(image, &diffs);
        let annotations = image.config.annotations.clone();
        let manifest = oci::manifest(&config, &blobs, compression, &annotations);
        let names = image.layers.iter().map(|layer| layer.name.clone());
        Ok(PackedImage {
            arch: image.arch,
            layers: names.zip(blobs).collect(),
            config,
            manifest,
            annotations,
        })
    }

    /// The diff IDs of the layers and the configuration that they make; no blob is kept.
    ///
    /// # Errors
    /// When a tree is not whole or contents cannot be read.
    pub fn describe(&self, image: &Image<'_>) -> Result<(Vec<Diff>, Document), ExportError> {
        let layers = image.layers.iter();
        let diffs: Vec<Diff> = layers
            .map(|layer| self.diff(layer, image.contents))
            .collect::<Result<_, _>>()?;
        let config = oci::config(image, &diffs);
        Ok((diffs, config))
    }

    /// Writes the tar of a merged tree; its digest and size.
    ///
    /// # Errors
    /// When the tree is not whole, its contents cannot be read or the output cannot be written.
    pub fn tar(
        &self,
        tree: &Tree,
        contents: &dyn Contents,
        output: Output<'_>,
    ) -> Result<(Sha256, u64), ExportError> {
        let size = tar_size(tree)?;
        let layer = "tar";
        (self.watch)(Event::Begin { layer, size });
        let advance = |bytes| (self.watch)(Event::Advance(bytes));
        let made = output.write(|mut out| {
            let plain = Encoder::from(Compression::None);
            blocks::encode(plain, 1, &mut out, &advance, |out| {
                tar::write_tar(tree, contents, out)
            })
        });
        (self.watch)(Event::End);
        made
    }
}

/// Writes the tar of a tree to wherever it is going; whether all of it went there.
///
/// # Errors
/// When the tree is not whole or its contents cannot be read.
pub fn stream_tar(
    tree: &Tree,
    contents: &dyn Contents,
    out: &mut dyn Write,
) -> Result<io::Result<()>, ExportError> {
    let mut out = BufWriter::with_capacity(STREAM, out);
    match tar::write_tar(tree, contents, &mut out) {
        Ok(()) => Ok(out.flush()),
        Err(tar::TarError::Write(error)) => Ok(Err(error)),
        Err(tar::TarError::Tree(error)) => Err(error),
    }
}

/// What goes through a pipe at once, in bytes.
const STREAM: usize = 64 << 10;

/// The digest of the index over several images, as a tag would point at it; `None` for one.
pub fn index_digest(images: &[PackedImage]) -> Option<Sha256> {
    (images.len() > 1).then(|| Top::document(images).1.digest)
}

/// What a tag points at.
struct Top {
    /// As `index.json` has it.
    descriptor: oci::Descriptor,
    /// Its digest.
    digest: Sha256,
    /// The index over several images, which is a blob of its own.
    index: Option<Document>,
}

impl Top {
    /// The manifest of the only image, or an index over several, and its media type.
    fn document(images: &[PackedImage]) -> (&'static str, Document) {
        if let [image] = images {
            return (oci::MANIFEST, image.manifest.clone());
        }
        let mut images: Vec<_> = images.iter().collect();
        images.sort_by_key(|image| image.arch);
        let annotations = images.first().map(|image| image.annotations.clone());
        let manifests = images.iter().map(|image| (image.arch, &image.manifest));
        let index = oci::index(manifests, &annotations.unwrap_or_default());
        (oci::INDEX, index)
    }

    fn of(images: &[PackedImage], reference: &Reference) -> Self {
        let (kind, document) = Self::document(images);
        let index = (kind == oci::INDEX).then(|| document.clone());
        let mut descriptor = oci::Descriptor::of(kind, &document);
        descriptor.annotations = BTreeMap::from([
            (layout::REF_NAME.into(), reference.tag().into()),
            ("io.containerd.image.name".into(), reference.to_string()),
        ]);
        Self {
            descriptor,
            digest: document.digest,
            index,
        }
    }
}
