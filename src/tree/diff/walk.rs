//! Both trees are walked side by side, in the order of their paths.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use super::{Change, Difference, Field};
use crate::tree::{Blob, Kind, Node, Tree, TreePath};

/// What differs, sorted by path. Of a path that is missing or extra whatever is beneath it is only
/// counted, and so is what was beneath a directory that became something else.
///
/// A regular file with several names is compared by the first of them that both trees have. Where
/// the names are grouped otherwise, the first name that moved tells it.
pub fn diff(expected: &Tree, found: &Tree) -> Vec<Difference> {
    let mut walk = Walk {
        sides: [Side::new(expected, found), Side::new(found, expected)],
        moved: HashSet::new(),
        out: Vec::new(),
    };
    let mut old = expected.nodes.iter().peekable();
    let mut new = found.nodes.iter().peekable();
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return walk.out,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((old, _)), Some((new, _))) => old.cmp(new),
        };
        let old = order.is_le().then(|| old.next()).flatten();
        let new = order.is_ge().then(|| new.next()).flatten();
        match (old, new) {
            (Some((path, old)), Some((_, new))) => walk.both(path, old, new),
            (Some((path, old)), None) => walk.alone(0, path, Change::Missing(old.clone())),
            (None, Some((path, new))) => walk.alone(1, path, Change::Extra(new.clone())),
            (None, None) => {}
        }
    }
}

/// One of the two trees.
struct Side<'a> {
    tree: &'a Tree,
    /// The first name of every group of hard links that the other tree has as a regular file too,
    /// by the path that holds the content.
    first: HashMap<&'a TreePath, &'a TreePath>,
    /// Paths that only this tree has, and the difference that counts what is beneath.
    alone: HashMap<&'a [u8], usize>,
}

impl<'a> Side<'a> {
    fn new(tree: &'a Tree, other: &Tree) -> Self {
        let common = |path: &TreePath| other.nodes.get(path).is_some_and(is_regular);
        let mut first: HashMap<&TreePath, &TreePath> = HashMap::new();
        for (path, node) in &tree.nodes {
            let Kind::Hardlink(holder) = &node.kind else {
                continue;
            };
            for name in [holder, path] {
                if common(name) && tree.nodes.get(name).is_some_and(is_regular) {
                    let first = first.entry(holder).or_insert(name);
                    *first = name.min(first);
                }
            }
        }
        let alone = HashMap::new();
        Self { tree, first, alone }
    }

    /// The first common name of the file at `path`.
    fn leader(&self, path: &'a TreePath, node: &'a Node) -> &'a TreePath {
        let holder = match &node.kind {
            Kind::Hardlink(holder) => holder,
            _ => path,
        };
        self.first.get(holder).copied().unwrap_or(path)
    }

    /// Of a regular file; absent where a link leads nowhere.
    fn blob(&self, node: &'a Node) -> Option<&'a Blob> {
        let node = match &node.kind {
            Kind::Hardlink(holder) => self.tree.nodes.get(holder)?,
            _ => node,
        };
        match &node.kind {
            Kind::File(blob) => Some(blob),
            _ => None,
        }
    }
}

struct Walk<'a> {
    /// Expected, found.
    sides: [Side<'a>; 2],
    /// Pairs of groups, expected and found, whose common names were told of.
    moved: HashSet<(&'a TreePath, &'a TreePath)>,
    out: Vec<Difference>,
}

impl<'a> Walk<'a> {
    /// A path that one side alone has.
    fn alone(&mut self, side: usize, path: &'a TreePath, change: Change) {
        let [this, other] = match side {
            0 => [0, 1],
            _ => [1, 0],
        };
        let bytes = path.as_bytes();
        let slashes = (0..bytes.len()).rev().filter(|&at| bytes[at] == b'/');
        let mut top = None;
        for above in slashes.map(|at| &bytes[..at]) {
            top = self.sides[this].alone.get(above).copied();
            if top.is_some() || self.sides[other].tree.nodes.contains_key(above) {
                break;
            }
        }
        let top = match top.and_then(|top| Some((top, self.out.get_mut(top)?))) {
            Some((top, difference)) => {
                difference.below += 1;
                top
            }
            None => self.push(path, change),
        };
        self.sides[this].alone.insert(bytes, top);
    }

