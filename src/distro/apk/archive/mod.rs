//! Packages, apk-v2(5): gzip members of tar streams, `[signatures][control][data]`, in one pass.
//!
//! The bytes of a package come in; the entries of its data go to a [`Sink`] in the archive's order,
//! its control files come back under their names with the dot, and beside them [`CHECKSUMS`]. What
//! apk 3 accepts is accepted and no more; what it leaves out with a warning and then counts as a
//! broken package is refused. Guaranteed of what comes out:
//!
//! - the control part is the one that the index lists, by its checksum; the data part is the one
//!   that the control part lists, by its datahash; nothing follows it;
//! - `.PKGINFO` names the locked package;
//! - every path is written plainly, its directory has an entry before it, a hard link's target too;
//! - what a part unpacks to is bounded, absolutely and by its own size.
//!
//! Errors of the data part come after its entries: a sink's work is void then.

mod bounded;
mod error;
mod part;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashSet};
use std::io::{BufReader, Read};

use super::checksum;
use super::pkginfo::PkgInfo;
use super::trust::{self, Keyring, Signatures};
use crate::distro::tarball::{self, Hand, Limits, TarError};
use crate::distro::{Control, ControlFile, Entry, EntryKind, Fault, Sink};
use crate::model::{Arch, Key, LockedPackage, Sha256};
use crate::tree::TreePath;
use crate::trust::rsa::Hash;
pub(super) use bounded::Bounded;
use error::{ArchiveError, Cause};
use part::{Stop, Tee, wrong};

/// Raised whenever [`unpack`] gives another result.
pub(super) const REVISION: u32 = 2;

/// The name of the control file that no package can have: for each entry but directories, in the
/// archive's order, a byte that is 1 and the SHA-1 that the archive gives of it, or one that is 0.
pub(super) const CHECKSUMS: &str = "checksums";

/// The name under which [`unpack`] returns whom the archive's names of owners stand for: `u` or `g`,
/// the name and the number, one owner to a line. apk itself goes by the names.
pub(super) const OWNERS: &str = "owners";

/// More owners than the files of any package have.
const MAX_OWNERS: usize = 64;

/// Input and output of decoders are moved in pieces of this size, for the sake of speed.
const PIECE: usize = 256 << 10;
/// What the decoder takes: inflate's window and the pieces, with room to spare.
const MEMORY: u64 = 2 << 20;
/// What a control part may unpack to.
const MAX_CONTROL: u64 = 64 << 20;
/// apk's own bound for a script.
const MAX_SCRIPT: u64 = 256 << 10;
/// `.PKGINFO`: the largest in Alpine, with thousands of provided names, has some 100 KiB.
const MAX_INFO: u64 = 8 << 20;
/// The headers of a control part: eight files, and what apk passes over.
const CONTROL_LIMITS: Limits = Limits {
    headers: 1024,
    names: 1 << 20,
    plain: true,
};
/// A data part may unpack to this in any case ...
const DATA_FREE: u64 = 1 << 30;
/// ... and beyond to this many times the package's size, which no real content reaches, ...
const DATA_RATIO: u64 = 200;
/// ... but never to more than this: many times the largest package in Alpine.
const MAX_DATA: u64 = 32 << 30;
/// Several times what the package with most files in Alpine has.
const DATA_LIMITS: Limits = Limits {
    headers: 1 << 20,
    names: 128 << 20,
    plain: true,
};
/// The scripts that apk knows, as entries name them.
pub(super) const SCRIPTS: [&str; 7] = [
    ".pre-install",
    ".post-install",
    ".pre-deinstall",
    ".post-deinstall",
    ".pre-upgrade",
    ".post-upgrade",
    ".trigger",
];

/// See `Distro::vouch`.
pub(super) fn vouch(
    package: &LockedPackage,
    arch: Arch,
    keys: &[Key],
    archive: &mut (dyn Read + Send),
) -> Result<(), Fault> {
    struct Discard;
    impl Sink for Discard {
        fn entry(&mut self, _: Entry, _: &mut dyn Read) -> Result<(), Fault> {
            Ok(())
        }
    }
    let keyring = Keyring::new(arch, keys)?;
    let read = read(package, Some(&keyring), archive, &mut Discard);
    read.map(drop).map_err(|stop| explained(package, stop))
}

/// See `Distro::unpack`.
pub(super) fn unpack(
    package: &LockedPackage,
    archive: &mut (dyn Read + Send),
    sink: &mut dyn Sink,
) -> Result<Control, Fault> {
    read(package, None, archive, sink).map_err(|stop| explained(package, stop))
}

