//! The Merkle root of a filesystem: one digest of all that a container could see of it, whatever
//! layers, tar and compression it travels in.
//!
//! The digest of a directory is the SHA-256 of the records of its entries, in the order of the bytes
//! of their names; the root of a tree is the digest of its root directory, whose own metadata is in
//! no tree and counts for nothing. A record is, with numbers big-endian and `bytes` standing for a
//! u32 length and the bytes themselves:
//!
//! | field | form |
//! |---|---|
//! | name | bytes: the last part of the path |
//! | type | one letter: `d` directory, `f` file, `l` symbolic link, `h` hard link, `c` and `b` devices, `p` pipe |
//! | mode | u32: the bits 07777; 0777 for a symbolic link |
//! | uid, gid | u32 each |
//! | mtime | i64: seconds since 1970 |
//! | what it is | `d`: 32 bytes, the directory's digest. `f`: u64 size and 32 bytes, the content's SHA-256. `l`: bytes, the target. `h`: bytes, the first path of the group, from the root. `c`, `b`: u32 major, u32 minor. `p`: nothing |
//! | xattrs | u32 count, then for each, in the order of the bytes of their names: bytes name, bytes value |
//!
//! Every field has a length that is fixed or written before it, so no two filesystems give the same
//! bytes to hash. An equal digest of a directory means an equal subtree, hard links out of it aside.

use std::collections::HashMap;

use sha2::Digest as _;

use super::{Kind, Node, Tree, TreePath};
use crate::model::Sha256;

/// The Merkle root of `tree`.
///
/// What lies below no directory of the tree has no place in it and is not covered; such a tree is
/// refused wherever one is written.
pub fn merkle_root(tree: &Tree) -> Sha256 {
    // A path sorts before all that is below it, but `a-b` lies between `a` and `a/b`: visiting from
    // the last path to the first meets every entry of a directory, the last name first, before the
    // directory itself. So each directory gathers the records of its entries in reverse.
    let mut open: HashMap<&[u8], Vec<Vec<u8>>> = HashMap::new();
    for (path, node) in tree.nodes.iter().rev() {
        let (parent, name) = split(path);
        let entries = open.remove(path.as_bytes()).unwrap_or_default();
        let record = record(name, node, || digest(entries));
        open.entry(parent).or_default().push(record);
    }
    digest(open.remove(&b""[..]).unwrap_or_default())
}

/// The parent, empty for the root, and the name.
fn split(path: &TreePath) -> (&[u8], &[u8]) {
    let name = path.name();
    let bytes = path.as_bytes();
    let parent = bytes.len() - name.len();
    (&bytes[..parent.saturating_sub(1)], name)
}

/// The digest of a directory from its entries' records, which come in reverse.
fn digest(mut records: Vec<Vec<u8>>) -> Sha256 {
    // The whole paths were sorted, and below one parent that is the order of the names.
    records.reverse();
    let mut hasher = sha2::Sha256::new();
    for record in records {
        hasher.update(&record);
    }
    Sha256::from_bytes(hasher.finalize().into())
}

fn record(name: &[u8], node: &Node, directory: impl FnOnce() -> Sha256) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    bytes(&mut out, name);
    let (letter, mode) = match &node.kind {
        Kind::Directory => (b'd', node.meta.mode),
        Kind::File(_) => (b'f', node.meta.mode),
        Kind::Symlink(_) => (b'l', 0o777),
        Kind::Hardlink(_) => (b'h', node.meta.mode),
        Kind::CharDevice(..) => (b'c', node.meta.mode),
        Kind::BlockDevice(..) => (b'b', node.meta.mode),
        Kind::Fifo => (b'p', node.meta.mode),
    };
    out.push(letter);
    out.extend(u32::from(mode & 0o7777).to_be_bytes());
    out.extend(node.meta.uid.to_be_bytes());
    out.extend(node.meta.gid.to_be_bytes());
    out.extend(node.meta.mtime.to_be_bytes());
    match &node.kind {
        Kind::Directory => out.extend(directory().as_bytes()),
        Kind::File(blob) => {
            out.extend(blob.size.to_be_bytes());
            out.extend(blob.sha256.as_bytes());
        }
        Kind::Symlink(target) => bytes(&mut out, target),
        Kind::Hardlink(first) => bytes(&mut out, first.as_bytes()),
        Kind::CharDevice(major, minor) | Kind::BlockDevice(major, minor) => {
            out.extend(major.to_be_bytes());
            out.extend(minor.to_be_bytes());
        }
        Kind::Fifo => {}
    }
    out.extend(length(node.meta.xattrs.len()));
    for (key, value) in &node.meta.xattrs {
        bytes(&mut out, key);
        bytes(&mut out, value);
    }
    out
}

