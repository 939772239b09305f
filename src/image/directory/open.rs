//! Opening what lies below a directory without following a symbolic link, whatever anybody does to
//! it meanwhile.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use crate::tree::TreePath;

/// Whoever puts a pipe in the place of a file must not make the opening wait.
const FILE: OFlags = OFlags::RDONLY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);
const DIRECTORY: OFlags = FILE.union(OFlags::DIRECTORY);

/// Opens a directory below `root`, or that itself anew.
pub(super) fn directory(root: &OwnedFd, path: Option<&TreePath>) -> Result<OwnedFd, Errno> {
    match path {
        Some(path) => below(root, path, DIRECTORY),
        None => rustix::fs::openat(root, ".", DIRECTORY, Mode::empty()),
    }
}

/// Opens a file below `root`.
pub(super) fn file(root: &OwnedFd, path: &TreePath) -> Result<File, Errno> {
    below(root, path, FILE).map(File::from)
}

/// Opens the file of that name in `directory`.
pub(super) fn file_in(directory: impl AsFd, name: &[u8]) -> Result<File, Errno> {
    rustix::fs::openat(directory, name, FILE, Mode::empty()).map(File::from)
}

fn below(root: &OwnedFd, path: &TreePath, flags: OFlags) -> Result<OwnedFd, Errno> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    match rustix::fs::openat2(root, path.as_bytes(), flags, Mode::empty(), resolve) {
        // Linux before 5.6, and sandboxes that do not know it.
        Err(Errno::NOSYS | Errno::PERM) => step_by_step(root, path, flags),
        opened => opened,
    }
}

/// The same, a part after the other.
fn step_by_step(root: &OwnedFd, path: &TreePath, flags: OFlags) -> Result<OwnedFd, Errno> {
    let Some(parent) = path.parent() else {
        return rustix::fs::openat(root, path.name(), flags, Mode::empty());
    };
    let mut at: Option<OwnedFd> = None;
    for part in parent.parts() {
        let from = at.as_ref().unwrap_or(root);
        at = Some(rustix::fs::openat(from, part, DIRECTORY, Mode::empty())?);
    }
    rustix::fs::openat(
        at.as_ref().unwrap_or(root),
        path.name(),
        flags,
        Mode::empty(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_refuse_links() {
        let home = tempfile::tempdir().unwrap();
        fs_err::create_dir_all(home.path().join("a/b")).unwrap();
        fs_err::write(home.path().join("a/b/file"), "x").unwrap();
        std::os::unix::fs::symlink("a", home.path().join("link")).unwrap();
        std::os::unix::fs::symlink("file", home.path().join("a/b/link")).unwrap();
        let root = rustix::fs::open(home.path(), DIRECTORY, Mode::empty()).unwrap();
        for (path, found) in [
            ("a/b/file", true),
            ("link/b/file", false),
            ("a/b/link", false),
            ("a/c/file", false),
        ] {
            let path = path.parse().unwrap();
            assert_eq!(below(&root, &path, FILE).is_ok(), found, "{path}");
            assert_eq!(step_by_step(&root, &path, FILE).is_ok(), found, "{path}");
        }
    }
}
