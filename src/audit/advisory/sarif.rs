//! Writes SARIF 2.1.0 (OASIS Standard, 27 March 2020), as code hosts show it.
//!
//! In come [`Alert`]s, out goes one log with one run: valid under the official schema, the same for
//! the same alerts in any order. What GitHub's code scanning asks for beyond the schema is there: a
//! region, `partialFingerprints` and a rule's `security-severity`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::finding::{Decision, Finding};
use super::level::Level;
use crate::model::Sha256;

/// What is found, as SARIF tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// The kind of thing that was found.
    pub rule: Rule,
    /// How bad it is here.
    pub severity: Severity,
    /// What was found, in a sentence or two of plain text.
    pub message: String,
    /// The file that it was found in, as a path: an image, a package database.
    pub path: String,
    /// The package that it is about.
    pub package: Option<Package>,
    /// Text that stays the same as long as it is the same alert.
    pub fingerprint: String,
    /// Why it does not count, where somebody decided that.
    pub suppressed: Option<String>,
    /// Whatever else a reader may want.
    pub properties: BTreeMap<String, Value>,
}

/// A kind of alert. Where alerts of one id disagree, the worst score and the first text count.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rule {
    /// `CVE-2026-1234`, `file-changed`.
    pub id: String,
    /// What it is, on one line.
    pub description: Option<String>,
    /// Where more is said about it.
    pub help_uri: Option<String>,
    /// On the scale of CVSS, in tenths; for security alerts only.
    pub score: Option<u8>,
}

/// A package that an alert is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its package URL.
    pub purl: String,
}

/// How bad an alert is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// To be looked at some time.
    Note,
    /// To be looked at.
    Warning,
    /// To be mended.
    Error,
}

