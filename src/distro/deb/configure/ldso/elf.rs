//! What ldconfig wants to know of an ELF file (elf(5), System V ABI, x86-64 psABI).
//!
//! A file in, through ranges of bytes, its [`Info`] out; `None` for whatever is not a shared
//! object that ldconfig would look at. At most a few MiB are read of a file of any size, in both
//! word sizes and both byte orders. Section headers are never read: ldconfig does not either.

use std::io;

/// Reads exactly the bytes at an offset of a file.
pub(super) type Read<'a> = dyn FnMut(u64, &mut [u8]) -> io::Result<()> + 'a;

/// What the cache and the links are made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::distro::deb::configure) struct Info {
    /// Whether the file has 64-bit words (`ELFCLASS64`).
    pub(in crate::distro::deb::configure) wide: bool,
    /// Whether its byte order is big endian (`ELFDATA2MSB`).
    pub(in crate::distro::deb::configure) big_endian: bool,
    /// `e_machine`.
    pub(in crate::distro::deb::configure) machine: u16,
    /// `e_flags`: on 32-bit ARM the floating point ABI.
    pub(in crate::distro::deb::configure) abi: u32,
    /// `DT_SONAME`.
    pub(in crate::distro::deb::configure) soname: Option<String>,
    /// Whether a known dynamic linker, or a need of libc.so.6 or libm.so.6, shows the C library.
    pub(in crate::distro::deb::configure) libc6: bool,
    /// The highest x86 ISA level that the file says it needs: 0 for none or for the baseline.
    pub(in crate::distro::deb::configure) isa_level: u32,
}

/// More than any real file's by a factor of twenty.
const MAX_SEGMENTS: u64 = 512;
/// 16 KiB to 32 KiB of entries; real files have fewer than a thousand.
const MAX_DYNAMIC: usize = 4096;
/// Dynamic entries that are read at once.
const DYNAMIC_STEP: usize = 64;
/// As long as a path can be.
const MAX_NAME: usize = 4096;
/// Bytes of a note segment that are looked at: x86 properties take fewer than 100.
const MAX_NOTES: u64 = 64 << 10;
/// Notes and properties that are looked at per segment.
const MAX_STEPS: usize = 4096;

/// ldconfig wants room for a 64-bit header, also of a 32-bit file.
const HEADER: usize = 64;

const ET_DYN: u64 = 3;
const PT_LOAD: u64 = 1;
const PT_DYNAMIC: u64 = 2;
const PT_INTERP: u64 = 3;
const PT_GNU_PROPERTY: u64 = 0x6474_e553;
const DT_NULL: u64 = 0;
const DT_NEEDED: u64 = 1;
const DT_STRTAB: u64 = 5;
const DT_SONAME: u64 = 14;
const NT_GNU_PROPERTY_TYPE_0: u64 = 5;
const X86_ISA_1_NEEDED: u64 = 0xc000_8002;
const EM_386: u16 = 3;
const EM_X86_64: u16 = 62;

/// The dynamic linkers of glibc on x86 and ARM that ldconfig knows by name.
const INTERPRETERS: &[&[u8]] = &[
    b"/lib/ld-linux-x86-64.so.2",
    b"/lib64/ld-linux-x86-64.so.2",
    b"/lib/ld-linux.so.2",
    b"/libx32/ld-linux-x32.so.2",
    b"/lib/ld-linux-aarch64.so.1",
    b"/lib/ld-linux.so.3",
    b"/lib/ld-linux-armhf.so.3",
];

