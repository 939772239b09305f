//! A merged tree into a directory.
//!
//! It is made in a private directory beside its place and renamed into it, so it appears whole or not
//! at all. Every step opens one name below an open directory and follows no link: nothing is written
//! outside, whatever the tree holds. The umask has no say.

use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use fs_err as fs;
use rustix::fs::{
    AtFlags, FileType, Gid, Mode, OFlags, Timespec, Timestamps, Uid, XattrFlags, chmodat, chownat,
    fchmod, fchown, fsetxattr, futimens, linkat, lsetxattr, makedev, mkdirat, mknodat, open,
    openat, symlinkat, utimensat,
};

use super::ExportError;
use super::output::place;
use super::rights;
use super::tar::{TarError, check, content};
use crate::model::Epoch;
use crate::store::scratch::dir_beside;
use crate::tree::{Contents, Kind, Meta, Node, Tree, TreePath};

/// What `--no-owner` left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dropped {
    /// Paths that were setuid or setgid.
    pub set_id: u64,
    /// Devices.
    pub devices: u64,
    /// Extended attributes of the `security` and `trusted` namespaces.
    pub attributes: u64,
}

impl Dropped {
    /// One sentence with the numbers, where there is anything to tell.
    pub fn warning(&self) -> Option<String> {
        (*self != Self::default()).then(|| {
            format!(
                "--no-owner left out {} setuid or setgid bits, {} devices and {} security attributes",
                self.set_id, self.devices, self.attributes
            )
        })
    }
}

/// Whether an attribute decides what a file may do, rather than describing it.
pub(super) fn is_security(name: &[u8]) -> bool {
    name.starts_with(b"security.") || name.starts_with(b"trusted.")
}

/// Writes the merged `tree` to `out`, which is absent or an empty directory. With `no_owner`
/// everything is the caller's, without setuid and setgid bits, devices and security attributes;
/// what was left out is counted.
///
/// # Errors
/// When something is at `out`, the caller may not set what the tree holds (found before anything is
/// written), or writing fails.
pub fn write_dir(
    out: &Path,
    tree: &Tree,
    contents: &dyn Contents,
    no_owner: bool,
) -> Result<Dropped, ExportError> {
    check(tree)?;
    dir_fits(out)?;
    let place = place(out)?;
    let scratch = dir_beside(&place).map_err(ExportError::write(out))?;
    if !no_owner {
        rights::probe(scratch.path(), out, tree)?;
    }
    // One level down: the scratch directory keeps others out while setuid files have no owner yet.
    let made = scratch.path().join("rootfs");
    fs::create_dir(&made).map_err(ExportError::write(out))?;
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let root = open(&made, flags, Mode::empty());
    let root = root.map_err(|error| ExportError::write(out)(error.into()))?;
    let mut writer = Writer {
        made: &made,
        out,
        root,
        parent: None,
        no_owner,
        dropped: Dropped::default(),
        buffer: Vec::new(),
    };
    writer.all(tree, contents)?;
    match fs::rename(&made, &place) {
        Ok(()) => Ok(writer.dropped),
        Err(error) => {
            dir_fits(out)?;
            Err(ExportError::write(out)(error))
        }
    }
}

/// Holds that `out` is absent or an empty directory, as [`write_dir`] wants it.
///
/// # Errors
/// When it is not.
pub fn dir_fits(out: &Path) -> Result<(), ExportError> {
    let occupied = |why| ExportError::Occupied {
        path: out.into(),
        why,
    };
    match fs::metadata(out) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(ExportError::write(out)(error)),
        Ok(there) if !there.is_dir() => Err(occupied("is a file, and this format is a directory")),
        Ok(_) => {
            let mut entries = fs::read_dir(out).map_err(ExportError::write(out))?;
            match entries.next() {
                None => Ok(()),
                Some(_) => Err(occupied("is not empty")),
            }
        }
    }
}

struct Writer<'a> {
    /// The directory that is being filled.
    made: &'a Path,
    /// Where it will be, for errors.
    out: &'a Path,
    root: OwnedFd,
    /// The directory that was used last: neighbours in a tree mostly share theirs.
    parent: Option<(TreePath, OwnedFd)>,
    no_owner: bool,
    dropped: Dropped,
    buffer: Vec<u8>,
}

