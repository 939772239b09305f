//! Packages that try to leave the root or to eat the machine, and packages that claim the same path.

use crate::support::Verdict;
use crate::yard::apk::{self, Apk, Tar, TarEntry};
use crate::yard::{KEY, Repo, Yard, record, small};

const ONE: &str = "  - {name: base, packages: [one]}";

/// A file with its checksum, so that only what the test means is wrong with it.
fn file(path: &str) -> TarEntry {
    let sum = apk::hex(&apk::sha1(b"x"));
    TarEntry::file(path, b"x").pax("APK-TOOLS.checksum.SHA1", sum.as_bytes())
}

/// A yard whose `one` has these parts.
fn yard_of(apk: &Apk, parts: &apk::Parts) -> Yard {
    let yard = Yard::asking(ONE);
    let bytes = parts.signed("RSA", &yard.key, KEY);
    let record = record(&apk.info, &parts.checksum(), bytes.len());
    yard.publish("repo", &Repo::new().raw(apk, &record, bytes));
    yard
}

/// Locking or else building is refused, and leaves no output.
fn refused(yard: &Yard, code: i32, words: &[&str]) -> Option<String> {
    let locked = yard.run(&["lock"]);
    if locked.code != Some(0) {
        let left = (!yard.made().is_empty()).then(|| "a lockfile".into());
        return locked.fault(code, words).or(left);
    }
    for format in ["oci", "tar", "dir"] {
        let ran = yard.run(&["build", "--format", format, "-o", "out"]);
        let made = yard.made();
        let left = (made != ["rootfs.lock"]).then(|| format!("it left {made:?}"));
        if let Some(fault) = ran.fault(code, words).or(left) {
            return Some(format!("{format}: {fault}"));
        }
    }
    None
}

#[test]
fn entries_that_nobody_should_make_are_code_4() {
    let mut verdict = Verdict::default();
    let mut case = |says: &str, entries: &[TarEntry]| {
        let mut one = small("one", "1-r0");
        one.data.extend(entries.iter().cloned());
        verdict.add(
            says,
            refused(&yard_of(&one, &one.parts()), 4, &["one 1-r0", says]),
        );
    };
    case("usr/../../etc/passwd", &[file("usr/../../etc/passwd")]);
    case("../etc/passwd", &[file("../etc/passwd")]);
    case("`/etc/passwd`", &[file("/etc/passwd")]);
    case("usr/a\\nF:etc", &[file("usr/a\nF:etc")]);
    case("pax record", &[file("usr/x").pax("path", b"usr/a\0b")]);
    case(
        "opt/x` is in a directory that has no entry",
        &[file("opt/x")],
    );
    case("usr/.wh.share", &[file("usr/.wh.share")]);
    for (target, says) in [
        ("usr/none", "usr/x` is a hard link to a file that is not"),
        ("../../etc/shadow", "usr/x"),
        ("usr/x", "usr/x` is a hard link to a file that is not"),
        ("usr/share", "usr/x` is a hard link to no regular file"),
    ] {
        case(says, &[TarEntry::link(b'1', "usr/x", target)]);
    }
    case("usr/share/one/x` lies beneath", &[file("usr/share/one/x")]);
    case(
        "usr/x` is in the archive twice",
        &[file("usr/x"), file("usr/x")],
    );
    case("usr/odd", &[TarEntry::new(b'Z', "usr/odd")]);
    case("usr/nnnn", &[file(&format!("usr/{}", "n".repeat(256)))]);
    let mut huge = file("usr/x");
    huge.size = Some(1 << 50);
    case("malformed", &[huge]);
}

#[test]
fn a_link_is_never_written_through_to_the_outside() {
    let outside = tempfile::tempdir().unwrap();
    let target = outside.path().to_str().unwrap();
    let mut verdict = Verdict::default();
    for (case, target) in [("absolute", target), ("up", "../../../../../../../..")] {
        let one = small("one", "1-r0")
            .link("usr/out", target)
            .file("usr/out/climbed", "x");
        let yard = yard_of(&one, &one.parts());
        if yard.run(&["lock"]).code == Some(0) {
            let ran = yard.run(&["build", "--format", "dir", "--no-owner", "-o", "out"]);
            let fine = matches!(ran.code, Some(0 | 3 | 4));
            verdict.add(case, (!fine).then(|| format!("{ran:?}")));
        }
        assert!(fs_err::read_dir(outside.path()).unwrap().next().is_none());
        assert!(!std::path::Path::new("/climbed").exists());
    }
}

