//! Packages made in memory: what comes out of good ones, and how others are refused.

use std::io::Read;

use super::*;
use crate::distro::apk::fixtures::locked_as;
use crate::distro::apk::testing::{
    Apk, Parts, Tar, TarEntry, TestRsa, gzip, hex, sha1, signatures,
};
use crate::model::Class;

/// Keeps the paths and contents of entries.
#[derive(Default)]
struct Keep(Vec<(String, String)>);

impl Sink for Keep {
    fn entry(&mut self, entry: Entry, content: &mut dyn Read) -> Result<(), Fault> {
        let mut text = String::new();
        content.read_to_string(&mut text).unwrap_or_default();
        let path = entry.path.unwrap();
        let path = String::from_utf8_lossy(path.as_bytes()).into_owned();
        let what = match entry.kind {
            EntryKind::Directory => "/".into(),
            EntryKind::Symlink(target) => format!("-> {}", target.escape_ascii()),
            EntryKind::Hardlink(target) => format!("= {}", target.as_bytes().escape_ascii()),
            _ => text,
        };
        self.0.push((path, what));
        Ok(())
    }
}

type Taken = (Vec<(String, String)>, Control);

fn unpack_as(package: &LockedPackage, bytes: &[u8]) -> Result<Taken, Fault> {
    let mut sink = Keep::default();
    unpack(package, &mut &bytes[..], &mut sink).map(|control| (sink.0, control))
}

fn unpack_parts(parts: &Parts) -> Result<Taken, Fault> {
    unpack_as(&locked_as("a", "1-r0", parts), &parts.bytes())
}

/// The whole chain of an error.
fn sentence(fault: &Fault) -> String {
    let mut out = fault.to_string();
    let mut next = fault.source();
    while let Some(error) = next {
        out = format!("{out}: {error}");
        next = error.source();
    }
    out
}

/// Refuses the package for the reason that has these words in it.
fn refused(result: Result<Taken, Fault>, words: &str) {
    let fault = result.unwrap_err();
    let sentence = sentence(&fault);
    assert!(sentence.contains(words), "{words:?} is not in {sentence:?}");
    assert_eq!(fault.class(), Class::Untrusted, "{sentence}");
}

fn good() -> Apk {
    Apk::new("a", "1-r0")
        .script(".pre-install", "#!/bin/sh\n")
        .dir("usr")
        .dir("usr/bin")
        .file("usr/bin/a", "content")
        .link("usr/bin/b", "a")
        .hardlink("usr/bin/c", "usr/bin/a")
        .file("top", "t")
}

#[test]
fn a_package_comes_out_in_order() {
    let parts = good().parts();
    let (entries, control) = unpack_parts(&parts).unwrap();
    let expected = [
        ("usr", "/"),
        ("usr/bin", "/"),
        ("usr/bin/a", "content"),
        ("usr/bin/b", "-> a"),
        ("usr/bin/c", "= usr/bin/a"),
        ("top", "t"),
    ];
    let expected = expected.map(|(path, what)| (path.to_owned(), what.to_owned()));
    assert_eq!(entries, expected);
    let names: Vec<&str> = control.keys().map(String::as_str).collect();
    assert_eq!(names, [".PKGINFO", ".pre-install", CHECKSUMS]);
    assert_eq!(control[".pre-install"].bytes, b"#!/bin/sh\n");
    let sum = |text: &str| [&[1][..], &sha1(text.as_bytes())].concat();
    let sums = [sum("content"), sum("a"), vec![0], sum("t")].concat();
    assert_eq!(control[CHECKSUMS].bytes, sums);
}

#[test]
fn what_apk_passes_over_is_passed_over() {
    let mut apk = good()
        .dir(".hidden")
        .file(".hidden/x", "x")
        .file(".dummy", "");
    apk.control.push(TarEntry::file(".later", b"?"));
    let parts = apk.parts();
    let (entries, control) = unpack_parts(&parts).unwrap();
    assert_eq!(entries, unpack_parts(&good().parts()).unwrap().0);
    assert!(!control.contains_key(".later"));
    let mut nothing = good();
    nothing.info = nothing.info.replace("size = 4096", "size = 0");
    let (entries, control) = unpack_parts(&nothing.parts()).unwrap();
    assert_eq!(entries, []);
    assert_eq!(control.len(), 2);
    assert!(control[CHECKSUMS].bytes.is_empty());
}

#[test]
fn a_signature_that_is_there_is_skipped_when_unpacking() {
    let (parts, key) = (good().parts(), TestRsa::new());
    let bytes = parts.signed("RSA256", &key, "k");
    let package = locked_as("a", "1-r0", &parts);
    assert_eq!(unpack_as(&package, &bytes).unwrap().0.len(), 6);
    let twice = [&signatures(&[("RSA.k", b"x")])[..], &bytes].concat();
    refused(unpack_as(&package, &twice), "is in the wrong place");
}

