//! Finished images by the digest of all their inputs, so that building again is looking up.

use serde::{Deserialize, Serialize};

use super::image::{Made, Maker};
use super::report::{BuiltImage, BuiltLayer};
use crate::assemble::{LayerName, LoadedFiles, Replaced};
use crate::export::{Diff, Document, Encoder, LayerBlob, PackedImage};
use crate::lockfile::{Generated, Undone};
use crate::model::{Arch, Epoch, LockedPackage, ScriptClass, ScriptOutcome, Sha256};
use crate::store::{Store, StoreError};
use crate::tree::TreePath;

/// The stage of finished images; raised with every change of what a result consists of.
const IMAGE: (&str, u32) = ("image", 4);

/// The digest of everything that decides the bytes of an image.
pub(super) fn key(maker: &Maker<'_>, arch: Arch, files: &LoadedFiles) -> Sha256 {
    let manifest = &maker.project.manifest;
    let lockfile = maker.lockfile;
    let groups: Vec<_> = manifest.groups.iter().map(|group| &group.name).collect();
    let asked: Vec<_> = manifest
        .groups
        .iter()
        .map(|group| (group.packages(), group.exclude()))
        .collect();
    // What a package manager inside is told of the repositories.
    let provenance = maker.project.provenance(lockfile);
    let told: Vec<_> = provenance
        .iter()
        .map(|one| {
            let repository = &one.repository;
            (
                (&repository.id, &repository.origin, &repository.path),
                (&repository.tag, &one.proof.signed_by),
            )
        })
        .collect();
    let inputs = (
        (
            env!("CARGO_PKG_VERSION"),
            maker.project.distro.package_revision(),
            &lockfile.distro,
        ),
        (
            lockfile.canonical,
            lockfile.configure,
            lockfile.rules,
            &lockfile.release,
        ),
        (arch, lockfile.packages.get(&arch), groups, asked, told),
        (files, &manifest.paths, &manifest.accounts, &manifest.image),
        (
            Encoder::from(manifest.compression.unwrap_or_default()).to_string(),
            maker.epoch,
        ),
    );
    // `Debug` of plain data spells every field out, in an order that its type fixes.
    Sha256::of(format!("{inputs:?}").as_bytes())
}

