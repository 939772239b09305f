//! `system` and `files`: what rootlock and the user put on top of the packages.

use std::collections::BTreeMap;

use super::error::AssembleError;
use super::stack::{Directory, NOBODY, Stack, plain_directory};
use super::{LayerName, Replaced};
use crate::model::Epoch;
use crate::tree::{Blob, Kind, Meta, Node, Tree, TreePath};

/// What is put at a path.
#[derive(Debug, Clone)]
pub(super) enum What {
    /// A directory as it is asked for.
    Directory,
    /// A directory that comes along: one that is there beneath stays as it is.
    Passage,
    /// A file.
    File(Blob),
    /// A link.
    Symlink(Box<[u8]>),
}

/// One path of the layer.
#[derive(Debug, Clone)]
pub(super) struct Item {
    /// As asked for, before links are followed.
    pub(super) path: TreePath,
    /// What it is.
    pub(super) what: What,
    /// Permission bits; a link's do not count.
    pub(super) mode: u16,
    /// Owner.
    pub(super) uid: u32,
    /// Group.
    pub(super) gid: u32,
    /// Time, unless it is a directory.
    pub(super) mtime: i64,
    /// Extended attributes.
    pub(super) xattrs: BTreeMap<Box<[u8]>, Box<[u8]>>,
    /// The line in the manifest, where it is from there.
    pub(super) line: Option<usize>,
}

impl Item {
    fn meta(&self) -> Meta {
        let directory = matches!(self.what, What::Directory | What::Passage);
        Meta {
            mode: match self.what {
                What::Symlink(_) => 0o777,
                _ => self.mode,
            },
            uid: self.uid,
            gid: self.gid,
            mtime: if directory {
                Epoch::DIRECTORY.0
            } else {
                self.mtime
            },
            xattrs: self.xattrs.clone(),
        }
    }

    fn refuse(&self, place: &TreePath, why: &'static str) -> AssembleError {
        match self.line {
            Some(line) if *place == self.path => AssembleError::File {
                line,
                what: format!("{place} {why}"),
            },
            Some(line) => AssembleError::File {
                line,
                what: format!("{}, which is {place}, {why}", self.path),
            },
            None => AssembleError::System {
                path: place.clone(),
                what: why,
            },
        }
    }

    fn tangled(&self) -> AssembleError {
        self.refuse(
            &self.path,
            "passes through links that lead in a circle or too far",
        )
    }
}

const OVER_DIRECTORY: &str = "is a directory beneath, which nothing but a directory can replace";
const OVER_FILE: &str = "is not a directory beneath, and a directory replaces nothing else";

/// A layer on top of the groups'.
#[derive(Debug, Default)]
pub(super) struct Overlay {
    /// The layer.
    pub(super) tree: Tree,
    /// What it hides.
    pub(super) replaced: Vec<Replaced>,
}

