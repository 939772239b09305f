//! Numbers in the fields of tar headers: octal text and GNU's base-256.
//!
//! Only as they can be read in one way: the reader of images has a tolerant one of its own, for what
//! old and odd tools write.

use crate::tar_values;

/// Octal text: spaces, digits, then spaces or NULs and nothing else. All blank is 0.
fn octal(field: &[u8]) -> Option<u64> {
    let start = field.iter().position(|&byte| byte != b' ')?;
    let digits = field[start..]
        .iter()
        .position(|byte| !(b'0'..=b'7').contains(byte))
        .unwrap_or(field.len() - start);
    let (digits, rest) = field[start..].split_at(digits);
    if !rest.iter().all(|byte| matches!(byte, 0 | b' ')) {
        return None;
    }
    // A field has at most 12 digits of 3 bits.
    Some(
        digits
            .iter()
            .fold(0, |sum, digit| sum << 3 | u64::from(digit - b'0')),
    )
}

/// A field as a number of any sign: base-256 is two's complement under its marker bit.
fn signed(field: &[u8]) -> Option<i64> {
    match field.first()? {
        0x80 => {
            let value = field[1..].iter().try_fold(0u64, |sum, &byte| {
                (sum >> 56 == 0).then_some(sum << 8 | u64::from(byte))
            })?;
            i64::try_from(value).ok()
        }
        0xff => field[1..].iter().try_fold(-1i64, |sum, &byte| {
            sum.checked_mul(256)?.checked_add(i64::from(byte))
        }),
        marker if marker & 0x80 != 0 => None,
        _ => octal(field).and_then(|value| i64::try_from(value).ok()),
    }
}

/// A size in bytes.
pub(super) fn size(field: &[u8]) -> Option<u64> {
    signed(field).and_then(|value| u64::try_from(value).ok())
}

/// A user, group or device number.
pub(super) fn id(field: &[u8]) -> Option<u32> {
    size(field).and_then(tar_values::id)
}

/// Permission bits.
pub(super) fn mode(field: &[u8]) -> Option<u16> {
    size(field).map(tar_values::mode)
}

/// Seconds since 1970.
pub(super) fn time(field: &[u8]) -> Option<i64> {
    signed(field).and_then(tar_values::time)
}

/// Forty hexadecimal digits, of either case.
pub(super) fn hex(digits: &[u8]) -> Option<[u8; 20]> {
    let mut out = [0; 20];
    if digits.len() != 2 * out.len() {
        return None;
    }
    for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
        let nibble = |digit: u8| char::from(digit).to_digit(16);
        *byte = (nibble(pair[0])? << 4 | nibble(pair[1])?) as u8;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octal_has_blanks_around_it_and_nothing_else() {
        for (field, value) in [
            (&b"0000644\0"[..], Some(0o644)),
            (b"   644 \0", Some(0o644)),
            (b"\0\0\0\0\0\0\0\0", Some(0)),
            (b"77777777777 ", Some(0o77_777_777_777)),
            (b"777777777777", Some(0o777_777_777_777)),
            (b"0000649\0", None),
            (b"+000644\0", None),
            (b"000\x00644\0", None),
            (b"644 1   ", None),
        ] {
            assert_eq!(size(field), value, "{}", field.escape_ascii());
        }
    }

    #[test]
    fn base_256_has_a_sign() {
        assert_eq!(time(&[0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]), Some(256));
        assert_eq!(time(&[0xff; 12]), Some(-1));
        let before = [255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0xfe, 0];
        assert_eq!(time(&before), Some(-512));
        assert_eq!(size(&[0xff; 12]), None);
        assert_eq!(id(&[0x80, 0, 0, 0, 0, 0x20, 0, 0]), Some(0x20_0000));
        assert_eq!(id(&[0x80, 0, 0, 0, 255, 255, 255, 255]), None);
        assert_eq!(size(&[0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), None);
        assert_eq!(size(&[0x81, 0, 0, 0, 0, 0, 0, 0]), None);
        assert_eq!(time(&[0x80, 0, 0, 0, 127, 0, 0, 0, 0, 0, 0, 0]), None);
    }
}
