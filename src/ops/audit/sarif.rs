//! What an audit found, as SARIF: a rule for each kind of finding and for each vulnerability.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{AuditReport, Audited};
use crate::audit::advisory::Unmatched;
use crate::audit::advisory::sarif::{self, Alert, Rule, Severity, fingerprint};
use crate::audit::{Finding, FindingKind};

/// The findings and vulnerabilities of a report as one SARIF log. What was found in an image is located
/// at the image; suppressed vulnerabilities are there as such.
pub fn sarif(report: &AuditReport) -> Value {
    let mut alerts = Vec::new();
    for image in &report.images {
        let findings = image.audit.findings.iter();
        alerts.extend(findings.map(|finding| alert(report, image, finding)));
        let known = image.advised.vulnerabilities.iter();
        alerts.extend(known.map(|one| Alert::of(&one.finding, &report.target)));
        alerts.extend(
            image
                .advised
                .unmatched
                .iter()
                .map(|one| unmatched(report, one)),
        );
    }
    sarif::log(env!("CARGO_PKG_VERSION"), &alerts)
}

fn alert(report: &AuditReport, image: &Audited, finding: &Finding) -> Alert {
    let package = finding.package.as_ref().map(ToString::to_string);
    let path = finding.path.as_ref().map(ToString::to_string);
    let kind = finding.kind.as_str();
    let subject = match (&path, &package) {
        (Some(path), Some(package)) => format!("{path} of {package}"),
        (Some(path), None) => path.clone(),
        (None, Some(package)) => package.clone(),
        (None, None) => String::new(),
    };
    let field = finding.field.map(|field| format!(" ({field})"));
    let values = match (&finding.expected, &finding.found) {
        (Some(expected), Some(found)) => format!(": {found} instead of {expected}"),
        (Some(one), None) | (None, Some(one)) => format!(": {one}"),
        (None, None) => String::new(),
    };
    let arch = image.arch.map(|arch| arch.to_string()).unwrap_or_default();
    let key = [
        kind,
        &arch,
        package.as_deref().unwrap_or_default(),
        path.as_deref().unwrap_or_default(),
        finding.field.unwrap_or_default(),
    ];
    let mut properties = BTreeMap::new();
    properties.insert("arch".to_owned(), json!(arch));
    properties.insert("path".to_owned(), json!(path));
    properties.insert("package".to_owned(), json!(package));
    properties.insert(
        "judgedBy".to_owned(),
        json!(finding.by.map(|by| by.as_str())),
    );
    Alert {
        rule: Rule {
            id: kind.to_owned(),
            description: Some(describe(finding.kind).to_owned()),
            help_uri: None,
            score: None,
        },
        severity: match finding.conffile {
            true => Severity::Warning,
            false => Severity::Error,
        },
        message: format!("{subject}{}{values}", field.unwrap_or_default()),
        path: report.target.clone(),
        package: None,
        fingerprint: fingerprint(&key),
        suppressed: None,
        properties,
    }
}

/// Packages of which no advisory can speak are no clean result.
fn unmatched(report: &AuditReport, one: &Unmatched) -> Alert {
    let release = one.release.as_deref().unwrap_or("an unknown release");
    Alert {
        rule: Rule {
            id: "release-unmatched".to_owned(),
            description: Some("No advisory speaks of the release".to_owned()),
            help_uri: None,
            score: None,
        },
        severity: Severity::Error,
        message: format!(
            "no advisory speaks of {} {release}, of which {} packages are installed",
            one.ecosystem, one.packages
        ),
        path: report.target.clone(),
        package: None,
        fingerprint: fingerprint(&["release-unmatched", &one.ecosystem, release]),
        suppressed: None,
        properties: BTreeMap::new(),
    }
}

const fn describe(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::PackageMissing => "A locked package is not installed",
        FindingKind::PackageExtra => "An installed package is not locked",
        FindingKind::PackageVersion => "Another version than the locked one is installed",
        FindingKind::PackageArch => "A package is installed for another architecture",
        FindingKind::FileMissing => "A path of a locked package is missing",
        FindingKind::FileChanged => "A path is not as it was locked",
        FindingKind::PackageUnlisted => "The database does not say which files a package has",
        FindingKind::FileDiverted => "A path is diverted, and no locked package does that",
        FindingKind::FileUnowned => "A path is of no package and not recorded",
    }
}
