//! The literal statements of a maintainer script. Nothing is run, and nothing is guessed.
//!
//! A script in; a [`Machine`] is told, in order, each command that is certain to run when the
//! package is installed for the first time, with all its words; what is not certain (a loop, a
//! condition that is not about the script's own arguments, a word that only a shell can make) comes
//! out as text. The grammar is that of POSIX XCU chapter 2 as far as scripts of packages go; a
//! script that does not follow it is not read at all.

mod expansion;
mod judge;
mod lex;
mod machine;
mod parse;
mod possible;
mod test;
mod walk;
mod word;

#[cfg(test)]
mod tests;

pub(in crate::distro) use machine::{Command, Machine, Outcome};
pub(in crate::distro) use possible::possible;
pub(in crate::distro) use walk::{Reading, read};

/// A script that cannot be read: another language, or nested and quoted beyond what is understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::distro) struct Unreadable;

/// More than any real script by a factor of ten.
const MAX_SCRIPT: usize = 1 << 20;

/// The words of one line of plain text, quoted as in a shell; `None` where there is more to it.
pub(in crate::distro) fn words(line: &str) -> Option<Vec<String>> {
    let tokens = lex::tokens(line).ok()?;
    let mut out = Vec::with_capacity(tokens.len());
    for spanned in tokens {
        match spanned.token {
            word::Token::Word(word) => out.extend(word.expand(&|_| None)?),
            _ => return None,
        }
    }
    Some(out)
}
