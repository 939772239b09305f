//! The words, escapes and specifiers that sysusers.d(5) and tmpfiles.d(5) share, and which of a
//! set of drop-in files count and in which order.
//!
//! A line in, words out. Quotes of both kinds may begin and end anywhere in a word and both know
//! the backslash; what a backslash means differs: tmpfiles.d reads C escapes, sysusers.d takes
//! the next character as it is. Nothing here knows what the words mean.

use std::collections::BTreeMap;

/// Longer lines than any real one by a factor of a hundred are not read.
pub(in crate::distro::deb::configure) const MAX_LINE: usize = 1 << 16;
/// Lines of one file that are read; the longest real file has about sixty.
const MAX_LINES: usize = 4096;

/// What a backslash does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::distro::deb::configure) enum Backslash {
    /// Stands for the next character.
    Next,
    /// Begins a C escape.
    C,
}

/// Takes the first word off `rest`: `None` at the end of the line, an error where a quote stays
/// open or an escape means nothing.
pub(in crate::distro::deb::configure) fn word(
    rest: &str,
    backslash: Backslash,
) -> Result<Option<(Vec<u8>, &str)>, &'static str> {
    let mut rest = rest.trim_start_matches(BLANK);
    if rest.is_empty() {
        return Ok(None);
    }
    let mut word = Vec::new();
    let mut quote = None;
    loop {
        let mut chars = rest.chars();
        let Some(c) = chars.next() else {
            break;
        };
        match c {
            '\\' if backslash == Backslash::C => rest = escape(chars.as_str(), &mut word)?,
            '\\' => {
                let next = chars.next().ok_or("a backslash at the end of the line")?;
                push(&mut word, next);
                rest = chars.as_str();
            }
            '"' | '\'' if quote.is_none() => {
                quote = Some(c);
                rest = chars.as_str();
            }
            _ if quote == Some(c) => {
                quote = None;
                rest = chars.as_str();
            }
            _ if quote.is_none() && BLANK.contains(&c) => break,
            _ => {
                push(&mut word, c);
                rest = chars.as_str();
            }
        }
    }
    match quote {
        Some(_) => Err("a quote that is not closed"),
        None => Ok(Some((word, rest.trim_start_matches(BLANK)))),
    }
}

const BLANK: &[char] = &[' ', '\t', '\n', '\r'];

fn push(to: &mut Vec<u8>, c: char) {
    to.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

/// Reads the C escape whose backslash was just passed; what follows it is handed back.
fn escape<'a>(rest: &'a str, to: &mut Vec<u8>) -> Result<&'a str, &'static str> {
    const WRONG: &str = "an escape that means nothing";
    let mut chars = rest.chars();
    let digits = |count: usize, radix: u32, text: &'a str| {
        let digits = text.get(..count).ok_or(WRONG)?;
        let plain = digits.chars().all(|c| c.is_digit(radix));
        let value = u32::from_str_radix(digits, radix).map_err(|_| WRONG)?;
        // A zero byte would end what every program reads.
        match plain && value != 0 {
            true => Ok((value, text.get(count..).unwrap_or_default())),
            false => Err(WRONG),
        }
    };
    let byte = match chars.next().ok_or(WRONG)? {
        'a' => 0x07,
        'b' => 0x08,
        'f' => 0x0c,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 0x0b,
        's' => b' ',
        '\\' => b'\\',
        '"' => b'"',
        '\'' => b'\'',
        'x' => {
            let (value, rest) = digits(2, 16, chars.as_str())?;
            to.push(u8::try_from(value).map_err(|_| WRONG)?);
            return Ok(rest);
        }
        which @ ('u' | 'U') => {
            let (value, rest) = digits(if which == 'u' { 4 } else { 8 }, 16, chars.as_str())?;
            push(to, char::from_u32(value).ok_or(WRONG)?);
            return Ok(rest);
        }
        '0'..='7' => {
            let (value, rest) = digits(3, 8, rest)?;
            to.push(u8::try_from(value).map_err(|_| WRONG)?);
            return Ok(rest);
        }
        _ => return Err(WRONG),
    };
    to.push(byte);
    Ok(chars.as_str())
}

/// Replaces the C escapes of a text that is not split into words.
pub(in crate::distro::deb::configure) fn unescape(text: &str) -> Result<Vec<u8>, &'static str> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.extend_from_slice(before.as_bytes());
        rest = escape(after, &mut out)?;
    }
    out.extend_from_slice(rest.as_bytes());
    Ok(out)
}

/// Replaces the specifiers whose meaning is in `known`; the first other one is the error.
/// `%` before anything but a letter or `%`, and at the end, stands for itself.
pub(in crate::distro::deb::configure) fn specifiers(
    text: &[u8],
    known: &[(u8, &str)],
) -> Result<Vec<u8>, char> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        match bytes.peek().copied() {
            Some(b'%') => {
                bytes.next();
                out.push(b'%');
            }
            Some(letter) if letter.is_ascii_alphabetic() => {
                bytes.next();
                match known.iter().find(|(of, _)| *of == letter) {
                    Some((_, value)) => out.extend_from_slice(value.as_bytes()),
                    None => return Err(char::from(letter)),
                }
            }
            _ => out.push(b'%'),
        }
    }
    Ok(out)
}