#[test]
fn parts_that_nobody_should_make_are_code_4() {
    let mut verdict = Verdict::default();
    let one = small("one", "1-r0");
    let good = one.parts();
    let hash = |data: &[u8]| {
        use sha2::Digest as _;
        apk::hex(&sha2::Sha256::digest(data))
    };
    let mut case = |name: &str, parts: &apk::Parts| {
        verdict.add(name, refused(&yard_of(&one, parts), 4, &["one"]));
    };
    case("no datahash", &one.parts_with(&one.info, good.data.clone()));
    let wrong = format!("{}datahash = {}\n", one.info, "0".repeat(64));
    case(
        "another datahash",
        &one.parts_with(&wrong, good.data.clone()),
    );
    let with = |data: Vec<u8>| {
        let info = format!("{}datahash = {}\n", one.info, hash(&data));
        one.parts_with(&info, data)
    };
    case("data that are no tar", &with(apk::gzip(&[7; 4096])));
    case("data that are no gzip", &with(vec![7; 4096]));
    case(
        "two members of data",
        &with([apk::gzip(b""), good.data.clone()].concat()),
    );
    let mut cut = Tar::default();
    for entry in &one.data {
        cut.add(entry);
    }
    let length = cut.0.len() - 512;
    case("a tar that ends early", &with(apk::gzip(&cut.0[..length])));
    let long = format!("{}{}\n", one.info, "# more\n".repeat(3_000_000));
    case(
        "a control without end",
        &one.parts_with(&long, good.data.clone()),
    );
}

#[test]
fn a_bomb_is_refused_before_it_fills_the_disk() {
    let one = small("one", "1-r0");
    let mut data = Tar::default();
    for entry in &one.data {
        data.add(entry);
    }
    // 600 kB that unpack to 600 MB behind an entry which says so; its declared size is 4096.
    let mut bomb = TarEntry::new(b'0', "usr/share/bomb");
    bomb.size = Some(600 << 20);
    data.add(&bomb);
    let data = apk::gzip(&[data.0, vec![0; 600 << 20]].concat());
    use sha2::Digest as _;
    let hash = apk::hex(&sha2::Sha256::digest(&data));
    let parts = one.parts_with(&format!("{}datahash = {hash}\n", one.info), data);
    let yard = yard_of(&one, &parts);
    let ran = yard.run(&["lock"]);
    if ran.code == Some(0) {
        let ran = yard.run(&["build", "--format", "tar", "-o", "out.tar"]);
        // Big packages are legal; a package that says 4 kB and is this is not asked to be.
        assert!(matches!(ran.code, Some(0 | 4)), "{ran:?}");
    } else {
        assert_eq!(ran.code, Some(4), "{ran:?}");
    }
}

#[test]
fn devices_owners_and_setuid_are_kept() {
    let mut device = TarEntry::new(b'3', "dev/null");
    device.device = (1, 3);
    device.mode = 0o666;
    let mut sudo = file("usr/sudo");
    sudo.mode = 0o4755;
    (sudo.uid, sudo.gid) = (3, 4);
    let one = small("one", "1-r0").dir("dev").entry(device).entry(sudo);
    let yard = yard_of(&one, &one.parts());
    yard.run(&["lock"]).done();
    yard.run(&["build", "--format", "tar", "-o", "out.tar"])
        .done();
    let bytes = fs_err::read(yard.path("p/out.tar")).unwrap();
    let mut seen = 0;
    for entry in tar::Archive::new(&bytes[..]).entries().unwrap() {
        let entry = entry.unwrap();
        let header = entry.header();
        match entry.path().unwrap().to_str().unwrap() {
            "dev/null" => {
                assert_eq!(header.entry_type(), tar::EntryType::Char);
                let device = (
                    header.device_major().unwrap(),
                    header.device_minor().unwrap(),
                );
                assert_eq!(device, (Some(1), Some(3)));
                seen += 1;
            }
            "usr/sudo" => {
                let ids = (header.uid().unwrap(), header.gid().unwrap());
                assert_eq!((header.mode().unwrap(), ids), (0o4755, (3, 4)));
                seen += 1;
            }
            _ => {}
        }
    }
    assert_eq!(seen, 2);
    let text = yard.holds("lib/apk/db/installed");
    assert!(text.contains("R:sudo\na:3:4:4755\n"), "{text}");
}

/// `one` and `two` with `usr/same`, and lines of `.PKGINFO` for each.
fn claim(low: &str, high: &str, lines: [&[&str]; 2]) -> Yard {
    let yard = Yard::new();
    let mut repo = Repo::new();
    for (name, lines) in ["one", "two"].iter().zip(lines) {
        let mut apk = small(name, "1-r0").file("usr/same", name);
        for line in lines {
            apk = apk.line(line);
        }
        repo = repo.with(&yard, &apk);
    }
    yard.publish("repo", &repo);
    yard.groups(&format!(
        "  - {{name: low, packages: [{low}]}}\n  - {{name: high, packages: [{high}]}}"
    ));
    yard
}

#[test]
fn packages_that_claim_the_same_path_are_code_3() {
    let mut verdict = Verdict::default();
    for (low, high) in [("one", "two"), ("two", "one"), ("one, two", "one")] {
        for lines in [
            [&[][..], &[]],
            [&["origin = a"], &["origin = b"]],
            [&["replaces_priority = 5"], &["replaces_priority = 1"]],
            [&["replaces = three"], &[]],
            [&["replaces = two<1"], &[]],
        ] {
            let yard = claim(low, high, lines);
            let case = format!("{low}, {high}: {lines:?}");
            verdict.add(&case, refused(&yard, 3, &["usr/same", "one", "two"]));
        }
    }
}

