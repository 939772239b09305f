//! The database of images: what apk inside is told.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::*;
use crate::distro::apk::Alpine;
use crate::distro::apk::fixtures::locked;
use crate::distro::{Registered, Wishes};
use crate::model::{Dialect as _, Epoch, Key, PathRules, Proof, Repository, Sha256};
use crate::tree::TreePath;

fn provenance(id: &str, origin: Origin, tag: Option<&str>) -> Provenance {
    Provenance {
        repository: Repository {
            id: id.into(),
            origin,
            base: String::new(),
            suite: None,
            components: Vec::new(),
            path: Some(format!("v3.22/{id}")),
            priority: None,
            keys: Vec::new(),
            snapshot: None,
            tag: tag.map(str::to_owned),
            unsigned: false,
            allow_expired: false,
        },
        proof: Proof {
            sha256: Sha256::of(b""),
            date: Epoch(0),
            valid_until: None,
            signed_by: Vec::new(),
            indexes: Vec::new(),
        },
    }
}

fn url(text: &str) -> Origin {
    Origin::Url(text.into())
}

fn record(head: &str, tail: &str, files: &str) -> Vec<u8> {
    let record = Record {
        head: head.into(),
        tail: tail.into(),
        files: files.into(),
        triggers: format!("{head} /x\n").into(),
        scripts: vec![b's'; 512],
    };
    record.encode()
}

#[test]
fn packages_are_sorted_as_apk_sorts_them_and_tagged() {
    let packages = ["B", "a", "b", "c"].map(|name| {
        let mut package = locked(name, "1-r0");
        package.repository = if name == "c" { "testing" } else { "main" }.into();
        package
    });
    let records = ["B", "a", "b", "c"].map(|name| {
        let files = if name == "a" { "" } else { "F:d\nR:f\n" };
        record(&format!("P:{name}\n"), "r:old\n", files)
    });
    let gone: BTreeSet<TreePath> = [TreePath::from_archive(b"d/f").unwrap().unwrap()].into();
    let none = BTreeSet::new();
    let registered: Vec<_> = packages
        .iter()
        .zip(&records)
        .map(|(package, record)| Registered {
            package,
            record,
            gone: if package.name.as_str() == "b" {
                &gone
            } else {
                &none
            },
        })
        .collect();
    let repositories = [
        provenance("main", Origin::Archive("alpine".into()), None),
        provenance("testing", url("https://x.example/testing"), Some("test")),
    ];
    let rules = PathRules::default();
    let image = Image {
        arch: Arch::from_oci("arm64").unwrap(),
        packages: &registered,
        diversions: &[],
        rules: &rules,
        wishes: Wishes {
            repositories: &repositories,
            ..Wishes::default()
        },
        unfinished: None,
    };
    let files = database(image).unwrap();
    let content = |path: &str| {
        let file = files
            .iter()
            .find(|file| file.path.as_bytes() == path.as_bytes());
        file.unwrap().content.clone().unwrap()
    };
    let text = |path: &str| String::from_utf8(content(path)).unwrap();
    assert_eq!(
        text("lib/apk/db/installed"),
        "P:a\n\nP:B\nr:old\nF:d\nR:f\n\nP:b\nr:old\nF:d\n\nP:c\nr:old\ns:test\nF:d\nR:f\n\n"
    );
    assert_eq!(text("lib/apk/db/triggers").lines().count(), 8);
    assert_eq!(content("lib/apk/db/scripts.tar").len(), 4 * 512 + 1024);
    assert_eq!(text("lib/apk/db/lock"), "");
    assert_eq!(text("etc/apk/arch"), "aarch64\n");
    assert_eq!(text("etc/apk/world"), "\n");
    assert_eq!(
        text("etc/apk/repositories"),
        "https://dl-cdn.alpinelinux.org/alpine/v3.22/main\n@test https://x.example/testing\n"
    );
    let lock = files
        .iter()
        .find(|file| file.path.as_bytes().ends_with(b"lock"));
    assert_eq!(lock.unwrap().mode, 0o600);
    let broken = [Registered {
        record: b"?",
        ..registered[0]
    }];
    let image = Image {
        packages: &broken,
        ..image
    };
    assert!(database(image).is_err());
}

#[test]
fn the_world_is_in_apks_grammar() {
    let requests: Vec<_> = [
        "zlib",
        "jq=1.7.1-r0@edge",
        "!vim>9",
        "python3~3.12",
        "libssl3=3.5.*",
        "Bash=5-*",
        "odd=1_x*",
        "so:libssl.so.3",
        "a><Q1sB8iM1ws5KTV5zBTbIBpqTjjRSM=",
        "zlib",
        "grub [amd64]",
    ]
    .map(|text| Alpine.request(text).unwrap())
    .into();
    let excluded = ["nano", "vim"].map(|name| name.parse().unwrap());
    assert_eq!(
        world(&requests, &excluded),
        "a><Q1sB8iM1ws5KTV5zBTbIBpqTjjRSM=\nBash~5\ngrub\njq@edge=1.7.1-r0\nlibssl3~3.5\n!nano\nodd\n\
         python3~3.12\nso:libssl.so.3\n!vim\n!vim>9\nzlib\n"
    );
}

#[test]
fn repositories_that_mean_nothing_inside_are_left_out() {
    let list = [
        provenance("a", url("file:///srv/a"), None),
        provenance("b", url("../packages"), None),
        provenance("c", url("http://c.example/x"), None),
        provenance("d", Origin::Archive("unknown".into()), None),
    ];
    assert_eq!(urls(&list), "file:///srv/a\nhttp://c.example/x\n");
}

#[test]
fn the_keys_are_those_that_signed() {
    let arch = Arch::from_oci("amd64").unwrap();
    let bytes: Arc<[u8]> = b"own key"[..].into();
    let key = Key {
        name: "keys/own.rsa.pub".into(),
        sha256: Sha256::of(&bytes),
        bytes,
    };
    let mut own = provenance("own", url("https://own.example"), None);
    own.proof.signed_by = vec![
        format!("own.rsa.pub {}", key.sha256),
        format!("other.rsa.pub {}", key.sha256),
    ];
    own.repository.keys = vec![key];
    let (name, file) = super::super::keys::built_in(arch).next().unwrap();
    let mut main = provenance("main", Origin::Archive("alpine".into()), None);
    main.proof.signed_by = vec![format!("{name} {}", Sha256::of(file))];
    let keys = keys(arch, &[own, main]);
    let expected = [
        (name, file.to_vec()),
        ("own.rsa.pub".into(), b"own key".to_vec()),
    ];
    assert_eq!(keys, expected.into());
}
