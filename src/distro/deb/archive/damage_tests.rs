//! Archives that want too much, or that were cut off or bent on their way.

use proptest::prelude::*;

use super::hostile_tests::{refused, with_data, with_tar};
use super::tests::{read, story};
use crate::distro::deb::testing::{Deb, Packing, Tar, TarEntry, ar};
use crate::model::Class;

#[test]
fn control_files_that_no_database_can_hold() {
    let with_control = |entry: TarEntry| {
        let mut tar = Tar::default();
        tar.add(&TarEntry::file(
            "./control",
            Deb::new("demo", "1.0").control().as_bytes(),
        ));
        tar.add(&entry);
        let data = Deb::new("demo", "1.0").data();
        ar(&[
            ("debian-binary", b"2.0\n"),
            ("control.tar", &tar.end()),
            ("data.tar", &data),
        ])
    };
    refused(
        &with_control(TarEntry::link(b'2', "./md5sums", "/etc/shadow")),
        "not a regular file",
    );
    refused(
        &with_control(TarEntry::new(b'5', "./dir/")),
        "not a regular file",
    );
    refused(
        &with_control(TarEntry::file("./a/b", b"")),
        "dpkg's database cannot hold",
    );
    refused(
        &with_control(TarEntry::file("./a\nb", b"")),
        "dpkg's database cannot hold",
    );
    refused(
        &with_control(TarEntry::file("../x", b"")),
        "leaves the root",
    );
    let (control, _) = read(&with_control(TarEntry::file("./list", b"/."))).unwrap();
    assert_eq!(control.len(), 1, "the list is dpkg's own");

    let big = vec![0; (super::MAX_CONTROL_FILE + 1) as usize];
    refused(
        &with_control(TarEntry::file("./templates", &big)),
        "is over 32 MiB",
    );
    let mut bomb = Tar::default();
    for index in 0..3 {
        bomb.add(&TarEntry::file(&format!("./f{index}"), &big[1..]));
    }
    let bomb = Packing::Xz.pack(&bomb.end());
    let archive = ar(&[("debian-binary", b"2.0\n"), ("control.tar.xz", &bomb)]);
    refused(&archive, "unpacks to more than 64 MiB");
    let mut many = Tar::default();
    for index in 0..2000 {
        many.add(&TarEntry::file(&format!("./f{index}"), b""));
    }
    let archive = ar(&[("debian-binary", b"2.0\n"), ("control.tar", &many.end())]);
    refused(&archive, "more than 1024 headers");
}

#[test]
fn a_decoder_has_a_bound() {
    let deb = Deb::new("demo", "1.0");
    let with_packed = |name: &str, data: &[u8]| {
        let control = deb.control_archive();
        ar(&[
            ("debian-binary", b"2.0\n"),
            ("control.tar", &control),
            (name, data),
        ])
    };
    // 1 GiB of dictionary by its header: the byte after the filter's id and length.
    let mut xz = Packing::Xz.pack(&deb.data());
    let at = xz.windows(2).position(|pair| pair == [0x21, 1]).unwrap();
    xz[at + 2] = 36;
    refused(&with_packed("data.tar.xz", &xz), "would need 1024 MiB");
    let mut lzma = Packing::Lzma.pack(&deb.data());
    lzma[1..5].copy_from_slice(&(1u32 << 30).to_le_bytes());
    refused(&with_packed("data.tar.lzma", &lzma), "would need 1024 MiB");
    let mut zstd = b"\x28\xb5\x2f\xfd\x00\xa0".to_vec();
    zstd.extend_from_slice(&[0; 100]);
    refused(&with_packed("data.tar.zst", &zstd), "would need 1024 MiB");
    // A later frame may not want more than the first.
    let small = zstd::stream::encode_all(&deb.data()[..512], 1).unwrap();
    let mut large = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    large.window_log(24).unwrap();
    std::io::Write::write_all(&mut large, &vec![0; 20 << 20]).unwrap();
    let frames = [small, large.finish().unwrap()].concat();
    refused(&with_packed("data.tar.zst", &frames), "cannot be read");
}

/// Every cut of a package, in each compression: CVE-2026-2219 was one that never ended.
#[test]
fn every_truncation_is_refused() {
    let deb = Deb::new("demo", "1.0").file("usr/bin/x", b"some content", 0o755);
    for packing in Packing::ALL {
        let archive = deb.clone().packing(packing).build();
        // The last byte may be padding, which some writers leave out.
        let whole = archive.len() - usize::from(archive.ends_with(b"\n"));
        for length in 0..whole {
            let fault = read(&archive[..length]).expect_err("cut off");
            assert_eq!(
                fault.class(),
                Class::Untrusted,
                "{packing:?} at {length}: {}",
                story(&fault)
            );
        }
    }
    // The same inside the outer archive, whose sizes then agree.
    let control = deb.control_archive();
    for packing in [Packing::Xz, Packing::Zstd, Packing::Gzip, Packing::Bzip2] {
        let packed = packing.pack(&deb.data());
        let name = format!("data.tar{}", packing.suffix());
        for length in 0..packed.len() {
            let data = &packed[..length];
            let archive = ar(&[
                ("debian-binary", b"2.0\n"),
                ("control.tar", &control),
                (&name, data),
            ]);
            assert!(
                read(&archive).is_err(),
                "{packing:?} at {length} of {}",
                packed.len()
            );
        }
    }
    // And inside the tar archive, but at the borders of entries, where nothing is missing, and in
    // the zeros behind its first empty block.
    let data = deb.data();
    for length in (0..data.len() - 512).filter(|length| length % 512 != 0) {
        assert!(read(&with_data(&data[..length])).is_err(), "{length}");
    }
}

proptest! {
    /// Whatever bytes change, the answer is a package or an error.
    #[test]
    fn flipped_bytes_never_panic(
        packing in prop::sample::select(&Packing::ALL[..]),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut archive = Deb::new("demo", "1.0")
            .file("usr/bin/x", b"some content", 0o755)
            .xattr("user.a", b"b")
            .hardlink("usr/bin/y", "usr/bin/x")
            .file(&"long/".repeat(40), b"", 0o644)
            .packing(packing)
            .build();
        for (index, byte) in flips {
            let at = index.index(archive.len());
            archive[at] = byte;
        }
        let _ = read(&archive);
    }

    /// Nor do headers of any content, with a checksum that holds.
    #[test]
    fn arbitrary_headers_never_panic(
        headers in prop::collection::vec(
            (prop::array::uniform32(any::<u8>()), 0usize..480, any::<prop::sample::Index>()),
            1..6,
        ),
    ) {
        let kinds = [b'0', b'1', b'2', b'3', b'5', b'L', b'K', b'x', b'g', 0];
        let archive = with_tar(|tar| {
            for (bytes, at, kind) in headers {
                let mut part = Tar::default();
                part.raw(&TarEntry::link(kinds[kind.index(kinds.len())], "./x", "y"));
                let mut header: [u8; 512] = part.0[..512].try_into().unwrap();
                header[at..at + 32].copy_from_slice(&bytes);
                tar.header(header);
            }
        });
        let _ = read(&archive);
    }
}
