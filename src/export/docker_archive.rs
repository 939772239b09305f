//! What `docker load` reads (docker image save, version 1.2 of its layout): plain tars of the layers,
//! the image configuration, and `manifest.json`. Compressed layers are refused by some readers, so
//! there are none.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::blocks::encode;
use super::header::header;
use super::layer::Diff;
use super::tar::{END, TarError, pad, write_tar};
use super::{
    Document, Encoder, Event, ExportError, Image, ImageLayer, Output, Reference, Workshop, oci,
};
use crate::model::{Compression, Epoch, Sha256};
use crate::tree::{Blob, Contents, Kind, Location, Meta, Node, TreePath};

/// What a docker archive holds.
#[derive(Debug, Clone)]
pub struct DockerImage {
    /// Name and tar of each layer, the lowest first.
    pub layers: Vec<(String, Diff)>,
    /// The configuration; its digest is the image's ID.
    pub config: Document,
}

/// The only element of `manifest.json`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    config: String,
    repo_tags: [String; 1],
    layers: Vec<String>,
}

/// A file of the archive.
enum Part<'a> {
    Bytes(Vec<u8>),
    Layer(&'a ImageLayer<'a>, Diff),
}

impl Workshop<'_> {
    /// Writes the image as a docker archive.
    ///
    /// # Errors
    /// When a tree is not whole, contents cannot be read or the output cannot be written.
    pub fn docker_archive(
        &self,
        image: &Image<'_>,
        reference: &Reference,
        output: Output<'_>,
    ) -> Result<DockerImage, ExportError> {
        // A tar's name is its digest and comes before it: so the layers are made twice, once to know
        // their digests, unless the store knows them.
        let mut diffs = Vec::with_capacity(image.layers.len());
        for layer in &image.layers {
            diffs.push(self.diff(layer, image.contents)?);
        }
        let config = oci::config(image, &diffs);
        let file = |diff: &Diff| format!("{}.tar", diff.diff_id.hex());
        let entry = Entry {
            config: format!("{}.json", config.digest.hex()),
            repo_tags: [reference.to_string()],
            layers: diffs.iter().map(file).collect(),
        };
        let layers = image.layers.iter().zip(&diffs);
        let mut parts: BTreeMap<String, Part<'_>> = layers
            .map(|(layer, diff)| (file(diff), Part::Layer(layer, *diff)))
            .collect();
        parts.insert(
            "manifest.json".into(),
            Part::Bytes(Document::of(&[&entry]).bytes),
        );
        parts.insert(entry.config, Part::Bytes(config.bytes.clone()));

        output.write(|mut out| {
            for (name, part) in &parts {
                self.part(name, part, image.contents, &mut out)?;
            }
            out.write_all(&END)?;
            Ok(out.flush()?)
        })?;
        let names = image.layers.iter().map(|layer| layer.name.clone());
        let layers = names.zip(diffs).collect();
        Ok(DockerImage { layers, config })
    }

    fn part(
        &self,
        name: &str,
        part: &Part<'_>,
        contents: &dyn Contents,
        out: &mut (impl Write + Send),
    ) -> Result<(), TarError> {
        let size = match part {
            Part::Bytes(bytes) => bytes.len() as u64,
            Part::Layer(_, diff) => diff.size,
        };
        let blob = Blob {
            size,
            sha256: Sha256::of(b""),
            at: Location::Pack { pack: 0, offset: 0 },
        };
        let meta = Meta {
            mode: 0o644,
            mtime: Epoch::DIRECTORY.0,
            ..Meta::default()
        };
        let kind = Kind::File(blob);
        let path: TreePath = name.parse().map_err(io::Error::other)?;
        out.write_all(&header(&path, &Node { meta, kind })?)?;
        match part {
            Part::Bytes(bytes) => out.write_all(bytes)?,
            Part::Layer(layer, diff) => self.layer_part(layer, *diff, contents, out)?,
        }
        Ok(pad(size, out)?)
    }

    fn layer_part(
        &self,
        layer: &ImageLayer<'_>,
        diff: Diff,
        contents: &dyn Contents,
        out: &mut (impl Write + Send),
    ) -> Result<(), TarError> {
        let begin = Event::Begin {
            layer: &layer.name,
            size: diff.size,
        };
        (self.watch)(begin);
        let advance = |bytes| (self.watch)(Event::Advance(bytes));
        let plain = Encoder::from(Compression::None);
        let made = encode(plain, 1, out, &advance, |out| {
            write_tar(layer.tree, contents, out)
        });
        (self.watch)(Event::End);
        if made? != (diff.diff_id, diff.size) {
            self.forget_diff(layer);
            return Err(ExportError::Damaged {
                digest: diff.diff_id,
            }
            .into());
        }
        Ok(())
    }
}
