//! One call of `update-alternatives --install`, from its words.

use super::UNFINISHED;

/// Words of one call: a hundred slaves are four hundred, and no package has so many.
const MAX_WORDS: usize = 4096;
/// Bytes of one word, Linux's PATH_MAX.
const MAX_WORD: usize = 4096;

/// One `--install` with its slaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::distro::deb::configure) struct Install {
    /// The generic path, such as `/usr/bin/editor`.
    pub(in crate::distro::deb::configure) link: String,
    /// The group's name.
    pub(in crate::distro::deb::configure) name: String,
    /// What the link leads to while this choice is the best.
    pub(in crate::distro::deb::configure) path: String,
    /// The highest of a group wins.
    pub(in crate::distro::deb::configure) priority: i32,
    /// `--force`: also replace and remove what is no link.
    pub(in crate::distro::deb::configure) force: bool,
    /// Links that follow the group's, in the order of the call.
    pub(in crate::distro::deb::configure) slaves: Vec<Slave>,
}

/// One `--slave`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::distro::deb::configure) struct Slave {
    /// The generic path.
    pub(in crate::distro::deb::configure) link: String,
    /// The slave's name; names of groups and slaves share one space.
    pub(in crate::distro::deb::configure) name: String,
    /// What the link leads to while its choice is the best.
    pub(in crate::distro::deb::configure) path: String,
}

/// Reads the words behind `update-alternatives`; `None` for all but a valid `--install`.
pub(in crate::distro::deb::configure) fn parse(words: &[String]) -> Option<Install> {
    if words.len() > MAX_WORDS || words.iter().any(|word| word.len() > MAX_WORD) {
        return None;
    }
    let mut words = words.iter().map(String::as_str);
    let mut install: Option<Install> = None;
    let mut force = false;
    while let Some(word) = words.next() {
        match word {
            "--quiet" | "--verbose" | "--debug" | "--skip-auto" => {}
            "--force" => force = true,
            "--log" => {
                words.next()?;
            }
            "--install" if install.is_none() => {
                let (link, name, path) = triple(&mut words)?;
                install = Some(Install {
                    link,
                    name,
                    path,
                    priority: priority(words.next()?)?,
                    force: false,
                    slaves: Vec::new(),
                });
            }
            // The program reads from left to right: a slave has no place before its master.
            "--slave" => {
                let install = install.as_mut()?;
                let (link, name, path) = triple(&mut words)?;
                let known = |slave: &Slave| slave.name == name || slave.link == link;
                if install.name == name || install.link == link || install.slaves.iter().any(known)
                {
                    return None;
                }
                install.slaves.push(Slave { link, name, path });
            }
            _ => return None,
        }
    }
    install.map(|install| Install { force, ..install })
}

/// LINK NAME PATH.
fn triple<'a>(words: &mut impl Iterator<Item = &'a str>) -> Option<(String, String, String)> {
    let (link, name, path) = (words.next()?, words.next()?, words.next()?);
    // An empty name or one with a line break would spoil the record; the marked ones are not read.
    let bad = |c: char| c == '/' || c.is_whitespace() || c.is_control();
    if matches!(name, "" | "." | "..") || name.contains(bad) || name.ends_with(UNFINISHED) {
        return None;
    }
    let sound = |path: &str| {
        path.starts_with('/') && !path.ends_with('/') && !path.contains(char::is_control)
    };
    (sound(link) && sound(path) && link != path)
        .then(|| (link.to_owned(), name.to_owned(), path.to_owned()))
}

/// As strtol reads it: blanks and a sign may stand before the digits, nothing behind them.
fn priority(word: &str) -> Option<i32> {
    word.trim_start_matches([' ', '\t', '\n', '\x0b', '\x0c', '\r'])
        .parse()
        .ok()
}
