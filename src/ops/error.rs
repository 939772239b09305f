//! What a verb can fail with: any stage's error, with its kind and advice.

use std::io;
use std::path::PathBuf;

use super::report::Format;
use crate::distro::Fault;
use crate::model::{Class, Explain};

/// A failure of a verb.
#[derive(Debug)]
pub struct Error(Fault);

impl<E: Explain + Send + Sync + 'static> From<E> for Error {
    fn from(inner: E) -> Self {
        Self(Box::new(inner))
    }
}

impl From<Fault> for Error {
    fn from(inner: Fault) -> Self {
        Self(inner)
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

impl Error {
    /// The kind of the failure.
    pub fn class(&self) -> Class {
        self.0.class()
    }

    /// What the user can do.
    pub fn hint(&self) -> Option<String> {
        self.0.hint()
    }

    /// The stage's own error, where it is an `E`.
    pub fn downcast<E: std::error::Error + 'static>(&self) -> Option<&E> {
        let inner: &(dyn std::error::Error + 'static) = &*self.0;
        inner.downcast_ref()
    }

    /// The causes, outermost first, each sentence once.
    pub fn causes(&self) -> Vec<String> {
        let mut out = Vec::new();
        let mut next = self.0.source();
        while let Some(error) = next {
            let text = error.to_string();
            if out.last() != Some(&text) {
                out.push(text);
            }
            next = error.source();
        }
        out
    }
}

/// What the verbs themselves find wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpsError {
    /// There is no manifest.
    #[error("there is no manifest at {}", .0.display())]
    NoManifest(PathBuf),
    /// A file that was named is not there.
    #[error("there is no file {}", .0.display())]
    NoFile(PathBuf),
    /// There is no lockfile.
    #[error("there is no lockfile at {}", .0.display())]
    NoLockfile(PathBuf),
    /// The manifest would be its own lockfile.
    #[error("{} would be both the manifest and its lockfile", .0.display())]
    OneFile(PathBuf),
    /// The lockfile is not of this manifest.
    #[error("{lockfile} does not fit {manifest}: {}", .reasons.join("; "))]
    Stale {
        /// The lockfile's name.
        lockfile: String,
        /// The manifest's name.
        manifest: String,
        /// Sentences.
        reasons: Vec<String>,
    },
    /// A later version of rootlock has it.
    #[error("{what} is not supported by this version of rootlock")]
    Unsupported {
        /// `distro: alpine`
        what: String,
        /// What to do instead.
        hint: String,
    },
    /// `--update NAME` names a package that is not locked.
    #[error("{lockfile} holds no package `{package}` that could be updated")]
    NotLocked {
        /// The lockfile's name.
        lockfile: String,
        /// The package's name.
        package: String,
    },
    /// A locked package is outside the distribution's grammar.
    #[error("{lockfile}: the package `{package}` is refused: {reason}")]
    Package {
        /// The lockfile's name.
        lockfile: String,
        /// The package's name.
        package: String,
        /// Why.
        reason: String,
    },
    /// A repository offers a package that is outside the distribution's grammar.
    #[error("{repository} offers the package `{package}`, which is refused: {reason}")]
    Offered {
        /// The package's name.
        package: String,
        /// The repository's id.
        repository: String,
        /// Why.
        reason: String,
    },
    /// The lockfile has nothing for an architecture.
    #[error("{lockfile} holds nothing for {arch}")]
    NoArch {
        /// The lockfile's name.
        lockfile: String,
        /// The architecture.
        arch: String,
    },
    /// The format takes one architecture.
    #[error("`--format {format}` takes one architecture, and the lockfile has {arches}")]
    OneArch {
        /// The format.
        format: &'static str,
        /// The lockfile's architectures.
        arches: String,
    },
    /// Nobody has what the lockfile was made from.
    #[error("{what}, which {lockfile} was made from, cannot be had")]
    ProofGone {
        /// The lockfile's name.
        lockfile: String,
        /// `the signed index of trixie`
        what: String,
        /// Who was asked.
        #[source]
        source: Box<Error>,
        /// What to do.
        hint: String,
    },
    /// The lockfile is not what was signed.
    #[error("{lockfile} does not follow from what was signed: {}", .reasons.join("; "))]
    Unproven {
        /// The lockfile's name.
        lockfile: String,
        /// Sentences.
        reasons: Vec<String>,
    },
    /// `--require-configured`, and something is left undone.
    #[error("{count} statements of scripts are left undone for {arch}, the first in {first}")]
    NotConfigured {
        /// The architecture.
        arch: String,
        /// How many.
        count: usize,
        /// The first of them.
        first: String,
    },
    /// `verify` has nothing to compare with.
    #[error("{0} has no recorded outputs to compare with")]
    NoOutputs(String),
    /// What is to be compared lacks an architecture.
    #[error("{what} has nothing for {arch}")]
    NothingFor {
        /// The image, or the record.
        what: String,
        /// The architecture.
        arch: String,
    },
    /// A word of the command line is no image.
    #[error("there is no file or directory `{0}`, and it does not name an image in a registry")]
    NoTarget(String),
    /// A filesystem without any package database that is known.
    #[error("{0} has no package database that is understood")]
    NoDatabase(String),
    /// A filesystem does not say for which architecture it is, and the lockfile is for several.
    #[error("it cannot be told for which of the lockfile's architectures this is")]
    WhichArch,
    /// Packages that are to be read are not there.
    #[error("{missing} of the locked packages are not in the store")]
    NotFetched {
        /// How many.
        missing: usize,
    },
    /// The output is something other than a directory.
    #[error("{} is not a directory", .0.display())]
    NoDirectory(PathBuf),
    /// The options do not go together, or a value of theirs is wrong.
    #[error("{0}")]
    Usage(String),
    /// A file is there already.
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    /// A file could not be read or written.
    #[error("cannot {action} {}", .path.display())]
    File {
        /// `read`, `write`.
        action: &'static str,
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl Explain for OpsError {
    fn class(&self) -> Class {
        match self {
            Self::NotConfigured { .. } => Class::Negative,
            Self::NotFetched { .. } => Class::Outside,
            Self::File { .. } | Self::ProofGone { .. } => Class::Outside,
            Self::Unproven { .. } | Self::Offered { .. } => Class::Untrusted,
            _ => Class::BadInput,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoManifest(_) => Some("`rootlock init` writes one".into()),
            Self::NoLockfile(_) => Some("`rootlock lock` writes it".into()),
            Self::OneFile(_) => Some("name another with `--lockfile` or `lockfile:`".into()),
            Self::Stale { .. } => Some("run `rootlock lock`".into()),
            Self::Unsupported { hint, .. } => Some(hint.clone()),
            Self::NotLocked { .. } => Some("`rootlock list` shows what is locked".into()),
            Self::Package { .. } => {
                Some("a lockfile is generated: restore it, or lock again".into())
            }
            Self::NoArch { .. } => {
                Some("add it to `architectures:` and run `rootlock lock`".into())
            }
            Self::ProofGone { hint, .. } => Some(hint.clone()),
            Self::Unproven { .. } => {
                Some("a lockfile is generated: restore it, or lock again".into())
            }
            Self::NotFetched { .. } => Some("run `rootlock fetch`".into()),
            Self::NoOutputs(_) => Some(
                "`rootlock build --record` writes them; or compare with an image: `--against OUT`"
                    .into(),
            ),
            Self::NothingFor { .. } => Some("choose another with `--arch`".into()),
            Self::NoTarget(_) => Some(
                "name an OCI layout or archive, a docker archive, a tar, a directory, or HOST/NAME:TAG"
                    .into(),
            ),
            Self::NoDatabase(_) => {
                Some("dpkg's (status, status.d) and apk's (installed, version 2) are".into())
            }
            Self::WhichArch => Some("say it with `--arch`".into()),
            Self::NotConfigured { .. } => Some(
                "`rootlock list --scripts` shows what each script came to; without \
                 `--require-configured` the image is built, and dpkg or apk inside can finish it"
                    .into(),
            ),
            Self::NoDirectory(_) => Some("name a directory, or one that does not exist yet".into()),
            Self::OneArch { .. } => Some("choose one with `--arch`".into()),
            _ => None,
        }
    }
}

impl OpsError {
    /// For a format that is a directory.
    pub(super) fn no_stdout(format: Format) -> Self {
        Self::Usage(format!(
            "`--format {}` is a directory and cannot be written to stdout",
            format.as_str()
        ))
    }

    /// For `map_err` on a file operation.
    pub(super) fn file(
        action: &'static str,
        path: &std::path::Path,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File {
            action,
            path,
            source,
        }
    }
}
