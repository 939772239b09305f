//! Whether what a source gave is the Release of a repository: signature, name, dates.

use std::sync::{Arc, OnceLock};

use super::fault::RepositoryFault;
use super::release::{Release, ReleaseError};
use super::sources;
use crate::distro::Fault;
use crate::model::{Class, Epoch, Explain, Origin, Proof, Repository, Sha256, Snapshot};
use crate::trust::openpgp::{self, Keyring, OpenPgpError, Verified};

/// Debian's archive, security and stable release keys, as the package debian-archive-keyring has
/// them in /usr/share/keyrings.
pub(super) const BUILT_IN: &[(&str, &[u8])] = &[
    ("bookworm", include_bytes!("keys/bookworm-automatic.gpg")),
    (
        "bookworm",
        include_bytes!("keys/bookworm-security-automatic.gpg"),
    ),
    ("bookworm", include_bytes!("keys/bookworm-stable.gpg")),
    ("bullseye", include_bytes!("keys/bullseye-automatic.gpg")),
    (
        "bullseye",
        include_bytes!("keys/bullseye-security-automatic.gpg"),
    ),
    ("bullseye", include_bytes!("keys/bullseye-stable.gpg")),
    ("trixie", include_bytes!("keys/trixie-automatic.gpg")),
    (
        "trixie",
        include_bytes!("keys/trixie-security-automatic.gpg"),
    ),
    ("trixie", include_bytes!("keys/trixie-stable.gpg")),
];

/// Seconds that a Release may be ahead of this machine's clock: apt's `Acquire::Max-FutureTime`.
const MAX_AHEAD: i64 = 10;
/// Seconds from a Release's Date within which it is signed, as a rule: of a point release by people.
const SIGNED_WITHIN: i64 = 2 * 86_400;

/// Why a Release is not accepted, as the end of a sentence that names it.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error(transparent)]
    Signature(#[from] OpenPgpError),
    #[error(transparent)]
    Format(#[from] ReleaseError),
    #[error("it has no signature")]
    NoSignature,
    #[error("it is the Release of {found}, not of {wanted}")]
    OtherSuite { wanted: String, found: String },
    #[error("it has expired: it was valid until {0}")]
    Expired(Epoch),
    #[error("its Date {0} lies ahead of this machine's clock")]
    Ahead(Epoch),
    #[error("its Date {date} is later than the snapshot {snapshot}")]
    AfterSnapshot { date: Epoch, snapshot: Snapshot },
    #[error("its Date {date} is older than the {locked} that is locked")]
    Rollback { date: Epoch, locked: Epoch },
    #[error("its text has {0}, which is not the locked one")]
    OtherState(Sha256),
}

impl Refusal {
    /// What the user can do.
    pub(super) fn hint(&self) -> Option<String> {
        match self {
            Self::Signature(error) => error.hint(),
            Self::NoSignature => Some(
                "set `unsigned: true` for this repository if whoever can change what it serves may \
                 decide what is installed"
                    .into(),
            ),
            Self::Expired(_) => Some(
                "the source may be out of date: try another mirror, or set `allow_expired: true` \
                 for this repository"
                    .into(),
            ),
            Self::Ahead(_) => Some("check this machine's clock".into()),
            Self::Rollback { .. } => Some(
                "the source may be out of date: try another mirror, or remove the lockfile to \
                 accept an older state"
                    .into(),
            ),
            _ => None,
        }
    }

    /// A keyring that cannot be read is the user's; all else is the source's.
    pub(super) fn class(&self) -> Class {
        match self {
            Self::Signature(error) => error.class(),
            // It may well hold: the source has moved on.
            Self::OtherState(_) => Class::Outside,
            _ => Class::Untrusted,
        }
    }
}

/// A Release that holds.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) release: Release,
    /// Of the signed text.
    pub(super) sha256: Sha256,
    pub(super) signed_by: Vec<String>,
    /// Past its Valid-Until, and accepted all the same.
    pub(super) expired: bool,
}

/// The keys whose signatures count for `repository`.
pub(super) fn keyring(repository: &Repository) -> Result<Keyring, OpenPgpError> {
    static DEBIAN: OnceLock<Keyring> = OnceLock::new();
    let mut keyring = Keyring::default();
    if repository.keys.is_empty() {
        if let Some(known) = DEBIAN.get() {
            return Ok(known.clone());
        }
        for (name, bytes) in BUILT_IN {
            keyring.extend(Keyring::parse(name, bytes)?);
        }
        return Ok(DEBIAN.get_or_init(|| keyring).clone());
    }
    for key in &repository.keys {
        keyring.extend(Keyring::parse(&key.name, &key.bytes)?);
    }
    Ok(keyring)
}

