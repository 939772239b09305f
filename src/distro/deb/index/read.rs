//! Reading the condensed form: nothing is parsed before it is asked for.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc as Shared;

use memchr::memchr;

use super::{FIELDS, IndexError, MAGIC};
use crate::model::Version;

/// A condensed index.
#[derive(Debug, Clone)]
pub(in crate::distro::deb) struct Index {
    bytes: Shared<[u8]>,
    packages: u32,
    provided: u32,
    notable: u32,
}

/// One package of it, its fields as they are written.
#[derive(Debug, Clone, Copy)]
pub(in crate::distro::deb) struct Record<'a> {
    pub(in crate::distro::deb) name: &'a str,
    pub(in crate::distro::deb) version: &'a str,
    pub(in crate::distro::deb) arch: &'a str,
    /// When the name was first spoken of in the index.
    pub(in crate::distro::deb) rank: u32,
    pub(in crate::distro::deb) essential: bool,
    pub(in crate::distro::deb) important: bool,
    /// From 1 for required to 5 for extra; 0 where there is none.
    pub(in crate::distro::deb) priority: u8,
    /// `name` or `name=version`, with commas between them.
    pub(in crate::distro::deb) provides: &'a str,
    pub(in crate::distro::deb) depends: &'a str,
    pub(in crate::distro::deb) recommends: &'a str,
    pub(in crate::distro::deb) conflicts: &'a str,
    pub(in crate::distro::deb) source: &'a str,
    pub(in crate::distro::deb) source_version: &'a str,
    pub(in crate::distro::deb) path: &'a str,
    pub(in crate::distro::deb) size: u64,
    pub(in crate::distro::deb) sha256: &'a str,
}

impl Index {
    /// Reads the counts.
    ///
    /// # Errors
    /// When the bytes are not a condensed index.
    pub(in crate::distro::deb) fn open(bytes: Shared<[u8]>) -> Result<Self, IndexError> {
        let mut index = Self {
            bytes,
            packages: 0,
            provided: 0,
            notable: 0,
        };
        if !index.bytes.starts_with(MAGIC) {
            return Err(IndexError::Damaged);
        }
        let count =
            |place: usize| number(&index.bytes, MAGIC.len() + 4 * place).ok_or(IndexError::Damaged);
        let (packages, provided, notable) = (count(0)?, count(1)?, count(2)?);
        (index.packages, index.provided, index.notable) = (packages, provided, notable);
        let words = u64::from(packages) + 2 * u64::from(provided) + u64::from(notable);
        if index.bytes.len() as u64 / 4 < words {
            return Err(IndexError::Damaged);
        }
        Ok(index)
    }

    /// How many packages there are.
    pub(in crate::distro::deb) const fn len(&self) -> u32 {
        self.packages
    }

    /// The places of the packages of this name.
    pub(in crate::distro::deb) fn named(&self, name: &str) -> Range<u32> {
        equal_range(self.packages, |place| {
            self.key(self.word(place)).cmp(name.as_bytes())
        })
    }

    /// The places of the packages that provide this name; one that does so twice is there twice.
    pub(in crate::distro::deb) fn providers(&self, name: &str) -> impl Iterator<Item = u32> {
        equal_range(self.provided, |place| {
            self.key(self.word(self.packages + 2 * place))
                .cmp(name.as_bytes())
        })
        .map(|place| self.word(self.packages + 2 * place + 1))
    }

    /// The places of packages that are Essential or of a priority above optional.
    pub(in crate::distro::deb) fn notable(&self) -> impl Iterator<Item = u32> {
        let start = self.packages + 2 * self.provided;
        (start..start + self.notable).map(|place| self.word(place))
    }

    /// The name of the package at `place`.
    pub(in crate::distro::deb) fn name(&self, place: u32) -> &str {
        std::str::from_utf8(self.key(self.word(place))).unwrap_or_default()
    }

    /// The package at `place`.
    pub(in crate::distro::deb) fn record(&self, place: u32) -> Option<Record<'_>> {
        let start = self.word(place) as usize;
        let rest = self.bytes.get(start..)?;
        let line = std::str::from_utf8(&rest[..memchr(b'\n', rest)?]).ok()?;
        let mut fields = [""; FIELDS];
        let mut parts = line.split('\t');
        for field in &mut fields {
            *field = parts.next()?;
        }
        let [
            name,
            version,
            arch,
            rank,
            flags,
            provides,
            depends,
            recommends,
            conflicts,
            ..,
        ] = fields;
        let [.., source, source_version, path, size, sha256] = fields;
        Some(Record {
            name,
            version,
            arch,
            rank: rank.parse().ok()?,
            essential: flags.contains('E'),
            important: flags.contains('I'),
            priority: flags.bytes().last()?.wrapping_sub(b'0'),
            provides,
            depends,
            recommends,
            conflicts,
            source,
            source_version,
            path,
            size: size.parse().ok()?,
            sha256,
        })
    }

    /// A word of the tables; 0, where no text is, when there is none.
    fn word(&self, place: u32) -> u32 {
        number(&self.bytes, MAGIC.len() + 4 * (3 + place as usize)).unwrap_or(0)
    }

    /// The name that begins at `offset`.
    fn key(&self, offset: u32) -> &[u8] {
        let rest = self.bytes.get(offset as usize..).unwrap_or_default();
        let end = rest.iter().position(|byte| b"\t,=\n".contains(byte));
        &rest[..end.unwrap_or(rest.len())]
    }
}

fn number(bytes: &[u8], start: usize) -> Option<u32> {
    let word = bytes.get(start..start.checked_add(4)?)?;
    Some(u32::from_le_bytes(word.try_into().ok()?))
}

/// The places at which `order` answers `Equal`, in a sorted table of `length`.
fn equal_range(length: u32, order: impl Fn(u32) -> Ordering) -> Range<u32> {
    let first = |before: &dyn Fn(Ordering) -> bool| {
        let (mut low, mut high) = (0, length);
        while low < high {
            let middle = low + (high - low) / 2;
            if before(order(middle)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    };
    let start = first(&Ordering::is_lt);
    let mut end = start;
    while end < length && order(end).is_eq() {
        end += 1;
    }
    start..end
}

/// See `Distro::sources`.
pub(in crate::distro::deb) fn sources(
    condensed: Shared<[u8]>,
    wanted: &BTreeSet<&str>,
) -> Result<BTreeMap<String, Vec<Version>>, IndexError> {
    let index = Index::open(condensed)?;
    let mut out: BTreeMap<String, Vec<Version>> = BTreeMap::new();
    for place in 0..index.len() {
        let record = index.record(place).ok_or(IndexError::Damaged)?;
        if !wanted.contains(record.source) {
            continue;
        }
        let version = record.source_version.parse();
        let version = version.map_err(|_| IndexError::Damaged)?;
        let versions = out.entry(record.source.to_owned()).or_default();
        if !versions.contains(&version) {
            versions.push(version);
        }
    }
    Ok(out)
}
