//! `rootlock verify`

use clap::Args;
use rootlock::model::Arch;
use rootlock::ops::{self, ImageTarget, Project, VerifyOptions};

use super::{DONE, NO, arch};
use crate::args::ProjectArgs;
use crate::failure::Outcome;
use crate::session::Session;

/// Build again from the lockfile, in a fresh store, and compare
///
/// With what `build --record` wrote into the lockfile, or with an image that was built elsewhere.
/// Every package is downloaded again; with `--offline` it is taken from the store and hashed again.
/// The answer is no (exit code 1) when anything differs.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Verify {
    #[command(flatten)]
    project: ProjectArgs,
    /// Compare with this instead of what was recorded: an OCI layout or archive, a docker archive, a
    /// tar, a directory, `-` for stdin, or HOST/NAME:TAG in a registry
    #[arg(long, value_name = "OUT")]
    against: Option<String>,
    /// Only this architecture (repeatable) [default: all that there is something to compare with]
    #[arg(long = "arch", value_name = "A", value_parser = arch, value_delimiter = ',')]
    arches: Vec<Arch>,
    /// Show how the text of differing files differs; needs `--against`
    #[arg(long, requires = "against")]
    diff: bool,
    /// Let a `source:` of `files:` lie outside the manifest's directory
    #[arg(long)]
    allow_outside: bool,
}

const EXAMPLES: &str = "\
Examples:
  rootlock verify                                     against the recorded digests
  rootlock verify --offline                           without the network
  rootlock verify --against out/web --diff
  rootlock verify examples/debian-python --against registry.example.org/python:1.2";

impl Verify {
    pub(super) fn run(self, session: &Session) -> Outcome {
        let project = Project::open(&self.project.manifest, self.project.lockfile.path())?;
        let against = self
            .against
            .as_deref()
            .map(ImageTarget::parse)
            .transpose()?;
        let options = VerifyOptions {
            against,
            arches: self.arches,
            diff: self.diff,
            allow_outside: self.allow_outside,
        };
        let machine = session.machine()?;
        let mut stdin = std::io::stdin();
        let report = ops::verify(&session.context(&machine), &project, &options, &mut stdin)?;
        session.answer(&report)?;
        Ok(if report.is_same() { DONE } else { NO })
    }
}
