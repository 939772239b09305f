//! What archives do that mean harm.

use super::tests::{read, story};
use crate::distro::deb::testing::{Deb, Packing, Tar, TarEntry, ar};
use crate::model::Class;

/// A package whose data archive is `data`, uncompressed.
pub(super) fn with_data(data: &[u8]) -> Vec<u8> {
    let control = Deb::new("demo", "1.0").control_archive();
    ar(&[
        ("debian-binary", b"2.0\n"),
        ("control.tar", &control),
        ("data.tar", data),
    ])
}

/// A package whose data archive is made by `make`.
pub(super) fn with_tar(make: impl FnOnce(&mut Tar)) -> Vec<u8> {
    let mut tar = Tar::default();
    make(&mut tar);
    with_data(&tar.end())
}

fn with_entries(entries: &[TarEntry]) -> Vec<u8> {
    with_tar(|tar| {
        for entry in entries {
            tar.add(entry);
        }
    })
}

/// The archive is refused, as untrusted, and the story says why.
#[track_caller]
pub(super) fn refused(archive: &[u8], why: &str) {
    let fault = read(archive).expect_err(why);
    let story = story(&fault);
    assert_eq!(fault.class(), Class::Untrusted, "{story}");
    assert!(
        story.starts_with("the package demo 1.0 is malformed: "),
        "{story}"
    );
    assert!(story.contains(why), "{why:?} is not in {story:?}");
}

#[test]
fn paths_that_leave_the_root_or_lie() {
    let file = |path: &str| TarEntry::file(path, b"x");
    for (path, why) in [
        ("../etc/passwd", "leaves the root"),
        ("./usr/../../x", "leaves the root"),
        ("./a/.wh.b", "`.wh.`"),
        ("./.wh..wh..opq", "`.wh.`"),
        (&format!("./{}", "n".repeat(256)), "over 255 bytes"),
        (
            &format!("./{}", "n/".repeat(2040) + &"n".repeat(200)),
            "bytes in a long name",
        ),
    ] {
        refused(&with_entries(&[file(path)]), why);
        refused(&with_entries(&[TarEntry::link(b'2', path, "x")]), why);
    }
    let absolute = with_entries(&[file("/etc//./x")]);
    let (_, kept) = read(&absolute).unwrap();
    assert_eq!(
        kept.entries[0].0.path,
        "etc/x".parse().ok(),
        "below the root all the same"
    );
    refused(
        &with_entries(&[TarEntry::link(b'2', "./", "/")]),
        "in the place of the root",
    );
    refused(&with_entries(&[file("")]), "in the place of the root");
    // A pax path is a path like any other.
    refused(
        &with_entries(&[file("./x").pax("path", b"../x")]),
        "leaves the root",
    );
}

#[test]
fn archives_that_contradict_themselves() {
    let (file, dir) = (TarEntry::file("./a", b"x"), TarEntry::new(b'5', "./a/"));
    let link = TarEntry::link(b'2', "./a", "b");
    let below = TarEntry::file("./a/b", b"y");
    for (entries, why) in [
        (vec![file.clone(), file.clone()], "is in the archive twice"),
        (vec![file.clone(), link.clone()], "is in the archive twice"),
        (vec![link.clone(), dir.clone()], "is in the archive twice"),
        (vec![file.clone(), dir.clone()], "is in the archive twice"),
        (
            vec![dir.clone(), file.clone()],
            "takes the place of a directory",
        ),
        (
            vec![dir.clone(), link.clone()],
            "takes the place of a directory",
        ),
        (
            vec![below.clone(), file.clone()],
            "takes the place of a directory",
        ),
        (
            vec![below.clone(), link.clone()],
            "takes the place of a directory",
        ),
        (
            vec![file.clone(), below.clone()],
            "lies beneath what is no directory",
        ),
        (
            vec![TarEntry::new(b'6', "./a"), below.clone()],
            "lies beneath what is no directory",
        ),
    ] {
        refused(&with_entries(&entries), why);
    }
    // dpkg's own archives do these.
    assert!(read(&with_entries(&[dir.clone(), dir, below.clone()])).is_ok());
    assert!(read(&with_entries(&[link, below])).is_ok());
}

