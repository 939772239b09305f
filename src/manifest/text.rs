//! Small edits of YAML text at known places.

use std::ops::Range;

use super::flow::{end_of_quote, flow};

/// A scalar as YAML text: as it is where every reader takes it for the same text, in quotes
/// otherwise.
pub(super) fn quoted(text: &str) -> String {
    const WORDS: [&str; 9] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    let word = |c: char| c.is_ascii_alphanumeric() || "+._/-".contains(c);
    let number = text.parse::<f64>().is_ok()
        || text
            .chars()
            .all(|c| c.is_ascii_digit() || "+._/-".contains(c))
        || (text.starts_with('0') && text[1..].starts_with(['x', 'o', 'b', 'X', 'O', 'B']));
    let plain = text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(word)
        && !number
        && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    if plain {
        text.to_owned()
    } else {
        // A JSON string is a double-quoted scalar of YAML.
        serde_json::Value::from(text).to_string()
    }
}

/// `text` with `new` in the place of `span`.
pub(super) fn splice(text: &str, span: Range<usize>, new: &str) -> String {
    [&text[..span.start], new, &text[span.end..]].concat()
}

/// The byte behind the scalar that begins at `start` and reads `value`; none for block scalars and
/// such.
pub(super) fn end_of_scalar(text: &str, start: usize, value: &str) -> Option<usize> {
    let rest = text.get(start..)?;
    if rest.starts_with(['"', '\'']) {
        end_of_quote(text.as_bytes(), start)
    } else if rest.starts_with(value) && !value.is_empty() {
        Some(start + value.len())
    } else {
        None
    }
}

/// Adds a key to the mapping that begins at `start`, behind its value that ends at `value_end`: on
/// a line of its own, or behind a comma in `{...}`.
pub(super) fn add_key(text: &str, start: usize, value_end: usize, new: &str) -> Option<String> {
    if text[start..].starts_with('{') {
        return Some(splice(text, value_end..value_end, &format!(", {new}")));
    }
    let lines = Lines::new(text);
    let column = text[lines.start(start)..start].chars().count();
    let line = format!("{}{new}", " ".repeat(column));
    Some(lines.insert(lines.end(value_end), &[line]))
}

/// Adds an item to the block list that begins at `start` and whose last item ends at `last_end`.
pub(super) fn append_block(
    text: &str,
    start: usize,
    last_end: usize,
    item: &str,
) -> Option<String> {
    let lines = Lines::new(text);
    let line = format!("{}- {item}", lines.indent(start)?);
    Some(lines.insert(lines.end(last_end), &[line]))
}

/// Adds an item to the end of the flow list that begins at `open`: on a line of its own if the last
/// one has one.
pub(super) fn append_flow(text: &str, open: usize, item: &str) -> Option<String> {
    let found = flow(text, open)?;
    let Some(last) = found.items.last() else {
        return Some(splice(text, open + 1..open + 1, item));
    };
    let lines = Lines::new(text);
    let behind = found.trailing_comma.map_or(last.end, |comma| comma + 1);
    if lines.start(last.start) > open && lines.end(last.end) <= found.close {
        let indent: String = " ".repeat(
            text[lines.start(last.start)..]
                .chars()
                .take_while(|c| *c == ' ')
                .count(),
        );
        return Some(match found.trailing_comma {
            Some(_) => lines.insert(lines.end(behind), &[format!("{indent}{item},")]),
            None => {
                let text = splice(text, last.end..last.end, ",");
                let lines = Lines::new(&text);
                lines.insert(lines.end(last.end), &[format!("{indent}{item}")])
            }
        });
    }
    Some(match found.trailing_comma {
        Some(_) => splice(text, behind..behind, &format!(" {item},")),
        None => splice(text, behind..behind, &format!(", {item}")),
    })
}

