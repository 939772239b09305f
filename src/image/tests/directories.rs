//! Filesystems as directories.

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rustix::fs::{CWD, FileType, Mode, XattrFlags, mknodat};

use crate::image::testing::options;
use crate::image::{Form, Image, ImageError, Listing, Options, SumKind, read_listing, read_path};
use crate::model::{Class, Explain as _, Sha256};
use crate::tree::testing::path;
use crate::tree::{Kind, Location};

fn read(at: &Path) -> Result<Image, ImageError> {
    let found = read_path(at, &options(at))?;
    assert_eq!((found.form, found.index), (Form::Directory, None));
    assert_eq!(found.images.len(), 1);
    Ok(found.images.into_iter().next().unwrap())
}

fn set_time(at: &Path, seconds: i64, nanoseconds: u32) {
    let time = filetime::FileTime::from_unix_time(seconds, nanoseconds);
    filetime::set_symlink_file_times(at, time, time).unwrap();
}

#[test]
fn everything_in_a_directory_is_read() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name);
    fs_err::create_dir_all(at("d/e")).unwrap();
    fs_err::write(at("d/file"), "content").unwrap();
    fs_err::set_permissions(at("d/file"), Permissions::from_mode(0o4750)).unwrap();
    set_time(&at("d/file"), -5, 500_000_000);
    fs_err::hard_link(at("d/file"), at("d/e/z")).unwrap();
    fs_err::hard_link(at("d/file"), at("b")).unwrap();
    symlink("/etc/../passwd", at("link")).unwrap();
    set_time(&at("link"), 7, 999_999_999);
    symlink("d", at("to directory")).unwrap();
    mknodat(
        CWD,
        at("pipe"),
        FileType::Fifo,
        Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(at("d/socket")).unwrap();

    let image = read(home.path()).unwrap();
    assert!(image.layers.is_empty() && image.config.is_none() && image.arch.is_none());
    let names: Vec<String> = image.tree.nodes.keys().map(ToString::to_string).collect();
    let expected = [
        "/b",
        "/d",
        "/d/e",
        "/d/e/z",
        "/d/file",
        "/link",
        "/pipe",
        "/to directory",
    ];
    assert_eq!(names, expected);
    assert_eq!(image.skipped, ["/d/socket is a socket and is left out"]);
    let node = |name: &str| &image.tree.nodes[&path(name)];
    let Kind::File(blob) = &node("b").kind else {
        panic!("{:?}", node("b"));
    };
    assert_eq!((blob.size, blob.sha256), (7, Sha256::of(b"content")));
    assert_eq!(blob.at, Location::Inline((*b"content").into()));
    for link in ["d/e/z", "d/file"] {
        assert_eq!(node(link).kind, Kind::Hardlink(path("b")));
        assert_eq!(node(link).meta, node("b").meta);
    }
    assert_eq!(node("d/file").meta.mode, 0o4750);
    assert_eq!(node("d/file").meta.mtime, -5);
    assert_eq!(
        node("link").kind,
        Kind::Symlink((*b"/etc/../passwd").into())
    );
    assert_eq!(
        (node("link").meta.mode, node("link").meta.mtime),
        (0o777, 7)
    );
    assert_eq!(node("pipe").kind, Kind::Fifo);
    assert_eq!(node("pipe").meta.mode, 0o600);
    let meta = fs_err::symlink_metadata(at("d")).unwrap();
    assert_eq!(
        (node("d").meta.uid, node("d").meta.gid),
        (meta.uid(), meta.gid())
    );
}

#[test]
fn contents_that_are_not_kept_are_only_digested() {
    let home = tempfile::tempdir().unwrap();
    let large = vec![7; 300_000];
    fs_err::write(home.path().join("a"), &large).unwrap();
    let mut options = options(home.path());
    options.keep = &|_, _| false;
    options.sums = Some(SumKind::Md5);
    let found = read_path(home.path(), &options).unwrap();
    let Kind::File(blob) = &found.images[0].tree.nodes[&path("a")].kind else {
        panic!("{found:?}");
    };
    assert_eq!((blob.size, blob.sha256), (300_000, Sha256::of(&large)));
    assert!(matches!(blob.at, Location::Pack { .. }));
    assert_eq!(found.images[0].sums[&path("a")].len(), 16);
}

#[test]
fn what_is_kept_is_bounded() {
    let home = tempfile::tempdir().unwrap();
    let file = fs_err::File::create(home.path().join("a")).unwrap();
    file.set_len((128 << 20) + 1).unwrap();
    let all = read(home.path()).unwrap_err();
    let listed = read_listing(home.path(), &options(home.path())).unwrap_err();
    for error in [all, listed] {
        assert!(error.to_string().contains("is over 128 MiB"), "{error}");
    }
}

