//! The directories of a group layer: those that packages ship, and the parents of everything.

use std::collections::BTreeMap;

use super::error::AssembleError;
use super::group::tangled;
use super::stack::{Claim, Directory, NOBODY, Stack};
use crate::distro::Distro;
use crate::model::Epoch;
use crate::tree::{Kind, Meta, TreePath};

/// Enters the layer's directories, and checks that nothing is both a directory and something else.
pub(super) fn enter_directories(
    stack: &mut Stack<'_>,
    distro: &dyn Distro,
    shipped: Vec<(TreePath, Meta, u32)>,
    implied: impl Iterator<Item = TreePath>,
    kept: &[Claim],
) -> Result<BTreeMap<TreePath, Meta>, AssembleError> {
    let layer = stack.layers.len();
    let mut here: BTreeMap<TreePath, u32> = BTreeMap::new();
    // Of the directories whose metadata this layer decides, the package that does so.
    let mut deciders: BTreeMap<TreePath, u32> = BTreeMap::new();
    for (path, meta, owner) in shipped {
        let place = stack.links.resolve(path.as_bytes());
        let Some(place) = place.map_err(|_| tangled(stack, owner, &path))? else {
            continue;
        };
        let meta = Meta {
            mtime: Epoch::DIRECTORY.0,
            ..meta
        };
        let member = |owner: u32| stack.packages[owner as usize].member();
        let directory = stack.directories.entry(place.clone()).or_insert(Directory {
            meta: None,
            layer,
            owner,
        });
        let decides = match (&directory.meta, deciders.get(&place)) {
            (None, _) => true,
            (Some(_), Some(&other)) => distro.precedence(member(owner), member(other)).is_lt(),
            (Some(_), None) => false,
        };
        if decides {
            directory.meta = Some(meta);
            deciders.insert(place.clone(), owner);
        }
        enter_parents(stack, layer, &mut here, &place, owner);
        here.entry(place).or_insert(owner);
    }
    for path in implied {
        enter_parents(stack, layer, &mut here, &path, NOBODY);
        stack.directories.entry(path.clone()).or_insert(Directory {
            meta: None,
            layer,
            owner: NOBODY,
        });
        here.entry(path).or_insert(NOBODY);
    }
    for claim in kept {
        enter_parents(stack, layer, &mut here, &claim.path, claim.owner);
    }
    for claim in kept {
        let Some(directory) = stack.directories.get(&claim.path) else {
            continue;
        };
        let below = (directory.owner, directory.layer);
        return Err(match claim.node.kind {
            Kind::Symlink(_) if directory.layer < layer => AssembleError::LinkAbove {
                path: claim.path.clone(),
                link: stack.name(claim.owner, layer),
                below: stack.name(below.0, below.1),
            },
            _ => stack.conflict(&claim.path, below, (claim.owner, layer)),
        });
    }
    for (path, owner) in &here {
        if let Some((at, claim)) = stack.holder(path) {
            return Err(stack.conflict(path, (claim.owner, at), (*owner, layer)));
        }
    }
    let with_meta = |(path, _)| {
        let meta = stack.directory(&path);
        (path, meta)
    };
    Ok(here.into_iter().map(with_meta).collect())
}

/// Enters the directories above `path` that the layer does not have yet.
fn enter_parents(
    stack: &mut Stack<'_>,
    layer: usize,
    here: &mut BTreeMap<TreePath, u32>,
    path: &TreePath,
    owner: u32,
) {
    let mut next = path.parent();
    while let Some(parent) = next.filter(|parent| !here.contains_key(parent)) {
        next = parent.parent();
        stack
            .directories
            .entry(parent.clone())
            .or_insert(Directory {
                meta: None,
                layer,
                owner,
            });
        here.insert(parent, owner);
    }
}
