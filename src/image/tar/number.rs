//! Numbers in the fields of tar headers: octal text and base-256.
//!
//! As any tool writes them: the reader of packages has a stricter one of its own, which refuses what
//! other readers could take for another number.

use crate::tar_values;

/// Octal text between spaces and NULs, of which some tools put some before it; all blank is 0.
fn octal(field: &[u8]) -> Option<u64> {
    let blank = |byte: &u8| matches!(byte, 0 | b' ');
    let start = field
        .iter()
        .position(|byte| !blank(byte))
        .unwrap_or(field.len());
    let rest = field.get(start..)?;
    let end = rest.iter().position(blank).unwrap_or(rest.len());
    let (digits, after) = rest.split_at_checked(end)?;
    // Whatever stands after the first NUL is not read: old tools left old bytes there.
    if after.first() == Some(&b' ') && !after.iter().all(blank) {
        return None;
    }
    // A field has at most 12 digits of 3 bits.
    digits.iter().try_fold(0u64, |sum, &digit| match digit {
        b'0'..=b'7' => Some(sum << 3 | u64::from(digit - b'0')),
        _ => None,
    })
}

/// A field as a number of any sign: base-256 is two's complement under its marker bit.
fn signed(field: &[u8]) -> Option<i64> {
    let (&marker, rest) = field.split_first()?;
    if marker & 0x80 == 0 {
        return octal(field).and_then(|value| i64::try_from(value).ok());
    }
    // The sign is the bit below the marker.
    let low = i64::from(marker & 0x3f);
    let first = if marker & 0x40 == 0 { low } else { low - 0x40 };
    rest.iter().try_fold(first, |sum, &byte| {
        sum.checked_mul(256)?.checked_add(i64::from(byte))
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octal_has_blanks_around_it() {
        for (field, value) in [
            (&b"0000644\0"[..], Some(0o644)),
            (b"   644 \0", Some(0o644)),
            (b"\x000644 ", Some(0o644)),
            (b"\0\0\0\0\0\0\0\0", Some(0)),
            (b"        ", Some(0)),
            (b"77777777777 ", Some(0o77_777_777_777)),
            (b"777777777777", Some(0o777_777_777_777)),
            (b"0000649\0", None),
            (b"+000644\0", None),
            (b"644\0old\0", Some(0o644)),
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
        assert_eq!(time(&[0x80, 0, 0, 0, 127, 0, 0, 0, 0, 0, 0, 0]), None);
    }
}
