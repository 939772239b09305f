//! An image for tests, held in memory.

use std::collections::BTreeMap;

use super::Ground;
use crate::distro::Fault;
use crate::tree::{Blob, Kind, Meta, Node, TreePath};

/// The packages' files.
#[derive(Debug, Default)]
pub(in crate::distro) struct Files(BTreeMap<TreePath, Node>);

impl Files {
    fn put(mut self, path: &str, mode: u16, kind: Kind) -> Self {
        let path: TreePath = path.trim_start_matches('/').parse().unwrap();
        let mut next = path.parent();
        while let Some(parent) = next {
            next = parent.parent();
            let meta = Meta {
                mode: 0o755,
                ..Meta::default()
            };
            let kind = Kind::Directory;
            self.0.entry(parent).or_insert(Node { meta, kind });
        }
        let meta = Meta {
            mode,
            mtime: 7,
            ..Meta::default()
        };
        self.0.insert(path, Node { meta, kind });
        self
    }

    pub(in crate::distro) fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        let blob = Blob::inline(content.as_ref().to_vec());
        self.put(path, 0o644, Kind::File(blob))
    }

    pub(in crate::distro) fn link(self, path: &str, target: &str) -> Self {
        self.put(path, 0o777, Kind::Symlink(target.as_bytes().into()))
    }

    pub(in crate::distro) fn directory(self, path: &str, mode: u16) -> Self {
        self.put(path, mode, Kind::Directory)
    }
}

impl Ground for Files {
    fn node(&self, path: &TreePath) -> Option<Node> {
        self.0.get(path).cloned()
    }

    fn below(&self, directory: &TreePath) -> Vec<TreePath> {
        let inside = |path: &TreePath| {
            let rest = path.as_bytes().strip_prefix(directory.as_bytes());
            rest.is_some_and(|rest| rest.starts_with(b"/"))
        };
        let files = self
            .0
            .iter()
            .filter(|(path, node)| inside(path) && !node.is_directory());
        files.map(|(path, _)| path.clone()).collect()
    }

    fn owned(&self) -> Vec<(TreePath, Meta)> {
        Vec::new()
    }

    fn read(&self, _: &TreePath, _: &Blob, _: u64, _: &mut [u8]) -> Result<(), Fault> {
        unreachable!("every file of a test holds its own content")
    }
}

/// What was made, one line each: path, mode, owner, and the text or target. Plain directories that
/// come along are left out.
pub(in crate::distro) fn shown(made: &BTreeMap<TreePath, Node>) -> Vec<String> {
    let line = |(path, node): (&TreePath, &Node)| {
        let meta = &node.meta;
        let (mode, uid, gid) = (meta.mode, meta.uid, meta.gid);
        match &node.kind {
            Kind::Directory => format!("{path}/ {mode:o} {uid}:{gid}"),
            Kind::Symlink(target) => format!("{path} -> {}", target.escape_ascii()),
            Kind::File(Blob {
                at: crate::tree::Location::Inline(bytes),
                ..
            }) => format!("{path} {mode:o} {uid}:{gid} {}", bytes.escape_ascii()),
            other => format!("{path} {other:?}"),
        }
    };
    let along = |line: &String| {
        let directory = line.strip_suffix("/ 755 0:0");
        directory.is_some_and(|directory| {
            made.keys()
                .any(|path| path.to_string().starts_with(&format!("{directory}/")))
        })
    };
    let lines = made.iter().map(line);
    lines.filter(|line| !along(line)).collect()
}
