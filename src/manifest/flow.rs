//! A light reading of `[a, b]` and `{a: b}` that finds where the parts are, for the editor.
//!
//! It only has to be right for text that the YAML parser has already accepted.

use std::ops::Range;

/// Where the parts of a flow list or mapping are, as bytes of the text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Flow {
    /// Each item without the spaces around it.
    pub(super) items: Vec<Range<usize>>,
    /// The comma behind the last item, where there is one.
    pub(super) trailing_comma: Option<usize>,
    /// The closing bracket.
    pub(super) close: usize,
}

/// Reads the flow collection whose bracket is at `open`.
pub(super) fn flow(text: &str, open: usize) -> Option<Flow> {
    let bytes = text.as_bytes();
    let mut out = Flow {
        items: Vec::new(),
        trailing_comma: None,
        close: 0,
    };
    let mut depth = 0_usize;
    let mut item: Option<Range<usize>> = None;
    // Whether a quote or a `#` would begin something here, rather than be a part of a word.
    let mut fresh = true;
    let mut at = open;
    while let Some(&byte) = bytes.get(at) {
        let mut next = at + 1;
        match byte {
            b'"' | b'\'' if fresh => {
                next = end_of_quote(bytes, at)?;
                fresh = false;
            }
            b'#' if at > 0 && bytes[at - 1].is_ascii_whitespace() => {
                at = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |end| at + end);
                continue;
            }
            b'[' | b'{' => {
                depth += 1;
                fresh = true;
            }
            b']' | b'}' => {
                depth = depth.checked_sub(1)?;
                fresh = false;
                if depth == 0 {
                    out.items.extend(item.take());
                    out.close = at;
                    return Some(out);
                }
            }
            b',' => {
                fresh = true;
                if depth == 1 {
                    out.trailing_comma = Some(at);
                    out.items.extend(item.take());
                    at = next;
                    continue;
                }
            }
            byte if byte.is_ascii_whitespace() => {
                fresh = true;
                at = next;
                continue;
            }
            b':' => fresh = true,
            _ => fresh = false,
        }
        if depth > 1 || (depth == 1 && at != open) {
            out.trailing_comma = None;
            item.get_or_insert(at..next).end = next;
        }
        at = next;
    }
    None
}

/// The byte behind the quoted text that begins at `open`.
pub(super) fn end_of_quote(bytes: &[u8], open: usize) -> Option<usize> {
    let quote = bytes[open];
    let mut at = open + 1;
    loop {
        match *bytes.get(at)? {
            b'\\' if quote == b'"' => at += 2,
            byte if byte != quote => at += 1,
            _ if quote == b'\'' && bytes.get(at + 1) == Some(&quote) => at += 2,
            _ => return Some(at + 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_items_and_the_end() {
        let text = "x: [a, \"b, ]\\\"\", 'it''s', don't,\n  {c: [d, e]}, f:g # no, ]\n , h]: tail";
        let found = flow(text, 3).unwrap();
        let items: Vec<&str> = found.items.iter().map(|item| &text[item.clone()]).collect();
        assert_eq!(
            items,
            [
                "a",
                "\"b, ]\\\"\"",
                "'it''s'",
                "don't",
                "{c: [d, e]}",
                "f:g",
                "h"
            ]
        );
        assert_eq!(&text[found.close..], "]: tail");
        assert_eq!(found.trailing_comma, None);
        let found = flow("[a, b, ]", 0).unwrap();
        assert_eq!((found.items.len(), found.trailing_comma), (2, Some(5)));
        let found = flow("[ ]", 0).unwrap();
        assert_eq!((found.items.len(), found.close), (0, 2));
        assert_eq!(flow("[a, \"b", 0), None);
        assert_eq!(flow("[a, [b]", 0), None);
    }
}