fn bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend(length(bytes.len()));
    out.extend_from_slice(bytes);
}

/// Names, targets and attributes are far below 4 GiB: readers bound them.
fn length(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::testing::{directory, file, hardlink, node, path, symlink, tree};

    /// The records of one small tree, spelled out as the table above says.
    #[test]
    fn the_encoding_is_the_specified_one() {
        let content = Sha256::of(b"hello\n");
        let mut inner = Vec::new();
        inner.extend(b"\0\0\0\x04motdf\0\0\x01\xa4");
        inner.extend([0; 8]);
        inner.extend(1i64.to_be_bytes());
        inner.extend(6u64.to_be_bytes());
        inner.extend(content.as_bytes());
        inner.extend(b"\0\0\0\x01\0\0\0\x06user.k\0\0\0\x01v");
        let mut outer = Vec::new();
        outer.extend(b"\0\0\0\x03etcd\0\0\x01\xed");
        outer.extend([0; 8]);
        outer.extend(946_684_800i64.to_be_bytes());
        outer.extend(Sha256::of(&inner).as_bytes());
        outer.extend([0; 4]);
        outer.extend(b"\0\0\0\x05etc-xl\0\0\x01\xff");
        outer.extend([0; 8]);
        outer.extend(1i64.to_be_bytes());
        outer.extend(b"\0\0\0\x03etc");
        outer.extend([0; 4]);

        let mut motd = file("hello\n");
        motd.meta.xattrs.insert((*b"user.k").into(), (*b"v").into());
        let tree = tree([
            ("etc", directory(0o755)),
            ("etc-x", symlink("etc")),
            ("etc/motd", motd),
        ]);
        assert_eq!(merkle_root(&tree), Sha256::of(&outer));
        assert_eq!(merkle_root(&Tree::default()), Sha256::of(b""));
    }

    #[test]
    fn covers_every_field() {
        let base = || {
            tree([
                ("a", file("x")),
                ("b", hardlink("a")),
                ("c", symlink("a")),
                ("d", directory(0o755)),
                ("d/e", node(0o600, 5, Kind::CharDevice(1, 3))),
                ("f", node(0o600, 5, Kind::Fifo)),
                ("g", file("x")),
            ])
        };
        let changes: [fn(&mut Tree); 13] = [
            |tree| drop(tree.nodes.remove(&path("f"))),
            |tree| tree.nodes.get_mut(&path("a")).unwrap().meta.mode = 0o4644,
            |tree| tree.nodes.get_mut(&path("a")).unwrap().meta.uid = 1,
            |tree| tree.nodes.get_mut(&path("a")).unwrap().meta.gid = 1,
            |tree| tree.nodes.get_mut(&path("c")).unwrap().meta.mtime = -1,
            |tree| tree.nodes.get_mut(&path("a")).unwrap().kind = file("y").kind,
            |tree| tree.nodes.get_mut(&path("b")).unwrap().kind = hardlink("g").kind,
            |tree| tree.nodes.get_mut(&path("b")).unwrap().kind = file("x").kind,
            |tree| tree.nodes.get_mut(&path("c")).unwrap().kind = symlink("b").kind,
            |tree| tree.nodes.get_mut(&path("d/e")).unwrap().kind = Kind::CharDevice(3, 1),
            |tree| tree.nodes.get_mut(&path("d/e")).unwrap().kind = Kind::BlockDevice(1, 3),
            |tree| {
                let meta = &mut tree.nodes.get_mut(&path("d")).unwrap().meta;
                meta.xattrs.insert((*b"user.a").into(), (*b"").into());
            },
            |tree| {
                let moved = tree.nodes.remove(&path("d/e")).unwrap();
                tree.nodes.insert(path("e"), moved);
            },
        ];
        let mut roots = vec![merkle_root(&base())];
        for change in changes {
            let mut changed = base();
            change(&mut changed);
            roots.push(merkle_root(&changed));
        }
        let count = roots.len();
        roots.sort();
        roots.dedup();
        assert_eq!(roots.len(), count);
    }
}
