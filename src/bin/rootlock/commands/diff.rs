//! `rootlock diff`

use std::path::PathBuf;

use clap::Args;
use rootlock::ops;
use rootlock::ops::review::{Compared, DiffOptions};

use super::{DONE, NO};
use crate::args::ManifestOption;
use crate::failure::{Failure, Outcome};
use crate::report::Markdown;
use crate::session::Session;

/// Compare two lockfiles: packages and why each moved, repositories, layers to send again
///
/// A and B are a lockfile, a manifest, a directory that holds rootfs.yaml, or `@REF` for the lockfile in
/// a commit (`@REF:PATH` for another one, from the top of the repository). Without B it is the
/// manifest's lockfile, without A also the one of the last commit. An image, a tar or a directory, or
/// HOST/NAME:TAG in a registry, is compared by what is installed in it, and two of them path by path.
/// Exit code 1 if they differ.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Diff {
    /// What was before [default: @HEAD]
    #[arg(value_name = "A")]
    from: Option<PathBuf>,
    /// What is now [default: the manifest's lockfile]
    #[arg(value_name = "B")]
    to: Option<PathBuf>,
    /// Write Markdown, for the comment of a pull request
    #[arg(long)]
    markdown: bool,
    #[command(flatten)]
    project: ManifestOption,
}

const EXAMPLES: &str = "\
Examples:
  rootlock diff                             what is not committed yet
  rootlock diff @main --markdown            for a pull request's comment
  rootlock diff @v1.0 @v1.1
  rootlock diff old.lock rootfs.lock --json
  rootlock diff registry.example.org/web:1.2 out/web";

impl Diff {
    pub(super) fn run(self, session: &Session) -> Outcome {
        if self.markdown && session.global.json {
            return Err(
                Failure::usage("`--markdown` and `--json` are two forms of the report")
                    .hint("choose one")
                    .into(),
            );
        }
        let options = DiffOptions {
            from: self.from,
            to: self.to,
            manifest: self.project.manifest,
            lockfile: self.project.lockfile.lockfile,
        };
        let machine = session.machine()?;
        let mut stdin = std::io::stdin();
        let equal = match ops::diff(&session.context(&machine), &options, &mut stdin)? {
            Compared::Locks(report) => {
                match self.markdown {
                    true => session.answer(&Markdown(&report))?,
                    false => session.answer(&*report)?,
                }
                report.equal
            }
            Compared::Images(_) if self.markdown => {
                return Err(Failure::usage("`--markdown` is for lockfiles").into());
            }
            Compared::Images(report) => {
                session.answer(&report)?;
                report.equal()
            }
        };
        Ok(if equal { DONE } else { NO })
    }
}
