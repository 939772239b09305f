//! sysusers.d(5): which users, groups and members a package wants.
//!
//! Text in, lines out; [`super::systemd`] gives them numbers. Nothing is looked up. Only the
//! specifiers that mean the same everywhere are known (`%%`, `%T`, `%V`). `u!` is of systemd 257;
//! systemd 252 skips such a line.
//!
//! Source: sysusers.d(5) and the behaviour of systemd-sysusers 257.

use super::words::{Backslash, MAX_LINE, id, lines, specifiers, too_long, word};

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::distro::deb::configure) enum Line {
    /// `g`: a group.
    Group {
        /// Its name.
        name: String,
        /// Its number; never [`Id::With`].
        gid: Id,
    },
    /// `u`, `u!`: a user and, unless the number says otherwise, a group of the same name.
    User {
        /// The name.
        name: String,
        /// The number, or how it is found.
        uid: Id,
        /// The comment field; empty where it is not given.
        gecos: Option<String>,
        /// The home directory; `/` where it is not given. It is not made.
        home: Option<String>,
        /// The login shell. Where it is not given: `/bin/sh` for number 0, else nologin.
        shell: Option<String>,
        /// `u!`: the account has expired, beside having no valid password.
        locked: bool,
    },
    /// `m`: makes the user a member of the group; both are made where they do not exist.
    Member {
        /// Who.
        user: String,
        /// Of what.
        group: String,
    },
    /// `r`: numbers, both ends included, out of which others are given.
    Range {
        /// The first.
        low: u32,
        /// The last.
        high: u32,
    },
}

/// How a number is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::distro::deb::configure) enum Id {
    /// Any that is free.
    Any,
    /// This one, if it is free.
    Number(u32),
    /// That of the owner of this absolute path, if there is one and its number is free.
    Path(String),
    /// `uid:group`: a user with this primary group, which must be made by a line of its own or be
    /// there; no group of the user's name is made.
    With {
        /// The user's number.
        uid: Option<u32>,
        /// The group.
        group: GroupRef,
    },
}

/// A group that is not made by the line that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::distro::deb::configure) enum GroupRef {
    /// By number.
    Number(u32),
    /// By name.
    Name(String),
}

/// The lines of one file, in its order, and those that were not understood, with the reason;
/// systemd-sysusers skips them too.
pub(in crate::distro::deb::configure) fn parse(text: &str) -> (Vec<Line>, Vec<String>) {
    let (mut found, mut odd) = (Vec::new(), Vec::new());
    for text in lines(text) {
        match line(text) {
            Ok(line) => found.push(line),
            Err(why) => {
                let shown: String = text.chars().take(200).collect();
                odd.push(format!("{shown}: {why}"));
            }
        }
    }
    odd.extend(too_long(text));
    (found, odd)
}

/// Specifiers whose value is the same on every system.
const KNOWN: &[(u8, &str)] = &[(b'T', "/tmp"), (b'V', "/var/tmp")];

fn line(text: &str) -> Result<Line, String> {
    if text.len() > MAX_LINE {
        return Err("the line is too long".into());
    }
    let mut rest = text;
    let mut fields = Vec::new();
    while let Some((field, after)) = word(rest, Backslash::Next)? {
        if fields.len() == 6 {
            return Err("there are too many fields".into());
        }
        // The type has no specifiers, and is never absent.
        let field = match fields.is_empty() {
            true => Some(field),
            false => Some(field).filter(|field| !matches!(field.as_slice(), b"" | b"-")),
        };
        let field = field.map(|field| specifiers(&field, KNOWN)).transpose();
        let field = field.map_err(|letter| format!("the specifier %{letter} is not known"))?;
        let field = field.map(String::from_utf8).transpose();
        fields.push(field.map_err(|_| "a field is not UTF-8")?);
        rest = after;
    }
    let mut fields = fields.into_iter();
    let kind = fields.next().flatten().unwrap_or_default();
    let mut next = || fields.next().flatten();
    let (name, number) = (next(), next());
    let (gecos, home, shell) = (next(), next(), next());
    if !gecos.as_deref().is_none_or(is_gecos) {
        return Err("the comment has a colon or a control character".into());
    }
    if ![&home, &shell]
        .into_iter()
        .flatten()
        .all(|path| is_path(path))
    {
        return Err("the home directory or the shell is no absolute path".into());
    }
    if kind != "u" && kind != "u!" && (gecos.is_some() || home.is_some() || shell.is_some()) {
        return Err("this type does not have so many fields".into());
    }
    let name = match name {
        Some(name) if is_name(&name) => Some(name),
        Some(_) => return Err("the name is no user's or group's".into()),
        None => None,
    };
    match (kind.as_str(), name, number) {
        ("u" | "u!", Some(name), number) => Ok(Line::User {
            name,
            uid: user_id(number)?,
            gecos,
            home,
            shell,
            locked: kind == "u!",
        }),
        ("g", Some(name), number) => Ok(Line::Group {
            name,
            gid: group_id(number)?,
        }),
        ("m", Some(user), Some(group)) if is_name(&group) => Ok(Line::Member { user, group }),
        ("r", None, Some(range)) => {
            let (low, high) = range.split_once('-').unwrap_or((&range, &range));
            let both = low.parse().ok().zip(high.parse().ok());
            let both = both.filter(|(low, high)| low <= high && *high != u32::MAX);
            let (low, high) = both.ok_or("the range is none")?;
            Ok(Line::Range { low, high })
        }
        ("u" | "u!" | "g" | "m" | "r", ..) => Err("a field is missing or wrong".into()),
        _ => Err("there is no such type".into()),
    }
}

