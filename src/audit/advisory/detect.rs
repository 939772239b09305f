//! Tells the formats apart by their first bytes.

use super::pieces::Shape;
use std::fmt;

/// Where an advisory comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// A record of the Open Source Vulnerability schema.
    Osv,
    /// The JSON of Debian's security tracker.
    DebianTracker,
    /// Alpine's secdb.
    AlpineSecdb,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Osv => "OSV",
            Self::DebianTracker => "Debian security tracker",
            Self::AlpineSecdb => "Alpine secdb",
        })
    }
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Zip,
    Osv(Shape),
    Tracker,
    Secdb,
    Vex,
}

/// As many bytes of a file are looked at: the names that tell come early in every format.
pub(super) const PREFIX: usize = 64 << 10;

const OSV: [&str; 15] = [
    "id",
    "schema_version",
    "modified",
    "published",
    "withdrawn",
    "aliases",
    "upstream",
    "related",
    "summary",
    "details",
    "severity",
    "affected",
    "references",
    "credits",
    "database_specific",
];
const SECDB: [&str; 7] = [
    "apkurl",
    "archs",
    "distroversion",
    "reponame",
    "urlprefix",
    "packages",
    "origin",
];
const VEX: [&str; 9] = [
    "@context",
    "@id",
    "author",
    "role",
    "timestamp",
    "last_updated",
    "version",
    "tooling",
    "statements",
];

/// The format of a file that begins with `prefix`.
pub(super) fn detect(prefix: &[u8]) -> Option<Kind> {
    if prefix.starts_with(b"PK\x03\x04") || prefix.starts_with(b"PK\x05\x06") {
        return Some(Kind::Zip);
    }
    let prefix = prefix.trim_ascii_start();
    let inner = match prefix.first()? {
        b'{' => return object(prefix),
        b'[' => prefix.get(1..)?.trim_ascii_start(),
        _ => return None,
    };
    match inner.first()? {
        // No records at all: whether that is enough shows where nothing speaks of a release.
        b']' => Some(Kind::Osv(Shape::Array)),
        b'{' => match object(inner)? {
            Kind::Osv(_) => Some(Kind::Osv(Shape::Array)),
            _ => None,
        },
        _ => None,
    }
}

/// The format of an object, by the first of its names that says something. Only in the tracker's
/// is every value an object, and every name a package's, which has no underscore.
fn object(text: &[u8]) -> Option<Kind> {
    let mut bytes = text.iter().copied();
    let mut depth = 0_u32;
    let mut last = None;
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => last = Some(word(&mut bytes)?).filter(|_| depth == 1),
            b':' if depth == 1 => {
                let value = bytes.clone().find(|byte| !byte.is_ascii_whitespace())?;
                let told = last.take().and_then(|name| tells(&name, value));
                if told.is_some() {
                    return told;
                }
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return None;
                }
            }
            _ => {}
        }
    }
    None
}

/// The rest of a string, up to its end.
fn word(bytes: &mut impl Iterator<Item = u8>) -> Option<Vec<u8>> {
    let mut word = Vec::new();
    loop {
        match bytes.next()? {
            b'"' => return Some(word),
            // No name that tells has an escape in it.
            b'\\' => {
                word.push(b'\\');
                bytes.next();
            }
            byte => word.push(byte),
        }
    }
}

/// What a name says whose value begins with `value`.
fn tells(name: &[u8], value: u8) -> Option<Kind> {
    let is_in = |names: &[&str]| names.iter().any(|known| known.as_bytes() == name);
    if value == b'{' && name != b"database_specific" {
        Some(Kind::Tracker)
    } else if is_in(&OSV) {
        Some(Kind::Osv(Shape::Row))
    } else if is_in(&SECDB) {
        Some(Kind::Secdb)
    } else if is_in(&VEX) {
        Some(Kind::Vex)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_is_told_by_its_first_bytes() {
        let osv = Some(Kind::Osv(Shape::Row));
        for (text, kind) in [
            ("PK\x03\x04...", Some(Kind::Zip)),
            ("PK\x05\x06...", Some(Kind::Zip)),
            (" {\"id\": \"X\"}", osv),
            ("{\"affected\": [{\"package\"", osv),
            ("{\"database_specific\": {\"a\": 1}, \"id\"", osv),
            ("{\"$schema\": \"x\", \"details\": \"long", osv),
            ("[ {\"id\": 1}]", Some(Kind::Osv(Shape::Array))),
            ("[]", Some(Kind::Osv(Shape::Array))),
            ("{\"openssl\": {\"CVE-2024-1\": {", Some(Kind::Tracker)),
            ("{\"distroversion\": \"v3.22\"", Some(Kind::Secdb)),
            ("{\"packages\": [", Some(Kind::Secdb)),
            ("{\"@context\": \"https://openvex.dev/ns\"", Some(Kind::Vex)),
            ("{\"statements\": []", Some(Kind::Vex)),
            ("{\"vulnerabilities\": [{\"id\": 1}]}", None),
            ("{\"ignore\": []}", None),
            ("[{\"@context\": 1}]", None),
            ("[1]", None),
            ("{}", None),
            ("", None),
            ("<html>", None),
            ("\u{1f}\u{8b}", None),
            ("{\"unfinished", None),
        ] {
            assert_eq!(detect(text.as_bytes()), kind, "{text}");
        }
    }

    #[test]
    fn names_inside_values_do_not_count() {
        let text = br#"{"x": "\"id\": 1", "y": [{"id": 1}], "z": 1}"#;
        assert_eq!(detect(text), None);
    }
}
