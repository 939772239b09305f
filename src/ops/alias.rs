//! The signed roots under the names at which a first `lock` looks for them, while the manifest's
//! `release:` means another one as time goes by: `dists/stable/InRelease` beside trixie's.

use super::vendor::{Content, Files, below};
use super::{Context, Project, again, open};
use crate::distro::{Distro, EvidenceFile, Fault, Opened, Opening, Step};
use crate::fetch::Place;
use crate::lockfile::Lockfile;
use crate::model::{Answer, Class, Found, Miss, Purpose, Repository, Wanted, WantedFile};

/// Steps of one dialogue before it asks for an index: a hundred times what there are.
const MAX_STEPS: usize = 100;

/// Plays a first `lock` of the manifest with the signed roots in `opened`, and gives those that it
/// read, by their paths below a vendored tree. Where the alias means something else by now, the tree
/// cannot serve it, which is warned of.
pub(super) fn roots(
    cx: &Context<'_>,
    project: &Project,
    lockfile: &Lockfile,
    opened: &Opened,
) -> Files {
    let release = project.release();
    if !project.repositories.is_empty() || !project.distro.is_alias(release) {
        return Files::new();
    }
    let opening = Opening {
        release: release.to_owned(),
        ..again::opening(cx, project, lockfile)
    };
    play(project.distro, opening, opened).unwrap_or_else(|fault| {
        cx.progress.warn(&format!(
            "the tree serves this lockfile, and not a first lock of `release: {release}`: {}",
            open::sentence(&fault)
        ));
        Files::new()
    })
}

fn play(distro: &dyn Distro, opening: Opening, opened: &Opened) -> Result<Files, Fault> {
    let mut dialogue = distro.open(opening)?;
    let mut answers = Vec::new();
    let mut files = Files::new();
    for _ in 0..MAX_STEPS {
        let wanted = match dialogue.step(answers)? {
            Step::Done(_) => break,
            Step::Need(wanted) => wanted,
        };
        // All roots are accepted then.
        if wanted.iter().any(|wanted| wanted.purpose == Purpose::Index) {
            break;
        }
        let repositories = dialogue.repositories();
        answers = wanted
            .iter()
            .map(|wanted| answer(repositories, wanted, opened, &mut files))
            .collect();
    }
    Ok(files)
}

fn answer(
    repositories: &[Repository],
    wanted: &Wanted,
    opened: &Opened,
    files: &mut Files,
) -> Answer {
    let Purpose::Release { attempt: 0 } = wanted.purpose else {
        return Answer::Exhausted(Vec::new());
    };
    let from = "the lockfile's own".to_owned();
    let missing = || {
        Answer::Exhausted(vec![Miss {
            from: from.clone(),
            reason: "there is none".into(),
            class: Class::Outside,
            absent: true,
        }])
    };
    let Some(repository) = repositories.get(wanted.repository) else {
        return missing();
    };
    // Under its alias a repository has another name, and the same place in the list.
    let mut all = opened.repositories.iter();
    let same = all.position(|known| known.id == repository.id);
    let evidence = opened.evidence.get(same.unwrap_or(wanted.repository));
    let known = evidence.map_or(&[][..], |evidence| &evidence.files);
    let whole = |asked: &Vec<WantedFile>| -> Option<Vec<&EvidenceFile>> {
        asked
            .iter()
            .map(|file| nearest(known, &file.path))
            .collect()
    };
    let alternatives = wanted.alternatives.iter().enumerate();
    // Of two that are there, a Release with its signature says more than one without. An
    // architecture's own root is one of several.
    let mut alternatives: Vec<_> = alternatives
        .filter_map(|(alternative, asked)| Some((alternative, asked, whole(asked)?)))
        .collect();
    alternatives.sort_by_key(|(.., whole)| std::cmp::Reverse(whole.len()));
    let found = alternatives.into_iter().next();
    let Some((alternative, asked, whole)) = found else {
        return missing();
    };
    let place = Place::from(repository);
    for (file, known) in asked.iter().zip(&whole) {
        let content = Content::Bytes(known.bytes.clone());
        files.insert(below(&place, &file.path), content);
    }
    Answer::Found(vec![Found {
        from,
        alternative,
        files: whole.iter().map(|known| known.bytes.clone()).collect(),
    }])
}

