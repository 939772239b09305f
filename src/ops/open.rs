//! Drives a distribution's dialogue with its repositories: what it needs is fetched, indexes are
//! condensed once and kept.
//!
//! An index whose condensed form is in the store is not downloaded again: the signed Release names
//! its digest, and the form is kept under that digest. Raw indexes and the signed roots stay in the
//! store as blobs (see [`super::evidence`]), so that the proof of a lockfile can be repeated without a
//! network.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Context, Error, evidence};
use crate::distro::{self, Distro, Fault, Opened, Opening, Step};
use crate::fetch::Fetcher;
use crate::model::{Answer, Archive, Class, Found, Miss, Purpose, Repository, Sha256, Wanted};
use crate::store::Store;

/// The stage of condensed indexes in the store.
const STAGE: &str = "index";
/// Steps of one dialogue: a hundred times what Debian needs.
const MAX_STEPS: usize = 1000;

/// Opens repositories: proven, read, and ready to be resolved from.
///
/// # Errors
/// When one of them cannot be had or trusted, or the store cannot be used.
pub(super) fn open(
    cx: &Context<'_>,
    distro: &dyn Distro,
    opening: Opening,
) -> Result<Opened, Error> {
    let archives = archives();
    let fetcher = Fetcher::new(cx.store, cx.network, cx.progress, &archives);
    let roots = Roots::default();
    let opened = hold(distro, opening, cx.network.jobs, |repository, wanted| {
        answer(cx.store, distro, &fetcher, &roots, repository, wanted)
    })?;
    evidence::remember(cx.store, &opened)?;
    Ok(opened)
}

/// Holds a dialogue, with `jobs` answers at once.
pub(super) fn hold(
    distro: &dyn Distro,
    opening: Opening,
    jobs: usize,
    answer: impl Fn(&Repository, &Wanted) -> Result<Answer, Error> + Sync,
) -> Result<Opened, Error> {
    let mut dialogue = distro.open(opening)?;
    let mut answers = Vec::new();
    for _ in 0..MAX_STEPS {
        match dialogue.step(answers)? {
            Step::Done(opened) => return Ok(opened),
            Step::Need(wanted) => {
                let repositories = dialogue.repositories();
                answers = at_once(jobs, &wanted, |wanted| {
                    match repositories.get(wanted.repository) {
                        Some(repository) => answer(repository, wanted),
                        None => Ok(Answer::Exhausted(Vec::new())),
                    }
                })
                .into_iter()
                .collect::<Result<_, _>>()?;
            }
        }
    }
    Err(Error::from(Endless))
}

/// The archives of every distribution: what `--mirror NAME=URL` may name.
pub(super) fn archives() -> Vec<Archive> {
    distro::ALL
        .iter()
        .flat_map(|distro| distro.archives())
        .copied()
        .collect()
}

/// A dialogue that does not end.
#[derive(Debug, thiserror::Error)]
#[error("the dialogue with the repositories does not come to an end")]
struct Endless;

impl crate::model::Explain for Endless {
    fn class(&self) -> Class {
        Class::Untrusted
    }
}

/// Maps in parallel on threads of its own, since most of the time is spent waiting; in order.
pub(super) fn at_once<T: Sync, R: Send>(
    jobs: usize,
    items: &[T],
    map: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::with_capacity(items.len()));
    let work = || {
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(place) else { return };
            let result = map(item);
            let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
            done.push((place, result));
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..jobs.clamp(1, items.len().max(1)) {
            scope.spawn(work);
        }
        work();
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, result)| result).collect()
}

/// The signed roots of one dialogue by their digests. Alpine's are the indexes themselves: asked for
/// once more they would be downloaded twice, and may be others by then.
#[derive(Default)]
struct Roots(Mutex<BTreeMap<Sha256, Found>>);

impl Roots {
    fn keep(&self, answer: &Answer) {
        let Answer::Found(found) = answer else { return };
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for one in found {
            if let [file] = &one.files[..] {
                kept.insert(Sha256::of(file), one.clone());
            }
        }
    }

    /// What is wanted, if it is one of them.
    fn find(&self, wanted: &Wanted) -> Option<Answer> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut alternatives = wanted.alternatives.iter().enumerate();
        alternatives.find_map(|(alternative, files)| {
            let [file] = &files[..] else { return None };
            let found = kept.get(&file.expect?.0)?.clone();
            Some(Answer::Found(vec![Found {
                alternative,
                ..found
            }]))
        })
    }
}

/// Answers one need: from the store or what is at hand where it can, else by the fetcher.
fn answer(
    store: &Store,
    distro: &dyn Distro,
    fetcher: &Fetcher<'_>,
    roots: &Roots,
    repository: &Repository,
    wanted: &Wanted,
) -> Result<Answer, Error> {
    if let Purpose::Release { .. } = wanted.purpose {
        let answer = fetcher.answer(repository, wanted);
        roots.keep(&answer);
        return Ok(answer);
    }
    let revision = distro.index_revision();
    let key = key(wanted);
    if let Some(key) = &key
        && let Some(condensed) = store.derived(STAGE, revision, key)?
    {
        let found = Found {
            from: store.root().display().to_string(),
            alternative: 0,
            files: vec![condensed.into()],
        };
        return Ok(Answer::Found(vec![found]));
    }
    let asked = || fetcher.answer(repository, wanted);
    let found = match roots.find(wanted).unwrap_or_else(asked) {
        Answer::Found(found) => found,
        exhausted => return Ok(exhausted),
    };
    let answer = condense(distro, wanted, found);
    if let (Some(key), Answer::Found(found)) = (&key, &answer) {
        for file in found.iter().flat_map(|found| &found.files) {
            store.put_derived(STAGE, revision, key, file)?;
        }
    }
    Ok(answer)
}

