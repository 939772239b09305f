//! `vendor`, and the tree that it writes.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::place::{FIRST, Place};
use crate::support::server::{Answer, Server};
use crate::support::{read_all, with};

/// Exit code and everything that was said.
pub(crate) fn ran(place: &Place, words: &[&str]) -> (i32, String) {
    let output = place.run(words);
    let said = String::from_utf8(output.stderr).unwrap();
    let said = said + &String::from_utf8(output.stdout).unwrap();
    (output.status.code().unwrap(), said)
}

pub(crate) fn locked() -> Place {
    let place = Place::new();
    place.offer(3600, FIRST);
    place.done(&["lock"]);
    place
}

/// With a tree, and without what it was made from.
fn vendored() -> Place {
    let place = locked();
    place.done(&["vendor", "tree"]);
    forget(&place);
    place
}

/// Nothing but the project, its lockfile and the tree is left.
pub(crate) fn forget(place: &Place) {
    let _ = fs_err::remove_dir_all(place.path("repo"));
    let _ = fs_err::remove_dir_all(place.path("store"));
}

fn tree(place: &Place) -> BTreeMap<String, Vec<u8>> {
    read_all(&place.path("tree"))
}

pub(crate) fn edit(place: &Place, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs_err::read(place.path(name)).unwrap();
    change(&mut bytes);
    place.write(name, &bytes);
}

pub(crate) const RELEASE: &str = "tree/by-path/repo/dists/trixie/InRelease";
pub(crate) const INDEX: &str = "tree/by-path/repo/dists/trixie/main/binary-amd64/Packages.xz";
const TOOL: &str = "tree/by-path/repo/pool/tool_1.0_all.deb";
const TREE_ONLY: [&str; 3] = ["--mirror", "tree", "--mirror-only"];

fn only<'a>(words: &[&'a str]) -> Vec<&'a str> {
    [words, &TREE_ONLY[..]].concat()
}

/// Locks, fetches and builds in an empty store, and compares with what there was before.
fn serves(place: &Place, before: &str, image: &str, run: impl Fn(&[&str]) -> Value) {
    forget(place);
    fs_err::remove_file(place.path("rootfs.lock")).unwrap();
    run(&["lock"]);
    assert_eq!(place.read("rootfs.lock"), before);
    assert_eq!(run(&["fetch"])["downloaded"], 3);
    let _ = fs_err::remove_dir_all(place.path("again"));
    run(&["build", "-o", "again"]);
    assert_eq!(place.read("again/index.json"), image);
}

#[test]
fn a_tree_serves_the_same_lockfile_and_image() {
    let place = locked();
    let before = place.read("rootfs.lock");
    place.done(&["build", "-o", "out"]);
    let image = place.read("out/index.json");
    let (code, report) = place.json(&["vendor", "tree"]);
    let files = tree(&place);
    let bytes: usize = files.values().map(Vec::len).sum();
    assert_eq!(code, 0);
    assert_eq!(
        report,
        serde_json::json!({"output": "tree", "packages": 3, "indexes": 1, "written": 5, "bytes": bytes})
    );
    let names: Vec<_> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "by-path/repo/dists/trixie/InRelease",
            "by-path/repo/dists/trixie/main/binary-amd64/Packages.xz",
            "by-path/repo/pool/base-files_13_all.deb",
            "by-path/repo/pool/libtool_1.0_all.deb",
            "by-path/repo/pool/tool_1.0_all.deb",
        ]
    );
    let mode = fs_err::metadata(place.path(TOOL)).unwrap().permissions();
    assert_eq!(mode.mode() & 0o444, 0o444);
    // A second time there is nothing to do.
    let said = place.done(&["vendor", ".", "tree"]);
    assert!(said.starts_with("Nothing to write"), "{said}");

    serves(&place, &before, &image, |words| {
        let (code, report) = place.json(&only(words));
        assert_eq!(code, 0, "{report}");
        report
    });
    let server = Server::new(place.path("tree"), |_, _| Answer::File);
    serves(&place, &before, &image, |words| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_rootlock"));
        let output = command
            .args(words)
            .args(["--json", "--mirror-only", "--mirror", &server.url])
            .env_clear()
            .env("ROOTLOCK_STORE", place.path("store"))
            .current_dir(place.dir.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    });
    assert!(server.asked("/InRelease") == 1 && server.asked(".deb") == 3);
    assert!(place.litter().is_empty(), "{:?}", place.litter());
}

