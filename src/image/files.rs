//! The files that an image consists of, wherever they lie: in a directory, or in a tar.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{Mode, OFlags};
use serde::de::DeserializeOwned;

use super::error::shown;
use super::limits::Budget;
use super::resolve::parts;
use super::tar::{End, Headers, Kind, Window, padded};
use super::{ImageError, Place};
use crate::model::Sha256;

/// The files of one target, by names like `blobs/sha256/HEX`.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) place: Place,
    home: Home,
}

#[derive(Debug)]
enum Home {
    Directory(PathBuf),
    Archive {
        file: Arc<File>,
        members: BTreeMap<Vec<u8>, Member>,
    },
}

#[derive(Debug)]
enum Member {
    /// Where it begins, and how many bytes it has.
    File(u64, u64),
    /// The same as another, by its parts joined.
    Link(Vec<u8>),
}

/// One file: a part of an open one.
#[derive(Debug)]
pub(super) struct Piece {
    file: Arc<File>,
    start: u64,
    pub(super) size: u64,
}

impl Piece {
    /// Reads it from its beginning.
    pub(super) fn read<'a>(&'a self, place: &'a Place) -> Window<'a> {
        Window::new(&self.file, self.start, self.start + self.size, place)
    }
}

/// How many links of an archive lead to one another.
const LINKS: usize = 8;

impl Files {
    /// Those of a directory. No symbolic link in it is followed.
    pub(super) fn in_directory(path: &Path, place: &Place) -> Self {
        Self {
            place: place.clone(),
            home: Home::Directory(path.into()),
        }
    }

    /// Those of a tar that is not compressed.
    pub(super) fn in_archive(file: File, place: &Place) -> Result<Self, ImageError> {
        let failed = |source| ImageError::Read {
            place: place.clone(),
            source,
        };
        let size = file.metadata().map_err(failed)?.len();
        let mut window = Window::new(&file, 0, size, place);
        let headers = Headers {
            place,
            budget: &Budget::default(),
            end: End::Marked,
        };
        let mut members = BTreeMap::new();
        while let Some(entry) = headers.next(&mut window)? {
            headers.pass(padded(entry.size), &mut window)?;
            let leaves = || place.entry(&entry.path, "leaves the root");
            let name = parts(&entry.path).ok_or_else(leaves)?;
            let target =
                |parts: Option<Vec<&[u8]>>| parts.map(|parts| Member::Link(parts.join(&b'/')));
            let member = match &entry.kind {
                Kind::File => Some(Member::File(entry.offset, entry.size)),
                Kind::Hardlink(to) => target(parts(to)),
                // Docker had links for layers that are there twice.
                Kind::Symlink(to) if !to.starts_with(b"/") => {
                    let above = name.get(..name.len().saturating_sub(1)).unwrap_or_default();
                    let joined = [&above.join(&b'/'), &to[..]].join(&b'/');
                    target(parts(&joined))
                }
                _ => None,
            };
            let name = name.join(&b'/');
            match member {
                Some(member) => members.insert(name, member),
                None => members.remove(&name),
            };
        }
        Ok(Self {
            place: place.clone(),
            home: Home::Archive {
                file: Arc::new(file),
                members,
            },
        })
    }

    /// Whether there is a file of the name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.open(name).is_ok()
    }

    /// Opens a file.
    pub(super) fn open(&self, name: &str) -> Result<Piece, ImageError> {
        let absent = || ImageError::Absent {
            place: self.place.clone(),
            name: shown(name.as_bytes()),
        };
        match &self.home {
            Home::Directory(path) => match open_in(path, name) {
                Ok(file) => {
                    let size = file
                        .metadata()
                        .map_err(|error| unreadable(path, name, error))?
                        .len();
                    Ok(Piece {
                        file: Arc::new(file),
                        start: 0,
                        size,
                    })
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => Err(absent()),
                Err(error) => Err(unreadable(path, name, error)),
            },
            Home::Archive { file, members } => {
                let mut name = name.as_bytes();
                for _ in 0..LINKS {
                    match members.get(name).ok_or_else(absent)? {
                        Member::Link(to) => name = to,
                        Member::File(start, size) => {
                            return Ok(Piece {
                                file: Arc::clone(file),
                                start: *start,
                                size: *size,
                            });
                        }
                    }
                }
                Err(absent())
            }
        }
    }

    /// Opens a blob, which must have the size that was promised.
    pub(super) fn blob(&self, digest: &Sha256, size: u64) -> Result<Piece, ImageError> {
        let piece = self.open(&blob_name(digest))?;
        if piece.size != size {
            return Err(ImageError::Size {
                place: self.place.clone(),
                what: digest.to_string(),
                expected: size,
                found: piece.size,
            });
        }
        Ok(piece)
    }

    /// The whole of a small file.
    pub(super) fn bytes(&self, name: &str, limit: u64) -> Result<Vec<u8>, ImageError> {
        self.all(&self.open(name)?, limit)
    }

    /// The whole of a small blob, which must be what was promised.
    pub(super) fn document(
        &self,
        digest: &Sha256,
        size: u64,
        limit: u64,
    ) -> Result<Vec<u8>, ImageError> {
        let bytes = self.all(&self.blob(digest, size)?, limit)?;
        let found = Sha256::of(&bytes);
        if found != *digest {
            return Err(ImageError::Digest {
                place: self.place.clone(),
                what: "a document".into(),
                expected: *digest,
                found,
            });
        }
        Ok(bytes)
    }

    /// Reads JSON.
    pub(super) fn json<T: DeserializeOwned>(
        &self,
        name: &str,
        bytes: &[u8],
    ) -> Result<T, ImageError> {
        serde_json::from_slice(bytes).map_err(|source| ImageError::Json {
            place: self.place.clone(),
            name: name.into(),
            source,
        })
    }

    fn all(&self, piece: &Piece, limit: u64) -> Result<Vec<u8>, ImageError> {
        if piece.size > limit {
            return Err(self.place.limit("bytes in a document", limit));
        }
        let mut bytes = Vec::new();
        let read = piece.read(&self.place).read_to_end(&mut bytes);
        read.map_err(|error| self.place.failed(error))?;
        Ok(bytes)
    }
}

/// Where a layout has a blob.
pub(super) fn blob_name(digest: &Sha256) -> String {
    format!("blobs/sha256/{}", digest.hex())
}

fn unreadable(directory: &Path, name: &str, source: io::Error) -> ImageError {
    ImageError::File {
        path: directory.join(name),
        source,
    }
}

/// Opens a regular file below `directory` without following a symbolic link on the way, so that
/// nothing outside is read.
fn open_in(directory: &Path, name: &str) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let mut at = rustix::fs::open(directory, flags | OFlags::DIRECTORY, Mode::empty())?;
    for part in name.split('/') {
        if matches!(part, "" | "." | "..") {
            return Err(io::ErrorKind::NotFound.into());
        }
        at = rustix::fs::openat(&at, part, flags | OFlags::NOFOLLOW, Mode::empty())?;
    }
    let file = File::from(at);
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::other("it is no regular file")),
    }
}
