//! Words and operators of a shell script: the token recognition of POSIX XCU 2.3.

use super::Unreadable;
use super::word::{Piece, Redirect, Token, Word};

/// A token with the place of its text.
#[derive(Debug, Clone)]
pub(super) struct Spanned {
    pub(super) token: Token,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Longest first.
const OPERATORS: &[&str] = &["\n", "&&", "||", ";;", ";", "&", "|", "(", ")"];
const REDIRECTS: &[&str] = &["<<-", "<<", "<&", "<>", "<", ">>", ">&", ">|", ">"];

/// A here-document whose text begins at the next line.
struct Document {
    end: String,
    tabs: bool,
    literal: bool,
    token: usize,
}

pub(super) struct Lexer<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    out: Vec<Spanned>,
    documents: Vec<Document>,
}

/// Splits a script.
///
/// # Errors
/// When a quote or an expansion does not end.
pub(super) fn tokens(text: &str) -> Result<Vec<Spanned>, Unreadable> {
    let mut lexer = Lexer {
        text,
        at: 0,
        out: Vec::new(),
        documents: Vec::new(),
    };
    while let Some(c) = lexer.peek() {
        match c {
            ' ' | '\t' => lexer.at += 1,
            '\\' if lexer.rest().starts_with("\\\n") => lexer.at += 2,
            '#' => lexer.skip_line(),
            _ => lexer.token()?,
        }
    }
    match lexer.documents.is_empty() {
        true => Ok(lexer.out),
        false => Err(Unreadable),
    }
}

