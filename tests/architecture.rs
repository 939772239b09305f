//! Holds the code to its layout: who may use whom.
//!
//! Reads every path that begins with `crate::`, `super::` or, in the program, `rootlock::`, and
//! compares the module it leads to with the table below. Comments, strings and tests are left out:
//! a test may bring stages together.

// Helpers outside `#[test]` functions are tests too: clippy.toml cannot tell.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The stages, in the order of the data flow. Arrows run from left to right, and only `ops` sees
/// more than its neighbours.
const TABLE: &str = "
| model      |                                                   |
| tree       | model                                             |
| trust      | model                                             |
| progress   | model                                             |
| manifest   | model                                             |
| lockfile   | model                                             |
| resolve    | model                                             |
| tar_values |                                                   |
| store      | model                                             |
| sandbox    | model                                             |
| distro     | model tree trust resolve tar_values               |
| fetch      | model store progress                              |
| assemble   | model tree lockfile distro store progress         |
| export     | model tree store                                  |
| image      | model tree store tar_values                       |
| verify     | model tree lockfile distro image                  |
| audit      | model tree lockfile distro image                  |
| sbom       | model tree lockfile distro image                  |
| ops        | model tree trust progress manifest lockfile resolve store distro fetch assemble export image sandbox verify audit sbom |
| bin        | model progress ops                                |
";

/// What the program may name beyond its row: the types of what verbs take and give, and the one
/// reader of a host file that a distribution has.
const OF_VERBS: &[&str] = &[
    "distro::deb::hostapt",
    "fetch::Mirror",
    "fetch::Network",
    "lockfile::Lockfile",
    "resolve::Update",
    "store",
];

/// One use of one path by one file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Use {
    file: PathBuf,
    /// The module of the file: `["distro", "deb", "index"]`.
    by: Vec<String>,
    /// What it leads to, from the root of the library.
    path: Vec<String>,
}

impl Use {
    /// Why it may not be, if it may not.
    fn fault(&self, table: &BTreeMap<String, BTreeSet<String>>) -> Option<String> {
        let [by, used] = [&self.by, &self.path].map(|path| path.first().map(String::as_str));
        let (by, used) = (by?, used?);
        // A name of the crate's root that is no module: a macro, or a test's `super::super`.
        table.get(used)?;
        let path = self.path.join("::");
        let complaint = |why: &str| Some(format!("{}: {why} `{path}`", self.file.display()));
        if by == used {
            let ecosystem = |path: &[String]| {
                let name = path
                    .get(1)
                    .filter(|name| ["deb", "apk"].contains(&name.as_str()));
                name.cloned()
            };
            return match (ecosystem(&self.by), ecosystem(&self.path)) {
                (Some(own), Some(other)) if own != other => {
                    complaint(&format!("{own} uses another distribution's"))
                }
                _ => None,
            };
        }
        let of_verbs = by == "bin"
            && OF_VERBS
                .iter()
                .any(|item| path == *item || path.starts_with(&format!("{item}::")));
        if of_verbs || table.get(by).is_some_and(|row| row.contains(used)) {
            // The list of ecosystems is the only way to one.
            let names_one = self
                .path
                .get(1)
                .is_some_and(|name| ["deb", "apk"].contains(&name.as_str()));
            return match used == "distro" && names_one && !of_verbs {
                true => complaint(&format!("{by} names one distribution:")),
                false => None,
            };
        }
        complaint(&format!("{by} may not use"))
    }
}

fn table() -> BTreeMap<String, BTreeSet<String>> {
    let rows = TABLE.lines().filter_map(|line| {
        let mut cells = line.split('|').map(str::trim);
        let (_, module, uses) = (cells.next()?, cells.next()?, cells.next()?);
        let uses = uses.split_ascii_whitespace().map(str::to_owned).collect();
        Some((module.to_owned(), uses))
    });
    rows.collect()
}

