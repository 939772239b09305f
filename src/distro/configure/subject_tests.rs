use super::*;

pub(crate) fn sha1(bytes: &[u8]) -> [u8; 20] {
    crate::distro::configure::sha1(bytes)
}

pub(crate) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    put(&mut out, tag, &parts.concat());
    out
}

/// The outline of a certificate with a subject of one's choice; `key` tells two of them apart.
pub(crate) fn certificate_of(subject: &[u8], key: &[u8]) -> Vec<u8> {
    let empty = tlv(SEQUENCE, &[]);
    let version = tlv(VERSION, &[&tlv(2, &[b"\x02"])]);
    let serial = tlv(2, &[b"\x01"]);
    let before: [&[u8]; 5] = [&version, &serial, &empty, &empty, &empty];
    let signed = tlv(
        SEQUENCE,
        &[&before.concat(), subject, &tlv(SEQUENCE, &[key])],
    );
    tlv(SEQUENCE, &[&signed, &empty, &tlv(BIT_STRING, &[b"\0"])])
}

const CN: u8 = 3;
const C: u8 = 6;
const O: u8 = 10;
const OU: u8 = 11;

fn attribute(kind: u8, tag: u8, value: &[u8]) -> Vec<u8> {
    let oid = tlv(OID, &[&[0x55, 4, kind]]);
    tlv(SEQUENCE, &[&oid, &tlv(tag, &[value])])
}

/// A name of sets of attributes.
fn name(sets: &[&[(u8, u8, &[u8])]]) -> Vec<u8> {
    let mut out = Vec::new();
    for set in sets {
        let all: Vec<_> = set
            .iter()
            .map(|one| attribute(one.0, one.1, one.2))
            .collect();
        out.extend(tlv(SET, &[&all.concat()]));
    }
    tlv(SEQUENCE, &[&out])
}

/// A name with one common name.
pub(crate) fn common(tag: u8, value: &[u8]) -> Vec<u8> {
    name(&[&[(CN, tag, value)]])
}

fn hash(name: &[u8]) -> Option<u32> {
    subject_hash(&certificate_of(name, b""), &sha1)
}

fn german(text: &str) -> Vec<u8> {
    name(&[&[(C, PRINTABLE, b"DE")], &[(CN, UTF8, text.as_bytes())]])
}

/// All numbers here are OpenSSL's (3.0.22 and 3.5.9 agree) for the same names.
#[test]
fn text_is_folded() {
    for (text, expected) in [
        ("Abc", 0x7a9c1b76),
        ("  lead", 0x12da2bc2),
        ("trail  ", 0xba8894b3),
        ("\tTab\x0bX\x0c\r\n y", 0xd3c0aba5),
        ("many    inner   spaces", 0x7947a800),
        ("ALL CAPS", 0xb7ab2b26),
        ("", 0x48269837),
        ("   ", 0x48269837),
        ("ÄÖÜ Straße", 0x0bdc8345),
        ("日本 語", 0x798d317e),
        (&"x".repeat(127), 0xbac0fd3e),
        (&"y".repeat(128), 0x52a3bc0d),
        (&"Q".repeat(70_000), 0x0fc76b92),
    ] {
        assert_eq!(hash(&german(text)), Some(expected), "{text:?}");
    }
}

#[test]
fn every_kind_of_string() {
    let text = "ÄÖÜ Straße";
    let wide = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_be_bytes).collect() };
    let wider = |text: &str| -> Vec<u8> {
        text.chars()
            .flat_map(|c| u32::from(c).to_be_bytes())
            .collect()
    };
    let latin: Vec<u8> = text.chars().map(|c| c as u8).collect();
    for name in [
        common(UTF8, text.as_bytes()),
        common(BMP, &wide(text)),
        common(UNIVERSAL, &wider(text)),
        common(T61, &latin),
        common(PRINTABLE, &latin),
        common(IA5, &latin),
    ] {
        assert_eq!(hash(&name), Some(0xc9198839));
    }
    assert_eq!(hash(&common(BMP, &wide("日本 語"))), Some(0x13c3b7f8));
    assert_eq!(
        hash(&common(UNIVERSAL, &wider("ẞ\u{1f600}x"))),
        Some(0x697c195f)
    );
    // These stay as they are.
    assert_eq!(hash(&common(NUMERIC, b"  lead")), Some(0xbf053748));
    assert_eq!(hash(&common(PRINTABLE, b"  lead")), Some(0xefcf5eff));
    assert_eq!(hash(&common(BIT_STRING, b"\0ab")), Some(0x9ddad482));
    assert_eq!(
        hash(&common(SEQUENCE, &tlv(UTF8, &[b"ABC"]))),
        Some(0x433c6392)
    );
    assert_eq!(hash(&common(0x0b, b"AB")), Some(0x987aed63));
}

