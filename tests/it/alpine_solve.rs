//! Which packages Alpine's requests choose, and what is said when none do.

use crate::support::Verdict;
use crate::yard::{KEY, Repo, Yard, local, small};

/// What the manifest's one group locks.
#[track_caller]
fn solve(yard: &Yard, requests: &str) -> Vec<String> {
    yard.groups(&format!("  - {{name: g, packages: [{requests}]}}"));
    let _ = fs_err::remove_file(yard.path("p/rootfs.lock"));
    let lines = yard.solved();
    lines
        .iter()
        .map(|line| line.trim_end_matches(" g").to_owned())
        .collect()
}

fn refusal(yard: &Yard, requests: &str, words: &[&str]) -> Option<String> {
    yard.groups(&format!("  - {{name: g, packages: [{requests}]}}"));
    let _ = fs_err::remove_file(yard.path("p/rootfs.lock"));
    let ran = yard.run(&["lock"]);
    let left = (!yard.made().is_empty()).then(|| "a lockfile".into());
    ran.fault(3, words).or(left)
}

fn shelf(yard: &Yard) -> Repo {
    let libc = |version| small("libc", version).line("provides = so:libc.so.1=1");
    Repo::new()
        .with(yard, &libc("1.2.3-r0"))
        .with(yard, &libc("1.2.10-r0"))
        .with(yard, &libc("1.20-r0"))
        .with(
            yard,
            &small("jq", "1.7-r0")
                .line("depend = so:libc.so.1")
                .line("provides = cmd:jq=1.7-r0"),
        )
        .with(yard, &small("vi-a", "1-r0").line("provides = vi"))
        .with(yard, &small("vi-b", "1-r0").line("provides = vi"))
        .with(yard, &small("editor", "1-r0").line("depend = vi"))
        .with(
            yard,
            &small("sh-a", "1-r0")
                .line("provides = /bin/sh")
                .line("provider_priority = 100"),
        )
        .with(
            yard,
            &small("sh-b", "1-r0")
                .line("provides = /bin/sh")
                .line("provider_priority = 60"),
        )
        .with(yard, &small("script", "1-r0").line("depend = /bin/sh"))
        .with(
            yard,
            &small("needy", "1-r0").line("depend = nothing-has-it"),
        )
        .with(yard, &small("fragile", "1-r0").line("depend = jq=1.0.q"))
        .with(yard, &small("apart", "1-r0").line("depend = !jq"))
}

#[test]
fn requests_mean_what_they_mean_to_apk() {
    let yard = Yard::new();
    yard.publish("repo", &shelf(&yard));
    for (requests, expected) in [
        ("libc", &["libc-1.20-r0"][..]),
        ("\"libc=1.2.*\"", &["libc-1.2.10-r0"]),
        ("\"libc~1.2\"", &["libc-1.2.10-r0"]),
        ("\"libc=1.2.3-r0\"", &["libc-1.2.3-r0"]),
        ("\"libc<1.20\"", &["libc-1.2.10-r0"]),
        (
            "\"libc > 1.2.3-r0\", \"libc<=1.2.10-r0\"",
            &["libc-1.2.10-r0"],
        ),
        ("so:libc.so.1", &["libc-1.20-r0"]),
        ("cmd:jq, \"libc~1.2.3\"", &["jq-1.7-r0", "libc-1.2.3-r0"]),
        ("editor, vi-b", &["editor-1-r0", "vi-b-1-r0"]),
        ("script", &["script-1-r0", "sh-a-1-r0"]),
        ("script, \"!sh-a\"", &["script-1-r0", "sh-b-1-r0"]),
        ("script, sh-b", &["script-1-r0", "sh-b-1-r0"]),
    ] {
        assert_eq!(solve(&yard, requests), expected, "{requests}");
    }
}

