//! From a release's name to its proven indexes: the state machine of `distro::Dialogue`.
//!
//! First the Releases, tier by tier until one of a tier is valid; an alias such as `stable` is
//! resolved by the signed Release of that suite, and only then the release's other repositories are
//! known. Then the indexes that the Releases vouch for. Nothing is parsed before its signature, or
//! the digest that a signed text gives for it, has been checked.

use std::sync::Arc as Shared;

use super::catalog::{DebCatalog, Source};
use super::fault::RepositoryFault;
use super::plan::{self, Plan};
use super::release::Release;
use super::slot::{Slot, proven};
use super::sources;
use super::trust::{self, Judged, Refusal};
use crate::distro::{Catalog, Dialogue, Evidence, EvidenceFile, Fault, Opened, Opening, Step};
use crate::model::{Answer, Class, Found, Miss, Proof, Repository, Wanted};

/// See `Distro::open`.
pub(super) fn open(opening: Opening) -> Result<Box<dyn Dialogue>, Fault> {
    let mut repositories = opening.repositories.clone();
    let declared = !repositories.is_empty();
    if !declared {
        repositories.push(sources::suite(
            "debian",
            opening.release.clone(),
            opening.snapshot,
        ));
        if !sources::is_alias(&opening.release) {
            repositories.extend(sources::beside(&opening.release, opening.snapshot));
        }
    }
    sources::number(&mut repositories);
    for repository in &repositories {
        trust::plausible(repository, opening.now)?;
    }
    for arch in &opening.arches {
        if arch.debian().is_none() {
            return Err(RepositoryFault::ForeignArch(arch.to_string()).into());
        }
    }
    Ok(Box::new(DebDialogue {
        slots: repositories
            .iter()
            .map(|repository| Slot::new(&opening, repository))
            .collect(),
        repositories,
        declared,
        opening,
        stage: Stage::Start,
        warnings: Vec::new(),
    }))
}

#[derive(Debug)]
enum Stage {
    Start,
    /// These repositories were asked for their Release, in this order.
    Releases(Vec<usize>),
    /// These indexes were asked for: the repository and the index; empty ones are not asked for.
    Indexes(Vec<(usize, Plan)>),
    Done,
}

#[derive(Debug)]
struct DebDialogue {
    opening: Opening,
    /// Whether the manifest names the repositories.
    declared: bool,
    repositories: Vec<Repository>,
    slots: Vec<Slot>,
    stage: Stage,
    warnings: Vec<String>,
}

impl Dialogue for DebDialogue {
    fn repositories(&self) -> &[Repository] {
        &self.repositories
    }

    fn step(&mut self, answers: Vec<Answer>) -> Result<Step, Fault> {
        match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Start => self.ask_releases(),
            Stage::Releases(asked) if asked.len() == answers.len() => {
                for (number, answer) in asked.into_iter().zip(answers) {
                    self.take_release(number, answer)?;
                }
                self.ask_releases()
            }
            Stage::Indexes(plans) => self.finish(plans, answers),
            _ => Err(RepositoryFault::OutOfTurn.into()),
        }
    }
}

impl DebDialogue {
    /// Asks for what has no valid Release yet, or goes on to the indexes.
    fn ask_releases(&mut self) -> Result<Step, Fault> {
        let mut pending = self.pending();
        if pending.is_empty() {
            self.resolve_alias();
            pending = self.pending();
        }
        if pending.is_empty() {
            return self.ask_indexes();
        }
        let wanted = pending
            .iter()
            .map(|&number| {
                plan::release(
                    number,
                    &self.repositories[number],
                    self.slots[number].attempt,
                )
            })
            .collect();
        self.stage = Stage::Releases(pending);
        Ok(Step::Need(wanted))
    }

    fn pending(&self) -> Vec<usize> {
        let open = |slot: &Slot| slot.judged.is_none() && !slot.dropped;
        (0..self.slots.len())
            .filter(|&number| open(&self.slots[number]))
            .collect()
    }

