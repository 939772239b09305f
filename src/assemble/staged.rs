//! `configure: scripts`: the root in which scripts are run, and what they made of it as a layer.
//!
//! Whoever has a sandbox runs them ([`Runner`]); here is decided what the root holds before, and what
//! becomes of each path after. The root has the group layers, the database of packages that are only
//! unpacked, and `files:`, which scripts may read and which keep their places.

use std::collections::{BTreeMap, BTreeSet};

use super::accounts::Names;
use super::build::{file_items, generated, with_root_links};
use super::error::{AssembleError, Refusal};
use super::files::LoadedFiles;
use super::filter::Filter;
use super::overlay::{Item, What, overlay};
use super::stack::Stack;
use super::{Layer, LayerName};
use crate::distro::{Distro, Fault, RootLink, Running};
use crate::model::{Arch, Epoch};
use crate::tree::{Blob, Contents, Kind, Meta, Node, Tree, TreePath, merge};

/// A root in which scripts are to run.
#[derive(Clone, Copy)]
pub struct Staged<'a> {
    /// The ecosystem, which knows what of the result is no part of an image.
    pub distro: &'a dyn Distro,
    /// Whose programs run.
    pub arch: Arch,
    /// The time that is written, where the clock is not asked.
    pub epoch: Epoch,
    /// The root.
    pub tree: &'a Tree,
    /// Where its contents lie.
    pub contents: &'a dyn Contents,
    /// What runs.
    pub running: &'a Running,
    /// What `files:` puts there: it stays so, whatever scripts do to it.
    pub own: &'a BTreeSet<TreePath>,
    /// `paths:`, which filters what scripts make as it does what packages ship.
    pub filter: &'a Filter<'a>,
}

impl std::fmt::Debug for Staged<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Staged")
            .field("arch", &self.arch)
            .field("paths", &self.tree.nodes.len())
            .finish_non_exhaustive()
    }
}

/// What scripts made of a root.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ran {
    /// What is there that was not, or is otherwise: directories, files and symbolic links. Contents are
    /// inline or in the pack behind that of `files:`.
    pub made: BTreeMap<TreePath, Node>,
    /// What is gone.
    pub removed: BTreeSet<TreePath>,
    /// What the user should know, as sentences.
    pub warnings: Vec<String>,
}

/// Runs what a root is staged for.
pub type Runner<'a> = &'a (dyn Fn(Staged<'_>) -> Result<Ran, Fault> + 'a);

/// The root in front of its scripts, and the paths of `files:` in it: `database` is that of packages
/// that are only unpacked.
pub(super) fn root(
    stack: &Stack<'_>,
    links: &[RootLink],
    database: &[Item],
    files: &LoadedFiles,
    bound: Option<Epoch>,
) -> Result<(Tree, BTreeSet<TreePath>), AssembleError> {
    let mut stack = stack.clone();
    let mut links = links.to_vec();
    let items = with_root_links(&mut links, database.to_vec(), bound);
    let system = overlay(&mut stack, None, &LayerName::System, items)?;
    let mut files = files.clone();
    for file in &mut files.files {
        // Its user may be one that a script makes; in the image it is as asked for.
        file.owner = None;
    }
    let items = file_items(files, &Names::default(), bound.unwrap_or(Epoch::DIRECTORY))?;
    let items = with_root_links(&mut links, items, bound);
    let files = overlay(&mut stack, Some(&system.tree), &LayerName::Files, items)?;
    let nodes = files.tree.nodes.iter();
    let own = nodes.filter(|(_, node)| !node.is_directory());
    let own = own.map(|(path, _)| path.clone()).collect();
    let groups = stack.layers.into_iter().map(|layer| layer.into_tree(bound));
    Ok((merge(groups.chain([system.tree, files.tree])), own))
}

/// Runs the scripts of a root.
pub(super) fn run(runner: Runner<'_>, staged: Staged<'_>) -> Result<Ran, AssembleError> {
    runner(staged).map_err(|fault| AssembleError::Scripts(Refusal(fault)))
}

/// The paths that a layer must take away from lower ones: what is below one that goes, goes with it.
pub(super) fn whiteouts(stack: &Stack<'_>, removed: &BTreeSet<TreePath>) -> Vec<TreePath> {
    let mut gone: Vec<TreePath> = Vec::new();
    for path in removed {
        let lower = stack.holder(path).is_some() || stack.directories.contains_key(path);
        // A name that has no room for the mark stays, in every form.
        let can = || path.whiteout().is_some();
        if lower && can() && !gone.iter().any(|above| path.is_below(above)) {
            gone.push(path.clone());
        }
    }
    gone
}

/// The directories that hold the entries for that.
pub(super) fn passages(whiteouts: &[TreePath], epoch: Epoch) -> impl Iterator<Item = Item> {
    let parents = whiteouts.iter().filter_map(TreePath::parent);
    parents.map(move |parent| generated(parent, What::Passage, 0o755, 0, epoch))
}

/// Puts the entries for that into a layer (OCI image-spec, layer.md, "Whiteouts").
pub(super) fn mark(layer: &mut Tree, whiteouts: &[TreePath], epoch: Epoch) {
    let meta = Meta {
        mode: 0o644,
        mtime: epoch.0,
        ..Meta::default()
    };
    for marker in whiteouts.iter().filter_map(TreePath::whiteout) {
        let kind = Kind::File(Blob::inline(Vec::new()));
        let meta = meta.clone();
        layer.nodes.insert(marker, Node { meta, kind });
    }
}

/// Layers laid on one another, those above `system` last; nothing of whiteouts is left.
pub(super) fn merged(layers: impl Iterator<Item = Layer>, whiteouts: &[TreePath]) -> Tree {
    let (mut lower, mut upper) = (Vec::new(), Vec::new());
    for layer in layers {
        match layer.name {
            LayerName::Files => upper.push(layer.tree),
            LayerName::Group(_) | LayerName::System => lower.push(layer.tree),
        }
    }
    let mut tree = merge(lower);
    if !whiteouts.is_empty() {
        let markers: BTreeSet<TreePath> = whiteouts.iter().filter_map(TreePath::whiteout).collect();
        let gone = tree.nodes.keys().filter(|path| {
            let taken = |above: &TreePath| *path == above || path.is_below(above);
            markers.contains(*path) || whiteouts.iter().any(taken)
        });
        let gone = gone.cloned().collect();
        tree.remove(&gone);
    }
    upper.insert(0, tree);
    merge(upper)
}

#[cfg(test)]
#[path = "staged_tests.rs"]
mod tests;
