//! Headers spelled out byte by byte.

use super::*;
use crate::tree::testing::{directory, file, hardlink, node, path, symlink};
use crate::tree::{Blob, Location};

/// A header from its fields in order; every field is padded with NULs to its width.
fn expected(fields: [&[u8]; 10]) -> Vec<u8> {
    let [
        name,
        mode,
        uid,
        gid,
        size,
        mtime,
        cksum,
        kind,
        link,
        devices,
    ] = fields;
    let mut out = Vec::new();
    let mut put = |value: &[u8], width: usize| {
        let end = out.len() + width;
        out.extend_from_slice(value);
        out.resize(end, 0);
    };
    put(name, 100);
    put(mode, 8);
    put(uid, 8);
    put(gid, 8);
    put(size, 12);
    put(mtime, 12);
    put(cksum, 8);
    put(kind, 1);
    put(link, 100);
    put(b"ustar\0", 6);
    put(b"00", 2);
    put(b"", 32);
    put(b"", 32);
    put(devices, 16);
    put(b"", 155);
    put(b"", 12);
    assert_eq!(out.len(), 512);
    out
}

const NO_DEVICE: &[u8] = b"0000000\x000000000\0";
const ZERO: &[u8] = b"0000000\0";
const LONG_ZERO: &[u8] = b"00000000000\0";

/// The field that the checksum of `header` ought to hold.
fn checksum(header: &[u8]) -> Vec<u8> {
    let sum: u32 = (header[..148].iter().chain(&header[156..512]))
        .map(|&byte| u32::from(byte))
        .sum::<u32>()
        + 8 * 32;
    format!("{sum:06o}\0 ").into_bytes()
}

#[test]
fn a_file() {
    let mut file = file("hello\n");
    file.meta.uid = 1000;
    file.meta.gid = 0o7_777_777;
    file.meta.mode = 0o4755;
    file.meta.mtime = 1_700_000_000;
    let bytes = header(&path("usr/bin/hello"), &file).unwrap();
    assert_eq!(
        bytes,
        expected([
            b"usr/bin/hello",
            b"0004755\0",
            b"0001750\0",
            b"7777777\0",
            b"00000000006\0",
            b"14524770400\0",
            b"011757\0 ",
            b"0",
            b"",
            NO_DEVICE,
        ])
    );
    assert_eq!(checksum(&bytes), bytes[148..156]);
}

#[test]
fn a_directory_a_link_and_another_name() {
    let bytes = header(&path("etc"), &directory(0o1777)).unwrap();
    let time = b"07033241600\0";
    let sum = checksum(&bytes);
    let fields: [&[u8]; 10] = [
        b"etc/",
        b"0001777\0",
        ZERO,
        ZERO,
        LONG_ZERO,
        time,
        &sum,
        b"5",
        b"",
        NO_DEVICE,
    ];
    assert_eq!(bytes, expected(fields));

    let mut link = symlink("../usr/bin");
    link.meta.mode = 0o644;
    let bytes = header(&path("bin"), &link).unwrap();
    let sum = checksum(&bytes);
    let one = b"00000000001\0";
    let fields: [&[u8]; 10] = [
        b"bin",
        b"0000777\0",
        ZERO,
        ZERO,
        LONG_ZERO,
        one,
        &sum,
        b"2",
        b"../usr/bin",
        NO_DEVICE,
    ];
    assert_eq!(bytes, expected(fields));

    let bytes = header(&path("b"), &hardlink("a/b")).unwrap();
    let sum = checksum(&bytes);
    let fields: [&[u8]; 10] = [
        b"b",
        b"0000644\0",
        ZERO,
        ZERO,
        LONG_ZERO,
        one,
        &sum,
        b"1",
        b"a/b",
        NO_DEVICE,
    ];
    assert_eq!(bytes, expected(fields));
}

#[test]
fn devices_and_pipes() {
    let mode = b"0000660\0";
    let bytes = header(&path("d"), &node(0o660, 0, Kind::CharDevice(5, 300))).unwrap();
    let sum = checksum(&bytes);
    let devices = b"0000005\x000000454\0";
    let fields: [&[u8]; 10] = [
        b"d", mode, ZERO, ZERO, LONG_ZERO, LONG_ZERO, &sum, b"3", b"", devices,
    ];
    assert_eq!(bytes, expected(fields));
    let block = header(&path("d"), &node(0o660, 0, Kind::BlockDevice(5, 300))).unwrap();
    assert_eq!((block[156], &block[329..345]), (b'4', &devices[..]));
    let pipe = header(&path("d"), &node(0o660, 0, Kind::Fifo)).unwrap();
    assert_eq!((pipe[156], &pipe[329..345]), (b'6', NO_DEVICE));
    let huge = node(0o660, 0, Kind::CharDevice(1 << 21, 0));
    assert!(header(&path("d"), &huge).is_err());
}

