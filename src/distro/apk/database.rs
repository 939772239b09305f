//! What apk's database says of one package: its paragraph of `lib/apk/db/installed`, its scripts and
//! its triggers, as apk 3.0 writes them.
//!
//! A paragraph has the fields of the index, `r:` and `q:` of `.PKGINFO`, the repository's tag, then
//! every directory (`F:`) with its files (`R:`), the files sorted by their bytes. `M:` and `a:` give owner,
//! mode and a digest of the extended attributes where they are not 0:0 and 755 or 644; `Z:` is the
//! SHA-1 that the archive itself gives of the content.

use std::collections::{BTreeMap, HashMap};

use super::archive::{CHECKSUMS, OWNERS, SCRIPTS, installs};
use super::checksum;
use super::pkginfo::PkgInfo;
use super::record::Record;
use super::relation::relation;
use crate::distro::{Control, Registration};
use crate::model::{Class, Explain, LockedPackage, PackageName};
use crate::tree::{Kind, Meta, Node, TreePath};
use crate::trust::rsa::{Hash, Hasher};

/// A package that apk's database cannot hold.
#[derive(Debug, thiserror::Error)]
pub(super) enum DatabaseError {
    /// Its locked checksum is no SHA-1, by which apk's database knows its packages.
    #[error("{0} is locked without a checksum `Q1...`, by which apk's database knows packages")]
    Checksum(PackageName),
    /// What was unpacked does not fit together.
    #[error("the unpacked files of {0} do not fit its list of checksums")]
    Checksums(PackageName),
}

impl Explain for DatabaseError {
    fn class(&self) -> Class {
        Class::Untrusted
    }
}

/// See `Layout::register`.
pub(super) fn register(
    package: &LockedPackage,
    control: &mut Control,
    entries: &[(TreePath, Node)],
) -> Result<Registration, DatabaseError> {
    let text = control.get(".PKGINFO");
    let info = PkgInfo::new(text.map_or(&[][..], |file| &file.bytes));
    let checksums = control.get(CHECKSUMS);
    let sums = checksums.map_or(&[][..], |file| &file.bytes);
    let unfit = || DatabaseError::Checksums(package.name.clone());
    let sums = sums_of(entries, sums).ok_or_else(unfit)?;
    let locked = package.checksum.as_deref();
    let sum = match locked.and_then(|text| Some((text, checksum::parse(text)?))) {
        Some((text, (Hash::Sha1, _))) => text,
        _ => return Err(DatabaseError::Checksum(package.name.clone())),
    };
    let opened = installs(control);
    let record = Record {
        head: head(package, sum, info),
        tail: match opened {
            true => tail(info),
            false => Vec::new(),
        },
        files: files(entries, &sums),
        triggers: match opened {
            true => triggers(sum, info),
            false => Vec::new(),
        },
        scripts: scripts(package, sum, info, control),
    };
    // They are in the record now; `.PKGINFO` answers what the package replaces.
    // What describes the package, and what `configure: native` reads.
    let kept = [
        ".PKGINFO",
        OWNERS,
        ".pre-install",
        ".post-install",
        ".trigger",
    ];
    control.retain(|name, _| kept.contains(&name.as_str()));
    Ok(Registration {
        files: Vec::new(),
        record: record.encode(),
    })
}

/// The SHA-1 of each entry; a hard link has that of the file that it is.
fn sums_of<'a>(entries: &[(TreePath, Node)], mut sums: &'a [u8]) -> Option<Vec<Option<&'a [u8]>>> {
    let mut files: HashMap<&TreePath, Option<&'a [u8]>> = HashMap::new();
    let mut out = Vec::with_capacity(entries.len());
    for (path, node) in entries {
        if node.is_directory() {
            out.push(None);
            continue;
        }
        let (known, rest) = sums.split_first()?;
        let (sum, rest) = match known {
            1 => {
                let (sum, rest) = rest.split_at_checked(20)?;
                (Some(sum), rest)
            }
            _ => (None, rest),
        };
        sums = rest;
        let sum = match &node.kind {
            Kind::Hardlink(target) => *files.get(target)?,
            _ => sum,
        };
        files.insert(path, sum);
        out.push(sum);
    }
    sums.is_empty().then_some(out)
}

