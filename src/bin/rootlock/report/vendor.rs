//! The answer of `vendor`.

use rootlock::ops::VendorReport;
use serde_json::{Value, json};

use super::Report;
use crate::render;
use crate::session::View;

impl Report for VendorReport {
    fn text(&self, view: &View) -> String {
        let path = render::path(&self.output);
        let packages = render::count(self.packages as usize, "package");
        let indexes = match self.indexes {
            1 => "1 index".to_owned(),
            number => format!("{number} indexes"),
        };
        if self.written == 0 {
            return format!("Nothing to write: {path} has {packages} and {indexes}\n");
        }
        format!(
            "{} {packages} and {indexes} into {path} ({} written, {})\n",
            view.style.green("Vendored"),
            render::count(self.written as usize, "file"),
            render::bytes(self.bytes)
        )
    }

    fn json(&self) -> Value {
        json!({
            "output": self.output.to_string_lossy(),
            "packages": self.packages,
            "indexes": self.indexes,
            "written": self.written,
            "bytes": self.bytes,
        })
    }
}
