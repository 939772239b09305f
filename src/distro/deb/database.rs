//! What a package has of its own in dpkg's database: `var/lib/dpkg/info/NAME.*` and its paragraph.
//!
//! Format 1 of the directory, as dpkg writes it (dpkg's doc/spec and lib/dpkg/db-fsys-*): every
//! control file but `control` is copied with its mode and time as packaged; `list` is made from the
//! archive, and `md5sums` too where the package has none, both with the time of the package's
//! newest entry. Files of `Multi-Arch: same` packages carry the architecture in their name.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use md5::Digest as _;

use super::control::{self, ControlError, Stanza};
use super::status;
use crate::distro::{Control, ControlFile, Registration};
use crate::model::{Class, Explain, LockedPackage, PackageName};
use crate::tree::{Blob, Contents, Kind, Location, Meta, Node, TreePath};

/// Where dpkg keeps its database.
pub(super) const ADMIN: &str = "var/lib/dpkg";

/// A package that dpkg's database cannot hold.
#[derive(Debug, thiserror::Error)]
pub(super) enum DatabaseError {
    /// A control file that dpkg could not read either.
    #[error("the file {file} of {package} cannot be read")]
    Control {
        /// The package.
        package: PackageName,
        /// The control file.
        file: &'static str,
        /// What is wrong with it.
        #[source]
        cause: ControlError,
    },
    /// A control file with a name or content that the database cannot hold.
    #[error("the control archive of {package} {what}")]
    Malformed {
        /// The package.
        package: PackageName,
        /// What is wrong with it.
        what: String,
    },
    /// A path that a list of lines cannot hold.
    #[error("{package} ships {path}, whose name has a line break")]
    LineBreak {
        /// The package.
        package: PackageName,
        /// The path.
        path: TreePath,
    },
    /// What was unpacked cannot be read again.
    #[error("{path} of {package} cannot be read back from the store")]
    Content {
        /// The package.
        package: PackageName,
        /// The path.
        path: TreePath,
        /// Why.
        #[source]
        cause: io::Error,
    },
}

impl Explain for DatabaseError {
    fn class(&self) -> Class {
        match self {
            Self::Control { .. } | Self::Malformed { .. } | Self::LineBreak { .. } => {
                Class::Untrusted
            }
            Self::Content { .. } => Class::Outside,
        }
    }
}

/// The name that dpkg gives a package's files: with the architecture for `Multi-Arch: same`.
pub(super) fn file_stem(package: &LockedPackage, same: bool) -> String {
    match same {
        true => format!("{}:{}", package.name, package.arch),
        false => package.name.to_string(),
    }
}

/// Control files that are needed again, for `configure: native`.
const READ_LATER: &[&str] = &["preinst", "postinst", "triggers"];

/// See `Layout::register`.
pub(super) fn register(
    package: &LockedPackage,
    control: &mut Control,
    entries: &[(TreePath, Node)],
    newest: i64,
    contents: &dyn Contents,
) -> Result<Registration, DatabaseError> {
    let unreadable = |file| {
        move |cause| DatabaseError::Control {
            package: package.name.clone(),
            file,
            cause,
        }
    };
    let text = |name: &str| control.get(name).map_or(&[][..], |file| &file.bytes);
    let stanza = Stanza::parse(text("control")).map_err(unreadable("control"))?;
    let conffiles = control::conffiles(text("conffiles")).map_err(unreadable("conffiles"))?;
    let triggers = control::triggers(text("triggers")).map_err(unreadable("triggers"))?;
    let sums = Sums {
        package,
        entries,
        contents,
    };
    let conffiles = sums.of_conffiles(&conffiles)?;
    let record = status::record(package, &stanza, &conffiles, &triggers)?;
    let stem = file_stem(package, status::is_same(&stanza));
    let generated = |bytes| ControlFile {
        mode: 0o644,
        mtime: newest,
        bytes,
    };
    let mut files: BTreeMap<String, ControlFile> = BTreeMap::new();
    if !control.contains_key("md5sums") {
        files.insert("md5sums".into(), generated(sums.all()?));
    }
    files.insert("list".into(), generated(list(package, entries)?));
    // `control` stays: it answers what the package replaces. `list` would hide dpkg's own.
    for name in READ_LATER {
        if let Some(file) = control.get(*name) {
            files.insert((*name).to_owned(), file.clone());
        }
    }
    let stays = |name: &str| name == "control" || name == "list" || READ_LATER.contains(&name);
    let taken = |name: &String, _: &mut ControlFile| !stays(name);
    files.extend(control.extract_if(.., taken));
    let mut out = Vec::with_capacity(files.len());
    for (name, file) in files {
        let path = format!("{ADMIN}/info/{stem}.{name}");
        let path: TreePath = path.parse().map_err(|_| DatabaseError::Malformed {
            package: package.name.clone(),
            what: format!("holds `{}`, which has no place", name.escape_debug()),
        })?;
        let meta = Meta {
            mode: file.mode & 0o7777,
            mtime: file.mtime,
            ..Meta::default()
        };
        let kind = Kind::File(Blob::inline(file.bytes));
        out.push((path, Node { meta, kind }));
    }
    out.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(Registration { files: out, record })
}

