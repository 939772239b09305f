//! A difference as the comment of a pull request: GitHub's and GitLab's Markdown.
//!
//! Whatever a lockfile says is in a code span, where nothing of it is a link, a mention or a tag.

use rootlock::ops::review::{DiffKind, DiffReport, FieldChange, LayersDiff, WhyChain};

use super::rows::{Row, Sent, delta, sections, short, tally, telling, total};
use crate::render;

/// A table with more rows than this is folded.
const FOLDED: usize = 30;

pub(super) fn report(report: &DiffReport) -> String {
    let (from, to) = (code(&report.from), code(&report.to));
    if report.equal {
        return format!("{from} and {to} are the same.\n");
    }
    let mut out = format!("### {from} → {to}\n");
    for (arch, diff) in &report.arches {
        out.push_str(&format!("\n**{arch}**: {}; {}\n", tally(diff), total(diff)));
        out.push_str(&layers(&diff.layers));
    }
    for section in sections(report) {
        if report.arches.len() > 1 {
            out.push_str(&format!("\n#### {}\n", section.title()));
        }
        let head = "| Change | Source | From | To | Packages | Size | Why |\n\
                    |---|---|---|---|---|--:|---|\n";
        let lines: Vec<_> = section.rows.iter().map(row_line).collect();
        out.push_str(&table(head, &lines));
    }
    out.push_str(&rest(report));
    out
}

/// A table, folded where it is long.
fn table(head: &str, lines: &[String]) -> String {
    let table = format!("\n{head}{}", lines.concat());
    match lines.len() > FOLDED {
        true => {
            let summary = render::count(lines.len(), "row");
            format!("\n<details><summary>{summary}</summary>\n{table}\n</details>\n")
        }
        false => table,
    }
}

fn row_line(row: &Row<'_>) -> String {
    let version = |version: Option<&rootlock::model::Version>| {
        version
            .map(|version| code(version.as_str()))
            .unwrap_or_default()
    };
    let names: Vec<_> = row.names.iter().map(|name| code(name)).collect();
    let size = delta(row.sizes.0, row.sizes.1);
    let was = match row.kind {
        DiffKind::Removed => "was ",
        _ => "",
    };
    let mut change = vec![row.kind.as_str().to_owned()];
    let notes = row.notes.iter().filter(|note| *note != row.kind.as_str());
    change.extend(notes.map(|note| code(note)));
    format!(
        "| {} | {} | {} | {} | {} | {} | {} |\n",
        change.join(", "),
        code(row.source),
        version(row.from),
        version(row.to),
        names.join(", "),
        size.unwrap_or_default(),
        row.why
            .map(|chain| format!("{was}{}", why(chain)))
            .unwrap_or_default(),
    )
}

/// `curl` in group base: `libcurl4t64` → `libssl3t64`
fn why(why: &WhyChain) -> String {
    let asking = match why.asking.text() {
        Some(text) => format!(
            "{} in group {}",
            code(text),
            code(why.asking.group().as_str())
        ),
        None => cell(&why.asking.to_string()),
    };
    if why.links.len() < 2 {
        return asking;
    }
    let links = why.links.iter().map(|link| code(link.name.as_str()));
    format!("{asking}: {}", links.collect::<Vec<_>>().join(" → "))
}

fn layers(diff: &LayersDiff) -> String {
    let Some(sent) = Sent::new(diff) else {
        return String::new();
    };
    let (size, kind) = (&sent.size, sent.kind);
    let each = sent.layers.iter();
    let each = each.map(|(group, size)| [code(group), size.clone()].join(" "));
    let each: Vec<_> = each.map(|layer| layer.trim_end().to_owned()).collect();
    let mut out = format!("Layers to send {size}, {kind}: {}\n", each.join(", "));
    if !sent.again.is_empty() {
        let again: Vec<_> = sent.again.iter().map(|group| code(group)).collect();
        let again = again.join(", ");
        out.push_str(&format!("Layers to unpack again, not to send: {again}\n"));
    }
    out
}

/// What is not of one architecture's packages.
fn rest(report: &DiffReport) -> String {
    let line = |what: &str, field: &FieldChange| {
        let value = |value: Option<&str>| code(&short(value));
        let (from, to) = (value(field.from.as_deref()), value(field.to.as_deref()));
        format!("| {what} | {} | {from} | {to} |\n", field.field)
    };
    let mut lines: Vec<String> = report
        .fields
        .iter()
        .map(|field| line("lockfile", field))
        .collect();
    for repository in &report.repositories {
        let what = format!("repository {}", code(&repository.id));
        let fields = telling(&repository.fields);
        lines.extend(fields.into_iter().map(|field| line(&what, field)));
    }
    for output in &report.outputs {
        let what = match output.arch {
            Some(arch) => format!("recorded result for {arch}"),
            None => "recorded index".to_owned(),
        };
        let digest = |digest: Option<rootlock::model::Sha256>| {
            code(&short(digest.map(|digest| digest.to_string()).as_deref()))
        };
        let fields = output.fields.join(", ");
        let (from, to) = (digest(output.from), digest(output.to));
        lines.push(format!("| {what} | {fields} | {from} | {to} |\n"));
    }
    match lines.is_empty() {
        true => String::new(),
        false => table("| | Field | From | To |\n|---|---|---|---|\n", &lines),
    }
}

/// Text in a code span that a table cell can hold.
fn code(text: &str) -> String {
    match text.is_empty() {
        true => String::new(),
        false => format!("`{}`", one_line(&text.replace('`', "'"))),
    }
}

/// Words of our own around a name, in a table cell.
fn cell(text: &str) -> String {
    one_line(text)
}

/// Without what ends a cell or a line.
fn one_line(text: &str) -> String {
    let text = render::plain(text).replace('\n', " ");
    text.replace('|', "\\|")
}
