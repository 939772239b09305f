//! Group layers, one upon the other: what is where, whose it is, and where links lead.
//!
//! A layer sees itself and what is beneath it, never what is above: that is what makes a lower
//! layer's bytes independent of a higher group.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::error::{AssembleError, Holder};
use super::links::Links;
use crate::distro::{Control, Distro, Member};
use crate::model::{Epoch, GroupName, LockedPackage};
use crate::tree::{Kind, Meta, Node, Tree, TreePath};

/// The owner of what no package ships.
pub(super) const NOBODY: u32 = u32::MAX;

/// A place in a layer that is not a directory, and whose it is.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    /// Where it is stored.
    pub(super) path: TreePath,
    /// A hard link is kept as the file that it is another name of.
    pub(super) node: Node,
    /// The package, by its number, or [`NOBODY`].
    pub(super) owner: u32,
    /// Names of one file of one package share a number; 0 is a file with one name.
    pub(super) inode: u32,
    /// The path as packaged, where that is another one.
    pub(super) packaged: Option<TreePath>,
}

impl Claim {
    /// The path as packaged.
    pub(super) fn packaged(&self) -> &TreePath {
        self.packaged.as_ref().unwrap_or(&self.path)
    }
}

/// A directory somewhere in the stack.
#[derive(Debug, Clone)]
pub(super) struct Directory {
    /// As the first package that ships it has it.
    pub(super) meta: Option<Meta>,
    /// The lowest layer that has it.
    pub(super) layer: usize,
    /// The package that brought it there.
    pub(super) owner: u32,
}

/// A finished group layer.
#[derive(Debug, Clone)]
pub(super) struct Built {
    /// The group.
    pub(super) group: GroupName,
    /// Sorted by path, each once.
    pub(super) claims: Vec<Claim>,
    /// Every directory of the layer.
    pub(super) directories: BTreeMap<TreePath, Meta>,
}

impl Built {
    /// What is stored at `path`.
    pub(super) fn get(&self, path: &TreePath) -> Option<&Claim> {
        let at = self.claims.binary_search_by(|claim| claim.path.cmp(path));
        at.ok().map(|at| &self.claims[at])
    }

    /// The layer as a tree, with no time later than `bound`.
    pub(super) fn into_tree(self, bound: Option<Epoch>) -> Tree {
        // The first name of a file in the layer holds the content.
        let mut first: HashMap<(u32, u32), TreePath> = HashMap::new();
        let claims = self.claims.into_iter().map(|claim| {
            let mut node = claim.node;
            if let Some(Epoch(bound)) = bound {
                node.meta.mtime = node.meta.mtime.min(bound);
            }
            if claim.inode != 0 {
                match first.get(&(claim.owner, claim.inode)) {
                    Some(target) => node.kind = Kind::Hardlink(target.clone()),
                    None => {
                        first.insert((claim.owner, claim.inode), claim.path.clone());
                    }
                }
            }
            (claim.path, node)
        });
        let mut nodes: Vec<(TreePath, Node)> = claims.collect();
        nodes.extend(self.directories.into_iter().map(|(path, meta)| {
            let kind = Kind::Directory;
            (path, Node { meta, kind })
        }));
        Tree {
            nodes: nodes.into_iter().collect(),
        }
    }
}

/// What is known of a package while layers are made.
#[derive(Debug, Clone)]
pub(super) struct Package<'a> {
    /// As locked.
    pub(super) locked: &'a LockedPackage,
    /// What is left of its control files.
    pub(super) control: Control,
    /// The number of its layer.
    pub(super) layer: usize,
    /// Where its database files are stored.
    pub(super) records: Vec<TreePath>,
}

impl Package<'_> {
    /// As the distribution sees it.
    pub(super) fn member(&self) -> Member<'_> {
        Member {
            package: self.locked,
            control: &self.control,
        }
    }
}

/// All group layers so far.
#[derive(Debug, Clone)]
pub(super) struct Stack<'a> {
    /// Packages by their number.
    pub(super) packages: Vec<Package<'a>>,
    /// The groups of the layers, those still to be made too.
    pub(super) groups: Vec<GroupName>,
    /// Lowest first.
    pub(super) layers: Vec<Built>,
    /// The links that are seen from the top.
    pub(super) links: Links,
    /// All directories by where they are stored; only looked up.
    pub(super) directories: HashMap<TreePath, Directory>,
    /// Paths, as packaged, that packages of lower layers lost to one of a higher layer.
    pub(super) taken: BTreeMap<u32, BTreeSet<TreePath>>,
    /// Whether one package may take over from another, as far as it was asked.
    pub(super) verdicts: HashMap<(u32, u32), bool>,
}

impl<'a> Stack<'a> {
    /// No layer yet, of those that `groups` will have.
    pub(super) fn new(groups: Vec<GroupName>) -> Self {
        Self {
            packages: Vec::new(),
            groups,
            layers: Vec::new(),
            links: Links::default(),
            directories: HashMap::new(),
            taken: BTreeMap::new(),
            verdicts: HashMap::new(),
        }
    }
}

impl Stack<'_> {
    /// What is seen at `path` from the top.
    pub(super) fn holder(&self, path: &TreePath) -> Option<(usize, &Claim)> {
        let layers = self.layers.iter().enumerate().rev();
        layers
            .filter_map(|(at, layer)| Some((at, layer.get(path)?)))
            .next()
    }

    /// A directory's own metadata, for any layer from here on.
    pub(super) fn directory(&self, path: &TreePath) -> Meta {
        let known = self.directories.get(path);
        known
            .and_then(|directory| directory.meta.clone())
            .unwrap_or_else(plain_directory)
    }

    /// For messages: a package, or the layer itself.
    pub(super) fn name(&self, owner: u32, layer: usize) -> Holder {
        let package = self.packages.get(owner as usize);
        Holder {
            package: package.map(|package| package.locked.name.clone()),
            group: self.groups[layer].clone(),
        }
    }

    /// For messages: two claims on one path.
    pub(super) fn conflict(
        &self,
        path: &TreePath,
        first: (u32, usize),
        second: (u32, usize),
    ) -> AssembleError {
        AssembleError::Conflict {
            path: path.clone(),
            first: self.name(first.0, first.1),
            second: self.name(second.0, second.1),
        }
    }

    /// Whether `winner` may take a path over from `loser`.
    pub(super) fn takes_over(&mut self, distro: &dyn Distro, winner: u32, loser: u32) -> bool {
        let (Some(one), Some(other)) = (
            self.packages.get(winner as usize),
            self.packages.get(loser as usize),
        ) else {
            return false;
        };
        *self
            .verdicts
            .entry((winner, loser))
            .or_insert_with(|| distro.takes_over(one.member(), other.member()))
    }
}

/// A directory that no package ships.
pub(super) fn plain_directory() -> Meta {
    Meta {
        mode: 0o755,
        mtime: Epoch::DIRECTORY.0,
        ..Meta::default()
    }
}
