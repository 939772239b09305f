//! The walk over the directories: which libraries the cache names, which links are made.
//!
//! In one directory a soname has one library: a file goes before a link, then the highest version
//! in the name. The cache names the path DIRECTORY/SONAME, so ldconfig makes that link where it is
//! missing or leads to another library. Two directories with the same soname both have an entry;
//! the dynamic linker takes the first. A link counts as one, with its own name for a soname, if
//! that name is its soname, or is the start of it up to `.so` (the link of a -dev package);
//! any other link is a library like a file. Subdirectories of glibc-hwcaps are searched after
//! their directory; their entries name the files themselves, and no links are made there.

use super::Platform;
use super::elf::Info;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What is in a directory.
#[derive(Debug, Clone, Default)]
pub(in crate::distro::deb::configure) struct Directory {
    /// Regular files, and links that lead to one.
    pub(in crate::distro::deb::configure) files: Vec<Library>,
    /// The names of directories, and of links that lead to one.
    pub(in crate::distro::deb::configure) directories: Vec<String>,
    /// The names of links that lead nowhere.
    pub(in crate::distro::deb::configure) dangling: Vec<String>,
}

/// A file of a directory, or a link to one.
#[derive(Debug, Clone)]
pub(in crate::distro::deb::configure) struct Library {
    /// Its name in the directory.
    pub(in crate::distro::deb::configure) file: String,
    /// Whether it is a symbolic link.
    pub(in crate::distro::deb::configure) link: bool,
    /// The real path of the file: the same for a link and what it leads to.
    pub(in crate::distro::deb::configure) real: String,
    /// What [`super::inspect`] says of the file; only asked for where [`candidate`] holds.
    pub(in crate::distro::deb::configure) info: Option<Info>,
}

/// A line of the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::distro::deb::configure) struct Entry {
    /// What programs ask for.
    pub(in crate::distro::deb::configure) soname: String,
    /// Where it is.
    pub(in crate::distro::deb::configure) path: String,
    /// [`Platform::flags`].
    pub(in crate::distro::deb::configure) flags: i32,
    /// The name of the subdirectory of glibc-hwcaps that it is in, and the ISA level it needs.
    pub(in crate::distro::deb::configure) hwcaps: Option<(String, u32)>,
    /// The capabilities that the directory's name stands for, up to glibc 2.36.
    pub(in crate::distro::deb::configure) capabilities: u64,
}

/// A symbolic link that ldconfig makes, in the place of one that may be there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::distro::deb::configure) struct Link {
    /// Where it is.
    pub(in crate::distro::deb::configure) path: String,
    /// A name in the same directory.
    pub(in crate::distro::deb::configure) target: String,
}

/// What the directories hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::distro::deb::configure) struct Survey {
    /// In the order in which they were found.
    pub(in crate::distro::deb::configure) entries: Vec<Entry>,
    /// The names of all subdirectories of glibc-hwcaps, also of those without a library.
    pub(in crate::distro::deb::configure) hwcaps: BTreeSet<String>,
    /// The links that are made.
    pub(in crate::distro::deb::configure) links: BTreeSet<Link>,
    /// The links that are removed because they lead nowhere.
    pub(in crate::distro::deb::configure) stale: BTreeSet<String>,
}

/// Directories that are searched at most.
const MAX_DIRECTORIES: usize = 8192;
/// Entries that are made at most: a desktop has 3000.
const MAX_ENTRIES: usize = 1 << 16;

