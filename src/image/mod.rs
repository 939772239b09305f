//! Reads what others made: OCI layouts and archives, docker archives, tars, directories.
//!
//! A path or a stream comes in ([`read_path`], [`read_stream`], [`read_layout`]); a [`Found`] goes
//! out: what it is, and of each image its configuration, its layers as they are, and the one
//! filesystem that they make together. Contents are hashed and, but for those that are asked for, not
//! kept. Who needs no digests of a directory has a [`Listing`] of it many times sooner
//! ([`read_listing`]). Nobody's tool is preferred: whatever compression, dialect of tar, order and
//! spelling of paths, equal filesystems come out as equal trees.
//!
//! Guaranteed of what comes out:
//!
//! - It was read to its end. What is cut off, goes on after its end, fails a checksum or may not be
//!   read is an error, and so is a blob whose digest, size or `diff_id` is not what was promised.
//! - Each path is there once, below directories only; a hard link names the first path of its group in
//!   the order of bytes, which is a regular file of the same layer.
//! - It is the same for any number of threads, and so is an error in a layer: the lowest layer's.
//!
//! Bounded, for each image: 500 layers, 4 million entries, 512 MiB of names and attributes, 64 GiB of
//! decompressed tars, from 4 GiB on 100 times the compressed size, 64 MiB of padding, 256 MiB of kept
//! contents and 128 MiB of each; in all: 1000 images, 4 indexes in one another, 4 MiB of a document and
//! 16 MiB of an index. Decoders take at most 160 MiB each, and 96 MiB together where there are several.
//!
//! Where it is decided: what a target is in `target` and `top`, what one tar means in `tar` (headers)
//! and `draft` (paths, links, whiteouts), what layers are on one another in `stack`, what of a machine
//! is read in `directory`. The sources: OCI image-spec 1.1 (image-layout, image-index, manifest, config,
//! layer), docker image save 1.2, POSIX pax, tar(5) of libarchive, and containerd where they leave a
//! choice.

mod choose;
mod decode;
mod directory;
mod docker;
mod documents;
mod draft;
mod drafted;
mod error;
mod files;
mod hashers;
mod images;
mod layer;
mod limits;
mod members;
mod oci;
mod pipe;
mod resolve;
mod room;
mod stack;
mod tar;
mod target;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod top;

use std::collections::BTreeMap;

pub use error::{ImageError, Place};
pub use target::{
    is_directory, read_filesystem, read_layout, read_listing, read_path, read_stream,
};

use crate::model::{Arch, Sha256};
use crate::tree::{Tree, TreePath};

/// How to read a target.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// Only this architecture's image; all where absent.
    pub arch: Option<Arch>,
    /// Only the image of this tag, where the target has several.
    pub tag: Option<&'a str>,
    /// Whether the content of the regular file at a path, of so many bytes, is kept in memory
    /// (`Location::Inline`); what is not kept is only hashed. Of hard links it is asked for the path
    /// that holds the content: in a tar the one that comes first, in a directory the first by bytes.
    /// More than 128 MiB of one or 256 MiB in all is an error.
    pub keep: &'a (dyn Fn(&TreePath, u64) -> bool + Sync),
    /// Which digests beside SHA-256 are made of regular files.
    pub sums: Option<SumKind>,
    /// Threads to read with.
    pub threads: usize,
    /// Is told of bytes read.
    pub advance: &'a (dyn Fn(u64) + Sync),
    /// A directory for what must be read twice and comes as a stream.
    pub scratch: &'a std::path::Path,
}

impl std::fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("arch", &self.arch)
            .field("tag", &self.tag)
            .field("sums", &self.sums)
            .field("threads", &self.threads)
            .field("scratch", &self.scratch)
            .finish_non_exhaustive()
    }
}

/// A digest that a package database has of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SumKind {
    /// dpkg's.
    Md5,
    /// apk's.
    Sha1,
}

/// What a target was found to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// OCI image layout, a directory.
    OciLayout,
    /// The same as one tar.
    OciArchive,
    /// What `docker save` writes.
    DockerArchive,
    /// A filesystem as one tar.
    Tar,
    /// A filesystem as a directory.
    Directory,
}

