//! Writes a package's contents into its pack while they are decompressed.

use std::collections::HashMap;
use std::io::{self, BufWriter, Read, Write};
use std::path::PathBuf;

use sha2::Digest as _;

use super::budget::{Budget, Share};
use super::{UnpackError, table};
use crate::distro::{Control, Entry, EntryKind, Fault, Sink, Unpacked};
use crate::model::Sha256;
use crate::store::{DerivedWriter, StoreError};
use crate::tree::{Blob, Kind, Location, Node, TreePath};

/// Contents are copied in pieces of this size, for the sake of speed.
const PIECE: usize = 256 << 10;

/// A pack that is being written.
pub(super) struct PackSink<'a> {
    out: BufWriter<DerivedWriter>,
    path: PathBuf,
    pack: u32,
    offset: u64,
    memory: Share<'a>,
    buffer: Vec<u8>,
    entries: Vec<(TreePath, Node)>,
    /// Where in `entries` a directory is: only they may come twice.
    directories: HashMap<TreePath, usize>,
    newest: Option<i64>,
    root: bool,
}

impl<'a> PackSink<'a> {
    /// Writes to `out`, which will lie at `path`.
    pub(super) fn new(out: DerivedWriter, path: PathBuf, pack: u32, budget: &'a Budget) -> Self {
        Self {
            out: BufWriter::with_capacity(PIECE, out),
            path,
            pack,
            offset: 0,
            memory: budget.share(),
            buffer: vec![0; PIECE],
            entries: Vec::new(),
            directories: HashMap::new(),
            newest: None,
            root: false,
        }
    }

    /// Puts the table behind the contents and keeps the pack.
    pub(super) fn finish(self, control: Control) -> Result<(), UnpackError> {
        let unpacked = Unpacked {
            entries: self.entries,
            control,
            newest: self.newest.unwrap_or_default(),
            root: self.root,
        };
        let mut out = self.out;
        let written = out
            .write_all(&table::write(&unpacked, self.offset))
            .and_then(|()| out.into_inner().map_err(io::IntoInnerError::into_error));
        match written {
            Ok(writer) => Ok(writer.commit()?),
            Err(source) => Err(failed(self.path, source).into()),
        }
    }

    /// Copies a file's content to the pack; its size has been announced.
    fn copy(&mut self, size: u64, content: &mut dyn Read) -> Result<Blob, UnpackError> {
        let mut hasher = sha2::Sha256::new();
        let mut left = size;
        while left > 0 {
            let room = self
                .buffer
                .len()
                .min(usize::try_from(left).unwrap_or(usize::MAX));
            let read = match content.read(&mut self.buffer[..room]) {
                Ok(0) => return Err(UnpackError::Content(io::ErrorKind::UnexpectedEof.into())),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(UnpackError::Content(error)),
            };
            hasher.update(&self.buffer[..read]);
            if let Err(source) = self.out.write_all(&self.buffer[..read]) {
                return Err(UnpackError::Store(failed(self.path.clone(), source)));
            }
            left -= read as u64;
        }
        let at = Location::Pack {
            pack: self.pack,
            offset: self.offset,
        };
        self.offset += size;
        let sha256 = Sha256::from_bytes(hasher.finalize().into());
        Ok(Blob { size, sha256, at })
    }
}

fn boxed(error: UnpackError) -> Fault {
    Box::new(error)
}

fn failed(path: PathBuf, source: io::Error) -> StoreError {
    StoreError::Io {
        action: "write to the store",
        path,
        source,
    }
}

impl Sink for PackSink<'_> {
    fn need(&mut self, memory: u64) {
        self.memory.become_of(memory);
    }

    fn entry(&mut self, entry: Entry, content: &mut dyn Read) -> Result<(), Fault> {
        let Entry {
            path, meta, kind, ..
        } = entry;
        self.newest = self.newest.max(Some(meta.mtime));
        let Some(path) = path else {
            self.root = true;
            return Ok(());
        };
        let kind = match kind {
            EntryKind::Directory => Kind::Directory,
            EntryKind::File(size) => Kind::File(self.copy(size, content).map_err(boxed)?),
            EntryKind::Symlink(target) => Kind::Symlink(target),
            EntryKind::Hardlink(target) => Kind::Hardlink(target),
            EntryKind::CharDevice(major, minor) => Kind::CharDevice(major, minor),
            EntryKind::BlockDevice(major, minor) => Kind::BlockDevice(major, minor),
            EntryKind::Fifo => Kind::Fifo,
        };
        let node = Node { meta, kind };
        if node.is_directory() {
            // A directory that comes again has the place of the first and the metadata of the last.
            let next = self.entries.len();
            let at = *self.directories.entry(path.clone()).or_insert(next);
            if let Some((_, first)) = self.entries.get_mut(at) {
                *first = node;
                return Ok(());
            }
        }
        self.entries.push((path, node));
        Ok(())
    }
}
