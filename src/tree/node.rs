//! Nodes of a tree, and where the contents of files lie.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use super::TreePath;
use crate::model::Sha256;

/// What every kind of node has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Meta {
    /// Permission bits, at most 0o7777.
    pub mode: u16,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Seconds since 1970; fractions were dropped downward.
    pub mtime: i64,
    /// Extended attributes by their full name, `security.capability`.
    pub xattrs: BTreeMap<Box<[u8]>, Box<[u8]>>,
}

/// Where the bytes of a file lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// Here.
    Inline(Arc<[u8]>),
    /// In a pack of the [`Contents`] at hand, from `offset` on.
    Pack {
        /// The number of the pack.
        pack: u32,
        /// In bytes.
        offset: u64,
    },
}

/// The content of a regular file. Equal when the bytes are, wherever they lie.
#[derive(Debug, Clone)]
pub struct Blob {
    /// In bytes.
    pub size: u64,
    /// Of the bytes.
    pub sha256: Sha256,
    /// Where they are.
    pub at: Location,
}

impl Blob {
    /// Holds `bytes` itself.
    pub fn inline(bytes: impl Into<Arc<[u8]>>) -> Self {
        let bytes = bytes.into();
        Self {
            size: bytes.len() as u64,
            sha256: Sha256::of(&bytes),
            at: Location::Inline(bytes),
        }
    }

    /// The bytes, all of them in memory: the caller has looked at the size.
    ///
    /// # Errors
    /// When `contents` cannot read them.
    pub fn read(&self, contents: &dyn Contents) -> io::Result<Vec<u8>> {
        match &self.at {
            Location::Inline(bytes) => Ok(bytes.to_vec()),
            Location::Pack { pack, offset } => {
                let length = usize::try_from(self.size).map_err(io::Error::other)?;
                let mut bytes = vec![0; length];
                contents.read_at(*pack, *offset, &mut bytes)?;
                Ok(bytes)
            }
        }
    }
}

impl PartialEq for Blob {
    fn eq(&self, other: &Self) -> bool {
        (self.size, self.sha256) == (other.size, other.sha256)
    }
}

impl Eq for Blob {}

/// What a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A directory.
    Directory,
    /// A regular file.
    File(Blob),
    /// A symbolic link with its target as written.
    Symlink(Box<[u8]>),
    /// Another name of the regular file at the path, in the same layer.
    Hardlink(TreePath),
    /// A character device: major and minor number.
    CharDevice(u32, u32),
    /// A block device: major and minor number.
    BlockDevice(u32, u32),
    /// A named pipe.
    Fifo,
}

/// One entry of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Mode, owner, time and attributes.
    pub meta: Meta,
    /// What it is.
    pub kind: Kind,
}

impl Node {
    /// Whether it is a directory.
    pub fn is_directory(&self) -> bool {
        matches!(self.kind, Kind::Directory)
    }
}

/// A filesystem without its root: every path once, sorted by bytes, so parents precede children.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tree {
    /// The nodes.
    pub nodes: BTreeMap<TreePath, Node>,
}

/// Opens what [`Location::Pack`] names.
pub trait Contents: Sync {
    /// Fills `buffer` with the bytes of `pack` from `offset` on.
    ///
    /// # Errors
    /// When the pack ends before, or cannot be read.
    fn read_at(&self, pack: u32, offset: u64, buffer: &mut [u8]) -> io::Result<()>;
}
