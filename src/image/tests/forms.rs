//! Finding out what something is.

use std::io::Read as _;

use crate::image::testing::{
    Parts, bzip2, directory, file, found, found_both_ways, gzip, item, options, tar, told, xz, zstd,
};
use crate::image::{
    Form, ImageError, is_directory, read_layout, read_listing, read_path, read_stream,
};
use crate::model::{Class, Explain as _};
use crate::tree::testing as trees;

fn archive() -> Parts {
    let mut parts = Parts::layout();
    let manifest = parts.image("amd64", &[tar(&[file("a", "x")])]);
    parts.index(&[manifest]);
    parts
}

#[test]
fn compression_is_seen_by_what_it_is() {
    let tree = trees::tree([("a", trees::file("x"))]);
    for (bytes, form) in [
        (tar(&[file("a", "x")]), Form::Tar),
        (archive().archive(), Form::OciArchive),
    ] {
        let two = [gzip(&bytes[..700]), gzip(&bytes[700..]), vec![0; 600]].concat();
        let skipped = [&[0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 9][..], &zstd(&bytes)].concat();
        for packed in [
            bytes.clone(),
            gzip(&bytes),
            two,
            zstd(&bytes),
            skipped,
            xz(&bytes),
            [xz(&bytes[..512]), xz(&bytes[512..])].concat(),
            bzip2(&bytes),
        ] {
            let found = found_both_ways(&packed).unwrap();
            assert_eq!(found.form, form);
            assert_eq!(found.images[0].tree, tree);
            if form == Form::Tar {
                assert_eq!(found.images[0].layers[0].compressed, packed.len() as u64);
            }
        }
    }
}

#[test]
fn an_archive_may_have_a_root_and_directories() {
    let parts = archive();
    let mut items = vec![
        directory("./"),
        directory("./blobs/"),
        directory("./blobs/sha256/"),
    ];
    items.extend(
        parts
            .0
            .iter()
            .map(|(name, bytes)| item(&format!("./{name}"), b'0', bytes)),
    );
    assert_eq!(
        found_both_ways(&tar(&items)).unwrap().form,
        Form::OciArchive
    );
}

#[test]
fn a_filesystem_may_look_like_an_archive_at_first() {
    let items = [
        directory("blobs"),
        file("blobs/x", "1"),
        file("index.json", "{}"),
    ];
    let found = found_both_ways(&tar(&items)).unwrap();
    assert_eq!(found.form, Form::Tar);
    assert_eq!(found.images[0].tree.nodes.len(), 3);
    let packed = gzip(&tar(&items));
    let found = found_both_ways(&packed).unwrap();
    assert_eq!(found.images[0].layers[0].compressed, packed.len() as u64);
}

#[test]
fn a_directory_with_a_layout_is_one() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("layout");
    archive().write(&path);
    let read = |path| read_path(path, &options(home.path())).unwrap();
    assert_eq!(read(&path).form, Form::OciLayout);
    assert!(!is_directory(&path) && is_directory(home.path()));
    let direct = read_layout(&path, &options(home.path())).unwrap();
    assert_eq!(direct.images[0].tree, read(&path).images[0].tree);
}

#[test]
fn a_damaged_layout_is_no_filesystem() {
    for name in ["oci-layout", "index.json"] {
        let mut parts = archive();
        parts.0.remove(name);
        for result in [parts.read(), found_both_ways(&parts.archive())] {
            let error = result.unwrap_err();
            assert!(matches!(error, ImageError::Absent { .. }), "{error:?}");
            assert_eq!(error.class(), Class::Untrusted);
            let start = format!("{name} is not in ");
            assert!(error.to_string().starts_with(&start), "{error}");
        }
        // Without blobs there is nothing of a layout in it.
        parts.0.retain(|name, _| !name.starts_with("blobs/"));
        assert_eq!(parts.read().unwrap().form, Form::Directory);
        let found = found_both_ways(&parts.archive()).unwrap();
        assert_eq!(found.form, Form::Tar);
    }
    let mut parts = archive();
    parts.0.retain(|name, _| name.starts_with("blobs/"));
    assert_eq!(parts.read().unwrap().form, Form::Directory);
}

#[test]
fn what_is_empty_is_told() {
    for items in [&[][..], &[directory("./")]] {
        let bytes = tar(items);
        for packed in [bytes.clone(), zstd(&bytes)] {
            let error = found_both_ways(&packed).unwrap_err();
            assert!(matches!(error, ImageError::Empty { .. }), "{error:?}");
            assert_eq!(error.class(), Class::BadInput);
            assert_eq!(error.to_string(), "standard input is empty");
        }
    }
    let home = tempfile::tempdir().unwrap();
    let options = options(home.path());
    let error = read_path(home.path(), &options).unwrap_err();
    assert!(matches!(error, ImageError::Empty { .. }), "{error:?}");
    let error = read_listing(home.path(), &options).unwrap_err();
    assert!(matches!(error, ImageError::Empty { .. }), "{error:?}");
}

