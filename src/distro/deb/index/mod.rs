//! Packages indexes (deb822(5), the repository format) and their condensed form.
//!
//! [`condense`] takes the bytes of an index and gives the condensed form: uncompressed, checked
//! whole, without what rootlock does not use, and with tables by which a package is found without
//! reading the others. [`Index`] reads it; a record is parsed when it is asked for.
//!
//! The condensed form, numbers being 32 bits, little-endian:
//!
//! | part | content |
//! |---|---|
//! | magic | [`MAGIC`] |
//! | counts | of packages, of provided names, of notable packages |
//! | packages | the offset of each record, sorted by name, then in the index's order |
//! | provided | pairs of a provided name's offset and its package's place above, sorted by name, then in the index's order |
//! | notable | the places of packages that are Essential or of a priority above optional |
//! | records | one line per package, [`FIELDS`] separated by tabs |
//!
//! Relations stay as they are written, with white space reduced to single spaces.

mod condense;
mod read;
mod stanza;

pub(super) use condense::condense;
pub(super) use read::{Index, Record, sources};

use crate::model::{Class, Explain};

/// Raised whenever [`condense`] gives other bytes.
pub(super) const REVISION: u32 = 1;

/// What a condensed index begins with.
const MAGIC: &[u8; 8] = b"rl-deb1\n";

/// The fields of a record: name, version, architecture, rank, flags and priority, provides,
/// dependencies (Pre-Depends first), recommends, conflicts (with Breaks), source name, source
/// version, path, size, sha256.
const FIELDS: usize = 14;

/// An uncompressed index is at most this long, in bytes, where the Release lists no size: twenty
/// times Debian's largest.
const MAX_PLAIN: u64 = 1 << 30;

/// An index that cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum IndexError {
    /// The bytes are not in the format that the name promises.
    #[error("{path} cannot be uncompressed")]
    Compression {
        path: String,
        #[source]
        source: std::io::Error,
    },
    /// It is longer uncompressed than allowed.
    #[error("{path} is longer than {limit} bytes when uncompressed")]
    TooLong { path: String, limit: u64 },
    /// The uncompressed bytes are not those that the Release lists.
    #[error("{path} does not uncompress to what the Release lists: {reason}")]
    OtherContent { path: String, reason: String },
    /// A package's entry does not follow the format.
    #[error("{path}: the entry of {package} (line {line}) is malformed: {reason}")]
    Stanza {
        path: String,
        package: String,
        line: usize,
        reason: String,
    },
    /// The condensed form is not one.
    #[error("a condensed index is damaged")]
    Damaged,
}

impl Explain for IndexError {
    fn class(&self) -> Class {
        Class::Untrusted
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Stanza { .. } => Some("tell whoever runs the repository".into()),
            Self::Damaged => Some("run `rootlock store check`".into()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
