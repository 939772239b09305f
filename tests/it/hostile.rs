//! Repositories that are not what they should be: the code, the words, and nothing half-written.
//! And good ones of every shape, so that what is refused is refused for its fault.

use std::collections::BTreeMap;

use crate::make::Packing;
use crate::repo::{Repo, TestKey, date, hex};
use crate::support::server::{Answer, Server};
use crate::support::{Ran, Site, Verdict, good};

/// Refused by `lock`, which leaves nothing behind.
pub(crate) fn refused(site: &Site, code: i32, words: &[&str]) -> Option<String> {
    let ran = site.run(&["lock"]);
    let fault = ran.fault(code, words);
    let made = site.made();
    let left = (!made.is_empty()).then(|| format!("it left {made:?}"));
    fault.or(left)
}

/// Locked and built; the digests.
fn built(site: &Site) -> Result<serde_json::Value, Ran> {
    let ran = site.run(&["build", "-o", "out"]);
    match ran.code {
        Some(0) => Ok(ran.stdout["images"][0]["layers"].clone()),
        _ => Err(ran),
    }
}

#[test]
fn good_repositories_of_every_shape_give_the_same_layers() {
    let mut layers = BTreeMap::new();
    for packing in [Packing::Plain, Packing::Gzip, Packing::Xz, Packing::Zstd] {
        for by_hash in [false, true] {
            let site = Site::new();
            let mut repo = good();
            (repo.packing, repo.by_hash) = (packing, by_hash);
            repo.write(&site.path("repo"), &site.key, site.now);
            if by_hash {
                // What a mirror in the middle of an update has at the plain path.
                let path = format!(
                    "repo/dists/trixie/main/binary-amd64/Packages{}",
                    packing.suffix()
                );
                site.file(&path, b"another day's");
            } else {
                fs_err::remove_file(site.path("repo/dists/trixie/InRelease")).unwrap();
            }
            let server = (packing == Packing::Gzip)
                .then(|| Server::new(site.path("repo"), |_, _| Answer::File));
            if let Some(server) = &server {
                site.manifest(&server.url, "");
            }
            let made = built(&site).unwrap_or_else(|ran| panic!("{packing:?} {by_hash}: {ran:?}"));
            layers.insert(made.to_string(), format!("{packing:?} {by_hash}"));
        }
    }
    assert_eq!(layers.len(), 1, "{layers:?}");
}

/// The files of a flat repository are beside its Release, and its packages too.
#[test]
fn a_flat_repository_is_read() {
    let site = Site::new();
    good().write(&site.path("repo"), &site.key, site.now);
    let expected = built(&site).unwrap();
    let packages = good().packages("amd64");
    let release = format!(
        "Date: {}\nSHA256:\n {} {} Packages\n",
        date(site.now - 60),
        hex(packages.as_bytes()),
        packages.len()
    );
    let flat = |name: &str| format!("flat/{name}");
    site.file(&flat("Packages"), packages.as_bytes());
    let signed = site.key.clear_sign(release.as_bytes(), site.now - 60);
    site.file(&flat("InRelease"), &signed);
    fs_err::rename(site.path("repo/pool"), site.path("flat/pool")).unwrap();
    fs_err::remove_dir_all(site.path("repo")).unwrap();
    let text = fs_err::read_to_string(site.path("p/rootfs.yaml")).unwrap();
    let text = text
        .replace("suite: trixie", "suite: ./")
        .replace("../repo", "../flat");
    fs_err::write(site.path("p/rootfs.yaml"), text).unwrap();
    fs_err::remove_file(site.path("p/rootfs.lock")).unwrap();
    fs_err::remove_dir_all(site.path("p/out")).unwrap();
    site.wipe_store();
    assert_eq!(built(&site).unwrap(), expected);
}

/// How the signature or the Release is wrong, what is then said.
type Spoil = fn(&Site, &mut BTreeMap<String, Vec<u8>>, String);

fn clear(site: &Site, files: &mut BTreeMap<String, Vec<u8>>, text: &str) {
    let signed = site.key.clear_sign(text.as_bytes(), site.now - 3600);
    files.insert("InRelease".into(), signed);
}

fn by(site: &Site, key: &TestKey, files: &mut BTreeMap<String, Vec<u8>>, text: &str) {
    files.insert(
        "InRelease".into(),
        key.clear_sign(text.as_bytes(), site.now - 3600),
    );
    fs_err::write(site.path("p/key.gpg"), key.public()).unwrap();
}

