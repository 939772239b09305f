//! `add` and `remove`: edits of the text that leave comments, order and style as they are.
//!
//! The places come from the YAML parser; what is written there is read again and compared with what
//! was meant, so a text in a style that is not foreseen here is refused and never spoilt.

use super::error::ManifestError;
use super::fields::shown;
use super::groups::{self, RESERVED};
use super::nearest::nearest;
use super::schema::{decode, parse};
use super::text::{self, Lines};
use super::yaml::{Document, Form, Kind, Node};
use super::{Group, Manifest, ParseContext};
use crate::model::{Dialect, GroupName, PackageRequest};

type Result<T> = std::result::Result<T, ManifestError>;

pub(super) use super::text::quoted;

/// Adds requests to the text of a manifest, and returns the new text.
///
/// They go to the end of `group`, which is made, on top of the others, if there is none of that
/// name; without one to the highest group, which is the layer that is cheapest to change. A package
/// that is there already, for the same architectures, gets the new version constraint in its place,
/// as `cargo add` does: in `group`, or in whichever group has it where none is given. Asking for
/// what is there already changes nothing.
///
/// # Errors
/// When the text is not a valid manifest, a request is not one, or the text cannot be edited.
pub fn add<S: AsRef<str>>(
    text: &str,
    packages: &[S],
    group: Option<&str>,
    context: &ParseContext<'_>,
) -> Result<String> {
    let (mark, body) = split_mark(text);
    let mut body = body.to_owned();
    for package in packages {
        let editor = Editor::new(&body, context)?;
        let request = editor.request(package.as_ref())?;
        if let Some(next) = editor.add(&request, group)? {
            body = next;
        }
    }
    Ok(format!("{mark}{body}"))
}

/// Removes requests from the text of a manifest, in whichever groups they are, and returns the new
/// text. A bare name removes every request of that name, anything more only the same request.
///
/// # Errors
/// When the text is not a valid manifest, no group asks for a package, or the text cannot be edited.
pub fn remove<S: AsRef<str>>(
    text: &str,
    packages: &[S],
    context: &ParseContext<'_>,
) -> Result<String> {
    let (mark, body) = split_mark(text);
    let mut body = body.to_owned();
    for package in packages {
        let mut editor = Editor::new(&body, context)?;
        let request = editor.dialect_request(package.as_ref())?;
        let Some(first) = editor.find_removed(&request) else {
            return Err(editor.nowhere(&request));
        };
        let mut next = Some(first);
        while let Some((group, item)) = next {
            body = editor.remove(group, item)?;
            editor = Editor::new(&body, context)?;
            next = editor.find_removed(&request);
        }
    }
    Ok(format!("{mark}{body}"))
}

/// A byte order mark, and the rest.
fn split_mark(text: &str) -> (&str, &str) {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    (&text[..text.len() - body.len()], body)
}

/// One text between two edits.
struct Editor<'a> {
    text: &'a str,
    document: Document<'a>,
    manifest: Manifest,
    dialect: &'a dyn Dialect,
    context: &'a ParseContext<'a>,
}

impl<'a> Editor<'a> {
    fn new(text: &'a str, context: &'a ParseContext<'a>) -> Result<Self> {
        let manifest = parse(text, context)?;
        let unplaced = |fault: super::fault::Fault| fault.place(context.file, None);
        let text = decode(text.as_bytes()).map_err(unplaced)?;
        let document = Document::read(text).map_err(unplaced)?;
        let dialect = context
            .dialects
            .iter()
            .find(|dialect| dialect.name() == manifest.distro)
            .copied();
        Ok(Self {
            text,
            document,
            dialect: dialect.ok_or_else(|| refuse("the distribution is not known", None))?,
            manifest,
            context,
        })
    }

    fn dialect_request(&self, text: &str) -> Result<PackageRequest> {
        self.dialect
            .request(text)
            .map_err(|error| refuse(error.to_string(), None))
    }

    /// A request that this manifest can hold.
    fn request(&self, text: &str) -> Result<PackageRequest> {
        let specs = self.manifest.repositories.iter().flatten();
        let tags: Vec<&str> = specs.filter_map(|spec| spec.tag.as_deref()).collect();
        let node = Node {
            id: 0,
            kind: Kind::Scalar(text.to_owned(), Form::Text, None),
        };
        groups::request(&node, self.dialect, &tags, &self.manifest.architectures)
            .map_err(|fault| refuse(fault.message, fault.hint))
    }

