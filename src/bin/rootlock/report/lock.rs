//! The answers of `lock`, `add` and `remove`.

use rootlock::model::{Arch, Version};
use rootlock::ops::{Change, ChangeKind, LockReport, Project};
use serde_json::{Value, json};

use super::{Report, enumerate, packages_json};
use crate::render::{self, Style};
use crate::session::View;

/// What was locked, or would be.
#[derive(Debug)]
pub(crate) struct Locked {
    pub(crate) report: LockReport,
    pub(crate) dry_run: bool,
}

impl Report for Locked {
    fn text(&self, view: &View) -> String {
        let path = render::path(&self.report.path);
        if !self.report.changed {
            let arches = self.report.changes.iter();
            let counts: Vec<_> = arches
                .map(|(arch, changes)| format!("{} for {arch}", packages(changes)))
                .collect();
            return format!("Unchanged: {path} has {}\n", enumerate(&counts));
        }
        let verb = match self.dry_run {
            true => view.style.yellow("Would lock"),
            false => view.style.green("Locked"),
        };
        let mut out = String::new();
        for (arch, changes) in &self.report.changes {
            self.arch(*arch, changes, &verb, view, &mut out);
        }
        out
    }

    fn json(&self) -> Value {
        let arches = self.report.changes.iter();
        let mut out = packages_json(
            arches.map(|(arch, changes)| (*arch, changes.as_slice())),
            change_json,
        );
        if !self.dry_run {
            out["changed"] = json!(self.report.changed);
        }
        out
    }
}

impl Locked {
    /// The summary of one architecture and, below it, what moved.
    fn arch(&self, arch: Arch, changes: &[Change], verb: &str, view: &View, out: &mut String) {
        let all = packages(changes);
        let tally: Vec<_> = [
            ChangeKind::Added,
            ChangeKind::Upgraded,
            ChangeKind::Downgraded,
            ChangeKind::Removed,
        ]
        .into_iter()
        .filter_map(|kind| {
            let number = changes.iter().filter(|change| change.kind == kind).count();
            (number > 0).then(|| format!("{number} {}", word(kind)))
        })
        .collect();
        let first = changes
            .iter()
            .all(|change| change.kind == ChangeKind::Added);
        let tally = match (first, tally.is_empty()) {
            (true, _) => String::new(),
            (false, true) => " (none moved)".to_owned(),
            (false, false) => format!(" ({})", tally.join(", ")),
        };
        out.push_str(&format!("{verb} {all} for {arch}{tally}\n"));
        // Of a first lock everything is new, and the lockfile is the better list.
        if first && !self.dry_run && !view.verbose {
            return;
        }
        for change in changes {
            if change.kind != ChangeKind::Kept || view.verbose {
                out.push_str(&change_text(change, view.style));
            }
        }
    }
}

/// How many packages are locked afterwards.
fn packages(changes: &[Change]) -> String {
    let locked = changes
        .iter()
        .filter(|change| change.kind != ChangeKind::Removed);
    render::count(locked.count(), "package")
}

/// The word of the contract.
const fn word(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Added => "added",
        ChangeKind::Upgraded => "upgraded",
        ChangeKind::Downgraded => "downgraded",
        ChangeKind::Kept => "kept",
        ChangeKind::Removed => "removed",
    }
}

/// `  ~ bash 5.2 -> 5.3 (5.2 is no longer offered)`
fn change_text(change: &Change, style: Style) -> String {
    let sign = match change.kind {
        ChangeKind::Added => style.green("+"),
        ChangeKind::Upgraded | ChangeKind::Downgraded => style.yellow("~"),
        ChangeKind::Removed => style.red("-"),
        ChangeKind::Kept => " ".to_owned(),
    };
    let package = &change.package;
    let versions = match (&change.from, change.kind) {
        (Some(from), ChangeKind::Upgraded | ChangeKind::Downgraded) => {
            format!("{from} -> {}", package.version)
        }
        _ => package.version.to_string(),
    };
    let reason = match &change.reason {
        Some(reason) => style.dim(&format!(" ({})", render::plain(reason))),
        None => String::new(),
    };
    format!("  {sign} {} {versions}{reason}\n", package.name)
}

fn change_json(change: &Change) -> Value {
    let package = &change.package;
    json!({
        "name": package.name.as_str(),
        "version": package.version.as_str(),
        "arch": package.arch,
        "group": package.group.as_str(),
        "change": word(change.kind),
        "from": change.from.as_ref().map(Version::as_str),
    })
}

