//! The integration tests: one binary, a file per command.

// Helpers outside `#[test]` functions are tests too: clippy.toml cannot tell.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod alpine;
mod alpine_hostile;
mod alpine_index;
mod alpine_layers;
mod alpine_real;
mod alpine_solve;
mod alpine_sources;
mod alpine_trust;
mod alpine_update;
mod audit;
mod build;
mod canonical;
mod cli;
mod configure;
mod conformance;
mod damage;
mod faults;
mod fetch;
mod hostile;
mod indexes;
mod journey;
mod lock;
mod make;
mod packages;
mod place;
mod proof;
mod repo;
mod reproducible;
mod review;
mod review_moves;
mod sbom;
mod support;
mod tree_page;
mod vendor;
mod verify;
mod yard;
