//! Version 1 of the format, as serde reads it. Every scalar is checked where it is read, so that
//! the parser's error has its line.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};

use super::grammar::{
    Absolute, ArchWord, Below, Checksum, Encoder, Id, KeyName, Line, Mode, Owner, Provided,
    Release, Statement, Suite, Url, Word, shown,
};
use crate::model::{Arch, Epoch, GroupName, PackageName, Sha256, Snapshot, Version};

/// A scalar read by its type's own parser.
pub(super) struct Parsed<T>(pub(super) T);

impl<'de, T: FromStr<Err: fmt::Display>> Deserialize<'de> for Parsed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Scalar<T>(PhantomData<T>);
        impl<T: FromStr<Err: fmt::Display>> Visitor<'_> for Scalar<T> {
            type Value = Parsed<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Parsed<T>, E> {
                text.parse().map(Parsed).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Scalar(PhantomData))
    }
}

/// A digest without its `sha256:`.
pub(super) struct Hex(pub(super) Sha256);

impl FromStr for Hex {
    type Err = crate::model::ParseDigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Sha256::from_hex(text).map(Self)
    }
}

/// `configure.mode`
pub(super) struct ConfigureMode(pub(super) crate::model::Configure);

impl FromStr for ConfigureMode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        use crate::model::Configure;
        [Configure::None, Configure::Native, Configure::Scripts]
            .into_iter()
            .find(|mode| mode.as_str() == text)
            .map(Self)
            .ok_or_else(|| format!("`{}` is not none, native or scripts", shown(text)))
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    pub(super) lock: Parsed<semver::Version>,
    pub(super) canonical: u32,
    pub(super) manifest: Parsed<Sha256>,
    pub(super) distro: Parsed<Word>,
    pub(super) release: Parsed<Release>,
    pub(super) configure: Configure,
    pub(super) repositories: Vec<Repository>,
    pub(super) packages: ByArch<Vec<Package>, ()>,
    #[serde(default)]
    pub(super) outputs: ByArch<Output, Index>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Configure {
    pub(super) mode: Parsed<ConfigureMode>,
    pub(super) rules: u32,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Repository {
    pub(super) id: Parsed<Id>,
    pub(super) archive: Option<Parsed<Word>>,
    pub(super) url: Option<Parsed<Url>>,
    pub(super) suite: Option<Parsed<Suite>>,
    pub(super) path: Option<Parsed<Below>>,
    pub(super) snapshot: Option<Parsed<Snapshot>>,
    #[serde(default)]
    pub(super) unsigned: bool,
    pub(super) release: ReleaseProof,
    pub(super) indexes: Vec<IndexProof>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReleaseProof {
    pub(super) sha256: Parsed<Hex>,
    pub(super) date: Parsed<Epoch>,
    pub(super) valid_until: Option<Parsed<Epoch>>,
    pub(super) signed_by: Vec<Parsed<KeyName>>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IndexProof {
    pub(super) path: Parsed<Below>,
    pub(super) size: u64,
    pub(super) sha256: Parsed<Hex>,
    pub(super) date: Option<Parsed<Epoch>>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Package {
    pub(super) name: Parsed<PackageName>,
    pub(super) version: Parsed<Version>,
    pub(super) arch: Parsed<ArchWord>,
    pub(super) group: Parsed<GroupName>,
    #[serde(default)]
    pub(super) requested: bool,
    pub(super) source: Source,
    pub(super) repository: Parsed<Id>,
    pub(super) path: Parsed<Below>,
    pub(super) size: u64,
    pub(super) sha256: Parsed<Hex>,
    pub(super) checksum: Option<Parsed<Checksum>>,
    #[serde(default)]
    pub(super) depends: Vec<Edge>,
    #[serde(default)]
    pub(super) recommends: Vec<Edge>,
    #[serde(default)]
    pub(super) install_if: Vec<Edge>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Source {
    pub(super) name: Parsed<PackageName>,
    pub(super) version: Parsed<Version>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Output {
    pub(super) epoch: i64,
    pub(super) layers: Vec<Layer>,
    pub(super) tree: Parsed<Sha256>,
    pub(super) config: Parsed<Sha256>,
    #[serde(default)]
    pub(super) generated: Vec<Generated>,
    pub(super) paths: Option<Paths>,
    #[serde(default)]
    pub(super) undone: Vec<Undone>,
    pub(super) blobs: Option<Blobs>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Layer {
    pub(super) group: Parsed<GroupName>,
    pub(super) diff_id: Parsed<Sha256>,
    pub(super) size: u64,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Generated {
    pub(super) path: Parsed<Absolute>,
    pub(super) sha256: Option<Parsed<Hex>>,
    pub(super) link: Option<Parsed<Line>>,
    pub(super) mode: Parsed<Mode>,
    pub(super) owner: Parsed<Owner>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Paths {
    #[serde(default)]
    pub(super) exclude: Vec<Parsed<Line>>,
    #[serde(default)]
    pub(super) include: Vec<Parsed<Line>>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Undone {
    pub(super) package: Parsed<PackageName>,
    pub(super) script: Parsed<Line>,
    pub(super) statement: Parsed<Statement>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Blobs {
    pub(super) encoder: Parsed<Encoder>,
    pub(super) manifest: Parsed<Sha256>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Index {
    pub(super) encoder: Parsed<Encoder>,
    pub(super) digest: Parsed<Sha256>,
}

/// `NAME`, or `NAME: THROUGH`.
pub(super) struct Edge {
    pub(super) name: PackageName,
    pub(super) through: Option<String>,
}

impl<'de> Deserialize<'de> for Edge {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EdgeVisitor;
        impl<'de> Visitor<'de> for EdgeVisitor {
            type Value = Edge;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a package, or `NAME: PROVIDED` (in quotes where it looks like a number)")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Edge, E> {
                let name = text.parse().map_err(E::custom)?;
                Ok(Edge {
                    name,
                    through: None,
                })
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Edge, A::Error> {
                let entry = map.next_entry::<Parsed<PackageName>, Parsed<Provided>>()?;
                let Some((name, through)) = entry else {
                    return Err(de::Error::custom("an edge names no package"));
                };
                if map.next_key::<de::IgnoredAny>()?.is_some() {
                    return Err(de::Error::custom("an edge names more than one package"));
                }
                Ok(Edge {
                    name: name.0,
                    through: Some(through.0.0),
                })
            }
        }
        deserializer.deserialize_any(EdgeVisitor)
    }
}

/// A mapping by architecture, with `index` beside where `I` can be read.
pub(super) struct ByArch<T, I> {
    pub(super) by_arch: BTreeMap<Arch, T>,
    pub(super) index: Option<I>,
}

impl<T, I> Default for ByArch<T, I> {
    fn default() -> Self {
        Self {
            by_arch: BTreeMap::new(),
            index: None,
        }
    }
}

/// Whether a mapping by architecture has `index`, too.
pub(super) trait BesideArch {
    /// The key.
    const KEY: Option<&'static str>;
}

impl BesideArch for () {
    const KEY: Option<&'static str> = None;
}

impl BesideArch for Index {
    const KEY: Option<&'static str> = Some("index");
}

impl<'de, T, I> Deserialize<'de> for ByArch<T, I>
where
    T: Deserialize<'de>,
    I: Deserialize<'de> + BesideArch,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ArchVisitor<T, I>(PhantomData<(T, I)>);
        impl<'de, T, I> Visitor<'de> for ArchVisitor<T, I>
        where
            T: Deserialize<'de>,
            I: Deserialize<'de> + BesideArch,
        {
            type Value = ByArch<T, I>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping by architecture")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut out = ByArch::default();
                while let Some(key) = map.next_key::<String>()? {
                    let twice = if I::KEY == Some(key.as_str()) {
                        out.index.replace(map.next_value()?).is_some()
                    } else {
                        let arch = Arch::from_oci(&key).ok_or_else(|| {
                            let key = shown(&key);
                            de::Error::custom(format!("`{key}` is not an architecture"))
                        })?;
                        out.by_arch.insert(arch, map.next_value()?).is_some()
                    };
                    if twice {
                        return Err(de::Error::custom(format!("`{key}` is there twice")));
                    }
                }
                Ok(out)
            }
        }
        deserializer.deserialize_map(ArchVisitor(PhantomData))
    }
}
