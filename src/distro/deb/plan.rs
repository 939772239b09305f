//! Where a Release may lie, which indexes it lists for the architectures, and where those may lie.

use super::fault::RepositoryFault;
use super::release::{Listed, Release};
use super::trust::is_flat;
use crate::model::{Arch, IndexProof, Purpose, Repository, Wanted, WantedFile};
use crate::trust::openpgp::{MAX_SIGNATURE, MAX_TEXT};

/// In the order of preference, which also decides what the lockfile names.
const FORMATS: [&str; 4] = [".xz", ".zst", ".gz", ""];
/// Bytes of one index: thirty times Debian's largest.
const MAX_INDEX: u64 = 2 << 30;

/// An index to be read.
#[derive(Debug)]
pub(super) struct Plan {
    /// What to ask for; `None` where the Release says that it is empty.
    pub(super) wanted: Option<Wanted>,
    /// What the lockfile says of it.
    pub(super) proof: IndexProof,
    /// The architectures that it serves, as places in the list of the opening.
    pub(super) arches: Vec<usize>,
}

/// The directory of a repository's Release, below its base URL, with a trailing slash or empty.
pub(super) fn directory(repository: &Repository) -> String {
    let suite = repository.suite.as_deref().unwrap_or_default();
    let parts = suite.split('/').filter(|part| !matches!(*part, "" | "."));
    let prefix = if is_flat(suite) { None } else { Some("dists") };
    prefix
        .into_iter()
        .chain(parts)
        .map(|part| format!("{part}/"))
        .collect()
}

/// The place among the alternatives of [`release`] where a Release is alone although it needs a
/// signature: asked for last, to tell a repository that is not signed from one that is not there.
pub(super) const UNSIGNED: usize = 2;

/// The Release of a repository and its signature, wherever they may lie.
pub(super) fn release(number: usize, repository: &Repository, attempt: usize) -> Wanted {
    let directory = directory(repository);
    let file = |name: &str, max_size: u64| WantedFile {
        path: format!("{directory}{name}"),
        expect: None,
        max_size,
        plain: None,
    };
    let inline = vec![file("InRelease", MAX_TEXT)];
    let alternatives = if repository.unsigned {
        vec![vec![file("Release", MAX_TEXT)], inline]
    } else {
        vec![
            inline,
            vec![
                file("Release", MAX_TEXT),
                file("Release.gpg", MAX_SIGNATURE),
            ],
            vec![file("Release", MAX_TEXT)],
        ]
    };
    Wanted {
        repository: number,
        purpose: Purpose::Release { attempt },
        alternatives,
    }
}

/// Plans the indexes of one repository.
pub(super) fn plan(
    number: usize,
    repository: &Repository,
    release: &Release,
    arches: &[Arch],
) -> Result<Vec<Plan>, RepositoryFault> {
    let reader = Reader {
        number,
        repository,
        release,
    };
    if is_flat(repository.suite.as_deref().unwrap_or_default()) {
        let every = (0..arches.len()).collect();
        return Ok(vec![reader.index("Packages", every)?.ok_or_else(|| {
            RepositoryFault::Index {
                repository: repository.id.clone(),
                path: "Packages".into(),
            }
        })?]);
    }
    let mut plans = Vec::new();
    for component in &repository.components {
        reader.component(component, arches, &mut plans)?;
    }
    plans.sort_by(|a: &Plan, b| a.proof.path.cmp(&b.proof.path));
    Ok(plans)
}

struct Reader<'a> {
    number: usize,
    repository: &'a Repository,
    release: &'a Release,
}

impl Reader<'_> {
    fn component(
        &self,
        component: &str,
        arches: &[Arch],
        plans: &mut Vec<Plan>,
    ) -> Result<(), RepositoryFault> {
        let release = self.release;
        let repository = || self.repository.id.clone();
        if !release.components.is_empty() && !release.has_component(component) {
            return Err(RepositoryFault::Component {
                repository: repository(),
                component: component.to_owned(),
                known: release.components.join(", "),
            });
        }
        let lists = |arch: &str| release.architectures.iter().any(|known| known == arch);
        let every: Vec<usize> = (0..arches.len()).collect();
        let all = format!("{component}/binary-all/Packages");
        let separate = match lists("all") && !release.all_is_in_each {
            true => self.index(&all, every)?,
            false => None,
        };
        for (place, arch) in arches.iter().enumerate() {
            let name = arch
                .debian()
                .ok_or_else(|| RepositoryFault::ForeignArch(arch.to_string()))?;
            let path = format!("{component}/binary-{name}/Packages");
            let listed = release.architectures.is_empty() || lists(name);
            match self.index(&path, vec![place])?.filter(|_| listed) {
                Some(plan) => plans.push(plan),
                // A repository of nothing but `all` serves every architecture.
                None if separate.is_some() && !listed && release.architectures == ["all"] => {}
                None if listed && !release.architectures.is_empty() => {
                    return Err(RepositoryFault::Index {
                        repository: repository(),
                        path,
                    });
                }
                None => {
                    return Err(RepositoryFault::Arch {
                        repository: repository(),
                        arch: name.to_owned(),
                        known: release.architectures.join(", "),
                    });
                }
            }
        }
        plans.extend(separate);
        Ok(())
    }

    /// The index at `path` below the Release, in each form that the Release lists.
    fn index(&self, path: &str, arches: Vec<usize>) -> Result<Option<Plan>, RepositoryFault> {
        let found: Vec<(String, Listed)> = FORMATS
            .iter()
            .map(|format| format!("{path}{format}"))
            .filter_map(|path| self.release.listed(&path).map(|listed| (path, listed)))
            .collect();
        let plain = self.release.listed(path);
        let Some((first, listed)) = found.first() else {
            return Ok(None);
        };
        for (path, listed) in &found {
            if listed.size > MAX_INDEX {
                return Err(RepositoryFault::LargeIndex {
                    repository: self.repository.id.clone(),
                    path: path.clone(),
                    size: listed.size,
                    limit: MAX_INDEX,
                });
            }
        }
        let proof = IndexProof {
            path: first.clone(),
            size: listed.size,
            sha256: listed.sha256,
            date: None,
        };
        let empty = plain.is_some_and(|plain| plain.size == 0);
        let alternatives = found
            .iter()
            .flat_map(|(path, listed)| self.places(path, *listed, plain))
            .collect();
        let wanted = Wanted {
            repository: self.number,
            purpose: Purpose::Index,
            alternatives,
        };
        Ok(Some(Plan {
            wanted: (!empty).then_some(wanted),
            proof,
            arches,
        }))
    }

    /// Where one form of an index may lie: by its digest first, which cannot change under way.
    fn places(&self, path: &str, listed: Listed, plain: Option<Listed>) -> Vec<Vec<WantedFile>> {
        let directory = directory(self.repository);
        let file = |path: String| {
            vec![WantedFile {
                path,
                expect: Some((listed.sha256, listed.size)),
                max_size: listed.size,
                plain: plain.map(|plain| (plain.sha256, plain.size)),
            }]
        };
        let own = format!("{directory}{path}");
        let by_hash = self.release.by_hash.then(|| {
            let parent = path
                .rsplit_once('/')
                .map_or(String::new(), |(parent, _)| format!("{parent}/"));
            format!("{directory}{parent}by-hash/SHA256/{}", listed.sha256.hex())
        });
        by_hash.into_iter().chain([own]).map(file).collect()
    }
}
