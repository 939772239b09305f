//! `repositories:`, where packages come from.

use super::RepositorySpec;
use super::fields::{Fields, Result, alternatives, shown};
use super::nearest::nearest;
use super::yaml::{Document, Node};
use crate::model::{Dialect, Origin};

const KEYS: &[&str] = &["archive", "url", "unsigned", "allow_expired"];
/// Keys that some distributions know.
const DISTRO_KEYS: &[&str] = &[
    "suite",
    "components",
    "priority",
    "keyring",
    "snapshot",
    "path",
    "keys",
    "tag",
];

const SCHEMES: &[&str] = &["http", "https", "file"];
/// Longer than any URL in use.
const MAX_URL: usize = 4096;

/// Reads `repositories:`; `pinned` says whether the manifest has a `snapshot:`.
pub(super) fn read(
    document: &Document<'_>,
    node: &Node,
    dialect: &dyn Dialect,
    pinned: bool,
) -> Result<Vec<RepositorySpec>> {
    let items = node.list("`repositories`")?;
    if items.is_empty() {
        return Err(node
            .fault("`repositories` holds none")
            .hint("leave the key out for the release's own"));
    }
    let mut out: Vec<RepositorySpec> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let spec = repository(item, index, dialect, pinned)?;
        if out.contains(&spec) {
            return Err(item.fault(format!(
                "entry {} of `repositories` is the same as an earlier one",
                index + 1
            )));
        }
        out.push(spec);
    }
    for (item, spec) in items.iter().zip(&mut out) {
        spec.line = document.line(item);
    }
    Ok(out)
}

fn repository(
    node: &Node,
    index: usize,
    dialect: &dyn Dialect,
    pinned: bool,
) -> Result<RepositorySpec> {
    let has = |key: &str| dialect.repository_keys().contains(&key);
    let place = format!(" in entry {} of `repositories`", index + 1);
    let mut known = KEYS.to_vec();
    known.extend(dialect.repository_keys());
    let fields = Fields::read(node, &place, &known, DISTRO_KEYS, dialect.name())?;
    let origin = origin(node, &fields, dialect, &place)?;
    let is_archive = matches!(origin, Origin::Archive(_));

    let suite = fields.text("suite")?;
    if let (Some(text), Some(node)) = (suite, fields.get("suite")) {
        check_parts(
            node,
            "`suite`",
            text.strip_suffix('/').unwrap_or(text),
            true,
        )?;
    } else if has("suite") {
        return Err(fields
            .fault(format!("`suite` is missing{place}"))
            .hint("write a suite such as `trixie`, or \"./\" for a flat repository"));
    }
    let flat = suite.is_some_and(|suite| suite.ends_with('/'));
    let components = components(&fields, flat)?;

    let path = fields.text("path")?;
    match (path, fields.get("path")) {
        (Some(_), Some(node)) if !is_archive => {
            return Err(node
                .fault(format!("`path`{place} goes with `archive`, not with `url`"))
                .hint("make it a part of the URL"));
        }
        (Some(path), Some(node)) => check_parts(node, "`path`", path, false)?,
        _ if is_archive && has("path") => {
            return Err(fields
                .fault(format!("`path` is missing{place}"))
                .hint("write the directory below the archive, `path: v3.22/main`"));
        }
        _ => {}
    }
    Ok(RepositorySpec {
        unpinned: unpinned(&fields, &origin, has("snapshot") && pinned, &place)?,
        origin,
        suite: suite.map(str::to_owned),
        components,
        path: path.map(str::to_owned),
        priority: priority(&fields)?,
        keyring: fields.text("keyring")?.map(str::to_owned),
        keys: keys(&fields)?,
        tag: tag(&fields)?,
        unsigned: fields.flag("unsigned")?,
        allow_expired: fields.flag("allow_expired")?,
        line: 0,
    })
}

