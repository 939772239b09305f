//! Records of the Open Source Vulnerability schema 1.x (ossf.github.io/osv-schema).
//!
//! A record's package name is that of a source package, in Debian's ecosystem and in Alpine's alike:
//! so the schema defines it, and so osv.dev's data is. Only where the package's purl names an
//! architecture that is none of a source is it a binary package's, and then the binary package's
//! name, version and architecture are compared.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::at::At;
use super::entry::{self, Entry};
use super::level::Rating;
use super::load::Loader;
use super::pieces::Piece;
use super::purl::Purl;
use super::{AdvisoryError, Format, names, text};
use crate::model::Version;

/// Enough to see whether a record is of interest; nothing in it can be of a wrong type.
#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    id: Value,
    #[serde(default)]
    affected: Option<Vec<HeadAffected>>,
}

#[derive(Deserialize)]
struct HeadAffected {
    #[serde(default)]
    package: Value,
}

#[derive(Deserialize)]
struct Record<'a> {
    id: String,
    withdrawn: Option<String>,
    aliases: Option<Vec<String>>,
    upstream: Option<Vec<String>>,
    related: Option<Vec<String>>,
    summary: Option<String>,
    details: Option<String>,
    severity: Option<Vec<Severity>>,
    #[serde(borrow)]
    affected: Option<Vec<Affected<'a>>>,
    database_specific: Option<Specific>,
}

#[derive(Deserialize)]
struct Severity {
    #[serde(rename = "type")]
    kind: String,
    score: String,
}

#[derive(Deserialize)]
struct Affected<'a> {
    package: Option<Package>,
    severity: Option<Vec<Severity>>,
    ranges: Option<Vec<Range>>,
    /// Hundreds of them; borrowed, where nothing is escaped in them.
    #[serde(borrow)]
    versions: Option<Vec<Text<'a>>>,
    ecosystem_specific: Option<Specific>,
    database_specific: Option<Specific>,
}

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
struct Package {
    ecosystem: String,
    name: String,
    purl: Option<String>,
}

