//! From repositories to their proven indexes: the state machine of `distro::Dialogue`.
//!
//! Each repository has an index for each architecture, signed by itself. An index is asked for as a
//! signed root first; once its signature holds, and it is no older than the locked one, it is asked
//! for again by its digest, and comes in the condensed form, from the store where that has it.
//! `latest-stable` is resolved by the description that its signed index carries.

use std::sync::Arc as Shared;

use super::catalog::{ApkCatalog, MAX_REPOSITORIES, Source};
use super::fault::RepositoryFault;
use super::index::MAX_INDEX;
use super::slot::{Age, Judged, Slot, judge, proof};
use super::sources;
use super::trust::Keyring;
use crate::distro::{Catalog, Dialogue, Evidence, EvidenceFile, Fault, Opened, Opening, Step};
use crate::model::{
    Answer, Explain as _, Found, Miss, Origin, Purpose, Repository, Sha256, Wanted, WantedFile,
};

/// See `Distro::open`.
pub(super) fn open(opening: Opening) -> Result<Box<dyn Dialogue>, Fault> {
    let mut repositories = opening.repositories.clone();
    let declared = !repositories.is_empty();
    let alias = !declared && opening.release == sources::ALIAS;
    if !declared {
        repositories = sources::of_release(&opening.release);
    }
    if alias {
        // Which ones there are is known when the first has been read.
        repositories.truncate(1);
    }
    sources::number(&mut repositories);
    if repositories.len() > MAX_REPOSITORIES {
        return Err(RepositoryFault::TooMany(repositories.len(), MAX_REPOSITORIES).into());
    }
    for repository in &repositories {
        match (&repository.origin, &repository.path) {
            (Origin::Archive(name), _) if name != "alpine" => {
                return Err(RepositoryFault::Archive(name.clone()).into());
            }
            (Origin::Archive(_), None) => return Err(RepositoryFault::NoPath.into()),
            _ => {}
        }
    }
    let names = opening.arches.iter().map(|arch| {
        let name = arch.alpine();
        name.ok_or_else(|| RepositoryFault::ForeignArch(arch.to_string()))
    });
    let names = names.collect::<Result<_, _>>()?;
    let mut dialogue = ApkDialogue {
        repositories,
        names,
        alias,
        declared,
        opening,
        slots: Vec::new(),
        stage: Stage::Start,
    };
    dialogue.reset()?;
    Ok(Box::new(dialogue))
}

#[derive(Debug)]
enum Stage {
    Start,
    /// The signed indexes of these slots were asked for.
    Roots(Vec<usize>),
    /// The condensed indexes of all slots were asked for.
    Indexes,
    Done,
}

#[derive(Debug)]
struct ApkDialogue {
    opening: Opening,
    /// Alpine's names of the architectures.
    names: Vec<&'static str>,
    /// Whether the release is still to be resolved.
    alias: bool,
    /// Whether the manifest names the repositories.
    declared: bool,
    repositories: Vec<Repository>,
    slots: Vec<Slot>,
    stage: Stage,
}

impl Dialogue for ApkDialogue {
    fn repositories(&self) -> &[Repository] {
        &self.repositories
    }

    fn step(&mut self, answers: Vec<Answer>) -> Result<Step, Fault> {
        match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Start => self.ask_roots(),
            Stage::Roots(asked) if asked.len() == answers.len() => {
                for (number, answer) in asked.into_iter().zip(answers) {
                    self.take_root(number, answer)?;
                }
                self.ask_roots()
            }
            Stage::Indexes if self.slots.len() == answers.len() => self.finish(answers),
            _ => Err(RepositoryFault::OutOfTurn.into()),
        }
    }
}

impl ApkDialogue {
    /// Begins anew with the repositories as they are known now.
    fn reset(&mut self) -> Result<(), Fault> {
        self.slots.clear();
        if !self.alias && !self.opening.proven.is_empty() {
            let proven = &self.opening.proven;
            let named = |one: &Repository| proven.iter().any(|known| known.repository == one.id);
            self.repositories.retain(named);
        }
        for (number, repository) in self.repositories.iter().enumerate() {
            // One index is enough to find out which release an alias means.
            let arches = if self.alias {
                1
            } else {
                self.opening.arches.len()
            };
            for (place, arch) in self.opening.arches.iter().enumerate().take(arches) {
                self.slots.push(Slot {
                    repository: number,
                    arch: place,
                    keyring: Keyring::new(*arch, &repository.keys)?,
                    attempt: 0,
                    misses: Vec::new(),
                    hint: None,
                    judged: None,
                });
            }
        }
        Ok(())
    }