    /// Once the Release of `stable` is known, so are its codename and what belongs to it. The suite
    /// is read again under its codename, as every later lock reads it: a mirror may serve the two
    /// names at different ages.
    fn resolve_alias(&mut self) {
        if self.declared || !sources::is_alias(&self.opening.release) {
            return;
        }
        let snapshot = self.opening.snapshot;
        let known = self.slots[0].judged.as_ref();
        let Some(codename) = known.and_then(|judged| judged.release.codename.clone()) else {
            return;
        };
        self.opening.release.clone_from(&codename);
        self.repositories[0] = sources::suite("debian", codename.clone(), snapshot);
        self.slots[0] = Slot::new(&self.opening, &self.repositories[0]);
        for repository in sources::beside(&codename, snapshot) {
            self.slots.push(Slot::new(&self.opening, &repository));
            self.repositories.push(repository);
        }
    }

    /// Takes what one tier of sources had: the newest valid Release of it wins.
    fn take_release(&mut self, number: usize, answer: Answer) -> Result<(), Fault> {
        let found = match answer {
            Answer::Found(found) => found,
            Answer::Exhausted(misses) if !misses.is_empty() => {
                let slot = &mut self.slots[number];
                for miss in misses {
                    slot.miss(miss);
                }
                slot.attempt += 1;
                return Ok(());
            }
            Answer::Exhausted(_) => return self.give_up(number),
        };
        let repository = &self.repositories[number];
        let alias = !self.declared && sources::is_alias(&self.opening.release);
        let locked = |release: &Release| {
            let id = match &release.codename {
                Some(codename) if alias => codename,
                _ => &repository.id,
            };
            let locked = &self.opening.locked;
            locked
                .iter()
                .find(|floor| floor.repository == *id && floor.index.is_none())
                .map(|floor| floor.date)
        };
        let slot = &mut self.slots[number];
        let proven = proven(&self.opening, repository);
        let again = !self.opening.proven.is_empty();
        let mut best: Option<(Judged, Evidence)> = None;
        let asked = plan::release(number, repository, slot.attempt).alternatives;
        for Found {
            from,
            alternative,
            files,
        } in found
        {
            let now = self.opening.now;
            let judged = match alternative {
                plan::UNSIGNED => Err(Refusal::NoSignature),
                _ if again => trust::judge_again(repository, &files, proven.clone(), now),
                _ => trust::judge(repository, &files, now, locked),
            };
            match judged {
                Ok(judged) => {
                    let newer = |best: &Judged| judged.release.date > best.release.date;
                    if best.as_ref().is_none_or(|(best, _)| newer(best)) {
                        let paths = asked.get(alternative).into_iter().flatten();
                        let files = paths.zip(files).map(|(file, bytes)| EvidenceFile {
                            path: file.path.clone(),
                            bytes,
                        });
                        let files = files.collect();
                        best = Some((judged, Evidence { files }));
                    }
                }
                Err(refusal) => {
                    slot.hint = slot.hint.take().or_else(|| refusal.hint());
                    let file = asked.get(alternative).and_then(|files| files.first());
                    slot.misses.push(Miss {
                        from: file.map_or(from.clone(), |file| format!("{from}/{}", file.path)),
                        reason: refusal.to_string(),
                        class: refusal.class(),
                        absent: false,
                    });
                }
            }
        }
        if let Some((judged, evidence)) = best {
            slot.judged = Some(judged);
            slot.evidence = evidence;
        }
        slot.attempt += 1;
        Ok(())
    }

    /// No source is left. What belongs to a release beside its own suite may be missing, but only
    /// where the release is still in the making: else a mirror could hide the security updates.
    fn give_up(&mut self, number: usize) -> Result<(), Fault> {
        let absent = self.slots[number].misses.iter().all(|miss| miss.absent);
        let making = self.slots[0].judged.as_ref().is_some_and(|judged| {
            matches!(
                judged.release.suite.as_deref(),
                Some("testing" | "unstable")
            )
        });
        let slot = &mut self.slots[number];
        let id = &self.repositories[number].id;
        let again = !self.opening.proven.is_empty();
        let may_lack = !self.declared && number > 0 && !again;
        if may_lack && absent && making && !slot.misses.is_empty() {
            self.warnings
                .push(format!("{id} does not exist yet and is left out"));
            slot.dropped = true;
            return Ok(());
        }
        Err(RepositoryFault::Nowhere {
            repository: id.clone(),
            what: "Release".into(),
            misses: std::mem::take(&mut slot.misses),
            hint: slot.hint.take(),
        }
        .into())
    }

