//! The name of an image in a registry: `[docker://]HOST[:PORT]/REPOSITORY[:TAG][@sha256:DIGEST]`, by
//! the grammar of distribution/reference.
//!
//! `alpine` alone could as well be a file, so that it means Docker Hub's only with `docker://` before
//! it. Docker Hub is `docker.io`, its API lies on another host, and its names of one part are below
//! `library/`, as Docker has it.

use std::fmt;
use std::str::FromStr;

use super::RegistryError;
use crate::fetch::url::is_loopback;
use crate::model::Sha256;

/// The prefix that says that it is a registry's image.
const SCHEME: &str = "docker://";
/// Docker Hub, as people call it, by its older name, and where its API is.
const HUB: &str = "docker.io";
const OLD_HUB: &str = "index.docker.io";
const HUB_API: &str = "registry-1.docker.io";
/// The longest repository and tag that registries accept, and the longest host of DNS, in bytes.
const MAX_REPOSITORY: usize = 255;
const MAX_TAG: usize = 128;
const MAX_HOST: usize = 253;
/// A stranger's text in a message is cut here.
const MAX_SHOWN: usize = 80;

/// An image of a registry. Displayed in full, `docker.io/library/alpine:3.20`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageReference {
    registry: String,
    repository: String,
    tag: Option<String>,
    digest: Option<Sha256>,
}

/// Whether `text` is meant to name an image of a registry rather than a file: it begins with
/// `docker://`, or with a host that has a dot or a port or is `localhost`, and a slash behind it. A
/// file may still be called so; what is on disk should be looked for first.
pub fn looks_like_reference(text: &str) -> bool {
    let first = || text.split_once('/').map(|(first, _)| first);
    text.starts_with(SCHEME) || first().is_some_and(|first| names_host(first) && is_host(first))
}

impl ImageReference {
    /// The registry's host, and its port where it was given.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The repository in the registry, `library/alpine`.
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The tag; absent where only a digest was given. Without either it is `latest`.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest; where there is one the tag does not count.
    pub fn digest(&self) -> Option<Sha256> {
        self.digest
    }

    /// The URL below which the API has the repository. Plain http is for this machine only.
    pub(super) fn url(&self) -> String {
        let scheme = match is_loopback(self.machine()) {
            true => "http",
            false => "https",
        };
        let host = match self.registry.as_str() {
            HUB => HUB_API,
            other => other,
        };
        format!("{scheme}://{host}/v2/{}", self.repository)
    }

    /// What a manifest is asked for by.
    pub(super) fn version(&self) -> String {
        match (self.digest, &self.tag) {
            (Some(digest), _) => digest.to_string(),
            (None, tag) => tag.clone().unwrap_or_default(),
        }
    }

    /// The host without its port: what netrc has credentials for.
    pub(super) fn machine(&self) -> &str {
        host_and_port(&self.registry).0
    }

    /// The repository's last part, for messages.
    pub(super) fn short(&self) -> &str {
        self.repository.rsplit('/').next().unwrap_or_default()
    }
}

impl fmt::Display for ImageReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        match self.digest {
            Some(digest) => write!(f, "@{digest}"),
            None => Ok(()),
        }
    }
}

impl FromStr for ImageReference {
    type Err = RegistryError;

    fn from_str(text: &str) -> Result<Self, RegistryError> {
        let wrong = |why| RegistryError::Reference {
            text: text
                .chars()
                .take(MAX_SHOWN)
                .flat_map(char::escape_debug)
                .collect(),
            why,
            meant: None,
        };
        let (rest, prefixed) = match text.strip_prefix(SCHEME) {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        let (rest, digest) = match rest.split_once('@') {
            Some((rest, digest)) => {
                let digest = digest.parse::<Sha256>().map_err(|_| {
                    wrong("its digest is not `sha256:` and 64 lower-case hexadecimal digits")
                })?;
                (rest, Some(digest))
            }
            None => (rest, None),
        };
        let (registry, rest, named) = match rest.split_once('/') {
            Some((first, rest)) if names_host(first) => (first, rest, true),
            _ => (HUB, rest, prefixed),
        };
        if !is_host(registry) {
            return Err(wrong("its registry is no host name with an optional port"));
        }
        let (repository, tag) = match rest.split_once(':') {
            Some((repository, tag)) => (repository, Some(tag)),
            None => (rest, None),
        };
        if !repository.split('/').all(is_component) {
            return Err(wrong(
                "its repository is lower-case letters and digits, joined by `.`, `_`, `-` and `/`",
            ));
        }
        if repository.len() > MAX_REPOSITORY {
            return Err(wrong("its repository has more than 255 bytes"));
        }
        if !tag.is_none_or(is_tag) {
            return Err(wrong(
                "its tag is at most 128 letters, digits, `_`, `.` and `-`, and begins with none of the last two",
            ));
        }
        let registry = match registry {
            OLD_HUB => HUB,
            other => other,
        };
        let official = registry == HUB && !repository.contains('/');
        let reference = Self {
            registry: registry.to_owned(),
            repository: match official {
                true => format!("library/{repository}"),
                false => repository.to_owned(),
            },
            tag: match (tag, digest) {
                (None, None) => Some("latest".to_owned()),
                (tag, _) => tag.map(str::to_owned),
            },
            digest,
        };
        if !named {
            return Err(RegistryError::Reference {
                text: text.to_owned(),
                why: "it names no registry",
                meant: Some(reference.to_string()),
            });
        }
        Ok(reference)
    }
}

/// Whether the first part of a name is a host, by Docker's rule.
fn names_host(first: &str) -> bool {
    first.contains(['.', ':']) || first == "localhost"
}

fn host_and_port(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(':') {
        // A colon within brackets is an address's.
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (text, None),
    }
}

fn is_host(text: &str) -> bool {
    let (host, port) = host_and_port(text);
    let label = |part: &str| {
        let word = |byte: u8| byte.is_ascii_alphanumeric();
        part.bytes().next().is_some_and(word)
            && part.bytes().last().is_some_and(word)
            && part.bytes().all(|byte| word(byte) || byte == b'-')
    };
    let address = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let host_fits = match address {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => host.len() <= MAX_HOST && host.split('.').all(label),
    };
    let digits = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    host_fits && port.is_none_or(|port| digits(port) && port.parse::<u16>().is_ok())
}

/// `[a-z0-9]+` joined by one `.`, one or two `_`, or any number of `-`.
fn is_component(part: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let ends = part.bytes().next().is_some_and(word) && part.bytes().last().is_some_and(word);
    let mut joins =
        part.split(|letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit());
    ends && joins
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
#[path = "reference_tests.rs"]
mod tests;
