//! The answers of `store`.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::Report;
use crate::session::View;

/// Where the store is.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) path: PathBuf,
}

impl Report for Place {
    fn text(&self, _view: &View) -> String {
        format!("{}\n", self.path.display())
    }

    fn json(&self) -> Value {
        json!({"path": self.path.to_string_lossy()})
    }
}
