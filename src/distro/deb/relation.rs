//! Relations between packages: Policy 7.1 in, [`Relation`]s for one architecture out.
//!
//! What older tools wrote is read as dpkg reads it: `<` is `<=` and `>` is `>=`. Build profiles
//! (`<!nocheck>`) have no meaning between binary packages and are passed over.

use crate::model::{Clause, Op, Relation};

/// One alternative as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Atom<'a> {
    pub(super) name: &'a str,
    /// What stands behind the colon: `any`, `native`, an architecture.
    pub(super) qualifier: Option<&'a str>,
    pub(super) constraint: Option<(Op, &'a str)>,
    /// The inside of `[amd64 !arm64]`; empty where there is none.
    arches: &'a str,
}

/// The text is not a relation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a relation between packages")]
pub(super) struct Malformed {
    text: String,
}

/// The alternatives of each relation of a field, `a | b, c`. Empty parts are passed over, as apt
/// does.
pub(super) fn split(field: &str) -> impl Iterator<Item = impl Iterator<Item = &str>> {
    field
        .split(',')
        .filter(|part| !part.trim().is_empty())
        .map(|part| part.split('|'))
}

/// Reads one alternative.
pub(super) fn atom(text: &str) -> Result<Atom<'_>, Malformed> {
    read(text.trim()).ok_or_else(|| Malformed {
        text: text.trim().chars().take(80).collect(),
    })
}

fn read(text: &str) -> Option<Atom<'_>> {
    let end = text
        .find(|c: char| c.is_ascii_whitespace() || "([<".contains(c))
        .unwrap_or(text.len());
    let (name, mut rest) = text.split_at(end);
    let (name, qualifier) = match name.split_once(':') {
        Some((name, qualifier)) => (name, Some(qualifier)),
        None => (name, None),
    };
    if !is_name(name) || qualifier.is_some_and(|arch| !is_name(arch)) {
        return None;
    }
    let mut out = Atom {
        name,
        qualifier,
        constraint: None,
        arches: "",
    };
    loop {
        rest = rest.trim_start();
        let close = match rest.as_bytes().first() {
            None => return Some(out),
            Some(b'(') => ')',
            Some(b'[') => ']',
            Some(b'<') => '>',
            Some(_) => return None,
        };
        let (inside, behind) = rest[1..].split_once(close)?;
        match close {
            ')' if out.constraint.is_none() => out.constraint = Some(constraint(inside.trim())?),
            ']' if out.arches.is_empty() => out.arches = inside,
            '>' => {}
            _ => return None,
        }
        rest = behind;
    }
}

fn constraint(text: &str) -> Option<(Op, &str)> {
    let end = text.find(|c| !"<>=".contains(c))?;
    let op = match &text[..end] {
        "<<" => Op::Lt,
        "<=" | "<" => Op::Le,
        "=" => Op::Eq,
        ">=" | ">" => Op::Ge,
        ">>" => Op::Gt,
        _ => return None,
    };
    let version = text[end..].trim_start();
    is_version(version).then_some((op, version))
}

/// The alphabet of package names, with the upper case that provided names have.
fn is_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.len() <= 256
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+.-_".contains(byte))
}

/// The alphabet of versions. In a signed index more is not asked for, as apt does not.
fn is_version(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 256
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+.-:~_^".contains(&byte))
}

impl Atom<'_> {
    /// Whether the alternative is meant for `arch` at all.
    fn applies(&self, arch: &str) -> bool {
        let mut positive = false;
        for word in self.arches.split_ascii_whitespace() {
            match word.strip_prefix('!') {
                Some(word) if word == arch => return false,
                Some(_) => {}
                None if word == arch || word == "any" => return true,
                None => positive = true,
            }
        }
        !positive
    }

    fn clause(&self, arch: &str) -> Option<Clause> {
        let foreign = |word: &&str| !["any", "native", "all", arch].contains(word);
        Some(Clause {
            name: self.name.parse().ok()?,
            arch: self.qualifier.filter(foreign).map(Into::into),
            constraint: match self.constraint {
                Some((op, version)) => Some((op, version.parse().ok()?)),
                None => None,
            },
        })
    }
}

/// Reads a field for `arch`. What is meant for other architectures only is left out.
pub(super) fn parse(field: &str, arch: &str) -> Result<Vec<Relation>, Malformed> {
    let mut out = Vec::new();
    for alternatives in split(field) {
        let mut any_of = Vec::new();
        for text in alternatives {
            let atom = atom(text)?;
            if atom.applies(arch) {
                any_of.push(
                    atom.clause(arch)
                        .ok_or_else(|| Malformed { text: text.into() })?,
                );
            }
        }
        if !any_of.is_empty() {
            out.push(Relation { any_of });
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(field: &str) -> String {
        let relations = parse(field, "amd64").expect("a valid field");
        let texts: Vec<String> = relations.iter().map(ToString::to_string).collect();
        texts.join(", ")
    }

    #[test]
    fn reads_alternatives_and_constraints() {
        assert_eq!(
            shown("libc6 (>= 2.34), a(<<1:2-3) |b ( = 1 ) , c|d"),
            "libc6 (>= 2.34), a (< 1:2-3) | b (= 1), c | d"
        );
        assert_eq!(shown(""), "");
        assert_eq!(shown("a,, b,\n c,"), "a, b, c");
    }

    #[test]
    fn reads_obsolete_operators_as_dpkg_does() {
        assert_eq!(shown("a (< 1), b (> 1)"), "a (<= 1), b (>= 1)");
    }

    #[test]
    fn keeps_only_what_is_meant_for_the_architecture() {
        assert_eq!(
            shown(
                "a [amd64 i386], b [!amd64], c [arm64] | d [any], e:any, f:native (>= 1), g:amd64"
            ),
            "a, d, e, f (>= 1), g"
        );
    }

    #[test]
    fn keeps_a_foreign_architecture_for_the_message() {
        assert_eq!(shown("wine32:i386 (= 1) <!nocheck>"), "wine32:i386 (= 1)");
    }

    #[test]
    fn refuses_everything_else() {
        for bad in [
            "a b",
            "a (1)",
            "a (== 1)",
            "a (>= )",
            "a (>= 1",
            "(>= 1)",
            "a (= 1) (= 2)",
            "a:",
            "-a",
            "a/b",
            "a (>= 1 2)",
        ] {
            assert!(parse(bad, "amd64").is_err(), "{bad}");
        }
    }
}
