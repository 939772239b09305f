//! What can be said of statements without knowing whether they run.

use std::collections::BTreeSet;

use super::parse::{Kind, List, Statement};
use super::test;
use super::walk::Walk;
use super::word::{Redirect, Word};

/// What a script gives a meaning of its own, anywhere in it.
#[derive(Default)]
pub(super) struct Known<'a> {
    pub(super) functions: BTreeSet<String>,
    pub(super) bodies: Vec<&'a Statement>,
    pub(super) assigned: BTreeSet<String>,
}

impl<'a> Known<'a> {
    pub(super) fn list(&mut self, list: &'a List) {
        for statement in list {
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &'a Statement) {
        match &statement.kind {
            Kind::Simple { words, .. } => {
                let name = words.first().and_then(Word::keyword);
                // `read X` and the like name what they change.
                let all = matches!(
                    name,
                    Some("read" | "export" | "local" | "readonly" | "unset" | "getopts")
                );
                for word in words {
                    let text = word.literal();
                    let name = text.split('=').next().unwrap_or_default();
                    if word.assigns || all {
                        self.assigned.insert(name.to_owned());
                    }
                }
            }
            Kind::Chain { first, rest } => {
                self.statement(first);
                for (_, next) in rest {
                    self.statement(next);
                }
            }
            Kind::Function { name, body } => {
                self.functions.insert(name.clone());
                self.bodies.push(body);
                self.statement(body);
            }
            Kind::If { arms, otherwise } => {
                for (condition, then) in arms {
                    self.list(condition);
                    self.list(then);
                }
                self.list(otherwise);
            }
            Kind::Case { arms, .. } => {
                for (_, then) in arms {
                    self.list(then);
                }
            }
            Kind::Not(inner) | Kind::Background(inner) | Kind::Redirected(inner) => {
                self.statement(inner);
            }
            Kind::Pipeline(inner) | Kind::Group(inner) | Kind::Subshell(inner) => self.list(inner),
            Kind::Loop(inner, name) => {
                self.assigned.extend(name.clone());
                self.list(inner);
            }
        }
    }
}

impl Walk<'_> {
    /// Whether a pattern of `case` fits: a plain word, or `*` alone.
    pub(super) fn matches(&self, pattern: &Word, subject: &str) -> Option<bool> {
        match self.expand(pattern) {
            Some(words) => Some(words.concat() == subject),
            None if pattern.is_star => Some(true),
            None => None,
        }
    }

    pub(super) fn decide_list(&mut self, list: &List) -> Option<bool> {
        match &list[..] {
            [only] => self.decide(only),
            _ => None,
        }
    }

    /// Whether a statement succeeds, where that is known beforehand.
    pub(super) fn decide(&mut self, statement: &Statement) -> Option<bool> {
        match &statement.kind {
            Kind::Not(inner) => self.decide(inner).map(|truth| !truth),
            Kind::Group(inner) => self.decide_list(inner),
            Kind::Chain { first, rest } => {
                // What a part does beside answering must not get lost.
                let harmless = |walk: &Self, part: &Statement, truth: Option<bool>| {
                    truth.is_some() || walk.only_talks(part) && !walk.changes_course(part, false)
                };
                let mut truth = self.decide(first);
                if !harmless(self, first, truth) {
                    return None;
                }
                for (operator, part) in rest {
                    let joins = *operator == "&&";
                    if truth == Some(!joins) {
                        // It is not run.
                        continue;
                    }
                    let next = self.decide(part);
                    if !harmless(self, part, next) {
                        return None;
                    }
                    truth = match joins {
                        true => test::and(truth, next),
                        false => test::or(truth, next),
                    };
                }
                truth
            }
            Kind::Simple { words, redirects } if redirects.iter().all(Redirect::is_quiet) => {
                if words.first().is_some_and(|word| word.assigns) || self.runs_within(words) {
                    return None;
                }
                // In double brackets a word stays one even where nothing is left of it.
                let double = words.first().and_then(Word::keyword) == Some("[[");
                if double && words.iter().any(Word::may_vanish) {
                    return None;
                }
                let words = self.words(words);
                let Some(Some(name)) = words.first() else {
                    return None;
                };
                if self.functions.contains(name) || self.in_doubt {
                    return None;
                }
                let operands = match (name.as_str(), words.last().and_then(Option::as_deref)) {
                    ("[", Some("]")) | ("[[", Some("]]")) => &words[1..words.len() - 1],
                    ("test", _) => &words[1..],
                    _ => {
                        let words: Option<Vec<String>> = words.into_iter().collect();
                        return self.machine.holds(&words?);
                    }
                };
                if operands.contains(&None) {
                    // It may be several words, or none.
                    return None;
                }
                let machine = &mut *self.machine;
                test::decide(operands, &mut |operator, path| {
                    machine.holds(&["test".into(), operator.into(), path.into()])
                })
            }
            _ => None,
        }
    }

