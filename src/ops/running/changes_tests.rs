use super::*;
use crate::assemble::Filter;
use crate::distro::{ALL, Running};
use crate::model::{Arch, Epoch, PathRules};
use crate::tree::testing::{directory, file, hardlink, node, path, symlink, tree};

struct NoPacks;

impl crate::tree::Contents for NoPacks {
    fn read_at(&self, _: u32, _: u64, _: &mut [u8]) -> std::io::Result<()> {
        Err(std::io::ErrorKind::NotFound.into())
    }
}

/// What Debian's scripts did, where `etc/mine` is a file of the manifest's.
fn between(before: &Tree, after: &Tree, rules: &PathRules) -> Changes {
    let mut running = Running::default();
    let policy = file("exit 101");
    running.put.insert(path("usr/sbin/policy-rc.d"), policy);
    let own = BTreeSet::from([path("etc/mine")]);
    let staged = Staged {
        distro: ALL[0],
        arch: Arch::from_debian("amd64").unwrap(),
        epoch: Epoch(7),
        tree: before,
        contents: &NoPacks,
        running: &running,
        own: &own,
        filter: &Filter::new(rules),
    };
    Changes::between(&staged, after)
}

fn made(changes: &Changes) -> Vec<String> {
    changes.made.keys().map(ToString::to_string).collect()
}

#[test]
fn what_is_new_or_otherwise_counts_and_time_does_not() {
    let before = tree([
        ("etc", directory(0o755)),
        ("etc/content", file("1")),
        ("etc/dir", directory(0o755)),
        ("etc/gone", file("1")),
        ("etc/link", symlink("a")),
        ("etc/mine", file("as it is")),
        ("etc/mode", file("1")),
        ("etc/same", file("1")),
        ("etc/twin", hardlink("etc/same")),
    ]);
    let mut touched = file("1");
    touched.meta.mtime = 99;
    let mut moved = file("1");
    moved.meta.mode = 0o600;
    let after = tree([
        ("etc", directory(0o755)),
        ("etc/content", file("2")),
        ("etc/dir", directory(0o700)),
        ("etc/link", symlink("b")),
        ("etc/mine", file("written over")),
        ("etc/mode", moved),
        ("etc/new", file("1")),
        // The archive had the other name first.
        ("etc/same", hardlink("etc/twin")),
        ("etc/twin", touched),
        ("etc/pipe", node(0o644, 0, Kind::Fifo)),
    ]);
    let changes = between(&before, &after, &PathRules::default());
    let expected = [
        "/etc/content",
        "/etc/dir",
        "/etc/link",
        "/etc/mode",
        "/etc/new",
    ];
    assert_eq!(made(&changes), expected);
    assert_eq!(changes.removed, BTreeSet::from([path("etc/gone")]));
    assert_eq!(
        between(&before, &before, &PathRules::default()),
        Changes::default()
    );
}

#[test]
fn what_is_no_part_of_an_image_is_left_out() {
    let before = tree([("var", directory(0o755))]);
    let after = tree([
        ("dev", directory(0o755)),
        ("etc", directory(0o755)),
        ("etc/machine-id", file("0123")),
        ("etc/passwd-", file("before")),
        ("etc/ssh", directory(0o755)),
        ("etc/ssh/ssh_host_rsa_key", file("secret")),
        ("etc/ssh/here", symlink("ssh_host_rsa_key")),
        ("etc/ssh/there", symlink("/etc/ssh/ssh_host_rsa_key")),
        ("etc/ssh/sshd_config", file("1")),
        ("run", directory(0o755)),
        ("run/lock", directory(0o1777)),
        ("run/pid", file("1")),
        ("usr", directory(0o755)),
        ("usr/sbin", directory(0o755)),
        ("usr/sbin/policy-rc.d", file("exit 101")),
        ("usr/share", directory(0o755)),
        ("usr/share/doc", file("1")),
        ("var", directory(0o755)),
        ("var/cache", directory(0o755)),
        ("var/cache/man", directory(0o755)),
        ("var/cache/man/de", directory(0o755)),
        ("var/cache/man/de/index.db", file("1")),
    ]);
    let rules = PathRules {
        exclude: vec!["/usr/share/doc".into()],
        include: Vec::new(),
    };
    let changes = between(&before, &after, &rules);
    let expected = [
        "/etc",
        "/etc/machine-id",
        "/etc/ssh",
        "/etc/ssh/sshd_config",
        "/run",
        "/run/lock",
        "/usr",
        "/usr/share",
        "/var/cache",
        "/var/cache/man",
    ];
    assert_eq!(made(&changes), expected);
    assert_eq!(changes.made[&path("etc/machine-id")].kind, file("").kind);
    let (maker, paths) = changes.of_one_machine.first_key_value().unwrap();
    assert_eq!(*maker, "ssh-keygen -A");
    assert_eq!(*paths, BTreeSet::from([path("etc/ssh/ssh_host_rsa_key")]));
}

#[test]
fn two_runs_are_compared_by_all_that_is_kept() {
    let before = tree([("etc", directory(0o755)), ("etc/a", file("1"))]);
    let run = |after: Tree| between(&before, &after, &PathRules::default());
    let one = run(tree([("etc", directory(0o755)), ("etc/b", file("1"))]));
    let mut later = file("1");
    later.meta.mtime = 5;
    let same = run(tree([("etc", directory(0o755)), ("etc/b", later)]));
    assert_eq!(one.differing(&same), BTreeSet::new());
    let other = run(tree([
        ("etc", directory(0o755)),
        ("etc/a", file("1")),
        ("etc/b", file("2")),
        ("etc/c", file("3")),
    ]));
    let differing = BTreeSet::from([path("etc/a"), path("etc/b"), path("etc/c")]);
    assert_eq!(one.differing(&other), differing);
    assert_eq!(other.differing(&one), differing);
}
