//! `rootlock list`

use clap::Args;
use rootlock::ops::{self, Project};

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
    /// Show what became of each package's scripts instead: done natively, no effect in an image, or
    /// left undone; the packages must have been fetched
    #[arg(long)]
    scripts: bool,
}

const EXAMPLES: &str = "\
Examples:
  rootlock list
  rootlock list examples/debian-python --json
  rootlock list --scripts                       what configuring left undone, and what not";

impl List {
    pub(super) fn run(self, session: &Session) -> Outcome {
        let project = Project::open(&self.project.manifest, self.project.lockfile.path())?;
        if self.scripts {
            let machine = session.machine()?;
            session.answer(&ops::scripts(&session.context(&machine), &project)?)?;
        } else {
            session.answer(&project.lockfile()?)?;
        }
        Ok(DONE)
    }
}
