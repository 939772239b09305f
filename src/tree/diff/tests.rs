//! What is told of two trees, and of thousands that are nearly alike.

use proptest::prelude::*;

use super::*;
use crate::tree::testing::{directory, file, hardlink, node, path, symlink, tree};
use crate::tree::{Tree, merkle_root};

/// `PATH FIELD EXPECTED FOUND`, or `PATH missing+BENEATH`.
fn told(expected: &Tree, found: &Tree) -> Vec<String> {
    let mut out = Vec::new();
    for Difference {
        path,
        change,
        below,
    } in diff(expected, found)
    {
        match change {
            Change::Missing(_) => out.push(format!("{path} missing+{below}")),
            Change::Extra(_) => out.push(format!("{path} extra+{below}")),
            Change::Fields(fields) => out.extend(fields.iter().map(|field| {
                let [expected, found] =
                    [field.expected(), field.found()].map(|text| text.unwrap_or("-".into()));
                let below = if below == 0 {
                    String::new()
                } else {
                    format!("+{below}")
                };
                format!("{path} {}{below} {expected} {found}", field.name())
            })),
        }
    }
    out
}

fn with(tree: &Tree, at: &str, change: impl FnOnce(&mut Node)) -> Tree {
    let mut tree = tree.clone();
    change(tree.nodes.get_mut(&path(at)).unwrap());
    tree
}

fn without(tree: &Tree, gone: &[&str]) -> Tree {
    let mut tree = tree.clone();
    for gone in gone {
        tree.nodes.remove(&path(gone)).unwrap();
    }
    tree
}

fn sample() -> Tree {
    tree([
        ("a", file("x")),
        ("b", hardlink("a")),
        ("c", symlink("a")),
        ("d", directory(0o755)),
        ("d/e", node(0o600, 5, Kind::CharDevice(1, 3))),
        ("f", node(0o600, 5, Kind::Fifo)),
        ("g", file("x")),
    ])
}

#[test]
fn one_field_is_one_difference() {
    let base = sample();
    type Case = (&'static str, fn(&mut Node), &'static str);
    let cases: [Case; 9] = [
        ("a", |a| a.meta.mode = 0o4644, "mode 0644 4644"),
        ("b", |b| b.meta.uid = 7, "owner 0:0 7:0"),
        ("d", |d| d.meta.gid = 7, "owner 0:0 0:7"),
        (
            "f",
            |f| f.meta.mtime += 1,
            "mtime 1970-01-01T00:00:05Z 1970-01-01T00:00:06Z",
        ),
        ("c", |c| c.kind = symlink("b\n").kind, "link a b\\n"),
        ("d/e", |e| e.kind = Kind::CharDevice(1, 5), "device 1:3 1:5"),
        (
            "d/e",
            |e| e.kind = Kind::BlockDevice(1, 3),
            "type character device 1:3 block device 1:3",
        ),
        ("b", |b| b.kind = file("x").kind, "hardlink /a -"),
        ("g", |g| g.kind = hardlink("a").kind, "hardlink - /a"),
    ];
    for (at, change, expected) in cases {
        assert_eq!(
            told(&base, &with(&base, at, change)),
            [format!("/{at} {expected}")]
        );
    }
    assert_eq!(diff(&base, &base.clone()), []);
}

#[test]
fn content_shows_digest_and_size() {
    let base = sample();
    let found = with(&base, "g", |g| g.kind = file("yy").kind);
    let expected = format!(
        "/g content {} (1 bytes) {} (2 bytes)",
        crate::model::Sha256::of(b"x"),
        crate::model::Sha256::of(b"yy")
    );
    assert_eq!(told(&base, &found), [expected]);
}

#[test]
fn another_type_hides_the_other_fields() {
    let base = sample();
    let found = with(&base, "f", |f| *f = symlink("a"));
    assert_eq!(told(&base, &found), ["/f type pipe symbolic link to a"]);
}

#[test]
fn a_symbolic_link_has_no_mode() {
    let base = sample();
    assert_eq!(diff(&base, &with(&base, "c", |c| c.meta.mode = 0o755)), []);
}

#[test]
fn each_attribute_is_a_field() {
    let attributes = |node: &mut Node, list: &[(&[u8], &[u8])]| {
        let list = list
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()));
        node.meta.xattrs = list.collect();
    };
    let base = with(&sample(), "a", |a| {
        attributes(a, &[(b"user.a", b"1"), (b"user.b", b"2")]);
    });
    let found = with(&base, "a", |a| {
        attributes(a, &[(b"user.b", b"\xff"), (b"user.c", b"3")]);
    });
    assert_eq!(
        told(&base, &found),
        [
            "/a xattr user.a=1 -",
            "/a xattr user.b=2 user.b=\\xff",
            "/a xattr - user.c=3"
        ]
    );
}