#[test]
fn hard_links_to_what_is_no_file_of_the_package() {
    let link = |target| TarEntry::link(b'1', "./l", target);
    let cases = [
        (vec![link("/etc/shadow")], "not before it"),
        (vec![link("./l")], "not before it"),
        (
            vec![link("./late"), TarEntry::file("./late", b"")],
            "not before it",
        ),
        (vec![link("../../etc/shadow")], "leaves the root"),
        (vec![link("./")], "hard link to the root"),
        (vec![link("")], "link to nothing"),
        (
            vec![TarEntry::new(b'5', "./d/"), link("./d")],
            "no regular file",
        ),
        (
            vec![TarEntry::new(b'3', "./c"), link("./c")],
            "no regular file",
        ),
    ];
    for (entries, why) in cases {
        refused(&with_entries(&entries), why);
    }
    let mut with_content = link("./f");
    with_content.content = b"other".into();
    let entries = [TarEntry::file("./f", b"x"), with_content];
    refused(
        &with_entries(&entries),
        "has content but is no regular file",
    );
}

#[test]
fn types_and_fields_without_a_clear_meaning() {
    for kind in [b'7', b'S', b'V', b'M', b'D', b'N', b'X', b'z', b'A', 0xff] {
        refused(
            &with_entries(&[TarEntry::new(kind, "./x")]),
            "its entry `./x` is",
        );
    }
    let broken = |at: usize, bytes: &[u8]| {
        with_tar(|tar| {
            tar.raw(&TarEntry::new(b'5', "./x"));
            let mut header: [u8; 512] = tar.0[..512].try_into().unwrap();
            header[at..at + bytes.len()].copy_from_slice(bytes);
            tar.0.clear();
            tar.header(header);
        })
    };
    refused(&broken(100, b"00009"), "no clear mode");
    refused(&broken(108, b"-1"), "no clear owner");
    refused(
        &broken(116, &[0x80, 0, 0, 0, 255, 255, 255, 255]),
        "no clear owner",
    );
    refused(&broken(136, b"0x"), "no clear time");
    refused(
        &broken(
            136,
            &[0x80, 0, 0, 0, 0x7f, 255, 255, 255, 255, 255, 255, 255],
        ),
        "no clear time",
    );
    refused(&broken(124, b"+0000000001"), "no clear size");
    refused(&broken(124, &[0xff; 12]), "tar archive");
    refused(
        &broken(
            124,
            &[0x80, 0, 0, 0, 0x7f, 255, 255, 255, 255, 255, 255, 255],
        ),
        "has content but is no regular file",
    );
    refused(
        &broken(124, b"00000001000"),
        "has content but is no regular file",
    );
    // A header whose checksum does not hold.
    refused(
        &with_tar(|tar| {
            tar.raw(&TarEntry::new(b'5', "./x"));
            tar.0[0] ^= 1;
        }),
        "cannot be read",
    );
}

#[test]
fn extension_headers_that_move_what_follows() {
    let hidden = {
        let mut tar = Tar::default();
        tar.raw(&TarEntry::file("./hidden", b"x"));
        tar.0
    };
    // CVE-2025-62518 and RUSTSEC-2026-0068: two sizes, so two places for the next header.
    let mut entry = TarEntry::file("./x", b"").pax("size", b"1024");
    refused(
        &with_tar(|tar| {
            tar.add(&entry);
            tar.0.extend_from_slice(&hidden);
        }),
        "two sizes",
    );
    entry.content = hidden.clone();
    entry.pax = vec![("size".into(), b"0".to_vec())];
    refused(&with_entries(&[entry]), "two sizes");

    // A pax header stands for the entry after it, whatever is between: here GNU's long name.
    let long = format!("./{}f", "d/".repeat(60));
    let (_, kept) = read(&with_tar(|tar| {
        tar.extension(b'x', b"13 uid=70000\n");
        tar.add(&TarEntry::file(&long, b"x"));
    }))
    .unwrap();
    assert_eq!(kept.entries[0].0.meta.uid, 70_000);
    assert_eq!(kept.entries[0].0.path, long.parse().ok());

    let twice = |kind: u8, content: &[u8]| {
        with_tar(|tar| {
            tar.extension(kind, content).extension(kind, content);
            tar.raw(&TarEntry::file("./x", b""));
        })
    };
    refused(&twice(b'L', b"./y\0"), "two long names");
    refused(&twice(b'K', b"./y\0"), "two long names");
    refused(&twice(b'x', b"9 uid=12\n"), "two pax headers");
    let alone = |kind: u8, content: &[u8]| {
        with_tar(|tar| {
            tar.extension(kind, content);
        })
    };
    refused(&alone(b'L', b"./y\0"), "an entry that is not there");
    refused(&alone(b'L', b"./y\0z\0"), "NUL");
    refused(&alone(b'L', b""), "NUL");
    refused(
        &alone(b'L', &[b'a'; 5000]),
        "more than 4096 bytes in a long name",
    );
    refused(
        &alone(b'x', &vec![b'a'; 2 << 20]),
        "more than 1048576 bytes in a pax header",
    );
    refused(&alone(b'x', b"9 path=\xff"), "malformed pax");
    refused(&alone(b'g', b"9 path=a\n"), "global pax header");
    refused(&alone(b'x', b"22 GNU.sparse.major=1\n"), "sparse");
    assert!(read(&alone(b'g', b"13 comment=x\n")).is_ok());
    let both = TarEntry::file(&long, b"").pax("path", b"./other");
    refused(&with_entries(&[both]), "two long names");
    let long = format!("user.{}", "a".repeat(300));
    let entry = TarEntry::file("./x", b"");
    let attribute = |name: &str, value: &[u8]| {
        with_entries(&[entry.clone().pax(&format!("SCHILY.xattr.{name}"), value)])
    };
    refused(&attribute(&long, b""), "bytes in an attribute's name");
    refused(
        &attribute("user.a", &vec![0; 70_000]),
        "bytes in an attribute's value",
    );
    refused(&attribute("", b"x"), "malformed extended attribute");
}

