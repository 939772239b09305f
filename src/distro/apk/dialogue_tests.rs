//! Repositories opened step by step, from arrays: signed and not, older and newer, by an alias.

use std::collections::BTreeMap;
use std::sync::Arc as Shared;

use super::Alpine;
use super::testing::{TestRsa, index, signed};
use crate::distro::{Distro as _, Fault, Floor, Opened, Opening, Proven, Step};
use crate::model::{
    Answer, Arch, Class, Epoch, Found, Key, Miss, Origin, Purpose, Repository, Sha256, Wanted,
};

/// What one source has, by path below the repository, behind the repository's id and a space.
type Files = BTreeMap<String, Vec<u8>>;

const KEY: &str = "site.rsa.pub";
const RECORDS: &str = "C:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nP:a\nV:1\nA:x86_64\nS:1\nI:1\n\n";

fn arch(name: &str) -> Arch {
    Arch::from_alpine(name).unwrap()
}

fn repository(name: &str, key: Option<&TestRsa>) -> Repository {
    let keys = key.map(|key| {
        let bytes: Shared<[u8]> = key.pem().into();
        Key {
            name: format!("keys/{KEY}"),
            sha256: Sha256::of(&bytes),
            bytes,
        }
    });
    Repository {
        id: String::new(),
        origin: Origin::Url(format!("https://example.org/{name}")),
        base: format!("https://example.org/{name}"),
        suite: None,
        components: Vec::new(),
        path: None,
        priority: None,
        keys: keys.into_iter().collect(),
        snapshot: None,
        tag: None,
        unsigned: false,
        allow_expired: false,
    }
}

fn opening(repositories: Vec<Repository>) -> Opening {
    Opening {
        release: "latest-stable".into(),
        snapshot: None,
        repositories,
        arches: vec![arch("x86_64")],
        now: Epoch(1_800_000_000),
        locked: Vec::new(),
        proven: Vec::new(),
    }
}

fn files<const N: usize>(files: [(&str, Vec<u8>); N]) -> Files {
    files.map(|(path, bytes)| (path.to_owned(), bytes)).into()
}

/// Drives a dialogue; each tier is the sources that are asked together.
fn drive(opening: Opening, tiers: &[Vec<&Files>]) -> Result<Opened, Fault> {
    let mut dialogue = Alpine.open(opening)?;
    let mut answers = Vec::new();
    for _ in 0..50 {
        match dialogue.step(answers)? {
            Step::Done(opened) => return Ok(opened),
            Step::Need(wanted) => {
                let repositories = dialogue.repositories();
                let one =
                    |wanted: &Wanted| answer(&repositories[wanted.repository].id, wanted, tiers);
                answers = wanted.iter().map(one).collect();
            }
        }
    }
    panic!("the dialogue does not end");
}

