//! Alpine's secdb: for each source package, the versions in which vulnerabilities were fixed.
//!
//! A file is about one repository of one release; `main` and `community` are two files. A
//! vulnerability under the version `0` never affected the package. Vulnerabilities without a fix are
//! not in it at all. An item is a name and its aliases, separated by spaces; remarks occur among them
//! (`CVE-2017-2616 (+ regression fix)`), and are not names.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use super::at::At;
use super::entry::{Affected, Entry};
use super::load::Loader;
use super::names::of_words;
use super::{AdvisoryError, Format, text};

/// The ecosystem that secdb is about, in OSV's words.
const ALPINE: &str = "Alpine";

#[derive(Deserialize)]
struct Secdb {
    distroversion: String,
    packages: Vec<Holder>,
}

#[derive(Deserialize)]
struct Holder {
    pkg: Package,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    secfixes: Option<BTreeMap<String, Option<Vec<String>>>>,
}

/// Reads a whole file.
pub(super) fn read(loader: &mut Loader<'_>, at: At<'_>, bytes: &[u8]) -> Result<(), AdvisoryError> {
    let secdb: Secdb = serde_json::from_slice(bytes).map_err(at.json(None))?;
    let release = secdb.distroversion.as_str();
    loader.cover(ALPINE, Some(release));
    if !loader.wanted.release(ALPINE, Some(release)) {
        return Ok(());
    }
    for Holder { pkg } in &secdb.packages {
        if loader.wanted.versions(ALPINE, &pkg.name, false).is_none() {
            continue;
        }
        for (fixed, items) in pkg.secfixes.iter().flatten() {
            if fixed == "0" {
                continue;
            }
            let version = fixed.parse().map_err(|error| {
                let why = format!("has fixes in a version that is none: {error}");
                at.record(Some(&pkg.name), why)
            })?;
            let affected = Arc::new(Affected::before(Some(version)));
            for item in items.iter().flatten() {
                let words = words(item).ok_or_else(|| {
                    let why = format!("has a fix without a name: `{}`", text::shown(item));
                    at.record(Some(&pkg.name), why)
                })?;
                for names in of_words(&words) {
                    let entry = Entry {
                        file: loader.input(),
                        format: Format::AlpineSecdb,
                        release: Some(release.into()),
                        names,
                        binary: None,
                        affected: Arc::clone(&affected),
                        ratings: Arc::from([]),
                        summary: None,
                        note: None,
                    };
                    loader.keep(at, ALPINE, &pkg.name, entry)?;
                }
            }
        }
    }
    Ok(())
}

/// The names in an item: words with a hyphen or an underscore and a digit; where no word looks like
/// that, the first one.
fn words(item: &str) -> Option<Vec<&str>> {
    let named = |word: &&str| {
        word.starts_with(|c: char| c.is_ascii_alphanumeric())
            && word.contains(['-', '_'])
            && word.contains(|c: char| c.is_ascii_digit())
            && text::is_id(word)
    };
    let words: Vec<&str> = item.split_whitespace().filter(named).collect();
    if !words.is_empty() {
        return Some(words);
    }
    let first = item.split_whitespace().find(|word| text::is_id(word));
    first.map(|word| vec![word])
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn remarks_are_no_names() {
        for (item, names) in [
            ("CVE-2017-2616 (+ regression fix)", &["CVE-2017-2616"][..]),
            (
                "CVE-2024-0001 GHSA-2x3y-aaaa-bbbb",
                &["CVE-2024-0001", "GHSA-2x3y-aaaa-bbbb"],
            ),
            ("CVE N/A ZBX-11023", &["ZBX-11023"]),
            ("  XSA-248\t", &["XSA-248"]),
            ("CVE_2019-2426", &["CVE_2019-2426"]),
            ("VSV00001", &["VSV00001"]),
        ] {
            assert_eq!(words(item).as_deref(), Some(names), "{item}");
        }
        assert_eq!(words("  "), None);
        assert_eq!(words("\u{e9}"), None);
    }
}
