//! Statements of a shell script: the grammar of POSIX XCU 2.10, as far as scripts of packages go.

use super::Unreadable;
use super::lex::Spanned;
use super::word::{Redirect, Token, Word};

/// How deep statements may lie within one another; real scripts stay below ten.
const MAX_DEPTH: usize = 40;

/// A statement with the place of its text.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
}

pub(super) type List = Vec<Statement>;

/// What a statement is.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    /// A command with its words; assignments before it are among them.
    Simple {
        words: Vec<Word>,
        redirects: Vec<Redirect>,
    },
    /// `a && b || c`
    Chain {
        first: Box<Statement>,
        rest: Vec<(&'static str, Statement)>,
    },
    /// `! a`
    Not(Box<Statement>),
    /// `a | b`
    Pipeline(List),
    If {
        arms: Vec<(List, List)>,
        otherwise: List,
    },
    Case {
        subject: Word,
        arms: Vec<(Vec<Word>, List)>,
    },
    /// `for`, `while`, `until`; with the variable that it runs through.
    Loop(List, Option<String>),
    /// `{ a; }`
    Group(List),
    /// `( a )`
    Subshell(List),
    Function {
        name: String,
        body: Box<Statement>,
    },
    /// `a &`
    Background(Box<Statement>),
    /// A compound statement whose input or output goes elsewhere.
    Redirected(Box<Statement>),
}

pub(super) struct Parser<'a> {
    tokens: &'a [Spanned],
    at: usize,
    depth: usize,
}

/// Reads a whole script.
///
/// # Errors
/// When it is not one.
pub(super) fn parse(tokens: &[Spanned]) -> Result<List, Unreadable> {
    let mut parser = Parser {
        tokens,
        at: 0,
        depth: 0,
    };
    let list = parser.list(&[])?;
    match parser.at == tokens.len() {
        true => Ok(list),
        false => Err(Unreadable),
    }
}

/// Words that begin or divide compound statements.
const CLOSERS: &[&str] = &["then", "else", "elif", "fi", "do", "done", "esac", "}"];