/// Refuses what cannot be meant before anything is asked.
pub(super) fn plausible(repository: &Repository, now: Epoch) -> Result<(), Fault> {
    match &repository.origin {
        Origin::Archive(name) if !sources::ARCHIVES.iter().any(|known| known.name == name) => {
            return Err(RepositoryFault::Archive(name.clone()).into());
        }
        _ => {}
    }
    match repository.snapshot {
        Some(snapshot) if snapshot.epoch() > now => {
            let id = repository.id.clone();
            return Err(RepositoryFault::FutureSnapshot(snapshot, id).into());
        }
        _ => {}
    }
    if !repository.unsigned {
        keyring(repository)?;
    }
    Ok(())
}

/// Judges the files of a source: `InRelease`, or `Release` and `Release.gpg`, or of a repository
/// that needs no signature either alone. `locked` gives the date that is locked for a codename.
pub(super) fn judge(
    repository: &Repository,
    files: &[Arc<[u8]>],
    now: Epoch,
    locked: impl Fn(&Release) -> Option<Epoch>,
) -> Result<Judged, Refusal> {
    accept(repository, verified(repository, files, now)?, now, locked)
}

/// Judges the files of a source as those that a lockfile was made from, as of their Date. A
/// signature that was made long after it, as when archived releases are signed anew, is judged as of
/// `now`.
pub(super) fn judge_again<'a>(
    repository: &Repository,
    files: &[Arc<[u8]>],
    mut proven: impl Iterator<Item = &'a Proof>,
    now: Epoch,
) -> Result<Judged, Refusal> {
    let text = files.first().ok_or(ReleaseError::Missing("content"))?;
    let sha256 = Sha256::of(&openpgp::unverified_text(text)?);
    let proven = proven
        .find(|proof| proof.sha256 == sha256)
        .ok_or(Refusal::OtherState(sha256))?;
    let signed = Epoch(proven.date.0.saturating_add(SIGNED_WITHIN)).min(now);
    let then = verified(repository, files, signed);
    let verified = then.or_else(|refusal| verified(repository, files, now).map_err(|_| refusal))?;
    accept(repository, verified, proven.date, |_| None)
}

fn verified(repository: &Repository, files: &[Arc<[u8]>], at: Epoch) -> Result<Verified, Refusal> {
    Ok(match files {
        [text] if repository.unsigned => Verified {
            text: openpgp::unverified_text(text)?,
            signed_by: Vec::new(),
        },
        [inline] => openpgp::verify_cleartext(inline, &keyring(repository)?, at)?,
        [text, signature] => openpgp::verify_detached(text, signature, &keyring(repository)?, at)?,
        _ => return Err(ReleaseError::Missing("content").into()),
    })
}

/// Reads a text whose signature holds: its name and its dates decide.
fn accept(
    repository: &Repository,
    Verified { text, signed_by }: Verified,
    now: Epoch,
    locked: impl Fn(&Release) -> Option<Epoch>,
) -> Result<Judged, Refusal> {
    let release = Release::parse(&text)?;
    named(repository, &release)?;
    let expired = dated(repository, &release, now)?;
    match locked(&release) {
        Some(locked) if release.date < locked => {
            let date = release.date;
            return Err(Refusal::Rollback { date, locked });
        }
        _ => {}
    }
    Ok(Judged {
        sha256: Sha256::of(&text),
        release,
        signed_by,
        expired,
    })
}

/// A mirror could serve the validly signed Release of another suite: the name decides.
fn named(repository: &Repository, release: &Release) -> Result<(), Refusal> {
    let wanted = repository.suite.as_deref().unwrap_or_default();
    let well_known = matches!(repository.origin, Origin::Archive(_));
    let unnamed = release.suite.is_none() && release.codename.is_none();
    if is_flat(wanted) || (release.is_of(wanted) && !(well_known && unnamed)) {
        return Ok(());
    }
    let mut names: Vec<&str> = [&release.codename, &release.suite]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    names.dedup();
    Err(Refusal::OtherSuite {
        wanted: wanted.to_owned(),
        found: match names[..] {
            [] => "no suite".into(),
            [name] => name.to_owned(),
            [codename, suite, ..] => format!("{codename} ({suite})"),
        },
    })
}

/// Whether it has expired and that is allowed.
fn dated(repository: &Repository, release: &Release, now: Epoch) -> Result<bool, Refusal> {
    let date = release.date;
    match repository.snapshot {
        Some(snapshot) if date > snapshot.epoch() => {
            return Err(Refusal::AfterSnapshot { date, snapshot });
        }
        _ => {}
    }
    if date.0 > now.0.saturating_add(MAX_AHEAD) {
        return Err(Refusal::Ahead(date));
    }
    match release.valid_until {
        Some(until) if until < now => {
            if repository.allow_expired || repository.snapshot.is_some() {
                Ok(repository.snapshot.is_none())
            } else {
                Err(Refusal::Expired(until))
            }
        }
        _ => Ok(false),
    }
}

/// Whether a suite names a directory instead of a distribution, sources.list(5).
pub(super) fn is_flat(suite: &str) -> bool {
    suite.is_empty() || suite == "." || suite.ends_with('/')
}
