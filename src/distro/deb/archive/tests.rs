//! What a good package gives.

use std::io::Read;

use super::error::{ArchiveError, Cause};
use super::unpack;
use crate::distro::deb::testing::{Deb, MTIME, Packing, TarEntry, ar};
use crate::distro::{Control, Entry, EntryKind, Fault, Sink};
use crate::model::{Class, LockedPackage, Sha256, SourcePackage};

/// Keeps everything.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) entries: Vec<(Entry, Vec<u8>)>,
    pub(super) memory: Vec<u64>,
}

impl Sink for Kept {
    fn need(&mut self, memory: u64) {
        self.memory.push(memory);
    }

    fn entry(&mut self, entry: Entry, content: &mut dyn Read) -> Result<(), Fault> {
        let mut bytes = Vec::new();
        if content.read_to_end(&mut bytes).is_err() {
            return Err(Box::new(ArchiveError::Malformed {
                package: "what a sink says of a broken content is not told".into(),
                source: Cause::Members(String::new()),
            }));
        }
        self.entries.push((entry, bytes));
        Ok(())
    }
}

/// `demo 1.0` as a lockfile has it.
pub(super) fn locked(archive: &[u8]) -> LockedPackage {
    LockedPackage {
        name: "demo".parse().unwrap(),
        version: "1.0".parse().unwrap(),
        arch: "all".into(),
        group: "base".parse().unwrap(),
        requested: true,
        source: SourcePackage {
            name: "demo".into(),
            version: "1.0".parse().unwrap(),
        },
        repository: "test".into(),
        path: "pool/demo.deb".into(),
        size: archive.len() as u64,
        sha256: Sha256::of(archive),
        checksum: None,
        depends: Vec::new(),
        recommends: Vec::new(),
        install_if: Vec::new(),
    }
}

/// Unpacks an archive that is meant to be `demo 1.0`.
pub(super) fn read(archive: &[u8]) -> Result<(Control, Kept), Fault> {
    let mut kept = Kept::default();
    let control = unpack(&locked(archive), &mut &*archive, &mut kept)?;
    Ok((control, kept))
}

/// The failure with its causes, in one line.
pub(super) fn story(fault: &Fault) -> String {
    let mut out = fault.to_string();
    let mut cause = fault.source();
    while let Some(error) = cause {
        out.push_str(&format!(": {error}"));
        cause = error.source();
    }
    out
}

#[test]
fn every_compression_gives_the_same() {
    let deb = Deb::new("demo", "1.0").file("usr/bin/x", &[7; 100_000], 0o755);
    let (_, plain) = read(&deb.clone().packing(Packing::Plain).build()).unwrap();
    for packing in Packing::ALL {
        let (control, kept) = read(&deb.clone().packing(packing).build()).unwrap();
        assert_eq!(control["control"].bytes, deb.control().as_bytes());
        let shown = |kept: &Kept| format!("{:?}", kept.entries);
        assert!(shown(&kept) == shown(&plain), "{packing:?}");
        assert_eq!(kept.memory.len(), 2, "one decoder after the other");
        assert!(
            kept.memory.iter().all(|&need| need <= 16 << 20),
            "{packing:?}"
        );
    }
}

#[test]
fn everything_that_a_package_can_hold() {
    let long = format!("usr/share/{}/{}", "d".repeat(120), "f".repeat(200));
    let deb = Deb::new("demo", "1.0")
        .file("usr/bin/su", b"#!", 0o4755)
        .owner(0, 42)
        .hardlink("usr/bin/sg", "usr/bin/su")
        .hardlink("usr/bin/newgrp", "usr/bin/sg")
        .symlink("usr/bin/link", "../\u{e9}/x")
        .file(&long, b"long", 0o644)
        .device(b'3', "dev/null", 1, 3)
        .device(b'4', "dev/sda", 8, 0x1234)
        .fifo("run/pipe")
        .file("usr/bin/ping", b"ping", 0o755)
        .xattr("security.capability", b"\x01\0\n=")
        .file("old", b"", 0o600)
        .mtime(-3)
        .owner(5_000_000, 3_000_000)
        .script("postinst", "#!/bin/sh\n")
        .conffile("etc/demo.conf", b"x");
    let (control, kept) = read(&deb.build()).unwrap();
    let files: Vec<_> = control
        .iter()
        .map(|(name, file)| (&**name, file.mode))
        .collect();
    assert_eq!(
        files,
        [
            ("conffiles", 0o644),
            ("control", 0o644),
            ("postinst", 0o755)
        ]
    );
    assert_eq!(control["conffiles"].bytes, b"/etc/demo.conf\n");

    let find = |path: &str| {
        let path = path.parse().ok();
        kept.entries
            .iter()
            .find(|(entry, _)| entry.path == path)
            .unwrap()
    };
    assert_eq!(kept.entries[0].0.path, None);
    let (su, content) = find("usr/bin/su");
    assert_eq!(
        (su.meta.mode, su.meta.uid, su.meta.gid, su.meta.mtime),
        (0o4755, 0, 42, MTIME)
    );
    assert_eq!(content, b"#!");
    let su = || EntryKind::Hardlink("usr/bin/su".parse().unwrap());
    assert_eq!(find("usr/bin/sg").0.kind, su());
    assert_eq!(
        find("usr/bin/newgrp").0.kind,
        su(),
        "pointed at the file itself"
    );
    assert_eq!(
        find("usr/bin/link").0.kind,
        EntryKind::Symlink("../\u{e9}/x".as_bytes().into())
    );
    assert_eq!(find(&long).1, b"long");
    assert_eq!(find("dev/null").0.kind, EntryKind::CharDevice(1, 3));
    assert_eq!(find("dev/sda").0.kind, EntryKind::BlockDevice(8, 0x1234));
    assert_eq!(find("run/pipe").0.kind, EntryKind::Fifo);
    let attributes = &find("usr/bin/ping").0.meta.xattrs;
    assert_eq!(
        attributes[&b"security.capability"[..]].as_ref(),
        b"\x01\0\n="
    );
    let old = &find("old").0.meta;
    assert_eq!(
        (old.mtime, old.uid, old.gid, old.mode),
        (-3, 5_000_000, 3_000_000, 0o600)
    );
}

