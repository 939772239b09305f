//! One file of tmpfiles.d(5).

use super::super::words::{Backslash, MAX_LINE, id, lines, specifiers, too_long, unescape, word};
use super::{Action, Line, Meta, Mode, Owner, Undone, Who};

/// The specifiers whose value is the same on every system. The others name a machine, a boot or
/// a release.
const KNOWN: &[(u8, &str)] = &[
    (b'C', "/var/cache"),
    (b'g', "root"),
    (b'G', "0"),
    (b'h', "/root"),
    (b'L', "/var/log"),
    (b'S', "/var/lib"),
    (b't', "/run"),
    (b'T', "/tmp"),
    (b'u', "root"),
    (b'U', "0"),
    (b'V', "/var/tmp"),
];

/// Specifiers that no path of a package can contain the value of.
const OF_A_MACHINE: &str = "mbHlqv";

/// The lines of one file, in its order, and those that were not understood (with the reason),
/// which systemd-tmpfiles skips too, or which depend on the machine.
pub(in crate::distro::deb::configure) fn parse(text: &str) -> (Vec<Line>, Vec<String>) {
    let (mut found, mut odd) = (Vec::new(), Vec::new());
    for text in lines(text) {
        match line(text) {
            Ok(Some(line)) => found.push(line),
            Ok(None) => {}
            Err(why) => {
                let shown: String = text.chars().take(200).collect();
                odd.push(format!("{shown}: {why}"));
            }
        }
    }
    odd.extend(too_long(text));
    (found, odd)
}

/// One line; `None` where it only counts at boot.
fn line(text: &str) -> Result<Option<Line>, String> {
    if text.len() > MAX_LINE {
        return Err("the line is too long".into());
    }
    let mut rest = text;
    let mut fields = Vec::new();
    while fields.len() < 6 {
        let Some((field, after)) = word(rest, Backslash::C)? else {
            break;
        };
        fields.push(field);
        rest = after;
    }
    let mut fields = fields.into_iter();
    let mut next = || fields.next().unwrap_or_default();
    let (kind, path) = (utf8(next())?, next());
    let kind = Kind::read(&kind)?;
    if path.is_empty() {
        return Err("there is no path".into());
    }
    if kind.boot {
        return Ok(None);
    }
    let nothing = "xXrR".contains(kind.letter);
    let (path, of_machine) = match specifiers(&path, KNOWN) {
        Ok(path) => (path, false),
        Err(letter) if nothing || kind.finds() && OF_A_MACHINE.contains(letter) => (path, true),
        Err(letter) => return Err(unknown(letter)),
    };
    let path = simple(&utf8(path)?)?;
    let meta = Meta {
        mode: mode(&utf8(next())?)?,
        user: owner(&utf8(next())?)?,
        group: owner(&utf8(next())?)?,
    };
    let age = given(utf8(next())?);
    if !age.as_deref().is_none_or(age_is_valid) {
        return Err("the age is none".into());
    }
    let argument = Some(rest).filter(|rest| !matches!(*rest, "" | "-"));
    let mut action = kind.action(&path, argument)?;
    if of_machine {
        action = Action::Ignored;
    }
    Ok(Some(Line {
        kind: kind.letter,
        path,
        meta,
        age,
        action,
        may_fail: kind.may_fail,
        replace: kind.replace,
    }))
}

/// The first field.
struct Kind {
    letter: char,
    boot: bool,
    plus: bool,
    may_fail: bool,
    replace: bool,
    base64: bool,
    credential: bool,
    if_target: bool,
}

impl Kind {
    fn read(text: &str) -> Result<Self, String> {
        let mut chars = text.chars();
        let letter = chars.next().ok_or("there is no type")?;
        if !"fFdDvqQpLcbCwexXrRzmZtThHaA".contains(letter) {
            return Err(format!("there is no type {letter}"));
        }
        let modifiers = chars.as_str();
        let count = |wanted: char| modifiers.chars().filter(|c| *c == wanted).count();
        if !modifiers
            .chars()
            .all(|c| "!+-=~^$?".contains(c) && count(c) == 1)
        {
            return Err("an unknown modifier".into());
        }
        let has = |wanted| modifiers.contains(wanted);
        let purges = "fFdDvqQpLcbCwe".contains(letter);
        if has('$') && !purges || has('?') && letter != 'L' {
            return Err("a modifier that this type does not have".into());
        }
        Ok(Self {
            letter,
            boot: has('!'),
            plus: has('+'),
            may_fail: has('-'),
            replace: has('='),
            base64: has('~'),
            credential: has('^'),
            if_target: has('?'),
        })
    }

    /// Whether the line only finds what is there.
    fn finds(&self) -> bool {
        "wezmZtThHaA".contains(self.letter)
    }

