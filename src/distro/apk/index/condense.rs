//! From the text of an index to numbered tables.
//!
//! Names are numbered in the order in which they are first read, which apk's own order of names
//! depends on. The form is a header of counts, then columns of little-endian 32-bit numbers, then
//! all texts in one piece: [`super::read`] is its reader.

use std::collections::HashMap;

use super::needs::{self, Wrong};
use super::{apkindex, opening};
use crate::distro::Fault;
use crate::distro::apk::dialect::is_checksum;
use crate::distro::apk::fault::IndexFault;
use crate::distro::apk::trust;
use crate::model::{PackageName, Version, WantedFile};
use crate::resolve::greedy::Test;

/// What the condensed form begins with.
pub(super) const MAGIC: &[u8; 8] = b"apkndx1\n";
/// Numbers of one package.
pub(super) const PACKAGE: usize = 14;
/// An absent text.
pub(super) const NONE: u32 = u32::MAX;
/// More texts, names or dependencies than this are no index: thirty times what Alpine's largest has.
const MAX_COUNT: usize = 1 << 24;
/// More packages than this are none either.
const MAX_PACKAGES: usize = 1 << 20;
/// More dependencies, provided names or conditions than this are of no package.
pub(super) const MAX_NEEDS: usize = 1 << 16;

/// See `Distro::condense`.
pub(in crate::distro::apk) fn condense(_file: &WantedFile, raw: &[u8]) -> Result<Vec<u8>, Fault> {
    let text = apkindex(trust::behind_signatures(raw)?)?;
    Ok(tables(&text)?)
}

/// The condensed form of the text of an index.
pub(in crate::distro::apk) fn tables(text: &[u8]) -> Result<Vec<u8>, IndexFault> {
    Ok(Tables::read(text)?.write())
}

/// What makes a package uninstallable, as the table has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wound {
    /// A line without a field.
    Line = 1,
    /// A field that only a later apk knows.
    Field,
    /// A dependency that cannot be read, or whose version is none.
    Depends,
    /// A name, version or checksum that is absent or outside the grammar.
    Name,
    Version,
    Checksum,
    Size,
}

/// One paragraph, as far as it has been read.
#[derive(Default)]
struct Paragraph {
    name: Option<u32>,
    version: Option<u32>,
    arch: Option<u32>,
    checksum: Option<u32>,
    origin: Option<u32>,
    size: Option<u64>,
    /// Whether it says that the package has content; a package without may come from anywhere.
    content: bool,
    priority: u32,
    wound: Option<(Wound, u32)>,
    depends: Vec<[u32; 3]>,
    provides: Vec<[u32; 3]>,
    install_if: Vec<[u32; 3]>,
    /// Whether there was any line.
    any: bool,
}

#[derive(Default)]
struct Tables<'a> {
    texts: Vec<&'a str>,
    known: HashMap<&'a str, u32>,
    names: Vec<u32>,
    /// By the number of its text, the number of a name.
    named: HashMap<u32, u32>,
    packages: Vec<u32>,
    needs: Vec<u32>,
}

