use super::*;

/// A shared object of one segment of everything, with the pieces at fixed places.
fn object(form: Form, machine: u64, properties: &[u8]) -> Vec<u8> {
    let word = form.size();
    let mut out = vec![0; 0x400];
    let mut put = |at: usize, length: usize, value: u64| {
        for place in 0..length {
            let shift = if form.big_endian {
                length - 1 - place
            } else {
                place
            };
            out[at + place] = (value >> (8 * shift)) as u8;
        }
    };
    put(16, 2, ET_DYN);
    put(18, 2, machine);
    let [table, flags, count] = if form.wide {
        [32, 48, 56]
    } else {
        [28, 36, 44]
    };
    put(table, word, 0x80);
    put(flags, 4, 0x0500_0400);
    put(count, 2, 4);
    let segments: [[u64; 5]; 4] = [
        // Kind, offset, address, size, alignment.
        [PT_LOAD, 0, 0x1000, 0x400, 0x1000],
        [PT_DYNAMIC, 0x200, 0x1200, 1, 8],
        [
            PT_GNU_PROPERTY,
            0x300,
            0x1300,
            16 + properties.len() as u64,
            word as u64,
        ],
        [PT_INTERP, 0x3f0, 0x13f0, 1, 1],
    ];
    for (at, segment) in segments.iter().enumerate() {
        let places = match form.wide {
            true => [(0, 4), (8, 8), (16, 8), (32, 8), (48, 8)],
            false => [(0, 4), (4, 4), (8, 4), (16, 4), (28, 4)],
        };
        let start = 0x80 + at * if form.wide { 56 } else { 32 };
        for ((place, length), value) in places.iter().zip(segment) {
            put(start + place, *length, *value);
        }
    }
    let dynamic = [
        (DT_NEEDED, 12),
        (DT_SONAME, 1),
        (DT_STRTAB, 0x1280),
        (DT_NULL, 0),
    ];
    for (at, (tag, value)) in dynamic.iter().enumerate() {
        put(0x200 + at * 2 * word, word, *tag);
        put(0x200 + (at * 2 + 1) * word, word, *value);
    }
    put(0x300, 4, 4);
    put(0x304, 4, properties.len() as u64);
    put(0x308, 4, NT_GNU_PROPERTY_TYPE_0);
    out[..6].copy_from_slice(&[
        0x7f,
        b'E',
        b'L',
        b'F',
        1 + u8::from(form.wide),
        1 + u8::from(form.big_endian),
    ]);
    out[0x280..0x296].copy_from_slice(b"\0libx.so.1\0\0libc.so.6\0");
    out[0x30c..0x310].copy_from_slice(b"GNU\0");
    out[0x310..0x310 + properties.len()].copy_from_slice(properties);
    out
}

const WIDE: Form = Form {
    wide: true,
    big_endian: false,
};

fn read(bytes: &[u8]) -> Option<Info> {
    let mut read = |at: u64, out: &mut [u8]| {
        let at = usize::try_from(at).unwrap();
        assert!(out.len() <= MAX_NOTES as usize);
        out.copy_from_slice(&bytes[at..at + out.len()]);
        Ok(())
    };
    inspect(&mut read, bytes.len() as u64)
}

/// Level 2, x86-64-v3, after a property of another kind.
const LEVEL: [u8; 32] = [
    2, 0, 0, 0xc0, 4, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 2, 0x80, 0, 0xc0, 4, 0, 0, 0, 7, 0, 0, 0, 0,
    0, 0, 0,
];

#[test]
fn both_sizes_and_both_byte_orders() {
    for (wide, big_endian) in [(true, false), (true, true), (false, false), (false, true)] {
        let form = Form { wide, big_endian };
        let info = read(&object(form, 40, &[])).unwrap();
        let expected = Info {
            wide,
            big_endian,
            machine: 40,
            abi: 0x0500_0400,
            soname: Some("libx.so.1".to_owned()),
            libc6: true,
            isa_level: 0,
        };
        assert_eq!(info, expected);
    }
}

#[test]
fn the_isa_level_of_x86() {
    let level = |machine, properties: &[u8]| {
        let info = read(&object(WIDE, machine, properties));
        info.unwrap().isa_level
    };
    assert_eq!(level(62, &LEVEL), 2);
    assert_eq!(level(183, &LEVEL), 0);
    // Another length, another alignment, a descending type.
    let mut other = LEVEL;
    other[20] = 8;
    assert_eq!(level(62, &other), 0);
    assert_eq!(level(62, &LEVEL[..28]), 0);
    other = LEVEL;
    other[1] = 0xff;
    assert_eq!(level(62, &other), 0);
    let mut old = object(WIDE, 62, &LEVEL);
    old[0x80 + 2 * 56 + 48] = 4;
    assert_eq!(read(&old).unwrap().isa_level, 0);
}

#[test]
fn the_c_library_by_its_linker_or_by_need() {
    let mut file = object(WIDE, 3, &[]);
    file[0x28c] = b'x';
    assert!(!read(&file).unwrap().libc6);
    file[0x3d0..0x3e3].copy_from_slice(b"/lib/ld-linux.so.2\0");
    file[0x80 + 3 * 56 + 8] = 0xd0;
    assert!(read(&file).unwrap().libc6);
}

#[test]
fn what_is_no_library() {
    let good = object(WIDE, 62, &[]);
    assert!(read(&good).is_some());
    for (at, value) in [
        (0, b'x'),
        (4, 3),
        (5, 0),
        // An executable; too many segments; no dynamic segment; an empty one; no strings.
        (16, 2),
        (57, 0xff),
        (0x80 + 56, 9),
        (0x80 + 56 + 32, 0),
        (0x220, 9),
        // A soname far outside.
        (0x21f, 0x10),
    ] {
        let mut bad = good.clone();
        bad[at] = value;
        assert_eq!(read(&bad), None, "{at:#x}");
    }
    let mut unnamed = good.clone();
    unnamed[0x210] = 9;
    assert_eq!(read(&unnamed).unwrap().soname, None);
}

#[test]
fn cut_anywhere_and_changed_anywhere() {
    let good = object(WIDE, 62, &LEVEL);
    for length in 0..good.len() {
        read(&good[..length]);
    }
    assert_eq!(read(&good[..0x28a]), None);
    for at in 0..good.len() {
        for value in [0, 1, 0x7f, 0xff] {
            let mut other = good.clone();
            other[at] = value;
            read(&other);
        }
    }
}
