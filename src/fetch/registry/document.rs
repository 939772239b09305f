//! What a registry keeps beside blobs: manifests and indexes, of OCI (image-spec 1.1, manifest.md and
//! image-index.md) and of Docker (Image Manifest Version 2, Schema 2).
//!
//! What a document is follows from its own bytes and never from the `Content-Type` that a server
//! gives it, so that one digest always means one thing; a document that could be both is refused.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::RegistryError;
use crate::model::{Arch, Sha256};

const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
const LAYERS: &[&str] = &[
    "application/vnd.oci.image.layer.v1.tar",
    "application/vnd.oci.image.layer.v1.tar+gzip",
    "application/vnd.oci.image.layer.v1.tar+zstd",
    "application/vnd.docker.image.rootfs.diff.tar",
    "application/vnd.docker.image.rootfs.diff.tar.gzip",
    "application/vnd.docker.image.rootfs.diff.tar.zstd",
];
/// What is asked for when a manifest or an index is.
pub(super) const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.docker.distribution.manifest.v2+json";

/// The largest manifest or index in bytes: what the distribution-spec asks registries to take.
pub(super) const MAX_DOCUMENT: u64 = 4 << 20;
/// The largest image configuration in bytes; its history is some hundred bytes a layer.
pub(super) const MAX_CONFIG: u64 = 16 << 20;
/// The largest layer in bytes.
const MAX_LAYER: u64 = 64 << 30;
/// Bytes of blobs in all, each counted once.
const MAX_IN_ALL: u64 = 256 << 30;
/// Manifests of an index; those of Docker Hub with the most have some 30.
const MAX_MANIFESTS: u64 = 256;
/// Layers of an image; Docker and overlayfs stop at some 128.
const MAX_LAYERS: u64 = 1024;
/// Entries that an index says it has are shown in an error up to so many.
const MAX_FOUND: usize = 32;
/// A stranger's word in a message is cut here.
const MAX_SHOWN: usize = 80;

/// A manifest, or an index of several.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) media_type: &'static str,
    pub(super) content: Content,
}

#[derive(Debug)]
pub(super) enum Content {
    Image(Manifest),
    Index(Vec<Entry>),
}

/// An image: its blobs.
#[derive(Debug)]
pub(super) struct Manifest {
    pub(super) config: Blob,
    pub(super) layers: Vec<Blob>,
}

/// Bytes that are known before they come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Blob {
    pub(super) digest: Sha256,
    pub(super) size: u64,
}

/// An image that an index has.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) manifest: Blob,
    /// The platform's architecture and variant in one normal form, where the index says it.
    pub(super) platform: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    schema_version: Option<u64>,
    media_type: Option<String>,
    manifests: Option<Vec<Descriptor>>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    media_type: String,
    digest: String,
    size: u64,
    platform: Option<Platform>,
    annotations: Option<BTreeMap<String, String>>,
    urls: Option<Vec<String>>,
}

/// The platform of an index's entry and, by the same names, of an image configuration.
#[derive(Deserialize)]
struct Platform {
    architecture: Option<String>,
    os: Option<String>,
    variant: Option<String>,
}

