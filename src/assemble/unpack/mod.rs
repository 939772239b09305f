//! Locked packages in, one pack and one table of entries for each out.
//!
//! A pack holds the contents of a package's files in archive order and behind them the [`table`]:
//! it is made once per store, kept under the digest of what the lockfile says of the archive, and
//! read from then on. An archive is read only after its whole digest was checked, and it is
//! decompressed once. Packages are unpacked in parallel, the largest first; their decoders share a
//! [`Budget`] of memory, so that the peak depends neither on the number of packages nor on that of
//! the processors.

mod budget;
mod error;
mod sink;
mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::Packs;
use crate::distro::{Distro, Unpacked};
use crate::model::{LockedPackage, Sha256};
use crate::progress::{Progress, Task, TaskId};
use crate::store::{Store, StoreError};
pub(in crate::assemble) use budget::Budget;
pub use error::UnpackError;
use sink::PackSink;

/// The memory that decoders share unless it is said otherwise: two of `xz -9`, or one that takes
/// the most that a package may ask for.
pub const MEMORY: u64 = 160 << 20;

/// The stage's name in the store.
const STAGE: &str = "unpack";
/// More threads would wait for memory more than they decode, and each has two files open.
const MAX_THREADS: usize = 16;

/// What a pack is kept under. That the archive is the package it is locked as is found out while it
/// is unpacked, so a pack that was made under one name must not serve another.
fn key(package: &LockedPackage) -> Sha256 {
    let LockedPackage {
        name,
        version,
        arch,
        size,
        sha256,
        ..
    } = package;
    Sha256::of(format!("{sha256} {size} {name} {version} {arch}").as_bytes())
}

/// The store's revision of packs that hold what `distro` reads.
fn revision(distro: &dyn Distro) -> u32 {
    distro.package_revision() * 100 + table::REVISION
}

/// Unpacks all `packages` that are not unpacked in the store already, on up to `jobs` threads whose
/// decoders share `memory` bytes. The results are in the order of `packages`; package N's files
/// lie in pack N of the packs.
///
/// # Errors
/// When an archive is not in the store, is damaged, or is not what its package's should be.
pub fn unpack_all<'a>(
    store: &'a Store,
    distro: &'a dyn Distro,
    packages: &[&'a LockedPackage],
    jobs: usize,
    memory: u64,
    progress: &dyn Progress,
) -> Result<(Vec<Unpacked>, Packs<'a>), UnpackError> {
    let budget = Budget::new(memory);
    let job = |index: usize| Job {
        store,
        distro,
        package: packages[index],
        pack: index as u32,
        budget: &budget,
        progress,
    };
    let mut order: Vec<usize> = (0..packages.len()).collect();
    order.sort_by_key(|&index| (std::cmp::Reverse(packages[index].size), index));
    let mut tables = in_parallel(jobs, &order, |index| job(index).read())?;

    // The new tables are read when all packs are made, not kept while they are: so never all
    // tables and the decoders are in memory at once.
    order.retain(|index| tables[index].is_none());
    in_parallel(jobs, &order, |index| job(index).make())?;
    tables.extend(in_parallel(jobs, &order, |index| job(index).read())?);
    let tables = tables.into_iter();
    let unpacked: Result<Vec<_>, _> = tables
        .map(|(index, table)| table.ok_or_else(|| job(index).spoiled()))
        .collect();
    Ok((unpacked?, Packs::new(store, distro, packages, &order)))
}

/// Does `work` for each of `order` on up to `jobs` threads, in that order; stops at the first
/// failure. Of several failures the lowest number's is told.
fn in_parallel<T: Send>(
    jobs: usize,
    order: &[usize],
    work: impl Fn(usize) -> Result<T, UnpackError> + Sync,
) -> Result<BTreeMap<usize, T>, UnpackError> {
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let done = Mutex::new(BTreeMap::new());
    let thread = || {
        while let Some(&index) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            if failed.load(Ordering::Relaxed) {
                break;
            }
            let result = work(index);
            failed.fetch_or(result.is_err(), Ordering::Relaxed);
            let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
            done.insert(index, result);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..jobs.min(MAX_THREADS).min(order.len()) {
            scope.spawn(thread);
        }
        thread();
    });
    let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    let results = done.into_iter();
    results
        .map(|(index, result)| result.map(|value| (index, value)))
        .collect()
}

