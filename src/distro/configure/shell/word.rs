//! Words, as far as they can be known without running anything.

/// One word: what it says, as far as that can be known without running anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::distro) struct Word {
    /// Text and variables in turn; `None` where only a shell knows what comes out (a pattern, a
    /// command's output, an expansion with an operator).
    pub(super) pieces: Option<Vec<Piece>>,
    /// Whether any part of it is quoted: keywords are not.
    pub(super) quoted: bool,
    /// Whether it has the form of an assignment, `NAME=...`.
    pub(super) assigns: bool,
    /// What it assigns to, where it has that form.
    pub(super) name: String,
    /// Whether a command is run for it.
    pub(super) substitutes: bool,
    /// Whether it is the pattern `*`.
    pub(super) is_star: bool,
}

/// A part of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// As it stands.
    Text(String),
    /// `$NAME`, `${NAME}`, `${NAME:-}`, or what a command prints.
    Variable {
        /// Without the sign; a command with its brackets, `(command -v ls)`.
        name: String,
        /// Whether it stands in double quotes: unquoted, an empty one vanishes.
        quoted: bool,
    },
    /// `${NAME:+...}`: nothing where the variable is empty.
    Alternative(String),
}

impl Word {
    /// The word, if it is plain text without quotes: what a keyword is.
    pub(super) fn keyword(&self) -> Option<&str> {
        match self.pieces.as_deref() {
            Some([Piece::Text(text)]) if !self.quoted => Some(text),
            _ => None,
        }
    }

    /// Whether it has an expansion outside quotes, of which nothing may be left.
    pub(super) fn may_vanish(&self) -> bool {
        let loose = |piece: &Piece| {
            matches!(
                piece,
                Piece::Variable { quoted: false, .. } | Piece::Alternative(_)
            )
        };
        self.pieces.iter().flatten().any(loose)
    }

    /// The text that it begins with, before any variable.
    pub(super) fn literal(&self) -> &str {
        match self.pieces.as_ref().and_then(|pieces| pieces.first()) {
            Some(Piece::Text(text)) => text,
            _ => &self.name,
        }
    }

    /// The word with what is known of variables put in; `None` where something is not known, and
    /// an empty list where nothing is left of it.
    pub(super) fn expand(&self, known: &dyn Fn(&str) -> Option<String>) -> Option<Vec<String>> {
        let mut out = String::new();
        let mut there = self.quoted;
        for piece in self.pieces.as_ref()? {
            match piece {
                Piece::Text(text) => {
                    there = true;
                    out.push_str(text);
                }
                Piece::Alternative(name) => {
                    if !known(name)?.is_empty() {
                        return None;
                    }
                }
                Piece::Variable { name, quoted } => {
                    let value = known(name)?;
                    if !quoted && value.contains(|c: char| c.is_whitespace() || "*?[".contains(c)) {
                        return None;
                    }
                    there |= !value.is_empty();
                    out.push_str(&value);
                }
            }
        }
        Some(if there { vec![out] } else { Vec::new() })
    }
}

/// What a script consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A word.
    Word(Word),
    /// `;`, `&&`, `|`, a line break and so on.
    Operator(&'static str),
    /// `2>FILE`, `<<EOF` and so on.
    Redirect(Redirect),
}

/// A redirection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::distro) struct Redirect {
    /// The file descriptor, where it is written.
    pub(super) number: Option<u32>,
    /// `>`, `>>`, `<`, `>&`, `<&`, `<>`, `>|`, `<<`.
    pub(super) operator: &'static str,
    /// The file, descriptor, or the text of a here-document.
    pub(super) target: Word,
}

impl Redirect {
    /// Whether nothing but messages and silence goes through it.
    pub(super) fn is_quiet(&self) -> bool {
        let null = || matches!(self.target.pieces.as_deref(), Some([Piece::Text(text)]) if text == "/dev/null");
        let descriptor = || matches!(self.target.pieces.as_deref(), Some([Piece::Text(text)]) if matches!(&text[..], "0" | "1" | "2"));
        matches!(self.operator, ">&" | "<&") && descriptor() || null()
    }
}
