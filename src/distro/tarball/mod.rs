//! The one reader of tar archives of packages: POSIX.1-2001 ustar and pax, with GNU's long names
//! and base-256 numbers.
//!
//! Bytes come in, [`Entry`] values with their contents go out, in the archive's order. The `tar`
//! crate finds headers and contents; what headers mean is decided here, strictly, since two
//! readers that disagree about the same bytes are how archives attack: whatever other readers
//! could take for something else is refused, not repaired. Guaranteed of what comes out:
//!
//! - every path lies below the root, once (a directory may be repeated), and never beneath
//!   anything that is not a directory or a symbolic link;
//! - a hard link names an earlier regular file of the same archive;
//! - nothing but a regular file has content;
//! - the number of entries and the sum of all names and attributes are bounded; bytes are bounded
//!   by whoever makes the input.
//!
//! Owners are the archive's numbers. Names of users and groups are not read: they mean something
//! only with a passwd file, which no archive carries (dpkg asks the host's).

mod entry;
mod hand;
mod number;
mod pax;
mod seen;

use std::io::{self, Read};

use super::{Entry, EntryKind};
use crate::tar_values::PAX_HEADER;
use crate::tree::ParsePathError;
pub(super) use hand::{Hand, hand};
use pax::Pax;
use seen::Seen;

/// What an archive may hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// How many headers, those of extensions included.
    pub(super) headers: u64,
    /// How many bytes of paths, link targets and extended attributes in all.
    pub(super) names: u64,
    /// Whether entries must be written as apk 3 reads them, which knows less of tar than others do
    /// and skips what it does not like: see [`entry::plain`].
    pub(super) plain: bool,
}

/// `PATH_MAX` of Linux, with its terminating NUL: the longest content of a GNU long name.
const MAX_LONG_NAME: u64 = 4096;
/// A stranger's text in a message is cut here.
const MAX_SHOWN: usize = 200;