/// Either a well-known archive or a URL.
fn origin(node: &Node, fields: &Fields<'_>, dialect: &dyn Dialect, place: &str) -> Result<Origin> {
    let names: Vec<&str> = dialect.archives().iter().map(|known| known.name).collect();
    match (fields.text("archive")?, fields.text("url")?) {
        (Some(name), None) => {
            if names.contains(&name) {
                return Ok(Origin::Archive(name.to_owned()));
            }
            let fault = fields.required("archive")?.fault(format!(
                "`archive`{place} must be {}, not `{}`",
                alternatives(&names),
                shown(name)
            ));
            Err(match nearest(name, names) {
                Some(near) => fault.suggest(Some(near)),
                None => fault.hint("name any other repository by its `url`"),
            })
        }
        (None, Some(text)) => {
            check_url(fields.required("url")?, text)?;
            Ok(Origin::Url(text.to_owned()))
        }
        (Some(_), Some(_)) => {
            let second = node.entry("url").map_or(node, |(key, _)| key);
            Err(second
                .fault(format!("`archive` and `url` are both there{place}"))
                .hint("keep one: an archive has its address built in"))
        }
        (None, None) => Err(node
            .fault(format!("`archive` or `url` is missing{place}"))
            .hint(format!("known archives are {}", names.join(", ")))),
    }
}

/// http, https and file URLs, and relative paths. Never shows userinfo.
fn check_url(node: &Node, text: &str) -> Result<()> {
    if text.len() > MAX_URL {
        return Err(node.fault(format!("`url` is longer than {MAX_URL} bytes")));
    }
    if let Some(bad) = text.chars().find(|c| !c.is_ascii_graphic() || *c == '\\') {
        return Err(node
            .fault(format!("`url` cannot hold {bad:?}"))
            .hint("in a URL write it percent-encoded, a space as %20"));
    }
    // Before anything of it is shown: who writes a password may also forget the scheme.
    let address = text.split_once("://").map_or(text, |(_, rest)| rest);
    let address = address.split(['/', '?', '#']).next().unwrap_or_default();
    if address.contains('@') && (address.contains(':') || text.contains("://")) {
        return Err(node
            .fault("`url` holds a user name or password, which a manifest must not")
            .hint("put credentials into ~/.netrc or the file that $NETRC names"));
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        let first = text.split('/').next().unwrap_or_default();
        return match first.split_once(':') {
            Some((scheme, _)) if SCHEMES.contains(&scheme) => {
                Err(node.fault("`url` lacks the `//` behind its scheme"))
            }
            Some(_) => Err(node
                .fault(format!(
                    "`url` is neither a URL nor a path: `{}`",
                    shown(first)
                ))
                .hint("a path whose first part holds `:` begins with `./`")),
            None if text.starts_with('/') => {
                Err(node.fault("`url` is an absolute path").hint(format!(
                    "write `file://{}`, or a path from the manifest",
                    shown(text)
                )))
            }
            None => Ok(()),
        };
    };
    if !SCHEMES.contains(&scheme) {
        return Err(node
            .fault(format!(
                "`url` must begin with http://, https:// or file://, or be a path, not {}://",
                shown(scheme)
            ))
            .suggest(nearest(scheme, SCHEMES.iter().copied())));
    }
    if let Some(bad) = rest.chars().find(|c| "?#".contains(*c)) {
        return Err(node.fault(format!(
            "`url` cannot hold `{bad}`: file names are added to its end"
        )));
    }
    if scheme == "file" {
        let path = rest.strip_prefix("localhost").unwrap_or(rest);
        return if path.starts_with('/') {
            Ok(())
        } else {
            Err(node
                .fault("a file:// URL must be absolute, as file:///srv/mirror")
                .hint("a path from the manifest is written without file://"))
        };
    }
    let (host, port) = match address.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (address, None),
    };
    if host.is_empty() {
        return Err(node.fault("`url` names no host"));
    }
    if port.is_some_and(|port| port.parse::<u16>().is_err() || port.starts_with('+')) {
        return Err(node.fault("`url` has a port that is not a number from 0 to 65535"));
    }
    Ok(())
}

