//! Rebuilt images that are made up, and images that are theirs.

mod against;
mod plant;
mod planted;
mod record;

use serde_json::json;

use super::*;
use crate::image::{Config, Image, Layer};
use crate::lockfile::{LayerRecord, Output};
use crate::tree::testing::{directory, file, hardlink, node, symlink, tree};
use crate::tree::{Kind, Node, merge, merkle_root};

/// Layers that own their trees.
#[derive(Debug)]
pub(super) struct Sample {
    layers: Vec<(String, Tree)>,
    tree: Tree,
}

/// Stands for the digest of the layer's tar: another for every other tree and way to write it.
fn diff_id(tree: &Tree, written: &str) -> Sha256 {
    Sha256::of_all([&merkle_root(tree).as_bytes()[..], written.as_bytes()])
}

impl Sample {
    fn new(layers: Vec<(String, Tree)>) -> Self {
        let tree = merge(layers.iter().map(|(_, tree)| tree.clone()));
        Self { layers, tree }
    }

    /// Two packages' files, a generated and a given one.
    fn small() -> Self {
        let mut tool = file("#!/bin/sh\n");
        tool.meta.mode = 0o4755;
        let capability: Box<[u8]> = (*b"security.capability").into();
        tool.meta.xattrs.insert(capability, (*b"\x01\0").into());
        let base = tree([
            ("dev", directory(0o755)),
            ("dev/null", node(0o666, 1, Kind::CharDevice(1, 3))),
            ("usr", directory(0o755)),
            ("usr/a", file("a")),
            ("usr/b", hardlink("usr/a")),
            ("usr/tool", tool),
        ]);
        let system = tree([
            ("etc", directory(0o755)),
            ("etc/link", symlink("passwd")),
            ("etc/passwd", file("root\n")),
        ]);
        let files = tree([("etc", directory(0o755)), ("etc/motd", file("hello\n"))]);
        let layers = [("base", base), ("system", system), ("files", files)];
        Self::new(layers.map(|(name, tree)| (name.into(), tree)).into())
    }

    fn rebuilt(&self) -> Rebuilt<'_> {
        let layers = self.layers.iter().map(|(name, tree)| RebuiltLayer {
            name: name.clone(),
            diff_id: diff_id(tree, ""),
            size: 10_240,
            blob: Some(Sha256::of(name.as_bytes())),
            tree,
        });
        let layers: Vec<_> = layers.collect();
        let epoch = Epoch(1_700_000_000);
        let diff_ids: Vec<_> = layers
            .iter()
            .map(|layer| layer.diff_id.to_string())
            .collect();
        let history: Vec<_> = layers
            .iter()
            .map(|layer| {
                json!({
                    "created": epoch.to_string(),
                    "created_by": format!("rootlock group {}", layer.name),
                })
            })
            .collect();
        let config_json = json!({
            "created": epoch.to_string(),
            "architecture": "amd64",
            "os": "linux",
            "config": {"Env": ["PATH=/bin"], "Cmd": ["/usr/tool"], "Labels": {"a.b": "c"}},
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
            "history": history,
        });
        Rebuilt {
            arch: Arch::from_oci("amd64").unwrap(),
            epoch,
            tree: &self.tree,
            root: merkle_root(&self.tree),
            config: Sha256::of(&serde_json::to_vec(&config_json).unwrap()),
            config_json,
            generated: self.generated(),
            undone: Vec::new(),
            blobs: Some(BlobRecord {
                encoder: "gzip/1".into(),
                digest: Sha256::of(b"manifest"),
            }),
            tar: Some(diff_id(&self.tree, "")),
            layers,
        }
    }

    fn generated(&self) -> Vec<Generated> {
        let of = |wanted: &'static str| {
            let layers = self.layers.iter().filter(move |(name, _)| name == wanted);
            layers.flat_map(|(_, tree)| &tree.nodes)
        };
        let seen: std::collections::BTreeMap<_, _> = of("system").chain(of("files")).collect();
        let one = |(path, node): (&TreePath, &Node)| Generated {
            path: path.to_string(),
            sha256: match &node.kind {
                Kind::File(blob) => Some(blob.sha256),
                _ => None,
            },
            link: match &node.kind {
                Kind::Symlink(target) => Some(String::from_utf8_lossy(target).into()),
                _ => None,
            },
            mode: node.meta.mode,
            uid: node.meta.uid,
            gid: node.meta.gid,
        };
        seen.into_iter().map(one).collect()
    }

    /// As `build --record` would record it.
    fn output(&self) -> Output {
        let rebuilt = self.rebuilt();
        let layers = rebuilt.layers.iter().map(|layer| LayerRecord {
            group: layer.name.clone(),
            diff_id: layer.diff_id,
            size: layer.size,
        });
        Output {
            epoch: rebuilt.epoch,
            layers: layers.collect(),
            tree: rebuilt.root,
            config: rebuilt.config,
            generated: rebuilt.generated,
            paths: None,
            undone: rebuilt.undone,
            blobs: rebuilt.blobs,
        }
    }

    /// As it would be read of an image with layers.
    fn image(&self) -> Image {
        let rebuilt = self.rebuilt();
        let layers = rebuilt.layers.iter().map(|layer| Layer {
            name: Some(layer.name.clone()),
            created_by: None,
            blob: layer.blob,
            compressed: 100,
            diff_id: layer.diff_id,
            size: layer.size,
            tree: layer.tree.clone(),
            whiteouts: Vec::new(),
            oddities: Vec::new(),
        });
        Image {
            layers: layers.collect(),
            manifest: rebuilt.blobs.as_ref().map(|blobs| blobs.digest),
            config: Some(Config {
                digest: rebuilt.config,
                json: rebuilt.config_json,
            }),
            ..self.directory()
        }
    }

    /// As it would be read of a directory.
    fn directory(&self) -> Image {
        Image {
            arch: None,
            manifest: None,
            config: None,
            layers: Vec::new(),
            tree: self.tree.clone(),
            sums: Default::default(),
            skipped: Vec::new(),
            one_owner: None,
        }
    }

    /// As it would be read of a tar.
    fn tar(&self) -> Image {
        let mut layer = self.image().layers.remove(0);
        layer.name = None;
        layer.tree = self.tree.clone();
        layer.diff_id = diff_id(&self.tree, "");
        Image {
            layers: vec![layer],
            ..self.directory()
        }
    }
}

/// `LAYER PATH FIELD+BENEATH`, with `-` for what is not known.
fn told(verdict: &Verdict) -> Vec<String> {
    let one = |finding: &Finding| {
        let layer = finding.layer.as_deref().unwrap_or("-");
        let path = finding
            .path
            .as_ref()
            .map_or("-".into(), ToString::to_string);
        let below = match finding.below {
            0 => String::new(),
            below => format!("+{below}"),
        };
        format!("{layer} {path} {}{below}", finding.field())
    };
    verdict.findings.iter().map(one).collect()
}
