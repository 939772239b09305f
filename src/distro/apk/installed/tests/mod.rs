//! Databases made by hand, good ones and others.

mod written;

use proptest::prelude::*;

use crate::distro::apk::Alpine;
use crate::distro::apk::fixtures::shared_path;
use crate::distro::{FileSum, Installed, InstalledFile, Inventory};
use crate::model::{Arch, Class};
use crate::tree::testing::{directory, file, node, path, symlink};
use crate::tree::{Blob, Kind, Tree};

/// The database of a small package, as apk writes it.
const MADE: &str = "C:Q1PfMOP4G0XiCA6qBjY1U2R28Dw3c=\nP:x\nV:1.2-r3\nA:x86_64\nS:644\nI:5\nT:a: text\n\
    U:u\nL:MIT AND (GPL-2.0-only)\no:src\nm:J\u{fc}\nt:77\nk:9\nD:!v\np:y=1 so:z.so.1=1\ni:n~1\nr:q\n\
    q:7\ns:tag\nF:\nM:0:0:700\nR:top\nF:etc\nF:etc/init.d\nR:x\na:0:0:755\nZ:Q1BA8G/XdAkkeNRQd09bowxdp4rMg=\n\
    F:etc/x.d\nM:1:2:1755:Q1aEyjNMB/oi3QIAwmvuUQfEsH+KE=\nR:conf\nZ:Q12jmj7l5rSw0yVb/vlWAYkK/YBwk=\n\n";

fn texts(files: &[(&str, &str)]) -> Tree {
    let nodes = files.iter().map(|(at, text)| (path(at), file(text)));
    Tree {
        nodes: nodes.collect(),
    }
}

fn of(tree: &Tree) -> Installed {
    Alpine.installed(tree).unwrap().unwrap()
}

/// What is in `lib/apk/db/installed`.
fn read(text: &str) -> Installed {
    of(&texts(&[("lib/apk/db/installed", text)]))
}

/// The error and its causes as one line.
fn fault(tree: &Tree) -> String {
    let fault = Alpine.installed(tree).unwrap_err();
    assert_eq!(fault.class(), Class::Untrusted);
    let mut out = fault.to_string();
    let mut next = fault.source();
    while let Some(cause) = next {
        out = format!("{out}: {cause}");
        next = cause.source();
    }
    out
}

fn lines(installed: &Installed) -> Vec<String> {
    let packages = installed.packages.iter();
    packages
        .map(|one| {
            format!(
                "{} {} {} {} {}",
                one.name, one.version, one.arch, one.source.name, one.state
            )
        })
        .collect()
}

/// Path, digest, mode and owner, whether it is a directory and configuration.
fn shown(file: &InstalledFile) -> String {
    let sum: String = file
        .sum
        .iter()
        .flat_map(|sum| sum[..2].iter())
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let (mode, uid, gid) = file.meta.unwrap();
    let directory = if file.directory { " d" } else { "" };
    let conffile = if file.conffile { " c" } else { "" };
    format!(
        "{} {sum} {mode:o} {uid}:{gid}{directory}{conffile}",
        file.path
    )
}

#[test]
fn a_package_has_all_that_its_paragraph_says() {
    let installed = read(MADE);
    assert_eq!(lines(&installed), ["x 1.2-r3 x86_64 src installed"]);
    let package = &installed.packages[0];
    assert_eq!(package.source.version, package.version);
    assert_eq!(package.license.as_deref(), Some("MIT AND (GPL-2.0-only)"));
    let files: Vec<_> = package.files.iter().flatten().map(shown).collect();
    assert_eq!(
        files,
        [
            "/etc  755 0:0 d",
            "/etc/init.d  755 0:0 d",
            "/etc/init.d/x 040f 755 0:0",
            "/etc/x.d  1755 1:2 d",
            "/etc/x.d/conf da39 644 0:0 c",
            "/top  644 0:0",
        ]
    );
    assert_eq!(installed.databases, [path("lib/apk/db/installed")]);
    assert_eq!(installed.diversions, []);
    assert_eq!(Alpine.file_sum(), FileSum::Sha1);
}

#[test]
fn little_is_needed_of_a_package() {
    let installed =
        read("\nP:b\nV:2\n\n\nP:a\nV:1\nA:noarch\nL:\no:\nz:new\n\nP:.deps\nV:20.1\nD:a\n\n");
    assert_eq!(
        lines(&installed),
        ["a 1 noarch a installed", "b 2 noarch b installed"]
    );
    let package = &installed.packages[0];
    assert_eq!(
        (package.files.as_deref(), &package.license),
        (Some(&[][..]), &None)
    );
    assert!(read("").packages.is_empty());
    let none = texts(&[("etc/apk/world", "x\n"), ("var/lib/dpkg/status", "")]);
    assert!(Alpine.installed(&none).unwrap().is_none());
}

