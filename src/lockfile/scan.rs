//! A look at the bytes of a lockfile before a YAML parser sees them.
//!
//! It bounds what the parser will have to hold, and refuses what no lockfile has: control
//! characters, anchors, aliases, tags, block scalars, deep nesting.

/// Of the file in bytes: 60,000 packages have about 32 MiB.
const MAX_SIZE: usize = 64 << 20;

/// Of lines and of items in flow collections, which bounds the parser's memory.
const MAX_ITEMS: usize = 4_000_000;

/// Of flow collections: an edge in `depends` is 2 deep.
const MAX_DEPTH: usize = 8;

/// The text, without a byte order mark, or the line (from 1) and what is wrong there.
pub(super) fn scan(bytes: &[u8]) -> Result<&str, (usize, String)> {
    let wrong = |line, reason: &str| Err((line, reason.to_owned()));
    if bytes.len() > MAX_SIZE {
        return wrong(1, "it has more than 64 MiB");
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let line = 1 + newlines(&bytes[..error.valid_up_to()]);
            return wrong(line, "it is not UTF-8");
        }
    };
    match Scanner::default().run(bytes) {
        Ok(()) => Ok(text),
        Err((at, reason)) => wrong(1 + newlines(&bytes[..at]), reason),
    }
}

fn newlines(bytes: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', bytes).count()
}

#[derive(Default)]
struct Scanner {
    quote: Option<u8>,
    depth: usize,
    items: usize,
}

impl Scanner {
    fn run(&mut self, bytes: &[u8]) -> Result<(), (usize, &'static str)> {
        // Whether a scalar or a collection may begin here.
        let mut fresh = true;
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            let next = bytes.get(at + 1).copied().unwrap_or(b'\n');
            let wrong = move |reason| Err((at, reason));
            at += 1;
            let c1 = byte == 0xc2 && (0x80..0xa0).contains(&next);
            let carriage_return = byte == b'\r' && next == b'\n';
            if (byte < 0x20 && !b"\n\t".contains(&byte) && !carriage_return) || byte == 0x7f || c1 {
                return wrong("it has a control character");
            }
            if byte == b'\n' {
                self.items += 1;
            }
            if self.items > MAX_ITEMS {
                return wrong("it has more than 4,000,000 items");
            }
            if let Some(quote) = self.quote {
                match byte {
                    b'\\' if quote == b'"' => at += usize::from(next != b'\n'),
                    b'\'' if quote == b'\'' && next == b'\'' => at += 1,
                    _ if byte == quote => self.quote = None,
                    _ => {}
                }
                continue;
            }
            let ends = matches!(next, b' ' | b'\t' | b'\r' | b'\n');
            match byte {
                b' ' | b'\t' | b'\r' => {
                    if next == b'#' {
                        at = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |n| at + n);
                    }
                }
                b'\n' => fresh = true,
                b'#' if at == 1 || bytes[at - 2] == b'\n' => {
                    at = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |n| at + n);
                }
                b'"' | b'\'' if fresh => {
                    self.quote = Some(byte);
                    fresh = false;
                }
                b'&' | b'*' if fresh => return wrong("it has a YAML anchor or alias"),
                b'!' if fresh => return wrong("it has a YAML tag"),
                b'|' | b'>' if fresh => return wrong("it has a YAML block scalar"),
                b'[' | b'{' if fresh => {
                    self.depth += 1;
                    self.items += 1;
                    if self.depth > MAX_DEPTH {
                        return wrong("it is nested too deeply");
                    }
                }
                b']' | b'}' if self.depth > 0 => {
                    self.depth -= 1;
                    fresh = false;
                }
                b',' if self.depth > 0 => {
                    self.items += 1;
                    fresh = true;
                }
                b'-' | b'?' if fresh && ends => self.items += 1,
                b':' if ends || (self.depth > 0 && b",[]{}".contains(&next)) => fresh = true,
                _ => fresh = false,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_no_lockfile_has() {
        for (text, line) in [
            ("a: &x 1\nb: 2\n", 1),
            ("a: 1\nb: *x\n", 2),
            ("a:\n- !x 1\n", 2),
            ("a: |\n  x\n", 1),
            ("a: [&x 1]\n", 1),
            ("a: {b: *x}\n", 1),
            ("a: \"x\\\"\"\nb: *x\n", 2),
            ("a: 'it''s'\nb: *x\n", 2),
            ("# don't\nb: *x\n", 2),
            ("a: 1 # don't\n\nb: *x\n", 3),
            ("a: \u{0}\n", 1),
            ("a: 1\nb: \u{1b}[0m\n", 2),
            ("a: \u{85}\n", 1),
            ("a: 1\rb: 2\n", 1),
            ("a: [[[[[[[[[\n", 1),
        ] {
            assert_eq!(scan(text.as_bytes()).unwrap_err().0, line, "{text:?}");
        }
        assert_eq!(scan(b"a: 1\nb: \xff\n").unwrap_err().0, 2);
    }

    #[test]
    fn lets_quoted_and_inner_marks_pass() {
        for text in [
            "a: \"&x *y !z | >\"\n",
            "a: '*x'\n# *x\nb: x&y*z!|>\n",
            "\u{feff}a: 1\r\nb: [c, {d: e}]\r\n",
            "",
        ] {
            assert!(scan(text.as_bytes()).is_ok(), "{text:?}");
        }
    }
}