impl Lexer<'_> {
    pub(super) fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn skip_line(&mut self) {
        self.at += self.rest().find('\n').unwrap_or(self.rest().len());
    }

    fn push(&mut self, token: Token, start: usize) {
        let end = self.at;
        self.out.push(Spanned { token, start, end });
    }

    fn token(&mut self) -> Result<(), Unreadable> {
        let start = self.at;
        let digits = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        let behind = self.rest().get(digits..).unwrap_or_default();
        if behind.starts_with(['<', '>']) && digits < 3 {
            let number = self.rest()[..digits].parse().ok();
            self.at += digits;
            return self.redirect(number, start);
        }
        if self.rest().starts_with("&>") {
            // A redirection to some shells, two operators to others.
            return Err(Unreadable);
        }
        for operator in OPERATORS {
            if self.rest().starts_with(operator) {
                self.at += operator.len();
                self.push(Token::Operator(operator), start);
                if *operator == "\n" {
                    self.read_documents()?;
                }
                return Ok(());
            }
        }
        let word = self.word()?;
        // Digits that were the number of a redirection but for a continued line.
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if matches!(self.peek(), Some('<' | '>')) && word.keyword().is_some_and(digits) {
            return Err(Unreadable);
        }
        self.push(Token::Word(word), start);
        Ok(())
    }

    fn redirect(&mut self, number: Option<u32>, start: usize) -> Result<(), Unreadable> {
        let rest = self.rest();
        let found = REDIRECTS.iter().find(|sign| rest.starts_with(**sign));
        let sign = *found.ok_or(Unreadable)?;
        self.at += sign.len();
        while matches!(self.peek(), Some(' ' | '\t')) {
            self.at += 1;
        }
        let target = self.word()?;
        let here = sign.starts_with("<<");
        if here {
            let end = match target.pieces.as_deref() {
                Some([Piece::Text(text)]) => text.clone(),
                _ => return Err(Unreadable),
            };
            self.documents.push(Document {
                end,
                tabs: sign == "<<-",
                literal: target.quoted,
                token: self.out.len(),
            });
        }
        let redirect = Redirect {
            number,
            operator: if here { "<<" } else { sign },
            target,
        };
        self.push(Token::Redirect(redirect), start);
        Ok(())
    }

    /// Takes the here-documents that the line before began.
    fn read_documents(&mut self) -> Result<(), Unreadable> {
        for document in std::mem::take(&mut self.documents) {
            let mut body = String::new();
            loop {
                if self.rest().is_empty() {
                    return Err(Unreadable);
                }
                let length = self.rest().find('\n');
                let line = &self.rest()[..length.unwrap_or(self.rest().len())];
                let bare = match document.tabs {
                    true => line.trim_start_matches('\t'),
                    false => line,
                };
                let ends = bare == document.end;
                // A continued line: what looks like the end may be content.
                if !document.literal && line.ends_with('\\') {
                    return Err(Unreadable);
                }
                if !ends {
                    body.push_str(bare);
                    body.push('\n');
                }
                self.at += length.map_or(self.rest().len(), |length| length + 1);
                if ends {
                    break;
                }
            }
            let plain = document.literal || !body.contains(['$', '`', '\\']);
            if let Some(Spanned {
                token: Token::Redirect(redirect),
                ..
            }) = self.out.get_mut(document.token)
            {
                redirect.target = Word {
                    pieces: plain.then(|| vec![Piece::Text(body)]),
                    quoted: true,
                    assigns: false,
                    name: String::new(),
                    substitutes: false,
                    is_star: false,
                };
            }
        }
        Ok(())
    }

    fn word(&mut self) -> Result<Word, Unreadable> {
        let mut pieces: Option<Vec<Piece>> = Some(Vec::new());
        let mut quoted = false;
        let start = self.at;
        let bracket = self.is_bracket();
        let mut braces = false;
        while let Some(c) = self.peek() {
            match c {
                ' ' | '\t' | '\n' | ';' | '&' | '|' | '(' | ')' | '<' | '>' => break,
                '\\' => {
                    self.at += 1;
                    match self.next() {
                        Some('\n') | None => {}
                        Some(escaped) => {
                            quoted = true;
                            add(&mut pieces, escaped);
                        }
                    }
                }
                '\'' => {
                    self.at += 1;
                    quoted = true;
                    let length = self.rest().find('\'').ok_or(Unreadable)?;
                    let inner = self.rest()[..length].to_owned();
                    self.at += length + 1;
                    inner.chars().for_each(|c| add(&mut pieces, c));
                }
                '"' => {
                    self.at += 1;
                    quoted = true;
                    self.double(&mut pieces)?;
                }
                '$' => self.dollar(&mut pieces, false)?,
                '`' => {
                    self.at += 1;
                    self.backquote()?;
                    pieces = None;
                }
                '*' | '?' | '[' | ']' if !bracket => {
                    self.at += 1;
                    pieces = None;
                }
                '~' if self.at == start => {
                    self.at += 1;
                    pieces = None;
                }
                // bash may make several words of it; alone it is a word of its own.
                '{' if self.at > start || !self.rest()[1..].starts_with([' ', '\t', '\n']) => {
                    self.at += 1;
                    braces = true;
                    add(&mut pieces, c);
                }
                _ => {
                    self.at += c.len_utf8();
                    add(&mut pieces, c);
                }
            }
        }
        let raw = self.text.get(start..self.at).unwrap_or_default();
        if raw.is_empty() {
            return Err(Unreadable);
        }
        let is_name = |name: &str| {
            name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        Ok(Word {
            assigns: raw.split_once('=').is_some_and(|(name, _)| is_name(name)),
            name: raw
                .split('=')
                .next()
                .filter(|name| is_name(name))
                .unwrap_or_default()
                .to_owned(),
            substitutes: raw.contains('`') || raw.contains("$("),
            is_star: raw == "*",
            pieces: pieces.filter(|_| !(braces && (raw.contains(',') || raw.contains("..")))),
            quoted,
        })
    }

    /// `[`, `[[`, `]` and `]]` as words of their own are commands, not patterns.
    fn is_bracket(&self) -> bool {
        let ends = |rest: &str| {
            rest.is_empty()
                || rest.starts_with(" \t\n;&|()<>".chars().collect::<Vec<_>>().as_slice())
        };
        ["[[", "[", "]]", "]"]
            .iter()
            .any(|word| self.rest().strip_prefix(word).is_some_and(ends))
    }

    fn double(&mut self, pieces: &mut Option<Vec<Piece>>) -> Result<(), Unreadable> {
        loop {
            match self.peek().ok_or(Unreadable)? {
                '"' => {
                    self.at += 1;
                    return Ok(());
                }
                '$' => self.dollar(pieces, true)?,
                '`' => {
                    self.at += 1;
                    self.backquote()?;
                    *pieces = None;
                }
                '\\' => {
                    self.at += 1;
                    match self.next().ok_or(Unreadable)? {
                        '\n' => {}
                        c if "$`\"\\".contains(c) => add(pieces, c),
                        c => {
                            add(pieces, '\\');
                            add(pieces, c);
                        }
                    }
                }
                c => {
                    self.at += c.len_utf8();
                    add(pieces, c);
                }
            }
        }
    }

    fn dollar(&mut self, pieces: &mut Option<Vec<Piece>>, quoted: bool) -> Result<(), Unreadable> {
        self.at += 1;
        let is_name = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
        let name = match self.peek() {
            Some('{') => {
                self.at += 1;
                let inside = self.braced(quoted)?;
                let name = |bare: &str| match !bare.is_empty() && bare.chars().all(|c| is_name(&c))
                {
                    true => Some(bare.to_owned()),
                    false => None,
                };
                if let Some((bare, _)) = inside.split_once(":+") {
                    match (pieces.as_mut(), name(bare)) {
                        (Some(list), Some(name)) => list.push(Piece::Alternative(name)),
                        _ => *pieces = None,
                    }
                    return Ok(());
                }
                name(inside.strip_suffix(":-").unwrap_or(&inside))
            }
            Some('(') => {
                let start = self.at;
                self.at += 1;
                self.parenthesised()?;
                Some(self.text[start..self.at].to_owned())
            }
            Some(c) if c.is_ascii_digit() => {
                self.at += 1;
                Some(c.to_string())
            }
            Some(c) if is_name(&c) => {
                let name: String = self.rest().chars().take_while(is_name).collect();
                self.at += name.len();
                Some(name)
            }
            Some('\'' | '"') if !quoted => None,
            Some('\\') => None,
            Some(c) if "@*#?$!-".contains(c) => {
                self.at += 1;
                None
            }
            _ => {
                add(pieces, '$');
                return Ok(());
            }
        };
        match (pieces.as_mut(), name) {
            (Some(list), Some(name)) => list.push(Piece::Variable { name, quoted }),
            _ => *pieces = None,
        }
        Ok(())
    }
}

fn add(pieces: &mut Option<Vec<Piece>>, c: char) {
    let Some(pieces) = pieces else { return };
    match pieces.last_mut() {
        Some(Piece::Text(text)) => text.push(c),
        _ => pieces.push(Piece::Text(c.into())),
    }
}
