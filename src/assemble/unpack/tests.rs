use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::assemble::Packs;
use crate::distro::deb::Debian;
use crate::distro::deb::testing::{Deb, Packing};
use crate::model::{Class, Explain as _, Sha256, SourcePackage};
use crate::progress::Silent;
use crate::tree::{Blob, Contents as _, Kind, Location};

/// A store and the packages in it.
struct Bench {
    dir: tempfile::TempDir,
    store: Store,
    packages: Vec<LockedPackage>,
}

impl Bench {
    fn new(debs: &[Deb]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let packages = debs.iter().map(|deb| {
            let bytes = deb.build();
            LockedPackage {
                name: deb.get("Package").parse().unwrap(),
                version: deb.get("Version").parse().unwrap(),
                arch: deb.get("Architecture").into(),
                group: "base".parse().unwrap(),
                requested: true,
                source: SourcePackage {
                    name: deb.get("Package").into(),
                    version: deb.get("Version").parse().unwrap(),
                },
                repository: "test".into(),
                path: "pool/x.deb".into(),
                size: bytes.len() as u64,
                sha256: store.put(&bytes).unwrap(),
                checksum: None,
                depends: Vec::new(),
                recommends: Vec::new(),
                install_if: Vec::new(),
            }
        });
        let packages = packages.collect();
        Self {
            dir,
            store,
            packages,
        }
    }

    fn all(&self) -> Vec<&LockedPackage> {
        self.packages.iter().collect()
    }

    fn unpack(&self, jobs: usize) -> Result<Vec<Unpacked>, UnpackError> {
        self.unpack_with(jobs, &Silent)
    }

    fn unpack_with(
        &self,
        jobs: usize,
        progress: &dyn Progress,
    ) -> Result<Vec<Unpacked>, UnpackError> {
        self.unpack_packs(jobs, progress)
            .map(|(unpacked, _)| unpacked)
    }

    fn unpack_packs(
        &self,
        jobs: usize,
        progress: &dyn Progress,
    ) -> Result<(Vec<Unpacked>, Packs<'_>), UnpackError> {
        unpack_all(&self.store, &Debian, &self.all(), jobs, MEMORY, progress)
    }

    fn pack(&self, index: usize) -> std::path::PathBuf {
        let key = key(&self.packages[index]);
        self.store.derived_path(STAGE, revision(&Debian), &key)
    }

    /// Changes a file of the store, which nobody may.
    fn tamper(path: &std::path::Path, offset: u64) {
        let mut permissions = fs_err::metadata(path).unwrap().permissions();
        permissions.set_mode(0o644);
        fs_err::set_permissions(path, permissions).unwrap();
        let file = fs_err::OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .unwrap();
        let mut byte = [0];
        file.file().read_exact_at(&mut byte, offset).unwrap();
        file.file().write_all_at(&[byte[0] ^ 1], offset).unwrap();
    }
}

/// Counts the packages that are unpacked.
#[derive(Default)]
struct Counting(AtomicU64);

impl Progress for Counting {
    fn begin(&self, task: Task<'_>) -> TaskId {
        assert!(matches!(task, Task::Unpack { .. }));
        TaskId(self.0.fetch_add(1, Ordering::Relaxed))
    }
    fn advance(&self, _: TaskId, _: u64) {}
    fn end(&self, _: TaskId) {}
    fn expect(&self, _: u64, _: u64) {}
    fn warn(&self, _: &str) {}
    fn note(&self, _: &str) {}
}

fn content(index: usize, file: usize) -> Vec<u8> {
    (0..file * 70_001)
        .map(|at| (at * 31 + index) as u8)
        .collect()
}

/// Packages with three files each.
fn debs(count: usize) -> Vec<Deb> {
    let deb = |index: usize| {
        let mut deb = Deb::new(&format!("p{index:02}"), "1.0")
            .packing(Packing::ALL[index % Packing::ALL.len()])
            .script("postinst", "#!/bin/sh\n");
        for file in 0..3 {
            let path = format!("usr/share/p{index:02}/f{file}");
            deb = deb.file(&path, &content(index, file), 0o644);
        }
        deb.dir("usr", 0o700).mtime(2_000_000_000)
    };
    (0..count).map(deb).collect()
}

#[test]
fn packs_hold_what_archives_hold() {
    let bench = Bench::new(&debs(40));
    let (first, packs) = bench.unpack_packs(1, &Silent).unwrap();
    let packs = packs.with_files(Some(bench.packages[3].sha256));
    for (index, unpacked) in first.iter().enumerate() {
        assert!(unpacked.root);
        assert_eq!(unpacked.newest, 2_000_000_000);
        assert_eq!(unpacked.control["postinst"].mode, 0o755);
        let (usr, node) = &unpacked.entries[0];
        assert_eq!(
            (usr.as_bytes(), node.meta.mode),
            (&b"usr"[..], 0o700),
            "the last one counts"
        );
        let again = unpacked
            .entries
            .iter()
            .filter(|(path, _)| path == usr)
            .count();
        assert_eq!(again, 1);
        for file in 0..3 {
            let path = format!("usr/share/p{index:02}/f{file}").parse().unwrap();
            let (_, node) = unpacked
                .entries
                .iter()
                .find(|(other, _)| *other == path)
                .unwrap();
            let Kind::File(blob) = &node.kind else {
                panic!("{path} is no file");
            };
            let Location::Pack { pack, offset } = blob.at else {
                panic!("{path} lies in no pack");
            };
            assert_eq!(pack as usize, index);
            let mut bytes = vec![0; blob.size as usize];
            packs.read_at(pack, offset, &mut bytes).unwrap();
            assert!(bytes == content(index, file), "{path}");
            assert_eq!(blob.sha256, Sha256::of(&bytes));
        }
    }
    let mut magic = [0; 8];
    packs.read_at(40, 0, &mut magic).unwrap();
    assert_eq!(
        &magic, b"!<arch>\n",
        "the pack behind all is the blob of files"
    );
    assert!(packs.read_at(41, 0, &mut magic).is_err());
    assert!(packs.read_at(0, u64::MAX / 2, &mut magic).is_err());

    // The same from the store, without unpacking anything again, on many threads.
    let counting = Counting::default();
    assert_eq!(bench.unpack_with(8, &counting).unwrap(), first);
    assert_eq!(counting.0.into_inner(), 0);
}

