//! The files of a tree as the readers of databases see them: through links, bounded, by lines.

use std::collections::BTreeSet;
use std::ops::Bound;

use super::{InventoryFault, Resolver};
use crate::tree::{Blob, Kind, Location, ParsePathError, Tree, TreePath};

/// Bytes of one file: the records of all of Debian's packages are 60 MB.
const MAX_BYTES: u64 = 128 << 20;
/// Packages of one ecosystem: Debian has 70 000.
pub(in crate::distro) const MAX_PACKAGES: usize = 1 << 18;
/// Paths of all packages of one ecosystem: a desktop has half a million.
const MAX_PATHS: usize = 1 << 22;

/// Opens the files of a tree and keeps account of what was read.
#[derive(Debug)]
pub(in crate::distro) struct Files<'a> {
    tree: &'a Tree,
    resolver: Resolver<'a>,
    databases: BTreeSet<TreePath>,
    paths: usize,
}

/// A database, and where it lies.
#[derive(Debug)]
pub(in crate::distro) struct Text<'a> {
    pub(in crate::distro) file: TreePath,
    pub(in crate::distro) bytes: &'a [u8],
}

impl<'a> Files<'a> {
    pub(in crate::distro) fn new(tree: &'a Tree) -> Self {
        Self {
            tree,
            resolver: Resolver::new(tree),
            databases: BTreeSet::new(),
            paths: 0,
        }
    }

    /// A file of a database, where it is there.
    pub(in crate::distro) fn database(
        &mut self,
        path: &[u8],
    ) -> Result<Option<Text<'a>>, InventoryFault> {
        let Ok(Some(path)) = TreePath::from_archive(path) else {
            return Ok(None);
        };
        let Some((file, blob)) = self.blob(&path)? else {
            return Ok(None);
        };
        if blob.size > MAX_BYTES {
            return Err(InventoryFault::Large {
                file,
                size: blob.size,
                limit: MAX_BYTES,
            });
        }
        let Location::Inline(bytes) = &blob.at else {
            return Err(InventoryFault::Unread(file));
        };
        self.databases.insert(file.clone());
        Ok(Some(Text { file, bytes }))
    }

    /// A small file that tells something beside, where it is there and can be read.
    pub(in crate::distro) fn note(&mut self, path: &str) -> Option<&'a str> {
        const MAX_NOTE: u64 = 64 << 10;
        let (_, blob) = self.blob(&path.parse().ok()?).ok()??;
        match &blob.at {
            Location::Inline(bytes) if blob.size <= MAX_NOTE => std::str::from_utf8(bytes).ok(),
            _ => None,
        }
    }

    /// The regular file that a path leads to, and where it lies.
    fn blob(&mut self, path: &TreePath) -> Result<Option<(TreePath, &'a Blob)>, InventoryFault> {
        let tree = self.tree;
        let found = self.resolver.follow(path);
        let kind = |path: &TreePath| tree.nodes.get(path).map(|node| &node.kind);
        let node = match found.as_ref().and_then(kind) {
            Some(Kind::Hardlink(first)) => kind(first),
            node => node,
        };
        match (node, found) {
            (Some(Kind::File(blob)), Some(file)) => Ok(Some((file, blob))),
            (None, _) if kind(&self.resolver.resolve(path)).is_none() => Ok(None),
            _ => Err(InventoryFault::NoFile(path.clone())),
        }
    }

    /// The names of what lies in a directory, sorted; none where it is not there.
    pub(in crate::distro) fn names(&mut self, directory: &str) -> Vec<&'a [u8]> {
        let path = directory.parse().ok();
        let Some(found) = path.and_then(|path| self.resolver.directory(&path)) else {
            return Vec::new();
        };
        let below = &[found, b"/"].concat()[..];
        let after = (Bound::Included(below), Bound::Unbounded);
        let after = self.tree.nodes.range::<[u8], _>(after);
        let names = after.map_while(|(path, _)| path.as_bytes().strip_prefix(below));
        names.filter(|name| !name.contains(&b'/')).collect()
    }

    /// Whether a packaged path is a directory in the filesystem.
    pub(in crate::distro) fn is_directory(&mut self, path: &TreePath) -> bool {
        self.resolver.is_directory(path)
    }

    /// Counts a path that `text` names.
    pub(in crate::distro) fn count(&mut self, text: &Text<'_>) -> Result<(), InventoryFault> {
        self.paths += 1;
        match self.paths > MAX_PATHS {
            true => Err(text.many(MAX_PATHS, "paths")),
            false => Ok(()),
        }
    }

    /// The databases that were read.
    pub(in crate::distro) fn into_databases(self) -> Vec<TreePath> {
        self.databases.into_iter().collect()
    }
}