impl Form {
    /// As `--format` has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OciLayout => "oci",
            Self::OciArchive => "oci-archive",
            Self::DockerArchive => "docker-archive",
            Self::Tar => "tar",
            Self::Directory => "dir",
        }
    }
}

/// What was read of a target.
#[derive(Debug, Clone)]
pub struct Found {
    /// What it is.
    pub form: Form,
    /// What the tag points at, where it is an index over several architectures.
    pub index: Option<Sha256>,
    /// One per architecture, sorted; at least one.
    pub images: Vec<Image>,
}

/// One image, or one filesystem.
#[derive(Debug, Clone)]
pub struct Image {
    /// As its configuration says; absent for tars and directories.
    pub arch: Option<Arch>,
    /// The image manifest's digest, where there is one.
    pub manifest: Option<Sha256>,
    /// The image configuration.
    pub config: Option<Config>,
    /// Lowest first; one for a tar, none for a directory.
    pub layers: Vec<Layer>,
    /// The filesystem that they make together. `Location::Pack` is the number of a layer and an offset
    /// in its uncompressed tar; in a directory it points nowhere.
    pub tree: Tree,
    /// The wanted further digest of every regular file of `tree` (hard links are under their first path).
    pub sums: BTreeMap<TreePath, Vec<u8>>,
    /// What was left out of a directory, as sentences: other file systems, sockets.
    pub skipped: Vec<String>,
    /// The owner of every path, where a directory's paths all belong to one ordinary user: it was
    /// unpacked without the right to give files away.
    pub one_owner: Option<(u32, u32)>,
}

/// The filesystem in a directory, without the contents that were not asked for.
///
/// It is no [`Image`] and has no digest: what compares, hashes or records contents needs one that was
/// read in full.
#[derive(Debug, Clone)]
pub struct Listing {
    /// Every path. A file whose content was kept is as ever (`Location::Inline`); of any other
    /// `sha256` is [`Listing::UNREAD`].
    pub tree: Tree,
    /// As [`Image::skipped`].
    pub skipped: Vec<String>,
    /// As [`Image::one_owner`].
    pub one_owner: Option<(u32, u32)>,
}

impl Listing {
    /// Stands where a content was not read. No content is known that has this digest, and so none seems
    /// to be what was promised; but two that stand for different contents are equal.
    pub const UNREAD: Sha256 = Sha256::from_bytes([0; 32]);
}

/// An image configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// The image ID.
    pub digest: Sha256,
    /// The JSON.
    pub json: serde_json::Value,
}

/// One layer.
#[derive(Debug, Clone)]
pub struct Layer {
    /// The group, `system` or `files`, where the history says so as rootlock does.
    pub name: Option<String>,
    /// `created_by` of the history, where there is one.
    pub created_by: Option<String>,
    /// The blob's digest, where there is a blob.
    pub blob: Option<Sha256>,
    /// The blob's size in bytes; of a tar that is no layer, what was read.
    pub compressed: u64,
    /// Of the uncompressed tar.
    pub diff_id: Sha256,
    /// Of the uncompressed tar, in bytes.
    pub size: u64,
    /// What it holds. A directory above an entry that has none of its own is 0755 0:0 here and of the
    /// time that rootlock gives directories; in the image it is as a lower layer has it.
    pub tree: Tree,
    /// What it removes from the layers below: `.wh.NAME` as the path, `.wh..wh..opq` as all below it.
    pub whiteouts: Vec<Whiteout>,
    /// What is not as rootlock would write it, the first few of each kind.
    pub oddities: Vec<Oddity>,
}

/// Something that a layer removes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whiteout {
    /// The path.
    Path(TreePath),
    /// Everything that lower layers have below the path; `None` is the root.
    Below(Option<TreePath>),
}

/// An entry that reads the same and is written otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Oddity {
    /// It comes after one that sorts behind it.
    Order(TreePath),
    /// It is there more than once; the last counts.
    Repeated(TreePath),
    /// A directory above it has no entry of its own.
    NoParent(TreePath),
    /// The archive has an entry for the root.
    Root,
}
