//! What can be wrong with Debian repositories.

use crate::model::{Class, Explain, Miss, Snapshot};

/// A repository that cannot be meant, had or trusted.
#[derive(Debug, thiserror::Error)]
pub(super) enum RepositoryFault {
    #[error("`{0}` is not an archive of Debian: the archives are debian and debian-security")]
    Archive(String),
    #[error("the snapshot {0} of {1} lies in the future")]
    FutureSnapshot(Snapshot, String),
    #[error(
        "no source has a valid {what} of {repository}: {}",
        Miss::sentence(misses)
    )]
    Nowhere {
        repository: String,
        what: String,
        misses: Vec<Miss>,
        hint: Option<String>,
    },
    #[error("the Release of {repository} has no component {component}; it has {known}")]
    Component {
        repository: String,
        component: String,
        known: String,
    },
    #[error("the Release of {repository} has no architecture {arch}; it has {known}")]
    Arch {
        repository: String,
        arch: String,
        known: String,
    },
    #[error("Debian has no architecture {0}")]
    ForeignArch(String),
    #[error("the Release of {repository} lists no {path} as xz, zst, gz or plain")]
    Index { repository: String, path: String },
    #[error("the Release of {repository} lists {path} with {size} bytes, more than {limit}")]
    LargeIndex {
        repository: String,
        path: String,
        size: u64,
        limit: u64,
    },
    #[error("the dialogue with the repositories was answered out of turn")]
    OutOfTurn,
}

impl Explain for RepositoryFault {
    fn class(&self) -> Class {
        match self {
            Self::Archive(_)
            | Self::FutureSnapshot(..)
            | Self::Component { .. }
            | Self::Arch { .. }
            | Self::ForeignArch(_) => Class::BadInput,
            Self::Nowhere { misses, .. } => {
                if misses.iter().any(|miss| miss.class == Class::Untrusted) {
                    Class::Untrusted
                } else {
                    Class::Outside
                }
            }
            Self::Index { .. } | Self::LargeIndex { .. } | Self::OutOfTurn => Class::Untrusted,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Nowhere { misses, hint, .. } => hint.clone().or_else(|| {
                let advice = match &misses[..] {
                    [] => "leave out `--mirror-only`, or name a mirror that serves it",
                    _ if misses.iter().any(|miss| miss.absent) => {
                        "check the spelling of the release, the suite and the address"
                    }
                    _ if misses.iter().all(|miss| miss.class == Class::Outside) => {
                        "run the command again when it can be reached, or name a `--mirror` of it"
                    }
                    _ => return None,
                };
                Some(advice.to_owned())
            }),
            Self::Component { .. } => Some("correct `components:`".into()),
            Self::Arch { .. } => {
                Some("correct `architectures:`, or leave the repository out".into())
            }
            Self::FutureSnapshot(..) => Some("a snapshot is a moment of the past".into()),
            _ => None,
        }
    }
}
