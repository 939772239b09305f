//! Where the contents of an image's files lie: packs of packages, and the blob of `files:`.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::unpack::{Budget, Job, MEMORY};
use crate::distro::Distro;
use crate::model::{LockedPackage, Sha256};
use crate::progress::Silent;
use crate::store::Store;
use crate::tree::Contents;

/// How many packs are open at once: a layer reads one after the other, and 64 files are all that
/// some environments allow a process.
const OPEN: usize = 16;

/// The packs of an image, numbered as [`unpack_all`](super::unpack_all) numbers its packages; the
/// one behind them is the blob of `files:`, and the one behind that holds what scripts made.
///
/// A pack is opened when it is first read. One that an earlier process made is hashed then: the
/// store does not wait for the disk, so a loss of power can leave zeros in it. A damaged one is
/// made again.
pub struct Packs<'a> {
    store: &'a Store,
    distro: &'a dyn Distro,
    packages: Vec<&'a LockedPackage>,
    /// Set for each pack that is known to be sound.
    sound: Vec<OnceLock<()>>,
    files: Option<Sha256>,
    made: Mutex<Option<Sha256>>,
    /// The most recently read one last.
    open: Mutex<Vec<(u32, Arc<File>)>>,
}

impl<'a> Packs<'a> {
    /// The packs of `packages`, of which those at `fresh` were made just now.
    pub(super) fn new(
        store: &'a Store,
        distro: &'a dyn Distro,
        packages: &[&'a LockedPackage],
        fresh: &[usize],
    ) -> Self {
        let sound = vec![OnceLock::new(); packages.len()];
        for &index in fresh {
            sound[index].get_or_init(|| ());
        }
        Self {
            store,
            distro,
            packages: packages.to_vec(),
            sound,
            files: None,
            made: Mutex::default(),
            open: Mutex::default(),
        }
    }

    /// And behind them the blob of `files:`, where there is one.
    #[must_use]
    pub fn with_files(mut self, blob: Option<Sha256>) -> Self {
        self.files = blob;
        self
    }

    /// The number of the pack that holds what scripts made.
    pub fn made(&self) -> u32 {
        u32::try_from(self.packages.len() + 1).unwrap_or(u32::MAX)
    }

    /// And it is this blob, where there is one.
    pub fn set_made_of(&self, blob: Option<Sha256>) {
        *self.made.lock().unwrap_or_else(PoisonError::into_inner) = blob;
    }

    fn file(&self, pack: u32) -> io::Result<Arc<File>> {
        if let Some(file) = self.opened(pack) {
            return Ok(file);
        }
        // Not under the lock: other packs can be read while this one is checked.
        let file = Arc::new(self.open(pack)?);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() == OPEN {
            open.remove(0);
        }
        open.push((pack, Arc::clone(&file)));
        Ok(file)
    }

    fn opened(&self, pack: u32) -> Option<Arc<File>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let at = open.iter().position(|(other, _)| *other == pack)?;
        let found = open.remove(at);
        open.push(found);
        open.last().map(|(_, file)| Arc::clone(file))
    }

    fn open(&self, pack: u32) -> io::Result<File> {
        let index = pack as usize;
        let (Some(package), Some(sound)) = (self.packages.get(index), self.sound.get(index)) else {
            return self.open_files(index);
        };
        let job = Job {
            store: self.store,
            distro: self.distro,
            package,
            pack,
            budget: &Budget::new(MEMORY),
            progress: &Silent,
        };
        let file = job.open(sound.get().is_some()).map_err(io::Error::other)?;
        sound.get_or_init(|| ());
        Ok(file)
    }

    fn open_files(&self, index: usize) -> io::Result<File> {
        let made = *self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let blob = match index.checked_sub(self.packages.len()) {
            Some(0) => self.files,
            Some(1) => made,
            _ => None,
        };
        let opened = blob.map(|blob| self.store.open_blob(&blob)).transpose();
        let file = opened.map_err(io::Error::other)?.flatten();
        file.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no such pack"))
    }
}

impl Contents for Packs<'_> {
    fn read_at(&self, pack: u32, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.file(pack)?.read_exact_at(buffer, offset)
    }
}

impl std::fmt::Debug for Packs<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Packs")
            .field("packages", &self.packages.len())
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}