/// The first that can be read of an index as it was found, in the form that the dialogue reads.
pub(super) fn condense(distro: &dyn Distro, wanted: &Wanted, found: Vec<Found>) -> Answer {
    let mut misses = Vec::new();
    for one in found {
        match condensed(distro, wanted, &one) {
            Ok(bytes) => {
                let files = vec![Arc::from(bytes)];
                return Answer::Found(vec![Found { files, ..one }]);
            }
            Err(fault) => misses.push(Miss {
                from: one.from,
                reason: sentence(&fault),
                class: fault.class(),
                absent: false,
            }),
        }
    }
    Answer::Exhausted(misses)
}

/// What a condensed index is kept under: the digest that the Release lists for its first form.
fn key(wanted: &Wanted) -> Option<Sha256> {
    let file = wanted.alternatives.first()?.first()?;
    file.expect.map(|(sha256, _)| sha256)
}

fn condensed(distro: &dyn Distro, wanted: &Wanted, found: &Found) -> Result<Vec<u8>, Fault> {
    let files = wanted.alternatives.get(found.alternative);
    let (Some(file), Some(raw)) = (files.and_then(|files| files.first()), found.files.first())
    else {
        return Ok(Vec::new());
    };
    // The same bytes may lie under their digest; how they are packed is in the file's own name.
    let named = wanted
        .alternatives
        .iter()
        .flatten()
        .rfind(|other| other.expect == file.expect);
    distro.condense(named.unwrap_or(file), raw)
}

/// An index in the form that [`Distro::sources`] reads, where an earlier dialogue left it in the store;
/// `listed` is the digest by which a lockfile names it.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn kept(
    store: &Store,
    distro: &dyn Distro,
    listed: &Sha256,
) -> Result<Option<Arc<[u8]>>, Error> {
    let kept = store.derived(STAGE, distro.index_revision(), listed)?;
    Ok(kept.map(Arc::from))
}

/// An error with its causes, as one line.
pub(super) fn sentence(fault: &Fault) -> String {
    let mut out = fault.to_string();
    let mut next = fault.source();
    while let Some(error) = next {
        out = format!("{out}: {error}");
        next = error.source();
    }
    out
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::distro::deb::Debian;
    use crate::fetch::Network;
    use crate::model::{Arch, Epoch, Origin};
    use crate::progress::Silent;

    fn repository(base: String, suite: &str) -> Repository {
        Repository {
            id: suite.into(),
            origin: Origin::Url(base.clone()),
            base,
            suite: Some(suite.into()),
            components: vec!["main".into()],
            path: None,
            priority: None,
            keys: Vec::new(),
            snapshot: None,
            tag: None,
            unsigned: false,
            allow_expired: true,
        }
    }

    #[test]
    fn debians_own_indexes_are_opened_from_files_and_then_from_the_store() {
        #[allow(clippy::disallowed_methods, reason = "a test finds its data")]
        let shared = std::env::var_os("ROOTLOCK_SHARED").map_or_else(
            || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"),
            PathBuf::from,
        );
        let suites = ["trixie-updates", "trixie-security"];
        let indices = shared.join("debian/indices");
        if !indices.is_dir() {
            println!("skipped: no indexes at {}", indices.display());
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let copy = dir.path().join("copy");
        for suite in suites {
            let path = format!("{suite}/dists/{suite}/main/binary-amd64");
            fs_err::create_dir_all(copy.join(&path)).unwrap();
            for file in [
                format!("{path}/Packages.xz"),
                format!("{suite}/dists/{suite}/InRelease"),
            ] {
                fs_err::copy(indices.join(&file), copy.join(&file)).unwrap();
            }
        }
        let store = Store::open(dir.path().join("store")).unwrap();
        let network = Network {
            offline: true,
            jobs: 2,
            ..Network::default()
        };
        let arch = Arch::from_oci("amd64").unwrap();
        let cx = Context {
            store: &store,
            network: &network,
            progress: &Silent,
            now: Epoch(1_796_083_200),
            host: arch,
            source_date_epoch: None,
            limits: crate::ops::Limits::default(),
        };
        let repositories: Vec<_> = suites
            .iter()
            .map(|suite| repository(format!("file://{}/{suite}", copy.display()), suite))
            .collect();
        let open = || {
            let opening = Opening {
                release: "stable".into(),
                snapshot: None,
                repositories: repositories.clone(),
                arches: vec![arch],
                now: cx.now,
                locked: Vec::new(),
                proven: Vec::new(),
            };
            open(&cx, &Debian, opening)
        };
        let cold = open().unwrap();
        assert_eq!(cold.release, "trixie");
        assert_eq!(cold.warnings.len(), 2, "{:?}", cold.warnings);
        let index = &cold.proofs[0].indexes[0];
        assert!(store.has_sized(&index.sha256, index.size));
        // The index is not needed again; a Release always is.
        for suite in suites {
            let index = format!("{suite}/dists/{suite}/main/binary-amd64/Packages.xz");
            fs_err::remove_file(copy.join(index)).unwrap();
        }
        assert_eq!(open().unwrap().proofs, cold.proofs);
        fs_err::remove_dir_all(&copy).unwrap();
        assert_eq!(open().unwrap_err().class(), Class::Outside);
    }
}