/// The fields of an index.
fn head(package: &LockedPackage, sum: &str, info: PkgInfo<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut field = |letter, value: &[u8]| line(&mut out, letter, value);
    let value = |key| info.last(key).unwrap_or_default();
    field(b'C', sum.as_bytes());
    field(b'P', package.name.as_str().as_bytes());
    field(b'V', package.version.as_str().as_bytes());
    // As the index has it, which may list a package for any architecture under its own.
    field(b'A', package.arch.as_bytes());
    field(b'S', package.size.to_string().as_bytes());
    field(b'I', info.number("size").to_string().as_bytes());
    for (letter, key) in [(b'T', "pkgdesc"), (b'U', "url"), (b'L', "license")] {
        field(letter, value(key));
    }
    for (letter, value) in [
        (b'o', value("origin").to_vec()),
        (b'm', value("maintainer").to_vec()),
        (b't', number(info, "builddate")),
        (b'c', value("commit").to_vec()),
        (b'k', number(info, "provider_priority")),
        (b'D', relations(info, "depend")),
        (b'p', relations(info, "provides")),
        (b'i', relations(info, "install_if")),
    ] {
        if !value.is_empty() {
            field(letter, &value);
        }
    }
    out
}

/// What the package says and its index does not.
fn tail(info: PkgInfo<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    for (letter, value) in [
        (b'r', relations(info, "replaces")),
        (b'q', number(info, "replaces_priority")),
    ] {
        if !value.is_empty() {
            line(&mut out, letter, &value);
        }
    }
    out
}

/// A number, or nothing where it is 0.
fn number(info: PkgInfo<'_>, key: &str) -> Vec<u8> {
    match info.number(key) {
        0 => Vec::new(),
        number => number.to_string().into_bytes(),
    }
}

/// Relations in apk's spelling.
fn relations(info: PkgInfo<'_>, key: &str) -> Vec<u8> {
    let relations = info.words(key).filter_map(relation);
    let words: Vec<String> = relations.map(|relation| relation.to_string()).collect();
    words.join(" ").into_bytes()
}

/// The directories of a package in apk's order: that of the archive, the root where its first file
/// comes. Only where more than [`UNSORTED`] are out of order does apk sort those that it has so far.
#[derive(Default)]
struct Directories<'a> {
    order: Vec<&'a [u8]>,
    unsorted: usize,
    current: Option<&'a [u8]>,
    lines: HashMap<&'a [u8], Directory<'a>>,
}

/// The lines of one directory: its own, then those of its files by name.
type Directory<'a> = (Vec<u8>, BTreeMap<&'a [u8], Vec<u8>>);

/// How many directories apk looks through one by one.
const UNSORTED: usize = 32;

