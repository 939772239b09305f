//! What is cut off or damaged anywhere: an error, and never a panic.

use proptest::prelude::*;

use crate::image::testing::{
    Item, Parts, bzip2, directory, file, found, gzip, link, options, pax, tar, xz, zstd,
};
use crate::image::{ImageError, read_path};
use crate::model::{Class, Explain as _};
use crate::tree::merkle_root;

fn items() -> Vec<Item> {
    vec![
        directory("etc/"),
        pax(b'x', &[("SCHILY.xattr.user.a", b"v"), ("mtime", b"5.5")]),
        file("etc/motd", "hello"),
        link("etc/motd.link", b'1', "etc/motd"),
        link("etc/s", b'2', "motd"),
    ]
}

/// A small image of two layers, one of them compressed.
fn archive() -> Vec<u8> {
    let mut parts = Parts::layout();
    let upper = tar(&[directory("etc/"), file("etc/.wh.s", "")]);
    let manifest = parts.image("amd64", &[tar(&items()), upper]);
    parts.index(&[manifest]);
    parts.archive()
}

fn fails(bytes: &[u8]) -> ImageError {
    found(bytes).expect_err("it is not whole")
}

#[test]
fn an_archive_of_images_that_is_cut_off_anywhere_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("archive");
    let whole = archive();
    fs_err::write(&path, &whole).unwrap();
    let read = || read_path(&path, &options(home.path()));
    read().unwrap();
    let file = fs_err::OpenOptions::new().write(true).open(&path).unwrap();
    for length in (0..whole.len()).rev() {
        file.set_len(length as u64).unwrap();
        let error = read().expect_err("it is not whole");
        assert_ne!(error.class(), Class::Outside, "{length}: {error}");
    }
}

#[test]
fn a_filesystem_that_is_cut_off_anywhere_is_refused() {
    let whole = tar(&items());
    for packed in [
        whole.clone(),
        gzip(&whole),
        zstd(&whole),
        xz(&whole),
        bzip2(&whole),
    ] {
        found(&packed).unwrap();
        for length in 0..packed.len() {
            let error = fails(&packed[..length]);
            assert_ne!(error.class(), Class::Outside, "{length}: {error}");
        }
    }
}

#[test]
fn what_follows_compressed_data_is_not_passed_over() {
    let whole = tar(&items());
    for packed in [gzip(&whole), zstd(&whole), xz(&whole), bzip2(&whole)] {
        for more in [&b"garbage, and more of it"[..], &[0, 0, 0, 1]] {
            let error = fails(&[&packed, more].concat());
            assert_eq!(error.class(), Class::Untrusted, "{error}");
        }
    }
}

#[test]
fn damage_to_an_archive_of_images_is_found_or_does_no_harm() {
    let whole = archive();
    let root = merkle_root(&found(&whole).unwrap().images[0].tree);
    for at in (0..whole.len()).step_by(7) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        // Names and padding of the outer tar, for instance, are nobody's promise.
        if let Ok(found) = found(&bytes) {
            let image = &found.images[0];
            assert!(
                merkle_root(&image.tree) == root || image.config.is_none(),
                "{at}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_bytes_make_it_panic(
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        which in 0..6usize,
        cut in any::<prop::sample::Index>(),
    ) {
        let plain = tar(&items());
        let mut bytes = match which {
            0 => archive(),
            1 => gzip(&plain),
            2 => zstd(&plain),
            3 => xz(&plain),
            4 => bzip2(&plain),
            _ => plain,
        };
        for (at, value) in flips {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let _ = found(&bytes);
        bytes.truncate(cut.index(bytes.len()));
        let _ = found(&bytes);
    }

    /// Headers that are whole, of any content.
    #[test]
    fn no_headers_make_it_panic(
        fields in prop::collection::vec(
            (0usize..500, prop::collection::vec(any::<u8>(), 1..12), 0..5usize),
            1..8,
        ),
    ) {
        let mut items = items();
        for (at, bytes, which) in fields {
            let item = items.remove(which);
            let at = at.min(512 - bytes.len());
            items.insert(which, item.with(at, &bytes));
        }
        let _ = found(&tar(&items));
        let mut parts = Parts::layout();
        let manifest = parts.image("amd64", &[tar(&items)]);
        parts.index(&[manifest]);
        let _ = found(&parts.archive());
    }
}
