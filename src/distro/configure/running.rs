//! `configure: scripts`: what is to be run in a root whose packages are unpacked, in every
//! distribution's words. Nothing is run here.

use std::collections::BTreeMap;

use super::{Scripted, rules};
use crate::model::{ScriptClass, ScriptOutcome};
use crate::tree::{Blob, Kind, Meta, Node, TreePath};

/// What is to be run, and what the root needs for it.
#[derive(Debug, Default)]
pub struct Running {
    /// Files that are there only meanwhile, where nothing else is.
    pub put: BTreeMap<TreePath, Node>,
    /// What stands in the place of programs meanwhile: their paths, and a script.
    pub covers: Vec<(TreePath, &'static str)>,
    /// One after the other; the first that fails ends it.
    pub acts: Vec<Act>,
    /// Every script that is run by them, sorted.
    pub scripts: Vec<ScriptOutcome>,
}

/// A program to be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// Whose it is: a package, and its script where it is one script alone.
    pub name: String,
    /// The program and its arguments.
    pub arguments: Vec<String>,
    /// All its variables.
    pub environment: Vec<(String, String)>,
    /// With what its lines begin when it goes on to another package, whose name follows.
    pub headings: &'static [&'static str],
}

/// What becomes of a path that scripts made or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It belongs to the image.
    Kept,
    /// It is a log, a lock, a backup or scratch: no part of an image.
    Dropped,
    /// It must be there and be empty.
    Emptied,
    /// It belongs to the image, but for the time or the chance of its making: see `Layout::steady`.
    Steadied,
    /// It is a secret or an identity of one machine, which many must not share. What makes it there.
    OfOneMachine(&'static str),
}

/// A script that is run.
pub(in crate::distro) fn outcome(one: &Scripted<'_>, script: &str, bytes: &[u8]) -> ScriptOutcome {
    ScriptOutcome {
        package: one.package.name.clone(),
        script: script.to_owned(),
        own: rules::divide(bytes).map(|divided| divided.sha256),
        class: ScriptClass::Run,
        statements: Vec::new(),
    }
}

/// An executable file that is there only meanwhile.
pub(in crate::distro) fn program(text: &[u8]) -> Node {
    Node {
        meta: Meta {
            mode: 0o755,
            ..Meta::default()
        },
        kind: Kind::File(Blob::inline(text)),
    }
}

/// Variables as lists of them are written down.
pub(in crate::distro) fn variables(list: &[(&str, &str)]) -> Vec<(String, String)> {
    let pairs = list.iter();
    pairs
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// Whether `path` is `pattern`, in which `*` stands for any bytes within one part of a path, and a `/` at
/// the end for everything below.
pub(in crate::distro) fn matches(pattern: &str, path: &[u8]) -> bool {
    let mut wanted = pattern.trim_end_matches('/').split('/');
    let mut parts = path.split(|&byte| byte == b'/');
    loop {
        return match (wanted.next(), parts.next()) {
            (None, None) => !pattern.ends_with('/'),
            (None, Some(_)) => pattern.ends_with('/'),
            (Some(_), None) => false,
            (Some(wanted), Some(part)) if part_matches(wanted.as_bytes(), part) => continue,
            _ => false,
        };
    }
}

fn part_matches(pattern: &[u8], part: &[u8]) -> bool {
    let Some(star) = memchr::memchr(b'*', pattern) else {
        return pattern == part;
    };
    let (before, after) = (&pattern[..star], &pattern[star + 1..]);
    let Some(rest) = part.strip_prefix(before) else {
        return false;
    };
    (0..=rest.len()).any(|at| part_matches(after, &rest[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_paths() {
        for (pattern, path) in [
            ("etc/passwd-", "etc/passwd-"),
            ("etc/*-", "etc/passwd-"),
            ("tmp/", "tmp/a"),
            ("tmp/", "tmp/a/b"),
            ("var/log/apt/*.log*", "var/log/apt/term.log.1.xz"),
            (
                "var/lib/postgresql/*/*/",
                "var/lib/postgresql/17/main/base/1",
            ),
        ] {
            assert!(matches(pattern, path.as_bytes()), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("etc/*-", "etc/a/b-"),
            ("etc/*-", "etc/passwd"),
            ("tmp/", "tmp"),
            ("tmp/", "tmpfile/a"),
            ("tmp", "tmp/a"),
            ("var/lib/postgresql/*/*/", "var/lib/postgresql/17/main"),
        ] {
            assert!(!matches(pattern, path.as_bytes()), "{pattern} {path}");
        }
    }
}
