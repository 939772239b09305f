//! Paths inside the image, and `paths:`.

use super::fields::{Fields, Result, shown};
use super::yaml::Node;
use crate::model::PathRules;

/// PATH_MAX of Linux, its NUL included.
const MAX_PATH: usize = 4096;
/// NAME_MAX of Linux.
const MAX_PART: usize = 255;

/// An absolute path without empty, `.` or `..` parts. A trailing slash is not kept.
pub(super) fn absolute(node: &Node, what: &str) -> Result<String> {
    let text = node.text(what)?;
    let wrong = |why: String| Err(node.fault(format!("{what} {why}: `{}`", shown(text))));
    let Some(inner) = text.strip_prefix('/') else {
        return wrong("must be absolute, beginning with `/`".into());
    };
    let inner = inner.strip_suffix('/').unwrap_or(inner);
    if text.len() >= MAX_PATH {
        return wrong(format!("is longer than {} bytes", MAX_PATH - 1));
    }
    if inner.is_empty() {
        return if text == "/" {
            Ok("/".into())
        } else {
            wrong("has an empty part".into())
        };
    }
    for part in inner.split('/') {
        if part.is_empty() {
            return wrong("has an empty part".into());
        }
        if part == "." || part == ".." {
            return wrong(format!("cannot have a part `{part}`"));
        }
        if part.len() > MAX_PART {
            return wrong(format!("has a part longer than {MAX_PART} bytes"));
        }
        if part.starts_with(".wh.") {
            return wrong(
                "cannot have a part that begins with `.wh.`, the mark of a whiteout".into(),
            );
        }
    }
    Ok(format!("/{inner}"))
}

/// Reads `paths:`.
pub(super) fn rules(node: &Node) -> Result<PathRules> {
    let fields = Fields::read(node, " in `paths`", &["exclude", "include"], &[], "")?;
    let patterns = |key: &str| {
        fields
            .list(key)?
            .iter()
            .map(|item| pattern(item, &format!("a pattern of {}", fields.what(key))))
            .collect::<Result<Vec<String>>>()
    };
    Ok(PathRules {
        exclude: patterns("exclude")?,
        include: patterns("include")?,
    })
}

fn pattern(node: &Node, what: &str) -> Result<String> {
    let text = node.text(what)?;
    if text.starts_with(['/', '*']) {
        Ok(text.to_owned())
    } else {
        Err(node
            .fault(format!("{what} must begin with `/`: `{}`", shown(text)))
            .hint(format!("write `/{}`", shown(text))))
    }
}