/// A tar archive does not hold.
#[derive(Debug, thiserror::Error)]
pub(super) enum TarError {
    /// The input ends, is damaged, or passes a bound.
    #[error("its tar archive cannot be read")]
    Read(#[source] io::Error),
    /// The archive as a whole.
    #[error("its tar archive {0}")]
    Archive(&'static str),
    /// One entry.
    #[error("its entry `{path}` {why}")]
    Entry {
        /// As the archive has it, escaped.
        path: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A path that has no place below the root.
    #[error("it holds a path that is refused")]
    Path(#[from] ParsePathError),
    /// A bound was passed.
    #[error("it has more than {limit} {what}")]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// The bound.
        limit: u64,
    },
}

/// Why a walk ended early.
#[derive(Debug)]
pub(super) enum Failure<E> {
    /// The archive does not hold.
    Tar(TarError),
    /// The visitor refused an entry.
    Refused(E),
}

impl<E> From<TarError> for Failure<E> {
    fn from(error: TarError) -> Self {
        Self::Tar(error)
    }
}

/// An error about the entry at `path`.
fn bad(path: &[u8], why: &'static str) -> TarError {
    let shown = &path[..path.len().min(MAX_SHOWN)];
    TarError::Entry {
        path: shown.escape_ascii().to_string(),
        why,
    }
}

/// What extension headers said about the entry that follows them.
#[derive(Debug, Default)]
struct Ahead {
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    pax: Option<Pax>,
}

impl Ahead {
    fn is_empty(&self) -> bool {
        self.name.is_none() && self.link.is_none() && self.pax.is_none()
    }
}

/// Calls `visit` for each entry of the archive that `input` is, to its very end.
pub(super) fn walk<R: Read, E>(
    input: R,
    limits: Limits,
    visit: &mut dyn FnMut(Entry, &mut dyn Read) -> Result<(), E>,
) -> Result<(), Failure<E>> {
    let mut archive = tar::Archive::new(input);
    let mut ahead = Ahead::default();
    let mut seen = Seen::default();
    let mut budget = Budget {
        limits,
        headers: 0,
        names: 0,
    };
    // Raw, because the crate would hold a long name or a pax header of any size in memory, and
    // would let a pax size move the place of the next header.
    for raw in archive.entries().map_err(TarError::Read)?.raw(true) {
        let mut raw = raw.map_err(TarError::Read)?;
        let header = raw.header().clone();
        if number::size(&header.as_old().size) != Some(raw.size()) {
            Err(bad(&header.path_bytes(), "has no clear size"))?;
        }
        budget.header()?;
        match header.as_old().linkflag[0] {
            b'L' => long_name(&mut ahead.name, &mut raw)?,
            b'K' => long_name(&mut ahead.link, &mut raw)?,
            b'x' => {
                let records = Pax::parse(&content(&mut raw, PAX_HEADER, "bytes in a pax header")?)?;
                if ahead.pax.replace(records).is_some() {
                    Err(TarError::Archive("has two pax headers for one entry"))?;
                }
            }
            b'g' => {
                Pax::parse(&content(&mut raw, PAX_HEADER, "bytes in a pax header")?)?
                    .only_remarks()?;
            }
            _ => {
                let ahead = std::mem::take(&mut ahead);
                let mut entry = entry::read(&header, raw.size(), ahead, limits.plain)?;
                budget.names(entry::names(&entry))?;
                seen.admit(&mut entry)?;
                visit(entry, &mut raw).map_err(Failure::Refused)?;
            }
        }
    }
    if !ahead.is_empty() {
        Err(TarError::Archive(
            "ends with a header for an entry that is not there",
        ))?;
    }
    only_zeros(archive.into_inner())?;
    Ok(())
}

/// Counts what is bounded.
struct Budget {
    limits: Limits,
    headers: u64,
    names: u64,
}

impl Budget {
    /// Takes a header into account, an extension's too.
    fn header(&mut self) -> Result<(), TarError> {
        self.headers += 1;
        if self.headers > self.limits.headers {
            return Err(TarError::Limit {
                what: "headers in its tar archive",
                limit: self.limits.headers,
            });
        }
        Ok(())
    }

    /// Takes the names of an entry into account.
    fn names(&mut self, bytes: u64) -> Result<(), TarError> {
        self.names += bytes;
        if self.names > self.limits.names {
            return Err(TarError::Limit {
                what: "bytes of names and attributes",
                limit: self.limits.names,
            });
        }
        Ok(())
    }
}

/// The whole content of an extension header.
fn content<R: Read>(
    raw: &mut tar::Entry<'_, R>,
    limit: u64,
    what: &'static str,
) -> Result<Vec<u8>, TarError> {
    let size = raw.size();
    if size > limit {
        return Err(TarError::Limit { what, limit });
    }
    let mut bytes = Vec::new();
    raw.read_to_end(&mut bytes).map_err(TarError::Read)?;
    if bytes.len() as u64 != size {
        return Err(TarError::Archive("is cut off"));
    }
    Ok(bytes)
}

/// Reads GNU's `L` or `K`: a name with its terminating NUL.
fn long_name<R: Read>(
    into: &mut Option<Vec<u8>>,
    raw: &mut tar::Entry<'_, R>,
) -> Result<(), TarError> {
    let mut name = content(raw, MAX_LONG_NAME, "bytes in a long name")?;
    if name.last() == Some(&0) {
        name.pop();
    }
    if name.is_empty() || name.contains(&0) {
        return Err(TarError::Archive("has a long name with a NUL inside"));
    }
    if into.replace(name).is_some() {
        return Err(TarError::Archive("has two long names for one entry"));
    }
    Ok(())
}

/// Reads on to the end, past the end marker: padding is zeros, and anything else is hidden there.
fn only_zeros(mut rest: impl Read) -> Result<(), TarError> {
    let mut buffer = vec![0; 32 << 10];
    loop {
        match rest.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(read) if buffer[..read].iter().all(|&byte| byte == 0) => {}
            Ok(_) => return Err(TarError::Archive("goes on after its end")),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(TarError::Read(error)),
        }
    }
}
