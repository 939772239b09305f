//! `rootlock vendor`

use std::path::PathBuf;

use clap::Args;
use rootlock::ops::{self, Project};

use super::DONE;
use crate::args::ProjectArgs;
use crate::failure::Outcome;
use crate::session::Session;

/// Write every locked package, with the signed indexes that vouch for them, as a tree that serves the
/// lockfile for good
///
/// The tree is a plain directory: `--mirror DIR`, or `--mirror URL` where any web server serves it,
/// stands for every repository of the lockfile. Several lockfiles can share one tree; nothing in it
/// is deleted.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, allow_missing_positional = true)]
pub(crate) struct Vendor {
    #[command(flatten)]
    project: ProjectArgs,
    /// The tree: a directory, which is made where there is none
    #[arg(value_name = "DIR", required = true)]
    dir: PathBuf,
}

const EXAMPLES: &str = "\
Examples:
  rootlock vendor vendor/                                write the tree
  rootlock vendor examples/debian-python /srv/vendor     of another manifest, into a shared tree
  rootlock build -o out/web --mirror vendor/ --mirror-only
                                                         build from the tree alone
  rootlock lock --check --proof --mirror vendor/         are its signatures those of the lockfile?";

impl Vendor {
    pub(super) fn run(self, session: &Session) -> Outcome {
        let project = Project::open(&self.project.manifest, self.project.lockfile.path())?;
        let machine = session.machine()?;
        let report = ops::vendor(&session.context(&machine), &project, &self.dir)?;
        session.done(&report)?;
        Ok(DONE)
    }
}
