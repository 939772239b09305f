//! Directories as written, read back by the system's own calls.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use super::*;
use crate::export::testing::NoPacks;
use crate::model::{Class, Explain as _};
use crate::tree::testing::{directory, file, hardlink, node, symlink, tree};

fn sample() -> Tree {
    let mut tool = file("#!/bin/sh\n");
    tool.meta.mode = 0o4755;
    tool.meta.mtime = 1_000_000_000;
    let name: Box<[u8]> = (*b"security.capability").into();
    let mut capable = file("x");
    // A version 2 capability: cap_net_raw, effective.
    let mut capability = vec![1, 0, 0, 2, 0, 0x20, 0, 0];
    capability.resize(20, 0);
    capable.meta.xattrs.insert(name, capability.into());
    tree([
        ("bin", symlink("usr/bin")),
        ("closed", directory(0o000)),
        ("closed/file", file("inside")),
        ("etc", directory(0o755)),
        ("etc/a", file("linked")),
        ("pipe", node(0o622, -5, Kind::Fifo)),
        ("tmp", directory(0o1777)),
        ("usr", directory(0o755)),
        ("usr/bin", directory(0o2755)),
        ("usr/bin/b", hardlink("etc/a")),
        ("usr/bin/ping", capable),
        ("usr/bin/tool", tool),
    ])
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Removing what is closed needs opening it first, unless one is root.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn out(&self) -> PathBuf {
        self.0.path().join("out")
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let closed = self.out().join("closed");
        let _ = fs::set_permissions(closed, std::fs::Permissions::from_mode(0o700));
    }
}

use std::path::PathBuf;

fn mode(path: PathBuf) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

#[test]
fn everything_as_the_caller_under_no_owner() {
    let home = Home::new();
    let out = home.out();
    fs::create_dir(&out).unwrap();
    let mut sample = sample();
    let device = node(0o666, 0, Kind::CharDevice(1, 3));
    sample.nodes.insert("dev0".parse().unwrap(), device);
    let dropped = write_dir(&out, &sample, &NoPacks, true).unwrap();
    let expected = Dropped {
        set_id: 2,
        devices: 1,
        attributes: 1,
    };
    assert_eq!(dropped, expected);
    assert!(dropped.warning().unwrap().contains("1 devices"));
    assert!(!out.join("dev0").exists());
    assert_eq!(mode(out.join("usr/bin/tool")), 0o755);
    assert_eq!(mode(out.join("usr/bin")), 0o755);
    assert_eq!(mode(out.join("tmp")), 0o1777);
    assert_eq!(mode(out.join("closed")), 0);
    assert_eq!(mode(out.join("pipe")), 0o622);
    assert_eq!(mode(out.clone()), 0o755);
    assert_eq!(
        fs::read_link(out.join("bin")).unwrap(),
        Path::new("usr/bin")
    );
    assert_eq!(fs::read(out.join("usr/bin/b")).unwrap(), b"linked");
    let stat = |name: &str| fs::symlink_metadata(out.join(name)).unwrap();
    assert_eq!(stat("etc/a").ino(), stat("usr/bin/b").ino());
    assert_eq!(stat("etc/a").nlink(), 2);
    assert_eq!(stat("usr/bin/tool").mtime(), 1_000_000_000);
    assert_eq!(stat("pipe").mtime(), -5);
    assert_eq!(stat("bin").mtime(), 1);
    for name in [".", "closed", "usr", "usr/bin"] {
        assert_eq!(stat(name).mtime(), 946_684_800, "{name}");
    }
    assert_eq!(fs::read_dir(home.0.path()).unwrap().count(), 1);
}

#[test]
fn owners_attributes_and_bits_are_kept_or_refused() {
    let home = Home::new();
    let out = home.out();
    let mut sample = sample();
    let meta = &mut sample
        .nodes
        .get_mut("usr/bin/tool".as_bytes())
        .unwrap()
        .meta;
    (meta.uid, meta.gid) = (1234, 4321);
    match write_dir(&out, &sample, &NoPacks, false) {
        Ok(dropped) => {
            assert_eq!(dropped.warning(), None);
            let tool = fs::symlink_metadata(out.join("usr/bin/tool")).unwrap();
            assert_eq!(
                (tool.uid(), tool.gid(), tool.mode() & 0o7777),
                (1234, 4321, 0o4755)
            );
            assert_eq!(mode(out.join("usr/bin")), 0o2755);
            let mut value = [0; 64];
            let ping = out.join("usr/bin/ping");
            let length = rustix::fs::lgetxattr(ping, c"security.capability", &mut value).unwrap();
            assert_eq!(length, 20);
        }
        Err(error @ ExportError::Rights { .. }) => {
            assert!(
                !is_root() || error.to_string().contains("attribute"),
                "{error}"
            );
            assert_eq!(error.class(), Class::Outside);
            let hint = error.hint().unwrap();
            assert!(hint.contains("--no-owner") && hint.contains("unshare --map-auto -r"));
            assert_eq!(fs::read_dir(home.0.path()).unwrap().count(), 0);
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn only_an_absent_or_empty_place_is_taken() {
    let home = Home::new();
    let out = home.out();
    let tree = tree([("a", file("a"))]);
    fs::write(&out, "theirs").unwrap();
    let error = write_dir(&out, &tree, &NoPacks, true).unwrap_err();
    assert_eq!(error.class(), Class::BadInput);
    fs::remove_file(&out).unwrap();
    fs::create_dir(&out).unwrap();
    fs::write(out.join("x"), "theirs").unwrap();
    let error = write_dir(&out, &tree, &NoPacks, true).unwrap_err();
    assert_eq!(error.class(), Class::BadInput);
    assert_eq!(fs::read(out.join("x")).unwrap(), b"theirs");
    fs::remove_file(out.join("x")).unwrap();
    let mut unreadable = tree.clone();
    let blob = crate::tree::Blob {
        size: 5,
        sha256: crate::model::Sha256::of(b""),
        at: crate::tree::Location::Pack { pack: 9, offset: 0 },
    };
    unreadable
        .nodes
        .insert("b".parse().unwrap(), node(0o644, 0, Kind::File(blob)));
    let error = write_dir(&out, &unreadable, &NoPacks, true).unwrap_err();
    assert_eq!(error.to_string(), "the content of /b cannot be read");
    assert_eq!(fs::read_dir(&out).unwrap().count(), 0);
    assert_eq!(fs::read_dir(home.0.path()).unwrap().count(), 1);
    write_dir(&out, &tree, &NoPacks, true).unwrap();
    assert_eq!(fs::read(out.join("a")).unwrap(), b"a");
}

#[test]
fn an_owner_that_means_nobody_is_refused() {
    let home = Home::new();
    let mut one = file("a");
    one.meta.uid = u32::MAX;
    let error = write_dir(&home.out(), &tree([("a", one)]), &NoPacks, false).unwrap_err();
    assert!(matches!(error, ExportError::Rights { .. }), "{error}");
}
