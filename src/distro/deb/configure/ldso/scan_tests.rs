use super::super::Arch;
use super::*;

const NEW: Platform = Platform {
    arch: Arch::Amd64,
    glibc: (2, 41),
};
const OLD: Platform = Platform {
    arch: Arch::Amd64,
    glibc: (2, 36),
};

/// A root from lines: `DIRECTORY/FILE SONAME` (`-` for none), `LINK > TARGET`, `DIRECTORY/`.
struct Root(BTreeMap<String, Vec<(String, String)>>);

impl Root {
    fn new(lines: &[&str]) -> Self {
        let mut out: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        for line in lines {
            let (path, rest) = line.split_once(' ').unwrap_or((line, ""));
            let (directory, name) = path.rsplit_once('/').unwrap();
            let mut parent = directory.to_owned();
            while let Some((up, _)) = parent.clone().rsplit_once('/') {
                out.entry(std::mem::replace(&mut parent, up.to_owned()))
                    .or_default();
            }
            let files = out.entry(directory.to_owned()).or_default();
            if !name.is_empty() {
                files.push((name.to_owned(), rest.to_owned()));
            }
        }
        Self(out)
    }

    fn directories(&self, parent: &str) -> Vec<String> {
        let below = |path: &String| {
            let (up, name) = path.rsplit_once('/')?;
            (up == parent).then(|| name.to_owned())
        };
        self.0.keys().filter_map(below).collect()
    }

    fn list(&self, path: &str) -> Directory {
        let mut out = Directory {
            directories: self.directories(path),
            ..Directory::default()
        };
        let files = &self.0[path];
        for (name, rest) in files {
            let (mut at, mut soname, mut link) = (name.as_str(), rest.as_str(), false);
            while let Some(target) = soname.strip_prefix("> ") {
                link = true;
                match files.iter().find(|(name, _)| name == target) {
                    Some((name, rest)) => (at, soname) = (name, rest),
                    None => break,
                }
            }
            if soname.starts_with("> ") {
                out.dangling.push(name.clone());
                continue;
            }
            out.files.push(Library {
                file: name.clone(),
                link,
                real: format!("{path}/{at}"),
                info: Some(Info {
                    wide: true,
                    big_endian: false,
                    machine: 62,
                    abi: 0,
                    soname: Some(soname.to_owned()).filter(|soname| soname != "-"),
                    libc6: true,
                    isa_level: 2,
                }),
            });
        }
        out
    }

    fn survey(&self, platform: Platform, directories: &[&str]) -> Survey {
        let directories: Vec<String> = directories.iter().map(|path| (*path).into()).collect();
        // A merged /usr.
        let real = |path: &str| {
            let path = match path.strip_prefix("/lib") {
                Some(rest) => format!("/usr/lib{rest}"),
                None => path.to_owned(),
            };
            self.0.contains_key(&path).then_some(path)
        };
        let list = |path: &str| self.list(&real(path).unwrap());
        survey(platform, &directories, &real, &list)
    }
}

/// Entries as `SONAME PATH`, then links as `PATH > TARGET` and stale links as `-PATH`.
fn found(survey: &Survey) -> Vec<String> {
    let entries = survey.entries.iter();
    let entries = entries.map(|one| format!("{} {}", one.soname, one.path));
    let links = survey.links.iter();
    let links = links.map(|one| format!("{} > {}", one.path, one.target));
    let stale = survey.stale.iter().map(|path| format!("-{path}"));
    entries.chain(links).chain(stale).collect()
}

fn one(platform: Platform, lines: &[&str]) -> Vec<String> {
    let lines: Vec<String> = lines.iter().map(|line| format!("/d/{line}")).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    found(&Root::new(&lines).survey(platform, &["/d"]))
}

#[test]
fn a_package_as_it_should_be() {
    assert_eq!(
        one(
            NEW,
            &[
                "libx.so.1.2 libx.so.1",
                "libx.so.1 > libx.so.1.2",
                "libx.so > libx.so.1"
            ]
        ),
        ["libx.so /d/libx.so", "libx.so.1 /d/libx.so.1"]
    );
}

#[test]
fn the_highest_version_gets_the_link() {
    let files = [
        "libx.so.1.9 libx.so.1",
        "libx.so.1.10 libx.so.1",
        "libx.so.1 > libx.so.1.9",
    ];
    let expected = ["libx.so.1 /d/libx.so.1", "/d/libx.so.1 > libx.so.1.10"];
    assert_eq!(one(NEW, &files), expected);
    assert_eq!(one(NEW, &files[..2]), expected);
}

#[test]
fn files_are_not_replaced() {
    assert_eq!(
        one(NEW, &["libx.so.1 libx.so.1", "libx.so.1.1 libx.so.1"]),
        ["libx.so.1 /d/libx.so.1"]
    );
    assert_eq!(
        one(NEW, &["liba.so libx.so.1", "libx.so.1/"]),
        ["libx.so.1 /d/libx.so.1"]
    );
    assert_eq!(one(NEW, &["liba.so a/b"]), ["a/b /d/a/b"]);
}

#[test]
fn the_dynamic_linker_is_left_alone() {
    let name = "ld-linux-x86-64.so.2";
    let lines = [
        format!("ld-2.so {name}"),
        format!("ld-3.so {name}"),
        format!("{name} > ld-2.so"),
    ];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    assert_eq!(one(NEW, &lines).len(), 1);
    assert_eq!(one(NEW, &lines[..2])[1], format!("/d/{name} > ld-3.so"));
}

