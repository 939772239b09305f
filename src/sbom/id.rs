//! What things are called inside a document, and what the document itself is called.

use crate::model::{Arch, Sha256};

/// The SPDX identifier of the document.
pub(super) const DOCUMENT: &str = "SPDXRef-DOCUMENT";
/// The SPDX identifier of the operating system. Trivy knows it by how it begins.
pub(super) const SYSTEM: &str = "SPDXRef-OperatingSystem";

/// The SPDX identifier of the image for an architecture, or of the index over all of them.
pub(super) fn image(arch: Option<Arch>) -> String {
    match arch {
        Some(arch) => format!("SPDXRef-Image-{}", escape(&arch.to_string())),
        None => "SPDXRef-Image".into(),
    }
}

/// The SPDX identifier of a package of an image. No architecture has a dash.
pub(super) fn package(arch: Arch, name: &str) -> String {
    format!(
        "SPDXRef-Package-{}-{}",
        escape(&arch.to_string()),
        escape(name)
    )
}

/// The SPDX identifier of a source package. No escape is two full stops.
pub(super) fn source(name: &str, version: &str) -> String {
    format!("SPDXRef-Source-{}..{}", escape(name), escape(version))
}

/// Percent-encoding with a full stop for the percent sign: an SPDX identifier has letters, digits,
/// `.` and `-`, and no two texts may become one.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' => out.push(char::from(byte)),
            _ => out.push_str(&format!(".{byte:02X}")),
        }
    }
    out
}

/// A UUID that is a function of `content`: version 8 of RFC 9562, the one whose bits are the
/// application's own.
pub(super) fn uuid(content: &str) -> String {
    let hex = Sha256::of(content.as_bytes()).hex();
    let digits = |start: usize, end: usize| hex.get(start..end).unwrap_or_default();
    let variant = match digits(16, 17) {
        "0" | "4" | "8" | "c" => '8',
        "1" | "5" | "9" | "d" => '9',
        "2" | "6" | "a" | "e" => 'a',
        _ => 'b',
    };
    format!(
        "{}-{}-8{}-{variant}{}-{}",
        digits(0, 8),
        digits(8, 12),
        digits(13, 16),
        digits(17, 20),
        digits(20, 32)
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn arch(name: &str) -> Arch {
        Arch::from_oci(name).unwrap()
    }

    #[test]
    fn names_that_look_alike_stay_apart() {
        let amd64 = arch("amd64");
        assert_eq!(package(amd64, "bash"), "SPDXRef-Package-amd64-bash");
        assert_eq!(
            package(arch("arm/v7"), "libstdc++6"),
            "SPDXRef-Package-arm.2Fv7-libstdc.2B.2B6"
        );
        assert_ne!(package(amd64, "libstdc++6"), package(amd64, "libstdc--6"));
        assert_ne!(source("a-1", "2"), source("a", "1-2"));
        assert_ne!(source("a", ".2"), source("a.", "2"));
    }

    #[test]
    fn a_uuid_has_the_form_of_one() {
        let first = uuid("a");
        assert_eq!(first, uuid("a"));
        assert_ne!(first, uuid("b"));
        for text in 0..64 {
            let id = uuid(&text.to_string());
            let parts: Vec<usize> = id.split('-').map(str::len).collect();
            assert_eq!(parts, [8, 4, 4, 4, 12], "{id}");
            assert_eq!(id.as_bytes()[14], b'8', "{id}");
            assert!(b"89ab".contains(&id.as_bytes()[19]), "{id}");
        }
    }

    proptest! {
        #[test]
        fn an_identifier_is_unique_and_within_its_alphabet(
            a in "[A-Za-z0-9_][A-Za-z0-9+._-]{0,4}",
            b in "[A-Za-z0-9_][A-Za-z0-9+._-]{0,4}",
            v in "[0-9A-Za-z+.:~_^-]{1,4}",
            w in "[0-9A-Za-z+.:~_^-]{1,4}",
        ) {
            let arches: Vec<Arch> = Arch::all().collect();
            for &first in &arches {
                for &second in &arches {
                    let same = (first, &a) == (second, &b);
                    prop_assert_eq!(package(first, &a) == package(second, &b), same);
                }
            }
            prop_assert_eq!(source(&a, &v) == source(&b, &w), (&a, &v) == (&b, &w));
            let plain = |text: &str| {
                text.bytes().all(|c| c.is_ascii_alphanumeric() || b".-".contains(&c))
            };
            prop_assert!(plain(&package(arch("arm/v7"), &a)) && plain(&source(&a, &v)));
        }
    }
}
