//! Where packaged paths lie in a filesystem whose directories may be behind links.

use std::collections::HashMap;
use std::ops::Bound;

use memchr::memchr;

use crate::tree::{Kind, Tree, TreePath};

/// Links that one path may lead through, as in Linux.
const MAX_LINKS: usize = 40;
/// The place of the root in [`Resolver::directories`].
const ROOT: usize = 0;

/// Finds packaged paths in a tree: `/bin/sh` is `/usr/bin/sh` where `/bin` is a link to `usr/bin`.
///
/// Links are followed as in a container, so never out of the root, and at most 40 of them. Each
/// directory and each link is looked at once, whatever number of paths goes through it.
#[derive(Debug)]
pub struct Resolver<'a> {
    tree: &'a Tree,
    directories: Vec<Directory>,
    places: HashMap<Box<[u8]>, usize>,
}

/// A directory of the tree.
#[derive(Debug)]
struct Directory {
    /// Where it is, behind all links; empty for the root.
    path: Box<[u8]>,
    parent: usize,
    /// What is known of the names in it.
    entries: HashMap<Box<[u8]>, Way>,
}

/// The directory that a name leads to, and through how many links; `None` where it leads to none.
type Way = Option<(usize, usize)>;

impl<'a> Resolver<'a> {
    /// Of the paths of `tree`.
    pub fn new(tree: &'a Tree) -> Self {
        let root = Directory {
            path: Box::default(),
            parent: ROOT,
            entries: HashMap::new(),
        };
        Self {
            tree,
            directories: vec![root],
            places: HashMap::new(),
        }
    }

    /// Where `path` lies: links above it are followed, and not itself. From the first directory on
    /// that is not there, or is behind too many links, the path stays as it is.
    pub fn resolve(&mut self, path: &TreePath) -> TreePath {
        let (mut at, mut links, mut rest) = (ROOT, 0, path.as_bytes());
        while let Some(end) = memchr(b'/', rest) {
            let Some((next, more)) = self.enter(at, &rest[..end], 0) else {
                break;
            };
            if links + more > MAX_LINKS {
                break;
            }
            (at, links, rest) = (next, links + more, &rest[end + 1..]);
        }
        if links == 0 {
            return path.clone();
        }
        let whole = TreePath::from_archive(&self.join(at, rest));
        whole.ok().flatten().unwrap_or_else(|| path.clone())
    }

    /// Whether `path`, and what it may be a link to, is a directory.
    pub(in crate::distro) fn is_directory(&mut self, path: &TreePath) -> bool {
        self.directory(path).is_some()
    }

    /// Where the directory that `path` is or leads to lies; empty for the root.
    pub(in crate::distro) fn directory(&mut self, path: &TreePath) -> Option<&[u8]> {
        let (directory, _) = self.walk(ROOT, path.as_bytes(), 0)?;
        Some(&self.directories[directory].path)
    }

    /// Where the file at `path` lies, itself followed too; `None` where there is nothing.
    pub(in crate::distro) fn follow(&mut self, path: &TreePath) -> Option<TreePath> {
        let (mut at, mut rest) = (ROOT, path.as_bytes());
        for _ in 0..=MAX_LINKS {
            let start = rest.iter().rposition(|&byte| byte == b'/');
            let (above, name) = rest.split_at(start.map_or(0, |slash| slash + 1));
            (at, _) = self.walk(at, above, 0)?;
            if matches!(name, b"" | b"." | b"..") {
                let (directory, _) = self.walk(at, name, 0)?;
                return TreePath::from_archive(&self.directories[directory].path).ok()?;
            }
            let (path, node) = self.tree.nodes.get_key_value(&self.join(at, name)[..])?;
            match &node.kind {
                Kind::Symlink(target) => rest = target,
                _ => return Some(path.clone()),
            }
        }
        None
    }

    /// The directory that `path` leads to from `at`, or from the root where it begins with a slash,
    /// and through how many links. `depth` is the number of links whose targets are being read.
    fn walk(&mut self, at: usize, path: &[u8], depth: usize) -> Way {
        let start = if path.starts_with(b"/") { ROOT } else { at };
        let mut parts = path.split(|&byte| byte == b'/');
        parts.try_fold((start, 0), |(at, links), part| {
            let (next, more) = self.enter(at, part, depth)?;
            (links + more <= MAX_LINKS).then_some((next, links + more))
        })
    }

    /// The directory that one name in the directory `at` leads to.
    fn enter(&mut self, at: usize, name: &[u8], depth: usize) -> Way {
        match name {
            b"" | b"." => return Some((at, 0)),
            b".." => return Some((self.directories[at].parent, 0)),
            _ => {}
        }
        if let Some(known) = self.directories[at].entries.get(name) {
            return *known;
        }
        let tree = self.tree;
        let path = self.join(at, name);
        let way = match tree.nodes.get(&path[..]).map(|node| &node.kind) {
            Some(Kind::Directory) => Some((self.place(path, at), 0)),
            Some(Kind::Symlink(_)) if depth == MAX_LINKS => None,
            Some(Kind::Symlink(target)) => {
                let way = self.walk(at, target, depth + 1);
                let way = way.map(|(directory, links)| (directory, links + 1));
                way.filter(|(_, links)| *links <= MAX_LINKS)
            }
            Some(_) => return None,
            None if is_above(tree, &path) => Some((self.place(path, at), 0)),
            // Names that are not there are not kept: there is no end to them.
            None => return None,
        };
        // Deep in a chain a failure may be the chain's, and not the link's own.
        if way.is_some() || depth == 0 {
            self.directories[at].entries.insert(name.into(), way);
        }
        way
    }

    /// The place of the directory at `path`.
    fn place(&mut self, path: Vec<u8>, parent: usize) -> usize {
        let path = path.into_boxed_slice();
        let next = self.directories.len();
        *self.places.entry(path.clone()).or_insert_with(|| {
            self.directories.push(Directory {
                path,
                parent,
                entries: HashMap::new(),
            });
            next
        })
    }

    fn join(&self, at: usize, rest: &[u8]) -> Vec<u8> {
        match &*self.directories[at].path {
            b"" => rest.to_vec(),
            path => [path, b"/", rest].concat(),
        }
    }
}

/// Whether something lies below `path`, which then is a directory although nothing says so.
fn is_above(tree: &Tree, path: &[u8]) -> bool {
    let below = [path, b"/"].concat();
    let after = (Bound::Included(&below[..]), Bound::Unbounded);
    let mut after = tree.nodes.range::<[u8], _>(after);
    after
        .next()
        .is_some_and(|(next, _)| next.as_bytes().starts_with(&below))
}

#[cfg(test)]
#[path = "resolver_tests.rs"]
mod tests;
