//! The integration tests: one binary, a file per command.

// Helpers outside `#[test]` functions are tests too: clippy.toml cannot tell.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod build;
mod canonical;
mod cli;
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
mod repo;
mod reproducible;
mod support;
