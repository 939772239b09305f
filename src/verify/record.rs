//! Against what `build --record` wrote into the lockfile.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, Rebuilt, Verdict, cause, config, sized};
use crate::lockfile::{Generated, LayerRecord, Output, Undone};
use crate::model::PackageName;
use crate::tree::TreePath;

/// Compares with the recorded result of the same architecture.
///
/// A record holds digests of layers, and paths of `system` and `files` only. The Merkle root and the
/// image ID follow from the layers: they are findings where they differ by themselves.
pub fn with_record(recorded: &Output, rebuilt: &Rebuilt<'_>) -> Verdict {
    let mut verdict = Verdict::default();
    let out = &mut verdict.findings;
    if recorded.epoch != rebuilt.epoch {
        let [expected, found] =
            [recorded.epoch, rebuilt.epoch].map(|epoch| Some(epoch.to_string()));
        out.push(Finding::value("epoch", expected, found));
    }
    layers(recorded, rebuilt, out);
    let same_layers = out
        .iter()
        .all(|finding| matches!(finding.field(), "epoch" | "size"));
    generated(recorded, rebuilt, out);
    let unknown = layers_without_paths(out);
    if recorded.tree != rebuilt.root && same_layers {
        let [expected, found] = [recorded.tree, rebuilt.root].map(|root| Some(root.to_string()));
        out.push(Finding::value("tree", expected, found));
    }
    if recorded.config != rebuilt.config {
        let replayed = config::replayed(&rebuilt.config_json, rebuilt.config, recorded);
        let follows = match replayed {
            Some(replayed) => replayed == recorded.config,
            None => !out.is_empty(),
        };
        if !follows {
            let [expected, found] =
                [recorded.config, rebuilt.config].map(|id| Some(id.to_string()));
            out.push(Finding::value("config", expected, found));
        }
    }
    undone(&recorded.undone, &rebuilt.undone, out);
    if !unknown.is_empty() {
        verdict.notes.push(format!(
            "which paths of {} differ is not recorded: `--against` the image itself tells",
            unknown.join(", ")
        ));
    }
    if recorded.tree == rebuilt.root && !same_layers {
        verdict.notes.push(
            "the filesystem as a whole is the same: what differs is hidden by higher layers, or \
             is how the layers are written"
                .into(),
        );
    }
    blobs(recorded, rebuilt, &mut verdict);
    cause::explain(&mut verdict.findings, rebuilt.tree);
    verdict
}

/// Layers by their groups: missing, extra, in another order, with other bytes.
fn layers(recorded: &Output, rebuilt: &Rebuilt<'_>, out: &mut Vec<Finding>) {
    let ours: BTreeMap<&str, _> = rebuilt
        .layers
        .iter()
        .map(|layer| (&layer.name[..], layer))
        .collect();
    let mut common = Vec::new();
    for LayerRecord {
        group,
        diff_id,
        size,
    } in &recorded.layers
    {
        let expected = sized(*diff_id, *size);
        let Some(layer) = ours.get(&group[..]) else {
            out.push(Finding::value("missing", Some(expected), None).in_layer(Some(group)));
            continue;
        };
        common.push(&group[..]);
        if (*diff_id, *size) != (layer.diff_id, layer.size) {
            let name = if *diff_id == layer.diff_id {
                "size"
            } else {
                "diff_id"
            };
            let found = sized(layer.diff_id, layer.size);
            out.push(Finding::value(name, Some(expected), Some(found)).in_layer(Some(group)));
        }
    }
    let mut order = Vec::new();
    for layer in &rebuilt.layers {
        match common.contains(&&layer.name[..]) {
            true => order.push(&layer.name[..]),
            false => {
                let found = sized(layer.diff_id, layer.size);
                let finding = Finding::value("extra", None, Some(found));
                out.push(finding.in_layer(Some(&layer.name)));
            }
        }
    }
    if order != common {
        let [expected, found] = [common, order].map(|names| Some(names.join(", ")));
        out.push(Finding::value("order", expected, found));
    }
}

/// The layers with other bytes of which no path is known to differ.
fn layers_without_paths(findings: &[Finding]) -> Vec<String> {
    let known: BTreeSet<_> = findings
        .iter()
        .filter(|finding| finding.path.is_some())
        .filter_map(|finding| finding.layer.as_deref())
        .collect();
    let differ = findings
        .iter()
        .filter(|finding| finding.field() == "diff_id");
    differ
        .filter_map(|finding| finding.layer.clone())
        .filter(|layer| !known.contains(&layer[..]))
        .collect()
}

