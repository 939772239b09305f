//! What `system` and `files` hold, in the lockfile's words, for `audit`.

use std::collections::BTreeMap;

use super::{Layer, LayerName};
use crate::lockfile::Generated;
use crate::tree::{Kind, Node, TreePath};

/// Every path of the layers `system` and `files`, sorted; where both have one, `files`' is seen.
pub fn generated(layers: &[Layer]) -> Vec<Generated> {
    let mut seen: BTreeMap<&TreePath, &Node> = BTreeMap::new();
    for name in [LayerName::System, LayerName::Files] {
        let layers = layers.iter().filter(|layer| layer.name == name);
        seen.extend(layers.flat_map(|layer| &layer.tree.nodes));
    }
    let entry = |(path, node): (&TreePath, &Node)| Generated {
        path: format!("/{}", escape(path.as_bytes())),
        sha256: match &node.kind {
            Kind::File(blob) => Some(blob.sha256),
            _ => None,
        },
        link: match &node.kind {
            Kind::Symlink(target) => Some(escape(target)),
            _ => None,
        },
        mode: node.meta.mode,
        uid: node.meta.uid,
        gid: node.meta.gid,
    };
    seen.into_iter().map(entry).collect()
}

/// UTF-8 as it is, every other byte as `\xNN`.
fn escape(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    out
}
