//! `rootlock sbom`

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use rootlock::ops::{self, BillFormat, Project, SbomOptions};

use super::DONE;
use crate::args::ProjectArgs;
use crate::failure::Outcome;
use crate::session::Session;

/// Write the software bill of materials of the locked packages: SPDX 2.3 or CycloneDX 1.6, as JSON
///
/// The same lockfile gives the same bytes. Licences are read from the packages, which are fetched
/// where the store lacks them.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Sbom {
    #[command(flatten)]
    project: ProjectArgs,
    /// Which standard to follow
    #[arg(long, value_enum, default_value_t = FormatArg::Spdx)]
    format: FormatArg,
    /// Leave licences out, and need no packages
    #[arg(long)]
    no_licenses: bool,
    /// Write to this file instead of stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  rootlock sbom > web.spdx.json
  rootlock sbom examples/debian-python --format cyclonedx -o python.cdx.json
  rootlock sbom --no-licenses";

/// `--format`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatArg {
    /// SPDX 2.3
    Spdx,
    /// CycloneDX 1.6
    Cyclonedx,
}

impl Sbom {
    pub(super) fn run(self, session: &Session) -> Outcome {
        let project = Project::open(&self.project.manifest, self.project.lockfile.path())?;
        let machine = session.machine()?;
        let options = SbomOptions {
            format: match self.format {
                FormatArg::Spdx => BillFormat::Spdx,
                FormatArg::Cyclonedx => BillFormat::CycloneDx,
            },
            licenses: !self.no_licenses,
            output: self.output,
        };
        let report = ops::sbom(&session.context(&machine), &project, &options)?;
        match report.output {
            Some(_) => session.done(&report)?,
            None => session.answer(&report)?,
        }
        Ok(DONE)
    }
}
