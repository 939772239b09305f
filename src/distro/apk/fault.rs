//! What can be wrong with Alpine repositories.

use std::io;

use super::trust::TrustFault;
use crate::distro::tarball::TarError;
use crate::model::{Class, Epoch, Explain, Miss, Sha256};

/// An index that cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum IndexFault {
    #[error("the index cannot be decompressed")]
    Stream(#[source] io::Error),
    #[error("the index cannot be read")]
    Tar(#[source] TarError),
    #[error("the index holds no APKINDEX")]
    NoIndex,
    #[error("the index is larger than any index")]
    TooLarge,
    #[error("the store's form of an index is malformed")]
    Condensed,
}

impl Explain for IndexFault {
    fn class(&self) -> Class {
        Class::Untrusted
    }
}

/// Why an index is not accepted.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error(transparent)]
    Trust(#[from] TrustFault),
    #[error(transparent)]
    Index(#[from] IndexFault),
    #[error("it is of {date}, older than the locked one of {locked}")]
    Rollback { date: Epoch, locked: Epoch },
    #[error("it is an index of {found}, and {wanted} is asked for")]
    OtherRelease { wanted: String, found: String },
    #[error("it has {0}, which is not the locked one")]
    OtherState(Sha256),
}

impl Refusal {
    /// With its causes, as one line.
    pub(super) fn sentence(&self) -> String {
        let mut out = self.to_string();
        let mut next = std::error::Error::source(self);
        while let Some(error) = next {
            out = format!("{out}: {error}");
            next = error.source();
        }
        out
    }
}

impl Explain for Refusal {
    fn class(&self) -> Class {
        match self {
            Self::Trust(fault) => fault.class(),
            Self::Index(_) | Self::OtherRelease { .. } | Self::Rollback { .. } => Class::Untrusted,
            // It may well hold: the source has moved on.
            Self::OtherState(_) => Class::Outside,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Trust(fault) => fault.hint(),
            Self::Rollback { .. } => Some(
                "the source is behind what is locked already: wait for it, or name another mirror"
                    .into(),
            ),
            Self::Index(_) | Self::OtherRelease { .. } | Self::OtherState(_) => None,
        }
    }
}

/// A repository that cannot be meant, had or trusted.
#[derive(Debug, thiserror::Error)]
pub(super) enum RepositoryFault {
    #[error("`{0}` is not an archive of Alpine: the archive is alpine, with a `path:`")]
    Archive(String),
    #[error("the archive alpine needs a `path:`, as v3.22/main")]
    NoPath,
    #[error("Alpine has no architecture {0}")]
    ForeignArch(String),
    #[error("{0} repositories are declared, more than {1}")]
    TooMany(usize, usize),
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
    #[error("the index of {0} does not say which release latest-stable is")]
    Alias(String),
    #[error("the dialogue with the repositories was answered out of turn")]
    OutOfTurn,
}

impl Explain for RepositoryFault {
    fn class(&self) -> Class {
        match self {
            Self::Archive(_) | Self::NoPath | Self::ForeignArch(_) | Self::TooMany(..) => {
                Class::BadInput
            }
            Self::Nowhere { misses, .. } => {
                match misses.iter().any(|miss| miss.class == Class::Untrusted) {
                    true => Class::Untrusted,
                    false => Class::Outside,
                }
            }
            Self::Alias(_) | Self::OutOfTurn => Class::Untrusted,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Nowhere { hint, .. } => hint.clone(),
            Self::Alias(_) => Some("write the release, as `release: v3.22`".into()),
            Self::TooMany(..) => Some("leave out those that nothing comes from".into()),
            _ => None,
        }
    }
}