    fn action(&self, path: &str, argument: Option<&str>) -> Result<Action, String> {
        let writes = matches!(self.letter, 'f' | 'F' | 'w');
        if self.base64 && "LCcbtTaAhH".contains(self.letter) {
            return Err("this type's argument cannot be base64".into());
        }
        if "wcbtTaAhH".contains(self.letter) && argument.is_none() {
            return Err("there is no argument".into());
        }
        if self.credential {
            let named = argument.is_some();
            return named
                .then_some(Action::Ignored)
                .ok_or("no credential is named".into());
        }
        let content = match argument {
            Some(text) if writes && self.base64 => base64(text).ok_or("this is not base64")?,
            Some(text) if writes || matches!(self.letter, 'L' | 'C') => {
                specifiers(&unescape(text)?, KNOWN).map_err(unknown)?
            }
            _ => Vec::new(),
        };
        let factory = || format!("/usr/share/factory{path}");
        Ok(match self.letter {
            'f' | 'F' => Action::File {
                content,
                anew: self.plus || self.letter == 'F',
            },
            'w' => Action::Write {
                content,
                append: self.plus,
            },
            'd' | 'D' | 'v' | 'q' | 'Q' => Action::Directory,
            'L' => Action::Link {
                target: argument.map_or_else(|| Ok(factory()), |_| utf8(content))?,
                force: self.plus,
                if_target: self.if_target,
            },
            'C' => Action::Copy {
                source: match argument {
                    Some(_) => simple(&utf8(content)?)?,
                    None => factory(),
                },
                merge: self.plus,
            },
            'z' | 'm' | 'Z' | 'e' => Action::Adjust {
                recursive: self.letter == 'Z',
                directories: self.letter == 'e',
            },
            'a' | 'A' => Action::Undone(Undone::Acl),
            't' | 'T' => Action::Undone(Undone::Xattr),
            'h' | 'H' => Action::Undone(Undone::Attribute),
            'p' => Action::Undone(Undone::Pipe),
            'c' | 'b' => Action::Undone(Undone::Device),
            _ => Action::Ignored,
        })
    }
}

fn unknown(letter: char) -> String {
    format!("the specifier %{letter} depends on the machine, or there is none")
}

fn utf8(bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|_| "a field is not UTF-8".into())
}

/// Fields that are left out are `-`, empty, or behind the end.
fn given(text: String) -> Option<String> {
    Some(text).filter(|text| !matches!(text.as_str(), "" | "-"))
}

/// A path without what does not count; systemd itself takes `/var/run` for `/run`.
fn simple(path: &str) -> Result<String, String> {
    if !path.starts_with('/') {
        return Err("the path is not absolute".into());
    }
    let parts: Vec<&str> = path
        .split('/')
        .filter(|part| !matches!(*part, "" | "."))
        .collect();
    if parts.contains(&"..") || path.contains('\0') {
        return Err("the path leads upwards".into());
    }
    let below = match parts.as_slice() {
        ["var", rest @ ..] if rest.len() > 1 && rest.first() == Some(&"run") => rest,
        all => all,
    };
    Ok(format!("/{}", below.join("/")))
}

fn mode(text: &str) -> Result<Option<Mode>, String> {
    if matches!(text, "" | "-") {
        return Ok(None);
    }
    let digits = text.trim_start_matches(['~', ':']);
    let prefix = text.strip_suffix(digits).unwrap_or_default();
    let octal = !digits.is_empty() && digits.bytes().all(|b| matches!(b, b'0'..=b'7'));
    let bits = u32::from_str_radix(digits, 8).ok();
    let bits = bits.filter(|bits| octal && *bits <= 0o7777);
    Ok(Some(Mode {
        bits: bits.ok_or("the mode is none")?,
        masked: prefix.contains('~'),
        only_new: prefix.contains(':'),
    }))
}

fn owner(text: &str) -> Result<Option<Owner>, String> {
    if matches!(text, "" | "-") {
        return Ok(None);
    }
    let name = text.strip_prefix(':').unwrap_or(text);
    if name.is_empty() {
        return Err("a user or group without a name".into());
    }
    Ok(Some(Owner {
        who: id(name).map_or_else(|| Who::Name(name.to_owned()), Who::Number),
        only_new: name.len() < text.len(),
    }))
}

/// systemd.time(7): spans like `10d`, `1.5h 30min` or `infinity`, after `~` and the letters of
/// the times that count.
fn age_is_valid(text: &str) -> bool {
    const UNITS: &[&str] = &[
        "seconds", "second", "sec", "s", "minutes", "minute", "min", "months", "month", "M",
        "msec", "ms", "m", "hours", "hour", "hr", "h", "days", "day", "d", "weeks", "week", "w",
        "years", "year", "y", "usec", "us", "µs", "μs",
    ];
    let mut text = text.strip_prefix('~').unwrap_or(text);
    if let Some((by, span)) = text.split_once(':') {
        if by.is_empty() || !by.chars().all(|c| "abcmABCM".contains(c)) {
            return false;
        }
        text = span;
    }
    let mut rest = text.trim();
    if rest.is_empty() {
        return false;
    }
    if rest == "infinity" {
        return true;
    }
    while !rest.is_empty() {
        let number = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let digits = rest.strip_suffix(number).unwrap_or_default();
        let unit = number.trim_start();
        let after = unit.trim_start_matches(|c: char| !c.is_ascii_digit() && !c.is_whitespace());
        let name = unit.strip_suffix(after).unwrap_or_default();
        let whole = digits.bytes().any(|b| b.is_ascii_digit());
        let dots = digits.bytes().filter(|b| *b == b'.').count();
        if !whole || dots > 1 || !(name.is_empty() || UNITS.contains(&name)) {
            return false;
        }
        rest = after.trim_start();
    }
    true
}

/// RFC 4648, blanks anywhere, padding demanded.
fn base64(text: &str) -> Option<Vec<u8>> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let text: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    let body = text
        .strip_suffix(b"==")
        .or_else(|| text.strip_suffix(b"="))
        .unwrap_or(&text);
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let mut out = Vec::with_capacity(text.len());
    for chunk in body.chunks(4) {
        let mut bits = 0_u32;
        for byte in chunk {
            let value = LETTERS.iter().position(|known| known == byte)?;
            bits = bits << 6 | u32::try_from(value).ok()?;
        }
        bits <<= 6 * (4 - chunk.len());
        let [_, bytes @ ..] = bits.to_be_bytes();
        let count = chunk.len() * 6 / 8;
        if bytes.iter().skip(count).any(|rest| *rest != 0) {
            return None;
        }
        out.extend(bytes.iter().take(count));
    }
    Some(out)
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
