//! `installed`: a paragraph for each package, a line for each field, a letter for each field's name.

use std::collections::HashMap;

use crate::distro::apk::checksum;
use crate::distro::installed::{Files, InventoryFault, MAX_PACKAGES, Text, is_arch, shown};
use crate::distro::{InstalledFile, InstalledPackage};
use crate::model::{PackageName, SourcePackage, Version};
use crate::tree::TreePath;
use crate::trust::rsa::Hash;

/// How apk's binary form begins.
const ADB: &[u8] = b"ADB";
/// Capital letters that apk knows beside those that are read here. It refuses any other in this
/// database, as something that a newer apk knows; small ones may be passed over.
const KNOWN: &[u8] = b"CSITUD";

/// A paragraph that is being read.
#[derive(Debug, Default)]
struct Record<'a> {
    /// Where it begins.
    line: usize,
    /// The fields with one line each, by letter.
    fields: HashMap<u8, &'a [u8]>,
    files: Vec<InstalledFile>,
    /// The directory of the files that follow.
    directory: Option<&'a [u8]>,
    /// Its place in `files`; the root has none.
    own: Option<usize>,
    /// The place of the last file of that directory.
    last: Option<usize>,
}

/// The packages of one database, in its order.
pub(super) fn read(
    files: &mut Files<'_>,
    text: &Text<'_>,
) -> Result<Vec<InstalledPackage>, InventoryFault> {
    if text.bytes.starts_with(ADB) {
        return Err(InventoryFault::Form {
            file: text.file.clone(),
            form: "in the binary form of apk 3 (ADB)",
        });
    }
    text.check_end()?;
    let mut out = Vec::new();
    let mut lines: HashMap<PackageName, usize> = HashMap::new();
    let mut open: Option<Record<'_>> = None;
    for (at, line) in text.lines() {
        if !line.is_empty() {
            let record = open.get_or_insert_with(|| Record {
                line: at,
                ..Record::default()
            });
            record.take(files, text, at, line)?;
            continue;
        }
        let Some(record) = open.take() else {
            continue;
        };
        let first = record.line;
        let Some(package) = record.finish(text)? else {
            continue;
        };
        if let Some(other) = lines.insert(package.name.clone(), first) {
            let why = format!(
                "is {} again, which is at line {other} already",
                package.name
            );
            return Err(text.package(first, why));
        }
        if out.len() == MAX_PACKAGES {
            return Err(text.many(MAX_PACKAGES, "packages"));
        }
        out.push(package);
    }
    match open {
        // apk forgets a paragraph that no blank line ends.
        Some(_) => Err(text.cut("a package")),
        None => Ok(out),
    }
}

impl<'a> Record<'a> {
    /// Takes one line.
    fn take(
        &mut self,
        files: &mut Files<'_>,
        text: &Text<'_>,
        line: usize,
        bytes: &'a [u8],
    ) -> Result<(), InventoryFault> {
        let wrong = |why: &str| text.line(line, format!("{why}: {}", shown(bytes)));
        let &[letter, b':', ref value @ ..] = bytes else {
            return Err(wrong("is no field"));
        };
        match letter {
            b'P' | b'V' | b'A' | b'o' | b'L' | b'f' => {
                if self.fields.insert(letter, value).is_some() {
                    return Err(wrong("repeats a field"));
                }
            }
            b'F' => {
                files.count(text)?;
                self.directory = Some(value);
                self.last = None;
                let path = text.path(line, value)?;
                self.own = path.map(|path| self.add(path, true));
            }
            b'R' => {
                files.count(text)?;
                let directory = self.directory;
                let directory = directory.ok_or_else(|| wrong("is in no directory"))?;
                if matches!(value, b"" | b".") || value.contains(&b'/') {
                    return Err(wrong("is no name of a file"));
                }
                let path = [directory, b"/", value].concat();
                let path = text.path(line, &path)?;
                let path = path.ok_or_else(|| wrong("is no name of a file"))?;
                self.last = Some(self.add(path, false));
            }
            b'M' => {
                let meta = acl(value).ok_or_else(|| wrong("is no owner and mode"))?;
                self.directory.ok_or_else(|| wrong("is of no directory"))?;
                let own = self.own.and_then(|place| self.files.get_mut(place));
                if let Some(own) = own {
                    own.meta = Some(meta);
                }
            }
            b'a' => {
                let meta = acl(value).ok_or_else(|| wrong("is no owner and mode"))?;
                self.last().ok_or_else(|| wrong("is of no file"))?.meta = Some(meta);
            }
            b'Z' => {
                let sum = std::str::from_utf8(value).ok().and_then(checksum::parse);
                let (hash, sum) = sum.ok_or_else(|| wrong("is no checksum"))?;
                let last = self.last().ok_or_else(|| wrong("is of no file"))?;
                last.sum = (hash == Hash::Sha1).then(|| sum.into());
            }
            _ if letter.is_ascii_lowercase() || KNOWN.contains(&letter) => {}
            _ => return Err(wrong("is a field that only a newer apk knows")),
        }
        Ok(())
    }

