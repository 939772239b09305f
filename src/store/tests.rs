//! The store against what happens to stores.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;

use super::*;
use crate::model::Epoch;

fn store() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path().join("deep/store")).unwrap();
    (dir, store)
}

/// What a process that starts now sees.
fn reopened(store: &Store) -> Store {
    Store::open(store.root()).unwrap()
}

fn overwrite(path: &Path, bytes: &[u8]) {
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_store_is_made_by_the_first_write_and_not_before() {
    let (dir, store) = store();
    let digest = Sha256::of(b"hello");
    assert!(!store.has(&digest));
    assert_eq!(store.read(&digest).unwrap(), None);
    assert!(store.open_verified(&digest).unwrap().is_none());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);

    assert_eq!(store.put(b"hello").unwrap(), digest);
    assert!(store.has(&digest));
    assert!(store.has_sized(&digest, 5));
    assert_eq!(store.read(&digest).unwrap().unwrap(), b"hello");
    let mode = fs::metadata(store.path(&digest)).unwrap().permissions();
    assert_eq!(mode.mode() & 0o222, 0, "blobs are read-only");
    assert_eq!(fs::read_dir(store.root().join("tmp")).unwrap().count(), 0);
}

#[test]
fn wrong_bytes_are_not_kept_under_the_wanted_name() {
    let (_dir, store) = store();
    let wanted = Sha256::of(b"wanted");
    let mut writer = store.writer().unwrap();
    writer.write_all(b"other").unwrap();
    let error = writer.commit_as(&wanted, "bash_5.deb").unwrap_err();
    assert!(error.to_string().starts_with("bash_5.deb has sha256:"));
    assert!(!store.has(&wanted) && !store.has(&Sha256::of(b"other")));
    assert_eq!(fs::read_dir(store.root().join("tmp")).unwrap().count(), 0);
}

#[test]
fn damage_of_every_kind_is_noticed_dropped_and_mended() {
    let (_dir, store) = store();
    let damages: [&dyn Fn(&Path); 5] = [
        &|path| overwrite(path, b"hellO"),
        &|path| overwrite(path, b""),
        &|path| {
            fs::remove_file(path).unwrap();
            symlink("/etc/passwd", path).unwrap();
        },
        &|path| {
            fs::remove_file(path).unwrap();
            fs::create_dir_all(path.join("full")).unwrap();
        },
        &|path| {
            fs::remove_file(path).unwrap();
            symlink("nowhere", path).unwrap();
        },
    ];
    for (number, damage) in damages.into_iter().enumerate() {
        let digest = store.put(b"hello").unwrap();
        let path = store.path(&digest);
        damage(&path);
        assert_eq!(reopened(&store).read(&digest).unwrap(), None, "{number}");
        assert!(fs::symlink_metadata(&path).is_err(), "{number}");

        store.put(b"hello").unwrap();
        damage(&path);
        let other = reopened(&store);
        assert!(other.open_verified(&digest).unwrap().is_none(), "{number}");
        store.put(b"hello").unwrap();
        damage(&path);
        store.put(b"hello").unwrap();
        assert_eq!(store.read(&digest).unwrap().unwrap(), b"hello", "{number}");
    }
    let digest = Sha256::of(b"hello");
    overwrite(&store.path(&digest), b"hell");
    assert!(!store.has_sized(&digest, 5));
    assert!(!store.has(&digest));
}

#[test]
fn derived_entries_are_whole_or_absent() {
    let (_dir, store) = store();
    let key = Sha256::of(b"input");
    let mut writer = store.derived_writer("unpack", 1, &key).unwrap();
    writer.write_all(b"first").unwrap();
    assert_eq!(writer.position(), 5);
    writer.write_all(b"second").unwrap();
    assert!(store.open_derived("unpack", 1, &key).unwrap().is_none());
    writer.commit().unwrap();
    let (mut file, length) = store.open_derived("unpack", 1, &key).unwrap().unwrap();
    assert_eq!(length, 11);
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).unwrap();
    assert_eq!(&bytes[..11], b"firstsecond");
    assert_eq!(
        store.derived("unpack", 1, &key).unwrap().unwrap(),
        b"firstsecond"
    );
    assert!(store.derived("unpack", 2, &key).unwrap().is_none());

    let path = store.derived_path("unpack", 1, &key);
    for end in 0..bytes.len() {
        overwrite(&path, &bytes[..end]);
        assert!(store.open_derived("unpack", 1, &key).unwrap().is_none());
        assert!(!path.exists());
        fs::write(&path, &bytes[..end]).unwrap();
        assert!(store.derived("unpack", 1, &key).unwrap().is_none());
        fs::write(&path, b"").unwrap();
    }
    for flipped in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[flipped] ^= 1;
        overwrite(&path, &damaged);
        assert!(store.derived("unpack", 1, &key).unwrap().is_none());
        fs::write(&path, b"").unwrap();
    }
    store.put_derived("unpack", 1, &key, b"").unwrap();
    assert_eq!(store.derived("unpack", 1, &key).unwrap().unwrap(), b"");
    store.drop_derived("unpack", 1, &key);
    assert!(store.open_derived("unpack", 1, &key).unwrap().is_none());
}

