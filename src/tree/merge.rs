//! Layers in, the one filesystem that a container sees out.

use std::collections::{BTreeMap, BTreeSet};

use super::{Kind, Node, Tree, TreePath};

/// Lays `layers` on one another, the lowest first: each path is there once, as the highest layer
/// that has it says.
///
/// A directory over a directory keeps what is below it and takes the higher one's metadata; anything
/// else replaces what is at its path, with all that is below it. A replaced path leaves its group of
/// hard links first: where it held the content, the next path of the group does so from then on.
/// Hard links join paths of one layer only, as [`Kind::Hardlink`] says.
pub fn merge(layers: impl IntoIterator<Item = Tree>) -> Tree {
    let mut merged = Tree::default();
    for layer in layers {
        merged.remove(&replaced(&merged, &layer));
        merged.nodes.extend(layer.nodes);
    }
    merged
}

impl Tree {
    /// Takes paths out. Where one held the content of a group of hard links, the next path of the group
    /// does so from then on.
    pub fn remove(&mut self, gone: &BTreeSet<TreePath>) {
        if !gone.is_empty() {
            leave_groups(self, gone);
            self.nodes.retain(|path, _| !gone.contains(path));
        }
    }
}

/// The paths of `lower` that `higher` replaces or hides, but for directories that stay ones.
fn replaced(lower: &Tree, higher: &Tree) -> BTreeSet<TreePath> {
    let mut gone = BTreeSet::new();
    for (path, node) in &higher.nodes {
        let Some(old) = lower.nodes.get(path) else {
            continue;
        };
        if !(old.is_directory() && node.is_directory()) {
            gone.insert(path.clone());
        }
        if old.is_directory() && !node.is_directory() {
            // `etc-x` sorts between `etc` and `etc/x`, so what is below is not just what follows.
            let below = lower.nodes.range::<TreePath, _>(path..);
            let below = below.take_while(|(next, _)| next.as_bytes().starts_with(path.as_bytes()));
            let below = below.filter(|(next, _)| next.is_below(path));
            gone.extend(below.map(|(next, _)| next.clone()));
        }
    }
    gone
}

/// Makes every group of hard links whose content lies at a path that goes hold it at the first path
/// that stays.
fn leave_groups(tree: &mut Tree, gone: &BTreeSet<TreePath>) {
    let contents: BTreeMap<&TreePath, Kind> = gone
        .iter()
        .filter_map(|path| match tree.nodes.get(path) {
            Some(Node {
                kind: file @ Kind::File(_),
                ..
            }) => Some((path, file.clone())),
            _ => None,
        })
        .collect();
    let mut heirs: BTreeMap<TreePath, TreePath> = BTreeMap::new();
    for (path, node) in &mut tree.nodes {
        let Kind::Hardlink(target) = &mut node.kind else {
            continue;
        };
        let Some(content) = contents.get(target) else {
            continue;
        };
        if gone.contains(path) {
            continue;
        }
        if let Some(heir) = heirs.get(target) {
            *target = heir.clone();
        } else {
            heirs.insert(target.clone(), path.clone());
            node.kind = content.clone();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::testing::{directory, file, hardlink, path, symlink, tree};

    #[test]
    fn the_highest_layer_wins() {
        let lower = tree([
            ("etc", directory(0o755)),
            ("etc/a", file("low")),
            ("etc/b", file("low")),
        ]);
        let higher = tree([
            ("etc", directory(0o700)),
            ("etc/a", symlink("b")),
            ("etc/c", file("high")),
        ]);
        let merged = merge([lower.clone(), higher.clone()]);
        let expected = tree([
            ("etc", directory(0o700)),
            ("etc/a", symlink("b")),
            ("etc/b", file("low")),
            ("etc/c", file("high")),
        ]);
        assert_eq!(merged, expected);
    }

    #[test]
    fn a_replaced_content_holder_leaves_its_group() {
        let lower = tree([
            ("a", file("shared")),
            ("b", hardlink("a")),
            ("c", hardlink("a")),
            ("d", hardlink("a")),
            ("x", file("other")),
            ("y", hardlink("x")),
        ]);
        let higher = tree([
            ("a", file("new")),
            ("b", file("new too")),
            ("e", hardlink("a")),
        ]);
        let merged = merge([lower.clone(), higher.clone()]);
        let expected = tree([
            ("a", file("new")),
            ("b", file("new too")),
            ("c", file("shared")),
            ("d", hardlink("c")),
            ("e", hardlink("a")),
            ("x", file("other")),
            ("y", hardlink("x")),
        ]);
        assert_eq!(merged, expected);
    }

    #[test]
    fn what_replaces_a_directory_hides_all_below() {
        let lower = tree([
            ("etc", directory(0o755)),
            ("etc-x", file("stays")),
            ("etc/a", file("goes")),
            ("etc/d", directory(0o755)),
            ("etc/d/b", file("goes")),
            ("z", hardlink("etc/a")),
        ]);
        let merged = merge([lower.clone(), tree([("etc", symlink("etc-x"))])]);
        let expected = tree([
            ("etc", symlink("etc-x")),
            ("etc-x", file("stays")),
            ("z", file("goes")),
        ]);
        assert_eq!(merged, expected);
        assert!(merged.nodes.contains_key(&path("etc-x")));
    }
}
