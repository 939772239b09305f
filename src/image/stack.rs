//! Layers as read, the lowest first, in; the one filesystem that they make together out.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound::{Included, Unbounded};

use super::drafted::Drafted;
use super::limits::{self, Budget};
use super::resolve::{At, follow};
use super::{ImageError, Place, Whiteout};
use crate::model::Sha256;
use crate::tree::{Kind, Meta, Node, Tree, TreePath, merge};

/// A hard link to what a lower layer has.
#[derive(Debug)]
pub(super) struct LowerLink {
    pub(super) path: TreePath,
    pub(super) meta: Meta,
    pub(super) target: TreePath,
}

/// A filesystem that grows upward.
#[derive(Debug)]
pub(super) struct Stack<'a> {
    tree: Tree,
    budget: &'a Budget,
    passed: u64,
}

impl<'a> Stack<'a> {
    pub(super) fn new(budget: &'a Budget) -> Self {
        Self {
            tree: Tree::default(),
            budget,
            passed: 0,
        }
    }

    /// Lays a layer on what is there. Its hard links to lower layers become part of it: the first
    /// link to a file is that file once more, the others are links to that one.
    pub(super) fn add(&mut self, layer: &mut Drafted, place: &Place) -> Result<(), ImageError> {
        self.pass(self.tree.nodes.len() as u64, place)?;
        self.link(layer, place)?;
        self.remove(&layer.whiteouts, place)?;
        let mut upper = layer.tree.clone();
        for path in &layer.implied {
            if let Some(meta) = self.directory(path, place)?
                && let Some(node) = upper.nodes.get_mut(path)
            {
                node.meta = meta;
            }
        }
        self.tree = merge([std::mem::take(&mut self.tree), upper]);
        Ok(())
    }

    fn pass(&mut self, paths: u64, place: &Place) -> Result<(), ImageError> {
        self.passed = self.passed.saturating_add(paths);
        if self.passed > limits::MERGED {
            let what = "paths to be passed while its layers are merged";
            return Err(place.limit(what, limits::MERGED));
        }
        Ok(())
    }

    /// The whole, and the sums of its files out of those of all contents.
    pub(super) fn finish(
        self,
        sums: &HashMap<Sha256, Vec<u8>>,
    ) -> (Tree, BTreeMap<TreePath, Vec<u8>>) {
        let sums = self
            .tree
            .nodes
            .iter()
            .filter_map(|(path, node)| match &node.kind {
                Kind::File(blob) => Some((path.clone(), sums.get(&blob.sha256)?.clone())),
                _ => None,
            });
        let sums = sums.collect();
        (self.tree, sums)
    }

    /// Where `path` leads when all links are followed; `None` where it leads nowhere.
    fn follow(&self, path: &TreePath, place: &Place) -> Result<Option<Vec<u8>>, ImageError> {
        let parts: Vec<&[u8]> = path.parts().collect();
        let (at, steps) = follow(&parts, |path| {
            match self.tree.nodes.get(path).map(|node| &node.kind) {
                None => At::Nothing,
                Some(Kind::Directory) => At::Directory,
                Some(Kind::Symlink(target)) => At::Symlink(target),
                Some(_) => At::Other,
            }
        });
        self.budget.steps(steps, place)?;
        Ok(at.ok())
    }

    /// What an upper layer's directory takes over that has no entry of its own.
    fn directory(&self, path: &TreePath, place: &Place) -> Result<Option<Meta>, ImageError> {
        let at = self.follow(path, place)?;
        let node = at.and_then(|at| self.tree.nodes.get(&at[..]));
        Ok(node
            .filter(|node| node.is_directory())
            .map(|node| node.meta.clone()))
    }

    fn link(&self, layer: &mut Drafted, place: &Place) -> Result<(), ImageError> {
        let mut first: HashMap<TreePath, TreePath> = HashMap::new();
        for LowerLink {
            path,
            mut meta,
            target,
        } in std::mem::take(&mut layer.links)
        {
            let wrong = |why| place.entry(path.as_bytes(), why);
            let absent = "is a hard link to what is neither before it nor in a lower layer";
            let (at, node) = self.find(&target, place)?.ok_or_else(|| wrong(absent))?;
            let kind = match &node.kind {
                Kind::Directory => return Err(wrong("is a hard link to a directory")),
                Kind::File(_) => match first.get(at) {
                    Some(first) => Kind::Hardlink(first.clone()),
                    None => {
                        first.insert(at.clone(), path.clone());
                        node.kind.clone()
                    }
                },
                other => other.clone(),
            };
            if meta.xattrs.is_empty() {
                meta.xattrs = node.meta.xattrs.clone();
            }
            layer.tree.nodes.insert(path, Node { meta, kind });
        }
        Ok(())
    }

    /// What is at `path`, whose parents may be links; of a group of hard links the one that is the
    /// file.
    fn find(
        &self,
        path: &TreePath,
        place: &Place,
    ) -> Result<Option<(&TreePath, &Node)>, ImageError> {
        let at = match path.parent() {
            Some(parent) => {
                let parent = self.follow(&parent, place)?;
                parent.map(|parent| [&parent, path.name()].join(&b'/'))
            }
            None => Some(path.as_bytes().to_vec()),
        };
        let found = at.and_then(|at| self.tree.nodes.get_key_value(&at[..]));
        Ok(match found {
            Some((
                _,
                Node {
                    kind: Kind::Hardlink(first),
                    ..
                },
            )) => self.tree.nodes.get_key_value(first),
            found => found,
        })
    }

    /// Removes what whiteouts name. Merging with something else in the place of what goes does all
    /// that a removal must: what is below goes too, and hard links to it stay files.
    fn remove(&mut self, whiteouts: &[Whiteout], place: &Place) -> Result<(), ImageError> {
        let nodes = &self.tree.nodes;
        let mut gone: BTreeSet<TreePath> = BTreeSet::new();
        let mut emptied: BTreeSet<Option<&TreePath>> = BTreeSet::new();
        for whiteout in whiteouts {
            match whiteout {
                Whiteout::Path(path) if nodes.contains_key(path) => {
                    gone.insert(path.clone());
                }
                Whiteout::Path(_) => {}
                Whiteout::Below(directory) => {
                    emptied.insert(directory.as_ref());
                }
            }
        }
        let mut passed = 0;
        for directory in emptied {
            let prefix = directory.map_or(Vec::new(), |path| [path.as_bytes(), b"/"].concat());
            let below = nodes.range::<[u8], _>((Included(&prefix[..]), Unbounded));
            let below = below.take_while(|(path, _)| path.as_bytes().starts_with(&prefix));
            let below = below.inspect(|_| passed += 1);
            let children = below.filter(|(path, _)| path.parent().as_ref() == directory);
            gone.extend(children.map(|(path, _)| path.clone()));
        }
        self.pass(passed, place)?;
        if gone.is_empty() {
            return Ok(());
        }
        let stub = Node {
            meta: Meta::default(),
            kind: Kind::Fifo,
        };
        let stubs = gone.iter().map(|path| (path.clone(), stub.clone()));
        let stubs = Tree {
            nodes: stubs.collect(),
        };
        self.tree = merge([std::mem::take(&mut self.tree), stubs]);
        for path in &gone {
            self.tree.nodes.remove(path);
        }
        Ok(())
    }
}
