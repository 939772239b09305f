//! The condensed form, read: every number is in bounds, every text is one.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc as Shared;

use super::condense::{MAGIC, NONE, PACKAGE, Wound};
use crate::distro::apk::fault::IndexFault;
use crate::model::Version;

/// One index in the condensed form.
#[derive(Debug, Clone)]
pub(in crate::distro::apk) struct Columns {
    bytes: Shared<[u8]>,
    texts: usize,
    names: usize,
    packages: usize,
    needs: usize,
    arena: usize,
}

/// One package, its texts as numbers.
#[derive(Debug, Clone)]
pub(in crate::distro::apk) struct Row {
    pub(in crate::distro::apk) name: u32,
    pub(in crate::distro::apk) version: Option<u32>,
    pub(in crate::distro::apk) arch: Option<u32>,
    pub(in crate::distro::apk) checksum: Option<u32>,
    pub(in crate::distro::apk) origin: Option<u32>,
    pub(in crate::distro::apk) size: u64,
    pub(in crate::distro::apk) empty: bool,
    pub(in crate::distro::apk) priority: u32,
    pub(in crate::distro::apk) depends: Range<u32>,
    pub(in crate::distro::apk) provides: Range<u32>,
    pub(in crate::distro::apk) install_if: Range<u32>,
    pub(in crate::distro::apk) flaw: Option<Flaw>,
}

/// What makes a package uninstallable, and the number of the text in question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::distro::apk) struct Flaw {
    kind: u32,
    text: Option<u32>,
}

impl Flaw {
    /// The text in question.
    pub(in crate::distro::apk) const fn text(self) -> Option<u32> {
        self.text
    }

    /// With the number of its text counted from another beginning.
    pub(in crate::distro::apk) fn shifted(self, base: u32) -> Self {
        Self {
            text: self.text.map(|text| text + base),
            ..self
        }
    }

    /// As a clause about the package; `text` is the text in question.
    pub(in crate::distro::apk) fn says(self, text: &str) -> String {
        let text = text.chars().take(120).flat_map(char::escape_debug);
        let text: String = text.collect();
        let is = |wound: Wound| self.kind == wound as u32;
        if is(Wound::Field) {
            format!("its entry in the index has the field `{text}:`, which only a later apk knows")
        } else if is(Wound::Depends) {
            format!("its dependency `{text}` cannot be read")
        } else if is(Wound::Name) {
            "its name is outside apk's grammar".into()
        } else if is(Wound::Version) {
            format!("its version `{text}` is outside the grammar")
        } else if is(Wound::Checksum) {
            format!("its checksum `{text}` is none")
        } else if is(Wound::Size) {
            "the index gives no size of it".into()
        } else {
            format!("its entry in the index has a line `{text}` that cannot be read")
        }
    }
}

const HEADER: usize = MAGIC.len() + 4 * 4;

impl Columns {
    /// Takes the condensed form of an index.
    pub(in crate::distro::apk) fn new(bytes: Shared<[u8]>) -> Result<Self, IndexFault> {
        let malformed = || IndexFault::Condensed;
        if !bytes.starts_with(MAGIC) || bytes.len() < HEADER {
            return Err(malformed());
        }
        let count = |at: usize| number(&bytes, MAGIC.len() + 4 * at) as usize;
        let (texts, names, packages, needs) = (count(0), count(1), count(2), count(3));
        let numbers = texts + 2 * names + PACKAGE * packages + 3 * needs;
        let arena = HEADER + 4 * numbers;
        if arena > bytes.len() {
            return Err(malformed());
        }
        let columns = Self {
            texts,
            names,
            packages,
            needs,
            arena,
            bytes,
        };
        columns.check().ok_or_else(malformed)?;
        Ok(columns)
    }

