//! What Alpine's packages become when they share paths, links and directories.

use std::collections::BTreeMap;

use crate::support::Verdict;
use crate::yard::apk::{self, Apk, TarEntry};
use crate::yard::{KEY, Repo, Yard, local, small};

/// A yard with these packages, each in the group of its place: 0 is the lowest.
fn yard(packages: &[(usize, Apk)]) -> Yard {
    let yard = Yard::new();
    let mut repo = Repo::new();
    let mut groups: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for (group, apk) in packages {
        repo = repo.with(&yard, apk);
        let name = crate::yard::field(apk, "pkgname");
        groups.entry(*group).or_default().push(name);
    }
    yard.publish("repo", &repo);
    let lines: Vec<String> = groups
        .iter()
        .map(|(at, names)| format!("  - {{name: g{at}, packages: [{}]}}", names.join(", ")))
        .collect();
    yard.groups(&lines.join("\n"));
    yard.run(&["lock"]).done();
    yard
}

#[test]
fn a_hard_link_survives_the_loss_of_the_path_that_held_the_content() {
    for high in [0, 1] {
        let one = small("one", "1-r0")
            .file("usr/a", "content")
            .hardlink("usr/b", "usr/a")
            .hardlink("usr/c", "usr/a");
        let two = small("two", "1-r0")
            .file("usr/a", "taken")
            .line("replaces = one");
        let yard = yard(&[(0, one), (high, two)]);
        let tree = yard.tree();
        assert_eq!(tree["usr/a"].1, b"taken", "{high}");
        let (kind, bytes) = &tree["usr/b"];
        assert!(kind.is_file() && bytes == b"content", "{high}: {kind:?}");
        let (kind, target) = &tree["usr/c"];
        assert!(
            kind.is_hard_link() && target == b"usr/b",
            "{high}: {kind:?}"
        );
        let installed = yard.holds("lib/apk/db/installed");
        let owners = installed.matches("\nR:a\n").count();
        assert_eq!(owners, 1, "{installed}");
    }
}

#[test]
fn what_passes_through_a_link_is_stored_under_its_target() {
    let low = || small("one", "1-r0").dir("usr/lib").link("usr/lib64", "lib");
    let high = || {
        small("two", "1-r0")
            .dir("usr/lib64")
            .file("usr/lib64/x", "x")
    };
    for place in [0, 1] {
        let tree = yard(&[(0, low()), (place, high())]).tree();
        assert!(tree["usr/lib64"].0.is_symlink(), "{place}");
        assert_eq!(tree["usr/lib/x"].1, b"x", "{place}");
        assert!(!tree.contains_key("usr/lib64/x"));
    }
    // A link above a lower layer's directory.
    let yard = yard(&[(0, high()), (1, low())]);
    let fault = yard
        .run(&["build", "-o", "out"])
        .fault(3, &["usr/lib64", "one", "two"]);
    assert!(fault.is_none(), "{fault:?}");
    assert_eq!(yard.made(), ["rootfs.lock"]);
}

#[test]
fn a_file_where_another_package_has_a_directory_is_code_3() {
    let mut verdict = Verdict::default();
    for (file, dir) in [(0, 0), (0, 1), (1, 0)] {
        let one = small("one", "1-r0").file("usr/x", "x");
        let two = small("two", "1-r0").dir("usr/x").file("usr/x/y", "y");
        let yard = yard(&[(file, one), (dir, two)]);
        let ran = yard.run(&["build", "-o", "out"]);
        verdict.add(
            &format!("{file} {dir}"),
            ran.fault(3, &["usr/x", "one", "two"]),
        );
        let left = (yard.made() != ["rootfs.lock"]).then(|| format!("{:?}", yard.made()));
        verdict.add("left", left);
    }
}

#[test]
fn the_same_bytes_with_another_mode_or_owner_are_not_the_same() {
    let mut verdict = Verdict::default();
    for (mode, uid) in [(0o755, 0), (0o644, 1)] {
        let sum = apk::hex(&apk::sha1(b"x"));
        let mut entry =
            TarEntry::file("usr/x", b"x").pax("APK-TOOLS.checksum.SHA1", sum.as_bytes());
        (entry.mode, entry.uid) = (mode, uid);
        let one = small("one", "1-r0").file("usr/x", "x");
        let two = small("two", "1-r0").entry(entry);
        let ran = yard(&[(0, one), (0, two)]).run(&["build", "-o", "out"]);
        verdict.add(&format!("{mode:o} {uid}"), ran.fault(3, &["usr/x"]));
    }
}

#[test]
fn the_higher_group_wins_between_packages_of_one_origin() {
    let of = |name: &str| small(name, "1-r0").line("origin = o").file("usr/x", name);
    for (low, high) in [("one", "two"), ("two", "one")] {
        let yard = yard(&[(0, of(low)), (1, of(high))]);
        assert_eq!(yard.holds("usr/x"), high, "{low} below {high}");
    }
}

