//! The command line: what can be asked, in clap's words. A command's own arguments are in its file.

use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::commands;
use crate::render::Style;
use crate::world::MirrorArg;

/// Lock declared Debian or Alpine packages, and build the same image from the lock on every machine
#[derive(Debug, Parser)]
#[command(
    name = "rootlock",
    version,
    arg_required_else_help = true,
    subcommand_required = true,
    max_term_width = 100,
    after_help = EXAMPLES
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  rootlock init bash ca-certificates     write rootfs.yaml
  rootlock build -o out/image            lock it and build an OCI image
  rootlock lock --update                 move to what the repositories offer today

Exit codes: 0 done, 1 the answer is no, 2 bad input, 3 unsatisfiable, 4 not trusted,
5 the outside failed (network, disk, permissions)";

/// One of the program's commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Init(commands::init::Init),
    Add(commands::add::Add),
    Remove(commands::remove::Remove),
    Lock(commands::lock::Lock),
    Fetch(commands::fetch::Fetch),
    Build(commands::build::Build),
    Verify(commands::verify::Verify),
    Audit(commands::audit::Audit),
    Sbom(commands::sbom::Sbom),
    Vendor(commands::vendor::Vendor),
    List(commands::list::List),
    Tree(commands::tree::Tree),
    Why(commands::why::Why),
    Outdated(commands::outdated::Outdated),
    Diff(commands::diff::Diff),
    Store(commands::store::Store),
    #[command(hide = true)]
    Generate(commands::generate::Generate),
}

/// What every command understands.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Where downloads and what is made from them are kept [default: $ROOTLOCK_STORE, else
    /// rootlock in the user's cache directory]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) store: Option<PathBuf>,
    /// Use no network; `file:` repositories and mirrors are still read
    #[arg(long, global = true)]
    pub(crate) offline: bool,
    /// How many downloads and threads at once [default: 8 downloads, a thread per core]
    #[arg(long, global = true, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// Fetch WHAT, an archive's name or a URL prefix, from URL; a URL or directory alone is a tree that
    /// `rootlock vendor` wrote. Repeatable; $ROOTLOCK_MIRRORS comes after
    #[arg(long = "mirror", global = true, value_name = "[WHAT=]URL")]
    pub(crate) mirrors: Vec<MirrorArg>,
    /// Fetch from the given mirrors and nowhere else
    #[arg(long, global = true)]
    pub(crate) mirror_only: bool,
    /// Leave out the mirror that this machine's own apt is configured with
    #[arg(long, global = true)]
    pub(crate) no_host_mirror: bool,
    /// How long a script, or dpkg with all of them, may run under `configure: scripts`
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 1800)]
    pub(crate) script_timeout: u64,
    /// Report as one JSON object on stdout, failures too
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Say only what was asked for, warnings and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Say more
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    /// When to use colour; $NO_COLOR is honoured
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        value_enum,
        default_value_t,
        hide_default_value = true
    )]
    pub(crate) color: ColorWhen,
    /// How to show progress; auto means bars on a terminal, else plain lines
    #[arg(
        long,
        global = true,
        value_name = "HOW",
        value_enum,
        default_value_t,
        hide_default_value = true
    )]
    pub(crate) progress: ProgressHow,
}

/// `--color`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorWhen {
    #[default]
    Auto,
    Always,
    Never,
}

/// `--progress`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProgressHow {
    #[default]
    Auto,
    Plain,
    None,
}

/// The manifest of a command that takes it as its argument, and its lockfile.
#[derive(Debug, Args)]
pub(crate) struct ProjectArgs {
    /// The manifest, or a directory that holds rootfs.yaml [default: the current directory]
    #[arg(
        value_name = "MANIFEST",
        default_value = ".",
        hide_default_value = true
    )]
    pub(crate) manifest: PathBuf,
    #[command(flatten)]
    pub(crate) lockfile: LockfileArg,
}

/// `--lockfile`
#[derive(Debug, Args)]
pub(crate) struct LockfileArg {
    /// The lockfile [default: the manifest's `lockfile:`, else beside the manifest]
    #[arg(long, value_name = "PATH")]
    pub(crate) lockfile: Option<PathBuf>,
}

impl LockfileArg {
    /// The path, where one was given.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.lockfile.as_deref()
    }
}

/// The manifest of a command whose arguments are packages.
#[derive(Debug, Args)]
pub(crate) struct ManifestOption {
    /// The manifest, or a directory that holds rootfs.yaml [default: the current directory]
    #[arg(
        long,
        value_name = "MANIFEST",
        default_value = ".",
        hide_default_value = true
    )]
    pub(crate) manifest: PathBuf,
    #[command(flatten)]
    pub(crate) lockfile: LockfileArg,
}

/// What must be known to report that the command line could not be understood.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Early {
    /// `--json`
    pub(crate) json: bool,
    /// `--color`
    pub(crate) color: ColorWhen,
}

impl Early {
    /// Looks for the two options in the words of the command line, whatever else they are.
    pub(crate) fn scan(words: &[OsString]) -> Self {
        let words: Vec<_> = words
            .iter()
            .take_while(|word| *word != "--")
            .map(|word| word.to_string_lossy())
            .collect();
        let color = words.iter().enumerate().find_map(|(index, word)| {
            let value = match word.strip_prefix("--color")? {
                "" => words.get(index + 1)?,
                rest => rest.strip_prefix('=')?,
            };
            ColorWhen::from_str(value, false).ok()
        });
        Self {
            json: words.iter().any(|word| word == "--json"),
            color: color.unwrap_or_default(),
        }
    }

    /// The style of stderr.
    pub(crate) fn style(&self) -> Style {
        Style::of(self.color, std::io::stderr().is_terminal())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }

    #[test]
    fn json_and_color_are_found_in_a_broken_command_line() {
        let scan = |line: &str| {
            let words: Vec<_> = line.split(' ').map(OsString::from).collect();
            Early::scan(&words)
        };
        assert!(scan("rootlock build --json --nonsense").json);
        assert!(!scan("rootlock add -- --json").json);
        assert_eq!(scan("rootlock --color never x").color, ColorWhen::Never);
        assert_eq!(scan("rootlock --color=always").color, ColorWhen::Always);
        assert_eq!(scan("rootlock --color").color, ColorWhen::Auto);
    }
}
