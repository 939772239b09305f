//! Packages, deb(5).

use std::io::Read;

use crate::distro::{Control, Fault, Sink};
use crate::model::LockedPackage;

/// Raised whenever [`unpack`] gives another result.
pub(super) const REVISION: u32 = 1;

/// See `Distro::unpack`.
pub(super) fn unpack(
    _package: &LockedPackage,
    _archive: &mut (dyn Read + Send),
    _sink: &mut dyn Sink,
) -> Result<Control, Fault> {
    unimplemented!()
}
