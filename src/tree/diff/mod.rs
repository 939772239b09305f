//! Two filesystems in, what differs between them out.
//!
//! Complete: nothing comes out only where both are the same to whoever looks at them. Minimal: one
//! thing that changed is told once. So what went or came with a directory is counted there, a file
//! with several names is compared once, and which of its names holds the content says nothing. As
//! in the Merkle root, a symbolic link has no mode.

#[cfg(test)]
mod tests;
mod walk;

use super::{Blob, Kind, Node, TreePath};
use crate::model::Epoch;

pub use walk::diff;

/// One path that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The path.
    pub path: TreePath,
    /// How.
    pub change: Change,
    /// How many paths beneath it are missing or extra with it; they are not listed.
    pub below: usize,
}

/// How a path differs between an expected and a found filesystem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Only the expected one has it.
    Missing(Node),
    /// Only the found one has it.
    Extra(Node),
    /// Both have it; at least one field.
    Fields(Vec<Field>),
}

/// One field of a path that both have: as expected, then as found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    /// The type; no other field is compared then, for it is another node.
    Type(Kind, Kind),
    /// The content of a regular file.
    Content(Blob, Blob),
    /// Permission bits.
    Mode(u16, u16),
    /// User and group.
    Owner((u32, u32), (u32, u32)),
    /// Seconds since 1970.
    Mtime(i64, i64),
    /// Target of a symbolic link.
    Link(Box<[u8]>, Box<[u8]>),
    /// First path of the group of hard links; absent where it is a file of its own.
    Hardlink(Option<TreePath>, Option<TreePath>),
    /// Major and minor number of a device.
    Device((u32, u32), (u32, u32)),
    /// An extended attribute by name; absent where there is none.
    Xattr(Box<[u8]>, Option<Box<[u8]>>, Option<Box<[u8]>>),
}

impl Field {
    /// What reports call it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Type(..) => "type",
            Self::Content(..) => "content",
            Self::Mode(..) => "mode",
            Self::Owner(..) => "owner",
            Self::Mtime(..) => "mtime",
            Self::Link(..) => "link",
            Self::Hardlink(..) => "hardlink",
            Self::Device(..) => "device",
            Self::Xattr(..) => "xattr",
        }
    }

    /// The expected value as text; absent where there is none.
    pub fn expected(&self) -> Option<String> {
        self.values().0
    }

    /// The found value as text; absent where there is none.
    pub fn found(&self) -> Option<String> {
        self.values().1
    }

    fn values(&self) -> (Option<String>, Option<String>) {
        fn both<T>(a: T, b: T, text: impl Fn(T) -> String) -> (Option<String>, Option<String>) {
            (Some(text(a)), Some(text(b)))
        }
        match self {
            Self::Type(a, b) => both(a, b, describe),
            Self::Content(a, b) => both(a, b, content),
            Self::Mode(a, b) => both(a, b, |mode| format!("{mode:04o}")),
            Self::Owner(a, b) => both(a, b, pair),
            Self::Mtime(a, b) => both(a, b, |seconds| Epoch(*seconds).to_string()),
            Self::Link(a, b) => both(a, b, |target| text(target)),
            Self::Device(a, b) => both(a, b, pair),
            Self::Hardlink(a, b) => {
                let first = |path: &Option<TreePath>| path.as_ref().map(ToString::to_string);
                (first(a), first(b))
            }
            Self::Xattr(name, a, b) => {
                let value = |value: &[u8]| format!("{}={}", text(name), text(value));
                (a.as_deref().map(value), b.as_deref().map(value))
            }
        }
    }
}

/// What a node is, in words: `directory`, `file sha256:… (6 bytes)`, `symbolic link to ../lib`.
pub fn describe(kind: &Kind) -> String {
    match kind {
        Kind::Directory => "directory".into(),
        Kind::File(blob) => format!("file {}", content(blob)),
        Kind::Symlink(target) => format!("symbolic link to {}", text(target)),
        Kind::Hardlink(first) => format!("hard link to {first}"),
        Kind::CharDevice(major, minor) => format!("character device {major}:{minor}"),
        Kind::BlockDevice(major, minor) => format!("block device {major}:{minor}"),
        Kind::Fifo => "pipe".into(),
    }
}

fn content(blob: &Blob) -> String {
    format!("{} ({} bytes)", blob.sha256, blob.size)
}

fn pair((a, b): &(u32, u32)) -> String {
    format!("{a}:{b}")
}

/// Escaped as a path is.
fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(char::is_control) => text.into(),
        _ => bytes.escape_ascii().to_string(),
    }
}
