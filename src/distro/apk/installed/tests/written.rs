//! The database that rootlock writes.

use std::collections::BTreeSet;

use super::*;
use crate::distro::apk::archive::CHECKSUMS;
use crate::distro::apk::fixtures::locked;
use crate::distro::{Control, ControlFile, Image, Layout, Registered, Wishes};
use crate::model::PathRules;
use crate::tree::testing::hardlink;
use crate::tree::{Contents, Node, TreePath};
use crate::trust::rsa::Hash;

/// Nothing is read back.
struct Nothing;

impl Contents for Nothing {
    fn read_at(&self, _: u32, _: u64, _: &mut [u8]) -> std::io::Result<()> {
        Err(std::io::ErrorKind::NotFound.into())
    }
}

fn entry(at: &str, owner: (u32, u32), mut node: Node) -> (TreePath, Node) {
    (node.meta.uid, node.meta.gid) = owner;
    (path(at), node)
}

#[test]
fn what_rootlock_writes_is_read() {
    let mut attributed = entry("d", (0, 42), directory(0o2750));
    attributed
        .1
        .meta
        .xattrs
        .insert((*b"user.a").into(), (*b"b").into());
    let entries = [
        attributed,
        entry("d/f", (0, 0), file("content")),
        entry("d/h", (0, 0), hardlink("d/f")),
        entry("d/l", (0, 0), symlink("f")),
        entry("d/p", (7, 0), node(0o600, 1, Kind::Fifo)),
        entry("z", (0, 0), node(0o4755, 1, Kind::File(Blob::inline(*b"")))),
    ];
    let mut sums = Vec::new();
    for content in [Some("content"), None, Some("f"), None, Some("")] {
        sums.push(u8::from(content.is_some()));
        sums.extend(
            content
                .iter()
                .flat_map(|text| Hash::Sha1.of(text.as_bytes()).unwrap()),
        );
    }
    let info = "pkgname = x\npkgver = 1-r0\norigin = o\nlicense = MIT\nsize = 5\narch = x86_64\nreplaces = q\n";
    let text = |bytes: &[u8]| ControlFile {
        mode: 0o644,
        mtime: 0,
        bytes: bytes.into(),
    };
    let packages = [locked("x", "1-r0"), locked("y", "2-r1")];
    let gone = BTreeSet::from([path("d/l"), path("z")]);
    let none = BTreeSet::new();
    let records = packages.clone().map(|package| {
        let mut control = Control::from([
            (".PKGINFO".to_owned(), text(info.as_bytes())),
            (CHECKSUMS.to_owned(), text(&sums)),
        ]);
        let made = Alpine.register(&package, &mut control, &entries, 0, &Nothing);
        made.unwrap().record
    });
    let registered: Vec<_> = packages
        .iter()
        .zip(&records)
        .map(|(package, record)| Registered {
            package,
            record,
            gone: if package.name.as_str() == "y" {
                &gone
            } else {
                &none
            },
        })
        .collect();
    let made = Alpine.database(Image {
        arch: Arch::from_oci("amd64").unwrap(),
        packages: &registered,
        diversions: &[],
        rules: &PathRules::default(),
        wishes: Wishes::default(),
        unfinished: None,
    });
    let nodes = made.unwrap().into_iter().filter_map(|one| {
        Some((
            one.path,
            node(one.mode, 1, Kind::File(Blob::inline(one.content?))),
        ))
    });
    let installed = of(&Tree {
        nodes: nodes.collect(),
    });
    assert_eq!(
        lines(&installed),
        ["x 1-r0 x86_64 o installed", "y 2-r1 x86_64 o installed"]
    );
    assert_eq!(installed.packages[0].license.as_deref(), Some("MIT"));
    assert_eq!(installed.arch, Arch::from_oci("amd64"));
    let files = |at: usize| -> Vec<_> {
        installed.packages[at]
            .files
            .iter()
            .flatten()
            .map(shown)
            .collect()
    };
    let whole = [
        "/d  2750 0:42 d",
        "/d/f 040f 644 0:0",
        "/d/h 040f 644 0:0",
        "/d/l 4a0a 777 0:0",
        "/d/p  600 7:0",
        "/z da39 4755 0:0",
    ];
    assert_eq!(files(0), whole);
    assert_eq!(files(1), [whole[0], whole[1], whole[2], whole[4]]);
}
