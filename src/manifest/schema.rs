//! The keys at the top of a manifest, and the order in which they are looked at.

use semver::{Op, Version, VersionReq};

use super::error::ManifestError;
use super::fault::{At, Fault};
use super::fields::{Fields, Result, alternatives, shown};
use super::nearest::nearest;
use super::yaml::{Document, Kind, Node};
use super::{Manifest, ParseContext, files, groups, image, paths, repositories};
use crate::model::{Arch, Compression, Configure, Dialect, Epoch, GroupName};

/// The largest manifest that is read, in bytes; the largest real ones have some ten thousand.
pub const MAX_SIZE: usize = 1 << 20;

/// 9999-12-31T23:59:59Z, the last moment that every format can write.
const MAX_EPOCH: i64 = 253_402_300_799;

const KEYS: &[&str] = &[
    "name",
    "rootlock",
    "distro",
    "release",
    "architectures",
    "repositories",
    "groups",
    "files",
    "paths",
    "accounts",
    "image",
    "lockfile",
    "configure",
    "compression",
    "epoch",
];
/// Keys that some distributions know.
const DISTRO_KEYS: &[&str] = &["snapshot", "recommends"];

/// Reads a manifest.
///
/// `rootlock:` is looked at before anything else, so that a manifest made for a newer tool is not
/// blamed for keys that this one does not know.
///
/// # Errors
/// When it is not a valid manifest, with the first thing that is wrong and its line.
pub fn parse(
    text: impl AsRef<[u8]>,
    context: &ParseContext<'_>,
) -> std::result::Result<Manifest, ManifestError> {
    let text = decode(text.as_ref()).map_err(|fault| fault.place(context.file, None))?;
    let document = Document::read(text).map_err(|fault| fault.place(context.file, None))?;
    read(&document, context).map_err(|fault| fault.place(context.file, Some(&document)))
}

/// The text of a manifest, without a byte order mark.
pub(super) fn decode(bytes: &[u8]) -> Result<&str> {
    let wrong = |message: String| Fault::new(At::Nowhere, message);
    if bytes.len() > MAX_SIZE {
        let message = format!("has {} bytes, and {MAX_SIZE} is the most", bytes.len());
        return Err(wrong(message));
    }
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(wrong("is UTF-16".into()).hint("save it as UTF-8"));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let valid = &bytes[..error.valid_up_to()];
        Fault::new(at_byte(valid), "is not UTF-8".into()).hint("save it as UTF-8")
    })?;
    let strange = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{85}')) || c == '\u{feff}'
    };
    match text.char_indices().find(|(_, c)| strange(*c)) {
        None => Ok(text),
        Some((offset, c)) => Err(Fault::new(
            at_byte(&bytes[..offset]),
            format!("holds the control character U+{:04X}", u32::from(c)),
        )
        .hint(match c {
            '\0' => "remove it: nothing in a manifest may hold it".to_owned(),
            _ => format!(
                r#"in double quotes it can be written as "\u{:04x}""#,
                u32::from(c)
            ),
        })),
    }
}

fn at_byte(before: &[u8]) -> At {
    let line_start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
    At::Place {
        line: memchr::memchr_iter(b'\n', before).count() + 1,
        column: String::from_utf8_lossy(&before[line_start..])
            .chars()
            .count()
            + 1,
        offset: before.len(),
    }
}

fn read(document: &Document<'_>, context: &ParseContext<'_>) -> Result<Manifest> {
    let root = &document.root;
    let rootlock = match root.get("rootlock") {
        Some(node) => Some(requirement(node, context.version)?),
        None => None,
    };
    let dialect = dialect(root, context)?;
    let mut known = KEYS.to_vec();
    known.extend(
        DISTRO_KEYS
            .iter()
            .filter(|key| dialect.manifest_keys().contains(key)),
    );
    let fields = Fields::read(root, "", &known, DISTRO_KEYS, dialect.name())?;
    let what = |name: &str| fields.what(name);

    let name = name(fields.required("name")?)?;
    let release = fields.get("release").map(|node| release(node, dialect));
    let snapshot = fields.get("snapshot").map(|node| {
        let text = node.text("`snapshot`")?;
        text.parse().map_err(|_| {
            node.fault(format!("`snapshot` is not a moment: `{}`", shown(text)))
                .hint("write it as snapshot.debian.org does, 20261101T000000Z")
        })
    });
    let snapshot = snapshot.transpose()?;
    let architectures = match fields.get("architectures") {
        Some(node) => architectures(node, dialect)?,
        None => Vec::new(),
    };
    let repositories = fields
        .filled("repositories")
        .map(|node| repositories::read(document, node, dialect, snapshot.is_some()))
        .transpose()?;
    let tags = repositories
        .iter()
        .flatten()
        .filter_map(|repository| repository.tag.as_deref());
    let groups = groups::read(&fields, dialect, &tags.collect::<Vec<_>>(), &architectures)?;
    Ok(Manifest {
        file: context.file.to_owned(),
        name,
        rootlock,
        distro: dialect.name().to_owned(),
        release: release.transpose()?,
        snapshot,
        architectures,
        repositories,
        recommends: fields.flag("recommends")?,
        groups,
        files: files::read(document, &fields)?,
        paths: fields.filled("paths").map(paths::rules).transpose()?,
        accounts: fields
            .filled("accounts")
            .map(image::accounts)
            .transpose()?
            .unwrap_or_default(),
        image: fields
            .filled("image")
            .map(image::config)
            .transpose()?
            .unwrap_or_default(),
        lockfile: fields.text("lockfile")?.map(str::to_owned),
        configure: one_of(&fields, "configure", CONFIGURE)?,
        compression: one_of(&fields, "compression", COMPRESSION)?,
        epoch: fields
            .get("epoch")
            .map(|node| node.integer(&what("epoch"), 0, MAX_EPOCH).map(Epoch))
            .transpose()?,
    })
}

