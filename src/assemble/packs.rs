//! Where the contents of an image's files lie: packs of packages, and the blob of `files:`.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::{Arc, Mutex, PoisonError};

use super::unpack;
use crate::distro::Distro;
use crate::model::{LockedPackage, Sha256};
use crate::store::Store;
use crate::tree::Contents;

/// How many packs are open at once: a layer reads one after the other, and 64 files are all that
/// some environments allow a process.
const OPEN: usize = 16;

/// The packs of an image, numbered as [`unpack_all`](super::unpack_all) numbers its packages; the
/// one behind them is the blob of `files:`. A pack is opened when it is first read.
pub struct Packs<'a> {
    store: &'a Store,
    distro: &'a dyn Distro,
    archives: Vec<Sha256>,
    files: Option<Sha256>,
    /// The most recently read one last.
    open: Mutex<Vec<(u32, Arc<File>)>>,
}

impl<'a> Packs<'a> {
    /// The packs of `packages`, and behind them the blob `files`.
    pub fn new(
        store: &'a Store,
        distro: &'a dyn Distro,
        packages: &[&LockedPackage],
        files: Option<Sha256>,
    ) -> Self {
        Self {
            store,
            distro,
            archives: packages.iter().map(|package| package.sha256).collect(),
            files,
            open: Mutex::default(),
        }
    }

    fn file(&self, pack: u32) -> io::Result<Arc<File>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let found = open.iter().position(|(other, _)| *other == pack);
        let file = match found {
            Some(at) => open.remove(at).1,
            None => Arc::new(self.open(pack)?),
        };
        if open.len() == OPEN {
            open.remove(0);
        }
        open.push((pack, Arc::clone(&file)));
        Ok(file)
    }

    fn open(&self, pack: u32) -> io::Result<File> {
        let absent = || io::Error::new(io::ErrorKind::NotFound, "an unpacked package is gone");
        let archive = self.archives.get(pack as usize);
        let opened = match (archive, &self.files) {
            (Some(archive), _) => unpack::open(self.store, self.distro, archive)
                .map(|opened| opened.map(|(file, _)| file)),
            (None, Some(blob)) if pack as usize == self.archives.len() => {
                self.store.open_blob(blob)
            }
            (None, _) => return Err(absent()),
        };
        opened.map_err(io::Error::other)?.ok_or_else(absent)
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
            .field("packages", &self.archives.len())
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}
