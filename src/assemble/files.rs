//! `files:` of the manifest, read from disk: specifications in, names, types and contents out.
//!
//! FORMATS.md section 1: a `source` gives only names, types, contents, link targets and the owner's
//! execute bit, and lies under the manifest's directory once its own links are followed. This is
//! the only part of assembling that touches a file system. The contents of sources are kept in
//! the store as one blob, which is the last pack of the image.

use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use fs_err as fs;
use sha2::Digest as _;

use super::error::AssembleError;
use super::glob;
use super::overlay::What;
use crate::model::{FileSource, FileSpec, Owner, Sha256};
use crate::store::{BlobWriter, Store, StoreError};
use crate::tree::{Blob, Location, TreePath};

/// One path that `files:` puts on top.
#[derive(Debug, Clone)]
pub struct LoadedFile {
    pub(super) path: TreePath,
    pub(super) what: What,
    pub(super) mode: u16,
    pub(super) owner: Option<Owner>,
    pub(super) line: usize,
}

/// `files:`, read.
#[derive(Debug, Clone, Default)]
pub struct LoadedFiles {
    /// In the manifest's order, the names below a source sorted.
    pub files: Vec<LoadedFile>,
    /// The blob that holds the contents of sources, where there are any.
    pub pack: Option<Sha256>,
}

/// Where sources are read from, and where to.
struct Loader<'a> {
    /// The manifest's directory, its links followed.
    root: PathBuf,
    allow_outside: bool,
    store: &'a Store,
    pack: u32,
    writer: Option<BlobWriter>,
    written: u64,
    out: Vec<LoadedFile>,
}

/// Reads `specs`, whose sources are relative to `root`, the manifest's directory. `pack` is the
/// number that their blob will have: the number of packages.
///
/// # Errors
/// When a source is missing, of an unknown type or outside `root` (bad input), or cannot be read.
pub fn load(
    specs: &[FileSpec],
    root: &Path,
    allow_outside: bool,
    store: &Store,
    pack: u32,
) -> Result<LoadedFiles, AssembleError> {
    let mut loader = Loader {
        root: root.to_path_buf(),
        allow_outside,
        store,
        pack,
        writer: None,
        written: 0,
        out: Vec::new(),
    };
    for spec in specs {
        loader.spec(spec)?;
    }
    let pack = match loader.writer {
        Some(writer) => Some(writer.commit()?.0),
        None => None,
    };
    Ok(LoadedFiles {
        files: loader.out,
        pack,
    })
}

fn wrong(spec: &FileSpec, what: String) -> AssembleError {
    AssembleError::File {
        line: spec.line,
        what,
    }
}

