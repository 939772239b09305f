//! `rootlock list`

use clap::Args;
use rootlock::ops::Project;

use super::DONE;
use crate::args::ProjectArgs;
use crate::failure::Outcome;
use crate::session::Session;

/// List the locked packages
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct List {
    #[command(flatten)]
    project: ProjectArgs,
}

const EXAMPLES: &str = "\
Examples:
  rootlock list
  rootlock list examples/debian-python --json";

impl List {
    pub(super) fn run(self, session: &Session) -> Outcome {
        let project = Project::open(&self.project.manifest, self.project.lockfile.path())?;
        session.answer(&project.lockfile()?)?;
        Ok(DONE)
    }
}
