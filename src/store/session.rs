//! What says that a process runs, so that `gc` leaves alone what it uses.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT};

use super::scratch::{self, ScratchFile};

/// A file's time of last use is refreshed when it is older than this, in seconds.
const REFRESH: i64 = 3600;

/// A running process, as `gc` sees it.
#[derive(Debug)]
pub(super) struct Session {
    /// Absent where the store cannot be written.
    registered: Option<Registered>,
    /// `STORE/lock`, held shared until the process ends, where something it uses cannot be marked.
    pin: OnceLock<Option<fs::File>>,
    /// `STORE`
    lock_path: std::path::PathBuf,
}

#[derive(Debug)]
struct Registered {
    /// Locked exclusively while the process lives, and removed when it ends in order.
    _file: ScratchFile,
    id: String,
    /// `STORE/lock`
    lock: Mutex<fs::File>,
    /// In seconds since 1970, by the clock of the store's file system.
    start: i64,
}

impl Session {
    /// Registers this process with the store at `root`; where that is not possible, it holds all.
    pub(super) fn start(root: &Path) -> Self {
        let session = Self {
            registered: Registered::new(root).ok(),
            pin: OnceLock::new(),
            lock_path: root.join("lock"),
        };
        if session.registered.is_none() {
            session.pin();
        }
        session
    }

    /// What the names of this process's temporary files begin with.
    pub(super) fn id(&self) -> &str {
        self.registered
            .as_ref()
            .map_or("", |registered| &registered.id)
    }

    /// Marks the file at `path` as used; `false` when it has been dropped since `meta` was read.
    pub(super) fn hold(&self, path: &Path, meta: &fs::Metadata) -> bool {
        let Some(registered) = &self.registered else {
            return true;
        };
        if meta.mtime() >= protected_since(registered.start) {
            return true;
        }
        match registered.refresh(path) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(_) => {
                self.pin();
                true
            }
        }
    }

    /// Holds everything: what is used cannot be marked, because the store or the file is not ours
    /// to write. Without a lock file nobody has ever written here, and `gc` has nothing to drop.
    fn pin(&self) {
        self.pin.get_or_init(|| {
            let file = fs::File::open(&self.lock_path).ok()?;
            file.lock_shared().ok()?;
            Some(file)
        });
    }
}

impl Registered {
    fn new(root: &Path) -> io::Result<Self> {
        let directory = root.join("sessions");
        fs::create_dir_all(&directory)?;
        let lock = open_lock(root)?;
        // `gc` looks at the sessions under the exclusive lock: it never sees a file between its
        // making and its locking.
        lock.lock_shared()?;
        let file = scratch::file_in(&directory, "", 0o644)?;
        file.as_file().lock()?;
        lock.unlock()?;
        let start = file.as_file().metadata()?.mtime();
        let id = file
            .path()
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default()
            .to_owned();
        Ok(Self {
            _file: file,
            id,
            lock: Mutex::new(lock),
            start,
        })
    }

    /// Sets the time of last use, unless `gc` was faster.
    fn refresh(&self, path: &Path) -> io::Result<()> {
        let lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        lock.lock_shared()?;
        let times = Timestamps {
            last_access: Timespec {
                tv_sec: 0,
                tv_nsec: UTIME_OMIT,
            },
            last_modification: Timespec {
                tv_sec: 0,
                tv_nsec: UTIME_NOW,
            },
        };
        let done = rustix::fs::utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW);
        lock.unlock()?;
        Ok(done?)
    }
}

/// Everything used by a process that started at `start` was last used at this time or later.
pub(super) const fn protected_since(start: i64) -> i64 {
    start.saturating_sub(REFRESH)
}

/// Opens `STORE/lock`, which is made where it does not exist.
pub(super) fn open_lock(root: &Path) -> io::Result<fs::File> {
    fs::OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(root.join("lock"))
}
