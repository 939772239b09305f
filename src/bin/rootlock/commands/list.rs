//! `rootlock list`

use clap::Args;
use rootlock::model::Arch;
use rootlock::ops::review::ListFilter;
use rootlock::ops::{self, Project};

use super::DONE;
use super::arch;

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
    /// Only this architecture (repeatable)
    #[arg(long = "arch", value_name = "A", value_parser = arch, value_delimiter = ',',
        conflicts_with = "scripts")]
    arches: Vec<Arch>,
    /// Only packages in the layer of this group (repeatable)
    #[arg(long = "group", value_name = "GROUP", conflicts_with = "scripts")]
    groups: Vec<String>,
    /// Only packages that the manifest asks for
    #[arg(long, conflicts_with = "scripts")]
    requested: bool,
    /// Only packages built from this source; `*` and `?` match any text (repeatable)
    #[arg(long = "source", value_name = "GLOB", conflicts_with = "scripts")]
    sources: Vec<String>,
    /// Only packages from the repository with this id (repeatable)
    #[arg(long = "repository", value_name = "ID", conflicts_with = "scripts")]
    repositories: Vec<String>,
    /// Only packages with this name; `*` and `?` match any text (repeatable)
    #[arg(long = "name", value_name = "GLOB", conflicts_with = "scripts")]
    names: Vec<String>,
}

const EXAMPLES: &str = "\
Examples:
  rootlock list
  rootlock list examples/debian-python --json
  rootlock list --requested --group base
  rootlock list --source openssl --arch amd64   what one security update touches
  rootlock list --scripts                       what configuring left undone, and what not";

impl List {
    pub(super) fn run(self, session: &Session) -> Outcome {
        let project = Project::open(&self.project.manifest, self.project.lockfile.path())?;
        if self.scripts {
            let machine = session.machine()?;
            session.answer(&ops::scripts(&session.context(&machine), &project)?)?;
        } else {
            let filter = ListFilter {
                arches: self.arches,
                groups: self.groups,
                repositories: self.repositories,
                sources: self.sources,
                names: self.names,
                requested: self.requested,
            };
            session.answer(&ops::list(&project, &filter)?)?;
        }
        Ok(DONE)
    }
}
