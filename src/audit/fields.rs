//! The fields of one path, as one voice has them and as they are.

use super::Subject;
use super::expect::{Expected, unescaped};
use crate::model::Sha256;
use crate::tree::{Kind, Node, TreePath};

/// A field that is not as it should be.
pub(super) struct Wrong {
    pub(super) field: &'static str,
    pub(super) expected: String,
    pub(super) found: String,
}

/// What is not as `voice` has it.
pub(super) fn compare(
    subject: Subject<'_>,
    path: &TreePath,
    node: &Node,
    voice: &Expected<'_>,
) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    // All names of a file have what one of them has.
    let node = match &node.kind {
        Kind::Hardlink(first) => subject.tree.nodes.get(first).unwrap_or(node),
        _ => node,
    };
    match voice {
        Expected::Recorded(generated) => {
            let kind = match (&generated.sha256, &generated.link) {
                (Some(_), _) => "file",
                (None, Some(_)) => "link",
                (None, None) => "directory",
            };
            if differ(&mut wrong, "type", kind, type_of(node)) {
                return wrong;
            }
            if let (Some(expected), Some(found)) = (generated.sha256, content(node)) {
                differ(
                    &mut wrong,
                    "content",
                    expected.to_string(),
                    found.to_string(),
                );
            }
            if let (Some(link), Kind::Symlink(target)) = (&generated.link, &node.kind)
                && unescaped(link) != target[..]
            {
                let found = target.escape_ascii().to_string();
                differ(&mut wrong, "link", link.clone(), found);
            }
            let meta = (generated.mode, generated.uid, generated.gid);
            metadata(&mut wrong, subject, node, meta);
        }
        Expected::Released(shipped) | Expected::Packaged { node: shipped, .. } => {
            packaged(&mut wrong, subject, node, shipped);
        }
        Expected::Listed { file, .. } => {
            // apk's database says what is a directory.
            if file.meta.is_some() && file.directory != node.is_directory() {
                let expected = if file.directory { "directory" } else { "file" };
                differ(&mut wrong, "type", expected, type_of(node));
                return wrong;
            }
            if let Some(expected) = &file.sum {
                match (&node.kind, sum(subject, path)) {
                    (Kind::File(_), Some(found)) => {
                        differ(&mut wrong, "content", hex(expected), hex(found));
                    }
                    (Kind::File(_), None) => {}
                    // apk has the digest of what a link says; dpkg has digests of files alone.
                    (Kind::Symlink(target), _) if expected.len() == SHA1 => {
                        differ(&mut wrong, "link", hex(expected), hex(&sha1(target)));
                    }
                    _ => drop(differ(&mut wrong, "type", "file", type_of(node))),
                }
            }
            if let Some(meta) = file.meta
                && !matches!(node.kind, Kind::Symlink(_))
            {
                metadata(&mut wrong, subject, node, meta);
            }
        }
    }
    wrong
}

/// Against what was packaged.
fn packaged(wrong: &mut Vec<Wrong>, subject: Subject<'_>, node: &Node, packaged: &Node) {
    if differ(wrong, "type", type_of(packaged), type_of(node)) {
        return;
    }
    match (&packaged.kind, &node.kind) {
        (Kind::Symlink(expected), Kind::Symlink(found)) => {
            let text = |link: &[u8]| link.escape_ascii().to_string();
            differ(wrong, "link", text(expected), text(found));
        }
        (Kind::CharDevice(..) | Kind::BlockDevice(..), _) => {
            differ(wrong, "device", numbers(packaged), numbers(node));
        }
        _ => {
            if let (Some(expected), Some(found)) = (content(packaged), content(node)) {
                differ(wrong, "content", expected.to_string(), found.to_string());
            }
        }
    }
    let meta = &packaged.meta;
    metadata(wrong, subject, node, (meta.mode, meta.uid, meta.gid));
    capabilities(wrong, subject, packaged, node);
}

/// Major and minor number of a device.
fn numbers(node: &Node) -> String {
    match node.kind {
        Kind::CharDevice(major, minor) | Kind::BlockDevice(major, minor) => {
            format!("{major}:{minor}")
        }
        _ => String::new(),
    }
}

/// Notes a difference, and says whether there is one.
fn differ(
    wrong: &mut Vec<Wrong>,
    field: &'static str,
    expected: impl Into<String>,
    found: impl Into<String>,
) -> bool {
    let (expected, found) = (expected.into(), found.into());
    let different = expected != found;
    if different {
        wrong.push(Wrong {
            field,
            expected,
            found,
        });
    }
    different
}

/// Mode and owner; of a symbolic link only the owner means something.
fn metadata(wrong: &mut Vec<Wrong>, subject: Subject<'_>, node: &Node, meta: (u16, u32, u32)) {
    let (mode, uid, gid) = meta;
    let found = node.meta.mode;
    // Who may not give files away loses these with the right to; nobody gains them.
    let lost = subject.one_owner && found == mode & !0o6000;
    let octal = |mode: u16| format!("{mode:04o}");
    if !matches!(node.kind, Kind::Symlink(_)) && !lost {
        differ(wrong, "mode", octal(mode), octal(found));
    }
    if !subject.one_owner {
        let owner = |uid, gid| format!("{uid}:{gid}");
        differ(
            wrong,
            "owner",
            owner(uid, gid),
            owner(node.meta.uid, node.meta.gid),
        );
    }
}

/// Where file capabilities are kept, capabilities(7).
pub(super) const CAPABILITY: &[u8] = b"security.capability";

/// Capabilities are rights like setuid's; other attributes are the file system's.
fn capabilities(wrong: &mut Vec<Wrong>, subject: Subject<'_>, packaged: &Node, node: &Node) {
    if subject.one_owner && !node.meta.xattrs.contains_key(CAPABILITY) {
        return;
    }
    let text = |node: &Node| {
        let value = node.meta.xattrs.get(CAPABILITY);
        value.map_or_else(|| "none".into(), |value| value.escape_ascii().to_string())
    };
    differ(wrong, "xattr", text(packaged), text(node));
}

/// The digest of a regular file.
const fn content(node: &Node) -> Option<Sha256> {
    match &node.kind {
        Kind::File(blob) => Some(blob.sha256),
        _ => None,
    }
}

/// The length of a SHA-1.
const SHA1: usize = 20;

/// What apk's database is made of; nothing is trusted because of it.
fn sha1(bytes: &[u8]) -> Vec<u8> {
    let mut hasher = sha1collisiondetection::Sha1CD::default();
    hasher.update(bytes);
    let digest = hasher.finalize_cd();
    digest.map(|digest| digest.to_vec()).unwrap_or_default()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn type_of(node: &Node) -> &'static str {
    match node.kind {
        Kind::Directory => "directory",
        Kind::File(_) | Kind::Hardlink(_) => "file",
        Kind::Symlink(_) => "link",
        Kind::CharDevice(..) => "character device",
        Kind::BlockDevice(..) => "block device",
        Kind::Fifo => "pipe",
    }
}

/// The further digest of a file; of a symbolic link there is none to make here.
pub(super) fn sum<'a>(subject: Subject<'a>, path: &TreePath) -> Option<&'a [u8]> {
    let holder = match &subject.tree.nodes.get(path)?.kind {
        Kind::Hardlink(first) => first,
        _ => path,
    };
    subject.sums.get(holder).map(Vec::as_slice)
}
