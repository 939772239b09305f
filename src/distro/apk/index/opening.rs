//! What can be known of an index without reading it, and the order of its names.

use std::io::Read;

use super::{LIMITS, MAX_TEXT};
use crate::distro::Entry;
use crate::distro::apk::fault::IndexFault;
use crate::distro::tarball::{self, Failure};
use crate::model::Epoch;

/// The first entries of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::distro::apk) struct Head {
    /// The time of its `APKINDEX`.
    pub(in crate::distro::apk) date: Epoch,
    /// Its `DESCRIPTION`: `v3.22.2-206-ge2cfd1f9853`.
    pub(in crate::distro::apk) description: String,
}

/// Longer than any description.
const MAX_DESCRIPTION: u64 = 160;

/// Why the walk ended.
enum Stop {
    Found(Epoch),
    Broken(std::io::Error),
}

/// Reads as much of the covered part of an index as it takes to know when it was made.
pub(in crate::distro::apk) fn head(covered: &[u8]) -> Result<Head, IndexFault> {
    let plain = flate2::bufread::GzDecoder::new(covered).take(MAX_TEXT);
    let mut description = String::new();
    let mut visit = |entry: Entry, content: &mut dyn Read| match entry.path.as_ref() {
        Some(path) if path.as_bytes() == b"DESCRIPTION" => {
            let mut bytes = Vec::new();
            let read = content.take(MAX_DESCRIPTION).read_to_end(&mut bytes);
            read.map_err(Stop::Broken)?;
            description = String::from_utf8_lossy(&bytes).trim().to_owned();
            Ok(())
        }
        Some(path) if path.as_bytes() == b"APKINDEX" => Err(Stop::Found(Epoch(entry.meta.mtime))),
        _ => Ok(()),
    };
    match tarball::walk(plain, LIMITS, &mut visit) {
        Err(Failure::Refused(Stop::Found(date))) => Ok(Head { date, description }),
        Err(Failure::Refused(Stop::Broken(error))) => Err(IndexFault::Stream(error)),
        Err(Failure::Tar(error)) => Err(IndexFault::Tar(error)),
        Ok(()) => Err(IndexFault::NoIndex),
    }
}

/// apk keeps names in a table of this many chains and walks it where it asks who depends on whom;
/// where that order decides, its answers are the ones that are expected.
const CHAINS: u32 = 20_000;
/// What apk's hash of a name begins with.
const SEED: u32 = 5381;

/// apk's hash of a name: MurmurHash3, 32 bits.
pub(in crate::distro::apk) fn hash_of(name: &str) -> u32 {
    let mix = |word: u32| {
        word.wrapping_mul(0xcc9e_2d51)
            .rotate_left(15)
            .wrapping_mul(0x1b87_3593)
    };
    let bytes = name.as_bytes();
    let (words, rest) = bytes.as_chunks::<4>();
    let mut hash = SEED;
    for word in words {
        hash ^= mix(u32::from_le_bytes(*word));
        hash = hash
            .rotate_left(13)
            .wrapping_mul(5)
            .wrapping_add(0xe654_6b64);
    }
    if !rest.is_empty() {
        let mut last = [0; 4];
        last[..rest.len()].copy_from_slice(rest);
        hash ^= mix(u32::from_le_bytes(last));
    }
    hash ^= bytes.len() as u32;
    hash ^= hash >> 16;
    hash = hash.wrapping_mul(0x85eb_ca6b);
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(0xc2b2_ae35);
    hash ^ hash >> 16
}

/// The place of a name in that order: `number` counts names as they were first read, and in a chain
/// the latest comes first.
pub(in crate::distro::apk) fn rank(hash: u32, number: u32) -> u64 {
    u64::from(hash % CHAINS) << 32 | u64::from(u32::MAX - number)
}
