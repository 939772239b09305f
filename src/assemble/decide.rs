//! Several claims on one path: who keeps it.

use std::collections::{BTreeMap, BTreeSet};

use super::error::AssembleError;
use super::group::Plan;
use super::stack::{Claim, Stack};
use crate::tree::{Blob, Kind, TreePath};

/// What packages of one layer do not keep, as packaged.
type Lost = BTreeMap<u32, BTreeSet<TreePath>>;

/// Who keeps a path.
enum Verdict {
    /// The one that was there first; the other ships the same.
    Shared,
    /// The one that was there first.
    First,
    /// The one that came later.
    Second,
    /// The one that came later, which moved the first out of its way.
    Diverted,
}

impl Plan<'_> {
    /// Reduces sorted claims to one for each path. What a lower layer holds is weighed too: the
    /// layer leaves out what a lower package keeps, and may hide what it takes over.
    pub(super) fn decide(
        &mut self,
        stack: &mut Stack<'_>,
        layer: usize,
        claims: Vec<Claim>,
    ) -> Result<(Vec<Claim>, Lost), AssembleError> {
        let mut kept: Vec<Claim> = Vec::with_capacity(claims.len());
        let mut lost = Lost::new();
        for claim in claims {
            let Some(first) = kept.pop_if(|last| last.path == claim.path) else {
                kept.push(claim);
                continue;
            };
            let (winner, loser) = match self.judge(stack, (&first, layer), (&claim, layer))? {
                Verdict::Shared => {
                    self.forgo(&claim, &first);
                    kept.push(first);
                    continue;
                }
                Verdict::First => (first, claim),
                Verdict::Second | Verdict::Diverted => (claim, first),
            };
            lose(&mut lost, &winner, &loser);
            self.forgo(&loser, &winner);
            kept.push(winner);
        }
        let mut failure = None;
        kept.retain(|claim| {
            if failure.is_some() {
                return false;
            }
            let Some((below, holder)) = stack.holder(&claim.path) else {
                return true;
            };
            let holder = holder.clone();
            match self.judge(stack, (&holder, below), (claim, layer)) {
                Ok(Verdict::Shared) => {
                    self.forgo(claim, &holder);
                    false
                }
                Ok(Verdict::First) => {
                    lose(&mut lost, &holder, claim);
                    self.forgo(claim, &holder);
                    false
                }
                Ok(Verdict::Second) => {
                    lose(&mut stack.taken, claim, &holder);
                    true
                }
                Ok(Verdict::Diverted) => true,
                Err(error) => {
                    failure = Some(error);
                    false
                }
            }
        });
        match failure {
            Some(error) => Err(error),
            None => Ok((kept, lost)),
        }
    }

    /// Notes that a package does not have a path that it ships.
    fn forgo(&mut self, claim: &Claim, winner: &Claim) {
        if claim.owner != winner.owner
            && let Some(gone) = self.gone.get_mut(claim.owner as usize)
        {
            gone.insert(claim.packaged().clone());
        }
    }

    /// Weighs two claims on one path; `second` came later: a higher layer, or later in order.
    fn judge(
        &self,
        stack: &mut Stack<'_>,
        (first, first_layer): (&Claim, usize),
        (second, second_layer): (&Claim, usize),
    ) -> Result<Verdict, AssembleError> {
        if first.owner == second.owner {
            return Ok(Verdict::Second);
        }
        let moved_by = self.diversions.get(first.packaged()).map(|(by, _)| *by);
        if moved_by == Some(second.owner)
            && stack.links.place(first.packaged()).as_ref() == Ok(&first.path)
        {
            return Ok(Verdict::Diverted);
        }
        if same(first, second) {
            return Ok(Verdict::Shared);
        }
        if stack.takes_over(self.distro, second.owner, first.owner) {
            return Ok(Verdict::Second);
        }
        if stack.takes_over(self.distro, first.owner, second.owner) {
            return Ok(Verdict::First);
        }
        Err(stack.conflict(
            &second.path,
            (first.owner, first_layer),
            (second.owner, second_layer),
        ))
    }

    /// Takes what packages lost out of their database files in the same layer.
    pub(super) fn correct(&self, stack: &Stack<'_>, kept: &mut [Claim], lost: &Lost) {
        for (owner, gone) in lost {
            for record in &stack.packages[*owner as usize].records {
                // Records are stored where links lead, as everything else.
                let Ok(place) = stack.links.place(record) else {
                    continue;
                };
                let Ok(at) = kept.binary_search_by(|claim| claim.path.cmp(&place)) else {
                    continue;
                };
                if let Some(bytes) = inline(&kept[at])
                    && let Some(shorter) = self.distro.without(record, bytes, gone)
                {
                    kept[at].node.kind = Kind::File(Blob::inline(shorter));
                }
            }
        }
    }
}

/// The bytes of a generated file.
pub(super) fn inline(claim: &Claim) -> Option<&[u8]> {
    match &claim.node.kind {
        Kind::File(Blob {
            at: crate::tree::Location::Inline(bytes),
            ..
        }) => Some(bytes),
        _ => None,
    }
}

fn lose(lost: &mut Lost, winner: &Claim, loser: &Claim) {
    if winner.owner != loser.owner {
        lost.entry(loser.owner)
            .or_default()
            .insert(loser.packaged().clone());
    }
}

/// Same type, content, mode and owner: two packages may share such a path.
fn same(a: &Claim, b: &Claim) -> bool {
    let (one, other) = (&a.node.meta, &b.node.meta);
    a.node.kind == b.node.kind && (one.mode, one.uid, one.gid) == (other.mode, other.uid, other.gid)
}
