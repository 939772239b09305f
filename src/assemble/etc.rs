//! The account files of an image: what packages ship read back, what is declared written on top.

use std::collections::BTreeMap;

use super::accounts::{self, AccountFiles, Names};
use super::build::generated;
use super::error::AssembleError;
use super::files::LoadedFiles;
use super::overlay::{Item, What};
use super::stack::Stack;
use crate::distro::Distro;
use crate::model::{Accounts, Epoch};
use crate::tree::{Blob, Contents, Kind, Node, TreePath};

/// An account file is some kilobytes; this is a bound on what a stranger's package makes us read.
const MAX_ACCOUNT_FILE: u64 = 4 << 20;

/// Reads small files that the image is going to hold.
pub(super) struct Reader<'a> {
    pub(super) contents: &'a dyn Contents,
    /// What native configuration made on top, by where it is stored.
    pub(super) made: Option<&'a BTreeMap<TreePath, Node>>,
}

impl Reader<'_> {
    fn text(&self, path: &TreePath, blob: &Blob) -> Result<String, AssembleError> {
        if blob.size > MAX_ACCOUNT_FILE {
            return Err(AssembleError::Account(format!(
                "{path} has {} bytes, more than the {MAX_ACCOUNT_FILE} of any account file",
                blob.size
            )));
        }
        let bytes = blob
            .read(self.contents)
            .map_err(|cause| AssembleError::Content {
                path: path.clone(),
                cause,
            })?;
        String::from_utf8(bytes)
            .map_err(|_| AssembleError::Account(format!("{path} is not UTF-8 text")))
    }

    /// A file that packages ship, with its mode and group.
    fn shipped(
        &self,
        stack: &Stack<'_>,
        path: &str,
    ) -> Result<Option<(String, u16, u32)>, AssembleError> {
        let found = path.parse().ok().and_then(|path: TreePath| {
            let place = stack.links.place(&path).ok()?;
            let made = self.made.and_then(|made| made.get(&place));
            let node = made.or_else(|| stack.holder(&place).map(|(_, claim)| &claim.node));
            node.map(|node| (place, node))
        });
        let Some((place, node)) = found else {
            return Ok(None);
        };
        let Kind::File(blob) = &node.kind else {
            return Ok(None);
        };
        let text = self.text(&place, blob)?;
        Ok(Some((text, node.meta.mode, node.meta.gid)))
    }
}

/// The account files, where accounts are declared or packages ship what they are made from; the
/// names that the image then knows.
pub(super) fn account_items(
    stack: &Stack<'_>,
    distro: &dyn Distro,
    reader: &Reader<'_>,
    accounts: &Accounts,
    epoch: Epoch,
    items: &mut Vec<Item>,
) -> Result<Names, AssembleError> {
    let defaults = distro.accounts();
    let read = |path: &str, mode, gid| -> Result<_, AssembleError> {
        let found = reader.shipped(stack, path)?;
        Ok(found.map_or((None, mode, gid), |(text, mode, gid)| {
            (Some(text), mode, gid)
        }))
    };
    let master = |path: Option<&str>| -> Result<Option<String>, AssembleError> {
        let found = path.map(|path| reader.shipped(stack, path)).transpose()?;
        Ok(found.flatten().map(|(text, ..)| text))
    };
    let passwd = read("etc/passwd", 0o644, 0)?;
    let group = read("etc/group", 0o644, 0)?;
    let shadow = read("etc/shadow", 0o640, defaults.shadow_gid)?;
    let gshadow = read("etc/gshadow", 0o640, defaults.shadow_gid)?;
    let passwd_master = match &passwd.0 {
        None => master(defaults.passwd_master)?,
        Some(_) => None,
    };
    let group_master = match &group.0 {
        None => master(defaults.group_master)?,
        Some(_) => None,
    };
    let declared = *accounts != Accounts::default();
    let wanted = [
        declared || passwd_master.is_some(),
        declared || group_master.is_some(),
        declared,
        declared,
    ];
    let or = |text: Option<String>, master: Option<String>, default: &str| {
        text.or(master).unwrap_or_else(|| default.into())
    };
    let before = AccountFiles {
        passwd: or(passwd.0, passwd_master, defaults.passwd),
        group: or(group.0, group_master, defaults.group),
        shadow: shadow.0.unwrap_or_default(),
        gshadow: gshadow.0,
    };
    let after = accounts::declare(before, accounts, &defaults, distro.shadow_day(epoch))?;
    let mut names = Names::default();
    names.read(&after.passwd, &after.group);
    let files = [
        ("etc/passwd", Some(after.passwd), passwd.1, passwd.2),
        ("etc/group", Some(after.group), group.1, group.2),
        ("etc/shadow", Some(after.shadow), shadow.1, shadow.2),
        ("etc/gshadow", after.gshadow, gshadow.1, gshadow.2),
    ];
    for ((path, text, mode, gid), wanted) in files.into_iter().zip(wanted) {
        if let (Some(text), Ok(path), true) = (text, path.parse(), wanted) {
            let what = What::File(Blob::inline(text.into_bytes()));
            items.push(generated(path, what, mode, gid, epoch));
        }
    }
    Ok(names)
}

/// The names that count when the image runs: the user's own account files hide all others.
pub(super) fn with_own_files(
    names: &Names,
    reader: &Reader<'_>,
    files: &LoadedFiles,
) -> Result<Names, AssembleError> {
    let own = |name: &str| -> Result<String, AssembleError> {
        for file in files.files.iter().rev() {
            if let What::File(blob) = &file.what
                && file.path.as_bytes() == name.as_bytes()
            {
                return reader.text(&file.path, blob);
            }
        }
        Ok(String::new())
    };
    let mut out = Names::default();
    out.read(&own("etc/passwd")?, &own("etc/group")?);
    Ok(out.or(names))
}
