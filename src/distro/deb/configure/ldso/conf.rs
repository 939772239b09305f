//! /etc/ld.so.conf (ldconfig(8)): which directories are searched, and in which order.
//!
//! One directory a line; `include PATTERN...` reads other files where it stands; `#` begins a
//! comment anywhere in a line; `hwcap` lines are ignored.

use super::Platform;

/// The file that the others are included from.
const CONF: &str = "/etc/ld.so.conf";
/// Files that include files; ldconfig itself has no limit, and a file may include itself.
const MAX_DEPTH: usize = 8;
/// Files that are read at most.
const MAX_FILES: usize = 1024;
/// Directories that are taken at most.
const MAX_DIRECTORIES: usize = 4096;
/// The part of a file that is read: no real one has a hundredth of it.
const MAX_FILE: usize = 1 << 20;

/// The directories to search, in ldconfig's order, without repeated names.
///
/// `conf` gives a file's content, `glob` the paths that match a pattern (glob(7); [`matches`]
/// does one part of a path), of a pattern without wildcards the path itself if it exists.
/// Whether a directory exists is not asked. Past a bound (8 files deep, 1024 files, 4096
/// directories, 1 MiB of a file) what follows is left out.
pub(in crate::distro::deb::configure) fn directories(
    platform: Platform,
    conf: &dyn Fn(&str) -> Option<Vec<u8>>,
    glob: &dyn Fn(&str) -> Vec<String>,
) -> Vec<String> {
    let mut parser = Parser {
        platform,
        conf,
        glob,
        files: 0,
        out: Vec::new(),
    };
    parser.file(CONF, 0);
    let triplet = platform.triplet();
    // SYSTEM_DIRS of Debian's build. Not /lib64: upstream derives it from /lib, but Debian's
    // ldconfig takes the dynamic linker's list, whose entries end in a slash.
    for directory in [
        &format!("/lib/{triplet}"),
        &format!("/usr/lib/{triplet}"),
        "/lib",
        "/usr/lib",
    ] {
        parser.add(directory);
    }
    parser.out
}

struct Parser<'a> {
    platform: Platform,
    conf: &'a dyn Fn(&str) -> Option<Vec<u8>>,
    glob: &'a dyn Fn(&str) -> Vec<String>,
    files: usize,
    out: Vec<String>,
}

impl Parser<'_> {
    fn file(&mut self, path: &str, depth: usize) {
        if depth > MAX_DEPTH || self.files >= MAX_FILES {
            return;
        }
        self.files += 1;
        let Some(text) = (self.conf)(path) else {
            return;
        };
        for line in text
            .get(..MAX_FILE)
            .unwrap_or(&text)
            .split(|byte| *byte == b'\n')
        {
            // A C string ends at its NUL.
            let end = line.iter().position(|byte| matches!(byte, 0 | b'#'));
            let line = line.get(..end.unwrap_or(line.len())).unwrap_or(line);
            let Ok(line) = std::str::from_utf8(line) else {
                continue;
            };
            let line = line.trim_start_matches(is_space);
            let blank = |rest: &str| rest.starts_with([' ', '\t']);
            match (line.strip_prefix("include"), line.get(..5)) {
                (Some(rest), _) if blank(rest) => {
                    for pattern in rest.split([' ', '\t']).filter(|word| !word.is_empty()) {
                        self.include(path, pattern, depth);
                    }
                }
                (_, Some(word)) if word.eq_ignore_ascii_case("hwcap") && blank(&line[5..]) => {}
                _ => self.add(line),
            }
        }
    }

    fn include(&mut self, from: &str, pattern: &str, depth: usize) {
        let mut paths = match (pattern.starts_with('/'), from.rsplit_once('/')) {
            (false, Some((directory, _))) => (self.glob)(&format!("{directory}/{pattern}")),
            _ => (self.glob)(pattern),
        };
        // In the order of bytes, in whatever locale ldconfig runs.
        paths.sort();
        for path in paths {
            self.file(&path, depth + 1);
        }
    }

    fn add(&mut self, line: &str) {
        // A kind of library could follow up to 2.36, `/usr/lib=libc5`.
        let path = match self.platform.legacy() {
            true => line.split('=').next().unwrap_or(line),
            false => line,
        };
        let path = path.trim_end_matches(is_space).trim_end_matches('/');
        let known = self.out.iter().any(|known| known == path);
        if !path.is_empty() && !known && self.out.len() < MAX_DIRECTORIES {
            self.out.push(path.to_owned());
        }
    }
}

/// isspace(3) in the C locale.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\x0b' | '\x0c' | '\r')
}

/// Whether a name matches one part of a pattern as in glob(7): `*`, `?`, `[a-z]`, `[!a]`, `\`; a
/// dot at the beginning only matches itself.
pub(in crate::distro::deb::configure) fn matches(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let (mut at, mut place) = (0, 0);
    // Where to go on after the last star: it is enough to let that one take more.
    let mut star: Option<(usize, usize)> = None;
    while let Some(c) = name.get(place) {
        let rest = pattern.get(at..).unwrap_or_default();
        if rest.first() == Some(&'*') {
            star = Some((at, place));
            at += 1;
        } else if let Some(length) = one(rest, *c) {
            at += length;
            place += 1;
        } else if let Some((from, taken)) = star {
            star = Some((from, taken + 1));
            (at, place) = (from + 1, taken + 1);
        } else {
            return false;
        }
    }
    pattern.iter().skip(at).all(|c| *c == '*')
}

