//! A difference for people.

use rootlock::ops::review::{
    DiffKind, DiffReport, FieldChange, LayersDiff, OutputDiff, RepositoryDiff,
};

use super::super::fill::fill;
use super::super::why::chain_text;
use super::rows::{Row, Sent, delta, sections, short, tally, telling, total};
use crate::render::{self, Style};
use crate::session::View;

pub(super) fn report(report: &DiffReport, view: &View) -> String {
    let style = view.style;
    let [from, to] = [&report.from, &report.to].map(|name| render::plain(name).into_owned());
    if report.equal {
        return match view.quiet {
            true => String::new(),
            false => format!("{from} and {to} are the same\n"),
        };
    }
    let mut out = format!("{from} -> {to}\n");
    for field in &report.fields {
        out.push_str(&format!("  {}\n", field_text(field)));
    }
    for repository in &report.repositories {
        out.push_str(&repository_text(repository, style));
    }
    for output in &report.outputs {
        out.push_str(&output_text(output));
    }
    let several = report.arches.len() > 1;
    for (arch, diff) in &report.arches {
        let head = [format!("{arch}: {}", tally(diff)), total(diff)];
        out.push_str(&format!("{}\n", fill("", "; ", &head, 2)));
    }
    for section in sections(report) {
        if several {
            out.push_str(&format!("\n{}\n", section.title()));
        }
        for row in &section.rows {
            out.push_str(&row_text(row, style));
        }
    }
    let layers = report.arches.iter().filter_map(|(arch, diff)| {
        let of = if several {
            format!("{arch}: ")
        } else {
            "  ".to_owned()
        };
        layers_text(&of, &diff.layers)
    });
    let layers = layers.collect::<String>();
    if several && !layers.is_empty() {
        out.push('\n');
    }
    out + &layers
}

/// `  ~ openssl 3.5.1-1 -> 3.5.4-1: libssl3t64, openssl (+1.2 kB)` and, below, why they are there.
fn row_text(row: &Row<'_>, style: Style) -> String {
    let sign = match row.kind {
        DiffKind::Removed => style.red("-"),
        DiffKind::Added => style.green("+"),
        DiffKind::Downgraded => style.red("~"),
        DiffKind::Upgraded | DiffKind::Moved | DiffKind::Changed => style.yellow("~"),
    };
    let versions = match (row.from, row.to) {
        (Some(from), Some(to)) if from != to => format!("{from} -> {to}"),
        (from, to) => from.or(to).map(ToString::to_string).unwrap_or_default(),
    };
    let mut notes = row.notes.clone();
    notes.extend(delta(row.sizes.0, row.sizes.1));
    let members = row.members();
    let colon = if members.is_empty() { "" } else { ":" };
    let mut words = vec![format!("{} {versions}{colon}", row.source)];
    words.extend(members.iter().enumerate().map(|(place, name)| {
        let comma = if place + 1 < members.len() { "," } else { "" };
        format!("{name}{comma}")
    }));
    if !notes.is_empty() {
        words.push(format!("({})", notes.join(", ")));
    }
    // The sign may be coloured, and counts as one character.
    let plain = fill("  ~ ", " ", &words, 6);
    let text = plain.strip_prefix("  ~ ").unwrap_or(&plain);
    let was = match row.kind {
        DiffKind::Removed => "was ",
        _ => "",
    };
    let why = row
        .why
        .map(|why| chain_text(&format!("      {was}"), why, style));
    format!("  {sign} {text}\n{}", why.unwrap_or_default())
}

fn field_text(field: &FieldChange) -> String {
    let (from, to) = (short(field.from.as_deref()), short(field.to.as_deref()));
    format!("{}: {from} -> {to}", field.field)
}

fn repository_text(repository: &RepositoryDiff, style: Style) -> String {
    let id = render::plain(&repository.id);
    let sign = match (repository.was, repository.is) {
        (false, _) => style.green("+"),
        (_, false) => style.red("-"),
        _ => style.yellow("~"),
    };
    let mut out = format!("  {sign} repository {id}\n");
    for field in telling(&repository.fields) {
        let text = match (repository.was, repository.is) {
            (true, true) => field_text(field),
            _ => {
                let value = field.to.as_deref().or(field.from.as_deref());
                format!("{}: {}", field.field, short(value))
            }
        };
        out.push_str(&format!("      {text}\n"));
    }
    out
}

fn output_text(output: &OutputDiff) -> String {
    let what = match output.arch {
        Some(arch) => format!("recorded result for {arch}"),
        None => "recorded index".to_owned(),
    };
    let said = match (output.from, output.to) {
        (None, _) => "new".to_owned(),
        (_, None) => "dropped".to_owned(),
        _ if output.fields.is_empty() => "another".to_owned(),
        _ => format!("other {}", output.fields.join(", ")),
    };
    format!("  {what}: {said}\n")
}

/// Which layers have to be sent, and how much that is.
fn layers_text(of: &str, diff: &LayersDiff) -> Option<String> {
    let Sent {
        size,
        kind,
        layers,
        again,
    } = Sent::new(diff)?;
    let layers: Vec<String> = layers
        .into_iter()
        .map(|(group, size)| [group, &size].join(" ").trim_end().to_owned())
        .collect();
    let indent = of.chars().take_while(|c| *c == ' ').count() + 2;
    let first = format!("{of}layers to send {size}, {kind}: ");
    let mut out = format!("{}\n", fill(&first, ", ", &layers, indent));
    if !again.is_empty() {
        let again: Vec<String> = again.into_iter().map(str::to_owned).collect();
        let first = format!("{of}layers to unpack again, not to send: ");
        out.push_str(&format!("{}\n", fill(&first, ", ", &again, indent)));
    }
    Some(out)
}
