//! Small trees for tests.

use std::collections::BTreeMap;

use super::{Blob, Kind, Meta, Node, Tree, TreePath};
use crate::model::Epoch;

pub(crate) fn path(text: &str) -> TreePath {
    text.parse().unwrap()
}

pub(crate) fn tree<const N: usize>(nodes: [(&str, Node); N]) -> Tree {
    let nodes: BTreeMap<_, _> = nodes.map(|(at, node)| (path(at), node)).into();
    Tree { nodes }
}

pub(crate) fn node(mode: u16, mtime: i64, kind: Kind) -> Node {
    let meta = Meta {
        mode,
        mtime,
        ..Meta::default()
    };
    Node { meta, kind }
}

pub(crate) fn directory(mode: u16) -> Node {
    node(mode, Epoch::DIRECTORY.0, Kind::Directory)
}

pub(crate) fn file(content: &str) -> Node {
    node(0o644, 1, Kind::File(Blob::inline(content.as_bytes())))
}

pub(crate) fn hardlink(target: &str) -> Node {
    node(0o644, 1, Kind::Hardlink(path(target)))
}

pub(crate) fn symlink(target: &str) -> Node {
    node(0o777, 1, Kind::Symlink(target.as_bytes().into()))
}
