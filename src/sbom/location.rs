//! Where an archive can be had by anybody.

/// Joins a path below a repository to the repository's absolute URL. `None` where the URL is not
/// one that names a place for everybody: of another scheme than http and https, with a user (whose
/// name may be a secret), a query (which may hold a token) or a fragment.
pub(super) fn location(base: &str, path: &str) -> Option<String> {
    let (scheme, rest) = base.split_once("://")?;
    if !matches!(scheme, "http" | "https") {
        return None;
    }
    let (authority, below) = rest.split_once('/').unwrap_or((rest, ""));
    if authority.is_empty() || authority.contains('@') || base.contains(['?', '#']) {
        return None;
    }
    let mut out = format!("{scheme}://");
    encode(&mut out, authority);
    for part in below.split('/').chain(path.split('/')) {
        if !matches!(part, "" | ".") {
            out.push('/');
            encode(&mut out, part);
        }
    }
    Some(out)
}

/// Percent-encodes what no part of a URL may hold (RFC 3986, section 3.3). A percent sign stays:
/// the paths of a lockfile are encoded where a repository's index encodes them.
fn encode(out: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => out.push(char::from(byte)),
            _ if b"-._~%!$&'()*+,;=:@[]".contains(&byte) => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_joined_to_its_repository() {
        let path = "pool/main/g/gcc-14/libstdc++6_14.2.0-19_amd64.deb";
        let expected = format!("https://ftp.debian.org/debian/{path}");
        for base in [
            "https://ftp.debian.org/debian",
            "https://ftp.debian.org/debian/",
        ] {
            assert_eq!(location(base, path).as_ref(), Some(&expected));
        }
        assert_eq!(
            location("http://[::1]:8080", "./a b/c_1%3a2<>_all.deb").unwrap(),
            "http://[::1]:8080/a%20b/c_1%3a2%3C%3E_all.deb"
        );
    }

    #[test]
    fn what_may_be_a_secret_or_is_on_this_machine_is_no_location() {
        for base in [
            "https://user@example.org/debian",
            "https://user:secret@example.org",
            "https://example.org/debian?token=secret",
            "https://example.org/debian#secret",
            "file:///srv/debs",
            "../debs",
            "https:///debs",
            "",
        ] {
            assert_eq!(location(base, "x.deb"), None, "{base}");
        }
    }
}
