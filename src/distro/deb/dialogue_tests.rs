//! Dialogues with archives in memory, and with Debian's own signed indexes.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::{Arc as Shared, Mutex};

use super::Debian;
use crate::distro::{Distro as _, Fault, Floor, Opened, Opening, Proven, Step};
use crate::model::{
    Answer, Arch, Class, Epoch, Found, Key, LockedPackage, Miss, Origin, Proof, Purpose,
    Repository, Sha256, SourcePackage, Wanted, WantedFile,
};
use crate::trust::testing::TestKey;

const DAY: i64 = 86_400;
/// 2026-06-01
const NOW: Epoch = Epoch(1_780_272_000);

/// Files of one source, by path.
type Files = BTreeMap<String, Vec<u8>>;

/// A suite that a test makes.
#[derive(Clone)]
struct Suite {
    dir: String,
    fields: String,
    date: Epoch,
    indexes: Vec<(String, Vec<u8>)>,
}

fn date(at: Epoch) -> String {
    let text = at.to_string();
    let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let month: usize = text[5..7].parse().unwrap();
    format!(
        "Mon, {} {} {} {} UTC",
        &text[8..10],
        months[month - 1],
        &text[..4],
        &text[11..19]
    )
}

fn packages(arch: &str) -> Vec<u8> {
    let digest = Sha256::of(b"x").hex();
    format!(
        "Package: a\nVersion: 1\nArchitecture: {arch}\nFilename: pool/a.deb\nSize: 1\nSHA256: {digest}\n\n"
    )
    .into_bytes()
}

impl Suite {
    fn new(name: &str) -> Self {
        Self {
            dir: format!("dists/{name}/"),
            fields: format!(
                "Suite: {name}\nCodename: {name}\nArchitectures: amd64 arm64\nComponents: main\n"
            ),
            date: Epoch(NOW.0 - DAY),
            indexes: vec![("main/binary-amd64/Packages".into(), packages("amd64"))],
        }
    }

    fn with(mut self, fields: &str) -> Self {
        self.fields.push_str(fields);
        self
    }

    fn named(mut self, suite: &str, codename: &str) -> Self {
        self.fields = format!("Suite: {suite}\nCodename: {codename}\nArchitectures: amd64\n");
        self
    }

    fn release(&self) -> String {
        let mut text = format!("{}Date: {}\nSHA256:\n", self.fields, date(self.date));
        for (path, bytes) in &self.indexes {
            writeln!(text, " {} {} {path}", Sha256::of(bytes).hex(), bytes.len()).unwrap();
        }
        text
    }

    fn put(&self, key: &TestKey, files: &mut Files) {
        let signed = NOW.0 - 1;
        let inline = key.clear_sign(self.release().as_bytes(), signed);
        files.insert(format!("{}InRelease", self.dir), inline);
        for (path, bytes) in &self.indexes {
            files.insert(format!("{}{path}", self.dir), bytes.clone());
        }
    }

    fn files(&self, key: &TestKey) -> Files {
        let mut files = Files::new();
        self.put(key, &mut files);
        files
    }
}

fn key() -> TestKey {
    TestKey::new(NOW.0 - 100 * DAY, None)
}

fn repository(key: &TestKey, suite: &str) -> Repository {
    let bytes: Shared<[u8]> = key.public().into();
    Repository {
        id: String::new(),
        origin: Origin::Url("https://packages.example.org/debian".into()),
        base: "https://packages.example.org/debian".into(),
        keys: vec![Key {
            name: "keys/test.gpg".into(),
            sha256: Sha256::of(&bytes),
            bytes,
        }],
        ..super::sources::suite("", suite.into(), None)
    }
}

fn opening(repositories: Vec<Repository>) -> Opening {
    Opening {
        release: "stable".into(),
        snapshot: None,
        repositories,
        arches: vec![Arch::from_oci("amd64").unwrap()],
        now: NOW,
        locked: Vec::new(),
        proven: Vec::new(),
    }
}

