//! Where Alpine's indexes and packages are had, and lockfiles that others touched.

use crate::support::Verdict;
use crate::support::server::{Answer, Server};
use crate::yard::apk::TestRsa;
use crate::yard::{DATED, KEY, Repo, Yard, copy, small};

const NOWHERE: &str = "http://127.0.0.1:1/alpine";

fn offering(yard: &Yard, version: &str, mtime: i64) -> Repo {
    let mut repo = Repo::new().with(yard, &small("one", version));
    repo.mtime = mtime;
    repo
}

#[test]
fn a_mirror_that_is_behind_the_lockfile_is_passed_over() {
    let yard = Yard::asking("  - {name: base, packages: [one]}");
    yard.publish("old", &offering(&yard, "1-r0", DATED));
    yard.publish("now", &offering(&yard, "2-r0", DATED + 60));
    yard.publish("new", &offering(&yard, "3-r0", DATED + 120));
    yard.edit("../repo", NOWHERE);
    let mirror = |name: &str| format!("{NOWHERE}=file://{}", yard.path(name).display());
    let [old, now, new] = ["old", "now", "new"].map(mirror);
    let update = ["lock", "--update", "--mirror-only"];
    yard.run(&[&update[..], &["--mirror", &now]].concat())
        .done();
    assert_eq!(yard.placed("amd64"), ["one-2-r0 base"]);
    yard.run(&[&update[..], &["--mirror", &old, "--mirror", &new]].concat())
        .done();
    assert_eq!(yard.placed("amd64"), ["one-3-r0 base"]);
    let before = yard.lockfile();
    let fault = yard
        .run(&[&update[..], &["--mirror", &old, "--mirror", &now]].concat())
        .fault(4, &["older"]);
    assert!(fault.is_none(), "{fault:?}");
    assert_eq!(yard.lockfile(), before);
}

#[test]
fn an_index_is_asked_for_once() {
    let yard = Yard::asking("  - {name: base, packages: [one]}");
    yard.publish("repo", &offering(&yard, "1-r0", DATED));
    let server = Server::new(yard.path("repo"), |_, _| Answer::File);
    yard.edit("../repo", &format!("\"{}\"", server.url));
    yard.run(&["lock"]).done();
    assert_eq!(server.asked("APKINDEX.tar.gz"), 1);
    assert_eq!(server.asked(".apk"), 1);
    yard.run(&["build", "-o", "out"]).done();
    assert_eq!(server.asked("APKINDEX.tar.gz"), 1);
    assert_eq!(server.asked(".apk"), 1);
}

#[test]
fn a_repository_without_an_index_is_code_5_and_names_it() {
    let yard = Yard::asking("  - {name: base, packages: [one]}");
    let server = Server::new(yard.path("repo"), |_, _| Answer::File);
    for url in [server.url.as_str(), "../repo", NOWHERE] {
        yard.manifest(
            "[amd64]",
            &format!("  - {{url: \"{url}\", keys: [{KEY}]}}"),
            "  - {name: base, packages: [one]}",
        );
        let fault = yard.run(&["lock"]).fault(5, &["x86_64/APKINDEX.tar.gz"]);
        assert!(fault.is_none(), "{url}: {fault:?}");
        assert!(yard.made().is_empty());
    }
}

#[test]
fn another_key_of_the_manifest_makes_the_lockfile_unfit() {
    let yard = Yard::asking("  - {name: base, packages: [one]}");
    yard.publish("repo", &offering(&yard, "1-r0", DATED));
    yard.run(&["lock"]).done();
    let before = yard.lockfile();
    yard.file(&format!("p/{KEY}"), &TestRsa::new().pem());
    assert_eq!(yard.run(&["lock", "--check"]).code, Some(1));
    let fault = yard
        .run(&["build", "-o", "out"])
        .fault(2, &["rootlock lock"]);
    assert!(fault.is_none(), "{fault:?}");
    let fault = yard.run(&["lock"]).fault(4, &[KEY]);
    assert!(fault.is_none(), "{fault:?}");
    assert_eq!(yard.lockfile(), before);
}

#[test]
fn a_lockfile_with_merge_markers_is_only_cleaned_by_lock() {
    let yard = Yard::asking("  - {name: base, packages: [one, two]}");
    let repo = offering(&yard, "1-r0", DATED)
        .with(&yard, &small("one", "2-r0"))
        .with(&yard, &small("two", "1-r0"));
    yard.publish("repo", &repo);
    yard.run(&["lock"]).done();
    let clean = yard.lockfile();
    let line = "      version: 2-r0\n";
    assert!(clean.contains(line));
    let marked = clean.replacen(
        line,
        &format!("<<<<<<< ours\n{line}=======\n{line}>>>>>>> theirs\n"),
        1,
    );
    yard.file("p/rootfs.lock", marked.as_bytes());
    let mut verdict = Verdict::default();
    for words in [&["fetch"][..], &["list"], &["build", "-o", "out"]] {
        verdict.add(words[0], yard.run(words).fault(2, &["rootlock lock"]));
    }
    assert_eq!(yard.run(&["lock", "--check"]).code, Some(1));
    yard.run(&["lock"]).done();
    assert_eq!(yard.lockfile(), clean);
}

#[test]
fn the_proof_is_judged_again_without_network() {
    let yard = Yard::asking("  - {name: base, packages: [one]}");
    yard.publish("repo", &offering(&yard, "1-r0", DATED));
    let server = Server::new(yard.path("repo"), |_, _| Answer::File);
    yard.edit("../repo", &format!("\"{}\"", server.url));
    yard.run(&["lock"]).done();
    let proof = ["lock", "--check", "--proof", "--offline"];
    let ran = yard.run(&proof);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    // What the index does not say of a package is found.
    let text = yard.lockfile();
    let (head, tail) = text.split_once("      size: ").unwrap();
    let (_, tail) = tail.split_once('\n').unwrap();
    let changed = format!("{head}      size: 7\n{tail}");
    yard.file("p/rootfs.lock", changed.as_bytes());
    let ran = yard.run(&proof);
    assert!(matches!(ran.code, Some(1 | 4)), "{ran:?}");
}

#[test]
fn a_package_had_from_the_second_mirror_is_the_same_image() {
    let yard = Yard::asking("  - {name: base, packages: [one]}");
    yard.publish("repo", &offering(&yard, "1-r0", DATED));
    copy(&yard.path("repo"), &yard.path("bare"));
    fs_err::remove_file(yard.path("bare/x86_64/one-1-r0.apk")).unwrap();
    yard.edit("../repo", NOWHERE);
    let mirror = |name: &str| format!("{NOWHERE}=file://{}", yard.path(name).display());
    let (bare, full) = (mirror("bare"), mirror("repo"));
    yard.run(&["lock", "--mirror", &bare, "--mirror", &full])
        .done();
    let before = yard.lockfile();
    fs_err::remove_file(yard.path("p/rootfs.lock")).unwrap();
    fs_err::remove_dir_all(yard.path("store")).unwrap();
    yard.run(&["lock", "--mirror", &full]).done();
    assert_eq!(yard.lockfile(), before);
}
