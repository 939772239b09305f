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
                        (name, None) if key == "WantedBy" => format!("{base}/{name}.wants/"),
                        (name, None) if key == "RequiredBy" => format!("{base}/{name}.requires/"),
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
                        let alias = quote.map_or(value.to_owned(), String::from);
                        self.links.push((format!("{base}/{alias}"), path.clone()));
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

/// The words of a value without their quotes, and the last quote that was taken off up to each:
/// the program keeps it where it expects the key or the value. A blank at the beginning makes an
/// empty word, one at the end does not.
fn names(value: &str) -> impl Iterator<Item = (&str, Option<char>)> {
    let value = value.trim_end_matches(BLANK);
    let mut start = !value.is_empty();
    let words = value.split(BLANK);
    words
        .filter(move |word| std::mem::take(&mut start) || !word.is_empty())
        .scan(None, |last, word| {
            let quoted = ['"', '\''].iter().find_map(|&quote| {
                let inner = word.strip_prefix(quote)?.strip_suffix(quote)?;
                Some((inner, quote))
            });
            *last = quoted.map(|(_, quote)| quote).or(*last);
            Some((quoted.map_or(word, |(inner, _)| inner), *last))
        })
}

/// The value of `DefaultInstance=`: in quotes, or all behind the blanks, or where neither is
/// there the last blank too.
fn instance(value: &str) -> Option<&str> {
    let rest = value.trim_start_matches(BLANK);
    let blank = value.len().checked_sub(rest.len() + 1);
    let all = blank.and_then(|blank| value.get(blank..));
    match rest.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            let inner = rest.strip_prefix(quote)?.trim_end_matches(BLANK);
            let inner = inner.strip_suffix(quote).filter(|inner| !inner.is_empty());
            inner.or(all)
        }
        Some(_) => Some(rest),
        None => all,
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
    link.split('/').any(|part| part == "..") || link.contains('\0')
}