impl<'a> Tables<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, IndexFault> {
        let mut tables = Self::default();
        let mut paragraph = Paragraph::default();
        for line in bytes.split(|&byte| byte == b'\n') {
            let large = tables.texts.len() > MAX_COUNT
                || tables.needs.len() > 3 * MAX_COUNT
                || tables.packages.len() > PACKAGE * MAX_PACKAGES;
            if large {
                return Err(IndexFault::TooLarge);
            }
            if line.len() < 2 {
                tables.finish(std::mem::take(&mut paragraph));
                continue;
            }
            paragraph.any = true;
            match std::str::from_utf8(line) {
                Ok(line) => tables.line(&mut paragraph, line),
                // A maintainer's name from another century; what matters is ASCII.
                Err(_) if b"TUmLc".contains(&line[0]) && line[1] == b':' => {}
                Err(_) => paragraph.hurt(Wound::Line, NONE),
            }
        }
        tables.finish(paragraph);
        Ok(tables)
    }

    fn text(&mut self, text: &'a str) -> u32 {
        let next = self.texts.len() as u32;
        let id = *self.known.entry(text).or_insert(next);
        if id == next {
            self.texts.push(text);
        }
        id
    }

    fn name(&mut self, text: &'a str) -> u32 {
        let text = self.text(text);
        let next = self.names.len() as u32;
        let id = *self.named.entry(text).or_insert(next);
        if id == next {
            self.names.push(text);
        }
        id
    }

    fn line(&mut self, paragraph: &mut Paragraph, line: &'a str) {
        let Some((field, value)) = line.split_once(':').filter(|(field, _)| field.len() == 1)
        else {
            let line = self.text(line);
            paragraph.hurt(Wound::Line, line);
            return;
        };
        match field.as_bytes()[0] {
            b'P' => paragraph.name = Some(self.name(value)),
            b'V' => paragraph.version = Some(self.text(value)),
            b'A' => paragraph.arch = Some(self.text(value)).filter(|_| !value.is_empty()),
            b'C' => paragraph.checksum = Some(self.text(value)),
            b'o' => paragraph.origin = Some(self.text(value)).filter(|_| !value.is_empty()),
            b'S' => paragraph.size = value.parse().ok(),
            b'I' => paragraph.content = value.parse::<u64>().is_ok_and(|size| size > 0),
            b'k' => paragraph.priority = value.parse().unwrap_or(0),
            b'D' => {
                let mut needs = std::mem::take(&mut paragraph.depends);
                let wrong = self.needs(value, &mut needs);
                paragraph.depends = needs;
                if let Some(Wrong::Form(word) | Wrong::Version(word)) = wrong {
                    let word = self.text(word);
                    paragraph.hurt(Wound::Depends, word);
                }
            }
            b'p' => {
                let mut needs = std::mem::take(&mut paragraph.provides);
                self.needs(value, &mut needs);
                paragraph.provides = needs;
            }
            b'i' => {
                let mut needs = std::mem::take(&mut paragraph.install_if);
                let wrong = self.needs(value, &mut needs);
                // Conditions that are not all understood are no conditions.
                paragraph.install_if = match wrong {
                    None => needs,
                    Some(_) => Vec::new(),
                };
            }
            b'T' | b'U' | b'L' | b'm' | b't' | b'c' => {}
            // What only the database of installed packages has.
            b'F' | b'M' | b'R' | b'Z' | b'r' | b'q' | b'a' | b's' | b'f' | b'g' => {}
            // A later apk's: lower-case fields may be ignored, others may not.
            other if other.is_ascii_lowercase() => {}
            _ => {
                let line = self.text(field);
                paragraph.hurt(Wound::Field, line);
            }
        }
    }

    fn needs(&mut self, list: &'a str, into: &mut Vec<[u32; 3]>) -> Option<Wrong<'a>> {
        needs::each(list, |dep| {
            if into.len() > MAX_NEEDS {
                return;
            }
            let name = self.name(dep.name);
            let version = match dep.test.has(Test::ANY) && dep.version.is_empty() {
                true => NONE,
                false => self.text(dep.version),
            };
            into.push([name, u32::from(dep.test.bits()), version]);
        })
    }

    fn finish(&mut self, mut paragraph: Paragraph) {
        let Some(name) = paragraph.name.filter(|_| paragraph.any) else {
            // Nothing can ask for what has no name.
            return;
        };
        let name_text = self.texts[self.names[name as usize] as usize];
        if name_text.parse::<PackageName>().is_err() {
            paragraph.hurt(Wound::Name, NONE);
        }
        let version = paragraph.version.map(|text| self.texts[text as usize]);
        match version {
            Some(version) if version.parse::<Version>().is_ok() => {}
            _ => paragraph.hurt(Wound::Version, paragraph.version.unwrap_or(NONE)),
        }
        let checksum = paragraph.checksum.map(|text| self.texts[text as usize]);
        // The database of what is installed has the SHA-1 alone, and so does every index of v2.
        let known = |text: &str| text.starts_with("Q1") && is_checksum(text);
        if !checksum.is_some_and(known) {
            paragraph.hurt(Wound::Checksum, paragraph.checksum.unwrap_or(NONE));
        }
        let many = [
            &paragraph.depends,
            &paragraph.provides,
            &paragraph.install_if,
        ];
        if many.iter().any(|needs| needs.len() > MAX_NEEDS) {
            paragraph.hurt(Wound::Line, NONE);
        }
        if paragraph.size.is_none() {
            paragraph.hurt(Wound::Size, NONE);
        }
        let (wound, detail) = match paragraph.wound {
            Some((wound, detail)) => (wound as u32, detail),
            None => (0, NONE),
        };
        let size = paragraph.size.unwrap_or(0);
        let start = (self.needs.len() / 3) as u32;
        let depends = start + paragraph.depends.len() as u32;
        let provides = depends + paragraph.provides.len() as u32;
        let install_if = provides + paragraph.install_if.len() as u32;
        for needs in [
            &paragraph.depends,
            &paragraph.provides,
            &paragraph.install_if,
        ] {
            self.needs.extend(needs.iter().flatten());
        }
        self.packages.extend::<[u32; PACKAGE]>([
            name,
            paragraph.version.unwrap_or(NONE),
            paragraph.arch.unwrap_or(NONE),
            paragraph.checksum.unwrap_or(NONE),
            paragraph.origin.unwrap_or(NONE),
            size as u32,
            (size >> 32) as u32,
            u32::from(!paragraph.content),
            paragraph.priority,
            depends,
            provides,
            install_if,
            wound,
            detail,
        ]);
    }

    fn write(&self) -> Vec<u8> {
        let arena: usize = self.texts.iter().map(|text| text.len()).sum();
        let numbers = self.texts.len() + 2 * self.names.len() + self.packages.len();
        let mut out = Vec::with_capacity(64 + 4 * (numbers + self.needs.len()) + arena);
        out.extend_from_slice(MAGIC);
        let mut put = |number: u32| out.extend_from_slice(&number.to_le_bytes());
        for count in [
            self.texts.len(),
            self.names.len(),
            self.packages.len() / PACKAGE,
            self.needs.len() / 3,
        ] {
            put(count as u32);
        }
        let mut end = 0;
        for text in &self.texts {
            end += text.len() as u32;
            put(end);
        }
        for &name in &self.names {
            put(name);
        }
        for &name in &self.names {
            put(opening::hash_of(self.texts[name as usize]));
        }
        self.packages
            .iter()
            .chain(&self.needs)
            .for_each(|&number| put(number));
        for text in &self.texts {
            out.extend_from_slice(text.as_bytes());
        }
        out
    }
}

impl Paragraph {
    /// The first wound counts.
    fn hurt(&mut self, wound: Wound, detail: u32) {
        self.wound.get_or_insert((wound, detail));
    }
}
