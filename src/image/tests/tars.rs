//! Every dialect of tar.

use crate::image::testing::{
    blocks, directory, file, filesystem, found, found_both_ways, item, link, pax, signed, tar, told,
};
use crate::image::{Form, Whiteout};
use crate::tree::testing as trees;
use crate::tree::{Kind, Meta, Node};

/// The only node of a tar.
fn only(items: &[crate::image::testing::Item]) -> (String, Node) {
    let tree = filesystem(items).unwrap();
    let mut nodes = tree
        .nodes
        .into_iter()
        .filter(|(_, node)| !node.is_directory());
    let (path, node) = nodes.next().unwrap();
    assert_eq!(nodes.next(), None);
    (path.to_string(), node)
}

#[test]
fn names_come_in_many_forms() {
    let long = "d/".repeat(150) + "file";
    let ustar = item("name", b'0', b"x").with(345, b"some/prefix");
    let gnu = [
        item("././@LongLink", b'L', format!("{long}\0").as_bytes()),
        file("cut", "x"),
    ];
    let both = [
        item("././@LongLink", b'L', format!("{long}\0").as_bytes()),
        pax(b'x', &[("path", long.as_bytes())]),
        file("cut", "x"),
    ];
    for (items, path) in [
        (&[ustar][..], "/some/prefix/name"),
        (&[file("./usr//bin/./x", "x")], "/usr/bin/x"),
        (&[file("/etc/x", "x")], "/etc/x"),
        (&[file("a/../b", "x")], "/b"),
        (&gnu, &format!("/{long}")),
        (&both, &format!("/{long}")),
        (
            &[pax(b'x', &[("path", b"p/\xff")]), file("cut", "x")],
            "/p/\\xff",
        ),
        (
            &[
                pax(b'x', &[("path", b"p"), ("path", b"")]),
                file("own", "x"),
            ],
            "/own",
        ),
        (&[item("label", b'V', b""), file("a", "x")], "/a"),
        (&[pax(b'g', &[("comment", b"abc")]), file("a", "x")], "/a"),
    ] {
        let (found, node) = only(items);
        assert_eq!(found, path);
        assert_eq!(node, trees::file("x"), "{path}");
    }
}

#[test]
fn an_old_header_has_neither_magic_nor_types() {
    let old = |item: crate::image::testing::Item| item.with(257, &[0; 8]);
    let items = [
        old(item("d/", 0, b"")
            .with(100, b"   755 \0")
            .with(136, b"07033241600 ")),
        old(item("d/f", 0, b"x")
            .with(100, b"100644 \0")
            .with(345, b"old bytes")),
        old(link("d/h", b'1', "d/f")),
        old(link("d/s", b'2', "f")),
    ];
    let expected = trees::tree([
        ("d", trees::directory(0o755)),
        ("d/f", trees::file("x")),
        ("d/h", trees::hardlink("d/f")),
        ("d/s", trees::symlink("f")),
    ]);
    assert_eq!(filesystem(&items).unwrap(), expected);
}

#[test]
fn numbers_come_in_many_forms() {
    let binary = item("a", b'0', b"x")
        .with(108, &[0x80, 0, 0, 0, 0, 0x3f, 0xff, 0xff])
        .with(116, b"\x00 12 \x00\x00\x00")
        .with(136, &[0xff; 12]);
    let records: [(&str, &[u8]); 4] = [
        ("uid", b"4194303"),
        ("gid", b"10"),
        ("mtime", b"-0.25"),
        ("atime", b"nonsense"),
    ];
    for items in [&[binary][..], &[pax(b'x', &records), file("a", "x")]] {
        let (_, node) = only(items);
        let expected = Meta {
            mode: 0o644,
            uid: 4_194_303,
            gid: 10,
            mtime: -1,
            ..Meta::default()
        };
        assert_eq!(node.meta, expected);
    }
}

