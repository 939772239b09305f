//! Text of strangers, made fit for one line of a report.

/// As long as a summary may be, in characters.
pub(super) const MAX_LINE: usize = 200;
/// Longer than any identifier of a vulnerability; a bound for strangers, in bytes.
const MAX_ID: usize = 128;
/// A stranger's name in an error is cut here, in characters.
const MAX_NAME: usize = 120;

/// Characters that turn the direction of what follows, with which a line can show another text than
/// it holds.
const fn turns(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The words of `text` on one line of at most [`MAX_LINE`] characters, without control characters;
/// nothing where there are no words.
pub(super) fn line(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut length = 0;
    for c in text.chars() {
        if c.is_whitespace() || c.is_control() {
            if !out.is_empty() && !out.ends_with(' ') {
                out.push(' ');
                length += 1;
            }
        } else if !turns(c) {
            out.push(c);
            length += 1;
        }
        if length > MAX_LINE {
            let end = out.char_indices().nth(MAX_LINE - 1).map_or(0, |(at, _)| at);
            out.truncate(end);
            out.truncate(out.trim_end().len());
            out.push('\u{2026}');
            break;
        }
    }
    out.truncate(out.trim_end().len());
    (!out.is_empty()).then_some(out)
}

/// Whether `text` can be the identifier of a vulnerability: printable ASCII without spaces.
pub(super) fn is_id(text: &str) -> bool {
    (1..=MAX_ID).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A stranger's name as an error shows it.
pub(super) fn shown(name: &str) -> String {
    name.chars()
        .take(MAX_NAME)
        .flat_map(char::escape_debug)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line_without_tricks() {
        assert_eq!(line(" a\n\tb\u{1b}[31m c ").as_deref(), Some("a b [31m c"));
        assert_eq!(line("a\u{202e}b").as_deref(), Some("ab"));
        assert_eq!(line(" \n\u{0} "), None);
        let long = line(&"\u{e9} ".repeat(1000)).unwrap();
        assert!(long.chars().count() <= MAX_LINE, "{}", long.chars().count());
        assert!(long.ends_with("\u{e9}\u{2026}"), "{long}");
        let exact = "x".repeat(MAX_LINE);
        assert_eq!(line(&exact), Some(exact));
    }

    #[test]
    fn an_id_has_no_spaces_and_a_length() {
        assert!(is_id("CVE-2024-1234") && is_id("RHSA-2020:1"));
        assert!(!is_id("") && !is_id("CVE 1") && !is_id("CVE\u{e9}") && !is_id(&"x".repeat(129)));
    }
}
