//! What an auditor looks at first, whatever was locked: special bits, capabilities, paths that
//! anybody may write, accounts.

use std::collections::BTreeMap;

use super::fields::CAPABILITY;
use crate::tree::{Kind, Location, Node, Tree, TreePath};

/// setuid and setgid.
const SPECIAL: u16 = 0o6000;
/// Writable for everybody.
const WORLD: u16 = 0o002;
/// Only the owner of a file may remove it.
const STICKY: u16 = 0o1000;
/// More accounts than any image has.
const MAX_ACCOUNTS: usize = 10_000;

/// A path with a mode that matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Special {
    /// The path.
    pub path: TreePath,
    /// Permission bits.
    pub mode: u16,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
}

/// A line of `/etc/passwd`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// Its number.
    pub uid: u32,
    /// Its primary group's number.
    pub gid: u32,
    /// Its shell.
    pub shell: String,
    /// Whether it may log in with a password, or without any.
    pub password: Password,
}

/// What `/etc/passwd` and `/etc/shadow` say of an account's password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Password {
    /// None is needed to log in.
    Empty,
    /// There is one.
    Set,
    /// No password will do: `*`, `!`, or no line in `/etc/shadow`.
    Locked,
}

impl Password {
    fn of(field: &str) -> Self {
        match field.as_bytes() {
            [] => Self::Empty,
            [b'*' | b'!', ..] => Self::Locked,
            _ => Self::Set,
        }
    }

    /// As reports write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Set => "set",
            Self::Locked => "locked",
        }
    }
}

/// How many paths were judged by what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Checked {
    /// By the recorded outputs.
    pub record: u64,
    /// By the locked packages.
    pub package: u64,
    /// By the image's own database.
    pub database: u64,
    /// Owned, and nothing at hand says what they should be.
    pub unchecked: u64,
}

/// What there is to know beside the findings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// Installed packages.
    pub packages: usize,
    /// How paths were judged.
    pub checked: Checked,
    /// Paths that nobody owns, where no outputs are recorded that could say whether they belong.
    pub unlocked: u64,
    /// Files with setuid or setgid.
    pub setuid: Vec<Special>,
    /// Files with capabilities.
    pub capabilities: Vec<Special>,
    /// Files, and directories without the sticky bit, that everybody may write.
    pub world_writable: Vec<Special>,
    /// `/etc/passwd`.
    pub accounts: Vec<Account>,
}

/// Sums up a filesystem. Accounts are read where the contents of their files were kept.
pub(super) fn of(tree: &Tree) -> Summary {
    let mut out = Summary::default();
    for (path, node) in &tree.nodes {
        let mode = node.meta.mode;
        let special = || Special {
            path: path.clone(),
            mode,
            uid: node.meta.uid,
            gid: node.meta.gid,
        };
        let file = matches!(node.kind, Kind::File(_) | Kind::Hardlink(_));
        if file && mode & SPECIAL != 0 {
            out.setuid.push(special());
        }
        if node.meta.xattrs.contains_key(CAPABILITY) {
            out.capabilities.push(special());
        }
        let guarded = node.is_directory() && mode & STICKY != 0;
        let link = matches!(node.kind, Kind::Symlink(_));
        if mode & WORLD != 0 && !link && !guarded && !is_plain_device(path, node) {
            out.world_writable.push(special());
        }
    }
    out.accounts = accounts(tree);
    out
}

/// `/dev/null` and its like are for everybody.
fn is_plain_device(path: &TreePath, node: &Node) -> bool {
    path.as_bytes().starts_with(b"dev/") && matches!(node.kind, Kind::CharDevice(..))
}

fn accounts(tree: &Tree) -> Vec<Account> {
    let shadow = text(tree, b"etc/shadow").unwrap_or_default();
    let hashes: BTreeMap<&str, &str> = shadow
        .lines()
        .filter_map(|line| {
            let (name, rest) = line.split_once(':')?;
            Some((name, rest.split(':').next()?))
        })
        .collect();
    let passwd = text(tree, b"etc/passwd").unwrap_or_default();
    let read = |line: &str| {
        let fields: Vec<&str> = line.split(':').collect();
        let [name, password, uid, gid, .., shell] = fields[..] else {
            return None;
        };
        let password = match password {
            "x" => hashes.get(name).copied().unwrap_or("*"),
            other => other,
        };
        Some(Account {
            name: name.to_owned(),
            uid: uid.parse().ok()?,
            gid: gid.parse().ok()?,
            shell: shell.to_owned(),
            password: Password::of(password),
        })
    };
    passwd.lines().filter_map(read).take(MAX_ACCOUNTS).collect()
}

/// A file whose content was kept.
fn text(tree: &Tree, path: &[u8]) -> Option<String> {
    match &tree.nodes.get(path)?.kind {
        Kind::File(blob) => match &blob.at {
            Location::Inline(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
            Location::Pack { .. } => None,
        },
        _ => None,
    }
}