/// Drives a dialogue; each tier is the sources that are asked together.
fn drive(opening: Opening, tiers: &[Vec<&Files>]) -> Result<Opened, Fault> {
    let mut dialogue = Debian.open(opening)?;
    let mut answers = Vec::new();
    for _ in 0..50 {
        match dialogue.step(answers)? {
            Step::Done(opened) => return Ok(opened),
            Step::Need(wanted) => {
                answers = wanted.iter().map(|wanted| answer(wanted, tiers)).collect();
            }
        }
    }
    panic!("the dialogue does not end");
}

fn answer(wanted: &Wanted, tiers: &[Vec<&Files>]) -> Answer {
    let sources: Vec<&Files> = match wanted.purpose {
        Purpose::Release { attempt } => match tiers.get(attempt) {
            Some(tier) => tier.clone(),
            None => return Answer::Exhausted(Vec::new()),
        },
        Purpose::Index => tiers.iter().flatten().copied().collect(),
    };
    let mut found = Vec::new();
    for source in sources {
        let whole = wanted
            .alternatives
            .iter()
            .enumerate()
            .find_map(|(alternative, files)| {
                let read = |file: &WantedFile| {
                    let bytes = source.get(&file.path)?;
                    match file.expect {
                        None => Some(Shared::from(bytes.as_slice())),
                        Some((digest, _)) if digest != Sha256::of(bytes) => None,
                        Some((digest, _)) => Some(condensed(file, digest, bytes)),
                    }
                };
                let files = files.iter().map(read).collect::<Option<Vec<_>>>()?;
                Some((alternative, files))
            });
        if let Some((alternative, files)) = whole {
            let from = "test".to_owned();
            found.push(Found {
                from,
                alternative,
                files,
            });
        }
    }
    if found.is_empty() {
        return Answer::Exhausted(vec![Miss {
            from: "test".into(),
            reason: "404".into(),
            class: Class::Outside,
            absent: true,
        }]);
    }
    Answer::Found(found)
}

/// Debian's index takes seconds without optimisation: each is condensed once.
fn condensed(file: &WantedFile, digest: Sha256, bytes: &[u8]) -> Shared<[u8]> {
    static DONE: Mutex<BTreeMap<Sha256, Shared<[u8]>>> = Mutex::new(BTreeMap::new());
    let known = DONE.lock().unwrap().get(&digest).cloned();
    known.unwrap_or_else(|| {
        let made: Shared<[u8]> = Debian.condense(file, bytes).unwrap().into();
        DONE.lock().unwrap().insert(digest, made.clone());
        made
    })
}

fn open_one(suite: &Suite, change: impl FnOnce(&mut Opening)) -> Result<Opened, Fault> {
    let key = key();
    let name = suite.dir.trim_start_matches("dists/").trim_end_matches('/');
    let mut opening = opening(vec![repository(&key, name)]);
    change(&mut opening);
    drive(opening, &[vec![&suite.files(&key)]])
}

#[track_caller]
fn refused(result: Result<Opened, Fault>, class: Class, why: &str) {
    let error = result.unwrap_err();
    assert!(error.to_string().contains(why), "{error}");
    assert_eq!(error.class(), class, "{error}");
}

fn floor(date: i64) -> Floor {
    Floor {
        repository: "trixie".into(),
        index: None,
        date: Epoch(date),
    }
}

