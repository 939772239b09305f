//! Release files: one deb822 paragraph, read from text whose signature has been judged.
//!
//! Fields and their meaning: <https://wiki.debian.org/DebianRepository/Format>, apt_preferences(5)
//! for the pins. Digests are SHA-256 only; MD5 and SHA-1 are never looked at.

use std::collections::BTreeMap;

use crate::model::{Epoch, Sha256};

/// Files that one Release may list: five times what Debian's largest lists.
const MAX_FILES: usize = 200_000;
/// Bytes of a line.
const MAX_LINE: usize = 64 << 10;

/// Why a Release cannot be read, as the end of a sentence that names it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ReleaseError {
    #[error("it is not UTF-8")]
    Encoding,
    #[error("line {0} is not a line of a Release file")]
    Line(usize),
    #[error("it has the field {0} twice")]
    Twice(String),
    #[error("it lists {0} twice with different digests")]
    Conflict(String),
    #[error("it lists more than {MAX_FILES} files")]
    TooMany,
    #[error("it has no {0}")]
    Missing(&'static str),
    #[error("its {field} is not a date: {text}")]
    Date { field: &'static str, text: String },
}

/// A file that a Release lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) sha256: Sha256,
    pub(super) size: u64,
}

/// What a Release says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Release {
    pub(super) suite: Option<String>,
    pub(super) codename: Option<String>,
    pub(super) date: Epoch,
    pub(super) valid_until: Option<Epoch>,
    /// `Acquire-By-Hash`
    pub(super) by_hash: bool,
    pub(super) components: Vec<String>,
    pub(super) architectures: Vec<String>,
    /// `No-Support-for-Architecture-all: Packages`: the indexes of each architecture hold `all`.
    pub(super) all_is_in_each: bool,
    /// apt's default pin priority of what the repository holds.
    pub(super) pin: i32,
    files: BTreeMap<String, Listed>,
}

impl Release {
    /// Reads the text of a Release.
    pub(super) fn parse(text: &[u8]) -> Result<Self, ReleaseError> {
        let text = std::str::from_utf8(text).map_err(|_| ReleaseError::Encoding)?;
        let fields = paragraph(text)?;
        let get = |name: &str| fields.get(name).map(|value| value.trim());
        let words = |name: &str| -> Vec<String> {
            get(name)
                .unwrap_or_default()
                .split_ascii_whitespace()
                .map(str::to_owned)
                .collect()
        };
        let date = |name: &'static str| {
            get(&name.to_ascii_lowercase())
                .map(|text| {
                    Epoch::from_rfc5322(text).map_err(|error| ReleaseError::Date {
                        field: name,
                        text: error.to_string(),
                    })
                })
                .transpose()
        };
        let yes = |name: &str| get(name).is_some_and(|value| value.eq_ignore_ascii_case("yes"));
        let some = |name: &str| {
            get(name)
                .filter(|value| !value.is_empty())
                .map(str::to_owned)
        };
        let files = files(
            fields
                .get("sha256")
                .ok_or(ReleaseError::Missing("SHA256 digests"))?,
        )?;
        Ok(Self {
            suite: some("suite"),
            codename: some("codename"),
            date: date("Date")?.ok_or(ReleaseError::Missing("Date"))?,
            valid_until: date("Valid-Until")?,
            by_hash: yes("acquire-by-hash"),
            components: words("components"),
            architectures: words("architectures"),
            all_is_in_each: words("no-support-for-architecture-all")
                .iter()
                .any(|what| what == "Packages"),
            pin: match (yes("notautomatic"), yes("butautomaticupgrades")) {
                (true, false) => 1,
                (true, true) => 100,
                (false, _) => 500,
            },
            files,
        })
    }

    /// The digest and size of a file below the Release's directory.
    pub(super) fn listed(&self, path: &str) -> Option<Listed> {
        self.files.get(path).copied()
    }

    /// Whether it is the Release of `suite`, by its own word. `trixie/updates`, as security suites
    /// and some others are written, is `trixie` to the Release (apt strips the last part too).
    pub(super) fn is_of(&self, suite: &str) -> bool {
        let says = |name: &str| {
            self.suite.as_deref() == Some(name) || self.codename.as_deref() == Some(name)
        };
        let unnamed = self.suite.is_none() && self.codename.is_none();
        unnamed || says(suite) || suite.rsplit_once('/').is_some_and(|(head, _)| says(head))
    }

    /// Whether it has the component: `updates/main` of old security archives counts as `main`.
    pub(super) fn has_component(&self, component: &str) -> bool {
        self.components.iter().any(|known| {
            known == component
                || known
                    .rsplit_once('/')
                    .is_some_and(|(_, last)| last == component)
        })
    }
}

