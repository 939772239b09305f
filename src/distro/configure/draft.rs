//! The image while it is configured: what packages hold, and what has been made on top of it.
//!
//! What is made becomes the `system` layer, which can add, replace a file whole and say what a
//! directory's mode and owner are, and nothing else (FORMATS.md section 5): a statement that would
//! take more is refused, and so is left undone.

use std::collections::{BTreeMap, BTreeSet};

use super::super::Fault;
use super::accounts::AccountBook;
pub(in crate::distro) use super::limits::Writer;
use super::limits::{Budget, spend};
use crate::model::Epoch;
use crate::tree::{Blob, Kind, Location, Meta, Node, TreePath};

/// The packages' files of an image.
pub trait Ground {
    /// What is stored at a path whose parents are no links; directories as the image has them.
    fn node(&self, path: &TreePath) -> Option<Node>;

    /// The paths below a directory, at any depth, that are not directories; sorted.
    fn below(&self, directory: &TreePath) -> Vec<TreePath>;

    /// The paths that are not root's alone; sorted.
    fn owned(&self) -> Vec<(TreePath, Meta)>;

    /// Bytes of a file, from `offset` on.
    ///
    /// # Errors
    /// When they cannot be read back.
    fn read(&self, path: &TreePath, blob: &Blob, offset: u64, into: &mut [u8])
    -> Result<(), Fault>;
}

/// The largest file that is read whole: a list, a certificate, an account file.
const MAX_FILE: u64 = 16 << 20;

/// As many links as Linux follows.
const MAX_LINKS: usize = 40;

/// An image in the making.
pub(in crate::distro) struct Draft<'a> {
    pub(super) ground: &'a dyn Ground,
    pub(super) made: BTreeMap<TreePath, Node>,
    /// Users and groups.
    pub(in crate::distro) accounts: AccountBook,
    pub(super) time: i64,
    fault: Option<Fault>,
    /// Paths that no statement may write to: what rootlock generates itself.
    pub(super) reserved: &'static [&'static str],
    /// What is allowed at the moment.
    pub(in crate::distro) writer: Writer,
    pub(super) left: Budget,
}

/// What mode and owner something is to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::distro) struct Access {
    pub(in crate::distro) mode: u16,
    pub(in crate::distro) uid: u32,
    pub(in crate::distro) gid: u32,
}

impl Access {
    /// Root's.
    pub(in crate::distro) const fn root(mode: u16) -> Self {
        Self {
            mode,
            uid: 0,
            gid: 0,
        }
    }
}

impl<'a> Draft<'a> {
    /// Nothing made yet; `time` is that of what will be.
    pub(in crate::distro) fn new(ground: &'a dyn Ground, time: Epoch) -> Self {
        Self {
            ground,
            made: BTreeMap::new(),
            accounts: AccountBook::default(),
            time: time.0,
            fault: None,
            reserved: &[],
            writer: Writer::Generator,
            left: Budget::new(),
        }
    }

