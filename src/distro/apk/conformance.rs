//! Answers held against apk's own: its solver suite, and worlds on Alpine's real indexes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde_json::Value;

use super::Alpine;
use super::catalog::{ApkCatalog, Source};
use super::index::condense;
use crate::distro::Catalog as _;
use crate::distro::apk::fixtures::shared_path;
use crate::model::{Arch, Dialect as _, LockedPackage, WantedFile};
use crate::resolve::{GroupRequest, Problem, Solution, Update};

/// Where the repositories of a case of apk's suite lie, with their tags.
fn repositories<'a>(case: &'a Value, root: &Path) -> Vec<(PathBuf, Option<&'a str>)> {
    let repos = case["repos"].as_array().unwrap().iter();
    let one = |repo: &'a Value| {
        (
            root.join(repo["dir"].as_str().unwrap()),
            repo["tag"].as_str(),
        )
    };
    repos.map(one).collect()
}

fn arch(name: &str) -> Arch {
    Arch::from_alpine(name).unwrap()
}

pub(super) fn catalog(arch_name: &str, repositories: &[(&Path, Option<&str>)]) -> ApkCatalog {
    let sources = repositories
        .iter()
        .enumerate()
        .map(|(number, (directory, tag))| {
            let path = directory.join(arch_name).join("APKINDEX.tar.gz");
            let raw = fs_err::read(&path).unwrap();
            let file = WantedFile {
                path: format!("{arch_name}/APKINDEX.tar.gz"),
                expect: None,
                max_size: 0,
                plain: None,
            };
            Source {
                id: format!("r{number}"),
                tag: tag.map(|tag| tag.trim_start_matches('@').to_owned()),
                index: condense(&file, &raw).unwrap().into(),
            }
        })
        .collect();
    ApkCatalog::new(arch(arch_name), sources).unwrap()
}

pub(super) fn problem(arch_name: &str, world: &[&str]) -> Problem {
    let requests = world.iter().map(|line| Alpine.request(line).unwrap());
    Problem {
        arch: arch(arch_name),
        groups: vec![GroupRequest {
            name: "base".parse().unwrap(),
            priority: None,
            requests: requests.collect(),
            exclude: Vec::new(),
        }],
        recommends: false,
        locked: Vec::new(),
        update: Update::Keep,
    }
}

fn texts(value: &Value) -> Vec<&str> {
    let items = value.as_array().into_iter().flatten();
    items.filter_map(Value::as_str).collect()
}

pub(super) fn chosen(solution: &Solution) -> BTreeSet<String> {
    let packages = solution.packages.iter();
    packages
        .map(|package| format!("{}-{}", package.name, package.version))
        .collect()
}