impl Document {
    /// Reads a manifest or an index; `what` names it in errors.
    pub(super) fn parse(bytes: &[u8], what: &str) -> Result<Self, RegistryError> {
        let malformed = |why: &str| malformed(what, why);
        let unsupported = |why: String| unsupported(what, why);
        let raw: Raw =
            serde_json::from_slice(bytes).map_err(|error| malformed(&error.to_string()))?;
        match raw.schema_version {
            Some(2) => {}
            Some(1) => {
                return Err(unsupported(
                    "it is in the format that Docker left in 2016 (manifest schema 1), which does not \
                     say what its layers are; push the image anew with a current tool"
                        .into(),
                ));
            }
            _ => return Err(malformed("its schemaVersion is not 2")),
        }
        let declared = raw.media_type.as_deref();
        let (media_type, content) = match (raw.manifests, raw.config, raw.layers) {
            (Some(entries), None, None) => {
                let media_type = agreed(declared, &[OCI_INDEX, DOCKER_LIST]);
                (media_type, Content::Index(images(entries, what)?))
            }
            (None, Some(config), Some(layers)) => {
                let media_type = agreed(declared, &[OCI_MANIFEST, DOCKER_MANIFEST]);
                (media_type, Content::Image(image(&config, &layers, what)?))
            }
            (None, None, None) => {
                return Err(malformed("it lists neither manifests nor layers"));
            }
            (None, ..) => return Err(malformed("it lacks its configuration or its layers")),
            _ => return Err(malformed("it could be an image and an index")),
        };
        let media_type = media_type.ok_or_else(|| {
            unsupported(format!(
                "its type is `{}`",
                shown(declared.unwrap_or_default())
            ))
        })?;
        Ok(Self {
            media_type,
            content,
        })
    }
}

