//! `rootlock lock`

use std::path::PathBuf;

use clap::Args;
use rootlock::model::PackageName;
use rootlock::ops::{self, LockOptions, Project};
use rootlock::resolve::Update;

use super::{DONE, NO};
use crate::args::LockfileArg;
use crate::failure::{Failure, Outcome};
use crate::report::{Fits, Locked};
use crate::session::Session;
use crate::world;

/// Choose exact versions for the manifest and write the lockfile
///
/// What is locked stays as long as the repositories still offer it and the manifest still allows
/// it. With nothing to change, neither network nor file is touched.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Lock {
    /// The manifest, or a directory that holds rootfs.yaml [default: the current directory]
    #[arg(value_name = "MANIFEST")]
    manifest: Option<PathBuf>,
    #[command(flatten)]
    lockfile: LockfileArg,
    /// Move everything to what the repositories offer now, or with NAME (repeatable) that package
    /// and what must follow
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "")]
    update: Option<Vec<String>>,
    /// Only say whether the lockfile fits the manifest: exit code 1 if it does not
    #[arg(long, conflicts_with_all = ["update", "dry_run"])]
    check: bool,
    /// With `--check`: judge again, without network, that the lockfile follows from what was signed,
    /// from the indexes that the store keeps or the tree that `--mirror DIR` names
    #[arg(long, requires = "check")]
    proof: bool,
    /// Print what would change and write nothing
    #[arg(long)]
    dry_run: bool,
}

const EXAMPLES: &str = "\
Examples:
  rootlock lock
  rootlock lock examples/debian-python
  rootlock lock --update                    move everything
  rootlock lock --update nginx              move nginx and what must follow
  rootlock lock --update --dry-run --json   what would move, for a program
  rootlock lock --check                     in CI: does the lockfile fit the manifest?
  rootlock lock --check --proof --mirror vendor/   and does it follow from what was signed?";

impl Lock {
    pub(super) fn run(mut self, session: &Session) -> Outcome {
        let update = self.update()?;
        let manifest = self.manifest.unwrap_or_else(|| PathBuf::from("."));
        let project = Project::open(&manifest, self.lockfile.path())?;
        if self.check {
            let reasons = match self.proof {
                true => ops::lock_prove(&session.context(&session.machine()?), &project)?,
                false => ops::lock_check(&project, world::host()?)?,
            };
            let code = if reasons.is_empty() { DONE } else { NO };
            session.answer(&Fits {
                project: &project,
                reasons,
                proof: self.proof,
            })?;
            return Ok(code);
        }
        let machine = session.machine()?;
        let options = LockOptions {
            update,
            dry_run: self.dry_run,
        };
        let report = ops::lock(&session.context(&machine), &project, &options)?;
        let locked = Locked {
            report,
            dry_run: self.dry_run,
        };
        match self.dry_run {
            true => session.answer(&locked)?,
            false => session.done(&locked)?,
        }
        Ok(DONE)
    }

    /// `--update` takes the next word if there is one, but a path is never a package's name: in
    /// `lock --update ./web` it is the manifest.
    fn update(&mut self) -> Result<Update, Failure> {
        let Some(words) = self.update.take() else {
            return Ok(Update::Keep);
        };
        let mut names: Vec<PackageName> = Vec::new();
        for word in words.into_iter().filter(|word| !word.is_empty()) {
            let path = word.contains('/') || word.starts_with('.') || is_yaml(&word);
            if path && self.manifest.is_none() {
                self.manifest = Some(word.into());
                continue;
            }
            names.push(word.parse().map_err(|error| {
                Failure::usage(format!("`--update {word}`: {error}"))
                    .hint("name a package of the lockfile; `rootlock list` shows them")
            })?);
        }
        Ok(match names.is_empty() {
            true => Update::All,
            false => Update::Names(names),
        })
    }
}

fn is_yaml(word: &str) -> bool {
    word.ends_with(".yaml") || word.ends_with(".yml")
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::{Cli, Command};

    fn lock(line: &str) -> (Option<String>, Update) {
        let Command::Lock(mut lock) = Cli::try_parse_from(line.split(' ')).unwrap().command else {
            panic!("{line} is not lock");
        };
        let update = lock.update().unwrap();
        (lock.manifest.map(|path| path.display().to_string()), update)
    }

    #[test]
    fn update_takes_names_and_leaves_paths() {
        let names = |names: &[&str]| {
            Update::Names(names.iter().map(|name| name.parse().unwrap()).collect())
        };
        let some = |path: &str| Some(path.to_owned());
        assert_eq!(lock("rootlock lock"), (None, Update::Keep));
        assert_eq!(lock("rootlock lock --update"), (None, Update::All));
        assert_eq!(
            lock("rootlock lock web --update"),
            (some("web"), Update::All)
        );
        assert_eq!(
            lock("rootlock lock --update ./web"),
            (some("./web"), Update::All)
        );
        assert_eq!(
            lock("rootlock lock --update web.yaml"),
            (some("web.yaml"), Update::All)
        );
        assert_eq!(
            lock("rootlock lock --update bash web"),
            (some("web"), names(&["bash"]))
        );
        assert_eq!(
            lock("rootlock lock --update bash --update=curl --dry-run"),
            (None, names(&["bash", "curl"]))
        );
        assert_eq!(
            lock("rootlock lock --update --dry-run --json"),
            (None, Update::All)
        );
    }
}
