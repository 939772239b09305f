//! `rootlock generate`, hidden: what a distributor's package ships beside the program.

use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory as _};
use clap_complete::{Shell, generate_to};
use fs_err as fs;

use super::DONE;
use crate::args::Cli;
use crate::failure::{Failure, Outcome};
use crate::session::Session;

/// Write man pages and shell completions below DIR, laid out as in /usr/share
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  rootlock generate debian/tmp/usr/share")]
pub(crate) struct Generate {
    /// Where to
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

/// Where each shell looks for completions below /usr/share, and the name it expects.
const COMPLETIONS: [(Shell, &str, &str); 3] = [
    (Shell::Bash, "bash-completion/completions", "rootlock"),
    (Shell::Zsh, "zsh/vendor-completions", "_rootlock"),
    (Shell::Fish, "fish/vendor_completions.d", "rootlock.fish"),
];

impl Generate {
    pub(super) fn run(self, _session: &Session) -> Outcome {
        self.write().map_err(|error| {
            Failure::io(format!("`{}` cannot be filled", self.dir.display()), &error)
        })?;
        Ok(DONE)
    }

    fn write(&self) -> std::io::Result<()> {
        let man = self.dir.join("man/man1");
        fs::create_dir_all(&man)?;
        clap_mangen::generate_to(Cli::command(), man)?;
        for (shell, below, name) in COMPLETIONS {
            let dir = self.dir.join(below);
            fs::create_dir_all(&dir)?;
            let written = generate_to(shell, &mut Cli::command(), "rootlock", &dir)?;
            rename(&written, &dir.join(name))?;
        }
        Ok(())
    }
}

/// clap names a file after the shell's own custom, which distributors do not all follow.
fn rename(from: &Path, to: &Path) -> std::io::Result<()> {
    if from == to {
        return Ok(());
    }
    fs::rename(from, to)
}
