//! The JSON of Debian's security tracker: source package, vulnerability, release.
//!
//! Of a release, `resolved` means that versions before `fixed_version` are affected, and none where
//! that is `0`; `open` means that every version is. `undetermined` is no finding: Debian itself does
//! not know yet whether its package is affected. Security suites need no care: a fix that is only
//! there has its version in `fixed_version` of the release that it belongs to.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::at::At;
use super::entry::{Affected, Entry};
use super::level::Rating;
use super::load::Loader;
use super::names::of_words;
use super::pieces::Piece;
use super::{AdvisoryError, Format, text};

/// The ecosystem that the tracker is about, in OSV's words.
const DEBIAN: &str = "Debian";

#[derive(Deserialize)]
struct Issue {
    description: Option<String>,
    releases: BTreeMap<String, Release>,
}

#[derive(Deserialize)]
struct Release {
    status: String,
    fixed_version: Option<String>,
    urgency: Option<String>,
    nodsa: Option<String>,
    nodsa_reason: Option<String>,
}

/// A package that is not installed shows which releases the tracker is about.
#[derive(Deserialize)]
struct Other {
    releases: BTreeMap<String, IgnoredAny>,
}

/// Reads what is known about one source package.
pub(super) fn read(
    loader: &mut Loader<'_>,
    at: At<'_>,
    piece: Piece<'_>,
) -> Result<(), AdvisoryError> {
    let package: String = serde_json::from_slice(piece.name).map_err(at.json(None))?;
    let versions = loader.wanted.versions(DEBIAN, &package, false);
    if versions.is_none() {
        let issues: BTreeMap<String, Other> =
            serde_json::from_slice(piece.value).map_err(at.json(Some(&package)))?;
        for issue in issues.values() {
            for release in issue.releases.keys() {
                loader.cover(DEBIAN, Some(release));
            }
        }
        return Ok(());
    }
    let issues: BTreeMap<String, Issue> =
        serde_json::from_slice(piece.value).map_err(at.json(Some(&package)))?;
    for (id, issue) in &issues {
        let wrong = |why: &str| {
            at.record(
                Some(&package),
                format!("has `{}`, which {why}", text::shown(id)),
            )
        };
        if !text::is_id(id) {
            return Err(wrong("is no name of a vulnerability"));
        }
        let summary = issue.description.as_deref().and_then(text::line);
        let summary: Option<Arc<str>> = summary.map(Into::into);
        for (codename, release) in &issue.releases {
            loader.cover(DEBIAN, Some(codename));
            if !loader.wanted.release(DEBIAN, Some(codename)) {
                continue;
            }
            let fixed = match (release.status.as_str(), release.fixed_version.as_deref()) {
                ("open", _) => None,
                ("undetermined", _) | ("resolved", Some("0")) => continue,
                ("resolved", Some(fixed)) => {
                    let bad =
                        |error| wrong(&format!("is fixed in a version that is none: {error}"));
                    Some(fixed.parse().map_err(bad)?)
                }
                ("resolved", None) => return Err(wrong("is resolved without a fixed_version")),
                (status, _) => {
                    let status = text::shown(status);
                    return Err(wrong(&format!("has the unknown status `{status}`")));
                }
            };
            let affected = Arc::new(Affected::before(fixed));
            let urgency = release.urgency.as_deref().and_then(text::line);
            for names in of_words(&[id]) {
                let entry = Entry {
                    file: loader.input(),
                    format: Format::DebianTracker,
                    release: Some(codename.as_str().into()),
                    names,
                    binary: None,
                    affected: Arc::clone(&affected),
                    ratings: urgency.clone().map(Rating::Urgency).into_iter().collect(),
                    summary: summary.clone(),
                    note: release.note(),
                };
                loader.keep(at, DEBIAN, &package, entry)?;
            }
        }
    }
    Ok(())
}

impl Release {
    /// Why there is no security update, where Debian says so.
    fn note(&self) -> Option<Arc<str>> {
        let text = |text: &Option<String>| text.as_deref().and_then(text::line);
        let old = self.urgency.as_deref() == Some("end-of-life");
        let parts = [
            old.then(|| "end-of-life".to_owned()),
            text(&self.nodsa),
            text(&self.nodsa_reason).map(|reason| format!("no DSA: {reason}")),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join("; ").into())
    }
}