    fn ask_indexes(&mut self) -> Result<Step, Fault> {
        let mut plans = Vec::new();
        for (number, (repository, slot)) in self.repositories.iter().zip(&self.slots).enumerate() {
            let Some(judged) = &slot.judged else { continue };
            if judged.expired {
                self.warnings.push(format!(
                    "the Release of {} has expired, and `allow_expired` accepts it",
                    repository.id
                ));
            }
            let planned = plan::plan(number, repository, &judged.release, &self.opening.arches)?;
            plans.extend(planned.into_iter().map(|plan| (number, plan)));
        }
        let wanted: Vec<Wanted> = plans
            .iter()
            .filter_map(|(_, plan)| plan.wanted.clone())
            .collect();
        if wanted.is_empty() {
            return self.finish(plans, Vec::new());
        }
        self.stage = Stage::Indexes(plans);
        Ok(Step::Need(wanted))
    }

    /// Builds the catalogs.
    fn finish(&mut self, plans: Vec<(usize, Plan)>, answers: Vec<Answer>) -> Result<Step, Fault> {
        let kept: Vec<usize> = (0..self.slots.len())
            .filter(|&number| self.slots[number].judged.is_some())
            .collect();
        let mut sources: Vec<Vec<Source>> = self
            .opening
            .arches
            .iter()
            .map(|_| {
                kept.iter()
                    .enumerate()
                    .map(|(place, &number)| {
                        self.slots[number].source(place, &self.repositories[number])
                    })
                    .collect()
            })
            .collect();
        let mut proofs: Vec<Proof> = kept
            .iter()
            .map(|&number| self.slots[number].proof())
            .collect();
        let mut answers = answers.into_iter();
        for (number, plan) in plans {
            let place = kept
                .iter()
                .position(|&known| known == number)
                .unwrap_or_default();
            if plan.wanted.is_some() {
                let answer = answers.next().ok_or(RepositoryFault::OutOfTurn)?;
                let index = self.index(number, &plan, answer)?;
                for arch in plan.arches {
                    sources[arch][place].indexes.push(Shared::clone(&index));
                }
            }
            proofs[place].indexes.push(plan.proof);
        }
        let catalogs = self
            .opening
            .arches
            .iter()
            .zip(sources)
            .map(|(arch, sources)| {
                Ok(Box::new(DebCatalog::new(*arch, sources)?) as Box<dyn Catalog>)
            })
            .collect::<Result<_, Fault>>()?;
        let repositories: Vec<Repository> = kept
            .iter()
            .map(|&number| self.repositories[number].clone())
            .collect();
        Ok(Step::Done(Opened {
            release: self.release(&kept),
            repositories,
            proofs,
            evidence: kept
                .iter()
                .map(|&number| std::mem::take(&mut self.slots[number].evidence))
                .collect(),
            catalogs,
            warnings: std::mem::take(&mut self.warnings),
        }))
    }

    fn index(&self, number: usize, plan: &Plan, answer: Answer) -> Result<Shared<[u8]>, Fault> {
        let misses = match answer {
            Answer::Found(found) => match found.into_iter().flat_map(|found| found.files).next() {
                Some(index) => return Ok(index),
                None => Vec::new(),
            },
            Answer::Exhausted(misses) => misses,
        };
        Err(RepositoryFault::Nowhere {
            repository: self.repositories[number].id.clone(),
            what: plan.proof.path.clone(),
            hint: misses
                .iter()
                .any(|miss| miss.class == Class::Untrusted)
                .then(|| {
                    "the mirror may be in the middle of an update: try again in a few minutes"
                        .to_owned()
                }),
            misses,
        }
        .into())
    }

    /// The release's codename. Where the manifest names its repositories and no release but an
    /// alias, one of theirs: the one that has the alias for its Suite, else the first.
    fn release(&self, kept: &[usize]) -> String {
        let alias = &self.opening.release;
        if !sources::is_alias(alias) {
            return alias.clone();
        }
        let releases: Vec<&Release> = kept
            .iter()
            .filter_map(|&number| self.slots[number].judged.as_ref())
            .map(|judged| &judged.release)
            .collect();
        let same = |release: &&&Release| release.suite.as_deref() == Some(alias);
        let codenames = releases.iter().find(same).into_iter().chain(&releases);
        codenames
            .filter_map(|release| release.codename.as_deref().or(release.suite.as_deref()))
            .map(sources::release_of)
            .find(|name| !sources::is_alias(name))
            .unwrap_or(alias)
            .to_owned()
    }
}