#[test]
fn what_goes_with_a_directory_is_counted() {
    let base = tree([
        ("a", directory(0o755)),
        ("a-b", file("x")),
        ("a/b", directory(0o755)),
        ("a/b/c", file("x")),
        ("a/d", file("x")),
        ("z", file("x")),
    ]);
    let gone = without(&base, &["a", "a-b", "a/b", "a/b/c", "a/d"]);
    assert_eq!(told(&base, &gone), ["/a missing+3", "/a-b missing+0"]);
    assert_eq!(told(&gone, &base), ["/a extra+3", "/a-b extra+0"]);
    let gone = without(&base, &["a/b", "a/b/c"]);
    assert_eq!(told(&base, &gone), ["/a/b missing+1"]);
    let gone = without(&base, &["a/b/c", "a/d"]);
    assert_eq!(told(&base, &gone), ["/a/b/c missing+0", "/a/d missing+0"]);
}

#[test]
fn what_a_link_in_a_directory_s_place_hides_is_counted() {
    let base = tree([
        ("bin", directory(0o755)),
        ("bin-x", file("x")),
        ("bin/a", file("x")),
        ("bin/b", file("x")),
    ]);
    let link = tree([("bin", symlink("usr/bin")), ("bin-x", file("x"))]);
    assert_eq!(
        told(&base, &link),
        ["/bin type+2 directory symbolic link to usr/bin"]
    );
    assert_eq!(
        told(&link, &base),
        ["/bin type+2 symbolic link to usr/bin directory"]
    );
}

#[test]
fn a_directory_that_lacks_an_entry_hides_nothing_beneath() {
    let base = tree([
        ("a", directory(0o755)),
        ("a/b", directory(0o755)),
        ("a/b/c", file("x")),
        ("a/b/d", file("x")),
    ]);
    let found = without(&base, &["a", "a/b/c"]);
    assert_eq!(told(&base, &found), ["/a missing+0", "/a/b/c missing+0"]);
}

#[test]
fn a_file_with_several_names_is_compared_once() {
    let base = tree([("a", file("x")), ("b", hardlink("a")), ("c", hardlink("a"))]);
    let found = with(&base, "a", |a| a.kind = file("y").kind);
    assert_eq!(diff(&base, &found).len(), 1);
    assert_eq!(diff(&base, &found)[0].path, path("a"));
    // Without its first name the next one holds the content.
    let found = tree([("b", file("x")), ("c", hardlink("b"))]);
    assert_eq!(told(&base, &found), ["/a missing+0"]);
    assert_eq!(told(&found, &base), ["/a extra+0"]);
    let found = tree([("b", file("y")), ("c", hardlink("b"))]);
    let differences = diff(&base, &found);
    assert_eq!(differences.len(), 2, "{differences:?}");
    assert_eq!(differences[1].path, path("b"));
}

#[test]
fn the_first_name_that_left_its_group_tells_it() {
    let base = tree([("a", file("x")), ("b", hardlink("a")), ("c", hardlink("a"))]);
    let found = tree([("a", file("x")), ("b", file("x")), ("c", hardlink("a"))]);
    assert_eq!(told(&base, &found), ["/b hardlink /a -"]);
    let found = tree([("a", file("x")), ("b", file("x")), ("c", hardlink("b"))]);
    assert_eq!(told(&base, &found), ["/b hardlink /a -"]);
    assert_eq!(told(&found, &base), ["/b hardlink - /a"]);
    // With a content of its own it is another file.
    let found = with(&base, "c", |c| c.kind = file("y").kind);
    assert!(told(&base, &found)[0].starts_with("/c content "));
    assert_eq!(diff(&base, &found).len(), 1);
}

#[test]
fn a_link_that_leads_nowhere_is_told() {
    let base = tree([("a", file("x")), ("b", hardlink("a"))]);
    let found = tree([("a", directory(0o755)), ("b", hardlink("a"))]);
    let differences = diff(&base, &found);
    assert_eq!(differences.len(), 2, "{differences:?}");
    assert_eq!(differences[1].path, path("b"));
}