impl Parser<'_> {
    fn token(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|spanned| &spanned.token)
    }

    fn keyword(&self) -> Option<&str> {
        match self.token() {
            Some(Token::Word(word)) => word.keyword(),
            _ => None,
        }
    }

    fn operator(&self) -> Option<&'static str> {
        match self.token() {
            Some(Token::Operator(operator)) => Some(operator),
            _ => None,
        }
    }

    fn eat(&mut self, operator: &str) -> bool {
        let found = self.operator() == Some(operator);
        self.at += usize::from(found);
        found
    }

    fn eat_keyword(&mut self, keyword: &str) -> Result<(), Unreadable> {
        match self.keyword() == Some(keyword) {
            true => {
                self.at += 1;
                Ok(())
            }
            false => Err(Unreadable),
        }
    }

    fn skip_lines(&mut self) {
        while self.eat("\n") {}
    }

    fn start(&self) -> usize {
        self.tokens.get(self.at).map_or(0, |spanned| spanned.start)
    }

    fn statement(&self, kind: Kind, start: usize) -> Statement {
        let last = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        let end = last.map_or(start, |spanned| spanned.end);
        Statement { kind, start, end }
    }

    /// Statements up to one of `ends`, `)`, `;;` or the end of the script.
    fn list(&mut self, ends: &[&str]) -> Result<List, Unreadable> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Unreadable);
        }
        let mut out = List::new();
        loop {
            while self.eat("\n") || self.eat(";") {}
            let ended = self.keyword().is_some_and(|word| ends.contains(&word));
            if ended || matches!(self.operator(), Some(")" | ";;")) || self.token().is_none() {
                break;
            }
            if self.keyword().is_some_and(|word| CLOSERS.contains(&word)) {
                return Err(Unreadable);
            }
            let start = self.start();
            let mut statement = self.chain()?;
            if self.eat("&") {
                statement = self.statement(Kind::Background(statement.into()), start);
            } else if !matches!(self.operator(), Some("\n" | ";" | ")" | ";;") | None)
                || (self.operator().is_none() && self.token().is_some())
            {
                return Err(Unreadable);
            }
            out.push(statement);
        }
        self.depth -= 1;
        Ok(out)
    }

    fn chain(&mut self) -> Result<Statement, Unreadable> {
        let start = self.start();
        let first = self.pipeline()?;
        let mut rest = Vec::new();
        while let Some(operator @ ("&&" | "||")) = self.operator() {
            self.at += 1;
            self.skip_lines();
            rest.push((operator, self.pipeline()?));
        }
        if rest.is_empty() {
            return Ok(first);
        }
        let first = Box::new(first);
        Ok(self.statement(Kind::Chain { first, rest }, start))
    }

    fn pipeline(&mut self) -> Result<Statement, Unreadable> {
        let start = self.start();
        let mut negated = false;
        while self.keyword() == Some("!") {
            self.at += 1;
            negated = !negated;
        }
        let mut all = vec![self.command()?];
        while self.eat("|") {
            self.skip_lines();
            all.push(self.command()?);
        }
        let statement = match (all.len(), all.pop()) {
            (1, Some(only)) => only,
            (_, last) => {
                all.extend(last);
                self.statement(Kind::Pipeline(all), start)
            }
        };
        Ok(match negated {
            true => self.statement(Kind::Not(statement.into()), start),
            false => statement,
        })
    }

    fn command(&mut self) -> Result<Statement, Unreadable> {
        let start = self.start();
        if let Some(Token::Operator("(")) = self.token() {
            self.at += 1;
            let inner = self.list(&[])?;
            if !self.eat(")") {
                return Err(Unreadable);
            }
            return self.redirected(Kind::Subshell(inner), start);
        }
        let kind = match self.keyword() {
            Some("if") => self.conditional()?,
            Some("case") => self.choice()?,
            Some("while" | "until") => {
                self.at += 1;
                let mut inner = self.list(&["do"])?;
                inner.extend(self.body()?);
                Kind::Loop(inner, None)
            }
            Some("for") => {
                self.at += 1;
                let name = match self.token() {
                    Some(Token::Word(word)) => word.keyword().map(str::to_owned),
                    _ => None,
                };
                while !matches!(self.operator(), Some("\n" | ";")) {
                    if self.keyword() == Some("do") || self.token().is_none() {
                        break;
                    }
                    self.at += 1;
                }
                while self.eat("\n") || self.eat(";") {}
                Kind::Loop(self.body()?, name)
            }
            Some("{") => {
                self.at += 1;
                let inner = self.list(&["}"])?;
                self.eat_keyword("}")?;
                Kind::Group(inner)
            }
            Some("function") => {
                self.at += 1;
                return self.function(start);
            }
            _ if self.is_function() => return self.function(start),
            _ => return self.simple(start),
        };
        self.redirected(kind, start)
    }

    fn redirected(&mut self, kind: Kind, start: usize) -> Result<Statement, Unreadable> {
        let statement = self.statement(kind, start);
        let before = self.at;
        let mut quiet = true;
        while let Some(Token::Redirect(redirect)) = self.token() {
            quiet &= redirect.is_quiet();
            self.at += 1;
        }
        Ok(match self.at == before || quiet {
            true => statement,
            false => self.statement(Kind::Redirected(statement.into()), start),
        })
    }

    fn body(&mut self) -> Result<List, Unreadable> {
        self.eat_keyword("do")?;
        let inner = self.list(&["done"])?;
        self.eat_keyword("done")?;
        Ok(inner)
    }

    fn conditional(&mut self) -> Result<Kind, Unreadable> {
        let mut arms = Vec::new();
        let mut otherwise = List::new();
        self.eat_keyword("if")?;
        loop {
            let condition = self.list(&["then"])?;
            self.eat_keyword("then")?;
            arms.push((condition, self.list(&["elif", "else", "fi"])?));
            match self.keyword() {
                Some("elif") => self.at += 1,
                Some("else") => {
                    self.at += 1;
                    otherwise = self.list(&["fi"])?;
                    break;
                }
                _ => break,
            }
        }
        self.eat_keyword("fi")?;
        Ok(Kind::If { arms, otherwise })
    }

    fn choice(&mut self) -> Result<Kind, Unreadable> {
        self.eat_keyword("case")?;
        let Some(Token::Word(subject)) = self.token().cloned() else {
            return Err(Unreadable);
        };
        self.at += 1;
        self.skip_lines();
        self.eat_keyword("in")?;
        let mut arms = Vec::new();
        loop {
            self.skip_lines();
            if self.keyword() == Some("esac") {
                self.at += 1;
                return Ok(Kind::Case { subject, arms });
            }
            self.eat("(");
            let mut patterns = Vec::new();
            loop {
                let Some(Token::Word(pattern)) = self.token().cloned() else {
                    return Err(Unreadable);
                };
                self.at += 1;
                patterns.push(pattern);
                if !self.eat("|") {
                    break;
                }
            }
            if !self.eat(")") {
                return Err(Unreadable);
            }
            arms.push((patterns, self.list(&["esac"])?));
            self.eat(";;");
        }
    }

    fn is_function(&self) -> bool {
        let next = |offset: usize| self.tokens.get(self.at + offset).map(|one| &one.token);
        matches!(next(0), Some(Token::Word(_)))
            && next(1) == Some(&Token::Operator("("))
            && next(2) == Some(&Token::Operator(")"))
    }

    fn function(&mut self, start: usize) -> Result<Statement, Unreadable> {
        let name = self.keyword().ok_or(Unreadable)?.to_owned();
        let is_name = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        if !name.chars().all(is_name) {
            return Err(Unreadable);
        }
        self.at += 1;
        if self.eat("(") && !self.eat(")") {
            return Err(Unreadable);
        }
        self.skip_lines();
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Unreadable);
        }
        let body = Box::new(self.command()?);
        self.depth -= 1;
        Ok(self.statement(Kind::Function { name, body }, start))
    }

    fn simple(&mut self, start: usize) -> Result<Statement, Unreadable> {
        let mut words = Vec::new();
        let mut redirects = Vec::new();
        loop {
            match self.token() {
                Some(Token::Word(word)) => words.push(word.clone()),
                Some(Token::Redirect(redirect)) => redirects.push(redirect.clone()),
                _ => break,
            }
            self.at += 1;
        }
        match words.is_empty() && redirects.is_empty() {
            true => Err(Unreadable),
            false => Ok(self.statement(Kind::Simple { words, redirects }, start)),
        }
    }
}
