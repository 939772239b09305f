//! The environment, the clock and the host's files, read once and turned into values.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

use rootlock::distro::deb::hostapt;
use rootlock::fetch::{Mirror, Network};
use rootlock::model::{Arch, Epoch};

use crate::args::Global;
use crate::failure::Failure;

/// Downloads at once where `--jobs` says nothing: enough to hide latency, few enough for a mirror.
const DOWNLOADS: usize = 8;

/// A variable of the environment; an empty one counts as absent.
#[expect(
    clippy::disallowed_methods,
    reason = "this is where the program reads its environment"
)]
fn variable(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

/// A variable that must be text.
fn text_variable(name: &str) -> Result<Option<String>, Failure> {
    let text = variable(name).map(OsString::into_string).transpose();
    text.map_err(|_| Failure::usage(format!("the environment's {name} is not UTF-8")))
}

/// Whether the user wants no colour, <https://no-color.org>.
pub(crate) fn no_color() -> bool {
    variable("NO_COLOR").is_some() || variable("TERM").is_some_and(|term| term == "dumb")
}

/// Whether the locale's characters are UTF-8's, locale(7): the first of these that is set decides.
pub(crate) fn is_utf8() -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(variable);
    let name = set
        .unwrap_or_default()
        .to_string_lossy()
        .to_ascii_lowercase();
    name.contains("utf-8") || name.contains("utf8")
}

/// `--store`, `ROOTLOCK_STORE`, or the user's cache directory.
pub(crate) fn store_dir(global: &Global) -> Result<PathBuf, Failure> {
    if let Some(given) = &global.store {
        return Ok(given.clone());
    }
    if let Some(given) = variable("ROOTLOCK_STORE") {
        return Ok(given.into());
    }
    // The XDG base directory specification: a path that is not absolute is to be ignored.
    let absolute = |name| {
        variable(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    absolute("XDG_CACHE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
        .map(|cache| cache.join("rootlock"))
        .ok_or_else(|| {
            Failure::usage(
                "there is no place for the store: neither HOME nor XDG_CACHE_HOME is set",
            )
            .hint("name a directory with `--store DIR` or ROOTLOCK_STORE")
        })
}

/// The present.
#[expect(
    clippy::disallowed_methods,
    reason = "this is where the program reads the clock"
)]
pub(crate) fn now() -> Epoch {
    let seconds = match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_secs()).unwrap_or(i64::MAX),
    };
    Epoch(seconds)
}

/// `SOURCE_DATE_EPOCH`, <https://reproducible-builds.org/specs/source-date-epoch/>.
pub(crate) fn source_date_epoch() -> Result<Option<Epoch>, Failure> {
    text_variable("SOURCE_DATE_EPOCH")?
        .map(|text| parse_source_date_epoch(&text))
        .transpose()
}

fn parse_source_date_epoch(text: &str) -> Result<Epoch, Failure> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|_| digits)
        .map(Epoch)
        .ok_or_else(|| {
            Failure::usage(format!(
                "SOURCE_DATE_EPOCH is `{text}`, which is not a number of seconds"
            ))
            .hint("unset it, or set it to the output of `date +%s`")
        })
}

/// This machine's architecture.
pub(crate) fn host() -> Result<Arch, Failure> {
    // Rust's names are `uname -m`'s but for these.
    let machine = match env::consts::ARCH {
        "x86" => "i686",
        "arm" => "armv7l",
        "powerpc64" => "ppc64le",
        "mips64" => "mips64el",
        name => name,
    };
    Arch::from_machine(machine).ok_or_else(|| {
        Failure::usage(format!(
            "no distribution is known for this machine's architecture, {machine}"
        ))
    })
}

/// How bytes may be had on this machine.
pub(crate) fn network(global: &Global) -> Result<Network, Failure> {
    let mut mirrors = global.mirrors.clone();
    for word in text_variable("ROOTLOCK_MIRRORS")?
        .unwrap_or_default()
        .split_ascii_whitespace()
    {
        let mirror = word
            .parse()
            .map_err(|why| Failure::usage(format!("ROOTLOCK_MIRRORS holds `{word}`: {why}")))?;
        mirrors.push(mirror);
    }
    Ok(Network {
        mirrors: mirrors.into_iter().map(|mirror| mirror.0).collect(),
        mirror_only: global.mirror_only,
        offline: global.offline,
        jobs: global.jobs.map_or(DOWNLOADS, usize::from),
        host_mirrors: match global.no_host_mirror {
            true => BTreeMap::new(),
            false => hostapt::mirrors(&apt_sources(Path::new("/etc/apt"))),
        },
        netrc: netrc()?,
    })
}

/// The user's netrc: `$NETRC`, which must be readable, or `~/.netrc`, which need not be there.
fn netrc() -> Result<Option<String>, Failure> {
    let named = variable("NETRC").map(PathBuf::from);
    let home = || variable("HOME").map(|home| Path::new(&home).join(".netrc"));
    let Some(path) = named.clone().or_else(home) else {
        return Ok(None);
    };
    match fs_err::read_to_string(&path) {
        Ok(text) => Ok(Some(text)),
        Err(_) if named.is_none() => Ok(None),
        Err(error) => Err(Failure::io(
            "the netrc that $NETRC names cannot be read",
            &error,
        )),
    }
}

/// The host's sources.list(5) files in apt's order. What cannot be read is no mirror.
fn apt_sources(apt: &Path) -> Vec<(String, Vec<u8>)> {
    let parts = fs_err::read_dir(apt.join("sources.list.d"));
    let parts = parts.into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = parts
        .map(|entry| entry.path())
        .filter(|path| {
            let style = path.extension().and_then(|style| style.to_str());
            matches!(style, Some("list" | "sources"))
        })
        .collect();
    paths.sort();
    paths.insert(0, apt.join("sources.list"));
    let read = |path: PathBuf| {
        let bytes = fs_err::read(&path).ok()?;
        Some((path.to_str()?.to_owned(), bytes))
    };
    paths.into_iter().filter_map(read).collect()
}

