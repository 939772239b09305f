//! Headers of tar archives that any tool wrote: v7, ustar, GNU and pax.
//!
//! A [`Source`] of bytes comes in; entries come out, in the archive's order, with their contents left
//! in the source for the caller to take. The `tar` crate says where the fields of a header lie. The
//! walk is made here, because a size in a pax header moves the next header, which the crate's raw
//! mode cannot do, and because the offsets of contents are wanted.
//!
//! Where tools disagree about a form that is in use, what Go's archive/tar reads counts, which
//! Docker, containerd, Podman and umoci are built on. What could be read in two ways and is not in
//! use is refused: content of a directory or link, sparse files, pax headers that change all entries
//! to come, two different long names.
//!
//! An archive ends with two zero blocks, and zeros may follow. Without them it may have been cut off
//! between two entries. GNU tar and Go read it all the same; here that is taken only where a digest
//! of the whole says that nothing is missing ([`End::Digested`]).

mod entry;
mod headers;
mod number;
mod pax;
mod window;

use super::ImageError;
use crate::tree::Meta;
pub(super) use headers::{Headers, begins_tar};
pub(super) use window::{Slice, Window};

/// Of everything in a tar, in bytes.
const BLOCK: u64 = 512;
/// Where a tar is read from.
pub(super) trait Source {
    /// Fills `buf`, or as much of it as there is.
    fn take(&mut self, buf: &mut [u8]) -> Result<usize, ImageError>;

    /// Passes over so many bytes; false where there are not as many.
    fn skip(&mut self, bytes: u64) -> Result<bool, ImageError>;

    /// How many bytes are behind it.
    fn offset(&self) -> u64;
}

/// How an archive may end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// With two zero blocks, and zeros.
    Marked,
    /// Also after an entry or one zero block: the digest of the whole is known.
    Digested,
}

/// One entry, whose content is still ahead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// As written; neither empty nor with a NUL.
    pub(super) path: Vec<u8>,
    /// Mode, owner, time and extended attributes.
    pub(super) meta: Meta,
    /// What it is.
    pub(super) kind: Kind,
    /// Bytes of content, which a multiple of 512 hold.
    pub(super) size: u64,
    /// Where the content begins.
    pub(super) offset: u64,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Directory,
    File,
    /// Its target as written.
    Symlink(Box<[u8]>),
    /// A path as written.
    Hardlink(Box<[u8]>),
    /// Major and minor number.
    CharDevice(u32, u32),
    BlockDevice(u32, u32),
    Fifo,
}

/// `size` and what fills its last block.
pub(super) const fn padded(size: u64) -> u64 {
    size.saturating_add(BLOCK - 1) / BLOCK * BLOCK
}