#[test]
fn a_suite_is_proven() {
    let key = key();
    let suite = Suite::new("trixie").with("Valid-Until: Fri, 31 Jul 2026 00:00:00 UTC\n");
    let opened = drive(
        opening(vec![repository(&key, "trixie")]),
        &[vec![&suite.files(&key)]],
    )
    .unwrap();
    assert_eq!(opened.release, "trixie");
    assert_eq!(opened.repositories[0].id, "trixie");
    assert_eq!((opened.catalogs.len(), opened.warnings.len()), (1, 0));
    let proof = &opened.proofs[0];
    assert_eq!(proof.signed_by, [key.fingerprint()]);
    assert_eq!(proof.sha256, Sha256::of(suite.release().as_bytes()));
    assert_eq!(proof.date, suite.date);
    assert_eq!(
        proof.valid_until.unwrap().to_string(),
        "2026-07-31T00:00:00Z"
    );
    assert_eq!(proof.indexes[0].path, "main/binary-amd64/Packages");
}

#[test]
fn a_detached_signature_does_as_well() {
    let key = key();
    let suite = Suite::new("trixie");
    let mut files = suite.files(&key);
    let inline = drive(opening(vec![repository(&key, "trixie")]), &[vec![&files]]).unwrap();
    files.remove("dists/trixie/InRelease");
    let text = suite.release().into_bytes();
    let signature = key.detach_sign(&text, NOW.0 - 1);
    files.insert("dists/trixie/Release".into(), text);
    files.insert("dists/trixie/Release.gpg".into(), signature);
    let detached = drive(opening(vec![repository(&key, "trixie")]), &[vec![&files]]).unwrap();
    assert_eq!(detached.proofs, inline.proofs);
}

#[test]
fn a_flat_repository_is_read() {
    let key = key();
    let suite = Suite {
        dir: String::new(),
        fields: "Origin: x\n".into(),
        indexes: vec![("Packages".into(), packages("all"))],
        ..Suite::new("x")
    };
    for name in ["./", "."] {
        let mut repository = repository(&key, name);
        repository.components.clear();
        let opened = drive(opening(vec![repository]), &[vec![&suite.files(&key)]]).unwrap();
        assert_eq!(opened.repositories[0].id, "flat");
        assert_eq!(opened.proofs[0].indexes[0].path, "Packages");
    }
}

#[test]
fn dates_decide() {
    let expired = Suite::new("trixie").with("Valid-Until: Sun, 31 May 2026 00:00:00 UTC\n");
    refused(open_one(&expired, |_| {}), Class::Untrusted, "expired");
    let opened = open_one(&expired, |opening| {
        opening.repositories[0].allow_expired = true;
    });
    assert_eq!(opened.unwrap().warnings.len(), 1);
    let pinned = |moment: i64| {
        open_one(&expired, |opening| {
            opening.repositories[0].snapshot = Some(Epoch(moment).into());
        })
    };
    assert_eq!(pinned(NOW.0).unwrap().warnings, Vec::<String>::new());
    refused(
        pinned(NOW.0 - 2 * DAY),
        Class::Untrusted,
        "later than the snapshot",
    );
    refused(pinned(NOW.0 + DAY), Class::BadInput, "future");
    let mut ahead = Suite::new("trixie");
    ahead.date = Epoch(NOW.0 + 3600);
    refused(open_one(&ahead, |_| {}), Class::Untrusted, "ahead");
    let locked = |date: i64| {
        open_one(&Suite::new("trixie"), |opening| {
            opening.locked = vec![floor(date)];
        })
    };
    refused(locked(NOW.0), Class::Untrusted, "older than");
    assert!(locked(NOW.0 - DAY).is_ok());
}