const SIGNATURES: &[(&str, &[&str], Spoil)] = &[
    (
        "a changed byte",
        &["InRelease", "signature"],
        |site, files, text| {
            clear(site, files, &text);
            let signed = files.get_mut("InRelease").unwrap();
            let at = signed
                .windows(6)
                .position(|word| word == b"Origin")
                .unwrap();
            signed[at + 9] ^= 1;
        },
    ),
    (
        "an unknown key",
        &["InRelease", "key"],
        |site, files, text| {
            let other = TestKey::new(site.now - 86_400, None);
            let signed = other.clear_sign(text.as_bytes(), site.now - 3600);
            files.insert("InRelease".into(), signed);
        },
    ),
    ("an expired key", &["Expired"], |site, files, text| {
        by(
            site,
            &TestKey::new(site.now - 100 * 86_400, Some(10)),
            files,
            &text,
        );
    }),
    ("a revoked key", &["revoked"], |site, files, text| {
        let mut key = TestKey::new(site.now - 100 * 86_400, None);
        key.revoke();
        by(site, &key, files, &text);
    }),
    ("a weak hash", &["signature"], |site, files, text| {
        let signed = site.key.weak_sign(text.as_bytes(), site.now - 3600);
        files.insert("Release".into(), text.into());
        files.insert("Release.gpg".into(), signed);
    }),
    (
        "no signature",
        &["Release", "no signature", "unsigned: true"],
        |_, files, text| {
            files.insert("Release".into(), text.into());
        },
    ),
    ("an unsigned InRelease", &["InRelease"], |_, files, text| {
        files.insert("InRelease".into(), text.into());
    }),
    (
        "a signature over something else",
        &["signature"],
        |site, files, text| {
            files.insert(
                "Release.gpg".into(),
                site.key.detach_sign(b"x", site.now - 60),
            );
            files.insert("Release".into(), text.into());
        },
    ),
    (
        "text before the signed part",
        &["InRelease"],
        |site, files, text| {
            clear(site, files, &text);
            let signed = files.get_mut("InRelease").unwrap();
            signed.splice(0..0, *b"Suite: trixie\n\n");
        },
    ),
    (
        "text behind the signed part",
        &["InRelease"],
        |site, files, text| {
            clear(site, files, &text);
            files
                .get_mut("InRelease")
                .unwrap()
                .extend(b"\nSuite: evil\n");
        },
    ),
    (
        "two messages in one",
        &["InRelease"],
        |site, files, text| {
            clear(site, files, &text);
            let signed = files.get_mut("InRelease").unwrap();
            let again = signed.clone();
            signed.extend(again);
        },
    ),
    (
        "a signature cut short",
        &["InRelease"],
        |site, files, text| {
            clear(site, files, &text);
            let signed = files.get_mut("InRelease").unwrap();
            signed.truncate(signed.len() - 120);
        },
    ),
    (
        "past Valid-Until",
        &["allow_expired"],
        |site, files, text| {
            clear(
                site,
                files,
                &format!("Valid-Until: {}\n{text}", date(site.now - 60)),
            );
        },
    ),
    ("from the future", &["ahead"], |site, files, text| {
        let from = date(site.now - 3600);
        clear(site, files, &text.replace(&from, &date(site.now + 86_400)));
    }),
    ("no Date", &["Date"], |site, files, text| {
        let from = format!("Date: {}\n", date(site.now - 3600));
        clear(site, files, &text.replace(&from, ""));
    }),
    ("a Date that is none", &["Date"], |site, files, text| {
        clear(
            site,
            files,
            &text.replace(&date(site.now - 3600), "yesterday"),
        );
    }),
    ("another suite", &["trixie"], |site, files, text| {
        clear(site, files, &text.replace("trixie", "sid"));
    }),
    ("no digests", &["SHA256"], |site, files, text| {
        let at = text.find("SHA256").unwrap();
        clear(site, files, &text[..at]);
    }),
    ("only MD5", &["SHA256"], |site, files, text| {
        clear(site, files, &text.replace("SHA256:", "MD5Sum:"));
    }),
    ("an HTML page", &["InRelease"], |_, files, _| {
        files.insert(
            "InRelease".into(),
            b"<html><body>Log in</body></html>".to_vec(),
        );
    }),
    ("nothing in it", &["InRelease"], |_, files, _| {
        files.insert("InRelease".into(), Vec::new());
    }),
    ("no line end in 20 MB", &["InRelease"], |_, files, _| {
        files.insert("InRelease".into(), vec![b'a'; 20 << 20]);
    }),
];

