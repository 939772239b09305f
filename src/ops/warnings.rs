//! What is warned of, in the same words by every verb.

use super::Project;
use crate::lockfile::Lockfile;
use crate::progress::Progress;

/// Of repositories whose bytes nobody signed: by lock, fetch, build and verify.
pub(super) fn of_trust(progress: &dyn Progress, lockfile: &Lockfile) {
    for repository in lockfile
        .repositories
        .iter()
        .filter(|repository| repository.unsigned)
    {
        progress.warn(&format!(
            "the repository `{}` is `unsigned: true`: nothing vouches for what it offered when it was locked",
            repository.id
        ));
    }
}

/// Of a lockfile that was just made.
pub(super) fn of_lock(progress: &dyn Progress, project: &Project, lockfile: &Lockfile) {
    of_trust(progress, lockfile);
    let prioritised = project
        .manifest
        .groups
        .iter()
        .any(|group| group.priority.is_some());
    for (arch, packages) in &lockfile.packages {
        let base = packages
            .iter()
            .any(|package| package.name.as_str() == "base-files");
        if !prioritised && !base && project.distro.has_essential_packages() {
            progress.warn(&format!(
                "no group has `priority:` and none holds base-files on {arch}: Essential packages \
                 are not dependencies, so the image may lack them; `priority: essential` adds them"
            ));
        }
    }
}