#[test]
fn what_cannot_be_is_code_3_and_names_why() {
    let yard = Yard::new();
    yard.publish("repo", &shelf(&yard));
    let mut verdict = Verdict::default();
    for (requests, words) in [
        ("vi", &["vi-a", "vi-b"][..]),
        ("editor", &["vi", "vi-a", "vi-b"]),
        ("jqq", &["jqq", "jq"]),
        ("cmd:jk", &["cmd:jk", "cmd:jq"]),
        ("libc>2", &["libc", "1.20-r0"]),
        ("\"libc=1.3.*\"", &["libc", "1.3"]),
        ("needy", &["needy", "nothing-has-it"]),
        ("fragile", &["fragile", "jq=1.0.q"]),
        ("jq, apart", &["jq", "apart"]),
        ("jq, \"!jq\"", &["jq"]),
        ("jq, \"!libc\"", &["jq", "libc"]),
    ] {
        verdict.add(requests, refusal(&yard, requests, words));
    }
    let groups = "  - {name: g, packages: [jq], exclude: [libc]}";
    yard.groups(groups);
    verdict.add("exclude", yard.run(&["lock"]).fault(3, &["jq", "libc"]));
}

#[test]
fn a_record_that_cannot_be_read_costs_only_its_package() {
    let yard = Yard::new();
    let mut repo = shelf(&yard);
    repo.records += "C:Q1AAAA\nP:bent\nV:1-r0\nA:x86_64\nS:1\nI:1\n\n\
                     C:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nP:odd\nV:not a version\nA:x86_64\nS:1\nI:1\n\n\
                     C:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nP:later\nV:1-r0\nA:x86_64\nS:1\nI:1\nY:unknown\n\n\
                     C:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nP:foreign\nV:1-r0\nA:sparc\nS:1\nI:1\n\n\
                     C:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nP:huge\nV:1-r0\nA:x86_64\nS:many\nI:1\n\n";
    yard.publish("repo", &repo);
    assert_eq!(solve(&yard, "jq"), ["jq-1.7-r0", "libc-1.20-r0"]);
    let mut verdict = Verdict::default();
    for name in ["bent", "odd", "later", "foreign", "huge"] {
        verdict.add(name, refusal(&yard, name, &[name]));
    }
}

#[test]
fn a_tagged_repository_gives_only_what_is_asked_of_it() {
    let yard = Yard::new();
    yard.publish("repo", &shelf(&yard));
    let edge = Repo::new()
        .with(
            &yard,
            &small("libc", "9-r0").line("provides = so:libc.so.1=1"),
        )
        .with(
            &yard,
            &small("jq", "9-r0")
                .line("depend = so:libc.so.1")
                .line("provides = cmd:jq=9-r0"),
        )
        .with(&yard, &small("only", "1-r0"));
    yard.publish("edge", &edge);
    let at = format!("file://{}", yard.path("edge").display());
    let repositories = format!(
        "{}\n  - {{url: \"{at}\", keys: [{KEY}], tag: edge}}",
        local("repo")
    );
    let lock = |requests: &str| {
        let groups = format!("  - {{name: g, packages: [{requests}]}}");
        yard.manifest("[amd64]", &repositories, &groups);
        let _ = fs_err::remove_file(yard.path("p/rootfs.lock"));
        yard.run(&["lock"])
    };
    lock("jq").done();
    assert_eq!(yard.placed("amd64"), ["jq-1.7-r0 g", "libc-1.20-r0 g"]);
    lock("jq@edge").done();
    // What it needs comes from where it comes from untagged, where that fits.
    assert_eq!(yard.placed("amd64")[0], "jq-9-r0 g");
    let locked = yard.locked("amd64");
    assert_ne!(locked["jq"]["repository"], "repo");
    assert!(yard.holds("etc/apk/world").contains("jq@edge\n"));
    assert!(
        yard.holds("etc/apk/repositories")
            .contains(&format!("@edge {at}\n"))
    );
    // A tag that no repository has is a mistake in the manifest.
    let fault = lock("jq@testing").fault(2, &["jq@testing", "tag: testing"]);
    assert!(fault.is_none(), "{fault:?}");
    lock("only@edge").done();
    let fault = lock("only").fault(3, &["only", "edge"]);
    assert!(fault.is_none(), "{fault:?}");
}

