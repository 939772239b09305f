//! Makes packages in memory for tests, good ones and others.
//!
//! It uses nothing of the crate, so that the tests outside it include this very file. [`Deb`] makes
//! packages as dpkg-deb does; [`Tar`] and [`ar`] are the pieces, for archives that nobody should
//! make.

#![allow(dead_code, unused_imports, clippy::unwrap_used)]

mod tar;

use std::collections::BTreeMap;
use std::io::Write;

pub(crate) use tar::{MTIME, Tar, TarEntry, pax};

/// How the members of a package are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    Plain,
    Gzip,
    Xz,
    Zstd,
    Bzip2,
    Lzma,
}

impl Packing {
    pub(crate) const ALL: [Self; 6] = [
        Self::Plain,
        Self::Gzip,
        Self::Xz,
        Self::Zstd,
        Self::Bzip2,
        Self::Lzma,
    ];

    /// What a member's name ends with.
    pub(crate) fn suffix(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Gzip => ".gz",
            Self::Xz => ".xz",
            Self::Zstd => ".zst",
            Self::Bzip2 => ".bz2",
            Self::Lzma => ".lzma",
        }
    }

    pub(crate) fn pack(self, bytes: &[u8]) -> Vec<u8> {
        let xz = |stream| {
            let mut out = xz2::write::XzEncoder::new_stream(Vec::new(), stream);
            out.write_all(bytes).unwrap();
            out.finish().unwrap()
        };
        match self {
            Self::Plain => bytes.to_vec(),
            Self::Gzip => {
                let mut out =
                    flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                out.write_all(bytes).unwrap();
                out.finish().unwrap()
            }
            Self::Xz => {
                let check = xz2::stream::Check::Crc64;
                xz(xz2::stream::Stream::new_easy_encoder(0, check).unwrap())
            }
            Self::Lzma => {
                let options = xz2::stream::LzmaOptions::new_preset(0).unwrap();
                xz(xz2::stream::Stream::new_lzma_encoder(&options).unwrap())
            }
            Self::Zstd => zstd::stream::encode_all(bytes, 3).unwrap(),
            Self::Bzip2 => {
                let mut out = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
                out.write_all(bytes).unwrap();
                out.finish().unwrap()
            }
        }
    }
}

/// An ar archive of `members`, as deb(5) has it.
pub(crate) fn ar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = b"!<arch>\n".to_vec();
    for (name, bytes) in members {
        let size = bytes.len();
        writeln!(
            out,
            "{name:<16}{:<12}{:<6}{:<6}{:<8}{size:<10}`",
            0, 0, 0, "100644"
        )
        .unwrap();
        out.extend_from_slice(bytes);
        if size % 2 == 1 {
            out.push(b'\n');
        }
    }
    out
}

/// A package to be made.
#[derive(Debug, Clone)]
pub(crate) struct Deb {
    fields: Vec<(String, String)>,
    control: BTreeMap<String, (u32, Vec<u8>)>,
    entries: Vec<TarEntry>,
    packing: Packing,
    conffiles: String,
}

impl Deb {
    /// A package of architecture `all` with nothing in it, compressed by xz.
    pub(crate) fn new(name: &str, version: &str) -> Self {
        let deb = Self {
            fields: Vec::new(),
            control: BTreeMap::new(),
            entries: vec![TarEntry::new(b'5', "./")],
            packing: Packing::Xz,
            conffiles: String::new(),
        };
        deb.field("Package", name)
            .field("Version", version)
            .field("Architecture", "all")
            .field("Maintainer", "Nobody <nobody@example.org>")
            .field("Description", "made by a test")
    }

    pub(crate) fn arch(self, arch: &str) -> Self {
        self.field("Architecture", arch)
    }

    /// Sets a field of the control file, where it is or at the end.
    pub(crate) fn field(mut self, name: &str, value: &str) -> Self {
        match self.fields.iter_mut().find(|(other, _)| other == name) {
            Some((_, old)) => *old = value.into(),
            None => self.fields.push((name.into(), value.into())),
        }
        self
    }

    /// The value of a field.
    pub(crate) fn get(&self, name: &str) -> &str {
        let field = self.fields.iter().find(|(other, _)| other == name);
        field.map_or("", |(_, value)| value)
    }

    /// The control file, which is also the package's stanza in an index but for what the index
    /// adds.
    pub(crate) fn control(&self) -> String {
        let lines = self.fields.iter();
        lines
            .map(|(name, value)| format!("{name}: {value}\n"))
            .collect()
    }

    /// Adds a file to the control archive: executable where it is a maintainer script.
    pub(crate) fn script(mut self, name: &str, content: &str) -> Self {
        let scripts = ["preinst", "postinst", "prerm", "postrm", "config"];
        let mode = if scripts.contains(&name) {
            0o755
        } else {
            0o644
        };
        self.control.insert(name.into(), (mode, content.into()));
        self
    }

