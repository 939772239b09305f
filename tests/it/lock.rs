//! `lock` and the lockfile, sentence by sentence of the contract.

use std::os::unix::fs::MetadataExt as _;

use serde_json::{Value, json};

use crate::place::{FIRST, Place};
use crate::repo::TestKey;

/// Exit code and everything that was said on stderr.
fn refused(place: &Place, words: &[&str]) -> (i32, String) {
    let output = place.run(words);
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), said)
}

/// With `from` replaced in the manifest.
fn edit(place: &Place, from: &str, to: &str) {
    let text = place.read("rootfs.yaml");
    assert!(text.contains(from), "{from} is not in\n{text}");
    place.write("rootfs.yaml", text.replace(from, to).as_bytes());
}

/// RFC 8785 of what needs no escapes: keys sorted, no spaces.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<String> = fields
                .iter()
                .map(|(key, value)| format!("\"{key}\":{}", canonical(value)))
                .collect();
            fields.sort();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(canonical).collect();
            format!("[{}]", items.join(","))
        }
        other => other.to_string(),
    }
}

/// The `manifest:` of the lockfile, and the digest of `normal`.
fn digests(place: &Place, normal: &Value) -> (String, String) {
    let lock = place.read("rootfs.lock");
    let line = lock
        .lines()
        .find_map(|line| line.strip_prefix("manifest: "));
    let normal = canonical(normal);
    (line.unwrap().to_owned(), sha256(normal.as_bytes()))
}

fn sha256(bytes: &[u8]) -> String {
    format!("sha256:{}", crate::repo::hex(bytes))
}

#[test]
fn the_digest_of_the_manifest_can_be_computed_by_anyone() {
    let place = Place::new();
    place.offer(3600, FIRST);
    edit(
        &place,
        "architectures: [amd64]",
        "architectures: [x86_64]\nrecommends: false # said",
    );
    edit(
        &place,
        "suite: trixie, ",
        "suite: trixie, components: [main], priority: 990, ",
    );
    edit(
        &place,
        "packages: [base-files]",
        "packages: [\"tool >= 1\", base-files, \"tool>=1\", \"other [!arm64 x86_64]\"]\n    exclude: [zz, yy, zz]",
    );
    edit(
        &place,
        "configure: none",
        "configure: none\nimage: {cmd: [sh]}",
    );
    place.done(&["lock"]);
    let normal = json!({
        "distro": "debian",
        "release": "trixie",
        "architectures": ["amd64"],
        "recommends": false,
        "repositories": [{
            "url": "./repo",
            "suite": "trixie",
            "components": ["main"],
            "priority": 990,
            "keyring": sha256(&place.key.public()),
        }],
        "groups": [
            {"name": "base", "packages": ["base-files", "other [amd64 !arm64]", "tool>=1"], "exclude": ["yy", "zz"]},
            {"name": "app", "packages": ["tool"]},
        ],
    });
    let (found, expected) = digests(&place, &normal);
    assert_eq!(found, expected);
    // What says nothing of packages does not touch it, and another key does.
    edit(&place, "cmd: [sh]", "cmd: [bash]");
    assert_eq!(place.run(&["lock", "--check"]).status.code(), Some(0));
    place.write("key.gpg", &TestKey::new(place.now - 864_000, None).public());
    assert_eq!(place.run(&["lock", "--check"]).status.code(), Some(1));
}

#[test]
fn with_nothing_to_change_nothing_is_touched() {
    let place = Place::new();
    place.offer(3600, FIRST);
    place.done(&["lock"]);
    // Not even the repository is needed.
    fs_err::rename(place.path("repo"), place.path("gone")).unwrap();
    let before = fs_err::metadata(place.path("rootfs.lock")).unwrap();
    place.done(&["lock"]);
    let after = fs_err::metadata(place.path("rootfs.lock")).unwrap();
    assert_eq!(
        (before.ino(), before.mtime_nsec()),
        (after.ino(), after.mtime_nsec())
    );

    // A checkout with other line ends, and what a newer rootlock wrote, fit and stay.
    let text = place.read("rootfs.lock");
    for other in [
        text.replace('\n', "\r\n"),
        text.replace("lock: 1.0.0\n", "lock: 1.9.0\nlater: [1]\n"),
    ] {
        place.write("rootfs.lock", other.as_bytes());
        assert!(place.done(&["lock"]).starts_with("Unchanged"));
        assert_eq!(place.read("rootfs.lock"), other);
    }
    fs_err::rename(place.path("gone"), place.path("repo")).unwrap();
    let newer = place.read("rootfs.lock");
    assert_eq!(refused(&place, &["lock", "--update"]).0, 2);
    assert_eq!(place.read("rootfs.lock"), newer);
    place.write(
        "rootfs.lock",
        text.replace("lock: 1.0.0", "lock: 2.0.0").as_bytes(),
    );
    let (code, said) = refused(&place, &["list"]);
    assert!(
        code == 2 && said.contains("needs a newer rootlock"),
        "{said}"
    );
}

#[test]
fn every_change_has_the_same_six_keys() {
    let place = Place::new();
    place.offer(7200, FIRST);
    place.done(&["lock"]);
    place.offer(
        3600,
        &[
            ("base-files", "13", ""),
            ("tool", "0.9", ""),
            ("other", "2.0", ""),
        ],
    );
    edit(&place, "- tool", "- other\n      - tool");
    let (code, report) = place.json(&["lock", "--dry-run"]);
    assert_eq!(code, 0);
    let entry = |name: &str, version: &str, group: &str, change: &str, from: Value| json!({"name": name, "version": version, "arch": "all", "group": group, "change": change, "from": from});
    let expected = json!({"packages": {"amd64": [
        entry("base-files", "13", "base", "kept", json!("13")),
        entry("libtool", "1.0", "app", "removed", json!("1.0")),
        entry("other", "2.0", "app", "added", Value::Null),
        entry("tool", "0.9", "app", "downgraded", json!("1.0")),
    ]}});
    assert_eq!(report, expected);
}

