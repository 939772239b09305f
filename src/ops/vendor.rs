//! `vendor`: everything that a lockfile needs, written as a tree that serves it for good.
//!
//! In: a lockfile that fits. Out: below a directory, each repository where
//! [`Place::vendored`](crate::fetch::Place::vendored) says, with the locked packages, the indexes
//! that list them and the signed roots of those, each at its own path. Files are only added or
//! replaced, each of them whole, the signed roots last: several lockfiles may share a tree.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek as _};
use std::path::Path;
use std::sync::Arc;

use super::again::{self, Again};
use super::alias;
use super::fetch::{bring, place_of};
use super::open::at_once;
use super::project::make_parents;
use super::report::VendorReport;
use super::{Context, Error, OpsError, Project, warnings};
use crate::fetch::Place;
use crate::lockfile::Lockfile;
use crate::model::{Arch, HashingReader, Sha256};
use crate::store::{Store, scratch};

/// What to do where nobody has a signed root any more.
const HINT: &str = "vendor with the store of the machine that locked, or lock what the repositories \
                    offer now with `rootlock lock --update`";
/// Bytes at a time.
const CHUNK: usize = 128 << 10;

/// Writes every locked package, with the signed indexes that vouch for them, below `output`.
///
/// # Errors
/// When the lockfile does not fit the manifest, something of it cannot be had any more or does not
/// hold, or the directory cannot be written.
pub fn vendor(cx: &Context<'_>, project: &Project, output: &Path) -> Result<VendorReport, Error> {
    match fs_err::metadata(output) {
        Ok(meta) if !meta.is_dir() => return Err(OpsError::NoDirectory(output.into()).into()),
        _ => {}
    }
    let lockfile = project.fitting_lockfile(cx.host)?;
    warnings::of_trust(cx.progress, &lockfile);
    let again = again::open(cx, project, &lockfile, cx.network, HINT)?;
    let reasons = again::unproven(&lockfile, &again.opened);
    if !reasons.is_empty() {
        let lockfile = project.lockfile_name();
        return Err(OpsError::Unproven { lockfile, reasons }.into());
    }
    bring_whole(cx, project, &lockfile)?;

    let packages = packages(project, &lockfile)?;
    let indexes = indexes(&again);
    let mut roots = roots(&again);
    roots.extend(alias::roots(cx, project, &lockfile, &again.opened));
    let mut report = VendorReport {
        output: output.to_owned(),
        packages: lockfile.packages.values().map(|all| all.len() as u64).sum(),
        indexes: count_indexes(&lockfile),
        written: 0,
        bytes: 0,
    };
    // A tree that is being read while it is written has nothing signed that is not there yet.
    for files in [packages, indexes, roots] {
        let files: Vec<_> = files.into_iter().collect();
        let written = at_once(cx.network.jobs, &files, |(path, content)| {
            write(cx.store, output, path, content)
        });
        for ((path, _), written) in files.iter().zip(written) {
            let written = written?;
            if written.replaced {
                cx.progress.note(&format!(
                    "{path} was another one in the tree, and is replaced"
                ));
            }
            report.written += u64::from(written.bytes.is_some());
            report.bytes += written.bytes.unwrap_or(0);
        }
    }
    Ok(report)
}

/// Files by their path below the tree.
pub(super) type Files = BTreeMap<String, Content>;

/// What is in a file.
#[derive(Debug)]
pub(super) enum Content {
    /// A blob of the store.
    Blob(Sha256),
    /// These bytes.
    Bytes(Arc<[u8]>),
}

fn count_indexes(lockfile: &Lockfile) -> u64 {
    let indexes = lockfile.repositories.iter();
    indexes
        .map(|repository| repository.proof.indexes.len() as u64)
        .sum()
}

/// Brings every package, and those again that turn out to be damaged in the store.
fn bring_whole(cx: &Context<'_>, project: &Project, lockfile: &Lockfile) -> Result<(), Error> {
    let arches: Vec<Arch> = lockfile.packages.keys().copied().collect();
    bring(cx, project, lockfile, &arches)?;
    let packages: Vec<_> = lockfile.packages.values().flatten().collect();
    let whole = at_once(cx.network.jobs, &packages, |package| {
        cx.store.open_verified(&package.sha256)
    });
    let mut damaged = false;
    for whole in whole {
        damaged |= whole?.is_none();
    }
    if damaged {
        bring(cx, project, lockfile, &arches)?;
    }
    Ok(())
}

