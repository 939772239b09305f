//! The repositories as the distributions take them: addresses and keys resolved against the
//! manifest's directory.

use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::error::{ManifestError, Place};
use super::fields::shown;
use super::{Manifest, RepositorySpec};
use crate::model::{Class, Key, Origin, Repository, Sha256};

/// The largest file of keys, in bytes; Debian's own keyring has 60 thousand.
const MAX_KEY_SIZE: usize = 4 << 20;

impl Manifest {
    /// The repositories as the distributions take them, in order; empty where the manifest has none,
    /// which means the release's own.
    ///
    /// `dir` is the absolute directory of the manifest, from which relative URLs and key files are
    /// meant; `read` brings a key file. A relative URL becomes `file:///...` with every byte that a
    /// URL cannot hold percent-encoded. `id` is left empty: a distribution gives it.
    ///
    /// # Errors
    /// When a key file cannot be read, is empty or too large.
    pub fn repositories(
        &self,
        dir: &Path,
        read: &mut dyn FnMut(&Path) -> io::Result<Vec<u8>>,
    ) -> std::result::Result<Vec<Repository>, ManifestError> {
        let mut out = Vec::new();
        for spec in self.repositories.iter().flatten() {
            let mut keys = Vec::new();
            for name in spec.keyring.iter().chain(spec.keys.iter().flatten()) {
                keys.push(self.key(spec, dir, name, read)?);
            }
            let flat = spec
                .suite
                .as_ref()
                .is_some_and(|suite| suite.ends_with('/'));
            let components = match (&spec.components, &spec.suite) {
                (Some(components), _) => components.clone(),
                (None, Some(_)) if !flat => vec!["main".to_owned()],
                _ => Vec::new(),
            };
            let pinned = matches!(spec.origin, Origin::Archive(_));
            out.push(Repository {
                id: String::new(),
                base: match &spec.origin {
                    Origin::Archive(_) => String::new(),
                    Origin::Url(url) => base(url, dir),
                },
                origin: spec.origin.clone(),
                suite: spec.suite.clone(),
                components,
                path: spec.path.clone(),
                priority: spec.priority,
                keys,
                snapshot: self.snapshot.filter(|_| pinned),
                tag: spec.tag.clone(),
                unsigned: spec.unsigned.unwrap_or(false),
                allow_expired: spec.allow_expired.unwrap_or(false),
            });
        }
        Ok(out)
    }

    fn key(
        &self,
        spec: &RepositorySpec,
        dir: &Path,
        name: &str,
        read: &mut dyn FnMut(&Path) -> io::Result<Vec<u8>>,
    ) -> std::result::Result<Key, ManifestError> {
        let place = || Place {
            file: self.file.clone(),
            line: Some(spec.line).filter(|line| *line > 0),
            column: None,
        };
        let bytes = read(&dir.join(name)).map_err(|source| ManifestError::Key {
            place: place(),
            name: shown(name),
            source,
        })?;
        let problem = if bytes.is_empty() {
            "is empty".to_owned()
        } else if bytes.len() > MAX_KEY_SIZE {
            format!("has more than {MAX_KEY_SIZE} bytes")
        } else {
            return Ok(Key {
                name: name.to_owned(),
                sha256: Sha256::of(&bytes),
                bytes: Arc::from(bytes),
            });
        };
        Err(ManifestError::Invalid {
            place: place(),
            message: format!("the key file `{}` {problem}", shown(name)),
            hint: None,
            class: Class::BadInput,
        })
    }
}

/// The absolute base URL of `url` without a trailing slash.
fn base(url: &str, dir: &Path) -> String {
    if let Some((scheme, rest)) = url.split_once("://") {
        let rest = if scheme == "file" {
            rest.strip_prefix("localhost").unwrap_or(rest)
        } else {
            rest
        };
        return format!("{scheme}://{}", rest.trim_end_matches('/'));
    }
    let mut path = PathBuf::new();
    for part in dir.join(url).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                path.pop();
            }
            other => path.push(other),
        }
    }
    let mut out = String::from("file://");
    for &byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~+:@!$&'()*,;=".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out.truncate(out.trim_end_matches('/').len().max("file://".len()));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_urls_are_from_the_manifest() {
        let base = |url| base(url, Path::new("/home/me/a b"));
        assert_eq!(base("repo"), "file:///home/me/a%20b/repo");
        assert_eq!(base("./repo/"), "file:///home/me/a%20b/repo");
        assert_eq!(base("../x/../repo"), "file:///home/me/repo");
        assert_eq!(base("100%"), "file:///home/me/a%20b/100%25");
        assert_eq!(base("https://Example.org/d//"), "https://Example.org/d");
        assert_eq!(base("file:///srv/"), "file:///srv");
        assert_eq!(base("file://localhost/srv"), "file:///srv");
    }
}
