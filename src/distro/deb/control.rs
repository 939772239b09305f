//! The text files of a package's control archive: deb-control(5), deb-conffiles(5) and
//! deb-triggers(5).
//!
//! Bytes come in, fields and lines go out in their order, exactly as written: what is not UTF-8
//! stays as it is, since dpkg's database repeats it byte for byte.

use crate::tree::{ParsePathError, TreePath};

/// Fields of one stanza: Debian's packages have some thirty at most.
const MAX_FIELDS: usize = 1024;
/// A stranger's text in a message is cut here.
const MAX_SHOWN: usize = 80;

/// A control file is not what its manual page says.
#[derive(Debug, thiserror::Error)]
pub(super) enum ControlError {
    /// A line cannot be read.
    #[error("line {line} `{text}` {why}")]
    Line {
        /// From 1.
        line: usize,
        /// The line, escaped and cut.
        text: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// There are too many fields.
    #[error("it has more than {MAX_FIELDS} fields")]
    Fields,
    /// A path that has no place below the root.
    #[error("line {line} names a path that is refused")]
    Path {
        /// From 1.
        line: usize,
        /// Why.
        source: ParsePathError,
    },
}

/// An error about a line, counted from 0.
fn bad(line: usize, text: &[u8], why: &'static str) -> ControlError {
    ControlError::Line {
        line: line + 1,
        text: text[..text.len().min(MAX_SHOWN)].escape_ascii().to_string(),
        why,
    }
}

/// One stanza of deb822(5): fields in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Stanza {
    /// Names as written; values without the blanks around their first line, continuation lines as
    /// written behind a newline each.
    pub(super) fields: Vec<(Box<str>, Box<[u8]>)>,
}

impl Stanza {
    /// Reads a file of exactly one stanza.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, ControlError> {
        let mut fields: Vec<(Box<str>, Vec<u8>)> = Vec::new();
        let mut ended = false;
        for (at, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
            if line.trim_ascii().is_empty() {
                ended = !fields.is_empty();
                continue;
            }
            if ended {
                return Err(bad(at, line, "follows the end of the stanza"));
            }
            if line[0] == b' ' || line[0] == b'\t' {
                let Some((_, value)) = fields.last_mut() else {
                    return Err(bad(at, line, "continues no field"));
                };
                value.push(b'\n');
                value.extend_from_slice(line.trim_ascii_end());
                continue;
            }
            let Some((name, value)) = field(line) else {
                return Err(bad(at, line, "is no field"));
            };
            if fields
                .iter()
                .any(|(other, _)| other.eq_ignore_ascii_case(name))
            {
                return Err(bad(at, line, "repeats a field"));
            }
            if fields.len() == MAX_FIELDS {
                return Err(ControlError::Fields);
            }
            fields.push((name.into(), value.trim_ascii().to_vec()));
        }
        let fields = fields.into_iter().map(|(name, value)| (name, value.into()));
        Ok(Self {
            fields: fields.collect(),
        })
    }

    /// The value of a field, whose name has no case.
    pub(super) fn get(&self, name: &str) -> Option<&[u8]> {
        let mut fields = self.fields.iter();
        let (_, value) = fields.find(|(other, _)| other.eq_ignore_ascii_case(name))?;
        Some(value)
    }

    /// As [`Stanza::get`], where the value is UTF-8.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.get(name)
            .and_then(|value| std::str::from_utf8(value).ok())
    }
}

/// Splits `Name: value`.
fn field(line: &[u8]) -> Option<(&str, &[u8])> {
    let colon = line.iter().position(|&byte| byte == b':')?;
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    let first = *name.first()?;
    let valid = name.iter().all(u8::is_ascii_graphic) && first != b'#' && first != b'-';
    let name = std::str::from_utf8(name).ok()?;
    valid.then_some((name, value))
}

/// A line of `conffiles`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Conffile {
    /// Where it is, as packaged.
    pub(super) path: TreePath,
    /// `remove-on-upgrade`: the package does not ship it any more.
    pub(super) obsolete: bool,
}

/// Reads `conffiles`, in its order.
pub(super) fn conffiles(bytes: &[u8]) -> Result<Vec<Conffile>, ControlError> {
    let mut out = Vec::new();
    for (at, line) in lines(bytes) {
        let (obsolete, path) = match line.strip_prefix(b"remove-on-upgrade ") {
            Some(path) => (true, path.trim_ascii()),
            None => (false, line),
        };
        if !path.starts_with(b"/") {
            return Err(bad(at, line, "is no absolute path"));
        }
        let path = TreePath::from_archive(path)
            .map_err(|source| ControlError::Path {
                line: at + 1,
                source,
            })?
            .ok_or_else(|| bad(at, line, "is the root"))?;
        out.push(Conffile { path, obsolete });
    }
    Ok(out)
}

