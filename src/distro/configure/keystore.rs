//! Java's trust store `/etc/ssl/certs/java/cacerts`, as ca-certificates-java of Debian makes it.
//!
//! Certificates in, a keystore of format JKS, version 2, out, which every Java since 1.2 reads
//! (later ones find the format out by its first bytes). Source: the format's description in
//! `sun.security.provider.JavaKeyStore`, and stores that Debian's program made.
//!
//! Java writes the entries in the order of a hash table and each with the time of its making.
//! Here they are sorted by alias and have the time that is given.

use std::collections::BTreeMap;

use super::subject::Sha1;

/// Debian's and Java's own default, which every reader of this file knows.
const PASSWORD: &str = "changeit";
const MAGIC: [u8; 4] = [0xfe, 0xed, 0xfe, 0xed];
const VERSION: u32 = 2;
/// The tag of an entry that is a certificate without a key.
const TRUSTED: u32 = 2;
/// Is hashed between the password and the entries, so that nothing else has the same hash.
const SALT: &[u8] = b"Mighty Aphrodite";

/// The alias of the certificate behind the link `pem`, a name in /etc/ssl/certs.
pub(in crate::distro) fn alias(pem: &str) -> String {
    format!("debian:{pem}")
}

/// The keystore of `certs`, pairs of alias and DER; `time_ms` is in milliseconds since 1970.
///
/// Aliases have no case in a JKS: of two that differ in it only, the later one is kept. What the
/// format has no room for (an alias over 65535 bytes) is left out.
pub(in crate::distro) fn jks(certs: &[(String, Vec<u8>)], time_ms: i64, sha1: Sha1<'_>) -> Vec<u8> {
    let mut entries = BTreeMap::new();
    for (alias, der) in certs {
        if let (Some(alias), Ok(length)) = (utf(&alias.to_lowercase()), u32::try_from(der.len())) {
            entries.insert(alias, (length, der));
        }
    }
    let mut out = Vec::new();
    out.extend(MAGIC);
    out.extend(VERSION.to_be_bytes());
    // Memory ends long before four billion certificates do.
    out.extend((entries.len() as u32).to_be_bytes());
    for (alias, (length, der)) in entries {
        out.extend(TRUSTED.to_be_bytes());
        out.extend(alias);
        out.extend(time_ms.to_be_bytes());
        out.extend(utf("X.509").unwrap_or_default());
        out.extend(length.to_be_bytes());
        out.extend(der);
    }
    let mut hashed: Vec<u8> = PASSWORD.encode_utf16().flat_map(u16::to_be_bytes).collect();
    hashed.extend(SALT);
    hashed.extend(&out);
    out.extend(sha1(&hashed));
    out
}

/// The keystore in `bytes` as [`jks`] writes one: sorted, and with one time. `None` where it is another
/// format, has a key in it or is damaged.
pub(in crate::distro) fn steady(bytes: &[u8], time_ms: i64, sha1: Sha1<'_>) -> Option<Vec<u8>> {
    let body = bytes
        .len()
        .checked_sub(20)
        .and_then(|end| bytes.get(..end))?;
    let mut rest = body.strip_prefix(&MAGIC)?;
    let number = |rest: &mut &[u8]| {
        let (head, tail) = rest.split_first_chunk::<4>()?;
        *rest = tail;
        Some(u32::from_be_bytes(*head))
    };
    let text = |rest: &mut &[u8]| {
        let (head, tail) = rest.split_first_chunk::<2>()?;
        let (text, tail) = tail.split_at_checked(u16::from_be_bytes(*head).into())?;
        *rest = tail;
        // Java's encoding differs for NUL and beyond 16 bits only, and then it is no UTF-8.
        std::str::from_utf8(text).ok().map(str::to_owned)
    };
    if number(&mut rest)? != VERSION {
        return None;
    }
    let mut certs = Vec::new();
    for _ in 0..number(&mut rest)? {
        if number(&mut rest)? != TRUSTED {
            return None;
        }
        let alias = text(&mut rest)?;
        rest = rest.get(8..)?;
        if text(&mut rest)? != "X.509" {
            return None;
        }
        let length = number(&mut rest)?;
        let (der, tail) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        certs.push((alias, der.to_vec()));
        rest = tail;
    }
    rest.is_empty().then(|| jks(&certs, time_ms, sha1))
}

