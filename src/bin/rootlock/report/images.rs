//! The answer of `diff` where a side is an image.

use std::cmp::Ordering;

use rootlock::ops::review::{ImageArchDiff, ImageDiffReport, InstalledChange};
use serde_json::{Value, json};

use super::Report;
use crate::render;
use crate::session::View;

/// How many paths are shown before one has to ask for them.
const MAX_SHOWN: usize = 50;

impl Report for ImageDiffReport {
    fn text(&self, view: &View) -> String {
        if self.equal() {
            let same = view.style.green("Same");
            let (from, to) = (render::plain(&self.from), render::plain(&self.to));
            return format!("{same} {from} and {to}\n");
        }
        let mut out = String::new();
        for diff in &self.arches {
            if let Some(arch) = diff.arch.filter(|_| self.arches.len() > 1) {
                out.push_str(&format!("{arch}\n"));
            }
            out.push_str(&arch_text(diff, view));
        }
        for arch in &self.lonely {
            out.push_str(&format!("only one side has {arch}\n"));
        }
        out
    }

    fn json(&self) -> Value {
        json!({
            "from": self.from,
            "to": self.to,
            "equal": self.equal(),
            "images": self.arches.iter().map(arch_json).collect::<Value>(),
            "lonely": self.lonely.iter().map(ToString::to_string).collect::<Vec<_>>(),
        })
    }
}

fn arch_text(diff: &ImageArchDiff, view: &View) -> String {
    let mut rows = Vec::new();
    for change in &diff.packages {
        let version = |version: &Option<rootlock::model::Version>| match version {
            Some(version) => version.to_string(),
            None => String::new(),
        };
        rows.push([
            kind(change).to_owned(),
            change.name.to_string(),
            version(&change.from),
            version(&change.to),
        ]);
    }
    let mut out = render::table(&rows);
    if let Some((from, to)) = diff.configs.filter(|(from, to)| from != to) {
        let text = format!("image ID {from}, now {to}");
        out.push_str(&format!("{}\n", render::short_digests(&text)));
    }
    let new: Vec<_> = diff.layers.iter().filter(|layer| layer.new).collect();
    if !new.is_empty() {
        let bytes = new.iter().map(|layer| layer.size).sum();
        let layers = render::count(new.len(), "layer");
        let names: Vec<String> = new.iter().filter_map(|layer| layer.name.clone()).collect();
        let names = match names.is_empty() {
            true => String::new(),
            false => format!(": {}", render::plain(&names.join(", "))),
        };
        out.push_str(&format!(
            "{layers} to send, {}{names}\n",
            render::bytes(bytes)
        ));
    }
    let most = if view.verbose { usize::MAX } else { MAX_SHOWN };
    for path in diff.paths.iter().take(most) {
        let (sign, what) = change_text(path);
        let sign = match sign {
            "-" => view.style.red(sign),
            "+" => view.style.green(sign),
            _ => view.style.yellow(sign),
        };
        let below = match path.below {
            0 => String::new(),
            many => format!(", with {} below it", render::count(many, "path")),
        };
        let what = render::short_digests(&what).into_owned();
        out.push_str(&format!(
            "{sign} {}{}{below}\n",
            path.path,
            render::plain(&what)
        ));
    }
    if diff.paths.len() > most {
        let more = diff.paths.len() - most;
        out.push_str(&format!("and {more} more paths: `-v` shows them\n"));
    }
    out
}

/// A sign, and what changed of a path.
fn change_text(path: &rootlock::ops::review::PathDiff) -> (&'static str, String) {
    use rootlock::ops::review::PathChange;
    match &path.change {
        PathChange::Missing(_) => ("-", String::new()),
        PathChange::Extra(_) => ("+", String::new()),
        PathChange::Fields(fields) => {
            let none = || "none".to_owned();
            let fields = fields.iter().map(|field| {
                let (from, to) = (field.expected(), field.found());
                let (from, to) = (from.unwrap_or_else(none), to.unwrap_or_else(none));
                format!("{} {from}, now {to}", field.name())
            });
            ("~", format!(": {}", fields.collect::<Vec<_>>().join("; ")))
        }
    }
}

fn kind(change: &InstalledChange) -> &'static str {
    match (&change.from, &change.to, change.order) {
        (None, _, _) => "added",
        (_, None, _) => "removed",
        (_, _, Ordering::Greater) => "downgraded",
        _ => "upgraded",
    }
}

fn arch_json(diff: &ImageArchDiff) -> Value {
    let packages = diff.packages.iter().map(|change| {
        json!({
            "name": change.name.as_str(),
            "arch": change.arch,
            "source": change.source,
            "change": kind(change),
            "from": change.from.as_ref().map(|version| version.as_str()),
            "to": change.to.as_ref().map(|version| version.as_str()),
        })
    });
    let layers = diff.layers.iter().map(|layer| {
        json!({
            "group": layer.name,
            "diff_id": layer.diff_id.to_string(),
            "size": layer.size,
            "changed": layer.new,
        })
    });
    let paths = diff.paths.iter().map(|path| {
        use rootlock::ops::review::PathChange;
        let fields = match &path.change {
            PathChange::Fields(fields) => fields.as_slice(),
            _ => &[],
        };
        let fields = fields.iter().map(
            |field| json!({"field": field.name(), "from": field.expected(), "to": field.found()}),
        );
        json!({
            "path": path.path.to_string(),
            "change": match &path.change {
                PathChange::Missing(_) => "removed",
                PathChange::Extra(_) => "added",
                PathChange::Fields(_) => "changed",
            },
            "below": path.below,
            "fields": fields.collect::<Value>(),
        })
    });
    json!({
        "arch": diff.arch.map(|arch| arch.to_string()),
        "packages": packages.collect::<Value>(),
        "layers": layers.collect::<Value>(),
        "paths": paths.collect::<Value>(),
        "configs": diff.configs.map(|(from, to)| [from.to_string(), to.to_string()]),
    })
}
