//! Where bytes come from, and that it never shows in what is made.

use std::process::Stdio;

use crate::place::{FIRST, Place};

/// Nobody listens there; `--offline` does not ask.
const NOWHERE: &str = "http://127.0.0.1:1/debian";

fn refused(place: &Place, words: &[&str]) -> (i32, String) {
    let output = place.run(words);
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), said)
}

/// A project whose repository has an address that nothing answers at.
fn unreachable() -> Place {
    let place = Place::new();
    place.offer(3600, FIRST);
    let manifest = place.read("rootfs.yaml").replace("./repo", NOWHERE);
    place.write("rootfs.yaml", manifest.as_bytes());
    place
}

#[test]
fn a_mirror_of_a_prefix_may_be_a_directory_and_leaves_no_trace() {
    let place = unreachable();
    let (code, said) = refused(&place, &["lock"]);
    assert!(
        code == 5 && said.contains(NOWHERE) && said.contains("--mirror"),
        "{said}"
    );

    let repo = place.path("repo");
    let mirror = format!("{NOWHERE}={}", repo.display());
    let parent = format!("http://127.0.0.1:1={}", place.dir.path().display());
    let wrong = format!("{NOWHERE}={}", place.path("absent").display());
    // The longest prefix, matched by whole segments, is asked first; then the next.
    fs_err::create_dir(place.path("debian")).unwrap();
    place.done(&[
        "lock", "--mirror", &parent, "--mirror", &wrong, "--mirror", &mirror,
    ]);
    let locked = place.read("rootfs.lock");
    assert!(locked.contains(NOWHERE) && !locked.contains(repo.to_str().unwrap()));
    let part = format!("http://127.0.0.1:1/deb={}", repo.display());
    assert_eq!(refused(&place, &["fetch", "--mirror", &part]).0, 5);
    place.done(&["fetch", "--mirror", &mirror, "--mirror-only"]);
    // With everything in the store nobody is asked.
    place.done(&["build", "-o", "out"]);
    let (code, said) = refused(&place, &["fetch", "--mirror-only", "--store", "empty"]);
    assert!(
        code == 5 && said.contains("leave out `--mirror-only`"),
        "{said}"
    );
}

#[test]
fn a_package_that_is_gone_says_what_would_move_on() {
    let place = Place::new();
    place.offer(3600, FIRST);
    place.done(&["lock"]);
    fs_err::remove_file(place.path("repo/pool/tool_1.0_all.deb")).unwrap();
    let (code, said) = refused(&place, &["fetch"]);
    assert!(code == 5 && said.contains("tool 1.0"), "{said}");
    assert!(said.contains("`rootlock lock --update`"), "{said}");
}

#[test]
fn builds_at_the_same_time_share_a_store_and_a_layout() {
    let place = Place::new();
    place.offer(3600, FIRST);
    place.done(&["lock"]);
    let start = |words: &[&str]| {
        let mut command = place.command(&[&["build", "-q"], words].concat());
        command.stderr(Stdio::piped()).spawn().unwrap()
    };
    let children = [
        start(&["-o", "one"]),
        start(&["-o", "two"]),
        start(&["-o", "both", "--tag", "x:1"]),
        start(&["-o", "both", "--tag", "x:2"]),
    ];
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    }
    assert_eq!(place.read("one/index.json"), place.read("two/index.json"));
    let both = place.read("both/index.json");
    assert!(
        both.contains("\"x:1\"") && both.contains("\"x:2\""),
        "{both}"
    );
    place.done(&["store", "check"]);
    assert!(place.litter().is_empty(), "{:?}", place.litter());
}
