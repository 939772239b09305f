//! URLs as text: joining a path to a base, and `file:`.

use std::path::PathBuf;

/// `base/path`, the path percent-encoded. `None` for a path that leaves its base.
pub(super) fn join(base: &str, path: &str) -> Option<String> {
    let safe = path
        .split('/')
        .all(|part| !matches!(part, "" | "." | "..") && !part.chars().any(char::is_control));
    safe.then(|| format!("{}/{}", base.trim_end_matches('/'), encode(path)))
}

/// Percent-encodes what is not unreserved in RFC 3986, and leaves `/`. A literal `%` of a file's
/// name is encoded too; so is `+`, which some servers read as a space.
fn encode(path: &str) -> String {
    let mut out = String::with_capacity(path.len() + 8);
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The same URL for the same place: lower-case host, no default port, no trailing slash.
pub(super) fn normal(url: &str) -> String {
    match reqwest::Url::parse(url) {
        Ok(url) => url.as_str().trim_end_matches('/').to_owned(),
        Err(_) => url.trim_end_matches('/').to_owned(),
    }
}

/// What is left of `url` behind `prefix`, which must end at the end of a path segment.
pub(super) fn below<'u>(url: &'u str, prefix: &str) -> Option<&'u str> {
    let rest = url.strip_prefix(prefix)?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

/// Without user and password, for messages.
pub(super) fn public(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}://{}", &rest[at + 1..]),
        None => url.to_owned(),
    }
}

/// The path of a `file:` URL; `None` for other URLs and for files of other hosts.
pub(super) fn file_path(url: &str) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt as _;
    let rest = url.strip_prefix("file:")?;
    let path = match rest.strip_prefix("//") {
        Some(rest) => rest.strip_prefix("localhost").unwrap_or(rest),
        None => rest,
    };
    if !path.starts_with('/') {
        return None;
    }
    let bytes = decode(path)?;
    (!bytes.contains(&0)).then(|| std::ffi::OsString::from_vec(bytes).into())
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let mut nibble = || char::from(bytes.next()?).to_digit(16);
        let (high, low) = (nibble()?, nibble()?);
        out.push(u8::try_from(high << 4 | low).ok()?);
    }
    Some(out)
}

/// Whether a host, as a URL has it, is this machine itself.
pub(super) fn is_loopback(host: &str) -> bool {
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let address = bare.unwrap_or(host).parse::<std::net::IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

/// Whether asking it needs the network.
pub(super) fn is_remote(url: &str) -> bool {
    !url.starts_with("file:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_and_encodes() {
        assert_eq!(
            join("http://x/debian/", "pool/g++_1%3a2~rc:1.deb").unwrap(),
            "http://x/debian/pool/g%2B%2B_1%253a2~rc%3A1.deb"
        );
        for bad in ["../x", "a//b", "/a", "a/./b", "", "a\nb"] {
            assert_eq!(join("http://x", bad), None, "{bad:?}");
        }
    }

    #[test]
    fn prefixes_end_at_segments() {
        assert_eq!(below("http://x/a/b", "http://x/a"), Some("/b"));
        assert_eq!(below("http://x/ab", "http://x/a"), None);
        assert_eq!(normal("HTTP://X:80/a/"), "http://x/a");
    }

    #[test]
    fn file_urls_are_decoded() {
        assert_eq!(file_path("file:///a%20b%2Bc"), Some("/a b+c".into()));
        assert_eq!(file_path("file:/a"), Some("/a".into()));
        for bad in [
            "file://host/a",
            "http://x",
            "file:a",
            "file:///%zz",
            "file:///%00",
        ] {
            assert_eq!(file_path(bad), None, "{bad}");
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for host in [
            "localhost",
            "LOCALHOST",
            "127.0.0.1",
            "127.8.9.1",
            "[::1]",
            "::1",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "localhost.example",
            "127.0.0.1.example",
            "128.0.0.1",
            "[::2]",
            "127.1.example",
            "",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn credentials_are_not_shown() {
        assert_eq!(public("https://u:p@x/a@b"), "https://x/a@b");
        assert_eq!(public("https://x/a@b"), "https://x/a@b");
    }
}
