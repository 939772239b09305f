//! Packages made in memory, see [`Deb`].

#[path = "../../src/distro/deb/testing/mod.rs"]
mod testing;

#[allow(unused_imports)]
pub(crate) use testing::*;