#[test]
fn the_newest_valid_release_of_a_tier_wins_and_a_bad_tier_is_passed() {
    let key = key();
    let (old, new) = (Suite::new("trixie"), Suite::new("trixie"));
    let old = Suite {
        date: Epoch(NOW.0 - 9 * DAY),
        ..old
    };
    let bad = Suite::new("trixie").files(&self::key());
    let (old_files, new_files) = (old.files(&key), new.files(&key));
    let open = |tiers: &[Vec<&Files>], locked: i64| {
        let mut opening = opening(vec![repository(&key, "trixie")]);
        opening.locked = vec![floor(locked)];
        drive(opening, tiers)
    };
    let opened = open(&[vec![&old_files, &bad, &new_files]], 0).unwrap();
    assert_eq!(opened.proofs[0].date, new.date);
    let opened = open(&[vec![&bad], vec![&old_files], vec![&new_files]], 0).unwrap();
    assert_eq!(opened.proofs[0].date, old.date);
    let opened = open(&[vec![&old_files], vec![&new_files]], NOW.0 - 2 * DAY).unwrap();
    assert_eq!(opened.proofs[0].date, new.date);
    refused(
        open(&[vec![&old_files]], NOW.0 - 2 * DAY),
        Class::Untrusted,
        "older than",
    );
    refused(
        open(&[vec![&bad]], 0),
        Class::Untrusted,
        "not an allowed key",
    );
    refused(open(&[vec![&Files::new()]], 0), Class::Outside, "404");
    refused(open(&[], 0), Class::Outside, "no source to ask");
}

#[test]
fn another_suite_is_refused() {
    let key = key();
    let mut files = Files::new();
    let other = Suite {
        dir: "dists/trixie/".into(),
        ..Suite::new("bookworm")
    };
    other.put(&key, &mut files);
    refused(
        drive(opening(vec![repository(&key, "trixie")]), &[vec![&files]]),
        Class::Untrusted,
        "not of trixie",
    );
}

#[test]
fn what_a_release_lacks_is_named() {
    refused(
        open_one(&Suite::new("trixie"), |opening| {
            opening.repositories[0].components = vec!["contrib".into()];
        }),
        Class::BadInput,
        "no component contrib",
    );
    refused(
        open_one(&Suite::new("trixie"), |opening| {
            opening.arches = vec![Arch::from_oci("s390x").unwrap()];
        }),
        Class::BadInput,
        "no architecture s390x",
    );
    refused(
        open_one(&Suite::new("trixie"), |opening| {
            opening.repositories[0].origin = Origin::Archive("devuan".into());
        }),
        Class::BadInput,
        "devuan",
    );
}

#[test]
fn unsigned_is_accepted_where_it_is_asked_for() {
    let key = key();
    let suite = Suite::new("trixie");
    let mut files = suite.files(&key);
    let text = suite.release().into_bytes();
    let mut repository = repository(&key, "trixie");
    repository.keys.clear();
    repository.unsigned = true;
    for name in ["InRelease", "Release"] {
        let opened = drive(opening(vec![repository.clone()]), &[vec![&files]]).unwrap();
        assert_eq!(opened.proofs[0].sha256, Sha256::of(&text), "{name}");
        assert!(opened.proofs[0].signed_by.is_empty());
        // The verbs warn of it, all in the same words.
        assert!(opened.warnings.is_empty());
        files.remove("dists/trixie/InRelease");
        files.insert("dists/trixie/Release".into(), text.clone());
    }
    repository.unsigned = false;
    refused(
        drive(opening(vec![repository]), &[vec![&files]]),
        Class::Untrusted,
        "no source has a valid Release",
    );
}

