//! What is not as locked, a line or two each.

use std::collections::BTreeMap;

use rootlock::ops::{AuditFinding, AuditFindingKind};

use crate::render::{self, Style};
use crate::report::fill::fill;
use crate::session::View;

/// How many findings are shown before one has to ask for them.
const MAX_SHOWN: usize = 100;
/// The width of the first column, which is the longest label and two spaces.
const LABEL: usize = 10;

/// `1 package-version`, `2 file-changed`.
pub(super) fn counts(findings: &[AuditFinding]) -> Vec<String> {
    let mut counts: BTreeMap<AuditFindingKind, usize> = BTreeMap::new();
    for finding in findings {
        *counts.entry(finding.kind).or_default() += 1;
    }
    let counts = counts.into_iter();
    counts
        .map(|(kind, count)| format!("{count} {}", kind.as_str()))
        .collect()
}

/// The findings, as many as are asked for.
pub(super) fn list(findings: &[AuditFinding], view: &View) -> String {
    let most = if view.verbose { usize::MAX } else { MAX_SHOWN };
    let mut out: String = findings
        .iter()
        .take(most)
        .map(|finding| line(finding, view))
        .collect();
    if findings.len() > most {
        let more = findings.len() - most;
        out.push_str(&format!("  and {more} more: `-v` shows them\n"));
    }
    out
}

fn line(finding: &AuditFinding, view: &View) -> String {
    use AuditFindingKind as Kind;
    let value = |value: &Option<String>| {
        let text = render::plain(value.as_deref().unwrap_or("nothing"));
        match view.verbose {
            true => text.into_owned(),
            false => render::short_digests(&text).into_owned(),
        }
    };
    let (expected, found) = (value(&finding.expected), value(&finding.found));
    let mut place = match (&finding.path, &finding.package) {
        (Some(path), Some(package)) => format!("{path} ({package})"),
        (Some(path), None) => path.to_string(),
        (None, Some(package)) => format!("package {package}"),
        (None, None) => String::new(),
    };
    if finding.conffile {
        place.push_str(", configuration");
    }
    let instead = |what: &str| format!("{what}{found} instead of {expected}");
    let (label, what) = match finding.kind {
        Kind::PackageMissing => ("missing", Some(expected)),
        Kind::PackageExtra => ("extra", Some(found)),
        Kind::PackageVersion => ("version", Some(instead(""))),
        Kind::PackageArch => ("arch", Some(instead("for "))),
        Kind::PackageUnlisted => ("unlisted", Some("its files are in no list".into())),
        Kind::FileMissing => ("missing", None),
        Kind::FileUnowned => ("unowned", Some(found)),
        Kind::FileDiverted => (
            "diverted",
            Some(format!("to {found}, by no locked package")),
        ),
        Kind::FileChanged => {
            let field = finding.field.unwrap_or_default();
            ("changed", Some(instead(&format!("{field} "))))
        }
    };
    let items: Vec<String> = [Some(place), what].into_iter().flatten().collect();
    let text = fill(&format!("  {label:LABEL$}"), ", ", &items, LABEL + 2);
    let paint = match finding.kind {
        Kind::PackageExtra | Kind::FileUnowned => Style::yellow,
        _ => Style::red,
    };
    format!("{}\n", text.replacen(label, &paint(view.style, label), 1))
}
