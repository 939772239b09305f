//! The way through a script that is certain.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::judge::{self, talks};
use super::lex::tokens;
use super::machine::{Command, Machine, Outcome, Output};
use super::parse::{Kind, List, Statement, parse};
use super::word::{Redirect, Word};
use super::{MAX_SCRIPT, Unreadable};

/// What came of reading a script.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::distro) struct Reading {
    /// Whether anything was carried out.
    pub(in crate::distro) acted: bool,
    /// The statements that were not, shortened, in the script's order.
    pub(in crate::distro) undone: Vec<String>,
}

/// Reads `script`, and has `machine` carry out what is certain.
///
/// # Errors
/// When it is no shell script, or one beyond what is understood; nothing is carried out then.
pub(in crate::distro) fn read(
    script: &[u8],
    machine: &mut dyn Machine,
) -> Result<Reading, Unreadable> {
    let (text, list) = statements(script)?;
    let mut walk = Walk::new(text, &list, machine);
    walk.list(&list);
    Ok(walk.reading)
}

/// A script's text and statements.
pub(super) fn statements(script: &[u8]) -> Result<(&str, List), Unreadable> {
    let text = std::str::from_utf8(script).map_err(|_| Unreadable)?;
    if text.len() > MAX_SCRIPT || !is_shell(text) {
        return Err(Unreadable);
    }
    Ok((text, parse(&tokens(text)?)?))
}

/// Whether the first line names a shell.
fn is_shell(text: &str) -> bool {
    let Some(line) = text.lines().next().and_then(|line| line.strip_prefix("#!")) else {
        return false;
    };
    let mut words = line.split_ascii_whitespace();
    let base = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    match words.next().map(base).as_deref() {
        Some("sh" | "bash" | "dash" | "ash") => true,
        Some("busybox" | "env") => matches!(words.next(), Some("sh" | "ash" | "bash")),
        _ => false,
    }
}

/// Whether the script goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    On,
    End,
}

/// How a statement ended, as far as that is known: `$?` is zero or not.
type Status = Option<bool>;

/// A script being read.
pub(super) struct Walk<'a> {
    text: &'a str,
    pub(super) machine: &'a mut dyn Machine,
    /// Names that the script gives a meaning of its own.
    pub(super) functions: BTreeSet<String>,
    /// Whether any of them may end the script.
    functions_end: bool,
    /// Variables that the script gives a value.
    assigned: BTreeSet<String>,
    /// By variable, whether the script only reads it.
    read_only: RefCell<BTreeMap<String, bool>>,
    /// Whether the script may have ended, or changed what its commands mean.
    pub(super) in_doubt: bool,
    /// Whether `$1` is still what the script was called with.
    positional: bool,
    reading: Reading,
}

/// The longest text of an undone statement, in characters.
const MAX_TEXT: usize = 160;

impl<'a> Walk<'a> {
    pub(super) fn new(text: &'a str, list: &List, machine: &'a mut dyn Machine) -> Self {
        let mut known = judge::Known::default();
        known.list(list);
        let judge::Known {
            functions,
            bodies,
            assigned,
        } = known;
        let mut walk = Self {
            text,
            machine,
            functions,
            functions_end: false,
            assigned,
            read_only: RefCell::default(),
            in_doubt: false,
            positional: true,
            reading: Reading::default(),
        };
        walk.functions_end = bodies.iter().any(|body| walk.changes_course(body, true));
        walk
    }
}

