//! Versions, apk-package(5): `N(.N)*[a-z]?(_suffixN?)*(~hex)?(-rN)?`.
//!
//! Every pair of texts has an order, those outside the grammar too, because real indexes hold some:
//! a version is read part by part until a part is malformed, and that ends it. Two versions are
//! compared part by part while the parts are of the same kind; after that the kinds decide.

use std::cmp::Ordering;

/// What a part is. The order is that of the grammar; of two versions that differ in the kind of a
/// part, the one whose part is of the earlier kind is the later version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    First,
    Number,
    Letter,
    Suffix,
    SuffixNumber,
    Hash,
    Revision,
    End,
    Malformed,
}

/// In their order; what comes before `PLAIN` marks what is not released yet.
const SUFFIXES: [&str; 10] = [
    "alpha", "beta", "pre", "rc", "", "cvs", "svn", "git", "hg", "p",
];
/// The place of no suffix among them.
const PLAIN: usize = 4;

/// A version, part by part.
#[derive(Debug, Clone, Copy)]
struct Parts<'a> {
    kind: Kind,
    /// The current part's digits, letter, hash or suffix, without what introduces it.
    value: &'a str,
    rest: &'a str,
}

impl<'a> Parts<'a> {
    fn new(version: &'a str) -> Self {
        let mut parts = Self {
            kind: Kind::First,
            value: "",
            rest: version,
        };
        parts.digits();
        parts
    }

    /// Takes as much as `belongs`.
    fn take(&mut self, belongs: impl Fn(u8) -> bool) {
        let length = self.rest.bytes().take_while(|&byte| belongs(byte)).count();
        (self.value, self.rest) = self.rest.split_at(length);
    }

    /// Takes the digits that the current part needs.
    fn digits(&mut self) {
        self.take(|byte| byte.is_ascii_digit());
        if self.value.is_empty() {
            self.kind = Kind::Malformed;
        }
    }

    /// Whether the part is of a kind that may come before what is introduced by `byte`.
    fn goes_on_with(&self, byte: u8) -> bool {
        match byte {
            b'a'..=b'z' | b'.' => self.kind <= Kind::Number,
            b'0'..=b'9' => self.kind <= Kind::Number || self.kind == Kind::Suffix,
            b'_' => self.kind <= Kind::SuffixNumber,
            b'~' => self.kind < Kind::Hash,
            b'-' => self.kind < Kind::Revision,
            _ => false,
        }
    }

    fn advance(&mut self) {
        let Some(&byte) = self.rest.as_bytes().first() else {
            self.kind = Kind::End;
            return;
        };
        if !self.goes_on_with(byte) {
            self.kind = Kind::Malformed;
            return;
        }
        match byte {
            b'a'..=b'z' => {
                self.kind = Kind::Letter;
                (self.value, self.rest) = self.rest.split_at(1);
            }
            b'0'..=b'9' => {
                self.kind = match self.kind {
                    Kind::Suffix => Kind::SuffixNumber,
                    _ => Kind::Number,
                };
                self.digits();
            }
            b'.' => {
                self.kind = Kind::Number;
                self.rest = &self.rest[1..];
                self.digits();
            }
            b'_' => {
                self.rest = &self.rest[1..];
                self.take(|byte| byte.is_ascii_lowercase());
                let known = !self.value.is_empty() && SUFFIXES.contains(&self.value);
                self.kind = if known { Kind::Suffix } else { Kind::Malformed };
            }
            b'~' => {
                self.rest = &self.rest[1..];
                self.take(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
                self.kind = match self.value {
                    "" => Kind::Malformed,
                    _ => Kind::Hash,
                };
            }
            _ => match self.rest.strip_prefix("-r") {
                Some(rest) => {
                    self.kind = Kind::Revision;
                    self.rest = rest;
                    self.digits();
                }
                None => self.kind = Kind::Malformed,
            },
        }
    }

    fn suffix(&self) -> usize {
        let place = SUFFIXES.iter().position(|suffix| *suffix == self.value);
        place.unwrap_or(PLAIN)
    }

    /// Whether the version is one that comes before the release it leads to.
    fn is_before_release(&self) -> bool {
        self.kind == Kind::Suffix && self.suffix() < PLAIN
    }

    /// Orders two parts of the same kind.
    fn compare(&self, other: &Self) -> Ordering {
        let leading_zero = |part: &Self| part.value.starts_with('0');
        match self.kind {
            // As fractions are: 1.05 lies between 1.0 and 1.1.
            Kind::Number if leading_zero(self) || leading_zero(other) => {
                self.value.cmp(other.value)
            }
            Kind::First | Kind::Number | Kind::SuffixNumber | Kind::Revision => {
                let [one, two] = [self, other].map(|part| part.value.trim_start_matches('0'));
                (one.len(), one).cmp(&(two.len(), two))
            }
            Kind::Suffix => self.suffix().cmp(&other.suffix()),
            _ => self.value.cmp(other.value),
        }
    }
}

/// Orders two versions.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    order(a, b, false)
}

