//! Locks, updates and refusals in the manifest's and the lockfile's words.

use std::path::Path;

use super::Alpine;
use super::catalog::{ApkCatalog, Source};
use super::conformance::{chosen, problem};
use super::index::tables;
use crate::distro::Catalog as _;
use crate::model::{Arch, Dialect as _};
use crate::resolve::{GroupRequest, Problem, Solution, Update};

/// Paragraphs of an index, from `NAME VERSION` and further fields, `; ` between them.
fn catalog(repositories: &[(&str, Option<&str>)]) -> ApkCatalog {
    let source = |(number, (lines, tag)): (usize, &(&str, Option<&str>))| {
        let mut text = String::new();
        for (at, line) in lines
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .enumerate()
        {
            let mut fields = line.split("; ");
            let (name, version) = fields.next().unwrap().split_once(' ').unwrap();
            // A checksum for each package of each text, whatever else it says.
            let digest = format!("{:026}A", at + 1000 * (1 + lines.len()));
            text += &format!("C:Q1{digest}=\nP:{name}\nV:{version}\nA:x86_64\nS:10\nI:10\n");
            for field in fields {
                text += &format!("{field}\n");
            }
            text.push('\n');
        }
        Source {
            id: format!("r{number}"),
            tag: tag.map(str::to_owned),
            index: tables(text.as_bytes()).unwrap().into(),
        }
    };
    let sources = repositories.iter().enumerate().map(source).collect();
    ApkCatalog::new(Arch::from_alpine("x86_64").unwrap(), sources).unwrap()
}

fn refused(catalog: &ApkCatalog, world: &[&str]) -> String {
    let error = catalog.resolve(&problem("x86_64", world)).unwrap_err();
    let mut out = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        out = format!("{out}; {cause}");
        next = cause.source();
    }
    match error.hint() {
        Some(hint) => format!("{out} [{hint}]"),
        None => out,
    }
}

fn solved(catalog: &ApkCatalog, problem: &Problem) -> Solution {
    catalog
        .resolve(problem)
        .map_err(|error| error.to_string())
        .unwrap()
}

fn names(solution: &Solution) -> String {
    chosen(solution).into_iter().collect::<Vec<_>>().join(" ")
}

fn moves(solution: &Solution) -> String {
    let moves = solution.moves.iter().map(|one| {
        let to = one.to.as_ref().map_or("-".to_owned(), ToString::to_string);
        format!("{} {} -> {to}: {}", one.name, one.from, one.reason)
    });
    moves.collect::<Vec<_>>().join("\n")
}

/// The problem of a manifest that is locked as `solution`.
fn after(solution: &Solution, world: &[&str], update: Update) -> Problem {
    Problem {
        locked: solution.packages.clone(),
        update,
        ..problem("x86_64", world)
    }
}

#[test]
fn a_lock_stays_until_something_moves_it() {
    let old = catalog(&[("a 1; D:so:lib\nlib 1; p:so:lib=1\nextra 1", None)]);
    let first = solved(&old, &problem("x86_64", &["a"]));
    assert_eq!(names(&first), "a-1 lib-1");
    // Newer versions beside the old ones change nothing ...
    let both = "a 1; D:so:lib\nlib 1; p:so:lib=1\nextra 1\na 2; D:so:lib\nlib 2; p:so:lib=2";
    // ... the checksums being those of the same packages.
    let grown = grown(&old, both);
    let kept = solved(&grown, &after(&first, &["a"], Update::Keep));
    assert_eq!(names(&kept), "a-1 lib-1");
    assert_eq!(moves(&kept), "");
    let more = solved(&grown, &after(&first, &["a", "extra"], Update::Keep));
    assert_eq!(names(&more), "a-1 extra-1 lib-1");
    let one = solved(
        &grown,
        &after(&first, &["a"], Update::Names(vec!["lib".parse().unwrap()])),
    );
    assert_eq!(names(&one), "a-1 lib-2");
    assert_eq!(moves(&one), "lib 1 -> 2: --update");
    let all = solved(&grown, &after(&first, &["a"], Update::All));
    assert_eq!(names(&all), "a-2 lib-2");
    let asked = solved(&grown, &after(&first, &["a>1"], Update::Keep));
    assert_eq!(moves(&asked), "a 1 -> 2: the manifest asks for a>1");
    let dropped = solved(&grown, &after(&more, &["extra"], Update::Keep));
    assert_eq!(
        moves(&dropped),
        "a 1 -> -: it is no longer asked for\nlib 1 -> -: nothing needs it any more"
    );
}