    fn push(&mut self, path: &TreePath, change: Change) -> usize {
        self.out.push(Difference {
            path: path.clone(),
            change,
            below: 0,
        });
        self.out.len() - 1
    }

    /// A path that both sides have.
    fn both(&mut self, path: &'a TreePath, old: &'a Node, new: &'a Node) {
        if !same_type(&old.kind, &new.kind) {
            let field = Field::Type(old.kind.clone(), new.kind.clone());
            let at = self.push(path, Change::Fields(vec![field]));
            for (side, node) in self.sides.iter_mut().zip([old, new]) {
                if node.is_directory() {
                    side.alone.insert(path.as_bytes(), at);
                }
            }
            return;
        }
        let fields: Vec<Field> = [self.content(path, old, new)]
            .into_iter()
            .flatten()
            .chain(metadata(old, new))
            .collect();
        if !fields.is_empty() {
            self.push(path, Change::Fields(fields));
        }
    }

    /// What the kind itself holds.
    fn content(&mut self, path: &'a TreePath, old: &'a Node, new: &'a Node) -> Option<Field> {
        match (&old.kind, &new.kind) {
            (Kind::Symlink(a), Kind::Symlink(b)) if a != b => {
                Some(Field::Link(a.clone(), b.clone()))
            }
            (Kind::CharDevice(a, b), Kind::CharDevice(c, d))
            | (Kind::BlockDevice(a, b), Kind::BlockDevice(c, d))
                if (a, b) != (c, d) =>
            {
                Some(Field::Device((*a, *b), (*c, *d)))
            }
            (Kind::File(_) | Kind::Hardlink(_), _) => self.regular(path, old, new),
            _ => None,
        }
    }

    fn regular(&mut self, path: &'a TreePath, old: &'a Node, new: &'a Node) -> Option<Field> {
        let [a, b] = &self.sides;
        let (was, is) = (a.leader(path, old), b.leader(path, new));
        let told = match was == is {
            true => path != was,
            false => !self.moved.insert((was, is)),
        };
        if told {
            return None;
        }
        match (a.blob(old), b.blob(new)) {
            (Some(a), Some(b)) if a != b => Some(Field::Content(a.clone(), b.clone())),
            (a, b) if was != is || a.is_some() != b.is_some() => {
                Some(Field::Hardlink(first(old), first(new)))
            }
            _ => None,
        }
    }
}

fn is_regular(node: &Node) -> bool {
    matches!(node.kind, Kind::File(_) | Kind::Hardlink(_))
}

fn first(node: &Node) -> Option<TreePath> {
    match &node.kind {
        Kind::Hardlink(first) => Some(first.clone()),
        _ => None,
    }
}

/// Whether they are of one type; a hard link is a regular file.
fn same_type(a: &Kind, b: &Kind) -> bool {
    let plain = |kind: &Kind| match kind {
        Kind::Hardlink(_) => None,
        Kind::File(_) => None,
        other => Some(std::mem::discriminant(other)),
    };
    plain(a) == plain(b)
}

/// The fields that every kind has.
fn metadata(old: &Node, new: &Node) -> Vec<Field> {
    let (a, b) = (&old.meta, &new.meta);
    let mut out = Vec::new();
    if a.mode != b.mode && !matches!(old.kind, Kind::Symlink(_)) {
        out.push(Field::Mode(a.mode, b.mode));
    }
    if (a.uid, a.gid) != (b.uid, b.gid) {
        out.push(Field::Owner((a.uid, a.gid), (b.uid, b.gid)));
    }
    if a.mtime != b.mtime {
        out.push(Field::Mtime(a.mtime, b.mtime));
    }
    if a.xattrs != b.xattrs {
        let mut names: Vec<_> = a.xattrs.keys().chain(b.xattrs.keys()).collect();
        names.sort();
        names.dedup();
        let pairs = names
            .into_iter()
            .map(|name| (name, a.xattrs.get(name), b.xattrs.get(name)));
        out.extend(
            pairs
                .filter(|(_, a, b)| a != b)
                .map(|(name, a, b)| Field::Xattr(name.clone(), a.cloned(), b.cloned())),
        );
    }
    out
}
