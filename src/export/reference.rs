//! The name of an image, `NAME:TAG`.

use std::fmt;
use std::str::FromStr;

use super::ExportError;

/// `NAME:TAG`, as `docker tag` accepts it (distribution/reference): the name may begin with a
/// registry, `localhost:5000/app`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    name: String,
    tag: String,
}

/// The longest name that registries accept, in bytes.
const MAX_NAME: usize = 255;
/// The longest tag.
const MAX_TAG: usize = 128;

impl Reference {
    /// Everything before the tag.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The tag alone.
    pub fn tag(&self) -> &str {
        &self.tag
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.name, self.tag)
    }
}

impl FromStr for Reference {
    type Err = ExportError;

    /// Reads `NAME[:TAG]`; the tag is `latest` unless given.
    fn from_str(text: &str) -> Result<Self, ExportError> {
        let wrong = |why| ExportError::Reference {
            text: text.chars().take(80).flat_map(char::escape_debug).collect(),
            why,
        };
        let (name, tag) = match text.rsplit_once(':') {
            // A colon before a slash is a registry's port.
            Some((name, tag)) if !tag.contains('/') => (name, tag),
            _ => (text, "latest"),
        };
        let mut parts: Vec<&str> = name.split('/').collect();
        let registry =
            parts.len() > 1 && (parts[0].contains(['.', ':']) || parts[0] == "localhost");
        if registry && !is_host(parts.remove(0)) {
            return Err(wrong("its registry is no host name with an optional port"));
        }
        if name.len() > MAX_NAME || !parts.into_iter().all(is_component) {
            return Err(wrong(
                "its name is lower-case letters and digits, joined by `.`, `_`, `-` and `/`",
            ));
        }
        if !is_tag(tag) {
            return Err(wrong(
                "its tag is at most 128 letters, digits, `_`, `.` and `-`, and begins with none of the last two",
            ));
        }
        Ok(Self {
            name: name.into(),
            tag: tag.into(),
        })
    }
}

fn is_host(host: &str) -> bool {
    let (host, port) = host.split_once(':').unwrap_or((host, "0"));
    let letters = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    host.split('.').all(letters)
        && !port.is_empty()
        && port.bytes().all(|byte| byte.is_ascii_digit())
}

/// `[a-z0-9]+` joined by one `.`, one or two `_`, or any number of `-`.
fn is_component(part: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = part.as_bytes();
    let ends = bytes.first().copied().is_some_and(word) && bytes.last().copied().is_some_and(word);
    let joins = part.split(|letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit());
    ends && joins
        .into_iter()
        .all(|join| matches!(join, "" | "." | "_" | "__") || join.bytes().all(|byte| byte == b'-'))
}

fn is_tag(tag: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    tag.len() <= MAX_TAG
        && tag.bytes().next().is_some_and(word)
        && tag
            .bytes()
            .all(|byte| word(byte) || byte == b'.' || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_docker_tag_reads() {
        for (text, name, tag) in [
            ("app", "app", "latest"),
            ("app:1.0-rc_1", "app", "1.0-rc_1"),
            ("localhost/t:1", "localhost/t", "1"),
            (
                "localhost:5000/team/app",
                "localhost:5000/team/app",
                "latest",
            ),
            ("ghcr.io/a__b/c--d.e:X", "ghcr.io/a__b/c--d.e", "X"),
        ] {
            let read: Reference = text.parse().unwrap();
            assert_eq!((read.name(), read.tag()), (name, tag));
        }
        for bad in [
            "",
            ":1",
            "App",
            "a:",
            "a:-x",
            "a//b",
            "/a",
            "a/",
            "a_",
            "a..b",
            "a b",
            "a:b c",
            "a:\n",
            "a:1:2",
            "bad!.io/a",
            "x.io:port/a",
        ] {
            assert!(bad.parse::<Reference>().is_err(), "{bad}");
        }
        assert!(
            format!("a:{}", "x".repeat(129))
                .parse::<Reference>()
                .is_err()
        );
    }
}
