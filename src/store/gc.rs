//! Drops what was not used for long, and what killed processes left.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::time::Duration;

use super::session::{open_lock, protected_since};
use super::walk::{Entry, Usage, names};
use super::{Store, StoreError};
use crate::model::Epoch;

/// What may stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Keep {
    /// `--keep-days`: what was used within so many days, to the hour.
    pub days: Option<u64>,
    /// `--max-size`: no more than so many bytes, the most recently used.
    pub bytes: Option<u64>,
}

/// The answer of [`Store::gc`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Collected {
    /// What was dropped.
    pub removed: Usage,
    /// What is left.
    pub kept: Usage,
    /// What is left only because a running process uses it, or may.
    pub held: Usage,
    /// What killed processes had left, and is dropped too.
    pub leftovers: Usage,
}

const SECONDS_PER_DAY: i64 = 86_400;

/// How many entries are dropped before other processes get their turn.
const BATCH: usize = 256;

/// How long to wait for a process that holds everything: [`ATTEMPTS`] times [`PAUSE`].
const ATTEMPTS: usize = 200;
const PAUSE: Duration = Duration::from_millis(if cfg!(test) { 2 } else { 50 });

impl Store {
    /// Drops the least recently used, never what a running process holds. `now` is the present.
    ///
    /// # Errors
    /// When something cannot be dropped, or a process reads the store that cannot mark what it uses.
    pub fn gc(&self, keep: Keep, now: Epoch) -> Result<Collected, StoreError> {
        let mut out = Collected::default();
        if !self.root().is_dir() {
            return Ok(out);
        }
        let lock = open_lock(self.root())
            .map_err(|error| StoreError::io("write to the store", self.root(), error))?;
        self.exclusively(&lock, || self.drop_leftovers(now, &mut out))?;

        let mut entries = self.blobs()?;
        entries.extend(self.stages()?.into_values().flatten());
        // Most recently used first; a time to come, of a clock that was wrong, says nothing.
        entries.sort_by(|a, b| {
            let key = |entry: &Entry| entry.used.min(now.0);
            key(b).cmp(&key(a)).then_with(|| a.path.cmp(&b.path))
        });
        let mut sum = 0u64;
        let (stay, mut go): (Vec<_>, Vec<_>) = entries.into_iter().partition(|entry| {
            let days = now.0.saturating_sub(entry.used).max(0) / SECONDS_PER_DAY;
            let fresh = keep.days.is_none_or(|most| days.unsigned_abs() < most);
            let size = sum.saturating_add(entry.size);
            let fits = keep.bytes.is_none_or(|most| size <= most);
            if fresh && fits {
                sum = size;
            }
            fresh && fits
        });
        stay.iter().for_each(|entry| out.kept.add(entry.size));
        // The oldest first, so that a gc that is interrupted has dropped the right ones.
        go.reverse();
        for batch in go.chunks(BATCH) {
            self.exclusively(&lock, || self.drop_batch(batch, now, &mut out))?;
        }
        Ok(out)
    }

    /// Runs `work` while nobody starts, refreshes an entry, or holds everything.
    fn exclusively(
        &self,
        lock: &fs::File,
        work: impl FnOnce() -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let wrong = |error| StoreError::io("lock the store", self.root(), error);
        for attempt in 0..ATTEMPTS {
            match lock.try_lock() {
                Ok(()) => {
                    let done = work();
                    lock.unlock().map_err(wrong)?;
                    return done;
                }
                Err(fs::TryLockError::WouldBlock) if attempt + 1 < ATTEMPTS => {
                    std::thread::sleep(PAUSE);
                }
                Err(fs::TryLockError::WouldBlock) => {}
                Err(fs::TryLockError::Error(error)) => return Err(wrong(error)),
            }
        }
        Err(StoreError::Busy {
            path: self.root().into(),
        })
    }

    /// Drops the batch but for what has been used since `protected` (see [`Store::living`]).
    fn drop_batch(
        &self,
        batch: &[Entry],
        now: Epoch,
        out: &mut Collected,
    ) -> Result<(), StoreError> {
        let protected = self.living(now)?.protected;
        for entry in batch {
            let meta = match fs::symlink_metadata(&entry.path) {
                Ok(meta) => meta,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(StoreError::io("remove", &entry.path, error)),
            };
            if meta.mtime() >= protected {
                out.held.add(entry.size);
                out.kept.add(entry.size);
                continue;
            }
            self.discard(&entry.path)
                .map_err(|error| StoreError::io("remove", &entry.path, error))?;
            out.removed.add(entry.size);
        }
        Ok(())
    }

    /// Drops the temporary files of processes that are gone, and downloads that nobody went on with
    /// for a day.
    fn drop_leftovers(&self, now: Epoch, out: &mut Collected) -> Result<(), StoreError> {
        let living = self.living(now)?;
        for path in names(&self.root().join("tmp"))? {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let owner = name.split('-').next().unwrap_or_default();
            let Ok(meta) = fs::symlink_metadata(&path) else {
                continue;
            };
            // A partial download belongs to whoever has it locked; the lock is held while it is
            // dropped, so that nobody goes on with what is gone.
            let partial = (owner == "partial").then(|| super::open_nofollow(&path).ok());
            let stays = match &partial {
                Some(Some(file)) => {
                    meta.mtime() >= now.0.saturating_sub(SECONDS_PER_DAY)
                        || file.try_lock().is_err()
                }
                _ => living.ids.iter().any(|id| id == owner),
            };
            if !stays && self.discard(&path).is_ok() {
                out.leftovers.add(meta.len());
            }
        }
        Ok(())
    }

    /// Who runs. Called under the exclusive lock; sessions of processes that are gone are removed.
    fn living(&self, now: Epoch) -> Result<Living, StoreError> {
        let mut out = Living {
            ids: Vec::new(),
            protected: i64::MAX,
        };
        for path in names(&self.root().join("sessions"))? {
            // One that cannot be opened, such as another user's, counts as running.
            if super::open_nofollow(&path).is_ok_and(|file| file.try_lock().is_ok()) {
                // Harmless where it stays: the next gc tries again.
                let _ = self.discard(&path);
                continue;
            }
            let start = fs::symlink_metadata(&path).map_or(i64::MIN, |meta| meta.mtime());
            // Begun in the time to come, the clock was set back since: nothing can be told.
            let since = match start > now.0 {
                true => i64::MIN,
                false => protected_since(start),
            };
            out.protected = out.protected.min(since);
            let name = path.file_name().unwrap_or_default();
            out.ids.push(name.to_string_lossy().into_owned());
        }
        Ok(out)
    }
}

/// Processes that run.
struct Living {
    /// What their temporary files' names begin with.
    ids: Vec<String>,
    /// Whatever was used at this time or later may be held by one of them.
    protected: i64,
}
