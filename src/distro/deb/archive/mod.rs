//! Packages, deb(5): an ar archive of `debian-binary`, `control.tar` and `data.tar`, in one pass.
//!
//! The bytes of a package come in, whose digest has been checked; its entries go to a [`Sink`] in
//! the archive's order, its control files come back. What deb(5) leaves open is closed here:
//!
//! - members before `data.tar` that begin with `_` are skipped, others refused; members after it
//!   are skipped, unless they are a second `control.tar` or `data.tar`;
//! - a member ends where its compressed stream ends, and the package where its last member ends;
//! - what a member unpacks to is bounded, absolutely and by its own size.

mod ar;
#[cfg(test)]
mod damage_tests;
mod decoder;
mod error;
#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod tests;

use std::io::{BufRead, BufReader, Read};

use super::control::Stanza;
use crate::distro::tarball::{self, Failure, Hand, Limits, TarError};
use crate::distro::{Control, ControlFile, Entry, EntryKind, Fault, Sink};
use crate::model::LockedPackage;
use ar::Ar;
use decoder::{Bounded, Packing};
use error::{ArchiveError, Cause, MemberError};

/// Raised whenever [`unpack`] gives another result.
pub(super) const REVISION: u32 = 1;

/// Input and output of decoders are moved in pieces of this size, for the sake of speed.
const PIECE: usize = 256 << 10;
/// The longest `debian-binary`: a version, and lines that are still to be defined.
const MAX_FORMAT: u64 = 4096;
/// What a control member may unpack to. The largest in Debian are lists of some 10 MiB.
const MAX_CONTROL: u64 = 64 << 20;
/// One file of it.
const MAX_CONTROL_FILE: u64 = 32 << 20;
/// Its headers: Debian's packages have some twenty files at most.
const CONTROL_LIMITS: Limits = Limits {
    headers: 1024,
    names: 1 << 20,
    plain: false,
};
/// A data member may unpack to this in any case ...
const DATA_FREE: u64 = 1 << 30;
/// ... and beyond to this many times its own size, which no real content reaches, ...
const DATA_RATIO: u64 = 200;
/// ... but never to more than this: several times the largest package in Debian.
const MAX_DATA: u64 = 32 << 30;
/// Several times what the package with most files in Debian has.
const DATA_LIMITS: Limits = Limits {
    headers: 1 << 20,
    names: 128 << 20,
    plain: false,
};

/// See `Distro::unpack`.
pub(super) fn unpack(
    package: &LockedPackage,
    archive: &mut (dyn Read + Send),
    sink: &mut dyn Sink,
) -> Result<Control, Fault> {
    let named = || format!("{} {}", package.name, package.version);
    read(package, archive, sink).map_err(|stop| match stop {
        Stop::Refused(fault) => fault,
        Stop::Other(field, found, locked) => Box::new(ArchiveError::Other {
            package: named(),
            field,
            found,
            locked,
        }),
        Stop::Malformed(source) => Box::new(ArchiveError::Malformed {
            package: named(),
            source,
        }),
    })
}

/// Why reading ended early.
enum Stop {
    Refused(Fault),
    Other(&'static str, String, String),
    Malformed(Cause),
}

impl<E: Into<Cause>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Malformed(error.into())
    }
}

fn read(
    package: &LockedPackage,
    archive: &mut (dyn Read + Send),
    sink: &mut dyn Sink,
) -> Result<Control, Stop> {
    let mut ar = Ar::open(archive)?;
    format(&mut ar)?;

    let member = Member::find(&mut ar, "control.tar")?;
    let mut control = Control::new();
    member.walk(
        &mut ar,
        MAX_CONTROL,
        CONTROL_LIMITS,
        sink,
        &mut |_, entry, content| control_file(&mut control, entry, content),
    )?;
    is_locked(package, &control)?;

    let member = Member::find(&mut ar, "data.tar")?;
    let limit = member
        .size
        .saturating_mul(DATA_RATIO)
        .clamp(DATA_FREE, MAX_DATA);
    member.walk(
        &mut ar,
        limit,
        DATA_LIMITS,
        sink,
        &mut |sink, entry, content| {
            tarball::hand(sink, entry, content).map_err(|why| match why {
                Hand::Refused(fault) => Walk::Refused(fault),
                Hand::Failed(error) => Walk::Bad(error.into()),
                Hand::Cut => Walk::Bad(TarError::Archive("is cut off").into()),
            })
        },
    )?;

    while let Some((name, _)) = ar.next()? {
        if name.starts_with("control.tar") || name.starts_with("data.tar") {
            return Err(Cause::Members(format!("has a second `{name}`")).into());
        }
    }
    Ok(control)
}

/// Reads `debian-binary`: `2.` and a minor number that does not matter.
fn format(ar: &mut Ar<impl Read>) -> Result<(), Stop> {
    let wrong = |what: String| Err(Stop::from(Cause::Members(what)));
    match ar.next()? {
        Some((name, size)) if name == "debian-binary" && size <= MAX_FORMAT => {}
        _ => return wrong("does not begin with the member `debian-binary`".into()),
    }
    let mut text = Vec::new();
    ar.read_to_end(&mut text).map_err(ar::ArError::from)?;
    let version = text.split(|&byte| byte == b'\n').next().unwrap_or_default();
    match version.strip_prefix(b"2.") {
        Some(minor) if !minor.is_empty() && minor.iter().all(u8::is_ascii_digit) => Ok(()),
        _ => {
            let version = version[..version.len().min(20)].escape_ascii();
            wrong(format!(
                "is of the format `{version}`, and 2.x is what can be read"
            ))
        }
    }
}

