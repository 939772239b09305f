//! Paths that are there twice, have no parent, or are other names of something.

use crate::image::Oddity::{NoParent, Order, Repeated};
use crate::image::testing::{Item, directory, file, filesystem, found, item, link, pax, tar, told};
use crate::tree::testing::{self as trees, path};
use crate::tree::{Kind, Location, Node};

fn oddities(items: &[Item]) -> Vec<crate::image::Oddity> {
    found(&tar(items)).unwrap().images[0].layers[0]
        .oddities
        .clone()
}

#[test]
fn the_last_entry_of_a_path_counts() {
    let items = [
        directory("d").with(100, b"0000700\0"),
        file("d/f", "one"),
        file("d/f", "two"),
        directory("d"),
        file("x", ""),
        directory("x"),
        file("x/y", "below"),
        directory("z"),
        file("z/gone", ""),
        file("z-stays", ""),
        link("z", b'2', "d"),
    ];
    let expected = trees::tree([
        ("d", trees::directory(0o755)),
        ("d/f", trees::file("two")),
        ("x", trees::directory(0o755)),
        ("x/y", trees::file("below")),
        ("z", trees::symlink("d")),
        ("z-stays", trees::file("")),
    ]);
    assert_eq!(filesystem(&items).unwrap(), expected);
    let repeated = ["d/f", "d", "x", "z"].map(|at| Repeated(path(at)));
    let told = oddities(&items);
    let late = ["d", "z-stays", "z"].map(|at| Order(path(at)));
    assert_eq!(told, [late.as_slice(), &repeated].concat());
}

#[test]
fn missing_parents_are_made_and_told() {
    let items = [
        file("a/b/c", ""),
        file("a/b/d", ""),
        directory("a"),
        file("e/f", ""),
    ];
    let expected = trees::tree([
        ("a", trees::directory(0o755)),
        ("a/b", trees::directory(0o755)),
        ("a/b/c", trees::file("")),
        ("a/b/d", trees::file("")),
        ("e", trees::directory(0o755)),
        ("e/f", trees::file("")),
    ]);
    assert_eq!(filesystem(&items).unwrap(), expected);
    assert_eq!(
        oddities(&items),
        [
            Order(path("a")),
            NoParent(path("a/b/c")),
            NoParent(path("e/f"))
        ]
    );
}

#[test]
fn only_the_first_oddities_are_told() {
    let items: Vec<Item> = (0..50)
        .rev()
        .map(|number| file(&format!("{number:02}"), ""))
        .collect();
    assert_eq!(oddities(&items).len(), 8);
}

#[test]
fn a_path_through_a_link_of_the_archive_lies_behind_it() {
    let items = [
        directory("usr/lib"),
        link("lib", b'2', "usr/lib"),
        file("lib/x", ""),
        link("usr/up", b'2', "../../../usr/./new"),
        file("usr/up/y/z", ""),
        link("h", b'1', "lib/x"),
    ];
    let tree = filesystem(&items).unwrap();
    assert_eq!(
        tree.nodes[&path("usr/lib/x")].kind,
        Kind::Hardlink(path("h"))
    );
    assert!(tree.nodes.contains_key(&path("usr/new/y/z")));
    assert_eq!(tree.nodes[&path("lib")], trees::symlink("usr/lib"));
    // Only what is there before counts, as when it is unpacked.
    let late = [
        file("lib/x", "lost"),
        link("lib", b'2', "usr/lib"),
        directory("lib/x"),
    ];
    let tree = filesystem(&late).unwrap();
    assert_eq!(tree.nodes[&path("lib")], trees::symlink("usr/lib"));
    assert_eq!(tree.nodes[&path("usr/lib/x")], trees::directory(0o755));
}

#[test]
fn nothing_lies_beneath_what_is_no_directory() {
    for items in [
        &[file("a", ""), file("a/b", "")][..],
        &[item("a", b'6', b""), directory("a/b/c")],
        &[link("a", b'2', "b"), link("b", b'2', "a"), file("a/c", "")],
    ] {
        let told = told(filesystem(items));
        assert!(told.contains("lies beneath"), "{told}");
    }
}

#[test]
fn the_first_path_of_a_group_holds_the_content() {
    let items = [
        file("m", "shared").with(136, b"00000000007\0"),
        link("z", b'1', "./m"),
        link("a", b'1', "/z"),
        link("b", b'1', "m").with(124, b"00000000006\0"),
    ];
    let mut m = trees::hardlink("a");
    m.meta.mtime = 7;
    let expected = trees::tree([
        ("a", trees::file("shared")),
        ("b", trees::hardlink("a")),
        ("m", m),
        ("z", trees::hardlink("a")),
    ]);
    let tree = filesystem(&items).unwrap();
    assert_eq!(tree, expected);
    assert_eq!(oddities(&items), [Order(path("a")), Order(path("b"))]);
}

