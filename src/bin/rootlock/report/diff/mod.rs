//! The answer of `diff`: as text, as an object, and as Markdown for a pull request.

mod markdown;
mod rows;
mod text;

#[cfg(test)]
mod tests;

use rootlock::ops::review::{
    ArchDiff, DiffReport, FieldChange, LayersDiff, OutputDiff, PackageDiff, RepositoryDiff,
};
use serde_json::{Map, Value, json};

use super::Report;
use super::why::chain_json;
use crate::session::View;

/// The report as Markdown, fit for the comment of a pull request.
#[derive(Debug)]
pub(crate) struct Markdown<'a>(pub(crate) &'a DiffReport);

impl Report for Markdown<'_> {
    fn text(&self, _: &View) -> String {
        markdown::report(self.0)
    }

    fn json(&self) -> Value {
        self.0.json()
    }
}

impl Report for DiffReport {
    fn text(&self, view: &View) -> String {
        text::report(self, view)
    }

    fn json(&self) -> Value {
        json!({
            "from": self.from,
            "to": self.to,
            "equal": self.equal,
            "fields": self.fields.iter().map(field).collect::<Vec<_>>(),
            "repositories": self.repositories.iter().map(repository).collect::<Vec<_>>(),
            "packages": self.by_arch(|diff| diff.packages.iter().map(package).collect()),
            "sizes": self.by_arch(|diff| json!({
                "packages": diff.count,
                "from": diff.from_size,
                "to": diff.size,
            })),
            "layers": self.by_arch(|diff| layers(&diff.layers)),
            "outputs": self.outputs.iter().map(output).collect::<Vec<_>>(),
        })
    }
}

/// An object of the architectures.
trait ByArch {
    fn by_arch(&self, of: impl Fn(&ArchDiff) -> Value) -> Value;
}

impl ByArch for DiffReport {
    fn by_arch(&self, of: impl Fn(&ArchDiff) -> Value) -> Value {
        let arches = self.arches.iter();
        let arches: Map<String, Value> = arches
            .map(|(arch, diff)| (arch.to_string(), of(diff)))
            .collect();
        arches.into()
    }
}

fn field(field: &FieldChange) -> Value {
    json!({"field": field.field, "from": field.from, "to": field.to})
}

fn repository(repository: &RepositoryDiff) -> Value {
    let change = match (repository.was, repository.is) {
        (false, _) => "added",
        (_, false) => "removed",
        _ => "changed",
    };
    json!({
        "id": repository.id,
        "change": change,
        "fields": repository.fields.iter().map(field).collect::<Vec<_>>(),
    })
}

fn package(diff: &PackageDiff) -> Value {
    let (is, was) = diff.sides();
    json!({
        "name": diff.package.name.as_str(),
        "change": diff.kind.as_str(),
        "from": was.map(|package| package.version.as_str()),
        "to": is.map(|package| package.version.as_str()),
        "source": {
            "name": diff.package.source.name,
            "version": diff.package.source.version.as_str(),
        },
        "group": is.map(|package| package.group.as_str()),
        "from_group": was.map(|package| package.group.as_str()),
        "size": is.map(|package| package.size),
        "from_size": was.map(|package| package.size),
        "repository": is.map(|package| package.repository.as_str()),
        "from_repository": was.map(|package| package.repository.as_str()),
        "fields": diff.fields,
        "why": diff.why.as_ref().map(chain_json),
    })
}

fn layers(diff: &LayersDiff) -> Value {
    let layer = |layer: &rootlock::ops::review::LayerDiff| {
        json!({
            "group": layer.group,
            "change": layer.state.as_str(),
            "changed": layer.state.is_sent(),
            "size": layer.size,
            "estimated": diff.estimated,
            "unpacked": layer.unpacked,
        })
    };
    diff.layers.iter().map(layer).collect()
}

fn output(output: &OutputDiff) -> Value {
    json!({
        "arch": output.arch.map(|arch| arch.to_string()),
        "from": output.from.map(|digest| digest.to_string()),
        "to": output.to.map(|digest| digest.to_string()),
        "fields": output.fields,
    })
}
