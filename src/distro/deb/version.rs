//! Debian's order of versions: deb-version(7) and Policy 5.6.12.
//!
//! [`compare`] is total: it orders any two texts, well-formed or not, and well-formed ones as `dpkg`
//! orders them.

use std::cmp::Ordering;

/// Compares two versions: epochs as numbers, then upstream versions, then revisions.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    if a == b {
        return Ordering::Equal;
    }
    let (a, b) = (Parts::of(a), Parts::of(b));
    compare_numbers(a.epoch, b.epoch)
        .then_with(|| compare_part(a.upstream, b.upstream))
        .then_with(|| compare_part(a.revision, b.revision))
}

/// `[epoch:]upstream[-revision]`. What is absent is empty, which compares as `0` does.
struct Parts<'a> {
    epoch: &'a [u8],
    upstream: &'a [u8],
    revision: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Self {
        let (epoch, rest) = text.split_once(':').unwrap_or(("", text));
        let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
        Self {
            epoch: epoch.as_bytes(),
            upstream: upstream.as_bytes(),
            revision: revision.as_bytes(),
        }
    }
}

/// Alternates between a prefix without digits and a number until one side differs.
fn compare_part(mut a: &[u8], mut b: &[u8]) -> Ordering {
    while !a.is_empty() || !b.is_empty() {
        let (text_a, rest_a) = a.split_at(prefix(a, |byte| !byte.is_ascii_digit()));
        let (text_b, rest_b) = b.split_at(prefix(b, |byte| !byte.is_ascii_digit()));
        let (number_a, rest_a) = rest_a.split_at(prefix(rest_a, |byte| byte.is_ascii_digit()));
        let (number_b, rest_b) = rest_b.split_at(prefix(rest_b, |byte| byte.is_ascii_digit()));
        let order = compare_texts(text_a, text_b).then_with(|| compare_numbers(number_a, number_b));
        if order.is_ne() {
            return order;
        }
        (a, b) = (rest_a, rest_b);
    }
    Ordering::Equal
}

fn prefix(text: &[u8], holds: impl Fn(u8) -> bool) -> usize {
    text.iter()
        .position(|&byte| !holds(byte))
        .unwrap_or(text.len())
}

/// Byte by byte in [`weight`]'s order; where one text ends, its end has a weight too.
fn compare_texts(a: &[u8], b: &[u8]) -> Ordering {
    let longest = a.len().max(b.len());
    (0..longest)
        .map(|index| weight(a.get(index)).cmp(&weight(b.get(index))))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

/// `~` before the end, the end before letters, letters before everything else.
const fn weight(byte: Option<&u8>) -> i16 {
    match byte {
        Some(b'~') => -1,
        None => 0,
        Some(byte) if byte.is_ascii_alphabetic() => *byte as i16,
        Some(byte) => *byte as i16 + 256,
    }
}

/// As numbers of any length.
fn compare_numbers(a: &[u8], b: &[u8]) -> Ordering {
    let significant = |digits| prefix(digits, |byte| byte == b'0');
    let (a, b) = (&a[significant(a)..], &b[significant(b)..]);
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

#[cfg(test)]
#[path = "version_tests.rs"]
mod tests;