    fn add(&self, request: &PackageRequest, group: Option<&str>) -> Result<Option<String>> {
        let groups = &self.manifest.groups;
        let target = match group {
            Some(name) => groups.iter().position(|known| known.name.as_str() == name),
            None => groups.len().checked_sub(1),
        };
        let searched = |index: usize| group.is_none() || Some(index) == target;
        let mut same = Vec::new();
        for (index, known) in groups.iter().enumerate().filter(|(i, _)| searched(*i)) {
            for (item, other) in known.packages().iter().enumerate() {
                if other == request {
                    return Ok(None);
                }
                let slot =
                    |r: &PackageRequest| (r.name.clone(), r.qualifier.clone(), r.arches.clone());
                if slot(other) == slot(request) {
                    same.push((index, item));
                }
            }
        }
        let mut meant = self.manifest.clone();
        let next = match (&same[..], target) {
            ([(group, item)], _) => {
                let packages = meant.groups[*group].packages.get_or_insert_default();
                packages[*item] = request.clone();
                self.replace(*group, *item, request)
            }
            ([], Some(group)) => {
                let packages = meant.groups[group].packages.get_or_insert_default();
                packages.push(request.clone());
                self.append(group, request)
            }
            ([], None) => {
                let name = new_group(group.unwrap_or_default())?;
                let text = self.append_group(&name, request);
                meant.groups.push(Group {
                    name,
                    priority: None,
                    packages: Some(vec![request.clone()]),
                    exclude: None,
                });
                text
            }
            _ => {
                return Err(refuse(
                    format!("`{}` is requested {} times", request.name, same.len()),
                    Some("say which one is meant by editing the file".into()),
                ));
            }
        };
        self.check(next, meant, &format!("add `{request}` to `packages`"))
            .map(Some)
    }

    /// Whether the new text says what is meant, and nothing else.
    fn check(&self, next: Option<String>, meant: Manifest, advice: &str) -> Result<String> {
        let next = next.filter(|next| {
            parse(next, self.context).is_ok_and(|read| without_lines(read) == without_lines(meant))
        });
        next.ok_or_else(|| ManifestError::Edit {
            file: self.context.file.to_owned(),
            hint: format!("{advice} by hand; nothing was changed"),
        })
    }

    fn group(&self, index: usize) -> Option<&Node> {
        self.document.root.get("groups")?.items().get(index)
    }

    fn item(&self, group: usize, item: usize) -> Option<&Node> {
        self.group(group)?.get("packages")?.items().get(item)
    }

    /// The bytes of an item's text, quotes included.
    fn span(&self, node: &Node) -> Option<std::ops::Range<usize>> {
        let start = self.document.offset(node.id)?;
        let end = text::end_of_scalar(self.text, start, node.key())?;
        Some(start..end)
    }

    fn replace(&self, group: usize, item: usize, request: &PackageRequest) -> Option<String> {
        let span = self.span(self.item(group, item)?)?;
        Some(text::splice(self.text, span, &quoted(&request.to_string())))
    }

    fn append(&self, group: usize, request: &PackageRequest) -> Option<String> {
        let item = quoted(&request.to_string());
        let group = self.group(group)?;
        let Some((key, list)) = group.entry("packages") else {
            let start = self.document.offset(group.id)?;
            let name = self.span(group.get("name")?)?;
            return text::add_key(self.text, start, name.end, &format!("packages: [{item}]"));
        };
        let start = self.document.offset(list.id)?;
        match &list.kind {
            Kind::Seq(_) if self.text[start..].starts_with('[') => {
                text::append_flow(self.text, start, &item)
            }
            Kind::Seq(items) => {
                let last = self.span(items.last()?)?;
                text::append_block(self.text, start, last.end, &item)
            }
            Kind::Null(written) => {
                let colon = self.colon(key)?;
                let rest = if written.is_empty() {
                    colon
                } else {
                    start + written.len()
                };
                Some(text::splice(self.text, colon..rest, &format!(" [{item}]")))
            }
            _ => None,
        }
    }

    /// The byte behind the colon of a key.
    fn colon(&self, key: &Node) -> Option<usize> {
        let end = self.span(key)?.end;
        Some(end + self.text[end..].find(':')? + 1)
    }

