//! The lockfile against its canonical text, its reviewers and its forgers.

use std::path::Path;

use super::*;
use crate::model::{Arch, Explain as _, Sha256};

/// FORMATS.md section 2, filled in.
const EXAMPLE: &str = include_str!("example.lock");

fn read(text: &str) -> Result<Lockfile, LockfileError> {
    parse(Path::new("rootfs.lock"), text.as_bytes())
}

fn example() -> Lockfile {
    read(EXAMPLE).unwrap()
}

/// The example with the first `from` replaced by `to`.
fn edited(from: &str, to: &str) -> String {
    assert!(EXAMPLE.contains(from), "{from}");
    EXAMPLE.replacen(from, to, 1)
}

fn amd64() -> Arch {
    Arch::from_oci("amd64").unwrap()
}

#[test]
fn the_example_is_canonical() {
    let lockfile = example();
    assert_eq!(write(&lockfile, "rootfs.yaml"), EXAMPLE);
    assert_eq!(lockfile.packages[&amd64()].len(), 3);
    let through = &lockfile.packages[&amd64()][0].depends[1];
    assert_eq!(through.name.as_str(), "libc6");
    assert_eq!(through.through.as_deref(), Some("libc6-udeb"));
}

#[test]
fn what_a_hand_or_another_tool_does_is_read_and_written_back_canonically() {
    let crlf = EXAMPLE.replace('\n', "\r\n");
    assert_eq!(read(&crlf).unwrap(), example());
    assert_eq!(read(&format!("\u{feff}{EXAMPLE}")).unwrap(), example());
    let value: serde_yaml::Value = serde_yaml::from_str(EXAMPLE).unwrap();
    let dumped = serde_yaml::to_string(&value).unwrap();
    assert_ne!(dumped, EXAMPLE);
    assert_eq!(write(&read(&dumped).unwrap(), "rootfs.yaml"), EXAMPLE);
    let json = serde_json::to_string(&value).unwrap();
    assert_eq!(read(&json).unwrap(), example());
    let unsorted = edited(
        "depends: [bash, {libc6: libc6-udeb}]",
        "depends: [{libc6: libc6-udeb}, bash, bash]",
    );
    assert_eq!(read(&unsorted).unwrap(), example());
}

#[test]
fn each_fault_has_its_line_and_its_reason() {
    let line_of = |text: &str| 1 + EXAMPLE[..EXAMPLE.find(text).unwrap()].matches('\n').count();
    for (from, to, line, reason) in [
        (
            "distro: debian",
            "distro: debian\nextra: 1",
            Some("release:"),
            "unknown field `extra`",
        ),
        (
            "arch: all",
            "arch: all\n      arch: all",
            Some("- name: base-files"),
            "duplicate field `arch`",
        ),
        (
            "name: bash\n",
            "name: ../bash\n",
            Some("name: bash"),
            "`../bash` is not a package name",
        ),
        (
            "path: pool/main/b/bash/",
            "path: ../../b/",
            Some("path: pool/main/b/bash/"),
            "below its repository",
        ),
        (
            "path: pool/main/b/bash/",
            "path: /b/",
            Some("path: pool/main/b/bash/"),
            "below its repository",
        ),
        (
            "path: pool/main/b/bash/",
            "path: a/%2e%2E/",
            Some("path: pool/main/b/bash/"),
            "below its repository",
        ),
        (
            "size: 1498756",
            "size: -1",
            Some("size: 1498756"),
            "invalid type",
        ),
        (
            "size: 1498756",
            "size: 18446744073709551616",
            Some("size: 1498756"),
            "invalid",
        ),
        (
            "size: 1498756",
            "sise: 1498756",
            Some("size: 1498756"),
            "unknown field `sise`",
        ),
        (
            "sha256: 3333",
            "sha256: 333",
            Some("sha256: 3333"),
            "is not a SHA-256 digest",
        ),
        (
            "sha256: 3333",
            "sha256: \"\\e[0m\" #",
            Some("sha256: 3333"),
            "is not a SHA-256 digest",
        ),
        (
            "date: 2026-11-01T",
            "date: 2026-11-31T",
            Some("date: 2026"),
            "is not a time",
        ),
        (
            "url: https://packages",
            "url: https://me:secret@packages",
            Some("url: https"),
            "without credentials",
        ),
        (
            "url: https://packages",
            "url: gopher://packages",
            Some("url: https"),
            "http, https, file",
        ),
        (
            "  amd64:\n    - name",
            "  amd46:\n    - name",
            None,
            "`amd46` is not an architecture",
        ),
        (
            "mode: \"0644\"",
            "mode: \"u+s\"",
            Some("mode: \"0644\""),
            "is not a mode",
        ),
        (
            "mode: none",
            "mode: magic",
            Some("mode: none"),
            "`magic` is not none, native or scripts",
        ),
        (
            "repository: trixie\n",
            "repository: sid\n",
            None,
            "`sid`, which is not among the repositories",
        ),
        (
            "id: site",
            "id: trixie",
            None,
            "repository `trixie` is there twice",
        ),
        (
            "archive: debian\n",
            "archive: debian\n    url: https://x/\n",
            None,
            "exactly one of",
        ),
        (
            "    unsigned: true\n",
            "",
            None,
            "neither a signature nor `unsigned: true`",
        ),
        (
            "canonical: 1",
            "canonical: 0",
            None,
            "there is no `canonical: 0`",
        ),
        (
            "{libc6: libc6-udeb}",
            "{libc6: a, libc7: b}",
            None,
            "more than one package",
        ),
        (
            "{libc6: libc6-udeb}",
            "&a base-files, *a",
            Some("{libc6"),
            "anchor or alias",
        ),
        (
            "name: bash\n",
            "name: base-files\n",
            None,
            "base-files is there twice for amd64",
        ),
    ] {
        let text = edited(from, to);
        match read(&text) {
            Err(LockfileError::Invalid {
                file,
                line: found,
                reason: why,
            }) => {
                assert_eq!(file, Path::new("rootfs.lock"));
                assert!(why.contains(reason), "{to}: {why}");
                if let Some(at) = line {
                    assert_eq!(found, Some(line_of(at)), "{to}: {why}");
                }
            }
            other => panic!("{to}: {other:?}"),
        }
    }
    for text in ["", "\n", "[]", "lock: 1.0.0", "hello", "{", "lock: 0.9.0"] {
        let error = read(text).unwrap_err();
        assert!(
            matches!(error, LockfileError::Invalid { .. }),
            "{text}: {error:?}"
        );
        assert_eq!(error.class().code(), 2);
        assert!(error.to_string().starts_with("`rootfs.lock`"), "{error}");
    }
}

