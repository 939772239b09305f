//! The answer of `sbom`.

use rootlock::ops::SbomReport;
use serde_json::{Value, json};

use super::Report;
use crate::render;
use crate::session::View;

impl Report for SbomReport {
    fn text(&self, view: &View) -> String {
        match &self.output {
            Some(path) => format!("{} {}\n", view.style.green("Wrote"), render::path(path)),
            None => self.text.clone(),
        }
    }

    fn json(&self) -> Value {
        match &self.output {
            Some(path) => json!({"output": path.to_string_lossy()}),
            // The bill is an object already.
            None => serde_json::from_str(&self.text).unwrap_or_default(),
        }
    }
}
