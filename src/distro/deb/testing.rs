//! Makes packages in memory for tests, good ones and others.
//!
//! It uses nothing of the crate, so that the tests outside it include this very file. [`Deb`] makes
//! packages as dpkg-deb does; [`Tar`] and [`ar`] are the pieces, for archives that nobody should
//! make.

#![allow(dead_code, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::io::Write;

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

/// One entry of a tar archive: the fields of its header, to be set to anything.
#[derive(Debug, Clone)]
pub(crate) struct TarEntry {
    pub(crate) path: Vec<u8>,
    pub(crate) kind: u8,
    pub(crate) link: Vec<u8>,
    pub(crate) content: Vec<u8>,
    /// What the header says of the content's size, where that is a lie.
    pub(crate) size: Option<u64>,
    pub(crate) mode: u32,
    pub(crate) uid: u64,
    pub(crate) gid: u64,
    pub(crate) mtime: i64,
    pub(crate) device: (u32, u32),
    /// Keys and values of a pax header before it.
    pub(crate) pax: Vec<(String, Vec<u8>)>,
}

impl TarEntry {
    /// An entry of the type that tar knows by the letter `kind`.
    pub(crate) fn new(kind: u8, path: &str) -> Self {
        Self {
            path: path.into(),
            kind,
            link: Vec::new(),
            content: Vec::new(),
            size: None,
            mode: if kind == b'5' { 0o755 } else { 0o644 },
            uid: 0,
            gid: 0,
            mtime: MTIME,
            device: (0, 0),
            pax: Vec::new(),
        }
    }

    pub(crate) fn file(path: &str, content: &[u8]) -> Self {
        let mut entry = Self::new(b'0', path);
        entry.content = content.to_vec();
        entry
    }

    pub(crate) fn link(kind: u8, path: &str, target: &str) -> Self {
        let mut entry = Self::new(kind, path);
        entry.link = target.into();
        entry
    }

    /// With a pax record before it.
    pub(crate) fn pax(mut self, key: &str, value: &[u8]) -> Self {
        self.pax.push((key.into(), value.into()));
        self
    }
}

/// The mtime of what says nothing else: 2024-01-02T03:04:05Z.
pub(crate) const MTIME: i64 = 1_704_164_645;

/// A tar archive in GNU's format, as dpkg-deb makes it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tar(pub(crate) Vec<u8>);

impl Tar {
    /// Adds one entry; a long path or link as GNU does, with `L` and `K`.
    pub(crate) fn add(&mut self, entry: &TarEntry) -> &mut Self {
        if !entry.pax.is_empty() {
            self.extension(b'x', &pax(&entry.pax));
        }
        for (kind, name) in [(b'K', &entry.link), (b'L', &entry.path)] {
            if name.len() > 100 {
                self.extension(kind, &[name, &b"\0"[..]].concat());
            }
        }
        self.raw(entry)
    }

    /// Adds a header that says something of the entry after it.
    pub(crate) fn extension(&mut self, kind: u8, content: &[u8]) -> &mut Self {
        let mut entry = TarEntry::new(kind, "././@LongLink");
        entry.content = content.to_vec();
        self.raw(&entry)
    }

    /// Adds header and content of one entry and nothing else.
    pub(crate) fn raw(&mut self, entry: &TarEntry) -> &mut Self {
        let mut header = [0u8; 512];
        let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &entry.path[..entry.path.len().min(100)]);
        put(100, &number(entry.mode.into(), 8));
        put(108, &number(entry.uid as i64, 8));
        put(116, &number(entry.gid as i64, 8));
        let size = entry.size.unwrap_or(entry.content.len() as u64);
        put(124, &number(size as i64, 12));
        put(136, &number(entry.mtime, 12));
        put(148, b"        ");
        put(156, &[entry.kind]);
        put(157, &entry.link[..entry.link.len().min(100)]);
        put(257, b"ustar  \0");
        put(265, b"root");
        put(297, b"root");
        if matches!(entry.kind, b'3' | b'4') {
            put(329, &number(entry.device.0.into(), 8));
            put(337, &number(entry.device.1.into(), 8));
        }
        self.header(header);
        self.0.extend_from_slice(&entry.content);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    /// Adds a header as it is, but for the checksum.
    pub(crate) fn header(&mut self, mut header: [u8; 512]) -> &mut Self {
        header[148..156].copy_from_slice(b"        ");
        let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        self.0.extend_from_slice(&header);
        self
    }

    /// The archive with its end.
    pub(crate) fn end(&self) -> Vec<u8> {
        let mut out = self.0.clone();
        out.resize(out.len() + 1024, 0);
        out
    }
}

/// A field of `width` bytes: octal where it fits, else GNU's base-256.
fn number(value: i64, width: usize) -> Vec<u8> {
    let digits = width - 1;
    if value >= 0 && value < 1 << (3 * digits) {
        return format!("{value:0digits$o}\0").into_bytes();
    }
    let mut field = vec![if value < 0 { 0xff } else { 0 }; width];
    let bytes = value.to_be_bytes();
    let room = width.min(8);
    field[width - room..].copy_from_slice(&bytes[8 - room..]);
    field[0] |= 0x80;
    field
}

/// Records of a pax header.
pub(crate) fn pax(records: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (key, value) in records {
        let rest = key.len() + value.len() + 3;
        let mut length = rest + 1;
        while length != rest + length.to_string().len() {
            length = rest + length.to_string().len();
        }
        write!(out, "{length} {key}=").unwrap();
        out.extend_from_slice(value);
        out.push(b'\n');
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
