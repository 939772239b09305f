//! Where something stands, for errors.

use std::io;
use std::path::Path;

use super::AdvisoryError;
use super::text::shown;

/// Where something is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) file: &'a str,
    /// The record's place in the file, from 1; 0 where the file is one.
    pub(super) number: u64,
}

impl At<'_> {
    fn label(self, id: Option<&str>) -> String {
        match (id, self.number) {
            (Some(id), _) => format!("`{}`", shown(id)),
            (None, 0) => "the document".into(),
            (None, number) => format!("record {number}"),
        }
    }

    /// The record `id`, or the one that stands here, is not of the right form.
    pub(super) fn json(
        self,
        id: Option<&str>,
    ) -> impl FnOnce(serde_json::Error) -> AdvisoryError + use<> {
        let (file, record) = (self.file.to_owned(), self.label(id));
        |source| AdvisoryError::Json {
            file,
            record,
            source,
        }
    }

    /// The record `id`, or the one that stands here, says what it may not say.
    pub(super) fn record(self, id: Option<&str>, why: impl Into<String>) -> AdvisoryError {
        AdvisoryError::Record {
            file: self.file.to_owned(),
            record: self.label(id),
            why: why.into(),
        }
    }
}

/// For `map_err`: `path` cannot be read.
pub(super) fn read(path: &Path) -> impl Fn(io::Error) -> AdvisoryError + '_ {
    |source| AdvisoryError::Read {
        file: path.display().to_string(),
        source,
    }
}

/// A bound was passed.
pub(super) fn limit(file: &str, what: &'static str, limit: u64) -> AdvisoryError {
    AdvisoryError::Limit {
        file: file.to_owned(),
        what,
        limit,
    }
}