/// `--mirror [WHAT=]URL`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MirrorArg(Mirror);

impl FromStr for MirrorArg {
    type Err = String;

    /// WHAT may be a URL, and a URL may hold `=`: the first `=` with something that can be fetched
    /// behind it, and an archive's name or a URL before it, is the one that is meant.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let split = text
            .match_indices('=')
            .map(|(at, _)| (&text[..at], &text[at + 1..]));
        let meant = split.into_iter().find(|(what, url)| {
            let archive = !what.is_empty()
                && what
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
            let place = is_url(url) || url.starts_with(['/', '.']);
            (archive && !what.starts_with('.'))
                || (what.contains("://") && !what.contains('?') && place)
        });
        let (what, url) = match meant {
            Some((what, url)) => (Some(what.trim_end_matches('/').to_owned()), url),
            None => (None, text),
        };
        for part in what.as_deref().into_iter().chain([url]) {
            refuse_userinfo(part)?;
        }
        let url = absolute(url)?;
        Ok(Self(Mirror { what, url }))
    }
}

/// Whether it says how it is fetched.
fn is_url(text: &str) -> bool {
    ["http://", "https://", "file:"]
        .iter()
        .any(|scheme| text.starts_with(scheme))
}

/// A URL without trailing slash; a directory of this machine becomes a `file:` one.
fn absolute(text: &str) -> Result<String, String> {
    if let Some((_, "" | "/")) = text
        .split_once("://")
        .filter(|_| !text.starts_with("file:"))
    {
        return Err(format!("`{text}` names no host"));
    }
    let text = match text.trim_end_matches('/') {
        "" if text.starts_with('/') => "/",
        "" => return Err("a URL is needed".into()),
        trimmed => trimmed,
    };
    if is_url(text) {
        return Ok(text.into());
    }
    if let Some((scheme, _)) = text.split_once("://") {
        return Err(format!("`{scheme}:` is not http, https or file"));
    }
    let path = std::path::absolute(text).map_err(|error| error.to_string())?;
    match path.to_str() {
        // What a URL would take for something else than a part of the path.
        Some(path) => {
            let path = path.replace('%', "%25").replace('?', "%3F");
            Ok(format!("file://{}", path.replace('#', "%23")))
        }
        None => Err("the path is not UTF-8".into()),
    }
}

/// Credentials in a URL end up in logs.
fn refuse_userinfo(url: &str) -> Result<(), String> {
    let authority = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
    match authority.contains('@') {
        true => Err("credentials in a URL are refused, they belong into ~/.netrc".into()),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mirror(text: &str) -> (Option<String>, String) {
        let MirrorArg(mirror) = text.parse().unwrap();
        (mirror.what, mirror.url)
    }

    #[test]
    fn a_mirror_is_for_an_archive_a_prefix_or_everything() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            mirror("debian=http://127.0.0.1:80/debian/"),
            (some("debian"), "http://127.0.0.1:80/debian".into())
        );
        assert_eq!(
            mirror("https://a.example/x/=https://b.example/?key=1"),
            (
                some("https://a.example/x"),
                "https://b.example/?key=1".into()
            )
        );
        assert_eq!(
            mirror("https://a.example/x=/srv/m/"),
            (some("https://a.example/x"), "file:///srv/m".into())
        );
        assert_eq!(
            mirror("https://b.example/?k=/v"),
            (None, "https://b.example/?k=/v".into())
        );
        assert_eq!(
            mirror("https://b.example/?k=v"),
            (None, "https://b.example/?k=v".into())
        );
        assert_eq!(
            mirror("debian=/srv/m"),
            (some("debian"), "file:///srv/m".into())
        );
        assert_eq!(mirror("/srv/a=b"), (None, "file:///srv/a=b".into()));
        assert_eq!(
            mirror("/srv/50%?#"),
            (None, "file:///srv/50%25%3F%23".into())
        );
        assert!(mirror("./vendor").1.starts_with("file:///"));
        for bad in [
            "",
            "debian=",
            "ftp://x/y",
            "debian=https://u:p@x/",
            "http://",
            "debian=https:///",
            "https://u@x/",
        ] {
            assert!(bad.parse::<MirrorArg>().is_err(), "{bad}");
        }
    }

    #[test]
    fn source_date_epoch_is_digits() {
        assert_eq!(parse_source_date_epoch("0").ok(), Some(Epoch(0)));
        for bad in ["-1", "+1", "1.5", "today", "99999999999999999999"] {
            assert!(parse_source_date_epoch(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn sources_are_read_in_the_order_of_apt() {
        let apt = tempfile::tempdir().unwrap();
        let parts = apt.path().join("sources.list.d");
        fs_err::create_dir(&parts).unwrap();
        for name in ["z.list", "a.sources", "a.sources.save", "b.list~"] {
            fs_err::write(parts.join(name), name).unwrap();
        }
        let names = || {
            let files = apt_sources(apt.path());
            files
                .into_iter()
                .map(|(_, bytes)| String::from_utf8(bytes).unwrap())
        };
        assert_eq!(names().collect::<Vec<_>>(), ["a.sources", "z.list"]);
        fs_err::write(apt.path().join("sources.list"), "first").unwrap();
        assert_eq!(names().next().unwrap(), "first");
    }

    #[test]
    fn this_machine_has_an_architecture() {
        assert!(host().is_ok());
    }
}