#[test]
fn links_of_other_names_are_libraries() {
    // Without a soname a link's own name is it.
    assert_eq!(
        one(NEW, &["libx.so -", "liby.so.1 > libx.so"]),
        ["libx.so /d/libx.so", "liby.so.1 /d/liby.so.1"]
    );
    // Sorts above the file, but a file goes first only before links that count as such.
    assert_eq!(
        one(NEW, &["libx.so.2 libx.so.2", "libz.so > libx.so.2"]),
        ["libx.so.2 /d/libx.so.2"]
    );
    assert_eq!(
        one(NEW, &["libx-1.so libx.so.2", "libz.so > libx-1.so"]),
        ["libx.so.2 /d/libx.so.2", "/d/libx.so.2 > libz.so"]
    );
}

#[test]
fn links_that_lead_nowhere() {
    assert_eq!(
        one(
            NEW,
            &[
                "libx.so.1 > libx.so.1.0",
                "libx.so > libx.so.1.0",
                "x.so.1 > x"
            ]
        ),
        ["-/d/libx.so.1"]
    );
    assert_eq!(
        one(NEW, &["libx.so.1 > libx.so.1.0", "libx.so.1.1 libx.so.1"]),
        ["libx.so.1 /d/libx.so.1", "/d/libx.so.1 > libx.so.1.1"]
    );
}

#[test]
fn names_that_are_looked_at() {
    for name in [
        "libx.so",
        "ld-x.so.1",
        "ld.so.1",
        "ld64.so.1",
        "lib.so;1",
        "lib.so.dpkg-new",
    ] {
        assert!(candidate(OLD, name, false, false), "{name}");
    }
    for name in [
        "x.so",
        "libx.a",
        "ld.so",
        "lib.so;1",
        "lib.so.dpkg-new",
        "lib.so.#prelink#.abcdef",
    ] {
        assert!(!candidate(NEW, name, false, false), "{name}");
    }
    assert!(candidate(NEW, "x", true, true));
    assert!(!candidate(NEW, "x", true, false));
    assert!(!candidate(NEW, "x", false, true));
}

#[test]
fn a_directory_is_searched_once_under_its_first_name() {
    let root = Root::new(&[
        "/usr/lib/libx.so.1 libx.so.1",
        "/usr/local/libx.so.1 libx.so.1",
    ]);
    let survey = root.survey(NEW, &["/lib", "/none", "/usr/lib", "/usr/local"]);
    assert_eq!(
        found(&survey),
        ["libx.so.1 /lib/libx.so.1", "libx.so.1 /usr/local/libx.so.1"]
    );
    assert_eq!(
        order(&survey.entries[0], &survey.entries[1]),
        Ordering::Equal
    );
}

#[test]
fn hwcaps_name_their_files_and_get_no_links() {
    let root = Root::new(&[
        "/d/glibc-hwcaps/v3/libx.so.1.1 libx.so.1",
        "/d/glibc-hwcaps/.v4/libx.so.1.1 libx.so.1",
        "/d/glibc-hwcaps/a:b/libx.so.1.1 libx.so.1",
        "/d/glibc-hwcaps/empty/",
        "/d/libx.so.1 libx.so.1",
        "/e/libx.so.1 libx.so.1",
    ]);
    let mut survey = root.survey(NEW, &["/d", "/e"]);
    let paths = [
        "/d/libx.so.1",
        "/d/glibc-hwcaps/v3/libx.so.1.1",
        "/e/libx.so.1",
    ];
    let path = |entry: &Entry| entry.path.clone();
    assert_eq!(survey.entries.iter().map(path).collect::<Vec<_>>(), paths);
    assert_eq!(survey.entries[1].hwcaps, Some(("v3".to_owned(), 2)));
    assert_eq!(survey.hwcaps, ["empty", "v3"].map(str::to_owned).into());
    assert!(survey.links.is_empty());
    survey.entries.sort_by(order);
    assert_eq!(path(&survey.entries[0]), paths[1]);
}

#[test]
fn capabilities_of_older_versions() {
    let lines = [
        "/d/haswell/avx512_1/libx.so.1 libx.so.1",
        "/d/haswell/libx.so.1 libx.so.1",
        "/d/libx.so.1 libx.so.1",
        "/e/libx.so.1 libx.so.1",
    ];
    let root = Root::new(&lines);
    assert_eq!(root.survey(NEW, &["/d", "/e"]).entries.len(), 2);
    let mut survey = root.survey(OLD, &["/d", "/e"]);
    survey.entries.sort_by(order);
    let bits = survey.entries.iter().map(|entry| entry.capabilities);
    assert_eq!(bits.collect::<Vec<_>>(), [1 << 50 | 4, 1 << 50, 0, 0]);
    assert_eq!(survey.entries[3].path, "/e/libx.so.1");
}

#[test]
fn versions_compare_as_numbers() {
    use Ordering::{Equal, Greater, Less};
    for (left, right, expected) in [
        ("lib.so.9", "lib.so.10", Less),
        ("lib.so.09", "lib.so.9", Equal),
        ("lib.so", "lib.so.1", Less),
        ("lib1", "libx", Greater),
        ("lib-", "lib1", Less),
        ("lib", "lib1", Less),
        ("liba", "libb", Less),
        ("lib4294967297", "lib2", Less),
    ] {
        assert_eq!(compare(left, right), expected, "{left} {right}");
        assert_eq!(compare(right, left), expected.reverse(), "{right} {left}");
    }
}
