//! Brings verified bytes into the store.
//!
//! In: what is wanted, with its digest and size where they are known. Out: blobs whose whole digest
//! held before anything could read them, and for a repository's signed root the bytes of every
//! source that answered, for the distribution to judge. Which machine serves them never changes
//! what is accepted: [`Network`] only says where to look, and in which order (FORMATS.md section 3,
//! "Where bytes come from").

mod blobs;
mod document;
mod error;
mod http;
mod netrc;
pub mod registry;
mod retry;
mod sources;
#[cfg(test)]
mod sources_tests;
mod transport;
mod trouble;
mod unread;
mod url;
mod vendored;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{
    Answer, Archive, Class, Epoch, Found, Miss, Origin, Purpose, Repository, Sha256, Snapshot,
    Wanted, WantedFile,
};
use crate::progress::{Progress, Task, TaskId};
use crate::store::Store;
use blobs::{Missed, causes};
use retry::Pace;
use sources::{Group, Source, Sources};
use transport::Transport;

pub use error::FetchError;
pub use unread::{Objection, Vouch};

/// How bytes may be had on this machine: never what is accepted.
#[derive(Debug, Clone, Default)]
pub struct Network {
    /// `--mirror` in order, then `ROOTLOCK_MIRRORS`.
    pub mirrors: Vec<Mirror>,
    /// `--mirror-only`
    pub mirror_only: bool,
    /// `--offline`
    pub offline: bool,
    /// `--jobs`, how many downloads at once; 0 counts as 1.
    pub jobs: usize,
    /// The mirrors of well-known archives that the host's own apt is configured with, by archive.
    pub host_mirrors: BTreeMap<String, Vec<String>>,
    /// The contents of the user's netrc, where there is one.
    pub netrc: Option<String>,
}

/// `--mirror WHAT=URL`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror {
    /// An archive's name or a URL prefix; absent for a vendored tree that serves everything, laid out
    /// as [`Place::vendored`] says.
    pub what: Option<String>,
    /// Where it is served from.
    pub url: String,
}

/// A repository, as far as it says where bytes may be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Which one.
    pub origin: Origin,
    /// The absolute base URL of `Origin::Url`.
    pub base: String,
    /// Alpine: the path below the archive.
    pub path: Option<String>,
    /// The moment at which it is pinned.
    pub snapshot: Option<Snapshot>,
}

impl From<&Repository> for Place {
    fn from(repository: &Repository) -> Self {
        Self {
            origin: repository.origin.clone(),
            base: repository.base.clone(),
            path: repository.path.clone(),
            snapshot: repository.snapshot,
        }
    }
}

/// A locked package that is to be in the store.
#[derive(Debug, Clone)]
pub struct Package {
    /// What a person would call it: `bash 5.2.37-2`.
    pub name: String,
    /// Its repository.
    pub place: Place,
    /// The Date of the repository's Release, as locked.
    pub date: Option<Epoch>,
    /// Where the archive lies below the repository.
    pub path: String,
    /// In bytes.
    pub size: u64,
    /// Of the whole archive.
    pub sha256: Sha256,
}

/// What [`Fetcher::packages`] had to download.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fetched {
    /// Packages that were not in the store.
    pub downloaded: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Brings bytes from the sources of a [`Network`]. Can be used from any thread.
pub struct Fetcher<'a> {
    store: &'a Store,
    network: &'a Network,
    progress: &'a dyn Progress,
    archives: Vec<Archive>,
    transport: Transport,
}

impl std::fmt::Debug for Fetcher<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fetcher")
            .field("network", self.network)
            .finish_non_exhaustive()
    }
}

impl<'a> Fetcher<'a> {
    /// `archives` are those that `archive:` and `--mirror NAME=URL` may name.
    pub fn new(
        store: &'a Store,
        network: &'a Network,
        progress: &'a dyn Progress,
        archives: &[Archive],
    ) -> Self {
        Self::at_pace(store, network, progress, archives, Pace::default())
    }

    fn at_pace(
        store: &'a Store,
        network: &'a Network,
        progress: &'a dyn Progress,
        archives: &[Archive],
        pace: Pace,
    ) -> Self {
        for mirror in &network.mirrors {
            match &mirror.what {
                Some(what)
                    if !what.contains(':')
                        && !archives.iter().any(|archive| archive.name == what) =>
                {
                    progress.warn(&format!(
                        "the mirror {} is not used: there is no archive `{what}`",
                        url::public(&mirror.url)
                    ));
                }
                _ => {}
            }
        }
        Self {
            store,
            network,
            progress,
            archives: archives.to_vec(),
            transport: Transport::new(network.offline, network.netrc.as_deref(), pace),
        }
    }

    /// Answers one need of a dialogue. The files of an index are as downloaded, their digests
    /// checked, and kept in the store; those of a Release are nobody's word yet.
    pub fn answer(&self, repository: &Repository, wanted: &Wanted) -> Answer {
        let place = Place::from(repository);
        let sources = self.sources(&place);
        match wanted.purpose {
            Purpose::Release { attempt } => match sources.release().get(attempt) {
                Some(tier) => self.release(repository, tier, wanted),
                None => Answer::Exhausted(Vec::new()),
            },
            Purpose::Index => self.index(repository, &sources.index(), wanted),
        }
    }

    fn sources<'s>(&'s self, place: &'s Place) -> Sources<'s> {
        Sources {
            network: self.network,
            archives: &self.archives,
            place,
        }
    }