/// A line of `triggers`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trigger {
    /// Whether the package is interested in the trigger; else it activates it.
    pub(super) interest: bool,
    /// Whether the one who activates it waits for the one who is interested.
    pub(super) awaits: bool,
    /// The name, or the path where it begins with a slash.
    pub(super) name: Box<str>,
}

/// Reads `triggers`, in its order.
pub(super) fn triggers(bytes: &[u8]) -> Result<Vec<Trigger>, ControlError> {
    let mut out = Vec::new();
    for (at, line) in lines(bytes) {
        let text = std::str::from_utf8(line).map_err(|_| bad(at, line, "is not UTF-8"))?;
        let text = text.split('#').next().unwrap_or_default().trim_ascii();
        if text.is_empty() {
            continue;
        }
        let (directive, name) = text
            .split_once([' ', '\t'])
            .ok_or_else(|| bad(at, line, "is no directive with a name"))?;
        let (interest, awaits) = match directive {
            "interest" | "interest-await" => (true, true),
            "interest-noawait" => (true, false),
            "activate" | "activate-await" => (false, true),
            "activate-noawait" => (false, false),
            _ => return Err(bad(at, line, "has an unknown directive")),
        };
        let name = name.trim_ascii().into();
        out.push(Trigger {
            interest,
            awaits,
            name,
        });
    }
    Ok(out)
}

/// The lines that are not blank, without the blanks at their end, counted from 0.
fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let lines = bytes
        .split(|&byte| byte == b'\n')
        .map(<[u8]>::trim_ascii_end);
    lines.enumerate().filter(|(_, line)| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stanza_keeps_order_and_bytes() {
        let stanza = Stanza::parse(
            b"Package: a\nMaintainer: J\xfcrgen \nConffiles:\n /etc/a 1\nDescription: x\n long\n .\n  more\n\n",
        )
        .unwrap();
        let names: Vec<_> = stanza.fields.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, ["Package", "Maintainer", "Conffiles", "Description"]);
        assert_eq!(stanza.text("package"), Some("a"));
        assert_eq!(stanza.get("Maintainer"), Some(&b"J\xfcrgen"[..]));
        assert_eq!(stanza.text("Maintainer"), None);
        assert_eq!(stanza.text("Conffiles"), Some("\n /etc/a 1"));
        assert_eq!(stanza.text("Description"), Some("x\n long\n .\n  more"));
    }

    #[test]
    fn a_stanza_is_one_and_clear() {
        for bad in [
            &b" a\n"[..],
            b"a\n",
            b"A: 1\nA: 2\n",
            b"A: 1\na: 2\n",
            b"A: 1\n\nB: 2\n",
            b"A B: 1\n",
            b"#A: 1\n",
            b": 1\n",
            b"A\0: 1\n",
        ] {
            assert!(Stanza::parse(bad).is_err(), "{}", bad.escape_ascii());
        }
        let many: String = (0..=MAX_FIELDS)
            .map(|index| format!("F{index}: x\n"))
            .collect();
        assert!(matches!(
            Stanza::parse(many.as_bytes()),
            Err(ControlError::Fields)
        ));
    }

    #[test]
    fn lists_are_read_line_by_line() {
        let files = conffiles(b"/etc/a\nremove-on-upgrade /etc/b\n\n").unwrap();
        let shown: Vec<_> = files
            .iter()
            .map(|file| (file.path.to_string(), file.obsolete))
            .collect();
        assert_eq!(shown, [("/etc/a".into(), false), ("/etc/b".into(), true)]);
        assert!(conffiles(b"etc/a\n").is_err());
        assert!(conffiles(b"/etc/../a\n").is_err());

        let lines = triggers(b"# x\ninterest-noawait /usr/lib # y\nactivate ldconfig\n").unwrap();
        assert_eq!(
            (lines[0].interest, lines[0].awaits, &*lines[0].name),
            (true, false, "/usr/lib")
        );
        assert_eq!(
            (lines[1].interest, lines[1].awaits, &*lines[1].name),
            (false, true, "ldconfig")
        );
        assert!(triggers(b"watch x\n").is_err());
    }
}
