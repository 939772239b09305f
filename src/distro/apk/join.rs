//! Several indexes becoming one: names, packages and texts numbered through.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::ops::Range;

use super::catalog::{Extra, Flawed};
use super::index::{Columns, hash_of, rank};
use crate::model::PackageId;
use crate::resolve::greedy::{NameId, Need, Offer, Parts, Test, TextId};

/// See the module's page. Everything fits into 32 bits: the catalog has checked it.
pub(super) struct Join {
    pub(super) parts: Parts,
    pub(super) extras: Vec<Extra>,
    /// Hashes texts as no repository can foresee.
    state: RandomState,
    /// By the hash of its text the last name that has it ...
    hashes: HashMap<u64, NameId>,
    /// ... and for each name the one before it with the same hash.
    before: Vec<Option<NameId>>,
    /// By checksum: the same package may be in several repositories.
    identities: HashMap<Identity, PackageId>,
}

impl Join {
    pub(super) fn new(columns: &[Columns]) -> Self {
        let mut counts = [0; 5];
        for columns in columns {
            for (sum, count) in counts.iter_mut().zip(columns.counts()) {
                *sum += count;
            }
        }
        let [arena, texts, names, packages, needs] = counts;
        Self {
            parts: Parts {
                arena: String::with_capacity(arena),
                texts: Vec::with_capacity(texts),
                names: Vec::with_capacity(names),
                ranks: Vec::with_capacity(names),
                packages: Vec::with_capacity(packages),
                needs: Vec::with_capacity(needs),
                tags: Vec::new(),
            },
            extras: Vec::with_capacity(packages),
            state: RandomState::new(),
            hashes: HashMap::with_capacity(names),
            before: Vec::with_capacity(names),
            identities: HashMap::with_capacity(packages),
        }
    }

    pub(super) fn text(&mut self, text: &str) -> TextId {
        let start = self.parts.arena.len() as u32;
        self.parts.arena.push_str(text);
        self.parts.texts.push(start..start + text.len() as u32);
        TextId(self.parts.texts.len() as u32 - 1)
    }

    fn read(&self, text: TextId) -> &str {
        let range = self.parts.texts.get(text.0 as usize);
        range.map_or("", |range| {
            &self.parts.arena[range.start as usize..range.end as usize]
        })
    }

    /// The number of a name, which it gets now if no index has it.
    pub(super) fn name(&mut self, text: &str) -> NameId {
        if let Some(known) = self.find(text) {
            return known;
        }
        let hash = hash_of(text);
        let text = self.text(text);
        self.enter(text, hash)
    }

    fn find(&self, text: &str) -> Option<NameId> {
        let mut next = self.hashes.get(&self.state.hash_one(text)).copied();
        while let Some(name) = next {
            if self.read(self.parts.names[name.0 as usize]) == text {
                return Some(name);
            }
            next = self.before[name.0 as usize];
        }
        None
    }

    /// Enters a name that is not there yet; `hash` is apk's.
    fn enter(&mut self, text: TextId, hash: u32) -> NameId {
        let number = self.parts.names.len() as u32;
        self.parts.names.push(text);
        self.parts.ranks.push(rank(hash, number));
        let own = self.state.hash_one(self.read(text));
        self.before.push(self.hashes.insert(own, NameId(number)));
        NameId(number)
    }

