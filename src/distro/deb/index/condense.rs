//! From an index as it is published to its condensed form.

use std::collections::HashMap;
use std::io::Read;

use super::stanza::{self, Key, Stanza};
use super::{FIELDS, IndexError, MAGIC, MAX_PLAIN};
use crate::distro::Fault;
use crate::distro::deb::check::{is_name, is_path, is_version};
use crate::distro::deb::relation;
use crate::model::{Sha256, WantedFile};

/// See `Distro::condense`.
///
/// # Errors
/// When the bytes are not what the name and the Release say, or a stanza is malformed.
pub(in crate::distro::deb) fn condense(file: &WantedFile, raw: &[u8]) -> Result<Vec<u8>, Fault> {
    uncompress(file, raw)
        .and_then(|plain| write(&file.path, &plain))
        .map_err(|error| Box::new(error) as Fault)
}

/// Uncompresses by the path's suffix, within the listed size.
fn uncompress(file: &WantedFile, raw: &[u8]) -> Result<Vec<u8>, IndexError> {
    let limit = file
        .plain
        .map_or(MAX_PLAIN, |(_, size)| size.min(MAX_PLAIN));
    let suffix = file
        .path
        .rsplit('/')
        .next()
        .and_then(|name| name.rsplit_once('.'));
    let read = |mut reader: Box<dyn Read + '_>| {
        let mut out = Vec::with_capacity(file.plain.map_or(0, |_| limit as usize));
        reader.by_ref().take(limit + 1).read_to_end(&mut out)?;
        Ok(out)
    };
    let plain = match suffix.map_or("", |(_, suffix)| suffix) {
        "xz" => read(Box::new(xz2::read::XzDecoder::new_multi_decoder(raw))),
        "gz" => read(Box::new(flate2::read::MultiGzDecoder::new(raw))),
        "zst" => zstd::stream::read::Decoder::with_buffer(raw).and_then(|out| read(Box::new(out))),
        _ => read(Box::new(raw)),
    }
    .map_err(|source| IndexError::Compression {
        path: file.path.clone(),
        source,
    })?;
    let other = |reason| IndexError::OtherContent {
        path: file.path.clone(),
        reason,
    };
    match file.plain {
        _ if plain.len() as u64 > limit => Err(IndexError::TooLong {
            path: file.path.clone(),
            limit,
        }),
        Some((_, size)) if plain.len() as u64 != size => Err(other(format!(
            "it has {} bytes and not {size}",
            plain.len()
        ))),
        Some((sha256, _)) if Sha256::of(&plain) != sha256 => Err(other(format!(
            "it is {} and not {sha256}",
            Sha256::of(&plain)
        ))),
        _ => Ok(plain),
    }
}

/// The condensed form of the plain text.
fn write(path: &str, plain: &[u8]) -> Result<Vec<u8>, IndexError> {
    let mut writer = Writer::default();
    let error = |stanza: &Stanza<'_>, line, reason| IndexError::Stanza {
        path: path.to_owned(),
        package: stanza.shown(),
        line,
        reason,
    };
    stanza::for_each(
        plain,
        |stanza| {
            writer
                .add(stanza)
                .map_err(|reason| error(stanza, stanza.line, reason))
        },
        |stanza, (line, reason)| error(stanza, line, reason),
    )?;
    Ok(writer.finish())
}