/// Puts `items` on top of `stack` and, where there is one, the overlay `beneath`. Of two items at
/// one place the later counts.
pub(super) fn overlay(
    stack: &mut Stack<'_>,
    beneath: Option<&Tree>,
    name: &LayerName,
    items: Vec<Item>,
) -> Result<Overlay, AssembleError> {
    settle_links(stack, &items)?;
    let mut nodes: BTreeMap<TreePath, Node> = BTreeMap::new();
    let (directories, others): (Vec<Item>, Vec<Item>) = items
        .into_iter()
        .partition(|item| matches!(item.what, What::Directory | What::Passage));
    let solid = |stack: &Stack<'_>, path: &TreePath| {
        let beneath = beneath.and_then(|tree| tree.nodes.get(path));
        stack.holder(path).is_some() || beneath.is_some_and(|node| !node.is_directory())
    };
    // A directory of a lower layer as that has it.
    let below = |stack: &Stack<'_>, path: &TreePath| {
        let node = beneath.and_then(|tree| tree.nodes.get(path));
        let in_group = stack
            .directories
            .get(path)
            .is_some_and(|directory| directory.layer < stack.layers.len());
        node.map(|node| node.meta.clone())
            .or_else(|| in_group.then(|| stack.directory(path)))
    };
    // What is asked for by name wins over what comes along with a source.
    let (asked, along): (Vec<Item>, Vec<Item>) = directories
        .into_iter()
        .partition(|item| matches!(item.what, What::Directory));
    for item in along.into_iter().chain(asked) {
        let place = stack.links.resolve(item.path.as_bytes());
        let Some(place) = place.map_err(|_| item.tangled())? else {
            continue;
        };
        if solid(stack, &place) {
            return Err(item.refuse(&place, OVER_FILE));
        }
        let meta = match item.what {
            What::Passage => below(stack, &place).unwrap_or_else(|| item.meta()),
            _ => item.meta(),
        };
        enter_parents(stack, &mut nodes, &place, &item, &solid, &below)?;
        enter_directory(stack, &mut nodes, place, meta);
    }
    for item in others {
        let place = stack.links.place(&item.path).map_err(|_| item.tangled())?;
        if stack.directories.contains_key(&place) {
            return Err(item.refuse(&place, OVER_DIRECTORY));
        }
        enter_parents(stack, &mut nodes, &place, &item, &solid, &below)?;
        let meta = item.meta();
        let kind = match item.what {
            What::File(blob) => Kind::File(blob),
            What::Symlink(target) => Kind::Symlink(target),
            What::Directory | What::Passage => continue,
        };
        if !matches!(kind, Kind::Symlink(_)) {
            stack.links.remove(&place);
        }
        nodes.insert(place, Node { meta, kind });
    }
    let replaced = nodes
        .iter()
        .filter(|(path, node)| !node.is_directory() && solid(stack, path))
        .map(|(path, _)| Replaced {
            path: path.clone(),
            by: name.clone(),
            package: stack.holder(path).and_then(|(_, claim)| {
                let package = stack.packages.get(claim.owner as usize);
                package.map(|package| package.locked.name.clone())
            }),
        })
        .collect();
    Ok(Overlay {
        tree: Tree { nodes },
        replaced,
    })
}

/// Enters the links of the layer, each possibly stored through others of them.
fn settle_links(stack: &mut Stack<'_>, items: &[Item]) -> Result<(), AssembleError> {
    let links: Vec<(&Item, &[u8])> = items
        .iter()
        .filter_map(|item| match &item.what {
            What::Symlink(target) => Some((item, &target[..])),
            _ => None,
        })
        .collect();
    let mut places: Vec<TreePath> = links.iter().map(|(item, _)| item.path.clone()).collect();
    // As many rounds as links may be followed, and one to see that nothing moves any more.
    for _ in 0..=40 {
        let mut undo = Vec::with_capacity(links.len());
        for ((_, target), place) in links.iter().zip(&places) {
            let before = stack.links.insert(place.clone(), (*target).into(), NOBODY);
            undo.push((place.clone(), before));
        }
        let mut next = Vec::with_capacity(links.len());
        for (item, _) in &links {
            next.push(stack.links.place(&item.path).map_err(|_| item.tangled())?);
        }
        if next == places {
            return Ok(());
        }
        for (place, before) in undo.into_iter().rev() {
            match before {
                Some((target, owner)) => {
                    stack.links.insert(place, target, owner);
                }
                None => stack.links.remove(&place),
            }
        }
        places = next;
    }
    match links.first() {
        Some((item, _)) => Err(item.tangled()),
        None => Ok(()),
    }
}

fn enter_directory(
    stack: &mut Stack<'_>,
    nodes: &mut BTreeMap<TreePath, Node>,
    place: TreePath,
    meta: Meta,
) {
    let kind = Kind::Directory;
    stack.directories.entry(place.clone()).or_insert(Directory {
        meta: None,
        layer: stack.layers.len(),
        owner: NOBODY,
    });
    nodes.insert(place, Node { meta, kind });
}

/// Enters the directories above `place` that the layer does not have yet.
fn enter_parents(
    stack: &mut Stack<'_>,
    nodes: &mut BTreeMap<TreePath, Node>,
    place: &TreePath,
    item: &Item,
    solid: &impl Fn(&Stack<'_>, &TreePath) -> bool,
    below: &impl Fn(&Stack<'_>, &TreePath) -> Option<Meta>,
) -> Result<(), AssembleError> {
    let mut next = place.parent();
    while let Some(parent) = next {
        match nodes.get(&parent) {
            Some(node) if node.is_directory() => break,
            Some(_) => return Err(item.refuse(&parent, OVER_FILE)),
            None if solid(stack, &parent) => return Err(item.refuse(&parent, OVER_FILE)),
            None => {}
        }
        next = parent.parent();
        let meta = below(stack, &parent).unwrap_or_else(plain_directory);
        enter_directory(stack, nodes, parent, meta);
    }
    Ok(())
}