impl<'a> Text<'a> {
    /// The lines, counted from 1.
    pub(in crate::distro) fn lines(&self) -> impl Iterator<Item = (usize, &'a [u8])> + use<'a> {
        let bytes = self.bytes.strip_suffix(b"\n").unwrap_or(self.bytes);
        let lines = bytes.split(|&byte| byte == b'\n').enumerate();
        let lines = lines.map(|(at, line)| (at + 1, line));
        lines.take(if self.bytes.is_empty() { 0 } else { usize::MAX })
    }

    /// Refuses a file whose last line has no end, as its writer left none.
    pub(in crate::distro) fn check_end(&self) -> Result<(), InventoryFault> {
        match self.bytes.is_empty() || self.bytes.ends_with(b"\n") {
            true => Ok(()),
            false => Err(self.cut("a line")),
        }
    }

    /// Refuses a file of names that went through an editor which changes the ends of lines: they
    /// cannot be told from names.
    pub(in crate::distro) fn check_returns(&self) -> Result<(), InventoryFault> {
        match self.lines().next() {
            Some((line, first)) if first.ends_with(b"\r") => {
                Err(self.line(line, "ends with a carriage return"))
            }
            _ => Ok(()),
        }
    }

    /// A line that cannot be read.
    pub(in crate::distro) fn line(&self, line: usize, why: impl Into<String>) -> InventoryFault {
        InventoryFault::Line {
            file: self.file.clone(),
            line,
            why: why.into(),
        }
    }

    /// A package that cannot be read, by the line where it begins.
    pub(in crate::distro) fn package(&self, line: usize, why: impl Into<String>) -> InventoryFault {
        InventoryFault::Package {
            file: self.file.clone(),
            line,
            why: why.into(),
        }
    }

    /// Reads a path that a line names; `None` is the root.
    pub(in crate::distro) fn path(
        &self,
        line: usize,
        bytes: &[u8],
    ) -> Result<Option<TreePath>, InventoryFault> {
        TreePath::from_archive(bytes).map_err(|cause| self.refused(line, cause))
    }

    /// A path that a line names and that has no place below the root.
    pub(in crate::distro) fn refused(&self, line: usize, cause: ParsePathError) -> InventoryFault {
        InventoryFault::Path {
            file: self.file.clone(),
            line,
            cause,
        }
    }

    /// Reads a name or a version of the package that begins at a line.
    pub(in crate::distro) fn name<T>(
        &self,
        line: usize,
        what: &'static str,
        value: &[u8],
    ) -> Result<T, InventoryFault>
    where
        T: std::str::FromStr<Err = crate::model::ParseNameError>,
    {
        let value = String::from_utf8_lossy(value);
        value.parse().map_err(|cause| InventoryFault::Name {
            file: self.file.clone(),
            line,
            what,
            cause,
        })
    }

    /// Too many of something.
    pub(in crate::distro) fn many(&self, limit: usize, what: &'static str) -> InventoryFault {
        InventoryFault::Many {
            file: self.file.clone(),
            limit,
            what,
        }
    }

    /// An end where none may be.
    pub(in crate::distro) fn cut(&self, what: &'static str) -> InventoryFault {
        InventoryFault::Cut {
            file: self.file.clone(),
            what,
        }
    }
}

/// A stranger's text for a message.
pub(in crate::distro) fn shown(text: &[u8]) -> String {
    const MAX_SHOWN: usize = 80;
    let end = text.len().min(MAX_SHOWN);
    format!("`{}`", text[..end].escape_ascii())
}
