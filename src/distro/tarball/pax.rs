//! What a pax extended header says, read strictly: each key at most once.

use std::collections::BTreeMap;

use super::{TarError, number};
use crate::tar_values::{self, BadAttribute, decimal, pax_id, pax_path, pax_time, record};

/// What one extended header says, as far as it is of use.
#[derive(Debug, Default)]
pub(super) struct Pax {
    pub(super) path: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) uid: Option<u32>,
    pub(super) gid: Option<u32>,
    pub(super) mtime: Option<i64>,
    pub(super) xattrs: BTreeMap<Box<[u8]>, Box<[u8]>>,
    /// `APK-TOOLS.checksum.SHA1`; absent where its value is none.
    pub(super) sha1: Option<[u8; 20]>,
}

impl Pax {
    /// Reads the records of one header, each key at most once. An empty value takes a record
    /// back, as POSIX has it.
    pub(super) fn parse(mut bytes: &[u8]) -> Result<Self, TarError> {
        let mut keys = std::collections::BTreeSet::new();
        let mut pax = Self::default();
        while !bytes.is_empty() {
            let malformed = TarError::Archive("has a malformed pax record");
            let Some((key, value, rest)) = record(bytes) else {
                return Err(malformed);
            };
            bytes = rest;
            if !keys.insert(key) {
                return Err(TarError::Archive("has the same pax record twice"));
            }
            if let Some(name) = key.strip_prefix(b"SCHILY.xattr.") {
                pax.attribute(name, value)?;
            } else if key.starts_with(b"GNU.sparse.") {
                return Err(TarError::Archive(
                    "has a sparse file, which is not supported",
                ));
            } else if !value.is_empty() && !pax.field(key, value) {
                return Err(malformed);
            }
        }
        Ok(pax)
    }

    /// Takes the value of a key that is known; false where it is none.
    fn field(&mut self, key: &[u8], value: &[u8]) -> bool {
        fn set<T>(field: &mut Option<T>, value: Option<T>) -> bool {
            *field = value;
            field.is_some()
        }
        match key {
            b"path" => set(&mut self.path, pax_path(value)),
            b"linkpath" => set(&mut self.link, pax_path(value)),
            b"size" => set(&mut self.size, decimal(value)),
            b"uid" => set(&mut self.uid, pax_id(value)),
            b"gid" => set(&mut self.gid, pax_id(value)),
            b"mtime" => set(&mut self.mtime, pax_time(value)),
            b"APK-TOOLS.checksum.SHA1" => {
                self.sha1 = number::hex(value);
                true
            }
            // Access times, comments, names of owners, other makers' extensions.
            _ => true,
        }
    }

    fn attribute(&mut self, name: &[u8], value: &[u8]) -> Result<(), TarError> {
        tar_values::attribute(name, value).map_err(|bad| match bad {
            BadAttribute::Name => TarError::Archive("has a malformed extended attribute"),
            BadAttribute::Large { what, limit } => TarError::Limit { what, limit },
        })?;
        self.xattrs.insert(name.into(), value.into());
        Ok(())
    }

    /// Refuses a header for all following entries that would change them: readers disagree about
    /// how long it lasts. Comments, such as git's, say nothing.
    pub(super) fn only_remarks(&self) -> Result<(), TarError> {
        let silent = self.path.is_none()
            && self.link.is_none()
            && self.size.is_none()
            && self.uid.is_none()
            && self.gid.is_none()
            && self.mtime.is_none()
            && self.xattrs.is_empty();
        if silent {
            Ok(())
        } else {
            Err(TarError::Archive(
                "has a global pax header, which is not supported",
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_may_hold_newlines_and_equals_signs() {
        let pax = Pax::parse(b"27 SCHILY.xattr.user.a=\n=\n\n12 path=a=b\n13 mtime=1.5\n").unwrap();
        assert_eq!(pax.xattrs[&b"user.a"[..]].as_ref(), b"\n=\n");
        assert_eq!(pax.path.as_deref(), Some(&b"a=b"[..]));
        assert_eq!(pax.mtime, Some(1));
    }

    #[test]
    fn a_malformed_record_is_never_skipped() {
        for bad in [
            &b"8 path=a\n"[..],
            b"11 path=a\n",
            b"9 path=a\nx",
            b"+9 path=a\n",
            b"9 path=a\n9 path=b\n",
            b"5 =a\n",
            b"0 path=a\n",
            b"18446744073709551615 path=a\n",
            b"9 uid=-1\n",
            b"11 path=\0a\n",
            b"22 GNU.sparse.major=1\n",
        ] {
            assert!(Pax::parse(bad).is_err(), "{}", bad.escape_ascii());
        }
        assert!(Pax::parse(b"8 path=\n").unwrap().path.is_none());
        assert!(
            Pax::parse(b"13 comment=x\n")
                .unwrap()
                .only_remarks()
                .is_ok()
        );
        assert!(Pax::parse(b"9 path=a\n").unwrap().only_remarks().is_err());
    }
}