/// Orders two versions; with `fuzzy` one that begins with all the parts of `b` is equal to it.
pub(super) fn order(a: &str, b: &str, fuzzy: bool) -> Ordering {
    let (mut a, mut b) = (Parts::new(a), Parts::new(b));
    while a.kind == b.kind && a.kind < Kind::End {
        match a.compare(&b) {
            Ordering::Equal => {
                a.advance();
                b.advance();
            }
            decided => return decided,
        }
    }
    if a.kind == b.kind || (fuzzy && b.kind == Kind::End) {
        return Ordering::Equal;
    }
    match (a.is_before_release(), b.is_before_release()) {
        (true, _) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => b.kind.cmp(&a.kind),
    }
}

/// Whether `version` is within the grammar.
pub(super) fn is_valid(version: &str) -> bool {
    let mut parts = Parts::new(version);
    while parts.kind < Kind::End {
        parts.advance();
    }
    parts.kind == Kind::End
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_as_apk_does() {
        let rising = [
            "", // no version at all sorts below every other
            "0.9",
            "1.0_alpha",
            "1.0_alpha2",
            "1.0_beta",
            "1.0_pre1",
            "1.0_rc1",
            "1.0-r0",
            "1.0-r5",
            "1.0~abc-r0",
            "1.0_cvs",
            "1.0_git20240101",
            "1.0_p1",
            "1.0a",
            "1.0.1",
            "1.05",
            "1.1",
            "1.1.2",
            "1.9",
            "1.10",
            "9999999999999999999999",
            "10000000000000000000000",
        ];
        for (place, a) in rising.iter().enumerate() {
            for (other, b) in rising.iter().enumerate() {
                assert_eq!(compare(a, b), place.cmp(&other), "{a:?} {b:?}");
            }
        }
        assert_eq!(compare("1.0", "1.0-r0"), Ordering::Less);
        assert_eq!(compare("01", "1"), Ordering::Equal);
    }

    #[test]
    fn a_fuzzy_order_ends_with_the_wanted_version() {
        for (version, wanted, equal) in [
            ("1.2.3-r0", "1.2", true),
            ("1.2-r7", "1.2", true),
            ("1.23", "1.2", false),
            ("1.2", "1.2.3", false),
            ("1.2_rc1", "1.2", true),
        ] {
            assert_eq!(
                order(version, wanted, true).is_eq(),
                equal,
                "{version} ~ {wanted}"
            );
        }
    }

    #[test]
    fn knows_what_is_no_version() {
        for version in ["1", "1.2b_p3~0af-r1", "1_alpha_git20200101", "20240101"] {
            assert!(is_valid(version), "{version}");
        }
        for version in [
            "",
            "v2.4",
            "1.1.0b1-r7",
            "0.104.o",
            "1.",
            "1-r",
            "1-1",
            "1_foo",
            "1~",
            "1~xyz",
            "1-r1_p",
            "1a.2",
            "1 2",
            "1\u{e9}",
        ] {
            assert!(!is_valid(version), "{version}");
        }
    }

    #[test]
    fn agrees_with_every_line_of_apks_own_table() {
        let Some(text) = crate::distro::apk::fixtures::shared("apk-solver/version.data") else {
            return;
        };
        let mut checked = 0;
        for line in text.lines() {
            let words: Vec<&str> = line
                .split('#')
                .next()
                .unwrap_or("")
                .split_whitespace()
                .collect();
            match words[..] {
                [a, op, b] => {
                    let (negated, op) = match op.strip_prefix('!') {
                        Some(op) => (true, op),
                        None => (false, op),
                    };
                    let found = order(a, b, op.contains('~'));
                    let holds = op.chars().any(|op| match op {
                        '<' => found.is_lt(),
                        '>' => found.is_gt(),
                        _ => found.is_eq(),
                    });
                    assert_eq!(holds, !negated, "{line}");
                    checked += 1;
                }
                [version] => {
                    let (invalid, version) = match version.strip_prefix('!') {
                        Some(version) => (true, version),
                        None => (false, version),
                    };
                    assert_eq!(is_valid(version), !invalid, "{line}");
                    checked += 1;
                }
                _ => {}
            }
        }
        assert!(checked > 700, "{checked}");
    }
}