#[test]
fn a_database_that_a_package_ships_gives_way_to_the_real_one() {
    let one = small("one", "1-r0")
        .dir("etc")
        .dir("etc/apk")
        .file("etc/apk/world", "evil\n")
        .dir("lib")
        .dir("lib/apk")
        .dir("lib/apk/db")
        .file("lib/apk/db/installed", "P:evil\n");
    let yard = yard(&[(0, one)]);
    let built = yard.run(&["build", "-o", "out"]);
    if built.code == Some(0) {
        let replaced = built.stdout["images"][0]["replaced"].to_string();
        assert!(
            replaced.contains("etc/apk/world") && replaced.contains("lib/apk/db/installed"),
            "{replaced}"
        );
        assert_eq!(yard.holds("etc/apk/world"), "one\n");
        assert!(!yard.holds("lib/apk/db/installed").contains("evil"));
    } else {
        assert_eq!(built.code, Some(4), "{built:?}");
    }
}

#[test]
fn extended_attributes_are_kept_and_in_the_database() {
    let sum = apk::hex(&apk::sha1(b"x"));
    let capability =
        b"\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00";
    let ping = TarEntry::file("usr/ping", b"x")
        .pax("APK-TOOLS.checksum.SHA1", sum.as_bytes())
        .pax("SCHILY.xattr.security.capability", capability);
    let yard = yard(&[(0, small("one", "1-r0").entry(ping))]);
    yard.run(&["build", "--format", "tar", "-o", "out.tar"])
        .done();
    let bytes = fs_err::read(yard.path("p/out.tar")).unwrap();
    let found = tar::Archive::new(&bytes[..])
        .entries()
        .unwrap()
        .any(|entry| {
            let mut entry = entry.unwrap();
            let records = entry.pax_extensions().unwrap();
            records.into_iter().flatten().any(|record| {
                let record = record.unwrap();
                record.key() == Ok("SCHILY.xattr.security.capability")
                    && record.value_bytes() == capability
            })
        });
    assert!(found);
    let installed = yard.holds("lib/apk/db/installed");
    assert!(installed.contains("R:ping\na:0:0:644:Q1"), "{installed}");
}

#[test]
fn the_epoch_is_the_newest_mtime_of_the_packages() {
    let sum = apk::hex(&apk::sha1(b"x"));
    let mut late = TarEntry::file("usr/late", b"x").pax("APK-TOOLS.checksum.SHA1", sum.as_bytes());
    late.mtime = apk::MTIME + 1000;
    let yard = yard(&[
        (0, small("one", "1-r0").entry(late)),
        (1, small("two", "1-r0")),
    ]);
    let epoch = |yard: &Yard, out: &str| {
        let built = yard.run(&["build", "-o", out]).done();
        built["images"][0]["epoch"].as_i64().unwrap()
    };
    assert_eq!(epoch(&yard, "one"), apk::MTIME + 1000);
    // Excluded paths count too.
    yard.edit(
        "configure: none",
        "paths: {exclude: [/usr/late]}\nconfigure: none",
    );
    assert_eq!(epoch(&yard, "two"), apk::MTIME + 1000);
    yard.edit("configure: none", "epoch: 1000000000\nconfigure: none");
    assert_eq!(epoch(&yard, "three"), 1_000_000_000);
    yard.run(&["build", "--format", "tar", "-o", "out.tar"])
        .done();
    let bytes = fs_err::read(yard.path("p/out.tar")).unwrap();
    for entry in tar::Archive::new(&bytes[..]).entries().unwrap() {
        let entry = entry.unwrap();
        let mtime = entry.header().mtime().unwrap();
        assert!(mtime == 946_684_800 || mtime == 1_000_000_000, "{mtime}");
    }
}

#[test]
fn a_package_in_two_repositories_is_one() {
    let yard = Yard::new();
    let one = small("one", "1-r0");
    yard.publish("repo", &Repo::new().with(&yard, &one));
    yard.publish("more", &Repo::new().with(&yard, &one));
    let more = format!("  - {{url: ../more, keys: [{KEY}], tag: more}}");
    let lines = format!("{}\n{more}", local("repo"));
    yard.manifest("[amd64]", &lines, "  - {name: g, packages: [one]}");
    assert_eq!(yard.solved(), ["one-1-r0 g"]);
    let first = yard.locked("amd64")["one"]["repository"].clone();
    assert_eq!(first, "repo");
    yard.edit("[one]", "[\"one@more\"]");
    yard.run(&["lock"]).done();
    yard.run(&["build", "-o", "out"]).done();
    assert_eq!(yard.placed("amd64"), ["one-1-r0 g"]);
}

#[test]
fn other_bytes_than_the_locked_ones_are_code_4() {
    let yard = yard(&[(0, small("one", "1-r0"))]);
    let path = "repo/x86_64/one-1-r0.apk";
    let mut bytes = fs_err::read(yard.path(path)).unwrap();
    let at = bytes.len() - 20;
    bytes[at] ^= 1;
    yard.file(path, &bytes);
    fs_err::remove_dir_all(yard.path("store")).unwrap();
    for words in [&["fetch"][..], &["build", "-o", "out"]] {
        let fault = yard.run(words).fault(4, &["one 1-r0", "one-1-r0.apk"]);
        assert!(fault.is_none(), "{fault:?}");
    }
    fs_err::remove_file(yard.path(path)).unwrap();
    let fault = yard
        .run(&["fetch"])
        .fault(5, &["one 1-r0", "rootlock lock"]);
    assert!(fault.is_none(), "{fault:?}");
    assert_eq!(yard.made(), ["rootfs.lock"]);
}