/// Walks `directories` ([`super::directories`]).
///
/// `real` gives a directory's path without links, `None` if it is none: two names of the same
/// directory are searched once, under the first (/lib and /usr/lib of a merged /usr). `list` says
/// what is in one. Past 8192 directories and 65536 entries what follows is left out.
pub(in crate::distro::deb::configure) fn survey(
    platform: Platform,
    directories: &[String],
    real: &dyn Fn(&str) -> Option<String>,
    list: &dyn Fn(&str) -> Directory,
) -> Survey {
    let mut out = Survey::default();
    let mut known = BTreeSet::new();
    let mut queue: VecDeque<Place> = VecDeque::new();
    for path in directories {
        let Some(real_path) = real(path).filter(|_| known.len() < MAX_DIRECTORIES) else {
            continue;
        };
        if !known.insert(real_path) {
            continue;
        }
        let parent = format!("{path}/glibc-hwcaps");
        queue.push_back(Place {
            path: path.clone(),
            hwcaps: None,
        });
        if real(&parent).is_none() {
            continue;
        }
        // ldconfig goes by the directory's own order. It matters only where a link leads to
        // another of them; that one comes first here.
        let mut found = BTreeMap::new();
        for name in list(&parent).directories {
            let path = format!("{parent}/{name}");
            let usable = !name.starts_with('.') && !name.contains(':');
            if let Some(real_path) = real(&path).filter(|_| usable) {
                let link = real_path.rsplit('/').next() != Some(name.as_str());
                found.insert((link, name), (path, real_path));
            }
        }
        for ((_, name), (path, real_path)) in found {
            out.hwcaps.insert(name.clone());
            if known.len() < MAX_DIRECTORIES && known.insert(real_path) {
                let hwcaps = Some(name);
                queue.push_back(Place { path, hwcaps });
            }
        }
    }
    while let Some(place) = queue.pop_front() {
        let directory = list(&place.path);
        place.search(platform, &directory, &mut out);
        // Up to 2.36 directories that are named like a capability were searched at the end.
        let names: BTreeSet<&String> = directory.directories.iter().collect();
        for name in names {
            if place.hwcaps.is_some() || platform.capability(name).is_none() {
                continue;
            }
            let path = format!("{}/{name}", place.path);
            if let Some(real_path) = real(&path)
                && known.len() < MAX_DIRECTORIES
                && known.insert(real_path)
            {
                queue.push_back(Place { path, hwcaps: None });
            }
        }
    }
    out
}

/// A directory to search.
struct Place {
    path: String,
    hwcaps: Option<String>,
}

/// The library of a soname, so far.
struct Choice<'a> {
    library: &'a Library,
    info: &'a Info,
    flags: i32,
    link: bool,
}

impl Place {
    fn search(&self, platform: Platform, directory: &Directory, out: &mut Survey) {
        let candidate = |name: &str, link| candidate(platform, name, link, self.hwcaps.is_some());
        let dangling: BTreeSet<&String> = directory.dangling.iter().collect();
        for name in &dangling {
            if candidate(name, true) && name.contains(".so.") {
                out.stale.insert(format!("{}/{name}", self.path));
            }
        }
        let files: BTreeMap<&str, &Library> = directory
            .files
            .iter()
            .map(|library| (library.file.as_str(), library))
            .collect();
        let mut chosen: BTreeMap<&str, Choice<'_>> = BTreeMap::new();
        for (name, library) in &files {
            let info = library
                .info
                .as_ref()
                .filter(|_| candidate(name, library.link));
            let Some((info, flags)) = info.and_then(|info| Some((info, platform.flags(info)?)))
            else {
                continue;
            };
            let soname = info.soname.as_deref().unwrap_or(name);
            let own = *name == soname || (name.ends_with(".so") && soname.starts_with(name));
            let link = library.link && own;
            let choice = Choice {
                library,
                info,
                flags,
                link,
            };
            let better = |old: &Choice<'_>| match (link, old.link) {
                (false, true) => true,
                (true, false) => false,
                _ => compare(&old.library.file, name) == Ordering::Less,
            };
            let soname = if link { name } else { soname };
            match chosen.get_mut(soname) {
                Some(old) if !better(old) => {}
                Some(old) => *old = choice,
                None => {
                    chosen.insert(soname, choice);
                }
            }
        }
        let capabilities = match self.hwcaps {
            Some(_) => 0,
            None => capabilities(platform, &self.path),
        };
        for (soname, choice) in chosen {
            let name = match self.hwcaps {
                Some(_) => choice.library.file.as_str(),
                None => soname,
            };
            if self.hwcaps.is_none() && !choice.link && wanted(soname, &choice, &files, directory) {
                let path = format!("{}/{soname}", self.path);
                out.stale.remove(&path);
                let target = choice.library.file.clone();
                out.links.insert(Link { path, target });
            }
            if out.entries.len() >= MAX_ENTRIES {
                return;
            }
            let level = choice.info.isa_level;
            out.entries.push(Entry {
                soname: soname.to_owned(),
                path: format!("{}/{name}", self.path),
                flags: choice.flags,
                hwcaps: self.hwcaps.clone().map(|name| (name, level)),
                capabilities,
            });
        }
    }
}