fn packages(project: &Project, lockfile: &Lockfile) -> Result<Files, Error> {
    let mut files = Files::new();
    for package in lockfile.packages.values().flatten() {
        let place = place_of(project, lockfile, package)?.0;
        files.insert(below(&place, &package.path), Content::Blob(package.sha256));
    }
    Ok(files)
}

fn indexes(again: &Again) -> Files {
    let each = again.indexes.iter();
    each.map(|index| {
        let path = below(&Place::from(&index.repository), &index.path);
        (path, Content::Blob(index.sha256))
    })
    .collect()
}

fn roots(again: &Again) -> Files {
    let opened = &again.opened;
    let mut files = Files::new();
    for (repository, evidence) in opened.repositories.iter().zip(&opened.evidence) {
        let place = Place::from(repository);
        for file in &evidence.files {
            let content = Content::Bytes(file.bytes.clone());
            files.insert(below(&place, &file.path), content);
        }
    }
    files
}

/// A file of a repository, below the tree.
pub(super) fn below(place: &Place, path: &str) -> String {
    format!("{}/{path}", place.vendored())
}

/// What became of one file.
struct Written {
    /// Its length, where it was not there already.
    bytes: Option<u64>,
    /// Whether another one was there.
    replaced: bool,
}

fn write(store: &Store, output: &Path, path: &str, content: &Content) -> Result<Written, Error> {
    let full = output.join(path);
    // Packages' paths are checked when a lockfile is read; those of indexes are the distribution's.
    if path
        .split('/')
        .any(|part| matches!(part, "" | "." | "..") || part.contains('\0'))
    {
        return Err(OpsError::file("write", &full)(io::ErrorKind::InvalidInput.into()).into());
    }
    let sha256 = match content {
        Content::Blob(sha256) => *sha256,
        Content::Bytes(bytes) => Sha256::of(bytes),
    };
    let wrong = |error| OpsError::file("write", &full)(error);
    let replaced = match fs_err::symlink_metadata(&full) {
        Ok(meta) if meta.is_file() && holds(&full, &sha256) => {
            return Ok(Written {
                bytes: None,
                replaced: false,
            });
        }
        Ok(_) => true,
        Err(_) => false,
    };
    make_parents(&full)?;
    let mut file = scratch::file_beside(&full).map_err(wrong)?;
    let bytes = match content {
        Content::Bytes(bytes) => io::copy(&mut &**bytes, &mut file),
        Content::Blob(sha256) => {
            let blob = store.open_verified(sha256)?.ok_or_else(|| {
                OpsError::file("read", &store.path(sha256))(io::ErrorKind::NotFound.into())
            })?;
            copy(blob, &mut file, sha256)
        }
    };
    let bytes = bytes.map_err(wrong)?;
    file.persist(&full).map_err(wrong)?;
    Ok(Written {
        bytes: Some(bytes),
        replaced,
    })
}

/// Copies a blob, and looks at what was copied: it is for good.
fn copy(mut blob: std::fs::File, to: &mut impl io::Write, sha256: &Sha256) -> io::Result<u64> {
    blob.rewind()?;
    let mut hashing = HashingReader::new(blob);
    let bytes = io::copy(&mut hashing, to)?;
    match hashing.finish().0 == *sha256 {
        true => Ok(bytes),
        false => Err(io::Error::other("the store has changed while it was read")),
    }
}

/// Whether a file of the tree is this one already.
fn holds(path: &Path, sha256: &Sha256) -> bool {
    let Ok(file) = fs_err::File::open(path) else {
        return false;
    };
    let mut hashing = HashingReader::new(file);
    let mut chunk = vec![0; CHUNK];
    loop {
        match hashing.read(&mut chunk) {
            Ok(0) => return hashing.finish().0 == *sha256,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
}