#[test]
fn a_newer_minor_version_is_read_and_not_written_over() {
    let text = edited("lock: 1.0.0", "lock: 1.3.0")
        .replace("distro: debian", "distro: debian\nlater: [{x: y}]")
        .replace("      arch: all", "      arch: all\n      later: 1")
        .replace("    tree:", "    later: {}\n    tree:");
    let lockfile = read(&text).unwrap();
    assert_eq!(lockfile.packages, example().packages);
    assert_eq!(lockfile.outputs, example().outputs);
    let error = lockfile.check_writable(Path::new("rootfs.lock"));
    assert!(error.unwrap_err().to_string().contains("`lock: 1.3.0`"));
    assert!(example().check_writable(Path::new("rootfs.lock")).is_ok());

    let wrong = text.replace("name: bash\n", "name: ../bash\n");
    assert!(matches!(read(&wrong), Err(LockfileError::Invalid { .. })));
    let plain = edited("lock: 1.0.0", "lock: 1.0.1");
    assert!(
        read(&plain)
            .unwrap()
            .check_writable(Path::new("x"))
            .is_err()
    );
}

#[test]
fn what_is_too_new_is_refused_by_what_it_is() {
    for (from, to, says) in [
        (
            "lock: 1.0.0",
            "lock: 2.0.0",
            "`lock: 2.0.0`, and this one knows 1",
        ),
        ("lock: 1.0.0", "lock: 2.0.0\nlater: 1", "`lock: 2.0.0`"),
        (
            "canonical: 1",
            "canonical: 2",
            "`canonical: 2`, and this one knows 1",
        ),
        ("rules: 1", "rules: 9", "`rules: 9`"),
    ] {
        let error = read(&edited(from, to)).unwrap_err();
        assert!(matches!(error, LockfileError::Newer { .. }), "{error:?}");
        assert!(error.to_string().contains(says), "{error}");
        assert!(error.hint().is_some());
    }
}

#[test]
fn the_shape_of_a_newer_version_has_every_key_of_this_one() {
    let before: serde_yaml::Value = serde_yaml::from_str(EXAMPLE).unwrap();
    let mut after = before.clone();
    forward::known_part(&mut after, &forward::DOCUMENT);
    assert_eq!(before, after);
}

