//! `rootlock fetch`

use clap::Args;
use rootlock::ops::{self, Project};

use super::DONE;
use crate::args::ProjectArgs;
use crate::failure::Outcome;
use crate::session::Session;

/// Bring every locked package into the store, so that `build --offline` needs no network
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Fetch {
    #[command(flatten)]
    project: ProjectArgs,
}

const EXAMPLES: &str = "\
Examples:
  rootlock fetch
  rootlock fetch examples/debian-server --mirror debian=http://mirror.example.org/debian";

impl Fetch {
    pub(super) fn run(self, session: &Session) -> Outcome {
        let project = Project::open(&self.project.manifest, self.project.lockfile.path())?;
        let machine = session.machine()?;
        let report = ops::fetch(&session.context(&machine), &project)?;
        session.done(&report)?;
        Ok(DONE)
    }
}
