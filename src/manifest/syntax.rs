//! Turns what the YAML parser says into what the user can do.

use serde_yaml::Error;

use super::fault::{At, Fault};

const QUOTE: &str = "put it in quotes";

/// `!word`, which YAML takes for a tag and drops the text.
pub(super) fn tag(text: &str, error: &Error, tag: &str) -> Fault {
    let at = At::of(error);
    let word = match at {
        At::Place { offset, .. } => word_at(text, offset),
        _ => tag,
    };
    Fault::new(
        at,
        format!("`{word}` begins with `!`, which makes it a YAML tag and not text"),
    )
    .hint(format!("{QUOTE}: \"{word}\""))
}

/// A second `---`.
pub(super) fn second_document(text: &str) -> Fault {
    let mut offset = 0;
    let mut begun = false;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let marker = line.trim_end() == "---" || line.starts_with("--- ");
        if marker && begun {
            let at = At::Place {
                line: index + 1,
                column: 1,
                offset,
            };
            return several(at);
        }
        let content = line.trim();
        begun |= marker || !(content.is_empty() || content.starts_with(['#', '%']));
        offset += line.len();
    }
    several(At::Nowhere)
}

fn several(at: At) -> Fault {
    Fault::new(
        at,
        "a second YAML document begins; a manifest is one".into(),
    )
    .hint("give each manifest its own file")
}

/// An error of the parser's own.
pub(super) fn explain(text: &str, error: &Error) -> Fault {
    let at = At::of(error);
    let full = error.to_string();
    let offset = match at {
        At::Place { offset, .. } => offset.min(text.len()),
        _ => 0,
    };
    let said = |part: &str| full.contains(part);
    if let Some(fault) = indicator(text, at, offset, &full) {
        return fault;
    }
    if said("cannot start any token") && text[offset..].starts_with('\t') {
        return Fault::new(at, "a tab where YAML wants spaces".into()).hint("indent with spaces");
    }
    if said("unexpected end of stream") && said("quoted scalar") {
        return Fault::new(
            context(text, &full).unwrap_or(at),
            "a quote is not closed".into(),
        );
    }
    if said("',' or ']'") || said("',' or '}'") {
        let (open, close) = if said("',' or ']'") {
            ('[', ']')
        } else {
            ('{', '}')
        };
        return Fault::new(
            context(text, &full).unwrap_or(at),
            format!("`{open}` begins a list that does not go on with `,` or end with `{close}`"),
        )
        .hint(format!(
            "close it with `{close}`, and put what holds `[`, `]`, `{{`, `}}` or `,` in quotes, as \
             in [\"intel-microcode [amd64]\"]"
        ));
    }
    let (message, hint) = if said("mapping values are not allowed") {
        (
            "`: ` is not expected here".into(),
            "put a value that holds `: ` in quotes, or check the indentation",
        )
    } else if said("could not find expected ':'") {
        (
            "a key without its `:`".into(),
            "write `key: value`, with a space behind the colon",
        )
    } else if said("did not find expected key") || said("block sequence entries") {
        (
            "the indentation does not fit the lines above".into(),
            "keys of one mapping, and the `-` of one list, begin in the same column",
        )
    } else if said("did not find expected '-' indicator") {
        (
            "an entry of a list without its `-`, or wrong indentation".into(),
            "the `-` of one list begin in the same column",
        )
    } else if said("repetition limit") {
        (
            "has too many values, its aliases followed".into(),
            "write the values out instead of using aliases of aliases",
        )
    } else if said("recursion limit") {
        (
            "is nested too deeply".into(),
            "a manifest has no use for that",
        )
    } else {
        (format!("is not valid YAML: {}", bare(&full)), "")
    };
    let fault = Fault::new(at, message);
    if hint.is_empty() {
        fault
    } else {
        fault.hint(hint)
    }
}

/// Words that begin with a character that YAML keeps for itself.
fn indicator(text: &str, at: At, offset: usize, full: &str) -> Option<Fault> {
    let said = |part: &str| full.contains(part);
    let relevant = said("unknown anchor")
        || said("cannot start any token")
        || said("scanning an alias")
        || said("scanning an anchor")
        || said("a tag")
        || said("block scalar");
    if !relevant {
        return None;
    }
    let start = word_start(text, offset);
    let word = word_at(text, start);
    let first = word.chars().next()?;
    let what = match first {
        '*' => "which makes it a YAML alias of an anchor that is not there",
        '&' => "which makes it a YAML anchor and not text",
        '!' => "which makes it a YAML tag and not text",
        '@' | '`' | '%' => "which YAML keeps for itself",
        '|' | '>' => "which begins a text block in YAML",
        _ => return None,
    };
    let at = match at {
        At::Place {
            line,
            column,
            offset: end,
        } => At::Place {
            line,
            column: column.saturating_sub(text[start..end.min(text.len())].chars().count()),
            offset: start,
        },
        other => other,
    };
    Some(
        Fault::new(at, format!("`{word}` begins with `{first}`, {what}"))
            .hint(format!("{QUOTE}: \"{word}\"")),
    )
}

/// Where the word that holds `offset` begins, on the same line.
fn word_start(text: &str, offset: usize) -> usize {
    text[..offset]
        .rfind(|c: char| c.is_whitespace() || "[{,".contains(c))
        .map_or(0, |before| {
            before + text[before..].chars().next().map_or(0, char::len_utf8)
        })
}

/// The word that begins at `offset`, short enough for a message.
fn word_at(text: &str, offset: usize) -> &str {
    const MAX: usize = 60;
    let rest = text.get(offset..).unwrap_or_default();
    let end = rest
        .char_indices()
        .find(|(index, c)| {
            *index >= MAX || c.is_whitespace() || ",]}\"`".contains(*c) && *index > 0
        })
        .map_or(rest.len(), |(index, _)| index);
    &rest[..end]
}

/// The place where the construct began that did not end: the last `line L column C` of the message.
fn context(text: &str, full: &str) -> Option<At> {
    let (_, behind) = full.rsplit_once(" at line ")?;
    let (line, column) = behind.split_once(" column ")?;
    let (line, column) = (line.parse::<usize>().ok()?, column.parse::<usize>().ok()?);
    let start: usize = text
        .split_inclusive('\n')
        .take(line.checked_sub(1)?)
        .map(str::len)
        .sum();
    let within = text[start..].char_indices().nth(column.checked_sub(1)?)?.0;
    Some(At::Place {
        line,
        column,
        offset: start + within,
    })
}

/// The parser's message without its places.
fn bare(full: &str) -> String {
    let mut out = String::new();
    for part in full.split(", ") {
        let part = part.split(" at line ").next().unwrap_or(part);
        let part = part.split(" at position ").next().unwrap_or(part);
        if !out.is_empty() {
            out.push_str(", ");
        }
        out.push_str(part);
    }
    out
}
