//! `files:`, the layer on top.

use std::collections::BTreeMap;

use super::fields::{Fields, Result, alternatives, shown};
use super::paths::absolute;
use super::yaml::{Document, Form, Kind, Node};
use crate::model::{FileSource, FileSpec, Owner};

const KEYS: &[&str] = &[
    "path",
    "content",
    "source",
    "directory",
    "link",
    "mode",
    "owner",
    "exclude",
];
const SOURCES: &[&str] = &["content", "source", "directory", "link"];

/// Reads `files:` of `top`.
pub(super) fn read(document: &Document<'_>, top: &Fields<'_>) -> Result<Vec<FileSpec>> {
    let items = top.list("files")?;
    let mut out: Vec<FileSpec> = Vec::new();
    let mut by_path: BTreeMap<String, usize> = BTreeMap::new();
    for (index, item) in items.iter().enumerate() {
        let spec = FileSpec {
            line: document.line(item),
            ..file(item, index)?
        };
        if by_path.insert(spec.path.clone(), index).is_some() {
            return Err(item
                .get("path")
                .unwrap_or(item)
                .fault(format!("`files` has `{}` twice", shown(&spec.path))));
        }
        out.push(spec);
    }
    for (item, spec) in items.iter().zip(&out) {
        let mut parent = spec.path.as_str();
        while let Some((above, _)) = parent.rsplit_once('/') {
            parent = above;
            let file = by_path
                .get(parent)
                .is_some_and(|&index| matches!(out[index].source, FileSource::Content(_)));
            if file {
                return Err(item.get("path").unwrap_or(item).fault(format!(
                    "`{}` is below `{}`, which `files` makes a file",
                    shown(&spec.path),
                    shown(parent)
                )));
            }
        }
    }
    Ok(out)
}

fn file(node: &Node, index: usize) -> Result<FileSpec> {
    let place = match node.get("path").map(Node::key) {
        Some(path) if !path.is_empty() => format!(" of file `{}`", shown(path)),
        _ => format!(" of entry {} of `files`", index + 1),
    };
    let fields = Fields::read(node, &place, KEYS, &[], "")?;
    let path = absolute(fields.required("path")?, "`path` of a file")?;
    let source = source(node, &fields, &place)?;
    if path == "/" && !matches!(source, FileSource::Source(_)) {
        return Err(fields.fault("only a `source` directory can be put at `/`"));
    }
    let mode = match fields.get("mode") {
        Some(mode) if matches!(source, FileSource::Link(_)) => {
            return Err(mode.fault(format!("{} has no meaning for a link", fields.what("mode"))));
        }
        Some(mode) => Some(self::mode(mode, &fields.what("mode"))?),
        None => None,
    };
    let exclude = match fields.get("exclude") {
        Some(list) if !matches!(source, FileSource::Source(_)) => {
            return Err(list.fault(format!(
                "{} goes with `source` only",
                fields.what("exclude")
            )));
        }
        Some(list) => list.texts(&fields.what("exclude"), "an excluded pattern")?,
        None => Vec::new(),
    };
    let owner = fields
        .get("owner")
        .map(|node| owner(node, &fields.what("owner")))
        .transpose()?;
    Ok(FileSpec {
        path,
        source,
        mode,
        owner,
        exclude,
        line: 0,
    })
}

