//! Layers on one another: whiteouts, parents, links to lower layers.

use crate::image::testing::{
    Item, Parts, blocks, directory, file, item, layered, link, merged, pax, tar, told,
};
use crate::image::{Oddity, Whiteout};
use crate::tree::testing::{self as trees, path};
use crate::tree::{Kind, Location};

fn lower() -> Vec<Item> {
    vec![
        directory("d").with(100, b"0000700\0"),
        directory("d/e"),
        file("d/e/deep", "1"),
        file("d/f", "2"),
        file("d-x", "3"),
        file("g", "4"),
    ]
}

#[test]
fn a_whiteout_removes_a_path_with_all_below() {
    let tree = merged(&[
        &lower(),
        &[directory("d"), file("d/.wh.e", ""), file(".wh.g", "")],
    ]);
    let expected = trees::tree([
        ("d", trees::directory(0o755)),
        ("d/f", trees::file("2")),
        ("d-x", trees::file("3")),
    ]);
    assert_eq!(tree.unwrap(), expected);
    let found = layered(&[&lower(), &[file("d/.wh.e", ""), file("./.wh.g", "")]]).unwrap();
    let removed = ["d/e", "g"].map(|at| Whiteout::Path(path(at)));
    assert_eq!(found.images[0].layers[1].whiteouts, removed);
    // A whiteout needs no parent, and makes none.
    assert_eq!(found.images[0].layers[1].oddities, []);
    assert_eq!(found.images[0].tree.nodes[&path("d")].meta.mode, 0o700);
}

#[test]
fn whiteouts_are_for_lower_layers_only() {
    for upper in [
        &[file("g", "new"), file(".wh.g", "")],
        &[file(".wh.g", ""), file("g", "new")],
    ] {
        let tree = merged(&[&lower(), upper]).unwrap();
        assert_eq!(tree.nodes[&path("g")], trees::file("new"));
    }
    // What a whiteout removed comes back without what was below.
    let tree = merged(&[&lower(), &[file(".wh.d", ""), file("d/new", "")]]).unwrap();
    let expected = trees::tree([
        ("d", trees::directory(0o755)),
        ("d/new", trees::file("")),
        ("d-x", trees::file("3")),
        ("g", trees::file("4")),
    ]);
    assert_eq!(tree, expected);
}

#[test]
fn an_opaque_directory_hides_all_that_lower_layers_have_in_it() {
    for upper in [
        &[
            directory("d"),
            file("d/.wh..wh..opq", ""),
            file("d/new", ""),
        ],
        &[
            directory("d"),
            file("d/new", ""),
            file("d/.wh..wh..opq", ""),
        ],
    ] {
        let tree = merged(&[&lower(), upper]).unwrap();
        let expected = trees::tree([
            ("d", trees::directory(0o755)),
            ("d/new", trees::file("")),
            ("d-x", trees::file("3")),
            ("g", trees::file("4")),
        ]);
        assert_eq!(tree, expected);
    }
    let found = layered(&[&lower(), &[file(".wh..wh..opq", ""), file("new", "")]]).unwrap();
    assert_eq!(found.images[0].layers[1].whiteouts, [Whiteout::Below(None)]);
    assert_eq!(
        found.images[0].tree,
        trees::tree([("new", trees::file(""))])
    );
}

#[test]
fn an_overlay_s_own_whiteout_is_one() {
    let device = item("d/e", b'3', b"");
    let found = layered(&[&lower(), &[device]]).unwrap();
    assert_eq!(
        found.images[0].layers[1].whiteouts,
        [Whiteout::Path(path("d/e"))]
    );
    assert!(!found.images[0].tree.nodes.contains_key(&path("d/e/deep")));
}

#[test]
fn a_whiteout_of_nothing_removes_nothing() {
    let upper = [
        file("none/.wh.x", ""),
        file(".wh.absent", ""),
        file("absent/.wh..wh..opq", ""),
        // aufs's own.
        directory(".wh..wh.plnk"),
        file(".wh..wh.plnk/1.2", "content"),
        file(".wh..wh.aufs", ""),
    ];
    let tree = merged(&[&lower(), &upper]).unwrap();
    assert_eq!(tree, merged(&[&lower()]).unwrap());
}

#[test]
fn a_whiteout_names_something() {
    for (upper, why) in [
        (file("d/.wh.", ""), "removes what has no name"),
        (file("d/.wh..", ""), "removes what has no name"),
        (file("d/.wh...", ""), "removes what has no name"),
        (file(".wh.d/x", ""), "begins with `.wh.`"),
        (file("../.wh.d", ""), "leaves the root"),
    ] {
        let told = told(merged(&[&lower(), &[upper]]));
        assert!(told.contains("layer 2 (sha256:"), "{told}");
        assert!(told.contains(why), "{told}");
    }
}

#[test]
fn a_removed_holder_of_a_content_leaves_it_to_its_other_names() {
    let lower = [
        directory("a"),
        file("a/1", "x"),
        link("b", b'1', "a/1"),
        link("c", b'1', "a/1"),
    ];
    for upper in [file("a/.wh.1", ""), file(".wh.a", "")] {
        let tree = merged(&[&lower, &[upper]]).unwrap();
        assert_eq!(tree.nodes[&path("b")], trees::file("x"));
        assert_eq!(tree.nodes[&path("c")], trees::hardlink("b"));
    }
}