impl Writer<'_> {
    fn all(&mut self, tree: &Tree, contents: &dyn Contents) -> Result<(), ExportError> {
        for (path, node) in &tree.nodes {
            let made = self.node(path, node, contents);
            made.map_err(|error| self.explain(path, error))?;
        }
        // What is made in a directory changes its time, and its mode may forbid making anything.
        for (path, node) in tree.nodes.iter().rev() {
            if node.is_directory() {
                let done = self.directory(Some(path), &node.meta);
                done.map_err(|error| self.explain(path, error))?;
            }
        }
        let root = Meta {
            mode: 0o755,
            mtime: Epoch::DIRECTORY.0,
            ..Meta::default()
        };
        let done = self.directory(None, &root);
        done.map_err(ExportError::write(self.out))
    }

    fn explain(&self, path: &TreePath, error: impl Into<TarError>) -> ExportError {
        match error.into() {
            TarError::Tree(error) => error,
            TarError::Write(source) => ExportError::Write {
                path: self.out.join(OsStr::from_bytes(path.as_bytes())),
                source,
            },
        }
    }

    /// The directory that holds `path`.
    fn parent(&mut self, path: &TreePath) -> io::Result<&OwnedFd> {
        let Some(wanted) = path.parent() else {
            return Ok(&self.root);
        };
        if self.parent.as_ref().is_none_or(|(at, _)| *at != wanted) {
            let mut opened: Option<OwnedFd> = None;
            for part in wanted.parts() {
                let below = opened.as_ref().unwrap_or(&self.root);
                let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                opened = Some(openat(below, part, flags, Mode::empty())?);
            }
            self.parent = opened.map(|opened| (wanted, opened));
        }
        Ok(self
            .parent
            .as_ref()
            .map_or(&self.root, |(_, opened)| opened))
    }

    fn node(
        &mut self,
        path: &TreePath,
        node: &Node,
        contents: &dyn Contents,
    ) -> Result<(), TarError> {
        let name = path.name();
        match &node.kind {
            Kind::Directory => {
                let parent = self.parent(path)?;
                mkdirat(parent, name, Mode::RWXU).map_err(io::Error::from)?;
                chmodat(parent, name, Mode::RWXU, AtFlags::empty()).map_err(io::Error::from)?;
            }
            Kind::File(blob) => {
                let mut buffer = std::mem::take(&mut self.buffer);
                let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
                let mode = Mode::RUSR | Mode::WUSR;
                let file = openat(self.parent(path)?, name, flags, mode);
                let mut file = std::fs::File::from(file.map_err(io::Error::from)?);
                content(path, blob, contents, &mut buffer, |chunk| {
                    file.write_all(chunk)
                })?;
                self.buffer = buffer;
                self.open_meta(&file, &node.meta)?;
            }
            Kind::Symlink(target) => {
                symlinkat(&target[..], self.parent(path)?, name).map_err(io::Error::from)?;
                self.closed_meta(path, &node.meta, false)?;
            }
            Kind::Hardlink(target) => {
                let from = self.parent(target)?.try_clone()?;
                let to = self.parent(path)?;
                let linked = linkat(&from, target.name(), to, name, AtFlags::empty());
                linked.map_err(io::Error::from)?;
            }
            Kind::CharDevice(..) | Kind::BlockDevice(..) if self.no_owner => {
                self.dropped.devices += 1;
            }
            Kind::CharDevice(major, minor) => {
                self.special(path, node, FileType::CharacterDevice, (*major, *minor))?;
            }
            Kind::BlockDevice(major, minor) => {
                self.special(path, node, FileType::BlockDevice, (*major, *minor))?;
            }
            Kind::Fifo => self.special(path, node, FileType::Fifo, (0, 0))?,
        }
        Ok(())
    }

    fn special(
        &mut self,
        path: &TreePath,
        node: &Node,
        kind: FileType,
        (major, minor): (u32, u32),
    ) -> io::Result<()> {
        let number = makedev(major, minor);
        mknodat(self.parent(path)?, path.name(), kind, Mode::RUSR, number)?;
        self.closed_meta(path, &node.meta, true)
    }

    /// Sets everything on an open file or directory: the owner first, which clears bits and
    /// capabilities; attributes before a mode that may forbid them; the time last.
    fn open_meta(&mut self, file: impl AsFd, meta: &Meta) -> io::Result<()> {
        let file = file.as_fd();
        if !self.no_owner {
            let (uid, gid) = (Uid::from_raw(meta.uid), Gid::from_raw(meta.gid));
            fchown(file, Some(uid), Some(gid))?;
        }
        for (name, value) in &meta.xattrs {
            if self.keeps(name) {
                fsetxattr(file, &name[..], value, XattrFlags::empty())?;
            }
        }
        fchmod(file, self.mode(meta))?;
        Ok(futimens(file, &times(meta))?)
    }

    /// The same on what cannot be opened.
    fn closed_meta(&mut self, path: &TreePath, meta: &Meta, has_mode: bool) -> io::Result<()> {
        let name = path.name();
        if !self.no_owner {
            let (uid, gid) = (Uid::from_raw(meta.uid), Gid::from_raw(meta.gid));
            let parent = self.parent(path)?;
            chownat(
                parent,
                name,
                Some(uid),
                Some(gid),
                AtFlags::SYMLINK_NOFOLLOW,
            )?;
        }
        for (key, value) in &meta.xattrs {
            if self.keeps(key) {
                let whole = self.made.join(OsStr::from_bytes(path.as_bytes()));
                lsetxattr(whole, &key[..], value, XattrFlags::empty())?;
            }
        }
        if has_mode {
            let mode = self.mode(meta);
            chmodat(self.parent(path)?, name, mode, AtFlags::empty())?;
        }
        let parent = self.parent(path)?;
        Ok(utimensat(
            parent,
            name,
            &times(meta),
            AtFlags::SYMLINK_NOFOLLOW,
        )?)
    }

    fn directory(&mut self, path: Option<&TreePath>, meta: &Meta) -> io::Result<()> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let directory = match path {
            Some(path) => openat(self.parent(path)?, path.name(), flags, Mode::empty())?,
            None => openat(&self.root, c".", flags, Mode::empty())?,
        };
        self.open_meta(&directory, meta)
    }

    fn keeps(&mut self, name: &[u8]) -> bool {
        let dropped = self.no_owner && is_security(name);
        self.dropped.attributes += u64::from(dropped);
        !dropped
    }

    fn mode(&mut self, meta: &Meta) -> Mode {
        let mut mode = meta.mode & 0o7777;
        if self.no_owner && mode & 0o6000 != 0 {
            self.dropped.set_id += 1;
            mode &= !0o6000;
        }
        Mode::from_raw_mode(mode.into())
    }
}

fn times(meta: &Meta) -> Timestamps {
    let time = Timespec {
        tv_sec: meta.mtime,
        tv_nsec: 0,
    };
    Timestamps {
        last_access: time,
        last_modification: time,
    }
}

#[cfg(test)]
#[path = "dir_tests.rs"]
mod tests;
