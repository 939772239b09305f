//! What reading an image can fail with.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::decode::Origin;
use crate::model::{Class, Explain, Sha256};
use crate::tree::ParsePathError;

/// What a failure is about: a target as a whole, or one layer of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place(Arc<Spot>);

#[derive(Debug, PartialEq, Eq)]
struct Spot {
    target: Arc<str>,
    /// Number and digest.
    layer: Option<(usize, Option<Sha256>)>,
}

impl Place {
    /// The target as a whole.
    pub(super) fn new(target: &str) -> Self {
        Self(Arc::new(Spot {
            target: target.into(),
            layer: None,
        }))
    }

    /// The layer of that number, counted from 0 and the lowest first.
    pub(super) fn layer(&self, number: usize, digest: Option<Sha256>) -> Self {
        Self(Arc::new(Spot {
            target: Arc::clone(&self.0.target),
            layer: Some((number, digest)),
        }))
    }

    /// Of a whole that was read from here: reading failed, or what was read is no compressed data.
    pub(super) fn failed(&self, error: io::Error) -> ImageError {
        let place = self.clone();
        match error.downcast::<Origin>() {
            Ok(Origin(source)) => ImageError::Read { place, source },
            Err(source) => ImageError::Decode { place, source },
        }
    }

    pub(super) fn empty(&self) -> ImageError {
        ImageError::Empty {
            place: self.clone(),
        }
    }

    pub(super) fn broken(&self, why: impl Into<String>) -> ImageError {
        ImageError::Broken {
            place: self.clone(),
            why: why.into(),
        }
    }

    pub(super) fn unsupported(&self, why: impl Into<String>) -> ImageError {
        ImageError::Unsupported {
            place: self.clone(),
            why: why.into(),
        }
    }

    /// An error about the entry at `path`.
    pub(super) fn entry(&self, path: &[u8], why: &'static str) -> ImageError {
        ImageError::Entry {
            place: self.clone(),
            path: shown(path),
            why,
        }
    }