/// Whether the link from a soname to the chosen file has to be made.
fn wanted(
    soname: &str,
    choice: &Choice<'_>,
    files: &BTreeMap<&str, &Library>,
    directory: &Directory,
) -> bool {
    // A soname that is a path would need a directory of that name.
    if soname.is_empty() || soname.contains('/') {
        return false;
    }
    match files.get(soname) {
        Some(there) if there.real == choice.library.real => false,
        // A file is never replaced.
        Some(there) => there.link && !LINKERS.contains(&soname),
        None => !directory.directories.iter().any(|name| name == soname),
    }
}

/// Dynamic linkers whose link Debian's ldconfig leaves alone once it is there.
const LINKERS: &[&str] = &[
    "ld-linux-aarch64.so.1",
    "ld-linux-aarch64_be.so.1",
    "ld-linux-armhf.so.3",
    "ld-linux-ia64.so.2",
    "ld-linux-mipsn8.so.1",
    "ld-linux-x86-64.so.2",
    "ld-linux.so.2",
    "ld-linux.so.3",
    "ld.so.1",
    "ld64.so.1",
    "ld64.so.2",
];

/// Whether ldconfig looks into a file of this name; `link` if it is a symbolic link, `hwcaps` if
/// its directory is a subdirectory of glibc-hwcaps.
pub(in crate::distro::deb::configure) fn candidate(
    platform: Platform,
    name: &str,
    link: bool,
    hwcaps: bool,
) -> bool {
    let library = (name.starts_with("lib") || name.starts_with("ld-")) && name.contains(".so")
        || name.starts_with("ld.so.")
        || name.starts_with("ld64.so.");
    // prelink's files: `.#prelink#` at the end, or followed by a dot and six random characters.
    let prelink = name.ends_with(".#prelink#")
        || name
            .rsplit_once(".#prelink#.")
            .is_some_and(|(_, random)| random.len() == 6);
    let dpkg_or_rpm =
        name.ends_with(".dpkg-new") || name.ends_with(".dpkg-tmp") || name.contains(';');
    (library || link && hwcaps) && !prelink && (platform.legacy() || !dpkg_or_rpm)
}

/// The capabilities that the last parts of a directory's path stand for.
fn capabilities(platform: Platform, path: &str) -> u64 {
    let parts = path.rsplit('/').map_while(|part| platform.capability(part));
    parts.fold(0, u64::wrapping_add)
}

/// The order of names and versions: numbers in them compare as such.
pub(super) fn compare(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.as_bytes(), right.as_bytes());
    loop {
        let order = match (left.split_first(), right.split_first()) {
            (None, None) => return Ordering::Equal,
            (Some((l, _)), Some((r, _))) if l.is_ascii_digit() && r.is_ascii_digit() => {
                number(&mut left).cmp(&number(&mut right))
            }
            // A digit is above everything else, the end below.
            (Some((l, _)), _) if l.is_ascii_digit() => Ordering::Greater,
            (_, Some((r, _))) if r.is_ascii_digit() => Ordering::Less,
            (l, r) => {
                left = l.map(|(_, rest)| rest).unwrap_or_default();
                right = r.map(|(_, rest)| rest).unwrap_or_default();
                l.map(|(first, _)| first).cmp(&r.map(|(first, _)| first))
            }
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// Takes a number off the front; one that is too large wraps around, as in ldconfig.
fn number(text: &mut &[u8]) -> i32 {
    let mut value: i32 = 0;
    while let Some((digit, rest)) = text.split_first().filter(|(byte, _)| byte.is_ascii_digit()) {
        value = value.wrapping_mul(10).wrapping_add(i32::from(digit - b'0'));
        *text = rest;
    }
    value
}

/// ldconfig's order of entries; those that are equal stay in the order of their directories.
pub(super) fn order(left: &Entry, right: &Entry) -> Ordering {
    // Everything descends, but the names of glibc-hwcaps.
    let hwcaps = |entry: &'_ Entry| entry.hwcaps.as_ref().map(|(name, _)| name.clone());
    compare(&right.soname, &left.soname)
        .then(right.flags.cmp(&left.flags))
        .then_with(|| match (hwcaps(left), hwcaps(right)) {
            (Some(left), Some(right)) => left.cmp(&right),
            (left, right) => right.is_some().cmp(&left.is_some()),
        })
        .then_with(|| {
            let bits = |entry: &Entry| (entry.capabilities.count_ones(), entry.capabilities);
            bits(right).cmp(&bits(left))
        })
}

#[cfg(test)]
#[path = "scan_tests.rs"]
mod tests;
