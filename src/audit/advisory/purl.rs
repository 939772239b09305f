//! Package URLs (package-url/purl-spec), as far as comparing them needs.

use std::collections::BTreeMap;

/// A package URL, taken apart and decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Purl {
    kind: String,
    /// With `/` between its parts; empty where there is none.
    namespace: String,
    name: String,
    version: Option<String>,
    qualifiers: BTreeMap<String, String>,
}

impl Purl {
    /// Reads `pkg:type/namespace/name@version?qualifiers#subpath`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once(':')?;
        if !scheme.eq_ignore_ascii_case("pkg") {
            return None;
        }
        // Slashes after the scheme mean nothing.
        let rest = rest.trim_start_matches('/');
        let rest = rest.split_once('#').map_or(rest, |(rest, _subpath)| rest);
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (kind, path) = rest.split_once('/')?;
        let path = path.trim_matches('/');
        let last = path.rfind('/').map_or(0, |slash| slash + 1);
        let (namespace, name) = path.split_at_checked(last)?;
        let (name, version) = match name.split_once('@') {
            Some((name, version)) => (name, Some(decode(version)?)),
            None => (name, None),
        };
        let mut qualifiers = BTreeMap::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=')?;
            if !value.is_empty() {
                qualifiers.insert(key.to_ascii_lowercase(), decode(value)?);
            }
        }
        let purl = Self {
            kind: kind.to_ascii_lowercase(),
            namespace: decode(namespace.trim_matches('/'))?,
            name: decode(name)?,
            version: version.filter(|version| !version.is_empty()),
            qualifiers,
        };
        (!purl.kind.is_empty() && !purl.name.is_empty()).then_some(purl)
    }

    pub(super) fn qualifier(&self, key: &str) -> Option<&str> {
        self.qualifiers.get(key).map(String::as_str)
    }

    /// Whether it is the image of that digest.
    pub(super) fn is_image(&self, digest: &str) -> bool {
        matches!(self.kind.as_str(), "oci" | "docker")
            && digest.starts_with("sha256:")
            && self.version.as_deref() == Some(digest)
    }

    /// The same package as a source package of that name and version.
    pub(super) fn of_source(&self, name: &str, version: &str) -> Self {
        let mut source = self.clone();
        name.clone_into(&mut source.name);
        source.version = Some(version.to_owned());
        source.qualifiers.insert("arch".into(), "source".into());
        source
    }

    /// Whether `other` is what this one speaks of: the same package, and the same version and
    /// qualifiers where this one gives any.
    pub(super) fn covers(&self, other: &Self) -> bool {
        self.kind == other.kind
            && self.namespace == other.namespace
            && self.name == other.name
            && (self.version.is_none() || self.version == other.version)
            && self
                .qualifiers
                .iter()
                .all(|(key, value)| other.qualifiers.get(key) == Some(value))
    }
}

/// Undoes percent-encoding.
fn decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let high = char::from(bytes.next()?).to_digit(16)?;
            let low = char::from(bytes.next()?).to_digit(16)?;
            out.push((high * 16 + low) as u8);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(pattern: &str, purl: &str) -> bool {
        let parse = |text| Purl::parse(text).unwrap();
        parse(pattern).covers(&parse(purl))
    }

    #[test]
    fn what_is_given_must_match_and_what_is_not_need_not() {
        let purl = "pkg:deb/debian/openssl@3.0.11-1~deb12u2?arch=amd64&distro=debian-12";
        for pattern in [
            "pkg:deb/debian/openssl",
            "pkg:deb/debian/openssl@3.0.11-1~deb12u2",
            "pkg:deb/debian/openssl@3.0.11-1%7Edeb12u2?arch=amd64",
            "PKG:DEB/debian/openssl?distro=debian-12#etc",
            "pkg://deb/debian/openssl?arch=",
        ] {
            assert!(covers(pattern, purl), "{pattern}");
        }
        for pattern in [
            "pkg:deb/debian/openssl@3.0.11-1",
            "pkg:deb/debian/openssl?arch=arm64",
            "pkg:deb/debian/openssl?upstream=x",
            "pkg:deb/ubuntu/openssl",
            "pkg:deb/openssl",
            "pkg:apk/debian/openssl",
            "pkg:deb/debian/libssl3",
        ] {
            assert!(!covers(pattern, purl), "{pattern}");
        }
    }

    #[test]
    fn epochs_and_digests_are_decoded() {
        assert!(covers("pkg:deb/debian/x@1%3A2.0", "pkg:deb/debian/x@1:2.0"));
        assert!(covers(
            "pkg:oci/app@sha256%3aab?tag=1",
            "pkg:oci/app@sha256:ab?tag=1"
        ));
        assert!(covers("pkg:generic/a/b/c", "pkg:generic/a/b/c@1"));
    }

    #[test]
    fn what_is_no_purl_is_none() {
        for text in [
            "",
            "pkg:",
            "pkg:deb",
            "pkg:deb/",
            "pkg:/x",
            "https://x/y",
            "pkg:deb/d/x@1%3",
            "pkg:deb/d/x@%zz",
            "pkg:deb/d/x?arch",
            "pkg:deb/%ff",
        ] {
            assert_eq!(Purl::parse(text), None, "{text}");
        }
    }
}