fn answer(id: &str, wanted: &Wanted, tiers: &[Vec<&Files>]) -> Answer {
    let sources: Vec<&Files> = match wanted.purpose {
        Purpose::Release { attempt } => match tiers.get(attempt) {
            Some(tier) => tier.clone(),
            None => return Answer::Exhausted(Vec::new()),
        },
        Purpose::Index => tiers.iter().flatten().copied().collect(),
    };
    let mut found = Vec::new();
    for source in sources {
        for (alternative, files) in wanted.alternatives.iter().enumerate() {
            let file = &files[0];
            let Some(bytes) = source.get(&format!("{id} {}", file.path)) else {
                continue;
            };
            let bytes = match file.expect {
                None => bytes.clone(),
                Some((digest, _)) if digest != Sha256::of(bytes) => continue,
                Some(_) => Alpine.condense(file, bytes).unwrap(),
            };
            found.push(Found {
                from: "test".into(),
                alternative,
                files: vec![bytes.into()],
            });
            break;
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

#[track_caller]
fn refused(result: Result<Opened, Fault>, class: Class, why: &str) {
    let error = result.unwrap_err();
    assert!(error.to_string().contains(why), "{error}");
    assert_eq!(error.class(), class, "{error}");
}

const INDEX: &str = "main x86_64/APKINDEX.tar.gz";

#[test]
fn an_index_is_proven_by_a_key_of_the_manifest() {
    let key = TestRsa::new();
    for algorithm in ["RSA", "RSA256", "RSA512"] {
        let covered = index(RECORDS, 1_700_000_000);
        let file = signed(algorithm, &key, KEY, &covered);
        let source = files([(INDEX, file.clone())]);
        let opened = drive(
            opening(vec![repository("main", Some(&key))]),
            &[vec![&source]],
        );
        let opened = opened.map_err(|error| error.to_string()).unwrap();
        // Nothing says which release it is.
        assert_eq!(opened.release, "edge");
        let proof = &opened.proofs[0];
        assert_eq!(proof.sha256, Sha256::of(&covered), "{algorithm}");
        assert_eq!(
            (proof.date, proof.valid_until),
            (Epoch(1_700_000_000), None)
        );
        assert_eq!(
            proof.signed_by,
            [format!("{KEY} {}", Sha256::of(&key.pem()))]
        );
        let [index] = &proof.indexes[..] else {
            panic!("{proof:?}")
        };
        assert_eq!(index.path, "x86_64/APKINDEX.tar.gz");
        assert_eq!(
            (index.size, index.sha256, index.date),
            (file.len() as u64, Sha256::of(&file), None)
        );
        assert_eq!(&*opened.evidence[0].files[0].bytes, &file[..]);
    }
}

#[test]
fn what_no_allowed_key_signed_is_refused() {
    let (key, other) = (TestRsa::new(), TestRsa::new());
    let covered = index(RECORDS, 1_700_000_000);
    let open = |file: Vec<u8>| {
        let source = files([(INDEX, file)]);
        drive(
            opening(vec![repository("main", Some(&key))]),
            &[vec![&source]],
        )
    };
    let good = signed("RSA256", &key, KEY, &covered);
    assert!(open(good.clone()).is_ok());
    refused(
        open(signed("RSA256", &other, KEY, &covered)),
        Class::Untrusted,
        "does not hold",
    );
    refused(
        open(signed("RSA256", &other, "x.rsa.pub", &covered)),
        Class::Untrusted,
        "may sign it",
    );
    refused(open(covered.clone()), Class::Untrusted, "has no signature");
    let mut flipped = good.clone();
    let last = flipped.len() - 9;
    flipped[last] ^= 1;
    refused(open(flipped), Class::Untrusted, "does not hold");
    refused(
        open(good[..good.len() - 9].to_vec()),
        Class::Untrusted,
        "does not hold",
    );
    refused(
        open(b"ADBd and so on".to_vec()),
        Class::Untrusted,
        "format v3 (ADB)",
    );
    refused(open(Vec::new()), Class::Untrusted, "gzip");
    // A key of the manifest takes the place of the built-in ones.
    let source = files([(INDEX, good)]);
    let built_in = drive(opening(vec![repository("main", None)]), &[vec![&source]]);
    refused(built_in, Class::Untrusted, "may sign it");
    let source = files([(INDEX, covered)]);
    let unsigned = Repository {
        unsigned: true,
        ..repository("main", None)
    };
    let opened = drive(opening(vec![unsigned]), &[vec![&source]]).unwrap();
    assert!(opened.proofs[0].signed_by.is_empty());
}

#[test]
fn what_the_signature_does_not_cover_is_not_read() {
    let key = TestRsa::new();
    let covered = index(RECORDS, 1_700_000_000);
    let evil = index(&RECORDS.replace("P:a", "P:evil"), 1_700_000_000);
    let mut file = signed("RSA", &key, KEY, &covered);
    // An index in the place of the signatures, or behind what they cover.
    file.splice(0..0, evil.iter().copied());
    let source = files([(INDEX, file)]);
    let open = |source: &Files| {
        drive(
            opening(vec![repository("main", Some(&key))]),
            &[vec![source]],
        )
    };
    refused(open(&source), Class::Untrusted, "");
    let mut file = signed("RSA", &key, KEY, &covered);
    file.extend(evil);
    refused(
        open(&files([(INDEX, file)])),
        Class::Untrusted,
        "does not hold",
    );
}

#[test]
fn an_index_never_goes_back() {
    let key = TestRsa::new();
    let of = |date: i64| files([(INDEX, signed("RSA", &key, KEY, &index(RECORDS, date)))]);
    let (old, new) = (of(1000), of(2000));
    let open = |floor: i64, tiers: &[Vec<&Files>]| {
        let mut opening = opening(vec![repository("main", Some(&key))]);
        opening.locked = vec![Floor {
            repository: "main".into(),
            index: Some("x86_64/APKINDEX.tar.gz".into()),
            date: Epoch(floor),
        }];
        drive(opening, tiers)
    };
    refused(
        open(1500, &[vec![&old]]),
        Class::Untrusted,
        "older than the locked one",
    );
    let date = |opened: Result<Opened, Fault>| opened.unwrap().proofs[0].date;
    assert_eq!(date(open(1500, &[vec![&old], vec![&new]])), Epoch(2000));
    // Of those that are asked together the newest counts.
    assert_eq!(date(open(500, &[vec![&old, &new]])), Epoch(2000));
    assert_eq!(date(open(1000, &[vec![&old]])), Epoch(1000));
}

#[test]
fn each_architecture_has_an_index_of_its_own() {
    let key = TestRsa::new();
    let file = |date: i64| signed("RSA", &key, KEY, &index(RECORDS, date));
    let source = files([
        (INDEX, file(1000)),
        ("main aarch64/APKINDEX.tar.gz", file(3000)),
    ]);
    let both = Opening {
        arches: vec![arch("x86_64"), arch("aarch64")],
        ..opening(vec![repository("main", Some(&key))])
    };
    let opened = drive(both.clone(), &[vec![&source]]).unwrap();
    let proof = &opened.proofs[0];
    assert_eq!((opened.catalogs.len(), proof.date), (2, Epoch(3000)));
    let texts = [index(RECORDS, 3000), index(RECORDS, 1000)].concat();
    assert_eq!(proof.sha256, Sha256::of(&texts));
    let indexes: Vec<_> = proof
        .indexes
        .iter()
        .map(|index| (index.path.as_str(), index.date))
        .collect();
    assert_eq!(
        indexes,
        [
            ("aarch64/APKINDEX.tar.gz", Some(Epoch(3000))),
            ("x86_64/APKINDEX.tar.gz", Some(Epoch(1000)))
        ]
    );
    // The date of one does not hold the other back.
    let floors = proof.indexes.iter().map(|index| Floor {
        repository: "main".into(),
        index: Some(index.path.clone()),
        date: index.date.unwrap(),
    });
    let again = Opening {
        locked: floors.collect(),
        ..both
    };
    assert_eq!(
        drive(again, &[vec![&source]]).unwrap().proofs,
        opened.proofs
    );
    let foreign = Opening {
        arches: vec![Arch::from_oci("mips64le").unwrap()],
        ..opening(vec![repository("main", Some(&key))])
    };
    refused(
        drive(foreign, &[]),
        Class::BadInput,
        "has no architecture mips64le",
    );
}

#[test]
fn what_a_lockfile_was_made_from_is_opened_again_and_nothing_else() {
    let key = TestRsa::new();
    let of = |date: i64| signed("RSA", &key, KEY, &index(RECORDS, date));
    let (then, now) = (files([(INDEX, of(1000))]), files([(INDEX, of(2000))]));
    let opened = drive(
        opening(vec![repository("main", Some(&key))]),
        &[vec![&then]],
    )
    .unwrap();
    let again = |tiers: &[Vec<&Files>]| {
        let mut opening = opening(vec![
            repository("main", Some(&key)),
            repository("more", Some(&key)),
        ]);
        opening.proven = vec![Proven {
            repository: "main".into(),
            proof: opened.proofs[0].clone(),
        }];
        drive(opening, tiers)
    };
    assert_eq!(
        again(&[vec![&now], vec![&then]]).unwrap().proofs,
        opened.proofs
    );
    refused(again(&[vec![&now]]), Class::Outside, "not the locked one");
    let mut flipped = of(1000);
    let last = flipped.len() - 9;
    flipped[last] ^= 1;
    refused(
        again(&[vec![&files([(INDEX, flipped)])]]),
        Class::Untrusted,
        "does not hold",
    );
}

#[test]
fn the_alias_is_what_alpines_signed_index_says() {
    let Some(path) = crate::distro::apk::fixtures::shared_path("alpine/index/v3.19") else {
        return;
    };
    let read = |name: &str| fs_err::read(path.join(name).join("x86_64/APKINDEX.tar.gz")).unwrap();
    let (main, community) = (read("main"), read("community"));
    let source = files([
        ("latest-stable/main x86_64/APKINDEX.tar.gz", main.clone()),
        ("v3.19/main x86_64/APKINDEX.tar.gz", main),
        ("v3.19/community x86_64/APKINDEX.tar.gz", community),
    ]);
    let opened = drive(opening(Vec::new()), &[vec![&source]]).unwrap();
    assert_eq!(opened.release, "v3.19");
    let ids: Vec<_> = opened
        .repositories
        .iter()
        .map(|one| one.id.as_str())
        .collect();
    assert_eq!(ids, ["v3.19/main", "v3.19/community"]);
    let key = "alpine-devel@lists.alpinelinux.org-6165ee59.rsa.pub sha256:";
    assert!(
        opened
            .proofs
            .iter()
            .all(|proof| proof.signed_by[0].starts_with(key))
    );
    // Whatever the mirror serves under the release's own name must be there.
    let only = files([("latest-stable/main x86_64/APKINDEX.tar.gz", read("main"))]);
    refused(
        drive(opening(Vec::new()), &[vec![&only]]),
        Class::Outside,
        "404",
    );
}

#[test]
fn an_index_of_another_release_is_refused() {
    let Some(path) = crate::distro::apk::fixtures::shared_path("alpine/index/v3.19/main") else {
        return;
    };
    let main = fs_err::read(path.join("x86_64/APKINDEX.tar.gz")).unwrap();
    // Alpine signed it, and every release with the same key.
    let open = |path: &str| {
        let archive = Repository {
            origin: Origin::Archive("alpine".into()),
            path: Some(path.into()),
            ..repository("", None)
        };
        let source = files([(&*format!("{path} x86_64/APKINDEX.tar.gz"), main.clone())]);
        drive(opening(vec![archive]), &[vec![&source]])
    };
    assert_eq!(open("v3.19/main").unwrap().release, "v3.19");
    refused(
        open("v3.22/main"),
        Class::Untrusted,
        "is an index of v3.19, and v3.22 is asked for",
    );
}
