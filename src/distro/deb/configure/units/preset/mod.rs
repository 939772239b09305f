//! What `systemctl preset --preset-mode=enable-only` makes of a unit (systemd.preset(5),
//! systemd.unit(5) "[Install] section options").
//!
//! Preset files in, then the links of one unit after the other. Not read: drop-in files of units,
//! and specifiers other than `%n`, `%N`, `%p`, `%i`, `%j` and `%%` in the `[Install]` section; a
//! unit that needs one is refused.

mod install;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use install::{Install, alias_fits};

use super::{NULL, Units, checked, config, kind};

/// The first systemd that only knows /usr/lib: until then Debian's looked into /lib before. The
/// version is also used for a smaller change: the older one fails where an alias is taken.
const MERGED: u32 = 255;
/// Bytes of a preset file, and rules of a root; systemd's own has forty.
const MAX_PRESET: usize = 1 << 20;
const MAX_RULES: usize = 65_536;
/// Units that one can bring along by `Also=`.
const MAX_UNITS: usize = 1024;

/// The `systemctl` of a root.
#[derive(Debug, Clone)]
pub(in crate::distro::deb::configure) struct Systemctl {
    /// systemd's version, 252 in bookworm and 257 in trixie.
    version: u32,
    /// For units of the system and of users.
    rules: [Vec<Rule>; 2],
}

#[derive(Debug, Clone)]
struct Rule {
    enable: bool,
    pattern: String,
    instances: Vec<String>,
}

impl Systemctl {
    /// `presets` are all files `*.preset` of the root, by path. Of two with one name that in /etc
    /// counts, then that in /usr/local/lib; the rules follow the names.
    pub(in crate::distro::deb::configure) fn new(
        version: u32,
        presets: &BTreeMap<String, Vec<u8>>,
    ) -> Self {
        let rules = |user: bool| {
            let mut files: BTreeMap<&str, &[u8]> = BTreeMap::new();
            for top in ["/lib", "/usr/lib", "/usr/local/lib", "/etc"] {
                let directory = format!("{top}/systemd/{}-preset/", kind(user));
                for (path, bytes) in presets {
                    if let Some(name) = path.strip_prefix(&directory)
                        && name.ends_with(".preset")
                        && !name.contains('/')
                    {
                        files.insert(name, bytes);
                    }
                }
            }
            let files = files.values().filter(|bytes| bytes.len() <= MAX_PRESET);
            files
                .flat_map(|bytes| rules(bytes))
                .take(MAX_RULES)
                .collect()
        };
        Self {
            version,
            rules: [rules(false), rules(true)],
        }
    }

    /// Makes the links of a unit if a preset or none wants them.
    pub(super) fn preset(&self, to: &mut Units<'_>, unit: &str, user: bool) -> Result<(), String> {
        let there = to.readlink(&format!("{}/{unit}", config(user)));
        let Some((path, _)) = self.find(to, unit, user) else {
            return Err(format!("the unit {unit} does not exist"));
        };
        // Another name of a unit is no unit to enable.
        if there.as_deref() != Some(NULL) && self.is_alias(to, &path) {
            return Ok(());
        }
        let [system, users] = &self.rules;
        let rules = if user { users } else { system };
        let units = match rules.iter().find_map(|rule| rule.verdict(unit)) {
            Some(units) => units,
            None => vec![unit.to_owned()],
        };
        if there.as_deref() == Some(NULL) && !units.is_empty() {
            return Err(format!("the unit {unit} is masked"));
        }
        self.apply(to, units, user)
    }

    /// Whether a path is a link to a unit of another name.
    fn is_alias(&self, units: &Units<'_>, path: &str) -> bool {
        let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
        units
            .readlink(path)
            .is_some_and(|to| name(&to) != name(path))
    }