    fn last(&mut self) -> Option<&mut InstalledFile> {
        self.files.get_mut(self.last?)
    }

    /// Adds a path with the owner and mode that need no line, and says where.
    fn add(&mut self, path: TreePath, directory: bool) -> usize {
        self.files.push(InstalledFile {
            conffile: !directory && is_protected(&path),
            sum: None,
            meta: Some((if directory { 0o755 } else { 0o644 }, 0, 0)),
            directory,
            path,
        });
        self.files.len() - 1
    }

    /// The package; none for a name that apk gives to a mere list of dependencies.
    fn finish(mut self, text: &Text<'_>) -> Result<Option<InstalledPackage>, InventoryFault> {
        let line = self.line;
        let field = |letter: u8| self.fields.get(&letter).copied();
        let missing = |letter| text.package(line, format!("has no field {letter}"));
        let name = field(b'P').ok_or_else(|| missing('P'))?;
        if name.starts_with(b".") && self.directory.is_none() {
            // `apk add --virtual .build-deps`: no package of a repository can be called so.
            return Ok(None);
        }
        let name: PackageName = text.name(line, "name", name)?;
        let version = field(b'V').ok_or_else(|| missing('V'))?;
        let version: Version = text.name(line, "version", version)?;
        // Packages without one are for any.
        let arch = field(b'A').unwrap_or(super::INDEPENDENT.as_bytes());
        let valid = std::str::from_utf8(arch).ok().filter(|arch| is_arch(arch));
        let arch = valid.ok_or_else(|| {
            let why = format!("is {name} and has no valid architecture: {}", shown(arch));
            text.package(line, why)
        })?;
        let flags = field(b'f').unwrap_or_default();
        if !flags.iter().all(|flag| b"fsxS".contains(flag)) {
            let why = format!("is {name} and has flags that only a newer apk knows");
            return Err(text.package(line, why));
        }
        if flags.contains(&b'S') {
            // The checksums are cut SHA-256 then, under the sign of SHA-1.
            self.files.iter_mut().for_each(|file| file.sum = None);
        }
        let words = |letter| field(letter).filter(|value| !value.is_empty());
        let license = words(b'L').map(|value| String::from_utf8_lossy(value).into());
        let origin = words(b'o').and_then(|value| std::str::from_utf8(value).ok()?.parse().ok());
        let origin: PackageName = origin.unwrap_or_else(|| name.clone());
        self.files.sort_by(|a, b| a.path.cmp(&b.path));
        self.files.dedup_by(|a, b| a.path == b.path);
        Ok(Some(InstalledPackage {
            source: SourcePackage {
                name: origin.as_str().into(),
                version: version.clone(),
            },
            version,
            arch: arch.into(),
            state: "installed".into(),
            license,
            files: Some(self.files),
            name,
        }))
    }
}

/// Reads `uid:gid:mode`, the mode octal, and perhaps a digest of extended attributes.
fn acl(value: &[u8]) -> Option<(u16, u32, u32)> {
    let mut parts = std::str::from_utf8(value).ok()?.split(':');
    let (uid, gid, mode) = (parts.next()?, parts.next()?, parts.next()?);
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if ![uid, gid, mode].into_iter().all(digits) {
        return None;
    }
    if let Some(attributes) = parts.next() {
        checksum::parse(attributes)?;
    }
    let mode = u16::from_str_radix(mode, 8)
        .ok()
        .filter(|mode| *mode <= 0o7777)?;
    let none_left = parts.next().is_none();
    none_left.then_some((mode, uid.parse().ok()?, gid.parse().ok()?))
}

/// Whether apk keeps what was changed at a path when it upgrades: its defaults, which
/// `etc/apk/protected_paths.d` may change.
fn is_protected(path: &TreePath) -> bool {
    let bytes = path.as_bytes();
    bytes.starts_with(b"etc/") && !bytes.starts_with(b"etc/init.d/")
}