#[test]
fn what_replaces_wins_in_one_group_and_across_groups() {
    let mut verdict = Verdict::default();
    for (lines, wins) in [
        ([&[][..], &["replaces = one"][..]], "two"),
        ([&["replaces = two"], &[]], "one"),
        ([&["replaces = two<2"], &[]], "one"),
        (
            [
                &["replaces = two", "replaces_priority = 5"],
                &["replaces = one", "replaces_priority = 1"],
            ],
            "one",
        ),
        (
            [
                &["replaces = two", "replaces_priority = 1"],
                &["replaces = one", "replaces_priority = 5"],
            ],
            "two",
        ),
    ] {
        for (low, high) in [("one", "two"), ("two", "one"), ("one, two", "one")] {
            let case = format!("{low}; {high}: {lines:?}");
            let yard = claim(low, high, lines);
            let locked = yard.run(&["lock"]);
            if locked.code != Some(0) {
                verdict.add(&case, Some(locked.text()));
                continue;
            }
            let built = yard.run(&["build", "--format", "tar", "-o", "out.tar"]);
            if built.code != Some(0) {
                verdict.add(&case, Some(built.text()));
                continue;
            }
            let tree = crate::yard::unpack(&fs_err::read(yard.path("p/out.tar")).unwrap());
            let holds = String::from_utf8_lossy(&tree["usr/same"].1).into_owned();
            let wrong = (holds != wins).then(|| format!("{holds} won, not {wins}"));
            verdict.add(&case, wrong);
            // It is the winner's in the database, and nobody else's.
            let text = String::from_utf8_lossy(&tree["lib/apk/db/installed"].1).into_owned();
            let owners: Vec<&str> = text
                .split("\n\n")
                .filter(|block| block.contains("\nR:same\n"))
                .map(|block| {
                    if block.contains("\nP:one\n") {
                        "one"
                    } else {
                        "two"
                    }
                })
                .collect();
            verdict.add(
                &case,
                (owners != [wins]).then(|| format!("{owners:?} own it")),
            );
        }
    }
}

#[test]
fn packages_of_one_origin_may_overwrite_each_other() {
    let mut verdict = Verdict::default();
    for (low, high) in [("one", "two"), ("two", "one"), ("one, two", "one")] {
        let yard = claim(low, high, [&["origin = a"], &["origin = a"]]);
        let locked = yard.run(&["lock"]);
        verdict.add(low, (locked.code != Some(0)).then(|| locked.text()));
        let built = yard.run(&["build", "-o", "out"]);
        verdict.add(low, (built.code != Some(0)).then(|| built.text()));
    }
}

#[test]
fn the_lower_layer_keeps_its_bytes_when_a_higher_one_takes_over() {
    let yard = claim("one", "one", [&[], &["replaces = one"]]);
    yard.run(&["lock"]).done();
    let alone = yard.layers("alone");
    yard.edit(
        "{name: high, packages: [one]}",
        "{name: high, packages: [two]}",
    );
    yard.run(&["lock"]).done();
    let both = yard.layers("both");
    assert_eq!(alone[0], both[0]);
    assert_eq!(yard.holds("usr/same"), "two");
}

#[test]
fn the_same_file_in_two_packages_belongs_to_the_lowest() {
    let yard = Yard::asking("  - {name: low, packages: [two]}\n  - {name: high, packages: [one]}");
    let mut repo = Repo::new();
    for name in ["one", "two"] {
        repo = repo.with(&yard, &small(name, "1-r0").file("usr/same", "equal"));
    }
    yard.publish("repo", &repo);
    yard.run(&["lock"]).done();
    let text = yard.holds("lib/apk/db/installed");
    let owner = text.split("\n\n").find(|block| block.contains("R:same\n"));
    assert!(owner.unwrap().contains("\nP:two\n"), "{text}");
}

#[test]
fn a_directory_is_its_packages_of_this_and_lower_layers() {
    let yard = Yard::asking("  - {name: low, packages: [one]}\n  - {name: high, packages: [two]}");
    let with = |name: &str, mode: u32| {
        let mut dir = TarEntry::new(b'5', "usr/shared");
        dir.mode = mode;
        small(name, "1-r0")
            .entry(dir)
            .file(&format!("usr/shared/{name}"), name)
    };
    let repo = Repo::new()
        .with(&yard, &with("one", 0o700))
        .with(&yard, &with("two", 0o750));
    yard.publish("repo", &repo);
    yard.run(&["lock"]).done();
    yard.run(&["build", "--format", "tar", "-o", "out.tar"])
        .done();
    let bytes = fs_err::read(yard.path("p/out.tar")).unwrap();
    let mut archive = tar::Archive::new(&bytes[..]);
    let mut entries = archive.entries().unwrap().map(Result::unwrap);
    let dir = entries
        .find(|entry| entry.path().unwrap().to_str() == Some("usr/shared/"))
        .unwrap();
    assert_eq!(
        dir.header().mode().unwrap(),
        0o700,
        "the lowest layer's first"
    );
    assert_eq!(dir.header().mtime().unwrap(), 946_684_800);
}
