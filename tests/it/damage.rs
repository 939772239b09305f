//! A store that is damaged, shared or left by a killed process: the same image, or a clear error.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::support::{Site, Verdict, good};

fn site() -> Site {
    let site = Site::new();
    good().write(&site.path("repo"), &site.key, site.now);
    site.run(&["lock"]).done();
    site
}

/// What must not change: the digests of a build.
fn digests(printed: &Value) -> String {
    let image = &printed["images"][0];
    assert!(image["layers"].is_array(), "{printed}");
    format!(
        "{} {} {}",
        image["manifest"], image["config"], image["layers"]
    )
}

fn writable(path: &Path) {
    let mode = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(path, mode).unwrap();
}

type Harm = fn(&Path);

const HARMS: &[(&str, Harm)] = &[
    ("a flipped bit at the start", |path| flip(path, |_| 0)),
    ("a flipped bit in the middle", |path| {
        flip(path, |len| len / 2);
    }),
    ("a flipped bit near the end", |path| {
        flip(path, |len| len.saturating_sub(45));
    }),
    ("half of it", |path| {
        let bytes = fs_err::read(path).unwrap();
        fs_err::write(path, &bytes[..bytes.len() / 2]).unwrap();
    }),
    ("nothing of it", |path| fs_err::write(path, b"").unwrap()),
    ("a few bytes more", |path| {
        let mut bytes = fs_err::read(path).unwrap();
        bytes.extend(b"more");
        fs_err::write(path, bytes).unwrap();
    }),
    ("gone", |path| fs_err::remove_file(path).unwrap()),
    ("a link to nothing", |path| {
        fs_err::remove_file(path).unwrap();
        symlink("nowhere", path).unwrap();
    }),
    ("a link to something else", |path| {
        fs_err::remove_file(path).unwrap();
        symlink("/etc/passwd", path).unwrap();
    }),
    ("a directory", |path| {
        fs_err::remove_file(path).unwrap();
        fs_err::create_dir(path).unwrap();
    }),
];

fn flip(path: &Path, at: fn(usize) -> usize) {
    let mut bytes = fs_err::read(path).unwrap();
    let at = at(bytes.len());
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 0x10;
    }
    fs_err::write(path, bytes).unwrap();
}

/// Every file of the store is harmed in every way, one stage at a time.
fn harmed(below: &str) {
    let site = site();
    let expected = digests(&site.build("out"));
    let mut verdict = Verdict::default();
    assert!(!site.files(below).is_empty(), "nothing in {below}");
    for (name, harm) in HARMS {
        // What is not needed again is not made again.
        let files = site.files(below);
        for file in &files {
            writable(file);
            harm(file);
        }
        for out in ["again", "more"] {
            let case = format!("{below}: {name}, {out}");
            let ran = site.run(&["build", "-o", out]);
            let _ = fs_err::remove_dir_all(site.path("p").join(out));
            let fault = match ran.code {
                Some(0) => {
                    let found = digests(&ran.stdout);
                    (found != expected).then(|| format!("{found} and not {expected}"))
                }
                _ => Some(format!("{ran:?}")),
            };
            verdict.add(&case, fault);
        }
    }
}

#[test]
fn damaged_blobs_are_fetched_again() {
    harmed("store/blobs");
}

#[test]
fn damaged_entries_are_made_again() {
    let probe = site();
    probe.build("out");
    let mut stages: Vec<String> = fs_err::read_dir(probe.path("store/derived"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    stages.sort();
    assert!(stages.len() >= 3, "{stages:?}");
    for stage in stages {
        harmed(&format!("store/derived/{stage}"));
    }
}

/// Offline there is no second source: a damaged package is an error, never another image.
#[test]
fn a_damaged_package_that_cannot_be_had_again_is_an_error() {
    let mut verdict = Verdict::default();
    for (name, harm) in HARMS {
        let site = site();
        site.run(&["fetch"]).done();
        fs_err::remove_dir_all(site.path("repo")).unwrap();
        for file in site.files("store/blobs") {
            writable(&file);
            harm(&file);
        }
        let ran = site.run(&["build", "-o", "out"]);
        let failed = matches!(ran.code, Some(4 | 5)) && !ran.text().is_empty();
        verdict.add(name, (!failed).then(|| format!("{ran:?}")));
        verdict.add(
            name,
            (site.made() != ["rootfs.lock"]).then(|| "it left more".into()),
        );
    }
}

#[test]
fn killed_at_any_moment_it_starts_over() {
    let site = site();
    let expected = digests(&site.build("out"));
    let _ = fs_err::remove_dir_all(site.path("p/out"));
    for round in 0..14u64 {
        site.wipe_store();
        for _ in 0..2 {
            let mut child = site
                .command(&["build", "-o", "out"])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            std::thread::sleep(Duration::from_millis(3 + 9 * round));
            let _ = child.kill();
            child.wait().unwrap();
            let out = site.path("p/out");
            if out.exists() {
                // It appeared whole, or not at all.
                assert!(out.join("index.json").is_file(), "round {round}");
                fs_err::remove_dir_all(out).unwrap();
            }
        }
        assert_eq!(digests(&site.build("out")), expected, "round {round}");
        fs_err::remove_dir_all(site.path("p/out")).unwrap();
        let check = site.run(&["store", "check"]);
        assert_eq!(check.code, Some(0), "{check:?}");
    }
}

#[test]
fn a_lock_that_is_killed_leaves_the_old_one() {
    let site = site();
    let locked = fs_err::read(site.path("p/rootfs.lock")).unwrap();
    for round in 0..8u64 {
        site.wipe_store();
        let mut child = site
            .command(&["lock", "--update"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(2 + 6 * round));
        let _ = child.kill();
        child.wait().unwrap();
        assert_eq!(fs_err::read(site.path("p/rootfs.lock")).unwrap(), locked);
    }
}

#[test]
fn processes_share_a_store() {
    let site = site();
    let expected = digests(&site.build("out"));
    site.wipe_store();
    let children: Vec<_> = (0..6)
        .map(|number| {
            let out = format!("out{number}");
            site.command(&["build", "-o", &out])
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for child in children {
        let ran = crate::support::Ran::from(child.wait_with_output().unwrap());
        assert_eq!(digests(&ran.done()), expected);
    }
    site.run(&["store", "check"]).done();
}
