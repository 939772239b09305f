//! What became of a root, as the image is to have it.

use std::collections::{BTreeMap, BTreeSet};

use crate::assemble::Staged;
use crate::distro::Fate;
use crate::tree::{Blob, Kind, Location, Node, Tree, TreePath};

/// The difference between a root before its scripts and after. Times are none of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    /// What is there that was not, or is otherwise. A hard link is a file of its own here.
    pub(super) made: BTreeMap<TreePath, Node>,
    /// What is gone.
    pub(super) removed: BTreeSet<TreePath>,
    /// What is left out because each machine needs its own, by what makes it there.
    pub(super) of_one_machine: BTreeMap<&'static str, BTreeSet<TreePath>>,
}

/// What the sandbox itself needs, and makes where it is missing.
const PLACES: &[&[u8]] = &[b"dev", b"proc", b"tmp"];

impl Changes {
    pub(super) fn between(staged: &Staged<'_>, after: &Tree) -> Self {
        let mut out = Self::default();
        let before = staged.tree;
        for (path, node) in &after.nodes {
            let Some(mut node) = followed(after, node) else {
                continue;
            };
            let old = before.nodes.get(path);
            let old = old.and_then(|node| followed(before, node));
            if old.as_ref().is_some_and(|old| same(old, &node))
                || staged.own.contains(path)
                || is_passing(staged, path, &node)
            {
                continue;
            }
            match staged.distro.fate(path, node.is_directory()) {
                Fate::Kept => {}
                Fate::Dropped => continue,
                Fate::Emptied => {
                    if let Kind::File(blob) = &mut node.kind {
                        *blob = Blob::inline(Vec::new());
                    }
                }
                Fate::Steadied => {
                    if let Kind::File(blob) = &mut node.kind
                        && let Location::Inline(bytes) = &blob.at
                        && let Some(steady) = staged.distro.steady(path, bytes, staged.epoch)
                    {
                        *blob = Blob::inline(steady);
                    }
                }
                Fate::OfOneMachine(maker) => {
                    let paths = out.of_one_machine.entry(maker).or_default();
                    paths.insert(path.clone());
                    continue;
                }
            }
            if old.is_none() && staged.filter.excludes(path, &node.kind) {
                continue;
            }
            // A pipe is for processes, and none of those that made it is left.
            if matches!(
                node.kind,
                Kind::Directory | Kind::File(_) | Kind::Symlink(_)
            ) {
                node.meta.mtime = 0;
                out.made.insert(path.clone(), node);
            }
        }
        out.drop_dangling(before);
        out.drop_passages(staged);
        for (path, node) in &before.nodes {
            let dropped = || staged.distro.fate(path, node.is_directory()) == Fate::Dropped;
            let stays = || staged.own.contains(path) || dropped();
            if !after.nodes.contains_key(path) && !stays() {
                out.removed.insert(path.clone());
            }
        }
        out
    }

    /// Leaves out links that scripts made to what is left out, and what lies in a directory that is.
    fn drop_dangling(&mut self, before: &Tree) {
        let gone: BTreeSet<&TreePath> = self.of_one_machine.values().flatten().collect();
        let leads_there = |path: &TreePath, node: &Node| match &node.kind {
            Kind::Symlink(target) => {
                let target = match target.strip_prefix(b"/") {
                    Some(absolute) => absolute.to_vec(),
                    None => match path.parent() {
                        Some(parent) => [parent.as_bytes(), b"/", target].concat(),
                        None => target.to_vec(),
                    },
                };
                let target = TreePath::from_archive(&target).ok().flatten();
                target.is_some_and(|target| gone.contains(&target))
            }
            _ => false,
        };
        self.made.retain(|path, node| !leads_there(path, node));
        let orphan = |path: &TreePath, made: &BTreeMap<TreePath, Node>| {
            path.parent()
                .is_some_and(|up| !made.contains_key(&up) && !before.nodes.contains_key(&up))
        };
        while let Some(path) = self.made.keys().find(|path| orphan(path, &self.made)) {
            let path = path.clone();
            self.made.remove(&path);
        }
    }

    /// Leaves out directories that were there only for what was put in them meanwhile.
    fn drop_passages(&mut self, staged: &Staged<'_>) {
        for put in staged.running.put.keys() {
            let mut next = put.parent();
            while let Some(directory) = next {
                let used = self.made.keys().any(|path| path.is_below(&directory));
                if used || staged.tree.nodes.contains_key(&directory) {
                    break;
                }
                self.made.remove(&directory);
                next = directory.parent();
            }
        }
    }

    /// The paths that are not the same in both.
    pub(super) fn differing(&self, other: &Self) -> BTreeSet<TreePath> {
        let mut out: BTreeSet<TreePath> = BTreeSet::new();
        for (one, two) in [(self, other), (other, self)] {
            let made = one.made.iter();
            let made = made.filter(|(path, node)| two.made.get(*path) != Some(*node));
            out.extend(made.map(|(path, _)| path.clone()));
            out.extend(one.removed.difference(&two.removed).cloned());
        }
        out
    }
}

/// A node; where it is another name of a file, as a file.
fn followed(tree: &Tree, node: &Node) -> Option<Node> {
    let Kind::Hardlink(target) = &node.kind else {
        return Some(node.clone());
    };
    let target = tree.nodes.get(target)?;
    Some(Node {
        meta: node.meta.clone(),
        kind: target.kind.clone(),
    })
}

/// Whether two nodes are the same but for their times. Links have no mode of their own.
fn same(old: &Node, new: &Node) -> bool {
    let link = matches!(new.kind, Kind::Symlink(_));
    old.kind == new.kind
        && (link || old.meta.mode == new.meta.mode)
        && (old.meta.uid, old.meta.gid) == (new.meta.uid, new.meta.gid)
        && old.meta.xattrs == new.meta.xattrs
}

/// Whether something was there only while scripts ran.
fn is_passing(staged: &Staged<'_>, path: &TreePath, node: &Node) -> bool {
    let known = staged.tree.nodes.contains_key(path);
    let put = &staged.running.put;
    let put_there = put.get(path).is_some_and(|put| put.kind == node.kind);
    !known && (put_there || PLACES.contains(&path.as_bytes()))
}

#[cfg(test)]
#[path = "changes_tests.rs"]
mod tests;
