//! What the texts of a lockfile may look like: it is a stranger's input.

use std::str::FromStr;

/// Longer than any path, URL or identifier in use.
const MAX_TEXT: usize = 4096;

/// Longer than any statement of a maintainer script that is recorded.
const MAX_STATEMENT: usize = 64 * 1024;

macro_rules! text_type {
    ($(#[$meta:meta])* $name:ident, $what:literal, $valid:expr) => {
        $(#[$meta])*
        #[derive(Debug, Clone)]
        pub(super) struct $name(pub(super) String);

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) {
                    return Ok(Self(text.to_owned()));
                }
                Err(format!("`{}` is not {}", shown(text), $what))
            }
        }
    };
}

/// The beginning of a stranger's text, fit for a message.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(80).flat_map(char::escape_debug).collect()
}

fn made_of(text: &str, most: usize, first: fn(u8) -> bool, others: &[u8]) -> bool {
    text.len() <= most
        && text.bytes().next().is_some_and(first)
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || others.contains(&byte))
}

fn is_graphic(text: &str) -> bool {
    (1..=MAX_TEXT).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

text_type!(
    /// `debian`, `debian-security`
    Word,
    "a name of a distribution or an archive",
    |text| made_of(text, 64, |byte| byte.is_ascii_lowercase(), b"-")
        && !text.bytes().any(|byte| byte.is_ascii_uppercase())
);

text_type!(
    /// `trixie`, `v3.22`, `edge`
    Release,
    "a name of a release",
    |text| made_of(text, 64, |byte| byte.is_ascii_alphanumeric(), b"._+~-")
);

text_type!(
    /// A repository's id, from its suite or path.
    Id,
    "an id of a repository",
    |text| is_graphic(text) && text.len() <= 256
);

text_type!(
    /// A suite, `./` and the like for a flat repository.
    Suite,
    "a suite, or it leaves its repository",
    |text| is_below(text.strip_suffix('/').unwrap_or(text))
);

text_type!(
    /// A file or directory below a repository.
    Below,
    "a path below its repository",
    |text| is_below(text) && !text.ends_with('/')
);

text_type!(
    /// A repository's URL, or its path relative to the manifest.
    Url,
    "a URL of a repository (http, https, file or a path, without credentials)",
    is_url
);

text_type!(
    /// A fingerprint, or a key's name with its digest.
    KeyName,
    "a fingerprint or a name of a key",
    |text| (1..=512).contains(&text.len()) && !text.contains(char::is_control)
);

text_type!(
    /// A package's own architecture in its distribution's words.
    ArchWord,
    "an architecture of a package",
    |text| made_of(text, 64, |byte| byte.is_ascii_alphanumeric(), b"_-")
);

text_type!(
    /// `Q1` or `Q2` and base64, as APKINDEX has it.
    Checksum,
    "a checksum of an APKINDEX",
    |text| text.len() <= 64
        && ["Q1", "Q2"].iter().any(|kind| {
            text.strip_prefix(kind)
                .is_some_and(|rest| made_of(rest, 62, |byte| byte.is_ascii_graphic(), b"+/="))
        })
);

text_type!(
    /// What an edge goes through: `so:libssl.so.3`.
    Provided,
    "a provided name",
    |text| is_graphic(text) && text.len() <= 1024
);

text_type!(
    /// `gzip-libdeflate-6-1MiB/1.26`
    Encoder,
    "a name of an encoder",
    |text| is_graphic(text) && text.len() <= 256
);

text_type!(
    /// A path in the image.
    Absolute,
    "an absolute path in the image",
    |text| {
        text.len() <= MAX_TEXT
            && text.starts_with('/')
            && text.split('/').all(|part| part != "..")
            && !text.contains(char::is_control)
    }
);

text_type!(
    /// The target of a link, or a pattern.
    Line,
    "a text of one line",
    |text| (1..=MAX_TEXT).contains(&text.len()) && !text.contains(char::is_control)
);

text_type!(
    /// A statement of a maintainer script.
    Statement,
    "a statement of a script",
    |text| (1..=MAX_STATEMENT).contains(&text.len()) && !text.contains('\0')
);

/// Whether a server or a file system that joins `path` to a repository stays below it. Percent
/// signs are decoded by servers, so none may hide a dot, a separator or a control character.
fn is_below(path: &str) -> bool {
    fn is_safe(path: &str) -> bool {
        let mut rest = path.as_bytes();
        while let Some((&byte, tail)) = rest.split_first() {
            rest = tail;
            if byte != b'%' {
                continue;
            }
            let Some((&[high, low], tail)) = tail.split_first_chunk() else {
                return false;
            };
            rest = tail;
            let digit = |byte: u8| char::from(byte).to_digit(16);
            let (Some(high), Some(low)) = (digit(high), digit(low)) else {
                return false;
            };
            let decoded = high * 16 + low;
            if !(0x20..0x7f).contains(&decoded) || [0x25, 0x2e, 0x2f, 0x5c].contains(&decoded) {
                return false;
            }
        }
        true
    }
    (1..=MAX_TEXT).contains(&path.len())
        && !path.starts_with('/')
        && path
            .bytes()
            .all(|byte| (byte.is_ascii_graphic() || byte == b' ') && !b"\\?#".contains(&byte))
        && path.split('/').all(|part| part != "..")
        && is_safe(path)
}

fn is_url(text: &str) -> bool {
    if !is_graphic(text) || text.contains('\\') {
        return false;
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        // A path: anything that could be read as a scheme (`data:`) is not one.
        return !text.split('/').next().unwrap_or_default().contains(':') && !text.contains("://");
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match scheme {
        "http" | "https" => !authority.is_empty() && !authority.contains('@'),
        "file" => authority.is_empty() || authority == "localhost",
        _ => false,
    }
}

/// Permission bits as octal text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mode(pub(super) u16);

impl FromStr for Mode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = (1..=5).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        u16::from_str_radix(text, 8)
            .ok()
            .filter(|mode| digits && *mode <= 0o7777)
            .map(Self)
            .ok_or_else(|| format!("`{}` is not a mode such as \"0644\"", shown(text)))
    }
}