#[test]
fn a_size_in_pax_moves_the_next_header() {
    let content = vec![b'x'; 1000];
    let items = [
        pax(b'x', &[("size", b"1000")]),
        item("a", b'0', b"").holding(&content),
        file("b", "after"),
    ];
    let tree = filesystem(&items).unwrap();
    let expected = trees::tree([
        ("a", trees::file(std::str::from_utf8(&content).unwrap())),
        ("b", trees::file("after")),
    ]);
    assert_eq!(tree, expected);
}

#[test]
fn every_type_is_read() {
    let device = |flag| {
        item("a", flag, b"")
            .with(329, b"0000010\0")
            .with(337, b"0000005\0")
    };
    let large = pax(
        b'x',
        &[("SCHILY.devmajor", b"9000000"), ("SCHILY.devminor", b"7")],
    );
    for (items, kind) in [
        (&[device(b'3')][..], Kind::CharDevice(8, 5)),
        (&[device(b'4')], Kind::BlockDevice(8, 5)),
        (&[large, device(b'3')], Kind::CharDevice(9_000_000, 7)),
        (&[item("a", b'3', b"")], Kind::CharDevice(0, 0)),
        (&[item("a", b'6', b"")], Kind::Fifo),
        (&[item("a", b'7', b"x")], trees::file("x").kind),
        (&[item("a", b'0', b"")], trees::file("").kind),
        (
            &[link("a", b'2', "/b/../c")],
            trees::symlink("/b/../c").kind,
        ),
    ] {
        assert_eq!(only(items).1.kind, kind);
    }
    let odd = link("a", b'2', "b").with(100, b"0120644\0");
    assert_eq!(only(&[odd]).1.meta.mode, 0o777);
}

#[test]
fn attributes_are_kept() {
    let records: [(&str, &[u8]); 3] = [
        ("SCHILY.xattr.security.capability", b"\x01\0\0\x02\0=\n"),
        ("LIBARCHIVE.xattr.user.b", b"aGk"),
        ("SCHILY.acl.access", b"user::rwx"),
    ];
    let (_, node) = only(&[pax(b'x', &records), file("a", "x")]);
    let expected = [
        (&b"security.capability"[..], &b"\x01\0\0\x02\0=\n"[..]),
        (b"user.b", b"hi"),
    ];
    let expected = expected.map(|(name, value)| (name.into(), value.into()));
    assert_eq!(node.meta.xattrs, expected.into());
}

#[test]
fn a_sum_of_signed_bytes_is_a_sum() {
    let mut bytes = signed(&file("na\u{ef}ve", ""));
    bytes.resize(bytes.len() + 1024, 0);
    let tree = &found(&bytes).unwrap().images[0].tree;
    assert_eq!(tree, &trees::tree([("na\u{ef}ve", trees::file(""))]));
}

#[test]
fn what_could_be_read_in_two_ways_is_refused() {
    let long = item("././@LongLink", b'L', b"one\0");
    for (items, why) in [
        (
            &[item("a", b'5', b"x")][..],
            "`a` in standard input has content but is no regular file",
        ),
        (
            &[item("a", b'2', b"x").with(157, b"b")],
            "has content but is no regular file",
        ),
        (
            &[item("a", b'S', b"")],
            "has a sparse file, `a`, which is not supported",
        ),
        (
            &[pax(b'x', &[("GNU.sparse.size", b"1")]), file("a", "")],
            "has a sparse file, `a`,",
        ),
        (&[item("a", b'D', b"x")], "is of an unknown type"),
        (&[link("a", b'2', "")], "is a link to nothing"),
        (&[item("", b'0', b"")], "has no name"),
        (
            &[long.clone(), long.clone(), file("a", "")],
            "has two long names for one entry",
        ),
        (
            &[long.clone(), pax(b'x', &[("path", b"two")]), file("a", "")],
            "has two long names",
        ),
        (&[long], "ends with a header for an entry that is not there"),
        (
            &[pax(b'g', &[("mtime", b"5")]), file("a", "")],
            "for all entries",
        ),
        (
            &[file("a", "").with(108, b"99999999")],
            "has no clear owner",
        ),
        (
            &[file("a", "").with(124, b"12345678z\0\0\0")],
            "has no clear size",
        ),
        (
            &[file("a", "").with(136, &[0x80, 0, 0, 0, 9, 9, 9, 9, 9, 9, 9, 9])],
            "no clear time",
        ),
        (
            &[file("../a", "")],
            "`../a` in standard input leaves the root",
        ),
        (&[file("a/../../b", "")], "leaves the root"),
        (
            &[file("a\\b/..", "")],
            "puts something else in the place of the root",
        ),
        (
            &[pax(b'x', &[("path", b"a\0b")]), file("a", "")],
            "has a malformed pax record",
        ),
        (
            &[file(&format!("{}/x", "n".repeat(90)), "").with(90, b"")],
            "",
        ),
    ] {
        let result = filesystem(items);
        if why.is_empty() {
            result.unwrap();
            continue;
        }
        let told = told(result);
        assert!(told.contains(why), "{told}");
    }
    let part = item("././@LongLink", b'L', "n".repeat(256).as_bytes());
    let told = told(filesystem(&[part, file("a", "")]));
    assert!(told.contains("has a part over 255 bytes"), "{told}");
}

