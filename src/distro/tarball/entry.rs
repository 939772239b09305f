//! What one header, with the extensions before it, says.

use tar::Header;

use super::{Ahead, Entry, EntryKind, TarError, bad, number};
use crate::tar_values::LINK_TARGET;
use crate::tree::{Meta, TreePath};

/// Makes an entry of its header, the size of what follows it, and what went before it. With
/// `only_plain`, what is not [`plain`] is refused.
pub(super) fn read(
    header: &Header,
    size: u64,
    ahead: Ahead,
    only_plain: bool,
) -> Result<Entry, TarError> {
    let Ahead { name, link, pax } = ahead;
    let pax = pax.unwrap_or_default();
    let raw = header.as_old();
    let path = either(name, pax.path, || header.path_bytes().into_owned())?;
    if pax.size.is_some_and(|other| other != size) {
        // The place of the next header would depend on the reader.
        return Err(bad(&path, "has two sizes"));
    }
    let wrong = |why| bad(&path, why);
    // A target makes any regular file a hard link to apk.
    let targeted = pax.link.is_some() && !matches!(raw.linkflag[0], b'1' | b'2');
    if only_plain && (link.is_some() || targeted || !plain(header, &path)) {
        return Err(wrong(NOT_PLAIN));
    }
    let target = || {
        let target = either(link, pax.link, || {
            header.link_name_bytes().unwrap_or_default().into_owned()
        })?;
        match target.len() {
            0 => Err(wrong("is a link to nothing")),
            1..=LINK_TARGET => Ok(target),
            _ => Err(wrong("is a link to a path over 4095 bytes")),
        }
    };
    let kind = match raw.linkflag[0] {
        // Before POSIX a slash was all that made a directory.
        b'0' | 0 if path.ends_with(b"/") => EntryKind::Directory,
        b'0' | 0 => EntryKind::File(size),
        b'1' => {
            let target = target()?;
            if only_plain && !plain_name(&target) {
                return Err(wrong(NOT_PLAIN));
            }
            match TreePath::from_archive(&target)? {
                Some(target) => EntryKind::Hardlink(target),
                None => return Err(wrong("is a hard link to the root")),
            }
        }
        b'2' => EntryKind::Symlink(target()?.into()),
        b'3' => {
            device(header, EntryKind::CharDevice).ok_or_else(|| wrong("has no clear device"))?
        }
        b'4' => {
            device(header, EntryKind::BlockDevice).ok_or_else(|| wrong("has no clear device"))?
        }
        b'5' => EntryKind::Directory,
        b'6' => EntryKind::Fifo,
        b'S' => return Err(wrong("is a sparse file, which is not supported")),
        _ => return Err(wrong("is of an unknown type")),
    };
    if size != 0 && !matches!(kind, EntryKind::File(_)) {
        return Err(wrong("has content but is no regular file"));
    }
    let place = TreePath::from_archive(&path)?;
    if place.is_none() && kind != EntryKind::Directory {
        return Err(wrong("puts something else in the place of the root"));
    }
    let id = |pax: Option<u32>, field| {
        let id = pax.or_else(|| number::id(field));
        id.ok_or_else(|| wrong("has no clear owner"))
    };
    Ok(Entry {
        path: place,
        meta: Meta {
            mode: number::mode(&raw.mode).ok_or_else(|| wrong("has no clear mode"))?,
            uid: id(pax.uid, &raw.uid)?,
            gid: id(pax.gid, &raw.gid)?,
            mtime: pax
                .mtime
                .or_else(|| number::time(&raw.mtime))
                .ok_or_else(|| wrong("has no clear time, or one outside the years 0 to 9999"))?,
            xattrs: pax.xattrs,
        },
        kind,
        sha1: pax.sha1,
        names: [
            owner_name(header.username_bytes()),
            owner_name(header.groupname_bytes()),
        ],
    })
}

/// A user's or group's name, if it could be one; most are root's, which need no memory.
fn owner_name(bytes: Option<&[u8]>) -> Option<Box<str>> {
    let name = std::str::from_utf8(bytes?).ok()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    (!name.is_empty() && name != "root" && name.chars().all(plain)).then(|| name.into())
}

/// Of an entry that is not [`plain`].
const NOT_PLAIN: &str = "is not written in the one form that apk accepts";

/// Whether apk 3 reads the entry as it is meant here. It knows ustar's types alone, has no long
/// form of GNU's for a link's target, and calls names malicious that begin with `/`, have a part
/// that is `.` or `..`, or hold a control character: it leaves those entries out with a warning, or
/// without one.
fn plain(header: &Header, path: &[u8]) -> bool {
    let name = match header.as_old().linkflag[0] {
        b'5' => {
            let end = path.iter().rposition(|&byte| byte != b'/');
            &path[..end.map_or(0, |last| last + 1)]
        }
        b'0'..=b'6' => path,
        _ => return false,
    };
    header.as_bytes()[257..262] == *b"ustar" && plain_name(name)
}

fn plain_name(name: &[u8]) -> bool {
    name.split(|&byte| byte == b'/')
        .all(|part| !matches!(part, b"" | b"." | b".."))
        && !name.iter().any(u8::is_ascii_control)
}

/// How many bytes an entry takes in memory beside what every entry takes.
pub(super) fn names(entry: &Entry) -> u64 {
    let path = entry.path.as_ref().map_or(0, |path| path.as_bytes().len());
    let link = match &entry.kind {
        EntryKind::Symlink(target) => target.len(),
        EntryKind::Hardlink(target) => target.as_bytes().len(),
        _ => 0,
    };
    let xattrs = entry
        .meta
        .xattrs
        .iter()
        .map(|(name, value)| name.len() + value.len());
    (path + link + xattrs.sum::<usize>()) as u64
}

/// The long form of a name, in GNU's way or in pax's, else what the header holds.
fn either(
    gnu: Option<Vec<u8>>,
    pax: Option<Vec<u8>>,
    header: impl FnOnce() -> Vec<u8>,
) -> Result<Vec<u8>, TarError> {
    match (gnu, pax) {
        (Some(name), Some(_)) => Err(bad(&name, "has two long names")),
        (Some(name), None) | (None, Some(name)) => Ok(name),
        (None, None) => Ok(header()),
    }
}

/// Major and minor number, which ustar's and GNU's header have in the same place.
fn device(header: &Header, kind: fn(u32, u32) -> EntryKind) -> Option<EntryKind> {
    let (major, minor) = match (header.as_ustar(), header.as_gnu()) {
        (Some(ustar), _) => (&ustar.dev_major, &ustar.dev_minor),
        (None, Some(gnu)) => (&gnu.dev_major, &gnu.dev_minor),
        (None, None) => return None,
    };
    Some(kind(number::id(major)?, number::id(minor)?))
}
