//! Differences of lockfiles that are a few lines.

use super::{DiffKind, DiffReport, LayerState, compare};
use crate::lockfile::{BlobRecord, LayerRecord, Lockfile, Output};
use crate::model::{Arch, Configure, Epoch, IndexProof, Origin, Sha256};
use crate::ops::review::testing::{amd64, lockfile, side};

fn diff(old: &Lockfile, new: &Lockfile) -> DiffReport {
    compare(&side(old.clone()), &side(new.clone()), &["base", "app"])
}

const OLD: &[&str] = &[
    "*bash: libc6",
    "libc6=2",
    "*nginx@app: libssl",
    "libssl=3@app: libc6",
    "lonely=5",
];

/// `kind name` of every package that changed, with the names of its chain.
fn told(report: &DiffReport) -> Vec<String> {
    let packages = &report.arches[0].1.packages;
    let told = packages.iter().map(|package| {
        let links = package.why.iter().flat_map(|why| &why.links);
        let links: Vec<&str> = links.map(|link| link.name.as_str()).collect();
        let fields = package.fields.join(",");
        format!(
            "{} {} {fields} {}",
            package.kind.as_str(),
            package.package.name,
            links.join(">")
        )
    });
    told.collect()
}

fn layers(report: &DiffReport) -> Vec<String> {
    let layers = &report.arches[0].1.layers;
    let told = layers.layers.iter().map(|layer| {
        let unpacked = if layer.unpacked { " unpacked" } else { "" };
        let size = layer.size.map_or("?".to_owned(), |size| size.to_string());
        format!("{} {} {size}{unpacked}", layer.group, layer.state.as_str())
    });
    told.collect()
}

#[test]
fn every_kind_of_change_is_told_with_its_chain() {
    let new = lockfile(&[
        "*bash: libc6 libnew",
        "libc6=2@app",
        "libnew",
        "*nginx=0.9@app: libssl",
        "libssl=4@app: libc6",
    ]);
    let report = diff(&lockfile(OLD), &new);
    assert!(!report.equal);
    assert_eq!(
        told(&report),
        [
            "removed lonely  lonely",
            "added libnew  bash>libnew",
            "upgraded libssl  nginx>libssl",
            "downgraded nginx  nginx",
            "moved libc6 group bash>libc6",
            "changed bash depends bash",
        ]
    );
    let sizes = &report.arches[0].1;
    assert_eq!((sizes.from_size, sizes.size, sizes.count), (5000, 5000, 5));
}

#[test]
fn without_records_the_packages_of_a_group_decide_on_its_layer() {
    let old = lockfile(OLD);
    let app = lockfile(&[
        "*bash: libc6",
        "libc6=2",
        "*nginx@app: libssl",
        "libssl=4@app",
        "lonely=5",
    ]);
    let report = diff(&old, &app);
    assert!(report.arches[0].1.layers.estimated);
    assert_eq!(
        layers(&report),
        ["base same 3000", "app changed 2000", "system changed ?"]
    );
    assert_eq!(report.arches[0].1.layers.sent(), 2000);
    let base = lockfile(&[
        "*bash: libc6",
        "libc6=3",
        "*nginx@app: libssl",
        "libssl=3@app",
        "lonely=5",
    ]);
    let report = diff(&old, &base);
    assert_eq!(
        layers(&report),
        [
            "base changed 3000",
            "app same 2000 unpacked",
            "system changed ?"
        ]
    );
    let gone = lockfile(&["*bash: libc6", "libc6=2", "lonely=5", "*x@zz"]);
    assert_eq!(
        layers(&diff(&old, &gone)),
        [
            "base same 3000",
            "zz added 1000",
            "system changed ?",
            "app removed 2000"
        ]
    );
    // A dependency that is written otherwise, and nothing else, touches no layer.
    let edge = lockfile(&[
        "*bash: libc6 lonely",
        "libc6=2",
        "*nginx@app: libssl",
        "libssl=3@app: libc6",
        "lonely=5",
    ]);
    let report = diff(&old, &edge);
    assert_eq!(told(&report), ["changed bash depends bash"]);
    assert!(
        report.arches[0]
            .1
            .layers
            .layers
            .iter()
            .all(|l| l.state == LayerState::Same)
    );
    // Other rules make other layers.
    let mut rules = old.clone();
    rules.configure = Configure::None;
    assert_eq!(layers(&diff(&old, &rules))[0], "base changed 3000");
}