    /// Asks all groups of a tier at once; a group's sources one after the other.
    fn release(&self, repository: &Repository, tier: &[Group], wanted: &Wanted) -> Answer {
        let ask = |group: &Group| {
            let mut misses = Vec::new();
            for source in group {
                match self.first_whole(repository, source, wanted) {
                    Ok(found) => return Ok(found),
                    Err(missed) => misses.extend(missed),
                }
            }
            Err(misses)
        };
        let results: Vec<Result<Found, Vec<Miss>>> = match tier {
            [group] => vec![ask(group)],
            _ => std::thread::scope(|scope| {
                let threads: Vec<_> = tier
                    .iter()
                    .map(|group| scope.spawn(|| ask(group)))
                    .collect();
                let ended = |thread: std::thread::ScopedJoinHandle<'_, _>| {
                    thread.join().unwrap_or_else(|_| Err(Vec::new()))
                };
                threads.into_iter().map(ended).collect()
            }),
        };
        let mut found = Vec::new();
        let mut misses = Vec::new();
        for result in results {
            match result {
                Ok(one) => found.push(one),
                Err(missed) => misses.extend(missed),
            }
        }
        if found.is_empty() {
            return Answer::Exhausted(misses);
        }
        Answer::Found(found)
    }

    /// The first alternative that a source has whole.
    fn first_whole(
        &self,
        repository: &Repository,
        source: &Source,
        wanted: &Wanted,
    ) -> Result<Found, Vec<Miss>> {
        let mut misses = Vec::new();
        for (alternative, files) in wanted.alternatives.iter().enumerate() {
            let read = |file: &WantedFile| -> Result<Arc<[u8]>, Miss> {
                let url = source
                    .url(&file.path)
                    .ok_or_else(|| unserved(source, file))?;
                let name = format!("{} {}", repository.id, file_name(&file.path));
                let mut shown = Shown::new(self.progress, &name, None);
                let mut advance = |len| shown.at(len);
                let read = self.transport.read(&url, file.max_size, &mut advance);
                read.map(Into::into)
                    .map_err(|trouble| trouble.miss(&url::public(&url)))
            };
            match files.iter().map(read).collect::<Result<Vec<_>, _>>() {
                Ok(files) => {
                    return Ok(Found {
                        from: source.name(),
                        alternative,
                        files,
                    });
                }
                Err(miss) => {
                    // A source that cannot be asked is not asked for the next alternative.
                    let absent = miss.absent;
                    misses.push(miss);
                    if !absent {
                        break;
                    }
                }
            }
        }
        Err(misses)
    }

    /// Tries every source until one has the right bytes.
    fn index(&self, repository: &Repository, sources: &Group, wanted: &Wanted) -> Answer {
        let mut misses: Vec<Miss> = Vec::new();
        for source in sources {
            for (alternative, files) in wanted.alternatives.iter().enumerate() {
                let [file] = &files[..] else { continue };
                let Some((sha256, size)) = file.expect else {
                    continue;
                };
                let name = format!("{} {}", repository.id, index_name(wanted, file));
                let brought = match source.url(&file.path) {
                    Some(url) => self.bring(&name, &url, &sha256, size),
                    None => Err(Missed::Source(unserved(source, file))),
                };
                let brought = brought.map_err(|missed| match missed {
                    Missed::Source(miss) => miss,
                    Missed::Store(error) => self.kept_badly(&causes(&error)),
                });
                let read = brought.and_then(|()| match self.store.read(&sha256) {
                    Ok(Some(bytes)) => Ok(bytes),
                    Ok(None) => Err(self.kept_badly("it vanished")),
                    Err(error) => Err(self.kept_badly(&error.to_string())),
                });
                match read {
                    Ok(bytes) => {
                        return Answer::Found(vec![Found {
                            from: source.name(),
                            alternative,
                            files: vec![bytes.into()],
                        }]);
                    }
                    Err(miss) => {
                        let ask_on = miss.absent || miss.class == Class::Untrusted;
                        misses.push(miss);
                        if !ask_on {
                            break;
                        }
                    }
                }
            }
        }
        Answer::Exhausted(misses)
    }

    fn kept_badly(&self, reason: &str) -> Miss {
        Miss {
            from: self.store.root().display().to_string(),
            reason: reason.to_owned(),
            class: Class::Outside,
            absent: false,
        }
    }
}

/// A download as it is shown: from its first byte on, so that a file that is not there is not.
struct Shown<'a> {
    progress: &'a dyn Progress,
    name: &'a str,
    size: Option<u64>,
    task: Option<TaskId>,
    len: u64,
}

impl<'a> Shown<'a> {
    fn new(progress: &'a dyn Progress, name: &'a str, size: Option<u64>) -> Self {
        Self {
            progress,
            name,
            size,
            task: None,
            len: 0,
        }
    }

    /// So many bytes are there. After a restart nothing is shown until there are more than before.
    fn at(&mut self, len: u64) {
        let (name, size) = (self.name, self.size);
        let begin = || self.progress.begin(Task::Download { name, size });
        let task = *self.task.get_or_insert_with(begin);
        if len > self.len {
            self.progress.advance(task, len - self.len);
            self.len = len;
        }
    }
}

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        if let Some(task) = self.task {
            self.progress.end(task);
        }
    }
}

/// A source that does not serve the path at all.
fn unserved(source: &Source, file: &WantedFile) -> Miss {
    Miss {
        from: source.name(),
        reason: format!("it does not serve {}", file.path.escape_debug()),
        class: Class::Outside,
        absent: true,
    }
}

/// The last part of a path.
fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// What a person would call an index, also where it lies under its digest.
fn index_name<'w>(wanted: &'w Wanted, file: &'w WantedFile) -> &'w str {
    let named = wanted
        .alternatives
        .iter()
        .flatten()
        .rfind(|other| other.expect == file.expect);
    file_name(&named.unwrap_or(file).path)
}
