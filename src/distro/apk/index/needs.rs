//! Dependencies as indexes, packages and the world file write them: `[!]name[@tag][op version]`,
//! separated by spaces.

use crate::distro::apk::version;
use crate::resolve::greedy::Test;

/// One dependency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::distro::apk) struct Dep<'a> {
    pub(in crate::distro::apk) name: &'a str,
    pub(in crate::distro::apk) test: Test,
    /// Empty where any version will do.
    pub(in crate::distro::apk) version: &'a str,
}

/// What is wrong with a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::distro::apk) enum Wrong<'a> {
    /// This cannot be read, and nothing behind it was.
    Form(&'a str),
    /// The version in this is outside the grammar. Reading goes on.
    Version(&'a str),
}

fn compares(c: char) -> bool {
    matches!(c, '<' | '>' | '=' | '~')
}

/// Gives every dependency that can be read to `take`; the first thing that is wrong comes back.
pub(in crate::distro::apk) fn each<'a>(
    list: &'a str,
    mut take: impl FnMut(Dep<'a>),
) -> Option<Wrong<'a>> {
    let mut wrong = None;
    for word in list.split([' ', '\n']).filter(|word| !word.is_empty()) {
        let Some(dep) = one(word) else {
            return wrong.or(Some(Wrong::Form(word)));
        };
        let identity = dep.test.has(Test::IDENTITY);
        if !identity && !version::is_valid(dep.version) {
            wrong = wrong.or(Some(Wrong::Version(word)));
        }
        take(dep);
    }
    wrong
}

/// Reads one; a tag has no place in a package's word.
fn one(word: &str) -> Option<Dep<'_>> {
    let (negated, bare) = match word.strip_prefix('!') {
        Some(bare) => (true, bare),
        None => (false, word),
    };
    let end = bare.find(compares).unwrap_or(bare.len());
    let (name, tail) = bare.split_at(end);
    let version = tail.trim_start_matches(compares);
    let operator = &tail[..tail.len() - version.len()];
    if name.is_empty() || name.contains('@') || (version.is_empty() && !operator.is_empty()) {
        return None;
    }
    let mut test = match operator {
        "" => Test::ANY,
        _ => operator.chars().fold(Test::from_bits(0), |test, c| {
            test.with(match c {
                '<' => Test::LESS,
                '>' => Test::GREATER,
                '=' => Test::EQUAL,
                _ => Test::FUZZY.with(Test::EQUAL),
            })
        }),
    };
    if negated {
        test = test.with(Test::NOT);
    }
    Some(Dep {
        name,
        test,
        version,
    })
}