/// The code of a file without comments, string literals and the tests at its end; and the literals.
fn code(text: &str) -> (String, Vec<String>) {
    let tests = text.find("\n#[cfg(test)]\nmod ").unwrap_or(text.len());
    let (mut out, mut literals) = (String::new(), Vec::new());
    let mut rest = text[..tests].chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '/' if rest.peek() == Some(&'/') => while rest.next_if(|&c| c != '\n').is_some() {},
            '"' => {
                let mut literal = String::new();
                while let Some(c) = rest.next() {
                    match c {
                        '\\' => drop(rest.next()),
                        '"' => break,
                        c => literal.push(c),
                    }
                }
                out.push_str("\"\"");
                literals.push(literal);
            }
            // A quote as a character is no string: '"' and '\''.
            '\'' => {
                let mut ahead = rest.clone();
                let (first, second) = (ahead.next(), ahead.next());
                match (first, second) {
                    (Some('\\'), Some(_)) => {
                        rest.next();
                        rest.next();
                    }
                    (Some(_), Some('\'')) => drop(rest.next()),
                    _ => {}
                }
            }
            c => out.push(c),
        }
    }
    (out, literals)
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The paths of a use tree: `a::{b, c::d}` is `a::b` and `a::c::d`. Returns what follows it.
fn expand<'a>(prefix: &[String], text: &'a str, out: &mut Vec<Vec<String>>) -> &'a str {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
            match rest.strip_prefix('}') {
                Some(after) => return after,
                None if rest.is_empty() => return rest,
                None => {
                    let after = expand(prefix, rest, out);
                    let end = after.find([',', '}']).unwrap_or(after.len());
                    rest = &after[end..];
                }
            }
        }
    }
    let end = text.find(|c| !is_name(c)).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let mut path = prefix.to_vec();
    if !name.is_empty() && name != "self" {
        path.push(name.to_owned());
    }
    match rest.strip_prefix("::") {
        Some(rest) if !name.is_empty() => expand(&path, rest, out),
        _ => {
            out.push(path);
            // Always onwards, whatever stands here.
            rest.strip_prefix(|c| !is_name(c) && !"{},".contains(c))
                .unwrap_or(rest)
        }
    }
}

/// The paths that `text` takes from `root` (`crate`, `rootlock` or a row of `super`s).
fn paths(text: &str, root: &str) -> Vec<Vec<String>> {
    let mut out = Vec::new();
    let needle = format!("{root}::");
    for (at, _) in text.match_indices(&needle) {
        let inside = text[..at].ends_with(|c: char| is_name(c) || c == ':' || c == '$');
        if !inside {
            expand(&[], &text[at + needle.len()..], &mut out);
        }
    }
    out
}

/// Every use in a file, as seen from the root of the library.
fn uses(file: &Path, text: &str) -> Vec<Use> {
    let (code, _) = code(text);
    let mut by: Vec<String> = file
        .with_extension("")
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .filter(|part| part != "mod")
        .collect();
    let program = by.first().is_some_and(|part| part == "bin");
    let mut found = paths(&code, if program { "rootlock" } else { "crate" });
    if !program {
        for up in 1..=by.len() {
            let root = vec!["super"; up].join("::");
            let above = &by[..by.len() - up];
            for path in paths(&code, &root) {
                if path.first().is_none_or(|first| first != "super") {
                    found.push([above, &path].concat());
                }
            }
        }
    }
    if program {
        by.truncate(1);
    }
    let one = |path| Use {
        file: file.to_owned(),
        by: by.clone(),
        path,
    };
    found.into_iter().map(one).collect()
}

/// Every file of `src`, with its path below it. Tests are left out.
fn sources() -> Vec<(PathBuf, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut out = Vec::new();
    let mut dirs = vec![src.clone()];
    while let Some(dir) = dirs.pop() {
        for entry in fs_err::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if name == "tests" || name.ends_with("tests.rs") {
                continue;
            }
            if path.is_dir() {
                dirs.push(path);
            } else if name.ends_with(".rs") {
                let text = fs_err::read_to_string(&path).unwrap();
                out.push((path.strip_prefix(&src).unwrap().to_owned(), text));
            }
        }
    }
    out.sort();
    out
}

fn faults(file: &str, text: &str) -> Vec<String> {
    let table = table();
    let uses = uses(Path::new(file), text);
    uses.iter()
        .filter_map(|found| found.fault(&table))
        .collect()
}

