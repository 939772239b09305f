//! Tar archives, good ones and others.

use std::io::Write;

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