#[test]
fn what_is_wrong_with_a_tree_is_said_and_nothing_is_written() {
    let flip = |bytes: &mut Vec<u8>| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
    };
    let place = vendored();
    edit(&place, TOOL, flip);
    let (code, said) = ran(&place, &only(&["build", "-o", "out"]));
    assert!(code == 4 && said.contains("tool 1.0"), "{said}");
    assert!(!place.path("out").exists());
    fs_err::remove_file(place.path(TOOL)).unwrap();
    let (code, said) = ran(&place, &only(&["build", "-o", "out"]));
    assert!(code == 5 && said.contains("tool 1.0"), "{said}");

    let place = vendored();
    let before = place.read("rootfs.lock");
    for name in [INDEX, RELEASE] {
        let whole = fs_err::read(place.path(name)).unwrap();
        edit(&place, name, flip);
        let words = only(&["lock", "--update"]);
        let (code, said) = ran(&place, &words);
        assert!(code == 4 && said.contains("trixie"), "{name}: {said}");
        fs_err::remove_file(place.path(name)).unwrap();
        let (code, said) = ran(&place, &words);
        assert!(code == 5 && said.contains("trixie"), "{name}: {said}");
        place.write(name, &whole);
    }
    assert_eq!(place.read("rootfs.lock"), before);
}

#[test]
fn projects_share_a_tree_and_a_later_lock_is_vendored_over_it() {
    let place = locked();
    place.done(&["vendor", "tree"]);
    let first = tree(&place);
    let manifest = place.read("rootfs.yaml");
    let other = manifest.replace("- tool", "- other");
    place.write("other.yaml", other.as_bytes());
    place.done(&["lock", "other.yaml"]);
    let (_, report) = place.json(&["vendor", "other.yaml", "tree"]);
    assert_eq!(report["written"], 1);
    let both = tree(&place);
    assert!(first.iter().all(|(name, bytes)| both[name] == *bytes));
    assert!(both.contains_key("by-path/repo/pool/other_2.0_all.deb"));

    place.offer(60, &[("base-files", "13", ""), ("tool", "1.1", "")]);
    place.done(&["lock", "--update"]);
    let (code, said) = ran(&place, &["vendor", "tree"]);
    assert!(code == 0 && said.contains("is replaced"), "{said}");
    let later = tree(&place);
    assert!(both.keys().all(|name| later.contains_key(name)));
    forget(&place);
    place.done(&only(&["fetch"]));
    place.done(&only(&["fetch", "other.yaml"]));
    let proof = ["lock", "--check", "--proof", "--mirror", "tree"];
    place.done(&proof);
    let (code, said) = ran(&place, &[&proof[..], &["other.yaml"]].concat());
    assert!(code == 5 && said.contains("not the locked one"), "{said}");
}

#[test]
fn what_cannot_be_vendored_is_refused() {
    let place = Place::new();
    place.offer(3600, FIRST);
    assert_eq!(ran(&place, &["vendor", "tree"]).0, 2);
    place.done(&["lock"]);
    assert_eq!(ran(&place, &["vendor"]).0, 2);
    let (code, said) = ran(&place, &["vendor", "key.gpg"]);
    assert!(code == 2 && said.contains("not a directory"), "{said}");
    let manifest = place.read("rootfs.yaml");
    place.write(
        "rootfs.yaml",
        manifest.replace("- tool", "- other").as_bytes(),
    );
    let (code, said) = ran(&place, &["vendor", "tree"]);
    assert!(code == 2 && said.contains("run `rootlock lock`"), "{said}");
    place.write("rootfs.yaml", manifest.as_bytes());

    // The repository has moved on, and the store knows nothing.
    place.offer(60, FIRST);
    fs_err::remove_dir_all(place.path("store")).unwrap();
    let (code, said) = ran(&place, &["vendor", "tree"]);
    assert!(
        code == 5 && said.contains("index of trixie") && said.contains("lock --update"),
        "{said}"
    );
    assert!(!place.path("tree").exists());
    // The very state that was locked is asked for where it may still be, and kept then.
    place.offer(3600, FIRST);
    place.done(&["vendor", "tree"]);
    place.offer(60, FIRST);
    fs_err::remove_dir_all(place.path("tree")).unwrap();
    place.done(&["vendor", "tree"]);
    // Damage in the store never gets into a tree.
    fs_err::remove_dir_all(place.path("tree")).unwrap();
    let tool = fs_err::read(place.path("repo/pool/tool_1.0_all.deb")).unwrap();
    let digest = crate::repo::hex(&tool);
    let blob = format!("store/blobs/sha256/{}/{digest}", &digest[..2]);
    fs_err::remove_file(place.path(&blob)).unwrap();
    place.write(&blob, &vec![0; tool.len()]);
    place.done(&["vendor", "tree"]);
    assert_eq!(fs_err::read(place.path(TOOL)).unwrap(), tool);
}