#[test]
fn sets_are_sorted_after_folding() {
    let (zed, mid): (&[u8], &[u8]) = (b"Zed", b"  MID dle ");
    let one = name(&[&[(CN, UTF8, zed), (O, UTF8, b"abc"), (OU, PRINTABLE, mid)]]);
    assert_eq!(hash(&one), Some(0x632ca387));
    let two: &[(u8, u8, &[u8])] = &[(CN, UTF8, b"b"), (CN, PRINTABLE, b"B"), (CN, T61, b"A")];
    assert_eq!(hash(&name(&[two, &[(O, UTF8, b"o")]])), Some(0xfc50dbb9));
    let lengths = name(&[&[(CN, UTF8, b"bbbb"), (CN, UTF8, b"a")]]);
    assert_eq!(hash(&lengths), Some(0x2013ec42));
    let kinds: &[(u8, u8, &[u8])] = &[(CN, NUMERIC, b"12"), (CN, UTF8, b"12"), (CN, UTF8, b"1")];
    assert_eq!(hash(&name(&[kinds])), Some(0x86187b9f));
    assert_eq!(hash(&name(&[])), Some(0xeea339da));
    assert_eq!(hash(&name(&[&[]])), Some(0xeea339da));
    assert_eq!(hash(&name(&[&[], &[(CN, UTF8, b"x")]])), Some(0x82965258));
}

#[test]
fn what_openssl_refuses_has_none() {
    for (tag, value) in [
        (UTF8, &b"a\xff"[..]),
        (UTF8, b"a\xc0\x80"),
        (UTF8, b"\xed\xa0\x80"),
        (BMP, b"\0a\0"),
        (BMP, b"\xd8\x3d\xde\x00"),
        (UNIVERSAL, b"\0\x11\0\0"),
        (UNIVERSAL, b"\0\0\0a\0"),
        (0x01, b"\xff"),
        (0x02, b"\x01"),
        (0x04, b"AB"),
        (0x0a, b"AB"),
        (0x1a, b"AB"),
        (0x2c, b"\x0c\x01A"),
    ] {
        assert_eq!(hash(&common(tag, value)), None, "{tag:x} {value:?}");
    }
    let oid = tlv(OID, &[&[0x55, 4, 3]]);
    let short = tlv(SEQUENCE, &[&tlv(SET, &[&tlv(SEQUENCE, &[&oid])])]);
    assert_eq!(hash(&short), None);
    let value = tlv(UTF8, &[b"x"]);
    let long = tlv(
        SEQUENCE,
        &[&tlv(SET, &[&tlv(SEQUENCE, &[&oid, &value, &value])])],
    );
    assert_eq!(hash(&long), None);
}

#[test]
fn hostile_bytes_do_no_harm() {
    let whole = certificate_of(&german("Abc"), b"");
    assert!(subject_hash(&whole, &sha1).is_some());
    for end in 0..whole.len() {
        assert_eq!(subject_hash(&whole[..end], &sha1), None, "{end}");
    }
    for at in 0..whole.len() {
        for value in [0, 0x1f, 0x7f, 0x80, 0x84, 0x85, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] = value;
            let _ = subject_hash(&bytes, &sha1);
        }
    }
    assert_eq!(subject_hash(b"\x30\x80\x00\x00", &sha1), None);
    assert_eq!(subject_hash(b"\x30\x84\xff\xff\xff\xff", &sha1), None);
    let large = certificate_of(&german("Abc"), &vec![0; MAX_DER]);
    assert_eq!(subject_hash(&large, &sha1), None);
}

#[test]
fn what_follows_a_certificate_is_cut_off() {
    let whole = certificate_of(&german("Abc"), b"");
    let longer = [&*whole, b"settings"].concat();
    assert_eq!(certificate(&longer), Some(&*whole));
    assert_eq!(certificate(b"\x31\x00"), None);
    assert!(is_certificate(&whole) && !is_certificate(&german("Abc")));
}