    fn path(&self, slot: &Slot) -> String {
        format!("{}/APKINDEX.tar.gz", self.names[slot.arch])
    }

    /// The index, and what a repository of apk's next format has in its place.
    fn root(&self, slot: &Slot) -> Wanted {
        let file = |path: String| WantedFile {
            path,
            expect: None,
            max_size: MAX_INDEX,
            plain: None,
        };
        let next_format = format!("{}/Packages.adb", self.names[slot.arch]);
        Wanted {
            repository: slot.repository,
            purpose: Purpose::Release {
                attempt: slot.attempt,
            },
            alternatives: vec![vec![file(self.path(slot))], vec![file(next_format)]],
        }
    }

    /// Asks for what has no valid index yet, or goes on.
    fn ask_roots(&mut self) -> Result<Step, Fault> {
        let mut pending = self.pending();
        if pending.is_empty() && self.alias {
            self.resolve_alias()?;
            pending = self.pending();
        }
        if pending.is_empty() {
            return Ok(self.ask_indexes());
        }
        let wanted = pending.iter().map(|&number| self.root(&self.slots[number]));
        let wanted = wanted.collect();
        self.stage = Stage::Roots(pending);
        Ok(Step::Need(wanted))
    }

    fn pending(&self) -> Vec<usize> {
        let open = |number: &usize| self.slots[*number].judged.is_none();
        (0..self.slots.len()).filter(open).collect()
    }

    /// Reads the repositories under the release's own name, as every later lock reads them: a mirror
    /// may serve the two names at different ages.
    fn resolve_alias(&mut self) -> Result<(), Fault> {
        let judged = self.slots.first().and_then(|slot| slot.judged.as_ref());
        let release = judged.and_then(|judged| sources::release_of(&judged.head.description));
        let release =
            release.ok_or_else(|| RepositoryFault::Alias(self.repositories[0].id.clone()))?;
        self.repositories = sources::of_release(&release);
        self.opening.release = release;
        self.alias = false;
        self.reset()
    }

    /// Takes what one tier of sources had: the newest valid index of it wins.
    fn take_root(&mut self, number: usize, answer: Answer) -> Result<(), Fault> {
        let slot = &self.slots[number];
        let asked = self.root(slot).alternatives;
        let repository = &self.repositories[slot.repository];
        let path = self.path(slot);
        let floor = self.opening.locked.iter().find(|floor| {
            floor.repository == repository.id && floor.index.as_deref() == Some(&path)
        });
        let age = match self.opening.proven.is_empty() {
            true => Age::AtLeast(floor.map(|floor| floor.date)),
            false => Age::Proven(self.proven_states(&repository.id, &path)),
        };
        let unsigned = repository.unsigned;
        // An archive's signature says nothing of the place of an index; its description does.
        let release = match repository.origin {
            Origin::Archive(_) if !self.alias => sources::release_in(repository),
            _ => None,
        };
        let base = repository.base.trim_end_matches("/APKINDEX.tar.gz");
        let too_deep = base
            .ends_with(&format!("/{}", self.names[slot.arch]))
            .then(|| {
                "`url` names the directory above the architecture's, which is added to it"
                    .to_owned()
            });
        let id = repository.id.clone();
        let slot = &mut self.slots[number];
        let found = match answer {
            Answer::Found(found) => found,
            Answer::Exhausted(misses) if !misses.is_empty() => {
                // That there is nothing of another format either is no news.
                let news = |miss: &Miss| !miss.absent || !miss.from.ends_with(".adb");
                slot.misses.extend(misses.into_iter().filter(news));
                slot.attempt += 1;
                return Ok(());
            }
            Answer::Exhausted(_) => {
                let misses = std::mem::take(&mut slot.misses);
                let absent = misses.iter().all(|miss| miss.absent);
                return Err(RepositoryFault::Nowhere {
                    repository: id,
                    what: path,
                    misses,
                    hint: slot.hint.take().or(too_deep.filter(|_| absent)),
                }
                .into());
            }
        };
        let mut best: Option<Judged> = None;
        for Found {
            from,
            alternative,
            files,
        } in found
        {
            let Some(file) = files.into_iter().next() else {
                continue;
            };
            match judge(file, &slot.keyring, unsigned, &age, release.as_deref()) {
                Ok(judged) => {
                    let newer = |best: &Judged| judged.head.date > best.head.date;
                    if best.as_ref().is_none_or(newer) {
                        best = Some(judged);
                    }
                }
                Err(refusal) => {
                    slot.hint = slot.hint.take().or_else(|| refusal.hint());
                    let file = asked.get(alternative).and_then(|files| files.first());
                    slot.misses.push(Miss {
                        from: file.map_or(from.clone(), |file| format!("{from}/{}", file.path)),
                        reason: refusal.sentence(),
                        class: refusal.class(),
                        absent: false,
                    });
                }
            }
        }
        slot.judged = best;
        slot.attempt += 1;
        Ok(())
    }

