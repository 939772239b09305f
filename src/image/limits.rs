//! Bounds on what a stranger's image may cost.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::{ImageError, Place};

/// More than Docker (127) and any registry takes.
pub(super) const LAYERS: usize = 500;
/// Images that one index, with the indexes in it, may name.
pub(super) const IMAGES: usize = 1000;
/// How deep indexes may lie in one another; two are usual.
pub(super) const INDEXES: usize = 4;
/// A manifest or configuration: what registries take, in bytes.
pub(super) const DOCUMENT: u64 = 4 << 20;
/// An index, in bytes: one layout may hold many images.
pub(super) const INDEX: u64 = 16 << 20;
/// Headers of all tars of one image, or paths of a directory: several times what a full desktop has.
pub(super) const ENTRIES: u64 = 4_000_000;
/// Paths, link targets and attributes of one image, in bytes.
pub(super) const NAMES: u64 = 512 << 20;
/// The tars of one image, decompressed, in bytes. At a gigabyte a second it takes a minute.
pub(super) const BYTES: u64 = 64 << 30;
/// The regular files of a directory, in bytes: a whole machine may be looked at, but no sparse file
/// of exabytes.
pub(super) const DIRECTORY_BYTES: u64 = 4 << 40;
/// From so many bytes on, a tar may be only [`RATIO`] times as large as what it was compressed to.
pub(super) const RATIO_FROM: u64 = 4 << 30;
/// Filesystems stay far below; deflate reaches 1032, and zstd millions.
pub(super) const RATIO: u64 = 100;
/// What fills up a tar or compressed data and holds nothing, in bytes. GNU tar fills up a record,
/// which is 10 KiB unless it is asked for more, and a tape's is some MiB.
pub(super) const PADDING: u64 = 64 << 20;
/// One content that is kept, in bytes: what readers of databases take of one file. The records of all
/// of Debian's packages are 60 MB.
pub(super) const KEPT_FILE: u64 = 128 << 20;
/// All contents that are kept, in bytes. dpkg's lists and sums name each path twice, once with a
/// digest: 150 MB for a million paths, twice what a large desktop has.
pub(super) const KEPT: u64 = 256 << 20;
/// Paths that are passed while the layers of one image are laid on one another.
pub(super) const MERGED: u64 = 400_000_000;
/// Parts of paths and of the links on the way that are gone along one by one, because there is a link or
/// the end is not there; most paths need none.
pub(super) const STEPS: u64 = 8_000_000;

/// What one image has cost so far, on all threads.
#[derive(Debug, Default)]
pub(super) struct Budget {
    entries: AtomicU64,
    names: AtomicU64,
    bytes: AtomicU64,
    kept: AtomicU64,
    steps: AtomicU64,
}

impl Budget {
    pub(super) fn entry(&self, place: &Place) -> Result<(), ImageError> {
        take(&self.entries, 1, ENTRIES, place, "entries")
    }

    pub(super) fn names(&self, bytes: u64, place: &Place) -> Result<(), ImageError> {
        let what = "bytes of names and attributes";
        take(&self.names, bytes, NAMES, place, what)
    }

    pub(super) fn steps(&self, steps: u64, place: &Place) -> Result<(), ImageError> {
        let what = "steps along paths with symbolic links";
        take(&self.steps, steps, STEPS, place, what)
    }

    /// `all` of a tar's bytes so far, `more` of them just now, came from `packed` bytes.
    pub(super) fn unpacked(
        &self,
        more: u64,
        all: u64,
        packed: u64,
        place: &Place,
    ) -> Result<(), ImageError> {
        if all > RATIO_FROM && all / RATIO > packed {
            let what = "times the bytes that it was compressed to";
            return Err(place.limit(what, RATIO));
        }
        take(&self.bytes, more, BYTES, place, "bytes when decompressed")
    }

    /// Takes the content of a file in a directory into account.
    pub(super) fn file(&self, bytes: u64, place: &Place) -> Result<(), ImageError> {
        let what = "bytes of files";
        take(&self.bytes, bytes, DIRECTORY_BYTES, place, what)
    }

    /// Takes a content into account that is kept.
    pub(super) fn keep(&self, bytes: u64, place: &Place, path: &[u8]) -> Result<(), ImageError> {
        if bytes > KEPT_FILE {
            return Err(place.entry(path, "is over 128 MiB, too large to be looked into"));
        }
        let what = "bytes of files to be looked into";
        take(&self.kept, bytes, KEPT, place, what)
    }
}

fn take(
    counter: &AtomicU64,
    more: u64,
    limit: u64,
    place: &Place,
    what: &'static str,
) -> Result<(), ImageError> {
    let before = counter.fetch_add(more, Relaxed);
    match before.checked_add(more) {
        Some(sum) if sum <= limit => Ok(()),
        _ => Err(place.limit(what, limit)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_holds_for_the_sum() {
        let (budget, place) = (Budget::default(), Place::new("x"));
        budget.names(NAMES, &place).unwrap();
        assert_eq!(
            budget.names(1, &place).unwrap_err().to_string(),
            "x has more than 536870912 bytes of names and attributes"
        );
        assert!(budget.names(u64::MAX, &place).is_err());
    }

    #[test]
    fn only_a_large_tar_has_a_ratio() {
        let (budget, place) = (Budget::default(), Place::new("x"));
        budget.unpacked(1, RATIO_FROM, 1, &place).unwrap();
        let all = RATIO_FROM + RATIO;
        budget.unpacked(1, all, all / RATIO, &place).unwrap();
        assert!(budget.unpacked(1, all, all / RATIO - 1, &place).is_err());
    }

    #[test]
    fn what_is_kept_is_bounded_in_all_and_for_each() {
        let (budget, place) = (Budget::default(), Place::new("x"));
        let error = budget.keep(KEPT_FILE + 1, &place, b"a").unwrap_err();
        let told = "`a` in x is over 128 MiB, too large to be looked into";
        assert_eq!(error.to_string(), told);
        budget.keep(KEPT_FILE, &place, b"a").unwrap();
        budget.keep(KEPT - KEPT_FILE, &place, b"b").unwrap();
        let error = budget.keep(1, &place, b"c").unwrap_err();
        let told = "x has more than 268435456 bytes of files to be looked into";
        assert_eq!(error.to_string(), told);
    }
}
