//! The order in which sources are asked.

use super::sources::{Source, Sources};
use super::{Mirror, Network, Place};
use crate::model::{Archive, Origin};

const ARCHIVES: &[Archive] = &[Archive {
    name: "debian",
    urls: &["https://official.example.org/debian"],
    snapshot: Some("https://snapshot.example.org/archive/debian"),
}];

fn network(mirrors: &[(&str, &str)]) -> Network {
    Network {
        mirrors: mirrors
            .iter()
            .map(|(what, url)| Mirror {
                what: Some((*what).to_owned()),
                url: (*url).to_owned(),
            })
            .collect(),
        host_mirrors: [(
            "debian".to_owned(),
            vec!["http://host.example.org/debian".to_owned()],
        )]
        .into(),
        ..Network::default()
    }
}

fn place(snapshot: Option<&str>) -> Place {
    Place {
        origin: Origin::Archive("debian".into()),
        base: String::new(),
        path: None,
        snapshot: snapshot.map(|moment| moment.parse().unwrap()),
    }
}

fn urls(group: &[Source]) -> Vec<String> {
    group.iter().filter_map(|source| source.url("p")).collect()
}

fn sources<'a>(network: &'a Network, place: &'a Place) -> Sources<'a> {
    Sources {
        network,
        archives: ARCHIVES,
        place,
    }
}

#[test]
fn packages_are_looked_for_everywhere_in_order() {
    let network = network(&[
        ("https://official.example.org", "http://prefix.example.org"),
        ("debian", "http://first.example.org/d"),
        ("other", "http://other.example.org"),
        (
            "https://official.example.org/debian",
            "http://longer.example.org",
        ),
    ]);
    let place = place(None);
    let date = "2026-11-21T09:15:44Z".parse().unwrap();
    assert_eq!(
        urls(&sources(&network, &place).package(Some(date))),
        [
            "http://first.example.org/d/p",
            "http://longer.example.org/p",
            "http://prefix.example.org/debian/p",
            "http://host.example.org/debian/p",
            "https://official.example.org/debian/p",
            "https://snapshot.example.org/archive/debian/20261121T211544Z/p",
            "https://snapshot.example.org/archive/debian/20261123T091544Z/p",
            "https://snapshot.example.org/archive/debian/20261121T091544Z/p",
        ]
    );
    let only = Network {
        mirror_only: true,
        ..network
    };
    assert_eq!(sources(&only, &place).package(Some(date)).len(), 3);
}

#[test]
fn a_release_is_asked_of_host_and_official_together_after_the_given() {
    let network = network(&[("debian", "http://first.example.org/d")]);
    let place = place(None);
    let tiers = sources(&network, &place).release();
    let shape: Vec<Vec<Vec<String>>> = tiers
        .iter()
        .map(|tier| tier.iter().map(|group| urls(group)).collect())
        .collect();
    assert_eq!(
        shape,
        [
            vec![vec!["http://first.example.org/d/p"]],
            vec![
                vec!["http://host.example.org/debian/p"],
                vec!["https://official.example.org/debian/p"]
            ]
        ]
    );
}

#[test]
fn a_pin_never_falls_back_to_something_live() {
    let network = network(&[
        ("debian", "http://first.example.org/d"),
        (
            "https://snapshot.example.org/archive",
            "file:///srv/snapshot",
        ),
    ]);
    let place = place(Some("20261101T000000Z"));
    let pinned = [
        "file:///srv/snapshot/debian/20261101T000000Z/p",
        "https://snapshot.example.org/archive/debian/20261101T000000Z/p",
    ];
    let sources = sources(&network, &place);
    assert_eq!(urls(&sources.index()), pinned);
    let packages = urls(&sources.package(None));
    assert_eq!(packages[..2], pinned);
    assert_eq!(
        packages[2..],
        [
            "http://first.example.org/d/p",
            "http://host.example.org/debian/p",
            "https://official.example.org/debian/p"
        ]
    );
}

#[test]
fn a_vendored_tree_serves_every_repository_after_what_is_named() {
    let tree = |url: &str| Mirror {
        what: None,
        url: url.into(),
    };
    let mut network = network(&[("debian", "http://first.example.org/d")]);
    network.mirrors.insert(0, tree("file:///srv/tree"));
    network.mirrors.push(tree("http://tree.example.org/t/"));
    let live = place(None);
    let given = [
        "http://first.example.org/d/p",
        "file:///srv/tree/debian/p",
        "http://tree.example.org/t/debian/p",
    ];
    let sources = sources(&network, &live);
    assert_eq!(urls(&sources.package(None))[..3], given);
    assert_eq!(urls(&sources.index())[..3], given);
    let tiers = sources.release();
    assert_eq!((tiers.len(), urls(&tiers[1][0])[0].as_str()), (4, given[1]));

    let trees = [
        "file:///srv/tree/debian@20261101T000000Z/p",
        "http://tree.example.org/t/debian@20261101T000000Z/p",
    ];
    let pinned = place(Some("20261101T000000Z"));
    let pinned = self::sources(&network, &pinned);
    assert_eq!(urls(&pinned.index())[..2], trees);
    assert_eq!(urls(&pinned.package(None))[..2], trees);

    let by_url = Place {
        origin: Origin::Url("../x".into()),
        base: "file:///home/x".into(),
        ..place(None)
    };
    let by_url = self::sources(&network, &by_url);
    assert_eq!(
        urls(&by_url.index()),
        [
            "file:///srv/tree/by-path/=2E./x/p",
            "http://tree.example.org/t/by-path/=2E./x/p",
            "file:///home/x/p",
        ]
    );
}

#[test]
fn a_repository_by_url_is_itself_and_the_mirrors_of_its_prefixes() {
    let network = network(&[
        ("debian", "http://first.example.org/d"),
        ("http://repo.example.org/a/pool", "http://pool.example.org"),
        ("http://repo.example.org/ab", "http://wrong.example.org"),
    ]);
    let place = Place {
        origin: Origin::Url("x".into()),
        base: "http://repo.example.org/a".into(),
        ..place(None)
    };
    let sources = sources(&network, &place);
    assert_eq!(urls(&sources.index()), ["http://repo.example.org/a/p"]);
    let of_pool: Vec<_> = sources
        .package(None)
        .iter()
        .filter_map(|source| source.url("pool/x.deb"))
        .collect();
    assert_eq!(
        of_pool,
        [
            "http://pool.example.org/x.deb",
            "http://repo.example.org/a/pool/x.deb"
        ]
    );
}