/// The type that a document says it has, or the first, if it is one of those that it can have.
fn agreed(declared: Option<&str>, types: &[&'static str]) -> Option<&'static str> {
    match declared {
        None => types.first().copied(),
        Some(declared) => types.iter().copied().find(|known| *known == declared),
    }
}

/// The Linux images of an index. Left out is what is no image for anyone who looks at file systems:
/// other systems' images, attestations, and what is not known.
fn images(entries: Vec<Descriptor>, what: &str) -> Result<Vec<Entry>, RegistryError> {
    bound(what, entries.len() as u64, "manifests", MAX_MANIFESTS)?;
    let mut images = Vec::new();
    for entry in entries {
        match entry.media_type.as_str() {
            OCI_MANIFEST | DOCKER_MANIFEST => {}
            OCI_INDEX | DOCKER_LIST => {
                return Err(unsupported(what, "it is an index of indexes".into()));
            }
            _ => continue,
        }
        let platform = entry.platform.as_ref();
        if platform.is_some_and(|platform| !platform.is_linux()) || entry.is_attestation() {
            continue;
        }
        images.push(Entry {
            manifest: entry.blob(what, "bytes in a manifest", MAX_DOCUMENT)?,
            platform: platform.and_then(Platform::normal),
        });
    }
    match images.is_empty() {
        true => Err(unsupported(what, "it has no image for Linux".into())),
        false => Ok(images),
    }
}

fn image(
    config: &Descriptor,
    layers: &[Descriptor],
    what: &str,
) -> Result<Manifest, RegistryError> {
    if !matches!(config.media_type.as_str(), OCI_CONFIG | DOCKER_CONFIG) {
        let held = shown(&config.media_type);
        return Err(unsupported(
            what,
            format!("it is no image: it holds `{held}`"),
        ));
    }
    bound(what, layers.len() as u64, "layers", MAX_LAYERS)?;
    let layer = |layer: &Descriptor| {
        let media_type = layer.media_type.as_str();
        let elsewhere = layer.urls.as_ref().is_some_and(|urls| !urls.is_empty());
        if elsewhere || media_type.contains("nondistributable") || media_type.contains("foreign") {
            let why = "it has a layer that is kept outside the registry (not distributable)";
            return Err(unsupported(what, why.into()));
        }
        if !LAYERS.contains(&media_type) {
            let why = format!("it has a layer of type `{}`", shown(media_type));
            return Err(unsupported(what, why));
        }
        layer.blob(what, "bytes in a layer", MAX_LAYER)
    };
    Ok(Manifest {
        config: config.blob(what, "bytes in its configuration", MAX_CONFIG)?,
        layers: layers.iter().map(layer).collect::<Result<_, _>>()?,
    })
}

impl Descriptor {
    fn blob(&self, what: &str, of: &'static str, limit: u64) -> Result<Blob, RegistryError> {
        bound(what, self.size, of, limit)?;
        let digest = self.digest.parse().map_err(|_| {
            let why = format!(
                "it uses the digest `{}`, and only SHA-256 is read",
                shown(&self.digest)
            );
            unsupported(what, why)
        })?;
        Ok(Blob {
            digest,
            size: self.size,
        })
    }

    /// Whether it is what BuildKit puts beside an image to say how it was made.
    fn is_attestation(&self) -> bool {
        let marked =
            |annotations: &BTreeMap<_, _>| annotations.contains_key("vnd.docker.reference.type");
        self.annotations.as_ref().is_some_and(marked)
    }
}

impl Platform {
    /// What says nothing is taken for Linux; `unknown` is what attestations say.
    fn is_linux(&self) -> bool {
        matches!(self.os.as_deref(), None | Some("" | "linux"))
    }

    /// `arm/v7`; variants that only spell out the default are left out, as containerd has it.
    fn normal(&self) -> Option<String> {
        let architecture = self
            .architecture
            .as_deref()
            .filter(|name| !name.is_empty())?;
        let variant = self.variant.as_deref().unwrap_or_default();
        Some(match (architecture, variant) {
            ("arm64", "v8") | ("amd64", "v1") => architecture.to_owned(),
            ("arm", "") => "arm/v7".to_owned(),
            (_, "") => architecture.to_owned(),
            _ => format!("{architecture}/{variant}"),
        })
    }
}

/// The architecture that an image configuration names, in the same normal form.
pub(super) fn configured(bytes: &[u8], what: &str) -> Result<Option<String>, RegistryError> {
    let platform: Platform =
        serde_json::from_slice(bytes).map_err(|error| malformed(what, &error.to_string()))?;
    Ok(platform.normal())
}

/// Each blob once, the largest first; `what` names the image in errors.
pub(super) fn distinct(
    blobs: impl Iterator<Item = Blob>,
    what: &str,
) -> Result<Vec<Blob>, RegistryError> {
    let mut sizes = BTreeMap::new();
    for blob in blobs {
        let size = *sizes.entry(blob.digest).or_insert(blob.size);
        if size != blob.size {
            let why = format!("it gives two sizes to {}", blob.digest);
            return Err(malformed(what, &why));
        }
    }
    let in_all = sizes.values().copied().fold(0, u64::saturating_add);
    bound(what, in_all, "bytes", MAX_IN_ALL)?;
    let blob = |(digest, size)| Blob { digest, size };
    let mut blobs: Vec<Blob> = sizes.into_iter().map(blob).collect();
    blobs.sort_by_key(|blob| (std::cmp::Reverse(blob.size), blob.digest));
    Ok(blobs)
}

/// Whether a platform is, or may be, that of `arch`.
pub(super) fn fits(platform: Option<&str>, arch: Option<Arch>) -> bool {
    match (platform, arch) {
        (Some(platform), Some(arch)) => Arch::from_oci(platform) == Some(arch),
        _ => true,
    }
}

/// The platforms as an error names them.
pub(super) fn names<'p>(platforms: impl Iterator<Item = &'p str>) -> Vec<String> {
    let mut names: Vec<String> = platforms.map(shown).collect();
    names.sort();
    names.dedup();
    names.truncate(MAX_FOUND);
    names
}

fn shown(text: &str) -> String {
    let cut = text.chars().take(MAX_SHOWN);
    cut.flat_map(char::escape_debug).collect()
}

fn bound(what: &str, found: u64, of: &'static str, limit: u64) -> Result<(), RegistryError> {
    if found <= limit {
        return Ok(());
    }
    Err(RegistryError::Limit {
        what: what.into(),
        found,
        of,
        limit,
    })
}

fn malformed(what: &str, why: &str) -> RegistryError {
    RegistryError::Malformed {
        what: what.into(),
        why: why.into(),
    }
}

fn unsupported(what: &str, why: String) -> RegistryError {
    RegistryError::Unsupported {
        what: what.into(),
        why,
    }
}

#[cfg(test)]
#[path = "document_tests.rs"]
mod tests;
