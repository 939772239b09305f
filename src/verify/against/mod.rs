//! Against an image that somebody built, with whatever tool.

mod archive;
mod arrange;
mod rights;

use super::config::{self, Layers};
use super::{Finding, Rebuilt, Verdict, cause};
use crate::image::{Form, Image};
use crate::lockfile::BlobRecord;
use crate::tree::{Difference, TreePath, diff};
use arrange::Pair;

/// Compares with an image or a filesystem that was read.
///
/// Layers are compared one by one where the image has those of the rebuilt one, by their names;
/// those of another tool only as the filesystem that they make. A manifest is compared where
/// `recorded`, the lockfile's, names the encoder of the rebuilt image: else it says nothing.
pub fn with_image(
    rebuilt: &Rebuilt<'_>,
    found: &Image,
    form: Form,
    recorded: Option<&BlobRecord>,
) -> Verdict {
    let mut verdict = match form {
        Form::OciLayout | Form::OciArchive => {
            let (mut verdict, pairs) = layered(rebuilt, found);
            blobs(rebuilt, found, &pairs, recorded, &mut verdict);
            verdict
        }
        // Its blobs are not compressed, and it has no manifest of its own.
        Form::DockerArchive => layered(rebuilt, found).0,
        Form::Tar => tar(rebuilt, found),
        Form::Directory => directory(rebuilt, found),
    };
    verdict.notes.extend(found.skipped.iter().cloned());
    cause::explain(&mut verdict.findings, rebuilt.tree);
    verdict
}

/// An image with layers, and which of them are which.
fn layered<'a, 't>(rebuilt: &'a Rebuilt<'t>, found: &'a Image) -> (Verdict, Vec<Pair<'a, 't>>) {
    let mut verdict = Verdict::default();
    let pairs = arrange::pairs(&rebuilt.layers, &found.layers);
    let layers = match &pairs {
        None => {
            verdict.notes.push(format!(
                "its {} layers are not the {} of the rebuilt image: the filesystems that they make \
                 were compared, and not the layers",
                found.layers.len(),
                rebuilt.layers.len()
            ));
            let differences = diff(rebuilt.tree, &found.tree);
            verdict.findings = placed(rebuilt, differences);
            Layers::Arranged
        }
        Some(pairs) => {
            verdict.findings = arrange::findings(rebuilt, found, pairs);
            let alike = verdict.findings.is_empty();
            for (ours, theirs) in pairs {
                if ours.diff_id != theirs.diff_id {
                    let differences = diff(ours.tree, &theirs.tree);
                    let findings = differences.into_iter().flat_map(Finding::of).collect();
                    let name = Some(&ours.name[..]);
                    archive::compare(name, findings, theirs, Some(ours.diff_id), &mut verdict);
                }
            }
            match (alike, verdict.holds()) {
                (false, _) => Layers::Arranged,
                (true, true) => Layers::Same,
                (true, false) => Layers::Differ,
            }
        }
    };
    configuration(rebuilt, found, layers, &mut verdict);
    (verdict, pairs.unwrap_or_default())
}

fn configuration(rebuilt: &Rebuilt<'_>, found: &Image, layers: Layers, verdict: &mut Verdict) {
    let Some(theirs) = &found.config else {
        let note = "it has no image configuration to compare";
        verdict.notes.push(note.into());
        return;
    };
    if theirs.digest == rebuilt.config {
        return;
    }
    let mut keys = config::differences(&rebuilt.config_json, &theirs.json, layers);
    if keys.is_empty() && layers == Layers::Same {
        let [expected, found] = [rebuilt.config, theirs.digest].map(|id| Some(id.to_string()));
        keys.push(Finding::value("config.encoding", expected, found));
    }
    verdict.findings.extend(keys);
}

/// Compressed layers, which say nothing where the encoder is another.
fn blobs(
    rebuilt: &Rebuilt<'_>,
    found: &Image,
    pairs: &[Pair<'_, '_>],
    recorded: Option<&BlobRecord>,
    verdict: &mut Verdict,
) {
    let otherwise: Vec<&str> = pairs
        .iter()
        .filter(|(ours, theirs)| {
            let blobs = ours.blob.zip(theirs.blob);
            ours.diff_id == theirs.diff_id && blobs.is_some_and(|(ours, theirs)| ours != theirs)
        })
        .map(|(ours, _)| &ours.name[..])
        .collect();
    let manifests = rebuilt.blobs.as_ref().zip(found.manifest);
    let manifests = manifests.filter(|(ours, theirs)| verdict.holds() && ours.digest != *theirs);
    match manifests {
        Some((ours, theirs)) if recorded.is_some_and(|made| made.encoder == ours.encoder) => {
            let [expected, found] = [ours.digest, theirs].map(|digest| Some(digest.to_string()));
            verdict
                .findings
                .push(Finding::value("manifest", expected, found));
        }
        _ if !otherwise.is_empty() => verdict.notes.push(format!(
            "the same layers are compressed otherwise: {}",
            otherwise.join(", ")
        )),
        Some(_) => {
            let note = "its manifest is another: by its annotations or media types";
            verdict.notes.push(note.into());
        }
        None => {}
    }
}

/// A filesystem as one tar.
fn tar(rebuilt: &Rebuilt<'_>, found: &Image) -> Verdict {
    let mut verdict = Verdict::default();
    let findings = placed(rebuilt, diff(rebuilt.tree, &found.tree));
    match found.layers.first() {
        Some(theirs) => archive::compare(None, findings, theirs, rebuilt.tar, &mut verdict),
        None => verdict.findings = findings,
    }
    if verdict.holds() && rebuilt.tar.is_none() {
        let note = "how the archive is written was not compared in full";
        verdict.notes.push(note.into());
    }
    verdict
}

/// A filesystem as a directory.
fn directory(rebuilt: &Rebuilt<'_>, found: &Image) -> Verdict {
    let mut verdict = Verdict::default();
    let mut differences = diff(rebuilt.tree, &found.tree);
    if let Some(owner) = found.one_owner {
        let note = rights::forgive(&mut differences, owner);
        verdict.notes.push(note);
    }
    verdict.findings = placed(rebuilt, differences);
    verdict
}

/// Differences of whole filesystems, each in the layer whose path it is.
fn placed(rebuilt: &Rebuilt<'_>, differences: Vec<Difference>) -> Vec<Finding> {
    let findings = differences.into_iter().flat_map(Finding::of);
    findings
        .map(|finding| {
            let layer = finding
                .path
                .as_ref()
                .and_then(|path| layer_of(rebuilt, path));
            finding.in_layer(layer)
        })
        .collect()
}

/// The layer that a path is seen of: the highest that has it. A directory is in every layer that has
/// something in it, so it is the lowest one's that has it as it is seen.
fn layer_of<'a>(rebuilt: &'a Rebuilt<'_>, path: &TreePath) -> Option<&'a str> {
    let having = rebuilt.layers.iter().rev().filter_map(|layer| {
        let node = layer.tree.nodes.get(path)?;
        Some((layer, node))
    });
    let (highest, seen) = having.clone().next()?;
    let layer = match seen.is_directory() {
        true => having.take_while(|(_, node)| *node == seen).last()?.0,
        false => highest,
    };
    Some(&layer.name)
}