#[test]
fn the_root_must_be_a_directory() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = Store::open(file.path()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains(&file.path().display().to_string())
    );
}

/// Sets the time of last use so many seconds before the present, which is returned.
fn used_ago(path: &Path, seconds: i64) -> Epoch {
    let now = tempfile::NamedTempFile::new().unwrap();
    let now = now.as_file().metadata().unwrap().mtime();
    let time = filetime::FileTime::from_unix_time(now - seconds, 0);
    filetime::set_file_mtime(path, time).unwrap();
    Epoch(now)
}

const DAY: i64 = 86_400;

fn collect(store: &Store, days: Option<u64>, bytes: Option<u64>, now: Epoch) -> Collected {
    reopened(store).gc(Keep { days, bytes }, now).unwrap()
}

#[test]
fn gc_drops_the_least_recently_used() {
    let (_dir, store) = store();
    let blobs: Vec<_> = [b"aaaa", b"bbbb", b"cccc"]
        .iter()
        .map(|bytes| store.put(*bytes).unwrap())
        .collect();
    let key = Sha256::of(b"key");
    store.put_derived("unpack", 3, &key, b"dddd").unwrap();
    let derived = store.derived_path("unpack", 3, &key);
    let store = {
        let root = store.root().to_owned();
        drop(store);
        Store::open(root).unwrap()
    };
    let sizes = store.size().unwrap();
    assert_eq!((sizes.blobs.files, sizes.blobs.bytes), (3, 12));
    assert_eq!(
        sizes.derived["unpack-3"],
        Usage {
            files: 1,
            bytes: 44
        }
    );
    assert_eq!(sizes.total().bytes, 56);

    for (blob, days) in blobs.iter().zip([9, 5, 2]) {
        used_ago(&store.path(blob), days * DAY + 60);
    }
    let now = used_ago(&derived, 3 * DAY);
    assert_eq!(collect(&store, None, None, now).kept.files, 4);
    let done = collect(&store, Some(7), None, now);
    assert_eq!((done.removed.files, done.kept.files), (1, 3));
    assert!(!store.path(&blobs[0]).exists());
    let done = collect(&store, None, Some(48), now);
    assert_eq!((done.removed.bytes, done.kept.bytes), (4, 48));
    assert!(!store.path(&blobs[1]).exists());
    // A clock that was wrong does not keep a blob for good.
    used_ago(&store.path(&blobs[2]), -900 * DAY);
    let done = collect(&store, Some(0), None, now);
    assert_eq!((done.removed.files, done.kept.files), (2, 0));
}

#[test]
fn gc_leaves_what_a_running_process_holds() {
    let (_dir, store) = store();
    let used = store.put(b"used").unwrap();
    let unused = store.put(b"unused").unwrap();
    let root = store.root().to_owned();
    drop(store);
    let running = Store::open(&root).unwrap();
    used_ago(&running.path(&unused), 40 * DAY);
    let now = used_ago(&running.path(&used), 40 * DAY);
    assert!(running.has(&used));
    let fresh = running.put(b"fresh").unwrap();
    let mut writer = running.writer().unwrap();
    writer.write_all(b"late").unwrap();

    let done = collect(&running, Some(0), Some(0), now);
    assert_eq!((done.removed.files, done.held.files), (1, 2));
    assert_eq!(done.leftovers.files, 0);
    assert!(!running.has(&unused));
    assert!(running.has(&used) && running.has(&fresh));
    writer.commit().unwrap();

    // A process that was killed: its lock is gone, its files are not.
    drop(running);
    fs::write(root.join("sessions/killed"), "").unwrap();
    fs::write(root.join("tmp/killed-1"), "half").unwrap();
    let store = Store::open(&root).unwrap();
    let done = collect(&store, None, Some(0), now);
    assert_eq!((done.removed.files, done.leftovers.bytes), (3, 4));
    assert_eq!(fs::read_dir(root.join("sessions")).unwrap().count(), 0);
}