#[test]
fn a_release_that_does_not_hold_is_code_4() {
    let mut verdict = Verdict::default();
    for (case, words, spoil) in SIGNATURES {
        let site = Site::new();
        let (mut files, text) = good().files(site.now);
        spoil(&site, &mut files, text);
        site.put(&files);
        verdict.add(case, refused(&site, 4, words));
    }
}

#[test]
fn what_a_flag_allows_is_locked_with_a_warning() {
    let site = Site::new();
    let (mut files, text) = good().files(site.now);
    files.insert("Release".into(), text.clone().into());
    site.put(&files);
    site.manifest("../repo", ", unsigned: true");
    let ran = site.run(&["lock"]);
    assert!(ran.stderr.contains("unsigned"), "{ran:?}");
    ran.done();

    let site = Site::new();
    let (mut files, text) = good().files(site.now);
    let text = format!("Valid-Until: {}\n{text}", date(site.now - 60));
    clear(&site, &mut files, &text);
    site.put(&files);
    site.manifest("../repo", ", allow_expired: true");
    site.run(&["lock"]).done();
}

#[test]
fn a_release_may_not_go_back() {
    let site = Site::new();
    good().write(&site.path("repo"), &site.key, site.now);
    site.run(&["lock"]).done();
    let locked = fs_err::read(site.path("p/rootfs.lock")).unwrap();
    let mut older = good();
    older.age = 7200;
    older.write(&site.path("repo"), &site.key, site.now);
    let fault = site
        .run(&["lock", "--update"])
        .fault(4, &["trixie", "older"]);
    assert_eq!(fault, None);
    assert_eq!(fs_err::read(site.path("p/rootfs.lock")).unwrap(), locked);
}

#[test]
fn what_is_not_there_is_code_5() {
    let mut verdict = Verdict::default();
    let site = Site::new();
    verdict.add("no repository", refused(&site, 5, &["trixie"]));
    let server = Server::new(site.path("nothing"), |_, _| Answer::File);
    site.manifest(&server.url, "");
    verdict.add("an empty server", refused(&site, 5, &[&server.url, "404"]));
    site.publish(good().files(site.now));
    fs_err::remove_file(
        site.path("repo/dists/trixie")
            .join("main/binary-amd64/Packages.xz"),
    )
    .unwrap();
    site.manifest("../repo", "");
    verdict.add("no index", refused(&site, 5, &["Packages.xz"]));
    site.manifest("http://127.0.0.1:1/", "");
    verdict.add("no server", refused(&site, 5, &["127.0.0.1:1"]));
}

#[test]
fn requests_that_cannot_be_met_are_code_3_with_the_reason() {
    let mut verdict = Verdict::default();
    let mut case = |name: &str, two: &[(&str, &str)], code: i32, words: &[&str]| {
        let site = Site::new();
        let two = two
            .iter()
            .fold(crate::support::two(), |deb, (field, value)| {
                deb.field(field, value)
            });
        let repo: Repo = crate::support::with([crate::support::one(), two]);
        repo.write(&site.path("repo"), &site.key, site.now);
        let fault = match code {
            0 => site
                .run(&["lock"])
                .code
                .filter(|code| *code != 0)
                .map(|code| code.to_string()),
            _ => refused(&site, code, words),
        };
        verdict.add(name, fault);
    };
    case("a cycle", &[("Depends", "two, one")], 0, &[]);
    case(
        "a missing dependency",
        &[("Depends", "three (>= 3)")],
        3,
        &["two", "three (>= 3)"],
    );
    case(
        "too old",
        &[("Depends", "one (>= 2)")],
        3,
        &["one (>= 2)", "1.0"],
    );
    case(
        "a conflict",
        &[("Conflicts", "one")],
        3,
        &["one", "two", "conflicts"],
    );
    case(
        "a break",
        &[("Breaks", "one (<< 2)")],
        3,
        &["one", "two", "conflicts"],
    );
    case("with itself", &[("Conflicts", "two")], 0, &[]);
}
