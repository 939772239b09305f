//! The way through a script that is certain.

use std::collections::BTreeMap;

use super::lex::{Redirect, Word, tokens};
use super::parse::{Kind, List, Statement, parse};
use super::{MAX_SCRIPT, Unreadable, test};

/// A command that is certain to run.
#[derive(Debug, Clone)]
pub(in crate::distro) struct Command<'a> {
    /// Its name and arguments; `None` for one that only a shell could make.
    pub(in crate::distro) words: &'a [Option<String>],
    /// The file that its output goes to.
    pub(in crate::distro) output: Option<Output>,
    /// The here-document that it reads.
    pub(in crate::distro) input: Option<String>,
}

/// A file that a command's output goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::distro) struct Output {
    /// As written.
    pub(in crate::distro) path: String,
    /// `>>`
    pub(in crate::distro) append: bool,
}

/// What became of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::distro) enum Outcome {
    /// It has been carried out.
    Done,
    /// It has no effect here.
    Nothing,
    /// It is not understood.
    Unknown,
}

/// What carries commands out.
pub(in crate::distro) trait Machine {
    /// The value of a variable that does not depend on where the script runs: `1`, `2`, ...; what a
    /// command prints is asked for as `(command -v ls)`.
    fn variable(&self, name: &str) -> Option<String>;

    /// Whether a command succeeds whose success is a condition; `None` where that is not known. A
    /// file's test comes as `test -e PATH`.
    fn holds(&mut self, words: &[String]) -> Option<bool>;

    /// Carries a command out.
    fn run(&mut self, command: &Command<'_>) -> Outcome;
}

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
    let mut walk = Walk::new(text, machine);
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
enum Flow {
    On,
    End,
}

/// A script being read.
pub(super) struct Walk<'a> {
    text: &'a str,
    machine: &'a mut dyn Machine,
    /// Names that the script gives a meaning of its own, and whether calling one may end it.
    functions: BTreeMap<String, bool>,
    /// Whether the script may have ended, or changed what its commands mean.
    in_doubt: bool,
    /// Whether `$1` is still what the script was called with.
    pub(super) positional: bool,
    /// Whether the last command is known to have succeeded.
    succeeded: bool,
    reading: Reading,
}

/// The longest text of an undone statement, in characters.
const MAX_TEXT: usize = 160;

impl<'a> Walk<'a> {
    pub(super) fn new(text: &'a str, machine: &'a mut dyn Machine) -> Self {
        Self {
            text,
            machine,
            functions: BTreeMap::new(),
            in_doubt: false,
            positional: true,
            succeeded: true,
            reading: Reading::default(),
        }
    }
}

