//! The answer of `fetch`.

use rootlock::ops::FetchReport;
use serde_json::{Value, json};

use super::Report;
use crate::render;
use crate::session::View;

impl Report for FetchReport {
    fn text(&self, view: &View) -> String {
        let packages = render::count(self.packages as usize, "package");
        if self.downloaded == 0 {
            return format!("Nothing to fetch: {packages} in the store\n");
        }
        format!(
            "{} {} of {packages} ({})\n",
            view.style.green("Fetched"),
            self.downloaded,
            render::bytes(self.bytes)
        )
    }

    fn json(&self) -> Value {
        json!({
            "packages": self.packages,
            "downloaded": self.downloaded,
            "bytes": self.bytes,
        })
    }
}