#[test]
fn a_merge_gives_both_sides() {
    let ours = "version: 5.2.37-2";
    let text = edited(
        &format!("      {ours}\n"),
        "<<<<<<< HEAD\n      version: 5.2.37-2\n||||||| base\n      version: 5.2.36-1\n=======\n      \
         version: 5.2.40-1\n>>>>>>> topic\n",
    );
    let error = read(&text).unwrap_err();
    let line = 1 + EXAMPLE[..EXAMPLE.find(ours).unwrap()].matches('\n').count();
    assert_eq!(
        error,
        LockfileError::MergeMarkers {
            file: "rootfs.lock".into(),
            line
        }
    );
    assert!(error.hint().unwrap().contains("`rootlock lock`"));
    assert!(has_markers(text.as_bytes()));
    let merged = parse_merged(Path::new("rootfs.lock"), text.as_bytes()).unwrap();
    assert_eq!(merged.ours, example());
    let version = |lockfile: &Lockfile| lockfile.packages[&amd64()][1].version.to_string();
    assert_eq!(version(&merged.theirs), "5.2.40-1");
}

#[test]
fn fits_its_manifest_or_says_why_not() {
    let lockfile = example();
    let manifest = lockfile.manifest;
    assert_eq!(unfit(&lockfile, &manifest, &[amd64()]), []);
    let arm64 = Arch::from_oci("arm64").unwrap();
    let mut holed = lockfile.clone();
    holed.packages.get_mut(&amd64()).unwrap().remove(0);
    let reasons: Vec<_> = unfit(&holed, &Sha256::of(b""), &[amd64(), arm64])
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(reasons.len(), 4, "{reasons:?}");
    assert!(reasons[0].starts_with("the manifest has changed"));
    assert_eq!(reasons[1], "it has no packages for arm64");
    assert_eq!(
        reasons[2],
        "bash on amd64 needs base-files, which is not locked"
    );
}

#[test]
fn outputs_last_as_long_as_what_they_follow_from() {
    let old = example();
    let mut new = old.clone();
    new.manifest = Sha256::of(b"other");
    new.drop_stale_outputs(&old);
    assert_eq!((&new.outputs, &new.index), (&old.outputs, &old.index));

    new.packages.get_mut(&amd64()).unwrap()[0].version = "9".parse().unwrap();
    new.drop_stale_outputs(&old);
    assert!(new.outputs.is_empty() && new.index.is_none());

    let mut new = old.clone();
    new.configure = crate::model::Configure::Native;
    new.drop_stale_outputs(&old);
    assert!(new.outputs.is_empty());

    let mut new = old.clone();
    new.packages
        .insert(Arch::from_oci("arm64").unwrap(), vec![]);
    new.drop_stale_outputs(&old);
    assert!(!new.outputs.is_empty() && new.index.is_none());
}

