//! The subject's hash by which OpenSSL finds a certificate in a directory (openssl-rehash(1)).
//!
//! The DER of a certificate (RFC 5280, section 4.1) in, the 32 bits of `openssl x509 -subject_hash`
//! out: SHA-1 over the subject in OpenSSL's canonical form, of which the first four bytes are
//! read as a little-endian number. In that form the outer SEQUENCE has no header, text is UTF-8,
//! in lower case (ASCII only), without outer and with single inner white space.
//!
//! Only definite lengths and primitive strings are read. OpenSSL also takes BER, which no
//! certificate may use; such a one has no hash here.

/// Makes the SHA-1 of some bytes.
pub(in crate::distro) type Sha1<'a> = &'a dyn Fn(&[u8]) -> [u8; 20];

/// OpenSSL refuses names above it; a real certificate is a hundredth of it.
const MAX_DER: usize = 1 << 20;

const BIT_STRING: u8 = 0x03;
const OID: u8 = 0x06;
const UTF8: u8 = 0x0c;
const NUMERIC: u8 = 0x12;
const PRINTABLE: u8 = 0x13;
const T61: u8 = 0x14;
const IA5: u8 = 0x16;
const UNIVERSAL: u8 = 0x1c;
const BMP: u8 = 0x1e;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
/// `[0]`, which holds the version; version 1 leaves it out.
const VERSION: u8 = 0xa0;

/// `openssl x509 -subject_hash` of `der`; `None` where it is no certificate.
pub(in crate::distro) fn subject_hash(der: &[u8], sha1: Sha1<'_>) -> Option<u32> {
    let canonical = canonical(subject(der)?)?;
    let [a, b, c, d, ..] = sha1(&canonical);
    Some(u32::from_le_bytes([a, b, c, d]))
}

/// The certificate at the start of `der`, without what may follow it.
pub(crate) fn certificate(der: &[u8]) -> Option<&[u8]> {
    let mut rest = der;
    expect(&mut rest, SEQUENCE)?;
    der.get(..der.len() - rest.len())
}

/// Whether the parts of a certificate are there.
pub(crate) fn is_certificate(der: &[u8]) -> bool {
    subject(der).is_some()
}

/// The content of the subject's SEQUENCE.
fn subject(der: &[u8]) -> Option<&[u8]> {
    if der.len() > MAX_DER {
        return None;
    }
    let mut certificate = expect(&mut { der }, SEQUENCE)?;
    let mut signed = expect(&mut certificate, SEQUENCE)?;
    expect(&mut certificate, SEQUENCE)?;
    expect(&mut certificate, BIT_STRING)?;
    if signed.first() == Some(&VERSION) {
        element(&mut signed)?;
    }
    // Serial number, algorithm, issuer and validity stand before it, the key behind it.
    expect(&mut signed, 0x02)?;
    for _ in 0..3 {
        expect(&mut signed, SEQUENCE)?;
    }
    let subject = expect(&mut signed, SEQUENCE)?;
    expect(&mut signed, SEQUENCE)?;
    Some(subject)
}

/// Takes one element off the front: its tag and its content.
fn element<'a>(input: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let (&tag, rest) = input.split_first()?;
    // Tags of more than one byte have no place in what is read here.
    if tag & 0x1f == 0x1f {
        return None;
    }
    let (&first, mut rest) = rest.split_first()?;
    let mut length = usize::from(first);
    if first >= 0x80 {
        let count = usize::from(first & 0x7f);
        // No count is BER's open end; four bytes are more than any bound of ours.
        if !(1..=4).contains(&count) {
            return None;
        }
        let (bytes, after) = rest.split_at_checked(count)?;
        length = bytes
            .iter()
            .fold(0, |sum, &byte| sum << 8 | usize::from(byte));
        rest = after;
    }
    let (content, rest) = rest.split_at_checked(length)?;
    *input = rest;
    Some((tag, content))
}

fn expect<'a>(input: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    element(input)
        .filter(|found| found.0 == tag)
        .map(|found| found.1)
}

/// The canonical form of a name: its sets one behind the other. An empty name has no bytes.
fn canonical(mut name: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    while !name.is_empty() {
        let mut set = expect(&mut name, SET)?;
        let mut entries = Vec::new();
        while !set.is_empty() {
            let mut pair = expect(&mut set, SEQUENCE)?;
            let mut entry = Vec::new();
            put(&mut entry, OID, expect(&mut pair, OID)?);
            let (tag, value) = element(&mut pair)?;
            match value_text(tag, value)? {
                Some(text) => put(&mut entry, UTF8, squeezed(&text).as_bytes()),
                None => put(&mut entry, tag, value),
            }
            if !pair.is_empty() {
                return None;
            }
            let mut whole = Vec::new();
            put(&mut whole, SEQUENCE, &entry);
            entries.push(whole);
        }
        // DER's order of a SET OF is that of the encodings, and lower case may change it.
        entries.sort();
        if !entries.is_empty() {
            put(&mut out, SET, &entries.concat());
        }
    }
    Some(out)
}

/// The text of a string; `Some(None)` for a type that stays as it is, `None` for a fault.
fn value_text(tag: u8, value: &[u8]) -> Option<Option<String>> {
    let scalars = |width: usize| -> Option<String> {
        let chunks = value.chunks_exact(width);
        if !chunks.remainder().is_empty() {
            return None;
        }
        let number = |chunk: &[u8]| {
            chunk
                .iter()
                .fold(0, |sum, &byte| sum << 8 | u32::from(byte))
        };
        chunks.map(|chunk| char::from_u32(number(chunk))).collect()
    };
    let text = match tag {
        UTF8 => String::from_utf8(value.to_vec()).ok()?,
        // OpenSSL reads T.61 as Latin-1, and so the two that should be ASCII.
        PRINTABLE | T61 | IA5 => value.iter().copied().map(char::from).collect(),
        BMP => scalars(2)?,
        UNIVERSAL => scalars(4)?,
        BIT_STRING | NUMERIC | SEQUENCE => return Some(None),
        // What OpenSSL has no name for: REAL, tags that are free, ... (but not ENUMERATED).
        0x07..=0x09 | 0x0b | 0x0d..=0x0f | 0x1d => return Some(None),
        _ => return None,
    };
    Some(Some(text))
}

/// C's isspace; `char::is_ascii_whitespace` leaves the vertical tabulator out.
fn is_space(c: char) -> bool {
    matches!(c, '\t'..='\r' | ' ')
}

fn squeezed(text: &str) -> String {
    let words = text.split(is_space).filter(|word| !word.is_empty());
    let mut out = words.collect::<Vec<_>>().join(" ");
    out.make_ascii_lowercase();
    out
}

/// Appends one element in DER.
fn put(out: &mut Vec<u8>, tag: u8, content: &[u8]) {
    out.push(tag);
    let bytes = content.len().to_be_bytes();
    let skip = bytes.iter().take_while(|&&byte| byte == 0).count();
    let bytes = bytes.get(skip..).unwrap_or_default();
    match *bytes {
        [] => out.push(0),
        [short] if short < 0x80 => out.push(short),
        _ => {
            // At most eight, the size of a usize.
            out.push(0x80 | bytes.len() as u8);
            out.extend_from_slice(bytes);
        }
    }
    out.extend_from_slice(content);
}

#[cfg(test)]
#[path = "subject_tests.rs"]
pub(crate) mod tests;
