//! The store against what happens to stores.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use super::*;

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
