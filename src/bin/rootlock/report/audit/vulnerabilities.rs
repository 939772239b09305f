//! Known vulnerabilities.

use rootlock::ops::{AuditReport, Audited, Vulnerability};

use crate::render;
use crate::session::View;

/// The open ones, the worst first, and how many do not count.
pub(super) fn text(report: &AuditReport, image: &Audited, view: &View) -> String {
    if !report.advised {
        return String::new();
    }
    let known = &image.advised.vulnerabilities;
    let mut open: Vec<&Vulnerability> = known
        .iter()
        .filter(|one| one.finding.suppressed.is_none())
        .collect();
    // The worst first; within one level as they come, by package.
    open.sort_by_key(|one| std::cmp::Reverse(one.finding.level));
    let mut out = String::new();
    if !open.is_empty() {
        let mut rows = Vec::new();
        if !view.quiet {
            rows.push(
                [
                    "VULNERABILITY",
                    "SEVERITY",
                    "PACKAGE",
                    "VERSION",
                    "FIXED IN",
                ]
                .map(String::from),
            );
        }
        rows.extend(open.iter().map(|one| {
            let Vulnerability { finding, offered } = one;
            [
                render::plain(&finding.id).into_owned(),
                finding.level.as_str().to_owned(),
                finding.name.clone(),
                finding.version.clone(),
                match &finding.fixed {
                    Some(fixed) if *offered == Some(true) => {
                        format!("{} (offered)", render::plain(fixed))
                    }
                    Some(fixed) => render::plain(fixed).into_owned(),
                    None => "no fix".into(),
                },
            ]
        }));
        if report.lockfile.is_none() && !view.quiet {
            out.push('\n');
        }
        out.push_str(&render::table(&rows));
    }
    let silent = open.is_empty() && !image.advised.unmatched.is_empty();
    if !view.quiet && !silent {
        let text = match open.len() {
            0 => view.style.green("no known vulnerability"),
            1 => view.style.red("1 known vulnerability"),
            many => view.style.red(&format!("{many} known vulnerabilities")),
        };
        let suppressed = known.len() - open.len();
        let aside = match suppressed {
            0 => String::new(),
            some => format!(", {some} not counted"),
        };
        out.push_str(&format!("  {text}{aside}\n"));
    }
    for unmatched in &image.advised.unmatched {
        let packages = render::count(unmatched.packages, "package");
        let release = match &unmatched.release {
            Some(release) => format!("no advisory speaks of {} {release}", unmatched.ecosystem),
            None => format!("of which release of {} is not known", unmatched.ecosystem),
        };
        let label = view.style.red("unknown");
        out.push_str(&format!(
            "  {label}  {packages}: {}\n",
            render::plain(&release)
        ));
    }
    out
}
