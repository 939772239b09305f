//! Files and directories that are not finished: they lie beside what they will become, and vanish
//! unless they are persisted.
//!
//! They vanish on drop, on a panic, and when a signal ends the program, which calls [`sweep`] last.
//! Only SIGKILL and a loss of power leave them behind; their names begin with a dot.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Every scratch file and directory of the process.
#[derive(Debug)]
struct Registry {
    paths: BTreeMap<u64, PathBuf>,
    next: u64,
    closed: bool,
}

static REGISTRY: Mutex<Registry> = Mutex::new(Registry::new());

impl Registry {
    const fn new() -> Self {
        Self {
            paths: BTreeMap::new(),
            next: 0,
            closed: false,
        }
    }

    fn add(&mut self, path: PathBuf) -> u64 {
        let id = self.next;
        self.next += 1;
        self.paths.insert(id, path);
        id
    }

    /// After a sweep nothing is made and nothing becomes an output any more.
    fn check_open(&self) -> io::Result<()> {
        if self.closed {
            return Err(io::ErrorKind::Interrupted.into());
        }
        Ok(())
    }

    fn sweep(&mut self) {
        self.closed = true;
        for path in std::mem::take(&mut self.paths).into_values() {
            // The program is ending: there is nobody left to tell.
            let _ = remove(&path);
        }
    }
}

fn registry() -> MutexGuard<'static, Registry> {
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes every scratch file and directory of the process, and lets no other be made or persisted.
/// The last thing to do before the program ends on a signal, from an ordinary thread.
pub fn sweep() {
    registry().sweep();
}

/// A file that vanishes unless it is persisted.
#[derive(Debug)]
pub struct ScratchFile {
    file: fs::File,
    scratch: Scratch,
}

/// A directory that vanishes with all that is in it unless it is persisted.
#[derive(Debug)]
pub struct ScratchDir {
    scratch: Scratch,
    /// What the process's umask leaves of 0777: the mode that the finished directory gets.
    mode: u32,
}

/// A path in the registry.
#[derive(Debug)]
struct Scratch {
    path: PathBuf,
    id: u64,
    kept: bool,
}

/// A new file beside `path`, on the same file system, with the mode that any new file gets.
///
/// # Errors
/// When it cannot be made.
pub fn file_beside(path: &Path) -> io::Result<ScratchFile> {
    file_in(directory_of(path), &prefix_of(path), 0o666)
}

/// A new directory beside `path`, on the same file system, that only this user can enter.
///
/// # Errors
/// When it cannot be made.
pub fn dir_beside(path: &Path) -> io::Result<ScratchDir> {
    dir_in(directory_of(path), &prefix_of(path))
}

/// A new directory in `directory` that only this user can enter.
pub(super) fn dir_in(directory: &Path, prefix: &str) -> io::Result<ScratchDir> {
    let mut registry = registry();
    registry.check_open()?;
    let directory = tempfile::Builder::new()
        .prefix(prefix)
        .permissions(fs::Permissions::from_mode(0o777))
        .tempdir_in(directory)?
        .keep();
    let id = registry.add(directory.clone());
    drop(registry);
    let scratch = Scratch {
        path: directory,
        id,
        kept: false,
    };
    let mode = fs::symlink_metadata(&scratch.path)?.permissions().mode() & 0o7777;
    fs::set_permissions(&scratch.path, fs::Permissions::from_mode(0o700))?;
    Ok(ScratchDir { scratch, mode })
}

/// A new file in `directory` with what the umask leaves of `mode`.
pub(super) fn file_in(directory: &Path, prefix: &str, mode: u32) -> io::Result<ScratchFile> {
    let mut registry = registry();
    registry.check_open()?;
    let made = tempfile::Builder::new()
        .prefix(prefix)
        .permissions(fs::Permissions::from_mode(mode))
        .tempfile_in(directory)?;
    let (file, path) = made.keep().map_err(|error| error.error)?;
    let id = registry.add(path.clone());
    Ok(ScratchFile {
        file,
        scratch: Scratch {
            path,
            id,
            kept: false,
        },
    })
}

impl ScratchFile {
    /// Where it is now.
    pub fn path(&self) -> &Path {
        &self.scratch.path
    }

    /// The file itself.
    pub fn as_file(&self) -> &fs::File {
        &self.file
    }

    /// Flushes it to the disk and moves it to `path`, over a file that is there.
    ///
    /// # Errors
    /// When the disk refuses; then it vanishes.
    pub fn persist(self, path: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        self.rename(path).map_err(|(error, _)| error)?;
        sync_directory(directory_of(path));
        Ok(())
    }

    /// Moves it to `path` without waiting for the disk.
    pub(super) fn rename(mut self, path: &Path) -> Result<(), (io::Error, Self)> {
        match self.scratch.rename(path) {
            Ok(()) => Ok(()),
            Err(error) => Err((error, self)),
        }
    }
}

impl ScratchDir {
    /// Where it is now.
    pub fn path(&self) -> &Path {
        &self.scratch.path
    }

    /// Moves it to `path`, where nothing or an empty directory is, with the mode that any new
    /// directory gets.
    ///
    /// # Errors
    /// When the disk refuses; then it vanishes.
    pub fn persist(mut self, path: &Path) -> io::Result<()> {
        fs::set_permissions(&self.scratch.path, fs::Permissions::from_mode(self.mode))?;
        self.scratch.rename(path)?;
        sync_directory(directory_of(path));
        Ok(())
    }
}

impl Scratch {
    fn rename(&mut self, to: &Path) -> io::Result<()> {
        // Under the lock, so that a sweep comes before or after it.
        let mut registry = registry();
        registry.check_open()?;
        fs::rename(&self.path, to)?;
        registry.paths.remove(&self.id);
        self.kept = true;
        Ok(())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !self.kept {
            // Removed before it is forgotten: a signal in between finds it gone, which is no harm.
            let _ = remove(&self.path);
            registry().paths.remove(&self.id);
        }
    }
}

impl Write for ScratchFile {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.file.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Read for ScratchFile {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.file.read(buf)
    }
}

impl Seek for ScratchFile {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.file.seek(position)
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path)?.is_dir() {
        true => remove_tree(path),
        false => fs::remove_file(path),
    }
}

/// Removes a directory and all that is in it, also where directories in it may not be entered.
pub(super) fn remove_tree(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            open_up(path)?;
            fs::remove_dir_all(path)
        }
        other => other,
    }
}

/// Lets the owner enter and change every directory below `path`.
fn open_up(path: &Path) -> io::Result<()> {
    let mut pending = vec![path.to_owned()];
    while let Some(directory) = pending.pop() {
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o700))?;
        for entry in fs::read_dir(&directory)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                pending.push(entry.path());
            }
        }
    }
    Ok(())
}

/// The directory that holds `path`.
fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// `.NAME.` for `path/NAME`, short enough that the random part fits behind it.
fn prefix_of(path: &Path) -> String {
    /// Of the 255 bytes that a name may have.
    const LONGEST: usize = 100;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let short: String = name.chars().take(LONGEST / 4).collect();
    format!(".{short}.")
}

/// Makes a rename in `directory` outlast a loss of power, where the file system can.
fn sync_directory(directory: &Path) {
    if let Ok(directory) = fs::File::open(directory) {
        let _ = directory.sync_all();
    }
}
