//! The filesystem as a value.
//!
//! A [`Tree`] is a sorted map from paths to nodes; contents are named by digest and lie elsewhere,
//! behind [`Contents`]. [`merge`] lays layers on one another, [`diff`] compares two wholes,
//! [`merkle_root`] is the digest of one. Nothing here touches a disk.

mod diff;
mod merge;
mod merkle;
mod node;
mod path;
#[cfg(test)]
pub(crate) mod testing;

pub use diff::{Change, Difference, Field, describe, diff};
pub use merge::merge;
pub use merkle::merkle_root;
pub use node::{Blob, Contents, Kind, Location, Meta, Node, Tree};
pub use path::{ParsePathError, TreePath};