/// Makes a tree whole, as readers do: every directory is there, and links lead to earlier files.
fn whole(mut tree: Tree) -> Tree {
    for at in tree.nodes.clone().into_keys() {
        let mut parent = at.parent();
        while let Some(above) = parent {
            let node = tree
                .nodes
                .entry(above.clone())
                .or_insert_with(|| directory(0o755));
            node.kind = Kind::Directory;
            parent = above.parent();
        }
    }
    for at in tree.nodes.clone().into_keys() {
        let Kind::Hardlink(first) = &tree.nodes[&at].kind else {
            continue;
        };
        let holder = tree.nodes.get(first).map(|node| &node.kind);
        if *first >= at || !matches!(holder, Some(Kind::File(_))) {
            tree.nodes.get_mut(&at).unwrap().kind = file("0").kind;
        }
    }
    tree
}

const PATHS: [&str; 9] = ["a", "a-b", "a/b", "a/b/c", "a/d", "b", "c", "d", "d/x"];

/// Trees of few names and values, so that two of them meet often.
fn any_tree() -> impl Strategy<Value = Tree> {
    let entry = (0..PATHS.len(), 0..8_u8, 0..2_u8, 0..PATHS.len(), 0..4_u32);
    proptest::collection::vec(entry, 0..9).prop_map(|entries| {
        let made = |(at, kind, value, other, uid): (usize, u8, u8, usize, u32)| {
            let kind = match kind {
                0 => Kind::Directory,
                1 => symlink(&value.to_string()).kind,
                2 => Kind::CharDevice(1, value.into()),
                3..6 => Kind::Hardlink(path(PATHS[other])),
                _ => file(&value.to_string()).kind,
            };
            let mut made = node(0o644, 1, kind);
            made.meta.uid = u32::from(uid == 0);
            (path(PATHS[at]), made)
        };
        whole(Tree {
            nodes: entries.into_iter().map(made).collect(),
        })
    })
}

/// Two trees that differ in few places.
fn two_trees() -> impl Strategy<Value = (Tree, Tree)> {
    let places = proptest::collection::vec(0..PATHS.len(), 0..3);
    (any_tree(), any_tree(), places).prop_map(|(base, other, places)| {
        let mut changed = base.clone();
        for at in places.into_iter().map(|at| path(PATHS[at])) {
            match other.nodes.get(&at) {
                Some(node) => changed.nodes.insert(at, node.clone()),
                None => changed.nodes.remove(&at),
            };
        }
        (base, whole(changed))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2000, ..ProptestConfig::default() })]

    /// The engine and the Merkle root see the same things.
    #[test]
    fn nothing_differs_only_where_the_roots_are_equal((a, b) in two_trees()) {
        let unlike = diff(&a, &b);
        prop_assert_eq!(unlike.is_empty(), merkle_root(&a) == merkle_root(&b), "{:?}", unlike);
        prop_assert_eq!(diff(&a, &a), vec![]);
    }

    /// Which side is expected changes the words only.
    #[test]
    fn both_directions_tell_of_the_same_paths((a, b) in two_trees()) {
        let paths = |differences: Vec<Difference>| -> Vec<_> {
            let one = |found: Difference| (found.path, found.below);
            differences.into_iter().map(one).collect()
        };
        prop_assert_eq!(paths(diff(&a, &b)), paths(diff(&b, &a)));
    }

    /// What is not told of is the same: taking over every difference gives the other tree.
    #[test]
    fn the_differences_are_all_that_differs((a, b) in two_trees()) {
        let mut made = a.clone();
        let differences = diff(&a, &b);
        let covered = |at: &TreePath| differences.iter().any(|found| {
            *at == found.path || at.is_below(&found.path) && found.below > 0
        });
        let all: std::collections::BTreeSet<_> = a.nodes.keys().chain(b.nodes.keys()).collect();
        for at in all.into_iter().filter(|at| covered(at)) {
            match b.nodes.get(at) {
                Some(node) => made.nodes.insert(at.clone(), node.clone()),
                None => made.nodes.remove(at),
            };
        }
        // Names of one file need not be told of: they follow the first.
        let plain = |tree: &Tree| -> Vec<_> {
            let nodes = tree.nodes.iter();
            nodes.map(|(path, node)| (path.clone(), node.meta.clone(), match &node.kind {
                Kind::Hardlink(_) | Kind::File(_) => None,
                other => Some(other.clone()),
            })).collect()
        };
        prop_assert_eq!(plain(&made), plain(&b));
    }
}