/// Exactly one of `content`, `source`, `directory` and `link`.
fn source(node: &Node, fields: &Fields<'_>, place: &str) -> Result<FileSource> {
    let given: Vec<&str> = SOURCES
        .iter()
        .copied()
        .filter(|key| fields.get(key).is_some())
        .collect();
    let [key] = given[..] else {
        let said = match given[..] {
            [] => "none is there".to_owned(),
            _ => format!("`{}` are there", given.join("` and `")),
        };
        let at = given.get(1).and_then(|second| node.entry(second));
        return Err(at.map_or(node, |(key, _)| key).fault(format!(
            "exactly one of {} is needed{place}, and {said}",
            alternatives(SOURCES)
        )));
    };
    let value = fields.required(key)?;
    let what = fields.what(key);
    Ok(match key {
        "content" => match &value.kind {
            // A file may hold anything.
            Kind::Scalar(text, ..) => FileSource::Content(text.clone()),
            _ => {
                value.any_text(&what).map_err(|fault| {
                    fault.hint("write the text, in quotes or behind `|`; \"\" is an empty file")
                })?;
                FileSource::Content(String::new())
            }
        },
        "source" => FileSource::Source(value.text(&what)?.to_owned()),
        "link" => FileSource::Link(value.text(&what)?.to_owned()),
        _ => {
            if !value.flag(&what)? {
                return Err(value.fault(format!("{what} can only be true")));
            }
            FileSource::Directory
        }
    })
}

/// Octal digits as text; a number is refused, for YAML does not read it as octal.
fn mode(node: &Node, what: &str) -> Result<u16> {
    if let Kind::Scalar(text, Form::Integer | Form::Float, _) = &node.kind {
        let fault = node.fault(format!(
            "{what} must be octal digits in quotes: to YAML {} is a decimal number",
            shown(text)
        ));
        let digits = text.strip_prefix("0o").unwrap_or(text);
        let octal =
            (3..=4).contains(&digits.len()) && digits.bytes().all(|d| (b'0'..=b'7').contains(&d));
        return Err(if octal {
            fault.hint(format!("write \"{digits:0>4}\""))
        } else {
            fault.hint("write it as \"0755\"")
        });
    }
    let text = node.text(what)?;
    let octal = (3..=5).contains(&text.len()) && text.bytes().all(|d| (b'0'..=b'7').contains(&d));
    u16::from_str_radix(text, 8)
        .ok()
        .filter(|mode| octal && *mode <= 0o7777)
        .ok_or_else(|| {
            node.fault(format!(
                "{what} must be three or four octal digits, not `{}`",
                shown(text)
            ))
            .hint("write it as \"0755\"")
        })
}

/// `user` or `user:group`, each a name or a number.
pub(super) fn owner(node: &Node, what: &str) -> Result<Owner> {
    let text = node.text(what)?;
    let (user, group) = match text.split_once(':') {
        Some((user, group)) => (user, Some(group)),
        None => (text, None),
    };
    for word in [Some(user), group].into_iter().flatten() {
        if let Err(why) = account(word) {
            return Err(node
                .fault(format!("{what} is `{}`, but {why}", shown(text)))
                .hint("write `user`, `user:group` or numbers, \"1000:1000\""));
        }
    }
    Ok(Owner {
        user: user.to_owned(),
        group: group.map(str::to_owned),
    })
}

/// The largest user or group number; the one above stands for "none" in the kernel.
pub(super) const MAX_ID: i64 = 4_294_967_294;

/// A number, or a name that passwd(5) can hold and that useradd(8) takes in some configuration.
pub(super) fn account(word: &str) -> std::result::Result<(), String> {
    if word.is_empty() {
        return Err("a name is empty".into());
    }
    if word.bytes().all(|byte| byte.is_ascii_digit()) {
        return match word.parse::<i64>() {
            Ok(number) if number <= MAX_ID => Ok(()),
            _ => Err(format!("{word} is larger than {MAX_ID}")),
        };
    }
    account_name(word)
}

/// What [`account`] takes, but numbers.
pub(super) fn account_name(word: &str) -> std::result::Result<(), String> {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    let alphabet = |c: char| first(c) || c.is_ascii_digit() || c == '-' || c == '.';
    let body = word.strip_suffix('$').unwrap_or(word);
    if body.starts_with(first) && body.chars().all(alphabet) && word.len() <= 32 {
        Ok(())
    } else {
        Err(format!("`{}` is not the name of an account", shown(word)))
    }
}