    fn append_group(&self, name: &GroupName, request: &PackageRequest) -> Option<String> {
        let (name, item) = (quoted(name.as_str()), quoted(&request.to_string()));
        let Kind::Map(pairs) = &self.document.root.kind else {
            return None;
        };
        let index = pairs.iter().position(|(key, _)| key.key() == "groups")?;
        let start = self.document.offset(pairs[index].1.id)?;
        if self.text[start..].starts_with('[') {
            let group = format!("{{name: {name}, packages: [{item}]}}");
            return text::append_flow(self.text, start, &group);
        }
        let end = match pairs.get(index + 1) {
            Some((key, _)) => self.document.offset(key.id)?,
            None => self.text.len(),
        };
        let lines = Lines::new(self.text);
        let indent = lines.indent(start)?;
        let at = lines.end_of_block(start, end, indent.len());
        let group = [
            format!("{indent}- name: {name}"),
            format!("{indent}  packages:"),
            format!("{indent}    - {item}"),
        ];
        Some(lines.insert(at, &group))
    }

    /// The first request that `remove` means.
    fn find_removed(&self, request: &PackageRequest) -> Option<(usize, usize)> {
        let bare = PackageRequest {
            negated: request.negated,
            ..PackageRequest::named(&request.name)
        };
        let meant = |other: &PackageRequest| {
            other == request
                || (*request == bare
                    && (&other.name, other.negated) == (&request.name, request.negated))
        };
        self.manifest
            .groups
            .iter()
            .enumerate()
            .find_map(|(index, group)| Some((index, group.packages().iter().position(meant)?)))
    }

    fn remove(&self, group: usize, item: usize) -> Result<String> {
        let mut meant = self.manifest.clone();
        let removed = meant.groups[group]
            .packages
            .get_or_insert_default()
            .remove(item);
        let advice = format!("remove `{removed}` from `packages`");
        self.check(self.cut(group, item), meant, &advice)
    }

    fn cut(&self, group: usize, item: usize) -> Option<String> {
        let (key, list) = self.group(group)?.entry("packages")?;
        let start = self.document.offset(list.id)?;
        if self.text[start..].starts_with('[') {
            return text::cut_flow(self.text, start, item);
        }
        let span = self.span(self.item(group, item)?)?;
        let next = Lines::new(self.text).cut(span.start, span.end);
        if list.items().len() > 1 {
            Some(next)
        } else {
            let colon = self.colon(key)?;
            Some(text::splice(&next, colon..colon, " []"))
        }
    }

    /// The error for a package that no group asks for.
    fn nowhere(&self, request: &PackageRequest) -> ManifestError {
        let groups = &self.manifest.groups;
        let excluding = groups.iter().find(|group| {
            group
                .exclude()
                .iter()
                .any(|name| name.as_str() == request.name)
        });
        let all = groups.iter().flat_map(Group::packages);
        let names: Vec<String> = all.map(ToString::to_string).collect();
        let bare = groups
            .iter()
            .flat_map(Group::packages)
            .map(|r| r.name.as_str());
        let hint = if let Some(group) = excluding {
            Some(format!("group `{}` has it in `exclude`", group.name))
        } else if let Some(near) = nearest(&request.name, bare) {
            let mut near: Vec<&str> = names
                .iter()
                .map(String::as_str)
                .filter(|name| name.starts_with(near))
                .collect();
            near.truncate(3);
            Some(format!("did you mean `{}`?", near.join("` or `")))
        } else {
            None
        };
        refuse(
            format!(
                "no group of {} asks for `{}`",
                self.context.file,
                shown(&request.to_string())
            ),
            hint,
        )
    }
}

fn refuse(message: impl Into<String>, hint: Option<String>) -> ManifestError {
    ManifestError::Request {
        message: message.into(),
        hint,
    }
}

fn new_group(name: &str) -> Result<GroupName> {
    if RESERVED.contains(&name) {
        return Err(refuse(
            format!("a group cannot be called `{name}`: that is a layer of its own"),
            None,
        ));
    }
    name.parse().map_err(|_| {
        refuse(
            format!(
                "`{}` is not the name of a group: lower-case letters, digits, `.`, `_` and `-`",
                shown(name)
            ),
            None,
        )
    })
}

/// Lines move when text is edited; everything else must not. An empty list of packages and none at
/// all are one.
fn without_lines(mut manifest: Manifest) -> Manifest {
    for file in &mut manifest.files {
        file.line = 0;
    }
    for repository in manifest.repositories.iter_mut().flatten() {
        repository.line = 0;
    }
    for group in &mut manifest.groups {
        group.packages.get_or_insert_default();
    }
    manifest
}