#[test]
fn a_lockfile_that_was_edited_is_not_vendored() {
    let place = locked();
    let lock = place.read("rootfs.lock");
    let edited = lock.replace("pool/tool_1.0_all.deb", "pool/other_2.0_all.deb");
    place.write("rootfs.lock", edited.as_bytes());
    let (code, said) = ran(&place, &["vendor", "tree"]);
    assert!(
        code == 4 && said.contains("tool 1.0 has another path"),
        "{said}"
    );
    assert!(!place.path("tree").exists());
}

#[test]
fn other_architectures_and_forms_of_an_index_are_vendored() {
    let place = Place::new();
    let mut repo = with(["base-files", "tool"].map(|name| crate::make::Deb::new(name, "1")));
    repo.suite = "trixie".into();
    repo.arches = vec!["amd64".into(), "arm64".into()];
    repo.by_hash = true;
    repo.write(&place.path("repo"), &place.key, place.now);
    fs_err::remove_file(place.path("repo/dists/trixie/InRelease")).unwrap();
    let manifest = place.read("rootfs.yaml");
    place.write(
        "rootfs.yaml",
        manifest.replace("[amd64]", "[amd64, arm64]").as_bytes(),
    );
    place.done(&["lock"]);
    let before = place.read("rootfs.lock");
    place.done(&["vendor", "tree"]);
    let names: Vec<String> = tree(&place).into_keys().collect();
    let releases = names.iter().filter(|name| name.contains("/Release"));
    assert_eq!(releases.count(), 2, "{names:?}");
    assert!(
        !names.iter().any(|name| name.contains("by-hash")),
        "{names:?}"
    );
    forget(&place);
    place.done(&["lock", "--check", "--proof", "--mirror", "tree"]);
    fs_err::remove_file(place.path("rootfs.lock")).unwrap();
    place.done(&only(&["lock"]));
    assert_eq!(place.read("rootfs.lock"), before);
}

#[test]
fn a_pinned_archive_is_served_as_it_was_pinned() {
    let place = Place::new();
    place.offer(3600, FIRST);
    let moment = rootlock::model::Epoch(place.now - 60).to_string();
    let moment = moment.replace(['-', ':'], "");
    let manifest = place.read("rootfs.yaml");
    let manifest = manifest.replace("url: ./repo", "archive: debian");
    let manifest = manifest.replace(
        "architectures:",
        &format!("snapshot: {moment}\narchitectures:"),
    );
    place.write("rootfs.yaml", manifest.as_bytes());
    let mirror = format!("https://snapshot.debian.org/archive/debian/{moment}=./repo");
    place.done(&["lock", "--mirror", &mirror]);
    let before = place.read("rootfs.lock");
    place.done(&["vendor", "tree", "--mirror", &mirror]);
    let release = format!("debian@{moment}/dists/trixie/InRelease");
    assert!(
        tree(&place).contains_key(&release),
        "{:?}",
        tree(&place).keys()
    );
    forget(&place);
    place.done(&["lock", "--check", "--proof", "--mirror", "tree"]);
    fs_err::remove_file(place.path("rootfs.lock")).unwrap();
    place.done(&only(&["lock"]));
    assert_eq!(place.read("rootfs.lock"), before);
    place.done(&only(&["build", "-o", "out"]));
    assert!(!before.contains("tree"));
}
