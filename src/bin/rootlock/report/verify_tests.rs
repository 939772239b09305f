//! What a person reads of a comparison, at 80 columns.

use std::collections::BTreeMap;

use rootlock::model::{Arch, Sha256};
use rootlock::ops::{BuiltLayer, Difference, Verified, VerifyReport};
use rootlock::tree::{Blob, Field, Kind, Meta, Node};
use rootlock::verify::{Finding, Verdict, What};

use crate::report::testing::texts;

fn at(layer: &str, path: &str, what: What, cause: Option<&'static str>) -> Difference {
    Finding {
        layer: Some(layer.into()),
        path: Some(path.parse().unwrap()),
        what,
        below: 0,
        package: path
            .starts_with("usr/")
            .then(|| "coreutils".parse().unwrap()),
        cause,
    }
}

fn report(findings: Vec<Difference>, notes: &[&str]) -> VerifyReport {
    let layer = |name: &str| BuiltLayer {
        name: name.into(),
        diff_id: Sha256::of(name.as_bytes()),
        size: 10240,
        digest: None,
        compressed: None,
    };
    let text = "@@ -1 +1 @@\n-hi\n+ho\n".to_owned();
    VerifyReport {
        against: Some("out/web".into()),
        lockfile: "rootfs.lock".into(),
        images: vec![Verified {
            arch: Arch::from_oci("amd64").unwrap(),
            verdict: Verdict {
                findings,
                notes: notes.iter().map(|note| (*note).to_owned()).collect(),
            },
            layers: vec![layer("base"), layer("files")],
            tree: Sha256::of(b"tree"),
            config: Sha256::of(b"config"),
            manifest: None,
            texts: BTreeMap::from([("etc/motd".parse().unwrap(), text)]),
        }],
        index: Verdict::default(),
    }
}

#[test]
fn what_is_the_same_takes_two_lines() {
    let [plain, coloured] = texts(&report(Vec::new(), &[]));
    insta::assert_snapshot!(plain, @r"
    Same amd64, compared with out/web
      built again: 2 layers, tree sha256:dc9c5edb8b2d, config sha256:b79606fb3afe
    ");
    insta::assert_snapshot!(coloured, @r"
    ^[1;32mSame^[0m amd64, compared with out/web
      built again: 2 layers, tree sha256:dc9c5edb8b2d, config sha256:b79606fb3afe
    ");
}

#[test]
fn differences_are_counted_and_a_common_cause_is_told_once() {
    let stamped = Some("the file was written or replaced after it was unpacked");
    let mtime = |path| at("base", path, What::Field(Field::Mtime(0, 1)), stamped);
    let [old, new] = ["hi\n", "ho\n"].map(|text| Blob::inline(text.as_bytes()));
    let mut extra = at(
        "base",
        "usr/local/evil",
        What::Extra(Node {
            meta: Meta::default(),
            kind: Kind::Directory,
        }),
        None,
    );
    extra.package = None;
    extra.below = 3;
    let findings = vec![
        mtime("usr/bin/cat"),
        mtime("usr/bin/env"),
        extra,
        at(
            "files",
            "etc/motd",
            What::Field(Field::Content(old, new)),
            None,
        ),
        Finding::value("config.Env", Some("A=1".into()), None),
    ];
    let note = "nothing is recorded: it was built again with the time that the image says, \
                2026-11-08T20:20:00Z";
    let [plain, coloured] = texts(&report(findings, &[note]));
    insta::assert_snapshot!(plain, @r"
    Different amd64, compared with out/web
      5 differences: 2 mtime, 1 config.Env, 1 content, 1 extra
      base: /usr/bin/cat (coreutils), mtime 1970-01-01T00:00:00Z expected,
        1970-01-01T00:00:01Z found
        usually: the file was written or replaced after it was unpacked
      base: /usr/bin/env (coreutils), mtime 1970-01-01T00:00:00Z expected,
        1970-01-01T00:00:01Z found
      base: /usr/local/evil, directory should not be there, with 3 paths below it
      files: /etc/motd, content sha256:98ea6e4f216f (3 bytes) expected,
        sha256:56cc5eec55dc (3 bytes) found
        @@ -1 +1 @@
        -hi
        +ho
      config.Env A=1 expected, none found
      note: nothing is recorded: it was built again with the time that the image
        says, 2026-11-08T20:20:00Z
      built again: 2 layers, tree sha256:dc9c5edb8b2d, config sha256:b79606fb3afe
    ");
    insta::assert_snapshot!(coloured, @r"
    ^[1;31mDifferent^[0m amd64, compared with out/web
      5 differences: 2 mtime, 1 config.Env, 1 content, 1 extra
      base: /usr/bin/cat (coreutils), mtime 1970-01-01T00:00:00Z expected,
        1970-01-01T00:00:01Z found
        usually: the file was written or replaced after it was unpacked
      base: /usr/bin/env (coreutils), mtime 1970-01-01T00:00:00Z expected,
        1970-01-01T00:00:01Z found
      base: /usr/local/evil, directory should not be there, with 3 paths below it
      files: /etc/motd, content sha256:98ea6e4f216f (3 bytes) expected,
        sha256:56cc5eec55dc (3 bytes) found
        @@ -1 +1 @@
        -hi
        +ho
      config.Env A=1 expected, none found
      note: nothing is recorded: it was built again with the time that the image
        says, 2026-11-08T20:20:00Z
      built again: 2 layers, tree sha256:dc9c5edb8b2d, config sha256:b79606fb3afe
    ");
}
