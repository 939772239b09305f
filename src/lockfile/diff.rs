//! What changed between two locks of one architecture.

use std::cmp::Ordering;

use crate::model::{LockedPackage, Version};

/// What happened to one package between two locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// A later version.
    Upgraded,
    /// An earlier version.
    Downgraded,
    /// The same version.
    Kept,
    /// It is gone.
    Removed,
}

impl ChangeKind {
    /// As reports write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Upgraded => "upgraded",
            Self::Downgraded => "downgraded",
            Self::Kept => "kept",
            Self::Removed => "removed",
        }
    }
}

/// One package of either lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackageChange<'a> {
    /// What happened.
    pub kind: ChangeKind,
    /// As it was locked before.
    pub old: Option<&'a LockedPackage>,
    /// As it is locked now.
    pub new: Option<&'a LockedPackage>,
}

/// Every package of either lock, by name. Both lists are sorted by name, as a lockfile's are;
/// `compare` is the distribution's order of versions.
pub fn changes<'a>(
    old: &'a [LockedPackage],
    new: &'a [LockedPackage],
    compare: &dyn Fn(&Version, &Version) -> Ordering,
) -> Vec<PackageChange<'a>> {
    let mut out = Vec::with_capacity(old.len().max(new.len()));
    let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
    loop {
        let side = match (old.peek(), new.peek()) {
            (None, None) => return out,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(old), Some(new)) => old.name.cmp(&new.name),
        };
        let old = side.is_le().then(|| old.next()).flatten();
        let new = side.is_ge().then(|| new.next()).flatten();
        let kind = match (old, new) {
            (Some(old), Some(new)) if old.version == new.version => ChangeKind::Kept,
            (Some(old), Some(new)) => match compare(&old.version, &new.version) {
                Ordering::Greater => ChangeKind::Downgraded,
                // Equal: another spelling of the same version came instead.
                Ordering::Less | Ordering::Equal => ChangeKind::Upgraded,
            },
            (None, _) => ChangeKind::Added,
            (Some(_), None) => ChangeKind::Removed,
        };
        out.push(PackageChange { kind, old, new });
    }
}
