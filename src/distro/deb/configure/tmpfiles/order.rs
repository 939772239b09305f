//! In which order lines are carried out (tmpfiles.d(5), "Configuration directories and
//! precedence").

use super::{Action, Line};
use std::collections::BTreeMap;

/// The lines of all files, given in the order in which the files are read, in the order in which
/// `systemd-tmpfiles --create` carries them out.
///
/// Lines whose user or group does not exist have to be left out before: the program skips them
/// when it reads them, so that they hide no other line.
///
/// Of two lines that make or find the same path and differ only the first counts (several `w+`
/// all count). Lines of paths come before lines of patterns; both in the order in which their
/// paths are first named, but after those of the nearest parent that has lines. The lines of one
/// path: first those that make something, then by letter.
pub(in crate::distro::deb::configure) fn order(lines: impl IntoIterator<Item = Line>) -> Vec<Line> {
    // The lines of one path, in two families, with the order in which the paths were named.
    let mut slots: Vec<Vec<Line>> = Vec::new();
    let mut known: BTreeMap<(bool, String), usize> = BTreeMap::new();
    for line in lines {
        let index = *known
            .entry((line.is_pattern(), line.path.clone()))
            .or_insert_with(|| {
                slots.push(Vec::new());
                slots.len() - 1
            });
        let Some(slot) = slots.get_mut(index) else {
            continue;
        };
        if !slot.iter().any(|other| contradicts(other, &line)) {
            slot.push(line);
        }
    }
    for slot in &mut slots {
        slot.sort_by_key(|line| (!line.owns(), line.kind));
    }
    let mut sequence: Vec<(bool, usize, &str)> = Vec::new();
    sequence.extend(
        known
            .iter()
            .map(|((pattern, path), at)| (*pattern, *at, path.as_str())),
    );
    sequence.sort_unstable();
    let mut out = Vec::new();
    for (_, index, path) in sequence {
        // From the line itself up to its furthest parent; then down again. A part that was taken
        // leaves nothing behind, so nothing is done twice.
        let mut chain = vec![index];
        for (at, _) in path.rmatch_indices('/') {
            // The root itself is nobody's parent here.
            let Some(parent) = path.get(..at).map(str::to_owned) else {
                continue;
            };
            let plain = known.get(&(false, parent.clone()));
            chain.extend(plain.or_else(|| known.get(&(true, parent))));
        }
        for index in chain.into_iter().rev() {
            if let Some(slot) = slots.get_mut(index) {
                out.append(slot);
            }
        }
    }
    out
}

/// Whether `line` is dropped because of `other`, which was read before for the same path.
fn contradicts(other: &Line, line: &Line) -> bool {
    let appends = |line: &Line| matches!(line.action, Action::Write { append: true, .. });
    if !(other.owns() && line.owns()) || appends(other) && appends(line) {
        return false;
    }
    let same = other.meta == line.meta && other.age == line.age;
    !same || argument(&other.action) != argument(&line.action)
}

/// What the line gives as its argument.
fn argument(action: &Action) -> &[u8] {
    match action {
        Action::File { content, .. } | Action::Write { content, .. } => content,
        Action::Link { target: path, .. } | Action::Copy { source: path, .. } => path.as_bytes(),
        _ => b"",
    }
}

#[cfg(test)]
#[path = "order_tests.rs"]
mod tests;