/// Removes an item from the flow list that begins at `open`.
pub(super) fn cut_flow(text: &str, open: usize, index: usize) -> Option<String> {
    let found = flow(text, open)?;
    let item = found.items.get(index)?.clone();
    let lines = Lines::new(text);
    let (from, to) = (lines.start(item.start), lines.end(item.end));
    let behind = text[item.end..to]
        .trim_start()
        .trim_start_matches(',')
        .trim();
    let alone = from > open
        && to <= found.close
        && text[from..item.start].trim().is_empty()
        && (behind.is_empty() || behind.starts_with('#'));
    let span = if alone {
        from..to
    } else if let Some(next) = found.items.get(index + 1) {
        item.start..next.start
    } else if let Some(before) = index
        .checked_sub(1)
        .and_then(|index| found.items.get(index))
    {
        before.end..item.end
    } else if text[open..found.close].contains('\n') {
        item.start..found.trailing_comma.map_or(item.end, |comma| comma + 1)
    } else {
        open + 1..found.close
    };
    Some(splice(text, span, ""))
}

/// The lines of a text.
pub(super) struct Lines<'a> {
    text: &'a str,
    newline: &'static str,
}

impl<'a> Lines<'a> {
    /// Lines end as the first one does.
    pub(super) fn new(text: &'a str) -> Self {
        let newline = match text.find('\n') {
            Some(at) if text[..at].ends_with('\r') => "\r\n",
            _ => "\n",
        };
        Self { text, newline }
    }

    /// Where the line that holds `at` begins.
    pub(super) fn start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |newline| newline + 1)
    }

    /// Where the line behind the one that holds `at` begins.
    pub(super) fn end(&self, at: usize) -> usize {
        self.text[at..]
            .find('\n')
            .map_or(self.text.len(), |newline| at + newline + 1)
    }

    /// The spaces before `at`, if there is nothing else on its line before it.
    pub(super) fn indent(&self, at: usize) -> Option<&'a str> {
        let indent = &self.text[self.start(at)..at];
        indent.bytes().all(|byte| byte == b' ').then_some(indent)
    }

    /// Where the block that begins at `start` ends: before `end`, without the empty lines and
    /// comments behind it that are indented by `indent` or less.
    pub(super) fn end_of_block(&self, start: usize, end: usize, indent: usize) -> usize {
        let mut at = if end == self.text.len() {
            end
        } else {
            self.start(end)
        };
        while at > start {
            let line_start = self.start(at - 1);
            let line = &self.text[line_start..at];
            let content = line.trim_start_matches(' ');
            let outside = content.starts_with('#') && line.len() - content.len() <= indent;
            if !(content.trim().is_empty() || outside) {
                break;
            }
            at = line_start;
        }
        at
    }

    /// The text with lines inserted at `at`, which is the beginning of a line or the end.
    pub(super) fn insert(&self, at: usize, lines: &[String]) -> String {
        let new = lines.join(self.newline);
        if at == self.text.len() && !self.text.ends_with('\n') {
            splice(self.text, at..at, &format!("{}{new}", self.newline))
        } else {
            splice(self.text, at..at, &format!("{new}{}", self.newline))
        }
    }

    /// The text without the lines that hold `from` to `to`.
    pub(super) fn cut(&self, from: usize, to: usize) -> String {
        splice(self.text, self.start(from)..self.end(to), "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_what_a_reader_could_misread() {
        for plain in [
            "bash",
            "python3.13",
            "git/trixie-backports",
            "0ad",
            "g++",
            "7zip",
        ] {
            assert_eq!(quoted(plain), plain);
        }
        for text in [
            "python3>=3.13",
            "a=1",
            "!vim",
            "@x",
            "*x",
            "1.20",
            "755",
            "no",
            "NULL",
            "0x1f",
            "1e3",
            "2026-11-01",
            "x [amd64]",
            "so:libssl.so.3",
            "",
            "a b",
            "-a",
            "nan",
        ] {
            assert_eq!(quoted(text), format!("\"{text}\""));
        }
        assert_eq!(quoted("a\"b\\"), r#""a\"b\\""#);
    }
}