    fn column(&self, from: usize, length: usize) -> impl Iterator<Item = u32> + '_ {
        let start = HEADER + 4 * from;
        let (numbers, _) = self.bytes[start..start + 4 * length].as_chunks::<4>();
        numbers.iter().map(|bytes| u32::from_le_bytes(*bytes))
    }

    fn check(&self) -> Option<()> {
        let arena = std::str::from_utf8(&self.bytes[self.arena..]).ok()?;
        let mut before = 0;
        for end in self.column(0, self.texts) {
            (end >= before && arena.is_char_boundary(end as usize)).then_some(())?;
            before = end;
        }
        let text = |id: u32| (id as usize) < self.texts || id == NONE;
        let name = |id: u32| (id as usize) < self.names;
        self.names()
            .all(|(id, _)| (id as usize) < self.texts)
            .then_some(())?;
        self.needs()
            .all(|[id, _, version]| name(id) && text(version))
            .then_some(())?;
        let mut start = 0;
        for row in self.rows() {
            let texts = [row.version, row.arch, row.checksum, row.origin];
            let flaw = row.flaw.and_then(Flaw::text);
            let ends = [row.depends.end, row.provides.end, row.install_if.end];
            let rising = ends.windows(2).all(|pair| pair[0] <= pair[1]);
            (name(row.name)
                && texts.into_iter().chain([flaw]).flatten().all(text)
                && start <= row.depends.end
                && rising
                && row.install_if.end as usize <= self.needs)
                .then_some(())?;
            start = row.install_if.end;
        }
        Some(())
    }

    /// All texts in one piece.
    pub(in crate::distro::apk) fn arena(&self) -> &str {
        // Checked when it was taken.
        std::str::from_utf8(&self.bytes[self.arena..]).unwrap_or_default()
    }

    /// Where each text is in it.
    pub(in crate::distro::apk) fn texts(&self) -> impl Iterator<Item = Range<u32>> + '_ {
        let mut start = 0;
        self.column(0, self.texts)
            .map(move |end| std::mem::replace(&mut start, end)..end)
    }

    /// Of each name its text and apk's hash of it.
    pub(in crate::distro::apk) fn names(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.column(self.texts, self.names)
            .zip(self.column(self.texts + self.names, self.names))
    }

    /// All dependencies, provided names and conditions: name, test, version.
    pub(in crate::distro::apk) fn needs(&self) -> impl Iterator<Item = [u32; 3]> + '_ {
        self.needs_of(0..self.needs as u32)
    }

    /// Those of one package.
    pub(in crate::distro::apk) fn needs_of(
        &self,
        range: Range<u32>,
    ) -> impl Iterator<Item = [u32; 3]> + '_ {
        let from = self.texts + 2 * self.names + PACKAGE * self.packages;
        let length = range.len();
        let mut numbers = self.column(from + 3 * range.start as usize, 3 * length);
        std::iter::from_fn(move || Some([numbers.next()?, numbers.next()?, numbers.next()?]))
    }

    /// How many bytes of texts, texts, names, packages and dependencies there are.
    pub(in crate::distro::apk) fn counts(&self) -> [usize; 5] {
        let arena = self.bytes.len() - self.arena;
        [arena, self.texts, self.names, self.packages, self.needs]
    }

    /// All packages.
    pub(in crate::distro::apk) fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        let mut numbers = self.column(self.texts + 2 * self.names, PACKAGE * self.packages);
        let mut start = 0;
        std::iter::from_fn(move || {
            let mut row = [0; PACKAGE];
            for number in &mut row {
                *number = numbers.next()?;
            }
            let some = |number: u32| Some(number).filter(|&number| number != NONE);
            let before = std::mem::replace(&mut start, row[11]);
            Some(Row {
                name: row[0],
                version: some(row[1]),
                arch: some(row[2]),
                checksum: some(row[3]),
                origin: some(row[4]),
                size: u64::from(row[5]) | u64::from(row[6]) << 32,
                empty: row[7] != 0,
                priority: row[8],
                depends: before..row[9],
                provides: row[9]..row[10],
                install_if: row[10]..row[11],
                flaw: (row[12] != 0).then_some(Flaw {
                    kind: row[12],
                    text: some(row[13]),
                }),
            })
        })
    }
}

fn number(bytes: &[u8], at: usize) -> u32 {
    let (numbers, _) = bytes[at..].as_chunks::<4>();
    numbers
        .first()
        .map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

/// See `Distro::sources`: a package's origin, whose version it shares.
pub(in crate::distro::apk) fn sources(
    condensed: Shared<[u8]>,
    wanted: &BTreeSet<&str>,
) -> Result<BTreeMap<String, Vec<Version>>, IndexFault> {
    let columns = Columns::new(condensed)?;
    let arena = columns.arena();
    let texts: Vec<Range<u32>> = columns.texts().collect();
    let names: Vec<u32> = columns.names().map(|(text, _)| text).collect();
    let text = |id: u32| {
        let range = texts.get(id as usize)?;
        arena.get(range.start as usize..range.end as usize)
    };
    let mut out: BTreeMap<String, Vec<Version>> = BTreeMap::new();
    for row in columns.rows() {
        let name = || text(*names.get(row.name as usize)?);
        let origin = row
            .origin
            .and_then(text)
            .filter(|origin| !origin.is_empty());
        let Some(source) = origin
            .or_else(name)
            .filter(|source| wanted.contains(source))
        else {
            continue;
        };
        // One without a version cannot be installed.
        let Some(Ok(version)) = row.version.and_then(text).map(str::parse) else {
            continue;
        };
        let versions = out.entry(source.to_owned()).or_default();
        if !versions.contains(&version) {
            versions.push(version);
        }
    }
    Ok(out)
}
