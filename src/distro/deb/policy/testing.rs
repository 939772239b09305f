//! Small repositories for tests, and a checker that knows nothing of the engines.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::distro::deb::catalog::{DebCatalog, Source};
use crate::distro::deb::index::condense;
use crate::distro::deb::universe::{DebUniverse, compare};
use crate::distro::deb::{Debian, version};
use crate::distro::{Catalog as _, Fault};
use crate::model::{
    Arch, Clause, Dialect as _, LockedPackage, Package, PackageName, Priority, WantedFile,
};
use crate::resolve::{GroupRequest, Problem, Solution, Universe as _, Update};

/// A repository whose packages are lines: `name version; Field: value; Field: value`.
pub(super) fn source(repository: usize, suite: &str, pin: i32, packages: &str) -> Source {
    let mut text = String::new();
    for line in packages
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
    {
        let mut parts = line.split(';').map(str::trim);
        let (name, version) = parts
            .next()
            .and_then(|head| head.split_once(' '))
            .expect("a head");
        let arch = if line.contains("Architecture:") {
            ""
        } else {
            "Architecture: amd64\n"
        };
        text += &format!("Package: {name}\nVersion: {version}\n{arch}");
        parts.for_each(|field| text += &format!("{field}\n"));
        text += &format!(
            "Filename: pool/{name}_{version}.deb\nSize: 1\nSHA256: {:064}\n\n",
            1
        );
    }
    let file = WantedFile {
        path: "Packages".into(),
        expect: None,
        max_size: u64::MAX,
        plain: None,
    };
    Source {
        repository,
        id: suite.into(),
        pin,
        suites: vec![suite.into()],
        indexes: vec![
            condense(&file, text.as_bytes())
                .expect("a valid index")
                .into(),
        ],
    }
}

pub(super) fn catalog(sources: Vec<Source>) -> DebCatalog {
    DebCatalog::new(amd64(), sources).expect("valid indexes")
}

/// One repository.
pub(super) fn one(packages: &str) -> DebCatalog {
    catalog(vec![source(0, "stable", 500, packages)])
}

pub(super) fn amd64() -> Arch {
    Arch::from_oci("amd64").expect("known")
}

/// A group of requests, with spaces between them; `-name` excludes.
pub(super) fn group(name: &str, requests: &str) -> GroupRequest {
    let (exclude, requests): (Vec<&str>, Vec<&str>) = requests
        .split_whitespace()
        .partition(|word| word.starts_with('-'));
    let request = |text: &&str| Debian.request(text).expect("a request");
    GroupRequest {
        name: name.parse().expect("a name"),
        priority: None,
        requests: requests.iter().map(request).collect(),
        exclude: exclude
            .iter()
            .map(|name| name[1..].parse().expect("a name"))
            .collect(),
    }
}

pub(super) fn problem(groups: Vec<GroupRequest>) -> Problem {
    Problem {
        arch: amd64(),
        groups,
        recommends: false,
        locked: Vec::new(),
        update: Update::Keep,
    }
}

/// One group.
pub(super) fn asking(requests: &str) -> Problem {
    problem(vec![group("base", requests)])
}

pub(super) fn with_priority(mut problem: Problem, priority: Priority) -> Problem {
    problem.groups[0].priority = Some(priority);
    problem
}

/// As `name=version`, with spaces between them.
pub(super) fn shown(packages: &[LockedPackage]) -> String {
    let texts: Vec<String> = packages
        .iter()
        .map(|package| format!("{}={}", package.name, package.version))
        .collect();
    texts.join(" ")
}

pub(super) fn solve(catalog: &DebCatalog, problem: &Problem) -> String {
    match catalog.resolve(problem) {
        Ok(solution) => {
            check(catalog, problem, &solution);
            shown(&solution.packages)
        }
        Err(fault) => explanation(&fault),
    }
}

/// A message and its causes, a line each.
pub(super) fn explanation(fault: &Fault) -> String {
    let mut text = fault.to_string();
    let mut next = fault.source();
    while let Some(cause) = next {
        text += &format!("\n{cause}");
        next = cause.source();
    }
    if let Some(hint) = fault.hint() {
        text += &format!("\nhint: {hint}");
    }
    text
}

/// Panics unless the solution is closed under dependencies, free of conflicts, and what was asked
/// for. Written against Policy 7, with loops over everything and none of the engines' indexes.
pub(super) fn check(catalog: &DebCatalog, problem: &Problem, solution: &Solution) {
    let universe = DebUniverse::new(catalog);
    let all: Vec<&Package> = solution
        .packages
        .iter()
        .map(|locked| {
            let versions = universe.versions(&locked.name);
            let same = versions.iter().map(|&id| universe.get(id));
            let mut same = same.filter(|package| package.version == locked.version);
            same.next().expect("what is chosen is offered")
        })
        .collect();
    let names: BTreeMap<&PackageName, &LockedPackage> = solution
        .packages
        .iter()
        .map(|locked| (&locked.name, locked))
        .collect();
    assert_eq!(names.len(), all.len(), "each name once");
    for package in &all {
        for relation in &package.depends {
            let holds = relation
                .any_of
                .iter()
                .any(|clause| all.iter().any(|other| fulfils(other, clause)));
            assert!(
                holds,
                "{} {} needs {relation}",
                package.name, package.version
            );
        }
        for clause in &package.conflicts {
            for other in all.iter().filter(|other| other.name != package.name) {
                assert!(
                    !fulfils(other, clause),
                    "{} conflicts with {}",
                    package.name,
                    other.name
                );
            }
        }
        let locked = names[&package.name];
        for edge in locked.depends.iter().chain(&locked.recommends) {
            assert!(
                names.contains_key(&edge.name),
                "{} has an edge to nothing",
                package.name
            );
        }
        assert!(
            problem
                .groups
                .iter()
                .any(|group| group.name == locked.group),
            "{} has a group",
            package.name
        );
    }
    for group in &problem.groups {
        for name in &group.exclude {
            assert!(!names.contains_key(name), "{name} is excluded");
        }
        for request in &group.requests {
            let name: PackageName = request.name.parse().expect("a name");
            let there = names.contains_key(&name)
                || all
                    .iter()
                    .any(|p| p.provides.iter().any(|provide| provide.name == name));
            assert!(there, "{request} is there");
        }
    }
}

/// The same question as `Package::fulfils`, answered apart from it.
fn fulfils(package: &Package, clause: &Clause) -> bool {
    let by = |text: Option<&str>| match (&clause.constraint, text) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some((op, wanted)), Some(text)) => {
            let order = version::compare(text, wanted.as_str());
            match op.to_string().as_str() {
                "<" => order == Ordering::Less,
                "<=" => order != Ordering::Greater,
                "=" => order == Ordering::Equal,
                ">=" => order != Ordering::Less,
                _ => order == Ordering::Greater,
            }
        }
    };
    debug_assert_eq!(compare(&package.version, &package.version), Ordering::Equal);
    clause.arch.is_none()
        && (package.name == clause.name && by(Some(package.version.as_str()))
            || package.provides.iter().any(|provide| {
                provide.name == clause.name && by(provide.version.as_ref().map(|v| v.as_str()))
            }))
}
