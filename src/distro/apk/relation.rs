//! Relations as packages and their database have them, apk-package(5): `[!]name[op version]`.

use std::cmp::Ordering;

use super::{checksum, version};

/// One relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Relation<'a> {
    /// `!`: nothing may fulfil it.
    pub(super) negated: bool,
    /// What it is about.
    pub(super) name: &'a str,
    /// The operator in apk's own spelling, and the version.
    pub(super) version: Option<(&'static str, &'a str)>,
}

/// Reads one word; nothing where apk drops it.
pub(super) fn relation(word: &str) -> Option<Relation<'_>> {
    let (negated, rest) = match word.strip_prefix('!') {
        Some(rest) => (true, rest),
        None => (false, word),
    };
    let is_op = |c: char| "<>=~".contains(c);
    let (name, tail) = rest.split_at(rest.find(is_op).unwrap_or(rest.len()));
    let version = match tail.trim_start_matches(is_op) {
        _ if tail.is_empty() => None,
        version => Some((operator(&tail[..tail.len() - version.len()])?, version)),
    };
    (!name.contains('@')).then_some(Relation {
        negated,
        name,
        version,
    })
}

/// An operator in apk's own spelling: its characters in any order and number.
fn operator(text: &str) -> Option<&'static str> {
    let has = |c| text.contains(c);
    Some(match (has('<'), has('>'), has('='), has('~')) {
        (false, false, true, false) => "=",
        (false, false, _, true) => "~",
        (true, false, false, false) => "<",
        (true, false, true, false) => "<=",
        (true, false, _, true) => "<~",
        (false, true, false, false) => ">",
        (false, true, true, false) => ">=",
        (false, true, _, true) => ">~",
        (true, true, false, false) => "><",
        _ => return None,
    })
}

impl Relation<'_> {
    /// Whether a package of this name, version and checksum fulfils it.
    pub(super) fn is_met_by(self, name: &str, own: &str, sum: Option<&str>) -> bool {
        if self.name != name {
            return false;
        }
        let Some((op, wanted)) = self.version else {
            return !self.negated;
        };
        let order = version::compare(own, wanted);
        let fuzzy = version::order(own, wanted, true);
        let met = match op {
            "=" => order == Ordering::Equal,
            "<" => order == Ordering::Less,
            "<=" => order != Ordering::Greater,
            ">" => order == Ordering::Greater,
            ">=" => order != Ordering::Less,
            "~" => fuzzy == Ordering::Equal,
            "<~" => fuzzy != Ordering::Greater,
            ">~" => fuzzy != Ordering::Less,
            _ => sum
                .and_then(checksum::parse)
                .is_some_and(|sum| Some(sum) == checksum::parse(wanted)),
        };
        met != self.negated
    }
}

/// As apk's database spells it.
impl std::fmt::Display for Relation<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.negated {
            f.write_str("!")?;
        }
        f.write_str(self.name)?;
        match self.version {
            Some((op, version)) => write!(f, "{op}{version}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_spelt_as_apk_spells_it() {
        for (word, expected) in [
            ("a", Some("a")),
            ("!a", Some("!a")),
            ("so:libc.musl-x86_64.so.1", Some("so:libc.musl-x86_64.so.1")),
            ("a==1", Some("a=1")),
            ("a=~1", Some("a~1")),
            ("a~=1", Some("a~1")),
            ("a=>1", Some("a>=1")),
            ("a>=~1", Some("a>~1")),
            ("a<~1", Some("a<~1")),
            ("!a>1-r0", Some("!a>1-r0")),
            ("a=", Some("a=")),
            (
                "a><Q1tL491cf/hUqLQi7fZ4MhT9Qmi9U=",
                Some("a><Q1tL491cf/hUqLQi7fZ4MhT9Qmi9U="),
            ),
            ("a@edge", None),
            ("a<=>1", None),
        ] {
            let text = relation(word).map(|relation| relation.to_string());
            assert_eq!(text.as_deref(), expected, "{word}");
        }
    }
}
