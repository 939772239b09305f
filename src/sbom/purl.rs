//! Package URLs.

/// Builds `pkg:KIND/NAMESPACE/NAME@VERSION?QUALIFIERS` in its canonical form. An absent namespace
/// and qualifiers with an empty value are left out; qualifiers are given in the order of their keys.
pub fn purl(
    kind: &str,
    namespace: Option<&str>,
    name: &str,
    version: &str,
    qualifiers: &[(&str, &str)],
) -> String {
    debug_assert!(qualifiers.is_sorted(), "{qualifiers:?}");
    let mut out = format!("pkg:{kind}/");
    if let Some(namespace) = namespace {
        // Namespace and name are lower case for `deb`, `apk` and `oci` alike.
        encode(&mut out, &namespace.to_ascii_lowercase());
        out.push('/');
    }
    encode(&mut out, &name.to_ascii_lowercase());
    out.push('@');
    encode(&mut out, version);
    let mut separator = '?';
    for (key, value) in qualifiers.iter().filter(|(_, value)| !value.is_empty()) {
        out.push(separator);
        out.push_str(key);
        out.push('=');
        encode(&mut out, value);
        separator = '&';
    }
    out
}

/// Percent-encodes everything but letters, digits, `.`, `-`, `_`, `~` and the colon.
pub(super) fn encode(out: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' | b'~' | b':' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A published example: the purl, and what it is built from.
    type Example<'a> = (
        &'a str,
        (&'a str, Option<&'a str>, &'a str, &'a str),
        &'a [(&'a str, &'a str)],
    );

    #[test]
    fn builds_the_published_examples() {
        let debian = Some("debian");
        let examples: &[Example<'_>] = &[
            (
                "pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=jessie",
                ("deb", debian, "curl", "7.50.3-1"),
                &[("arch", "i386"), ("distro", "jessie")],
            ),
            (
                "pkg:deb/debian/dpkg@1.19.0.4?arch=amd64&distro=stretch",
                ("deb", debian, "dpkg", "1.19.0.4"),
                &[("arch", "amd64"), ("distro", "stretch")],
            ),
            (
                "pkg:deb/ubuntu/dpkg@1.19.0.4?arch=amd64",
                ("deb", Some("ubuntu"), "dpkg", "1.19.0.4"),
                &[("arch", "amd64")],
            ),
            (
                "pkg:deb/debian/attr@1:2.4.47-2?arch=source",
                ("deb", debian, "attr", "1:2.4.47-2"),
                &[("arch", "source")],
            ),
            (
                "pkg:deb/debian/attr@1:2.4.47-2%2Bb1?arch=amd64",
                ("deb", debian, "attr", "1:2.4.47-2+b1"),
                &[("arch", "amd64")],
            ),
            (
                "pkg:apk/alpine/curl@7.83.0-r0?arch=x86",
                ("apk", Some("alpine"), "curl", "7.83.0-r0"),
                &[("arch", "x86")],
            ),
            (
                "pkg:oci/debian@sha256:244fd47e07d10?arch=amd64\
                 &repository_url=docker.io%2Flibrary%2Fdebian&tag=latest",
                ("oci", None, "debian", "sha256:244fd47e07d10"),
                &[
                    ("arch", "amd64"),
                    ("repository_url", "docker.io/library/debian"),
                    ("tag", "latest"),
                ],
            ),
            (
                "pkg:oci/hello-wasm@sha256:244fd47e07d10?tag=v1",
                ("oci", None, "hello-wasm", "sha256:244fd47e07d10"),
                &[("tag", "v1")],
            ),
            (
                "pkg:generic/openssl@1.1.10g\
                 ?checksum=sha1:ad9503c3e994a4f%2Csha256:41bf9088b3a1e6c1ef1d",
                ("generic", None, "openssl", "1.1.10g"),
                &[(
                    "checksum",
                    "sha1:ad9503c3e994a4f,sha256:41bf9088b3a1e6c1ef1d",
                )],
            ),
        ];
        for (expected, (kind, namespace, name, version), qualifiers) in examples {
            assert_eq!(purl(kind, *namespace, name, version, qualifiers), *expected);
        }
    }

    #[test]
    fn a_value_cannot_be_taken_for_syntax() {
        assert_eq!(
            purl(
                "deb",
                Some("Debian"),
                "libstdc++6",
                "1:14.2.0-19~x^",
                &[("arch", ""), ("upstream", "gcc-14@14.2.0&x=y#z/\u{e9} %")],
            ),
            "pkg:deb/debian/libstdc%2B%2B6@1:14.2.0-19~x%5E\
             ?upstream=gcc-14%4014.2.0%26x%3Dy%23z%2F%C3%A9%20%25"
        );
    }
}
