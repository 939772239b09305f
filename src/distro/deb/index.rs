//! Packages indexes.

use crate::distro::Fault;
use crate::model::WantedFile;

/// Raised whenever [`condense`] gives other bytes.
pub(super) const REVISION: u32 = 1;

/// See `Distro::condense`.
pub(super) fn condense(_file: &WantedFile, _raw: &[u8]) -> Result<Vec<u8>, Fault> {
    unimplemented!()
}