    /// The states that may be opened again: under an alias those of any repository, for its index
    /// says which release it means.
    fn proven_states(&self, id: &str, path: &str) -> Vec<Sha256> {
        let proven = self.opening.proven.iter();
        let own = proven.filter(|proven| self.alias || proven.repository == id);
        let indexes = own.flat_map(|proven| &proven.proof.indexes);
        let same = indexes.filter(|index| index.path == path);
        same.map(|index| index.sha256).collect()
    }

    /// Asks for the indexes once more, by their digests.
    fn ask_indexes(&mut self) -> Step {
        let wanted = self.slots.iter().filter_map(|slot| {
            let judged = slot.judged.as_ref()?;
            let size = judged.file.len() as u64;
            let file = WantedFile {
                path: self.path(slot),
                expect: Some((judged.sha256, size)),
                max_size: size,
                plain: None,
            };
            Some(Wanted {
                repository: slot.repository,
                purpose: Purpose::Index,
                alternatives: vec![vec![file]],
            })
        });
        let wanted = wanted.collect();
        self.stage = Stage::Indexes;
        Step::Need(wanted)
    }

    /// Builds the catalogs.
    fn finish(&mut self, answers: Vec<Answer>) -> Result<Step, Fault> {
        let mut sources: Vec<Vec<Source>> = vec![Vec::new(); self.opening.arches.len()];
        for (slot, answer) in self.slots.iter().zip(answers) {
            let repository = &self.repositories[slot.repository];
            let misses = match answer {
                Answer::Found(found) => {
                    match found.into_iter().flat_map(|found| found.files).next() {
                        Some(index) => {
                            sources[slot.arch].push(Source {
                                id: repository.id.clone(),
                                tag: repository.tag.clone(),
                                index,
                            });
                            continue;
                        }
                        None => Vec::new(),
                    }
                }
                Answer::Exhausted(misses) => misses,
            };
            return Err(RepositoryFault::Nowhere {
                repository: repository.id.clone(),
                what: self.path(slot),
                misses,
                hint: None,
            }
            .into());
        }
        let arches = self.opening.arches.iter().zip(sources);
        let catalogs = arches
            .map(|(arch, sources)| {
                Ok(Box::new(ApkCatalog::new(*arch, sources)?) as Box<dyn Catalog>)
            })
            .collect::<Result<_, Fault>>()?;
        let proofs = (0..self.repositories.len()).map(|number| proof(&self.proven(number)));
        let evidence = (0..self.repositories.len()).map(|number| Evidence {
            files: self
                .proven(number)
                .into_iter()
                .map(|(path, judged)| EvidenceFile {
                    path,
                    bytes: Shared::clone(&judged.file),
                })
                .collect(),
        });
        Ok(Step::Done(Opened {
            release: self.release(),
            proofs: proofs.collect(),
            evidence: evidence.collect(),
            repositories: self.repositories.clone(),
            catalogs,
            warnings: Vec::new(),
        }))
    }

    /// The indexes of one repository, in the order of their paths.
    fn proven(&self, repository: usize) -> Vec<(String, &Judged)> {
        let own = self
            .slots
            .iter()
            .filter(|slot| slot.repository == repository);
        let mut own: Vec<(String, &Judged)> = own
            .filter_map(|slot| Some((self.path(slot), slot.judged.as_ref()?)))
            .collect();
        own.sort_by(|a, b| a.0.cmp(&b.0));
        own
    }

    /// Never `latest-stable`: where the manifest names its repositories and no release, theirs.
    fn release(&self) -> String {
        let release = &self.opening.release;
        if !self.declared || release != sources::ALIAS {
            return release.clone();
        }
        let addresses = self.repositories.iter().filter(|one| one.tag.is_none());
        let described = self.slots.iter().filter_map(|slot| {
            let judged = slot.judged.as_ref()?;
            sources::release_of(&judged.head.description)
        });
        addresses
            .filter_map(sources::release_in)
            .chain(described)
            .next()
            .unwrap_or_else(|| sources::ROLLING.to_owned())
    }
}
