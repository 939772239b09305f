//! The answer of `audit --sarif`.

use rootlock::ops::{AuditReport, sarif};
use serde_json::Value;

use super::Report;
use crate::session::View;

/// An audit as SARIF 2.1.0.
#[derive(Debug)]
pub(crate) struct Sarif<'a>(pub(crate) &'a AuditReport);

impl Report for Sarif<'_> {
    fn text(&self, _view: &View) -> String {
        format!("{:#}\n", self.json())
    }

    fn json(&self) -> Value {
        sarif(self.0)
    }
}