/// `NAME.list`: the root first, then the paths as packaged, in the archive's order.
fn list(package: &LockedPackage, entries: &[(TreePath, Node)]) -> Result<Vec<u8>, DatabaseError> {
    let size = entries.iter().map(|(path, _)| path.as_bytes().len() + 2);
    let mut out = Vec::with_capacity(3 + size.sum::<usize>());
    out.extend_from_slice(b"/.\n");
    for (path, _) in entries {
        if path.as_bytes().contains(&b'\n') {
            return Err(DatabaseError::LineBreak {
                package: package.name.clone(),
                path: path.clone(),
            });
        }
        out.push(b'/');
        out.extend_from_slice(path.as_bytes());
        out.push(b'\n');
    }
    Ok(out)
}

/// A file without the lines of paths that another package took over.
pub(super) fn without(file: &TreePath, bytes: &[u8], gone: &BTreeSet<TreePath>) -> Option<Vec<u8>> {
    let suffix = file.name().rsplit(|&byte| byte == b'.').next()?;
    let path_of: fn(&[u8]) -> Option<&[u8]> = match suffix {
        b"list" => |line| line.strip_prefix(b"/"),
        // The digest, two spaces (the second may be a `*`), the path without a leading slash.
        b"md5sums" => |line| line.get(34..),
        _ => return None,
    };
    let stays = |line: &&[u8]| {
        let bare = line.strip_suffix(b"\n").unwrap_or(line);
        path_of(bare).is_none_or(|path| !gone.contains(path))
    };
    let out: Vec<u8> = bytes
        .split_inclusive(|&byte| byte == b'\n')
        .filter(stays)
        .flatten()
        .copied()
        .collect();
    (out.len() != bytes.len()).then_some(out)
}

/// A conffile and its digest, as `status` lists it.
pub(super) type Conffile = (TreePath, String);

/// MD5 of a package's files: no security rests on it, dpkg's database is made of it.
struct Sums<'a> {
    package: &'a LockedPackage,
    entries: &'a [(TreePath, Node)],
    contents: &'a dyn Contents,
}

impl Sums<'_> {
    /// `NAME.md5sums` as dpkg makes it where a package has none: every regular file.
    fn all(&self) -> Result<Vec<u8>, DatabaseError> {
        let mut out = Vec::new();
        let mut known: BTreeMap<&TreePath, String> = BTreeMap::new();
        for (path, node) in self.entries {
            let sum = match &node.kind {
                Kind::File(blob) => self.of(path, blob)?,
                Kind::Hardlink(target) => match known.get(target) {
                    Some(sum) => sum.clone(),
                    None => continue,
                },
                _ => continue,
            };
            out.extend_from_slice(sum.as_bytes());
            out.extend_from_slice(b"  ");
            out.extend_from_slice(path.as_bytes());
            out.push(b'\n');
            known.insert(path, sum);
        }
        Ok(out)
    }

    /// The digests of the conffiles that the package ships, in its own order.
    fn of_conffiles(&self, named: &[control::Conffile]) -> Result<Vec<Conffile>, DatabaseError> {
        if named.is_empty() {
            return Ok(Vec::new());
        }
        let wanted: BTreeSet<&TreePath> = named.iter().map(|conffile| &conffile.path).collect();
        let mut sums: BTreeMap<&TreePath, String> = BTreeMap::new();
        for (path, node) in self
            .entries
            .iter()
            .filter(|(path, _)| wanted.contains(path))
        {
            if let Some(blob) = self.blob(&node.kind) {
                sums.insert(path, self.of(path, blob)?);
            }
        }
        let sum = |one: &control::Conffile| match one.obsolete {
            // As dpkg keeps one that is to be removed on upgrade, which the package does not ship.
            true => Some((one.path.clone(), "newconffile remove-on-upgrade".to_owned())),
            // One that is not shipped has no digest.
            false => Some((one.path.clone(), sums.get(&one.path)?.clone())),
        };
        Ok(named.iter().filter_map(sum).collect())
    }

    /// The content of a file or of what a hard link names.
    fn blob<'b>(&'b self, kind: &'b Kind) -> Option<&'b Blob> {
        match kind {
            Kind::File(blob) => Some(blob),
            Kind::Hardlink(target) => {
                self.entries
                    .iter()
                    .find_map(|(path, node)| match &node.kind {
                        Kind::File(blob) if path == target => Some(blob),
                        _ => None,
                    })
            }
            _ => None,
        }
    }

    fn of(&self, path: &TreePath, blob: &Blob) -> Result<String, DatabaseError> {
        let mut hasher = md5::Md5::new();
        match &blob.at {
            Location::Inline(bytes) => hasher.update(bytes),
            Location::Pack { pack, offset } => {
                let mut buffer = vec![0; blob.size.min(256 * 1024) as usize];
                let mut done = 0;
                while done < blob.size {
                    let length = (blob.size - done).min(buffer.len() as u64) as usize;
                    let part = &mut buffer[..length];
                    let read = self.contents.read_at(*pack, offset + done, part);
                    read.map_err(|cause| DatabaseError::Content {
                        package: self.package.name.clone(),
                        path: path.clone(),
                        cause,
                    })?;
                    hasher.update(&*part);
                    done += length as u64;
                }
            }
        }
        Ok(hasher
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect())
    }
}
