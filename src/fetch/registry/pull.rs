//! From a reference to a layout: the index, its manifests, their configurations, then the layers.

use std::collections::BTreeMap;
use std::path::Path;

use super::access::Access;
use super::document::{self, Blob, Content, Document, Entry, Manifest, configured, distinct, fits};
use super::layout::Layout;
use super::{ImageReference, RegistryError};
use crate::fetch::blobs::at_once;
use crate::fetch::retry::Pace;
use crate::fetch::{Network, Shown};
use crate::model::{Arch, Sha256};
use crate::progress::Progress;

/// Pulls an image, for one architecture or for all that there are, into a layout at `into`, which is
/// absent or empty; the digest that the tag points at. The largest blobs come first,
/// `network.jobs` at once. After a failure what has come stays there, and is no layout.
///
/// # Errors
/// When the registry does not have it, does not give it, or gives something else; when it is no
/// image or has none for `arch`; when `into` cannot be written.
pub fn pull(
    network: &Network,
    progress: &dyn Progress,
    reference: &ImageReference,
    arch: Option<Arch>,
    into: &Path,
) -> Result<Sha256, RegistryError> {
    pull_at_pace(network, progress, reference, arch, into, Pace::default())
}

pub(super) fn pull_at_pace(
    network: &Network,
    progress: &dyn Progress,
    reference: &ImageReference,
    arch: Option<Arch>,
    into: &Path,
    pace: Pace,
) -> Result<Sha256, RegistryError> {
    if network.offline {
        return Err(RegistryError::Offline {
            image: reference.to_string(),
        });
    }
    let pull = Pull {
        access: Access::new(network, reference, pace),
        layout: Layout::begin(into)?,
        jobs: network.jobs,
        progress,
        reference,
        arch,
    };
    let bytes = pull.access.top()?;
    let top = pull.layout.put(&bytes)?;
    let document = Document::parse(&bytes, &reference.to_string())?;
    drop(bytes);
    let images = match document.content {
        Content::Image(manifest) => vec![(None, manifest)],
        Content::Index(entries) => pull.manifests(entries)?,
    };
    pull.blobs(images)?;
    pull.layout.finish(top, document.media_type, reference)?;
    Ok(top.digest)
}

struct Pull<'a> {
    access: Access<'a>,
    layout: Layout<'a>,
    jobs: usize,
    progress: &'a dyn Progress,
    reference: &'a ImageReference,
    arch: Option<Arch>,
}

/// An image, and its platform where the index names it.
type Image = (Option<String>, Manifest);

impl Pull<'_> {
    /// The manifests of an index that are, or may be, for the architecture.
    fn manifests(&self, entries: Vec<Entry>) -> Result<Vec<Image>, RegistryError> {
        let platforms = entries.iter().filter_map(|entry| entry.platform.as_deref());
        let found = document::names(platforms);
        let mut wanted: BTreeMap<Sha256, Entry> = BTreeMap::new();
        for entry in entries {
            if fits(entry.platform.as_deref(), self.arch) {
                wanted.insert(entry.manifest.digest, entry);
            }
        }
        if wanted.is_empty() {
            return Err(self.no_image(found));
        }
        let wanted: Vec<Entry> = wanted.into_values().collect();
        let order: Vec<usize> = (0..wanted.len()).collect();
        let mut read = at_once(self.jobs, &order, |place| {
            let entry = &wanted[place];
            let bytes = self.access.manifest(entry.manifest)?;
            let what = format!("{}@{}", self.reference, entry.manifest.digest);
            self.layout.put(&bytes)?;
            match Document::parse(&bytes, &what)?.content {
                Content::Image(manifest) => Ok((entry.platform.clone(), manifest)),
                Content::Index(_) => Err(RegistryError::Unsupported {
                    what: self.reference.to_string(),
                    why: "it is an index of indexes".into(),
                }),
            }
        })?;
        read.sort_by_key(|(place, _)| *place);
        Ok(read.into_iter().map(|(_, image)| image).collect())
    }

    /// The configurations, then the layers of those images that are for the architecture.
    fn blobs(&self, images: Vec<Image>) -> Result<(), RegistryError> {
        let configs = images.iter().map(|(_, manifest)| manifest.config);
        self.bring("configuration", configs)?;
        let mut found = Vec::new();
        let mut layers = Vec::new();
        for (platform, manifest) in images {
            let platform = match (platform, self.arch) {
                (None, Some(_)) => {
                    let what = format!("the configuration {}", manifest.config.digest);
                    configured(&self.layout.read(manifest.config)?, &what)?
                }
                (platform, _) => platform,
            };
            match fits(platform.as_deref(), self.arch) {
                true => layers.push(manifest.layers),
                false => found.extend(platform),
            }
        }
        if layers.is_empty() {
            return Err(self.no_image(document::names(found.iter().map(String::as_str))));
        }
        self.bring("layer", layers.into_iter().flatten())
    }

    fn bring(&self, kind: &str, blobs: impl Iterator<Item = Blob>) -> Result<(), RegistryError> {
        let blobs = distinct(blobs, &self.reference.to_string())?;
        let bytes = blobs.iter().map(|blob| blob.size).sum();
        self.progress.expect(blobs.len() as u64, bytes);
        let order: Vec<usize> = (0..blobs.len()).collect();
        at_once(self.jobs, &order, |place| {
            let blob = blobs[place];
            let Some(mut partial) = self.layout.partial(blob)? else {
                return Ok(());
            };
            let hex = blob.digest.hex();
            let name = format!("{} {kind} {}", self.reference.short(), &hex[..12]);
            let what = format!("the {kind} {} of {}", blob.digest, self.reference);
            let mut shown = Shown::new(self.progress, &name, Some(blob.size));
            self.access
                .blob(&what, blob, &mut partial, &mut |len| shown.at(len))?;
            self.layout.take(partial, blob, &what)
        })?;
        Ok(())
    }

    fn no_image(&self, found: Vec<String>) -> RegistryError {
        match self.arch {
            Some(arch) => RegistryError::Arch {
                image: self.reference.to_string(),
                arch,
                found,
            },
            None => RegistryError::Unsupported {
                what: self.reference.to_string(),
                why: "it has no image for Linux".into(),
            },
        }
    }
}
