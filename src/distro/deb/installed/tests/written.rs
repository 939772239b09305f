//! The database that rootlock writes, and damage to it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use proptest::prelude::*;

use super::*;
use crate::distro::{Control, ControlFile, Diversion, Image, Layout, Registered, Wishes};
use crate::model::{LockedPackage, PathRules, Sha256};
use crate::tree::testing::{directory, hardlink, node};
use crate::tree::{Blob, Contents, Kind, Location};

/// Nothing lies in a pack.
struct Inline;

impl Contents for Inline {
    fn read_at(&self, _: u32, _: u64, _: &mut [u8]) -> io::Result<()> {
        Err(io::ErrorKind::NotFound.into())
    }
}

/// Two packages with the same paths, and the database that rootlock writes of them.
fn written() -> Tree {
    let locked = |name: &str, arch: &str| LockedPackage {
        name: name.parse().unwrap(),
        version: "1:2-3+b1".parse().unwrap(),
        arch: arch.into(),
        group: "base".parse().unwrap(),
        requested: true,
        source: SourcePackage {
            name: "src".into(),
            version: "1:2-3".parse().unwrap(),
        },
        repository: "main".into(),
        path: "pool/x.deb".into(),
        size: 1,
        sha256: Sha256::of(b""),
        checksum: None,
        depends: Vec::new(),
        recommends: Vec::new(),
        install_if: Vec::new(),
    };
    let entries = [
        (path("etc"), directory(0o755)),
        (path("etc/x y"), file("conf\n")),
        (path("usr"), directory(0o755)),
        (path("usr/x"), file("")),
        (path("usr/z"), hardlink("usr/x")),
    ];
    let packages = [("libx", "amd64", "Multi-Arch: same\n"), ("y", "all", "")];
    let mut out = Tree::default();
    let mut records = Vec::new();
    for (name, arch, more) in packages {
        let package = locked(name, arch);
        let control = format!(
            "Package: {name}\nVersion: 1:2-3+b1\nSource: src (1:2-3)\nArchitecture: {arch}\nMaintainer: J\u{fc}\nDescription: a\n b\n{more}"
        );
        let text = |text: &str| ControlFile {
            mode: 0o644,
            mtime: 1,
            bytes: text.into(),
        };
        let mut control: Control = BTreeMap::from([
            ("control".into(), text(&control)),
            ("conffiles".into(), text("/etc/x y\n")),
        ]);
        let made = Debian
            .register(&package, &mut control, &entries, 1, &Inline)
            .unwrap();
        out.nodes.extend(made.files);
        records.push((package, made.record));
    }
    let gone = BTreeSet::new();
    let registered: Vec<_> = records
        .iter()
        .map(|(package, record)| Registered {
            package,
            record,
            gone: &gone,
        })
        .collect();
    let made = Debian.database(Image {
        arch: Arch::from_oci("amd64").unwrap(),
        packages: &registered,
        diversions: &[Diversion {
            from: path("bin/a"),
            to: path("bin/a.real"),
            package: Some("y".parse().unwrap()),
        }],
        rules: &PathRules::default(),
        wishes: Wishes::default(),
        unfinished: None,
    });
    for one in made.unwrap() {
        let kind = one
            .content
            .map_or(Kind::Directory, |bytes| Kind::File(Blob::inline(bytes)));
        out.nodes.insert(one.path, node(one.mode, 1, kind));
    }
    out.nodes.extend(entries);
    out
}

#[test]
fn what_rootlock_writes_is_read() {
    let installed = of(&written());
    assert_eq!(
        lines(&installed),
        [
            "libx amd64 1:2-3+b1 src 1:2-3 unpacked",
            "y all 1:2-3+b1 src 1:2-3 unpacked",
        ]
    );
    let files: Vec<_> = owned(&installed, "libx").iter().map(shown).collect();
    assert_eq!(
        files,
        [
            "/etc  d".to_owned(),
            "/etc/x y b9a771b420047cfaa3543e66c78f44f6 c".to_owned(),
            "/usr  d".to_owned(),
            format!("/usr/x {SUM}"),
            format!("/usr/z {SUM}"),
        ]
    );
    assert_eq!(owned(&installed, "y").len(), 5);
    assert_eq!(installed.diversions.len(), 1);
    assert_eq!(installed.arch, Arch::from_oci("amd64"));
}

proptest! {
    /// Whatever a file of the database is cut to or overwritten with, the answer is an error or
    /// tells of no package that was not there.
    #[test]
    fn damage_never_panics_and_invents_nothing(
        which in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let mut tree = written();
        let before: Vec<_> = of(&tree).packages.iter().map(|one| one.name.clone()).collect();
        let read: Vec<_> = tree.nodes.keys().filter(|path| Debian.reads(path)).cloned().collect();
        let at = which.get(&read);
        let Kind::File(Blob { at: Location::Inline(bytes), .. }) = &tree.nodes[at].kind else {
            unreachable!("all contents are inline");
        };
        let mut bytes = bytes.to_vec();
        if !bytes.is_empty() && !flips.is_empty() {
            for (place, byte) in &flips {
                let place = place.index(bytes.len());
                bytes[place] = *byte;
            }
        } else {
            bytes.truncate(cut.index(bytes.len() + 1));
        }
        tree.nodes.insert(at.clone(), node(0o644, 1, Kind::File(Blob::inline(bytes))));
        if let Ok(Some(installed)) = Debian.installed(&tree) && flips.is_empty() {
            for package in installed.packages {
                prop_assert!(before.contains(&package.name));
                prop_assert_eq!(package.version.as_str(), "1:2-3+b1");
            }
        }
    }

    /// Nor do bytes that never were a database.
    #[test]
    fn any_bytes_are_read_or_refused(
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(&b"\n\r :/ab\\P"[..])], 0..200),
        at in prop::sample::select(&["status", "status.d/a", "updates/0000", "diversions", "arch", "info/a.list", "info/a.md5sums", "info/a.conffiles"][..]),
    ) {
        let mut tree = texts(&[("var/lib/dpkg/status", &stanza("a", "all", ""))]);
        let at = path(&format!("var/lib/dpkg/{at}"));
        tree.nodes.insert(at, node(0o644, 1, Kind::File(Blob::inline(bytes))));
        let _ = Debian.installed(&tree);
    }
}