/// The length of the pattern's first part, if that stands for this character.
fn one(pattern: &[char], c: char) -> Option<usize> {
    match pattern {
        ['?', ..] => Some(1),
        ['\\', escaped, ..] => (*escaped == c).then_some(2),
        ['[', rest @ ..] => {
            let negated = matches!(rest.first(), Some('!' | '^'));
            let set = rest.get(usize::from(negated)..)?;
            // A bracket that comes first is one of the set.
            let Some(end) = set.iter().skip(1).position(|c| *c == ']') else {
                return (c == '[').then_some(1);
            };
            let set = set.get(..=end)?;
            let mut inside = false;
            let mut at = 0;
            while let Some(low) = set.get(at) {
                match (set.get(at + 1), set.get(at + 2)) {
                    (Some('-'), Some(high)) => {
                        inside |= (*low..=*high).contains(&c);
                        at += 3;
                    }
                    _ => {
                        inside |= *low == c;
                        at += 1;
                    }
                }
            }
            (inside != negated).then_some(set.len() + 2 + usize::from(negated))
        }
        [other, ..] => (*other == c).then_some(1),
        [] => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Arch;
    use super::*;
    use std::collections::BTreeMap;

    fn found(glibc: (u32, u32), files: &[(&str, &str)]) -> Vec<String> {
        let files: BTreeMap<&str, &str> = files.iter().copied().collect();
        let arch = Arch::Amd64;
        directories(
            Platform { arch, glibc },
            &|path| files.get(path).map(|text| text.as_bytes().to_vec()),
            &|pattern| {
                let (directory, pattern) = pattern.rsplit_once('/').unwrap();
                let inside = |path: &&&str| {
                    let (parent, name) = path.rsplit_once('/').unwrap();
                    parent == directory && matches(pattern, name)
                };
                let paths = files.keys().filter(inside).map(|path| (*path).to_owned());
                paths.rev().collect()
            },
        )
    }

    const BUILT_IN: [&str; 4] = [
        "/lib/x86_64-linux-gnu",
        "/usr/lib/x86_64-linux-gnu",
        "/lib",
        "/usr/lib",
    ];

    #[test]
    fn built_in_ones_come_last() {
        assert_eq!(found((2, 41), &[]), BUILT_IN);
        let found = found(
            (2, 41),
            &[("/etc/ld.so.conf", "/usr/lib\n/opt/x// \n/opt/x\n")],
        );
        assert_eq!(found[..2], ["/usr/lib", "/opt/x"]);
        assert_eq!(found[2..], BUILT_IN[..3]);
    }

    #[test]
    fn includes_are_read_where_they_stand_and_sorted() {
        let files = [
            (
                "/etc/ld.so.conf",
                " /a # one\ninclude /etc/ld.so.conf.d/*.conf more\t/none\n\n/z",
            ),
            ("/etc/ld.so.conf.d/b.conf", "/b\r\n\tinclude\t*.conf\n"),
            (
                "/etc/ld.so.conf.d/B.conf",
                "hwcap 0 nosegneg\nHWCAP\t1\n/B/\nincludes\n",
            ),
            ("/etc/ld.so.conf.d/.c.conf", "/hidden"),
            ("/etc/ld.so.conf.d/c.conf.dpkg-old", "/old"),
            ("/etc/more", "/more\0/x"),
        ];
        let found = found((2, 41), &files);
        assert_eq!(found[..6], ["/a", "/B", "includes", "/b", "/more", "/z"]);
        assert_eq!(found[6..], BUILT_IN);
    }

    #[test]
    fn kinds_of_library_belong_to_older_versions() {
        let files = [("/etc/ld.so.conf", "/opt/x/ =libc6\n=x\n")];
        assert_eq!(found((2, 36), &files)[0], "/opt/x");
        assert_eq!(found((2, 36), &files)[1], BUILT_IN[0]);
        assert_eq!(found((2, 41), &files)[0], "/opt/x/ =libc6");
    }

    #[test]
    fn a_file_that_includes_itself_ends() {
        let text = "include /etc/ld.so.conf /etc/ld.so.conf\n/a\n";
        assert_eq!(found((2, 41), &[("/etc/ld.so.conf", text)])[0], "/a");
    }

    #[test]
    fn patterns() {
        for (pattern, name) in [
            ("*.conf", "a.conf"),
            ("*.conf", "x.conf.conf"),
            ("?[a-c]*", "xb"),
            ("[!a]x", "bx"),
            ("[]a]", "]"),
            ("[", "["),
            ("\\*a", "*a"),
            (".*", ".a"),
            ("a**", "a"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("*.conf", ".conf"),
            ("*.conf", "a.conf~"),
            ("?", ""),
            ("[a-c]", "d"),
            ("[!a]", "a"),
            ("\\*", "a"),
            ("[]a]", "b"),
            ("", "a"),
        ] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }
}
