//! The same for programs.

use rootlock::ops::{
    AuditFinding, AuditReport, Audited, Decision, Special, Unmatched, Vulnerability,
};
use serde_json::{Value, json};

/// One filesystem.
pub(super) fn image(report: &AuditReport, image: &Audited) -> Value {
    let summary = &image.audit.summary;
    let digest = |digest: &Option<rootlock::model::Sha256>| digest.map(|one| one.to_string());
    let packages = image.installed.packages.iter().map(|package| {
        json!({
            "name": package.name.as_str(),
            "version": package.version.as_str(),
            "arch": package.arch,
            "source": {
                "name": package.source.name,
                "version": package.source.version.as_str(),
            },
            "state": package.state,
        })
    });
    let accounts = summary.accounts.iter().map(|account| {
        json!({
            "name": account.name,
            "uid": account.uid,
            "gid": account.gid,
            "shell": account.shell,
            "password": account.password.as_str(),
        })
    });
    let mut out = json!({
        "arch": image.arch.map(|arch| arch.to_string()),
        "distro": image.distro,
        "release": image.installed.release,
        "manifest": digest(&image.manifest),
        "config": digest(&image.config),
        "packages": packages.collect::<Value>(),
        "summary": {
            "packages": summary.packages,
            "unlocked": summary.unlocked,
            "checked": {
                "record": summary.checked.record,
                "package": summary.checked.package,
                "database": summary.checked.database,
                "unchecked": summary.checked.unchecked,
            },
            "setuid": specials(&summary.setuid),
            "capabilities": specials(&summary.capabilities),
            "world_writable": specials(&summary.world_writable),
            "accounts": accounts.collect::<Value>(),
        },
        "recorded": image.recorded,
        "one_owner": image.one_owner,
        "skipped": image.skipped,
    });
    if report.lockfile.is_some() {
        out["findings"] = image.audit.findings.iter().map(finding_json).collect();
    }
    if report.advised {
        out["vulnerabilities"] = image
            .advised
            .vulnerabilities
            .iter()
            .map(vulnerability_json)
            .collect();
        out["unmatched"] = image.advised.unmatched.iter().map(unmatched_json).collect();
    }
    out
}

fn specials(paths: &[Special]) -> Value {
    let paths = paths.iter().map(|one| {
        json!({
            "path": one.path.to_string(),
            "mode": format!("{:04o}", one.mode),
            "owner": format!("{}:{}", one.uid, one.gid),
        })
    });
    paths.collect()
}

fn finding_json(finding: &AuditFinding) -> Value {
    json!({
        "kind": finding.kind.as_str(),
        "package": finding.package.as_ref().map(|name| name.as_str()),
        "path": finding.path.as_ref().map(ToString::to_string),
        "field": finding.field,
        "expected": finding.expected,
        "found": finding.found,
        "by": finding.by.map(|by| by.as_str()),
        "conffile": finding.conffile,
    })
}

fn unmatched_json(one: &Unmatched) -> Value {
    json!({
        "ecosystem": one.ecosystem,
        "release": one.release,
        "packages": one.packages,
    })
}

fn vulnerability_json(one: &Vulnerability) -> Value {
    let Vulnerability { finding, offered } = one;
    let suppressed = finding.suppressed.as_ref().map(|why| {
        let (by, source) = match &why.by {
            Decision::Ignore(until) => ("ignore", format!("until {until}")),
            Decision::Vex(document) => ("vex", document.clone()),
        };
        json!({"by": by, "source": source, "reason": why.reason})
    });
    let sources = finding.sources.iter().map(|source| source.file.as_str());
    json!({
        "id": finding.id,
        "aliases": finding.aliases,
        "package": finding.name,
        "version": finding.version,
        "arch": finding.arch,
        "purl": finding.purl,
        "source": {"name": finding.source_name, "version": finding.source_version},
        "fixed": finding.fixed,
        "offered": offered,
        "severity": finding.severity,
        "level": finding.level.as_str(),
        "score": finding.score.map(|tenths| f64::from(tenths) / 10.0),
        "summary": finding.summary,
        "note": finding.note,
        "sources": sources.collect::<Vec<_>>(),
        "suppressed": suppressed,
    })
}
