//! What one header, with the extensions before it, says.

use tar::Header;

use super::pax::Pax;
use super::{Entry, Kind, number};
use crate::image::error::shown;
use crate::image::{ImageError, Place};
use crate::tar_values::LINK_TARGET;
use crate::tree::Meta;

/// What extension headers said about the entry that follows them.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    pub(super) name: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) pax: Pax,
    /// Whether there was a pax header.
    pub(super) any: bool,
}

impl Ahead {
    pub(super) const fn is_empty(&self) -> bool {
        self.name.is_none() && self.link.is_none() && !self.any
    }
}

/// Makes an entry of its header, the size that it gives, and what went before it.
pub(super) fn read(
    header: &Header,
    size: u64,
    offset: u64,
    ahead: Ahead,
    place: &Place,
) -> Result<Entry, ImageError> {
    let Ahead {
        name,
        link,
        mut pax,
        ..
    } = ahead;
    let raw = header.as_old();
    let long = |gnu, pax| either(gnu, pax, place);
    let path = long(name, pax.path.take())?.unwrap_or_else(|| header.path_bytes().into_owned());
    let wrong = |why| place.entry(&path, why);
    if path.is_empty() {
        return Err(wrong("has no name"));
    }
    if raw.linkflag[0] == b'S' || pax.sparse {
        return Err(place.unsupported(format!(
            "has a sparse file, `{}`, which is not supported: write it without `--sparse`",
            shown(&path)
        )));
    }
    let mut size = pax.size.unwrap_or(size);
    let link = long(link, pax.link.take())?;
    let target = || {
        let short = || header.link_name_bytes().unwrap_or_default().into_owned();
        let target = link.unwrap_or_else(short);
        match target.len() {
            0 => Err(wrong("is a link to nothing")),
            1..=LINK_TARGET => Ok(target.into()),
            _ => Err(wrong("is a link to a path over 4095 bytes")),
        }
    };
    let device = || {
        let (major, minor) = match (header.as_ustar(), header.as_gnu()) {
            (Some(ustar), _) => (&ustar.dev_major, &ustar.dev_minor),
            (None, Some(gnu)) => (&gnu.dev_major, &gnu.dev_minor),
            (None, None) => return None,
        };
        let major = pax.major.or_else(|| number::id(major))?;
        Some((major, pax.minor.or_else(|| number::id(minor))?))
    };
    let no_device = || wrong("has no clear device");
    let kind = match raw.linkflag[0] {
        // Before POSIX a slash was all that made a directory.
        b'0' | 0 if path.ends_with(b"/") => Kind::Directory,
        // 7 is a file that lies in one piece, where that matters.
        b'0' | 0 | b'7' => Kind::File,
        b'1' => {
            // Some tools repeat the file's size: nothing follows all the same.
            size = 0;
            Kind::Hardlink(target()?)
        }
        b'2' => Kind::Symlink(target()?),
        b'3' => device()
            .map(|(major, minor)| Kind::CharDevice(major, minor))
            .ok_or_else(no_device)?,
        b'4' => device()
            .map(|(major, minor)| Kind::BlockDevice(major, minor))
            .ok_or_else(no_device)?,
        b'5' => Kind::Directory,
        b'6' => Kind::Fifo,
        _ => return Err(wrong("is of an unknown type")),
    };
    if size != 0 && kind != Kind::File {
        return Err(wrong("has content but is no regular file"));
    }
    let id = |pax: Option<u32>, field| {
        let id = pax.or_else(|| number::id(field));
        id.ok_or_else(|| wrong("has no clear owner"))
    };
    let mode = number::mode(&raw.mode).ok_or_else(|| wrong("has no clear mode"))?;
    let mtime = pax.mtime.or_else(|| number::time(&raw.mtime));
    let meta = Meta {
        mode: match kind {
            // What Linux shows; some tools write others.
            Kind::Symlink(_) => 0o777,
            _ => mode,
        },
        uid: id(pax.uid, &raw.uid)?,
        gid: id(pax.gid, &raw.gid)?,
        mtime: mtime
            .ok_or_else(|| wrong("has no clear time, or one outside the years 0 to 9999"))?,
        xattrs: pax.xattrs(),
    };
    Ok(Entry {
        path,
        meta,
        kind,
        size,
        offset,
    })
}

/// The long form of a name, in GNU's way or in pax's.
fn either(
    gnu: Option<Vec<u8>>,
    pax: Option<Vec<u8>>,
    place: &Place,
) -> Result<Option<Vec<u8>>, ImageError> {
    match (gnu, pax) {
        (Some(gnu), Some(pax)) if gnu != pax => Err(place.entry(&gnu, "has two long names")),
        (gnu, pax) => Ok(gnu.or(pax)),
    }
}

/// How many bytes an entry takes in memory beside what every entry takes.
pub(super) fn names(entry: &Entry) -> u64 {
    let link = match &entry.kind {
        Kind::Symlink(target) | Kind::Hardlink(target) => target.len(),
        _ => 0,
    };
    let xattrs = entry.meta.xattrs.iter();
    let xattrs: usize = xattrs.map(|(name, value)| name.len() + value.len()).sum();
    (entry.path.len() + link + xattrs) as u64
}