/// What `system` and `files` hold, path by path.
fn generated(recorded: &Output, rebuilt: &Rebuilt<'_>, out: &mut Vec<Finding>) {
    let by_path = |list: &'_ [Generated]| -> BTreeMap<Vec<u8>, Generated> {
        let one = |entry: &Generated| (bytes(&entry.path), entry.clone());
        list.iter().map(one).collect()
    };
    let (old, new) = (by_path(&recorded.generated), by_path(&rebuilt.generated));
    let paths: BTreeSet<&Vec<u8>> = old.keys().chain(new.keys()).collect();
    // What is missing, and what is extra: the place in `out` that counts what is beneath.
    let mut tops: [BTreeMap<&[u8], usize>; 2] = Default::default();
    for path in paths {
        let at = TreePath::from_archive(path).ok().flatten();
        let layer = at.as_ref().and_then(|at| layer_of(at, recorded, rebuilt));
        let finding = |finding: Finding| finding.in_layer(layer).at(at.clone());
        let (side, alone) = match (old.get(path), new.get(path)) {
            (Some(old), Some(new)) => {
                out.extend(fields(old, new).into_iter().map(finding));
                continue;
            }
            (Some(old), None) => (0, Finding::value("missing", Some(kind(old)), None)),
            (_, new) => (1, Finding::value("extra", None, new.map(kind))),
        };
        let parent = path
            .iter()
            .rposition(|&byte| byte == b'/')
            .map(|end| &path[..end]);
        let top = parent.and_then(|parent| tops[side].get(parent).copied());
        let top = match top.and_then(|top| Some((top, out.get_mut(top)?))) {
            Some((top, above)) => {
                above.below += 1;
                top
            }
            None => {
                out.push(finding(alone));
                out.len() - 1
            }
        };
        tops[side].insert(path, top);
    }
}

/// The bytes of a recorded path: what was no UTF-8 is written as `\xNN`.
fn bytes(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\\x") {
        out.extend(before.as_bytes());
        let byte = after
            .get(..2)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        // Only bytes of invalid UTF-8 are written so, and ASCII is none.
        match (byte.filter(|byte| !byte.is_ascii()), after.get(2..)) {
            (Some(byte), Some(after)) => {
                out.push(byte);
                rest = after;
            }
            _ => {
                out.extend(b"\\x");
                rest = after;
            }
        }
    }
    out.extend(rest.as_bytes());
    out
}

/// The layer that holds a generated path; as far as it can be told of one that is missing.
fn layer_of<'a>(
    path: &TreePath,
    recorded: &'a Output,
    rebuilt: &'a Rebuilt<'_>,
) -> Option<&'a str> {
    let is_generated = |name: &str| matches!(name, "system" | "files");
    let holds = rebuilt
        .layers
        .iter()
        .rev()
        .find(|layer| is_generated(&layer.name) && layer.tree.nodes.contains_key(path));
    if let Some(layer) = holds {
        return Some(&layer.name);
    }
    // What is not there any more was in a layer that is another now.
    let same = |record: &LayerRecord| {
        let mut layers = rebuilt.layers.iter();
        layers.any(|layer| layer.name == record.group && layer.diff_id == record.diff_id)
    };
    let changed = |record: &&LayerRecord| is_generated(&record.group) && !same(record);
    let mut changed = recorded.layers.iter().filter(changed);
    match (changed.next(), changed.next()) {
        (Some(only), None) => Some(&only.group),
        _ => None,
    }
}

/// What a recorded path is, as far as the record says.
fn kind(entry: &Generated) -> String {
    match (&entry.sha256, &entry.link) {
        (Some(digest), _) => format!("file {digest}"),
        (_, Some(target)) => format!("symbolic link to {target}"),
        _ => "directory".into(),
    }
}

fn fields(old: &Generated, new: &Generated) -> Vec<Finding> {
    let is = |entry: &Generated| (entry.sha256.is_some(), entry.link.is_some());
    if is(old) != is(new) {
        return vec![Finding::value("type", Some(kind(old)), Some(kind(new)))];
    }
    let content = |entry: &Generated| entry.sha256.map(|digest| digest.to_string());
    let mode = |entry: &Generated| match entry.link {
        Some(_) => None,
        None => Some(format!("{:04o}", entry.mode)),
    };
    let owner = |entry: &Generated| Some(format!("{}:{}", entry.uid, entry.gid));
    let pairs = [
        ("content", content(old), content(new)),
        ("mode", mode(old), mode(new)),
        ("owner", owner(old), owner(new)),
        ("link", old.link.clone(), new.link.clone()),
    ];
    pairs
        .into_iter()
        .filter(|(_, old, new)| old != new)
        .map(|(name, old, new)| Finding::value(name, old, new))
        .collect()
}

fn undone(old: &[Undone], new: &[Undone], out: &mut Vec<Finding>) {
    let [old, new]: [BTreeSet<&Undone>; 2] = [old, new].map(|list| list.iter().collect());
    for one in old.symmetric_difference(&new) {
        let text = Some(format!("{}: {}", one.script, one.statement));
        let (expected, found) = match old.contains(one) {
            true => (text, None),
            false => (None, text),
        };
        let package: Option<PackageName> = Some(one.package.clone());
        out.push(Finding {
            package,
            ..Finding::value("undone", expected, found)
        });
    }
}

/// Compressed blobs, which only an equal encoder makes alike.
fn blobs(recorded: &Output, rebuilt: &Rebuilt<'_>, verdict: &mut Verdict) {
    let note = match (&recorded.blobs, &rebuilt.blobs) {
        (None, _) => return,
        (Some(old), None) => {
            format!(
                "blobs were not compared: none were made; the recorded ones are of {}",
                old.encoder
            )
        }
        (Some(old), Some(new)) if old.encoder != new.encoder => format!(
            "blobs were not compared: the recorded ones are of {}, and these of {}",
            old.encoder, new.encoder
        ),
        (Some(old), Some(new)) => {
            if old.digest != new.digest && verdict.findings.is_empty() {
                let [expected, found] = [old.digest, new.digest].map(|id| Some(id.to_string()));
                verdict
                    .findings
                    .push(Finding::value("manifest", expected, found));
            }
            return;
        }
    };
    verdict.notes.push(note);
}