impl Walk<'_> {
    pub(super) fn has_function(&self, name: &str) -> bool {
        self.functions.contains(name)
    }

    /// Whether calling a function of the script may end it.
    pub(super) fn functions_end(&self) -> bool {
        self.functions_end
    }

    pub(super) fn shift(&mut self) {
        self.positional = false;
    }

    fn undone(&mut self, statement: &Statement) {
        let text = self.text.get(statement.start..statement.end);
        let words = text.unwrap_or_default().split_whitespace();
        let words: Vec<&str> = words.filter(|word| *word != "\\").collect();
        // What cannot be shown is not what matters in it.
        let mut line = words.join(" ").replace(char::is_control, "\u{fffd}");
        if let Some((at, _)) = line.char_indices().nth(MAX_TEXT) {
            line.truncate(at);
            line.push('…');
        }
        self.reading.undone.push(line);
        self.in_doubt |= self.changes_course(statement, false);
    }

    /// Passes a statement of which it is not known whether it happens, or what: it is undone, unless
    /// nothing can happen in it but that it ends the script.
    fn perhaps(&mut self, statement: &Statement) -> (Flow, Status) {
        match self.only_talks(statement) {
            true => self.in_doubt |= self.changes_course(statement, false),
            false => self.undone(statement),
        }
        (Flow::On, None)
    }

    fn list(&mut self, list: &List) -> (Flow, Status) {
        let mut status = Some(true);
        for statement in list {
            let (flow, last) = self.statement(statement);
            if flow == Flow::End {
                return (flow, None);
            }
            status = last;
        }
        (Flow::On, status)
    }

    fn statement(&mut self, statement: &Statement) -> (Flow, Status) {
        match &statement.kind {
            Kind::Simple { words, redirects } => self.simple(statement, words, redirects),
            Kind::Group(inner) => self.list(inner),
            Kind::Function { .. } => (Flow::On, Some(true)),
            Kind::Not(inner) => {
                let (flow, status) = self.statement(inner);
                (flow, status.map(|truth| !truth))
            }
            Kind::If { arms, otherwise } => {
                for (condition, then) in arms {
                    match self.decide_list(condition) {
                        Some(true) => return self.list(then),
                        Some(false) => {}
                        None => return self.perhaps(statement),
                    }
                }
                self.list(otherwise)
            }
            Kind::Case { subject, arms } => {
                let Some(subject) = self.expand(subject).map(|words| words.concat()) else {
                    return self.perhaps(statement);
                };
                for (patterns, then) in arms {
                    for pattern in patterns {
                        match self.matches(pattern, &subject) {
                            Some(true) => return self.list(then),
                            Some(false) => {}
                            None => return self.perhaps(statement),
                        }
                    }
                }
                (Flow::On, Some(true))
            }
            Kind::Chain { first, rest } => self.chain(statement, first, rest),
            Kind::Loop(..)
            | Kind::Subshell(_)
            | Kind::Background(_)
            | Kind::Pipeline(_)
            | Kind::Redirected(_) => self.perhaps(statement),
        }
    }

    /// `a && b || c`: each happens if what is before it is known to have ended so; where that is not
    /// known, it may happen or not.
    fn chain(
        &mut self,
        statement: &Statement,
        first: &Statement,
        rest: &[(&'static str, Statement)],
    ) -> (Flow, Status) {
        let before = self.reading.undone.len();
        let mut next = Some(first);
        let mut rest = rest.iter();
        let mut status = Some(true);
        let mut whole = false;
        loop {
            if let Some(link) = next {
                status = match (status, self.decide(link)) {
                    (None, _) => {
                        // Its own condition does not matter: it may not even be asked.
                        whole |= !self.only_talks(link);
                        self.in_doubt |= self.changes_course(link, false);
                        None
                    }
                    (Some(_), Some(truth)) => Some(truth),
                    (Some(_), None) => {
                        let (flow, status) = self.statement(link);
                        if flow == Flow::End {
                            return (flow, None);
                        }
                        status
                    }
                };
            }
            let Some((operator, link)) = rest.next() else {
                break;
            };
            next = match status {
                Some(truth) if truth != (*operator == "&&") => None,
                _ => Some(link),
            };
        }
        if whole {
            self.reading.undone.truncate(before);
            self.undone(statement);
        }
        (Flow::On, status)
    }

    pub(super) fn expand(&self, word: &Word) -> Option<Vec<String>> {
        word.expand(&|name| {
            let positional = name.bytes().all(|byte| byte.is_ascii_digit());
            let program = name.strip_prefix("(command -v ");
            let program = program.map(|rest| rest.trim_end_matches(')'));
            let changed = match program {
                Some(program) => self.functions.contains(program) || self.assigned.contains("PATH"),
                None if positional => !self.positional,
                None => self.assigned.contains(name) || !self.only_reads(name),
            };
            // Another separator would make other words of a value.
            match changed || self.assigned.contains("IFS") {
                true => None,
                false => self.machine.variable(name),
            }
        })
    }

    /// Whether a script only ever reads a variable: every mention of its name is `$NAME`, `${NAME}`,
    /// `${NAME:-...}` or `${NAME:+...}`.
    fn only_reads(&self, name: &str) -> bool {
        if let Some(known) = self.read_only.borrow().get(name) {
            return *known;
        }
        let reads = self.text.match_indices(name).all(|(at, _)| {
            let before = self.text.get(..at).unwrap_or_default();
            let behind = self.text.get(at + name.len()..).unwrap_or_default();
            let bare = before.ends_with('$') && !behind.starts_with(['=', '+']);
            let braced = before.ends_with("${")
                && ["}", ":-", ":+"].iter().any(|end| behind.starts_with(end));
            bare || braced
        });
        self.read_only.borrow_mut().insert(name.to_owned(), reads);
        reads
    }

    /// The words as far as they are known.
    pub(super) fn words(&self, words: &[Word]) -> Vec<Option<String>> {
        let mut out = Vec::with_capacity(words.len());
        for word in words {
            match self.expand(word) {
                Some(words) => out.extend(words.into_iter().map(Some)),
                None => out.push(None),
            }
        }
        out
    }

    /// Whether a command is run for a word, other than one that only looks for a program.
    pub(super) fn runs_within(&self, words: &[Word]) -> bool {
        words
            .iter()
            .any(|word| word.substitutes && self.expand(word).is_none())
    }

    fn simple(
        &mut self,
        statement: &Statement,
        words: &[Word],
        redirects: &[Redirect],
    ) -> (Flow, Status) {
        let unknown = |walk: &mut Self| {
            walk.undone(statement);
            (Flow::On, None)
        };
        if self.runs_within(words) {
            return unknown(self);
        }
        let assignments = words.iter().take_while(|word| word.assigns).count();
        let words = self.words(&words[assignments..]);
        let Some(name) = words.first() else {
            // Nothing but assignments and redirections: `> FILE` makes one.
            return match redirects.iter().all(Redirect::is_quiet) {
                true => (Flow::On, Some(true)),
                false => unknown(self),
            };
        };
        let Some(name) = name.clone().filter(|name| !self.functions.contains(name)) else {
            return unknown(self);
        };
        match name.as_str() {
            "exit" | "return" => return (Flow::End, None),
            "set" => {
                let options = |word: &Option<String>| {
                    word.as_ref().is_some_and(|word| {
                        word.len() > 1 && word.starts_with(['-', '+']) && !word.contains('n')
                    })
                };
                let plain = words[1..].iter().all(options);
                let mut before = words[1..].iter();
                let mut before = before
                    .by_ref()
                    .take_while(|word| word.as_deref() != Some("--"));
                let stops = before.any(|word| word.as_ref().is_none_or(|word| word.contains('n')));
                let stays = plain && !words.contains(&Some("--".into()));
                // `set -- a b` gives `$1` another meaning, and `set -n` reads on without running.
                self.positional &= stays;
                self.in_doubt |= stops || !plain && !words.contains(&Some("--".into()));
                return (Flow::On, Some(true));
            }
            "shift" => {
                self.positional = false;
                return (Flow::On, None);
            }
            _ => {}
        }
        let last = name == "exec" && words.len() > 1;
        let words = if last { &words[1..] } else { &words[..] };
        let status = match self.command(words, redirects) {
            Some(status) => status,
            None => {
                self.undone(statement);
                None
            }
        };
        let flow = if last { Flow::End } else { Flow::On };
        (flow, status)
    }

    /// How a command ended; `None` where it could not be carried out.
    fn command(&mut self, words: &[Option<String>], redirects: &[Redirect]) -> Option<Status> {
        let mut output = None;
        let mut input = None;
        for redirect in redirects {
            let of_output = matches!(redirect.number, None | Some(1));
            let writes = redirect.operator.starts_with('>') && of_output;
            if redirect.is_quiet() {
                // Behind a file this is where the text goes.
                if writes && output.is_some()
                    || redirect.operator.starts_with('<') && input.is_some()
                {
                    return None;
                }
                continue;
            }
            let target = self.expand(&redirect.target).map(|words| words.concat())?;
            match redirect.operator {
                ">" | ">|" | ">>" if writes && output.is_none() => {
                    output = Some(Output {
                        path: target,
                        append: redirect.operator == ">>",
                    });
                }
                "<<" if matches!(redirect.number, None | Some(0)) => input = Some(target),
                _ => return None,
            }
        }
        if output.is_none()
            && let Some(status) = talks(words)
        {
            return Some(status);
        }
        // Quiet redirections before a file are of no matter, after it they were refused.
        if self.in_doubt {
            return None;
        }
        let command = Command {
            words,
            output,
            input,
        };
        match self.machine.run(&command) {
            Outcome::Done => {
                self.reading.acted = true;
                Some(Some(true))
            }
            Outcome::Passed => {
                self.reading.acted = true;
                Some(None)
            }
            Outcome::Nothing => Some(None),
            Outcome::Unknown => None,
        }
    }
}