#[test]
fn every_module_uses_only_what_it_may() {
    let faults: Vec<_> = sources()
        .iter()
        .flat_map(|(file, text)| faults(&file.to_string_lossy(), text))
        .collect();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// What is decided by the name of an ecosystem belongs behind the trait.
fn names_an_ecosystem(file: &str, text: &str) -> bool {
    let knows = ["distro", "bin"]
        .iter()
        .any(|module| file.starts_with(module));
    let named = |literal: &String| ["debian", "alpine", "deb", "apk"].contains(&literal.as_str());
    !knows && code(text).1.iter().any(named)
}

#[test]
fn only_distro_knows_the_ecosystems_by_name() {
    for (file, text) in sources() {
        assert!(
            !names_an_ecosystem(&file.to_string_lossy(), &text),
            "{}",
            file.display()
        );
    }
    assert!(names_an_ecosystem(
        "ops/lock.rs",
        "match name { \"debian\" => 1, _ => 2 }"
    ));
    assert!(!names_an_ecosystem(
        "ops/lock.rs",
        "/// \"debian\"\nconst A: &str = \"a \\\"debian\";"
    ));
    assert!(!names_an_ecosystem("distro/deb/mod.rs", "\"debian\""));
}

#[test]
fn every_module_has_a_row_and_every_row_a_module() {
    let modules: BTreeSet<_> = sources()
        .iter()
        .filter_map(|(file, _)| file.with_extension("").iter().next().map(ToOwned::to_owned))
        .map(|name| name.to_string_lossy().into_owned())
        .filter(|name| name != "lib")
        .collect();
    assert_eq!(modules, table().into_keys().collect());
    for uses in table().values() {
        assert!(uses.is_subset(&modules), "{uses:?}");
    }
}

#[test]
fn a_violation_is_seen_however_it_is_written() {
    let cases = [
        ("tree/merge.rs", "use crate::distro::Entry;"),
        (
            "tree/merge.rs",
            "use crate::model::Arch;\nuse crate::{\n    model::{self, Sha256},\n    store::Store,\n};",
        ),
        ("model/arch.rs", "fn f() -> crate::tree::Tree { todo() }"),
        ("model/arch.rs", "use super::super::tree::Tree;"),
        ("progress.rs", "use super::store::Store;"),
        ("distro/deb/index.rs", "use crate::distro::apk::Index;"),
        ("distro/deb/index.rs", "use super::super::apk::Index;"),
        ("distro/mod.rs", "use crate::fetch::Network;"),
        ("manifest/mod.rs", "use crate::distro::deb::Debian;"),
        ("assemble/mod.rs", "use crate::distro::deb::Debian;"),
        ("bin/rootlock/main.rs", "use rootlock::assemble::Layer;"),
        (
            "bin/rootlock/main.rs",
            "let x = rootlock::distro::deb::Debian;",
        ),
    ];
    for (file, text) in cases {
        assert_eq!(faults(file, text).len(), 1, "{file}: {text}");
    }
}

#[test]
fn what_is_allowed_is_not_complained_of() {
    let cases = [
        (
            "distro/deb/index.rs",
            "use super::version; use crate::distro::{Fault, deb::relation}; use super::super::Catalog;",
        ),
        ("assemble/mod.rs", "use crate::distro::{self, Distro};"),
        (
            "tree/node.rs",
            "/// See [`crate::store::Store`].\nconst A: &str = \"crate::store::Store\"; // crate::store",
        ),
        (
            "tree/node.rs",
            "use crate::model::Arch;\n#[cfg(test)]\nmod tests { use crate::store::Store; }",
        ),
        (
            "tree/node.rs",
            "const A: char = '\"'; const B: &str = \"crate::store::X\";",
        ),
        (
            "bin/rootlock/world.rs",
            "use rootlock::fetch::{Mirror, Network}; use crate::render;",
        ),
        (
            "bin/rootlock/world.rs",
            "rootlock::distro::deb::hostapt::parse(text)",
        ),
    ];
    for (file, text) in cases {
        assert_eq!(faults(file, text), Vec::<String>::new());
    }
}
