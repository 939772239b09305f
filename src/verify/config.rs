//! Image configurations, key by key.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Finding, escaped};
use crate::lockfile::Output;
use crate::model::Sha256;

/// What of the configurations follows from layers that were compared on their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layers {
    /// They are the same.
    Same,
    /// They are arranged alike, and some differ.
    Differ,
    /// They are arranged otherwise: the history is another too.
    Arranged,
}

/// A finding for each key whose value is another, by the path to it: `config.Env`,
/// `config.Labels.a`, `history[1].created_by`. What is null, empty or false is as good as absent:
/// tools differ in what they write out.
pub(super) fn differences(expected: &Value, found: &Value, layers: Layers) -> Vec<Finding> {
    let [expected, found] = [expected, found].map(|json| {
        let mut out = BTreeMap::new();
        flatten(json, String::new(), &mut out);
        out
    });
    let pair = |key: &str| (expected.get(key), found.get(key));
    let created = pair("created");
    let paths: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
    let differs = |path: &&String| {
        let values = pair(path);
        let follows = match layers {
            Layers::Same => false,
            Layers::Differ => *path == "rootfs.diff_ids",
            Layers::Arranged => path.starts_with("rootfs.") || path.starts_with("history"),
        };
        // One moment is written into every entry of the history.
        let moment = path.starts_with("history[") && path.ends_with("].created");
        values.0 != values.1 && !follows && !(moment && values == created)
    };
    paths
        .into_iter()
        .filter(differs)
        .map(|path| {
            let (expected, found) = pair(path);
            Finding::value(path.clone(), expected.cloned(), found.cloned())
        })
        .collect()
}

/// The values that are no objects and no lists of objects, by their paths.
fn flatten(json: &Value, path: String, out: &mut BTreeMap<String, String>) {
    match json {
        Value::Object(entries) => {
            for (key, value) in entries {
                let key = escaped(key);
                let path = match path.is_empty() {
                    true => key,
                    false => format!("{path}.{key}"),
                };
                flatten(value, path, out);
            }
        }
        Value::Array(list) if list.iter().any(Value::is_object) => {
            for (at, value) in list.iter().enumerate() {
                flatten(value, format!("{path}[{at}]"), out);
            }
        }
        Value::Null | Value::Bool(false) => {}
        Value::Array(list) if list.is_empty() => {}
        Value::String(text) if text.is_empty() => {}
        Value::String(text) => drop(out.insert(path, escaped(text))),
        other => drop(out.insert(path, other.to_string())),
    }
}

/// The digest that the configuration would have with the recorded layers and epoch. `None` where it
/// cannot be told, since `json` does not give `digest` when it is written.
pub(super) fn replayed(json: &Value, digest: Sha256, recorded: &Output) -> Option<Sha256> {
    let of = |json: &Value| Some(Sha256::of(&serde_json::to_vec(json).ok()?));
    if of(json)? != digest {
        return None;
    }
    let mut json = json.clone();
    let created = Value::from(recorded.epoch.to_string());
    *json.get_mut("created")? = created.clone();
    let layers = recorded.layers.iter();
    *json.get_mut("rootfs")?.get_mut("diff_ids")? = layers
        .clone()
        .map(|layer| Value::from(layer.diff_id.to_string()))
        .collect();
    let entry = |group: &str| {
        let by = Value::from(format!("rootlock group {group}"));
        let fields = [
            ("created".into(), created.clone()),
            ("created_by".into(), by),
        ];
        Value::Object(fields.into_iter().collect())
    };
    *json.get_mut("history")? = layers.map(|layer| entry(&layer.group)).collect();
    of(&json)
}
