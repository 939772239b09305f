//! APKINDEX.tar.gz, apk-v2(5): a gzip member with the signatures, then one with a tar archive of
//! `DESCRIPTION` and `APKINDEX`, which has a paragraph of `X:value` lines for each package.
//!
//! The text is read once into the condensed form ([`condense`]), numbered tables that can be joined
//! with those of other repositories in some milliseconds ([`read`]). A paragraph that cannot be
//! understood makes its package uninstallable, with the reason; it never fails the index.

mod condense;
mod needs;
mod opening;
mod read;
#[cfg(test)]
mod tests;

use std::io::{self, Read};

pub(super) use condense::condense;
#[cfg(test)]
pub(super) use condense::tables;
pub(super) use opening::{Head, hash_of, head, rank};
pub(super) use read::{Columns, Flaw, sources};

use super::fault::IndexFault;
use crate::distro::tarball::{self, Failure, Limits};
use crate::distro::{Entry, EntryKind};

/// Raised whenever [`condense`] gives other bytes.
pub(super) const REVISION: u32 = 2;

/// Bytes of an index as downloaded: thirty times Alpine's largest.
pub(super) const MAX_INDEX: u64 = 64 << 20;
/// Bytes of the same, uncompressed: thirty times Alpine's largest.
const MAX_TEXT: u64 = 256 << 20;
const LIMITS: Limits = Limits {
    headers: 64,
    names: 64 << 10,
    plain: true,
};

/// The bytes of the file `APKINDEX` in the part of an index that its signatures cover.
fn apkindex(covered: &[u8]) -> Result<Vec<u8>, IndexFault> {
    let plain = flate2::bufread::MultiGzDecoder::new(covered).take(MAX_TEXT);
    let mut found = None;
    let mut visit = |entry: Entry, content: &mut dyn Read| -> Result<(), io::Error> {
        let name = entry.path.as_ref().map(|path| path.as_bytes());
        if let (Some(b"APKINDEX"), EntryKind::File(size)) = (name, &entry.kind) {
            let mut bytes = Vec::with_capacity(usize::try_from(*size).unwrap_or(0).min(64 << 20));
            content.read_to_end(&mut bytes)?;
            found = Some(bytes);
        }
        Ok(())
    };
    tarball::walk(plain, LIMITS, &mut visit).map_err(|failure| match failure {
        Failure::Tar(error) => IndexFault::Tar(error),
        Failure::Refused(error) => IndexFault::Stream(error),
    })?;
    found.ok_or(IndexFault::NoIndex)
}
