//! Docker archives, by their `manifest.json` (docker image save, version 1.2 of its layout): images by
//! their configuration, which alone says what their layers must be.

use serde::Deserialize;

use super::choose::{Candidate, choose};
use super::documents::Described;
use super::files::Files;
use super::images::Plan;
use super::{ImageError, Options, limits};
use crate::model::Sha256;

/// An element of `manifest.json`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    config: String,
    repo_tags: Option<Vec<String>>,
    layers: Option<Vec<String>>,
}

/// Whether `manifest` is a list of images, of which all parts are there.
pub(super) fn lists(manifest: &[u8], has: impl Fn(&str) -> bool) -> bool {
    let Ok(entries) = serde_json::from_slice::<Vec<Entry>>(manifest) else {
        return false;
    };
    let whole = |entry: &Entry| {
        let mut layers = entry.layers.iter().flatten();
        has(&entry.config) && layers.all(|layer| has(layer))
    };
    !entries.is_empty() && entries.iter().all(whole)
}

/// Finds the images.
pub(super) fn read(files: &Files, options: &Options<'_>) -> Result<Vec<Plan>, ImageError> {
    let place = &files.place;
    let bytes = files.bytes("manifest.json", limits::INDEX)?;
    let entries: Vec<Entry> = files.json("manifest.json", &bytes)?;
    if entries.len() > limits::IMAGES {
        return Err(place.limit("images", limits::IMAGES as u64));
    }
    let candidates = entries.into_iter().map(|entry| Candidate {
        names: entry.repo_tags.clone().unwrap_or_default(),
        digest: entry.config.clone(),
        what: entry,
    });
    let chosen = choose(candidates.collect(), options.tag, place)?;
    let (mut plans, mut others) = (Vec::new(), Vec::new());
    for entry in chosen {
        let bytes = files.bytes(&entry.config, limits::DOCUMENT)?;
        let digest = Sha256::of(&bytes);
        if let Some(expected) = named(&entry.config)
            && expected != digest
        {
            return Err(ImageError::Digest {
                place: place.clone(),
                what: "the configuration".into(),
                expected,
                found: digest,
            });
        }
        let described = Described::parse(&bytes, digest, place)?;
        if !described.linux
            || options
                .arch
                .is_some_and(|wanted| described.arch != Some(wanted))
        {
            others.push(described.platform);
            continue;
        }
        let layers = entry.layers.unwrap_or_default();
        let mut plan = Plan::new(described, layers.len(), place)?;
        for (file, planned) in layers.into_iter().zip(&mut plan.layers) {
            planned.size = files.open(&file)?.size;
            planned.file = file;
        }
        plan.join(&mut plans, place)?;
    }
    Plan::sort(plans, options.arch, others, place)
}

/// The digest that a file's name promises: `HEX.json`, `sha256:HEX`, `blobs/sha256/HEX`.
fn named(file: &str) -> Option<Sha256> {
    let name = file.rsplit('/').next()?;
    let name = name.strip_suffix(".json").unwrap_or(name);
    Sha256::from_hex(name.strip_prefix("sha256:").unwrap_or(name)).ok()
}
