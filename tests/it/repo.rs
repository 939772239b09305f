//! Makes and signs Debian repositories on disk: one suite under `dists/`, packages under `pool/`.
//!
//! ```text
//! Repo::new("trixie").deb("a_1_all.deb", deb, control).write(directory, &key, now)
//! ```

#![allow(dead_code)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use sha2::Digest as _;

#[path = "../../src/trust/testing.rs"]
mod testing;

pub(crate) use testing::TestKey;

use crate::make::Packing;

/// A suite with its packages.
#[derive(Clone)]
pub(crate) struct Repo {
    /// `dists/SUITE/`; also Suite and Codename of its Release.
    pub(crate) suite: String,
    /// Seconds after `now` of [`Repo::write`]; one hour before it unless a test says otherwise.
    pub(crate) age: i64,
    /// Further lines of the Release, each with its line end.
    pub(crate) fields: String,
    /// The architectures that have an index; packages for `all` are in each.
    pub(crate) arches: Vec<String>,
    /// How indexes are packed.
    pub(crate) packing: Packing,
    /// Whether indexes lie under their digests too.
    pub(crate) by_hash: bool,
    /// File name in the pool -> the package and its control paragraph.
    debs: BTreeMap<String, (Vec<u8>, String)>,
}

impl Repo {
    /// An empty suite for amd64.
    pub(crate) fn new(suite: &str) -> Self {
        Self {
            suite: suite.into(),
            age: 3600,
            fields: String::new(),
            arches: vec!["amd64".into()],
            packing: Packing::Xz,
            by_hash: false,
            debs: BTreeMap::new(),
        }
    }

    /// Adds a package: its file name in the pool, its bytes, its control paragraph.
    pub(crate) fn deb(mut self, name: &str, bytes: Vec<u8>, control: &str) -> Self {
        self.debs.insert(name.into(), (bytes, control.into()));
        self
    }

    /// The Packages file of an architecture.
    pub(crate) fn packages(&self, arch: &str) -> String {
        let mut out = String::new();
        for (name, (bytes, control)) in &self.debs {
            let of = |value: &str| {
                control
                    .lines()
                    .any(|line| line == format!("Architecture: {value}"))
            };
            if of(arch) || of("all") {
                let control = control.trim_end();
                let (size, digest) = (bytes.len(), hex(bytes));
                write!(
                    out,
                    "{control}\nFilename: pool/{name}\nSize: {size}\nSHA256: {digest}\n\n"
                )
                .unwrap();
            }
        }
        out
    }

    /// Every file below the suite's directory but the Release, and the Release's text.
    pub(crate) fn files(&self, now: i64) -> (BTreeMap<String, Vec<u8>>, String) {
        let mut files = BTreeMap::new();
        let mut listed = String::new();
        for arch in &self.arches {
            let plain = self.packages(arch).into_bytes();
            let packed = self.packing.pack(&plain);
            let path = format!("main/binary-{arch}/Packages");
            let own = format!("{path}{}", self.packing.suffix());
            writeln!(listed, " {} {} {path}", hex(&plain), plain.len()).unwrap();
            if own != path {
                writeln!(listed, " {} {} {own}", hex(&packed), packed.len()).unwrap();
            }
            if self.by_hash {
                let by_hash = format!("main/binary-{arch}/by-hash/SHA256/{}", hex(&packed));
                files.insert(by_hash, packed.clone());
            }
            files.insert(own, packed);
        }
        let Self { suite, fields, .. } = self;
        let by_hash = if self.by_hash {
            "Acquire-By-Hash: yes\n"
        } else {
            ""
        };
        let release = format!(
            "Origin: Test\nSuite: {suite}\nCodename: {suite}\nDate: {}\nArchitectures: {}\n\
             Components: main\n{by_hash}{fields}SHA256:\n{listed}",
            date(now - self.age),
            self.arches.join(" "),
        );
        (files, release)
    }

    /// Writes the repository below `directory`, signed by `key` as InRelease, and as Release with
    /// Release.gpg.
    pub(crate) fn write(&self, directory: &Path, key: &TestKey, now: i64) {
        let (mut files, release) = self.files(now);
        let signed = now - self.age;
        files.insert(
            "InRelease".into(),
            key.clear_sign(release.as_bytes(), signed),
        );
        files.insert(
            "Release.gpg".into(),
            key.detach_sign(release.as_bytes(), signed),
        );
        files.insert("Release".into(), release.into_bytes());
        for (path, bytes) in &files {
            put(&directory.join("dists").join(&self.suite).join(path), bytes);
        }
        for (name, (bytes, _)) in &self.debs {
            put(&directory.join("pool").join(name), bytes);
        }
    }
}

fn put(path: &Path, bytes: &[u8]) {
    fs_err::create_dir_all(path.parent().unwrap()).unwrap();
    fs_err::write(path, bytes).unwrap();
}

/// The digest as a Release and an index write it.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digest = sha2::Sha256::digest(bytes);
    digest.iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").unwrap();
        out
    })
}

/// The date as a Release writes it.
pub(crate) fn date(at: i64) -> String {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let text = rootlock::model::Epoch(at).to_string();
    let month: usize = text[5..7].parse().unwrap();
    let (year, day, clock) = (&text[..4], &text[8..10], &text[11..19]);
    format!("Thu, {day} {} {year} {clock} UTC", MONTHS[month - 1])
}

#[test]
fn what_it_signs_is_accepted() {
    use rootlock::model::Epoch;
    use rootlock::trust::openpgp::{Keyring, verify_cleartext, verify_detached};
    let now = 1_780_272_000;
    let key = TestKey::new(now - 86_400, None);
    let dir = tempfile::tempdir().unwrap();
    let control = "Package: a\nVersion: 1\nArchitecture: all\nMaintainer: x\nDescription: x\n";
    let repo = Repo::new("trixie").deb("a_1_all.deb", b"deb".to_vec(), control);
    repo.write(dir.path(), &key, now);
    let read = |name: &str| fs_err::read(dir.path().join("dists/trixie").join(name)).unwrap();
    let keyring = Keyring::parse("test", &key.public()).unwrap();
    let inline = verify_cleartext(&read("InRelease"), &keyring, Epoch(now)).unwrap();
    let (text, signature) = (read("Release"), read("Release.gpg"));
    let detached = verify_detached(&text, &signature, &keyring, Epoch(now)).unwrap();
    assert_eq!(inline, detached);
    assert!(
        repo.packages("amd64")
            .contains("Filename: pool/a_1_all.deb\nSize: 3\n")
    );
    assert!(
        dir.path()
            .join("dists/trixie/main/binary-amd64/Packages.xz")
            .is_file()
    );
}
