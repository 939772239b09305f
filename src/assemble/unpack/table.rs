//! The table behind a pack's contents: what is in the package, and where.
//!
//! ```text
//! contents of all files, in order, nothing between them
//! table:   newest, root, control files, entries
//! footer:  where the table begins (8 bytes, little-endian), SHA-256 of the table, MAGIC
//! ```
//!
//! Numbers are LEB128, signed ones zigzag; byte strings have their length before them. Offsets are
//! not written: they follow from the sizes. The table has its own digest, so reading one does not
//! hash the whole pack. What is read may be damaged all the same, so nothing is taken for granted:
//! counts are bounded by the bytes at hand, paths are parsed again.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use crate::distro::{Control, ControlFile, Unpacked};
use crate::model::Sha256;
use crate::tree::{Blob, Kind, Location, Meta, Node, TreePath};

/// Raised whenever the layout of a pack changes.
pub(super) const REVISION: u32 = 1;

const MAGIC: &[u8; 8] = b"rootpack";
const FOOTER: u64 = 8 + 32 + 8;
/// Several times what the bounds of package readers let through.
const MAX_TABLE: u64 = 512 << 20;

/// Table and footer of a pack whose contents take `start` bytes.
pub(super) fn write(unpacked: &Unpacked, start: u64) -> Vec<u8> {
    let mut out = Encoder(Vec::with_capacity(unpacked.entries.len() * 96));
    out.signed(unpacked.newest);
    out.number(unpacked.root.into());
    out.number(unpacked.control.len() as u64);
    for (name, file) in &unpacked.control {
        out.bytes(name.as_bytes());
        out.number(file.mode.into());
        out.signed(file.mtime);
        out.bytes(&file.bytes);
    }
    out.number(unpacked.entries.len() as u64);
    for (path, node) in &unpacked.entries {
        out.bytes(path.as_bytes());
        out.meta(&node.meta);
        out.kind(&node.kind);
    }
    let mut bytes = out.0;
    let digest = Sha256::of(&bytes);
    bytes.extend_from_slice(&start.to_le_bytes());
    bytes.extend_from_slice(digest.as_bytes());
    bytes.extend_from_slice(MAGIC);
    bytes
}

/// Reads the table of a pack of `length` bytes; `None` where it is damaged. The files lie in the
/// pack numbered `pack`.
pub(super) fn read(file: &File, length: u64, pack: u32) -> Option<Unpacked> {
    let end = length.checked_sub(FOOTER)?;
    let mut footer = [0; FOOTER as usize];
    file.read_exact_at(&mut footer, end).ok()?;
    let (start, digest) = (footer[..8].try_into().ok()?, &footer[8..40]);
    let start = u64::from_le_bytes(start);
    let size = end.checked_sub(start).filter(|&size| size <= MAX_TABLE)?;
    if &footer[40..] != MAGIC {
        return None;
    }
    let table = read_range(file, start, size).ok()?;
    if Sha256::of(&table).as_bytes() != digest {
        return None;
    }
    parse(&table, start, pack)
}

fn read_range(file: &File, start: u64, size: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(size).unwrap_or(usize::MAX)];
    file.read_exact_at(&mut bytes, start)?;
    Ok(bytes)
}

/// Reads a table whose contents end at `end`.
fn parse(table: &[u8], end: u64, pack: u32) -> Option<Unpacked> {
    let mut rest = Decoder(table);
    let newest = rest.signed()?;
    let root = rest.number()? != 0;
    let mut control = Control::new();
    for _ in 0..rest.number()? {
        let name = String::from_utf8(rest.bytes()?.to_vec()).ok()?;
        let file = ControlFile {
            mode: rest.small()?,
            mtime: rest.signed()?,
            bytes: rest.bytes()?.to_vec(),
        };
        control.insert(name, file);
    }
    let count = rest.number()?;
    let mut entries = Vec::with_capacity(rest.at_most(count));
    let mut offset = 0;
    for _ in 0..count {
        let path = rest.path()?;
        let node = Node {
            meta: rest.meta()?,
            kind: rest.kind(pack, &mut offset)?,
        };
        entries.push((path, node));
    }
    (rest.0.is_empty() && offset == end).then_some(Unpacked {
        entries,
        control,
        newest,
        root,
    })
}

/// Appends values.
struct Encoder(Vec<u8>);

