//! The bytes of /etc/ld.so.cache in the format `new` (glibc's dl-cache.h).
//!
//! A header of 48 bytes, the entries of 24 bytes in descending order of their names, the strings,
//! and, at the next multiple of four, the extensions: who made the file, and the names of the
//! glibc-hwcaps subdirectories. Numbers are in the byte order of amd64 and arm64, little endian.

use super::scan::{Entry, Survey, order};
use std::collections::{BTreeMap, BTreeSet};

const MAGIC: &[u8] = b"glibc-ld.so.cache1.1";
/// The file says its byte order.
const LITTLE_ENDIAN: u32 = 2;
const HEADER: usize = 48;
const ENTRY: usize = 24;
const EXTENSIONS: u32 = 0xeaa4_2174;
/// The magic number and the count of sections.
const EXTENSIONS_HEADER: usize = 8;
const SECTION: usize = 16;
const GENERATOR: u32 = 0;
const HWCAPS: u32 = 1;
/// In an entry's capabilities: the low half is an index of the section [`HWCAPS`].
const NAMED: u64 = 1 << 62;
/// ISA levels have ten bits.
const MAX_LEVEL: u32 = (1 << 10) - 1;

/// The cache of what [`super::survey`] found; `generator` is what [`super::generator`] read.
///
/// Without a generator the file says nothing of its maker: the dynamic linker does not mind.
pub(in crate::distro::deb::configure) fn cache(
    survey: &Survey,
    generator: Option<&str>,
) -> Vec<u8> {
    let mut entries: Vec<&Entry> = survey.entries.iter().collect();
    entries.sort_by(|left, right| order(left, right));
    let used: BTreeSet<&str> = entries.iter().filter_map(|entry| hwcaps(entry)).collect();
    let index = used.iter().zip(0u64..).map(|(name, index)| (*name, index));
    let index: BTreeMap<&str, u64> = index.collect();

    let start = HEADER + ENTRY * entries.len();
    let mut strings: BTreeSet<&str> = survey.hwcaps.iter().map(String::as_str).collect();
    strings.extend(&used);
    for entry in &entries {
        strings.extend([entry.soname.as_str(), entry.path.as_str()]);
    }
    let (table, places) = strings_table(strings);
    let place = |text: &str| start + places.get(text).copied().unwrap_or(0);
    let extensions = (start + table.len()).next_multiple_of(4);
    let generator = generator.unwrap_or_default().as_bytes();
    let sections = usize::from(!generator.is_empty()) + usize::from(!used.is_empty());

    let mut out = MAGIC.to_vec();
    number(&mut out, entries.len());
    number(&mut out, table.len());
    out.extend(LITTLE_ENDIAN.to_le_bytes());
    number(&mut out, if sections == 0 { 0 } else { extensions });
    out.resize(HEADER, 0);
    for entry in entries {
        out.extend(entry.flags.to_le_bytes());
        number(&mut out, place(&entry.soname));
        number(&mut out, place(&entry.path));
        // What was the version of the kernel until 2.35.
        number(&mut out, 0);
        let capabilities = match &entry.hwcaps {
            Some((name, level)) => {
                let level = u64::from((*level).min(MAX_LEVEL));
                NAMED | level << 32 | index.get(name.as_str()).copied().unwrap_or(0)
            }
            None => entry.capabilities,
        };
        out.extend(capabilities.to_le_bytes());
    }
    out.extend(table);
    if sections == 0 {
        return out;
    }
    out.resize(extensions, 0);
    out.extend(EXTENSIONS.to_le_bytes());
    number(&mut out, sections);
    // The names come first, the generator's sentence at the end; their descriptions stand the
    // other way round.
    let names = extensions + EXTENSIONS_HEADER + SECTION * sections;
    let mut section = |tag: u32, at: usize, length: usize| {
        if length > 0 {
            out.extend(tag.to_le_bytes());
            number(&mut out, 0);
            number(&mut out, at);
            number(&mut out, length);
        }
    };
    section(GENERATOR, names + 4 * used.len(), generator.len());
    section(HWCAPS, names, 4 * used.len());
    for name in used {
        number(&mut out, place(name));
    }
    out.extend(generator);
    out
}

fn hwcaps(entry: &Entry) -> Option<&str> {
    entry.hwcaps.as_ref().map(|(name, _)| name.as_str())
}

/// A 32-bit number. The walk's bounds keep a file far below 4 GiB.
fn number(out: &mut Vec<u8>, value: usize) {
    out.extend(u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes());
}