/// A catalog with more packages behind those of `old`, which keep their checksums.
fn grown(old: &ApkCatalog, lines: &str) -> ApkCatalog {
    let mut new = catalog(&[(lines, None)]);
    new.adopt_checksums(old);
    new
}

#[test]
fn what_is_gone_moves_and_says_so() {
    let old = catalog(&[("a 1; D:lib\nlib 1", None)]);
    let first = solved(&old, &problem("x86_64", &["a"]));
    let new = catalog(&[("a 2; D:lib\nlib 2\nx 1", None)]);
    let next = solved(&new, &after(&first, &["a"], Update::Keep));
    assert_eq!(
        moves(&next),
        "a 1 -> 2: 1 is no longer offered\nlib 1 -> 2: 1 is no longer offered"
    );
    // The same version built again is another package, and none that moved.
    let again = catalog(&[("a 1; D:lib\nlib 1\nx 1\ny 1", None)]);
    let next = solved(&again, &after(&first, &["a"], Update::Keep));
    assert_eq!(moves(&next), "");
    assert_ne!(next.packages[0].checksum, first.packages[0].checksum);
}

#[test]
fn a_lock_never_makes_a_manifest_unsatisfiable() {
    // apk would keep a-1 and then refuse c, which conflicts with it.
    let old = catalog(&[("a 1; p:x=1\nb 1; D:x\nz 1; p:x=2", None)]);
    let first = solved(&old, &problem("x86_64", &["b", "a"]));
    let grown = grown(&old, "a 1; p:x=1\nb 1; D:x\nz 1; p:x=2\nc 1; D:!a z");
    let next = solved(&grown, &after(&first, &["b", "c"], Update::Keep));
    assert_eq!(names(&next), "b-1 c-1 z-1");
}

#[test]
fn requests_are_lines_of_a_world_file_and_more() {
    let catalog = catalog(&[
        (
            "a 1.2.3-r0; p:cmd:a=1.2.3-r0\na 1.3.0-r0; p:cmd:a=1.3.0-r0\nb 1; D:a",
            None,
        ),
        ("a 2.0-r0; D:edge-only\nedge-only 1", Some("edge")),
    ]);
    for (world, expected) in [
        (&["a"][..], "a-1.3.0-r0"),
        (&["a=1.2.*"], "a-1.2.3-r0"),
        (&["a~1.2"], "a-1.2.3-r0"),
        (&["cmd:a<1.3"], "a-1.2.3-r0"),
        (&["a@edge"], "a-2.0-r0 edge-only-1"),
        (&["b", "a<1.3"], "a-1.2.3-r0 b-1"),
        (&["b", "!a>1.2.9"], "a-1.2.3-r0 b-1"),
    ] {
        let solution = solved(&catalog, &problem("x86_64", world));
        assert_eq!(names(&solution), expected, "{world:?}");
    }
    let tagged = solved(&catalog, &problem("x86_64", &["a@edge"]));
    assert!(
        tagged
            .packages
            .iter()
            .all(|package| package.repository == "r1")
    );
    assert_eq!(
        refused(&catalog, &["a@testing"]),
        "no repository has the tag of a@testing [the tags of the manifest's repositories are @edge]"
    );
    assert_eq!(
        refused(&catalog, &["edge-only"]),
        "edge-only cannot be installed; edge-only 1 is only in the repositories tagged @edge"
    );
}

