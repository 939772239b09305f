//! `rootlock audit`

use std::io;
use std::path::PathBuf;

use clap::Args;
use rootlock::model::Arch;
use rootlock::ops::{self, Advice, AuditOptions, ImageTarget};

use super::{DONE, NO, arch};
use crate::failure::{Failure, Outcome};
use crate::report::Sarif;
use crate::session::Session;

/// Say what is installed in an image, a tar, a directory or this system, and whether it is what was
/// locked
///
/// With `--lockfile` the answer is no (exit code 1) when a package is missing, extra or of another
/// version, or a file is missing, changed or unknown. With `--advisories` it is no when a known
/// vulnerability is open. Without either the packages are listed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Audit {
    /// An OCI layout or archive, a docker archive, a tar, a directory, `/`, `-` for stdin, or
    /// HOST/NAME:TAG in a registry; PATH:TAG chooses one of several
    #[arg(value_name = "TARGET")]
    target: String,
    /// The lockfile to compare with
    #[arg(long, value_name = "FILE")]
    lockfile: Option<PathBuf>,
    /// Only this architecture of the target
    #[arg(long, value_name = "A", value_parser = arch)]
    arch: Option<Arch>,
    /// Known vulnerabilities: OSV (JSON, a directory or a zip of it), Debian's security tracker or
    /// Alpine's secdb as JSON; a file, a directory or a URL. Repeatable
    #[arg(long, value_name = "PATH|URL")]
    advisories: Vec<String>,
    /// OpenVEX documents that say what does not apply. Repeatable
    #[arg(long, value_name = "FILE", requires = "advisories")]
    vex: Vec<PathBuf>,
    /// Do not count this vulnerability, for this run. Repeatable
    #[arg(long, value_name = "ID", requires = "advisories")]
    ignore: Vec<String>,
    /// What is not to be counted, each with its reason and the day until which. Repeatable
    #[arg(long, value_name = "FILE", requires = "advisories")]
    ignore_file: Vec<PathBuf>,
    /// Report as SARIF 2.1.0, for code scanning
    #[arg(long, conflicts_with = "json")]
    sarif: bool,
}

const EXAMPLES: &str = "\
Examples:
  rootlock audit out/web --lockfile rootfs.lock
  docker save web | rootlock audit - --lockfile rootfs.lock --json
  rootlock audit registry.example.org/web:1.2 --lockfile rootfs.lock
  rootlock audit / --advisories osv-debian.zip
  rootlock audit out/web --advisories tracker.json --ignore-file accepted.yaml --sarif";

impl Audit {
    pub(super) fn run(self, session: &Session) -> Outcome {
        let target = ImageTarget::parse(&self.target)?;
        if matches!(target, ImageTarget::Stdin) && io::IsTerminal::is_terminal(&io::stdin()) {
            return Err(Failure::usage(
                "stdin is a terminal, and an archive comes from a file or a pipe",
            )
            .into());
        }
        let options = AuditOptions {
            target,
            lockfile: self.lockfile,
            arch: self.arch,
            advice: Advice {
                advisories: self.advisories,
                vex: self.vex,
                ignored: self.ignore,
                ignores: self.ignore_file,
            },
        };
        let machine = session.machine()?;
        let mut stdin = io::stdin();
        let report = ops::audit(&session.context(&machine), &options, &mut stdin)?;
        match self.sarif {
            true => session.answer(&Sarif(&report))?,
            false => session.answer(&report)?,
        }
        Ok(if report.is_clean() { DONE } else { NO })
    }
}
