//! Opens again what a lockfile was made from: the very signed roots and indexes that it names, from
//! the store where it keeps them, else from wherever they may still be had.
//!
//! Every signature, date and digest is judged as when it was locked, each repository as of its own
//! date.

use std::sync::{Mutex, PoisonError};

use super::open::{archives, condense, hold};
use super::{Context, Error, OpsError, Project, evidence};
use crate::distro::{Opened, Opening, Proven};
use crate::fetch::{Fetcher, Network};
use crate::lockfile::{LockedRepository, Lockfile};
use crate::model::{
    Answer, Class, Found, Miss, Proof, Purpose, Repository, Sha256, Wanted, WantedFile,
};

/// What a lockfile was made from, opened again.
pub(super) struct Again {
    pub(super) opened: Opened,
    /// The raw indexes that were read, each in the store when it was.
    pub(super) indexes: Vec<RawIndex>,
}

/// An index as it was downloaded.
pub(super) struct RawIndex {
    pub(super) repository: Repository,
    /// Below the repository: the file's own name.
    pub(super) path: String,
    pub(super) sha256: Sha256,
}

/// What the lockfile says of each repository.
pub(super) fn proven(lockfile: &Lockfile) -> Vec<Proven> {
    let each = lockfile.repositories.iter();
    each.map(|locked| Proven {
        repository: locked.id.clone(),
        proof: locked.proof.clone(),
    })
    .collect()
}

/// The manifest's repositories as the lockfile has them.
pub(super) fn opening(cx: &Context<'_>, project: &Project, lockfile: &Lockfile) -> Opening {
    Opening {
        release: lockfile.release.clone(),
        snapshot: project.manifest.snapshot,
        repositories: project.repositories.clone(),
        arches: lockfile.packages.keys().copied().collect(),
        now: cx.now,
        locked: Vec::new(),
        proven: proven(lockfile),
    }
}

/// Opens it; what the store lacks is asked of `network`. `hint` is what to do where nobody has it.
///
/// # Errors
/// When something of it cannot be had any more, or does not hold.
pub(super) fn open(
    cx: &Context<'_>,
    project: &Project,
    lockfile: &Lockfile,
    network: &Network,
    hint: &str,
) -> Result<Again, Error> {
    let archives = archives();
    let reader = Reader {
        cx,
        project,
        lockfile,
        fetcher: Fetcher::new(cx.store, network, cx.progress, &archives),
        lacking: Mutex::default(),
        indexes: Mutex::default(),
    };
    let opening = opening(cx, project, lockfile);
    let held = hold(
        project.distro,
        opening,
        network.jobs,
        |repository, wanted| match wanted.purpose {
            Purpose::Release { attempt } => reader.root(repository, wanted, attempt),
            Purpose::Index => reader.index(repository, wanted),
        },
    );
    let lacking = reader.lacking.into_inner();
    let lacking = lacking.unwrap_or_else(PoisonError::into_inner);
    let opened = held.map_err(|error| match lacking.into_iter().min() {
        Some(what) if error.class() == Class::Outside => Error::from(OpsError::ProofGone {
            lockfile: project.lockfile_name(),
            what,
            source: Box::new(error),
            hint: hint.to_owned(),
        }),
        _ => error,
    })?;
    evidence::remember(cx.store, &opened)?;
    let indexes = reader.indexes.into_inner();
    let mut indexes = indexes.unwrap_or_else(PoisonError::into_inner);
    indexes.sort_by(|a, b| (&a.repository.id, &a.path).cmp(&(&b.repository.id, &b.path)));
    Ok(Again { opened, indexes })
}

struct Reader<'a> {
    cx: &'a Context<'a>,
    project: &'a Project,
    lockfile: &'a Lockfile,
    fetcher: Fetcher<'a>,
    /// What no source has.
    lacking: Mutex<Vec<String>>,
    indexes: Mutex<Vec<RawIndex>>,
}