/// `UID:GID`
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner(pub(super) u32, pub(super) u32);

impl FromStr for Owner {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| {
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| text.parse().ok()).flatten()
        };
        text.split_once(':')
            .and_then(|(uid, gid)| Some(Self(number(uid)?, number(gid)?)))
            .ok_or_else(|| format!("`{}` is not an owner such as \"0:0\"", shown(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_below_its_repository() {
        for path in [
            "pool/main/b/bash/bash_5.2.37-2_amd64.deb",
            "./foo_1.0_all.deb",
            "pool/a/foo_1%3a2.0_amd64.deb",
            "x86_64/bash-5.2.37-r0.apk",
            "pool//a..b/c",
        ] {
            assert!(path.parse::<Below>().is_ok(), "{path}");
        }
        for path in [
            "",
            "/etc/passwd",
            "//host/x",
            "../x",
            "a/../../x",
            "a/..",
            "a\\..\\x",
            "a%2e%2e/x",
            "a%2fx",
            "a%2Fx",
            "a%5cx",
            "a%00",
            "a%0a",
            "a%zz",
            "a%2",
            "a%252e",
            "a\u{7f}",
            "a\nb",
            "a/",
            "x?y",
            "x#y",
            "\u{2025}/x",
        ] {
            assert!(path.parse::<Below>().is_err(), "{path:?}");
        }
        assert!("./".parse::<Suite>().is_ok());
        assert!("bookworm/updates".parse::<Suite>().is_ok());
        assert!("../".parse::<Suite>().is_err());
    }

    #[test]
    fn a_url_has_no_credentials_and_a_known_scheme() {
        for url in [
            "https://deb.example.org/debian",
            "http://127.0.0.1:8080/x@y",
            "file:///srv/debs",
            "../debs",
            "./debs",
            "debs",
        ] {
            assert!(url.parse::<Url>().is_ok(), "{url}");
        }
        for url in [
            "https://user@example.org/",
            "https://user:secret@example.org",
            "https://user@example.org?x",
            "https:///x",
            "ftp://example.org/",
            "file://other/x",
            "data:x",
            "http://a b/",
            "http://a\\b/",
            "",
        ] {
            assert!(url.parse::<Url>().is_err(), "{url:?}");
        }
    }

    #[test]
    fn modes_and_owners_are_numbers() {
        assert_eq!("0644".parse::<Mode>().unwrap().0, 0o644);
        assert_eq!("07777".parse::<Mode>().unwrap().0, 0o7777);
        for mode in ["", "+644", "10000", "0888", "rwx"] {
            assert!(mode.parse::<Mode>().is_err(), "{mode}");
        }
        for owner in ["0", "a:b", "+1:1", ":", "4294967296:0"] {
            assert!(owner.parse::<Owner>().is_err(), "{owner}");
        }
    }
}
