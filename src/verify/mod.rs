//! Compares what was rebuilt from a lockfile with what was recorded, or with an image that somebody
//! built.
//!
//! In: a [`Rebuilt`] image, and a [`lockfile::Output`](crate::lockfile::Output) or an
//! [`image::Image`](crate::image::Image). Out: a [`Verdict`]. What is guaranteed:
//!
//! - **Complete.** There is no finding only where everything that was compared is the same, and what
//!   was not compared is said in a note.
//! - **Minimal.** One thing that differs is one finding, at the place where it is: what follows from
//!   it (the digest of the layer, the root, the configuration's list of layers) is not told again.
//! - **In order.** Layers from the lowest, paths by their bytes, then what concerns the image.
//!
//! Nothing is read or built here, so it works on any image whose layers could be read.

mod against;
mod cause;
mod config;
mod finding;
mod record;
#[cfg(test)]
mod tests;
mod text;

use crate::lockfile::{BlobRecord, Generated, Undone};
use crate::model::{Arch, Epoch, PackageName, Sha256};
use crate::tree::{Tree, TreePath};

pub use against::with_image;
pub use finding::{Finding, What};
pub use record::with_record;
pub use text::text_diff;

/// An image of one architecture, as it was rebuilt.
#[derive(Debug, Clone)]
pub struct Rebuilt<'a> {
    /// Its architecture.
    pub arch: Arch,
    /// Its epoch.
    pub epoch: Epoch,
    /// Lowest first.
    pub layers: Vec<RebuiltLayer<'a>>,
    /// The filesystem that the layers make together.
    pub tree: &'a Tree,
    /// Its Merkle root.
    pub root: Sha256,
    /// The image ID.
    pub config: Sha256,
    /// The image configuration.
    pub config_json: serde_json::Value,
    /// What `system` and `files` hold.
    pub generated: Vec<Generated>,
    /// What no script did.
    pub undone: Vec<Undone>,
    /// The image manifest's digest and the encoder behind it, where blobs were made.
    pub blobs: Option<BlobRecord>,
    /// The digest of the filesystem as a tar, where one was made: only a comparison with a tar
    /// needs it.
    pub tar: Option<Sha256>,
}

/// One layer of a rebuilt image.
#[derive(Debug, Clone)]
pub struct RebuiltLayer<'a> {
    /// The group's name, `system` or `files`.
    pub name: String,
    /// Of the uncompressed tar.
    pub diff_id: Sha256,
    /// Of the uncompressed tar, in bytes.
    pub size: u64,
    /// The digest of the blob, where one was made.
    pub blob: Option<Sha256>,
    /// What it holds.
    pub tree: &'a Tree,
}

/// The outcome of a comparison.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    /// What differs.
    pub findings: Vec<Finding>,
    /// What was not compared, or is no difference and worth knowing, as sentences without full stop.
    pub notes: Vec<String>,
}

impl Verdict {
    /// Whether nothing differs.
    pub fn holds(&self) -> bool {
        self.findings.is_empty()
    }

    /// Says of every path which package owns it, and what that tells of the cause.
    pub fn annotate(&mut self, owner: &dyn Fn(&TreePath) -> Option<PackageName>) {
        for finding in &mut self.findings {
            if finding.package.is_none() {
                finding.package = finding.path.as_ref().and_then(owner);
            }
            if finding.cause.is_none() && finding.package.is_some() {
                finding.cause = cause::of_packaged(finding);
            }
        }
    }
}

/// A digest and what it covers, as findings show them.
fn sized(digest: Sha256, size: u64) -> String {
    format!("{digest} ({size} bytes)")
}

/// With control characters escaped, but for tabs and line ends.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => out.push(c),
            c if c.is_control() => out.extend(c.escape_debug()),
            c => out.push(c),
        }
    }
    out
}