/// One package to be unpacked.
pub(super) struct Job<'a> {
    pub(super) store: &'a Store,
    pub(super) distro: &'a dyn Distro,
    pub(super) package: &'a LockedPackage,
    pub(super) pack: u32,
    pub(super) budget: &'a Budget,
    pub(super) progress: &'a dyn Progress,
}

impl Job<'_> {
    /// Opens the pack after all of it was checked, unless it was made by this very process; a
    /// damaged one is made again, and comes out the same.
    pub(super) fn open(&self, fresh: bool) -> Result<File, UnpackError> {
        let (key, revision) = (&key(self.package), revision(self.distro));
        let open = |fresh: bool| {
            let open = match fresh {
                true => Store::open_derived,
                false => Store::open_derived_verified,
            };
            open(self.store, STAGE, revision, key)
        };
        if let Some((file, _)) = open(fresh)? {
            return Ok(file);
        }
        self.make()?;
        open(true)?
            .map(|(file, _)| file)
            .ok_or_else(|| self.spoiled())
    }

    fn name(&self) -> String {
        format!("{} {}", self.package.name, self.package.version)
    }

    /// The table of the pack, where the store has the pack; a damaged one is dropped.
    fn read(&self) -> Result<Option<Unpacked>, UnpackError> {
        let (key, revision) = (&key(self.package), revision(self.distro));
        let Some((file, length)) = self.store.open_derived(STAGE, revision, key)? else {
            return Ok(None);
        };
        let table = table::read(&file, length, self.pack);
        if table.is_none() {
            self.store.drop_derived(STAGE, revision, key);
        }
        Ok(table)
    }

    /// Makes the pack.
    fn make(&self) -> Result<(), UnpackError> {
        let task = self.progress.begin(Task::Unpack {
            name: &self.name(),
            size: self.package.size,
        });
        let made = self.unpack(task);
        self.progress.end(task);
        made
    }

    fn unpack(&self, task: TaskId) -> Result<(), UnpackError> {
        let mut archive = Watched {
            inner: self.archive()?,
            progress: self.progress,
            task,
        };
        let (key, revision) = (&key(self.package), revision(self.distro));
        let writer = self.store.derived_writer(STAGE, revision, key)?;
        let path = self.store.derived_path(STAGE, revision, key);
        let mut sink = PackSink::new(writer, path, self.pack, self.budget);
        let control = self
            .distro
            .unpack(self.package, &mut archive, &mut sink)
            .map_err(UnpackError::refused)?;
        sink.finish(control)
    }

    /// The error of a pack that did not stay as it was made.
    fn spoiled(&self) -> UnpackError {
        let revision = revision(self.distro);
        UnpackError::Store(StoreError::Io {
            action: "read",
            path: self.store.derived_path(STAGE, revision, &key(self.package)),
            source: io::Error::new(
                io::ErrorKind::InvalidData,
                "it is not what was written there a moment ago",
            ),
        })
    }

    /// Opens the package's archive after all of it was checked.
    fn archive(&self) -> Result<File, UnpackError> {
        let LockedPackage { size, sha256, .. } = self.package;
        if !self.store.has(sha256) {
            return Err(UnpackError::Missing {
                package: self.name(),
            });
        }
        let damaged = || UnpackError::Damaged {
            package: self.name(),
            sha256: *sha256,
        };
        let file = self.store.open_verified(sha256)?.ok_or_else(damaged)?;
        let found = file.metadata().map_or(0, |meta| meta.len());
        if found != *size {
            return Err(UnpackError::Size {
                package: self.name(),
                locked: *size,
                found,
            });
        }
        Ok(file)
    }
}

/// Tells how far reading is.
struct Watched<'a> {
    inner: File,
    progress: &'a dyn Progress,
    task: TaskId,
}

impl Read for Watched<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buf)?;
        self.progress.advance(self.task, read as u64);
        Ok(read)
    }
}