/// An image as the store keeps it.
#[derive(Serialize, Deserialize)]
struct Record {
    config: String,
    manifest: String,
    annotations: std::collections::BTreeMap<String, String>,
    layers: Vec<LayerRecord>,
    epoch: i64,
    tree: String,
    replaced: Vec<(Vec<u8>, bool, Option<String>)>,
    undone: Vec<[String; 3]>,
    scripts: Vec<ScriptRecord>,
    generated: Vec<GeneratedRecord>,
    warnings: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct LayerRecord {
    name: String,
    diff_id: String,
    size: u64,
    digest: String,
    compressed: u64,
}

#[derive(Serialize, Deserialize)]
struct ScriptRecord {
    package: String,
    script: String,
    own: Option<String>,
    class: String,
    statements: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct GeneratedRecord {
    path: String,
    sha256: Option<String>,
    link: Option<String>,
    mode: u16,
    uid: u32,
    gid: u32,
}

/// The image, where it is known and all its blobs are there.
pub(super) fn load(
    store: &Store,
    key: &Sha256,
    arch: Arch,
    packages: &[LockedPackage],
) -> Result<Option<(PackedImage, Made)>, StoreError> {
    let Some(bytes) = store.derived(IMAGE.0, IMAGE.1, key)? else {
        return Ok(None);
    };
    let known = serde_json::from_slice(&bytes).ok();
    let known = known.and_then(|record: Record| record.revive(arch, packages));
    Ok(known.filter(|(packed, _)| {
        let mut blobs = packed.layers.iter().map(|(_, blob)| blob);
        blobs.all(|blob| store.has_sized(&blob.digest, blob.size))
    }))
}

/// Keeps the image.
pub(super) fn save(
    store: &Store,
    key: &Sha256,
    packed: &PackedImage,
    made: &Made,
) -> Result<(), StoreError> {
    let text = |document: &Document| String::from_utf8_lossy(&document.bytes).into_owned();
    let layers = packed.layers.iter().map(|(name, blob)| LayerRecord {
        name: name.clone(),
        diff_id: blob.diff.diff_id.to_string(),
        size: blob.diff.size,
        digest: blob.digest.to_string(),
        compressed: blob.size,
    });
    let replaced = made.built.replaced.iter().map(|replaced| {
        let package = replaced.package.as_ref().map(ToString::to_string);
        (
            replaced.path.as_bytes().to_vec(),
            replaced.by == LayerName::Files,
            package,
        )
    });
    let undone = made.built.undone.iter().map(|undone| {
        [
            undone.package.to_string(),
            undone.script.clone(),
            undone.statement.clone(),
        ]
    });
    let scripts = made.built.scripts.iter().map(|script| ScriptRecord {
        package: script.package.to_string(),
        script: script.script.clone(),
        own: script.own.map(|own| own.to_string()),
        class: script.class.key().to_owned(),
        statements: script.statements.clone(),
    });
    let generated = made.generated.iter().map(|entry| GeneratedRecord {
        path: entry.path.clone(),
        sha256: entry.sha256.map(|digest| digest.to_string()),
        link: entry.link.clone(),
        mode: entry.mode,
        uid: entry.uid,
        gid: entry.gid,
    });
    let record = Record {
        config: text(&packed.config),
        manifest: text(&packed.manifest),
        annotations: packed.annotations.clone(),
        layers: layers.collect(),
        epoch: made.built.epoch.0,
        tree: made
            .built
            .tree
            .map(|tree| tree.to_string())
            .unwrap_or_default(),
        replaced: replaced.collect(),
        undone: undone.collect(),
        scripts: scripts.collect(),
        generated: generated.collect(),
        warnings: made.warnings.clone(),
    };
    let bytes = serde_json::to_vec(&record).unwrap_or_default();
    store.put_derived(IMAGE.0, IMAGE.1, key, &bytes)
}

impl Record {
    /// The image; `None` where the entry is not one of ours.
    fn revive(self, arch: Arch, packages: &[LockedPackage]) -> Option<(PackedImage, Made)> {
        let document = |text: String| Document {
            digest: Sha256::of(text.as_bytes()),
            bytes: text.into_bytes(),
        };
        let (config, manifest) = (document(self.config), document(self.manifest));
        let mut layers = Vec::new();
        for layer in self.layers {
            let diff = Diff {
                diff_id: layer.diff_id.parse().ok()?,
                size: layer.size,
            };
            let digest = layer.digest.parse().ok()?;
            layers.push((
                layer.name,
                LayerBlob {
                    diff,
                    digest,
                    size: layer.compressed,
                },
            ));
        }
        let built_layers = layers.iter().map(|(name, blob)| BuiltLayer {
            name: name.clone(),
            diff_id: blob.diff.diff_id,
            size: blob.diff.size,
            digest: Some(blob.digest),
            compressed: Some(blob.size),
        });
        let mut replaced = Vec::new();
        for (path, files, package) in self.replaced {
            replaced.push(Replaced {
                path: TreePath::from_archive(&path).ok()??,
                by: if files {
                    LayerName::Files
                } else {
                    LayerName::System
                },
                package: package.map(|name| name.parse()).transpose().ok()?,
            });
        }
        let mut undone = Vec::new();
        for [package, script, statement] in self.undone {
            undone.push(Undone {
                package: package.parse().ok()?,
                script,
                statement,
            });
        }
        let mut scripts = Vec::new();
        for script in self.scripts {
            scripts.push(ScriptOutcome {
                package: script.package.parse().ok()?,
                script: script.script,
                own: script.own.map(|own| own.parse()).transpose().ok()?,
                class: ScriptClass::from_key(&script.class)?,
                statements: script.statements,
            });
        }
        let mut generated = Vec::new();
        for entry in self.generated {
            generated.push(Generated {
                path: entry.path,
                sha256: entry.sha256.map(|digest| digest.parse()).transpose().ok()?,
                link: entry.link,
                mode: entry.mode,
                uid: entry.uid,
                gid: entry.gid,
            });
        }
        let built = BuiltImage {
            arch,
            epoch: Epoch(self.epoch),
            layers: built_layers.collect(),
            config: Some(config.digest),
            manifest: Some(manifest.digest),
            tree: Some(self.tree.parse().ok()?),
            replaced,
            undone,
            scripts,
            packages: packages
                .iter()
                .map(|package| (package.name.clone(), package.version.clone()))
                .collect(),
        };
        let made = Made {
            built,
            generated,
            warnings: self.warnings,
        };
        let packed = PackedImage {
            arch,
            layers,
            config,
            manifest,
            annotations: self.annotations,
        };
        Some((packed, made))
    }
}
