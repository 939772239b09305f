//! What a package's archive holds, in the words of every distribution.

use std::collections::BTreeMap;
use std::io::Read;

use super::Fault;
use crate::tree::{Meta, Node, TreePath};

/// One entry of a package's data archive, as packaged, before its content is read.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Where it goes; `None` for the root itself.
    pub path: Option<TreePath>,
    /// Mode, owner, time and extended attributes, as packaged.
    pub meta: Meta,
    /// What it is.
    pub kind: EntryKind,
    /// The SHA-1 that the archive itself gives of the content, or of a symbolic link's target;
    /// where it gives one (Alpine).
    pub sha1: Option<[u8; 20]>,
    /// The names of its user and its group, where the archive gives them.
    pub names: [Option<Box<str>>; 2],
}

/// What an entry is; as `tree::Kind`, but with the content still ahead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryKind {
    /// A directory.
    Directory,
    /// A regular file of so many bytes, which follow.
    File(u64),
    /// A symbolic link with its target.
    Symlink(Box<[u8]>),
    /// Another name of an earlier regular file of the same archive.
    Hardlink(TreePath),
    /// A character device: major and minor number.
    CharDevice(u32, u32),
    /// A block device: major and minor number.
    BlockDevice(u32, u32),
    /// A named pipe.
    Fifo,
}

/// Takes the entries of an archive as they come.
pub trait Sink {
    /// Is told, before a decoder starts, how many bytes of memory it will take; the one before it
    /// has ended. May wait until there is room.
    fn need(&mut self, memory: u64) {
        let _ = memory;
    }

    /// Takes one entry. `content` holds exactly the bytes of a file and nothing for other kinds;
    /// what is left unread is skipped. Where reading it fails, any error will do: the true cause is
    /// reported in its place.
    ///
    /// # Errors
    /// When the entry is refused or cannot be kept.
    fn entry(&mut self, entry: Entry, content: &mut dyn Read) -> Result<(), Fault>;
}

/// One file of a package's control archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlFile {
    /// Permission bits as packaged.
    pub mode: u16,
    /// Seconds since 1970 as packaged.
    pub mtime: i64,
    /// The content.
    pub bytes: Vec<u8>,
}

/// The control archive: `control`, `conffiles`, `md5sums`, `postinst` and so on, by name.
pub type Control = BTreeMap<String, ControlFile>;

/// A whole package, unpacked into a pack: what assembling reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpacked {
    /// The entries in archive order, the root left out; regular files lie in this package's pack.
    pub entries: Vec<(TreePath, Node)>,
    /// The control files.
    pub control: Control,
    /// The newest mtime of any entry of the data archive, the root and excluded paths included.
    pub newest: i64,
    /// Whether the archive has an entry for the root (dpkg's list always names it).
    pub root: bool,
}