#[derive(Default)]
struct Writer<'a> {
    records: Vec<u8>,
    /// Name and offset among the records.
    packages: Vec<(&'a str, u32)>,
    /// Provided name, its offset, and the number of its package in the index's order.
    provided: Vec<(&'a str, u32, u32)>,
    notable: Vec<u32>,
    /// When each name was first spoken of, see [`Writer::rank`].
    ranks: HashMap<&'a str, u32>,
}

impl<'a> Writer<'a> {
    fn add(&mut self, stanza: &Stanza<'a>) -> Result<(), String> {
        let number = self.packages.len() as u32;
        let name = text(stanza, Key::Package)?;
        let version = text(stanza, Key::Version)?;
        let arch = text(stanza, Key::Architecture)?;
        require(is_name(name), "Package", name)?;
        require(is_version(version), "Version", version)?;
        require(is_name(arch), "Architecture", arch)?;
        let path = text(stanza, Key::Filename)?;
        let path = path.strip_prefix("./").unwrap_or(path);
        require(is_path(path), "Filename", path)?;
        let size = text(stanza, Key::Size)?;
        let digits = size.bytes().all(|byte| byte.is_ascii_digit());
        require(digits && size.parse::<u64>().is_ok(), "Size", size)?;
        let sha256 = text(stanza, Key::Sha256)?;
        require(Sha256::from_hex(sha256).is_ok(), "SHA256", sha256)?;
        let (source, source_version) = source(stanza, name, version)?;
        let rank = self.rank(name);

        self.packages.push((name, self.records.len() as u32));
        for (index, field) in [name, version, arch].into_iter().enumerate() {
            self.field(index, field.as_bytes());
        }
        self.field(3, rank.to_string().as_bytes());
        let flags = self.flags(stanza, number);
        self.field(4, flags.as_bytes());
        // Before the names it provides, those that it asks for: apt reads them in this order.
        let [pre, depends, conflicts, breaks, recommends] = [
            Key::PreDepends,
            Key::Depends,
            Key::Conflicts,
            Key::Breaks,
            Key::Recommends,
        ]
        .map(|key| stanza.get(key));
        for field in [pre, depends, conflicts, breaks, recommends] {
            self.mention(field)?;
        }
        for key in [Key::Suggests, Key::Replaces, Key::Enhances] {
            // Not used otherwise, so what is wrong in them is no one's concern.
            let _ = self.mention(stanza.get(key));
        }
        self.provides(stanza.get(Key::Provides), number)?;
        self.relations(6, &[pre, depends]);
        self.relations(7, &[recommends]);
        self.relations(8, &[conflicts, breaks]);
        for (index, field) in [source, source_version, path, size, sha256]
            .into_iter()
            .enumerate()
        {
            self.field(9 + index, field.as_bytes());
        }
        debug_assert_eq!(FIELDS, 14);
        self.records.push(b'\n');
        Ok(())
    }

    fn field(&mut self, index: usize, value: &[u8]) {
        if index > 0 {
            self.records.push(b'\t');
        }
        self.records.extend_from_slice(value);
    }

    /// When a name was first spoken of in the index. Between providers that are otherwise equal
    /// apt takes the one that its cache learnt of last, so this number must come along.
    fn rank(&mut self, name: &'a str) -> u32 {
        let next = self.ranks.len() as u32;
        *self.ranks.entry(name).or_insert(next)
    }

    /// Checks a field of relations, and ranks the names in it.
    fn mention(&mut self, field: &'a [u8]) -> Result<(), String> {
        let field = std::str::from_utf8(field).map_err(|_| "a relation is not UTF-8".to_owned())?;
        for alternative in relation::split(field).flatten() {
            let atom = relation::atom(alternative).map_err(|error| error.to_string())?;
            if atom.qualifier.is_none() {
                self.rank(atom.name);
            }
        }
        Ok(())
    }

    /// `E` for Essential, `I` for Important or Protected, then a digit for the priority.
    fn flags(&mut self, stanza: &Stanza<'_>, number: u32) -> String {
        let yes = |key| stanza.get(key).eq_ignore_ascii_case(b"yes");
        let essential = yes(Key::Essential);
        let priority = match stanza.get(Key::Priority) {
            b"required" => 1,
            b"important" => 2,
            b"standard" => 3,
            b"optional" => 4,
            b"extra" => 5,
            _ => 0,
        };
        if essential || (1..=3).contains(&priority) {
            self.notable.push(number);
        }
        let important = yes(Key::Important) || yes(Key::Protected);
        format!(
            "{}{}{priority}",
            if essential { "E" } else { "" },
            if important { "I" } else { "" },
        )
    }

    fn provides(&mut self, field: &'a [u8], number: u32) -> Result<(), String> {
        self.mention(field)?;
        self.records.push(b'\t');
        let field = std::str::from_utf8(field).unwrap_or_default();
        for (index, part) in relation::split(field).flatten().enumerate() {
            let atom = relation::atom(part).map_err(|error| error.to_string())?;
            if index > 0 {
                self.records.push(b',');
            }
            self.provided
                .push((atom.name, self.records.len() as u32, number));
            self.records.extend_from_slice(atom.name.as_bytes());
            if let Some((_, version)) = atom.constraint {
                self.records.push(b'=');
                self.records.extend_from_slice(version.as_bytes());
            }
        }
        Ok(())
    }

    /// Joins fields of relations, with single spaces.
    fn relations(&mut self, index: usize, fields: &[&[u8]]) {
        self.field(index, b"");
        let mut first = true;
        for field in fields.iter().filter(|field| !field.is_empty()) {
            if !std::mem::take(&mut first) {
                self.records.push(b',');
            }
            for word in field
                .split(u8::is_ascii_whitespace)
                .filter(|word| !word.is_empty())
            {
                if !matches!(self.records.last(), Some(b'\t' | b',' | b'|')) {
                    self.records.push(b' ');
                }
                self.records.extend_from_slice(word);
            }
        }
    }

    fn finish(mut self) -> Vec<u8> {
        // Stable: what has the same name stays in the index's order.
        let mut order: Vec<u32> = (0..self.packages.len() as u32).collect();
        order.sort_by_key(|&number| self.packages[number as usize].0);
        let mut place = vec![0u32; order.len()];
        for (index, &number) in order.iter().enumerate() {
            place[number as usize] = index as u32;
        }
        self.provided.sort_by_key(|&(name, ..)| name);
        let counts = [order.len(), self.provided.len(), self.notable.len()];
        let head = MAGIC.len() + 4 * (3 + counts[0] + 2 * counts[1] + counts[2]);
        let mut out = Vec::with_capacity(head + self.records.len());
        out.extend_from_slice(MAGIC);
        let mut number = |value: u32| out.extend_from_slice(&value.to_le_bytes());
        counts.iter().for_each(|&count| number(count as u32));
        for index in order {
            number(self.packages[index as usize].1 + head as u32);
        }
        for (_, offset, package) in self.provided {
            number(offset + head as u32);
            number(place[package as usize]);
        }
        for package in self.notable {
            number(place[package as usize]);
        }
        out.extend_from_slice(&self.records);
        out
    }
}

fn text<'a>(stanza: &Stanza<'a>, key: Key) -> Result<&'a str, String> {
    match std::str::from_utf8(stanza.get(key)) {
        Ok("") => Err(format!("it has no {}", key.name())),
        Ok(text) => Ok(text),
        Err(_) => Err(format!("its {} is not UTF-8", key.name())),
    }
}

fn require(holds: bool, field: &str, value: &str) -> Result<(), String> {
    if holds {
        return Ok(());
    }
    let shown: String = value
        .chars()
        .take(80)
        .flat_map(char::escape_debug)
        .collect();
    Err(format!("`{shown}` cannot be its {field}"))
}

/// `Source: name (version)`, both defaulting to the package's own.
fn source<'a>(
    stanza: &Stanza<'a>,
    name: &'a str,
    version: &'a str,
) -> Result<(&'a str, &'a str), String> {
    if stanza.get(Key::Source).is_empty() {
        return Ok((name, version));
    }
    let value = text(stanza, Key::Source)?;
    let (name, version) = match value.split_once('(') {
        Some((name, rest)) => (name.trim(), rest.trim_end_matches(')').trim()),
        None => (value, version),
    };
    require(is_name(name) && is_version(version), "Source", value)?;
    Ok((name, version))
}
