//! What is wrong with a manifest, and at which node: a [`ManifestError`] before it knows its place.

use super::error::{ManifestError, Place};
use super::yaml::Document;
use crate::model::Class;

/// Where something is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    /// At a node, by its number.
    Node(usize),
    /// At a line and column, from 1, and a byte, from 0.
    Place {
        line: usize,
        column: usize,
        offset: usize,
    },
    /// In the file as a whole.
    Nowhere,
}

impl At {
    /// Where serde_yaml says that it is.
    pub(super) fn of(error: &serde_yaml::Error) -> Self {
        error
            .location()
            .map_or(Self::Nowhere, |location| Self::Place {
                line: location.line(),
                column: location.column(),
                offset: location.index(),
            })
    }
}

/// One thing that is wrong.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) at: At,
    pub(super) message: String,
    pub(super) hint: Option<String>,
    pub(super) class: Class,
}

impl Fault {
    pub(super) const fn new(at: At, message: String) -> Self {
        Self {
            at,
            message,
            hint: None,
            class: Class::BadInput,
        }
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// Says that it is understood, and that nothing can fit it.
    pub(super) fn unsatisfiable(self) -> Self {
        Self {
            class: Class::Unsatisfiable,
            ..self
        }
    }

    /// Adds `did you mean ...` where there is something near.
    pub(super) fn suggest(self, nearest: Option<&str>) -> Self {
        match nearest {
            Some(name) => self.hint(format!("did you mean `{name}`?")),
            None => self,
        }
    }

    /// Gives it its place in the file.
    pub(super) fn place(self, file: &str, document: Option<&Document<'_>>) -> ManifestError {
        let at = match (self.at, document) {
            (At::Node(id), Some(document)) => document.locate(id),
            (at, _) => at,
        };
        let (line, column) = match at {
            At::Place { line, column, .. } => (Some(line), Some(column)),
            At::Node(_) | At::Nowhere => (None, None),
        };
        ManifestError::Invalid {
            place: Place {
                file: file.to_owned(),
                line,
                column,
            },
            message: self.message,
            hint: self.hint,
            class: self.class,
        }
    }
}