fn explained(locked: &LockedPackage, stop: Stop) -> Fault {
    let package = format!("{} {}", locked.name, locked.version);
    match stop {
        Stop::Refused(fault) => fault,
        Stop::Other(field, found, locked) => Box::new(ArchiveError::Other {
            package,
            field,
            found,
            locked,
        }),
        Stop::Bad(source @ (Cause::Identity { .. } | Cause::DataHash | Cause::Trust(_))) => {
            Box::new(ArchiveError::Unproven { package, source })
        }
        Stop::Bad(source) => Box::new(ArchiveError::Malformed { package, source }),
    }
}

fn read(
    package: &LockedPackage,
    keyring: Option<&Keyring>,
    archive: &mut (dyn Read + Send),
    sink: &mut dyn Sink,
) -> Result<Control, Stop> {
    sink.need(MEMORY);
    let mut input = Tee::new(BufReader::with_capacity(PIECE, archive));
    trust::is_v2(input.peek()?)?;

    let all = [Hash::Sha1, Hash::Sha256, Hash::Sha512];
    let mut signatures = Signatures::default();
    let mut control = Control::new();
    // The signatures are optional: what the first part is its first entry says.
    let mut unsigned = false;
    input.digest(&all);
    input.walk(
        "control",
        MAX_CONTROL,
        CONTROL_LIMITS,
        &mut |entry, content| {
            if !unsigned && signatures.take(&entry, content)? {
                return Ok(());
            }
            unsigned = true;
            control_file(&mut control, &entry, content)
        },
    )?;
    if let Some(found) = signatures.into_found() {
        input.digest(&all);
        input.walk(
            "control",
            MAX_CONTROL,
            CONTROL_LIMITS,
            &mut |entry, content| control_file(&mut control, &entry, content),
        )?;
        if let Some(keyring) = keyring {
            keyring.judge(&found, |hash| input.digest_of(hash))?;
        }
    }
    identify(package, &input)?;
    let data_hash = is_locked(package, &control)?;

    let mut data = Data {
        installs: installs(&control),
        ..Data::default()
    };
    if !data.installs {
        control.retain(|name, _| name == ".PKGINFO");
    }
    let limit = package.size.saturating_mul(DATA_RATIO);
    let limit = limit.clamp(DATA_FREE, MAX_DATA);
    input.digest(&[Hash::Sha256]);
    input.walk("data", limit, DATA_LIMITS, &mut |entry, content| {
        data.entry(entry, content, sink)
    })?;
    if input.digest_of(Hash::Sha256).as_deref() != Some(data_hash.as_bytes()) {
        return Err(Cause::DataHash.into());
    }
    if !input.peek()?.is_empty() {
        return Err(Cause::Shape("goes on after its data part").into());
    }
    let checksums = ControlFile {
        mode: 0,
        mtime: 0,
        bytes: data.checksums,
    };
    let lines = data.owners.iter();
    let lines: String = lines
        .map(|(kind, name, id)| format!("{kind} {name} {id}\n"))
        .collect();
    if !lines.is_empty() {
        let owners = ControlFile {
            bytes: lines.into_bytes(),
            ..checksums.clone()
        };
        control.insert(OWNERS.into(), owners);
    }
    control.insert(CHECKSUMS.into(), checksums);
    Ok(control)
}

/// Whether the control part, which has just been read, is the one that the index lists.
fn identify(package: &LockedPackage, input: &Tee<'_>) -> Result<(), Stop> {
    let Some(locked) = &package.checksum else {
        return Ok(());
    };
    let known = checksum::parse(locked);
    let Some((hash, digest)) = known else {
        return Err(Cause::Shape("is locked with a checksum of an unknown kind").into());
    };
    let found = input.digest_of(hash);
    if found.as_ref() == Some(&digest) {
        return Ok(());
    }
    let found = match found {
        Some(found) if hash == Hash::Sha1 => checksum::q1(&found),
        Some(_) => "Q2...".into(),
        None => "of an attack on SHA-1".into(),
    };
    let locked = locked.clone();
    Err(Cause::Identity { found, locked }.into())
}

/// Whether `.PKGINFO` names the package that the lockfile has; its datahash comes back.
fn is_locked(package: &LockedPackage, control: &Control) -> Result<Sha256, Stop> {
    let Some(file) = control.get(".PKGINFO") else {
        return Err(Cause::Shape("has no .PKGINFO").into());
    };
    let info = PkgInfo::new(&file.bytes);
    for key in ["pkgname", "pkgver", "arch", "datahash"] {
        if info.all(key).count() > 1 {
            return Err(Cause::Shape("names itself twice in its .PKGINFO").into());
        }
    }
    // An index may list a package for any architecture under its own: `apk index --rewrite-arch`.
    let arch = match info.last("arch") {
        None | Some(b"noarch") => package.arch.as_bytes(),
        Some(arch) => arch,
    };
    let fields = [
        ("pkgname", info.last("pkgname"), package.name.as_str()),
        ("pkgver", info.last("pkgver"), package.version.as_str()),
        ("arch", Some(arch), &*package.arch),
    ];
    for (field, found, locked) in fields {
        let found = found.unwrap_or_default();
        if found != locked.as_bytes() {
            let found = found[..found.len().min(200)].escape_ascii().to_string();
            return Err(Stop::Other(field, found, locked.into()));
        }
    }
    let hash = info.text("datahash");
    let hash = hash.and_then(|hex| Sha256::from_hex(&hex.to_ascii_lowercase()).ok());
    hash.ok_or_else(|| Cause::Shape("has no datahash in its .PKGINFO").into())
}

