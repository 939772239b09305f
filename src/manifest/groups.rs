//! `groups:`, the layers and what they ask for.

use super::Group;
use super::fields::{Fields, Result, shown};
use super::nearest::nearest;
use super::schema::{bad_name, one_of};
use super::yaml::Node;
use crate::model::{Arch, Dialect, GroupName, PackageName, PackageRequest, Priority};

/// Layers that are not groups.
pub(super) const RESERVED: [&str; 2] = ["system", "files"];

const KEYS: &[&str] = &["name", "packages", "exclude"];
const DISTRO_KEYS: &[&str] = &["priority"];
const PRIORITIES: &[(&str, Priority)] = &[
    ("essential", Priority::Essential),
    ("required", Priority::Required),
    ("important", Priority::Important),
    ("standard", Priority::Standard),
];

/// Reads `groups:`; `tags` are those of the repositories, `arches` what is locked for if that is
/// declared.
pub(super) fn read(
    top: &Fields<'_>,
    dialect: &dyn Dialect,
    tags: &[&str],
    arches: &[Arch],
) -> Result<Vec<Group>> {
    let node = top.required("groups")?;
    let items = node.list("`groups`")?;
    if items.is_empty() {
        return Err(node
            .fault("`groups` holds no group")
            .hint("add one: `- {name: base, packages: [...]}`"));
    }
    let mut out: Vec<Group> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let group = group(item, index, dialect, tags, arches)?;
        if out.iter().any(|other| other.name == group.name) {
            return Err(item
                .get("name")
                .unwrap_or(item)
                .fault(format!("two groups have the name `{}`", group.name))
                .hint("each group is a layer of its own: join them, or rename one"));
        }
        out.push(group);
    }
    Ok(out)
}

fn group(
    node: &Node,
    index: usize,
    dialect: &dyn Dialect,
    tags: &[&str],
    arches: &[Arch],
) -> Result<Group> {
    let place = match node.get("name").map(Node::key) {
        Some(name) if !name.is_empty() => format!(" in group `{}`", shown(name)),
        _ => format!(" in group {}", index + 1),
    };
    let mut known = KEYS.to_vec();
    known.extend(
        DISTRO_KEYS
            .iter()
            .filter(|key| dialect.manifest_keys().contains(key)),
    );
    let fields = Fields::read(node, &place, &known, DISTRO_KEYS, dialect.name())?;
    let name_node = fields.required("name")?;
    let text = name_node.text("`name` of a group")?;
    if RESERVED.contains(&text) {
        return Err(name_node
            .fault(format!(
                "a group cannot be called `{text}`: that is a layer of its own"
            ))
            .hint("the names `system` and `files` are reserved"));
    }
    let name: GroupName = text
        .parse()
        .map_err(|_| bad_name(name_node, "`name` of a group", text))?;
    let packages = fields
        .filled("packages")
        .map(|list| {
            list.list(&fields.what("packages"))?
                .iter()
                .map(|item| request(item, dialect, tags, arches))
                .collect()
        })
        .transpose()?;
    let exclude = fields
        .filled("exclude")
        .map(|list| {
            list.list(&fields.what("exclude"))?
                .iter()
                .map(|item| excluded(item, dialect))
                .collect()
        })
        .transpose()?;
    Ok(Group {
        name,
        priority: one_of(&fields, "priority", PRIORITIES)?,
        packages,
        exclude,
    })
}

pub(super) fn request(
    node: &Node,
    dialect: &dyn Dialect,
    tags: &[&str],
    arches: &[Arch],
) -> Result<PackageRequest> {
    let text = node.text("a package request")?;
    let request = dialect
        .request(text)
        .map_err(|error| node.fault(error.to_string()))?;
    if let Some(tag) = &request.tag
        && !tags.contains(&tag.as_str())
    {
        let fault = node.fault(format!("`{}`: no repository has `tag: {tag}`", shown(text)));
        return Err(match nearest(tag, tags.iter().copied()) {
            Some(near) => fault.suggest(Some(near)),
            None => fault.hint("give one of `repositories` that tag"),
        });
    }
    if let Some(wanted) = &request.qualifier
        && let Some(wanted) = dialect.arch(wanted)
        && let Some(other) = arches
            .iter()
            .find(|arch| **arch != wanted && request.applies_to(**arch))
    {
        return Err(node
            .fault(format!(
                "`{}`: a package of another architecture is not supported yet, and {other} is \
                 locked too",
                shown(text)
            ))
            .unsatisfiable()
            .hint(format!("write `{} [{wanted}]`", request.name)));
    }
    Ok(request)
}

fn excluded(node: &Node, dialect: &dyn Dialect) -> Result<PackageName> {
    let text = node.text("an excluded package")?;
    let request = dialect
        .request(text)
        .map_err(|error| node.fault(error.to_string()))?;
    if !request.is_name_alone() {
        return Err(node
            .fault(format!(
                "`exclude` holds names alone, not `{}`",
                shown(text)
            ))
            .hint(format!("write `{}`", request.name)));
    }
    request.name.parse().map_err(|_| {
        node.fault(format!(
            "`exclude` holds names of packages, not `{}`",
            shown(text)
        ))
    })
}
