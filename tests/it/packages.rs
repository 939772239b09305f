//! Packages that are not what the lockfile says, or try to leave the root: the code, the words, and
//! no output.

use crate::make::{Deb, Packing, Tar, TarEntry, ar};
use crate::repo::Repo;
use crate::support::server::{Answer, Server};
use crate::support::{Site, Verdict, good, one, two, with};

/// `one` with these bytes, listed as they are.
fn listed(bytes: Vec<u8>) -> Site {
    let site = Site::new();
    let repo = with([two()]).deb("one_1.0_amd64.deb", bytes, &one().control());
    repo.write(&site.path("repo"), &site.key, site.now);
    site
}

/// Building is refused, and leaves the lockfile alone.
fn refused(site: &Site, code: i32, words: &[&str]) -> Option<String> {
    let locked = site.run(&["lock"]);
    if locked.code != Some(0) {
        return Some(format!("not even locked: {}", locked.text()));
    }
    for format in ["oci", "tar", "dir"] {
        let ran = site.run(&["build", "--format", format, "-o", "out"]);
        let fault = ran.fault(code, words);
        let made = site.made();
        let left = (made != ["rootfs.lock"]).then(|| format!("it left {made:?}"));
        if let Some(fault) = fault.or(left) {
            return Some(format!("{format}: {fault}"));
        }
    }
    None
}

#[test]
fn other_bytes_than_the_locked_ones_are_code_4() {
    let mut verdict = Verdict::default();
    let pool = "repo/pool/one_1.0_amd64.deb";
    let mut case = |name: &str, change: &dyn Fn(&mut Vec<u8>)| {
        for served in [false, true] {
            let site = Site::new();
            good().write(&site.path("repo"), &site.key, site.now);
            let server = served.then(|| Server::new(site.path("repo"), |_, _| Answer::File));
            if let Some(server) = &server {
                site.manifest(&server.url, "");
            }
            site.edit(pool, change);
            let fault = refused(&site, 4, &["one", "one_1.0_amd64.deb"]);
            verdict.add(&format!("{name} (served: {served})"), fault);
        }
    };
    case("a flipped bit", &|bytes| bytes[300] ^= 1);
    case("half of it", &|bytes| bytes.truncate(bytes.len() / 2));
    case("a byte more", &|bytes| bytes.push(0));
    case("nothing", &|bytes| bytes.clear());
    case("another package", &|bytes| *bytes = two().build());
    case("a web page", &|bytes| {
        *bytes = b"<html>Log in</html>".to_vec();
    });
}

#[test]
fn a_package_that_is_gone_is_code_5_and_names_it() {
    let mut verdict = Verdict::default();
    for served in [false, true] {
        let site = Site::new();
        good().write(&site.path("repo"), &site.key, site.now);
        let server = served.then(|| Server::new(site.path("repo"), |_, _| Answer::File));
        if let Some(server) = &server {
            site.manifest(&server.url, "");
        }
        fs_err::remove_file(site.path("repo/pool/one_1.0_amd64.deb")).unwrap();
        let words = ["one", "one_1.0_amd64.deb", "rootlock lock"];
        verdict.add(&format!("served: {served}"), refused(&site, 5, &words));
    }
}

/// A package of these data entries.
fn entries(entries: &[TarEntry]) -> Vec<u8> {
    let deb = entries
        .iter()
        .fold(one(), |deb, entry| deb.entry(entry.clone()));
    deb.build()
}