#[test]
fn the_locked_package_and_no_other() {
    let parts = good().parts();
    let package = locked_as("a", "1-r0", &parts);
    for (field, other) in [
        ("pkgname", locked_as("b", "1-r0", &parts)),
        ("pkgver", locked_as("a", "1-r1", &parts)),
        (
            "arch",
            LockedPackage {
                arch: "noarch".into(),
                ..package.clone()
            },
        ),
    ] {
        refused(unpack_as(&other, &parts.bytes()), field);
    }
    let sum = LockedPackage {
        checksum: Some("Q12jmj7l5rSw0yVb/vlWAYkK/YBwk=".into()),
        ..package.clone()
    };
    refused(unpack_as(&sum, &parts.bytes()), "has the checksum");
    let long = LockedPackage {
        checksum: Some("Q247DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=".into()),
        ..package.clone()
    };
    refused(unpack_as(&long, &parts.bytes()), "has the checksum");
    // An index lists what is for any architecture under its own.
    for arch in ["arch = noarch\n", ""] {
        let mut any = good();
        any.info = any.info.replace("arch = x86_64\n", arch);
        unpack_parts(&any.parts()).unwrap();
    }
    for line in ["pkgname = a", "datahash = 00"] {
        refused(
            unpack_parts(&good().line(line).parts()),
            "names itself twice",
        );
    }
}

#[test]
fn the_data_are_those_that_the_control_part_means() {
    let apk = good();
    let other = good().file("more", "x").parts();
    let swapped = Parts {
        data: other.data,
        ..apk.parts()
    };
    refused(unpack_parts(&swapped), "datahash");
    let info = "pkgname = a\npkgver = 1-r0\nsize = 1\n";
    refused(
        unpack_parts(&apk.parts_with(info, apk.parts().data)),
        "has no datahash",
    );
    let zeros = format!("{info}datahash = {}\n", hex(&[0; 32]));
    refused(
        unpack_parts(&apk.parts_with(&zeros, apk.parts().data)),
        "datahash",
    );
}

#[test]
fn the_parts_and_nothing_else() {
    let parts = good().parts();
    let package = locked_as("a", "1-r0", &parts);
    let bytes = parts.bytes();
    for more in [&b"x"[..], &gzip(b""), &[0; 512]] {
        let longer = [&bytes[..], more].concat();
        refused(unpack_as(&package, &longer), "goes on after its data part");
    }
    refused(unpack_as(&package, &parts.control), "is not there");
    refused(unpack_as(&package, b""), "is not there");
    refused(unpack_as(&package, b"<html>"), "cannot be decompressed");
    for magic in [b"ADB.", b"ADBd", b"ADBc"] {
        refused(unpack_as(&package, magic), "v3 (ADB)");
    }
    for cut in [1, 10, parts.data.len() / 2, parts.data.len() + 5] {
        assert!(
            unpack_as(&package, &bytes[..bytes.len() - cut]).is_err(),
            "{cut}"
        );
    }
    let mut empty = Tar::default();
    empty.add(&TarEntry::file(".post-install", b""));
    let none = Parts {
        control: gzip(&empty.0),
        ..parts
    };
    refused(unpack_parts(&none), "has no .PKGINFO");
}

#[test]
fn every_damaged_byte_is_noticed() {
    let parts = good().parts();
    let package = locked_as("a", "1-r0", &parts);
    let bytes = parts.bytes();
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        assert!(unpack_as(&package, &damaged).is_err(), "byte {at}");
    }
}

#[test]
fn names_that_apk_calls_malicious_are_refused() {
    for path in [
        "/usr/x", "./usr/x", "../x", "usr/./x", "usr/../x", "usr//x", "usr/x/", "usr/.", "usr/x\n",
        "usr/\x01", "usr/\x7f",
    ] {
        let apk = good().entry(TarEntry::file(path, b""));
        assert!(unpack_parts(&apk.parts()).is_err(), "{path:?}");
    }
    for path in ["./", ".", "usr/../", "/"] {
        let apk = good().dir(path);
        assert!(unpack_parts(&apk.parts()).is_err(), "{path:?}");
    }
    unpack_parts(&good().dir("usr/lib/").file("usr/lib/x..y", "").parts()).unwrap();
}

#[test]
fn a_place_needs_its_directory_and_a_hard_link_its_file() {
    for (apk, words) in [
        (good().file("opt/x", ""), "has no entry before it"),
        (good().link("opt/x", "y"), "has no entry before it"),
        (
            good().dir("opt/deep").file("opt/x", ""),
            "has no entry before it",
        ),
        (
            good().link("lib", "usr/lib").file("lib/x", ""),
            "has no entry before it",
        ),
        (good().hardlink("x", "usr/bin/none"), "not before it"),
        (good().hardlink("x", "./top"), "one form"),
        (good().file(".h", "").hardlink("x", ".h"), "left out"),
        (good().file("top", "again"), "twice"),
    ] {
        refused(unpack_parts(&apk.parts()), words);
    }
}

