//! The layout of a vendored tree: which directory of it stands for which repository.
//!
//! In: what the lockfile says of a repository. Out: a path below the tree, the same on every
//! machine, under which each file lies where the repository itself has it, so that any static web
//! server can serve the tree.
//!
//! | repository | directory |
//! |---|---|
//! | archive `debian` | `debian` |
//! | the same, pinned | `debian@20261101T000000Z` |
//! | archive `alpine`, path `v3.22/main` | `alpine/v3.22/main` |
//! | `https://example.org:8443/debian` | `by-url/https/example.org:8443/debian` |
//! | `file:///srv/debian` | `by-url/file/srv/debian` |
//! | `../debian`, a path from the manifest | `by-path/=2E./debian` |
//!
//! Every byte of a name is a letter, a digit or one of `-._~@:`; what is not, a dot that would hide
//! the name, and `=` itself are `=` and two hexadecimal digits.

use super::{Place, url};
use crate::model::Origin;

impl Place {
    /// The directory of a vendored tree that stands for the repository, with `/` between its parts.
    pub fn vendored(&self) -> String {
        let mut parts = match &self.origin {
            Origin::Archive(name) => vec![match self.snapshot {
                Some(snapshot) => format!("{}@{snapshot}", part(name)),
                None => part(name),
            }],
            Origin::Url(text) => by_text(text),
        };
        let below = self.path.iter().flat_map(|path| path.split('/'));
        parts.extend(below.filter(|name| !name.is_empty()).map(part));
        parts.join("/")
    }
}

fn by_text(text: &str) -> Vec<String> {
    let text = url::normal(text);
    let (mut parts, path) = match text.split_once("://") {
        Some((scheme, rest)) => (vec!["by-url".to_owned(), part(scheme)], rest),
        None => (vec!["by-path".to_owned()], &*text),
    };
    // `./debian`, `debian/` and `debian` are one directory; so is `file:///srv` with a host or without.
    let names = path.split('/').filter(|name| !matches!(*name, "" | "."));
    parts.extend(names.map(part));
    parts
}

/// One name of a path.
fn part(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for (at, byte) in name.bytes().enumerate() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~@:".contains(&byte);
        if plain && !(at == 0 && byte == b'.') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("={byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vendored(origin: Origin, path: Option<&str>, snapshot: Option<&str>) -> String {
        let place = Place {
            origin,
            base: "file:///never/seen".into(),
            path: path.map(str::to_owned),
            snapshot: snapshot.map(|moment| moment.parse().unwrap()),
        };
        place.vendored()
    }

    #[test]
    fn an_archive_has_its_name() {
        let archive = |name: &str| Origin::Archive(name.into());
        assert_eq!(vendored(archive("debian"), None, None), "debian");
        assert_eq!(
            vendored(archive("debian"), None, Some("20261101T000000Z")),
            "debian@20261101T000000Z"
        );
        assert_eq!(
            vendored(archive("alpine"), Some("v3.22/main"), None),
            "alpine/v3.22/main"
        );
    }

    #[test]
    fn a_url_stays_apart_from_every_other() {
        let by = |text: &str| vendored(Origin::Url(text.into()), None, None);
        for (text, directory) in [
            (
                "https://Example.org:8443/a/debian/",
                "by-url/https/example.org:8443/a/debian",
            ),
            ("http://example.org", "by-url/http/example.org"),
            ("http://example.org:80/", "by-url/http/example.org"),
            ("file:///srv/a%20b", "by-url/file/srv/a=2520b"),
            ("./repo", "by-path/repo"),
            ("repo/", "by-path/repo"),
            ("../.repo", "by-path/=2E./=2Erepo"),
            ("c++", "by-path/c=2B=2B"),
            ("http://[::1]/~a=b", "by-url/http/=5B::1=5D/~a=3Db"),
        ] {
            assert_eq!(by(text), directory, "{text}");
        }
    }

    #[test]
    fn nothing_leaves_the_tree() {
        for text in ["..", "../..", "a/../../b", ".", "", "a\nb", "a\\..\\b"] {
            let directory = vendored(Origin::Url(text.into()), Some("../x"), None);
            let safe = directory
                .split('/')
                .all(|name| !name.is_empty() && !name.starts_with('.'));
            assert!(safe && !directory.contains(['\n', '\\']), "{directory}");
        }
    }
}
