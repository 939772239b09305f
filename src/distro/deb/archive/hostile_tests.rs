//! What archives do that mean harm, or that were cut off or bent on their way.

use proptest::prelude::*;

use super::tests::{read, story};
use crate::distro::deb::testing::{Deb, Packing, Tar, TarEntry, ar};
use crate::model::Class;

/// A package whose data archive is `data`, uncompressed.
fn with_data(data: &[u8]) -> Vec<u8> {
    let control = Deb::new("demo", "1.0").control_archive();
    ar(&[
        ("debian-binary", b"2.0\n"),
        ("control.tar", &control),
        ("data.tar", data),
    ])
}

/// A package whose data archive is made by `make`.
fn with_tar(make: impl FnOnce(&mut Tar)) -> Vec<u8> {
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
fn refused(archive: &[u8], why: &str) {
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
            vec![TarEntry::link(b'2', "./s", "x"), link("./s")],
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

#[test]
fn control_files_that_no_database_can_hold() {
    let with_control = |entry: TarEntry| {
        let mut tar = Tar::default();
        tar.add(&TarEntry::file(
            "./control",
            Deb::new("demo", "1.0").control().as_bytes(),
        ));
        tar.add(&entry);
        let data = Deb::new("demo", "1.0").data();
        ar(&[
            ("debian-binary", b"2.0\n"),
            ("control.tar", &tar.end()),
            ("data.tar", &data),
        ])
    };
    refused(
        &with_control(TarEntry::link(b'2', "./md5sums", "/etc/shadow")),
        "not a regular file",
    );
    refused(
        &with_control(TarEntry::new(b'5', "./dir/")),
        "not a regular file",
    );
    refused(
        &with_control(TarEntry::file("./a/b", b"")),
        "dpkg's database cannot hold",
    );
    refused(
        &with_control(TarEntry::file("./a\nb", b"")),
        "dpkg's database cannot hold",
    );
    refused(
        &with_control(TarEntry::file("../x", b"")),
        "leaves the root",
    );
    let (control, _) = read(&with_control(TarEntry::file("./list", b"/."))).unwrap();
    assert_eq!(control.len(), 1, "the list is dpkg's own");

    let big = vec![0; (super::MAX_CONTROL_FILE + 1) as usize];
    refused(
        &with_control(TarEntry::file("./templates", &big)),
        "is over 32 MiB",
    );
    let mut bomb = Tar::default();
    for index in 0..3 {
        bomb.add(&TarEntry::file(&format!("./f{index}"), &big[1..]));
    }
    let bomb = Packing::Xz.pack(&bomb.end());
    let archive = ar(&[("debian-binary", b"2.0\n"), ("control.tar.xz", &bomb)]);
    refused(&archive, "unpacks to more than 64 MiB");
    let mut many = Tar::default();
    for index in 0..2000 {
        many.add(&TarEntry::file(&format!("./f{index}"), b""));
    }
    let archive = ar(&[("debian-binary", b"2.0\n"), ("control.tar", &many.end())]);
    refused(&archive, "more than 1024 headers");
}

#[test]
fn a_decoder_has_a_bound() {
    let deb = Deb::new("demo", "1.0");
    let with_packed = |name: &str, data: &[u8]| {
        let control = deb.control_archive();
        ar(&[
            ("debian-binary", b"2.0\n"),
            ("control.tar", &control),
            (name, data),
        ])
    };
    // 1 GiB of dictionary by its header: the byte after the filter's id and length.
    let mut xz = Packing::Xz.pack(&deb.data());
    let at = xz.windows(2).position(|pair| pair == [0x21, 1]).unwrap();
    xz[at + 2] = 36;
    refused(&with_packed("data.tar.xz", &xz), "would need 1024 MiB");
    let mut lzma = Packing::Lzma.pack(&deb.data());
    lzma[1..5].copy_from_slice(&(1u32 << 30).to_le_bytes());
    refused(&with_packed("data.tar.lzma", &lzma), "would need 1024 MiB");
    let mut zstd = b"\x28\xb5\x2f\xfd\x00\xa0".to_vec();
    zstd.extend_from_slice(&[0; 100]);
    refused(&with_packed("data.tar.zst", &zstd), "would need 1024 MiB");
    // A later frame may not want more than the first.
    let small = zstd::stream::encode_all(&deb.data()[..512], 1).unwrap();
    let mut large = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    large.window_log(24).unwrap();
    std::io::Write::write_all(&mut large, &vec![0; 20 << 20]).unwrap();
    let frames = [small, large.finish().unwrap()].concat();
    refused(&with_packed("data.tar.zst", &frames), "cannot be read");
}

/// Every cut of a package, in each compression: CVE-2026-2219 was one that never ended.
#[test]
fn every_truncation_is_refused() {
    let deb = Deb::new("demo", "1.0").file("usr/bin/x", b"some content", 0o755);
    for packing in Packing::ALL {
        let archive = deb.clone().packing(packing).build();
        // The last byte may be padding, which some writers leave out.
        let whole = archive.len() - usize::from(archive.ends_with(b"\n"));
        for length in 0..whole {
            let fault = read(&archive[..length]).expect_err("cut off");
            assert_eq!(
                fault.class(),
                Class::Untrusted,
                "{packing:?} at {length}: {}",
                story(&fault)
            );
        }
    }
    // The same inside the outer archive, whose sizes then agree.
    let control = deb.control_archive();
    for packing in [Packing::Xz, Packing::Zstd, Packing::Gzip, Packing::Bzip2] {
        let packed = packing.pack(&deb.data());
        let name = format!("data.tar{}", packing.suffix());
        for length in 0..packed.len() {
            let data = &packed[..length];
            let archive = ar(&[
                ("debian-binary", b"2.0\n"),
                ("control.tar", &control),
                (&name, data),
            ]);
            assert!(
                read(&archive).is_err(),
                "{packing:?} at {length} of {}",
                packed.len()
            );
        }
    }
    // And inside the tar archive, but at the borders of entries, where nothing is missing, and in
    // the zeros behind its first empty block.
    let data = deb.data();
    for length in (0..data.len() - 512).filter(|length| length % 512 != 0) {
        assert!(read(&with_data(&data[..length])).is_err(), "{length}");
    }
}

proptest! {
    /// Whatever bytes change, the answer is a package or an error.
    #[test]
    fn flipped_bytes_never_panic(
        packing in prop::sample::select(&Packing::ALL[..]),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut archive = Deb::new("demo", "1.0")
            .file("usr/bin/x", b"some content", 0o755)
            .xattr("user.a", b"b")
            .hardlink("usr/bin/y", "usr/bin/x")
            .file(&"long/".repeat(40), b"", 0o644)
            .packing(packing)
            .build();
        for (index, byte) in flips {
            let at = index.index(archive.len());
            archive[at] = byte;
        }
        let _ = read(&archive);
    }

    /// Nor do headers of any content, with a checksum that holds.
    #[test]
    fn arbitrary_headers_never_panic(
        headers in prop::collection::vec(
            (prop::array::uniform32(any::<u8>()), 0usize..480, any::<prop::sample::Index>()),
            1..6,
        ),
    ) {
        let kinds = [b'0', b'1', b'2', b'3', b'5', b'L', b'K', b'x', b'g', 0];
        let archive = with_tar(|tar| {
            for (bytes, at, kind) in headers {
                let mut part = Tar::default();
                part.raw(&TarEntry::link(kinds[kind.index(kinds.len())], "./x", "y"));
                let mut header: [u8; 512] = part.0[..512].try_into().unwrap();
                header[at..at + 32].copy_from_slice(&bytes);
                tar.header(header);
            }
        });
        let _ = read(&archive);
    }
}