/// Reads what [`Info`] says of a file of `size` bytes; `None` if it is no shared object.
pub(in crate::distro::deb::configure) fn inspect(read: &mut Read<'_>, size: u64) -> Option<Info> {
    let mut file = File { read, size };
    let head = file.bytes(0, HEADER)?;
    if !head.starts_with(b"\x7fELF") {
        return None;
    }
    let (wide, big_endian) = match (head.get(4)?, head.get(5)?) {
        (1, 1) => (false, false),
        (1, 2) => (false, true),
        (2, 1) => (true, false),
        (2, 2) => (true, true),
        _ => return None,
    };
    let form = Form { wide, big_endian };
    if form.number(&head, 16, 2)? != ET_DYN {
        return None;
    }
    let machine = form.number(&head, 18, 2)? as u16;
    let (table, abi, count) = match wide {
        true => (form.word(&head, 32)?, 48, 56),
        false => (form.word(&head, 28)?, 36, 44),
    };
    let count = form.number(&head, count, 2)?;
    let segments = segments(&mut file, form, table, count)?;

    let mut libc6 = false;
    let mut isa_level = 0;
    let mut dynamic = None;
    for segment in &segments {
        match segment.kind {
            // The last one counts.
            PT_DYNAMIC => dynamic = Some(segment),
            PT_INTERP => {
                let name = file.string(segment.offset);
                libc6 |= name.is_some_and(|name| INTERPRETERS.contains(&name.as_slice()));
            }
            PT_GNU_PROPERTY if matches!(machine, EM_386 | EM_X86_64) => {
                let notes = file.bytes(segment.offset, segment.size.min(MAX_NOTES) as usize);
                if let Some(level) = notes.and_then(|notes| needed(form, segment.align, &notes)) {
                    isa_level = level;
                }
            }
            _ => {}
        }
    }
    let dynamic = dynamic.filter(|segment| segment.size > 0)?;
    let entries = entries(&mut file, form, dynamic.offset)?;

    let (_, strings) = entries.iter().find(|(tag, _)| *tag == DT_STRTAB)?;
    // Where no segment holds the table, its address is taken for its place.
    let strings = segments
        .iter()
        .filter(|one| one.kind == PT_LOAD)
        .find(|one| {
            strings
                .checked_sub(one.address)
                .is_some_and(|at| at < one.size)
        })
        .map_or(*strings, |one| {
            one.offset.wrapping_add(strings - one.address)
        });
    let mut soname = None;
    for (tag, at) in &entries {
        match *tag {
            DT_SONAME if soname.is_none() => {
                let name = file.string(strings.checked_add(*at)?)?;
                soname = Some(String::from_utf8(name).ok()?);
            }
            DT_NEEDED if !libc6 => {
                let name = strings.checked_add(*at).and_then(|at| file.string(at));
                libc6 = matches!(name.as_deref(), Some(b"libc.so.6" | b"libm.so.6"));
            }
            _ => {}
        }
    }
    Some(Info {
        wide,
        big_endian,
        machine,
        abi: form.number(&head, abi, 4)? as u32,
        soname,
        libc6,
        isa_level,
    })
}

/// A file that is read through ranges.
struct File<'a, 'b> {
    read: &'a mut Read<'b>,
    size: u64,
}

impl File<'_, '_> {
    /// Exactly these bytes; `None` where the file ends before.
    fn bytes(&mut self, at: u64, length: usize) -> Option<Vec<u8>> {
        let end = at.checked_add(length as u64)?;
        if end > self.size {
            return None;
        }
        let mut bytes = vec![0; length];
        (self.read)(at, &mut bytes).ok()?;
        Some(bytes)
    }

    /// The string that begins there, without its NUL.
    fn string(&mut self, at: u64) -> Option<Vec<u8>> {
        let mut name = Vec::new();
        while name.len() < MAX_NAME {
            let at = at.checked_add(name.len() as u64)?;
            let piece = self.size.checked_sub(at)?.min(256) as usize;
            let bytes = self.bytes(at, piece)?;
            match bytes.iter().position(|byte| *byte == 0) {
                Some(end) => {
                    name.extend(bytes.into_iter().take(end));
                    return Some(name);
                }
                None if bytes.is_empty() => return None,
                None => name.extend(bytes),
            }
        }
        None
    }
}

/// Word size and byte order.
#[derive(Debug, Clone, Copy)]
struct Form {
    wide: bool,
    big_endian: bool,
}

impl Form {
    fn number(self, bytes: &[u8], at: usize, length: usize) -> Option<u64> {
        let bytes = bytes.get(at..at.checked_add(length)?)?;
        let join = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        Some(match self.big_endian {
            true => bytes.iter().fold(0, join),
            false => bytes.iter().rev().fold(0, join),
        })
    }