#[test]
fn pax_says_what_the_header_cannot() {
    let entry = TarEntry::file("./short", b"abc")
        .pax("path", b"./usr/long name")
        .pax("mtime", b"-1.5")
        .pax("uid", b"70000")
        .pax("size", b"3")
        .pax("atime", b"1.5");
    let link = TarEntry::link(b'2', "./l", "short").pax("linkpath", b"/else\xff");
    let (_, kept) = read(&Deb::new("demo", "1.0").entry(entry).entry(link).build()).unwrap();
    let (file, content) = &kept.entries[1];
    assert_eq!(file.path.as_ref().unwrap().as_bytes(), b"usr/long name");
    assert_eq!(
        (file.meta.mtime, file.meta.uid, &**content),
        (-2, 70_000, &b"abc"[..])
    );
    assert_eq!(
        kept.entries[2].0.kind,
        EntryKind::Symlink(b"/else\xff"[..].into())
    );
}

#[test]
fn a_hard_link_to_a_link_is_that_link_once_more() {
    let deb = Deb::new("demo", "1.0")
        .entry(TarEntry::link(b'2', "./a", "target"))
        .entry(TarEntry::link(b'1', "./b", "./a"))
        .entry(TarEntry::link(b'1', "./c", "./b"));
    let (_, kept) = read(&deb.build()).unwrap();
    for at in 1..=3 {
        let kind = &kept.entries[at].0.kind;
        assert_eq!(*kind, EntryKind::Symlink(b"target"[..].into()));
    }
}

#[test]
fn members_that_deb5_lets_a_reader_ignore() {
    let deb = Deb::new("demo", "1.0");
    let (control, data) = (deb.control_archive(), deb.data());
    let archive = ar(&[
        ("debian-binary/", b"2.1\nmore\n"),
        ("_signed", b"x"),
        ("control.tar/", &control),
        ("_odd", b"xyz"),
        ("data.tar", &data),
        ("_gpgorigin", b"sig"),
        ("anything", b""),
    ]);
    assert!(read(&archive).is_ok());
    // The last member's padding may be missing.
    let archive = ar(&[
        ("debian-binary", b"2.0\n"),
        ("control.tar", &control),
        ("data.tar", &data),
        ("_x", b"odd"),
    ]);
    assert!(read(&archive[..archive.len() - 1]).is_ok());
}

#[test]
fn another_package_is_not_taken() {
    for (deb, field) in [
        (Deb::new("other", "1.0"), "Package"),
        (Deb::new("demo", "1.0-1"), "Version"),
        (Deb::new("demo", "1.0").arch("amd64"), "Architecture"),
    ] {
        let fault = read(&deb.build()).unwrap_err();
        assert_eq!(fault.class(), Class::Untrusted);
        let expected = format!("the archive of demo 1.0 is another package: its {field} is");
        assert!(fault.to_string().starts_with(&expected), "{fault}");
    }
}

#[test]
fn a_failing_disk_is_not_the_packages_fault() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::from_raw_os_error(5))
        }
    }
    let archive = Deb::new("demo", "1.0").build();
    for whole in [0, 100, archive.len() - 10] {
        let mut input = archive[..whole].chain(Failing);
        let fault = unpack(&locked(&archive), &mut input, &mut Kept::default()).unwrap_err();
        assert_eq!(fault.class(), Class::Outside, "{}", story(&fault));
    }
}
