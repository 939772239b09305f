//! `list` with filters, `tree`, `why`, `outdated`, `diff`: lockfiles as those see them who review them.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::make::Deb;
use crate::place::{FIRST, Offer, Place};
use crate::repo::Repo;

/// A locked project.
fn place() -> Place {
    let place = Place::new();
    place.offer(7200, FIRST);
    place.done(&["lock"]);
    place
}

/// What `FIRST` becomes a little later.
const SECOND: Offer<'_> = &[
    ("base-files", "13", ""),
    ("tool", "2.0", "libtool2 (>= 1)"),
    ("libtool", "1.0", ""),
    ("libtool2", "1.0", ""),
    ("other", "2.0", ""),
];

fn names(packages: &Value) -> Vec<&str> {
    let packages = packages.as_array().unwrap().iter();
    packages
        .map(|package| package["name"].as_str().unwrap())
        .collect()
}

/// Exit code and message of what must fail.
fn refused(place: &Place, words: &[&str]) -> (i32, String) {
    let (code, object) = place.json(words);
    let error = &object["error"];
    (code, format!("{} {}", error["message"], error["hint"]))
}

#[test]
fn list_shows_the_part_that_was_asked_for() {
    let place = place();
    for (words, expected) in [
        (&[][..], &["base-files", "libtool", "tool"][..]),
        (&["--requested"], &["base-files", "tool"]),
        (&["--group", "app"], &["libtool", "tool"]),
        (
            &["--group", "app", "--group", "base"],
            &["base-files", "libtool", "tool"],
        ),
        (&["--group", "app", "--requested"], &["tool"]),
        (&["--name", "*tool"], &["libtool", "tool"]),
        (
            &["--name", "?ool", "--name", "base*"],
            &["base-files", "tool"],
        ),
        (&["--source", "lib*"], &["libtool"]),
        (
            &["--repository", "trixie"],
            &["base-files", "libtool", "tool"],
        ),
        (&["--arch", "x86_64"], &["base-files", "libtool", "tool"]),
        (&["--name", "nothing"], &[]),
    ] {
        let (code, object) = place.json(&[&["list"], words].concat());
        assert_eq!(code, 0, "{words:?} {object}");
        assert_eq!(names(&object["packages"]["amd64"]), expected, "{words:?}");
    }
    for (words, said) in [
        (["--group", "ap"], "no group `ap`\" \"there are app, base"),
        (
            ["--repository", "sid"],
            "no repository `sid`\" \"there are trixie",
        ),
        (["--arch", "arm64"], "nothing for arm64"),
    ] {
        let (code, message) = refused(&place, &[&["list"][..], &words].concat());
        assert!(
            code == 2 && message.contains(said),
            "{words:?} {code} {message}"
        );
    }
}

#[test]
fn tree_and_why_tell_what_is_there_because_of_what() {
    let place = place();
    let (code, object) = place.json(&["tree"]);
    assert_eq!(code, 0);
    assert_eq!(names(&object["trees"]["amd64"]), ["base-files", "tool"]);
    assert_eq!(names(&object["trees"]["amd64"][1]["children"]), ["libtool"]);
    let (_, object) = place.json(&["tree", ".", "libtool", "--depth", "0"]);
    assert_eq!(names(&object["trees"]["amd64"]), ["libtool"]);
    let (_, object) = place.json(&["tree", "--invert", "libtool"]);
    assert_eq!(names(&object["trees"]["amd64"][0]["children"]), ["tool"]);

    let said = place.done(&["why", "libtool"]);
    assert_eq!(
        said,
        "libtool 1.0, in group app for amd64\n  `tool` in group app: tool -> libtool\n"
    );
    let (code, object) = place.json(&["why", "tool", "--all"]);
    assert_eq!(code, 0);
    assert_eq!(
        object["why"]["amd64"]["requested"],
        json!({"by": "request", "text": "tool", "group": "app"})
    );

    // What is not there is an answer, and the answer is no.
    let output = place.run(&["why", "tol"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        said,
        "tol is not locked for amd64\nhint: did you mean `tool`?\n"
    );
    let (code, object) = place.json(&["tree", "other", "tool"]);
    assert_eq!((code, &object["missing"]), (1, &json!(["other"])));
    assert_eq!(refused(&place, &["why", "../x"]).0, 2);
    assert_eq!(refused(&place, &["tree", "a", "--invert", "b"]).0, 2);
    assert_eq!(refused(&place, &["tree", "--arch", "s390x"]).0, 2);
}

#[test]
fn branches_are_drawn_as_the_locale_can_show_them() {
    let place = place();
    for (variables, branch) in [
        (
            &[("LANG", "C.UTF-8")][..],
            "\u{2514}\u{2500}\u{2500} tool 1.0",
        ),
        (&[("LANG", "C.UTF-8"), ("LC_ALL", "C")], "`-- tool 1.0"),
        (&[], "`-- tool 1.0"),
    ] {
        let mut command = place.command(&["tree"]);
        let output = command.envs(variables.iter().copied()).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains(branch), "{variables:?} {said}");
    }
}