    /// A number as long as an address.
    fn word(self, bytes: &[u8], at: usize) -> Option<u64> {
        self.number(bytes, at, self.size())
    }

    fn size(self) -> usize {
        if self.wide { 8 } else { 4 }
    }
}

struct Segment {
    kind: u64,
    offset: u64,
    address: u64,
    /// In the file.
    size: u64,
    align: u64,
}

fn segments(file: &mut File<'_, '_>, form: Form, at: u64, count: u64) -> Option<Vec<Segment>> {
    if count > MAX_SEGMENTS {
        return None;
    }
    let size = if form.wide { 56 } else { 32 };
    let table = file.bytes(at, size * count as usize)?;
    let segment = |bytes: &[u8]| {
        let [offset, address, length, align] = match form.wide {
            true => [8, 16, 32, 48],
            false => [4, 8, 16, 28],
        };
        Some(Segment {
            kind: form.number(bytes, 0, 4)?,
            offset: form.word(bytes, offset)?,
            address: form.word(bytes, address)?,
            size: form.word(bytes, length)?,
            align: form.word(bytes, align)?,
        })
    };
    table.chunks_exact(size).map(segment).collect()
}

/// The dynamic section's entries up to `DT_NULL`, which ends it whatever its segment's size says.
fn entries(file: &mut File<'_, '_>, form: Form, start: u64) -> Option<Vec<(u64, u64)>> {
    let size = 2 * form.size();
    let mut out = Vec::new();
    let mut at = start;
    while out.len() < MAX_DYNAMIC {
        let rest = usize::try_from(file.size.checked_sub(at)?).unwrap_or(usize::MAX);
        let length = (rest - rest % size).min(DYNAMIC_STEP * size);
        if length == 0 {
            return None;
        }
        for entry in file.bytes(at, length)?.chunks_exact(size) {
            match form.word(entry, 0)? {
                DT_NULL => return Some(out),
                tag => out.push((tag, form.word(entry, form.size())?)),
            }
        }
        at = at.checked_add(length as u64)?;
    }
    None
}

/// The ISA level that the property note of a segment asks for.
fn needed(form: Form, align: u64, notes: &[u8]) -> Option<u32> {
    // Notes of another alignment are older than the specification.
    let align = usize::try_from(align)
        .ok()
        .filter(|align| *align == form.size())?;
    let mut at: usize = 0;
    for _ in 0..MAX_STEPS {
        let name = usize::try_from(form.number(notes, at, 4)?).ok()?;
        let length = usize::try_from(form.number(notes, at.checked_add(4)?, 4)?).ok()?;
        let kind = form.number(notes, at.checked_add(8)?, 4)?;
        let start = at.checked_add(12)?;
        if name == 4 && kind == NT_GNU_PROPERTY_TYPE_0 && notes.get(start..)?.starts_with(b"GNU\0")
        {
            if length < 8 || !length.is_multiple_of(align) {
                return None;
            }
            let start = start.checked_add(4)?;
            return property(form, notes.get(start..start.checked_add(length)?)?);
        }
        let next = start.checked_add(name)?.checked_next_multiple_of(align)?;
        at = next.checked_add(length)?.checked_next_multiple_of(align)?;
    }
    None
}

/// The needed ISA level among properties, which stand in ascending order of their types.
fn property(form: Form, properties: &[u8]) -> Option<u32> {
    let mut at: usize = 0;
    let mut last = 0;
    for _ in 0..MAX_STEPS {
        let kind = form.number(properties, at, 4)?;
        let length = usize::try_from(form.number(properties, at.checked_add(4)?, 4)?).ok()?;
        let start = at.checked_add(8)?;
        let end = start.checked_add(length)?;
        if kind < last || kind > X86_ISA_1_NEEDED || end > properties.len() {
            return None;
        }
        if kind == X86_ISA_1_NEEDED {
            let needed = form.number(properties, start, 4).filter(|_| length == 4)?;
            // The number of the highest bit.
            return needed.checked_ilog2();
        }
        last = kind;
        at = start.checked_add(length.checked_next_multiple_of(form.size())?)?;
    }
    None
}

#[cfg(test)]
#[path = "elf_tests.rs"]
mod tests;
