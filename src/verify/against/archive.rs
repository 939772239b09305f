//! One archive: what it holds, then how it is written.

use crate::image::{Layer, Oddity, Whiteout};
use crate::model::Sha256;
use crate::verify::{Finding, Verdict, What};

/// Adds `findings`, what differs of the filesystem in it, and what it removes. Where that is
/// nothing: how it is written otherwise, which is at least another digest than `expected`, where
/// that is known.
pub(super) fn compare(
    layer: Option<&str>,
    mut findings: Vec<Finding>,
    theirs: &Layer,
    expected: Option<Sha256>,
    verdict: &mut Verdict,
) {
    findings.extend(theirs.whiteouts.iter().map(whiteout));
    if findings.is_empty() {
        findings.extend(oddities(&theirs.oddities));
    } else if !theirs.oddities.is_empty() {
        let what = layer.map_or("the archive".into(), |name| format!("the layer {name}"));
        verdict.notes.push(format!(
            "{what} is also written otherwise: its entries are not each there once and in order"
        ));
    }
    match expected {
        Some(expected) if findings.is_empty() && expected != theirs.diff_id => {
            let [expected, found] =
                [expected, theirs.diff_id].map(|digest| Some(digest.to_string()));
            findings.push(Finding::value("encoding", expected, found));
        }
        _ => {}
    }
    let placed = findings.into_iter().map(|finding| match finding.layer {
        None => finding.in_layer(layer),
        Some(_) => finding,
    });
    verdict.findings.extend(placed);
}

fn whiteout(whiteout: &Whiteout) -> Finding {
    let (path, what) = match whiteout {
        Whiteout::Path(path) => (Some(path), "removed from the layers beneath"),
        Whiteout::Below(path) => (path.as_ref(), "emptied of what the layers beneath have"),
    };
    Finding::value("whiteout", None, Some(what.into())).at(path.cloned())
}

/// One finding for each way in which the archive is odd, at the first path that is: a tool that
/// writes one entry so writes many.
fn oddities(all: &[Oddity]) -> Vec<Finding> {
    let mut out: Vec<(Finding, usize)> = Vec::new();
    for oddity in all {
        let (path, name, what) = match oddity {
            // What was appended is out of order for that.
            Oddity::Order(path) if all.contains(&Oddity::Repeated(path.clone())) => continue,
            Oddity::Order(path) => (Some(path), "order", "behind a path that sorts after it"),
            Oddity::Repeated(path) => (Some(path), "repeated", "more than one entry"),
            Oddity::NoParent(path) => (Some(path), "parent", "no entry for a directory above it"),
            Oddity::Root => (None, "root", "an entry for the root"),
        };
        match out.iter_mut().find(|(finding, _)| finding.field() == name) {
            Some((_, more)) => *more += 1,
            None => {
                let finding = Finding::value(name, None, Some(what.into()));
                out.push((finding.at(path.cloned()), 0));
            }
        }
    }
    let one = |(mut finding, more): (Finding, usize)| {
        if let What::Value {
            found: Some(found), ..
        } = &mut finding.what
            && more > 0
        {
            found.push_str(&format!(", and so are at least {more} more"));
        }
        finding
    };
    out.into_iter().map(one).collect()
}