#[test]
fn outdated_is_what_an_update_would_move_and_touches_nothing() {
    let place = place();
    let locked = place.read("rootfs.lock");
    let (code, object) = place.json(&["outdated", "--exit-code"]);
    assert_eq!((code, object), (0, json!({"outdated": {"amd64": []}})));
    place.offer(3600, SECOND);
    let (code, object) = place.json(&["outdated"]);
    assert_eq!(code, 0);
    let entry = |place: usize| {
        let entry = &object["outdated"]["amd64"][place];
        ["name", "change", "locked", "available", "reason"].map(|key| entry[key].clone())
    };
    assert_eq!(
        entry(0),
        [
            json!("libtool"),
            json!("removed"),
            json!("1.0"),
            json!(null),
            json!("nothing needs it any more")
        ]
    );
    assert_eq!(
        entry(1),
        [
            json!("libtool2"),
            json!("added"),
            json!(null),
            json!("1.0"),
            json!("needed by tool 2.0")
        ]
    );
    assert_eq!(
        entry(2),
        [
            json!("tool"),
            json!("upgraded"),
            json!("1.0"),
            json!("2.0"),
            json!("1.0 is no longer offered")
        ]
    );
    assert_eq!(object["outdated"]["amd64"].as_array().unwrap().len(), 3);
    assert_eq!(
        place.run(&["outdated", "--exit-code"]).status.code(),
        Some(1)
    );
    assert_eq!(place.read("rootfs.lock"), locked);
    let said = place.done(&["outdated"]);
    assert!(
        said.starts_with("amd64: 1 package is outdated\nPACKAGE"),
        "{said}"
    );
    place.done(&["lock", "--update"]);
    let said = place.done(&["outdated", "--exit-code"]);
    assert_eq!(said, "rootfs.lock has what the repositories offer\n");
    fs_err::remove_file(place.path("rootfs.lock")).unwrap();
    assert_eq!(refused(&place, &["outdated"]).0, 2);
    assert!(!place.path("rootfs.lock").exists());
}

#[test]
fn a_security_update_is_marked() {
    let place = place();
    let deb = Deb::new("libtool", "1.0+sec1");
    let repo = Repo::new("trixie-security").deb("libtool.deb", deb.build(), &deb.control());
    repo.write(&place.path("security"), &place.key, place.now);
    let manifest = place.read("rootfs.yaml");
    let manifest = manifest.replace(
        "groups:",
        "  - {url: ./security, suite: trixie-security, keyring: key.gpg}\ngroups:",
    );
    place.write("rootfs.yaml", manifest.as_bytes());
    let (_, object) = place.json(&["outdated"]);
    let found = &object["outdated"]["amd64"];
    assert_eq!(names(found), ["libtool"]);
    assert_eq!(found[0]["security"], true);
    assert_eq!(found[0]["repository"], "trixie-security");
    let said = place.done(&["outdated"]);
    assert!(
        said.contains("1 package is outdated, 1 with a security update"),
        "{said}"
    );
}