#[test]
fn a_replaced_holder_leaves_its_group() {
    let items = [
        file("a", "old"),
        link("b", b'1', "a"),
        link("c", b'1', "a"),
        file("a", "new"),
    ];
    let expected = trees::tree([
        ("a", trees::file("new")),
        ("b", trees::file("old")),
        ("c", trees::hardlink("b")),
    ]);
    assert_eq!(filesystem(&items).unwrap(), expected);
}

#[test]
fn a_link_has_its_target_s_attributes() {
    let capability = pax(b'x', &[("SCHILY.xattr.user.a", b"v")]);
    let items = [capability, file("b", "x"), link("a", b'1', "b")];
    let tree = filesystem(&items).unwrap();
    for at in ["a", "b"] {
        let xattrs = &tree.nodes[&path(at)].meta.xattrs;
        assert_eq!(xattrs[&b"user.a"[..]].as_ref(), b"v", "{at}");
    }
}

#[test]
fn another_name_of_a_link_or_device_is_that_once_more() {
    let device = item("d", b'3', b"")
        .with(329, b"0000001\0")
        .with(337, b"0000003\0");
    let items = [
        link("s", b'2', "to"),
        link("t", b'1', "s"),
        device,
        link("e", b'1', "d"),
    ];
    let tree = filesystem(&items).unwrap();
    assert_eq!(tree.nodes[&path("t")], trees::symlink("to"));
    assert_eq!(tree.nodes[&path("e")].kind, Kind::CharDevice(1, 3));
}

#[test]
fn a_hard_link_names_what_is_there() {
    for (items, why) in [
        (
            &[link("a", b'1', "b"), file("b", "")][..],
            "is a hard link to what is not before it",
        ),
        (
            &[directory("d"), link("a", b'1', "d")],
            "is a hard link to a directory",
        ),
        (
            &[file("a", ""), link("a", b'1', "a")],
            "is a hard link to itself",
        ),
        (&[link("a", b'1', "./")], "is a hard link to the root"),
        (
            &[link("a", b'1', "../x")],
            "is a link to a path that leaves the root",
        ),
    ] {
        let told = told(filesystem(items));
        assert!(
            told.starts_with(&format!("`a` in standard input {why}")),
            "{told}"
        );
    }
}

#[test]
fn contents_lie_where_the_tar_has_them() {
    let bytes = tar(&[file("a", "kept"), file("b", "left"), link("c", b'1', "b")]);
    let home = tempfile::tempdir().unwrap();
    let mut options = crate::image::testing::options(home.path());
    let keep = |at: &crate::tree::TreePath, size| *at == path("a") && size == 4;
    options.keep = &keep;
    let found = crate::image::read_stream(&mut &bytes[..], &options).unwrap();
    let at = |name: &str| match &found.images[0].tree.nodes[&path(name)] {
        Node {
            kind: Kind::File(blob),
            ..
        } => blob.at.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(at("a"), Location::Inline((*b"kept").into()));
    let offset = 3 * 512;
    assert_eq!(at("b"), Location::Pack { pack: 0, offset });
    assert_eq!(&bytes[offset as usize..][..4], b"left");
}

#[test]
fn what_is_kept_is_bounded() {
    // What is promised is enough, before anything of it comes.
    let size = format!("{:011o}\0", (128 << 20) + 1);
    let large = item("a", b'0', b"").with(124, size.as_bytes());
    let told_large = told(filesystem(&[large]));
    assert!(
        told_large.contains("`a` in standard input is over 128 MiB"),
        "{told_large}"
    );
    let largest = item("a", b'0', b"").with(124, b"01000000000\0");
    let told_largest = told(filesystem(&[largest]));
    assert!(told_largest.contains("is cut off"), "{told_largest}");
}

#[test]
fn further_digests_are_of_the_merged_files() {
    let bytes = tar(&[file("b", "x"), link("a", b'1', "b"), file("e", "")]);
    let home = tempfile::tempdir().unwrap();
    for (kind, of_x, of_nothing) in [
        (
            crate::image::SumKind::Md5,
            "9dd4e461268c8034f5c8564e155c67a6",
            "d41d8cd98f00b204e9800998ecf8427e",
        ),
        (
            crate::image::SumKind::Sha1,
            "11f6ad8ec52a2984abaafd7c3b516503785c2072",
            "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        ),
    ] {
        let mut options = crate::image::testing::options(home.path());
        options.sums = Some(kind);
        let found = crate::image::read_stream(&mut &bytes[..], &options).unwrap();
        let hex = |bytes: &Vec<u8>| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let sums = found.images[0]
            .sums
            .iter()
            .map(|(path, sum)| (path.to_string(), hex(sum)));
        let sums: Vec<(String, String)> = sums.collect();
        let expected = [("/a", of_x), ("/e", of_nothing)];
        assert_eq!(sums, expected.map(|(path, sum)| (path.into(), sum.into())));
    }
}
