//! Two point releases of Alpine under one manifest, and what a re-lock moves. The data lie beside the
//! project; the same is shown on made data at the end.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::conformance::shared;
use crate::yard::{DATED, Repo, Yard, small};

const AT: &str = "https://dl.example.org/alpine";

/// The directories of two point releases, where they are.
fn releases() -> Option<[PathBuf; 2]> {
    let alpine = shared()?.join("alpine");
    let found = ["3.13.1", "3.13.4"].map(|release| alpine.join(release));
    let there = found.iter().all(|path| path.is_dir());
    if !there {
        eprintln!("skipped: {} has no point releases", alpine.display());
    }
    there.then_some(found)
}

struct Track {
    yard: Yard,
    mirrors: [String; 2],
}

impl Track {
    fn new(packages: &str) -> Option<Self> {
        let mirrors = releases()?.map(|path| format!("{AT}=file://{}", path.display()));
        let yard = Yard::new();
        let groups = format!("  - {{name: base, packages: [{packages}]}}");
        yard.manifest("[arm64]", &format!("  - {{url: {AT}}}"), &groups);
        Some(Self { yard, mirrors })
    }

    /// Locks on a release; the versions by name.
    #[track_caller]
    fn lock(&self, release: usize, words: &[&str]) -> BTreeMap<String, String> {
        let mirror = &self.mirrors[release];
        let mut all = vec!["lock", "--offline", "--mirror", mirror];
        all.extend(words);
        self.yard.run(&all).done();
        let locked = self.yard.locked("arm64");
        let version = |(name, package): (&String, &serde_json::Value)| {
            (
                name.clone(),
                package["version"].as_str().unwrap().to_owned(),
            )
        };
        locked.iter().map(version).collect()
    }
}