/// Whether a lockfile fits its manifest.
#[derive(Debug)]
pub(crate) struct Fits<'a> {
    pub(crate) project: &'a Project,
    /// Why not; none if it does.
    pub(crate) reasons: Vec<String>,
    /// Whether its proof was looked at too.
    pub(crate) proof: bool,
}

impl Report for Fits<'_> {
    fn text(&self, view: &View) -> String {
        let lockfile = render::path(&self.project.lockfile_path);
        let manifest = render::path(&self.project.manifest_path);
        if self.reasons.is_empty() {
            return match view.quiet {
                true => String::new(),
                false if self.proof => {
                    format!("{lockfile} fits {manifest}, and follows from what was signed\n")
                }
                false => format!("{lockfile} fits {manifest}\n"),
            };
        }
        let signed = match self.proof {
            true => ", or does not follow from what was signed",
            false => "",
        };
        let mut out = format!("{lockfile} does not fit {manifest}{signed}\n");
        for reason in &self.reasons {
            out.push_str(&format!("  {}\n", render::plain(reason)));
        }
        out.push_str(&format!(
            "{}: run `rootlock lock`\n",
            view.style.cyan("hint")
        ));
        out
    }

    fn json(&self) -> Value {
        json!({"fits": self.reasons.is_empty(), "reasons": self.reasons})
    }
}

#[cfg(test)]
mod tests {
    use rootlock::model::{LockedPackage, Sha256, SourcePackage};

    use super::*;
    use crate::args::ColorWhen;

    fn change(kind: ChangeKind, name: &str, version: &str, from: Option<&str>) -> Change {
        Change {
            kind,
            package: LockedPackage {
                name: name.parse().unwrap(),
                version: version.parse().unwrap(),
                arch: "amd64".into(),
                group: "base".parse().unwrap(),
                requested: false,
                source: SourcePackage {
                    name: name.into(),
                    version: version.parse().unwrap(),
                },
                repository: "trixie".into(),
                path: "pool/x.deb".into(),
                size: 1,
                sha256: Sha256::of(b""),
                checksum: None,
                depends: Vec::new(),
                recommends: Vec::new(),
                install_if: Vec::new(),
            },
            from: from.map(|from| from.parse().unwrap()),
            reason: from.map(|from| format!("{from} is no longer offered")),
        }
    }

    fn locked(changed: bool, changes: Vec<Change>) -> Locked {
        Locked {
            report: LockReport {
                path: "rootfs.lock".into(),
                changed,
                changes: vec![(Arch::from_oci("amd64").unwrap(), changes)],
            },
            dry_run: false,
        }
    }

    fn text(locked: &Locked) -> String {
        locked.text(&View {
            style: Style::of(ColorWhen::Never, false),
            quiet: false,
            verbose: false,
        })
    }

    #[test]
    fn says_what_moved_and_why() {
        let moved = vec![
            change(ChangeKind::Upgraded, "bash", "5.3", Some("5.2")),
            change(ChangeKind::Added, "curl", "8.5", None),
            change(ChangeKind::Removed, "foo", "1.0", None),
            change(ChangeKind::Kept, "libc6", "2.41", None),
        ];
        let mut report = locked(true, moved);
        assert_eq!(
            text(&report),
            "Locked 3 packages for amd64 (1 added, 1 upgraded, 1 removed)\n\
             \x20 ~ bash 5.2 -> 5.3 (5.2 is no longer offered)\n\
             \x20 + curl 8.5\n\
             \x20 - foo 1.0\n"
        );
        report.dry_run = true;
        assert!(text(&report).starts_with("Would lock 3 packages"));
    }

    #[test]
    fn a_first_lock_is_one_line() {
        let report = locked(true, vec![change(ChangeKind::Added, "curl", "8.5", None)]);
        assert_eq!(text(&report), "Locked 1 package for amd64\n");
        let report = locked(false, vec![change(ChangeKind::Kept, "curl", "8.5", None)]);
        assert_eq!(
            text(&report),
            "Unchanged: rootfs.lock has 1 package for amd64\n"
        );
    }

    #[test]
    fn a_dry_run_prints_exactly_the_contract() {
        let moved = vec![
            change(ChangeKind::Upgraded, "bash", "5.3", Some("5.2")),
            change(ChangeKind::Added, "curl", "8.5", None),
        ];
        let mut report = locked(true, moved);
        report.dry_run = true;
        assert_eq!(
            report.json().to_string(),
            r#"{"packages":{"amd64":[{"name":"bash","version":"5.3","arch":"amd64","group":"base","change":"upgraded","from":"5.2"},{"name":"curl","version":"8.5","arch":"amd64","group":"base","change":"added","from":null}]}}"#
        );
    }
}
