//! The integration tests: one binary, a file per command.

mod cli;
mod make;