#[test]
fn threads_change_nothing() {
    let (one, many) = (Bench::new(&debs(24)), Bench::new(&debs(24)));
    assert_eq!(one.unpack(1).unwrap(), many.unpack(16).unwrap());
    for index in 0..24 {
        let pack = |bench: &Bench| fs_err::read(bench.pack(index)).unwrap();
        assert!(pack(&one) == pack(&many), "{index}");
    }
}

#[test]
fn a_damaged_pack_is_made_again() {
    let bench = Bench::new(&debs(3));
    let good = bench.unpack(2).unwrap();
    let whole = fs_err::read(bench.pack(1)).unwrap();
    let trailer = 40;
    for offset in [
        whole.len() - trailer - 1,   // the magic
        whole.len() - trailer - 20,  // the table's digest
        whole.len() - trailer - 47,  // where the table begins
        whole.len() - trailer - 100, // the table
        whole.len() - trailer,       // the length
    ] {
        Bench::tamper(&bench.pack(1), offset as u64);
        let counting = Counting::default();
        assert_eq!(bench.unpack_with(2, &counting).unwrap(), good);
        assert_eq!(counting.0.into_inner(), 1, "offset {offset}");
        assert!(fs_err::read(bench.pack(1)).unwrap() == whole);
    }
}

/// As a loss of power leaves it: the table holds and the contents do not.
#[test]
fn damaged_contents_are_found_by_the_next_process() {
    let bench = Bench::new(&debs(3));
    bench.unpack(2).unwrap();
    let whole = fs_err::read(bench.pack(1)).unwrap();
    Bench::tamper(&bench.pack(1), 5);
    let (unpacked, packs) = bench.unpack_packs(2, &Silent).unwrap();
    let files = unpacked[1]
        .entries
        .iter()
        .filter_map(|(_, node)| match &node.kind {
            Kind::File(Blob {
                size,
                sha256,
                at: Location::Pack { pack, offset },
            }) => Some((*pack, *offset, *size, *sha256)),
            _ => None,
        });
    for (pack, offset, size, sha256) in files {
        let mut bytes = vec![0; size as usize];
        packs.read_at(pack, offset, &mut bytes).unwrap();
        assert_eq!(Sha256::of(&bytes), sha256);
    }
    assert!(fs_err::read(bench.pack(1)).unwrap() == whole);
}

#[test]
fn an_archive_is_read_only_when_all_of_it_holds() {
    let bench = Bench::new(&debs(2));
    let blob = bench.store.path(&bench.packages[1].sha256);
    Bench::tamper(&blob, 1000);
    // Another process finds it.
    let store = Store::open(bench.dir.path()).unwrap();
    let all = bench.all();
    let unpack = |all: &[&LockedPackage]| {
        let unpacked = unpack_all(&store, &Debian, all, 1, MEMORY, &Silent);
        unpacked.map(|(unpacked, _)| unpacked)
    };
    let error = unpack(&all).unwrap_err();
    assert!(matches!(error, UnpackError::Damaged { .. }), "{error}");
    assert_eq!(error.class(), Class::Untrusted);
    assert!(error.to_string().contains("p01 1.0"), "{error}");
    assert!(!blob.exists(), "it is dropped");
    assert!(!bench.pack(1).exists());

    let error = unpack(&all).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the archive of p01 1.0 is not in the store"
    );
    assert!(error.hint().unwrap().contains("rootlock fetch"));
    assert_eq!(error.class(), Class::Outside);

    let wrong = LockedPackage {
        size: 1,
        ..bench.packages[0].clone()
    };
    // That it is unpacked under what is right does not help.
    assert!(matches!(unpack(&[&wrong]), Err(UnpackError::Size { .. })));
    let other = LockedPackage {
        name: "other".parse().unwrap(),
        ..bench.packages[0].clone()
    };
    let error = unpack(&[&bench.packages[0], &other]).unwrap_err();
    assert!(error.to_string().contains("is another package"), "{error}");
}

#[test]
fn a_bad_package_leaves_no_pack() {
    let bad = Deb::new("p01", "1.0")
        .file("a", b"x", 0o644)
        .file("a/../../b", b"y", 0o644);
    let bench = Bench::new(&[debs(1).remove(0), bad, Deb::new("p02", "1.0")]);
    for jobs in [1, 4] {
        let error = bench.unpack(jobs).unwrap_err();
        assert_eq!(error.to_string(), "the package p01 1.0 is malformed");
        assert_eq!(error.class(), Class::Untrusted);
        assert!(!bench.pack(1).exists());
    }
    let left = fs_err::read_dir(bench.dir.path().join("tmp"))
        .unwrap()
        .count();
    assert_eq!(left, 0, "nothing half-written stays");
}
