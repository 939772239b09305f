//! Makes Alpine packages and indexes in memory for tests, good ones and others.
//!
//! It uses nothing of the crate, so that the tests outside it include this very file. [`Apk`] makes
//! packages as abuild does; [`Parts`], [`gzip`] and [`signatures`] are the pieces, for archives that
//! nobody should make.

#![allow(dead_code, unused_imports, clippy::unwrap_used)]

#[allow(clippy::duplicate_mod, reason = "it uses nothing of the crate")]
#[path = "../../../trust/rsa_testing.rs"]
mod rsa_testing;
#[allow(clippy::duplicate_mod, reason = "it uses nothing of the crate")]
#[path = "../../deb/testing/tar.rs"]
mod tar;

use std::io::Write as _;

use base64::Engine as _;
use sha2::Digest as _;

pub(crate) use rsa_testing::TestRsa;
pub(crate) use tar::{MTIME, Tar, TarEntry, pax};

/// A package in the making.
#[derive(Debug, Clone)]
pub(crate) struct Apk {
    /// Lines of `.PKGINFO`; the datahash is added.
    pub(crate) info: String,
    /// The scripts, by name with the dot.
    pub(crate) control: Vec<TarEntry>,
    pub(crate) data: Vec<TarEntry>,
}

impl Apk {
    /// Nothing but a name, for x86_64.
    pub(crate) fn new(name: &str, version: &str) -> Self {
        Self {
            info: format!("pkgname = {name}\npkgver = {version}\narch = x86_64\nsize = 4096\n"),
            control: Vec::new(),
            data: Vec::new(),
        }
    }

    /// With a line of `.PKGINFO`.
    pub(crate) fn line(mut self, line: &str) -> Self {
        self.info += line;
        self.info.push('\n');
        self
    }

    /// With a script: `.pre-install`.
    pub(crate) fn script(mut self, name: &str, text: &str) -> Self {
        let mut entry = TarEntry::file(name, text.as_bytes());
        entry.mode = 0o755;
        self.control.push(entry);
        self
    }

    pub(crate) fn entry(mut self, entry: TarEntry) -> Self {
        self.data.push(entry);
        self
    }

    pub(crate) fn dir(self, path: &str) -> Self {
        self.entry(TarEntry::new(b'5', path))
    }

    /// A file with the checksum that abuild gives it.
    pub(crate) fn file(self, path: &str, content: &str) -> Self {
        let entry = TarEntry::file(path, content.as_bytes());
        self.entry(entry.pax(CHECKSUM, hex(&sha1(content.as_bytes())).as_bytes()))
    }

    pub(crate) fn link(self, path: &str, target: &str) -> Self {
        let mut entry = TarEntry::link(b'2', path, target);
        entry.mode = 0o777;
        self.entry(entry.pax(CHECKSUM, hex(&sha1(target.as_bytes())).as_bytes()))
    }

    pub(crate) fn hardlink(self, path: &str, target: &str) -> Self {
        self.entry(TarEntry::link(b'1', path, target))
    }

    /// The parts, with the datahash of the data in the control.
    pub(crate) fn parts(&self) -> Parts {
        let mut data = Tar::default();
        for entry in &self.data {
            data.add(entry);
        }
        let data = gzip(&data.end());
        let hash = hex(&sha2::Sha256::digest(&data));
        let info = format!("{}datahash = {hash}\n", self.info);
        self.parts_with(&info, data)
    }

    /// The parts, with this very text of `.PKGINFO` and these compressed data.
    pub(crate) fn parts_with(&self, info: &str, data: Vec<u8>) -> Parts {
        let mut control = Tar::default();
        control.add(&TarEntry::file(".PKGINFO", info.as_bytes()));
        for entry in &self.control {
            control.add(entry);
        }
        Parts {
            control: gzip(&control.0),
            data,
        }
    }
}

const CHECKSUM: &str = "APK-TOOLS.checksum.SHA1";

/// The compressed parts of a package.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    pub(crate) control: Vec<u8>,
    pub(crate) data: Vec<u8>,
}

impl Parts {
    /// What an index says of it: `C:`.
    pub(crate) fn checksum(&self) -> String {
        checksum(&self.control)
    }

    /// The package without a signature.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        [&self.control[..], &self.data].concat()
    }

    /// The package with a signature of its control part.
    pub(crate) fn signed(&self, algorithm: &str, key: &TestRsa, name: &str) -> Vec<u8> {
        let signature = sign(algorithm, key, &self.control);
        let member = signatures(&[(&format!("{algorithm}.{name}"), &signature)]);
        [&member[..], &self.bytes()].concat()
    }
}

/// `Q1` and the base64 of the SHA-1.
pub(crate) fn checksum(bytes: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(sha1(bytes));
    format!("Q1{text}")
}

/// An index, not yet signed: one gzip member. `records` is the text of APKINDEX.
pub(crate) fn index(records: &str, mtime: i64) -> Vec<u8> {
    let mut tar = Tar::default();
    for (name, text) in [("DESCRIPTION", "test"), ("APKINDEX", records)] {
        let mut entry = TarEntry::file(name, text.as_bytes());
        entry.mtime = mtime;
        tar.add(&entry);
    }
    gzip(&tar.end())
}

/// A file with a signature of all of it.
pub(crate) fn signed(algorithm: &str, key: &TestRsa, name: &str, file: &[u8]) -> Vec<u8> {
    let signature = sign(algorithm, key, file);
    let member = signatures(&[(&format!("{algorithm}.{name}"), &signature)]);
    [&member[..], file].concat()
}

/// Signs with `RSA`, `RSA256` or `RSA512`.
pub(crate) fn sign(algorithm: &str, key: &TestRsa, covered: &[u8]) -> Vec<u8> {
    let (oid, digest): (&[u8], Vec<u8>) = match algorithm {
        "RSA" => (b"\x2b\x0e\x03\x02\x1a", sha1(covered)),
        "RSA256" => (
            b"\x60\x86\x48\x01\x65\x03\x04\x02\x01",
            sha2::Sha256::digest(covered).to_vec(),
        ),
        "RSA512" => (
            b"\x60\x86\x48\x01\x65\x03\x04\x02\x03",
            sha2::Sha512::digest(covered).to_vec(),
        ),
        _ => panic!("{algorithm}"),
    };
    // DigestInfo, RFC 8017 A.2.4: a sequence of the algorithm with a NULL and the digest.
    let (oid_length, length) = (oid.len() as u8, digest.len() as u8);
    let head = [
        0x30,
        8 + oid_length + length,
        0x30,
        4 + oid_length,
        6,
        oid_length,
    ];
    let prefix = [&head, oid, &[5, 0, 4, length]].concat();
    key.sign(&prefix, &digest)
}

/// The gzip member of entries `.SIGN.NAME`.
pub(crate) fn signatures(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = Tar::default();
    for (name, bytes) in entries {
        tar.add(&TarEntry::file(&format!(".SIGN.{name}"), bytes));
    }
    gzip(&tar.0)
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

pub(crate) fn sha1(bytes: &[u8]) -> Vec<u8> {
    let mut hasher = sha1collisiondetection::Sha1CD::default();
    hasher.update(bytes);
    hasher.finalize_cd().unwrap().to_vec()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