#[test]
fn order_decides_nothing_and_groups_split_what_is_chosen() {
    let catalog = catalog(&[(
        "a 1; D:lib\nb 1; D:lib\nlib 1; o:library\ndocs 1\na-doc 1; i:a docs",
        None,
    )]);
    let group = |name: &str, requests: &[&str]| GroupRequest {
        name: name.parse().unwrap(),
        priority: None,
        requests: requests
            .iter()
            .map(|line| Alpine.request(line).unwrap())
            .collect(),
        exclude: Vec::new(),
    };
    let of = |groups: Vec<GroupRequest>| {
        let problem = Problem {
            groups,
            ..problem("x86_64", &[])
        };
        let solution = solved(&catalog, &problem);
        let packages = solution.packages.iter();
        packages
            .map(|package| format!("{} in {}", package.name, package.group))
            .collect::<Vec<_>>()
            .join(", ")
    };
    assert_eq!(
        of(vec![
            group("one", &["b", "a"]),
            group("two", &["docs", "a"])
        ]),
        "a in one, a-doc in two, b in one, docs in two, lib in one"
    );
    assert_eq!(
        of(vec![
            group("one", &["docs"]),
            group("two", &["a"]),
            group("three", &["b"])
        ]),
        "a in two, a-doc in two, b in three, docs in one, lib in two"
    );
    let solution = solved(&catalog, &problem("x86_64", &["a"]));
    let lib = solution
        .packages
        .iter()
        .find(|package| package.name.as_str() == "lib")
        .unwrap();
    assert_eq!(
        (&*lib.source.name, lib.path.as_str()),
        ("library", "x86_64/lib-1.apk")
    );
    assert_eq!(solution.unread.len(), solution.packages.len());
}

#[test]
fn an_entry_that_cannot_be_read_only_takes_its_package_away() {
    let catalog = catalog(&[(
        "good 1; D:fine\nfine 1\n\
         dep 1; D:fine=v1\n\
         tag 1; D:fine@edge good\n\
         field 1; X:new\n\
         line 1; nonsense\n\
         arm 1; A:aarch64\n\
         none 1; A:\n\
         cond 1; i:fine good=v1\n\
         prov 1; p:cmd:x=v1 cmd:y=1\n\
         later 1; z:ignored\n\
         ver 1:1\n\
         user 1; D:dep",
        None,
    )]);
    for world in [&["good"][..], &["none"], &["later"], &["cmd:y"], &["prov"]] {
        solved(&catalog, &problem("x86_64", world));
    }
    // Conditions that are not understood are none.
    assert_eq!(
        names(&solved(&catalog, &problem("x86_64", &["good"]))),
        "fine-1 good-1"
    );
    for (world, reason) in [
        (
            "dep",
            "dep cannot be installed; dep 1 cannot be installed: its dependency `fine=v1` cannot be read",
        ),
        (
            "tag",
            "tag cannot be installed; tag 1 cannot be installed: its dependency `fine@edge` cannot be read",
        ),
        (
            "field",
            "field cannot be installed; field 1 cannot be installed: its entry in the index has the field `X:`, which only a later apk knows",
        ),
        (
            "line",
            "line cannot be installed; line 1 cannot be installed: its entry in the index has a line `nonsense` that cannot be read",
        ),
        (
            "arm",
            "arm cannot be installed; arm 1 cannot be installed: it is of the architecture aarch64, not x86_64",
        ),
        (
            "user",
            "user cannot be installed; user 1 needs dep; dep 1 cannot be installed: its dependency `fine=v1` cannot be read",
        ),
    ] {
        assert_eq!(refused(&catalog, &[world]), reason);
    }
}

#[test]
fn alpines_real_indexes_explain_themselves() {
    let Some(path) = crate::distro::apk::fixtures::shared_path("alpine/index/v3.19") else {
        return;
    };
    let (main, community) = (path.join("main"), path.join("community"));
    let repositories: [(&Path, Option<&str>); 2] = [(&main, None), (&community, None)];
    let catalog = super::conformance::catalog("x86_64", &repositories);
    assert_eq!(
        refused(&catalog, &["bahs"]),
        "no repository offers a package bahs [did you mean bash or bats?]"
    );
    assert_eq!(
        refused(&catalog, &["bash>6"]),
        "no repository offers bash>6 [bash is offered as 5.2.21-r0]"
    );
    assert_eq!(
        refused(&catalog, &["jq", "bash", "!musl"]),
        "jq and !musl cannot be installed together; jq 1.7.1-r0 needs \
         so:libc.musl-x86_64.so.1, which musl 1.2.4_git20230717-r4 has; \
         the manifest rules out musl 1.2.4_git20230717-r4 with `!musl`"
    );
    let broken = refused(&catalog, &["librasterlite2-dev"]);
    assert!(
        broken.ends_with("its dependency `librasterlite2=1.1.0b1-r7` cannot be read"),
        "{broken}"
    );
}
