//! `rootlock why`

use clap::Args;
use rootlock::model::{Arch, PackageName};
use rootlock::ops::review::WhyOptions;
use rootlock::ops::{self, Project};

use super::arch;
use super::{DONE, NO};
use crate::args::ManifestOption;
use crate::failure::Outcome;
use crate::session::Session;

/// Say why a package is locked: the shortest chain from what the manifest asks for to it
///
/// Exit code 1 if it is not locked.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Why {
    /// The package
    #[arg(value_name = "PACKAGE")]
    package: PackageName,
    /// Show every chain, the shortest first, a thousand at most
    #[arg(long)]
    all: bool,
    /// Only this architecture (repeatable) [default: all of the lockfile's]
    #[arg(long = "arch", value_name = "A", value_parser = arch, value_delimiter = ',')]
    arches: Vec<Arch>,
    #[command(flatten)]
    project: ManifestOption,
}

const EXAMPLES: &str = "\
Examples:
  rootlock why libssl3t64
  rootlock why perl-base --all --manifest examples/debian-python";

impl Why {
    pub(super) fn run(self, session: &Session) -> Outcome {
        let project = Project::open(&self.project.manifest, self.project.lockfile.path())?;
        let options = WhyOptions {
            package: self.package,
            arches: self.arches,
            all: self.all,
        };
        let report = ops::why(&project, &options)?;
        let locked = report.answers.iter().any(|(_, why)| why.is_some());
        session.answer(&report)?;
        Ok(if locked { DONE } else { NO })
    }
}