    /// Adds the index of a repository, as far as `arch` can install what is in it.
    pub(super) fn add(&mut self, columns: &Columns, repository: usize, arch: &str) {
        let base = self.parts.texts.len() as u32;
        let offset = self.parts.arena.len() as u32;
        self.parts.arena.push_str(columns.arena());
        let texts = columns.texts();
        self.parts
            .texts
            .extend(texts.map(|range| range.start + offset..range.end + offset));
        let text = |number: u32| TextId(number + base);
        let some = |number: Option<u32>| number.map(text);

        // Within one index no name comes twice.
        let first = self.parts.names.is_empty();
        let names: Vec<NameId> = columns
            .names()
            .map(|(number, hash)| {
                let known = match first {
                    true => None,
                    false => self.find(self.read(text(number))),
                };
                known.unwrap_or_else(|| self.enter(text(number), hash))
            })
            .collect();
        for row in columns.rows() {
            let id = PackageId(self.parts.packages.len() as u32);
            let version = some(row.version).unwrap_or(TextId::NONE);
            let start = self.parts.needs.len() as u32;
            let needs = columns.needs_of(row.depends.start..row.install_if.end);
            let needs = needs.map(|[name, test, version]| Need {
                name: names[name as usize],
                test: Test::from_bits(test as u8),
                version: match version {
                    u32::MAX => TextId::NONE,
                    number => text(number),
                },
            });
            self.parts.needs.extend(needs);
            if let Some(number) = row.checksum {
                let identity = Identity::new(self.read(text(number)));
                let same = |known: &PackageId| {
                    let offer = &self.parts.packages[known.0 as usize];
                    // apk compares nothing else. Within one repository neither does this; but none
                    // can hide or change what another one offers.
                    offer.repositories >> repository & 1 == 1
                        || (offer.name == names[row.name as usize]
                            && self.read(offer.version) == self.read(version)
                            && self.extras[known.0 as usize].size == row.size
                            && self.asks_the_same(offer, start))
                };
                let known = self.identities.get(&identity).copied();
                if let Some(known) = known.filter(same) {
                    self.parts.packages[known.0 as usize].repositories |= 1 << repository;
                    self.parts.needs.truncate(start as usize);
                    continue;
                }
                self.identities.entry(identity).or_insert(id);
            }
            let own = row.arch.map(|number| self.read(text(number)));
            let foreign = own.is_some_and(|own| own != arch && own != "noarch");
            let flaw = match (row.flaw, foreign) {
                (Some(flaw), _) => Some(Flawed::Entry(flaw.shifted(base))),
                (None, true) => Some(Flawed::Arch),
                (None, false) => None,
            };
            let moved = |range: &Range<u32>| {
                let by = |place: u32| place - row.depends.start + start;
                by(range.start)..by(range.end)
            };
            self.parts.packages.push(Offer {
                name: names[row.name as usize],
                version,
                identity: some(row.checksum).unwrap_or(TextId::NONE),
                installable: flaw.is_none(),
                empty: row.empty,
                repositories: 1 << repository,
                priority: row.priority,
                depends: moved(&row.depends),
                provides: moved(&row.provides),
                install_if: moved(&row.install_if),
            });
            self.extras.push(Extra {
                size: row.size,
                arch: some(row.arch),
                origin: some(row.origin),
                flaw,
            });
        }
    }
}

impl Join {
    /// Whether a package asks for and provides just what lies behind `start`.
    fn asks_the_same(&self, offer: &Offer, start: u32) -> bool {
        let known = offer.depends.start as usize..offer.install_if.end as usize;
        let (known, new) = (
            &self.parts.needs[known],
            &self.parts.needs[start as usize..],
        );
        let same = |(a, b): (&Need, &Need)| {
            (a.name, a.test) == (b.name, b.test) && self.read(a.version) == self.read(b.version)
        };
        known.len() == new.len() && known.iter().zip(new).all(same)
    }
}

/// A checksum in the one spelling of its bytes: base64 leaves bits of the last digit open, and apk
/// compares the bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Identity([u8; 48]);

impl Identity {
    /// Of a text that is no checksum, what it begins with: its package is not installable.
    pub(super) fn new(checksum: &str) -> Self {
        const DIGITS: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut out = [0; 48];
        let length = checksum.len().min(out.len());
        out[..length].copy_from_slice(&checksum.as_bytes()[..length]);
        let last = out.iter().rposition(|byte| !matches!(byte, 0 | b'='));
        if let Some(last) = last
            && let Some(digit) = DIGITS.iter().position(|digit| *digit == out[last])
        {
            // Two bits of the last digit lie behind the 20 or 32 bytes.
            out[last] = DIGITS[digit & !3];
        }
        Self(out)
    }
}
