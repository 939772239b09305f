//! `rootlock tree`

use std::path::{Path, PathBuf};

use clap::Args;
use rootlock::model::{Arch, PackageName};
use rootlock::ops::review::TreeOptions;
use rootlock::ops::{self, Project};

use super::arch;
use super::{DONE, NO};
use crate::args::LockfileArg;
use crate::failure::{Failure, Outcome};
use crate::report;
use crate::session::Session;
use crate::world;

/// Show the locked packages as a tree: what is there because of what
///
/// It begins at what each group asks for. `(*)` is said of what is shown in full elsewhere, `(NAME)` of
/// the provided name that a dependency was fulfilled by. Exit code 1 if a PACKAGE is not locked.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Tree {
    /// The manifest or its directory [default: the current directory], and packages to begin at
    #[arg(value_name = "MANIFEST|PACKAGE")]
    words: Vec<String>,
    #[command(flatten)]
    lockfile: LockfileArg,
    /// Only this architecture (repeatable) [default: all of the lockfile's]
    #[arg(long = "arch", value_name = "A", value_parser = arch, value_delimiter = ',')]
    arches: Vec<Arch>,
    /// Show no more than N levels below where it begins
    #[arg(long, value_name = "N")]
    depth: Option<usize>,
    /// Show who needs PACKAGE instead (repeatable)
    #[arg(short, long, value_name = "PACKAGE")]
    invert: Vec<PackageName>,
}

const EXAMPLES: &str = "\
Examples:
  rootlock tree
  rootlock tree examples/debian-python --arch amd64 --depth 1
  rootlock tree curl                        what curl brings along
  rootlock tree --invert libssl3t64         who needs it";

impl Tree {
    pub(super) fn run(self, session: &Session) -> Outcome {
        let (manifest, mut packages) = split(self.words)?;
        let project = Project::open(&manifest, self.lockfile.path())?;
        let invert = !self.invert.is_empty();
        if invert && !packages.is_empty() {
            return Err(
                Failure::usage("`--invert` says where the tree begins, as PACKAGE does")
                    .hint("repeat `--invert` for several packages")
                    .into(),
            );
        }
        packages.extend(self.invert);
        let options = TreeOptions {
            arches: self.arches,
            depth: self.depth,
            invert,
            packages,
        };
        let report = ops::tree(&project, &options)?;
        let code = if report.missing.is_empty() { DONE } else { NO };
        session.answer(&report::Tree {
            report,
            utf8: world::is_utf8(),
        })?;
        Ok(code)
    }
}

/// The first word is the manifest where it looks like a path or leads to one; all others are packages.
fn split(mut words: Vec<String>) -> Result<(PathBuf, Vec<PackageName>), Failure> {
    let is_path = |word: &String| {
        let looks = word.contains('/') || word.starts_with('.');
        let named = [".yaml", ".yml"].iter().any(|end| word.ends_with(end));
        looks || named || Path::new(word).join("rootfs.yaml").is_file()
    };
    let manifest = match words.first().is_some_and(is_path) {
        true => words.remove(0),
        false => ".".to_owned(),
    };
    let packages = words.iter().map(|word| {
        word.parse().map_err(|error| {
            Failure::usage(format!("`{word}`: {error}"))
                .hint("`rootlock list` shows what is locked")
        })
    });
    Ok((manifest.into(), packages.collect::<Result<_, _>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_the_manifest_and_a_name_a_package() {
        let split = |line: &str| {
            let words = line.split_ascii_whitespace().map(str::to_owned);
            let (manifest, packages) = split(words.collect()).unwrap();
            let packages: Vec<String> = packages.iter().map(ToString::to_string).collect();
            (manifest.display().to_string(), packages.join(" "))
        };
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(split(""), pair(".", ""));
        assert_eq!(split("curl"), pair(".", "curl"));
        assert_eq!(split("./curl"), pair("./curl", ""));
        assert_eq!(split("web/ curl nginx"), pair("web/", "curl nginx"));
        assert_eq!(split("web.yaml curl"), pair("web.yaml", "curl"));
        assert_eq!(
            split("examples/debian-python"),
            pair("examples/debian-python", "")
        );
    }

    #[test]
    fn what_is_neither_is_refused() {
        assert!(split(vec!["curl".into(), "a b".into()]).is_err());
        assert!(split(vec!["curl".into(), "./web".into()]).is_err());
    }
}
