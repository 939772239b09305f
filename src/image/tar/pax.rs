//! What pax extended headers say, as any tool writes them.
//!
//! Unlike the reader of packages this one takes a key twice and libarchive's attributes, which are
//! about.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::image::{ImageError, Place};
use crate::tar_values::{self, BadAttribute, decimal, pax_id, pax_path, pax_time, record};

/// libarchive leaves the padding away.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

type Attributes = BTreeMap<Box<[u8]>, Box<[u8]>>;

/// What extended headers say of an entry, as far as it is of use.
#[derive(Debug, Default)]
pub(super) struct Pax {
    pub(super) path: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) uid: Option<u32>,
    pub(super) gid: Option<u32>,
    pub(super) mtime: Option<i64>,
    pub(super) major: Option<u32>,
    pub(super) minor: Option<u32>,
    /// Whether the content is in one of the three forms of `tar --sparse`.
    pub(super) sparse: bool,
    /// star's spelling, which GNU tar, Go and rootlock write.
    xattrs: Attributes,
    /// libarchive's own, which it writes beside star's or alone.
    encoded: Attributes,
}

impl Pax {
    /// Reads the records of one header. Of a key that is there twice the last counts, and an empty
    /// value takes a record back, as POSIX has it.
    pub(super) fn add(&mut self, mut bytes: &[u8], place: &Place) -> Result<(), ImageError> {
        let malformed = || place.broken("has a malformed pax record");
        while !bytes.is_empty() {
            let (key, value, rest) = record(bytes).ok_or_else(malformed)?;
            bytes = rest;
            if let Some(name) = key.strip_prefix(b"SCHILY.xattr.") {
                attribute(&mut self.xattrs, name, value, place)?;
            } else if let Some(name) = key.strip_prefix(b"LIBARCHIVE.xattr.") {
                let name = unescape(name).ok_or_else(malformed)?;
                let value = BASE64.decode(value).map_err(|_| malformed())?;
                attribute(&mut self.encoded, &name, &value, place)?;
            } else if key.starts_with(b"GNU.sparse.") {
                self.sparse = true;
            } else if !self.field(key, value) {
                return Err(malformed());
            }
        }
        Ok(())
    }

    /// Takes the value of a key that is known; false where it is none.
    fn field(&mut self, key: &[u8], value: &[u8]) -> bool {
        fn set<T>(field: &mut Option<T>, value: &[u8], read: fn(&[u8]) -> Option<T>) -> bool {
            *field = read(value);
            field.is_some() || value.is_empty()
        }
        match key {
            b"path" => set(&mut self.path, value, pax_path),
            b"linkpath" => set(&mut self.link, value, pax_path),
            b"size" => set(&mut self.size, value, decimal),
            b"uid" => set(&mut self.uid, value, pax_id),
            b"gid" => set(&mut self.gid, value, pax_id),
            b"mtime" => set(&mut self.mtime, value, pax_time),
            b"SCHILY.devmajor" => set(&mut self.major, value, pax_id),
            b"SCHILY.devminor" => set(&mut self.minor, value, pax_id),
            // Access times, comments, names of owners, flags of other systems.
            _ => true,
        }
    }

    /// Whether it changes nothing of an entry, like the comments of `git archive`.
    pub(super) fn only_remarks(&self) -> bool {
        self.path.is_none()
            && self.link.is_none()
            && self.size.is_none()
            && self.uid.is_none()
            && self.gid.is_none()
            && self.mtime.is_none()
            && self.major.is_none()
            && self.minor.is_none()
            && !self.sparse
            && self.xattrs.is_empty()
            && self.encoded.is_empty()
    }

    /// The extended attributes.
    pub(super) fn xattrs(&mut self) -> Attributes {
        let mut all = std::mem::take(&mut self.encoded);
        all.append(&mut self.xattrs);
        all
    }
}

fn attribute(
    into: &mut Attributes,
    name: &[u8],
    value: &[u8],
    place: &Place,
) -> Result<(), ImageError> {
    tar_values::attribute(name, value).map_err(|bad| match bad {
        BadAttribute::Name => place.broken("has a malformed extended attribute"),
        BadAttribute::Large { what, limit } => place.limit(what, limit),
    })?;
    into.insert(name.into(), value.into());
    Ok(())
}

/// libarchive writes the bytes of a name that are not plain as `%XX`.
fn unescape(name: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte == b'%' {
            let (pair, after) = rest.split_first_chunk::<2>()?;
            let digits = std::str::from_utf8(pair).ok()?;
            out.push(u8::from_str_radix(digits, 16).ok()?);
            rest = after;
        } else {
            out.push(byte);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(bytes: &[u8]) -> Result<Pax, ImageError> {
        let mut pax = Pax::default();
        pax.add(bytes, &Place::new("x")).map(|()| pax)
    }

    #[test]
    fn values_may_hold_newlines_and_equals_signs() {
        let text = b"27 SCHILY.xattr.user.a=\n=\n\n12 path=a=b\n13 mtime=1.5\n";
        let mut pax = parse(text).unwrap();
        assert_eq!(pax.xattrs()[&b"user.a"[..]].as_ref(), b"\n=\n");
        assert_eq!(pax.path.as_deref(), Some(&b"a=b"[..]));
        assert_eq!(pax.mtime, Some(1));
    }

    #[test]
    fn libarchive_s_attributes_are_encoded_and_star_s_come_first() {
        let text = b"35 LIBARCHIVE.xattr.user.a%3db=aGk\n";
        let mut pax = parse(text).unwrap();
        assert_eq!(pax.xattrs()[&b"user.a=b"[..]].as_ref(), b"hi");
        let both = b"31 LIBARCHIVE.xattr.user.a=aGk\n28 SCHILY.xattr.user.a=star\n";
        let mut pax = parse(both).unwrap();
        assert_eq!(pax.xattrs()[&b"user.a"[..]].as_ref(), b"star");
        for bad in [
            &b"31 LIBARCHIVE.xattr.user.a=a_k\n"[..],
            b"28 LIBARCHIVE.xattr.u%g=aGk\n",
        ] {
            assert!(parse(bad).is_err(), "{}", bad.escape_ascii());
        }
    }

    #[test]
    fn the_last_record_counts_and_an_empty_one_takes_back() {
        let pax = parse(b"9 path=a\n9 path=b\n").unwrap();
        assert_eq!(pax.path.as_deref(), Some(&b"b"[..]));
        assert!(parse(b"9 path=a\n8 path=\n").unwrap().path.is_none());
        assert!(parse(b"13 comment=x\n").unwrap().only_remarks());
        assert!(!parse(b"9 path=a\n").unwrap().only_remarks());
    }

    #[test]
    fn sparse_files_are_seen() {
        assert!(parse(b"22 GNU.sparse.major=1\n").unwrap().sparse);
    }

    #[test]
    fn a_malformed_record_is_never_skipped() {
        for bad in [
            &b"8 path=a\n"[..],
            b"11 path=a\n",
            b"9 path=a\nx",
            b"+9 path=a\n",
            b"5 =a\n",
            b"0 path=a\n",
            b"2 path=a\n",
            b"18446744073709551615 path=a\n",
            b"9 uid=-1\n",
            b"11 path=\0a\n",
        ] {
            assert!(parse(bad).is_err(), "{}", bad.escape_ascii());
        }
    }
}