#[test]
fn only_sha1_sums_are_taken() {
    let long = format!("Q2{}=", "A".repeat(43));
    let record = |more: &str, sum: &str| format!("P:x\nV:1\n{more}F:\nR:a\nZ:{sum}\n\n");
    let sum = |text: String| {
        read(&text).packages[0].files.as_ref().unwrap()[0]
            .sum
            .clone()
    };
    assert!(sum(record("", "Q12jmj7l5rSw0yVb/vlWAYkK/YBwk=")).is_some());
    assert_eq!(sum(record("", &long)), None);
    // Of packages of apk 3 it is a SHA-256, cut.
    assert_eq!(
        sum(record("f:fS\n", "Q12jmj7l5rSw0yVb/vlWAYkK/YBwk=")),
        None
    );
}

#[test]
fn both_places_of_the_database_are_read() {
    let one = |name: &str, version: &str| format!("P:{name}\nV:{version}\n\n");
    let (a, b) = (one("a", "1"), one("b", "1") + &one("a", "1"));
    let both = |b: &str| {
        texts(&[
            ("lib/apk/db/installed", &a),
            ("usr/lib/apk/db/installed", b),
        ])
    };
    assert_eq!(lines(&of(&both(&b))).len(), 2);
    assert_eq!(of(&both(&b)).databases.len(), 2);
    assert_eq!(
        fault(&both(&one("a", "2"))),
        "the package databases /lib/apk/db/installed and /usr/lib/apk/db/installed have different \
         versions of a"
    );

    let linked = Tree {
        nodes: [
            (path("lib"), symlink("usr/lib")),
            (path("usr"), directory(0o755)),
            (path("usr/lib"), directory(0o755)),
            (path("usr/lib/apk"), directory(0o755)),
            (path("usr/lib/apk/db"), directory(0o755)),
            (path("usr/lib/apk/db/installed"), file(&a)),
        ]
        .into(),
    };
    assert_eq!(of(&linked).databases, [path("usr/lib/apk/db/installed")]);
    for at in [
        "lib/apk/db/installed",
        "usr/lib/apk/db/installed",
        "etc/alpine-release",
        "etc/apk/arch",
        "usr/lib/os-release",
    ] {
        assert!(Alpine.reads(&path(at)), "{at}");
    }
    for at in [
        "lib/apk/db/scripts.tar",
        "x/lib/apk/db/installed",
        "var/lib/dpkg/status",
    ] {
        assert!(!Alpine.reads(&path(at)), "{at}");
    }
}

#[test]
fn the_release_and_the_architecture_are_what_the_filesystem_says() {
    let with = |files: &[(&str, &str)]| {
        let mut files = files.to_vec();
        files.push((
            "lib/apk/db/installed",
            "P:a\nV:1\nA:aarch64\n\nP:b\nV:1\nA:noarch\n\n",
        ));
        of(&texts(&files))
    };
    for (at, text, wanted) in [
        ("etc/alpine-release", "3.19.1\n", Some("v3.19")),
        ("etc/alpine-release", "3.22.0_rc1\n", Some("v3.22")),
        ("etc/alpine-release", "3.23.0_alpha20250612\n", Some("edge")),
        (
            "usr/lib/os-release",
            "ID=alpine\nVERSION_ID=3.21.2\n",
            Some("v3.21"),
        ),
        (
            "etc/os-release",
            "ID=wolfi\nVERSION_ID=\"20230201\"\n",
            None,
        ),
        ("etc/os-release", "ID=other\nVERSION_ID=3.2\n", None),
    ] {
        assert_eq!(with(&[(at, text)]).release.as_deref(), wanted, "{text}");
    }
    assert_eq!(
        with(&[("etc/os-release", "ID=wolfi\n")]).id.as_deref(),
        Some("wolfi")
    );
    assert_eq!(with(&[]).arch, Arch::from_oci("arm64"));
    let told = with(&[("etc/apk/arch", "x86_64\naarch64\n")]);
    assert_eq!(told.arch, Arch::from_oci("amd64"));

    assert_eq!(Alpine.osv_release("v3.22").as_deref(), Some("v3.22"));
    assert_eq!(Alpine.osv_release("edge"), None);
    assert_eq!(Alpine.osv_release("v3.22.1"), None);
    assert_eq!(
        (Alpine.osv_ecosystem(), Alpine.purl_namespace()),
        ("Alpine", "alpine")
    );
}

