//! The bytes before an entry's content: its 512-byte ustar header, and the PAX header where a value
//! has no place in it (POSIX.1-2017, pax, "ustar Interchange Format" and "pax Extended Header").
//!
//! In: a path and a node. Out: the same bytes on every machine, as FORMATS.md section 5 fixes them.

use std::collections::BTreeMap;

use super::ExportError;
use crate::tree::{Kind, Node, TreePath};

/// A tar archive is made of blocks of so many bytes.
pub(crate) const BLOCK: usize = 512;
/// The length of a header's name and link name fields.
const NAME: usize = 100;
/// The largest id that seven octal digits hold.
const MAX_ID: u32 = 0o7_777_777;
/// The largest size and time that eleven octal digits hold.
const MAX_LONG: u64 = 0o77_777_777_777;
/// How much of the last path component names a PAX header.
const PAX_NAME: usize = 80;

/// What one header says, as numbers; anything too large for its field is in a record already.
struct Fields<'a> {
    name: &'a [u8],
    mode: u16,
    uid: u32,
    gid: u32,
    size: u64,
    mtime: u64,
    kind: tar::EntryType,
    link: &'a [u8],
    device: Option<(u32, u32)>,
}

/// The header blocks of the entry; its content, padded to whole blocks, follows them.
pub(crate) fn header(path: &TreePath, node: &Node) -> Result<Vec<u8>, ExportError> {
    let mut name = path.as_bytes().to_vec();
    let mut records: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
    let (kind, link, size, device) = match &node.kind {
        Kind::Directory => {
            name.push(b'/');
            (tar::EntryType::Directory, &b""[..], 0, None)
        }
        Kind::File(blob) => (tar::EntryType::Regular, &b""[..], blob.size, None),
        Kind::Symlink(target) => (tar::EntryType::Symlink, &target[..], 0, None),
        Kind::Hardlink(target) => (tar::EntryType::Link, target.as_bytes(), 0, None),
        Kind::CharDevice(major, minor) => {
            (tar::EntryType::Char, &b""[..], 0, Some((*major, *minor)))
        }
        Kind::BlockDevice(major, minor) => {
            (tar::EntryType::Block, &b""[..], 0, Some((*major, *minor)))
        }
        Kind::Fifo => (tar::EntryType::Fifo, &b""[..], 0, None),
    };
    if device.is_some_and(|(major, minor)| major > MAX_ID || minor > MAX_ID) {
        return Err(ExportError::Device { path: path.clone() });
    }
    let mode = match node.kind {
        Kind::Symlink(_) => 0o777,
        _ => node.meta.mode & 0o7777,
    };
    let mut number = |key: &str, value: i128, most: u64| {
        let fits = u64::try_from(value).ok().filter(|value| *value <= most);
        if fits.is_none() {
            records.insert(key.into(), value.to_string().into_bytes());
        }
        fits.unwrap_or(0)
    };
    let uid = number("uid", node.meta.uid.into(), MAX_ID.into());
    let gid = number("gid", node.meta.gid.into(), MAX_ID.into());
    let size = number("size", size.into(), MAX_LONG);
    let mtime = number("mtime", node.meta.mtime.into(), MAX_LONG);
    if name.len() > NAME {
        records.insert((*b"path").into(), name.clone());
    }
    if link.len() > NAME {
        records.insert((*b"linkpath").into(), link.into());
    }
    for (key, value) in &node.meta.xattrs {
        records.insert([b"SCHILY.xattr.", &key[..]].concat(), value.to_vec());
    }

    let mut out = Vec::with_capacity(BLOCK);
    if !records.is_empty() {
        extended(&mut out, path.name(), &records);
    }
    let fields = Fields {
        name: &name,
        mode,
        // Both are at most MAX_ID by now.
        uid: uid as u32,
        gid: gid as u32,
        size,
        mtime,
        kind,
        link,
        device,
    };
    out.extend_from_slice(ustar(&fields).as_bytes());
    Ok(out)
}

/// A PAX header with its records, padded.
fn extended(out: &mut Vec<u8>, name: &[u8], records: &BTreeMap<Vec<u8>, Vec<u8>>) {
    let mut content = Vec::new();
    for (key, value) in records {
        record(&mut content, key, value);
    }
    let name = [b"PaxHeaders/", &name[name.len().saturating_sub(PAX_NAME)..]].concat();
    let fields = Fields {
        name: &name,
        mode: 0o644,
        uid: 0,
        gid: 0,
        size: content.len() as u64,
        mtime: 0,
        kind: tar::EntryType::XHeader,
        link: b"",
        device: None,
    };
    out.extend_from_slice(ustar(&fields).as_bytes());
    out.extend_from_slice(&content);
    out.resize(out.len().next_multiple_of(BLOCK), 0);
}

/// `LENGTH KEY=VALUE\n`, where the length counts its own digits.
fn record(out: &mut Vec<u8>, key: &[u8], value: &[u8]) {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while rest + length.to_string().len() > length {
        length += 1;
    }
    out.extend_from_slice(length.to_string().as_bytes());
    out.push(b' ');
    out.extend_from_slice(key);
    out.push(b'=');
    out.extend_from_slice(value);
    out.push(b'\n');
}

fn ustar(fields: &Fields<'_>) -> tar::Header {
    let mut header = tar::Header::new_ustar();
    if let Some(raw) = header.as_ustar_mut() {
        text(&mut raw.name, fields.name);
        octal(&mut raw.mode, fields.mode.into());
        octal(&mut raw.uid, fields.uid.into());
        octal(&mut raw.gid, fields.gid.into());
        octal(&mut raw.size, fields.size);
        octal(&mut raw.mtime, fields.mtime);
        raw.typeflag = [fields.kind.as_byte()];
        text(&mut raw.linkname, fields.link);
        let (major, minor) = fields.device.unwrap_or_default();
        octal(&mut raw.dev_major, major.into());
        octal(&mut raw.dev_minor, minor.into());
        raw.cksum = *b"        ";
    }
    let sum: u64 = header.as_bytes().iter().map(|&byte| u64::from(byte)).sum();
    // Six digits, NUL, space, as old tars wrote it; the crate's own set_cksum writes seven digits.
    octal(&mut header.as_old_mut().cksum[..7], sum);
    header
}

/// As much of `value` as fits, NULs behind it.
fn text(field: &mut [u8], value: &[u8]) {
    let length = value.len().min(field.len());
    field[..length].copy_from_slice(&value[..length]);
}

/// Zero-padded digits and a NUL.
fn octal(field: &mut [u8], mut value: u64) {
    let Some((end, digits)) = field.split_last_mut() else {
        return;
    };
    *end = 0;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (value & 7) as u8;
        value >>= 3;
    }
}

#[cfg(test)]
#[path = "header_tests.rs"]
mod tests;