#[test]
fn what_has_no_end_is_given_up() {
    let home = tempfile::tempdir().unwrap();
    let zeros = read_path(std::path::Path::new("/dev/zero"), &options(home.path()));
    let why = "/dev/zero has more than 67108864 bytes of zeros at its end";
    assert_eq!(told(zeros), why);
    let whole = tar(&[file("a", "x")]);
    let endless = |bytes: &[u8], filling: u8| {
        let mut input = bytes.chain(std::io::repeat(filling));
        told(read_stream(&mut input, &options(home.path())))
    };
    assert!(endless(&whole, 0).ends_with("has more than 67108864 bytes of zeros at its end"));
    // A frame that is skipped holds nothing, however large it is.
    let skipped = [0x50, 0x2a, 0x4d, 0x18, 0xff, 0xff, 0xff, 0xff];
    for (bytes, filling) in [
        (gzip(&whole), 0),
        ([&zstd(&whole)[..], &skipped].concat(), 7),
    ] {
        let told = endless(&bytes, filling);
        assert!(
            told.ends_with("more than 64 MiB of it hold nothing"),
            "{told}"
        );
    }
}

#[test]
fn what_is_nothing_that_is_known_is_told_with_what_is() {
    for bytes in [
        &b""[..],
        b"text",
        &[7; 4096],
        b"\x7fELF",
        &gzip(b"text"),
        &xz(b""),
        &tar(&[file("a", "x")])[..511],
    ] {
        let error = found_both_ways(bytes).unwrap_err();
        assert!(matches!(error, ImageError::Unknown { .. }), "{error:?}");
        assert_eq!(error.class(), Class::BadInput);
        assert!(error.hint().unwrap().contains("OCI image layout"));
    }
    let home = tempfile::tempdir().unwrap();
    let error = read_path(&home.path().join("absent"), &options(home.path())).unwrap_err();
    assert_eq!(error.class(), Class::Outside);
}

#[test]
fn a_filesystem_has_no_tags() {
    let home = tempfile::tempdir().unwrap();
    let mut options = options(home.path());
    options.tag = Some("latest");
    let bytes = tar(&[file("a", "x")]);
    let error = read_stream(&mut &bytes[..], &options).unwrap_err();
    assert_eq!(error.to_string(), "standard input has no image `latest`");
    let error = read_path(home.path(), &options).unwrap_err();
    assert!(matches!(error, ImageError::NoTag { .. }), "{error:?}");
    let error = read_listing(home.path(), &options).unwrap_err();
    assert!(matches!(error, ImageError::NoTag { .. }), "{error:?}");
}

#[test]
fn a_stream_that_fails_is_not_to_blame() {
    struct Broken(Vec<u8>);
    impl std::io::Read for Broken {
        fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
            if self.0.is_empty() {
                return Err(std::io::Error::other("unplugged"));
            }
            let length = buf.len().min(self.0.len()).min(100);
            buf[..length].copy_from_slice(&self.0[..length]);
            self.0.drain(..length);
            Ok(length)
        }
    }
    let home = tempfile::tempdir().unwrap();
    let whole = tar(&[item("a", b'0', &[7; 200_000])]);
    for bytes in [whole[..150_000].to_vec(), gzip(&whole)[..100].to_vec()] {
        let error = read_stream(&mut Broken(bytes), &options(home.path())).unwrap_err();
        assert_eq!(error.class(), Class::Outside, "{error:?}");
        assert_eq!(
            told::<()>(Err(error)),
            "standard input cannot be read: unplugged"
        );
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let contents: Vec<Vec<u8>> = (0..70)
        .map(|number| vec![number as u8; number * 3001])
        .collect();
    let items = contents.iter().enumerate();
    let items: Vec<_> = items
        .map(|(at, bytes)| item(&format!("{at:03}"), b'0', bytes))
        .collect();
    let bytes = tar(&items);
    let home = tempfile::tempdir().unwrap();
    let read = |threads| {
        let mut options = options(home.path());
        options.threads = threads;
        options.keep = &|_, _| false;
        options.sums = Some(crate::image::SumKind::Md5);
        let found = read_stream(&mut &bytes[..], &options).unwrap();
        (found.images[0].tree.clone(), found.images[0].sums.clone())
    };
    let one = read(1);
    for (path, content) in one.0.nodes.keys().zip(&contents) {
        let crate::tree::Kind::File(blob) = &one.0.nodes[path].kind else {
            panic!("{path} is no file");
        };
        assert_eq!(blob.sha256, crate::model::Sha256::of(content), "{path}");
    }
    for threads in [0, 2, 7, 64] {
        assert_eq!(read(threads), one);
    }
}

#[test]
fn nothing_is_left_behind() {
    let home = tempfile::tempdir().unwrap();
    let scratch = home.path().join("not/there/yet");
    let bytes = archive().archive();
    read_stream(&mut &bytes[..], &options(&scratch)).unwrap();
    assert_eq!(fs_err::read_dir(&scratch).unwrap().count(), 0);
    assert!(found(&bytes[..bytes.len() - 600]).is_err());
}
