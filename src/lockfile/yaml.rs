//! YAML scalars that every parser reads as the same text.
//!
//! YAML 1.1 and 1.2 disagree about what a plain scalar means: `1.20`, `0755`, `12e3`, `1:30`, `no`,
//! `2026-11-01` and an all-digit digest are numbers, truth values and dates to one or the other. So
//! a scalar is plain only where both read text, and in double quotes with escapes otherwise.

use std::fmt::{self, Write as _};

/// Words that YAML 1.1 or 1.2 takes for null or a truth value, in lower case.
const WORDS: [&str; 10] = [
    "null", "true", "false", "yes", "no", "on", "off", "y", "n", "~",
];

/// A scalar that is text, quoted where it must be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'a>(pub(super) &'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_plain(self.0) {
            f.write_str(self.0)
        } else {
            quote(self.0, f)
        }
    }
}

/// A scalar that is text and always in quotes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        quote(self.0, f)
    }
}

/// Items between `[` and `]` on one line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flow<'a, T>(pub(super) &'a [T]);

impl<T: fmt::Display> fmt::Display for Flow<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (index, item) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            item.fmt(f)?;
        }
        f.write_str("]")
    }
}

fn quote(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("\"")?;
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{c}")?,
            '\n' => f.write_str("\\n")?,
            '\t' => f.write_str("\\t")?,
            ' '..='~' => f.write_char(c)?,
            // Letters of any script stay readable; what breaks lines, hides or reorders does not.
            _ if c.is_alphanumeric() && u32::from(c) <= 0xffff => f.write_char(c)?,
            _ if u32::from(c) <= 0xff => write!(f, "\\x{:02X}", u32::from(c))?,
            _ if u32::from(c) <= 0xffff => write!(f, "\\u{:04X}", u32::from(c))?,
            _ => write!(f, "\\U{:08X}", u32::from(c))?,
        }
    }
    f.write_str("\"")
}

/// Whether every parser reads `text` as itself, in a block as in a flow collection.
fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (Some(&first), Some(&last)) = (bytes.first(), bytes.last()) else {
        return false;
    };
    (first.is_ascii_alphanumeric() || first == b'/' || first == b'_')
        && last != b':'
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"/_.+~@%^=:-".contains(byte))
        && !WORDS.contains(&text.to_ascii_lowercase().as_str())
        && !(is_number(bytes) || is_date(bytes))
}

/// Whether some YAML reads a number: decimal, with `_`, fraction or exponent, octal, hexadecimal,
/// binary or sexagesimal. `text` begins with a letter, a digit, `/` or `_`.
fn is_number(text: &[u8]) -> bool {
    match text {
        [b'0', b'x' | b'X', digits @ ..] => all(digits, |byte| byte.is_ascii_hexdigit()),
        [b'0', b'o' | b'O' | b'b' | b'B', digits @ ..] => all(digits, |byte| byte.is_ascii_digit()),
        _ => {
            let (mantissa, exponent) = match text.iter().position(|byte| b"eE".contains(byte)) {
                Some(at) => (&text[..at], Some(&text[at + 1..])),
                None => (text, None),
            };
            let exponent_fits = exponent.is_none_or(|exponent| {
                let digits = exponent
                    .strip_prefix(b"+")
                    .or(exponent.strip_prefix(b"-"))
                    .unwrap_or(exponent);
                all(digits, |byte| byte.is_ascii_digit())
            });
            let points = mantissa.iter().filter(|&&byte| byte == b'.').count();
            exponent_fits
                && points <= 1
                && mantissa
                    .first()
                    .is_some_and(|byte| byte.is_ascii_digit() || *byte == b'_')
                && all(mantissa, |byte| {
                    byte.is_ascii_digit() || b".:".contains(&byte)
                })
        }
    }
}

fn all(text: &[u8], accepts: impl Fn(u8) -> bool) -> bool {
    text.iter().all(|&byte| byte == b'_' || accepts(byte))
}

/// Whether it begins as `2026-11-01` does, alone or with a time behind it.
fn is_date(text: &[u8]) -> bool {
    let mut parts = text.splitn(3, |&byte| byte == b'-');
    let (Some(year), Some(month), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let digits = |part: &[u8]| part.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let day = digits(rest);
    year.len() == 4
        && digits(year) == 4
        && (1..=2).contains(&month.len())
        && digits(month) == month.len()
        && (1..=2).contains(&day)
        && rest.get(day).is_none_or(|byte| b"tT".contains(byte))
}
