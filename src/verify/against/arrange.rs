//! Which layer of an image is which of the rebuilt one.

use std::collections::BTreeSet;

use crate::image::{Image, Layer};
use crate::verify::{Finding, Rebuilt, RebuiltLayer, sized};

/// A rebuilt layer and the image's.
pub(super) type Pair<'a, 't> = (&'a RebuiltLayer<'t>, &'a Layer);

/// In the order of the rebuilt layers. By place, where the image has as many and none has another's
/// name (one without a name must be the same); else by name. `None` where the image has layers
/// without a name that are not the same, or none of the rebuilt one's.
pub(super) fn pairs<'a, 't>(
    ours: &'a [RebuiltLayer<'t>],
    theirs: &'a [Layer],
) -> Option<Vec<Pair<'a, 't>>> {
    let is = |ours: &RebuiltLayer<'_>, theirs: &Layer| match &theirs.name {
        Some(name) => *name == ours.name,
        None => theirs.diff_id == ours.diff_id,
    };
    if ours.len() == theirs.len()
        && ours
            .iter()
            .zip(theirs)
            .all(|(ours, theirs)| is(ours, theirs))
    {
        return Some(ours.iter().zip(theirs).collect());
    }
    let names: Option<BTreeSet<&String>> = theirs.iter().map(|layer| layer.name.as_ref()).collect();
    if names?.len() != theirs.len() {
        return None;
    }
    let paired = ours.iter().filter_map(|ours| {
        let theirs = theirs.iter().find(|theirs| is(ours, theirs))?;
        Some((ours, theirs))
    });
    Some(paired.collect()).filter(|pairs: &Vec<_>| !pairs.is_empty())
}

/// Layers that are missing, extra or in another order.
pub(super) fn findings(
    rebuilt: &Rebuilt<'_>,
    found: &Image,
    pairs: &[Pair<'_, '_>],
) -> Vec<Finding> {
    let mut out = Vec::new();
    for layer in &rebuilt.layers {
        if !pairs.iter().any(|(ours, _)| std::ptr::eq(*ours, layer)) {
            let size = sized(layer.diff_id, layer.size);
            out.push(Finding::value("missing", Some(size), None).in_layer(Some(&layer.name)));
        }
    }
    let mut order = Vec::new();
    for layer in &found.layers {
        match pairs
            .iter()
            .find(|(_, theirs)| std::ptr::eq(*theirs, layer))
        {
            Some((ours, _)) => order.push(&ours.name[..]),
            None => {
                let size = sized(layer.diff_id, layer.size);
                let finding = Finding::value("extra", None, Some(size));
                out.push(finding.in_layer(layer.name.as_deref()));
            }
        }
    }
    let expected: Vec<&str> = pairs.iter().map(|(ours, _)| &ours.name[..]).collect();
    if expected != order {
        let [expected, found] = [expected, order].map(|names| Some(names.join(", ")));
        out.push(Finding::value("order", expected, found));
    }
    out
}