#[test]
fn real_worlds_come_out_as_apk_has_them() {
    for (file, count) in [
        ("alpine/worlds-alpine-3.19-main-community.json", 134),
        ("alpine/worlds-alpine-3.22-main.json", 67),
    ] {
        let Some(path) = shared_path(file) else {
            return;
        };
        let root = path.parent().unwrap().parent().unwrap();
        let data: Value = serde_json::from_slice(&fs_err::read(&path).unwrap()).unwrap();
        let arch = data["arch"].as_str().unwrap();
        let repositories: Vec<_> = data["indexes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|index| root.join(index["repo"].as_str().unwrap()))
            .collect();
        let repositories: Vec<(&Path, Option<&str>)> = repositories
            .iter()
            .map(|path| (path.as_path(), None))
            .collect();
        let catalog = catalog(arch, &repositories);
        let cases = data["cases"].as_array().unwrap();
        assert_eq!(cases.len(), count);
        let answers = cases.par_iter().map(|case| {
            let world = texts(&case["world"]);
            let found = catalog.resolve(&problem(arch, &world));
            let plan = texts(&case["plan"]).into_iter().map(str::to_owned);
            let expected: Option<BTreeSet<String>> =
                (case["status"] == "ok").then(|| plan.collect());
            let found = found.ok().as_ref().map(chosen);
            let id = &case["id"];
            (found != expected).then(|| format!("{id} {world:?}\n  {found:?}\n  {expected:?}"))
        });
        let wrong: Vec<String> = answers.flatten().collect();
        assert!(
            wrong.is_empty(),
            "{} of {count}:\n{}",
            wrong.len(),
            wrong.join("\n")
        );
    }
}

#[test]
fn apks_own_solver_suite() {
    let Some(path) = shared_path("apk-solver/cases.json") else {
        return;
    };
    let root = path.parent().unwrap();
    let data: Value = serde_json::from_slice(&fs_err::read(&path).unwrap()).unwrap();
    let cases = data["cases"].as_array().unwrap();
    let mut wrong = Vec::new();
    let mut count = 0;
    for case in cases.iter().filter(|case| case["fresh_plain"] == true) {
        let repositories = repositories(case, root);
        let repositories: Vec<(&Path, Option<&str>)> = repositories
            .iter()
            .map(|(path, tag)| (path.as_path(), *tag))
            .collect();
        let catalog = catalog("x86_64", &repositories);
        let world = texts(&case["packages"]);
        let found = catalog.resolve(&problem("x86_64", &world));
        let expected: Option<BTreeSet<String>> = (case["expected"]["status"] == "ok").then(|| {
            texts(&case["expected"]["final"])
                .into_iter()
                .map(str::to_owned)
                .collect()
        });
        let found = match &found {
            Ok(solution) => Some(chosen(solution)),
            Err(_) => None,
        };
        if found != expected {
            wrong.push(format!(
                "{} {world:?}\n  {found:?}\n  {expected:?}",
                case["name"]
            ));
        }
        count += 1;
    }
    assert_eq!(count, 57);
    assert!(
        wrong.is_empty(),
        "{} of {count}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// What an installed package is to a lockfile: a locked one.
fn locked(case: &Value, root: &Path) -> Vec<LockedPackage> {
    let Some(file) = case["installed_file"].as_str() else {
        return Vec::new();
    };
    let text = fs_err::read_to_string(root.join("installed").join(file)).unwrap();
    let before = texts(&case["world_before"]);
    let packages = text.split("\n\n").filter_map(|paragraph| {
        let field = |key: &str| {
            let line = paragraph.lines().find(|line| line.starts_with(key));
            line.map(|line| line[2..].to_owned())
        };
        let (name, version) = (field("P:")?, field("V:")?);
        let asked = |line: &&str| line.split(['<', '=', '>', '~', '@']).next() == Some(&name);
        Some(LockedPackage {
            checksum: field("C:"),
            requested: before.iter().any(asked),
            ..super::fixtures::locked(&name, &version)
        })
    });
    packages.collect()
}

/// Where a lockfile answers otherwise: apk keeps what no repository offers any more, and a lock of
/// that could not be fetched (the first); it keeps what came from a tagged repository once it is
/// installed, and here the manifest decides.
const OTHERWISE: [&str; 6] = [
    "installif11",
    "pinning5",
    "pinning6",
    "pinning7",
    "pinning9",
    "pinning10",
];

/// apk's cases with an installed system, as a lockfile has them: what is installed is locked; `add`
/// and `del` change the manifest; `upgrade` is `--update`, with names, as `--upgrade` of some, that of
/// these. Left out is what a lockfile has no word for: other options, no network, virtual packages
/// made on the way, repositories that offer nothing.
#[test]
fn apks_own_cases_of_a_system_that_is_there() {
    let Some(path) = shared_path("apk-solver/cases.json") else {
        return;
    };
    let root = path.parent().unwrap();
    let data: Value = serde_json::from_slice(&fs_err::read(&path).unwrap()).unwrap();
    let (mut same, mut other) = (Vec::new(), Vec::new());
    for case in data["cases"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let action = case["action"].as_str().unwrap();
        let options = case["action_options"].as_array().unwrap();
        let options: Vec<&str> = options.iter().filter_map(Value::as_str).collect();
        let plain = matches!(
            (action, &options[..]),
            ("add" | "del" | "upgrade", []) | ("add" | "fix", ["--upgrade"])
        );
        let special = texts(&case["special"]);
        let other_world = special.iter().any(|what| {
            what.contains("--no-network") || what.contains("no repository") || what.contains("(-t)")
        });
        if case["fresh"] == true || !plain || other_world {
            continue;
        }
        let repositories = repositories(case, root);
        let repositories: Vec<(&Path, Option<&str>)> = repositories
            .iter()
            .map(|(path, tag)| (path.as_path(), *tag))
            .collect();
        let catalog = catalog("x86_64", &repositories);
        let mut problem = problem("x86_64", &texts(&case["world"]));
        problem.locked = locked(case, root);
        let named = texts(&case["packages"]);
        let names = || named.iter().map(|name| name.parse().unwrap()).collect();
        problem.update = match (action, &options[..], &named[..]) {
            ("upgrade", _, []) => Update::All,
            ("upgrade", ..) | (_, ["--upgrade"], _) => Update::Names(names()),
            _ => Update::Keep,
        };
        let expected: Option<BTreeSet<String>> = (case["expected"]["status"] == "ok").then(|| {
            texts(&case["expected"]["final"])
                .into_iter()
                .map(str::to_owned)
                .collect()
        });
        let found = catalog.resolve(&problem).ok().as_ref().map(chosen);
        match found == expected {
            true => same.push(name),
            false => {
                println!(
                    "{name} {action} {:?}\n  {found:?}\n  {expected:?}",
                    texts(&case["world"])
                );
                other.push(name);
            }
        }
    }
    assert!(same.len() > 20, "{same:?}");
    assert_eq!(other, OTHERWISE);
}