/// The lines of a file that say something: without blanks at both ends, comments and empty lines.
pub(in crate::distro::deb::configure) fn lines(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().take(MAX_LINES);
    let lines = lines.map(|line| line.trim_matches(BLANK));
    lines.filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// What there is to say about a file that has more lines than are read.
pub(in crate::distro::deb::configure) fn too_long(text: &str) -> Option<String> {
    let more = text.lines().nth(MAX_LINES).is_some();
    more.then(|| format!("only the first {MAX_LINES} lines are read"))
}

/// A number of a user or group: decimal, and neither of the two that mean "none".
pub(in crate::distro::deb::configure) fn id(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    let number = text.parse().ok().filter(|_| plain)?;
    (number != 0xffff && number != u32::MAX).then_some(number)
}

/// Which of these drop-in files (absolute paths) count, in the order in which they are read:
/// by base name; of files with the same name only that of the first directory. `folder` is
/// `sysusers.d` or `tmpfiles.d`. A masked file (empty, or a link to `/dev/null`) has to be among
/// `paths`, because it hides the others.
///
/// This is what holds when the program is called without file names; with names (as
/// maintainer scripts do) the files are read as they are named.
pub(in crate::distro::deb::configure) fn select<'a>(
    paths: impl IntoIterator<Item = &'a str>,
    folder: &str,
) -> Vec<&'a str> {
    // `/lib` is there because bookworm's systemd is built for a split /usr.
    const DIRECTORIES: &[&str] = &["/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"];
    let mut chosen: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
    for path in paths {
        let Some((directory, name)) = path.rsplit_once('/') else {
            continue;
        };
        let parent = directory.strip_suffix(folder);
        let parent = parent.and_then(|parent| parent.strip_suffix('/'));
        let rank = DIRECTORIES.iter().position(|known| parent == Some(*known));
        let Some(rank) = rank.filter(|_| name.ends_with(".conf") && !name.starts_with('.')) else {
            continue;
        };
        let entry = chosen.entry(name).or_insert((rank, path));
        if rank < entry.0 {
            *entry = (rank, path);
        }
    }
    chosen.into_values().map(|(_, path)| path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(line: &str, backslash: Backslash) -> Result<Vec<String>, &'static str> {
        let (mut rest, mut out) = (line, Vec::new());
        while let Some((one, after)) = word(rest, backslash)? {
            out.push(String::from_utf8(one).expect("the tests are UTF-8"));
            rest = after;
        }
        Ok(out)
    }

    #[test]
    fn words_and_quotes() {
        let split = |line| all(line, Backslash::Next);
        assert_eq!(
            split(" u  a\t-"),
            Ok(vec!["u".into(), "a".into(), "-".into()])
        );
        assert_eq!(
            split("'a \"b\"' \"c 'd\""),
            Ok(vec!["a \"b\"".into(), "c 'd".into()])
        );
        assert_eq!(split("q\"u\"x \"\""), Ok(vec!["qux".into(), String::new()]));
        assert_eq!(
            split(r#""a\tb" a\ b '\''"#),
            Ok(vec!["atb".into(), "a b".into(), "'".into()])
        );
        assert!(split("a 'b").is_err());
        assert!(split("a b\\").is_err());
    }

    #[test]
    fn c_escapes() {
        let split = |line| all(line, Backslash::C);
        assert_eq!(split(r"a\tb\x20c\040\u00e9"), Ok(vec!["a\tb c é".into()]));
        for wrong in [
            r"\q", r"\x0", r"\x00", r"\000", r"\ud800", r"\777", "\\", r"\x+1", r"\xé",
        ] {
            assert!(split(wrong).is_err(), "{wrong}");
            assert!(unescape(wrong).is_err(), "{wrong}");
        }
        assert_eq!(unescape(r#"a b\s\xff"c\n"#), Ok(b"a b \xff\"c\n".to_vec()));
    }

    #[test]
    fn only_the_named_specifiers() {
        let known: &[(u8, &str)] = &[(b't', "/run")];
        assert_eq!(specifiers(b"%t/100%%", known), Ok(b"/run/100%".to_vec()));
        assert_eq!(specifiers(b"5% of %", known), Ok(b"5% of %".to_vec()));
        assert_eq!(specifiers(b"a%%b%m", known), Err('m'));
    }

    #[test]
    fn numbers_of_accounts() {
        assert_eq!(id("0"), Some(0));
        assert_eq!(id("4294967294"), Some(4_294_967_294));
        for wrong in [
            "",
            "00",
            "+1",
            "-1",
            "65535",
            "4294967295",
            "4294967296",
            "a",
        ] {
            assert_eq!(id(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn files_have_an_end() {
        let text = "a\n".repeat(MAX_LINES);
        assert_eq!((lines(&text).count(), too_long(&text)), (MAX_LINES, None));
        let text = text + "b";
        assert_eq!(lines(&text).count(), MAX_LINES);
        assert!(too_long(&text).is_some());
    }

    #[test]
    fn files_by_name_and_directory() {
        let paths = [
            "/usr/lib/tmpfiles.d/b.conf",
            "/usr/lib/tmpfiles.d/a.conf",
            "/usr/local/lib/tmpfiles.d/a.conf",
            "/etc/tmpfiles.d/b.conf",
            "/run/tmpfiles.d/b.conf",
            "/etc/tmpfiles.d/c.txt",
            "/etc/tmpfiles.d/.c.conf",
            "/opt/tmpfiles.d/d.conf",
            "/etc/sysusers.d/d.conf",
        ];
        assert_eq!(
            select(paths, "tmpfiles.d"),
            ["/usr/local/lib/tmpfiles.d/a.conf", "/etc/tmpfiles.d/b.conf"]
        );
    }
}
