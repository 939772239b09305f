//! Vulnerabilities that a user has decided to live with, for a reason and until a day.
//!
//! YAML (and so JSON) of one form: `ignore: [{id: CVE-2026-1234, package: openssl, reason: "...",
//! until: 2026-12-31}]`. Reason and end are not optional: a decision that nobody can read again, or
//! that never comes up again, is how a vulnerability stays for good.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use super::{AdvisoryError, text};
use crate::model::Epoch;

/// A decision to ignore one vulnerability.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ignore {
    /// The vulnerability, by any of its names.
    #[serde(deserialize_with = "id")]
    pub id: String,
    /// The binary or source package in which it is ignored; in all of them where there is none.
    #[serde(default, deserialize_with = "package")]
    pub package: Option<String>,
    /// Why.
    #[serde(deserialize_with = "reason")]
    pub reason: String,
    /// The last day on which it is ignored.
    pub until: Day,
}

/// A day, as `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Day(Epoch);

/// The text is no day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a day of the form `2026-12-31`")]
pub struct ParseDayError(String);

impl Day {
    /// The first moment after it, in UTC.
    pub const fn end(self) -> Epoch {
        Epoch(self.0.0 + 86_400)
    }
}

impl FromStr for Day {
    type Err = ParseDayError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        format!("{text}T00:00:00Z")
            .parse()
            .map(Self)
            .map_err(|_| ParseDayError(text::shown(text)))
    }
}

impl TryFrom<String> for Day {
    type Error = ParseDayError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        f.write_str(text.split_once('T').map_or(text.as_str(), |(day, _)| day))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    ignore: Vec<Ignore>,
}

/// Larger than any list that is kept by hand.
const MAX_BYTES: usize = 4 << 20;
/// Brackets that are open at once. The parser refuses far fewer, but needs a time that grows with
/// the square of their number to find that out.
const MAX_OPEN: usize = 100;

impl Ignore {
    /// Reads a list from YAML or JSON; `file` is for errors.
    ///
    /// # Errors
    /// When the text has another form: an unknown or a missing key, an empty reason, no day.
    pub fn list(file: &str, bytes: &[u8]) -> Result<Vec<Self>, AdvisoryError> {
        let limit = |what, limit: usize| AdvisoryError::Limit {
            file: file.to_owned(),
            what,
            limit: limit as u64,
        };
        if bytes.len() > MAX_BYTES {
            return Err(limit("bytes", MAX_BYTES));
        }
        let mut open = 0_usize;
        for byte in bytes {
            match byte {
                b'[' | b'{' => open += 1,
                b']' | b'}' => open = open.saturating_sub(1),
                _ => {}
            }
            if open > MAX_OPEN {
                return Err(limit("open brackets", MAX_OPEN));
            }
        }
        let list: List = serde_yaml::from_slice(bytes).map_err(|error| {
            let line = error
                .location()
                .map(|location| format!(":{}", location.line()));
            AdvisoryError::Ignore {
                place: format!("{file}{}", line.unwrap_or_default()),
                source: error.into(),
            }
        })?;
        Ok(list.ignore)
    }

    /// Whether the day is past.
    pub fn is_over(&self, now: Epoch) -> bool {
        now >= self.until.end()
    }
}

fn id<'de, D: serde::Deserializer<'de>>(input: D) -> Result<String, D::Error> {
    let id = String::deserialize(input)?;
    if !text::is_id(&id) {
        let message = format!("`{}` is no name of a vulnerability", text::shown(&id));
        return Err(serde::de::Error::custom(message));
    }
    Ok(id)
}

fn package<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Option<String>, D::Error> {
    let package = String::deserialize(input)?;
    if package.parse::<crate::model::PackageName>().is_err() {
        let message = format!("`{}` is no name of a package", text::shown(&package));
        return Err(serde::de::Error::custom(message));
    }
    Ok(Some(package))
}

