//! The answer of `audit`.

mod findings;
mod json;
mod remarks;
#[cfg(test)]
mod tests;
mod vulnerabilities;

use rootlock::ops::{AuditFinding, AuditFindingKind, AuditReport, Audited};
use serde_json::{Value, json};

use super::Report;
use super::fill::fill;
use crate::render;
use crate::session::View;

impl Report for AuditReport {
    fn text(&self, view: &View) -> String {
        let mut out = String::new();
        for image in &self.images {
            if !out.is_empty() {
                out.push('\n');
            }
            out.push_str(&match &self.lockfile {
                Some(_) => compared(self, image, view),
                None => listed(self, image, view),
            });
        }
        out
    }

    fn json(&self) -> Value {
        json!({
            "target": self.target,
            "form": self.form.as_str(),
            "lockfile": self.lockfile.as_ref().map(|path| path.to_string_lossy()),
            "clean": self.is_clean(),
            "images": self.images.iter().map(|image| json::image(self, image)).collect::<Value>(),
        })
    }
}

/// `out/web (OCI layout), amd64, debian trixie, 109 packages`
fn heading(report: &AuditReport, image: &Audited) -> String {
    let arch = image
        .arch
        .map(|arch| format!(", {arch}"))
        .unwrap_or_default();
    let release = image.installed.release.as_deref();
    let release = release
        .map(|release| format!(" {release}"))
        .unwrap_or_default();
    let packages = render::count(image.installed.packages.len(), "package");
    format!(
        "{} ({}){arch}, {}{release}, {packages}",
        render::plain(&report.target),
        report.form.as_str(),
        image.distro,
    )
}

/// Without a lockfile: what is installed.
fn listed(report: &AuditReport, image: &Audited, view: &View) -> String {
    let mut out = String::new();
    let mut rows = Vec::new();
    if !view.quiet {
        out.push_str(&heading(report, image));
        out.push('\n');
        rows.push(["PACKAGE", "VERSION", "ARCH", "SOURCE"].map(String::from));
    }
    rows.extend(image.installed.packages.iter().map(|package| {
        [
            package.name.to_string(),
            package.version.to_string(),
            package.arch.to_string(),
            render::plain(&package.source.name).into_owned(),
        ]
    }));
    out.push_str(&render::table(&rows));
    out.push_str(&vulnerabilities::text(report, image, view));
    if !view.quiet {
        out.push_str(&remarks::text(image, view));
    }
    out
}

/// With a lockfile: what is not as locked.
fn compared(report: &AuditReport, image: &Audited, view: &View) -> String {
    let mut out = format!("{}\n", heading(report, image));
    let findings = &image.audit.findings;
    if !view.quiet {
        out.push_str(&match findings.len() {
            0 => format!("  {}\n", view.style.green("as locked")),
            many => {
                let number = render::count(many, "finding");
                let counts = findings::counts(findings);
                let text = fill(&format!("  {number}: "), ", ", &counts, 4);
                format!("{}\n", text.replacen(&number, &view.style.red(&number), 1))
            }
        });
        out.push_str(&judged(image));
    }
    out.push_str(&findings::list(findings, view));
    out.push_str(&vulnerabilities::text(report, image, view));
    if view.quiet {
        return out;
    }
    let checked = image.audit.summary.checked;
    if image.recorded == Some(false) && findings.is_empty() {
        out.push_str("  not to the last bit: times differ, or what is not judged here;\n");
        out.push_str("  `rootlock verify --against` tells\n");
    }
    if image.recorded != Some(true) && checked.database + checked.unchecked > 0 {
        out.push_str("  with the packages at hand (`rootlock fetch`) more is judged by them\n");
    }
    let missing = |one: &AuditFinding| one.kind == AuditFindingKind::FileMissing;
    if image.recorded.is_none() && findings.iter().any(missing) {
        out.push_str("  `build --record` makes known what `paths:` leaves out\n");
    }
    if image.audit.summary.unlocked > 0 {
        out.push_str(&format!(
            "  {} of no package; `build --record` makes them known\n",
            count(image.audit.summary.unlocked, "path")
        ));
    }
    out.push_str(&remarks::text(image, view));
    out
}

/// How paths were judged: by the record, by locked packages, by what the image says of itself.
fn judged(image: &Audited) -> String {
    let checked = image.audit.summary.checked;
    let parts = [
        (checked.record, "by the record"),
        (checked.package, "by locked packages"),
        (checked.database, "by the image's own database only"),
        (checked.unchecked, "by nothing but their presence"),
    ];
    let parts = parts.into_iter().filter(|(number, _)| *number > 0);
    let parts: Vec<String> = parts.map(|(number, by)| format!("{number} {by}")).collect();
    match parts.is_empty() {
        true => String::new(),
        false => format!("{}\n", fill("  paths judged: ", ", ", &parts, 4)),
    }
}

fn count(number: u64, noun: &str) -> String {
    render::count(usize::try_from(number).unwrap_or(usize::MAX), noun)
}