impl Severity {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl From<Level> for Severity {
    fn from(level: Level) -> Self {
        match level {
            Level::Critical | Level::High => Self::Error,
            Level::Medium | Level::Unknown => Self::Warning,
            Level::Low | Level::Negligible => Self::Note,
        }
    }
}

impl Alert {
    /// The alert of a vulnerability found in `path`.
    pub fn of(finding: &Finding, path: &str) -> Self {
        let Finding { id, name, .. } = finding;
        let fixed = match &finding.fixed {
            Some(fixed) => format!("fixed in {fixed}"),
            None => "no fix is known".into(),
        };
        let summary = finding.summary.as_ref().map(|text| format!(": {text}"));
        let text = |text: &String| Value::from(text.as_str());
        let mut properties = BTreeMap::new();
        let mut add = |name: &str, value: Option<Value>| {
            properties.extend(value.map(|value| (name.to_owned(), value)));
        };
        add("package", Some(text(name)));
        add("version", Some(text(&finding.version)));
        add("source", Some(text(&finding.source_name)));
        add("sourceVersion", Some(text(&finding.source_version)));
        add("fixed", finding.fixed.as_ref().map(text));
        add("severity", finding.severity.as_ref().map(text));
        add("note", finding.note.as_ref().map(text));
        let aliases = finding.aliases.iter().map(text).collect();
        add("aliases", Some(Value::Array(aliases)));
        let sources = finding.sources.iter();
        let sources = sources.map(|source| format!("{} ({})", source.file, source.format).into());
        add("advisories", Some(Value::Array(sources.collect())));
        Self {
            rule: Rule {
                id: id.clone(),
                description: finding.summary.clone(),
                help_uri: Some(format!("https://osv.dev/vulnerability/{}", encode(id))),
                score: score(finding),
            },
            severity: finding.level.into(),
            message: format!(
                "{name} {} is affected by {id} ({}; {fixed}){}",
                finding.version,
                finding.level,
                summary.unwrap_or_default()
            ),
            path: path.to_owned(),
            package: Some(Package {
                name: name.clone(),
                purl: finding.purl.clone(),
            }),
            fingerprint: fingerprint(&[id, name, &finding.arch]),
            suppressed: finding.suppressed.as_ref().map(|why| match &why.by {
                Decision::Ignore(until) => format!("{} (ignored until {until})", why.reason),
                Decision::Vex(file) => format!("{} ({file})", why.reason),
            }),
            properties,
        }
    }
}

/// A score that puts the finding where its level is: the distribution's word may be another than
/// the formula's.
fn score(finding: &Finding) -> Option<u8> {
    let (level, given) = (finding.level, finding.score);
    let own = given.filter(|score| *score > 0 && Level::of_score(*score) == level);
    own.or(match level {
        Level::Unknown => None,
        // Code hosts know nothing below 0.1.
        Level::Negligible => Some(1),
        Level::Low => Some(20),
        Level::Medium => Some(55),
        Level::High => Some(80),
        Level::Critical => Some(95),
    })
}

/// A digest of `parts`.
pub fn fingerprint(parts: &[&str]) -> String {
    Sha256::of(parts.join("\0").as_bytes()).to_string()
}

/// The log of a run of rootlock `version`.
pub fn log(version: &str, alerts: &[Alert]) -> Value {
    let mut alerts: Vec<&Alert> = alerts.iter().collect();
    alerts.sort_by_cached_key(|alert| {
        let purl = alert.package.as_ref().map(|package| package.purl.as_str());
        let rest = (alert.severity, &alert.message, &alert.fingerprint);
        let properties = Value::from_iter(alert.properties.clone()).to_string();
        (
            &alert.rule,
            &alert.path,
            purl,
            rest,
            &alert.suppressed,
            properties,
        )
    });
    let mut rules: BTreeMap<&str, (Rule, Severity)> = BTreeMap::new();
    for alert in &alerts {
        let first = || (alert.rule.clone(), alert.severity);
        let (rule, severity) = rules.entry(&alert.rule.id).or_insert_with(first);
        rule.score = rule.score.max(alert.rule.score);
        rule.description = rule
            .description
            .take()
            .or_else(|| alert.rule.description.clone());
        rule.help_uri = rule.help_uri.take().or_else(|| alert.rule.help_uri.clone());
        *severity = alert.severity.max(*severity);
    }
    // The standard: all results of a run say whether they are suppressed, or none does.
    let decided = alerts.iter().any(|alert| alert.suppressed.is_some());
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for (place, id) in rules.keys().enumerate() {
        places.insert(id, place);
    }
    let results: Vec<Value> = alerts
        .iter()
        .map(|alert| result(alert, places.get(alert.rule.id.as_str()).copied(), decided))
        .collect();
    let rules: Vec<Value> = rules.values().map(descriptor).collect();
    json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "rootlock", "version": version, "rules": rules}},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn descriptor((rule, severity): &(Rule, Severity)) -> Value {
    let text = rule.description.as_deref().unwrap_or(&rule.id);
    let mut out = Map::new();
    out.insert("id".into(), rule.id.as_str().into());
    out.insert("shortDescription".into(), json!({"text": text}));
    if let Some(uri) = &rule.help_uri {
        out.insert("helpUri".into(), uri.as_str().into());
        out.insert("help".into(), json!({"text": uri}));
    }
    out.insert(
        "defaultConfiguration".into(),
        json!({"level": severity.as_str()}),
    );
    if let Some(score) = rule.score {
        let score = format!("{}.{}", score / 10, score % 10);
        let properties = json!({"security-severity": score, "tags": ["security"]});
        out.insert("properties".into(), properties);
    }
    Value::Object(out)
}

fn result(alert: &Alert, place: Option<usize>, decided: bool) -> Value {
    let mut location = json!({
        "physicalLocation": {
            "artifactLocation": {"uri": encode_path(&alert.path)},
            "region": {"startLine": 1},
        },
    });
    if let Some(package) = &alert.package {
        location["logicalLocations"] = json!([{
            "name": package.name,
            "fullyQualifiedName": package.purl,
            "kind": "package",
        }]);
    }
    let mut out = json!({
        "ruleId": alert.rule.id,
        "ruleIndex": place,
        "level": alert.severity.as_str(),
        "message": {"text": alert.message},
        "locations": [location],
        "partialFingerprints": {"primaryLocationLineHash": alert.fingerprint},
    });
    if decided {
        let suppressions = alert
            .suppressed
            .iter()
            .map(|why| json!({"kind": "external", "status": "accepted", "justification": why}));
        out["suppressions"] = Value::Array(suppressions.collect());
    }
    if !alert.properties.is_empty() {
        let properties = alert.properties.clone();
        out["properties"] = properties.into_iter().collect();
    }
    out
}

/// A path as a relative or absolute reference of RFC 3986.
fn encode_path(path: &str) -> String {
    let parts: Vec<String> = path.split('/').map(encode).collect();
    parts.join("/")
}

/// Percent-encodes whatever is not unreserved in RFC 3986.
fn encode(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
#[path = "sarif_tests.rs"]
mod tests;