/// Whether apk opens the package at all: one whose files are said to take no room has none to it,
/// nor scripts, whatever is in the archive.
pub(super) fn installs(control: &Control) -> bool {
    let info = control.get(".PKGINFO");
    info.is_some_and(|file| PkgInfo::new(&file.bytes).number("size") != 0)
}

/// Keeps one file of the control part.
fn control_file(control: &mut Control, entry: &Entry, content: &mut dyn Read) -> Result<(), Stop> {
    let path = entry.path.as_ref().map_or(&b""[..], TreePath::as_bytes);
    let bad = |why| wrong("control", path, why);
    if !path.starts_with(b".") || path.contains(&b'/') {
        return Err(bad("does not belong there"));
    }
    let known = |name: &&str| name.as_bytes() == path;
    let (name, limit) = match path {
        b".INSTALL" => return Err(bad("is of a format that apk no longer reads")),
        b".PKGINFO" => (".PKGINFO", MAX_INFO),
        _ if path.starts_with(b".SIGN.") => return Err(bad("is in the wrong place")),
        _ => match SCRIPTS.iter().find(|name| known(name)) {
            Some(name) => (*name, MAX_SCRIPT),
            // Of a maker that knows more: apk passes over it too.
            None => return Ok(()),
        },
    };
    let EntryKind::File(size) = entry.kind else {
        return Err(bad("is not a regular file"));
    };
    if size > limit {
        return Err(bad("is larger than apk allows"));
    }
    let mut bytes = Vec::new();
    let read = content.read_to_end(&mut bytes);
    read.map_err(|error| part::bad("control", error))?;
    if bytes.len() as u64 != size {
        return Err(bad("is cut off"));
    }
    let file = ControlFile {
        mode: entry.meta.mode,
        mtime: entry.meta.mtime,
        bytes,
    };
    control.insert(name.to_owned(), file);
    Ok(())
}

/// What is known of the data part so far.
#[derive(Default)]
struct Data {
    /// See [`installs`].
    installs: bool,
    /// The directories that have an entry.
    directories: HashSet<TreePath>,
    /// See [`CHECKSUMS`].
    checksums: Vec<u8>,
    /// See [`OWNERS`].
    owners: BTreeSet<(char, Box<str>, u32)>,
}

impl Data {
    fn entry(
        &mut self,
        entry: Entry,
        content: &mut dyn Read,
        sink: &mut dyn Sink,
    ) -> Result<(), Stop> {
        let Some(path) = &entry.path else {
            return Ok(());
        };
        // apk passes over everything below a name with a dot in the root.
        if path.as_bytes().starts_with(b".") {
            return Ok(());
        }
        if entry.kind == EntryKind::Directory {
            self.directories.insert(path.clone());
        } else {
            let bad = |why| wrong("data", path.as_bytes(), why);
            if path
                .parent()
                .is_some_and(|parent| !self.directories.contains(&parent))
            {
                return Err(bad("is in a directory that has no entry before it"));
            }
            match &entry.kind {
                EntryKind::Hardlink(target) if target.as_bytes().starts_with(b".") => {
                    return Err(bad("is a hard link to a file that is left out"));
                }
                EntryKind::File(_) if entry.sha1.is_none() => {
                    return Err(bad("has no checksum of apk's"));
                }
                _ => {}
            }
            match &entry.sha1 {
                _ if !self.installs => {}
                Some(sha1) => {
                    self.checksums.push(1);
                    self.checksums.extend_from_slice(sha1);
                }
                None => self.checksums.push(0),
            }
        }
        if !self.installs {
            return Ok(());
        }
        let ids = [('u', entry.meta.uid), ('g', entry.meta.gid)];
        for ((kind, id), name) in ids.into_iter().zip(&entry.names) {
            if let Some(name) = name
                && self.owners.len() < MAX_OWNERS
            {
                self.owners.insert((kind, name.clone(), id));
            }
        }
        tarball::hand(sink, entry, content).map_err(|why| match why {
            Hand::Refused(fault) => Stop::Refused(fault),
            Hand::Failed(error) => part::bad("data", error),
            Hand::Cut => part::bad("data", TarError::Archive("is cut off")),
        })
    }
}
