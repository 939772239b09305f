//! What fetching can fail with.

use crate::model::{Class, Explain, Miss};
use crate::store::StoreError;

/// Bytes could not be had, or could not be kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// No source had a package.
    #[error("{name} could not be had: {}", Miss::sentence(misses))]
    Package {
        /// The package.
        name: String,
        /// Why, per source asked.
        misses: Vec<Miss>,
    },
    /// A repository offers a package, and no source has it as it is offered.
    #[error("{name} is offered and could not be had: {}", Miss::sentence(misses))]
    Offered {
        /// The package.
        name: String,
        /// Why, per source asked.
        misses: Vec<Miss>,
    },
    /// A URL does not have what it should.
    #[error("{url} could not be read: {}", Miss::sentence(misses))]
    Document {
        /// The URL.
        url: String,
        /// Why.
        misses: Vec<Miss>,
    },
    /// `--offline`, and it is not in the store.
    #[error("{name} is not in the store, and `--offline` forbids the network")]
    Offline {
        /// The package.
        name: String,
    },
    /// The store refused.
    #[error("{name} could not be kept")]
    Store {
        /// The package.
        name: String,
        /// Why.
        #[source]
        source: StoreError,
    },
}

impl Explain for FetchError {
    fn class(&self) -> Class {
        match self {
            Self::Package { misses, .. } | Self::Offered { misses, .. } => {
                if misses.iter().any(|miss| miss.class == Class::Untrusted) {
                    Class::Untrusted
                } else {
                    Class::Outside
                }
            }
            Self::Offline { .. } | Self::Document { .. } => Class::Outside,
            Self::Store { source, .. } => source.class(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Package { misses, .. } if misses.is_empty() => {
                Some("leave out `--mirror-only`, or name a mirror that serves it".into())
            }
            Self::Package { misses, .. } if misses.iter().all(|miss| miss.absent) => Some(
                "the package is gone from every source: `rootlock lock --update` moves to what the \
                 repositories offer now"
                    .into(),
            ),
            Self::Package { .. } => {
                Some("run the command again, or name another `--mirror`".into())
            }
            Self::Offered { .. } => Some(
                "the source may be in the middle of an update: run the command again, or name another \
                 `--mirror`"
                    .into(),
            ),
            Self::Document { .. } => {
                Some("run the command again, or download it and name the file".into())
            }
            Self::Offline { .. } => Some("run `rootlock fetch` while there is a network".into()),
            Self::Store { source, .. } => source.hint(),
        }
    }
}
