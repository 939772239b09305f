//! The answer of `list --scripts`.

use rootlock::ops::ScriptsReport;
use serde_json::{Map, Value, json};

use super::Report;
use crate::render;
use crate::session::View;

impl Report for ScriptsReport {
    fn text(&self, view: &View) -> String {
        let mut out = String::new();
        for (arch, scripts) in &self.arches {
            if self.arches.len() > 1 && !view.quiet {
                let gap = if out.is_empty() { "" } else { "\n" };
                out.push_str(&format!("{gap}{arch}\n"));
            }
            for script in scripts {
                let class = script.class.as_str();
                out.push_str(&format!("{} {}: {class}\n", script.package, script.script));
                for statement in &script.statements {
                    out.push_str(&format!("    {}\n", render::plain(statement)));
                }
            }
        }
        out
    }

    fn json(&self) -> Value {
        let arches = self.arches.iter().map(|(arch, scripts)| {
            let scripts = scripts.iter().map(|script| {
                json!({
                    "package": script.package.as_str(),
                    "script": script.script,
                    "sha256": script.own.map(|own| own.hex()),
                    "class": script.class.key(),
                    "statements": script.statements,
                })
            });
            (arch.to_string(), scripts.collect::<Value>())
        });
        json!({ "scripts": arches.collect::<Map<String, Value>>() })
    }
}