impl Reader<'_> {
    /// The kept root first, as if it were a tier of its own.
    fn root(
        &self,
        repository: &Repository,
        wanted: &Wanted,
        attempt: usize,
    ) -> Result<Answer, Error> {
        if let Some(attempt) = attempt.checked_sub(1) {
            let later = Wanted {
                purpose: Purpose::Release { attempt },
                ..wanted.clone()
            };
            let answer = self.fetcher.answer(repository, &later);
            if matches!(&answer, Answer::Exhausted(misses) if misses.is_empty()) {
                self.lacks(format!("the signed index of {}", repository.id));
            }
            return Ok(answer);
        }
        let same = |locked: &&LockedRepository| locked.id == repository.id;
        let kept = match self.lockfile.repositories.iter().find(same) {
            Some(locked) => evidence::recall(self.cx.store, repository, &locked.proof.sha256)?,
            None => None,
        };
        let kept = kept.unwrap_or_default();
        let whole = |files: &Vec<WantedFile>| {
            let found = files.iter().map(|file| {
                let found = kept.iter().find(|kept| kept.path == file.path);
                found.map(|kept| kept.bytes.clone())
            });
            found.collect::<Option<Vec<_>>>()
        };
        let from = self.cx.store.root().display().to_string();
        let mut all = wanted.alternatives.iter().map(whole).enumerate();
        let found = all.find_map(|(alternative, files)| Some((alternative, files?)));
        Ok(match found {
            Some((alternative, files)) => Answer::Found(vec![Found {
                from,
                alternative,
                files,
            }]),
            None => Answer::Exhausted(vec![Miss {
                from,
                reason: format!("it does not keep what was signed of {}", repository.id),
                class: Class::Outside,
                absent: true,
            }]),
        })
    }

    /// The raw index by its digest: what was condensed once is not taken for it.
    fn index(&self, repository: &Repository, wanted: &Wanted) -> Result<Answer, Error> {
        let distro = self.project.distro;
        for (alternative, files) in wanted.alternatives.iter().enumerate() {
            let Some((sha256, _)) = files.first().and_then(|file| file.expect) else {
                continue;
            };
            if let Some(bytes) = self.cx.store.read(&sha256)? {
                let found = Found {
                    from: self.cx.store.root().display().to_string(),
                    alternative,
                    files: vec![bytes.into()],
                };
                return Ok(self.read(repository, wanted, condense(distro, wanted, vec![found])));
            }
        }
        let answer = match self.fetcher.answer(repository, wanted) {
            Answer::Found(found) => condense(distro, wanted, found),
            exhausted => exhausted,
        };
        Ok(self.read(repository, wanted, answer))
    }

    /// Notes which of an index's files was read, or that there is none.
    fn read(&self, repository: &Repository, wanted: &Wanted, answer: Answer) -> Answer {
        let found = match &answer {
            Answer::Found(found) => found.first(),
            Answer::Exhausted(_) => None,
        };
        let expected = |files: &[WantedFile]| files.first().and_then(|file| file.expect);
        let all = &wanted.alternatives;
        let expect = found.and_then(|found| expected(all.get(found.alternative)?));
        // The last of those with one digest has the file's own name.
        let own = |(sha256, size): (Sha256, u64)| {
            let mut files = all.iter().flatten();
            let own = files.rfind(|file| file.expect == Some((sha256, size)))?;
            Some(RawIndex {
                repository: repository.clone(),
                path: own.path.clone(),
                sha256,
            })
        };
        match expect.and_then(own) {
            Some(index) => {
                let mut indexes = self.indexes.lock().unwrap_or_else(PoisonError::into_inner);
                indexes.push(index);
            }
            None => {
                let file = all.iter().flatten().next_back();
                let path = file.map_or("the index", |file| file.path.as_str());
                self.lacks(format!("{path} of {}", repository.id));
            }
        }
        answer
    }

    fn lacks(&self, what: String) {
        let mut lacking = self.lacking.lock().unwrap_or_else(PoisonError::into_inner);
        lacking.push(what);
    }
}

/// Why a lockfile does not follow from what was opened again, as sentences; empty where it does.
pub(super) fn unproven(lockfile: &Lockfile, opened: &Opened) -> Vec<String> {
    let mut reasons = Vec::new();
    for locked in &lockfile.repositories {
        let mut opened = opened.repositories.iter().zip(&opened.proofs);
        match opened.find(|(repository, _)| repository.id == locked.id) {
            Some((_, proof)) => {
                let field = difference(&locked.proof, proof);
                reasons.extend(
                    field.map(|field| {
                        format!("the signed index of {} has another {field}", locked.id)
                    }),
                );
            }
            None => reasons.push(format!("the manifest has no repository {}", locked.id)),
        }
    }
    let packages = lockfile.packages.iter();
    for ((arch, packages), catalog) in packages.zip(&opened.catalogs) {
        let refused = packages
            .iter()
            .filter_map(|package| catalog.offers(package).err());
        reasons.extend(refused.map(|reason| format!("{reason} for {arch}")));
    }
    reasons
}

/// The first field in which a proof is not the locked one. A rootlock that knows more keys finds
/// more of them to have signed.
fn difference(locked: &Proof, found: &Proof) -> Option<&'static str> {
    let signed = locked
        .signed_by
        .iter()
        .all(|key| found.signed_by.contains(key));
    let same = [
        ("sha256", locked.sha256 == found.sha256),
        ("date", locked.date == found.date),
        ("valid_until", locked.valid_until == found.valid_until),
        (
            "signed_by",
            signed && locked.signed_by.is_empty() == found.signed_by.is_empty(),
        ),
        ("list of indexes", locked.indexes == found.indexes),
    ];
    same.into_iter()
        .find_map(|(field, same)| (!same).then_some(field))
}