#[test]
fn a_parent_without_entry_is_the_lower_layer_s() {
    let found = layered(&[&lower(), &[file("d/e/new", "")]]).unwrap();
    let image = &found.images[0];
    assert_eq!(image.tree.nodes[&path("d")], trees::directory(0o700));
    assert_eq!(
        image.layers[1].tree.nodes[&path("d")],
        trees::directory(0o755)
    );
    assert_eq!(
        image.layers[1].oddities,
        [Oddity::NoParent(path("d/e/new"))]
    );
}

#[test]
fn a_parent_without_entry_hides_a_lower_layer_s_link() {
    let lower = [
        directory("usr"),
        directory("usr/lib").with(100, b"0000750\0"),
        link("lib", b'2', "usr/lib"),
        file("f", ""),
    ];
    let tree = merged(&[&lower, &[file("lib/x", ""), file("f/y", "")]]).unwrap();
    let expected = trees::tree([
        ("f", trees::directory(0o755)),
        ("f/y", trees::file("")),
        ("lib", trees::directory(0o750)),
        ("lib/x", trees::file("")),
        ("usr", trees::directory(0o755)),
        ("usr/lib", trees::directory(0o750)),
    ]);
    assert_eq!(tree, expected);
}

#[test]
fn a_hard_link_may_name_what_a_lower_layer_has() {
    let lower = [
        directory("usr"),
        pax(b'x', &[("SCHILY.xattr.user.a", b"v")]),
        file("usr/b", "x"),
        link("usr/a", b'1', "usr/b"),
        link("bin", b'2', "/usr"),
        link("s", b'2', "to"),
    ];
    let upper = [
        link("z", b'1', "bin/b"),
        link("new", b'1', "usr/a"),
        link("more", b'1', "z"),
        link("t", b'1', "s"),
        file("usr/.wh.b", ""),
    ];
    let found = layered(&[&lower, &upper]).unwrap();
    let own = &found.images[0].layers[1].tree;
    let kinds: Vec<_> = own
        .nodes
        .iter()
        .map(|(path, node)| (path.to_string(), &node.kind))
        .collect();
    let (content, first) = (trees::file("x").kind, Kind::Hardlink(path("more")));
    assert_eq!(
        kinds,
        [
            ("/more".to_string(), &content),
            ("/new".to_string(), &first),
            ("/t".to_string(), &trees::symlink("to").kind),
            ("/z".to_string(), &first),
        ]
    );
    let xattrs = &own.nodes[&path("z")].meta.xattrs;
    assert_eq!(xattrs[&b"user.a"[..]].as_ref(), b"v");
    let tree = &found.images[0].tree;
    assert_eq!(tree.nodes[&path("usr/a")].kind, content);
    assert!(!tree.nodes.contains_key(&path("usr/b")));

    for (target, why) in [
        (
            "usr/c",
            "is a hard link to what is neither before it nor in a lower layer",
        ),
        ("usr", "is a hard link to a directory"),
    ] {
        let told = told(merged(&[&lower, &[link("z", b'1', target)]]));
        assert!(told.contains(why), "{told}");
    }
    assert!(merged(&[&[link("z", b'1', "bin/b")], &lower]).is_err());
}

#[test]
fn a_layer_may_end_without_a_marker() {
    let items = [file("a", "x")];
    let whole = blocks(&items);
    let read = |tar: &[u8]| {
        let mut parts = Parts::layout();
        let manifest = parts.image("amd64", &[tar.to_vec()]);
        parts.index(&[manifest]);
        parts.read().map(|found| found.images[0].tree.clone())
    };
    for zeros in [0, 512, 513, 1024, 10_240] {
        let mut bytes = whole.clone();
        bytes.resize(bytes.len() + zeros, 0);
        assert_eq!(
            read(&bytes).unwrap(),
            trees::tree([("a", trees::file("x"))])
        );
    }
    assert_eq!(read(b"").unwrap().nodes.len(), 0);
    for (cut, why) in [(1, "is cut off"), (512, "its content is not all there")] {
        let told = told(read(&whole[..whole.len() - cut]));
        assert!(told.contains(why), "{told}");
    }
    let told = told(read(&[&whole[..], &[0; 1024], b"x"].concat()));
    assert!(told.ends_with("goes on after its end"), "{told}");
}

#[test]
fn contents_lie_in_the_pack_of_their_layer() {
    let mut parts = Parts::layout();
    let layers = [tar(&[file("a", "1")]), tar(&[file("b", "2")])];
    let manifest = parts.image("amd64", &layers);
    parts.index(&[manifest]);
    let found = parts.read_with(|mut options| {
        options.keep = &|_, _| false;
        options
    });
    let tree = &found.unwrap().images[0].tree;
    for (at, pack) in [("a", 0), ("b", 1)] {
        let Kind::File(blob) = &tree.nodes[&path(at)].kind else {
            panic!("{at} is no file");
        };
        assert_eq!(blob.at, Location::Pack { pack, offset: 512 });
    }
}
