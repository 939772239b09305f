//! The normal form of a manifest, by whose digest a lockfile knows it: FORMATS.md section 2.
//!
//! It is one JSON object, written by RFC 8785 (no spaces, keys sorted, shortest escapes), with the
//! manifest's own key names:
//!
//! - `distro` and `release`: text as written. `snapshot`: text, `20261101T000000Z`.
//! - `architectures`: OCI names, sorted.
//! - `repositories`, in order, each with the keys that it has: `archive`, `url`, `suite`, `path`,
//!   `tag` as written; `components` in order; `priority` a number; `snapshot` (which can only be
//!   false), `unsigned` and `allow_expired` true or false; `keyring` the text `sha256:` and the hex
//!   digest of the file's bytes, `keys` a list of such texts in order.
//! - `recommends`: true or false.
//! - `groups`, in order, each with the keys that it has: `name`, `priority`, `packages` and
//!   `exclude`; the last two in normal form, without duplicates, sorted by their bytes.
//!
//! A key that the manifest does not have is not there: no default is filled in. A list that is
//! there and empty (`packages: []`) is there; one whose key has no value at all (`packages:`) is not.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Group, Manifest, RepositorySpec};
use crate::model::{Key, Origin, Repository, Sha256};

/// An object whose keys are sorted, as RFC 8785 wants them. All keys here are ASCII, for which the
/// order of bytes is that of UTF-16 units.
type Object = BTreeMap<&'static str, Value>;

impl Manifest {
    /// The normal form. `repositories` are those that [`Manifest::repositories`] gave, for the
    /// digests of the keys.
    pub fn normal_form(&self, repositories: &[Repository]) -> String {
        let mut object = Object::new();
        object.insert("distro", self.distro.as_str().into());
        put(&mut object, "release", self.release.as_deref());
        put(
            &mut object,
            "snapshot",
            self.snapshot.map(|moment| moment.to_string()),
        );
        if !self.architectures.is_empty() {
            let names: BTreeSet<String> =
                self.architectures.iter().map(ToString::to_string).collect();
            object.insert("architectures", list(names));
        }
        put(&mut object, "recommends", self.recommends);
        object.insert("groups", self.groups.iter().map(group).collect());
        if let Some(specs) = &self.repositories {
            let keys = repositories.iter().map(|read| read.keys.as_slice());
            let entries = specs.iter().zip(keys.chain(std::iter::repeat(&[][..])));
            let entries = entries.map(|(spec, keys)| repository(spec, keys));
            object.insert("repositories", entries.collect());
        }
        value(object).to_string()
    }

    /// The digest of the normal form: `manifest:` of the lockfile.
    pub fn digest(&self, repositories: &[Repository]) -> Sha256 {
        Sha256::of(self.normal_form(repositories).as_bytes())
    }
}

fn value(object: Object) -> Value {
    Value::Object(
        object
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect(),
    )
}

fn put(object: &mut Object, key: &'static str, field: Option<impl Into<Value>>) {
    if let Some(field) = field {
        object.insert(key, field.into());
    }
}

fn list(texts: impl IntoIterator<Item = String>) -> Value {
    texts.into_iter().map(Value::from).collect()
}

fn group(group: &Group) -> Value {
    let mut object = Object::new();
    object.insert("name", group.name.as_str().into());
    put(
        &mut object,
        "priority",
        group.priority.map(|level| level.as_str()),
    );
    let sorted = |texts: BTreeSet<String>| list(texts);
    let packages = group.packages.as_ref();
    let packages = packages.map(|all| sorted(all.iter().map(ToString::to_string).collect()));
    put(&mut object, "packages", packages);
    let exclude = group.exclude.as_ref();
    let exclude = exclude.map(|all| sorted(all.iter().map(ToString::to_string).collect()));
    put(&mut object, "exclude", exclude);
    value(object)
}

fn repository(spec: &RepositorySpec, keys: &[Key]) -> Value {
    let mut object = Object::new();
    match &spec.origin {
        Origin::Archive(name) => object.insert("archive", name.as_str().into()),
        Origin::Url(url) => object.insert("url", url.as_str().into()),
    };
    put(&mut object, "suite", spec.suite.as_deref());
    put(&mut object, "components", spec.components.clone().map(list));
    put(&mut object, "path", spec.path.as_deref());
    put(&mut object, "priority", spec.priority);
    put(&mut object, "tag", spec.tag.as_deref());
    put(&mut object, "snapshot", spec.unpinned.then_some(false));
    put(&mut object, "unsigned", spec.unsigned);
    put(&mut object, "allow_expired", spec.allow_expired);
    let mut digests = keys.iter().map(|key| key.sha256.to_string());
    if spec.keyring.is_some() {
        put(&mut object, "keyring", digests.next());
    }
    if spec.keys.is_some() {
        object.insert("keys", list(digests));
    }
    value(object)
}