#[test]
fn entries_that_leave_the_root_are_code_4() {
    let mut verdict = Verdict::default();
    let mut case = |name: &str, given: &[TarEntry]| {
        verdict.add(name, refused(&listed(entries(given)), 4, &["one"]));
    };
    let file = |path: &str| TarEntry::file(path, b"x");
    case("dots", &[file("./usr/../../etc/passwd")]);
    case("dots first", &[file("../etc/passwd")]);
    case("dots last", &[TarEntry::new(b'5', "./usr/..")]);
    case(
        "a NUL in a name",
        &[file("./usr/x").pax("path", b"usr/a\0b")],
    );
    case("an empty name", &[file("")]);
    case("a whiteout", &[file("./usr/.wh.bin")]);
    case("an opaque whiteout", &[file("./usr/.wh..wh..opq")]);
    case("a directory of whiteouts", &[file("./.wh.usr/bin")]);
    case(
        "a hard link outside",
        &[TarEntry::link(b'1', "./usr/x", "../../etc/shadow")],
    );
    case(
        "a hard link to nothing",
        &[TarEntry::link(b'1', "./usr/x", "./etc/shadow")],
    );
    case(
        "a hard link to itself",
        &[TarEntry::link(b'1', "./usr/x", "./usr/x")],
    );
    case(
        "a hard link to a directory",
        &[TarEntry::link(b'1', "./x", "./usr")],
    );
    case("an unknown type", &[TarEntry::new(b'Z', "./x")]);
    case("a file through a file", &[file("./usr/bin/one/x")]);
    let long = "x/".repeat(3000) + "x";
    case("a path without end", &[file(&long)]);
    case("a name of 256 bytes", &[file(&"n".repeat(256))]);
}

/// What a link leads out of the root stays in it, or is refused: it is never written through.
#[test]
fn links_are_never_followed_outside() {
    let site = listed(entries(&[
        TarEntry::link(b'2', "./out", "/tmp/rootlock-test-outside"),
        TarEntry::link(b'2', "./up", "../../../../.."),
        TarEntry::file("./up/climbed", b"x"),
    ]));
    let ran = site.run(&["build", "--format", "dir", "--no-owner", "-o", "out"]);
    assert!(matches!(ran.code, Some(0 | 3 | 4)), "{ran:?}");
    assert!(!site.path("climbed").exists());
    if ran.code == Some(0) {
        // As within a root: `..` of `/` is `/`.
        assert!(site.path("p/out/climbed").is_file());
    }
}

#[test]
fn devices_and_links_with_any_target_are_kept_as_they_are() {
    let deb = one()
        .device(b'3', "dev/null", 1, 3)
        .device(b'4', "dev/sda", 8, 0)
        .fifo("run/pipe")
        .symlink("etc/up", "../../../../etc/shadow");
    let site = listed(deb.build());
    site.run(&["build", "--format", "tar", "-o", "out.tar"])
        .done();
    let mut archive = tar::Archive::new(fs_err::File::open(site.path("p/out.tar")).unwrap());
    let names: Vec<String> = archive
        .entries()
        .unwrap()
        .map(|entry| entry.unwrap().path().unwrap().display().to_string())
        .collect();
    for name in ["dev/null", "dev/sda", "run/pipe", "etc/up"] {
        assert!(names.iter().any(|found| found == name), "{names:?}");
    }
}

#[test]
fn archives_that_are_none_are_code_4() {
    let mut verdict = Verdict::default();
    let mut case = |name: &str, bytes: Vec<u8>| {
        verdict.add(name, refused(&listed(bytes), 4, &["one"]));
    };
    let good = one().build();
    let control = one().packing(Packing::Xz).control_archive();
    let control = Packing::Xz.pack(&control);
    let data = one().data();
    let archive = |name: &str, data: &[u8]| {
        ar(&[
            ("debian-binary", b"2.0\n"),
            ("control.tar.xz", &control),
            (name, data),
        ])
    };
    case("nothing", Vec::new());
    case("a magic alone", b"!<arch>\n".to_vec());
    case(
        "noise",
        (0..9000u32).map(|n| ((n * n) >> 3) as u8).collect(),
    );
    case("cut short", good[..good.len() - 200].to_vec());
    case("noise behind it", [&good[..], &[b'x'; 100]].concat());
    case(
        "no data",
        ar(&[("debian-binary", b"2.0\n"), ("control.tar.xz", &control)]),
    );
    case(
        "no control",
        ar(&[("debian-binary", b"2.0\n"), ("data.tar", &data)]),
    );
    case(
        "data first",
        ar(&[("data.tar", &data), ("control.tar.xz", &control)]),
    );
    case("format 3", {
        ar(&[
            ("debian-binary", b"3.0\n"),
            ("control.tar.xz", &control),
            ("data.tar", &data),
        ])
    });
    case("an unknown compression", archive("data.tar.lz4", &data));
    case("xz that is none", archive("data.tar.xz", &data));
    case("a tar that is none", archive("data.tar", &[7; 5120]));
    case(
        "a tar cut short",
        archive("data.tar", &data[..data.len() - 60_000]),
    );
    case(
        "a tar in the middle of a header",
        archive("data.tar", &data[..700]),
    );
    let mut lie = Tar::default();
    let mut entry = TarEntry::file("./x", b"x");
    entry.size = Some(1 << 40);
    lie.add(&entry);
    case("a file of a terabyte", archive("data.tar", &lie.end()));
    case("another package inside", two().build());
    case(
        "another version inside",
        one().field("Version", "1.1").build(),
    );
    case("another architecture inside", one().arch("arm64").build());
    case("no control file", {
        let mut empty = Tar::default();
        empty.add(&TarEntry::new(b'5', "./"));
        let empty = Packing::Gzip.pack(&empty.end());
        ar(&[
            ("debian-binary", b"2.0\n"),
            ("control.tar.gz", &empty),
            ("data.tar", &data),
        ])
    });
}