fn output(layers: &[(&str, &str)]) -> Output {
    let layer = |&(group, content): &(&str, &str)| LayerRecord {
        group: group.into(),
        diff_id: Sha256::of(content.as_bytes()),
        size: 10,
    };
    Output {
        epoch: Epoch(1),
        layers: layers.iter().map(layer).collect(),
        tree: Sha256::of(b"tree"),
        config: Sha256::of(b"config"),
        generated: Vec::new(),
        paths: None,
        undone: Vec::new(),
        blobs: None,
    }
}

#[test]
fn recorded_digests_decide_where_both_have_them() {
    let recorded = |layers: &[(&str, &str)]| {
        let mut lockfile = lockfile(OLD);
        lockfile.outputs = [(amd64(), output(layers))].into();
        lockfile
    };
    let old = recorded(&[("base", "1"), ("app", "2"), ("system", "3")]);
    let report = diff(
        &old,
        &recorded(&[("base", "x"), ("app", "2"), ("system", "y")]),
    );
    assert!(!report.arches[0].1.layers.estimated);
    assert_eq!(
        layers(&report),
        [
            "base changed 10",
            "app same 10 unpacked",
            "system changed 10"
        ]
    );
    // A layer has its digest wherever it lies, and under whatever name.
    let report = diff(
        &old,
        &recorded(&[("base", "1"), ("web", "2"), ("system", "3")]),
    );
    assert_eq!(
        layers(&report),
        [
            "base same 10",
            "web same 10",
            "system same 10",
            "app removed 10"
        ]
    );
    let report = diff(
        &old,
        &recorded(&[("base", "1"), ("mid", "m"), ("app", "2"), ("system", "3")]),
    );
    assert_eq!(
        layers(&report),
        [
            "base same 10",
            "mid added 10",
            "app same 10 unpacked",
            "system same 10 unpacked"
        ]
    );
    // One record alone decides nothing.
    assert!(diff(&old, &lockfile(OLD)).arches[0].1.layers.estimated);
}

#[test]
fn an_architecture_that_comes_or_goes_is_all_new_or_gone() {
    let old = lockfile(OLD);
    let mut new = old.clone();
    let arm64 = Arch::from_oci("arm64").unwrap();
    let packages = new.packages.remove(&amd64()).unwrap();
    new.packages.insert(arm64, packages);
    let report = diff(&old, &new);
    let kinds = |at: usize| {
        let packages = report.arches[at].1.packages.iter();
        packages.map(|package| package.kind).collect::<Vec<_>>()
    };
    assert_eq!(kinds(0), [DiffKind::Removed; 5]);
    assert_eq!(kinds(1), [DiffKind::Added; 5]);
}

/// Whether anything at all is told.
fn is_told(report: &DiffReport) -> bool {
    let packages = report
        .arches
        .iter()
        .any(|(_, arch)| !arch.packages.is_empty());
    packages
        || !report.fields.is_empty()
        || !report.repositories.is_empty()
        || !report.outputs.is_empty()
}