/// One of the two members that hold a tar archive.
struct Member {
    name: String,
    size: u64,
    packing: Packing,
}

/// Why a visitor of a member stops.
enum Walk {
    Refused(Fault),
    Bad(MemberError),
}

type Visit<'a> = &'a mut dyn FnMut(&mut dyn Sink, Entry, &mut dyn Read) -> Result<(), Walk>;

impl Member {
    /// Goes to the member `stem`, past those that deb(5) lets a reader ignore.
    fn find(ar: &mut Ar<impl Read>, stem: &str) -> Result<Self, Stop> {
        let wrong = |what| Err(Stop::from(Cause::Members(what)));
        loop {
            let Some((name, size)) = ar.next()? else {
                return wrong(format!("has no member `{stem}`"));
            };
            if name.starts_with('_') {
                continue;
            }
            let Some(suffix) = name.strip_prefix(stem) else {
                return wrong(format!("has the member `{name}` where `{stem}` is needed"));
            };
            return match Packing::from_suffix(suffix) {
                Some(packing) => Ok(Self {
                    name,
                    size,
                    packing,
                }),
                None => wrong(format!(
                    "has the member `{name}`, whose compression is unknown"
                )),
            };
        }
    }

    /// Visits the entries of the member, which is the current one of `ar`, to its end.
    fn walk(
        self,
        ar: &mut Ar<impl Read>,
        limit: u64,
        limits: Limits,
        sink: &mut dyn Sink,
        visit: Visit<'_>,
    ) -> Result<(), Stop> {
        let name = self.name;
        let bad = |source: MemberError| {
            Stop::from(Cause::Member {
                member: name.clone(),
                source,
            })
        };
        let stream = |error| bad(MemberError::Stream(error));
        let mut input = BufReader::with_capacity(PIECE, ar);
        let memory = self
            .packing
            .memory(input.fill_buf().map_err(stream)?)
            .map_err(stream)?;
        sink.need(memory);

        let decoder = self.packing.decoder(&mut input, memory).map_err(stream)?;
        let plain = BufReader::with_capacity(PIECE, Bounded::new(decoder, limit));
        tarball::walk(plain, limits, &mut |entry, content| {
            visit(sink, entry, content)
        })
        .map_err(|failure| match failure {
            Failure::Refused(Walk::Refused(fault)) => Stop::Refused(fault),
            Failure::Refused(Walk::Bad(error)) => bad(error),
            Failure::Tar(error) => bad(error.into()),
        })?;
        if input.fill_buf().map_err(stream)?.is_empty() {
            Ok(())
        } else {
            Err(bad(MemberError::Trailing))
        }
    }
}

/// Keeps one file of the control archive.
fn control_file(control: &mut Control, entry: Entry, content: &mut dyn Read) -> Result<(), Walk> {
    let Some(path) = entry.path else {
        return Ok(());
    };
    let name = String::from_utf8_lossy(path.as_bytes()).into_owned();
    let wrong = |name: &str, why| {
        let name = name.escape_debug().collect();
        Walk::Bad(MemberError::ControlFile { name, why })
    };
    let EntryKind::File(size) = entry.kind else {
        return Err(wrong(&name, "is not a regular file"));
    };
    // dpkg's database has the files as PACKAGE.NAME in one directory.
    if !name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte))
    {
        return Err(wrong(&name, "has a name that dpkg's database cannot hold"));
    }
    if size > MAX_CONTROL_FILE {
        return Err(wrong(&name, "is over 32 MiB"));
    }
    let mut bytes = Vec::new();
    content
        .read_to_end(&mut bytes)
        .map_err(|error| Walk::Bad(error.into()))?;
    if bytes.len() as u64 != size {
        return Err(wrong(&name, "is cut off"));
    }
    // As dpkg does: the list of files is its own.
    if name != "list" {
        let file = ControlFile {
            mode: entry.meta.mode,
            mtime: entry.meta.mtime,
            bytes,
        };
        control.insert(name, file);
    }
    Ok(())
}

/// Whether the control file names the package that the lockfile has.
fn is_locked(package: &LockedPackage, control: &Control) -> Result<(), Stop> {
    let Some(file) = control.get("control") else {
        return Err(Cause::Members("has no control file".into()).into());
    };
    let stanza = Stanza::parse(&file.bytes).map_err(Cause::Control)?;
    let fields = [
        ("Package", package.name.as_str()),
        ("Version", package.version.as_str()),
        ("Architecture", &package.arch),
    ];
    for (field, locked) in fields {
        let found = stanza.get(field).unwrap_or_default();
        if found != locked.as_bytes() {
            let found = found[..found.len().min(200)].escape_ascii().to_string();
            return Err(Stop::Other(field, found, locked.into()));
        }
    }
    Ok(())
}
