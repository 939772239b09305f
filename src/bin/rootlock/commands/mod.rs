//! One file per command: its arguments, and the call of the verb behind it.

pub(crate) mod add;
pub(crate) mod audit;
pub(crate) mod build;
pub(crate) mod diff;
pub(crate) mod fetch;
pub(crate) mod generate;
pub(crate) mod init;
pub(crate) mod list;
pub(crate) mod lock;
pub(crate) mod outdated;
pub(crate) mod remove;
pub(crate) mod sbom;
pub(crate) mod store;
pub(crate) mod tree;
pub(crate) mod vendor;
pub(crate) mod verify;
pub(crate) mod why;

use rootlock::model::Arch;

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
        Command::Verify(verify) => verify.run(session),
        Command::Audit(audit) => audit.run(session),
        Command::Sbom(sbom) => sbom.run(session),
        Command::Vendor(vendor) => vendor.run(session),
        Command::List(list) => list.run(session),
        Command::Tree(tree) => tree.run(session),
        Command::Why(why) => why.run(session),
        Command::Outdated(outdated) => outdated.run(session),
        Command::Diff(diff) => diff.run(session),
        Command::Store(store) => store.run(session),
        Command::Generate(generate) => generate.run(session),
    }
}

/// An architecture under any of its names; the OCI name wins, then Debian's.
fn arch(name: &str) -> Result<Arch, String> {
    Arch::from_oci(name)
        .or_else(|| Arch::from_debian(name))
        .or_else(|| Arch::from_alpine(name))
        .or_else(|| Arch::from_machine(name))
        .ok_or_else(|| "it is not an architecture; `amd64` and `arm64` are".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_architecture_has_many_names() {
        for name in ["arm64", "aarch64", "arm/v7", "armhf", "x86_64"] {
            assert!(arch(name).is_ok(), "{name}");
        }
        assert_eq!(arch("armhf"), arch("arm/v7"));
        assert!(arch("all").is_err());
    }
}
