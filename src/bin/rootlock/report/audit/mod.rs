//! The answer of `audit`.

mod json;

use std::collections::BTreeMap;

use rootlock::ops::{
    AuditFinding, AuditFindingKind, AuditReport, Audited, Password, Vulnerability,
};
use serde_json::{Value, json};

use super::Report;
use crate::render;
use crate::session::View;

/// How many findings are shown before one has to ask for them.
const MAX_SHOWN: usize = 100;

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
    out.push_str(&vulnerabilities(report, image, view));
    if !view.quiet {
        out.push_str(&remarks(image, view));
    }
    out
}

/// With a lockfile: what is not as locked.
fn compared(report: &AuditReport, image: &Audited, view: &View) -> String {
    let mut out = format!("{}\n", heading(report, image));
    let findings = &image.audit.findings;
    let most = if view.verbose { usize::MAX } else { MAX_SHOWN };
    for finding in findings.iter().take(most) {
        out.push_str(&format!("  {}\n", finding_line(finding, view)));
    }
    if findings.len() > most {
        let more = findings.len() - most;
        out.push_str(&format!("  and {more} more: `-v` shows them\n"));
    }
    out.push_str(&vulnerabilities(report, image, view));
    if view.quiet {
        return out;
    }
    let verdict = match findings.len() {
        0 => view.style.green("as locked"),
        many => view.style.red(&render::count(many, "finding")),
    };
    out.push_str(&format!("  {verdict}{}\n", judged(image)));
    let checked = image.audit.summary.checked;
    if image.recorded == Some(false) && findings.is_empty() {
        out.push_str(
            "  not to the last bit: times differ, or what is not judged; `verify --against` tells\n",
        );
    }
    if image.recorded == Some(false) && checked.database + checked.unchecked > 0 {
        out.push_str(
            "  it is not the recorded filesystem; with the packages at hand (`rootlock fetch`) more of it \
             can be judged\n",
        );
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
    out.push_str(&remarks(image, view));
    out
}

/// `, 1200 paths by the record, 30 by locked packages, 4 by the image's own database`
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
        false => format!("; paths judged: {}", parts.join(", ")),
    }
}

fn count(number: u64, noun: &str) -> String {
    render::count(usize::try_from(number).unwrap_or(usize::MAX), noun)
}

fn finding_line(finding: &AuditFinding, view: &View) -> String {
    let package = finding.package.as_ref().map(|name| name.as_str());
    let package = package.unwrap_or_default();
    let path = finding.path.as_ref().map(ToString::to_string);
    let path = path.unwrap_or_default();
    let text = |value: &Option<String>| {
        let text = render::plain(value.as_deref().unwrap_or(""));
        match view.verbose {
            true => text.into_owned(),
            false => render::short_digests(&text).into_owned(),
        }
    };
    let (expected, found) = (text(&finding.expected), text(&finding.found));
    let of = match package.is_empty() {
        true => String::new(),
        false => format!(" ({package})"),
    };
    let conffile = if finding.conffile {
        ", configuration"
    } else {
        ""
    };
    match finding.kind {
        AuditFindingKind::PackageMissing => {
            let label = view.style.red("missing");
            format!("{label}  package {package} {expected}")
        }
        AuditFindingKind::PackageExtra => {
            let label = view.style.yellow("extra");
            format!("{label}    package {package} {found}")
        }
        AuditFindingKind::PackageVersion => {
            let label = view.style.red("version");
            format!("{label}  package {package} {found} instead of {expected}")
        }
        AuditFindingKind::PackageArch => {
            let label = view.style.red("arch");
            format!("{label}     package {package} for {found} instead of {expected}")
        }
        AuditFindingKind::PackageUnlisted => {
            let label = view.style.red("unlisted");
            format!("{label} package {package}: the database does not say which files it has")
        }
        AuditFindingKind::FileDiverted => {
            let label = view.style.red("diverted");
            format!("{label} {path} to {found}, which no locked package does")
        }
        AuditFindingKind::FileMissing => {
            let label = view.style.red("missing");
            format!("{label}  {path}{of}{conffile}")
        }
        AuditFindingKind::FileUnowned => {
            let label = view.style.yellow("unowned");
            format!("{label}  {path}, {found}")
        }
        AuditFindingKind::FileChanged => {
            let label = view.style.red("changed");
            let field = finding.field.unwrap_or_default();
            format!("{label}  {path}{of}{conffile}: {field} {found} instead of {expected}")
        }
    }
}

fn vulnerabilities(report: &AuditReport, image: &Audited, view: &View) -> String {
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

/// How many paths of a summary are named before one has to ask for them.
const MAX_NAMED: usize = 5;

/// What an auditor looks at, whatever was locked.
fn remarks(image: &Audited, view: &View) -> String {
    let summary = &image.audit.summary;
    let mut out = String::new();
    let mut states: BTreeMap<&str, usize> = BTreeMap::new();
    for package in &image.installed.packages {
        *states.entry(&package.state).or_default() += 1;
    }
    for (state, packages) in states
        .into_iter()
        .filter(|(state, _)| *state != "installed")
    {
        let packages = render::count(packages, "package");
        out.push_str(&format!(
            "  {packages} {}, not installed\n",
            render::plain(state)
        ));
    }
    let lists = [
        ("setuid or setgid", &summary.setuid),
        ("with capabilities", &summary.capabilities),
        ("writable for everybody", &summary.world_writable),
    ];
    for (what, paths) in lists {
        if paths.is_empty() {
            continue;
        }
        let names: Vec<String> = paths.iter().map(|one| one.path.to_string()).collect();
        let names = match names.len() {
            _ if view.verbose => String::new(),
            0..=MAX_NAMED => format!(": {}", names.join(", ")),
            _ => format!(": {} ... (`-v` shows all)", names[..MAX_NAMED].join(", ")),
        };
        let count = render::count(paths.len(), "path");
        out.push_str(&format!("  {count} {what}{names}\n"));
        if view.verbose {
            for one in paths {
                out.push_str(&format!(
                    "    {:04o} {}:{} {}\n",
                    one.mode, one.uid, one.gid, one.path
                ));
            }
        }
    }
    if !summary.accounts.is_empty() {
        let named = |pick: &dyn Fn(&rootlock::ops::Account) -> bool| {
            let names = summary.accounts.iter().filter(|one| pick(one));
            let names: Vec<String> = names
                .map(|one| render::plain(&one.name).into_owned())
                .collect();
            names
        };
        let root = named(&|one| one.uid == 0 && one.name != "root");
        let empty = named(&|one| one.password == Password::Empty);
        let set = named(&|one| one.password == Password::Set);
        let mut line = format!("  {}", render::count(summary.accounts.len(), "account"));
        if !root.is_empty() {
            line.push_str(&format!("; with number 0: {}", root.join(", ")));
        }
        if !empty.is_empty() {
            line.push_str(&format!("; without a password: {}", empty.join(", ")));
        }
        if !set.is_empty() {
            line.push_str(&format!("; with a password: {}", set.join(", ")));
        }
        out.push_str(&line);
        out.push('\n');
    }
    if image.one_owner {
        out.push_str("  everything has one owner: owners and special bits were not judged\n");
    }
    for skipped in &image.skipped {
        out.push_str(&format!("  not read: {}\n", render::plain(skipped)));
    }
    out
}
