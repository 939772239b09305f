//! Why there is no solution, in sentences.

use std::fmt;

use super::reason::{Fact, Reason};
use super::{Task, Universe};
use crate::model::{Class, Explain, PackageId};

/// More facts than this are not read by anyone.
const MAX_SENTENCES: usize = 12;

/// More alternatives than this are counted and not named.
const MAX_NAMES: usize = 4;

/// No set of packages fits. The sentences that follow are its causes.
#[derive(Debug)]
pub struct Unsatisfiable {
    message: String,
    hint: Option<String>,
    cause: Option<Box<Sentence>>,
}

/// One sentence of an explanation, and the next.
#[derive(Debug)]
struct Sentence {
    text: String,
    next: Option<Box<Self>>,
}

impl fmt::Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Sentence {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.next.as_ref().map(|next| next.as_ref() as _)
    }
}

impl fmt::Display for Unsatisfiable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Unsatisfiable {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_ref().map(|cause| cause.as_ref() as _)
    }
}

impl Explain for Unsatisfiable {
    fn class(&self) -> Class {
        Class::Unsatisfiable
    }

    fn hint(&self) -> Option<String> {
        self.hint.clone()
    }
}

impl Unsatisfiable {
    /// A single sentence, and what to do.
    pub fn new(message: String, hint: Option<String>) -> Self {
        Self {
            message,
            hint,
            cause: None,
        }
    }

    /// Sentences under one message.
    pub(super) fn told(message: String, sentences: Vec<String>, hint: Option<String>) -> Self {
        let causes = sentences.into_iter().rev();
        let cause = causes.fold(None, |next, text| Some(Box::new(Sentence { text, next })));
        Self {
            message,
            hint,
            cause,
        }
    }

    /// The facts of `reason`, as sentences under one message.
    pub(super) fn explain(task: &Task<'_>, reason: &Reason) -> Self {
        let mut sentences: Vec<String> = Vec::new();
        for (fact, versions) in told(task.universe, &reason.facts) {
            let sentence = sentence(task.universe, fact, versions);
            if !sentences.contains(&sentence) {
                sentences.push(sentence);
            }
        }
        let more = sentences.len().saturating_sub(MAX_SENTENCES);
        if more > 0 {
            sentences.truncate(MAX_SENTENCES);
            sentences.push(format!("and {more} more relations like these"));
        }
        let wanted: Vec<&str> = reason
            .facts
            .iter()
            .filter_map(|fact| match fact {
                Fact::Needs { by: None, what, .. } => Some(what.as_str()),
                _ => None,
            })
            .collect();
        let message = match wanted[..] {
            [] => "no set of packages fits the manifest".to_owned(),
            [one] => format!("{one} cannot be installed"),
            [ref first @ .., last] => {
                format!(
                    "{} and {last} cannot be installed together",
                    first.join(", ")
                )
            }
        };
        let cause = sentences
            .into_iter()
            .rev()
            .fold(None, |next, text| Some(Box::new(Sentence { text, next })));
        Self {
            message,
            hint: None,
            cause,
        }
    }
}

/// What a fact says when versions are left aside.
#[derive(PartialEq, Eq)]
enum Gist<'a> {
    /// A package needs something.
    Needs(&'a str, &'a str),
    /// Two packages conflict, whichever of them says so.
    Conflicts(&'a str, &'a str),
}

fn gist<'a>(universe: &'a dyn Universe, fact: &'a Fact) -> Option<Gist<'a>> {
    let name = |id: &PackageId| universe.get(*id).name.as_str();
    match fact {
        Fact::Needs {
            by: Some(by), what, ..
        } => Some(Gist::Needs(name(by), what)),
        Fact::Conflicts { by, with, .. } => {
            let (a, b) = (name(by), name(with));
            Some(Gist::Conflicts(a.min(b), a.max(b)))
        }
        _ => None,
    }
}

/// The facts worth telling: of those that differ in versions alone, or in who of two says it, the
/// first, and of how many versions of its subject it holds.
fn told<'a>(universe: &'a dyn Universe, facts: &'a [Fact]) -> Vec<(&'a Fact, usize)> {
    let mut out: Vec<(&Fact, Vec<PackageId>)> = Vec::new();
    for fact in facts {
        let gist = gist(universe, fact);
        let like = |(told, _): &&mut (&Fact, Vec<PackageId>)| {
            gist.is_some() && self::gist(universe, told) == gist
        };
        match out.iter_mut().find(like) {
            Some((told, versions)) => versions.extend(subject(fact).filter(|id| {
                let first = subject(told).map(|first| &universe.get(first).name);
                first == Some(&universe.get(*id).name) && !versions.contains(id)
            })),
            None => out.push((fact, subject(fact).into_iter().collect())),
        }
    }
    out.into_iter()
        .map(|(fact, versions)| (fact, versions.len()))
        .collect()
}

/// Of which package a fact speaks.
fn subject(fact: &Fact) -> Option<PackageId> {
    match fact {
        Fact::Needs { by, .. } => *by,
        Fact::Conflicts { by, .. } => Some(*by),
        _ => None,
    }
}

/// `versions` is of how many versions of its subject the fact holds.
fn sentence(universe: &dyn Universe, fact: &Fact, versions: usize) -> String {
    let subject = |id: PackageId| match versions {
        0 | 1 => shown(universe, id),
        _ => format!("every version of {}", universe.get(id).name),
    };
    match fact {
        Fact::Needs {
            by,
            what,
            any_of,
            barred,
            others,
        } => {
            let by = match by {
                Some(by) => format!("{} needs {what}", subject(*by)),
                None => format!("the manifest asks for {what}"),
            };
            match any_of[..] {
                [] if barred.is_empty() && others.is_empty() => {
                    format!("{by}, which no repository offers")
                }
                [] if barred.is_empty() => format!(
                    "{by}, which no repository offers: there is only {}",
                    list(universe, others)
                ),
                [] => format!(
                    "{by}, which is offered only at a lower priority, as {}",
                    list(universe, barred)
                ),
                _ if any_of
                    .iter()
                    .all(|&id| what == universe.get(id).name.as_str()) =>
                {
                    by
                }
                [one] => format!("{by}, which is {}", shown(universe, one)),
                _ => format!("{by}, which is one of {}", list(universe, any_of)),
            }
        }
        Fact::Conflicts { by, what, with } => {
            let (by, package) = (subject(*by), universe.get(*with));
            let with = shown(universe, *with);
            if what.split(' ').next() == Some(package.name.as_str()) {
                format!("{by} conflicts with {what}, and {with} is that")
            } else {
                format!("{by} conflicts with {what}, which {with} provides")
            }
        }
        Fact::OneVersion { one, other } => format!(
            "only one of {} and {} can be installed",
            shown(universe, *one),
            shown(universe, *other)
        ),
        Fact::Excluded { package } => {
            format!("the manifest excludes {}", universe.get(*package).name)
        }
    }
}

fn shown(universe: &dyn Universe, id: PackageId) -> String {
    let package = universe.get(id);
    format!("{} {}", package.name, package.version)
}

fn list(universe: &dyn Universe, ids: &[PackageId]) -> String {
    let mut names: Vec<String> = ids.iter().map(|&id| shown(universe, id)).collect();
    let more = names.len().saturating_sub(MAX_NAMES);
    if more > 0 {
        names.truncate(MAX_NAMES);
        names.push(format!("{more} more"));
    }
    match names.pop() {
        Some(last) if !names.is_empty() => format!("{} and {last}", names.join(", ")),
        last => last.unwrap_or_default(),
    }
}
