//! The JSON of images: OCI image-spec 1.1 and Docker's schema 2, as far as it is of use.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::error::shown;
use super::{Config, ImageError, Place};
use crate::model::{Arch, Sha256};

/// What names a blob.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    #[serde(default)]
    pub(super) media_type: String,
    digest: String,
    pub(super) size: u64,
    platform: Option<Platform>,
    annotations: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Clone, Deserialize)]
struct Platform {
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    os: String,
    #[serde(default)]
    variant: Option<String>,
}

/// A manifest or an index: which of the two says what it holds.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document {
    pub(super) schema_version: Option<u64>,
    pub(super) manifests: Option<Vec<Descriptor>>,
    pub(super) config: Option<Descriptor>,
    pub(super) layers: Option<Vec<Descriptor>>,
    /// Of Docker's schema 1.
    pub(super) fs_layers: Option<IgnoredAny>,
}

/// What a descriptor's media type promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Promise {
    Index,
    Manifest,
    /// No type is given: the document decides.
    Either,
    /// To be passed over (image-spec, image-index.md).
    Unknown,
}

impl Descriptor {
    /// The digest, which becomes a file's name.
    pub(super) fn digest(&self, place: &Place) -> Result<Sha256, ImageError> {
        match self.digest.parse() {
            Ok(digest) => Ok(digest),
            Err(_) if self.digest.starts_with("sha512:") || self.digest.starts_with("blake3:") => {
                let why = "has a digest that is not SHA-256, which is not supported";
                Err(place.unsupported(why))
            }
            Err(_) => Err(place.broken(format!(
                "has a malformed digest, `{}`",
                shown(self.digest.as_bytes())
            ))),
        }
    }

    pub(super) fn promise(&self) -> Promise {
        match &self.media_type[..] {
            "" => Promise::Either,
            "application/vnd.oci.image.index.v1+json"
            | "application/vnd.docker.distribution.manifest.list.v2+json" => Promise::Index,
            "application/vnd.oci.image.manifest.v1+json"
            | "application/vnd.docker.distribution.manifest.v2+json" => Promise::Manifest,
            _ => Promise::Unknown,
        }
    }

    /// Whether it is not an image but what somebody says about one (BuildKit's attestations).
    pub(super) fn is_attestation(&self) -> bool {
        let platform = self.platform.as_ref();
        let unknown = platform.is_some_and(|on| on.architecture == "unknown" && on.os == "unknown");
        let annotations = self.annotations.as_ref();
        unknown || annotations.is_some_and(|all| all.contains_key("vnd.docker.reference.type"))
    }

    /// What the image is called in its index.
    pub(super) fn names(&self) -> Vec<String> {
        let annotations = self.annotations.iter();
        let names = annotations.flat_map(|all| {
            let keys = [
                "org.opencontainers.image.ref.name",
                "io.containerd.image.name",
            ];
            keys.into_iter().filter_map(|key| all.get(key))
        });
        let mut names: Vec<String> = names.filter(|name| !name.is_empty()).cloned().collect();
        names.dedup();
        names
    }

    /// The architecture that its index gives it.
    pub(super) fn arch(&self) -> Option<Arch> {
        let platform = self.platform.as_ref()?;
        arch(&platform.architecture, platform.variant.as_deref())
    }

    /// Whether it is a layer of a filesystem: a tar, plain or compressed. Which of these is seen by
    /// its first bytes.
    pub(super) fn is_layer(&self) -> bool {
        let known = [
            "application/vnd.oci.image.layer.v1.tar",
            "application/vnd.oci.image.layer.nondistributable.v1.tar",
            "application/vnd.docker.image.rootfs.diff.tar",
            "application/vnd.docker.image.rootfs.foreign.diff.tar",
        ];
        let rest = known
            .iter()
            .find_map(|known| self.media_type.strip_prefix(known));
        matches!(rest, Some("" | "+gzip" | "+zstd" | ".gzip" | ".zstd"))
    }