    /// Adds any entry.
    pub(crate) fn entry(mut self, entry: TarEntry) -> Self {
        self.entries.push(entry);
        self
    }

    /// Adds the directories above `path` that are not there yet.
    fn parents(mut self, path: &str) -> Self {
        for (at, _) in path.match_indices('/') {
            let parent = format!("./{}/", &path[..at]);
            if at > 0
                && !self
                    .entries
                    .iter()
                    .any(|entry| entry.path == parent.as_bytes())
            {
                self.entries.push(TarEntry::new(b'5', &parent));
            }
        }
        self
    }

    /// Adds a directory, relative and without slashes around, and those above it.
    pub(crate) fn dir(self, path: &str, mode: u32) -> Self {
        let mut entry = TarEntry::new(b'5', &format!("./{path}/"));
        entry.mode = mode;
        self.parents(path).entry(entry)
    }

    /// Adds a file.
    pub(crate) fn file(self, path: &str, content: &[u8], mode: u32) -> Self {
        let mut entry = TarEntry::file(&format!("./{path}"), content);
        entry.mode = mode;
        self.parents(path).entry(entry)
    }

    /// Adds a file of `etc` that is a conffile.
    pub(crate) fn conffile(mut self, path: &str, content: &[u8]) -> Self {
        self.conffiles.push_str(&format!("/{path}\n"));
        self.file(path, content, 0o644)
    }

    /// Adds a symbolic link.
    pub(crate) fn symlink(self, path: &str, target: &str) -> Self {
        let mut entry = TarEntry::link(b'2', &format!("./{path}"), target);
        entry.mode = 0o777;
        self.parents(path).entry(entry)
    }

    /// Adds another name of the file at `target`.
    pub(crate) fn hardlink(self, path: &str, target: &str) -> Self {
        let entry = TarEntry::link(b'1', &format!("./{path}"), &format!("./{target}"));
        self.parents(path).entry(entry)
    }

    /// Adds a device: `b'3'` for characters, `b'4'` for blocks.
    pub(crate) fn device(self, kind: u8, path: &str, major: u32, minor: u32) -> Self {
        let mut entry = TarEntry::new(kind, &format!("./{path}"));
        entry.device = (major, minor);
        self.parents(path).entry(entry)
    }

    /// Adds a named pipe.
    pub(crate) fn fifo(self, path: &str) -> Self {
        self.parents(path)
            .entry(TarEntry::new(b'6', &format!("./{path}")))
    }

    /// Changes the entry that was added last.
    pub(crate) fn last(mut self, change: impl FnOnce(&mut TarEntry)) -> Self {
        self.entries.last_mut().map(change);
        self
    }

    /// Gives the entry that was added last an owner.
    pub(crate) fn owner(self, uid: u64, gid: u64) -> Self {
        self.last(|entry| (entry.uid, entry.gid) = (uid, gid))
    }

    /// Gives the entry that was added last a time.
    pub(crate) fn mtime(self, mtime: i64) -> Self {
        self.last(|entry| entry.mtime = mtime)
    }

    /// Gives the entry that was added last an extended attribute.
    pub(crate) fn xattr(self, name: &str, value: &[u8]) -> Self {
        let record = (format!("SCHILY.xattr.{name}"), value.to_vec());
        self.last(|entry| entry.pax.push(record))
    }

    /// Compresses both members so.
    pub(crate) fn packing(mut self, packing: Packing) -> Self {
        self.packing = packing;
        self
    }

    /// The data archive.
    pub(crate) fn data(&self) -> Vec<u8> {
        let mut tar = Tar::default();
        for entry in &self.entries {
            tar.add(entry);
        }
        tar.end()
    }

    /// The control archive.
    pub(crate) fn control_archive(&self) -> Vec<u8> {
        let mut tar = Tar::default();
        tar.add(&TarEntry::new(b'5', "./"));
        let mut files = self.control.clone();
        files.insert("control".into(), (0o644, self.control().into()));
        if !self.conffiles.is_empty() {
            files.insert("conffiles".into(), (0o644, self.conffiles.clone().into()));
        }
        for (name, (mode, bytes)) in files {
            let mut entry = TarEntry::file(&format!("./{name}"), &bytes);
            entry.mode = mode;
            tar.add(&entry);
        }
        tar.end()
    }

    /// The package.
    pub(crate) fn build(&self) -> Vec<u8> {
        let suffix = self.packing.suffix();
        ar(&[
            ("debian-binary", b"2.0\n"),
            (
                &format!("control.tar{suffix}"),
                &self.packing.pack(&self.control_archive()),
            ),
            (
                &format!("data.tar{suffix}"),
                &self.packing.pack(&self.data()),
            ),
        ])
    }
}
