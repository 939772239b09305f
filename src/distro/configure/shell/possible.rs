//! Every command that a script may run, whatever its conditions come to.

use super::Unreadable;
use super::machine::{Command, Machine, Outcome};
use super::parse::{Kind, List, Statement};
use super::walk::{Walk, statements};
use super::word::{Redirect, Word};

/// Knows variables and nothing else.
struct Variables<'a>(&'a dyn Fn(&str) -> Option<String>);

impl Machine for Variables<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        self.0(name)
    }

    fn holds(&mut self, _: &[String]) -> Option<bool> {
        None
    }

    fn run(&mut self, _: &Command<'_>) -> Outcome {
        Outcome::Unknown
    }
}

/// The commands of `script` with their words, but for those in branches that are certain not to be
/// taken; functions count where they are defined.
///
/// # Errors
/// When it is no shell script, or one beyond what is understood.
pub(in crate::distro) fn possible(
    script: &[u8],
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<Vec<Option<String>>>, Unreadable> {
    let (text, list) = statements(script)?;
    let mut machine = Variables(variable);
    let mut visit = Visit {
        walk: Walk::new(text, &list, &mut machine),
        out: Vec::new(),
    };
    visit.list(&list);
    Ok(visit.out)
}

struct Visit<'a> {
    walk: Walk<'a>,
    out: Vec<Vec<Option<String>>>,
}

impl Visit<'_> {
    fn list(&mut self, list: &List) {
        for statement in list {
            self.statement(statement);
            // What is behind an exit that is certain in this list never runs in it.
            if let Kind::Simple { words, .. } = &statement.kind
                && words.first().and_then(Word::keyword) == Some("exit")
            {
                return;
            }
        }
    }

    fn statement(&mut self, statement: &Statement) {
        match &statement.kind {
            Kind::Simple { words, redirects } => self.simple(words, redirects),
            Kind::Chain { first, rest } => {
                let mut truth = self.walk.decide(first);
                self.statement(first);
                for (operator, next) in rest {
                    if truth != Some(*operator == "||") {
                        self.statement(next);
                        truth = self.walk.decide(next);
                    }
                }
            }
            Kind::If { arms, otherwise } => {
                for (condition, then) in arms {
                    let truth = self.walk.decide_list(condition);
                    self.list(condition);
                    if truth != Some(false) {
                        self.list(then);
                    }
                    if truth == Some(true) {
                        return;
                    }
                }
                self.list(otherwise);
            }
            Kind::Case { subject, arms } => {
                let subject = self.walk.expand(subject).map(|words| words.concat());
                for (patterns, then) in arms {
                    let fits = |pattern: &Word| match &subject {
                        Some(subject) => self.walk.matches(pattern, subject),
                        None => None,
                    };
                    let fits: Vec<Option<bool>> = patterns.iter().map(fits).collect();
                    if fits.iter().any(|fits| *fits != Some(false)) {
                        self.list(then);
                    }
                    if fits.contains(&Some(true)) {
                        return;
                    }
                }
            }
            Kind::Not(inner) | Kind::Background(inner) | Kind::Redirected(inner) => {
                self.statement(inner);
            }
            Kind::Function { body, .. } => self.statement(body),
            Kind::Pipeline(inner)
            | Kind::Loop(inner, _)
            | Kind::Group(inner)
            | Kind::Subshell(inner) => self.list(inner),
        }
    }

    fn simple(&mut self, words: &[Word], _: &[Redirect]) {
        let assignments = words.iter().take_while(|word| word.assigns).count();
        let words = self.walk.words(&words[assignments..]);
        // What `$1` is after that nobody knows.
        let name = words.first().and_then(Option::as_deref);
        if name == Some("shift") {
            self.walk.shift();
        }
        let before = ["exec", "command", "eval"];
        let skipped = words
            .iter()
            .take_while(|word| word.as_deref().is_some_and(|word| before.contains(&word)))
            .count();
        self.out.push(words[skipped..].to_vec());
    }
}
