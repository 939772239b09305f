//! Which layers have to be sent again.
//!
//! Where both lockfiles recorded their results, the digests decide; else the packages do, and what is
//! said is an estimate. A registry has a layer by its digest, wherever it lies; a client unpacks layers
//! onto each other, so that one above a changed one is unpacked again though it is not sent again.

use std::collections::{BTreeMap, BTreeSet};

use crate::lockfile::Output;
use crate::model::LockedPackage;

/// The layer of what the packages do not ship, highest but for `files:` of the manifest.
const SYSTEM: &str = "system";

/// What becomes of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LayerState {
    /// It is the same.
    Same,
    /// It is another one.
    Changed,
    /// There was none of its name.
    Added,
    /// There is none of its name any more.
    Removed,
}

impl LayerState {
    /// As reports write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Changed => "changed",
            Self::Added => "added",
            Self::Removed => "removed",
        }
    }

    /// Whether it has to be sent.
    pub const fn is_sent(self) -> bool {
        matches!(self, Self::Changed | Self::Added)
    }
}

/// One layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerDiff {
    /// The group's name, `system` or `files`.
    pub group: String,
    /// What becomes of it.
    pub state: LayerState,
    /// Bytes: of the layer's tar as recorded, else of the archives of its packages. Of `system` there
    /// is no estimate.
    pub size: Option<u64>,
    /// It is the same, and is unpacked again because one below it changed.
    pub unpacked: bool,
}

/// All layers of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayersDiff {
    /// Whether this follows from the packages and not from recorded digests.
    pub estimated: bool,
    /// Those of the new lockfile, then those that are gone.
    pub layers: Vec<LayerDiff>,
}

impl LayersDiff {
    /// Bytes of the layers that have to be sent, as far as they are known.
    pub fn sent(&self) -> u64 {
        let sent = self.layers.iter().filter(|layer| layer.state.is_sent());
        sent.fold(0, |sum, layer| sum.saturating_add(layer.size.unwrap_or(0)))
    }
}

/// Compares the layers of one architecture. `groups` is the order of the new lockfile's as far as it
/// is known, `rules` whether both make layers by the same rules.
pub(super) fn compare(
    before: &[LockedPackage],
    after: &[LockedPackage],
    recorded: (Option<&Output>, Option<&Output>),
    groups: &[&str],
    rules: bool,
) -> LayersDiff {
    match recorded {
        (Some(old), Some(new)) => of_outputs(old, new),
        (old, new) => {
            let known = new.or(old).map_or(&[][..], |output| &output.layers);
            let known: Vec<&str> = known.iter().map(|layer| layer.group.as_str()).collect();
            let groups = if groups.is_empty() { &known } else { groups };
            of_packages(before, after, groups, rules)
        }
    }
}

fn of_outputs(old: &Output, new: &Output) -> LayersDiff {
    let names = |output: &'_ Output| -> BTreeSet<String> {
        output
            .layers
            .iter()
            .map(|layer| layer.group.clone())
            .collect()
    };
    let (was, is) = (names(old), names(new));
    let known: BTreeSet<_> = old.layers.iter().map(|layer| layer.diff_id).collect();
    let mut beneath = true;
    let mut layers: Vec<LayerDiff> = Vec::new();
    for (place, layer) in new.layers.iter().enumerate() {
        let state = match (known.contains(&layer.diff_id), was.contains(&layer.group)) {
            (true, _) => LayerState::Same,
            (false, true) => LayerState::Changed,
            (false, false) => LayerState::Added,
        };
        let at_place = old.layers.get(place);
        beneath &= at_place.is_some_and(|old| old.diff_id == layer.diff_id);
        layers.push(LayerDiff {
            group: layer.group.clone(),
            state,
            size: Some(layer.size),
            unpacked: state == LayerState::Same && !beneath,
        });
    }
    let gone = old.layers.iter().filter(|layer| !is.contains(&layer.group));
    layers.extend(gone.map(|layer| LayerDiff {
        group: layer.group.clone(),
        state: LayerState::Removed,
        size: Some(layer.size),
        unpacked: false,
    }));
    LayersDiff {
        estimated: false,
        layers,
    }
}

fn of_packages(
    before: &[LockedPackage],
    after: &[LockedPackage],
    order: &[&str],
    rules: bool,
) -> LayersDiff {
    let (was, is) = (members(before), members(after));
    let mut names: Vec<&str> = is.keys().copied().collect();
    // Of groups that are not known the order is not, either: by name.
    names.sort_by_key(|name| {
        let place = order.iter().position(|known| known == name);
        (place.is_none(), place)
    });
    let ordered = names.iter().all(|name| order.contains(name));
    let mut beneath = true;
    let mut layers: Vec<LayerDiff> = Vec::new();
    for name in names {
        let state = match (was.get(name), is.get(name)) {
            (None, _) => LayerState::Added,
            (Some(old), Some(new)) if old == new && rules => LayerState::Same,
            _ => LayerState::Changed,
        };
        beneath &= state == LayerState::Same;
        layers.push(LayerDiff {
            group: name.to_owned(),
            state,
            size: Some(size(after, name)),
            unpacked: state == LayerState::Same && !beneath && ordered,
        });
    }
    // What was asked for is written down there, as apt's and apk's own databases have it.
    let same = rules && was == is && requested(before) == requested(after);
    if !after.is_empty() {
        layers.push(LayerDiff {
            group: SYSTEM.to_owned(),
            state: match (same, before.is_empty()) {
                (true, _) => LayerState::Same,
                (false, true) => LayerState::Added,
                (false, false) => LayerState::Changed,
            },
            size: None,
            unpacked: false,
        });
    }
    let gone = was.keys().filter(|name| !is.contains_key(*name));
    layers.extend(gone.map(|name| LayerDiff {
        group: (*name).to_owned(),
        state: LayerState::Removed,
        size: Some(size(before, name)),
        unpacked: false,
    }));
    LayersDiff {
        estimated: true,
        layers,
    }
}

/// What decides the bytes of each group's layer: its archives, by their digests.
fn members(packages: &[LockedPackage]) -> BTreeMap<&str, BTreeSet<(&str, String)>> {
    let mut out: BTreeMap<&str, BTreeSet<(&str, String)>> = BTreeMap::new();
    for package in packages {
        let members = out.entry(package.group.as_str()).or_default();
        members.insert((package.name.as_str(), package.sha256.hex()));
    }
    out
}

fn requested(packages: &[LockedPackage]) -> Vec<&str> {
    let requested = packages.iter().filter(|package| package.requested);
    requested.map(|package| package.name.as_str()).collect()
}

fn size(packages: &[LockedPackage], group: &str) -> u64 {
    let members = packages
        .iter()
        .filter(|package| package.group.as_str() == group);
    members.fold(0, |sum, package| sum.saturating_add(package.size))
}
