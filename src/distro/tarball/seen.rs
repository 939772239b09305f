//! Which paths an archive has had so far: an archive that contradicts itself is refused.

use std::collections::HashMap;

use super::{Entry, EntryKind, TarError, bad};
use crate::tree::TreePath;

/// What is known of a path.
#[derive(Debug)]
enum Was {
    /// A directory with an entry of its own.
    Directory,
    /// A directory that was only passed through.
    Passed,
    File,
    /// Another name of the file.
    Hardlink(TreePath),
    Symlink(Box<[u8]>),
    /// A device or a pipe.
    Other,
}

/// The paths so far.
#[derive(Debug, Default)]
pub(super) struct Seen(HashMap<TreePath, Was>);

impl Seen {
    /// Takes an entry into account. A hard link to a hard link is pointed at the file itself; one
    /// to a symbolic link, which link(2) and so dpkg can make, becomes that link once more.
    pub(super) fn admit(&mut self, entry: &mut Entry) -> Result<(), TarError> {
        let Some(path) = &entry.path else {
            return Ok(());
        };
        self.pass(path)?;
        if let EntryKind::Hardlink(target) = &mut entry.kind {
            match self.0.get(target) {
                Some(Was::File) => {}
                Some(Was::Hardlink(file)) => *target = file.clone(),
                Some(Was::Symlink(text)) => entry.kind = EntryKind::Symlink(text.clone()),
                Some(_) => {
                    return Err(bad(path.as_bytes(), "is a hard link to no regular file"));
                }
                None => {
                    let why = "is a hard link to a file that is not before it in the archive";
                    return Err(bad(path.as_bytes(), why));
                }
            }
        }
        let is = match &entry.kind {
            EntryKind::Directory => Was::Directory,
            EntryKind::File(_) => Was::File,
            EntryKind::Hardlink(file) => Was::Hardlink(file.clone()),
            EntryKind::Symlink(text) => Was::Symlink(text.clone()),
            _ => Was::Other,
        };
        let directory = matches!(is, Was::Directory);
        match self.0.insert(path.clone(), is) {
            None => Ok(()),
            Some(Was::Directory | Was::Passed) if directory => Ok(()),
            Some(Was::Directory | Was::Passed) => {
                Err(bad(path.as_bytes(), "takes the place of a directory"))
            }
            Some(_) => Err(bad(path.as_bytes(), "is in the archive twice")),
        }
    }

    /// Refuses a path beneath what cannot hold it. Through a symbolic link it may pass: where that
    /// leads is for the tree to say.
    fn pass(&mut self, path: &TreePath) -> Result<(), TarError> {
        let mut rest = path.as_bytes();
        while let Some(slash) = rest.iter().rposition(|&byte| byte == b'/') {
            rest = &rest[..slash];
            match self.0.get(rest) {
                Some(Was::Directory | Was::Passed | Was::Symlink(_)) => return Ok(()),
                Some(_) => return Err(bad(path.as_bytes(), "lies beneath what is no directory")),
                // Rare: archives name directories before what is in them.
                None => {
                    if let Ok(Some(parent)) = TreePath::from_archive(rest) {
                        self.0.insert(parent, Was::Passed);
                    }
                }
            }
        }
        Ok(())
    }
}
