//! Blobs of known digest and size, brought into the store, several at once.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::url;
use super::{FetchError, Fetched, Fetcher, Package, Shown};
use crate::model::{Class, Miss, Sha256};
use crate::store::StoreError;

impl Fetcher<'_> {
    /// Brings packages into the store, the largest first, `jobs` at once. What is there already is
    /// not asked for. After a failure no further download is begun.
    ///
    /// # Errors
    /// When no source has one of them, or the store cannot keep it.
    pub fn packages(&self, packages: &[Package]) -> Result<Fetched, FetchError> {
        let mut seen = BTreeSet::new();
        let mut missing: Vec<&Package> = packages
            .iter()
            .filter(|package| seen.insert(package.sha256))
            .filter(|package| !self.store.has_sized(&package.sha256, package.size))
            .collect();
        missing.sort_by(|a, b| (b.size, &a.path).cmp(&(a.size, &b.path)));
        let all = Fetched {
            downloaded: missing.len() as u64,
            bytes: missing
                .iter()
                .map(|package| package.size)
                .fold(0, u64::saturating_add),
        };
        if missing.is_empty() {
            return Ok(all);
        }
        self.progress.expect(all.downloaded, all.bytes);
        let order: Vec<usize> = (0..missing.len()).collect();
        at_once(self.network.jobs, &order, |place| {
            let package = missing[place];
            self.try_sources(package, |url| {
                self.bring(&package.name, url, &package.sha256, package.size)
            })
        })?;
        Ok(all)
    }

    /// Tries every source of a package.
    pub(super) fn try_sources<T>(
        &self,
        package: &Package,
        bring: impl Fn(&str) -> Result<T, Missed>,
    ) -> Result<T, FetchError> {
        let sources = self.sources(&package.place).package(package.date);
        let urls: Vec<String> = sources
            .iter()
            .filter_map(|source| source.url(&package.path))
            .collect();
        let name = || package.name.clone();
        let remote = |url: &String| url::is_remote(url);
        if self.network.offline && !urls.is_empty() && urls.iter().all(remote) {
            return Err(FetchError::Offline { name: name() });
        }
        let mut misses = Vec::new();
        for url in &urls {
            match bring(url) {
                Ok(done) => return Ok(done),
                Err(Missed::Source(miss)) => misses.push(miss),
                // No other source mends the store.
                Err(Missed::Store(source)) => {
                    return Err(FetchError::Store {
                        name: name(),
                        source,
                    });
                }
            }
        }
        Err(FetchError::Package {
            name: name(),
            misses,
        })
    }

    /// Brings one blob from one URL. Bytes that an earlier try left are gone on from; where the
    /// whole then has another digest, it is fetched once more from its beginning.
    pub(super) fn bring(
        &self,
        name: &str,
        url: &str,
        sha256: &Sha256,
        size: u64,
    ) -> Result<(), Missed> {
        if let Some(refused) = self.transport.refuses(url) {
            return Err(Missed::Source(refused.miss(&url::public(url))));
        }
        let Some(mut partial) = self.store.partial(sha256, size)? else {
            return Ok(());
        };
        let mut shown = Shown::new(self.progress, name, Some(size));
        let mut resumed = !partial.is_empty();
        let brought = loop {
            let brought = self
                .transport
                .bring(url, &mut partial, size, &mut |len| shown.at(len));
            if brought.is_ok() && partial.digest() != *sha256 && resumed {
                resumed = false;
                match partial.restart() {
                    Ok(()) => continue,
                    Err(error) => break Err(Missed::Source(self.kept_badly(&causes(&error)))),
                }
            }
            break brought.map_err(|trouble| Missed::Source(trouble.miss(&url::public(url))));
        };
        drop(shown);
        if brought.is_err() && partial.is_empty() {
            partial.drop_file();
        }
        brought?;
        let found = partial.digest();
        if found != *sha256 {
            partial.drop_file();
            return Err(Missed::Source(Miss {
                from: url::public(url),
                reason: format!("it has {found} where {sha256} is needed"),
                class: Class::Untrusted,
                absent: false,
            }));
        }
        Ok(partial.commit(name)?)
    }
}

/// Does `work` for each of `order`, `jobs` at once; after a failure nothing is begun any more.
pub(super) fn at_once<T: Send, E: Send>(
    jobs: usize,
    order: &[usize],
    work: impl Fn(usize) -> Result<T, E> + Sync,
) -> Result<Vec<(usize, T)>, E> {
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let done: Mutex<Vec<(usize, T)>> = Mutex::default();
    let failures: Mutex<Vec<(usize, E)>> = Mutex::default();
    let run = || {
        while !stop.load(Ordering::Relaxed) {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(&place) = order.get(at) else { return };
            match work(place) {
                Ok(one) => {
                    let mut done = done.lock().unwrap_or_else(|e| e.into_inner());
                    done.push((place, one));
                }
                Err(error) => {
                    stop.store(true, Ordering::Relaxed);
                    let mut failures = failures.lock().unwrap_or_else(|e| e.into_inner());
                    failures.push((at, error));
                }
            }
        }
    };
    let workers = jobs.clamp(1, order.len().max(1));
    std::thread::scope(|scope| {
        for _ in 1..workers {
            scope.spawn(run);
        }
        run();
    });
    let failures = failures.into_inner().unwrap_or_else(|e| e.into_inner());
    let done = done.into_inner().unwrap_or_else(|e| e.into_inner());
    match failures.into_iter().min_by_key(|(at, _)| *at) {
        Some((_, error)) => Err(error),
        None => Ok(done),
    }
}

/// Why a blob was not brought.
pub(super) enum Missed {
    /// The source did not have it.
    Source(Miss),
    /// The store could not keep it.
    Store(StoreError),
}

impl From<StoreError> for Missed {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// An error with its causes, as one line.
pub(super) fn causes(error: &dyn std::error::Error) -> String {
    let mut out = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        let text = error.to_string();
        if !out.contains(&text) {
            out = format!("{out}: {text}");
        }
        next = error.source();
    }
    out
}