/// Java's `writeUTF`: a length of 16 bits, then each UTF-16 unit by itself as if it were UTF-8,
/// with NUL as two bytes.
fn utf(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    for unit in text.encode_utf16() {
        let tail = |shift: u16| 0x80 | (unit >> shift & 0x3f) as u8;
        match unit {
            1..=0x7f => bytes.push(unit as u8),
            0 | 0x80..=0x7ff => bytes.extend([0xc0 | (unit >> 6) as u8, tail(0)]),
            0x800.. => bytes.extend([0xe0 | (unit >> 12) as u8, tail(6), tail(0)]),
        }
    }
    let mut out = u16::try_from(bytes.len()).ok()?.to_be_bytes().to_vec();
    out.extend(bytes);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No hash at all, so that what is hashed can be seen.
    fn last20(bytes: &[u8]) -> [u8; 20] {
        bytes[bytes.len() - 20..].try_into().unwrap()
    }

    fn store(certs: &[(&str, &[u8])], time: i64) -> Vec<u8> {
        let owned = |&(alias, der): &(&str, &[u8])| (alias.to_owned(), der.to_vec());
        jks(&certs.iter().map(owned).collect::<Vec<_>>(), time, &last20)
    }

    #[test]
    fn every_byte_of_a_small_one() {
        let made = store(&[("debian:B.pem", b"DER")], 0x0102);
        let mut expected = b"\xfe\xed\xfe\xed\0\0\0\x02\0\0\0\x01\0\0\0\x02\0\x0cdebian:b.pem\
            \0\0\0\0\0\0\x01\x02\0\x05X.509\0\0\0\x03DER"
            .to_vec();
        let end = last20(&expected);
        expected.extend(end);
        assert_eq!(made, expected);
        let seen = std::cell::RefCell::new(Vec::new());
        let hash = |bytes: &[u8]| {
            *seen.borrow_mut() = bytes.to_vec();
            [7; 20]
        };
        let empty = jks(&[], 0, &hash);
        assert_eq!(empty[..12], *b"\xfe\xed\xfe\xed\0\0\0\x02\0\0\0\0");
        assert_eq!(empty[12..], [7; 20]);
        let hashed = b"\0c\0h\0a\0n\0g\0e\0i\0tMighty Aphrodite\xfe\xed\xfe\xed\0\0\0\x02\0\0\0\0";
        assert_eq!(*seen.borrow(), hashed);
    }

    #[test]
    fn sorted_and_the_later_of_two_kept() {
        let made = store(&[("b", b"1"), ("A", b"2"), ("a", b"3")], 0);
        assert_eq!(made, store(&[("a", b"3"), ("b", b"1")], 0));
        assert_ne!(made, store(&[("a", b"2"), ("b", b"1")], 0));
    }

    #[test]
    fn one_that_java_wrote_loses_its_order_and_its_times() {
        let certs: [(&str, &[u8]); 2] = [("debian:á.pem", b"one"), ("debian:é.pem", b"two")];
        let sorted = store(&certs, 5000);
        assert_eq!(
            steady(&store(&certs, 7), 5000, &last20),
            Some(sorted.clone())
        );
        // Java's order is another one.
        let entry = |at: usize| 12 + (4 + 2 + 13 + 8 + 7 + 4 + 3) * at;
        let (first, second) = (&sorted[12..entry(1)], &sorted[entry(1)..sorted.len() - 20]);
        let swapped = [&sorted[..12], second, first, &[0; 20]].concat();
        assert_eq!(steady(&swapped, 5000, &last20), Some(sorted.clone()));
        // Cut off anywhere, with something behind its end, or something else: left as it is.
        for end in 0..sorted.len() {
            let other = steady(&sorted[..end], 0, &last20);
            assert_eq!(other, None, "{end}");
        }
        assert_eq!(steady(&[&sorted[..], b"x"].concat(), 0, &last20), None);
        let mut key = sorted.clone();
        key[15] = 1;
        assert_eq!(steady(&key, 0, &last20), None);
    }

    #[test]
    fn java_s_own_utf8() {
        assert_eq!(
            utf("a\0é\u{20ac}").unwrap(),
            b"\0\x08a\xc0\x80\xc3\xa9\xe2\x82\xac"
        );
        assert_eq!(utf("\u{1f600}").unwrap(), b"\0\x06\xed\xa0\xbd\xed\xb8\x80");
        assert!(utf(&"x".repeat(65535)).is_some());
        assert!(utf(&"x".repeat(65536)).is_none());
        let long = store(&[(&"x".repeat(65536), b"1"), ("a", b"3")], 0);
        assert_eq!(long, store(&[("a", b"3")], 0));
        assert_eq!(alias("X.pem"), "debian:X.pem");
    }
}
