//! Values in tar headers and pax records that every reader of tars here takes alike: the reader of
//! packages, which is strict, and that of images, which takes what any tool writes.
//!
//! Bytes come in and values go out; `None` is what is not to be guessed at. How the field of a header
//! spells a number is not here, nor what becomes of a record that is there twice: in that the two
//! readers differ on purpose. The source: POSIX.1-2008, pax, and the limits of Linux.

use std::ops::RangeInclusive;

/// RFC 3339 has years of four digits, and so have the times of an image's configuration.
const TIMES: RangeInclusive<i64> = -62_167_219_200..=253_402_300_799;
/// The longest pax header that is read, in bytes: room for the largest attribute that Linux has many
/// times over.
pub(crate) const PAX_HEADER: u64 = 1 << 20;
/// The longest target of a link, in bytes: `PATH_MAX` of Linux, without the terminating NUL.
pub(crate) const LINK_TARGET: usize = 4095;
/// `XATTR_NAME_MAX` of Linux, in bytes.
const ATTRIBUTE_NAME: usize = 255;
/// `XATTR_SIZE_MAX` of Linux, in bytes.
const ATTRIBUTE_VALUE: usize = 64 << 10;

/// A user, group or device number. The highest is what Linux takes for "none".
pub(crate) fn id(value: u64) -> Option<u32> {
    u32::try_from(value).ok().filter(|&id| id != u32::MAX)
}

/// Permission bits; the bits of the file's type, which some tools repeat here, are dropped.
pub(crate) const fn mode(value: u64) -> u16 {
    (value & 0o7777) as u16
}

/// Seconds since 1970.
pub(crate) fn time(seconds: i64) -> Option<i64> {
    TIMES.contains(&seconds).then_some(seconds)
}

/// Decimal digits and nothing else.
pub(crate) fn decimal(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0u64, |sum, &digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        sum.checked_mul(10)?.checked_add(digit)
    })
}

/// The number of a user, a group or a device in a pax record.
pub(crate) fn pax_id(text: &[u8]) -> Option<u32> {
    decimal(text).and_then(id)
}

/// Seconds since 1970 in a pax record, with the fraction dropped downward.
pub(crate) fn pax_time(text: &[u8]) -> Option<i64> {
    let (negative, text) = match text.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let mut halves = text.splitn(2, |&byte| byte == b'.');
    let whole = i64::try_from(decimal(halves.next()?)?).ok()?;
    let fraction = halves.next().unwrap_or_default();
    if !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let below = fraction.iter().any(|&digit| digit != b'0');
    time(match negative {
        true => -whole - i64::from(below),
        false => whole,
    })
}

/// A path in a pax record: at least one byte, and no NUL.
pub(crate) fn pax_path(value: &[u8]) -> Option<Vec<u8>> {
    (!value.is_empty() && !value.contains(&0)).then(|| value.to_vec())
}

/// Splits off one record, `LENGTH KEY=VALUE\n`: its key, its value, which may be any bytes, and what
/// follows.
pub(crate) fn record(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    // A length of 20 digits is over any that there is.
    let space = bytes.iter().take(20).position(|&byte| byte == b' ')?;
    let length = usize::try_from(decimal(bytes.get(..space)?)?).ok()?;
    let (record, rest) = bytes.split_at_checked(length)?;
    let pair = record.get(space + 1..)?.strip_suffix(b"\n")?;
    let equals = pair.iter().position(|&byte| byte == b'=')?;
    let (key, value) = pair.split_at_checked(equals)?;
    (equals > 0).then(|| (key, value.get(1..).unwrap_or_default(), rest))
}

/// Why an extended attribute is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadAttribute {
    /// It has no name, or one that no system call can take.
    Name,
    /// It is larger than Linux has them.
    Large {
        /// What there is too much of.
        what: &'static str,
        /// The bound.
        limit: u64,
    },
}

