//! The answers of `store`.

use std::path::PathBuf;

use rootlock::store::{Checked, Collected, Sizes, Usage};
use serde_json::{Map, Value, json};

use super::Report;
use crate::render;
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

impl Report for Sizes {
    fn text(&self, _view: &View) -> String {
        let row = |name: &str, usage: &Usage| [name.to_owned(), bytes(*usage), files(*usage)];
        let mut rows = vec![row("downloads", &self.blobs)];
        rows.extend(self.derived.iter().map(|(stage, usage)| row(stage, usage)));
        if self.temporary.files > 0 {
            rows.push(row("temporary", &self.temporary));
        }
        rows.push(row("total", &self.total()));
        render::table(&rows)
    }

    fn json(&self) -> Value {
        let derived = self.derived.iter();
        let derived: Map<_, _> = derived
            .map(|(stage, usage)| (stage.clone(), usage_json(*usage)))
            .collect();
        json!({
            "blobs": usage_json(self.blobs),
            "derived": derived,
            "temporary": usage_json(self.temporary),
            "total": usage_json(self.total()),
        })
    }
}

impl Report for Checked {
    fn text(&self, view: &View) -> String {
        let read = sum(self.read);
        if self.damaged.is_empty() {
            return match view.quiet {
                true => String::new(),
                false => format!("No damage in {read}\n"),
            };
        }
        let mut out = String::new();
        for damage in &self.damaged {
            let path = damage.path.to_string_lossy();
            out.push_str(&format!("{} {}\n", render::plain(&path), damage.reason));
        }
        let damaged = render::count(self.damaged.len(), "damaged file");
        out.push_str(&format!(
            "{damaged} in {read}\n{}: what is damaged is dropped and had again when it is needed\n",
            view.style.cyan("hint")
        ));
        out
    }

    fn json(&self) -> Value {
        let damaged = self.damaged.iter();
        let damaged = damaged
            .map(|damage| json!({"path": damage.path.to_string_lossy(), "reason": damage.reason}));
        json!({
            "read": usage_json(self.read),
            "damaged": damaged.collect::<Value>(),
        })
    }
}

impl Report for Collected {
    fn text(&self, view: &View) -> String {
        let mut out = format!(
            "{} {}; {} left\n",
            view.style.green("Removed"),
            sum(self.removed),
            bytes(self.kept)
        );
        if self.held.files > 0 {
            out.push_str(&format!(
                "  {} in use by running processes\n",
                sum(self.held)
            ));
        }
        if self.leftovers.files > 0 {
            out.push_str(&format!(
                "  {} of killed processes removed too\n",
                sum(self.leftovers)
            ));
        }
        out
    }

    fn json(&self) -> Value {
        json!({
            "removed": usage_json(self.removed),
            "kept": usage_json(self.kept),
            "held": usage_json(self.held),
            "leftovers": usage_json(self.leftovers),
        })
    }
}

fn bytes(usage: Usage) -> String {
    render::bytes(usage.bytes)
}

fn files(usage: Usage) -> String {
    render::count(usage.files as usize, "file")
}

/// `3 files (1.2 MB)`
fn sum(usage: Usage) -> String {
    format!("{} ({})", files(usage), bytes(usage))
}

fn usage_json(usage: Usage) -> Value {
    json!({"files": usage.files, "bytes": usage.bytes})
}
