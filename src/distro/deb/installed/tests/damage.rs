//! What cannot be read in full is refused.

use super::*;
use crate::model::Sha256;
use crate::tree::testing::{directory, hardlink, node, symlink};
use crate::tree::{Blob, Kind, Location};

#[test]
fn links_and_hard_links_lead_to_a_database() {
    let installed = of(&tree(&[
        ("var", directory(0o755)),
        ("var/lib", symlink("../data/lib")),
        ("data", directory(0o755)),
        ("data/lib", directory(0o755)),
        ("data/lib/dpkg", directory(0o755)),
        ("data/lib/dpkg/status", hardlink("a")),
        ("a", file(&stanza("x", "all", ""))),
    ]));
    assert_eq!(lines(&installed).len(), 1);
    assert_eq!(installed.databases, [path("data/lib/dpkg/status")]);
}

#[test]
fn a_database_that_is_not_at_hand_is_not_passed_over() {
    let at = "var/lib/dpkg/status";
    let elsewhere = |size| {
        let blob = Blob {
            size,
            sha256: Sha256::of(b""),
            at: Location::Pack { pack: 0, offset: 0 },
        };
        node(0o644, 1, Kind::File(blob))
    };
    assert!(fault(&tree(&[(at, elsewhere(9))])).contains("/var/lib/dpkg/status is not at hand"));
    assert!(fault(&tree(&[(at, elsewhere(1 << 40))])).contains("more than 134217728"));
    for odd in [
        directory(0o755),
        symlink("gone"),
        node(0o644, 1, Kind::Fifo),
    ] {
        assert!(fault(&tree(&[(at, odd)])).contains("leads to no regular file"));
    }
}

#[test]
fn damage_is_named_with_its_line() {
    let good = stanza("a", "amd64", "");
    let with = |from: &str, to: &str| good.replace(from, to);
    for (status, why) in [
        (
            good.clone() + &good,
            "the package at line 6 of the package database /var/lib/dpkg/status is a again, which is at line 1 already",
        ),
        (
            with("Package: a\n", ""),
            "the package at line 1 of the package database /var/lib/dpkg/status has no field Package",
        ),
        (with("Version: 1-1\n", ""), "is a and has no field Version"),
        (
            with("Architecture: amd64\n", ""),
            "is a and has no field Architecture",
        ),
        (
            with("Status: install ok installed\n", ""),
            "is a and has no field Status",
        ),
        (
            with("ok installed", "ok done"),
            "is a and has an unknown state: `install ok done`",
        ),
        (
            with("ok installed", "ok installed x"),
            "has an unknown state",
        ),
        (
            with("Package: a", "Package: ../a"),
            "has no valid name: `../a` is not a package name",
        ),
        (
            with("1-1", "1 1"),
            "has no valid version: `1 1` is not a version",
        ),
        (with("amd64", "a/b"), "has no valid architecture: `a/b`"),
        (
            with("Version: 1-1", "Version"),
            "line 4 of the package database /var/lib/dpkg/status is no field: `Version`",
        ),
        (
            with("Version", "status: x y z\nVersion"),
            "line 4 of the package database /var/lib/dpkg/status repeats a field",
        ),
        (
            format!(" x\n{good}"),
            "line 1 of the package database /var/lib/dpkg/status continues no field",
        ),
        (
            with("Version", " \nVersion"),
            "line 5 of the package database /var/lib/dpkg/status follows the end of the stanza",
        ),
        (
            good.trim_end().to_owned(),
            "/var/lib/dpkg/status ends in the middle of a line",
        ),
        (
            with("\n\n", &format!("\nConffiles:\n etc/a {SUM}\n\n")),
            "has an unreadable conffile: `etc/a d41d8",
        ),
        (
            with("\n\n", "\nConffiles:\n /etc/a\n\n"),
            "has an unreadable conffile: `/etc/a`",
        ),
        (
            with("\n\n", &format!("\nConffiles:\n /etc/../a {SUM}\n\n")),
            "leaves the root",
        ),
    ] {
        let text = fault(&texts(&[("var/lib/dpkg/status", &status)]));
        assert!(text.contains(why), "{status:?}: {text}");
    }
    for (file, content, why) in [
        ("list", "/a\n/b", "a.list ends in the middle of a line"),
        (
            "list",
            "/.\n\n",
            "line 2 of the package database /var/lib/dpkg/info/a.list is no absolute path: ``",
        ),
        (
            "list",
            "/.\r\n/a\r\n",
            "line 1 of the package database /var/lib/dpkg/info/a.list ends with a carriage return",
        ),
        (
            "list",
            "/.\n/a/../b\n",
            "line 2 of the package database /var/lib/dpkg/info/a.list names a path that is refused: the path `/a/../b` leaves the root",
        ),
        (
            "md5sums",
            "d41d  x\n",
            "line 1 of the package database /var/lib/dpkg/info/a.md5sums is no digest with a path: `d41d  x`",
        ),
        (
            "md5sums",
            "d41d8cd98f00b204e9800998ecf8427g  x\n",
            "is no digest with a path",
        ),
        (
            "md5sums",
            "d41d8cd98f00b204e9800998ecf8427e x\n",
            "is no digest with a path",
        ),
        (
            "md5sums",
            "d41d8cd98f00b204e9800998ecf8427e  /\n",
            "is no digest with a path",
        ),
        (
            "md5sums",
            "\\d41d8cd98f00b204e9800998ecf8427e  a\\x\n",
            "is no digest with a path",
        ),
        (
            "md5sums",
            "d41d8cd98f00b204e9800998ecf8427e  a\r\n",
            "ends with a carriage return",
        ),
        (
            "conffiles",
            "\netc/a\n",
            "line 2 of the package database /var/lib/dpkg/info/a.conffiles is no absolute path",
        ),
    ] {
        let at = format!("var/lib/dpkg/info/a.{file}");
        let text = fault(&texts(&[("var/lib/dpkg/status", &good), (&at, content)]));
        assert!(text.contains(why), "{file} {content:?}: {text}");
    }
    let empty = [("var/lib/dpkg/status.d/a", " \n")];
    assert!(
        fault(&texts(&empty))
            .contains("line 1 of the package database /var/lib/dpkg/status.d/a begins no package")
    );
}
