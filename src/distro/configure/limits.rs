//! What may be put into an image, and how much of it.

use std::cell::Cell;

/// On whose behalf something is put into the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::distro) enum Writer {
    /// rootlock's own: what is in the way is replaced, as by a rename.
    Generator,
    /// A rule.
    Rule,
    /// A statement of a script.
    Script,
    /// A statement of a script that runs before its package is unpacked: what packages ship comes
    /// after it.
    Early,
}

/// What statements may use of the machine in one image; the largest real images use a hundredth.
#[derive(Debug)]
pub(super) struct Budget {
    /// Paths made.
    pub(super) nodes: u64,
    /// Bytes of files made or copied.
    pub(super) bytes: u64,
    /// Bytes read of packages' files.
    pub(super) read: u64,
    /// Paths listed.
    pub(super) listed: Cell<u64>,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self {
            nodes: 200_000,
            bytes: 4 << 30,
            read: 1 << 30,
            listed: Cell::new(100_000_000),
        }
    }
}

/// Takes from a budget; whether there was enough.
pub(super) fn spend(left: &mut u64, amount: u64) -> bool {
    match left.checked_sub(amount) {
        Some(rest) => {
            *left = rest;
            true
        }
        None => false,
    }
}
