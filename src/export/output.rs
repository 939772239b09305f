//! Where an output of one file goes: to a path, where it appears whole or not at all, or to a stream.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::ExportError;
use super::tar::TarError;

/// Where an image of one file goes.
pub enum Output<'a> {
    /// A path; a file that is there is replaced by rename. A device or pipe is written to.
    File(&'a Path),
    /// A stream, such as stdout.
    Stream(&'a mut (dyn Write + Send)),
}

impl std::fmt::Debug for Output<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Stream(_) => f.write_str("Stream"),
        }
    }
}

impl Output<'_> {
    /// Runs `make` on a writer; a file is in its place only when all went well.
    pub(super) fn write<T>(
        self,
        make: impl FnOnce(&mut (dyn Write + Send)) -> Result<T, TarError>,
    ) -> Result<T, ExportError> {
        match self {
            Self::Stream(out) => made(Path::new("the standard output"), make(out)),
            Self::File(path) => to_file(path, make),
        }
    }
}

fn made<T>(path: &Path, result: Result<T, TarError>) -> Result<T, ExportError> {
    result.map_err(|error| match error {
        TarError::Tree(error) => error,
        TarError::Write(source) => ExportError::write(path)(source),
    })
}

fn to_file<T>(
    path: &Path,
    make: impl FnOnce(&mut (dyn Write + Send)) -> Result<T, TarError>,
) -> Result<T, ExportError> {
    match fs::metadata(path) {
        Ok(there) if there.is_dir() => Err(ExportError::Occupied {
            path: path.into(),
            why: "is a directory, and this format is one file",
        }),
        Ok(there) if !there.is_file() => {
            // /dev/null, a pipe: renaming over it would take it from everybody else.
            let opened = fs::OpenOptions::new().write(true).open(path);
            let mut file = opened.map_err(ExportError::write(path))?;
            made(path, make(&mut file))
        }
        _ => {
            let place = Place::of(path)?;
            let mut file = place.file().map_err(ExportError::write(path))?;
            let done = made(path, make(&mut file))?;
            let kept = file.persist(&place.path).map_err(|error| error.error);
            kept.map_err(ExportError::write(path))?;
            Ok(done)
        }
    }
}

/// A path that is to be replaced, and the directory in which that is prepared: renaming works within
/// one file system only.
pub(super) struct Place {
    /// Without symbolic links at its end, so that what one points to is replaced.
    pub(super) path: PathBuf,
    parent: PathBuf,
}

impl Place {
    pub(super) fn of(path: &Path) -> Result<Self, ExportError> {
        let nameless = || ExportError::Occupied {
            path: path.into(),
            why: "does not end in a name",
        };
        let path = match fs::canonicalize(path) {
            Ok(real) => real,
            Err(_) => path.to_path_buf(),
        };
        let parent = match path.parent() {
            Some(parent) if parent == Path::new("") => PathBuf::from("."),
            Some(parent) => parent.to_path_buf(),
            None => return Err(nameless()),
        };
        path.file_name().ok_or_else(nameless)?;
        Ok(Self { path, parent })
    }

    /// A file beside it with the permissions that the umask gives, gone unless it is persisted.
    pub(super) fn file(&self) -> io::Result<tempfile::NamedTempFile> {
        file_in(&self.parent)
    }

    /// A private directory beside it, gone with the value.
    pub(super) fn directory(&self) -> io::Result<tempfile::TempDir> {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::Builder::new()
            .prefix(PREFIX)
            .tempdir_in(&self.parent)?;
        // Whatever the umask: what is made in it may be setuid before it has its owner.
        fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o700))?;
        Ok(directory)
    }
}

/// What is being written has a hidden name that says whose it is.
const PREFIX: &str = ".rootlock-";

/// As [`Place::file`], in a directory.
pub(super) fn file_in(directory: &Path) -> io::Result<tempfile::NamedTempFile> {
    use std::os::unix::fs::PermissionsExt as _;
    tempfile::Builder::new()
        .prefix(PREFIX)
        .permissions(std::fs::Permissions::from_mode(0o666))
        .tempfile_in(directory)
}