impl Walk<'_> {
    fn undone(&mut self, statement: &Statement) {
        let text = self.text.get(statement.start..statement.end);
        let words = text.unwrap_or_default().split_whitespace();
        let words: Vec<&str> = words.filter(|word| *word != "\\").collect();
        let mut line = words.join(" ");
        if let Some((at, _)) = line.char_indices().nth(MAX_TEXT) {
            line.truncate(at);
            line.push('…');
        }
        self.reading.undone.push(line);
        self.in_doubt |= self.changes_course(statement, false);
    }

    fn list(&mut self, list: &List) -> Flow {
        for statement in list {
            if self.statement(statement) == Flow::End {
                return Flow::End;
            }
        }
        Flow::On
    }

    fn statement(&mut self, statement: &Statement) -> Flow {
        match &statement.kind {
            Kind::Simple { words, redirects } => self.simple(statement, words, redirects),
            Kind::Group(inner) => self.list(inner),
            Kind::Function { name, body } => {
                let ends = self.changes_course(body, true);
                self.functions.insert(name.clone(), ends);
                Flow::On
            }
            Kind::Not(inner) => self.statement(inner),
            Kind::If { arms, otherwise } => {
                for (condition, then) in arms {
                    match self.decide_list(condition) {
                        Some(true) => return self.list(then),
                        Some(false) => {}
                        None => {
                            self.undecided(statement);
                            return Flow::On;
                        }
                    }
                }
                self.list(otherwise)
            }
            Kind::Case { subject, arms } => self.case(statement, subject, arms),
            Kind::Chain { first, rest } => self.chain(statement, first, rest),
            Kind::Loop(_)
            | Kind::Subshell(_)
            | Kind::Background(_)
            | Kind::Pipeline(_)
            | Kind::Redirected(_) => {
                self.undecided(statement);
                Flow::On
            }
        }
    }

    /// Passes a statement of which it is not known what happens in it: it is undone, unless nothing
    /// can happen in it but that it ends the script.
    fn undecided(&mut self, statement: &Statement) {
        match self.only_talks(statement) {
            true => self.in_doubt |= self.changes_course(statement, false),
            false => self.undone(statement),
        }
    }

    fn case(&mut self, statement: &Statement, subject: &Word, arms: &[(Vec<Word>, List)]) -> Flow {
        let Some(subject) = self.expand(subject).map(|words| words.concat()) else {
            self.undecided(statement);
            return Flow::On;
        };
        for (patterns, then) in arms {
            for pattern in patterns {
                match self.matches(pattern, &subject) {
                    Some(true) => return self.list(then),
                    Some(false) => {}
                    None => {
                        self.undecided(statement);
                        return Flow::On;
                    }
                }
            }
        }
        Flow::On
    }

    /// Whether a pattern of `case` fits: a plain word, or `*` alone.
    pub(super) fn matches(&self, pattern: &Word, subject: &str) -> Option<bool> {
        match self.expand(pattern) {
            Some(words) => Some(words.concat() == subject),
            None if pattern.is_star => Some(true),
            None => None,
        }
    }

    /// `a && b || c`: what follows a condition that holds, or a command that was carried out.
    fn chain(
        &mut self,
        statement: &Statement,
        first: &Statement,
        rest: &[(&'static str, Statement)],
    ) -> Flow {
        let mut truth = match self.decide(first) {
            Some(truth) => truth,
            None => {
                let before = self.reading.undone.len();
                if self.statement(first) == Flow::End {
                    return Flow::End;
                }
                if self.reading.undone.len() > before || !self.succeeded {
                    let fallback = |(operator, next): &(&str, Statement)| {
                        *operator == "||" && self.only_talks(next)
                    };
                    if !rest.iter().all(fallback) {
                        self.reading.undone.truncate(before);
                        self.undecided(statement);
                    }
                    return Flow::On;
                }
                true
            }
        };
        for (at, (operator, next)) in rest.iter().enumerate() {
            if truth != (*operator == "&&") {
                continue;
            }
            match self.decide(next) {
                Some(decided) => truth = decided,
                None => {
                    let before = self.reading.undone.len();
                    if self.statement(next) == Flow::End {
                        return Flow::End;
                    }
                    truth = true;
                    // How it ended is not known: what hangs on it is not either.
                    if self.reading.undone.len() > before || !self.succeeded {
                        let left = &rest[at + 1..];
                        if !left.iter().all(|(_, next)| self.only_talks(next)) {
                            self.undone(statement);
                        }
                        return Flow::On;
                    }
                }
            }
        }
        Flow::On
    }

    pub(super) fn expand(&self, word: &Word) -> Option<Vec<String>> {
        word.expand(&|name| {
            let positional = name.bytes().all(|byte| byte.is_ascii_digit());
            match positional && !self.positional {
                true => None,
                false => self.machine.variable(name),
            }
        })
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
                let mut truth = self.decide(first);
                for (operator, next) in rest {
                    let next = self.decide(next);
                    truth = match *operator {
                        "&&" => test::and(truth, next),
                        _ => test::or(truth, next),
                    };
                }
                truth
            }
            Kind::Simple { words, redirects } if redirects.iter().all(Redirect::is_quiet) => {
                let words = self.words(words);
                let Some(Some(name)) = words.first() else {
                    return None;
                };
                if self.functions.contains_key(name) {
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
                let machine = &mut *self.machine;
                test::decide(operands, &mut |operator, path| {
                    machine.holds(&["test".into(), operator.into(), path.into()])
                })
            }
            _ => None,
        }
    }

    fn simple(&mut self, statement: &Statement, words: &[Word], redirects: &[Redirect]) -> Flow {
        let assignments = words.iter().take_while(|word| word.assigns).count();
        if words[..assignments].iter().any(|word| word.substitutes) {
            self.undone(statement);
            return Flow::On;
        }
        let words = self.words(&words[assignments..]);
        let Some(name) = words.first() else {
            // Nothing but assignments and redirections: `> FILE` makes one.
            if !redirects.iter().all(Redirect::is_quiet) {
                self.undone(statement);
            }
            return Flow::On;
        };
        let Some(name) = name.clone() else {
            self.undone(statement);
            return Flow::On;
        };
        if self.functions.contains_key(&name) {
            self.undone(statement);
            return Flow::On;
        }
        match name.as_str() {
            "exit" | "return" => return Flow::End,
            "set" => {
                let options = |word: &Option<String>| {
                    word.as_ref()
                        .is_some_and(|word| word.len() > 1 && word.starts_with(['-', '+']))
                };
                // `set -- a b` gives `$1` another meaning.
                let plain = words[1..].iter().all(options) && !words.contains(&Some("--".into()));
                self.positional &= plain;
                return Flow::On;
            }
            "shift" => {
                self.positional = false;
                return Flow::On;
            }
            _ => {}
        }
        let last = name == "exec" && words.len() > 1;
        let words = if last { &words[1..] } else { &words[..] };
        if !self.command(words, redirects) {
            self.undone(statement);
        }
        if last { Flow::End } else { Flow::On }
    }

    /// Whether a command could be carried out, or needs not be.
    fn command(&mut self, words: &[Option<String>], redirects: &[Redirect]) -> bool {
        let mut output = None;
        let mut input = None;
        for redirect in redirects.iter().filter(|redirect| !redirect.is_quiet()) {
            let target = self.expand(&redirect.target).map(|words| words.concat());
            let Some(target) = target else {
                return false;
            };
            match (redirect.operator, redirect.number) {
                (">" | ">|" | ">>", None | Some(1)) if output.is_none() => {
                    output = Some(Output {
                        path: target,
                        append: redirect.operator == ">>",
                    });
                }
                ("<<", None | Some(0)) => input = Some(target),
                _ => return false,
            }
        }
        let command = Command {
            words,
            output,
            input,
        };
        self.succeeded = true;
        if talks(words, command.output.is_some()) {
            self.succeeded = !is_test(words);
            return true;
        }
        if self.in_doubt {
            return false;
        }
        match self.machine.run(&command) {
            Outcome::Done => {
                self.reading.acted = true;
                true
            }
            Outcome::Nothing => {
                self.succeeded = false;
                true
            }
            Outcome::Unknown => false,
        }
    }

    /// Whether nothing but messages comes of a statement.
    fn only_talks(&self, statement: &Statement) -> bool {
        let all = |list: &List| list.iter().all(|statement| self.only_talks(statement));
        match &statement.kind {
            Kind::Simple { words, redirects } => {
                let known = self.words(words);
                let name = known.first().cloned().flatten();
                redirects.iter().all(Redirect::is_quiet)
                    && !words.iter().any(|word| word.substitutes)
                    && !name
                        .as_ref()
                        .is_some_and(|name| self.functions.contains_key(name))
                    && (talks(&known, false) || matches!(name.as_deref(), Some("exit" | "return")))
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
                !subject.substitutes && arms.iter().all(|(_, then)| all(then))
            }
            _ => false,
        }
    }

    /// Whether a statement that was not read may end the script or change what later commands mean;
    /// inside a function `return` does not.
    fn changes_course(&self, statement: &Statement, in_function: bool) -> bool {
        let changes = |statement: &Statement| self.changes_course(statement, in_function);
        let any = |list: &List| list.iter().any(changes);
        match &statement.kind {
            Kind::Simple { words, .. } => {
                let mut words = words.iter().skip_while(|word| word.assigns);
                // A command whose name is not known may be any of these.
                words.next().is_some_and(|word| match word.keyword() {
                    // Where the script fails nothing is installed.
                    Some("exit") => matches!(
                        words.next().map(Word::keyword),
                        None | Some(Some("0") | None)
                    ),
                    None | Some("exec" | "." | "source" | "eval" | "alias") => true,
                    Some("return" | "shift" | "set") => !in_function,
                    Some(name) => self.functions.get(name).copied().unwrap_or_default(),
                })
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
            Kind::Loop(inner) | Kind::Group(inner) => any(inner),
            // What happens in a process of its own stays there.
            Kind::Subshell(_) | Kind::Background(_) | Kind::Pipeline(_) => false,
            Kind::Function { .. } => true,
        }
    }
}

/// Whether a command is a condition, which holds or not.
fn is_test(words: &[Option<String>]) -> bool {
    let name = words.first().and_then(Option::as_deref);
    matches!(name, Some("[" | "[[" | "test" | "false"))
}

/// Whether a command only prints something, or does nothing at all.
fn talks(words: &[Option<String>], into_file: bool) -> bool {
    let name = words.first().and_then(Option::as_deref);
    match name {
        Some(":" | "true" | "false" | "echo" | "printf" | "cat" | "[" | "[[" | "test") => {
            !into_file
        }
        _ => false,
    }
}
