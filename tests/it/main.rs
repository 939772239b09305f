//! The integration tests: one binary, a file per command.

mod canonical;
mod cli;
mod make;