#[test]
fn damage_is_named_with_its_line() {
    let at = "lib/apk/db/installed";
    for (text, why) in [
        (
            "P:a\nV:1\n\nP:a\nV:1\n\n",
            "the package at line 4 of the package database /lib/apk/db/installed is a again, which is at line 1 already",
        ),
        (
            "P:a\nV:1\n",
            "/lib/apk/db/installed ends in the middle of a package",
        ),
        (
            "P:a\nV:1\n\nP:b",
            "/lib/apk/db/installed ends in the middle of a line",
        ),
        (
            "V:1\n\n",
            "the package at line 1 of the package database /lib/apk/db/installed has no field P",
        ),
        ("P:a\n\n", "has no field V"),
        ("P:a\nV:1\r\n\n", "has no valid version"),
        (
            "P:a/b\nV:1\n\n",
            "has no valid name: `a/b` is not a package name",
        ),
        ("P:.a\nV:1\nF:\nR:x\n\n", "has no valid name"),
        (
            "P:a\nP:b\nV:1\n\n",
            "line 2 of the package database /lib/apk/db/installed repeats a field: `P:b`",
        ),
        (
            "P:a\nV:1\nA:\u{e4}\n\n",
            "is a and has no valid architecture",
        ),
        (
            "P:a\nV:1\nW:x\n\n",
            "line 3 of the package database /lib/apk/db/installed is a field that only a newer apk knows: `W:x`",
        ),
        ("P:a\nV:1\nf:y\n\n", "has flags that only a newer apk knows"),
        (
            "P:a\nV:1\nx\n\n",
            "line 3 of the package database /lib/apk/db/installed is no field: `x`",
        ),
        ("P:a\nV:1\nR:x\n\n", "is in no directory: `R:x`"),
        ("P:a\nV:1\nF:d\nR:x/y\n\n", "is no name of a file"),
        ("P:a\nV:1\nF:d\nR:\n\n", "is no name of a file"),
        ("P:a\nV:1\nF:d\nR:.\n\n", "is no name of a file"),
        (
            "P:a\nV:1\nF:d\nR:..\n\n",
            "line 4 of the package database /lib/apk/db/installed names a path that is refused: the path `d/..` leaves the root",
        ),
        ("P:a\nV:1\nF:../d\n\n", "leaves the root"),
        ("P:a\nV:1\nM:0:0:755\n\n", "is of no directory"),
        ("P:a\nV:1\nF:d\na:0:0:755\n\n", "is of no file"),
        (
            "P:a\nV:1\nF:d\nR:x\nF:e\nZ:Q12jmj7l5rSw0yVb/vlWAYkK/YBwk=\n\n",
            "line 6 of the package database /lib/apk/db/installed is of no file",
        ),
        ("P:a\nV:1\nF:d\nR:x\nZ:Q1x\n\n", "is no checksum: `Z:Q1x`"),
        (
            "P:a\nV:1\nF:d\nM:0:0:888\n\n",
            "is no owner and mode: `M:0:0:888`",
        ),
        ("P:a\nV:1\nF:d\nM:0:0:17777\n\n", "is no owner and mode"),
        ("P:a\nV:1\nF:d\nM:+1:0:755\n\n", "is no owner and mode"),
        (
            "P:a\nV:1\nF:d\nM:0:4294967296:755\n\n",
            "is no owner and mode",
        ),
        ("P:a\nV:1\nF:d\nM:0:0\n\n", "is no owner and mode"),
        ("P:a\nV:1\nF:d\nM:0:0:755:Q1x\n\n", "is no owner and mode"),
        (
            "ADBd\u{1}",
            "the package database /lib/apk/db/installed is in the binary form of apk 3 (ADB), which rootlock does not read",
        ),
    ] {
        let text_of = fault(&texts(&[(at, text)]));
        assert!(text_of.contains(why), "{text:?}: {text_of}");
    }
    let odd = Tree {
        nodes: [(path(at), symlink("gone"))].into(),
    };
    assert!(fault(&odd).contains("leads to no regular file"));
}

#[test]
fn real_files_of_version_3_are_refused() {
    let Some(samples) = shared_path("alpine/v3-samples/packages.adb") else {
        return;
    };
    let bytes = fs_err::read(samples).unwrap();
    let adb = node(0o644, 1, Kind::File(Blob::inline(bytes)));
    let tree = Tree {
        nodes: [(path("lib/apk/db/installed"), adb)].into(),
    };
    assert!(fault(&tree).contains("binary form of apk 3"));
}

proptest! {
    /// A database that is cut is refused, unless it is cut between two packages.
    #[test]
    fn a_cut_database_is_refused(cut in 0..2 * MADE.len()) {
        let two = format!("{MADE}{}", MADE.replace("P:x", "P:y"));
        let Some(text) = two.get(..cut) else {
            return Ok(());
        };
        match Alpine.installed(&texts(&[("lib/apk/db/installed", text)])) {
            Err(fault) => prop_assert_eq!(fault.class(), Class::Untrusted),
            Ok(Some(installed)) => prop_assert_eq!(installed.packages.len() * MADE.len(), cut),
            Ok(None) => prop_assert!(false, "it is there"),
        }
    }

    /// Whatever bytes are there, the answer is a database or an error.
    #[test]
    fn any_bytes_are_read_or_refused(
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        more in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(&b"\n:/PVFRMaZ01"[..])], 0..100),
    ) {
        let mut bytes = MADE.as_bytes().to_vec();
        for (at, byte) in flips {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.extend(more);
        let odd = node(0o644, 1, Kind::File(Blob::inline(bytes)));
        let tree = Tree { nodes: [(path("lib/apk/db/installed"), odd)].into() };
        let _ = Alpine.installed(&tree);
    }
}
