//! What keeps scripts from making a layer, beside the sandbox's own errors.

use std::fmt;
use std::io;

use crate::model::{Class, Explain};
use crate::tree::TreePath;

/// Scripts ran and made nothing that could be kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum RunError {
    /// Two runs of the same scripts made different things.
    #[error("scripts do not make the same twice; what differs ({count}):{}", List(.shown, *.count))]
    NotTheSame {
        /// How many paths.
        count: usize,
        /// The first of them, and who was at work when they were last changed.
        shown: Vec<(TreePath, Option<String>)>,
    },
    /// What was made changed while it was read.
    #[error("what scripts made cannot be read back as it was")]
    Moved,
    /// A pipe broke.
    #[error("cannot move files in or out of the sandbox")]
    Pipe(#[source] io::Error),
}

impl RunError {
    /// How many paths are told.
    pub(super) const SHOWN: usize = 20;
}

struct List<'a>(&'a [(TreePath, Option<String>)], usize);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (path, maker) in self.0 {
            write!(f, "\n    {path}")?;
            if let Some(maker) = maker {
                write!(f, " ({maker})")?;
            }
        }
        match self.1.saturating_sub(self.0.len()) {
            0 => Ok(()),
            more => write!(f, "\n    and {more} more"),
        }
    }
}

impl Explain for RunError {
    fn class(&self) -> Class {
        match self {
            Self::NotTheSame { .. } => Class::Negative,
            Self::Moved | Self::Pipe(_) => Class::Outside,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NotTheSame { .. } => Some(
                "leave them out with `paths:`, put them there with `files:`, or write `configure: native`"
                    .into(),
            ),
            Self::Moved | Self::Pipe(_) => None,
        }
    }
}