impl Encoder {
    fn number(&mut self, mut value: u64) {
        while value > 0x7f {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn signed(&mut self, value: i64) {
        self.number(((value << 1) ^ (value >> 63)) as u64);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn meta(&mut self, meta: &Meta) {
        self.number(meta.mode.into());
        self.number(meta.uid.into());
        self.number(meta.gid.into());
        self.signed(meta.mtime);
        self.number(meta.xattrs.len() as u64);
        for (name, value) in &meta.xattrs {
            self.bytes(name);
            self.bytes(value);
        }
    }

    fn kind(&mut self, kind: &Kind) {
        let device = |out: &mut Self, tag, major: u32, minor: u32| {
            out.0.push(tag);
            out.number(major.into());
            out.number(minor.into());
        };
        match kind {
            Kind::Directory => self.0.push(b'd'),
            Kind::File(blob) => {
                self.0.push(b'f');
                self.number(blob.size);
                self.0.extend_from_slice(blob.sha256.as_bytes());
            }
            Kind::Symlink(target) => {
                self.0.push(b'l');
                self.bytes(target);
            }
            Kind::Hardlink(target) => {
                self.0.push(b'h');
                self.bytes(target.as_bytes());
            }
            Kind::CharDevice(major, minor) => device(self, b'c', *major, *minor),
            Kind::BlockDevice(major, minor) => device(self, b'b', *major, *minor),
            Kind::Fifo => self.0.push(b'p'),
        }
    }
}

/// Takes values off the front; `None` where they are not there.
struct Decoder<'a>(&'a [u8]);

impl<'a> Decoder<'a> {
    fn take(&mut self, size: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(size)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn signed(&mut self) -> Option<i64> {
        let value = self.number()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    fn small<T: TryFrom<u64>>(&mut self) -> Option<T> {
        self.number().and_then(|value| value.try_into().ok())
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let size = self.small()?;
        self.take(size)
    }

    /// A capacity for `count` things of which each takes at least one byte here.
    fn at_most(&self, count: u64) -> usize {
        self.0
            .len()
            .min(usize::try_from(count).unwrap_or(usize::MAX))
    }

    fn path(&mut self) -> Option<TreePath> {
        TreePath::from_archive(self.bytes()?).ok().flatten()
    }

    fn meta(&mut self) -> Option<Meta> {
        let mut meta = Meta {
            mode: self.small().filter(|&mode: &u16| mode <= 0o7777)?,
            uid: self.small()?,
            gid: self.small()?,
            mtime: self.signed()?,
            ..Meta::default()
        };
        for _ in 0..self.number()? {
            let name = self.bytes()?;
            meta.xattrs.insert(name.into(), self.bytes()?.into());
        }
        Some(meta)
    }

    fn kind(&mut self, pack: u32, offset: &mut u64) -> Option<Kind> {
        Some(match self.take(1)?[0] {
            b'd' => Kind::Directory,
            b'f' => {
                let size = self.number()?;
                let sha256 = Sha256::from_bytes(self.take(32)?.try_into().ok()?);
                let at = Location::Pack {
                    pack,
                    offset: *offset,
                };
                *offset = offset.checked_add(size)?;
                Kind::File(Blob { size, sha256, at })
            }
            b'l' => Kind::Symlink(self.bytes()?.into()),
            b'h' => Kind::Hardlink(self.path()?),
            b'c' => Kind::CharDevice(self.small()?, self.small()?),
            b'b' => Kind::BlockDevice(self.small()?, self.small()?),
            b'p' => Kind::Fifo,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Unpacked {
        let path = |text: &str| text.parse::<TreePath>().unwrap();
        let meta = |mode| Meta {
            mode,
            uid: 70_000,
            gid: u32::MAX - 1,
            mtime: -1_000_000,
            xattrs: [(b"user.a"[..].into(), b"\0\n"[..].into())].into(),
        };
        let file = |size, offset| {
            Kind::File(Blob {
                size,
                sha256: Sha256::of(&[size as u8]),
                at: Location::Pack { pack: 7, offset },
            })
        };
        let kinds = [
            Kind::Directory,
            file(300, 0),
            Kind::Symlink(b"../\xff"[..].into()),
            Kind::Hardlink(path("e1")),
            file(5, 300),
            Kind::CharDevice(1, 3),
            Kind::BlockDevice(8, 70_000),
            Kind::Fifo,
        ];
        let entries = kinds.into_iter().enumerate();
        let control = ControlFile {
            mode: 0o755,
            mtime: 5,
            bytes: b"#!\xff".to_vec(),
        };
        Unpacked {
            entries: entries
                .map(|(at, kind)| {
                    (
                        path(&format!("e{at}")),
                        Node {
                            meta: meta(0o4755),
                            kind,
                        },
                    )
                })
                .collect(),
            control: [("postinst".to_owned(), control)].into(),
            newest: i64::MIN,
            root: true,
        }
    }

    #[test]
    fn reads_what_it_writes_and_nothing_damaged() {
        let unpacked = sample();
        let table = write(&unpacked, 305);
        let (body, footer) = table.split_at(table.len() - FOOTER as usize);
        assert_eq!(parse(body, 305, 7), Some(unpacked));
        assert_eq!(parse(body, 304, 7), None);
        assert_eq!(footer[..8], 305u64.to_le_bytes());
        for length in 0..body.len() {
            assert_eq!(parse(&body[..length], 305, 7), None, "{length}");
        }
        // The digest is not there in this test: whatever a flipped bit gives, it is no panic.
        for bit in 0..body.len() * 8 {
            let mut damaged = body.to_vec();
            damaged[bit / 8] ^= 1 << (bit % 8);
            parse(&damaged, 305, 7);
        }
    }

    #[test]
    fn a_huge_count_takes_no_memory() {
        let mut out = Encoder(Vec::new());
        out.signed(0);
        out.number(0);
        out.number(0);
        out.number(u64::MAX);
        assert_eq!(parse(&out.0, 0, 0), None);
    }
}
