//! The answer of `verify`.

use std::collections::BTreeMap;

use rootlock::ops::{Difference, Verified, VerifyReport};
use serde_json::{Value, json};

use super::Report;
use super::fill::fill;
use crate::render;
use crate::session::View;

/// How many differences are shown before one has to ask for them.
const MAX_SHOWN: usize = 100;

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
            out.push_str(&difference(finding, view));
        }
        for note in self.index.notes.iter().filter(|_| !view.quiet) {
            out.push_str(&words("note: ", &render::plain(note), 2));
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
    if !findings.is_empty() && !view.quiet {
        out.push_str(&counts(findings));
    }
    let most = if view.verbose { usize::MAX } else { MAX_SHOWN };
    let mut cause = None;
    for finding in findings.iter().take(most) {
        out.push_str(&difference(finding, view));
        let text = finding.path.as_ref().and_then(|path| image.texts.get(path));
        let text = text.filter(|_| finding.field() == "content");
        for line in text.into_iter().flat_map(|text| text.lines()) {
            out.push_str(&format!("    {}\n", render::plain(line)));
        }
        // What many have in common is said once.
        if finding.cause != cause
            && let Some(cause) = finding.cause
        {
            out.push_str(&words("    usually: ", cause, 6));
        }
        cause = finding.cause;
    }
    if findings.len() > most {
        let more = findings.len() - most;
        out.push_str(&format!("  and {more} more: `-v` shows them\n"));
    }
    if view.quiet {
        return out;
    }
    for note in &image.verdict.notes {
        out.push_str(&words("  note: ", &render::plain(note), 4));
    }
    let text = format!(
        "  built again: {}, tree {}, config {}\n",
        render::count(image.layers.len(), "layer"),
        image.tree,
        image.config
    );
    out.push_str(&render::short_digests(&text));
    out
}

/// `  109 differences: 108 mtime, 1 content`
fn counts(findings: &[Difference]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in findings {
        *counts.entry(finding.field()).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(field, count)| (std::cmp::Reverse(*count), *field));
    let counts: Vec<String> = counts
        .into_iter()
        .map(|(field, count)| format!("{count} {field}"))
        .collect();
    let number = render::count(findings.len(), "difference");
    format!("{}\n", fill(&format!("  {number}: "), ", ", &counts, 4))
}

/// `first` and a sentence, in lines that fit.
fn words(first: &str, text: &str, indent: usize) -> String {
    let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    format!("{}\n", fill(first, " ", &words, indent))
}

/// `  base: /usr/bin/env (coreutils), mode 0755 expected, 4755 found`
fn difference(finding: &Difference, view: &View) -> String {
    let mut place = String::new();
    if let Some(layer) = &finding.layer {
        place.push_str(&render::plain(layer));
        if finding.path.is_some() {
            place.push_str(": ");
        }
    }
    if let Some(path) = &finding.path {
        place.push_str(&path.to_string());
        if let Some(package) = &finding.package {
            place.push_str(&format!(" ({package})"));
        }
    }
    let plain = |value: Option<String>| {
        value.map(|text| match view.verbose {
            true => render::plain(&text).into_owned(),
            false => render::short_digests(&render::plain(&text)).into_owned(),
        })
    };
    let field = finding.field();
    let mut items = vec![place];
    match (field, plain(finding.expected()), plain(finding.found())) {
        ("missing", Some(kind), _) => items.push(format!("{kind} is missing")),
        ("extra", _, Some(kind)) => items.push(format!("{kind} should not be there")),
        (_, expected, found) => {
            let none = || "none".to_owned();
            items.push(format!(
                "{field} {} expected",
                expected.unwrap_or_else(none)
            ));
            items.push(format!("{} found", found.unwrap_or_else(none)));
        }
    }
    if finding.below > 0 {
        let paths = render::count(finding.below, "path");
        items.push(format!("with {paths} below it"));
    }
    items.retain(|item| !item.is_empty());
    format!("{}\n", fill("  ", ", ", &items, 4))
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

#[cfg(test)]
#[path = "verify_tests.rs"]
mod tests;
