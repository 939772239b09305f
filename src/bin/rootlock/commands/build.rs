//! `rootlock build`

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use rootlock::model::Arch;
use rootlock::ops::{self, BuildOptions, Format, Project, Target};

use super::{DONE, arch};
use crate::args::ProjectArgs;
use crate::failure::{Failure, Outcome};
use crate::session::Session;

/// Build the image that the lockfile describes, the same to the last bit on every machine
///
/// Locks first only if there is no lockfile. One that does not fit the manifest is an error: build
/// never locks again.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Build {
    #[command(flatten)]
    project: ProjectArgs,
    /// Where to write; `-` is stdout, for tar and archives
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// What to write
    #[arg(long, value_enum, default_value_t = FormatArg::Oci)]
    format: FormatArg,
    /// Only this architecture (repeatable) [default: all of the lockfile's]
    #[arg(long = "arch", value_name = "A", value_parser = arch, value_delimiter = ',')]
    arches: Vec<Arch>,
    /// What the image is called [default: the manifest's name, `latest`]
    #[arg(long, value_name = "NAME[:TAG]")]
    tag: Option<String>,
    /// Write the digests of the result into the lockfile
    #[arg(long)]
    record: bool,
    /// Fail if there is no lockfile
    #[arg(long)]
    locked: bool,
    /// With `--format dir`: write everything as yourself, without special bits and devices
    #[arg(long)]
    no_owner: bool,
    /// Let a `source:` of `files:` lie outside the manifest's directory
    #[arg(long)]
    allow_outside: bool,
    /// Fail, and write nothing, where something that a package's script does is left undone
    #[arg(long)]
    require_configured: bool,
}

const EXAMPLES: &str = "\
Examples:
  rootlock build -o out/web                                an OCI image layout
  rootlock build examples/debian-python -o out/python --arch amd64
  rootlock build --format docker-archive --arch arm64 -o - | docker load
  rootlock build --format tar --arch amd64 -o - | ssh host tar -x -C /srv/root
  rootlock build -o out/web --record                       and keep its digests in the lockfile";

/// `--format`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatArg {
    /// OCI image layout, a directory
    Oci,
    /// OCI image layout as one tar
    OciArchive,
    /// What `docker load` reads
    DockerArchive,
    /// The filesystem as one tar
    Tar,
    /// The filesystem as a directory
    Dir,
}

impl From<FormatArg> for Format {
    fn from(format: FormatArg) -> Self {
        match format {
            FormatArg::Oci => Self::Oci,
            FormatArg::OciArchive => Self::OciArchive,
            FormatArg::DockerArchive => Self::DockerArchive,
            FormatArg::Tar => Self::Tar,
            FormatArg::Dir => Self::Dir,
        }
    }
}

impl Build {
    pub(super) fn run(self, session: &Session) -> Outcome {
        let output = self.target(session)?;
        let project = Project::open(&self.project.manifest, self.project.lockfile.path())?;
        let machine = session.machine()?.with_source_date_epoch()?;
        let options = BuildOptions {
            output,
            format: self.format.into(),
            arches: self.arches,
            tag: self.tag,
            record: self.record,
            locked: self.locked,
            no_owner: self.no_owner,
            allow_outside: self.allow_outside,
            require_configured: self.require_configured,
        };
        // Not locked: a build writes from several threads.
        let mut stdout = io::stdout();
        let report = ops::build(&session.context(&machine), &project, &options, &mut stdout)?;
        match report.output {
            Target::Stdout => session.done_beside(&report),
            Target::Path(_) => session.done(&report)?,
        }
        Ok(DONE)
    }

    fn target(&self, session: &Session) -> Result<Target, Failure> {
        if self.no_owner && self.format != FormatArg::Dir {
            return Err(Failure::usage("`--no-owner` is for `--format dir` only"));
        }
        if self.output.as_os_str() != "-" {
            return Ok(Target::Path(self.output.clone()));
        }
        match self.format {
            FormatArg::Oci => Err(Failure::usage(
                "an OCI layout is a directory and cannot go to stdout",
            )
            .hint("use `--format oci-archive`")),
            FormatArg::Dir => {
                Err(Failure::usage("a directory cannot go to stdout").hint("use `--format tar`"))
            }
            _ if session.global.json => Err(Failure::usage("`--json` and `-o -` both want stdout")),
            _ if io::stdout().is_terminal() => Err(Failure::usage(
                "stdout is a terminal, and an archive is not for people",
            )
            .hint("send it into a file or a pipe")),
            _ => Ok(Target::Stdout),
        }
    }
}
