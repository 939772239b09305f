//! fnmatch(3) without flags, over bytes: `*` and `?` match `/` and leading dots too.
//!
//! This is what dpkg calls for path-exclude (dpkg(1)): a pattern and a path in, yes or no out.
//! Linear in pattern times text: a star is retried, never recursed into.

/// Whether `pattern` matches the whole of `text`.
pub(super) fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    // Where to go on when a guess about the last star proves wrong.
    let mut retry: Option<(usize, usize)> = None;
    loop {
        let step = match pattern.get(p) {
            Some(b'*') => {
                retry = Some((p, t));
                p += 1;
                continue;
            }
            None if t == text.len() => return true,
            None => None,
            Some(_) => text
                .get(t)
                .and_then(|&byte| one(&pattern[p..], byte))
                .map(|width| (p + width, t + 1)),
        };
        (p, t) = match (step, retry) {
            (Some(next), _) => next,
            (None, Some((star, from))) if from < text.len() => {
                retry = Some((star, from + 1));
                (star + 1, from + 1)
            }
            _ => return false,
        };
    }
}

/// The width of the pattern's first element, where that matches `byte`.
fn one(pattern: &[u8], byte: u8) -> Option<usize> {
    match pattern {
        [b'?', ..] => Some(1),
        [b'\\', escaped, ..] => (*escaped == byte).then_some(2),
        [b'[', rest @ ..] => match bracket(rest, byte) {
            Some((width, hit)) => hit.then_some(width + 1),
            // An unclosed bracket is the character itself.
            None => (byte == b'[').then_some(1),
        },
        [literal, ..] => (*literal == byte).then_some(1),
        [] => None,
    }
}

/// The width of a bracket expression behind its `[`, and whether it holds `byte`.
fn bracket(pattern: &[u8], byte: u8) -> Option<(usize, bool)> {
    let negated = matches!(pattern.first(), Some(b'!' | b'^'));
    let mut at = usize::from(negated);
    let first = at;
    let mut hit = false;
    loop {
        match pattern.get(at..)? {
            [] => return None,
            [b']', ..] if at > first => return Some((at + 1, hit != negated)),
            [b'[', b':', rest @ ..] => {
                let end = rest.windows(2).position(|pair| pair == b":]")?;
                hit |= class(&rest[..end], byte);
                at += end + 4;
            }
            rest => {
                let (low, used) = literal(rest)?;
                at += used;
                match pattern.get(at..)? {
                    [b'-', after @ ..] if !matches!(after.first(), None | Some(b']')) => {
                        let (high, used) = literal(after)?;
                        hit |= (low..=high).contains(&byte);
                        at += 1 + used;
                    }
                    _ => hit |= low == byte,
                }
            }
        }
    }
}

/// One character of a bracket expression, and how many bytes spell it.
fn literal(pattern: &[u8]) -> Option<(u8, usize)> {
    match pattern {
        [b'\\', escaped, ..] => Some((*escaped, 2)),
        [byte, ..] => Some((*byte, 1)),
        [] => None,
    }
}

/// POSIX character classes in the C locale; an unknown one holds nothing.
fn class(name: &[u8], byte: u8) -> bool {
    match name {
        b"alnum" => byte.is_ascii_alphanumeric(),
        b"alpha" => byte.is_ascii_alphabetic(),
        b"blank" => matches!(byte, b' ' | b'\t'),
        b"cntrl" => byte.is_ascii_control(),
        b"digit" => byte.is_ascii_digit(),
        b"graph" => byte.is_ascii_graphic(),
        b"lower" => byte.is_ascii_lowercase(),
        b"print" => byte.is_ascii_graphic() || byte == b' ',
        b"punct" => byte.is_ascii_punctuation(),
        b"space" => byte.is_ascii_whitespace() || byte == 0x0b,
        b"upper" => byte.is_ascii_uppercase(),
        b"xdigit" => byte.is_ascii_hexdigit(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn matches_as_fnmatch_without_flags() {
        for (pattern, text) in [
            ("/usr/share/doc/*", "/usr/share/doc/bash/copyright"),
            ("/usr/share/doc/*/copyright", "/usr/share/doc/a/b/copyright"),
            ("*", ""),
            ("*.pyc", ".pyc"),
            ("a?c", "a/c"),
            ("[a-c]x", "bx"),
            ("[!a-c]x", "dx"),
            ("[]a]", "]"),
            ("[[:digit:]-]*", "-1"),
            ("a\\*b", "a*b"),
            ("a[b", "a[b"),
            ("*a*b*c", "xxaxxbxxbc"),
        ] {
            assert!(
                matches(pattern.as_bytes(), text.as_bytes()),
                "{pattern} {text}"
            );
        }
        for (pattern, text) in [
            ("/usr/share/doc/*", "/usr/share/doc"),
            ("[!a-c]x", "bx"),
            ("[[:digit:]]", "a"),
            ("a\\*b", "axb"),
            ("a", "ab"),
            ("ab", "a"),
            ("*a*b*c", "xxaxxbxxb"),
        ] {
            assert!(
                !matches(pattern.as_bytes(), text.as_bytes()),
                "{pattern} {text}"
            );
        }
    }

    #[test]
    fn many_stars_are_not_exponential() {
        let pattern = "*a".repeat(200);
        assert!(!matches(pattern.as_bytes(), "a".repeat(199).as_bytes()));
        assert!(matches(pattern.as_bytes(), "a".repeat(4000).as_bytes()));
    }
}