    /// Whether nothing but messages comes of a statement, and perhaps the end of the script.
    pub(super) fn only_talks(&self, statement: &Statement) -> bool {
        let all = |list: &List| list.iter().all(|statement| self.only_talks(statement));
        match &statement.kind {
            Kind::Simple { words, redirects } => {
                let known = self.words(words);
                let name = known.first().cloned().flatten();
                let name = name.unwrap_or_default();
                redirects.iter().all(Redirect::is_quiet)
                    && !self.runs_within(words)
                    && !self.has_function(&name)
                    && (talks(&known).is_some() || matches!(name.as_str(), "exit" | "return"))
            }
            Kind::Pipeline(inner) | Kind::Group(inner) | Kind::Subshell(inner) => all(inner),
            Kind::Not(inner) => self.only_talks(inner),
            Kind::Chain { first, rest } => {
                self.only_talks(first) && rest.iter().all(|(_, next)| self.only_talks(next))
            }
            Kind::If { arms, otherwise } => {
                let arm = |(condition, then): &(List, List)| all(condition) && all(then);
                arms.iter().all(arm) && all(otherwise)
            }
            Kind::Case { subject, arms } => {
                let plain = |(patterns, then): &(Vec<Word>, List)| {
                    !patterns.iter().any(|pattern| pattern.substitutes) && all(then)
                };
                !subject.substitutes && arms.iter().all(plain)
            }
            _ => false,
        }
    }

    /// Whether a statement that is not read may end the script or change what later commands mean;
    /// inside a function `return` does not.
    pub(super) fn changes_course(&self, statement: &Statement, in_function: bool) -> bool {
        let changes = |statement: &Statement| self.changes_course(statement, in_function);
        let any = |list: &List| list.iter().any(changes);
        match &statement.kind {
            Kind::Simple { words, .. } => {
                let mut words = words.iter().skip_while(|word| word.assigns);
                let Some(command) = words.next() else {
                    return false;
                };
                match command.keyword() {
                    // Where the script fails nothing is installed.
                    Some("exit") => match words.next().map(Word::keyword) {
                        Some(Some(code)) => code.parse::<u8>().map_or(true, |code| code == 0),
                        _ => true,
                    },
                    // A command whose name is not known may be any of these.
                    None => true,
                    Some(
                        "exec" | "." | "source" | "eval" | "alias" | "unalias" | "command"
                        | "builtin" | "enable" | "trap" | "umask",
                    ) => true,
                    Some("set") if words.clone().any(|word| word.literal().contains('n')) => true,
                    Some("return" | "shift" | "set") => !in_function,
                    Some(name) => self.has_function(name) && (in_function || self.functions_end()),
                }
            }
            Kind::Chain { first, rest } => {
                changes(first) || rest.iter().any(|(_, next)| changes(next))
            }
            Kind::Not(inner) | Kind::Redirected(inner) => changes(inner),
            Kind::If { arms, otherwise } => {
                let arm = |(condition, then): &(List, List)| any(condition) || any(then);
                arms.iter().any(arm) || any(otherwise)
            }
            Kind::Case { arms, .. } => arms.iter().any(|(_, then)| any(then)),
            Kind::Loop(inner, _) | Kind::Group(inner) => any(inner),
            // What happens in a process of its own stays there.
            Kind::Subshell(_) | Kind::Background(_) | Kind::Pipeline(_) => false,
            // Names count from the start, wherever they are given a meaning.
            Kind::Function { .. } => false,
        }
    }
}

/// How a command ends that only prints something or does nothing at all; `None` for any other.
pub(super) fn talks(words: &[Option<String>]) -> Option<Option<bool>> {
    let name = words.first().and_then(Option::as_deref);
    match name? {
        ":" | "true" | "echo" => Some(Some(true)),
        // It fails where a format and its operands do not agree.
        "printf" => match words.get(1) {
            Some(Some(format)) if !format.contains('%') => Some(Some(true)),
            _ => Some(None),
        },
        "false" => Some(Some(false)),
        "cat" if words.len() == 1 => Some(Some(true)),
        // Where relative paths begin: none is understood anyway.
        "cat" | "cd" | "[" | "[[" | "test" => Some(None),
        _ => None,
    }
}
