//! The links that `deb-systemd-helper` sees in a unit file, its own way of reading included.

use super::{Units, checked, config};

/// Unit files read for one unit. The program would walk some circles of `Also=` without end.
const MAX_UNITS: usize = 4096;
/// Links of one unit.
const MAX_LINKS: usize = 4096;

/// A link and its target.
pub(super) type Link = (String, String);

impl Units<'_> {
    /// The links of a unit and of all that it names by `Also=`, in the program's order.
    pub(super) fn closure(&self, unit: &str, user: bool) -> Result<Vec<Link>, String> {
        let mut walk = Walk {
            units: self,
            user,
            read: 0,
            links: Vec::new(),
        };
        walk.unit(checked(unit)?, &mut Vec::new())?;
        Ok(walk.links)
    }
}

struct Walk<'a> {
    units: &'a Units<'a>,
    user: bool,
    read: usize,
    links: Vec<Link>,
}

impl Walk<'_> {
    /// Appends a unit's links. `visited` grows on the way down and is the caller's own again
    /// behind it, as in the program: a unit can come twice, its links are recorded once.
    fn unit(&mut self, unit: &str, visited: &mut Vec<String>) -> Result<(), String> {
        self.read += 1;
        if self.read > MAX_UNITS || self.links.len() > MAX_LINKS {
            return Err(format!("more than {MAX_UNITS} units behind Also="));
        }
        let path = self.units.find(unit, self.user);
        let bytes = self.units.read(&path);
        let bytes = bytes.ok_or_else(|| format!("the unit {unit} does not exist"))?;
        let base = config(self.user);
        let mut wanted = unit.to_owned();
        let mut directories = Vec::new();
        for line in bytes.split(|&byte| byte == b'\n') {
            // Names are ASCII; other bytes stand in comments and descriptions.
            let Ok(line) = std::str::from_utf8(line) else {
                continue;
            };
            let Some((key, value)) = line.split_once('=').filter(|(_, v)| !v.is_empty()) else {
                continue;
            };
            let key = key.trim_start_matches(BLANK);
            if key.eq_ignore_ascii_case("WantedBy") || key.eq_ignore_ascii_case("RequiredBy") {
                for name in names(value) {
                    directories.push(match name {
                        // The case of the key counts after all, and quotes make it be forgotten.
                        (name, false) if key == "WantedBy" => format!("{base}/{name}.wants/"),
                        (name, false) if key == "RequiredBy" => format!("{base}/{name}.requires/"),
                        (name, _) => format!("{base}/{name}/"),
                    });
                }
            } else if key.eq_ignore_ascii_case("Also") {
                for (name, _) in names(value) {
                    if name != unit && !visited.iter().any(|known| known == name) {
                        let name = checked(name)?;
                        visited.push(name.to_owned());
                        let own = visited.len();
                        self.unit(name, visited)?;
                        visited.truncate(own);
                    }
                }
            } else if key.eq_ignore_ascii_case("Alias") {
                for (name, quote) in names(value) {
                    if name != unit {
                        // The whole value, or of a quoted one the quote.
                        let alias = if quote {
                            value.trim_start_matches(BLANK).get(..1)
                        } else {
                            None
                        };
                        self.links
                            .push((format!("{base}/{}", alias.unwrap_or(value)), path.clone()));
                    }
                }
            } else if key.eq_ignore_ascii_case("DefaultInstance")
                && let Some(instance) = instance(value)
            {
                wanted = instantiate(unit, instance);
            }
        }
        for directory in directories {
            self.links
                .push((format!("{directory}{wanted}"), path.clone()));
        }
        match self.links.iter().find(|(link, _)| leaves(link)) {
            Some((link, _)) => Err(format!("{link} leaves its directory")),
            None => Ok(()),
        }
    }
}

/// Blanks of a line, as a pattern of Perl knows them in bytes.
const BLANK: [char; 5] = [' ', '\t', '\r', '\x0b', '\x0c'];

/// The words of a value, and whether each lost its quotes. A blank at the beginning makes an
/// empty word, one at the end does not.
fn names(value: &str) -> impl Iterator<Item = (&str, bool)> {
    let value = value.trim_end_matches(BLANK);
    let mut start = !value.is_empty();
    value
        .split(BLANK)
        .filter(move |word| std::mem::take(&mut start) || !word.is_empty())
        .map(|word| {
            let inner = ['"', '\'']
                .iter()
                .find_map(|&quote| word.strip_prefix(quote)?.strip_suffix(quote));
            (inner.unwrap_or(word), inner.is_some())
        })
}

/// The value of `DefaultInstance=`: in quotes, or all behind the blanks.
fn instance(value: &str) -> Option<&str> {
    let rest = value.trim_start_matches(BLANK);
    match rest.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            let inner = rest.strip_prefix(quote)?.trim_end_matches(BLANK);
            inner.strip_suffix(quote).filter(|inner| !inner.is_empty())
        }
        _ => Some(rest).filter(|rest| !rest.is_empty()),
    }
}

/// `a@.service` and `x` make `a@x.service`; another name stays as it is.
fn instantiate(unit: &str, instance: &str) -> String {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    match unit.rsplit_once("@.") {
        Some((name, kind)) if !kind.is_empty() && kind.chars().all(word) => {
            format!("{name}@{instance}.{kind}")
        }
        _ => unit.to_owned(),
    }
}

fn leaves(link: &str) -> bool {
    link.split('/').any(|part| part == "..") || link.contains(char::is_control)
}