fn reason<'de, D: serde::Deserializer<'de>>(input: D) -> Result<String, D::Error> {
    let reason = String::deserialize(input)?;
    text::line(&reason).ok_or_else(|| serde::de::Error::custom("the reason is empty"))
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;
    use crate::model::{Class, Explain as _};

    fn list(text: &str) -> Result<Vec<Ignore>, String> {
        Ignore::list("ignore.yaml", text.as_bytes()).map_err(|error| {
            assert_eq!(error.class(), Class::BadInput);
            let cause = error.source().map(|cause| format!(": {cause}"));
            format!("{error}{}", cause.unwrap_or_default())
        })
    }

    #[test]
    fn yaml_and_json_say_the_same() {
        let yaml = "ignore:\n- id: CVE-2026-1234\n  package: openssl\n  reason: not reachable\n  until: 2026-12-31\n";
        let json = r#"{"ignore":[{"id":"CVE-2026-1234","package":"openssl","reason":"not reachable","until":"2026-12-31"}]}"#;
        let found = list(yaml).unwrap();
        assert_eq!(list(json).as_ref(), Ok(&found));
        assert_eq!(found[0].until.to_string(), "2026-12-31");
        assert_eq!(list("ignore: []"), Ok(Vec::new()));
        assert_eq!(list("ignore:\n"), Ok(Vec::new()));
    }

    #[test]
    fn the_last_day_is_ignored_to_its_end() {
        let ignore = &list("ignore: [{id: X-1, reason: r, until: 2026-12-31}]").unwrap()[0];
        assert!(!ignore.is_over("2026-12-31T23:59:59Z".parse().unwrap()));
        assert!(ignore.is_over("2027-01-01T00:00:00Z".parse().unwrap()));
    }

    #[test]
    fn what_is_missing_or_unknown_is_an_error_with_its_place() {
        for (text, said) in [
            (
                "ignore:\n- id: X-1\n  until: 2026-12-31\n",
                "missing field `reason`",
            ),
            ("ignore:\n- id: X-1\n  reason: r\n", "missing field `until`"),
            (
                "ignore:\n- reason: r\n  until: 2026-12-31\n",
                "missing field `id`",
            ),
            (
                "ignore:\n- id: X-1\n  reason: r\n  until: 2026-12-31\n  by: me\n",
                "unknown field `by`",
            ),
            (
                "ignore:\n- id: X-1\n  reason: ' '\n  until: 2026-12-31\n",
                "the reason is empty",
            ),
            (
                "ignore:\n- id: X-1\n  reason: r\n  until: 2026-02-30\n",
                "is not a day",
            ),
            (
                "ignore:\n- id: X-1\n  reason: r\n  until: never\n",
                "is not a day",
            ),
            (
                "ignore:\n- id: a b\n  reason: r\n  until: 2026-12-31\n",
                "is no name of a vuln",
            ),
            (
                "ignore:\n- id: X-1\n  package: a/b\n  reason: r\n  until: 2026-12-31\n",
                "is no name of a pack",
            ),
            (
                "ignore:\n- id: X-1\n  id: X-2\n  reason: r\n  until: 2026-12-31\n",
                "duplicate",
            ),
            ("other: []\n", "unknown field `other`"),
            ("ignore: 1\n", "invalid type"),
        ] {
            let error = list(text).unwrap_err();
            let place = error.strip_prefix("ignore.yaml:");
            assert!(
                place.is_some_and(|line| line.starts_with(char::is_numeric)),
                "{error}"
            );
            assert!(error.contains(said), "{error}");
        }
        for text in ["", "[1", "\u{0}", "- a"] {
            assert!(list(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_a_stranger_wrote_is_bounded() {
        let deep = format!("ignore: {}", "[".repeat(100_000));
        assert!(
            list(&deep)
                .unwrap_err()
                .contains("more than 100 open brackets")
        );
        let long = "#".repeat(MAX_BYTES + 1);
        assert!(list(&long).unwrap_err().contains("more than 4194304 bytes"));
        assert!(Ignore::list("x", b"ignore: [{id: \xff}]").is_err());
    }
}
