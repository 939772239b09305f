//! One file per command: its arguments, and the call of the verb behind it.

pub(crate) mod add;
pub(crate) mod build;
pub(crate) mod fetch;
pub(crate) mod generate;
pub(crate) mod init;
pub(crate) mod list;
pub(crate) mod lock;
pub(crate) mod remove;
pub(crate) mod store;
pub(crate) mod vendor;

use crate::args::Command;
use crate::failure::Outcome;
use crate::session::Session;

/// The exit code of a command that did what it was asked for.
const DONE: u8 = 0;
/// The exit code of a command that worked and whose answer is no.
const NO: u8 = 1;

/// Runs a command.
pub(crate) fn run(command: Command, session: &Session) -> Outcome {
    match command {
        Command::Init(init) => init.run(session),
        Command::Add(add) => add.run(session),
        Command::Remove(remove) => remove.run(session),
        Command::Lock(lock) => lock.run(session),
        Command::Fetch(fetch) => fetch.run(session),
        Command::Build(build) => build.run(session),
        Command::Vendor(vendor) => vendor.run(session),
        Command::List(list) => list.run(session),
        Command::Store(store) => store.run(session),
        Command::Generate(generate) => generate.run(session),
    }
}