#[test]
fn lock_says_of_everything_that_moves_why() {
    let place = place();
    place.offer(3600, SECOND);
    let manifest = place.read("rootfs.yaml");
    place.write(
        "rootfs.yaml",
        manifest
            .replace("[base-files]", "[base-files, other]")
            .as_bytes(),
    );
    let said = place.done(&["lock"]);
    assert_eq!(
        said,
        "Locked 4 packages for amd64 (2 added, 1 upgraded, 1 removed)\n\
         \x20 - libtool 1.0 (nothing needs it any more)\n\
         \x20 + libtool2 1.0 (needed by tool 2.0)\n\
         \x20 + other 2.0 (requested in group base)\n\
         \x20 ~ tool 1.0 -> 2.0 (1.0 is no longer offered)\n"
    );
    // Of two sides of a merge the one that is not taken moves too.
    let clean = place.read("rootfs.lock");
    let version = "      version: \"2.0\"\n";
    let at = clean.rfind(version).unwrap();
    let (head, tail) = (&clean[..at], &clean[at + version.len()..]);
    let ours = version.replace("2.0", "1.9");
    let merged = format!("{head}<<<<<<< ours\n{ours}=======\n{version}>>>>>>> theirs\n{tail}");
    place.write("rootfs.lock", merged.as_bytes());
    let said = place.done(&["lock"]);
    let moved: Vec<&str> = said
        .lines()
        .filter(|line| line.contains("~ tool"))
        .collect();
    assert!(moved.len() == 1 && moved[0].ends_with(')'), "{said}");
    assert_eq!(place.read("rootfs.lock"), clean);
}

