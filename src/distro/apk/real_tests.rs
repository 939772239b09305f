//! Real packages of Alpine, where they are at hand, down to the database that apk itself writes.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

use super::fixtures::{locked, real};
use super::trust::{Keyring, covered};
use super::{Alpine, archive};
use crate::distro::{
    Control, Entry, EntryKind, Fault, Image, Layout as _, Provenance, Registered, Sink, Wishes,
};
use crate::model::{
    Arch, Epoch, LockedPackage, Origin, PackageRequest, PathRules, Proof, Repository, Sha256,
};
use crate::tree::{Blob, Kind, Node, TreePath};

/// They conflict with another of the hundred, so apk does not install them beside it.
const APART: [&str; 2] = ["network-extras", "vlan"];

/// Keeps the entries, and checks the checksums that the archive gives of them.
#[derive(Default)]
struct Keep(Vec<(TreePath, Node)>);

impl Sink for Keep {
    fn entry(&mut self, entry: Entry, content: &mut dyn Read) -> Result<(), Fault> {
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes).unwrap();
        let kind = match entry.kind {
            EntryKind::Directory => Kind::Directory,
            EntryKind::File(_) => Kind::File(Blob::inline(bytes.clone())),
            EntryKind::Symlink(target) => Kind::Symlink(target),
            EntryKind::Hardlink(target) => Kind::Hardlink(target),
            other => panic!("{other:?}"),
        };
        let is_file = matches!(kind, Kind::File(_));
        if let (Some(sum), true) = (entry.sha1, is_file) {
            assert_eq!(sum[..], super::testing::sha1(&bytes));
        }
        let meta = entry.meta;
        self.0.push((entry.path.unwrap(), Node { meta, kind }));
        Ok(())
    }
}

/// The packages of an index, as a lockfile would have them.
fn index(text: &str) -> Vec<LockedPackage> {
    let paragraphs = text.split("\n\n").filter(|text| !text.trim().is_empty());
    paragraphs
        .map(|paragraph| {
            let field = |letter: &str| {
                let mut lines = paragraph.lines();
                lines
                    .find_map(|line| line.strip_prefix(letter)?.strip_prefix(':'))
                    .unwrap()
            };
            let mut package = locked(field("P"), field("V"));
            package.arch = field("A").into();
            package.size = field("S").parse().unwrap();
            package.checksum = Some(field("C").into());
            package.path = format!("{}/{}-{}.apk", field("A"), package.name, package.version);
            package
        })
        .collect()
}

fn read_index(directory: &Path, arch: Arch) -> Option<(Vec<LockedPackage>, Vec<String>)> {
    let file = fs_err::read(directory.join("APKINDEX.tar.gz")).ok()?;
    let keyring = Keyring::new(arch, &[]).unwrap();
    let covered = covered(&file, &keyring, false).unwrap();
    let decoder = flate2::read::MultiGzDecoder::new(covered.text);
    let mut archive = tar::Archive::new(decoder);
    let mut entries = archive.entries().unwrap().map(Result::unwrap);
    let mut entry = entries
        .find(|entry| &*entry.path_bytes() == b"APKINDEX")
        .unwrap();
    let mut text = String::new();
    entry.read_to_string(&mut text).unwrap();
    Some((index(&text), covered.signed_by))
}

