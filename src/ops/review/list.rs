//! `list`: what is locked, or a part of it.

use super::super::{Error, Project};
use super::{ReviewError, packages_of};
use crate::lockfile::Lockfile;
use crate::model::{Arch, LockedPackage};

/// Which packages are meant; what is empty says nothing.
#[derive(Debug, Clone, Default)]
pub struct ListFilter {
    /// `--arch`
    pub arches: Vec<Arch>,
    /// `--group`
    pub groups: Vec<String>,
    /// `--repository`
    pub repositories: Vec<String>,
    /// `--source`, whose names may hold `*` and `?`.
    pub sources: Vec<String>,
    /// `--name`, which may hold `*` and `?`.
    pub names: Vec<String>,
    /// `--requested`
    pub requested: bool,
}

impl ListFilter {
    fn takes(&self, package: &LockedPackage) -> bool {
        let among = |list: &[String], text: &str| list.is_empty() || list.iter().any(|l| l == text);
        let like = |list: &[String], text: &str| {
            list.is_empty() || list.iter().any(|pattern| matches(pattern, text))
        };
        (package.requested || !self.requested)
            && among(&self.groups, package.group.as_str())
            && among(&self.repositories, &package.repository)
            && like(&self.sources, &package.source.name)
            && like(&self.names, package.name.as_str())
    }
}

/// The lockfile with the packages that `filter` takes, and no others.
///
/// # Errors
/// When the lockfile is not there or damaged, or has no such architecture, group or repository.
pub fn list(project: &Project, filter: &ListFilter) -> Result<Lockfile, Error> {
    let mut lockfile = project.lockfile()?;
    packages_of(project, &lockfile, &filter.arches)?;
    let all = || lockfile.packages.values().flatten();
    let groups = all().map(|package| package.group.as_str());
    let declared = project
        .manifest
        .groups
        .iter()
        .map(|group| group.name.as_str());
    known(project, "group", &filter.groups, groups.chain(declared))?;
    let ids = lockfile
        .repositories
        .iter()
        .map(|repository| repository.id.as_str());
    known(project, "repository", &filter.repositories, ids)?;
    lockfile
        .packages
        .retain(|arch, _| filter.arches.is_empty() || filter.arches.contains(arch));
    for packages in lockfile.packages.values_mut() {
        packages.retain(|package| filter.takes(package));
    }
    Ok(lockfile)
}

/// Refuses a name that is none: an empty list would look like an answer.
fn known<'a>(
    project: &Project,
    what: &'static str,
    wanted: &[String],
    names: impl Iterator<Item = &'a str>,
) -> Result<(), Error> {
    let mut names: Vec<String> = names.map(str::to_owned).collect();
    names.sort_unstable();
    names.dedup();
    match wanted.iter().find(|name| !names.contains(name)) {
        None => Ok(()),
        Some(name) => Err(ReviewError::Unknown {
            lockfile: project.lockfile_name(),
            what,
            name: name.clone(),
            known: names,
        }
        .into()),
    }
}

/// Whether `pattern`, in which `*` is any text and `?` any character, is the whole of `text`. A star
/// is tried again, never recursed into.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    loop {
        match (pattern.get(p), text.get(t)) {
            (Some(b'*'), _) => {
                p += 1;
                retry = Some((p, t));
            }
            (None, None) => return true,
            (Some(wanted), Some(found)) if *wanted == b'?' || wanted == found => {
                (p, t) = (p + 1, t + 1);
            }
            _ => match retry {
                Some((star, from)) if from < text.len() => {
                    retry = Some((star, from + 1));
                    (p, t) = (star, from + 1);
                }
                _ => return false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_is_any_text_and_a_question_mark_one_character() {
        for (pattern, text) in [
            ("*", ""),
            ("*", "bash"),
            ("lib*", "libc6"),
            ("*ssl*", "libssl3t64"),
            ("lib?6", "libc6"),
            ("a*b*c", "axxbyybzc"),
            ("bash", "bash"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("", "a"),
            ("?", ""),
            ("lib*", "glib"),
            ("bash", "bash-doc"),
            ("a*b*c", "axxbyyb"),
            ("[a]", "a"),
        ] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
        let hard = "a*".repeat(200) + "b";
        assert!(!matches(&hard, &"a".repeat(2000)));
    }
}
