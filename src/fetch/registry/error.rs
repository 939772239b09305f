//! What reading a registry can fail with.

use std::io;
use std::path::PathBuf;

use crate::model::{Arch, Class, Explain, Miss};
use crate::store::StoreError;

/// An image could not be pulled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// The text names no image of a registry.
    #[error("`{text}` is not an image of a registry: {why}")]
    Reference {
        /// As given, cut and escaped.
        text: String,
        /// What is wrong with it.
        why: &'static str,
        /// What was probably meant.
        meant: Option<String>,
    },
    /// `--offline`.
    #[error("{image} is in a registry, and `--offline` forbids the network")]
    Offline {
        /// The reference.
        image: String,
    },
    /// The registry has no such image.
    #[error("the registry {registry} has no {what} in the repository {repository}")]
    Absent {
        /// Its host.
        registry: String,
        /// The repository.
        repository: String,
        /// ``tag `3.20` `` or a digest.
        what: String,
    },
    /// The registry wants to know who asks, or says no to whoever asks.
    #[error(
        "the registry {registry} does not let the repository {repository} be read {}",
        match .told { true => "with the credentials in netrc", false => "without credentials" }
    )]
    Denied {
        /// Its host.
        registry: String,
        /// The repository.
        repository: String,
        /// The host that netrc is searched for.
        machine: String,
        /// Whether netrc had credentials for it.
        told: bool,
    },
    /// The registry asks for credentials in a way that is not gone along with.
    #[error("the registry {registry} asks for credentials in a way that is refused: {why}")]
    Challenge {
        /// Its host.
        registry: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Something did not come, or came with other bytes.
    #[error("{what} could not be had: {}: {}", .miss.from, .miss.reason)]
    Failed {
        /// `the manifest of ...`, `layer ... of ...`.
        what: String,
        /// From where, and why not.
        miss: Miss,
        /// What may help.
        advice: Option<&'static str>,
    },
    /// A document is no manifest, or contradicts itself.
    #[error("{what} is malformed: {why}")]
    Malformed {
        /// Which one.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// A document of a kind that is not read.
    #[error("{what} cannot be read: {why}")]
    Unsupported {
        /// Which one.
        what: String,
        /// What it is.
        why: String,
    },
    /// A bound was passed.
    #[error("{what} has {found} {of}, over the limit of {limit}")]
    Limit {
        /// Which document.
        what: String,
        /// How many there are.
        found: u64,
        /// Of what.
        of: &'static str,
        /// How many there may be.
        limit: u64,
    },
    /// There is no image of the architecture that was asked for.
    #[error("{image} has no image for {arch}, only for {}", .found.join(", "))]
    Arch {
        /// The reference.
        image: String,
        /// The architecture.
        arch: Arch,
        /// Those that there are.
        found: Vec<String>,
    },
    /// There is something in the directory already.
    #[error("{} is not an empty directory", .path.display())]
    Occupied {
        /// The directory.
        path: PathBuf,
    },
    /// The file system refused.
    #[error("{} cannot be written", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The place for downloads refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Explain for RegistryError {
    fn class(&self) -> Class {
        match self {
            Self::Reference { .. }
            | Self::Unsupported { .. }
            | Self::Arch { .. }
            | Self::Occupied { .. } => Class::BadInput,
            Self::Offline { .. }
            | Self::Absent { .. }
            | Self::Denied { .. }
            | Self::Challenge { .. }
            | Self::Write { .. } => Class::Outside,
            Self::Malformed { .. } | Self::Limit { .. } => Class::Untrusted,
            Self::Failed { miss, .. } => miss.class,
            Self::Store(error) => error.class(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Reference { meant, .. } => meant.as_ref().map(|meant| format!("write `{meant}`")),
            Self::Offline { .. } => {
                Some("leave out `--offline`, or name a copy of the image on disk".into())
            }
            Self::Absent { .. } => Some("check the name and the tag".into()),
            Self::Denied {
                machine,
                told: false,
                ..
            } => Some(format!(
                "check the name, or write `machine {machine} login NAME password TOKEN` into ~/.netrc"
            )),
            Self::Denied { machine, .. } => Some(format!(
                "check the name, and what ~/.netrc has for the machine {machine}"
            )),
            Self::Failed { advice, .. } => advice.map(Into::into),
            Self::Arch { .. } => Some("choose another one with `--arch`".into()),
            Self::Store(error) => error.hint(),
            _ => None,
        }
    }
}
