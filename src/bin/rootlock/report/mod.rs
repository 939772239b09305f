//! What commands answer: the same facts as text for people and as JSON for programs.

mod audit;
mod build;
mod diff;
mod fetch;
mod fill;
mod images;
mod list;
mod lock;
mod outdated;
mod sarif;
mod sbom;
mod scripts;
pub(crate) mod store;
#[cfg(test)]
mod testing;
mod tree;
mod vendor;
mod verify;
mod why;

use std::path::PathBuf;

use rootlock::model::{Arch, Edge};
use serde_json::{Map, Value, json};

use crate::render;
use crate::session::View;

pub(crate) use diff::Markdown;
pub(crate) use lock::{Fits, Locked};
pub(crate) use sarif::Sarif;
pub(crate) use tree::Tree;

/// An answer.
pub(crate) trait Report {
    /// For people: whole lines.
    fn text(&self, view: &View) -> String;

    /// For programs: one object.
    fn json(&self) -> Value;
}

/// The answer of `init`.
#[derive(Debug)]
pub(crate) struct Initialised {
    /// The manifest.
    pub(crate) path: PathBuf,
}

impl Report for Initialised {
    fn text(&self, view: &View) -> String {
        let wrote = view.style.green("Wrote");
        format!("{wrote} {}\n", render::path(&self.path))
    }

    fn json(&self) -> Value {
        json!({"manifest": self.path.to_string_lossy()})
    }
}

/// `{"packages": {"amd64": [...]}}`, the shape that every list of packages has.
fn packages_json<'a, T: 'a>(
    arches: impl IntoIterator<Item = (Arch, &'a [T])>,
    package: impl Fn(&T) -> Value,
) -> Value {
    let arches = arches.into_iter().map(|(arch, packages)| {
        let packages = packages.iter().map(&package).collect::<Vec<_>>();
        (arch.to_string(), packages.into())
    });
    let arches: Map<String, Value> = arches.collect();
    json!({ "packages": arches })
}

/// An edge as the lockfile writes it: `NAME`, or `NAME: through`.
fn edge_json(edge: &Edge) -> Value {
    match &edge.through {
        None => json!(edge.name.as_str()),
        Some(through) => json!({ edge.name.as_str(): through }),
    }
}

/// `amd64`, `amd64 and arm64`, `a, b and c`.
fn enumerate(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
