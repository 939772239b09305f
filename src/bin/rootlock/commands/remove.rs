//! `rootlock remove`

use clap::Args;
use rootlock::ops;

use super::DONE;
use crate::args::ManifestOption;
use crate::failure::Outcome;
use crate::report::Locked;
use crate::session::Session;

/// Remove packages from the manifest, keeping its comments, and lock what is left
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Remove {
    /// A name as the manifest has it, without its version
    #[arg(value_name = "PACKAGE", required = true)]
    packages: Vec<String>,
    #[command(flatten)]
    project: ManifestOption,
}

const EXAMPLES: &str = "\
Example:
  rootlock remove curl";

impl Remove {
    pub(super) fn run(self, session: &Session) -> Outcome {
        let machine = session.machine()?;
        let report = ops::remove(
            &session.context(&machine),
            &self.project.manifest,
            self.project.lockfile.path(),
            &self.packages,
        )?;
        session.done(&Locked {
            report,
            dry_run: false,
        })?;
        Ok(DONE)
    }
}
