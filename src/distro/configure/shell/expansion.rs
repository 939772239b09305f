//! The ends of expansions and substitutions, whose inside is not read.

use super::Unreadable;
use super::lex::Lexer;

impl Lexer<'_> {
    /// The text up to the brace that ends an expansion, whose beginning has been taken.
    pub(super) fn braced(&mut self, quoted: bool) -> Result<String, Unreadable> {
        let start = self.at;
        self.nested('{', '}')?;
        let inside = &self.text[start..self.at - 1];
        // Inside double quotes an apostrophe is one, elsewhere it quotes.
        match quoted && inside.contains('\'') {
            true => Err(Unreadable),
            false => Ok(inside.to_owned()),
        }
    }

    pub(super) fn parenthesised(&mut self) -> Result<(), Unreadable> {
        let start = self.at;
        self.nested('(', ')')?;
        let inside = &self.text[start..self.at];
        // Comments and here-documents may hold brackets and quotes that are none.
        let mut before = '(';
        let comment = inside.chars().any(|c| {
            let begins = c == '#' && (before.is_whitespace() || "(;|&`".contains(before));
            before = c;
            begins
        });
        match comment || inside.contains("<<") {
            true => Err(Unreadable),
            false => Ok(()),
        }
    }

    /// Passes what stands between brackets, quotes in it left alone.
    fn nested(&mut self, open: char, close: char) -> Result<(), Unreadable> {
        let mut depth = 1_usize;
        let mut before = open;
        while depth > 0 {
            let c = self.next().ok_or(Unreadable)?;
            let last = std::mem::replace(&mut before, c);
            match c {
                '\\' => {
                    self.next();
                }
                '\'' => self.at += self.rest().find('\'').ok_or(Unreadable)? + 1,
                '"' => loop {
                    match self.next().ok_or(Unreadable)? {
                        '"' => break,
                        '\\' => {
                            self.next();
                        }
                        _ => {}
                    }
                },
                // A brace nests behind a dollar sign alone.
                '{' if open == '{' && last != '$' => return Err(Unreadable),
                c if c == open => depth += 1,
                c if c == close => depth -= 1,
                _ => {}
            }
        }
        Ok(())
    }

    pub(super) fn backquote(&mut self) -> Result<(), Unreadable> {
        loop {
            match self.next().ok_or(Unreadable)? {
                '`' => return Ok(()),
                '\\' => {
                    self.next();
                }
                _ => {}
            }
        }
    }
}
