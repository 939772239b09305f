//! Whether the caller may make what a tree holds: tried out, for no rule tells. A user namespace,
//! capabilities and the file system each have a say.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use rustix::fs::{
    FileType, Gid, Mode, OFlags, Uid, XattrFlags, fchown, fsetxattr, makedev, mknodat, open,
    unlinkat,
};
use rustix::process::{getegid, geteuid};

use super::ExportError;
use crate::tree::{Kind, Tree, TreePath};

/// Tries every owner, device number and attribute name of `tree` once in the private directory
/// `scratch`, which is on the file system of `out`.
///
/// # Errors
/// Names the first path that needs what the caller may not do.
pub(super) fn probe(scratch: &Path, out: &Path, tree: &Tree) -> Result<(), ExportError> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let opened = open(scratch, flags, Mode::empty()).map_err(io::Error::from);
    let directory = opened.map_err(ExportError::write(out))?;
    let file = tempfile::tempfile_in(scratch).map_err(ExportError::write(out))?;

    let mut owners = BTreeMap::new();
    let mut devices = BTreeMap::new();
    let mut attributes = BTreeMap::new();
    for (path, node) in &tree.nodes {
        owners.entry((node.meta.uid, node.meta.gid)).or_insert(path);
        match node.kind {
            Kind::CharDevice(major, minor) => devices.entry((true, major, minor)).or_insert(path),
            Kind::BlockDevice(major, minor) => devices.entry((false, major, minor)).or_insert(path),
            _ => path,
        };
        // Links and devices take no `user` attributes at all; whoever packed one learns of it later.
        if matches!(node.kind, Kind::File(_) | Kind::Directory) {
            for (name, value) in &node.meta.xattrs {
                attributes.entry(&name[..]).or_insert((path, &value[..]));
            }
        }
    }
    let refused = |path: &TreePath, what: String, error: rustix::io::Errno| ExportError::Rights {
        path: path.clone(),
        what,
        out: out.into(),
        source: error.into(),
    };
    for (name, (path, value)) in attributes {
        let set = fsetxattr(&file, name, value, XattrFlags::empty());
        let what = || format!("the attribute {}", name.escape_ascii());
        set.map_err(|error| refused(path, what(), error))?;
    }
    for ((character, major, minor), path) in devices {
        let kind = match character {
            true => FileType::CharacterDevice,
            false => FileType::BlockDevice,
        };
        let made = mknodat(
            &directory,
            c"device",
            kind,
            Mode::RUSR,
            makedev(major, minor),
        );
        let made =
            made.and_then(|()| unlinkat(&directory, c"device", rustix::fs::AtFlags::empty()));
        let what = || format!("the device {major}:{minor}");
        made.map_err(|error| refused(path, what(), error))?;
    }
    let own = (geteuid().as_raw(), getegid().as_raw());
    for ((uid, gid), path) in owners {
        let what = || format!("the owner {uid}:{gid}");
        // To chown(2) this number means "leave it".
        if uid == u32::MAX || gid == u32::MAX {
            return Err(refused(path, what(), rustix::io::Errno::INVAL));
        }
        if (uid, gid) != own {
            let given = fchown(&file, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)));
            given.map_err(|error| refused(path, what(), error))?;
        }
    }
    Ok(())
}
