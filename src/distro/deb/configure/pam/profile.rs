//! A profile: a file of /usr/share/pam-configs, and the lines that it gives to a stack.
//!
//! Fields are `Name: value`; other lines belong to the field before them. It is Perl that reads
//! them, so what Perl takes for false counts as absent.

use super::Release;
use std::collections::{BTreeMap, BTreeSet};

/// One file of /usr/share/pam-configs: its fields.
pub(super) struct Profile {
    fields: BTreeMap<Vec<u8>, Vec<u8>>,
    /// The profiles that do not get along with this one, by file name.
    pub(super) conflicts: BTreeSet<Vec<u8>>,
    /// It names a module that is gone.
    gone: bool,
}

impl Profile {
    pub(super) fn read(bytes: &[u8], release: Release) -> Self {
        let (mut fields, mut conflicts) = (BTreeMap::<Vec<u8>, Vec<u8>>::new(), BTreeSet::new());
        let mut continued = BTreeSet::new();
        let mut current = Vec::new();
        for line in split_lines(bytes) {
            if let Some((name, value)) = field(line) {
                // What was `Auth-Final` once is `Auth`.
                current = name.strip_suffix(b"-Final").unwrap_or(name).to_vec();
                if current == b"Conflicts" {
                    conflicts.extend(split(value, b", ").map(<[u8]>::to_vec));
                } else {
                    fields.insert(current.clone(), value.to_vec());
                }
                continue;
            }
            let text = line.trim_ascii();
            let whole = fields.entry(current.clone()).or_default();
            if truth(text) {
                whole.push(b'\n');
                whole.extend_from_slice(text);
            }
            if whole.first().is_some_and(u8::is_ascii_whitespace) {
                *whole = whole.trim_ascii_start().to_vec();
            }
            continued.insert(current.clone());
        }
        let long = fields.iter().filter(|(name, _)| continued.contains(*name));
        let mut parts = long.flat_map(|(_, value)| value.windows(GONE.len()));
        let gone = parts.any(|part| part == GONE);
        let only = fields.get(b"Session-Interactive-Only".as_slice());
        let everywhere = match release {
            Release::Bookworm => only.is_none(),
            Release::Trixie => only.is_none_or(|only| only != b"yes"),
        };
        if everywhere {
            for part in ["-Type", "", "-Initial"] {
                let value = fields.get(format!("Session{part}").as_bytes()).cloned();
                let name = format!("Session-noninteractive{part}").into_bytes();
                match value {
                    Some(value) => fields.insert(name, value),
                    None => fields.remove(&name),
                };
            }
        }
        Self {
            fields,
            conflicts,
            gone,
        }
    }

    pub(super) fn get(&self, name: &str) -> &[u8] {
        self.fields.get(name.as_bytes()).map_or(b"", Vec::as_slice)
    }

    pub(super) fn disabled(&self) -> bool {
        self.gone || truth(self.get("disabled"))
    }

    /// The number at the beginning of the field, 0 where there is none.
    pub(super) fn priority(&self) -> i64 {
        let text = self.get("Priority").trim_ascii_start();
        let (minus, digits) = match text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        let digits = digits.iter().take_while(|b| b.is_ascii_digit()).take(18);
        let number = digits.fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
        if minus { -number } else { number }
    }

    /// The lines for a stack; a module that comes first in its block may have others.
    pub(super) fn lines(&self, stack: &str, first: bool) -> &[u8] {
        let initial = self.get(&format!("{}-Initial", upper(stack)));
        if first && truth(initial) {
            initial
        } else {
            self.get(&upper(stack))
        }
    }

    /// In which block of the stack it stands, if in any.
    pub(super) fn block(&self, stack: &str) -> Option<&[u8]> {
        Some(self.get(&format!("{}-Type", upper(stack)))).filter(|block| truth(block))
    }
}

/// A module that PAM does not have any more. The program only looks behind a field's first line.
const GONE: &[u8] = b"pam_tally";

/// Field names begin with a capital.
fn upper(stack: &str) -> String {
    let mut chars = stack.chars();
    chars
        .next()
        .map(|c| c.to_ascii_uppercase())
        .into_iter()
        .chain(chars)
        .collect()
}

/// What Perl takes for true.
pub(super) fn truth(text: &[u8]) -> bool {
    !matches!(text, b"" | b"0")
}

/// The lines, without their ends.
fn split_lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = bytes.split_inclusive(|b| *b == b'\n');
    lines.map(|line| line.strip_suffix(b"\n").unwrap_or(line))
}

/// Splits at each `at`; nothing has no parts.
pub(super) fn split<'a>(text: &'a [u8], at: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    let mut rest = Some(text).filter(|text| !text.is_empty());
    std::iter::from_fn(move || {
        let whole = rest?;
        let found = whole.windows(at.len()).position(|part| part == at);
        rest = found.and_then(|found| whole.get(found + at.len()..));
        whole.get(..found.unwrap_or(whole.len()))
    })
}

/// `Name: value`, where the name has no blanks and ends at the last colon before one; the value
/// keeps blanks at its end.
fn field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = line
        .iter()
        .position(u8::is_ascii_whitespace)
        .unwrap_or(line.len());
    let (word, rest) = line.split_at_checked(end)?;
    let name = word.strip_suffix(b":").filter(|name| !name.is_empty())?;
    Some((name, rest.trim_ascii_start()))
}
