//! What can be wrong with a lockfile.

use std::path::PathBuf;

use crate::model::{Class, Explain};

/// A lockfile that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LockfileError {
    /// It is not a lockfile, or holds what no lockfile may hold.
    #[error("`{}`{} is not a valid lockfile: {reason}", file.display(), line_text(*line))]
    Invalid {
        /// The lockfile.
        file: PathBuf,
        /// Where in it, from 1, where that is known.
        line: Option<usize>,
        /// What is wrong, without a full stop.
        reason: String,
    },
    /// It has merge markers.
    #[error("`{}` line {line} has a merge marker", file.display())]
    MergeMarkers {
        /// The lockfile.
        file: PathBuf,
        /// The first of them, from 1.
        line: usize,
    },
    /// A newer rootlock wrote it.
    #[error("`{}` needs a newer rootlock: it has `{key}: {found}`, and this one knows {known}",
        file.display())]
    Newer {
        /// The lockfile.
        file: PathBuf,
        /// `lock`, `canonical` or `rules`.
        key: &'static str,
        /// What it has.
        found: String,
        /// The newest that is known.
        known: String,
    },
    /// It can be read, but to write it would lose what a newer rootlock put there.
    #[error("`{}` was written by a newer rootlock (`lock: {found}`) and is not rewritten",
        file.display())]
    NotRewritten {
        /// The lockfile.
        file: PathBuf,
        /// Its version of the format.
        found: semver::Version,
    },
}

fn line_text(line: Option<usize>) -> String {
    line.map(|line| format!(" line {line}")).unwrap_or_default()
}

impl Explain for LockfileError {
    fn class(&self) -> Class {
        Class::BadInput
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Invalid { .. } => {
                "restore it from version control, or delete it and run `rootlock lock`".into()
            }
            Self::MergeMarkers { .. } => {
                "run `rootlock lock`: it takes the packages of both sides as locked and writes a \
                 clean lockfile"
                    .into()
            }
            Self::Newer { .. } | Self::NotRewritten { .. } => {
                "use the version of rootlock that wrote it, or a newer one".into()
            }
        })
    }
}
