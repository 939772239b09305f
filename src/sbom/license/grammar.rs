//! What people write between the names of licences: SPDX 2.3, annex D, and Debian's `License:`.

use super::expression::Expression;

/// What a space between two names means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spacing {
    /// Both licences apply, as in Alpine's older packages.
    Separates,
    /// It is one name with a space in it, which Debian's format forbids and its packages have.
    Joins,
}

/// Parentheses in parentheses.
const MAX_DEPTH: usize = 32;
/// Names and what is between them. Parts that say the same are there once, but must be read.
const MAX_TOKENS: usize = 4096;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// A name, with its exception where it has one: `GPL-2+ with Font exception`.
    Name(String),
    And,
    Or,
    Comma,
    Open,
    Close,
}

/// Reads an expression. `named` makes what a name stands for. `None` where it cannot be read.
pub(super) fn read(
    text: &str,
    spacing: Spacing,
    named: &mut dyn FnMut(&str) -> Expression,
) -> Option<Expression> {
    let tokens = tokens(text, spacing)?;
    let mut reader = Reader {
        tokens: tokens.iter().peekable(),
        spacing,
        named,
        depth: 0,
    };
    let expression = reader.list()?;
    reader.tokens.next().is_none().then_some(expression)
}

/// The words and signs of a text. A word `with` and what follows belong to the name before them.
fn tokens(text: &str, spacing: Spacing) -> Option<Vec<Token>> {
    let mut out: Vec<Token> = Vec::new();
    // Whether the next word goes on with the last name.
    let mut goes_on = false;
    for word in words(text) {
        if out.len() >= MAX_TOKENS {
            return None;
        }
        let token = match word.to_ascii_lowercase().as_str() {
            // Who writes `and/or` leaves open whether there is a choice: whoever keeps to both is
            // right in any case.
            "and" | "&" | "&&" | "and/or" => Token::And,
            "or" | "|" | "||" => Token::Or,
            "," | ";" => Token::Comma,
            "(" => Token::Open,
            ")" => Token::Close,
            lower => {
                let with = lower == "with";
                match out.last_mut() {
                    Some(Token::Name(name)) if with || goes_on || spacing == Spacing::Joins => {
                        name.push(' ');
                        name.push_str(word);
                    }
                    // The one name of two words that is common.
                    Some(Token::Name(name))
                        if lower == "domain" && name.eq_ignore_ascii_case("public") =>
                    {
                        name.push(' ');
                        name.push_str(word);
                    }
                    _ if with || spacing == Spacing::Separates && is_no_name(lower) => return None,
                    _ => out.push(Token::Name(word.to_owned())),
                }
                goes_on = with;
                continue;
            }
        };
        if goes_on {
            return None;
        }
        out.push(token);
    }
    (!goes_on).then_some(out)
}

/// Whether a word shows that the words around it are no list: `Artistic License 2.0`.
fn is_no_name(lower: &str) -> bool {
    matches!(lower, "license" | "licence" | "version")
        || lower
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// Splits at spaces, and before and after the signs that no name has.
fn words(text: &str) -> impl Iterator<Item = &str> {
    const SIGNS: [char; 6] = ['(', ')', ',', ';', '|', '&'];
    text.split_whitespace().flat_map(|word| {
        word.split_inclusive(SIGNS).flat_map(|part| {
            let end = part.strip_suffix(SIGNS).map_or(part.len(), str::len);
            let (name, sign) = part.split_at(end);
            [name, sign].into_iter().filter(|part| !part.is_empty())
        })
    })
}

struct Reader<'a, 'b> {
    tokens: std::iter::Peekable<std::slice::Iter<'a, Token>>,
    spacing: Spacing,
    named: &'b mut dyn FnMut(&str) -> Expression,
    depth: usize,
}

impl Reader<'_, '_> {
    fn takes(&mut self, token: &Token) -> bool {
        self.tokens.next_if(|next| *next == token).is_some()
    }

    /// `A or B, and C`: what a comma separates binds less than what no comma does.
    fn list(&mut self) -> Option<Expression> {
        let mut parts = vec![self.any()?];
        let (mut and, mut or) = (false, false);
        while self.takes(&Token::Comma) {
            while self.takes(&Token::Comma) {}
            and |= self.takes(&Token::And);
            or |= self.takes(&Token::Or);
            parts.push(self.any()?);
        }
        match (and, or) {
            (true, true) => None,
            (false, true) => Expression::any(parts),
            // A comma alone is Alpine's older way to list what applies.
            _ => Expression::all(parts),
        }
    }

    fn any(&mut self) -> Option<Expression> {
        let mut parts = vec![self.all()?];
        while self.takes(&Token::Or) {
            // `||` is two signs.
            self.takes(&Token::Or);
            parts.push(self.all()?);
        }
        Expression::any(parts)
    }

    fn all(&mut self) -> Option<Expression> {
        let mut parts = vec![self.one()?];
        loop {
            if self.takes(&Token::And) {
                self.takes(&Token::And);
            } else if self.spacing == Spacing::Joins
                || !matches!(self.tokens.peek(), Some(Token::Name(_)))
            {
                break;
            }
            parts.push(self.one()?);
        }
        Expression::all(parts)
    }

    fn one(&mut self) -> Option<Expression> {
        match self.tokens.next()? {
            Token::Name(name) => Some((self.named)(name)),
            Token::Open if self.depth < MAX_DEPTH => {
                self.depth += 1;
                let inner = self.list()?;
                self.depth -= 1;
                self.takes(&Token::Close).then_some(inner)
            }
            _ => None,
        }
    }
}
