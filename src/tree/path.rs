//! Paths inside an image.

use std::fmt;

/// A path below the root of an image, as bytes: relative, `/`-joined, without empty, `.` or `..`
/// parts. The root itself is not a `TreePath`. Ordered by bytes, so parents precede children.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreePath(Box<[u8]>);

/// The bytes do not name a place below the root.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the path `{0}` {1}")]
pub struct ParsePathError(String, &'static str);

/// `PATH_MAX` of Linux, with its terminating NUL.
const MAX_PATH: usize = 4095;
/// `NAME_MAX` of Linux.
const MAX_PART: usize = 255;

impl TreePath {
    /// Reads a path as archives write it: a leading `./` or `/`, doubled slashes, `.` parts and
    /// trailing slashes are dropped. `Ok(None)` is the root.
    ///
    /// # Errors
    /// For `..`, a NUL byte, a part that begins with `.wh.` (a whiteout to OCI), or one that no
    /// Linux file system could hold.
    pub fn from_archive(bytes: &[u8]) -> Result<Option<Self>, ParsePathError> {
        let wrong = |why| ParsePathError(bytes.escape_ascii().to_string(), why);
        let mut out: Vec<u8> = Vec::with_capacity(bytes.len());
        for part in bytes.split(|&byte| byte == b'/') {
            match part {
                b"" | b"." => continue,
                b".." => return Err(wrong("leaves the root")),
                _ if part.contains(&0) => return Err(wrong("holds a NUL byte")),
                _ if part.starts_with(b".wh.") => {
                    return Err(wrong(
                        "begins with `.wh.`, which OCI layers keep for deletions",
                    ));
                }
                _ if part.len() > MAX_PART => return Err(wrong("has a part over 255 bytes")),
                _ => {}
            }
            if !out.is_empty() {
                out.push(b'/');
            }
            out.extend_from_slice(part);
        }
        if out.len() > MAX_PATH {
            return Err(wrong("is over 4095 bytes"));
        }
        Ok((!out.is_empty()).then(|| Self(out.into())))
    }

    /// The path of the entry by which an OCI layer takes this path away from lower ones (image-spec,
    /// layer.md): the one way to a name that begins with `.wh.`. `None` where it would be too long.
    pub fn whiteout(&self) -> Option<Self> {
        let name = memchr::memrchr(b'/', &self.0).map_or(0, |slash| slash + 1);
        let path = [&self.0[..name], b".wh.", &self.0[name..]].concat();
        let fits = path.len() <= MAX_PATH && path.len() - name <= MAX_PART;
        fits.then(|| Self(path.into()))
    }

    /// The bytes, without a leading or trailing slash.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The parts, from the root down. Never empty.
    pub fn parts(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        self.0.split(|&byte| byte == b'/')
    }

    /// The last part.
    pub fn name(&self) -> &[u8] {
        let start = self
            .0
            .iter()
            .rposition(|&byte| byte == b'/')
            .map_or(0, |at| at + 1);
        &self.0[start..]
    }

    /// The directory that holds it; `None` where that is the root.
    pub fn parent(&self) -> Option<Self> {
        self.0
            .iter()
            .rposition(|&byte| byte == b'/')
            .map(|at| Self(self.0[..at].into()))
    }

    /// `self/name`.
    ///
    /// # Errors
    /// As [`TreePath::from_archive`] for the joined bytes.
    pub fn join(&self, rest: &[u8]) -> Result<Self, ParsePathError> {
        let joined = [&self.0, &b"/"[..], rest].concat();
        Self::from_archive(&joined).map(|path| path.unwrap_or_else(|| self.clone()))
    }

    /// Whether it lies below `directory`, at any depth.
    pub fn is_below(&self, directory: &Self) -> bool {
        self.0.len() > directory.0.len()
            && self.0.starts_with(&directory.0)
            && self.0[directory.0.len()] == b'/'
    }
}

impl std::str::FromStr for TreePath {
    type Err = ParsePathError;

    /// As [`TreePath::from_archive`]; the root is an error.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::from_archive(text.as_bytes())?
            .ok_or_else(|| ParsePathError(text.into(), "is the root"))
    }
}

impl fmt::Display for TreePath {
    /// Absolute, with what is not printable ASCII escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match std::str::from_utf8(&self.0) {
            Ok(text) if !text.chars().any(char::is_control) => write!(f, "/{text}"),
            _ => write!(f, "/{}", self.0.escape_ascii()),
        }
    }
}

impl fmt::Debug for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::borrow::Borrow<[u8]> for TreePath {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalises_what_archives_write() {
        let path = |text: &str| TreePath::from_archive(text.as_bytes());
        assert_eq!(
            path("./usr//bin/./sh/").unwrap().unwrap().as_bytes(),
            b"usr/bin/sh"
        );
        assert_eq!(path("/etc").unwrap().unwrap().as_bytes(), b"etc");
        assert_eq!(path("./").unwrap(), None);
        let whiteout = |path: &str| path.parse::<TreePath>().unwrap().whiteout();
        let shown = |path: &str| whiteout(path).map(|path| path.to_string());
        assert_eq!(shown("a/b"), Some("/a/.wh.b".into()));
        assert_eq!(shown("a"), Some("/.wh.a".into()));
        assert_eq!(shown(&"x".repeat(252)), None);
        for bad in ["../x", "a/../b", "a\0b", "a/.wh.b", ".wh..wh..opq"] {
            assert!(path(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn parents_come_first() {
        let path = |text: &str| text.parse::<TreePath>().unwrap();
        let mut paths = vec![path("a/b"), path("a-b"), path("a")];
        paths.sort();
        assert_eq!(paths, [path("a"), path("a-b"), path("a/b")]);
        assert!(path("a/b").is_below(&path("a")));
        assert!(!path("a-b").is_below(&path("a")));
        assert_eq!(path("a/b").parent(), Some(path("a")));
        assert_eq!(path("a/b").name(), b"b");
    }
}