fn group_id(text: Option<String>) -> Result<Id, String> {
    match text {
        None => Ok(Id::Any),
        Some(path) if path.starts_with('/') => Ok(Id::Path(path)),
        Some(number) => id(&number)
            .map(Id::Number)
            .ok_or("the number is none".into()),
    }
}

fn user_id(text: Option<String>) -> Result<Id, String> {
    let pair = text.as_deref().filter(|text| !text.starts_with('/'));
    let Some((uid, group)) = pair.and_then(|text| text.split_once(':')) else {
        return group_id(text);
    };
    let group = match id(group) {
        Some(number) => GroupRef::Number(number),
        None if is_name(group) => GroupRef::Name(group.to_owned()),
        None => return Err("the group is none".into()),
    };
    let uid = match uid {
        "-" => None,
        uid => Some(id(uid).ok_or("the number is none")?),
    };
    Ok(Id::With { uid, group })
}

/// At most 31 letters, digits, `_` and `-`, and the first one no digit and no `-`.
fn is_name(text: &str) -> bool {
    let rest = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    let first = |b: u8| b.is_ascii_alphabetic() || b == b'_';
    text.len() <= 31 && text.bytes().next().is_some_and(first) && text.bytes().all(rest)
}

fn is_gecos(text: &str) -> bool {
    !text.contains(':') && !text.chars().any(|c| c.is_ascii_control())
}

fn is_path(text: &str) -> bool {
    let plain = |part: &str| !matches!(part, "." | "..");
    text.starts_with('/') && is_gecos(text) && !text.contains("//") && text.split('/').all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Line {
        let (mut lines, odd) = parse(text);
        assert_eq!((lines.len(), odd), (1, vec![]), "{text}");
        lines.remove(0)
    }

    fn user(name: &str, uid: Id) -> Line {
        Line::User {
            name: name.into(),
            uid,
            gecos: None,
            home: None,
            shell: None,
            locked: false,
        }
    }

    #[test]
    fn users() {
        assert_eq!(one("u a"), user("a", Id::Any));
        assert_eq!(one("u a - - - -"), user("a", Id::Any));
        assert_eq!(one("u a \"\" '' \"\" -"), user("a", Id::Any));
        assert_eq!(one("u a 0"), user("a", Id::Number(0)));
        assert_eq!(one("u a /bin/x"), user("a", Id::Path("/bin/x".into())));
        let with = |uid, group| user("a", Id::With { uid, group });
        assert_eq!(one("u a 7:8"), with(Some(7), GroupRef::Number(8)));
        assert_eq!(one("u a 7:g"), with(Some(7), GroupRef::Name("g".into())));
        assert_eq!(one("u a -:g"), with(None, GroupRef::Name("g".into())));
        assert_eq!(
            one("u! \"_b-1\" - 'Some \"One\" 5%%' %V/x /bin/sh"),
            Line::User {
                name: "_b-1".into(),
                uid: Id::Any,
                gecos: Some("Some \"One\" 5%".into()),
                home: Some("/var/tmp/x".into()),
                shell: Some("/bin/sh".into()),
                locked: true,
            }
        );
    }

    #[test]
    fn the_other_types() {
        let group = |gid| Line::Group {
            name: "a".into(),
            gid,
        };
        assert_eq!(one("g a"), group(Id::Any));
        assert_eq!(one("g a 5 -"), group(Id::Number(5)));
        assert_eq!(one("g a /x"), group(Id::Path("/x".into())));
        let member = Line::Member {
            user: "a".into(),
            group: "b".into(),
        };
        assert_eq!(one("m a b"), member);
        assert_eq!(one("r - 5-7"), Line::Range { low: 5, high: 7 });
        assert_eq!(one("r - 5"), Line::Range { low: 5, high: 5 });
    }

    #[test]
    fn what_is_not_understood() {
        for text in [
            "u",
            "u -",
            "x a",
            "g! a",
            "u!! a",
            "u 1a",
            "u a%%b",
            "u a.b",
            "u äb",
            "u a234567890123456789012345678901b",
            "u a%b",
            "u a -1",
            "u a 65535",
            "u a 7:",
            "u a :7",
            "u a - a:b",
            "u a - g home",
            "u a - g /a/../b",
            "u a - g / sh",
            "u a - g / /bin/sh more",
            "u a - 'g",
            "g a 5 x",
            "g a 5:6",
            "m a",
            "m a b c",
            "m a 1b",
            "r a 5-7",
            "r - 7-5",
            "r - x",
            "r -",
        ] {
            let (lines, odd) = parse(text);
            assert_eq!((lines.len(), odd.len()), (0, 1), "{text}");
        }
        assert_eq!(parse("# u a\n\n  \n#"), (vec![], vec![]));
    }
}
