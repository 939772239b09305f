//! The answer of `verify`.

use rootlock::ops::{Difference, Verified, VerifyReport};
use serde_json::{Value, json};

use super::Report;
use crate::render;
use crate::session::View;

/// How many differences are shown before one has to ask for them.
const MAX_SHOWN: usize = 100;
/// `sha256:` and twelve digits, as container tools shorten it.
const SHORT_DIGEST: usize = "sha256:".len() + 12;

impl Report for VerifyReport {
    fn text(&self, view: &View) -> String {
        let other = match &self.against {
            Some(other) => render::plain(other).into_owned(),
            None => format!("the record in {}", render::plain(&self.lockfile)),
        };
        let mut out = String::new();
        for image in &self.images {
            let verdict = match image.verdict.findings.len() {
                0 => view.style.green("Same"),
                _ => view.style.red("Different"),
            };
            out.push_str(&format!(
                "{verdict} {}, compared with {other}\n",
                image.arch
            ));
            out.push_str(&image_text(image, view));
        }
        for finding in &self.index.findings {
            let verdict = view.style.red("Different");
            out.push_str(&format!("{verdict} index, compared with {other}\n"));
            out.push_str(&difference(finding, None, view));
        }
        for note in self.index.notes.iter().filter(|_| !view.quiet) {
            out.push_str(&format!("note: {}\n", render::plain(note)));
        }
        out
    }

    fn json(&self) -> Value {
        json!({
            "same": self.is_same(),
            "against": self.against,
            "lockfile": self.lockfile,
            "images": self.images.iter().map(image_json).collect::<Value>(),
            "notes": self.index.notes,
            "findings": self.index.findings.iter().map(|one| json_of(one, None)).collect::<Value>(),
        })
    }
}

fn image_text(image: &Verified, view: &View) -> String {
    let mut out = String::new();
    let findings = &image.verdict.findings;
    let most = if view.verbose { usize::MAX } else { MAX_SHOWN };
    for finding in findings.iter().take(most) {
        let text = finding.path.as_ref().and_then(|path| image.texts.get(path));
        let text = text.filter(|_| finding.field() == "content");
        out.push_str(&difference(finding, text, view));
    }
    if findings.len() > most {
        let more = findings.len() - most;
        out.push_str(&format!("  and {more} more: `-v` shows them\n"));
    }
    if view.quiet {
        return out;
    }
    for note in &image.verdict.notes {
        out.push_str(&format!("  note: {}\n", render::plain(note)));
    }
    let config = image.config.to_string();
    let tree = image.tree.to_string();
    out.push_str(&format!(
        "  {}, tree {}, config {}\n",
        render::count(image.layers.len(), "layer"),
        &tree[..SHORT_DIGEST],
        &config[..SHORT_DIGEST]
    ));
    out
}

/// `  base  /usr/bin/curl (curl): mode 0755 expected, 0777 found`, and below it why that may be.
fn difference(finding: &Difference, text: Option<&String>, view: &View) -> String {
    let mut place = String::new();
    if let Some(layer) = &finding.layer {
        place.push_str(&render::plain(layer));
        place.push_str(": ");
    }
    if let Some(path) = &finding.path {
        place.push_str(&path.to_string());
        if let Some(package) = &finding.package {
            place.push_str(&format!(" ({package})"));
        }
        place.push_str(": ");
    }
    let plain = |value: Option<String>| {
        value.map(|text| match view.verbose {
            true => render::plain(&text).into_owned(),
            false => render::short_digests(&render::plain(&text)).into_owned(),
        })
    };
    let (expected, found) = (plain(finding.expected()), plain(finding.found()));
    let field = finding.field();
    let what = match (field, expected, found) {
        ("missing", Some(kind), _) => format!("{kind} is missing"),
        ("extra", _, Some(kind)) => format!("{kind} should not be there"),
        (_, Some(expected), Some(found)) => format!("{field} {expected} expected, {found} found"),
        (_, Some(expected), None) => format!("{field} {expected} expected, none found"),
        (_, None, Some(found)) => format!("{field} none expected, {found} found"),
        (_, None, None) => field.to_owned(),
    };
    let below = match finding.below {
        0 => String::new(),
        many => format!(", with {} below it", render::count(many, "path")),
    };
    let mut out = format!("  {place}{what}{below}\n");
    if let Some(cause) = finding.cause {
        out.push_str(&format!("    usually: {cause}\n"));
    }
    for line in text.into_iter().flat_map(|text| text.lines()) {
        out.push_str(&format!("    {}\n", render::plain(line)));
    }
    out
}

fn image_json(image: &Verified) -> Value {
    let findings = image.verdict.findings.iter();
    let findings = findings.map(|one| {
        let text = one.path.as_ref().and_then(|path| image.texts.get(path));
        json_of(one, text.filter(|_| one.field() == "content"))
    });
    let layers = image.layers.iter().map(|layer| {
        json!({
            "group": layer.name,
            "diff_id": layer.diff_id.to_string(),
            "size": layer.size,
        })
    });
    json!({
        "arch": image.arch.to_string(),
        "same": image.verdict.holds(),
        "tree": image.tree.to_string(),
        "config": image.config.to_string(),
        "manifest": image.manifest.map(|digest| digest.to_string()),
        "layers": layers.collect::<Value>(),
        "findings": findings.collect::<Value>(),
        "notes": image.verdict.notes,
    })
}

fn json_of(finding: &Difference, text: Option<&String>) -> Value {
    let mut out = json!({
        "layer": finding.layer,
        "path": finding.path.as_ref().map(ToString::to_string),
        "field": finding.field(),
        "expected": finding.expected(),
        "found": finding.found(),
        "below": finding.below,
        "package": finding.package.as_ref().map(|name| name.as_str()),
        "cause": finding.cause,
    });
    if let Some(text) = text {
        out["diff"] = json!(text);
    }
    out
}
