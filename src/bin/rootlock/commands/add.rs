//! `rootlock add`

use clap::Args;
use rootlock::ops;

use super::DONE;
use crate::args::ManifestOption;
use crate::failure::Outcome;
use crate::report::Locked;
use crate::session::Session;

/// Add packages to the manifest, keeping its comments, and lock them
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Add {
    /// A name, with a version where it matters: `curl`, `python3>=3.13`, `nginx [amd64]`
    #[arg(value_name = "PACKAGE", required = true)]
    packages: Vec<String>,
    /// The group, which is the layer [default: the last one]
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
    #[command(flatten)]
    project: ManifestOption,
}

const EXAMPLES: &str = "\
Examples:
  rootlock add curl
  rootlock add 'python3>=3.13' --group python";

impl Add {
    pub(super) fn run(self, session: &Session) -> Outcome {
        let machine = session.machine()?;
        let report = ops::add(
            &session.context(&machine),
            &self.project.manifest,
            self.project.lockfile.path(),
            &self.packages,
            self.group.as_deref(),
        )?;
        session.done(&Locked {
            report,
            dry_run: false,
        })?;
        Ok(DONE)
    }
}
