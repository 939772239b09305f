//! Files that a user keeps, replaced whole or not at all.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::StoreError;
use super::scratch;

/// As many symbolic links as Linux follows.
const MAX_LINKS: usize = 40;

/// Writes a lockfile or a manifest. It is on the disk, and whole, when this returns.
///
/// A symbolic link stays and what it points at is replaced; an existing file keeps its permissions,
/// and one that may not be written is left alone.
///
/// # Errors
/// When the file system refuses, or something other than a regular file is there.
pub fn atomic_write(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    write(path, bytes).map_err(|error| StoreError::io("write", path, error))
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let target = follow(path)?;
    let old = match fs::symlink_metadata(&target) {
        Ok(meta) if meta.is_file() => Some(meta),
        Ok(meta) if meta.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
        Ok(_) => return Err(io::Error::other("it is not a regular file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    if old.is_some() {
        rustix::fs::access(&target, rustix::fs::Access::WRITE_OK)?;
    }
    let mut file = scratch::file_beside(&target)?;
    file.write_all(bytes)?;
    if let Some(old) = old {
        file.as_file().set_permissions(old.permissions())?;
    }
    file.persist(&target)
}

/// Where the chain of symbolic links that begins at `path` ends, whether or not that exists.
fn follow(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::read_link(&path) {
            Ok(target) => path = path.parent().unwrap_or(Path::new("")).join(target),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::InvalidInput | io::ErrorKind::NotFound
                ) =>
            {
                return Ok(path);
            }
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::from(rustix::io::Errno::LOOP))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn keeps_permissions_and_links() {
        let dir = tempfile::tempdir().unwrap();
        let real = dir.path().join("real.lock");
        let link = dir.path().join("a.lock");
        symlink("real.lock", &link).unwrap();
        atomic_write(&link, b"one").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        atomic_write(&link, b"two").unwrap();
        assert_eq!(fs::read(&real).unwrap(), b"two");
        assert_eq!(mode(&real), 0o640);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_failure_leaves_nothing_and_names_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let looped = dir.path().join("loop");
        symlink("loop", &looped).unwrap();
        assert!(atomic_write(&looped, b"x").is_err());
        let error = atomic_write(dir.path(), b"x").unwrap_err().to_string();
        assert!(error.contains(&dir.path().display().to_string()), "{error}");
        assert!(atomic_write(&dir.path().join("no/such"), b"x").is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