/// A megabyte of xz that is gigabytes of tar.
#[test]
fn a_bomb_is_defused_by_its_size() {
    use std::io::Write as _;
    let check = xz2::stream::Check::None;
    let stream = xz2::stream::Stream::new_easy_encoder(0, check).unwrap();
    let mut out = xz2::write::XzEncoder::new_stream(Vec::new(), stream);
    // Nothing but zero blocks is the end of an archive, over and over.
    let block = vec![0; 1 << 20];
    for _ in 0..300 {
        out.write_all(&block).unwrap();
    }
    let bomb = out.finish().unwrap();
    let control = Packing::Gzip.pack(&one().control_archive());
    let deb = ar(&[
        ("debian-binary", b"2.0\n"),
        ("control.tar.gz", &control),
        ("data.tar.xz", &bomb),
    ]);
    let site = listed(deb);
    let ran = site.run(&["build", "-o", "out"]);
    assert!(matches!(ran.code, Some(0 | 4)), "{ran:?}");
}

#[test]
fn packages_that_claim_the_same_path_are_code_3() {
    let mut verdict = Verdict::default();
    let site = Site::new();
    let other = two().file("usr/bin/one", b"other", 0o755);
    with([one(), other]).write(&site.path("repo"), &site.key, site.now);
    verdict.add(
        "two files",
        refused(&site, 3, &["one", "two", "usr/bin/one"]),
    );
    let site = Site::new();
    let other = two().file("usr/bin/one/x", b"other", 0o755);
    with([one(), other]).write(&site.path("repo"), &site.key, site.now);
    verdict.add(
        "a file as a directory",
        refused(&site, 3, &["one", "two", "usr/bin/one"]),
    );
}

#[test]
fn every_packing_of_a_package_is_read() {
    for packing in Packing::ALL {
        let site = listed(one().packing(packing).build());
        site.build("out");
    }
}

/// What stands in the control file is text by a stranger too.
#[test]
fn strange_control_files_do_not_reach_the_database() {
    let mut verdict = Verdict::default();
    let mut case = |name: &str, deb: Deb, codes: &[i32]| {
        let site = Site::new();
        let repo: Repo = with([two()]).deb("one_1.0_amd64.deb", deb.build(), &one().control());
        repo.write(&site.path("repo"), &site.key, site.now);
        let ran = site.run(&["build", "-o", "out"]);
        let fits = ran.code.is_some_and(|code| codes.contains(&code));
        verdict.add(name, (!fits).then(|| format!("{ran:?}")));
    };
    case(
        "a second stanza",
        one().field("Description", "x\n\nPackage: evil\nVersion: 1"),
        &[4],
    );
    case("a field twice", one().field("Tag", "x\nPackage: one"), &[4]);
    case(
        "a control file of 40 MB",
        one().script("templates", &"x".repeat(40 << 20)),
        &[0, 4],
    );
    case(
        "a control member with a slash",
        one().script("../evil", "x"),
        &[0, 4],
    );
    case(
        "a control member with a space",
        one().script("a b", "x"),
        &[0, 4],
    );
    case(
        "Latin-1 in it",
        one().field("Maintainer", "caf\u{e9}"),
        &[0],
    );
}