#[derive(Deserialize)]
struct Range {
    #[serde(rename = "type")]
    kind: String,
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Event {
    introduced: Option<String>,
    fixed: Option<String>,
    last_affected: Option<String>,
    limit: Option<String>,
}

/// What databases add in their own way: anything may be in it.
#[derive(Deserialize)]
struct Specific {
    #[serde(default)]
    severity: Value,
    #[serde(default)]
    urgency: Value,
}

/// `Debian:13` is Debian's release 13.
fn ecosystem(text: &str) -> (&str, Option<&str>) {
    match text.split_once(':') {
        Some((ecosystem, release)) => (ecosystem, Some(release)),
        None => (text, None),
    }
}

/// Reads one record.
pub(super) fn read(
    loader: &mut Loader<'_>,
    at: At<'_>,
    piece: Piece<'_>,
) -> Result<(), AdvisoryError> {
    let head: Head = serde_json::from_slice(piece.value).map_err(at.json(None))?;
    let id = head.id.as_str();
    let mut wanted = false;
    for affected in head.affected.iter().flatten() {
        if affected.package.is_null() {
            // Sources that no ecosystem packages, known by their commits.
            continue;
        }
        let field = |name| affected.package.get(name).and_then(Value::as_str);
        let (Some(eco), Some(name)) = (field("ecosystem"), field("name")) else {
            return Err(at.record(id, "has an affected package without ecosystem and name"));
        };
        let (eco, release) = ecosystem(eco);
        if loader.wanted.ecosystem(eco) {
            loader.cover(eco, release);
            wanted |= loader.wanted.release(eco, release)
                && [false, true]
                    .into_iter()
                    .any(|binary| loader.wanted.versions(eco, name, binary).is_some());
        }
    }
    if !wanted {
        return Ok(());
    }
    let record: Record = serde_json::from_slice(piece.value).map_err(at.json(id))?;
    if record.withdrawn.is_some() {
        return Ok(());
    }
    keep(loader, at, &record)
}

/// Keeps what a record says about installed packages.
fn keep(loader: &mut Loader<'_>, at: At<'_>, record: &Record<'_>) -> Result<(), AdvisoryError> {
    let names = record_names(at, record)?;
    let summary = record.summary.as_deref().and_then(text::line);
    let details = || record.details.as_deref().and_then(text::line);
    let summary: Option<Arc<str>> = summary.or_else(details).map(Into::into);
    for affected in record.affected.iter().flatten() {
        let Some(package) = &affected.package else {
            continue;
        };
        let (ecosystem, release) = ecosystem(&package.ecosystem);
        if !loader.wanted.release(ecosystem, release) {
            continue;
        }
        let binary = binary_arch(at, record, package)?;
        let versions = loader
            .wanted
            .versions(ecosystem, &package.name, binary.is_some());
        let Some(versions) = versions else {
            continue;
        };
        let ratings = ratings(record, affected);
        let old = |rating: &Rating| rating.text() == "end-of-life";
        let note = ratings.iter().any(old).then(|| Arc::from("end-of-life"));
        let affected = Arc::new(versions_affected(at, record, affected, versions)?);
        let ratings: Arc<[Rating]> = ratings.into();
        for names in &names {
            let entry = Entry {
                file: loader.input(),
                format: Format::Osv,
                release: release.map(Into::into),
                names: names.clone(),
                binary: binary.clone(),
                affected: Arc::clone(&affected),
                ratings: Arc::clone(&ratings),
                summary: summary.clone(),
                note: note.clone(),
            };
            loader.keep(at, ecosystem, &package.name, entry)?;
        }
    }
    Ok(())
}

/// The vulnerabilities that a record is about.
fn record_names(at: At<'_>, record: &Record<'_>) -> Result<Vec<names::Names>, AdvisoryError> {
    let id = record.id.as_str();
    let mut others: Vec<&str> = [&record.aliases, &record.upstream]
        .into_iter()
        .flatten()
        .flatten()
        .map(String::as_str)
        .collect();
    // A CVE's record may be derived from other CVEs, which does not make them the same.
    if names::cve(id).is_some() {
        others.retain(|other| {
            names::cve(other).is_none_or(|cve| names::cve(id) == Some(cve))
                || record.aliases.iter().flatten().any(|alias| alias == other)
        });
    }
    // Debian's bulletins once had the CVEs that they fix under `related`.
    let bulletin = ["DSA-", "DLA-", "DTSA-"];
    if bulletin.iter().any(|prefix| id.starts_with(prefix))
        && !others.iter().any(|other| names::cve(other).is_some())
    {
        let related = record.related.iter().flatten().map(String::as_str);
        others.extend(related.filter(|related| names::cve(related).is_some()));
    }
    for name in others.iter().chain([&id]) {
        if !text::is_id(name) {
            let why = format!("has a name that is none: `{}`", text::shown(name));
            return Err(at.record(Some(id), why));
        }
    }
    Ok(names::names(id, others))
}

/// The architecture of a record about a binary package.
fn binary_arch(
    at: At<'_>,
    record: &Record<'_>,
    package: &Package,
) -> Result<Option<Arc<str>>, AdvisoryError> {
    let Some(purl) = &package.purl else {
        return Ok(None);
    };
    let purl = Purl::parse(purl).ok_or_else(|| {
        let why = format!("has a package URL that is none: `{}`", text::shown(purl));
        at.record(Some(&record.id), why)
    })?;
    let arch = purl.qualifier("arch");
    Ok(arch.filter(|arch| !is_source(arch)).map(Into::into))
}

/// Whether an `arch` of a purl says that the package is a source package.
pub(super) fn is_source(arch: &str) -> bool {
    matches!(arch, "source" | "src" | "")
}

/// What the record says of the severity, the most telling first.
fn ratings(record: &Record<'_>, affected: &Affected<'_>) -> Vec<Rating> {
    let text = |value: &Value| value.as_str().and_then(text::line);
    let own = affected.ecosystem_specific.as_ref();
    let words = [
        own,
        affected.database_specific.as_ref(),
        record.database_specific.as_ref(),
    ];
    let words = words
        .into_iter()
        .flatten()
        .filter_map(|it| text(&it.severity));
    let scales = affected
        .severity
        .as_ref()
        .filter(|scales| !scales.is_empty())
        .or(record.severity.as_ref());
    let scales = scales.into_iter().flatten().filter_map(|severity| {
        Some(Rating::Scale {
            kind: text::line(&severity.kind)?,
            value: text::line(&severity.score)?,
        })
    });
    let urgency = own.and_then(|own| text(&own.urgency)).map(Rating::Urgency);
    let all = urgency
        .into_iter()
        .chain(words.map(Rating::Word))
        .chain(scales);
    all.collect()
}

/// The versions that are affected, as far as `installed` ones can be.
fn versions_affected(
    at: At<'_>,
    record: &Record<'_>,
    affected: &Affected<'_>,
    installed: &BTreeSet<&str>,
) -> Result<entry::Affected, AdvisoryError> {
    let id = Some(record.id.as_str());
    let version = |text: &str| -> Result<Version, AdvisoryError> {
        text.parse()
            .map_err(|error| at.record(id, format!("has a version that is none: {error}")))
    };
    let mut ranges = Vec::new();
    for range in affected.ranges.iter().flatten() {
        match range.kind.as_str() {
            "ECOSYSTEM" => {}
            // Commits say nothing about the versions of a distribution.
            "GIT" => continue,
            kind => {
                let why = format!("has a range of type `{}`", text::shown(kind));
                return Err(at.record(id, why));
            }
        }
        let mut out = entry::Range::default();
        let mut introduced = false;
        for event in &range.events {
            let before = out.events.len() + out.limits.len();
            match event.introduced.as_deref() {
                Some("0") => out.events.push(entry::Event::Beginning),
                Some(text) => out.events.push(entry::Event::Introduced(version(text)?)),
                None => {}
            }
            introduced |= event.introduced.is_some();
            if let Some(text) = &event.fixed {
                out.events.push(entry::Event::Fixed(version(text)?));
            }
            if let Some(text) = &event.last_affected {
                out.events.push(entry::Event::LastAffected(version(text)?));
            }
            match event.limit.as_deref() {
                Some(text) if text.contains('*') => {
                    // Infinity: as if there were no limit.
                    continue;
                }
                Some(text) => out.limits.push(version(text)?),
                None => {}
            }
            if out.events.len() + out.limits.len() == before {
                return Err(at.record(id, "has an event in a range that says nothing"));
            }
        }
        if !introduced {
            return Err(at.record(id, "has a range in which nothing is introduced"));
        }
        ranges.push(out);
    }
    let listed = affected.versions.iter().flatten();
    let listed = listed.filter(|Text(version)| installed.contains(version.as_ref()));
    Ok(entry::Affected {
        ranges,
        listed: listed.map(|Text(version)| version.to_string()).collect(),
    })
}
