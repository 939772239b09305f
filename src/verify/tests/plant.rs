//! Made-up images of every kind of entry, and one change in them.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::tree::testing::path;
use crate::tree::{Blob, Location, Meta};

/// A random entry: place, kind, and what is in it.
type Seed = (Vec<usize>, u8, u8);

/// Names that sort oddly beside `a/`, and some that are no plain words.
const NAMES: [&str; 7] = ["a", "a-b", "a.b", "b", "é", "c d", "~"];

fn seeds() -> impl Strategy<Value = Vec<Seed>> {
    let place = proptest::collection::vec(0..NAMES.len(), 1..4);
    proptest::collection::vec((place, any::<u8>(), any::<u8>()), 0..14)
}

fn meta(mode: u16, seed: u8) -> Meta {
    Meta {
        mode,
        uid: u32::from(seed % 3),
        gid: u32::from(seed % 5),
        mtime: 1_600_000_000 + i64::from(seed),
        xattrs: match seed % 4 {
            0 => [((*b"user.a").into(), vec![seed].into())].into(),
            _ => Default::default(),
        },
    }
}

fn random(seed: u8, kind: Kind) -> Node {
    let meta = match kind {
        Kind::Symlink(_) => meta(0o777, seed),
        _ => meta([0o644, 0o755, 0o4711, 0o1777][usize::from(seed) % 4], seed),
    };
    Node { meta, kind }
}

/// A layer with something of every kind, and what is random.
pub(super) fn layer(name: &str, seeds: &[Seed]) -> Tree {
    let mut tree = tree([("etc", directory(0o755)), (name, directory(0o755))]);
    let mut put = |at: &str, kind: Kind, seed: u8| {
        let at = path(&format!("{name}/{at}"));
        tree.nodes.insert(at, random(seed, kind));
    };
    let own = |at: &str| path(&format!("{name}/{at}"));
    put("attributes", file("x").kind, 0);
    put("char", Kind::CharDevice(1, 3), 1);
    put("dir", Kind::Directory, 2);
    put("dir-a", file("between").kind, 3);
    put("dir/file", file(name).kind, 4);
    put("dir/link", Kind::Hardlink(own("attributes")), 0);
    put("disk", Kind::BlockDevice(8, 0), 5);
    put("empty", file("").kind, 6);
    put("link", Kind::Hardlink(own("attributes")), 0);
    put("pipe", Kind::Fifo, 7);
    put("symlink", symlink("dir").kind, 8);
    for (place, kind, seed) in seeds {
        let parts: Vec<&str> = place.iter().map(|part| NAMES[*part]).collect();
        let at = path(&parts.join("/"));
        let mut above = at.parent();
        while let Some(parent) = above {
            let node = directory(0o755);
            let there = tree.nodes.entry(parent.clone()).or_insert(node);
            there.kind = Kind::Directory;
            above = parent.parent();
        }
        let kind = match kind % 8 {
            0 | 1 => Kind::Directory,
            2 => symlink(NAMES[usize::from(*seed) % NAMES.len()]).kind,
            3 => Kind::CharDevice(1, u32::from(*seed)),
            4 => Kind::Fifo,
            _ => file(&"x".repeat(usize::from(*seed))).kind,
        };
        tree.nodes.entry(at).or_insert_with(|| random(*seed, kind));
    }
    tree
}

pub(super) fn samples() -> impl Strategy<Value = Sample> {
    (seeds(), seeds(), seeds()).prop_map(|(base, system, files)| {
        let layers = [("base", base), ("system", system), ("files", files)];
        let made = layers.map(|(name, seeds)| (name.to_owned(), layer(name, &seeds)));
        Sample::new(made.into())
    })
}

/// What was planted.
#[derive(Debug, Clone)]
pub(super) struct Planted {
    pub(super) path: TreePath,
    field: &'static str,
    below: usize,
    /// Whether a group of hard links was touched.
    pub(super) links: bool,
}

pub(super) const CHANGES: [&str; 18] = [
    "bit",
    "mode",
    "uid",
    "gid",
    "mtime",
    "target",
    "remove",
    "add",
    "add tree",
    "attribute",
    "no attribute",
    "other attribute",
    "copy",
    "link",
    "symlink",
    "hidden directory",
    "device",
    "another device",
];

pub(super) fn names_a_file(node: &Node) -> bool {
    matches!(node.kind, Kind::File(_) | Kind::Hardlink(_))
}

/// Takes a path and all beneath it out, as if it had never been there: names of its files go on.
fn take_out(tree: &mut Tree, top: &TreePath) -> (usize, bool) {
    let gone: BTreeSet<TreePath> = tree
        .nodes
        .keys()
        .filter(|at| *at == top || at.is_below(top))
        .cloned()
        .collect();
    let mut links = false;
    for at in &gone {
        let node = tree.nodes.remove(at).unwrap();
        links |= matches!(node.kind, Kind::Hardlink(_));
        links |= disinherit(tree, at, &node, &gone);
    }
    (gone.len() - 1, links)
}

/// The next name of a file holds its content from now on; whether there is one.
fn disinherit(tree: &mut Tree, holder: &TreePath, was: &Node, gone: &BTreeSet<TreePath>) -> bool {
    let names = tree.nodes.iter().filter(|(at, node)| {
        matches!(&node.kind, Kind::Hardlink(first) if first == holder) && !gone.contains(*at)
    });
    let names: Vec<TreePath> = names.map(|(at, _)| at.clone()).collect();
    for at in &names {
        tree.nodes.get_mut(at).unwrap().kind = match at == &names[0] {
            true => was.kind.clone(),
            false => Kind::Hardlink(names[0].clone()),
        };
    }
    !names.is_empty()
}