impl<'a> Directories<'a> {
    fn enter(&mut self, path: &'a [u8]) -> &mut Directory<'a> {
        if self.current != Some(path) && self.unsorted > UNSORTED {
            self.order.sort_unstable();
            self.unsorted = 0;
        }
        if !self.lines.contains_key(path) {
            let before = |other: Option<&[u8]>| other.is_some_and(|other| path < other);
            if self.unsorted > 0 || before(self.order.last().copied()) {
                self.unsorted += 1;
            }
            self.order.push(path);
        }
        self.current = Some(path);
        self.lines.entry(path).or_default()
    }
}

fn files(entries: &[(TreePath, Node)], sums: &[Option<&[u8]>]) -> Vec<u8> {
    let mut directories = Directories::default();
    for ((path, node), sum) in entries.iter().zip(sums) {
        if node.is_directory() {
            let (own, _) = directories.enter(path.as_bytes());
            *own = acl(b'M', &node.meta, 0o755);
            continue;
        }
        let name = path.name();
        let length = path.as_bytes().len() - name.len();
        let (_, files) = directories.enter(&path.as_bytes()[..length.saturating_sub(1)]);
        let mut lines = acl(b'a', &node.meta, 0o644);
        if let Some(sum) = sum {
            lines.extend_from_slice(format!("Z:{}\n", checksum::q1(sum)).as_bytes());
        }
        files.insert(name, lines);
    }
    let Directories { order, lines, .. } = directories;
    let mut out = Vec::new();
    for path in order {
        line(&mut out, b'F', path);
        let Some((own, files)) = lines.get(path) else {
            continue;
        };
        out.extend_from_slice(own);
        for (name, lines) in files {
            line(&mut out, b'R', name);
            out.extend_from_slice(lines);
        }
    }
    out
}

fn line(out: &mut Vec<u8>, letter: u8, value: &[u8]) {
    out.extend_from_slice(&[letter, b':']);
    out.extend_from_slice(value);
    out.push(b'\n');
}

/// Owner and mode, where they are not the usual ones.
fn acl(letter: u8, meta: &Meta, usual: u16) -> Vec<u8> {
    let mode = meta.mode & 0o7777;
    if (meta.uid, meta.gid, mode) == (0, 0, usual) && meta.xattrs.is_empty() {
        return Vec::new();
    }
    let mut value = format!("{}:{}:{mode:o}", meta.uid, meta.gid);
    if let Some(sum) = attributes(meta) {
        value = format!("{value}:{sum}");
    }
    let mut out = Vec::new();
    line(&mut out, letter, value.as_bytes());
    out
}

/// The digest of the extended attributes: names and values by name, each behind its length.
fn attributes(meta: &Meta) -> Option<String> {
    if meta.xattrs.is_empty() {
        return None;
    }
    let mut hasher = Hasher::new(Hash::Sha1);
    for part in meta.xattrs.iter().flat_map(|(name, value)| [name, value]) {
        hasher.update(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        hasher.update(part);
    }
    hasher.finish().map(|sum| checksum::q1(&sum))
}

/// The line of `lib/apk/db/triggers`.
fn triggers(sum: &str, info: PkgInfo<'_>) -> Vec<u8> {
    let last = info.text("triggers").unwrap_or_default();
    let globs: Vec<&str> = last.split_ascii_whitespace().collect();
    match globs[..] {
        [] => Vec::new(),
        _ => format!("{sum} {}\n", globs.join(" ")).into_bytes(),
    }
}

/// The scripts as members of `lib/apk/db/scripts.tar`, in apk's order.
fn scripts(package: &LockedPackage, sum: &str, info: PkgInfo<'_>, control: &Control) -> Vec<u8> {
    let mut out = Vec::new();
    let digest = checksum::parse(sum).map(|(_, digest)| digest);
    let hex: String = digest
        .iter()
        .flatten()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    for script in SCRIPTS {
        let Some(file) = control.get(script) else {
            continue;
        };
        // The base64 form may hold a slash; both apk 2 and 3 read the hexadecimal one.
        let name = format!("{}-{}.X1{hex}{script}", package.name, package.version);
        let time = info.number("builddate");
        member(&mut out, &name, &file.bytes, time);
    }
    out
}

/// Adds a member to a tar archive; a name that does not fit its header comes before it, in GNU's
/// way, as apk has it.
fn member(out: &mut Vec<u8>, name: &str, content: &[u8], time: u64) {
    let mut add = |kind, name: &[u8], content: &[u8]| {
        let mut header = tar::Header::new_ustar();
        let place = &mut header.as_old_mut().name;
        let length = name.len().min(place.len());
        place[..length].copy_from_slice(&name[..length]);
        header.set_entry_type(kind);
        header.set_mode(0o755);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(time);
        header.set_size(content.len() as u64);
        header.set_cksum();
        out.extend_from_slice(header.as_bytes());
        out.extend_from_slice(content);
        out.resize(out.len().next_multiple_of(512), 0);
    };
    if name.len() > 100 {
        let long = [name.as_bytes(), b"\0"].concat();
        add(tar::EntryType::GNULongName, b"././@LongLink", &long);
    }
    add(tar::EntryType::Regular, name.as_bytes(), content);
}

#[cfg(test)]
#[path = "database_tests.rs"]
mod tests;
