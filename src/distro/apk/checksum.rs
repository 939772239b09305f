//! apk's text form of digests: `Q1` and the base64 of a SHA-1, `Q2` and that of a SHA-256.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::trust::rsa::Hash;

/// Reads a checksum: how it is digested, and the digest.
pub(super) fn parse(text: &str) -> Option<(Hash, Vec<u8>)> {
    let (hash, length) = match text.get(..2)? {
        "Q1" => (Hash::Sha1, 20),
        "Q2" => (Hash::Sha256, 32),
        _ => return None,
    };
    let digest = STANDARD.decode(&text[2..]).ok()?;
    (digest.len() == length).then_some((hash, digest))
}

/// The form of a SHA-1.
pub(super) fn q1(sha1: &[u8]) -> String {
    format!("Q1{}", STANDARD.encode(sha1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes_and_nothing_else() {
        let text = "Q1tL491cf/hUqLQi7fZ4MhT9Qmi9U=";
        let (hash, digest) = parse(text).unwrap();
        assert_eq!((hash, &*q1(&digest)), (Hash::Sha1, text));
        let long = format!("Q2{}", STANDARD.encode([7; 32]));
        assert_eq!(parse(&long), Some((Hash::Sha256, vec![7; 32])));
        for bad in [
            "",
            "Q",
            "Q1",
            "Q1tL491cf/hUqLQi7fZ4MhT9Qmi9U",
            "Q2tL491cf/hUqLQi7fZ4MhT9Qmi9U=",
            "Q3tL491cf/hUqLQi7fZ4MhT9Qmi9U=",
            "Q1tL491cf/hUqLQi7fZ4MhT9Qmi9\u{e4}=",
            "X1b4be3dd5c7ff854a8b422edf6783214fd4268bd5",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
