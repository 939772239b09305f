//! `rootlock outdated`

use clap::Args;
use rootlock::model::Arch;
use rootlock::ops::{self, Project};

use super::arch;
use super::{DONE, NO};
use crate::args::ProjectArgs;
use crate::failure::Outcome;
use crate::session::Session;

/// Compare what is locked with what the repositories offer now
///
/// Shows what `rootlock lock --update` would move, and writes nothing: indexes are downloaded at most.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Outdated {
    #[command(flatten)]
    project: ProjectArgs,
    /// Only this architecture (repeatable) [default: all of the lockfile's]
    #[arg(long = "arch", value_name = "A", value_parser = arch, value_delimiter = ',')]
    arches: Vec<Arch>,
    /// Exit with code 1 if anything is outdated
    #[arg(long)]
    exit_code: bool,
}

const EXAMPLES: &str = "\
Examples:
  rootlock outdated
  rootlock outdated --json | jq '.outdated[][] | select(.security)'
  rootlock outdated --exit-code || rootlock lock --update";

impl Outdated {
    pub(super) fn run(self, session: &Session) -> Outcome {
        let project = Project::open(&self.project.manifest, self.project.lockfile.path())?;
        let machine = session.machine()?;
        let report = ops::outdated(&session.context(&machine), &project, &self.arches)?;
        let current = report
            .arches
            .iter()
            .all(|(_, packages)| packages.is_empty());
        session.answer(&report)?;
        Ok(match current || !self.exit_code {
            true => DONE,
            false => NO,
        })
    }
}