/// Parts separated by single slashes, none of them hidden or leading upwards. `dot` allows `.`.
fn check_parts(node: &Node, what: &str, text: &str, dot: bool) -> Result<()> {
    let alphabet = |c: char| c.is_ascii_alphanumeric() || "+._~-".contains(c);
    for part in text.split('/') {
        if part.is_empty() || part == ".." || (part == "." && !dot) {
            return Err(node.fault(format!(
                "{what} must be a relative path without empty or `..` parts, not `{}`",
                shown(text)
            )));
        }
        if let Some(bad) = part.chars().find(|c| !alphabet(*c)) {
            return Err(node.fault(format!("{what} cannot hold {bad:?}: `{}`", shown(text))));
        }
    }
    Ok(())
}

fn components(fields: &Fields<'_>, flat: bool) -> Result<Option<Vec<String>>> {
    let Some(node) = fields.filled("components") else {
        return Ok(None);
    };
    if flat {
        return Err(node
            .fault("a flat repository, whose `suite` ends with `/`, has no components")
            .hint("leave `components` out"));
    }
    let items = node.list(&fields.what("components"))?;
    if items.is_empty() {
        return Err(node
            .fault(format!("{} names none", fields.what("components")))
            .hint("leave the key out for [main]"));
    }
    let mut out: Vec<String> = Vec::new();
    for item in items {
        let text = item.text("a component")?;
        check_parts(item, "a component", text, false)?;
        if out.iter().any(|other| other == text) {
            return Err(item.fault(format!("`components` names `{text}` twice")));
        }
        out.push(text.to_owned());
    }
    Ok(Some(out))
}

/// apt_preferences(5): a short integer; 0 is not defined.
fn priority(fields: &Fields<'_>) -> Result<Option<i32>> {
    let Some(node) = fields.get("priority") else {
        return Ok(None);
    };
    let what = fields.what("priority");
    let number = node.integer(&what, i64::from(i16::MIN), i64::from(i16::MAX))?;
    if number == 0 {
        return Err(node
            .fault(format!("{what} cannot be 0, which apt does not define"))
            .hint("a negative one keeps everything in it out, 1 makes it the last resort"));
    }
    Ok(i32::try_from(number).ok())
}

fn keys(fields: &Fields<'_>) -> Result<Option<Vec<String>>> {
    let Some(node) = fields.filled("keys") else {
        return Ok(None);
    };
    let keys = node.texts(&fields.what("keys"), "the name of a key file")?;
    if keys.is_empty() {
        return Err(node
            .fault(format!("{} names none", fields.what("keys")))
            .hint("leave the key out for the built-in keys"));
    }
    Ok(Some(keys))
}

fn tag(fields: &Fields<'_>) -> Result<Option<String>> {
    let Some(text) = fields.text("tag")? else {
        return Ok(None);
    };
    let node = fields.required("tag")?;
    if let Some(bare) = text.strip_prefix('@') {
        return Err(node
            .fault("`tag` is written without its `@`")
            .hint(format!("write `tag: {}`", shown(bare))));
    }
    check_parts(node, "`tag`", text, false)?;
    if text.contains('/') {
        return Err(node.fault(format!("`tag` cannot hold '/': `{}`", shown(text))));
    }
    Ok(Some(text.to_owned()))
}

/// `snapshot: false`, which a repository by URL needs beside a `snapshot:` of the manifest.
fn unpinned(fields: &Fields<'_>, origin: &Origin, pinned: bool, place: &str) -> Result<bool> {
    let by_url = matches!(origin, Origin::Url(_));
    let Some(node) = fields.get("snapshot") else {
        if pinned && by_url {
            return Err(fields
                .fault(format!(
                    "`snapshot: false` is missing{place}: a repository by URL is not pinned by the \
                     manifest's `snapshot`"
                ))
                .hint("add `snapshot: false` to say that you know"));
        }
        return Ok(false);
    };
    if !matches!(node.flag("`snapshot`"), Ok(false)) {
        return Err(node
            .fault(format!("`snapshot`{place} can only be false"))
            .hint("the moment is set once, by `snapshot:` at the top of the manifest"));
    }
    if !by_url {
        return Err(node
            .fault("`snapshot: false` is for a repository by URL, not for an archive")
            .hint("an archive follows the `snapshot:` at the top of the manifest"));
    }
    Ok(true)
}
