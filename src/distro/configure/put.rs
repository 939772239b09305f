//! Putting something into the image in the making.

use super::draft::{Access, Draft};
use super::limits::{Writer, spend};
use crate::model::Epoch;
use crate::tree::{Blob, Kind, Meta, Node, TreePath};

impl Draft<'_> {
    fn meta(&self, access: Access, time: i64) -> Meta {
        Meta {
            mode: access.mode & 0o7777,
            uid: access.uid,
            gid: access.gid,
            mtime: time,
            ..Meta::default()
        }
    }

    /// Puts a file at a path, following links as a redirection does; whether that can be done.
    pub(in crate::distro) fn put_file(&mut self, path: &str, blob: Blob, access: Access) -> bool {
        let place = match self.writer {
            Writer::Generator => self.place(path),
            _ => self.target(path),
        };
        let Some(place) = place else {
            return false;
        };
        if self.stored(&place).is_some_and(|node| node.is_directory())
            || !self.may_put(&place)
            || !spend(&mut self.left.bytes, blob.size)
            || !self.enter(&place)
        {
            return false;
        }
        let meta = self.meta(access, self.time);
        let kind = Kind::File(blob);
        self.made.insert(place, Node { meta, kind });
        true
    }

    /// Puts bytes at a path; one that is there keeps its mode and owner.
    pub(in crate::distro) fn write(&mut self, path: &str, bytes: Vec<u8>, mode: u16) -> bool {
        let there = match self.writer {
            Writer::Generator => self.node(path),
            _ => self.followed(path),
        };
        let there = there.filter(|node| !matches!(node.kind, Kind::Symlink(_)));
        let access = match there {
            Some(node) => Access {
                mode: node.meta.mode,
                uid: node.meta.uid,
                gid: node.meta.gid,
            },
            None => Access::root(mode),
        };
        self.put_file(path, Blob::inline(bytes), access)
    }

    /// Puts a link at a path, in place of a file or link that is there.
    pub(in crate::distro) fn put_link(&mut self, path: &str, target: &str) -> bool {
        let Some(place) = self.place(path) else {
            return false;
        };
        if self.stored(&place).is_some_and(|node| node.is_directory())
            || !self.may_put(&place)
            || !self.enter(&place)
        {
            return false;
        }
        let kind = Kind::Symlink(target.as_bytes().into());
        let meta = self.meta(Access::root(0o777), self.time);
        self.made.insert(place, Node { meta, kind });
        true
    }

    /// Makes a directory, or gives one that is there its mode and owner.
    pub(in crate::distro) fn put_directory(&mut self, path: &str, access: Access) -> bool {
        let Some(place) = self.target(path) else {
            return false;
        };
        let known = self.stored(&place);
        if known.as_ref().is_some_and(|node| !node.is_directory())
            || self.is_reserved(&place)
            || !self.enter(&place)
        {
            return false;
        }
        let mut meta = self.meta(access, Epoch::DIRECTORY.0);
        if let Some(known) = known {
            meta.xattrs = known.meta.xattrs;
        }
        let kind = Kind::Directory;
        self.made.insert(place, Node { meta, kind });
        true
    }

    fn is_reserved(&self, place: &TreePath) -> bool {
        let at = |path: &str| {
            let rest = place.as_bytes().strip_prefix(path.as_bytes());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
        };
        let guarded = matches!(self.writer, Writer::Script | Writer::Early);
        guarded && self.reserved.iter().any(|path| at(path))
    }

    /// Whether something other than a directory may be put at a place.
    fn may_put(&self, place: &TreePath) -> bool {
        let shipped = || self.ground.node(place).is_some();
        let hidden = self.writer == Writer::Early && shipped();
        !hidden && !self.is_reserved(place)
    }

    /// Makes the directories above a place that are not there; whether they can be.
    fn enter(&mut self, place: &TreePath) -> bool {
        let mut missing = Vec::new();
        let mut next = place.parent();
        while let Some(parent) = next {
            match self.stored(&parent) {
                Some(node) if node.is_directory() => break,
                Some(_) => return false,
                None => next = parent.parent(),
            }
            missing.push(parent);
        }
        if !spend(&mut self.left.nodes, 1 + missing.len() as u64) {
            return false;
        }
        let meta = self.meta(Access::root(0o755), Epoch::DIRECTORY.0);
        for parent in missing {
            let kind = Kind::Directory;
            let meta = meta.clone();
            self.made.insert(parent, Node { meta, kind });
        }
        true
    }

    /// Changes mode, owner or attributes of what a path leads to; whether there is anything.
    pub(in crate::distro) fn change(&mut self, path: &str, change: impl FnOnce(&mut Meta)) -> bool {
        let Some(place) = self.target(path) else {
            return false;
        };
        let Some(mut node) = self.stored(&place) else {
            return false;
        };
        if self.is_reserved(&place) {
            return false;
        }
        let shipped = self.ground.node(&place).is_some();
        if self.writer == Writer::Early && shipped && !self.made.contains_key(&place) {
            return false;
        }
        // Of a hard link the other names would keep what they have.
        if !matches!(node.kind, Kind::File(_) | Kind::Directory) {
            return false;
        }
        let before = node.meta.clone();
        change(&mut node.meta);
        if node.meta != before {
            self.made.insert(place, node);
        }
        true
    }

    /// Takes back what was made at a path; whether nothing is there then.
    pub(in crate::distro) fn remove(&mut self, path: &str) -> bool {
        let Some(place) = self.place(path) else {
            return true;
        };
        if self.is_reserved(&place) {
            return false;
        }
        match self.made.get(&place) {
            Some(node) if node.is_directory() => return false,
            Some(_) => {
                self.made.remove(&place);
            }
            None => {}
        }
        self.ground.node(&place).is_none()
    }
}