#[test]
fn tar_that_apk_reads_otherwise_is_refused() {
    for kind in [0, b'7', b'V', b'D'] {
        let apk = good().entry(TarEntry::new(kind, "x"));
        assert!(unpack_parts(&apk.parts()).is_err(), "{kind}");
    }
    let long = TarEntry::link(b'2', "x", &"t".repeat(120));
    refused(unpack_parts(&good().entry(long).parts()), "one form");
    let long = "t".repeat(120);
    let pax = TarEntry::link(b'2', "x", "short").pax("linkpath", long.as_bytes());
    let (entries, _) = unpack_parts(&good().entry(pax).parts()).unwrap();
    assert_eq!(entries[6].1, format!("-> {long}"));
    let hidden = TarEntry::file("x", b"").pax("linkpath", b"top");
    refused(unpack_parts(&good().entry(hidden).parts()), "one form");
    let mut header = [0; 512];
    header[0] = b'y';
    for field in [100..107, 108..115, 116..123, 124..135, 136..147] {
        header[field].fill(b'0');
    }
    header[156] = b'0';
    let data = gzip(&Tar::default().header(header).end());
    let info = format!(
        "pkgname = a\npkgver = 1-r0\ndatahash = {}\n",
        Sha256::of(&data).hex()
    );
    refused(unpack_parts(&good().parts_with(&info, data)), "one form");
    let bare = TarEntry::file("x", b"");
    refused(unpack_parts(&good().entry(bare).parts()), "has no checksum");
}

#[test]
fn the_control_part_has_its_files_and_bounds() {
    let with = |entry| {
        let mut apk = good();
        apk.control.push(entry);
        unpack_parts(&apk.parts())
    };
    refused(
        with(TarEntry::file(".INSTALL", b"")),
        "`.INSTALL` is of a format",
    );
    refused(with(TarEntry::file("usr", b"")), "does not belong there");
    refused(with(TarEntry::file(".SIGN.RSA.k", b"")), "wrong place");
    refused(
        with(TarEntry::link(b'2', ".trigger", "/bin/sh")),
        "not a regular file",
    );
    refused(with(TarEntry::new(b'5', ".trigger")), "not a regular file");
    let large = vec![b'#'; MAX_SCRIPT as usize + 1];
    refused(
        with(TarEntry::file(".trigger", &large)),
        "larger than apk allows",
    );
    with(TarEntry::file(".trigger", &large[1..])).unwrap();
    let mut bomb = TarEntry::file(".later", &vec![0; MAX_CONTROL as usize]);
    bomb.mode = 0;
    refused(with(bomb), "unpacks to more than 64 MiB");
}

#[test]
fn a_signature_that_is_allowed_must_hold_at_lock_time() {
    let (key, other) = (TestRsa::new(), TestRsa::new());
    let pem = key.pem();
    let keys = [Key {
        name: "keys/k.pub".into(),
        sha256: Sha256::of(&pem),
        bytes: pem.into(),
    }];
    let parts = good().parts();
    let package = locked_as("a", "1-r0", &parts);
    let arch = Arch::from_oci("amd64").unwrap();
    let vouched = |bytes: &[u8]| vouch(&package, arch, &keys, &mut &bytes[..]);
    for algorithm in ["RSA", "RSA256", "RSA512"] {
        vouched(&parts.signed(algorithm, &key, "k.pub")).unwrap();
        vouched(&parts.signed(algorithm, &other, "unknown.pub")).unwrap();
        let fault = vouched(&parts.signed(algorithm, &other, "k.pub")).unwrap_err();
        assert_eq!(fault.class(), Class::Untrusted);
        let sentence = sentence(&fault);
        assert!(
            sentence.contains("signature by the key `k.pub` does not hold"),
            "{sentence}"
        );
    }
    vouched(&parts.bytes()).unwrap();
    assert!(vouched(&parts.bytes()[1..]).is_err());
    let bad = [Key {
        bytes: b"no key"[..].into(),
        ..keys[0].clone()
    }];
    let fault = vouch(&package, arch, &bad, &mut &parts.bytes()[..]).unwrap_err();
    assert_eq!(fault.class(), Class::BadInput);
}

/// Fails as a disk does.
struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::Error::from_raw_os_error(5))
    }
}

#[test]
fn a_disk_that_fails_is_no_fault_of_the_package() {
    let parts = good().parts();
    let bytes = parts.bytes();
    let package = locked_as("a", "1-r0", &parts);
    for length in [0, 30, parts.control.len(), parts.control.len() + 40] {
        let mut reader = bytes[..length].chain(Broken);
        let fault = unpack(&package, &mut reader, &mut Keep::default()).unwrap_err();
        assert_eq!(
            fault.class(),
            Class::Outside,
            "{length}: {}",
            sentence(&fault)
        );
    }
}