/// All strings, each with its NUL, and where they are. One that another ends with is its end:
/// sorted by their last letters, descending, it comes right after it.
fn strings_table(strings: BTreeSet<&str>) -> (Vec<u8>, BTreeMap<&str, usize>) {
    let mut strings: Vec<&str> = strings.into_iter().collect();
    strings.sort_by(|left, right| right.bytes().rev().cmp(left.bytes().rev()));
    let mut table = Vec::new();
    let mut places = BTreeMap::new();
    let mut previous: Option<&str> = None;
    for text in strings {
        if !previous.is_some_and(|previous| previous.ends_with(text)) {
            table.extend(text.as_bytes());
            table.push(0);
        }
        places.insert(text, table.len() - 1 - text.len());
        previous = Some(text);
    }
    (table, places)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(soname: &str, path: &str) -> Entry {
        Entry {
            soname: soname.to_owned(),
            path: path.to_owned(),
            flags: 0x303,
            hwcaps: None,
            capabilities: 0,
        }
    }

    fn words(bytes: &[u8]) -> Vec<u32> {
        let word = |four: &[u8]| u32::from_le_bytes(four.try_into().unwrap());
        bytes.chunks_exact(4).map(word).collect()
    }

    #[test]
    fn every_byte_of_a_small_cache() {
        let survey = Survey {
            entries: vec![
                entry("liba.so.9", "/l/liba.so.9"),
                entry("liba.so.10", "/l/b"),
            ],
            ..Survey::default()
        };
        let bytes = cache(&survey, Some("me"));
        let strings = b"/l/b\0/l/liba.so.9\0liba.so.10\0";
        assert_eq!(&bytes[..20], b"glibc-ld.so.cache1.1");
        assert_eq!(words(&bytes[20..48]), [2, 29, 2, 128, 0, 0, 0]);
        let entries = [0x303, 114, 96, 0, 0, 0, 0x303, 104, 101, 0, 0, 0];
        assert_eq!(words(&bytes[48..96]), entries);
        assert_eq!(&bytes[96..125], strings);
        assert_eq!(bytes[125..128], [0; 3]);
        assert_eq!(words(&bytes[128..152]), [0xeaa4_2174, 1, 0, 0, 152, 2]);
        assert_eq!(&bytes[152..], b"me");
        // Without the sentence there is nothing to say.
        let short = cache(&survey, None);
        assert_eq!(words(&short[20..48]), [2, 29, 2, 0, 0, 0, 0]);
        assert_eq!(short[48..], bytes[48..125]);
    }

    #[test]
    fn hwcaps_are_an_index_of_the_used_names() {
        let mut survey = Survey {
            entries: vec![entry("a", "/a"), entry("a", "/g/w/a"), entry("a", "/g/v/a")],
            hwcaps: ["w", "v", "unused"].map(str::to_owned).into(),
            ..Survey::default()
        };
        survey.entries[1].hwcaps = Some(("w".to_owned(), 3));
        survey.entries[2].hwcaps = Some(("v".to_owned(), 0));
        let bytes = cache(&survey, Some("me"));
        assert_eq!(words(&bytes[48 + 16..48 + 24]), [0, 1 << 30]);
        assert_eq!(words(&bytes[72 + 16..72 + 24]), [1, 1 << 30 | 3]);
        assert_eq!(words(&bytes[96 + 16..96 + 24]), [0, 0]);
        let strings = b"w\0v\0unused\0/g/w/a\0/g/v/a\0";
        assert_eq!(&bytes[120..120 + strings.len()], strings);
        let at = (120 + strings.len()).next_multiple_of(4);
        let names = at as u32 + 40;
        assert_eq!(words(&bytes[at..at + 8]), [EXTENSIONS, 2]);
        assert_eq!(words(&bytes[at + 8..at + 24]), [0, 0, names + 8, 2]);
        assert_eq!(words(&bytes[at + 24..at + 40]), [1, 0, names, 8]);
        assert_eq!(words(&bytes[at + 40..at + 48]), [122, 120]);
        assert_eq!(&bytes[at + 48..], b"me");
    }

    #[test]
    fn nothing_at_all() {
        assert_eq!(cache(&Survey::default(), None).len(), HEADER);
        assert_eq!(
            cache(&Survey::default(), Some("me")).len(),
            HEADER + 8 + 16 + 2
        );
    }
}
