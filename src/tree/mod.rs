//! The filesystem as a value.
//!
//! A [`Tree`] is a sorted map from paths to nodes; contents are named by digest and lie elsewhere,
//! behind [`Contents`]. Nothing here touches a disk.

mod node;
mod path;

pub use node::{Blob, Contents, Kind, Location, Meta, Node, Tree};
pub use path::{ParsePathError, TreePath};