    fn apply(&self, to: &mut Units<'_>, units: Vec<String>, user: bool) -> Result<(), String> {
        let mut todo = VecDeque::from(units);
        let mut done = BTreeSet::new();
        let base = config(user);
        let mut auxiliary = false;
        let mut taken = None;
        while let Some(unit) = todo.pop_front() {
            if !done.insert(unit.clone()) || done.len() > MAX_UNITS {
                continue;
            }
            let Some((path, bytes)) = self.find(to, &unit, user) else {
                if auxiliary {
                    continue;
                }
                return Err(format!("the unit {unit} does not exist"));
            };
            auxiliary = true;
            let install = Install::read(&bytes, &unit)?;
            for alias in &install.aliases {
                if *alias != unit && alias_fits(alias, &unit) {
                    let link = format!("{base}/{alias}");
                    match to.readlink(&link).filter(|other| *other != path) {
                        // The first unit of a name keeps it.
                        Some(_) => taken = Some(link),
                        None => {
                            to.made.links.insert(link, path.clone());
                        }
                    }
                }
            }
            // A template alone is nothing to start, but an instance can be wanted by another's.
            let (name, alone) = match unit.rsplit_once("@.") {
                Some((prefix, kind)) => match &install.instance {
                    Some(instance) => (format!("{prefix}@{instance}.{kind}"), false),
                    None => (unit.clone(), true),
                },
                None => (unit.clone(), false),
            };
            let upheld = if self.version < 254 {
                &[][..]
            } else {
                &install.upheld
            };
            let kinds = [
                ("wants", &install.wanted[..]),
                ("requires", &install.required),
                ("upholds", upheld),
            ];
            for (suffix, targets) in kinds {
                for target in targets {
                    if checked(target).is_ok() && (!alone || target.contains('@')) {
                        let link = format!("{base}/{target}.{suffix}/{name}");
                        to.made.links.insert(link, path.clone());
                    }
                }
            }
            todo.extend(
                install
                    .also
                    .into_iter()
                    .filter(|also| checked(also).is_ok()),
            );
        }
        match taken.filter(|_| self.version < MERGED) {
            Some(link) => Err(format!("{link} belongs to another unit")),
            None => Ok(()),
        }
    }

    /// A unit's path and bytes; an instance has its template's.
    fn find(&self, units: &Units<'_>, unit: &str, user: bool) -> Option<(String, Vec<u8>)> {
        let kind = kind(user);
        let lib = if self.version < MERGED && !user {
            "/lib"
        } else {
            "/usr/lib"
        };
        let template = unit.split_once('@').and_then(|(prefix, rest)| {
            let (instance, kind) = rest.rsplit_once('.')?;
            (!instance.is_empty()).then(|| format!("{prefix}@.{kind}"))
        });
        for name in std::iter::once(unit.to_owned()).chain(template) {
            for top in ["/etc", "/usr/local/lib", lib, "/usr/lib"] {
                let path = format!("{top}/systemd/{kind}/{name}");
                if let Some(bytes) = units.read(&path) {
                    return Some((path, bytes));
                }
            }
        }
        None
    }
}

impl Rule {
    /// What to enable of a unit that the rule is about.
    fn verdict(&self, unit: &str) -> Option<Vec<String>> {
        let made = || {
            let (prefix, kind) = self.pattern.rsplit_once("@.")?;
            let make = |instance: &String| format!("{prefix}@{instance}.{kind}");
            Some(self.instances.iter().map(make).collect::<Vec<_>>())
        };
        let units = if self.instances.is_empty() {
            matches(&self.pattern, unit).then(|| vec![unit.to_owned()])?
        } else if self.pattern == unit {
            made()?
        } else {
            made()?
                .contains(&unit.to_owned())
                .then(|| vec![unit.to_owned()])?
        };
        Some(if self.enable { units } else { Vec::new() })
    }
}

fn rules(bytes: &[u8]) -> Vec<Rule> {
    let text = String::from_utf8_lossy(bytes);
    let rule = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        let enable = match words.next()? {
            "enable" => true,
            "disable" => false,
            _ => return None,
        };
        Some(Rule {
            enable,
            pattern: words.next()?.to_owned(),
            instances: words.filter(|_| enable).map(str::to_owned).collect(),
        })
    };
    text.lines().filter_map(rule).collect()
}

/// A shell pattern, as fnmatch(3) reads it without flags for paths.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    loop {
        let step = match (pattern.get(p), name.get(n)) {
            (Some('*'), _) => {
                star = Some((p, n));
                p += 1;
                continue;
            }
            (None, None) => return true,
            (Some('?'), Some(_)) => Some(1),
            (Some('['), Some(&c)) => set(pattern.get(p..).unwrap_or_default(), c),
            (Some(a), Some(b)) if a == b => Some(1),
            _ => None,
        };
        match (step, &mut star) {
            (Some(length), _) => {
                p += length;
                n += 1;
            }
            (None, Some((at, from))) if *from < name.len() => {
                *from += 1;
                (p, n) = (*at + 1, *from);
            }
            _ => return false,
        }
    }
}

/// The length of the set at the beginning of a pattern, if the character is in it.
fn set(pattern: &[char], c: char) -> Option<usize> {
    let not = matches!(pattern.get(1), Some('!' | '^'));
    let first = 1 + usize::from(not);
    let mut at = first;
    let mut found = false;
    loop {
        match (*pattern.get(at)?, pattern.get(at + 1), pattern.get(at + 2)) {
            (']', ..) if at > first => return (found != not).then_some(at + 1),
            (low, Some('-'), Some(&high)) if high != ']' => {
                found |= (low..=high).contains(&c);
                at += 3;
            }
            (low, ..) => {
                found |= low == c;
                at += 1;
            }
        }
    }
}
