//! Records of packages made by hand, against what apk 3.0.6 wrote of the same.

use super::*;
use crate::distro::ControlFile;
use crate::distro::apk::fixtures::locked;
use crate::tree::Blob;

fn control(info: &str, sums: &[u8]) -> Control {
    let file = |bytes: &[u8]| ControlFile {
        mode: 0o644,
        mtime: 0,
        bytes: bytes.into(),
    };
    [
        (".PKGINFO".to_owned(), file(info.as_bytes())),
        (".trigger".to_owned(), file(b"#!/bin/sh\n")),
        (".post-install".to_owned(), file(b"true\n")),
        (CHECKSUMS.to_owned(), file(sums)),
    ]
    .into()
}

fn node(path: &str, mode: u16, kind: Kind) -> (TreePath, Node) {
    let meta = Meta {
        mode,
        ..Meta::default()
    };
    (path.parse().unwrap(), Node { meta, kind })
}

fn file() -> Kind {
    Kind::File(Blob::inline(b"content".to_vec()))
}

fn attributed((path, mut node): (TreePath, Node)) -> (TreePath, Node) {
    for (name, value) in [("user.b", "two"), ("user.a", "one")] {
        node.meta
            .xattrs
            .insert(name.as_bytes().into(), value.as_bytes().into());
    }
    (path, node)
}

fn sums(contents: &[Option<&str>]) -> Vec<u8> {
    let mut out = Vec::new();
    for content in contents {
        out.push(u8::from(content.is_some()));
        out.extend(
            content
                .iter()
                .flat_map(|text| Hash::Sha1.of(text.as_bytes()).unwrap()),
        );
    }
    out
}

const INFO: &str = "pkgname = x\npkgver = 1-r0\npkgdesc =\nurl = u\nsize = 5\narch = x86_64\n\
    triggers = /a /b\ntriggers = /c/* +/d\nreplaces = q r>=1\nreplaces = s==2\n\
    replaces_priority = 7\nprovider_priority = 9\nprovides = y=1\nprovides = so:z.so.1=1\n\
    depend = !v\ninstall_if = n=~1\nbuilddate = 77\n";

fn registered(info: &str, entries: &[(TreePath, Node)], sums: &[u8]) -> Record {
    let package = LockedPackage {
        size: 644,
        checksum: Some("Q1PfMOP4G0XiCA6qBjY1U2R28Dw3c=".into()),
        ..locked("x", "1-r0")
    };
    let mut control = control(info, sums);
    let made = register(&package, &mut control, entries).unwrap();
    assert!(made.files.is_empty());
    // What the database holds is taken out; what is read again stays.
    let kept: Vec<&String> = control.keys().collect();
    assert!(!control.contains_key(CHECKSUMS), "{kept:?}");
    Record::decode(&made.record).unwrap()
}

#[test]
fn a_record_is_what_apk_writes() {
    let entries = [
        attributed(node("d", 0o1755, Kind::Directory)),
        attributed(node("d/f", 0o644, file())),
        node("d/h", 0o644, Kind::Hardlink("d/f".parse().unwrap())),
        node("d/p", 0o600, Kind::Fifo),
        node("z", 0o4755, file()),
    ];
    let sums = sums(&[Some("content"), None, None, Some("")]);
    let record = registered(INFO, &entries, &sums);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    assert_eq!(
        text(record.head),
        "C:Q1PfMOP4G0XiCA6qBjY1U2R28Dw3c=\nP:x\nV:1-r0\nA:x86_64\nS:644\nI:5\nT:\nU:u\nL:\nt:77\n\
         k:9\nD:!v\np:y=1 so:z.so.1=1\ni:n~1\n"
    );
    assert_eq!(text(record.tail), "r:q r>=1 s=2\nq:7\n");
    assert_eq!(
        text(record.files),
        "F:d\nM:0:0:1755:Q1aEyjNMB/oi3QIAwmvuUQfEsH+KE=\nR:f\n\
         a:0:0:644:Q1aEyjNMB/oi3QIAwmvuUQfEsH+KE=\nZ:Q1BA8G/XdAkkeNRQd09bowxdp4rMg=\nR:h\n\
         Z:Q1BA8G/XdAkkeNRQd09bowxdp4rMg=\nR:p\na:0:0:600\nF:\nR:z\na:0:0:4755\n\
         Z:Q12jmj7l5rSw0yVb/vlWAYkK/YBwk=\n"
    );
    assert_eq!(
        text(record.triggers),
        "Q1PfMOP4G0XiCA6qBjY1U2R28Dw3c= /c/* +/d\n"
    );
}

#[test]
fn scripts_are_members_of_a_tar_archive() {
    let members = |record: Record| {
        let mut archive = tar::Archive::new(&record.scripts[..]);
        let entries = archive.entries().unwrap().map(|entry| {
            let entry = entry.unwrap();
            let header = entry.header();
            let facts = (
                header.mode().unwrap(),
                header.mtime().unwrap(),
                entry.size(),
            );
            (String::from_utf8(entry.path_bytes().into()).unwrap(), facts)
        });
        entries.collect::<Vec<_>>()
    };
    let hex = "3df30e3f81b45e2080eaa063635536476f03c377";
    let record = registered(INFO, &[], &[]);
    assert_eq!(
        members(record),
        [
            (format!("x-1-r0.X1{hex}.post-install"), (0o755, 77, 5)),
            (format!("x-1-r0.X1{hex}.trigger"), (0o755, 77, 10)),
        ]
    );
    let mut out = Record::default();
    let long = "n".repeat(150);
    member(&mut out.scripts, &long, b"x", 1);
    assert_eq!(members(out), [(long, (0o755, 1, 1))]);
}

#[test]
fn what_apk_does_not_open_has_fields_alone() {
    let info = INFO.replace("size = 5", "size = 0");
    let record = registered(&info, &[], &[]);
    assert!(record.tail.is_empty() && record.triggers.is_empty());
    assert!(String::from_utf8(record.head).unwrap().contains("\nI:0\n"));
}

#[test]
fn directories_are_sorted_once_many_are_out_of_order() {
    let order = |count: usize| {
        let mut entries: Vec<_> = (0..count)
            .rev()
            .map(|at| node(&format!("d{at:02}"), 0o755, Kind::Directory))
            .collect();
        entries.push(node("d05/f", 0o644, file()));
        let record = registered(INFO, &entries, &sums(&[Some("")]));
        let text = String::from_utf8(record.files).unwrap();
        let names: Vec<_> = text
            .lines()
            .filter_map(|line| line.strip_prefix("F:"))
            .collect();
        names.join(" ")
    };
    assert!(order(33).starts_with("d32 d31 "));
    assert!(order(34).starts_with("d00 d01 "));
}

#[test]
fn checksums_that_do_not_fit_are_refused() {
    let entries = [node("a", 0o644, file())];
    for sums in [
        Vec::new(),
        vec![1, 2],
        sums(&[None, None]),
        sums(&[None, Some("x")]),
    ] {
        let mut control = control(INFO, &sums);
        let made = register(&locked("x", "1-r0"), &mut control, &entries);
        assert!(matches!(made, Err(DatabaseError::Checksums(_))));
    }
    for checksum in [None, Some(format!("Q2{}=", "A".repeat(43)))] {
        let package = LockedPackage {
            checksum,
            ..locked("x", "1-r0")
        };
        let made = register(&package, &mut control(INFO, &[]), &[]);
        assert!(matches!(made, Err(DatabaseError::Checksum(_))));
    }
}