#[test]
fn the_first_of_two_repositories_gives_what_both_have() {
    let yard = Yard::new();
    yard.publish("repo", &Repo::new().with(&yard, &small("one", "1-r0")));
    let two = Repo::new()
        .with(&yard, &small("one", "1-r0").line("pkgdesc = other"))
        .with(&yard, &small("two", "1-r0").line("depend = one"));
    yard.publish("more", &two);
    let lines = format!("{}\n{}", local("repo"), local("more"));
    yard.manifest("[amd64]", &lines, "  - {name: g, packages: [two]}");
    yard.run(&["lock"]).done();
    let locked = yard.locked("amd64");
    assert_ne!(locked["one"]["repository"], locked["two"]["repository"]);
    let text = yard.lockfile();
    let at = |name: &str| {
        let id = locked[name]["repository"].as_str().unwrap();
        text.find(&format!("id: {id}\n")).unwrap()
    };
    assert!(at("one") < at("two"), "{text}");
    yard.run(&["build", "-o", "out"]).done();
}

#[test]
fn an_install_if_package_hangs_on_its_highest_condition() {
    let yard = Yard::new();
    let repo = Repo::new()
        .with(&yard, &small("low", "1-r0"))
        .with(&yard, &small("high", "1-r0"))
        .with(&yard, &small("docs", "1-r0"))
        .with(
            &yard,
            &small("low-doc", "1-r0").line("install_if = docs low=1-r0"),
        )
        .with(
            &yard,
            &small("pair", "1-r0")
                .line("install_if = low high")
                .line("depend = dep"),
        )
        .with(&yard, &small("dep", "1-r0"))
        .with(
            &yard,
            &small("never", "1-r0").line("install_if = low absent"),
        );
    yard.publish("repo", &repo);
    yard.groups(
        "  - {name: a, packages: [low]}\n  - {name: b, packages: [high]}\n  - {name: c, packages: [docs]}",
    );
    let expected = [
        "dep-1-r0 b",
        "docs-1-r0 c",
        "high-1-r0 b",
        "low-1-r0 a",
        "low-doc-1-r0 c",
        "pair-1-r0 b",
    ];
    assert_eq!(yard.solved(), expected);
    let locked = yard.locked("amd64");
    assert_eq!(
        locked["pair"]["install_if"],
        serde_json::json!(["high", "low"])
    );
    // The order of requests and groups chooses nothing.
    yard.groups("  - {name: c, packages: [docs, low]}\n  - {name: b, packages: [high]}");
    let names = |lines: &[String]| {
        let words = lines
            .iter()
            .map(|line| line.split(' ').next().unwrap().to_owned());
        words.collect::<Vec<_>>()
    };
    let expected = expected.map(String::from);
    assert_eq!(names(&yard.solved()), names(&expected));
}

#[test]
fn one_checksum_in_two_repositories_is_one_package_only_if_all_agrees() {
    for (needs, wanted, expected) in [
        // The same package twice: the first repository serves it, whichever is asked.
        ("", "one", &["first one-1-r0"][..]),
        ("", "one@second", &["first one-1-r0"]),
        // The second says something else of it, which is no matter of the first's.
        ("D:two\n", "one", &["first one-1-r0"]),
        (
            "D:two\n",
            "one@second",
            &["second one-1-r0", "second two-1-r0"],
        ),
    ] {
        let yard = Yard::new();
        let second = local("second").replace('}', ", tag: second}");
        yard.manifest(
            "[amd64]",
            &format!("{}\n{second}", local("first")),
            &format!("  - {{name: base, packages: [\"{wanted}\"]}}"),
        );
        let first = Repo::new().with(&yard, &small("one", "1-r0"));
        let mut second = first.clone();
        let record = first.records.trim_end();
        second.records = format!("{record}\n{needs}\n");
        yard.publish("first", &first);
        yard.publish("second", &second.with(&yard, &small("two", "1-r0")));
        yard.run(&["lock"]).done();
        let locked = yard.locked("amd64");
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let found: Vec<String> = locked
            .iter()
            .map(|(name, one)| {
                let (from, version) = (text(&one["repository"]), text(&one["version"]));
                format!("{from} {name}-{version}")
            })
            .collect();
        assert_eq!(found, expected, "{wanted} {needs}");
    }
}