#[test]
fn a_store_that_cannot_be_written_serves_what_it_holds() {
    let (_dir, store) = store();
    let blob = store.put(b"hello").unwrap();
    let root = store.root().to_owned();
    drop(store);
    // Permissions do not stop root, files at the directories' places do.
    for part in ["sessions", "tmp"] {
        fs::remove_dir(root.join(part)).unwrap();
        fs::write(root.join(part), "").unwrap();
    }
    let reader = Store::open(&root).unwrap();
    let now = used_ago(&reader.path(&blob), 40 * DAY);
    assert!(reader.has(&blob));
    assert_eq!(reader.read(&blob).unwrap().unwrap(), b"hello");
    let error = reader.put(b"other").unwrap_err();
    assert!(error.to_string().contains("tmp"), "{error}");

    // What it uses cannot be marked, so nothing is dropped while it runs.
    let keep = Keep {
        days: Some(0),
        bytes: None,
    };
    let error = Store::open(&root).unwrap().gc(keep, now).unwrap_err();
    assert!(matches!(error, StoreError::Busy { .. }), "{error}");
    drop(reader);
    let done = Store::open(&root).unwrap().gc(keep, now).unwrap();
    assert_eq!(done.removed.files, 1);
}

#[test]
fn check_names_every_damage_and_changes_nothing() {
    let (_dir, store) = store();
    let blobs: Vec<_> = (0..20u8).map(|n| store.put(&[n; 100]).unwrap()).collect();
    let keys: Vec<_> = (0..5u8).map(|n| Sha256::of(&[n])).collect();
    for key in &keys {
        store.put_derived("index", 1, key, b"data").unwrap();
    }
    let checked = store.check().unwrap();
    assert_eq!((checked.read.files, checked.damaged.len()), (25, 0));

    overwrite(&store.path(&blobs[3]), b"x");
    fs::remove_file(store.path(&blobs[4])).unwrap();
    symlink("/etc/passwd", store.path(&blobs[4])).unwrap();
    fs::remove_file(store.path(&blobs[5])).unwrap();
    fs::create_dir(store.path(&blobs[5])).unwrap();
    let entry = store.derived_path("index", 1, &keys[0]);
    let mut bytes = fs::read(&entry).unwrap();
    bytes[0] ^= 1;
    overwrite(&entry, &bytes);
    let mut wanted = vec![entry];
    wanted.extend(blobs[3..6].iter().map(|blob| store.path(blob)));
    wanted.sort();
    for _ in 0..2 {
        let damaged = store.check().unwrap().damaged;
        let paths: Vec<_> = damaged.iter().map(|damage| damage.path.clone()).collect();
        assert_eq!(paths, wanted);
    }
    let damaged = store.check().unwrap().damaged;
    store.remove_damaged(&damaged).unwrap();
    assert_eq!(store.check().unwrap().damaged, []);
}

#[test]
fn processes_write_read_and_collect_at_once() {
    let (_dir, store) = store();
    store.put(b"first").unwrap();
    let root = store.root().to_owned();
    let now = used_ago(&store.path(&Sha256::of(b"first")), 0);
    std::thread::scope(|scope| {
        for thread in 0..4u8 {
            let root = &root;
            scope.spawn(move || {
                for round in 0..25u8 {
                    let process = Store::open(root).unwrap();
                    let shared = process.put(&[round; 1000]).unwrap();
                    assert!(process.read(&shared).unwrap().is_some());
                    // Nobody else makes this one look old while somebody holds it.
                    let own = process.put(&[thread, round]).unwrap();
                    used_ago(&process.path(&own), 9 * DAY);
                    let process = Store::open(root).unwrap();
                    if process.has(&own) {
                        std::thread::yield_now();
                        assert!(process.read(&own).unwrap().is_some());
                    }
                }
            });
        }
        scope.spawn(|| {
            for _ in 0..50 {
                collect(&store, Some(1), None, now);
            }
        });
    });
    assert_eq!(fs::read_dir(root.join("tmp")).unwrap().count(), 0);
    assert_eq!(store.check().unwrap().damaged, []);
}

#[test]
fn gc_leaves_downloads_that_go_on_or_will() {
    let (_dir, store) = store();
    let (whole, digest) = (b"hello", Sha256::of(b"hello"));
    let mut partial = store.partial(&digest, 5).unwrap().unwrap();
    partial.write_all(&whole[..2]).unwrap();
    let path = store.root().join(format!("tmp/partial-{}", digest.hex()));
    let now = used_ago(&path, 2 * DAY);
    assert_eq!(collect(&store, Some(0), None, now).leftovers.files, 0);
    drop(partial);
    used_ago(&path, DAY / 2);
    assert_eq!(collect(&store, Some(0), None, now).leftovers.files, 0);
    used_ago(&path, 2 * DAY);
    assert_eq!(collect(&store, Some(0), None, now).leftovers.bytes, 2);

    // One that had been whole for long is held from the moment it is a blob.
    fs::write(&path, whole).unwrap();
    used_ago(&path, DAY / 2);
    let process = reopened(&store);
    process
        .partial(&digest, 5)
        .unwrap()
        .unwrap()
        .commit("x")
        .unwrap();
    assert_eq!(collect(&store, Some(0), None, now).held.files, 1);
}