    /// Whether it is an image's configuration.
    pub(super) fn is_config(&self) -> bool {
        matches!(
            &self.media_type[..],
            "" | "application/vnd.oci.image.config.v1+json"
                | "application/vnd.docker.container.image.v1+json"
        )
    }
}

/// What is read of an image's configuration.
#[derive(Debug, Deserialize)]
struct Raw {
    #[serde(default)]
    architecture: String,
    variant: Option<String>,
    #[serde(default)]
    os: String,
    rootfs: RootFs,
    history: Option<Vec<History>>,
}

#[derive(Debug, Deserialize)]
struct RootFs {
    diff_ids: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct History {
    #[serde(default)]
    created_by: String,
    #[serde(default)]
    empty_layer: bool,
}

/// An image's configuration.
#[derive(Debug)]
pub(super) struct Described {
    pub(super) config: Config,
    /// `linux/amd64`, as a message names it.
    pub(super) platform: String,
    pub(super) arch: Option<Arch>,
    pub(super) linux: bool,
    pub(super) diff_ids: Vec<Sha256>,
    /// `created_by` of each layer, where the history has one for each.
    created_by: Vec<String>,
}

impl Described {
    pub(super) fn parse(bytes: &[u8], digest: Sha256, place: &Place) -> Result<Self, ImageError> {
        let malformed = |source| ImageError::Json {
            place: place.clone(),
            name: "the configuration".into(),
            source,
        };
        let json = serde_json::from_slice(bytes).map_err(malformed)?;
        let raw = Raw::deserialize(&json).map_err(malformed)?;
        let mut diff_ids = Vec::new();
        for id in raw.rootfs.diff_ids.unwrap_or_default() {
            let wrong = |_| place.broken("has a malformed digest among its `diff_ids`");
            diff_ids.push(id.parse().map_err(wrong)?);
        }
        let history = raw.history.unwrap_or_default().into_iter();
        let made = history.filter(|step| !step.empty_layer);
        Ok(Self {
            config: Config { digest, json },
            platform: shown([&raw.os[..], &raw.architecture].join("/").as_bytes()),
            arch: arch(&raw.architecture, raw.variant.as_deref()),
            linux: matches!(&raw.os[..], "" | "linux"),
            created_by: made.map(|step| step.created_by).collect(),
            diff_ids,
        })
    }

    /// `created_by` of the layer of that number.
    pub(super) fn created_by(&self, layer: usize) -> Option<&str> {
        let told = self.created_by.len() == self.diff_ids.len();
        let text = self.created_by.get(layer).filter(|_| told)?;
        (!text.is_empty()).then_some(text)
    }
}

/// An architecture in the spellings that are about, normalised as containerd does.
fn arch(name: &str, variant: Option<&str>) -> Option<Arch> {
    let variant = variant.unwrap_or_default();
    match name {
        "amd64" | "x86_64" | "x86-64" => Arch::from_oci("amd64"),
        "386" | "i386" => Arch::from_oci("386"),
        "arm64" | "aarch64" => Arch::from_oci("arm64"),
        "armhf" => Arch::from_oci("arm/v7"),
        "armel" => Arch::from_oci("arm/v6"),
        "arm" => match variant.trim_start_matches('v') {
            "" => Arch::from_oci("arm/v7"),
            variant => Arch::from_oci(&format!("arm/v{variant}")),
        },
        _ if variant.is_empty() => Arch::from_oci(name),
        _ => Arch::from_oci(&format!("{name}/{variant}")).or_else(|| Arch::from_oci(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn architectures_have_several_spellings() {
        for (name, variant, expected) in [
            ("amd64", None, Some("amd64")),
            ("amd64", Some("v3"), Some("amd64")),
            ("aarch64", Some("v8"), Some("arm64")),
            ("arm", None, Some("arm/v7")),
            ("arm", Some("6"), Some("arm/v6")),
            ("arm", Some("v8"), None),
            ("riscv64", Some("rva23"), Some("riscv64")),
            ("wasm", None, None),
            ("", None, None),
        ] {
            let arch = arch(name, variant).map(|arch| arch.to_string());
            assert_eq!(arch.as_deref(), expected, "{name} {variant:?}");
        }
    }
}
