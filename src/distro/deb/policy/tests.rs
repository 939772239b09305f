//! The policy, on repositories small enough to see through.

use super::testing::{
    asking, catalog, check, explanation, group, one, problem, shown, solve, source, with_priority,
};
use crate::distro::Catalog as _;
use crate::model::{Class, Priority};
use crate::resolve::{Problem, Solution, Update};

fn resolved(catalog: &crate::distro::deb::catalog::DebCatalog, problem: &Problem) -> Solution {
    let solution = catalog.resolve(problem).expect("a solution");
    check(catalog, problem, &solution);
    solution
}

#[test]
fn takes_the_first_alternative_that_can_be_installed() {
    let catalog = one("
        aa 1; Depends: gone | bb (>= 2) | cc
        bb 1
        cc 1; Depends: dd
        dd 1
    ");
    assert_eq!(solve(&catalog, &asking("aa")), "aa=1 cc=1 dd=1");
    assert_eq!(
        solve(&catalog, &asking("aa -cc")).lines().next(),
        Some("aa cannot be installed")
    );
}

#[test]
fn backs_out_of_a_choice_that_does_not_hold() {
    let catalog = one("
        aa 1; Depends: xx | yy, zz
        xx 1
        yy 1
        zz 1; Conflicts: xx
    ");
    assert_eq!(solve(&catalog, &asking("aa")), "aa=1 yy=1 zz=1");
}

#[test]
fn goes_to_an_older_version_only_where_it_must() {
    let catalog = one("
        aa 1; Depends: lib (<< 2)
        lib 2
        lib 1
        lib 0
    ");
    assert_eq!(solve(&catalog, &asking("aa")), "aa=1 lib=1");
    assert_eq!(solve(&catalog, &asking("lib")), "lib=2");
}

#[test]
fn provides_count_with_their_versions_and_never_against_their_owner() {
    let catalog = one("
        mta-aa 1; Provides: mta; Conflicts: mta
        mta-bb 1; Provides: mta (= 5); Conflicts: mta
        plain 1; Depends: mta
        exact 1; Depends: mta (>= 4)
    ");
    assert_eq!(solve(&catalog, &asking("mta-aa plain")), "mta-aa=1 plain=1");
    assert_eq!(
        solve(&catalog, &asking("exact plain")),
        "exact=1 mta-bb=1 plain=1"
    );
    assert_eq!(
        solve(&catalog, &asking("exact mta-aa")),
        "mta-aa and exact cannot be installed together\n\
         the manifest asks for mta-aa\n\
         the manifest asks for exact\n\
         mta-aa 1 conflicts with mta, which mta-bb 1 provides\n\
         exact 1 needs mta (>= 4), which is mta-bb 1"
    );
}

#[test]
fn a_conflict_of_every_version_is_told_once() {
    let catalog = one("
        tls 2; Conflicts: ssl
        tls 1; Conflicts: ssl
        ssl 2; Conflicts: tls
        ssl 1; Conflicts: tls
    ");
    assert_eq!(
        solve(&catalog, &asking("ssl tls")),
        "ssl and tls cannot be installed together\n\
         the manifest asks for ssl\n\
         the manifest asks for tls\n\
         every version of ssl conflicts with tls, and tls 2 is that"
    );
}

#[test]
fn cycles_are_normal() {
    let catalog = one("
        aa 1; Depends: bb
        bb 1; Pre-Depends: cc; Depends: aa
        cc 1; Depends: aa
    ");
    assert_eq!(solve(&catalog, &asking("cc")), "aa=1 bb=1 cc=1");
}

#[test]
fn requests_name_versions_prefixes_and_suites() {
    let catalog = catalog(vec![
        source(
            0,
            "stable",
            500,
            "aa 1.2-1\naa 1.10-1\nbb 1; Depends: cc (>= 2)\ncc 1",
        ),
        source(
            1,
            "testing",
            100,
            "aa 2.0-1; Depends: cc (>= 2)\ncc 2\ndd 3",
        ),
        source(2, "never", -1, "aa 9"),
    ]);
    for (request, answer) in [
        ("aa", "aa=1.10-1"),
        ("aa=1.2-1", "aa=1.2-1"),
        ("aa=1.2*", "aa=1.2-1"),
        ("aa<1.10", "aa=1.2-1"),
        ("aa>=1.5", "aa=1.10-1"),
        ("aa/testing", "aa=2.0-1 cc=2"),
        ("aa>=1.2 aa<1.10-1", "aa=1.2-1"),
        ("dd", "dd=3"),
    ] {
        assert_eq!(solve(&catalog, &asking(request)), answer, "{request}");
    }
    assert_eq!(
        solve(&catalog, &asking("aa=9")),
        "no repository offers aa=9\nhint: aa is offered as 1.10-1, 1.2-1, 2.0-1"
    );
    // As in apt, a version is not a suite: its dependencies keep their candidates.
    assert!(
        solve(&catalog, &asking("aa>=2")).ends_with(
            "aa 2.0-1 needs cc (>= 2), which is offered only at a lower priority, as cc 2"
        )
    );
}

#[test]
fn names_that_are_no_package_are_explained() {
    let catalog = one("bash 1\nzsh 1; Provides: shell\nksh 1; Provides: shell, korn");
    let error = catalog.resolve(&asking("bahs")).expect_err("unknown");
    assert_eq!(error.class(), Class::Unsatisfiable);
    assert_eq!(
        explanation(&error),
        "no repository offers a package bahs\nhint: did you mean bash?"
    );
    assert_eq!(solve(&catalog, &asking("korn")), "ksh=1");
    assert_eq!(
        solve(&catalog, &asking("shell")),
        "shell is a virtual package that 2 packages provide: ksh, zsh\nhint: ask for one of them"
    );
    assert!(solve(&catalog, &asking("bash:arm64")).contains("not supported yet"));
    assert_eq!(
        solve(&catalog, &asking("bash:amd64 zsh:any")),
        "bash=1 zsh=1"
    );
}

#[test]
fn the_order_of_requests_and_groups_decides_nothing() {
    let catalog = one("
        aa 1; Depends: xx | yy
        bb 1; Depends: yy | xx
        xx 1
        yy 1
    ");
    let orders = [
        problem(vec![group("g", "aa bb")]),
        problem(vec![group("g", "bb aa")]),
        problem(vec![group("g", "aa"), group("h", "bb")]),
        problem(vec![group("g", "bb"), group("h", "aa")]),
    ];
    let answers: Vec<String> = orders
        .iter()
        .map(|problem| solve(&catalog, problem))
        .collect();
    assert!(
        answers.iter().all(|answer| answer == &answers[0]),
        "{answers:?}"
    );
}

#[test]
fn recommends_are_followed_where_they_fit() {
    let catalog = one("
        aa 1; Recommends: nice | other, bad, deep
        nice 1; Recommends: more
        other 1
        more 1
        bad 1; Conflicts: aa
        deep 1; Depends: gone
    ");
    let mut problem = asking("aa");
    assert_eq!(solve(&catalog, &problem), "aa=1");
    problem.recommends = true;
    assert_eq!(solve(&catalog, &problem), "aa=1 more=1 nice=1");
    let solution = resolved(&catalog, &problem);
    assert_eq!(solution.packages[0].recommends[0].name.as_str(), "nice");
    assert!(solution.packages[0].depends.is_empty());
}

#[test]
fn packages_belong_to_the_lowest_group_that_needs_them() {
    let catalog = one("
        app 1; Depends: lib, mail
        lib 1; Depends: libc
        libc 1
        tool 1; Depends: libc
        exim 1; Provides: mail
        postfix 1; Provides: mail
    ");
    let solution = resolved(
        &catalog,
        &problem(vec![
            group("low", "tool"),
            group("mid", "app postfix"),
            group("top", "lib"),
        ]),
    );
    let groups: Vec<String> = solution
        .packages
        .iter()
        .map(|package| format!("{}:{}", package.name, package.group))
        .collect();
    assert_eq!(
        groups.join(" "),
        "app:mid lib:mid libc:low postfix:mid tool:low"
    );
    let app = &solution.packages[0];
    assert!(app.requested && !solution.packages[2].requested);
    assert_eq!(app.depends[1].through.as_deref(), Some("mail"));
}

#[test]
fn priority_takes_the_base_and_leaves_out_what_is_excluded() {
    let catalog = one("
        base 1; Essential: yes; Priority: required; Depends: libc
        mawk 1; Priority: required
        less 1; Priority: important
        bc 1; Priority: standard
        libc 1; Priority: optional
        app 1
    ");
    for (priority, answer) in [
        (Priority::Essential, "app=1 base=1 libc=1"),
        (Priority::Required, "app=1 base=1 libc=1 mawk=1"),
        (Priority::Important, "app=1 base=1 less=1 libc=1 mawk=1"),
        (Priority::Standard, "app=1 base=1 bc=1 less=1 libc=1 mawk=1"),
    ] {
        assert_eq!(
            solve(&catalog, &with_priority(asking("app"), priority)),
            answer
        );
    }
    let without = with_priority(asking("app -mawk"), Priority::Required);
    assert_eq!(solve(&catalog, &without), "app=1 base=1 libc=1");
}

/// Locks `requests` against `before`, then asks again against `after`.
fn relocked(before: &str, after: &str, requests: [&str; 2], update: Update) -> (String, String) {
    let locked = resolved(&one(before), &asking(requests[0])).packages;
    let catalog = one(after);
    let mut problem = asking(requests[1]);
    (problem.locked, problem.update) = (locked, update);
    let solution = resolved(&catalog, &problem);
    let moves: Vec<String> = solution
        .moves
        .iter()
        .map(|moved| {
            let to = moved.to.as_ref().map_or("gone", |to| to.as_str());
            format!("{} {} -> {to}: {}", moved.name, moved.from, moved.reason)
        })
        .collect();
    // What was chosen is locked now, and stays.
    problem.locked = solution.packages.clone();
    problem.update = Update::Keep;
    assert_eq!(resolved(&catalog, &problem).packages, solution.packages);
    (shown(&solution.packages), moves.join("\n"))
}

const OLD: &str = "
    app 1; Depends: lib (>= 1)
    lib 1
    tool 1
";
const NEW: &str = "
    app 1; Depends: lib (>= 1)
    app 2; Depends: lib (>= 2)
    lib 1
    lib 2
    tool 2
";

#[test]
fn what_is_locked_stays_while_it_is_offered() {
    let (packages, moves) = relocked(OLD, NEW, ["app tool", "app tool"], Update::Keep);
    assert_eq!(packages, "app=1 lib=1 tool=2");
    assert_eq!(moves, "tool 1 -> 2: 1 is no longer offered");
}

#[test]
fn an_update_moves_a_name_and_what_must_follow() {
    let names = |name: &str| Update::Names(vec![name.parse().expect("a name")]);
    let (packages, moves) = relocked(OLD, NEW, ["app", "app"], names("app"));
    assert_eq!(packages, "app=2 lib=2");
    assert_eq!(moves, "app 1 -> 2: --update\nlib 1 -> 2: needed by app 2");
    let (packages, moves) = relocked(OLD, NEW, ["app", "app"], names("lib"));
    assert_eq!(
        (packages.as_str(), moves.as_str()),
        ("app=1 lib=2", "lib 1 -> 2: --update")
    );
    let (packages, _) = relocked(OLD, NEW, ["app", "app"], Update::All);
    assert_eq!(packages, "app=2 lib=2");
}

#[test]
fn what_the_manifest_no_longer_wants_moves_or_goes() {
    let (packages, moves) = relocked(OLD, NEW, ["app tool", "app>=2"], Update::Keep);
    assert_eq!(packages, "app=2 lib=2");
    assert_eq!(
        moves,
        "app 1 -> 2: the manifest asks for app>=2\nlib 1 -> 2: needed by app 2\n\
         tool 1 -> gone: it is no longer asked for"
    );
}

#[test]
fn a_locked_choice_between_alternatives_stays() {
    let before = "aa 1; Depends: xx | yy\nyy 1";
    let after = "aa 1; Depends: xx | yy\nxx 1\nyy 1";
    let (packages, moves) = relocked(before, after, ["aa", "aa"], Update::Keep);
    assert_eq!((packages.as_str(), moves.as_str()), ("aa=1 yy=1", ""));
    let (packages, moves) = relocked(before, after, ["aa", "aa"], Update::All);
    assert_eq!(packages, "aa=1 xx=1");
    assert_eq!(moves, "yy 1 -> gone: nothing needs it any more");
}

#[test]
fn what_was_taken_too_early_gives_way() {
    let catalog = one("
        app 1; Depends: uno, office
        uno 1; Depends: core-nogui | core
        office 1; Depends: core
        core 1; Conflicts: core-nogui
        core-nogui 1; Conflicts: core; Depends: helper
        helper 1
    ");
    assert_eq!(
        solve(&catalog, &asking("app")),
        "app=1 core=1 office=1 uno=1"
    );
}

#[test]
fn recommends_come_and_go_with_the_manifest() {
    let catalog = one("app 1; Recommends: nice\nnice 1");
    let mut problem = asking("app");
    problem.locked = resolved(&catalog, &problem).packages;
    problem.recommends = true;
    assert_eq!(solve(&catalog, &problem), "app=1 nice=1");
    problem.locked = resolved(&catalog, &problem).packages;
    assert_eq!(solve(&catalog, &problem), "app=1 nice=1");
    problem.recommends = false;
    assert_eq!(solve(&catalog, &problem), "app=1");
}

#[test]
fn what_cannot_be_is_explained_shortly() {
    let catalog = one("
        app 2; Depends: lib (= 2), other
        lib 2; Depends: core (>= 3)
        core 2
        other 1
        web 1; Depends: httpd | ftpd
        httpd 1
        ftpd 1; Breaks: web
    ");
    assert_eq!(
        solve(&catalog, &asking("other app")),
        "app cannot be installed\n\
         the manifest asks for app\n\
         app 2 needs lib (= 2), which is lib 2\n\
         lib 2 needs core (>= 3), which no repository offers: there is only core 2"
    );
    assert_eq!(
        solve(&catalog, &asking("other web -httpd")),
        "web cannot be installed\n\
         the manifest asks for web\n\
         web 1 needs httpd | ftpd, which is one of httpd 1 and ftpd 1\n\
         the manifest excludes httpd\n\
         ftpd 1 conflicts with web, and web 1 is that"
    );
}

#[test]
fn other_architectures_are_not_there() {
    let catalog = one("
        aa 1; Architecture: arm64
        aa 0; Architecture: all
        bb 1; Depends: aa:arm64
    ");
    assert_eq!(solve(&catalog, &asking("aa")), "aa=0");
    assert!(
        solve(&catalog, &asking("bb")).contains("bb 1 needs aa:arm64, which no repository offers")
    );
}