#[test]
fn diff_of_lockfiles_manifests_and_directories() {
    let place = place();
    fs_err::copy(place.path("rootfs.lock"), place.path("old.lock")).unwrap();
    assert_eq!(
        place.done(&["diff", "old.lock"]),
        "old.lock and rootfs.lock are the same\n"
    );
    place.offer(3600, SECOND);
    place.done(&["lock", "--update"]);
    for words in [
        &["diff", "old.lock"][..],
        &["diff", "old.lock", "rootfs.lock"],
        &["diff", "old.lock", "rootfs.yaml"],
        &["diff", "old.lock", "."],
        &["diff", "./old.lock", "--manifest", "rootfs.yaml"],
    ] {
        let (code, object) = place.json(words);
        assert_eq!((code, &object["equal"]), (1, &json!(false)), "{words:?}");
        let packages = object["packages"]["amd64"].as_array().unwrap().iter();
        let changes: Vec<_> = packages
            .map(|package| format!("{} {}", package["change"], package["name"]).replace('"', ""))
            .collect();
        assert_eq!(
            changes,
            ["removed libtool", "added libtool2", "upgraded tool"]
        );
        let layers = object["layers"]["amd64"].as_array().unwrap().iter();
        let changed: Vec<_> = layers
            .map(|layer| layer["changed"].as_bool().unwrap())
            .collect();
        assert_eq!(changed, [false, true, true]);
    }
    let back = place.run(&["diff", "rootfs.lock", "old.lock"]);
    assert_eq!(back.status.code(), Some(1));
    assert!(
        String::from_utf8(back.stdout)
            .unwrap()
            .contains("~ tool 2.0 -> 1.0 (downgraded")
    );
    let quiet = place.run(&["diff", "old.lock", "old.lock", "-q"]);
    assert_eq!(
        (quiet.status.code(), quiet.stdout.is_empty()),
        (Some(0), true)
    );

    let output = place.run(&["diff", "old.lock", "--markdown"]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    let row = "| upgraded | `tool` | `1.0` | `2.0` | `tool` |";
    assert!(
        text.starts_with("### `old.lock`") && text.contains(row),
        "{text}"
    );
    assert_eq!(refused(&place, &["diff", "old.lock", "--markdown"]).0, 2);

    // Two lockfiles need no manifest beside them, and one does.
    fs_err::rename(place.path("rootfs.yaml"), place.path("elsewhere.yaml")).unwrap();
    assert_eq!(place.json(&["diff", "old.lock", "rootfs.lock"]).0, 1);
    assert_eq!(place.json(&["diff", "old.lock"]).0, 1);
    fs_err::remove_file(place.path("rootfs.lock")).unwrap();
    assert_eq!(refused(&place, &["diff", "old.lock"]).0, 2);
}

#[test]
fn diff_of_what_is_no_lockfile_is_bad_input() {
    let place = place();
    fs_err::create_dir(place.path("image")).unwrap();
    place.write("unknown.yaml", b"x: 1\n");
    place.write("broken.lock", b"lock: 1.0.0\n");
    place.write("newer.lock", b"lock: 2.0.0\n");
    for (word, said) in [
        ("unknown.yaml", "unknown.yaml"),
        ("broken.lock", "not a valid lockfile"),
        ("newer.lock", "newer"),
        ("absent", "there is no lockfile at absent"),
        ("@--output=x", "names no commit"),
    ] {
        for words in [["diff", word, "rootfs.lock"], ["diff", "rootfs.lock", word]] {
            let (code, message) = refused(&place, &words);
            assert!(
                code == 2 && message.contains(said),
                "{words:?} {code} {message}"
            );
        }
    }
    assert!(!place.path("x").exists());
}

#[test]
fn a_lockfile_with_merge_markers_is_no_answer() {
    let place = place();
    fs_err::copy(place.path("rootfs.lock"), place.path("old.lock")).unwrap();
    let text = place.read("rootfs.lock");
    let (head, tail) = text.split_at(text.find("packages:").unwrap());
    let merged = format!("{head}<<<<<<< a\n=======\n>>>>>>> b\n{tail}");
    place.write("rootfs.lock", merged.as_bytes());
    for words in [
        &["list", "--requested"][..],
        &["tree"],
        &["why", "tool"],
        &["outdated"],
        &["diff", "old.lock"],
        &["diff", "rootfs.lock", "old.lock"],
    ] {
        let (code, message) = refused(&place, words);
        assert!(
            code == 2 && message.contains("rootlock lock"),
            "{words:?} {code} {message}"
        );
    }
    assert_eq!(place.read("rootfs.lock"), merged);
}

/// Runs git in the place, which must work; false where there is no git.
fn git(place: &Place, words: &[&str]) -> bool {
    let mut command = Command::new("git");
    command
        .args(["-c", "user.name=test", "-c", "user.email=test@example.org"])
        .args(words)
        .current_dir(place.dir.path())
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .stdin(Stdio::null());
    match command.output() {
        Ok(output) => {
            assert!(output.status.success(), "{output:?}");
            true
        }
        Err(error) => {
            eprintln!("skipped: git cannot be run: {error}");
            false
        }
    }
}

#[test]
fn diff_of_what_is_committed() {
    let place = place();
    if !git(&place, &["init", "--quiet", "."]) {
        return;
    }
    let commit = |message: &str| {
        git(&place, &["add", "rootfs.yaml", "rootfs.lock", "key.gpg"]);
        git(&place, &["commit", "--quiet", "-m", message]);
    };
    let (code, message) = refused(&place, &["diff"]);
    assert!(
        code == 2 && message.contains("`@HEAD` has no rootfs.lock"),
        "{message}"
    );
    commit("first");
    assert_eq!(
        place.done(&["diff"]),
        "@HEAD:rootfs.lock and rootfs.lock are the same\n"
    );
    place.offer(3600, SECOND);
    place.done(&["lock", "--update"]);
    let output = place.run(&["diff"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.starts_with("@HEAD:rootfs.lock -> rootfs.lock\n"),
        "{said}"
    );
    commit("second");
    for words in [
        &["diff", "@HEAD~1"][..],
        &["diff", "@HEAD~", "@"],
        &["diff", "@HEAD~1:rootfs.lock", "@HEAD:rootfs.lock"],
        &["diff", "@HEAD~1", "rootfs.lock"],
    ] {
        let (code, object) = place.json(words);
        assert_eq!(code, 1, "{words:?} {object}");
        let changed = object["packages"]["amd64"].as_array().unwrap();
        assert_eq!(names(&json!(changed)), ["libtool", "libtool2", "tool"]);
    }
    // From elsewhere, and with a lockfile that lies elsewhere.
    fs_err::create_dir(place.path("below")).unwrap();
    let mut command = place.command(&["diff", "@HEAD~1", "--manifest", "..", "--json"]);
    let output = command.current_dir(place.path("below")).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    for (words, said) in [
        (["diff", "@nope"], "`@nope` has no rootfs.lock"),
        (["diff", "@HEAD:nope.lock"], "has no nope.lock"),
        (["diff", "@HEAD:key.gpg"], "not a valid lockfile"),
    ] {
        let (code, message) = refused(&place, &words);
        assert!(
            code == 2 && message.contains(said),
            "{words:?} {code} {message}"
        );
    }
}