/// Makes one change, at a place that `pick` chooses among those where it can be made, if any.
pub(super) fn plant(tree: &mut Tree, change: &str, pick: &Index) -> Option<Planted> {
    let fits = |node: &Node| match change {
        "bit" => matches!(&node.kind, Kind::File(blob) if blob.size > 0),
        "mode" => !matches!(node.kind, Kind::Symlink(_)),
        "target" => matches!(node.kind, Kind::Symlink(_)),
        "add" | "add tree" | "hidden directory" => node.is_directory(),
        "no attribute" | "other attribute" => !node.meta.xattrs.is_empty(),
        "copy" => matches!(node.kind, Kind::Hardlink(_)),
        "link" | "symlink" => matches!(node.kind, Kind::File(_)),
        "device" | "another device" => {
            matches!(node.kind, Kind::CharDevice(..) | Kind::BlockDevice(..))
        }
        _ => true,
    };
    let places: Vec<TreePath> = tree
        .nodes
        .iter()
        .filter(|(_, node)| fits(node))
        .map(|(at, _)| at.clone())
        .collect();
    if places.is_empty() {
        return None;
    }
    let at = pick.get(&places).clone();
    let mut planted = Planted {
        path: at.clone(),
        field: "",
        below: 0,
        links: false,
    };
    let node = tree.nodes.get_mut(&at).unwrap();
    let was = node.clone();
    planted.field = match change {
        "mode" => {
            node.meta.mode ^= 1 << pick.index(12);
            "mode"
        }
        "uid" => {
            node.meta.uid += 1;
            "owner"
        }
        "gid" => {
            node.meta.gid += 100_000;
            "owner"
        }
        "mtime" => {
            node.meta.mtime += 1;
            "mtime"
        }
        "target" => {
            node.kind = symlink("elsewhere").kind;
            "link"
        }
        "attribute" => {
            node.meta
                .xattrs
                .insert((*b"user.new").into(), (*b"").into());
            "xattr"
        }
        "no attribute" => {
            node.meta.xattrs.pop_first();
            "xattr"
        }
        "other attribute" => {
            *node.meta.xattrs.values_mut().next().unwrap() = (*b"other").into();
            "xattr"
        }
        "device" | "another device" => match &mut node.kind {
            Kind::CharDevice(major, minor) | Kind::BlockDevice(major, minor) => {
                *(if change == "device" { minor } else { major }) += 1;
                "device"
            }
            _ => unreachable!(),
        },
        "bit" => {
            // There are no bytes to flip a bit of but those that the tests gave.
            let Kind::File(Blob {
                at: Location::Inline(bytes),
                ..
            }) = &node.kind
            else {
                unreachable!()
            };
            let mut bytes = bytes.to_vec();
            let bit = pick.index(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            node.kind = Kind::File(Blob::inline(bytes));
            planted.links = tree
                .nodes
                .values()
                .any(|node| node.kind == Kind::Hardlink(at.clone()));
            "content"
        }
        "copy" => {
            let Kind::Hardlink(first) = &was.kind else {
                unreachable!()
            };
            let kind = tree.nodes[first].kind.clone();
            tree.nodes.get_mut(&at).unwrap().kind = kind;
            planted.links = true;
            "hardlink"
        }
        "link" => {
            // The file gets another name beside it.
            let mut copy = was.clone();
            copy.kind = Kind::Hardlink(at.clone());
            let mut beside = at.as_bytes().to_vec();
            beside.extend(b"~link");
            planted.path = TreePath::from_archive(&beside).unwrap().unwrap();
            tree.nodes.insert(planted.path.clone(), copy);
            planted.links = true;
            "extra"
        }
        "symlink" => {
            node.kind = symlink("elsewhere").kind;
            planted.links = disinherit(tree, &at, &was, &BTreeSet::new());
            "type"
        }
        "hidden directory" => {
            (planted.below, planted.links) = take_out(tree, &at);
            tree.nodes.insert(at, random(8, symlink("elsewhere").kind));
            "type"
        }
        "remove" => {
            (planted.below, planted.links) = take_out(tree, &at);
            "missing"
        }
        "add" | "add tree" => {
            let top = at.join(b"a-new").unwrap();
            tree.nodes.insert(top.clone(), random(9, file("new").kind));
            if change == "add tree" {
                tree.nodes.insert(top.clone(), directory(0o755));
                for below in ["a", "a/b", "a-b", "a/b/c"] {
                    let kind = if below == "a-b" {
                        Kind::Fifo
                    } else {
                        Kind::Directory
                    };
                    tree.nodes
                        .insert(top.join(below.as_bytes()).unwrap(), random(1, kind));
                }
                planted.below = 4;
            }
            planted.path = top;
            "extra"
        }
        other => panic!("no such change: {other}"),
    };
    Some(planted)
}

impl Planted {
    pub(super) fn told(&self, layer: &str) -> String {
        let below = match self.below {
            0 => String::new(),
            below => format!("+{below}"),
        };
        format!("{layer} {} {}{below}", self.path, self.field)
    }
}