/// Whether Linux can have an extended attribute.
pub(crate) fn attribute(name: &[u8], value: &[u8]) -> Result<(), BadAttribute> {
    if name.is_empty() || name.contains(&0) {
        return Err(BadAttribute::Name);
    }
    for (what, bytes, limit) in [
        ("bytes in an attribute's name", name, ATTRIBUTE_NAME),
        ("bytes in an attribute's value", value, ATTRIBUTE_VALUE),
    ] {
        if bytes.len() > limit {
            let limit = limit as u64;
            return Err(BadAttribute::Large { what, limit });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_id_is_none() {
        assert_eq!(id(u64::from(u32::MAX) - 1), Some(u32::MAX - 1));
        assert_eq!(id(u64::from(u32::MAX)), None);
        assert_eq!(id(1 << 32), None);
        assert_eq!(pax_id(b"4294967294"), Some(u32::MAX - 1));
        assert_eq!(pax_id(b"4294967295"), None);
    }

    #[test]
    fn a_mode_has_no_type() {
        assert_eq!(mode(0o104_755), 0o4755);
    }

    #[test]
    fn years_have_four_digits() {
        for (seconds, valid) in [
            (-62_167_219_201, false),
            (-62_167_219_200, true),
            (253_402_300_799, true),
            (253_402_300_800, false),
        ] {
            assert_eq!(time(seconds).is_some(), valid, "{seconds}");
        }
    }

    #[test]
    fn decimal_is_digits_and_nothing_else() {
        for (text, value) in [
            ("0", Some(0)),
            ("007", Some(7)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("", None),
            ("+1", None),
            ("-1", None),
            (" 1", None),
            ("1\0", None),
        ] {
            assert_eq!(decimal(text.as_bytes()), value, "{text:?}");
        }
    }

    #[test]
    fn fractions_drop_downward() {
        for (text, time) in [
            ("1.9", Some(1)),
            ("-1.5", Some(-2)),
            ("-1.0", Some(-1)),
            ("-0.1", Some(-1)),
            ("0", Some(0)),
            ("1.", Some(1)),
            (".5", None),
            ("1.5x", None),
            ("1.5.0", None),
            ("--1", None),
            ("", None),
            ("9223372036854775807", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(pax_time(text.as_bytes()), time, "{text}");
        }
    }

    #[test]
    fn a_record_is_as_long_as_it_says() {
        let whole = b"9 path=a\n9 path=b\n";
        assert_eq!(record(whole), Some((&b"path"[..], &b"a"[..], &whole[9..])));
        // Newlines and equals signs are a value's, too.
        let pair = record(b"11 a=\n=\nb=\n");
        assert_eq!(pair, Some((&b"a"[..], &b"\n=\nb="[..], &b""[..])));
        assert_eq!(record(b"5 a=\n"), Some((&b"a"[..], &b""[..], &b""[..])));
        for bad in [
            &b"8 path=a\n"[..],
            b"11 path=a\n",
            b"+9 path=a\n",
            b"4 =a\n",
            b"0 path=a\n",
            b"1 path=a\n",
            b"2 path=a\n",
            b"18446744073709551615 path=a\n",
            b"000000000000000000009 path=a\n",
            b"7 patha\n",
            b"9",
            b"",
        ] {
            assert_eq!(record(bad), None, "{}", bad.escape_ascii());
        }
    }

    #[test]
    fn a_path_has_bytes_and_no_nul() {
        assert_eq!(pax_path(b"a\xff").as_deref(), Some(&b"a\xff"[..]));
        assert_eq!(pax_path(b""), None);
        assert_eq!(pax_path(b"a\0b"), None);
    }

    #[test]
    fn attributes_are_as_linux_has_them() {
        let (name, value) = (vec![b'n'; 255], vec![0; 64 << 10]);
        assert_eq!(attribute(&name, &value), Ok(()));
        assert_eq!(attribute(b"", &value), Err(BadAttribute::Name));
        assert_eq!(attribute(b"a\0", &value), Err(BadAttribute::Name));
        let over = |name: &[u8], value: &[u8]| match attribute(name, value) {
            Err(BadAttribute::Large { limit, .. }) => Some(limit),
            _ => None,
        };
        assert_eq!(over(&[b'n'; 256], &value), Some(255));
        assert_eq!(over(&name, &[0; (64 << 10) + 1]), Some(64 << 10));
    }
}