    /// Keeps paths, and what is below them, from statements.
    pub(in crate::distro) fn reserve(&mut self, paths: &'static [&'static str]) {
        self.reserved = paths;
    }

    /// What was made.
    ///
    /// # Errors
    /// When a file of a package could not be read on the way.
    pub(in crate::distro) fn finish(self) -> Result<BTreeMap<TreePath, Node>, Fault> {
        match self.fault {
            Some(fault) => Err(fault),
            None => Ok(self.made),
        }
    }

    /// Where an absolute path is stored, its last part not followed; `None` for the root itself, for
    /// links without end, and for what passes through a file.
    pub(in crate::distro) fn place(&self, path: &str) -> Option<TreePath> {
        self.resolve(path.strip_prefix('/')?.as_bytes(), false)
    }

    /// Where an absolute path leads to.
    pub(in crate::distro) fn target(&self, path: &str) -> Option<TreePath> {
        self.resolve(path.strip_prefix('/')?.as_bytes(), true)
    }

    fn resolve(&self, path: &[u8], follow_last: bool) -> Option<TreePath> {
        let mut left: Vec<Vec<u8>> = parts(path).rev().collect();
        let mut here: Vec<Vec<u8>> = Vec::new();
        let mut followed = 0;
        while let Some(part) = left.pop() {
            match &part[..] {
                b"." => continue,
                b".." => {
                    here.pop();
                    continue;
                }
                _ => here.push(part),
            }
            if left.is_empty() && !follow_last {
                break;
            }
            let at = TreePath::from_archive(&here.join(&b'/')).ok()??;
            match self.stored(&at).map(|node| node.kind) {
                Some(Kind::Symlink(target)) => {
                    followed += 1;
                    if followed > MAX_LINKS {
                        return None;
                    }
                    here.pop();
                    if target.starts_with(b"/") {
                        here.clear();
                    }
                    left.extend(parts(&target).rev());
                }
                Some(Kind::Directory) | None => {}
                Some(_) if left.is_empty() => {}
                Some(_) => return None,
            }
        }
        TreePath::from_archive(&here.join(&b'/')).ok()?
    }

    /// What is at a path as it is stored.
    pub(super) fn stored(&self, place: &TreePath) -> Option<Node> {
        match self.made.get(place) {
            Some(node) => Some(node.clone()),
            None => self.ground.node(place),
        }
    }

    /// What is at a path, its last part not followed.
    pub(in crate::distro) fn node(&self, path: &str) -> Option<Node> {
        self.stored(&self.place(path)?)
    }

    /// What a path leads to.
    pub(in crate::distro) fn followed(&self, path: &str) -> Option<Node> {
        self.stored(&self.target(path)?)
    }

    /// Whether a path leads to something; `/` always does.
    pub(in crate::distro) fn exists(&self, path: &str) -> bool {
        path.trim_matches('/').is_empty() || self.followed(path).is_some()
    }

    /// The paths below a directory that are not directories, with their leading `/`; sorted.
    pub(in crate::distro) fn below(&self, directory: &str) -> Vec<String> {
        let Some(place) = self.target(directory) else {
            return Vec::new();
        };
        let mut found = self.listed(&place);
        let inside = |path: &TreePath| {
            let rest = path.as_bytes().strip_prefix(place.as_bytes());
            rest.is_some_and(|rest| rest.starts_with(b"/"))
        };
        let made = self.made.iter();
        found.extend(
            made.filter(|(path, node)| inside(path) && !node.is_directory())
                .map(|(path, _)| path.clone()),
        );
        found.sort();
        found.dedup();
        let text = |path: &TreePath| String::from_utf8(path.as_bytes().to_vec()).ok();
        found
            .iter()
            .filter_map(text)
            .map(|path| format!("/{path}"))
            .collect()
    }

    /// What lies in a directory: names of all but directories, and of directories that hold something.
    pub(in crate::distro) fn list(&self, directory: &str) -> [Vec<String>; 2] {
        let mut out = [BTreeSet::new(), BTreeSet::new()];
        if let Some(place) = self.target(directory) {
            let ground = self.listed(&place);
            let made = self.made.iter().filter(|(_, node)| !node.is_directory());
            for path in ground.iter().chain(made.map(|(path, _)| path)) {
                let rest = path.as_bytes().strip_prefix(place.as_bytes());
                let Some(rest) = rest.and_then(|rest| rest.strip_prefix(b"/")) else {
                    continue;
                };
                let mut parts = rest.splitn(2, |&byte| byte == b'/');
                let name = parts.next().map(std::str::from_utf8);
                let deeper = usize::from(parts.next().is_some());
                if let Some(Ok(name)) = name
                    && !out[deeper].contains(name)
                {
                    out[deeper].insert(name.to_owned());
                }
            }
        }
        out.map(|names| names.into_iter().collect())
    }

    /// The packages' files below a directory, as long as there is any budget for it.
    fn listed(&self, place: &TreePath) -> Vec<TreePath> {
        let left = self.left.listed.get();
        if left == 0 {
            return Vec::new();
        }
        let found = self.ground.below(place);
        let rest = left.saturating_sub(found.len() as u64 + 1);
        self.left.listed.set(rest);
        found
    }

    /// The content of the regular file that a path leads to.
    pub(in crate::distro) fn read(&mut self, path: &str) -> Option<Vec<u8>> {
        let place = self.target(path)?;
        let node = self.stored(&place)?;
        let (place, blob) = self.content(place, node)?;
        (blob.size <= MAX_FILE && spend(&mut self.left.read, blob.size)).then_some(())?;
        let mut bytes = vec![0; usize::try_from(blob.size).ok()?];
        self.read_range(&place, &blob, 0, &mut bytes)
            .then_some(bytes)
    }

    /// The content of a file or of the file that a hard link is another name of.
    fn content(&self, place: TreePath, node: Node) -> Option<(TreePath, Blob)> {
        match node.kind {
            Kind::File(blob) => Some((place, blob)),
            Kind::Hardlink(first) => match self.stored(&first)?.kind {
                Kind::File(blob) => Some((first, blob)),
                _ => None,
            },
            _ => None,
        }
    }

    /// The regular file that a path leads to: where it is stored, and its content.
    pub(in crate::distro) fn file(&self, path: &str) -> Option<(TreePath, Blob)> {
        let place = self.target(path)?;
        let node = self.stored(&place)?;
        self.content(place, node)
    }

    /// Reads a part of a file; whether it could be read.
    pub(in crate::distro) fn read_range(
        &mut self,
        place: &TreePath,
        blob: &Blob,
        offset: u64,
        into: &mut [u8],
    ) -> bool {
        let end = offset.checked_add(into.len() as u64);
        if end.is_none_or(|end| end > blob.size) {
            return false;
        }
        if let Location::Inline(bytes) = &blob.at {
            let start = usize::try_from(offset).unwrap_or(usize::MAX);
            return match bytes.get(start..start.saturating_add(into.len())) {
                Some(part) => {
                    into.copy_from_slice(part);
                    true
                }
                None => false,
            };
        }
        match self.ground.read(place, blob, offset, into) {
            Ok(()) => true,
            Err(fault) => {
                self.fault.get_or_insert(fault);
                false
            }
        }
    }

    /// The files below a directory, by their name relative to it, links followed; what cannot be read
    /// whole is left out.
    pub(in crate::distro) fn files(&mut self, directory: &str) -> Vec<(String, Vec<u8>)> {
        let mut out = Vec::new();
        for path in self.below(directory) {
            // Where the directory is a link, what is below it has another name.
            let name = path.strip_prefix(directory);
            let name = name.and_then(|name| name.strip_prefix('/'));
            if let Some(name) = name
                && let Some(bytes) = self.read(&path)
            {
                out.push((name.to_owned(), bytes));
            }
        }
        out
    }

    /// The content of a text file.
    pub(in crate::distro) fn text(&mut self, path: &str) -> Option<String> {
        String::from_utf8(self.read(path)?).ok()
    }
}

fn parts(path: &[u8]) -> impl DoubleEndedIterator<Item = Vec<u8>> + '_ {
    path.split(|&byte| byte == b'/')
        .filter(|part| !part.is_empty())
        .map(<[u8]>::to_vec)
}