#[test]
fn extension_headers_are_bounded() {
    for (flag, size, why) in [
        (b'x', 1 << 20, "has more than 1048576 bytes in a pax header"),
        (b'L', 64 << 10, "has more than 65536 bytes in a long name"),
    ] {
        let told = told(filesystem(&[item("x", flag, &vec![b'x'; size + 1])]));
        assert!(told.ends_with(why), "{told}");
    }
}

#[test]
fn a_filesystem_ends_with_two_zero_blocks() {
    let whole = blocks(&[file("a", "x")]);
    let ended = |zeros: usize, more: &[u8]| {
        let mut bytes = whole.clone();
        bytes.resize(bytes.len() + zeros, 0);
        bytes.extend(more);
        found(&bytes).map(|found| found.images[0].tree.clone())
    };
    let expected = trees::tree([("a", trees::file("x"))]);
    for zeros in [1024, 1025, 10_240, 1 << 20] {
        assert_eq!(ended(zeros, b"").unwrap(), expected, "{zeros}");
    }
    for (zeros, more, why) in [
        (0, &b""[..], "has no end marker: it may have been cut off"),
        (512, b"", "is cut off"),
        (511, b"", "is cut off"),
        (513, b"", "is cut off"),
        (512, &whole, "goes on after its end"),
        (1024, b"x", "goes on after its end"),
        (1 << 20, b"x", "goes on after its end"),
        (0, b"x", "is cut off"),
        (0, &[b'x'; 512], "has a tar header that is damaged"),
    ] {
        let told = told(ended(zeros, more));
        assert_eq!(
            told,
            format!("standard input {why}"),
            "{zeros} {}",
            more.len()
        );
    }
}

#[test]
fn a_filesystem_has_no_whiteouts() {
    let items = [directory("a/"), file("a/.wh.b", "")];
    assert_eq!(
        told(filesystem(&items)),
        "`a/.wh.b` in standard input is a whiteout, which only a layer of an image has"
    );
}

#[test]
fn a_filesystem_is_told_with_its_digests() {
    let bytes = tar(&[directory("./"), file("./a", "x")]);
    let found = found_both_ways(&bytes).unwrap();
    assert_eq!(found.form, Form::Tar);
    assert_eq!(found.index, None);
    let image = &found.images[0];
    assert_eq!((image.arch, image.manifest), (None, None));
    let [layer] = &image.layers[..] else {
        panic!("{image:?}");
    };
    assert_eq!(layer.diff_id, crate::model::Sha256::of(&bytes));
    assert_eq!(
        (layer.size, layer.compressed),
        (bytes.len() as u64, bytes.len() as u64)
    );
    assert_eq!(layer.tree, image.tree);
    assert_eq!(layer.whiteouts, Vec::<Whiteout>::new());
    assert_eq!(layer.oddities, [crate::image::Oddity::Root]);
}