/// The file whose path has the most names at its end in common with `path`; at least its own.
fn nearest<'a>(known: &'a [EvidenceFile], path: &str) -> Option<&'a EvidenceFile> {
    let common = |file: &&EvidenceFile| {
        let (a, b) = (file.path.rsplit('/'), path.rsplit('/'));
        a.zip(b).take_while(|(a, b)| a == b).count()
    };
    known
        .iter()
        .max_by_key(common)
        .filter(|file| common(file) > 0)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::distro::Proven;
    use crate::distro::deb::Debian;
    use crate::fetch::{Mirror, Network};
    use crate::model::{Arch, Epoch};
    use crate::progress::Silent;
    use crate::store::Store;

    /// 2026-11-24, when the newest of the indexes below still held.
    const NOW: Epoch = Epoch(1_795_478_400);

    #[test]
    fn a_first_lock_of_stable_reads_what_was_vendored_of_trixie() {
        #[allow(clippy::disallowed_methods, reason = "a test finds its data")]
        let shared = std::env::var_os("ROOTLOCK_SHARED").map_or_else(
            || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"),
            PathBuf::from,
        );
        let indices = shared.join("debian/indices");
        if !indices.is_dir() {
            println!("skipped: no indexes at {}", indices.display());
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let tree = dir.path().join("tree");
        let put = |path: &str, bytes: &[u8]| {
            let path = tree.join(path);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, bytes).unwrap();
        };
        for (archive, suite) in [
            ("debian", "trixie"),
            ("debian", "trixie-updates"),
            ("debian-security", "trixie-security"),
        ] {
            for file in ["InRelease", "main/binary-amd64/Packages.xz"] {
                let path = format!("dists/{suite}/{file}");
                let bytes = fs_err::read(indices.join(suite).join(&path)).unwrap();
                put(&format!("{archive}/{path}"), &bytes);
            }
        }
        let store = Store::open(dir.path().join("store")).unwrap();
        let network = Network {
            mirrors: vec![Mirror {
                what: None,
                url: format!("file://{}", tree.display()),
            }],
            mirror_only: true,
            offline: true,
            jobs: 2,
            ..Network::default()
        };
        let arch = Arch::from_oci("amd64").unwrap();
        let cx = Context {
            store: &store,
            network: &network,
            progress: &Silent,
            now: NOW,
            host: arch,
            source_date_epoch: None,
            limits: crate::ops::Limits::default(),
        };
        let opening = |release: &str| Opening {
            release: release.into(),
            snapshot: None,
            repositories: Vec::new(),
            arches: vec![arch],
            now: NOW,
            locked: Vec::new(),
            proven: Vec::new(),
        };
        let opened = open::open(&cx, &Debian, opening("trixie")).unwrap();
        assert!(open::open(&cx, &Debian, opening("stable")).is_err());
        let proofs = opened.repositories.iter().zip(&opened.proofs);
        let proven: Vec<_> = proofs
            .map(|(repository, proof)| Proven {
                repository: repository.id.clone(),
                proof: proof.clone(),
            })
            .collect();
        // Years later it is still what `stable` meant.
        let later = |release: &str| Opening {
            now: Epoch(NOW.0 + 400_000_000),
            proven: proven.clone(),
            ..opening(release)
        };
        let files = play(&Debian, later("stable"), &opened).unwrap();
        let paths: Vec<_> = files.keys().map(String::as_str).collect();
        assert_eq!(
            paths,
            [
                "debian-security/dists/trixie-security/InRelease",
                "debian/dists/stable/InRelease",
                "debian/dists/trixie-updates/InRelease",
                "debian/dists/trixie/InRelease",
            ]
        );
        for (path, content) in &files {
            if let Content::Bytes(bytes) = content {
                put(path, bytes);
            }
        }
        let first = open::open(&cx, &Debian, opening("stable")).unwrap();
        assert_eq!(
            (&*first.release, first.proofs),
            ("trixie", opened.proofs.clone())
        );
        // What it never meant.
        let fault = play(&Debian, later("oldstable"), &opened).unwrap_err();
        assert!(fault.to_string().contains("oldstable"), "{fault}");
    }
}
