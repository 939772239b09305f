//! The JSON of an image: configuration, manifest and index, as in the OCI image-spec 1.1.
//!
//! In: an [`Image`] and its layers' blobs. Out: documents whose every byte follows from them: fields
//! in a fixed order, maps sorted, nothing between the tokens, and what is absent or empty left out.

use std::collections::BTreeMap;

use serde::Serialize;

use super::layer::{Diff, LayerBlob};
use super::{Encoder, Image};
use crate::model::{Arch, Compression, Sha256};

pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// `Env` gets this unless the manifest has a PATH: what Docker and containerd assume, too.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A JSON document that is a blob of the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Of the bytes.
    pub digest: Sha256,
    /// The text.
    pub bytes: Vec<u8>,
}

impl Document {
    /// The types below hold strings, numbers and maps with string keys: writing them cannot fail.
    pub(crate) fn of(value: &impl Serialize) -> Self {
        let bytes = serde_json::to_vec(value).unwrap_or_default();
        Self {
            digest: Sha256::of(&bytes),
            bytes,
        }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct Platform {
    architecture: &'static str,
    os: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    variant: Option<&'static str>,
}

impl From<Arch> for Platform {
    fn from(arch: Arch) -> Self {
        Self {
            architecture: arch.oci_architecture(),
            os: "linux",
            variant: arch.oci_variant(),
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Descriptor {
    media_type: &'static str,
    digest: String,
    size: u64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) annotations: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<Platform>,
}

impl Descriptor {
    pub(crate) fn new(media_type: &'static str, digest: Sha256, size: u64) -> Self {
        Self {
            media_type,
            digest: digest.to_string(),
            size,
            annotations: BTreeMap::new(),
            platform: None,
        }
    }

    pub(crate) fn of(media_type: &'static str, document: &Document) -> Self {
        Self::new(media_type, document.digest, document.bytes.len() as u64)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Manifest<'a> {
    schema_version: u8,
    media_type: &'a str,
    config: Descriptor,
    layers: Vec<Descriptor>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Index<'a> {
    schema_version: u8,
    media_type: &'a str,
    manifests: Vec<Descriptor>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
struct ImageFile<'a> {
    created: &'a str,
    #[serde(flatten)]
    platform: Platform,
    config: Config<'a>,
    rootfs: RootFs,
    history: Vec<History<'a>>,
}

/// `config` of an image configuration; its fields are capitalised, as Docker's were.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Config<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    exposed_ports: BTreeMap<&'a str, Empty>,
    env: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entrypoint: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cmd: Option<&'a [String]>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    volumes: BTreeMap<&'a str, Empty>,
    #[serde(skip_serializing_if = "Option::is_none")]
    working_dir: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    labels: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_signal: Option<&'a str>,
}

/// `{}`, the value of a set's member in JSON made by Go.
#[derive(Serialize)]
struct Empty {}

#[derive(Serialize)]
struct RootFs {
    #[serde(rename = "type")]
    kind: &'static str,
    diff_ids: Vec<String>,
}

#[derive(Serialize)]
struct History<'a> {
    created: &'a str,
    created_by: String,
}

/// The image configuration, whose digest is the image's ID.
pub(crate) fn config(image: &Image<'_>, diffs: &[Diff]) -> Document {
    let created = image.epoch.to_string();
    let given = image.config;
    let mut env: BTreeMap<&str, &str> = BTreeMap::from([("PATH", PATH)]);
    env.extend(given.env.iter().map(|(key, value)| (&key[..], &value[..])));
    let config = Config {
        user: image.user,
        exposed_ports: given
            .ports
            .iter()
            .map(|port| (&port[..], Empty {}))
            .collect(),
        env: env
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect(),
        entrypoint: given.entrypoint.as_deref(),
        cmd: given.cmd.as_deref(),
        volumes: given
            .volumes
            .iter()
            .map(|path| (&path[..], Empty {}))
            .collect(),
        working_dir: given.workdir.as_deref(),
        labels: &given.labels,
        stop_signal: given.stop_signal.as_deref(),
    };
    let history = image.layers.iter().map(|layer| History {
        created: &created,
        created_by: format!("rootlock group {}", layer.name),
    });
    Document::of(&ImageFile {
        created: &created,
        platform: image.arch.into(),
        config,
        rootfs: RootFs {
            kind: "layers",
            diff_ids: diffs.iter().map(|diff| diff.diff_id.to_string()).collect(),
        },
        history: history.collect(),
    })
}

/// The image manifest.
pub(crate) fn manifest(
    config: &Document,
    layers: &[LayerBlob],
    compression: Compression,
    annotations: &BTreeMap<String, String>,
) -> Document {
    let media_type = Encoder::from(compression).media_type();
    let layers = layers.iter();
    Document::of(&Manifest {
        schema_version: 2,
        media_type: MANIFEST,
        config: Descriptor::of(CONFIG, config),
        layers: layers
            .map(|layer| Descriptor::new(media_type, layer.digest, layer.size))
            .collect(),
        annotations,
    })
}

/// An index over the manifests of one image for several architectures.
pub(crate) fn index<'a>(
    manifests: impl IntoIterator<Item = (Arch, &'a Document)>,
    annotations: &BTreeMap<String, String>,
) -> Document {
    let manifests = manifests.into_iter().map(|(arch, manifest)| Descriptor {
        platform: Some(arch.into()),
        ..Descriptor::of(MANIFEST, manifest)
    });
    Document::of(&Index {
        schema_version: 2,
        media_type: INDEX,
        manifests: manifests.collect(),
        annotations,
    })
}

#[cfg(test)]
#[path = "oci_tests.rs"]
mod tests;
