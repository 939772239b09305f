//! The answer of `outdated`.

use rootlock::model::Version;
use rootlock::ops::ChangeKind;
use rootlock::ops::review::{Outdated, OutdatedReport};
use serde_json::{Map, Value, json};

use super::Report;
use crate::render::{self, Style};
use crate::session::View;

impl Report for OutdatedReport {
    fn text(&self, view: &View) -> String {
        let path = render::path(&self.path);
        if self.arches.iter().all(|(_, packages)| packages.is_empty()) {
            return match view.quiet {
                true => String::new(),
                false => format!("{path} has what the repositories offer\n"),
            };
        }
        let mut out = String::new();
        for (arch, packages) in &self.arches {
            if !view.quiet {
                let gap = if out.is_empty() { "" } else { "\n" };
                out.push_str(&format!("{gap}{arch}: {}\n", summary(packages)));
            }
            let moved = packages.iter().filter(|package| package.has_moved());
            let mut rows: Vec<_> = moved.map(|package| row(package, view.style)).collect();
            if !rows.is_empty() && !view.quiet {
                let head = ["PACKAGE", "LOCKED", "AVAILABLE", "REPOSITORY", ""];
                rows.insert(0, head.map(String::from));
            }
            out.push_str(&render::table(&rows));
            for package in packages.iter().filter(|package| !package.has_moved()) {
                out.push_str(&follower(package, view.style));
            }
        }
        out
    }

    fn json(&self) -> Value {
        let arches = self.arches.iter().map(|(arch, packages)| {
            let packages = packages.iter().map(outdated_json).collect::<Vec<_>>();
            (arch.to_string(), packages.into())
        });
        let arches: Map<String, Value> = arches.collect();
        json!({ "outdated": arches })
    }
}

/// `3 packages are outdated, 1 with a security update`
fn summary(packages: &[Outdated]) -> String {
    let moved = packages
        .iter()
        .filter(|package| package.has_moved())
        .count();
    let security = packages
        .iter()
        .filter(|package| package.has_moved() && package.security);
    let is = if moved == 1 { "is" } else { "are" };
    let outdated = format!("{} {is} outdated", render::count(moved, "package"));
    match security.count() {
        0 => outdated,
        1 => format!("{outdated}, 1 with a security update"),
        more => format!("{outdated}, {more} with security updates"),
    }
}

fn row(package: &Outdated, style: Style) -> [String; 5] {
    let mut marks = Vec::new();
    if package.security {
        marks.push(style.red("security"));
    }
    if package.kind == ChangeKind::Downgraded {
        marks.push(style.yellow("downgrade"));
    }
    if let Some(reason) = &package.reason {
        // The version is in the row already.
        let locked = package
            .locked
            .as_ref()
            .map(|locked| format!("{locked} is "));
        let short = locked.and_then(|locked| reason.strip_prefix(&locked));
        marks.push(style.dim(&render::plain(short.unwrap_or(reason))));
    }
    let version = |version: Option<&Version>| version.map(ToString::to_string).unwrap_or_default();
    [
        package.package.name.to_string(),
        version(package.locked.as_ref()),
        version(package.available()),
        render::plain(&package.package.repository).into_owned(),
        marks.join(" "),
    ]
}

/// What would only come or go with the others: `+ libnew1 1.0 (needed by tool 2.0)`.
fn follower(package: &Outdated, style: Style) -> String {
    let sign = match package.kind {
        ChangeKind::Removed => style.red("-"),
        _ => style.green("+"),
    };
    let reason = match &package.reason {
        Some(reason) => style.dim(&format!(" ({})", render::plain(reason))),
        None => String::new(),
    };
    let package = &package.package;
    format!("{sign} {} {}{reason}\n", package.name, package.version)
}

fn outdated_json(outdated: &Outdated) -> Value {
    let package = &outdated.package;
    json!({
        "name": package.name.as_str(),
        "locked": outdated.locked.as_ref().map(Version::as_str),
        "available": outdated.available().map(Version::as_str),
        "change": outdated.kind.as_str(),
        "arch": package.arch,
        "group": package.group.as_str(),
        "repository": package.repository,
        "security": outdated.security,
        "source": {
            "name": package.source.name,
            "version": package.source.version.as_str(),
        },
        "reason": outdated.reason,
    })
}

