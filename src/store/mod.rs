//! Content-addressed blobs on disk, and what is derived from them.
//!
//! ```text
//! STORE/blobs/sha256/ab/abcd...      a blob under its digest, read-only
//! STORE/derived/STAGE-REV/ab/abcd... what a stage made from the inputs with that digest
//! STORE/tmp/SESSION-...              what is being written
//! STORE/tmp/partial-DIGEST           a download that was cut short, locked by whoever is at it
//! STORE/sessions/SESSION             one file per running process, locked while it lives
//! STORE/lock                         held for moments: see below
//! ```
//!
//! **What is guaranteed.** A blob or entry appears under its name whole, by rename, so a process may
//! be killed at any moment. Nothing is fsynced: after a loss of power a file may be short or gone,
//! and whoever reads finds out, because blobs are hashed before use ([`Store::open_verified`],
//! [`Store::read`]), small entries carry their digest, and large ones their length too. What is
//! damaged is dropped and made or fetched again. A store that cannot be written serves what it
//! holds; only writing fails.
//!
//! **Who holds what.** The time of last use is a file's mtime, set at most once an hour. A process
//! registers a session at its first look-up; whatever it was told to be there is then no older than
//! the session's start less that hour, and `gc` leaves everything as young as that alone. The
//! last doubt is settled by `STORE/lock`: shared to refresh an old entry, exclusive to drop a batch.
//! A process that may read but not write holds it shared for as long as it lives.
//!
//! Outputs and lockfiles are written by the same means: see [`scratch`].

#![allow(
    clippy::disallowed_methods,
    reason = "fs_err would name the path twice: StoreError::Io names it with what was being done"
)]

mod atomic;
mod blob;
mod check;
mod derived;
mod error;
mod gc;
mod partial;
pub mod scratch;
mod session;
mod walk;

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::model::Sha256;
use session::Session;

pub use atomic::atomic_write;
pub use blob::BlobWriter;
pub use check::{Checked, Damage};
pub use derived::DerivedWriter;
pub use error::StoreError;
pub use gc::{Collected, Keep};
pub use partial::Partial;
pub use walk::{Sizes, Usage};

/// Blobs by digest in one directory, shared by any number of processes. Clones share one session.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    root: PathBuf,
    session: OnceLock<Session>,
    /// Blobs that this process has hashed already: they are not hashed twice.
    verified: Mutex<HashSet<Sha256>>,
}

impl Store {
    /// Opens the store at `root`. Nothing is made before something is written, so that a store may
    /// be absent or read-only.
    ///
    /// # Errors
    /// When something other than a directory is there.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let root = root.into();
        match fs::metadata(&root) {
            Ok(meta) if !meta.is_dir() => {
                let wrong = io::Error::from(io::ErrorKind::NotADirectory);
                return Err(StoreError::io("use the store", &root, wrong));
            }
            _ => {}
        }
        Ok(Self {
            inner: Arc::new(Inner {
                root,
                session: OnceLock::new(),
                verified: Mutex::default(),
            }),
        })
    }

    /// Its directory.
    pub fn root(&self) -> &Path {
        &self.inner.root
    }

    /// The session of this process; `None` while there is no store on disk, which then holds
    /// nothing.
    fn session(&self) -> Option<&Session> {
        if let Some(session) = self.inner.session.get() {
            return Some(session);
        }
        self.root().is_dir().then(|| {
            self.inner
                .session
                .get_or_init(|| Session::start(self.root()))
        })
    }

    /// Notes that this process uses the file at `path`; `false` when it has just been dropped.
    fn hold(&self, path: &Path, meta: &fs::Metadata) -> bool {
        self.session()
            .is_none_or(|session| session.hold(path, meta))
    }

    /// A new file among those being written, which is read-only for everybody else.
    fn temporary(&self) -> Result<scratch::ScratchFile, StoreError> {
        let directory = self.root().join("tmp");
        fs::create_dir_all(&directory)
            .map_err(|error| StoreError::io("write to the store", &directory, error))?;
        let prefix = self.session().map_or("", Session::id);
        scratch::file_in(&directory, &format!("{prefix}-"), 0o444)
            .map_err(|error| StoreError::io("write to the store", &directory, error))
    }

    /// A new directory among what is being written: for what is needed only while a verb runs.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn scratch_dir(&self) -> Result<scratch::ScratchDir, StoreError> {
        let directory = self.root().join("tmp");
        let wrong = |error| StoreError::io("write to the store", &directory, error);
        fs::create_dir_all(&directory).map_err(wrong)?;
        let prefix = self.session().map_or("", Session::id);
        scratch::dir_in(&directory, &format!("{prefix}-")).map_err(wrong)
    }

    /// Moves a finished file to its name, over whatever is there.
    fn place(&self, file: scratch::ScratchFile, path: &Path) -> Result<(), StoreError> {
        let wrong = |error| StoreError::io("write to the store", path, error);
        let file = match file.rename(path) {
            Ok(()) => return Ok(()),
            Err((error, file)) => match error.kind() {
                io::ErrorKind::NotFound => file,
                io::ErrorKind::IsADirectory | io::ErrorKind::DirectoryNotEmpty => {
                    scratch::remove_tree(path).map_err(wrong)?;
                    file
                }
                _ => return Err(wrong(error)),
            },
        };
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(wrong)?;
        }
        file.rename(path).map_err(|(error, _)| wrong(error))
    }

    /// Opens a regular file of the store for reading and notes that it is used. `None` where it is
    /// absent; anything that cannot be a file of the store is dropped and counts as absent.
    fn open_file(&self, path: &Path) -> Result<Option<(fs::File, u64)>, StoreError> {
        if self.session().is_none() {
            return Ok(None);
        }
        let file = match open_nofollow(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            // A symbolic link where a file belongs, or a file that only its owner can mend.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied || is_loop(&error) => {
                return match self.discard(path) {
                    Ok(()) => Ok(None),
                    Err(_) => Err(StoreError::io("read", path, error)),
                };
            }
            Err(error) => return Err(StoreError::io("read", path, error)),
        };
        let meta = file
            .metadata()
            .map_err(|error| StoreError::io("read", path, error))?;
        if !meta.is_file() {
            let _ = self.discard(path);
            return Ok(None);
        }
        self.hold(path, &meta);
        Ok(Some((file, meta.len())))
    }

    /// Drops what is damaged. Readers pass over a failure: in a store that cannot be written the
    /// damage stays, and is found by the next reader again.
    fn discard(&self, path: &Path) -> io::Result<()> {
        let removed = match fs::symlink_metadata(path) {
            Ok(meta) if meta.is_dir() => scratch::remove_tree(path),
            Ok(_) => fs::remove_file(path),
            Err(error) => Err(error),
        };
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn verified(&self) -> std::sync::MutexGuard<'_, HashSet<Sha256>> {
        self.inner
            .verified
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens a file for reading unless a symbolic link lies at its place.
fn open_nofollow(path: &Path) -> io::Result<fs::File> {
    use rustix::fs::{Mode, OFlags};
    // A pipe or device at a file's place must not make the opening wait.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(rustix::fs::open(path, flags, Mode::empty())?.into())
}

/// Whether [`open_nofollow`] found a symbolic link.
fn is_loop(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}