#[test]
fn changes_are_told_by_name_and_order() {
    let old = example().packages.remove(&amd64()).unwrap();
    let mut new = old.clone();
    new.remove(0);
    new[0].version = "6".parse().unwrap();
    new[1].version = "1".parse().unwrap();
    let mut late = new[1].clone();
    late.name = "zsh".parse().unwrap();
    new.push(late);
    let by_text = |a: &crate::model::Version, b: &crate::model::Version| a.as_str().cmp(b.as_str());
    let told = |old, new| {
        changes(old, new, &by_text)
            .iter()
            .map(|change| {
                let package = change.new.or(change.old).unwrap();
                format!("{} {}", package.name, change.kind.as_str())
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(
        told(&old, &new),
        [
            "base-files removed",
            "bash upgraded",
            "libc6 downgraded",
            "zsh added"
        ]
    );
    assert_eq!(told(&old, &old)[0], "base-files kept");
}

#[test]
fn a_version_bump_is_a_small_diff() {
    let old = example();
    let mut new = old.clone();
    let bash = &mut new.packages.get_mut(&amd64()).unwrap()[1];
    bash.version = "5.2.40-1".parse().unwrap();
    bash.source.version = bash.version.clone();
    bash.path = "pool/main/b/bash/bash_5.2.40-1_amd64.deb".into();
    bash.size += 1;
    bash.sha256 = Sha256::of(b"new");
    let proof = &mut new.repositories[0].proof;
    proof.sha256 = Sha256::of(b"release");
    proof.indexes[0].sha256 = Sha256::of(b"index");
    new.drop_stale_outputs(&old);
    let new = write(&new, "rootfs.yaml");
    let old: Vec<&str> = EXAMPLE.lines().collect();
    let changed: Vec<_> = new.lines().filter(|line| !old.contains(line)).collect();
    let keys: Vec<_> = changed
        .iter()
        .map(|l| l.trim().split(':').next().unwrap())
        .collect();
    assert_eq!(
        keys,
        [
            "release", "indexes", "version", "source", "path", "size", "sha256"
        ]
    );
    assert!(!new.contains("outputs:"));
}

/// Texts that some YAML reads as something else, and pieces to make more of them.
const TRAPS: [&str; 44] = [
    "1.20",
    "1e3",
    "0755",
    "no",
    "~",
    "on",
    "y",
    "1:30",
    "1:30:00.5",
    "0x1f",
    "0b11",
    "0o17",
    "1_000",
    "2026-11-01",
    "2026-11-01t1:2:3",
    ".5",
    ".inf",
    "-1",
    "+1",
    "a: b",
    "a #b",
    "#a",
    "- a",
    "? a",
    "a:",
    ":a",
    "[a]",
    "{a}",
    "a,b",
    "&a",
    "*a",
    "!a",
    "|",
    ">",
    "%a",
    "@a",
    "`a`",
    "'a'",
    "\"a\"",
    " a",
    "a ",
    "\\x41",
    "null",
    "<<",
];

fn texts() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    prop_oneof![
        proptest::sample::select(&TRAPS[..]).prop_map(str::to_owned),
        "[0-9a-fxobe_.:+~Tt-]{1,12}",
        "[ -~\u{80}-\u{2fff}\u{feff}\u{1f600}]{1,12}",
        any::<String>().prop_map(|text| format!("x{}", text.replace('\0', ""))),
    ]
}

proptest::proptest! {
    #[test]
    fn every_text_comes_back(text in texts()) {
        let shown = yaml::Text(&text).to_string();
        let document = format!("a: {shown}\nb: [{shown}, {{c: {shown}}}]\n");
        proptest::prop_assert!(scan::scan(document.as_bytes()).is_ok(), "{}", document);
        let value: serde_yaml::Value = serde_yaml::from_str(&document).unwrap();
        proptest::prop_assert_eq!(value["a"].as_str(), Some(&text[..]));
        proptest::prop_assert_eq!(value["b"][0].as_str(), Some(&text[..]));
        proptest::prop_assert_eq!(value["b"][1]["c"].as_str(), Some(&text[..]));
    }

    #[test]
    fn what_is_written_is_read(
        versions in proptest::collection::vec("[0-9][0-9a-z.+~:_-]{0,8}", 1..6),
        names in proptest::collection::btree_set("[a-z0-9][a-z0-9+.-]{0,5}", 1..6),
        statement in texts(),
        (size, requested) in proptest::prelude::any::<(u64, bool)>(),
    ) {
        let mut lockfile = example();
        let model = lockfile.packages[&amd64()][1].clone();
        let packages = names.iter().zip(versions.iter().cycle()).map(|(name, version)| {
            let mut package = model.clone();
            package.name = name.parse().unwrap();
            package.version = version.parse().unwrap();
            package.source.version = package.version.clone();
            package.sha256 = Sha256::of(name.as_bytes());
            package.depends[0].name = package.name.clone();
            package.depends.truncate(1);
            package.depends[0].through = Some(version.as_str().into());
            (package.size, package.requested) = (size, requested);
            package
        });
        lockfile.packages.insert(amd64(), packages.collect());
        lockfile.outputs.get_mut(&amd64()).unwrap().undone[0].statement = statement;
        let text = write(&lockfile, "rootfs.yaml");
        let back = read(&text);
        proptest::prop_assert_eq!(back.as_ref(), Ok(&lockfile), "{}", text);
        proptest::prop_assert_eq!(write(&back.unwrap(), "rootfs.yaml"), text);
    }

    #[test]
    fn damage_is_an_error_and_no_panic(at in 0..EXAMPLE.len(), byte in 0..=255u8, cut in 0..80usize) {
        let mut bytes = EXAMPLE.as_bytes().to_vec();
        bytes[at] = byte;
        let end = (at + cut).min(bytes.len());
        let _ = parse(Path::new("x"), &bytes);
        bytes.drain(at..end);
        let _ = parse(Path::new("x"), &bytes);
        let _ = parse_merged(Path::new("x"), &bytes);
    }
}

/// The judgement of another parser, where this machine has it.
#[test]
fn yaml_1_1_reads_the_same_texts() {
    let texts: Vec<String> = TRAPS.iter().map(|text| (*text).to_owned()).collect();
    let shown: Vec<_> = texts.iter().map(|text| yaml::Text(text)).collect();
    let document = format!("{}\n", yaml::Flow(&shown));
    let script = "import sys, json, yaml; print(json.dumps(yaml.safe_load(sys.stdin.read())))";
    let child = std::process::Command::new("python3")
        .args(["-c", script])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn();
    let Ok(mut child) = child else {
        println!("skipped: there is no python3");
        return;
    };
    let written = std::io::Write::write_all(&mut child.stdin.take().unwrap(), document.as_bytes());
    let output = child.wait_with_output().unwrap();
    if written.is_err() || !output.status.success() {
        println!("skipped: python3 has no yaml");
        return;
    }
    let read: Vec<String> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(read, texts);
}