/// The fields of a single paragraph, by lower-case name; continuation lines joined by LF.
fn paragraph(text: &str) -> Result<BTreeMap<String, String>, ReleaseError> {
    let mut fields: BTreeMap<String, String> = BTreeMap::new();
    let mut current: Option<String> = None;
    let mut ended = false;
    for (index, line) in text.lines().enumerate() {
        let wrong = ReleaseError::Line(index + 1);
        if line.len() > MAX_LINE || line.contains('\0') {
            return Err(wrong);
        }
        if line.trim().is_empty() {
            ended = !fields.is_empty();
            continue;
        }
        if ended {
            return Err(wrong);
        }
        if line.starts_with([' ', '\t']) {
            let value = current
                .as_ref()
                .and_then(|name| fields.get_mut(name))
                .ok_or(wrong)?;
            value.push('\n');
            value.push_str(line);
        } else {
            let (name, value) = line.split_once(':').ok_or(wrong)?;
            let key = name.trim_end().to_ascii_lowercase();
            if fields.insert(key.clone(), value.to_owned()).is_some() {
                return Err(ReleaseError::Twice(name.chars().take(80).collect()));
            }
            current = Some(key);
        }
    }
    Ok(fields)
}

/// The lines `DIGEST SIZE PATH` of the field `SHA256`.
fn files(field: &str) -> Result<BTreeMap<String, Listed>, ReleaseError> {
    let mut files = BTreeMap::new();
    for line in field.lines().filter(|line| !line.trim().is_empty()) {
        if files.len() == MAX_FILES {
            return Err(ReleaseError::TooMany);
        }
        let wrong = || ReleaseError::Missing("readable SHA256 digests");
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let [digest, size, path] = words[..] else {
            return Err(wrong());
        };
        let sha256 = Sha256::from_hex(&digest.to_ascii_lowercase()).map_err(|_| wrong())?;
        if !size.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong());
        }
        let listed = Listed {
            sha256,
            size: size.parse().map_err(|_| wrong())?,
        };
        let path = path.strip_prefix("./").unwrap_or(path);
        match files.insert(path.to_owned(), listed) {
            Some(before) if before != listed => {
                return Err(ReleaseError::Conflict(path.chars().take(200).collect()));
            }
            _ => {}
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn release(more: &str) -> Result<Release, ReleaseError> {
        let text = format!(
            "Origin: Test\nSuite: stable\nCodename: trixie\nDate: Sat, 21 Nov 2026 09:15:44 UTC\n\
             {more}SHA256:\n {EMPTY} 0 main/binary-amd64/Packages\n"
        );
        Release::parse(text.as_bytes())
    }

    #[test]
    fn reads_the_fields_that_decide() {
        let plain = release("").unwrap();
        assert_eq!(plain.date.to_string(), "2026-11-21T09:15:44Z");
        assert_eq!(
            (plain.pin, plain.valid_until, plain.by_hash),
            (500, None, false)
        );
        assert_eq!(plain.listed("main/binary-amd64/Packages").unwrap().size, 0);
        let rich = release(
            "notautomatic: yes\nButAutomaticUpgrades: yes\nAcquire-By-Hash: yes\n\
             Components: main updates/contrib\nArchitectures: all amd64\n\
             No-Support-for-Architecture-all: Packages\n\
             Valid-Until: Sat, 28 Nov 2026 09:15:44 UTC\n",
        )
        .unwrap();
        assert_eq!(
            (rich.pin, rich.by_hash, rich.all_is_in_each),
            (100, true, true)
        );
        assert!(rich.has_component("contrib") && !rich.has_component("non-free"));
        assert_eq!(release("NotAutomatic: yes\n").unwrap().pin, 1);
    }

    #[test]
    fn knows_its_own_name() {
        let release = release("").unwrap();
        for suite in ["stable", "trixie", "trixie/updates"] {
            assert!(release.is_of(suite), "{suite}");
        }
        assert!(!release.is_of("bookworm"));
    }

    #[test]
    fn refuses_what_can_be_read_in_two_ways() {
        assert_eq!(
            release("suite: sid\n"),
            Err(ReleaseError::Twice("suite".into()))
        );
        assert!(matches!(release("\n"), Err(ReleaseError::Line(_))));
        assert!(matches!(release("nonsense\n"), Err(ReleaseError::Line(5))));
        assert!(matches!(
            release("Valid-Until: tomorrow\n"),
            Err(ReleaseError::Date { .. })
        ));
        assert_eq!(
            Release::parse(b"Suite: x\nDate: Sat, 21 Nov 2026 09:15:44 UTC\nMD5Sum:\n x 0 y\n"),
            Err(ReleaseError::Missing("SHA256 digests"))
        );
        let twice = format!("SHA256:\n {EMPTY} 0 a\n {EMPTY} 1 a\n");
        assert_eq!(
            Release::parse(twice.as_bytes()),
            Err(ReleaseError::Conflict("a".into()))
        );
    }
}