impl Loader<'_> {
    fn spec(&mut self, spec: &FileSpec) -> Result<(), AssembleError> {
        let path = TreePath::from_archive(spec.path.as_bytes())
            .map_err(|error| wrong(spec, error.to_string()))?;
        let (what, mode) = match &spec.source {
            FileSource::Content(text) => (What::File(Blob::inline(text.as_bytes())), 0o644),
            FileSource::Directory => (What::Directory, 0o755),
            FileSource::Link(target) => {
                if target.is_empty() || target.len() > 4095 || target.contains('\0') {
                    return Err(wrong(spec, format!("{} has no possible target", spec.path)));
                }
                (What::Symlink(target.as_bytes().into()), 0o777)
            }
            FileSource::Source(source) => return self.source(spec, path, source),
        };
        let path = path.ok_or_else(|| wrong(spec, "/ can only be a source's place".into()))?;
        self.push(spec, path, what, spec.mode.unwrap_or(mode));
        Ok(())
    }

    fn push(&mut self, spec: &FileSpec, path: TreePath, what: What, mode: u16) {
        self.out.push(LoadedFile {
            path,
            what,
            mode,
            owner: spec.owner.clone(),
            line: spec.line,
        });
    }

    fn source(
        &mut self,
        spec: &FileSpec,
        path: Option<TreePath>,
        source: &str,
    ) -> Result<(), AssembleError> {
        let unreadable = |cause: io::Error| match cause.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                wrong(spec, format!("the source `{source}` does not exist"))
            }
            _ => AssembleError::Source {
                line: spec.line,
                what: source.into(),
                cause,
            },
        };
        let real = fs::canonicalize(self.root.join(source)).map_err(unreadable)?;
        let root = fs::canonicalize(&self.root).map_err(unreadable)?;
        if !real.starts_with(&root) && !self.allow_outside {
            return Err(AssembleError::Outside {
                line: spec.line,
                source_path: source.into(),
            });
        }
        if let Some(path) = path {
            return self.walk(spec, vec![(path, real.clone())], &real);
        }
        if !fs::metadata(&real).map_err(unreadable)?.is_dir() {
            let what = format!("the source `{source}` is not a directory, as / is");
            return Err(wrong(spec, what));
        }
        let mut start = Vec::new();
        for (name, host) in self.names(spec, &real, &real)?.into_iter().rev() {
            let path = TreePath::from_archive(&name);
            let path = path.map_err(|error| wrong(spec, error.to_string()))?;
            start.extend(path.map(|path| (path, host)));
        }
        self.walk(spec, start, &real)
    }

    /// Takes files, links and directories of the host, the last first, and what is below them.
    /// `top` is the source itself. A list of what is ahead instead of recursion: no depth of
    /// directories is too deep.
    fn walk(
        &mut self,
        spec: &FileSpec,
        mut ahead: Vec<(TreePath, PathBuf)>,
        top: &Path,
    ) -> Result<(), AssembleError> {
        while let Some((path, host)) = ahead.pop() {
            let unreadable = |cause| unreadable(spec, &host, cause);
            let found = fs::symlink_metadata(&host).map_err(unreadable)?;
            let asked = spec.mode.filter(|_| host == top);
            let executable = found.permissions().mode() & 0o100 != 0;
            if found.is_dir() {
                self.push(spec, path.clone(), What::Passage, asked.unwrap_or(0o755));
                let below = self.names(spec, top, &host)?;
                for (name, host) in below.into_iter().rev() {
                    let path = path
                        .join(&name)
                        .map_err(|error| wrong(spec, error.to_string()))?;
                    ahead.push((path, host));
                }
            } else if found.is_symlink() {
                let target = fs::read_link(&host).map_err(unreadable)?;
                let target = target.as_os_str().as_bytes().into();
                self.push(spec, path, What::Symlink(target), 0o777);
            } else if found.is_file() {
                let blob = self.keep(spec, &host)?;
                let mode = if executable { 0o755 } else { 0o644 };
                self.push(spec, path, What::File(blob), asked.unwrap_or(mode));
            } else {
                let what = format!(
                    "{} is neither a file nor a directory nor a link",
                    host.display()
                );
                return Err(wrong(spec, what));
            }
        }
        Ok(())
    }

    /// The names in a directory that are not left out, sorted by bytes.
    fn names(
        &self,
        spec: &FileSpec,
        top: &Path,
        host: &Path,
    ) -> Result<Vec<(Vec<u8>, PathBuf)>, AssembleError> {
        let unreadable = |cause| unreadable(spec, host, cause);
        let mut names = Vec::new();
        for entry in fs::read_dir(host).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let name = entry.file_name();
            let below = entry.path();
            let below_top = below.strip_prefix(top).unwrap_or(&below);
            if !left_out(spec, &name, below_top) {
                names.push((name.as_bytes().to_vec(), below));
            }
        }
        names.sort();
        Ok(names)
    }

    /// Copies a file's content to the pack.
    fn keep(&mut self, spec: &FileSpec, host: &Path) -> Result<Blob, AssembleError> {
        let unreadable = |cause| unreadable(spec, host, cause);
        let mut file = fs::File::open(host).map_err(unreadable)?;
        let writer = match &mut self.writer {
            Some(writer) => writer,
            None => self.writer.insert(self.store.writer()?),
        };
        let offset = self.written;
        let mut hasher = sha2::Sha256::new();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let read = match file.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(unreadable(error)),
            };
            hasher.update(&buffer[..read]);
            writer
                .write_all(&buffer[..read])
                .map_err(|source| StoreError::Io {
                    action: "write to the store",
                    path: self.store.root().into(),
                    source,
                })?;
            self.written += read as u64;
        }
        Ok(Blob {
            size: self.written - offset,
            sha256: Sha256::from_bytes(hasher.finalize().into()),
            at: Location::Pack {
                pack: self.pack,
                offset,
            },
        })
    }
}

fn unreadable(spec: &FileSpec, host: &Path, cause: io::Error) -> AssembleError {
    AssembleError::Source {
        line: spec.line,
        what: host.display().to_string(),
        cause,
    }
}

/// Whether a name below a source is left out: `.git`, and what `exclude` matches, by the name or,
/// where the pattern has a slash, by the path below the source.
fn left_out(spec: &FileSpec, name: &OsStr, below_top: &Path) -> bool {
    let name = name.as_bytes();
    name == b".git"
        || spec.exclude.iter().any(|pattern| {
            let pattern = pattern.trim_end_matches('/');
            match pattern.trim_start_matches('/') {
                inner if pattern.contains('/') => {
                    glob::matches(inner.as_bytes(), below_top.as_os_str().as_bytes())
                }
                _ => glob::matches(pattern.as_bytes(), name),
            }
        })
}

#[cfg(test)]
#[path = "files_tests.rs"]
mod tests;