const CONFIGURE: &[(&str, Configure)] = &[
    ("none", Configure::None),
    ("native", Configure::Native),
    ("scripts", Configure::Scripts),
];
const COMPRESSION: &[(&str, Compression)] = &[
    ("gzip", Compression::Gzip),
    ("zstd", Compression::Zstd),
    ("none", Compression::None),
];

/// The value that a word of `table` stands for.
pub(super) fn one_of<T: Copy>(
    fields: &Fields<'_>,
    key: &str,
    table: &[(&str, T)],
) -> Result<Option<T>> {
    let Some(node) = fields.get(key) else {
        return Ok(None);
    };
    let words: Vec<&str> = table.iter().map(|(word, _)| *word).collect();
    let index = node.one_of(&fields.what(key), &words)?;
    Ok(Some(table[index].1))
}

/// Reads `rootlock:` and holds `version` against it.
fn requirement(node: &Node, version: &Version) -> Result<VersionReq> {
    let text = node.text("`rootlock`")?;
    let requirement = VersionReq::parse(text).map_err(|error| {
        node.fault(format!(
            "`rootlock` is not a version requirement: `{}` ({error})",
            shown(text)
        ))
        .hint("write it as Cargo does, \">=0.1, <1\"")
    })?;
    // A pre-release of this tool counts as the release that it leads to.
    let version = Version::new(version.major, version.minor, version.patch);
    if requirement.matches(&version) {
        return Ok(requirement);
    }
    let later = requirement.comparators.iter().any(|bound| {
        let least = Version::new(
            bound.major,
            bound.minor.unwrap_or(0),
            bound.patch.unwrap_or(0),
        );
        !matches!(bound.op, Op::Less | Op::LessEq) && version <= least
    });
    let age = if later { "a newer" } else { "an older" };
    Err(node
        .fault(format!(
            "needs {age} rootlock: it asks for `{}`, and this is {version}",
            shown(text)
        ))
        .hint("install a version of rootlock that fits, or change `rootlock:`"))
}

fn dialect<'a>(root: &Node, context: &ParseContext<'a>) -> Result<&'a dyn Dialect> {
    let names: Vec<&str> = context.dialects.iter().map(|known| known.name()).collect();
    let Kind::Map(pairs) = &root.kind else {
        return Err(root
            .fault("a manifest must be a mapping of keys to values")
            .hint("it begins with `name: `"));
    };
    let Some(node) = root.get("distro") else {
        // A misspelt `distro` is better called unknown than missing.
        let near = |key: &str| nearest(key, ["distro"]).is_some() && key != "distro";
        return Err(match pairs.iter().find(|(key, _)| near(key.key())) {
            Some((key, _)) => key
                .fault(format!("unknown key `{}`", shown(key.key())))
                .suggest(Some("distro")),
            None => root
                .fault("`distro` is missing")
                .hint(format!("write `distro: {}`", names.join("` or `distro: "))),
        });
    };
    let text = node.text("`distro`")?;
    context
        .dialects
        .iter()
        .find(|known| known.name() == text)
        .copied()
        .ok_or_else(|| {
            node.fault(format!(
                "`distro` must be {}, not `{}`",
                alternatives(&names),
                shown(text)
            ))
            .suggest(nearest(text, names))
        })
}

fn name(node: &Node) -> Result<String> {
    let text = node.text("`name`")?;
    match text.parse::<GroupName>() {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err(bad_name(node, "`name`", text)),
    }
}

/// `[a-z0-9][a-z0-9._-]*`, for the project and its groups.
pub(super) fn bad_name(node: &Node, what: &str, text: &str) -> Fault {
    let fault = node.fault(format!(
        "{what} must be lower-case letters, digits, `.`, `_` and `-`, the first a letter or \
         digit, not `{}`",
        shown(text)
    ));
    let better = super::project_name(text);
    if better.len() <= text.len() && nearest(text, [better.as_str()]).is_some() {
        fault.hint(format!("write `{better}`"))
    } else {
        fault
    }
}

fn release(node: &Node, dialect: &dyn Dialect) -> Result<String> {
    let text = node.text("`release`")?;
    dialect.check_release(text).map_err(|expected| {
        node.fault(format!("`release` cannot be `{}`", shown(text)))
            .hint(format!("write {expected}"))
    })?;
    Ok(text.to_owned())
}

fn architectures(node: &Node, dialect: &dyn Dialect) -> Result<Vec<Arch>> {
    let items = node.list("`architectures`")?;
    if items.is_empty() {
        return Err(node
            .fault("`architectures` names none")
            .hint("leave the key out for this machine's"));
    }
    let mut out = Vec::new();
    for item in items {
        let text = item.text("an architecture")?;
        let text = text.strip_prefix("linux/").unwrap_or(text);
        let arch = dialect.arch(text).ok_or_else(|| {
            let known: Vec<String> = Arch::all()
                .filter(|arch| dialect.arch(&arch.to_string()) == Some(*arch))
                .map(|arch| arch.to_string())
                .collect();
            let fault = item.fault(format!(
                "`{}` is not an architecture of `distro: {}`",
                shown(text),
                dialect.name()
            ));
            fault.hint(format!("it has {}", known.join(", ")))
        })?;
        if out.contains(&arch) {
            return Err(item.fault(format!("`architectures` names {arch} twice")));
        }
        out.push(arch);
    }
    Ok(out)
}
