//! What reading advisories, VEX documents and lists of ignored vulnerabilities can fail with.

use std::error::Error;
use std::io;

use crate::model::{Class, Explain};

/// Something that was to be read about vulnerabilities could not be read in full.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdvisoryError {
    /// The file system refused.
    #[error("{file} cannot be read")]
    Read {
        /// As the caller names it.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// A zip archive is damaged, or of a kind that is not read.
    #[error("{file} is no zip archive that can be read")]
    Zip {
        /// As the caller names it, with the archive's member where it is one.
        file: String,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The bytes are of none of the formats.
    #[error("{file} is no file of advisories")]
    Format {
        /// As the caller names it.
        file: String,
    },
    /// A directory or an archive without a single file to read.
    #[error("{file} holds no .json file")]
    Nothing {
        /// As the caller names it.
        file: String,
    },
    /// A bound was passed.
    #[error("{file} has more than {limit} {what}")]
    Limit {
        /// As the caller names it.
        file: String,
        /// What there is too much of.
        what: &'static str,
        /// The bound.
        limit: u64,
    },
    /// A record is not JSON, or its values are not of the types that its format has.
    #[error("{file}: {record} cannot be read")]
    Json {
        /// As the caller names it.
        file: String,
        /// The record's id, or its place in the file.
        record: String,
        /// Why.
        source: serde_json::Error,
    },
    /// A record says what its format does not allow or this program cannot compare.
    #[error("{file}: {record} {why}")]
    Record {
        /// As the caller names it.
        file: String,
        /// The record's id, or its place in the file.
        record: String,
        /// What is wrong.
        why: String,
    },
    /// A list of ignored vulnerabilities does not hold.
    #[error("{place}: the list of vulnerabilities to ignore cannot be used")]
    Ignore {
        /// The file and, where it is known, the line.
        place: String,
        /// What is wrong, and where.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl Explain for AdvisoryError {
    fn class(&self) -> Class {
        match self {
            Self::Read { source, .. } if source.kind() != io::ErrorKind::NotFound => Class::Outside,
            _ => Class::BadInput,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Format { .. } => {
                "give OSV records (.json, a directory or a zip of them), the JSON of Debian's \
                 security tracker, Alpine's secdb, or an OpenVEX document, uncompressed"
            }
            Self::Ignore { .. } => {
                "write `ignore: [{id: CVE-2026-1234, package: openssl, reason: \"...\", until: \
                 2026-12-31}]`; `package` may be left out"
            }
            Self::Json { .. } | Self::Zip { .. } | Self::Record { .. } => {
                "fetch the file again; where that changes nothing, remove the record from it"
            }
            _ => return None,
        };
        Some(hint.into())
    }
}
