//! The well-known archive, the repositories that a release has of its own, and what says which
//! release that is.

use crate::model::{Archive, Origin, Repository};

/// What `archive:` of a manifest may name. Every index is checked against its signature.
pub(super) static ARCHIVES: &[Archive] = &[Archive {
    name: "alpine",
    urls: &["https://dl-cdn.alpinelinux.org/alpine"],
    snapshot: None,
}];

/// The release that stands for another one.
pub(super) const ALIAS: &str = "latest-stable";
/// The release of repositories that say nothing of theirs.
pub(super) const ROLLING: &str = "edge";

/// The repositories of a release.
pub(super) fn of_release(release: &str) -> Vec<Repository> {
    let repository = |name: &str| {
        let path = format!("{release}/{name}");
        Repository {
            id: path.clone(),
            origin: Origin::Archive("alpine".into()),
            base: String::new(),
            suite: None,
            components: Vec::new(),
            path: Some(path),
            priority: None,
            keys: Vec::new(),
            snapshot: None,
            tag: None,
            unsigned: false,
            allow_expired: false,
        }
    };
    vec![repository("main"), repository("community")]
}

/// A number of up to three digits, and what is behind it.
fn number_of(text: &str) -> Option<(&str, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    (1..=3).contains(&end).then(|| text.split_at(end))
}

/// The release that a text begins with: `v3.22` of `v3.22.2-206-ge2cfd1f9853` or of `3.22.2`.
pub(super) fn release_of(text: &str) -> Option<String> {
    let bare = text.strip_prefix('v').unwrap_or(text);
    let (major, rest) = number_of(bare)?;
    let (minor, rest) = number_of(rest.strip_prefix('.')?)?;
    (rest.is_empty() || rest.starts_with(['.', '-', '_'])).then(|| format!("v{major}.{minor}"))
}

/// The release that a repository's address names.
pub(super) fn release_in(repository: &Repository) -> Option<String> {
    let address = match &repository.origin {
        Origin::Archive(_) => repository.path.as_deref()?,
        Origin::Url(url) => url,
    };
    address.split('/').find_map(|part| match part {
        "edge" => Some(part.to_owned()),
        part if part.starts_with('v') => release_of(part).filter(|release| release == part),
        _ => None,
    })
}

/// Gives every repository an id that no other has: its own, else the end of its address, then with
/// a number.
pub(super) fn number(repositories: &mut [Repository]) {
    let mut used: Vec<String> = Vec::new();
    for repository in repositories {
        let base = match (&repository.id, &repository.origin) {
            (id, _) if !id.is_empty() => id.clone(),
            (_, Origin::Archive(name)) => repository.path.clone().unwrap_or_else(|| name.clone()),
            (_, Origin::Url(url)) => end_of(url),
        };
        let mut id = base.clone();
        let mut next = 2;
        while used.contains(&id) {
            id = format!("{base}-{next}");
            next += 1;
        }
        used.push(id.clone());
        repository.id = id;
    }
}

/// The last two parts of a URL's path, which are the release and the repository where the mirror is
/// laid out as Alpine's.
fn end_of(url: &str) -> String {
    let path = url.split_once("://").map_or(url, |(_, rest)| {
        rest.split_once('/').map_or("", |(_, path)| path)
    });
    let plain = |part: &&str| !part.is_empty() && !part.starts_with('.');
    let parts: Vec<&str> = path.split('/').filter(plain).collect();
    match parts[..] {
        [] => "repository".to_owned(),
        [.., release, name] if release_of(release).is_some() || release == "edge" => {
            format!("{release}/{name}")
        }
        [.., name] => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_read_from_what_begins_with_it() {
        for (text, release) in [
            ("v3.22.2-206-ge2cfd1f9853", Some("v3.22")),
            ("3.19.1", Some("v3.19")),
            ("v3.9", Some("v3.9")),
            ("v20240329-1234-gabc", None),
            ("main", None),
            ("", None),
        ] {
            assert_eq!(release_of(text).as_deref(), release, "{text}");
        }
    }

    #[test]
    fn ids_are_the_ends_of_addresses_and_unique() {
        let by_url = |url: &str| Repository {
            id: String::new(),
            origin: Origin::Url(url.into()),
            ..of_release("edge").remove(0)
        };
        let mut all = of_release("v3.22");
        all.extend([
            by_url("https://dl-cdn.alpinelinux.org/alpine/edge/testing"),
            by_url("../mirror/v3.22/main"),
            by_url("https://example.org"),
            by_url("file:///srv/own/"),
        ]);
        number(&mut all);
        let ids: Vec<&str> = all.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(
            ids,
            [
                "v3.22/main",
                "v3.22/community",
                "edge/testing",
                "v3.22/main-2",
                "repository",
                "own"
            ]
        );
        assert_eq!(release_in(&all[2]).as_deref(), Some("edge"));
        assert_eq!(release_in(&all[3]).as_deref(), Some("v3.22"));
        assert_eq!(release_in(&all[5]), None);
    }
}