#[test]
fn a_listing_has_everything_but_contents() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name);
    fs_err::create_dir_all(at("d/e")).unwrap();
    for name in ["d/kept", "d/left", "b"] {
        fs_err::write(at(name), name).unwrap();
    }
    fs_err::set_permissions(at("d/left"), Permissions::from_mode(0o4750)).unwrap();
    fs_err::hard_link(at("b"), at("d/e/linked")).unwrap();
    symlink("d", at("link")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    // Not every file system has them.
    let _ = rustix::fs::setxattr(at("d/left"), "user.a", b"v", XattrFlags::empty());
    let told = AtomicU64::new(0);
    let advance = |bytes| {
        told.fetch_add(bytes, Relaxed);
    };
    let options = Options {
        keep: &|at, _| *at == path("d/kept"),
        sums: Some(SumKind::Md5),
        advance: &advance,
        ..options(home.path())
    };
    let listing = read_listing(home.path(), &options).unwrap();
    assert_eq!(told.swap(0, Relaxed), 6);
    let found = read_path(home.path(), &options).unwrap();
    let image = &found.images[0];
    assert_eq!(told.into_inner(), 6 + 6 + 1);
    assert_eq!(listing.skipped, image.skipped);
    assert_eq!(listing.one_owner, image.one_owner);
    let mut expected = image.tree.clone();
    for name in ["d/left", "b"] {
        let Kind::File(blob) = &mut expected.nodes.get_mut(&path(name)).unwrap().kind else {
            panic!("{name} is no file");
        };
        assert_eq!(blob.sha256, Sha256::of(name.as_bytes()));
        blob.sha256 = Listing::UNREAD;
    }
    assert_eq!(listing.tree, expected);
}

#[test]
fn a_listing_costs_nothing_for_size() {
    let home = tempfile::tempdir().unwrap();
    let file = fs_err::File::create(home.path().join("a")).unwrap();
    // More than is read of a directory in full.
    let size = 5 << 40;
    if file.set_len(size).is_err() {
        return;
    }
    let options = Options {
        keep: &|_, _| false,
        ..options(home.path())
    };
    let listing = read_listing(home.path(), &options).unwrap();
    let Kind::File(blob) = &listing.tree.nodes[&path("a")].kind else {
        panic!("{listing:?}");
    };
    assert_eq!(blob.size, size);
    assert!(read_path(home.path(), &options).is_err());
}

#[test]
fn attributes_are_read_and_the_host_s_labels_are_not() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("a");
    fs_err::write(&file, "").unwrap();
    let large = vec![b'v'; 3000];
    // Not every file system has them.
    let set = rustix::fs::setxattr(&file, "user.a", &large, XattrFlags::empty());
    if set == Err(rustix::io::Errno::NOTSUP) {
        return;
    }
    set.unwrap();
    // Only root may, and only where SELinux does not look after it.
    let _ = rustix::fs::setxattr(&file, "security.selinux", b"label", XattrFlags::empty());
    let image = read(home.path()).unwrap();
    let xattrs = &image.tree.nodes[&path("a")].meta.xattrs;
    assert_eq!(xattrs.len(), 1);
    assert_eq!(xattrs[&b"user.a"[..]].as_ref(), large);
}

#[test]
fn one_ordinary_owner_is_told() {
    let home = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        fs_err::write(home.path().join(name), name).unwrap();
    }
    let meta = fs_err::metadata(home.path().join("a")).unwrap();
    let own = (meta.uid(), meta.gid());
    let expected = (own != (0, 0)).then_some(own);
    assert_eq!(read(home.path()).unwrap().one_owner, expected);
    // Only root may give files away.
    if std::os::unix::fs::chown(home.path().join("a"), Some(1234), Some(5678)).is_ok() {
        assert_eq!(read(home.path()).unwrap().one_owner, None);
        std::os::unix::fs::chown(home.path().join("b"), Some(1234), Some(5678)).unwrap();
        assert_eq!(read(home.path()).unwrap().one_owner, Some((1234, 5678)));
    }
}

#[test]
fn what_cannot_be_read_is_never_passed_over() {
    let home = tempfile::tempdir().unwrap();
    let closed = home.path().join("closed");
    fs_err::write(&closed, "").unwrap();
    fs_err::set_permissions(&closed, Permissions::from_mode(0o000)).unwrap();
    // Root reads everything.
    if fs_err::File::open(&closed).is_ok() {
        return;
    }
    let error = read(home.path()).unwrap_err();
    assert_eq!(error.class(), Class::Outside);
    assert!(
        error.to_string().ends_with("/closed cannot be read"),
        "{error}"
    );
    assert!(error.hint().unwrap().contains("unshare --map-auto -r"));
}

#[test]
fn a_name_that_no_image_can_have_is_refused() {
    let home = tempfile::tempdir().unwrap();
    fs_err::write(home.path().join(".wh.x"), "").unwrap();
    let error = read(home.path()).unwrap_err();
    assert!(matches!(error, ImageError::Path { .. }), "{error:?}");
}

#[test]
fn many_directories_need_few_open_files() {
    let home = tempfile::tempdir().unwrap();
    for number in 0..1100 {
        let directory = home.path().join(format!("{}/{number}", number % 3));
        fs_err::create_dir_all(&directory).unwrap();
        fs_err::write(directory.join("file"), number.to_string()).unwrap();
    }
    assert_eq!(read(home.path()).unwrap().tree.nodes.len(), 3 + 2 * 1100);
}
