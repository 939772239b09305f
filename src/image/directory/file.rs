//! Contents and extended attributes of what lies in a directory.

use std::collections::BTreeMap;
use std::ffi::{CStr, OsStr};
use std::fs::File;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use rustix::buffer::spare_capacity;
use rustix::fs::{FileType, fgetxattr, flistxattr, lgetxattr, llistxattr};
use rustix::io::Errno;

use super::root::Root;
use crate::image::ImageError;
use crate::image::hashers::{Digested, Digester};
use crate::tree::TreePath;

pub(super) type Attributes = BTreeMap<Box<[u8]>, Box<[u8]>>;

/// `XATTR_SIZE_MAX` and `XATTR_LIST_MAX` of Linux.
const LARGEST: usize = 64 << 10;
/// Labels belong to the machine on which a directory lies.
const IGNORED: &[u8] = b"security.selinux";

/// What contents are read into.
pub(super) fn buffer() -> Vec<u8> {
    vec![0; 128 << 10]
}

/// What attributes are asked of.
#[derive(Clone, Copy)]
pub(super) enum Of<'a> {
    Open(&'a std::os::fd::OwnedFd),
    /// A link, a device or a pipe, which must not be opened.
    Path(&'a TreePath),
}

impl Root<'_> {
    /// Reads an open file: its size, its attributes and, if that is wanted, its content. `None` where it
    /// is no file any more.
    pub(super) fn content(
        &self,
        path: &TreePath,
        file: File,
        buffer: &mut [u8],
    ) -> Result<Option<(u64, Attributes, Option<Digested>)>, ImageError> {
        let failed = |error| self.failed(Some(path), error);
        let stat = rustix::fs::fstat(&file).map_err(failed)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return match self.running {
                true => Ok(None),
                false => Err(self
                    .place
                    .entry(path.as_bytes(), "changed while it was read")),
            };
        }
        let promised = u64::try_from(stat.st_size).unwrap_or_default();
        let keep = (self.options.keep)(path, promised);
        if !keep && !self.all {
            let xattrs = self.xattrs(Of::Open(&file.into()), path)?;
            return Ok(Some((promised, xattrs, None)));
        }
        self.budget.file(promised, self.place)?;
        if keep {
            self.budget.keep(promised, self.place, path.as_bytes())?;
        }
        let mut digester = Digester::new(self.options.sums, keep);
        // A log that grows is read as far as it was there.
        let mut content = (&file).take(promised);
        let mut size = 0;
        loop {
            match content.read(buffer) {
                Ok(0) => break,
                Ok(read) => {
                    digester.update(buffer.get(..read).unwrap_or_default());
                    size += read as u64;
                    (self.options.advance)(read as u64);
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(source) => {
                    let path = self.full(Some(path));
                    return Err(ImageError::File { path, source });
                }
            }
        }
        let xattrs = self.xattrs(Of::Open(&file.into()), path)?;
        Ok(Some((size, xattrs, Some(digester.finish()))))
    }

    /// The extended attributes of what is at `path`.
    pub(super) fn xattrs(&self, of: Of<'_>, path: &TreePath) -> Result<Attributes, ImageError> {
        let mut all = Attributes::new();
        let mut names = Vec::with_capacity(1 << 10);
        if let Err(error) = self.filled(&mut names, |names| match of {
            Of::Open(fd) => flistxattr(fd, spare_capacity(names)),
            Of::Path(path) => llistxattr(self.full(Some(path)), spare_capacity(names)),
        }) {
            return match error {
                Errno::NOTSUP => Ok(all),
                error if self.vanished(&error) => Ok(all),
                error => Err(self.failed(Some(path), error)),
            };
        }
        let names = names.split_inclusive(|&byte| byte == 0);
        for name in names.filter_map(|name| CStr::from_bytes_with_nul(name).ok()) {
            if name.to_bytes() == IGNORED {
                continue;
            }
            let mut value = Vec::with_capacity(256);
            match self.filled(&mut value, |value| match of {
                Of::Open(fd) => fgetxattr(fd, name, spare_capacity(value)),
                Of::Path(path) => lgetxattr(self.full(Some(path)), name, spare_capacity(value)),
            }) {
                Ok(()) => {
                    all.insert(name.to_bytes().into(), value.into());
                }
                // It was removed since, or is listed for all and readable for none.
                Err(Errno::NODATA) => {}
                Err(error) if self.vanished(&error) => {}
                Err(error) => return Err(self.failed(Some(path), error)),
            }
        }
        Ok(all)
    }

    /// Asks with a small buffer, and once more with the largest.
    fn filled(
        &self,
        buffer: &mut Vec<u8>,
        ask: impl Fn(&mut Vec<u8>) -> Result<usize, Errno>,
    ) -> Result<(), Errno> {
        match ask(buffer) {
            Err(Errno::RANGE) => {
                buffer.reserve_exact(LARGEST);
                ask(buffer).map(|_| ())
            }
            asked => asked.map(|_| ()),
        }
    }

    /// An error about what is at `path`.
    pub(super) fn failed(&self, path: Option<&TreePath>, error: Errno) -> ImageError {
        ImageError::File {
            path: self.full(path),
            source: error.into(),
        }
    }

    /// Whether it only means that somebody removed a part of the running root meanwhile.
    pub(super) fn vanished(&self, error: &Errno) -> bool {
        self.running
            && matches!(
                *error,
                Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::STALE
            )
    }

    pub(super) fn full(&self, path: Option<&TreePath>) -> PathBuf {
        match path {
            Some(path) => self.path.join(OsStr::from_bytes(path.as_bytes())),
            None => self.path.into(),
        }
    }
}