#[test]
fn what_follows_the_end_of_an_archive() {
    let deb = Deb::new("demo", "1.0").file("f", b"content", 0o644);
    let mut data = deb.data();
    data.extend_from_slice(&[0; 10_240]);
    assert!(read(&with_data(&data)).is_ok(), "padding");
    let mut tar = Tar::default();
    tar.raw(&TarEntry::file("./hidden", b""));
    data.extend_from_slice(&tar.0);
    refused(&with_data(&data), "goes on after its end");

    let control = deb.control_archive();
    for packing in [Packing::Xz, Packing::Zstd, Packing::Gzip, Packing::Bzip2] {
        for garbage in [&b"x"[..], &[0; 512], b"garbage"] {
            let packed = [&packing.pack(&deb.data()), garbage].concat();
            let name = format!("data.tar{}", packing.suffix());
            let archive = ar(&[
                ("debian-binary", b"2.0\n"),
                ("control.tar", &control),
                (&name, &packed),
            ]);
            assert!(
                read(&archive).is_err(),
                "{packing:?} and {}",
                garbage.escape_ascii()
            );
        }
    }
    let mut archive = deb.build();
    archive.extend_from_slice(b"x");
    refused(&archive, "no valid header after `data.tar.xz`");
}

#[test]
fn members_out_of_order() {
    let deb = Deb::new("demo", "1.0");
    let (control, data) = (deb.control_archive(), deb.data());
    let format = ("debian-binary", &b"2.0\n"[..]);
    let control = ("control.tar", &*control);
    let data = ("data.tar", &*data);
    for (members, why) in [
        (vec![], "does not begin with the member `debian-binary`"),
        (
            vec![control, format, data],
            "does not begin with the member `debian-binary`",
        ),
        (
            vec![("debian-binary", b"3.0\n"), control, data],
            "of the format `3.0`",
        ),
        (
            vec![("debian-binary", b"2.\n"), control, data],
            "of the format `2.`",
        ),
        (
            vec![format, data, control],
            "has the member `data.tar` where `control.tar` is needed",
        ),
        (vec![format, control], "has no member `data.tar`"),
        (
            vec![format, control, ("odd", b""), data],
            "has the member `odd`",
        ),
        (
            vec![format, control, control, data],
            "has the member `control.tar`",
        ),
        (vec![format, control, data, data], "has a second `data.tar`"),
        (
            vec![format, ("control.tar.rar", b""), data],
            "whose compression is unknown",
        ),
        (
            vec![format, ("control.tar.xz", b""), data],
            "no valid header",
        ),
        (
            vec![format, ("control.tar.zst", b""), data],
            "no valid header",
        ),
        (
            vec![format, ("control.tar", b""), data],
            "has no control file",
        ),
    ] {
        refused(&ar(&members), why);
    }
    refused(b"!<arch>\nx", "no valid header after `!<arch>`");
    refused(b"<html>not found</html>", "it is no ar archive");
    refused(b"", "it is no ar archive");
}
