//! OCI image layouts, in a directory or a tar: `index.json`, what it names, and what that names.

use serde::Deserialize;

use super::choose::{Candidate, choose};
use super::documents::{Described, Descriptor, Document, Promise};
use super::error::shown;
use super::files::{Files, blob_name};
use super::images::Plan;
use super::{ImageError, Options, limits};
use crate::model::{Arch, Sha256};

/// What the images of a layout are made of; nothing of the layers was read, but that all are there.
#[derive(Debug)]
pub(super) struct Layout {
    /// What was chosen, where it is an index.
    pub(super) index: Option<Sha256>,
    pub(super) plans: Vec<Plan>,
}

/// Of the file `oci-layout`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Marker {
    image_layout_version: String,
}

/// Finds the images.
pub(super) fn read(files: &Files, options: &Options<'_>) -> Result<Layout, ImageError> {
    let place = &files.place;
    let marker: Marker = files.json("oci-layout", &files.bytes("oci-layout", limits::DOCUMENT)?)?;
    if !marker.image_layout_version.starts_with("1.") {
        return Err(place.unsupported("is an OCI layout of an unknown version"));
    }
    let index: Document = files.json("index.json", &files.bytes("index.json", limits::INDEX)?)?;
    let mut candidates = Vec::new();
    for descriptor in index.manifests.unwrap_or_default() {
        if descriptor.promise() != Promise::Unknown && !descriptor.is_attestation() {
            candidates.push(Candidate {
                names: descriptor.names(),
                digest: descriptor.digest(place)?.hex(),
                what: descriptor,
            });
        }
    }
    let chosen = choose(candidates, options.tag, place)?;
    let mut search = Search {
        files,
        wanted: options.arch,
        seen: 0,
        index: None,
        plans: Vec::new(),
        others: Vec::new(),
    };
    for descriptor in &chosen {
        search.look(descriptor, 0)?;
    }
    search.finish(chosen.len())
}

/// Looks for images below an index.
struct Search<'a> {
    files: &'a Files,
    wanted: Option<Arch>,
    seen: usize,
    /// The topmost index.
    index: Option<Sha256>,
    plans: Vec<Plan>,
    /// The platforms that were passed over.
    others: Vec<String>,
}

impl Search<'_> {
    fn look(&mut self, descriptor: &Descriptor, depth: usize) -> Result<(), ImageError> {
        let place = &self.files.place;
        self.seen += 1;
        if self.seen > limits::IMAGES {
            return Err(place.limit("images in an index", limits::IMAGES as u64));
        }
        let promise = descriptor.promise();
        if descriptor.is_attestation() || promise == Promise::Unknown {
            return Ok(());
        }
        let digest = descriptor.digest(place)?;
        let limit = match promise {
            Promise::Manifest => limits::DOCUMENT,
            _ => limits::INDEX,
        };
        let bytes = match self.files.document(&digest, descriptor.size, limit) {
            // A layout may hold fewer architectures than its index names.
            Err(ImageError::Absent { .. }) if self.is_other(descriptor) => {
                self.others
                    .extend(descriptor.arch().map(|arch| arch.to_string()));
                return Ok(());
            }
            bytes => bytes?,
        };
        let document: Document = self.files.json(&blob_name(&digest), &bytes)?;
        let lies = || {
            place.broken(format!(
                "has {digest}, which is not what its media type says"
            ))
        };
        match document {
            Document {
                fs_layers: Some(_), ..
            }
            | Document {
                schema_version: Some(1),
                ..
            } => {
                Err(place
                    .unsupported("has a manifest of Docker's schema 1, which is not supported"))
            }
            // Readers that look at one half only would see different images (CVE-2021-41190).
            Document {
                manifests: Some(_),
                config,
                layers,
                ..
            } if config.is_some() || layers.is_some() => {
                Err(place.broken(format!("has {digest}, which is both an image and an index")))
            }
            Document {
                manifests: Some(manifests),
                ..
            } if promise != Promise::Manifest => {
                if depth == limits::INDEXES {
                    return Err(place.limit("indexes in one another", limits::INDEXES as u64));
                }
                if depth == 0 {
                    self.index = Some(digest);
                }
                manifests
                    .iter()
                    .try_for_each(|one| self.look(one, depth + 1))
            }
            Document {
                config: Some(config),
                layers,
                ..
            } if promise != Promise::Index => {
                self.image(digest, &config, &layers.unwrap_or_default())
            }
            _ => Err(lies()),
        }
    }

    fn is_other(&self, descriptor: &Descriptor) -> bool {
        let Some(wanted) = self.wanted else {
            return false;
        };
        descriptor.arch().is_some_and(|arch| arch != wanted)
    }

    fn image(
        &mut self,
        manifest: Sha256,
        config: &Descriptor,
        layers: &[Descriptor],
    ) -> Result<(), ImageError> {
        let place = &self.files.place;
        if !config.is_config() {
            return Err(place.unsupported(format!(
                "is no container image: its configuration is `{}`",
                shown(config.media_type.as_bytes())
            )));
        }
        let digest = config.digest(place)?;
        let bytes = self
            .files
            .document(&digest, config.size, limits::DOCUMENT)?;
        let described = Described::parse(&bytes, digest, place)?;
        if !described.linux
            || self
                .wanted
                .is_some_and(|wanted| described.arch != Some(wanted))
        {
            self.others.push(described.platform);
            return Ok(());
        }
        if self
            .plans
            .iter()
            .any(|plan| plan.manifest == Some(manifest))
        {
            return Ok(());
        }
        let mut plan = Plan::new(described, layers.len(), place)?;
        plan.manifest = Some(manifest);
        for (layer, planned) in layers.iter().zip(&mut plan.layers) {
            if !layer.is_layer() {
                return Err(place.unsupported(format!(
                    "has a layer of the unknown type `{}`",
                    shown(layer.media_type.as_bytes())
                )));
            }
            let digest = layer.digest(place)?;
            self.files.blob(&digest, layer.size)?;
            planned.file = blob_name(&digest);
            planned.blob = Some(digest);
            planned.size = layer.size;
        }
        plan.join(&mut self.plans, place)
    }

    fn finish(self, chosen: usize) -> Result<Layout, ImageError> {
        let plans = Plan::sort(self.plans, self.wanted, self.others, &self.files.place)?;
        Ok(Layout {
            index: self.index.filter(|_| chosen == 1),
            plans,
        })
    }
}