#[test]
fn the_packages_for_all_are_read_where_they_are_separate() {
    let mut suite = Suite::new("trixie");
    suite.fields = "Suite: trixie\nArchitectures: all amd64\nAcquire-By-Hash: yes\n".into();
    suite
        .indexes
        .push(("main/binary-all/Packages".into(), packages("all")));
    let paths = |suite: &Suite| {
        let opened = open_one(suite, |_| {}).unwrap();
        let proof = &opened.proofs[0];
        proof
            .indexes
            .iter()
            .map(|index| index.path.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        paths(&suite),
        ["main/binary-all/Packages", "main/binary-amd64/Packages"]
    );
    let exempt = suite.with("No-Support-for-Architecture-all: Packages\n");
    assert_eq!(paths(&exempt), ["main/binary-amd64/Packages"]);
}

#[test]
fn an_alias_is_resolved_by_the_archive_itself() {
    // The built-in keys are Debian's, so a test cannot sign for them: what is asked for is looked
    // at, with declared repositories for the answer.
    let mut dialogue = Debian.open(opening(Vec::new())).unwrap();
    let Step::Need(wanted) = dialogue.step(Vec::new()).unwrap() else {
        panic!()
    };
    assert_eq!(wanted.len(), 1);
    assert_eq!(wanted[0].alternatives[0][0].path, "dists/stable/InRelease");
    let opened = open_one(&Suite::new("stable").named("stable", "trixie"), |_| {}).unwrap();
    assert_eq!(opened.release, "trixie");
    let opened = open_one(
        &Suite::new("bookworm").named("oldstable", "bookworm"),
        |_| {},
    );
    assert_eq!(opened.unwrap().release, "bookworm");
    let codename = Opening {
        release: "trixie".into(),
        ..opening(Vec::new())
    };
    let mut dialogue = Debian.open(codename).unwrap();
    let Step::Need(wanted) = dialogue.step(Vec::new()).unwrap() else {
        panic!()
    };
    let paths: Vec<_> = wanted
        .iter()
        .map(|one| one.alternatives[0][0].path.as_str())
        .collect();
    assert_eq!(
        paths,
        [
            "dists/trixie/InRelease",
            "dists/trixie-updates/InRelease",
            "dists/trixie-security/InRelease"
        ]
    );
}

/// Debian's own signed indexes, where they are at hand.
fn shared() -> Option<PathBuf> {
    #[allow(clippy::disallowed_methods, reason = "a test finds its data")]
    let root = std::env::var_os("ROOTLOCK_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    );
    let indices = root.join("debian/indices");
    if indices.is_dir() {
        return Some(indices);
    }
    println!("skipped: no indexes at {}", indices.display());
    None
}

/// The three suites of a release as one source.
fn real(release: &str) -> Option<Files> {
    let indices = shared()?;
    let mut files = Files::new();
    for suite in ["", "-updates", "-security"] {
        let name = format!("{release}{suite}");
        for path in ["InRelease", "main/binary-amd64/Packages.xz"] {
            let path = format!("dists/{name}/{path}");
            files.insert(
                path.clone(),
                fs_err::read(indices.join(&name).join(&path)).unwrap(),
            );
        }
    }
    Some(files)
}

#[test]
fn debians_own_archives_are_proven_by_the_built_in_keys() {
    for (release, stable) in [
        ("trixie", "41587F7DB8C774BCCF131416762F67A0B2C39DE4"),
        ("bookworm", "4D64FEC119C2029067D6E791F8D2585B8783D481"),
    ] {
        let Some(mut files) = real(release) else {
            return;
        };
        // 2026-11-24: the suites with a Valid-Until hold for four more days.
        let now = Epoch(1_795_478_400);
        let open = |files: &Files, release: &str, now| {
            let opening = Opening {
                release: release.into(),
                now,
                ..opening(Vec::new())
            };
            drive(opening, &[vec![files]])
        };
        let opened = open(&files, release, now).unwrap();
        let ids: Vec<_> = opened
            .repositories
            .iter()
            .map(|one| one.id.as_str())
            .collect();
        let suites = ["", "-updates", "-security"].map(|end| format!("{release}{end}"));
        assert_eq!(ids, suites);
        assert!(opened.proofs[0].signed_by.iter().any(|key| key == stable));
        assert_eq!(
            opened.proofs[0].indexes[0].path,
            "main/binary-amd64/Packages.xz"
        );
        refused(
            open(&files, release, Epoch(now.0 + 9 * DAY)),
            Class::Untrusted,
            "expired",
        );
        // Long after it all: the keys count as of then, and Debian signs a while after the Date.
        let proven = |files: &Files, release: &str| {
            let opening = Opening {
                release: release.into(),
                now: Epoch(now.0 + 4000 * DAY),
                proven: again(&opened),
                ..opening(Vec::new())
            };
            drive(opening, &[vec![files]]).unwrap().proofs
        };
        assert_eq!(proven(&files, release), opened.proofs);
        // The same as `stable`, by its alias.
        if release == "trixie" {
            let inline = files["dists/trixie/InRelease"].clone();
            files.insert("dists/stable/InRelease".into(), inline);
            let alias = open(&files, "stable", now).unwrap();
            assert_eq!(alias.release, "trixie");
            assert_eq!(alias.proofs, opened.proofs);
            assert_eq!(proven(&files, "stable"), opened.proofs);
            // The alias only names the release, which is read under its codename.
            let mut renamed = files.clone();
            renamed.remove("dists/trixie/InRelease");
            refused(open(&renamed, "stable", now), Class::Outside, "404");
        }
        let name = format!("dists/{release}-security/InRelease");
        let text = String::from_utf8(files.remove(&name).unwrap()).unwrap();
        refused(open(&files, release, now), Class::Outside, "404");
        files.insert(
            name,
            text.replace("Origin: Debian", "Origin: Debiam")
                .into_bytes(),
        );
        refused(open(&files, release, now), Class::Untrusted, "is bad");
    }
}

#[test]
fn gpgv_agrees() {
    let Some(indices) = shared() else { return };
    if std::process::Command::new("gpgv")
        .arg("--version")
        .output()
        .is_err()
    {
        println!("skipped: no gpgv");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let keyring = dir.path().join("all.gpg");
    let all: Vec<u8> = super::trust::BUILT_IN
        .iter()
        .flat_map(|(_, key)| key.to_vec())
        .collect();
    fs_err::write(&keyring, all).unwrap();
    let built_in =
        super::trust::keyring(&super::sources::suite("debian", "x".into(), None)).unwrap();
    for name in [
        "trixie",
        "trixie-updates",
        "trixie-security",
        "bookworm",
        "bookworm-security",
    ] {
        let path = indices.join(format!("{name}/dists/{name}/InRelease"));
        let ours = crate::trust::openpgp::verify_cleartext(
            &fs_err::read(&path).unwrap(),
            &built_in,
            Epoch(1_795_478_400),
        )
        .unwrap();
        let theirs = std::process::Command::new("gpgv")
            .args(["--status-fd", "2", "--output", "-", "--keyring"])
            .args([&keyring, &path])
            .output()
            .unwrap();
        assert!(theirs.status.success(), "{name}: {theirs:?}");
        assert_eq!(theirs.stdout, ours.text, "{name}");
        let status = String::from_utf8_lossy(&theirs.stderr).into_owned();
        let mut primary: Vec<String> = status
            .lines()
            .filter(|line| line.contains("] VALIDSIG ") || line.contains(":] VALIDSIG "))
            .filter_map(|line| line.split_ascii_whitespace().next_back().map(str::to_owned))
            .collect();
        primary.sort();
        assert_eq!(primary, ours.signed_by, "{name}");
    }
}

fn again(opened: &Opened) -> Vec<Proven> {
    let proofs = opened.repositories.iter().zip(&opened.proofs);
    proofs
        .map(|(repository, proof)| Proven {
            repository: repository.id.clone(),
            proof: proof.clone(),
        })
        .collect()
}

#[test]
fn a_locked_state_is_opened_again_as_of_its_own_date() {
    let key = key();
    let old = Suite::new("x").with("Valid-Until: Tue, 2 Jun 2026 00:00:00 UTC\n");
    let files = old.files(&key);
    let first = drive(opening(vec![repository(&key, "x")]), &[vec![&files]]).unwrap();
    assert_eq!(first.evidence[0].files[0].path, "dists/x/InRelease");
    assert_eq!(
        &*first.evidence[0].files[0].bytes,
        files["dists/x/InRelease"]
    );

    let mut newer = old.clone();
    newer.date = Epoch(old.date.0 + 60);
    let newer = newer.files(&key);
    let later = |tiers: &[Vec<&Files>], proven| {
        let opening = Opening {
            now: Epoch(NOW.0 + 1000 * DAY),
            proven,
            ..opening(vec![repository(&key, "x"), repository(&key, "gone")])
        };
        drive(opening, tiers)
    };
    // Long expired, behind a source that has moved on, and without the repository that is not named.
    let tiers = [vec![&newer], vec![&newer, &files]];
    let opened = later(&tiers, again(&first)).unwrap();
    assert_eq!(opened.proofs, first.proofs);
    assert_eq!(opened.warnings, Vec::<String>::new());
    // The state is gone: nothing is wrong with what there is.
    let gone = later(&[vec![&newer]], again(&first));
    refused(gone, Class::Outside, "which is not the locked one");
    // The same text with nobody's signature.
    let other = old.files(&self::key());
    refused(later(&[vec![&other]], again(&first)), Class::Untrusted, "");
    // A date that the lockfile only claims.
    let mut claimed = again(&first);
    claimed[0].proof.date = Epoch(old.date.0 - 60);
    refused(later(&[vec![&files]], claimed), Class::Untrusted, "Date");
}

#[test]
fn an_alias_is_opened_again_from_the_locked_state_that_it_means() {
    // Its Release, under the two names; both of the release's others are not in the lockfile.
    let key = key();
    let suite = Suite::new("trixie").named("stable", "trixie");
    let mut files = suite.files(&key);
    let alias = files["dists/trixie/InRelease"].clone();
    files.insert("dists/stable/InRelease".into(), alias);
    let text = Sha256::of(suite.release().as_bytes());
    let opening = Opening {
        proven: vec![Proven {
            repository: "trixie".into(),
            proof: Proof {
                sha256: text,
                date: suite.date,
                valid_until: None,
                signed_by: Vec::new(),
                indexes: Vec::new(),
            },
        }],
        ..opening(Vec::new())
    };
    // Debian's own keys did not sign it: the digest was accepted, and the signature is looked at.
    refused(
        drive(opening, &[vec![&files]]),
        Class::Untrusted,
        "dists/stable/InRelease",
    );
}

#[test]
fn a_catalog_offers_what_is_locked_and_nothing_like_it() {
    let opened = open_one(&Suite::new("x"), |_| {}).unwrap();
    let locked = |change: &dyn Fn(&mut LockedPackage)| {
        let mut package = LockedPackage {
            name: "a".parse().unwrap(),
            version: "1".parse().unwrap(),
            arch: "amd64".into(),
            group: "base".parse().unwrap(),
            requested: true,
            source: SourcePackage {
                name: "a".into(),
                version: "1".parse().unwrap(),
            },
            repository: "x".into(),
            path: "pool/a.deb".into(),
            size: 1,
            sha256: Sha256::of(b"x"),
            checksum: None,
            depends: Vec::new(),
            recommends: Vec::new(),
            install_if: Vec::new(),
        };
        change(&mut package);
        opened.catalogs[0].offers(&package).map_err(|reason| {
            assert!(reason.contains("the index of"), "{reason}");
            reason.split(' ').nth(4).unwrap_or_default().to_owned()
        })
    };
    assert_eq!(locked(&|_| {}), Ok(()));
    let differs = |word: &str, change: &dyn Fn(&mut LockedPackage)| {
        assert_eq!(locked(change), Err(word.to_owned()));
    };
    differs("sha256", &|package| package.sha256 = Sha256::of(b"y"));
    differs("size", &|package| package.size = 2);
    differs("path", &|package| package.path = "pool/b.deb".into());
    differs("source", &|package| package.source.name = "b".into());
    differs("in", &|package| package.version = "2".parse().unwrap());
    differs("in", &|package| package.arch = "all".into());
    differs("in", &|package| package.repository = "y".into());
}
