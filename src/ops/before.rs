//! What an existing lockfile contributes to the next one.

use std::collections::BTreeMap;

use super::{Context, Error, OpsError, Project};
use crate::distro::Floor;
use crate::lockfile::{self, LockedRepository, Lockfile, LockfileError};
use crate::model::{Arch, LockedPackage, Origin, PackageName};
use crate::resolve::Update;

/// An existing lockfile, or none, or both sides of a merge.
pub(super) struct Before {
    /// The lockfile, where it is whole.
    pub(super) whole: Option<Lockfile>,
    /// Everything that counts as locked: of both sides of a merge, where it has markers.
    pub(super) sides: Vec<Lockfile>,
}

impl Before {
    pub(super) fn read(cx: &Context<'_>, project: &Project) -> Result<Self, Error> {
        let Some(text) = project.lockfile_text()? else {
            return Ok(Self {
                whole: None,
                sides: Vec::new(),
            });
        };
        let file = &project.lockfile_path;
        match lockfile::parse(file, &text) {
            Ok(whole) => Ok(Self {
                sides: vec![whole.clone()],
                whole: Some(whole),
            }),
            Err(LockfileError::MergeMarkers { .. }) => {
                cx.progress.note(&format!(
                    "{} has merge markers: the packages of both sides count as locked",
                    project.lockfile_name()
                ));
                let merged = lockfile::parse_merged(file, &text)?;
                Ok(Self {
                    whole: None,
                    sides: vec![merged.ours, merged.theirs],
                })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Refuses `--update NAME` where nothing of that name is locked: it would do nothing, quietly.
    pub(super) fn check_names(&self, project: &Project, update: &Update) -> Result<(), Error> {
        let Update::Names(names) = update else {
            return Ok(());
        };
        let locked = |name: &PackageName| {
            let packages = self
                .sides
                .iter()
                .flat_map(|side| side.packages.values().flatten());
            packages.into_iter().any(|package| package.name == *name)
        };
        match names.iter().find(|name| !locked(name)) {
            Some(name) => Err(OpsError::NotLocked {
                lockfile: project.lockfile_name(),
                package: name.to_string(),
            }
            .into()),
            None => Ok(()),
        }
    }

    pub(super) fn release(&self) -> Option<&str> {
        self.sides.first().map(|side| side.release.as_str())
    }

    /// The newest Date of each repository that the manifest still means: none may go back.
    pub(super) fn dates(&self, project: &Project) -> Vec<Floor> {
        let same = |old: &LockedRepository| match &project.repositories[..] {
            // The release's own are all well-known archives.
            [] => {
                matches!(old.origin, Origin::Archive(_))
                    && old.snapshot == project.manifest.snapshot
            }
            declared => declared.iter().any(|new| {
                (&new.origin, &new.suite, &new.path, new.snapshot)
                    == (&old.origin, &old.suite, &old.path, old.snapshot)
            }),
        };
        let mut dates = BTreeMap::new();
        for old in self
            .sides
            .iter()
            .flat_map(|side| &side.repositories)
            .filter(|old| same(old))
        {
            let whole = (None, old.proof.date);
            let each = old.proof.indexes.iter();
            let each = each.map(|index| {
                let date = index.date.unwrap_or(old.proof.date);
                (Some(index.path.clone()), date)
            });
            for (index, date) in each.chain([whole]) {
                let known = dates.entry((old.id.clone(), index)).or_insert(date);
                *known = date.max(*known);
            }
        }
        let floors = dates.into_iter();
        floors
            .map(|((repository, index), date)| Floor {
                repository,
                index,
                date,
            })
            .collect()
    }

    /// What is locked for `arch`; of a name that both sides hold, both versions.
    pub(super) fn packages(&self, arch: Arch) -> Vec<LockedPackage> {
        let mut out: Vec<LockedPackage> = Vec::new();
        for package in self
            .sides
            .iter()
            .filter_map(|side| side.packages.get(&arch))
            .flatten()
        {
            if !out
                .iter()
                .any(|known| known.name == package.name && known.version == package.version)
            {
                out.push(package.clone());
            }
        }
        out
    }
}
