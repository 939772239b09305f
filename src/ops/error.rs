//! What a verb can fail with: any stage's error, with its kind and advice.

use crate::distro::Fault;
use crate::model::{Class, Explain};

/// A failure of a verb.
#[derive(Debug)]
pub struct Error(Fault);

impl Error {
    /// Wraps a stage's error.
    pub fn new(inner: impl Explain + Send + Sync + 'static) -> Self {
        Self(Box::new(inner))
    }
}

impl<E: Explain + Send + Sync + 'static> From<E> for Error {
    fn from(inner: E) -> Self {
        Self::new(inner)
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

impl Error {
    /// The kind of the failure.
    pub fn class(&self) -> Class {
        self.0.class()
    }

    /// What the user can do.
    pub fn hint(&self) -> Option<String> {
        self.0.hint()
    }

    /// The causes, outermost first.
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