/// The lines of the lockfile that are only in one of the two.
fn changed(before: &str, after: &str) -> Vec<String> {
    let only = |one: &str, other: &str| {
        let lines = one
            .lines()
            .filter(|line| !other.lines().any(|l| l == *line));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    [only(before, after), only(after, before)].concat()
}

#[test]
fn update_moves_everything_and_a_plain_lock_nothing() {
    let Some(track) = Track::new("busybox, openssh, apk-tools, tzdata") else {
        return;
    };
    let first = track.lock(0, &[]);
    assert_eq!(first["busybox"], "1.32.1-r2");
    assert_eq!(first["libcrypto1.1"], "1.1.1i-r0");
    let text = track.yard.lockfile();
    assert!(text.contains("date: 2021-01-28T"), "{text}");
    track.lock(1, &[]);
    assert_eq!(track.yard.lockfile(), text);
    let second = track.lock(1, &["--update"]);
    for (name, version) in [
        ("busybox", "1.32.1-r5"),
        ("libcrypto1.1", "1.1.1k-r0"),
        ("apk-tools", "2.12.4-r0"),
        ("openssh-server", "8.4_p1-r3"),
        ("tzdata", "2021a-r0"),
        ("musl", "1.2.2-r0"),
    ] {
        assert_eq!(second[name], version, "{name}");
    }
    let after = track.yard.lockfile();
    assert!(after.contains("date: 2021-03-31T"), "{after}");
    assert!(!after.contains(track.mirrors[1].as_str()) && after.contains(AT));
    // Back is a rollback.
    let back = track.yard.run(&[
        "lock",
        "--update",
        "--offline",
        "--mirror",
        &track.mirrors[0],
    ]);
    let fault = back.fault(4, &["older"]);
    assert!(fault.is_none(), "{fault:?}");
    assert_eq!(track.yard.lockfile(), after);
    // From nothing it is the same.
    fs_err::remove_file(track.yard.path("p/rootfs.lock")).unwrap();
    track.lock(1, &[]);
    assert_eq!(track.yard.lockfile(), after);
}

#[test]
fn after_a_change_of_the_manifest_what_is_gone_moves_and_says_why() {
    let Some(track) = Track::new("busybox, openssh, tzdata") else {
        return;
    };
    let first = track.lock(0, &[]);
    track.yard.edit("tzdata]", "tzdata, zlib]");
    let mirror = &track.mirrors[1];
    let said = track.yard.told(&["lock", "--offline", "--mirror", mirror]);
    let reason = "1.32.1-r2 is no longer offered";
    let why = said
        .lines()
        .find(|line| line.contains("busybox") && line.contains(reason));
    assert!(why.is_some(), "no reason for busybox in {said}");
    let second = track.lock(1, &[]);
    for (name, version) in &first {
        let offered = releases().unwrap()[1].join(format!("aarch64/{name}-{version}.apk"));
        if offered.exists() {
            assert_eq!(second.get(name), Some(version), "{name} is still offered");
        } else {
            assert_ne!(second.get(name), Some(version), "{name} is gone");
        }
    }
}

#[test]
fn update_of_a_name_moves_only_that() {
    let yard = Yard::asking("  - {name: base, packages: [tool, other]}");
    let lib =
        |version: &str| small("lib", version).line(&format!("provides = so:lib.so={version}"));
    let tool =
        |version: &str, least: &str| small("tool", version).line(&format!("depend = lib>={least}"));
    let mut repo = Repo::new()
        .with(&yard, &lib("1-r0"))
        .with(&yard, &tool("1-r0", "1"))
        .with(&yard, &small("other", "1-r0"));
    yard.publish("repo", &repo);
    yard.run(&["lock"]).done();
    let before = yard.lockfile();
    repo.mtime = DATED + 60;
    repo = repo
        .with(&yard, &lib("2-r0"))
        .with(&yard, &tool("2-r0", "2"))
        .with(&yard, &small("other", "2-r0"));
    yard.publish("repo", &repo);
    let places = |lines: &[&str]| {
        lines
            .iter()
            .map(|line| format!("{line} base"))
            .collect::<Vec<_>>()
    };
    yard.run(&["lock", "--update", "other"]).done();
    assert_eq!(
        yard.placed("amd64"),
        places(&["lib-1-r0", "other-2-r0", "tool-1-r0"])
    );
    let changes = changed(&before, &yard.lockfile());
    let foreign = changes
        .iter()
        .filter(|line| line.contains("tool") || line.contains("lib"));
    assert_eq!(foreign.count(), 0, "{changes:#?}");
    // What must follow follows; and what need not does not.
    yard.run(&["lock", "--update", "lib"]).done();
    assert_eq!(
        yard.placed("amd64"),
        places(&["lib-2-r0", "other-2-r0", "tool-1-r0"])
    );
    yard.file("p/rootfs.lock", before.as_bytes());
    yard.run(&["lock", "--update", "tool"]).done();
    assert_eq!(
        yard.placed("amd64"),
        places(&["lib-2-r0", "other-1-r0", "tool-2-r0"])
    );
    let ran = yard.run(&["lock", "--update", "nobody"]);
    assert_eq!(ran.code, Some(2), "{}", ran.text());
}

#[test]
fn update_of_a_name_on_real_data_moves_it_and_what_must_follow() {
    let Some(track) = Track::new("busybox, openssh, tzdata") else {
        return;
    };
    // The second release has none of the old versions that changed, so all that is gone must move;
    // what both have stays as it is, to the byte.
    track.lock(0, &[]);
    let before = track.yard.lockfile();
    track.lock(1, &["--update", "busybox"]);
    let after = track.yard.lockfile();
    let block = |text: &str, name: &str| {
        let mut blocks = text.split("    - name: ");
        let head = format!("{name}\n");
        blocks
            .find(|block| block.starts_with(&head))
            .unwrap()
            .to_owned()
    };
    for name in ["musl", "tzdata", "zlib", "libedit"] {
        assert_eq!(block(&before, name), block(&after, name));
    }
    assert!(block(&after, "busybox").contains("1.32.1-r5"));
}

#[test]
fn what_is_gone_moves_with_that_reason_on_made_data() {
    let yard = Yard::asking("  - {name: base, packages: [gone, kept]}");
    let mut repo = Repo::new()
        .with(&yard, &small("gone", "1-r0"))
        .with(&yard, &small("kept", "1-r0"));
    yard.publish("repo", &repo);
    yard.run(&["lock"]).done();
    repo = Repo::new()
        .with(&yard, &small("gone", "1-r1"))
        .with(&yard, &small("kept", "1-r0"))
        .with(&yard, &small("kept", "1-r1"))
        .with(&yard, &small("new", "1-r0"));
    repo.mtime = DATED + 60;
    yard.publish("repo", &repo);
    yard.edit("kept]", "kept, new]");
    let said = yard.told(&["lock"]);
    assert!(said.contains("1-r0 is no longer offered"), "{said}");
    assert_eq!(
        yard.placed("amd64"),
        ["gone-1-r1 base", "kept-1-r0 base", "new-1-r0 base"]
    );
}
