//! The lockfile: exact versions and digests as reviewable text, FORMATS.md section 2.
//!
//! Text in, [`Lockfile`] out, and back. What is guaranteed:
//!
//! - **Canonical.** One value has one text: `write(parse(text))` is `text` again where rootlock wrote
//!   it, and whatever a YAML 1.1 or 1.2 parser reads in it is what was meant.
//! - **Small diffs.** One package is one block, so a new version changes that block, its repository's
//!   `release` and `indexes`, and what was recorded of outputs.
//! - **Distrusted.** It comes from a pull request as often as from `lock`: sizes are bounded, unknown
//!   and duplicate keys, anchors and control characters refused, and every value is checked against a
//!   grammar. What is right about a package in its distribution's eyes is the distribution's to say.
//! - **Forward.** A newer minor version of the format is read, without what this one does not know of,
//!   and is not written over; a newer major one is refused.

mod check;
mod convert;
mod diff;
mod error;
mod forward;
mod grammar;
mod graph;
mod merge;
mod parse;
mod scan;
mod types;
mod v1;
mod write;
mod yaml;

#[cfg(test)]
mod graph_tests;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use check::{Unfit, unfit};
pub use diff::{ChangeKind, PackageChange, changes};
pub use error::LockfileError;
pub use graph::{Arrow, Chain, EdgeKind, Graph, Link, Shortest};
pub use merge::{Merged, has_markers, parse_merged};
pub use parse::parse;
pub use types::{BlobRecord, Generated, LayerRecord, LockedRepository, Lockfile, Output, Undone};
pub use write::write;

/// The version of the format that is written.
pub const FORMAT: semver::Version = semver::Version::new(1, 0, 0);

/// The newest rules of the canonical result (FORMATS.md section 5) that this version knows.
pub const CANONICAL: u32 = 1;

/// The newest revision of the rules of each `configure` mode that this version knows.
pub const RULES: u32 = 1;
