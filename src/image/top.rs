//! Telling an archive of images from a filesystem, by the names at its top.
//!
//! - `oci-layout` and `index.json` make an OCI layout. One of them beside `blobs/sha256` makes a damaged
//!   one: whoever reads it says what is missing.
//! - `manifest.json` makes a Docker archive where nothing lies beside it that archives of images do not
//!   have. A filesystem may have a file of that name, and a Docker archive parts of any name: so where
//!   something else is there, it must be Docker's list, and all that it names be there.

use std::fs::File;

use super::limits::Budget;
use super::resolve::parts;
use super::tar::{End, Headers, Kind, Slice, Window, padded};
use super::{ImageError, Place};

/// What lies at the top.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Top {
    layout: bool,
    index: bool,
    blobs: bool,
    /// Whether there is a `manifest.json`.
    pub(super) manifest: bool,
    /// Whether there is what no archive of images has, but for parts of a free name.
    pub(super) others: bool,
}

impl Top {
    /// Where names can be asked for.
    pub(super) fn with(has: impl Fn(&str) -> bool) -> Self {
        Self {
            layout: has("oci-layout"),
            index: has("index.json"),
            blobs: has("blobs/sha256"),
            manifest: has("manifest.json"),
            others: true,
        }
    }

    /// Of a tar that is not compressed: headers are read, and what lies between them is passed over.
    pub(super) fn of(file: &File, place: &Place) -> Result<Self, ImageError> {
        let size = file.metadata().map_err(|source| ImageError::Read {
            place: place.clone(),
            source,
        })?;
        let mut window = Window::new(file, 0, size.len(), place);
        let headers = Headers {
            place,
            budget: &Budget::default(),
            end: End::Marked,
        };
        let mut top = Self::default();
        while let Some(entry) = headers.next(&mut window)? {
            headers.pass(padded(entry.size), &mut window)?;
            top.add(&parts(&entry.path).unwrap_or_default(), &entry.kind);
        }
        Ok(top)
    }

    fn add(&mut self, parts: &[&[u8]], kind: &Kind) {
        self.blobs |= parts.starts_with(&[b"blobs", b"sha256"]);
        let Some((name, below)) = parts.split_first() else {
            return;
        };
        if !belongs(name) {
            self.others = true;
        } else if below.is_empty() && *kind != Kind::Directory {
            self.layout |= *name == b"oci-layout";
            self.index |= *name == b"index.json";
            self.manifest |= *name == b"manifest.json";
        }
    }

    /// Whether it is an OCI layout, which may be damaged.
    pub(super) const fn is_layout(self) -> bool {
        self.layout && self.index || self.blobs && (self.layout || self.index)
    }
}

/// Whether a tar that begins with `head` could be an archive of images.
pub(super) fn begins_images(head: &[u8]) -> bool {
    let place = Place::new("");
    let headers = Headers {
        place: &place,
        budget: &Budget::default(),
        end: End::Digested,
    };
    let mut slice = Slice::new(head);
    while let Ok(Some(entry)) = headers.next(&mut slice) {
        let parts = parts(&entry.path).unwrap_or_default();
        if let Some(first) = parts.first() {
            return belongs(first);
        }
        if headers.pass(padded(entry.size), &mut slice).is_err() || entry.kind != Kind::Directory {
            break;
        }
    }
    false
}

/// Whether a name at the top could belong to an archive of images: what the layouts define, and
/// digests with what tools put before and after them.
fn belongs(name: &[u8]) -> bool {
    let known: [&[u8]; 6] = [
        b"blobs",
        b"oci-layout",
        b"index.json",
        b"manifest.json",
        b"repositories",
        // Jib's.
        b"config.json",
    ];
    if known.contains(&name) {
        return true;
    }
    let name = name.strip_prefix(b"sha256:").unwrap_or(name);
    let Some((digits, rest)) = name.split_at_checked(64) else {
        return false;
    };
    let rests: [&[u8]; 4] = [b"", b".json", b".tar", b".tar.gz"];
    digits.iter().all(u8::is_ascii_hexdigit) && rests.contains(&rest)
}
