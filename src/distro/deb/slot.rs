//! What a dialogue knows of one repository while its Release is looked for.

use super::catalog::Source;
use super::sources;
use super::trust::Judged;
use crate::distro::{Evidence, Opening};
use crate::model::{Class, Epoch, Miss, Proof, Repository, Sha256};

/// What is known of one repository.
#[derive(Debug, Default)]
pub(super) struct Slot {
    /// The tier of sources that is asked next.
    pub(super) attempt: usize,
    pub(super) misses: Vec<Miss>,
    pub(super) hint: Option<String>,
    pub(super) judged: Option<Judged>,
    /// The files that were judged.
    pub(super) evidence: Evidence,
    /// No source has it, and its release need not have it.
    pub(super) dropped: bool,
}

impl Slot {
    /// Of a repository of which nothing is known yet. Where a lockfile is opened again, what it does
    /// not have is left out.
    pub(super) fn new(opening: &Opening, repository: &Repository) -> Self {
        Self {
            dropped: !opening.proven.is_empty() && proven(opening, repository).next().is_none(),
            ..Self::default()
        }
    }

    /// Notes what a source did not have. One that has a Release and no signature for it is not to
    /// be trusted, which is another matter than having nothing.
    pub(super) fn miss(&mut self, miss: Miss) {
        if !miss.absent || !miss.from.ends_with("/Release.gpg") {
            self.misses.push(miss);
            return;
        }
        let release = miss.from.trim_end_matches(".gpg").to_owned();
        // That there is no InRelease beside it is no news then.
        self.misses.retain(|other| {
            !other.absent || other.from != format!("{}/InRelease", directory(&release))
        });
        self.misses.push(Miss {
            from: release,
            reason: "it has no signature".into(),
            class: Class::Untrusted,
            absent: false,
        });
        self.hint = self.hint.take().or_else(|| {
            Some("`unsigned: true` beside the repository's `url:` accepts it without one".into())
        });
    }

    /// Its part of a catalog, with no index yet.
    pub(super) fn source(&self, place: usize, repository: &Repository) -> Source {
        let release = self.judged.as_ref().map(|judged| &judged.release);
        let mut suites: Vec<String> = Vec::new();
        let names = [
            repository.suite.clone(),
            release.and_then(|release| release.suite.clone()),
            release.and_then(|release| release.codename.clone()),
        ];
        for name in names.into_iter().flatten() {
            if !suites.contains(&name) {
                suites.push(name);
            }
        }
        Source {
            repository: place,
            id: repository.id.clone(),
            pin: repository
                .priority
                .unwrap_or(release.map_or(500, |release| release.pin)),
            suites,
            indexes: Vec::new(),
        }
    }

    /// What was judged, with no index yet.
    pub(super) fn proof(&self) -> Proof {
        let judged = self.judged.as_ref();
        Proof {
            sha256: judged.map_or_else(|| Sha256::of(b""), |judged| judged.sha256),
            date: judged.map_or(Epoch(0), |judged| judged.release.date),
            valid_until: judged.and_then(|judged| judged.release.valid_until),
            signed_by: judged
                .map(|judged| judged.signed_by.clone())
                .unwrap_or_default(),
            indexes: Vec::new(),
        }
    }
}

/// The states of a repository that may be opened again: of an alias, those of any, for its Release
/// says which one it means.
pub(super) fn proven<'a>(
    opening: &'a Opening,
    repository: &'a Repository,
) -> impl Iterator<Item = &'a Proof> + Clone {
    let alias = opening.repositories.is_empty() && repository.id == opening.release;
    let alias = alias && sources::is_alias(&opening.release);
    let proven = opening.proven.iter();
    proven
        .filter(move |proven| alias || proven.repository == repository.id)
        .map(|proven| &proven.proof)
}

fn directory(url: &str) -> &str {
    url.rsplit_once('/').map_or(url, |(directory, _)| directory)
}