#[test]
fn an_architecture_that_is_given_up_loses_its_packages() {
    let place = Place::new();
    let mut repo = crate::repo::Repo::new("trixie");
    repo.arches = vec!["amd64".into(), "arm64".into()];
    for name in ["base-files", "tool"] {
        let deb = crate::make::Deb::new(name, "1");
        repo = repo.deb(&format!("{name}_1_all.deb"), deb.build(), &deb.control());
    }
    repo.write(&place.path("repo"), &place.key, place.now);
    edit(&place, "[amd64]", "[arm64, amd64]");
    place.done(&["lock"]);
    edit(&place, "[arm64, amd64]", "[arm64]");
    let (_, report) = place.json(&["lock", "--dry-run"]);
    assert_eq!(report["packages"]["amd64"][1]["change"], "removed");
    assert_eq!(report["packages"]["arm64"][1]["change"], "kept");
    let said = place.done(&["lock"]);
    assert!(said.contains("0 packages for amd64 (2 removed)"), "{said}");
    assert!(!place.read("rootfs.lock").contains("\n  amd64:"));
}

#[test]
fn an_older_release_is_refused_unless_the_repository_is_another() {
    let place = Place::new();
    place.offer(3600, FIRST);
    place.done(&["lock"]);
    let locked = place.read("rootfs.lock");
    place.offer(7200, FIRST);
    let (code, said) = refused(&place, &["lock", "--update"]);
    assert!(code == 4 && said.contains("is older than the"), "{said}");
    assert_eq!(place.read("rootfs.lock"), locked);
    fs_err::rename(place.path("repo"), place.path("other")).unwrap();
    edit(&place, "./repo", "./other");
    place.done(&["lock"]);
}

#[test]
fn a_release_that_nobody_signed_is_not_trusted() {
    let place = Place::new();
    place.offer(3600, FIRST);
    let dist = |name: &str| place.path(&format!("repo/dists/trixie/{name}"));
    fs_err::remove_file(dist("InRelease")).unwrap();
    // The detached signature is as good.
    place.done(&["lock"]);
    let locked = place.read("rootfs.lock");
    fs_err::remove_file(place.path("rootfs.lock")).unwrap();
    fs_err::remove_file(dist("Release.gpg")).unwrap();
    let (code, said) = refused(&place, &["lock"]);
    assert!(
        code == 4 && said.contains("it has no signature") && said.contains("`unsigned: true`"),
        "{said}"
    );
    // Without a Release it is only absent.
    fs_err::rename(dist("Release"), dist("Elsewhere")).unwrap();
    assert_eq!(refused(&place, &["lock"]).0, 5);
    fs_err::rename(dist("Elsewhere"), dist("Release")).unwrap();
    edit(&place, "keyring: key.gpg", "unsigned: true");
    let (code, said) = refused(&place, &["lock"]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(said.matches("unsigned: true").count(), 1, "{said}");
    let unsigned = place.read("rootfs.lock");
    let packages = |text: &str| text[text.find("\npackages:").unwrap()..].to_owned();
    assert_eq!(packages(&unsigned), packages(&locked));
    assert!(unsigned.contains("    unsigned: true\n") && unsigned.contains("signed_by: []"));
}

#[test]
fn merge_markers_are_settled_by_lock_alone() {
    let place = Place::new();
    place.offer(3600, FIRST);
    place.done(&["lock"]);
    let clean = place.read("rootfs.lock");
    let version = "      version: \"1.0\"\n";
    let (head, tail) = clean.split_once(version).unwrap();
    let theirs = version.replace("1.0", "0.9");
    let merged = format!("{head}<<<<<<< ours\n{version}=======\n{theirs}>>>>>>> theirs\n{tail}");
    place.write("rootfs.lock", merged.as_bytes());
    let manifest = place.read("rootfs.yaml");
    assert_eq!(refused(&place, &["lock", "--check"]).0, 1);
    for words in [
        &["list"][..],
        &["fetch"],
        &["build", "-o", "out"],
        &["add", "other"],
        &["remove", "tool"],
    ] {
        let (code, said) = refused(&place, words);
        assert!(
            code == 2 && said.contains("rootlock lock"),
            "{words:?}: {said}"
        );
        assert_eq!(place.read("rootfs.lock"), merged, "{words:?}");
        assert_eq!(place.read("rootfs.yaml"), manifest, "{words:?}");
    }
    let (code, said) = refused(&place, &["lock"]);
    assert!(code == 0 && said.contains("merge markers"), "{said}");
    assert_eq!(place.read("rootfs.lock"), clean);
}

#[test]
fn a_name_that_nothing_offers_is_told_from_one_that_is_kept_out() {
    let place = Place::new();
    place.offer(3600, FIRST);
    edit(&place, "- tool", "- tol");
    let (code, said) = refused(&place, &["lock"]);
    assert!(code == 3 && said.contains("did you mean tool?"), "{said}");
    edit(&place, "- tol", "- tool");
    edit(&place, "suite: trixie, ", "suite: trixie, priority: -1, ");
    let (code, said) = refused(&place, &["lock"]);
    assert!(code == 3 && said.contains("negative priority"), "{said}");
}
