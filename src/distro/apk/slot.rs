//! What a dialogue knows of one index, and the judgement of an index as it came.

use std::sync::Arc as Shared;

use super::fault::Refusal;
use super::index;
use super::sources;
use super::trust::{self, Keyring};
use crate::model::{Epoch, IndexProof, Miss, Proof, Sha256};

/// One index: of one repository for one architecture.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) repository: usize,
    pub(super) arch: usize,
    pub(super) keyring: Keyring,
    /// The tier of sources that is asked next.
    pub(super) attempt: usize,
    pub(super) misses: Vec<Miss>,
    pub(super) hint: Option<String>,
    pub(super) judged: Option<Judged>,
}

/// An index whose signature holds.
#[derive(Debug)]
pub(super) struct Judged {
    /// The whole file.
    pub(super) file: Shared<[u8]>,
    pub(super) sha256: Sha256,
    /// How many of its last bytes the signatures cover.
    pub(super) covered: usize,
    pub(super) head: index::Head,
    pub(super) signed_by: Vec<String>,
}

/// Which states of an index are accepted.
pub(super) enum Age {
    /// Those that are no older than the locked one.
    AtLeast(Option<Epoch>),
    /// Those that a lockfile was made from.
    Proven(Vec<Sha256>),
}

/// Judges an index as it came: the format, the signature, then its age.
pub(super) fn judge(
    file: Shared<[u8]>,
    keyring: &Keyring,
    unsigned: bool,
    age: &Age,
    release: Option<&str>,
) -> Result<Judged, Refusal> {
    let covered = trust::covered(&file, keyring, unsigned)?;
    let head = index::head(covered.text)?;
    let described = sources::release_of(&head.description);
    if let (Some(wanted), Some(found)) = (release.filter(|name| name.starts_with('v')), described)
        && wanted != found
    {
        return Err(Refusal::OtherRelease {
            wanted: wanted.to_owned(),
            found,
        });
    }
    let sha256 = Sha256::of(&file);
    match age {
        Age::AtLeast(Some(locked)) if head.date < *locked => {
            return Err(Refusal::Rollback {
                date: head.date,
                locked: *locked,
            });
        }
        Age::Proven(states) if !states.contains(&sha256) => {
            return Err(Refusal::OtherState(sha256));
        }
        _ => {}
    }
    Ok(Judged {
        sha256,
        covered: covered.text.len(),
        head,
        signed_by: covered.signed_by,
        file,
    })
}

/// What was proven of one repository, over all its indexes.
pub(super) fn proof(own: &[(String, &Judged)]) -> Proof {
    let texts = own.iter().map(|(_, judged)| {
        let start = judged.file.len() - judged.covered;
        &judged.file[start..]
    });
    let several = own.len() > 1;
    let mut signed_by: Vec<String> = own
        .iter()
        .flat_map(|(_, judged)| judged.signed_by.iter().cloned())
        .collect();
    signed_by.sort();
    signed_by.dedup();
    let dates = own.iter().map(|(_, judged)| judged.head.date);
    Proof {
        sha256: Sha256::of_all(texts),
        date: dates.max().unwrap_or(Epoch(0)),
        valid_until: None,
        signed_by,
        indexes: own
            .iter()
            .map(|(path, judged)| IndexProof {
                path: path.clone(),
                size: judged.file.len() as u64,
                sha256: judged.sha256,
                date: several.then_some(judged.head.date),
            })
            .collect(),
    }
}