/// The records of a PAX header and what follows it.
fn records(bytes: &[u8]) -> (String, &[u8]) {
    assert_eq!(bytes[156], b'x');
    assert_eq!(&bytes[100..108], b"0000644\0");
    assert_eq!(&bytes[108..124], [ZERO, ZERO].concat());
    assert_eq!(&bytes[136..148], LONG_ZERO);
    assert_eq!(&bytes[148..156], checksum(bytes));
    let size = std::str::from_utf8(&bytes[124..135]).unwrap();
    let size = usize::from_str_radix(size, 8).unwrap();
    let end = BLOCK + size.next_multiple_of(BLOCK);
    assert!(bytes[BLOCK + size..end].iter().all(|&byte| byte == 0));
    let text = bytes[BLOCK..BLOCK + size].escape_ascii().to_string();
    assert_eq!(bytes.len(), end + BLOCK);
    assert_eq!(&bytes[end + 148..end + 156], checksum(&bytes[end..]));
    (text, &bytes[end..])
}

#[test]
fn a_hundred_bytes_fit_and_a_directory_s_slash_counts() {
    let hundred = "a".repeat(100);
    let plain = header(&path(&hundred), &file("")).unwrap();
    assert_eq!((plain.len(), &plain[..100]), (BLOCK, hundred.as_bytes()));
    let ninety_nine = path(&hundred[1..]);
    assert_eq!(
        header(&ninety_nine, &directory(0o755)).unwrap().len(),
        BLOCK
    );

    let bytes = header(&path(&hundred), &directory(0o755)).unwrap();
    let (text, rest) = records(&bytes);
    assert_eq!(text, format!("111 path={hundred}/\\n"));
    assert_eq!(
        &bytes[..91],
        format!("PaxHeaders/{}", "a".repeat(80)).as_bytes()
    );
    assert_eq!(bytes[91], 0);
    assert_eq!(&rest[..100], hundred.as_bytes());
}

#[test]
fn long_paths_and_links() {
    let long = format!("{}/{}", "d".repeat(90), "name-".repeat(20));
    let (bytes, target) = (path(&long), "t".repeat(101));
    let bytes = header(&bytes, &symlink(&target)).unwrap();
    let (text, rest) = records(&bytes);
    assert_eq!(text, format!("115 linkpath={target}\\n201 path={long}\\n"));
    assert_eq!(
        &bytes[..100],
        format!("PaxHeaders/{}\0\0\0\0\0\0\0\0\0", "name-".repeat(16)).as_bytes()
    );
    assert_eq!(&rest[..100], &long.as_bytes()[..100]);
    assert_eq!(&rest[157..257], &target.as_bytes()[..100]);
}

#[test]
fn numbers_without_room_and_attributes_are_sorted_records() {
    let mut node = file("");
    node.meta.uid = 2_097_152;
    node.meta.gid = u32::MAX;
    node.meta.mtime = -1;
    let xattrs = &mut node.meta.xattrs;
    xattrs.insert((*b"user.b").into(), (*b"\x00\xff=\n").into());
    xattrs.insert((*b"security.capability").into(), (*b"c").into());
    node.kind = Kind::File(Blob {
        size: 8 << 30,
        sha256: crate::model::Sha256::of(b""),
        at: Location::Pack { pack: 0, offset: 0 },
    });
    let bytes = header(&path("x/y"), &node).unwrap();
    let (text, rest) = records(&bytes);
    let lines = [
        "38 SCHILY.xattr.security.capability=c",
        r"28 SCHILY.xattr.user.b=\x00\xff=\n",
        "18 gid=4294967295",
        "12 mtime=-1",
        "19 size=8589934592",
        "15 uid=2097152",
    ];
    assert_eq!(text, lines.join("\\n") + "\\n");
    assert_eq!(&bytes[..14], b"PaxHeaders/y\0\0");
    assert_eq!(&rest[108..124], [ZERO, ZERO].concat());
    assert_eq!(&rest[124..148], [LONG_ZERO, LONG_ZERO].concat());

    node.meta.mtime = 8_589_934_592;
    let bytes = header(&path("x"), &node).unwrap();
    assert!(records(&bytes).0.contains("20 mtime=8589934592"));
    node.meta.mtime = 8_589_934_591;
    let bytes = header(&path("x"), &node).unwrap();
    let (text, rest) = records(&bytes);
    assert!(!text.contains("mtime"));
    assert_eq!(&rest[136..148], b"77777777777\0");
}

#[test]
fn a_record_counts_its_own_digits() {
    let totals = [
        (0, 5),
        (4, 9),
        (5, 11),
        (92, 98),
        (93, 99),
        (94, 101),
        (95, 102),
    ];
    for (value, total) in totals {
        let mut out = Vec::new();
        record(&mut out, b"k", &vec![b'v'; value]);
        assert_eq!(out.len(), total);
        assert!(out.starts_with(format!("{total} k=").as_bytes()));
    }
}