    pub(super) fn limit(&self, what: &'static str, limit: u64) -> ImageError {
        ImageError::Limit {
            place: self.clone(),
            what,
            limit,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Spot { target, layer } = &*self.0;
        match layer {
            Some((number, Some(digest))) => {
                write!(f, "layer {} ({digest}) of {target}", number + 1)
            }
            Some((number, None)) => write!(f, "layer {} of {target}", number + 1),
            None => f.write_str(target),
        }
    }
}

/// A stranger's text in a message: escaped, and cut where it is long.
pub(super) fn shown(text: &[u8]) -> String {
    const MOST: usize = 200;
    let cut = text.get(..MOST).unwrap_or(text);
    match std::str::from_utf8(cut) {
        Ok(text) if !text.chars().any(char::is_control) => text.into(),
        _ => cut.escape_ascii().to_string(),
    }
}

/// An image could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// The file system, or the other end of a pipe, failed.
    #[error("{place} cannot be read")]
    Read {
        /// The target, or a layer of it.
        place: Place,
        /// Why.
        source: io::Error,
    },
    /// A path of a directory cannot be read.
    #[error("{} cannot be read", .path.display())]
    File {
        /// The path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What must be read twice could not be put aside.
    #[error("{place} must be read twice and cannot be put aside under {}", .directory.display())]
    Spool {
        /// The target.
        place: Place,
        /// Where.
        directory: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is nothing that is understood.
    #[error("{place} is no image that is understood")]
    Unknown {
        /// The target.
        place: Place,
    },
    /// A filesystem without a single path: not what anybody means to look at.
    #[error("{place} is empty")]
    Empty {
        /// The target.
        place: Place,
    },
    /// It was read as a filesystem and turned out to be an archive of images.
    #[error("{place} is an archive of images that does not begin like one, and comes only once")]
    Late {
        /// The target.
        place: Place,
    },
    /// It is understood as far as that this version cannot read it.
    #[error("{place} {why}")]
    Unsupported {
        /// The target, or a layer of it.
        place: Place,
        /// What it has.
        why: String,
    },
    /// What should be compressed data is not, or is cut off.
    #[error("{place} cannot be decompressed")]
    Decode {
        /// The target, or a layer of it.
        place: Place,
        /// Why.
        source: io::Error,
    },
    /// It contradicts itself, or is cut off.
    #[error("{place} {why}")]
    Broken {
        /// The target, or a layer of it.
        place: Place,
        /// What is wrong with it.
        why: String,
    },
    /// One entry of a tar.
    #[error("`{path}` in {place} {why}")]
    Entry {
        /// The target, or a layer of it.
        place: Place,
        /// As the archive has it, escaped.
        path: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A path that no filesystem below a root can have.
    #[error("{place} holds a path that is refused")]
    Path {
        /// The target, or a layer of it.
        place: Place,
        /// Why.
        source: ParsePathError,
    },
    /// A document of the image that is no JSON, or not the JSON that it should be.
    #[error("{name} of {place} is malformed")]
    Json {
        /// The target.
        place: Place,
        /// The file in it.
        name: String,
        /// Why.
        source: serde_json::Error,
    },
    /// Something that the image names is not in it.
    #[error("{name} is not in {place}")]
    Absent {
        /// The target.
        place: Place,
        /// The file.
        name: String,
    },
    /// The bytes are not those that were promised.
    #[error("{what} of {place} has the digest {found}, and {expected} was promised")]
    Digest {
        /// The target, or a layer of it.
        place: Place,
        /// Which bytes.
        what: String,
        /// By whoever names it.
        expected: Sha256,
        /// Of the bytes.
        found: Sha256,
    },
    /// There are not as many bytes as were promised.
    #[error("{what} of {place} has {found} bytes, and {expected} were promised")]
    Size {
        /// The target, or a layer of it.
        place: Place,
        /// Which bytes.
        what: String,
        /// By whoever names it.
        expected: u64,
        /// How many there are.
        found: u64,
    },
    /// A bound was passed.
    #[error("{place} has more than {limit} {what}")]
    Limit {
        /// The target, or a layer of it.
        place: Place,
        /// What there is too much of.
        what: &'static str,
        /// The bound.
        limit: u64,
    },
    /// There are several images, and which one is meant was not said, or not clearly enough.
    #[error("{place} holds several images: {}", .tags.join(", "))]
    Several {
        /// The target.
        place: Place,
        /// What they are called.
        tags: Vec<String>,
    },
    /// No image has the tag.
    #[error("{place} has no image `{tag}`")]
    NoTag {
        /// The target.
        place: Place,
        /// As asked for.
        tag: String,
        /// What there is.
        tags: Vec<String>,
    },
    /// No image is of the architecture, or none can be read at all.
    #[error("{place} has no image for {wanted}")]
    NoArch {
        /// The target.
        place: Place,
        /// An architecture, or `linux`.
        wanted: String,
        /// What there is.
        found: Vec<String>,
    },
}

impl Explain for ImageError {
    fn class(&self) -> Class {
        match self {
            Self::Read { .. } | Self::File { .. } | Self::Spool { .. } => Class::Outside,
            Self::Unknown { .. }
            | Self::Empty { .. }
            | Self::Late { .. }
            | Self::Unsupported { .. }
            | Self::Several { .. }
            | Self::NoTag { .. }
            | Self::NoArch { .. } => Class::BadInput,
            Self::Decode { .. }
            | Self::Broken { .. }
            | Self::Entry { .. }
            | Self::Path { .. }
            | Self::Json { .. }
            | Self::Absent { .. }
            | Self::Digest { .. }
            | Self::Size { .. }
            | Self::Limit { .. } => Class::Untrusted,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::File { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                "run the command as root, or under `unshare --map-auto -r` if the directory was \
                 made so"
            }
            Self::Spool { .. } => "choose a directory with room by `--store`",
            Self::Unknown { .. } => {
                "give an OCI image layout, an OCI or docker archive, a directory, or a tar, which may be \
                 compressed with gzip, zstd, xz or bzip2"
            }
            Self::Late { .. } => "save it to a file, and name that",
            Self::Several { place, .. } => {
                return Some(format!("choose one with `{}:TAG`", place.0.target));
            }
            Self::NoTag { tags, .. } if tags.is_empty() => "leave the tag out: there are none",
            Self::NoTag { tags, .. } => return Some(format!("it has {}", tags.join(", "))),
            Self::NoArch { found, .. } if !found.is_empty() => {
                return Some(format!("it has {}", found.join(", ")));
            }
            _ => return None,
        };
        Some(hint.into())
    }
}