#[test]
fn alpines_own_packages_hold_and_become_apks_own_database() {
    let Some(alpine) = real() else {
        return;
    };
    let arch = Arch::from_oci("amd64").unwrap();
    let directory = alpine.join("3.19/x86_64");
    let (packages, signed_by) = read_index(&directory, arch).unwrap();
    assert_eq!(packages.len(), 100);
    let mut unpacked: Vec<(&LockedPackage, Control, Keep)> = Vec::new();
    for package in &packages {
        assert_eq!(super::check::check(package), Ok(()));
        let path = alpine.join("3.19").join(&package.path);
        let bytes = fs_err::read(&path).unwrap();
        archive::vouch(package, arch, &[], &mut &bytes[..]).unwrap();
        let mut sink = Keep::default();
        let control = archive::unpack(package, &mut &bytes[..], &mut sink).unwrap();
        assert!(control.contains_key(".PKGINFO"), "{}", package.name);
        unpacked.push((package, control, sink));
    }
    let mut records = Vec::new();
    for (package, control, sink) in &mut unpacked {
        let made = Alpine.register(package, control, &sink.0, 0, &NoContents);
        records.push(made.unwrap().record);
    }
    let gone = BTreeSet::new();
    let registered: Vec<_> = packages
        .iter()
        .zip(&records)
        .filter(|(package, _)| !APART.contains(&package.name.as_str()))
        .map(|(package, record)| Registered {
            package,
            record,
            gone: &gone,
        })
        .collect();
    let requests: Vec<_> = registered
        .iter()
        .map(|one| PackageRequest::named(one.package.name.as_str()))
        .collect();
    let repositories = [Provenance {
        repository: repository("main"),
        proof: proof(signed_by),
    }];
    let rules = PathRules::default();
    let image = Image {
        arch,
        packages: &registered,
        diversions: &[],
        rules: &rules,
        wishes: Wishes {
            requests: &requests,
            excluded: &[],
            repositories: &repositories,
        },
        unfinished: None,
    };
    let files = Alpine.database(image).unwrap();
    // What apk 3.0.6 wrote when it installed these packages with `--no-scripts`; of the scripts what
    // it and apk 2.14 read back.
    for (path, expected) in [
        (
            "lib/apk/db/installed",
            "2e5a49c596ac3ffd0cf7d56235894fcf5638b0eba9f448051844971bc8659603",
        ),
        (
            "lib/apk/db/triggers",
            "1b528a760acdd29e99699e64e4698b8fa7caba534b12d1d3211a958b22327185",
        ),
        (
            "lib/apk/db/scripts.tar",
            "7519ad05751bdfe477b87fa7cbb1c2c8bf6b03c96855f8323ece29896bf3a3b9",
        ),
        (
            "etc/apk/world",
            "76675168d6457d4ddd830430404d6877c50215eec5f65001684f557b375bcf78",
        ),
    ] {
        let path: TreePath = path.parse().unwrap();
        let file = files.iter().find(|file| file.path == path).unwrap();
        let digest = Sha256::of(file.content.as_ref().unwrap()).hex();
        assert_eq!(digest, expected, "{path}");
    }
    assert_eq!(files.iter().filter(|file| file.yields).count(), 1);
}

#[test]
fn older_releases_hold_too() {
    let Some(alpine) = real() else {
        return;
    };
    let arch = Arch::from_oci("arm64").unwrap();
    for release in ["3.13.1", "3.13.4"] {
        let directory = alpine.join(release).join("aarch64");
        let (packages, _) = read_index(&directory, arch).unwrap();
        let mut read = 0;
        for package in &packages {
            // The index lists more than is at hand.
            let Ok(bytes) = fs_err::read(alpine.join(release).join(&package.path)) else {
                continue;
            };
            archive::vouch(package, arch, &[], &mut &bytes[..]).unwrap();
            read += 1;
        }
        assert!(read > 50, "{release}: {read}");
    }
}

struct NoContents;

impl crate::tree::Contents for NoContents {
    fn read_at(&self, _: u32, _: u64, _: &mut [u8]) -> std::io::Result<()> {
        panic!("nothing is read")
    }
}

fn repository(id: &str) -> Repository {
    Repository {
        id: id.into(),
        origin: Origin::Archive("alpine".into()),
        base: String::new(),
        suite: None,
        components: Vec::new(),
        path: Some("v3.19/main".into()),
        priority: None,
        keys: Vec::new(),
        snapshot: None,
        tag: None,
        unsigned: false,
        allow_expired: false,
    }
}

fn proof(signed_by: Vec<String>) -> Proof {
    Proof {
        sha256: Sha256::of(b""),
        date: Epoch(0),
        valid_until: None,
        signed_by,
        indexes: Vec::new(),
    }
}
