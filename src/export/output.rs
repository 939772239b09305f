//! Where an output of one file goes: to a path, where it appears whole or not at all, or to a stream.

use std::io::Write;
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::ExportError;
use super::tar::TarError;
use crate::store::scratch::file_beside;

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

/// Holds that [`Output::File`] can be written to `path`, as far as what is there tells.
///
/// # Errors
/// When it is a directory.
pub fn file_fits(path: &Path) -> Result<(), ExportError> {
    match fs::metadata(path) {
        Ok(there) if there.is_dir() => Err(ExportError::Occupied {
            path: path.into(),
            why: "is a directory, and this format is one file",
        }),
        _ => Ok(()),
    }
}

fn to_file<T>(
    path: &Path,
    make: impl FnOnce(&mut (dyn Write + Send)) -> Result<T, TarError>,
) -> Result<T, ExportError> {
    file_fits(path)?;
    match fs::metadata(path) {
        Ok(there) if !there.is_file() => {
            // /dev/null, a pipe: renaming over it would take it from everybody else.
            let opened = fs::OpenOptions::new().write(true).open(path);
            let mut file = opened.map_err(ExportError::write(path))?;
            made(path, make(&mut file))
        }
        _ => {
            let place = place(path)?;
            let mut file = file_beside(&place).map_err(ExportError::write(path))?;
            let done = made(path, make(&mut file))?;
            file.persist(&place).map_err(ExportError::write(path))?;
            Ok(done)
        }
    }
}

/// The path that is to be replaced: without symbolic links at its end, so that what one points to
/// is. The directories above it are made.
pub(super) fn place(path: &Path) -> Result<PathBuf, ExportError> {
    let place = fs::canonicalize(path).unwrap_or_else(|_| path.into());
    if place.file_name().is_none() {
        return Err(ExportError::Occupied {
            path: place,
            why: "does not end in a name",
        });
    }
    if let Some(parent) = place.parent().filter(|parent| *parent != Path::new("")) {
        fs::create_dir_all(parent).map_err(ExportError::write(path))?;
    }
    Ok(place)
}