#[test]
fn whatever_differs_is_told_and_what_does_not_is_not() {
    let mut old = lockfile(OLD);
    old.outputs = [(amd64(), output(&[("base", "1")]))].into();
    let mut second = old.repositories[0].clone();
    second.id = "second".into();
    old.repositories.push(second);
    let same = diff(&old, &old);
    assert!(same.equal && !is_told(&same));

    fn package(change: fn(&mut crate::model::LockedPackage)) -> Box<dyn Fn(&mut Lockfile)> {
        Box::new(move |lockfile| change(&mut lockfile.packages.get_mut(&amd64()).unwrap()[0]))
    }
    fn repository(
        change: fn(&mut crate::lockfile::LockedRepository),
    ) -> Box<dyn Fn(&mut Lockfile)> {
        Box::new(move |lockfile| change(&mut lockfile.repositories[0]))
    }
    /// A change of a lockfile.
    type Plant = Box<dyn Fn(&mut Lockfile)>;
    fn recorded(change: fn(&mut Output)) -> Plant {
        Box::new(move |lockfile| change(lockfile.outputs.get_mut(&amd64()).unwrap()))
    }
    let blob = || BlobRecord {
        encoder: "x".into(),
        digest: Sha256::of(b"x"),
    };
    let other: [Plant; 42] = [
        Box::new(|lockfile| lockfile.format = "1.1.0".parse().unwrap()),
        Box::new(|lockfile| lockfile.canonical = 9),
        Box::new(|lockfile| lockfile.manifest = Sha256::of(b"x")),
        Box::new(|lockfile| lockfile.distro = "other".into()),
        Box::new(|lockfile| lockfile.release = "forky".into()),
        Box::new(|lockfile| lockfile.configure = Configure::None),
        Box::new(|lockfile| lockfile.rules = 9),
        Box::new(|lockfile| lockfile.repositories.swap(0, 1)),
        Box::new(|lockfile| drop(lockfile.repositories.pop())),
        Box::new(|lockfile| lockfile.packages.clear()),
        Box::new(|lockfile| lockfile.outputs.clear()),
        Box::new(move |lockfile| lockfile.index = Some(blob())),
        repository(|repository| repository.origin = Origin::Url("x".into())),
        repository(|repository| repository.suite = None),
        repository(|repository| repository.path = Some("x".into())),
        repository(|repository| repository.snapshot = "20260101T000000Z".parse().ok()),
        repository(|repository| repository.unsigned = true),
        repository(|repository| repository.proof.sha256 = Sha256::of(b"x")),
        repository(|repository| repository.proof.date = Epoch(5)),
        repository(|repository| repository.proof.valid_until = Some(Epoch(5))),
        repository(|repository| repository.proof.signed_by.clear()),
        repository(|repository| {
            repository.proof.indexes.push(IndexProof {
                path: "x".into(),
                size: 1,
                sha256: Sha256::of(b"x"),
                date: None,
            });
        }),
        package(|package| package.name = "aaa".parse().unwrap()),
        package(|package| package.version = "9".parse().unwrap()),
        package(|package| package.arch = "x".into()),
        package(|package| package.group = "other".parse().unwrap()),
        package(|package| package.requested = false),
        package(|package| package.source.name = "x".into()),
        package(|package| package.repository = "second".into()),
        package(|package| package.path = "x".into()),
        package(|package| package.size = 1),
        package(|package| package.sha256 = Sha256::of(b"x")),
        package(|package| package.checksum = Some("Q1".into())),
        package(|package| package.depends.clear()),
        package(|package| package.recommends.clone_from(&package.depends)),
        package(|package| package.install_if.clone_from(&package.depends)),
        recorded(|output| output.epoch = Epoch(2)),
        recorded(|output| output.layers.clear()),
        recorded(|output| output.tree = Sha256::of(b"x")),
        recorded(|output| output.config = Sha256::of(b"x")),
        recorded(|output| output.paths = Some(Default::default())),
        recorded(|output| {
            output.blobs = Some(BlobRecord {
                encoder: "x".into(),
                digest: Sha256::of(b"x"),
            });
        }),
    ];
    for (number, change) in other.iter().enumerate() {
        let mut new = old.clone();
        change(&mut new);
        for report in [diff(&old, &new), diff(&new, &old)] {
            assert!(!report.equal && is_told(&report), "{number}: {report:?}");
        }
    }
}