#[cfg(test)]
mod tests {
    use rootlock::model::{Arch, LockedPackage};

    use super::super::testing::Fixture;
    use super::*;

    fn outdated(kind: ChangeKind, from: Option<&str>, package: &LockedPackage) -> Outdated {
        Outdated {
            kind,
            package: package.clone(),
            locked: from.map(|version| version.parse().unwrap()),
            security: package.repository.ends_with("-security"),
            reason: None,
        }
    }

    fn report(fixture: &Fixture) -> OutdatedReport {
        let lockfile = fixture.project().lockfile().unwrap();
        let amd64 = Arch::from_oci("amd64").unwrap();
        let of = |name: &str| {
            let mut packages = lockfile.packages[&amd64].iter();
            packages
                .find(|package| package.name.as_str() == name)
                .unwrap()
        };
        let mut packages = vec![
            outdated(ChangeKind::Downgraded, Some("5.2.37-2"), of("bash")),
            outdated(ChangeKind::Upgraded, Some("8.14.1-2"), of("curl")),
            outdated(ChangeKind::Added, None, of("libnghttp3-9")),
            outdated(ChangeKind::Upgraded, Some("3.5.1-1"), of("libssl3t64")),
            outdated(ChangeKind::Removed, Some("1.3.4"), of("mawk")),
        ];
        packages[1].reason = Some("8.14.1-2 is no longer offered".into());
        packages[2].reason = Some("needed by libcurl4t64 8.14.1-3".into());
        packages[4].reason = Some("nothing needs it any more".into());
        OutdatedReport {
            path: "rootfs.lock".into(),
            arches: vec![(amd64, packages)],
        }
    }

    #[test]
    fn text_without_colour_and_with_it() {
        let fixture = Fixture::new();
        let [plain, coloured] = fixture.unbounded(&report(&fixture));
        insta::assert_snapshot!(plain, @r"
        amd64: 3 packages are outdated, 1 with a security update
        PACKAGE     LOCKED    AVAILABLE  REPOSITORY
        bash        5.2.37-2  5.2.37-1   trixie           downgrade
        curl        8.14.1-2  8.14.1-3   trixie           no longer offered
        libssl3t64  3.5.1-1   3.5.4-1    trixie-security  security
        + libnghttp3-9 1.8.0-1 (needed by libcurl4t64 8.14.1-3)
        - mawk 1.3.4 (nothing needs it any more)
        ");
        insta::assert_snapshot!(coloured, @r"
        amd64: 3 packages are outdated, 1 with a security update
        PACKAGE     LOCKED    AVAILABLE  REPOSITORY
        bash        5.2.37-2  5.2.37-1   trixie           ^[1;33mdowngrade^[0m
        curl        8.14.1-2  8.14.1-3   trixie           ^[2mno longer offered^[0m
        libssl3t64  3.5.1-1   3.5.4-1    trixie-security  ^[1;31msecurity^[0m
        ^[1;32m+^[0m libnghttp3-9 1.8.0-1^[2m (needed by libcurl4t64 8.14.1-3)^[0m
        ^[1;31m-^[0m mawk 1.3.4^[2m (nothing needs it any more)^[0m
        ");
    }

    #[test]
    fn text_of_nothing_new() {
        let fixture = Fixture::new();
        let mut report = report(&fixture);
        report.arches[0].1.clear();
        assert_eq!(
            fixture.texts(&report)[0],
            "rootfs.lock has what the repositories offer\n"
        );
        assert_eq!(report.json(), json!({"outdated": {"amd64": []}}));
    }

    #[test]
    fn the_object_marks_security() {
        let fixture = Fixture::new();
        let json = report(&fixture).json();
        assert_eq!(
            json["outdated"]["amd64"][3],
            json!({
                "name": "libssl3t64",
                "locked": "3.5.1-1",
                "available": "3.5.4-1",
                "change": "upgraded",
                "arch": "amd64",
                "group": "app",
                "repository": "trixie-security",
                "security": true,
                "source": {"name": "openssl", "version": "3.5.4-1"},
                "reason": null,
            })
        );
        assert_eq!(json["outdated"]["amd64"][4]["available"], Value::Null);
    }
}
