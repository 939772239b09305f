use super::*;
use crate::assemble::LayerName;
use crate::assemble::testing::{Recipe, at, layer, pkg};
use crate::model::Configure;
use crate::tree::testing::{directory, file, path, symlink};
use crate::tree::{Kind, Location};

const STATUS: &str = "var/lib/dpkg/status";

fn recipe(runner: Runner<'static>) -> Recipe {
    Recipe {
        packages: vec![
            pkg("dpkg", "base")
                .dir("usr", 0o755)
                .dir("usr/bin", 0o755)
                .file("usr/bin/dpkg", "")
                .control("postinst", "#!/bin/sh\n"),
            pkg("doc", "mid")
                .dir("usr", 0o755)
                .dir("usr/share", 0o755)
                .file("usr/share/gone", "1")
                .dir("usr/share/tree", 0o755)
                .file("usr/share/tree/leaf", "2")
                .hardlink("usr/share/twin", "usr/share/gone"),
        ],
        configure: Configure::Scripts,
        runner,
        ..Recipe::default()
    }
}

#[test]
fn scripts_see_unpacked_packages_and_make_the_system_layer() {
    let built = recipe(&|staged| {
        let nodes = &staged.tree.nodes;
        assert!(nodes.contains_key(&path("usr/share/tree/leaf")));
        let Kind::File(status) = &nodes[&path(STATUS)].kind else {
            panic!("no database");
        };
        let Location::Inline(status) = &status.at else {
            panic!("the database is inline");
        };
        let status = String::from_utf8_lossy(status);
        assert_eq!(status.matches("Status: install ok unpacked").count(), 2);
        assert_eq!(staged.running.acts.len(), 1);
        let made = [
            (path(STATUS), file("all is well")),
            (path("etc/alternatives"), directory(0o700)),
            (path("etc/alternatives/awk"), symlink("/usr/bin/mawk")),
        ];
        let gone = ["usr/share/gone", "usr/share/tree", "usr/share/tree/leaf"];
        Ok(Ran {
            made: made.into(),
            removed: gone.map(path).into(),
            warnings: vec!["one".into()],
        })
    })
    .build()
    .unwrap();
    assert_eq!(built.undone, []);
    assert_eq!(built.warnings, ["one"]);
    assert_eq!(built.scripts.len(), 1);
    let system = layer(&built, "system");
    assert_eq!(at(system, STATUS).kind, file("all is well").kind);
    assert_eq!(at(system, "etc/alternatives").meta.mode, 0o700);
    // Two markers, and none for what goes with its directory.
    let markers = system.nodes.keys().map(ToString::to_string);
    let markers: Vec<String> = markers.filter(|path| path.contains(".wh.")).collect();
    assert_eq!(markers, ["/usr/share/.wh.gone", "/usr/share/.wh.tree"]);
    // The layer below is what it was.
    assert!(
        layer(&built, "mid")
            .nodes
            .contains_key(&path("usr/share/gone"))
    );
    let merged = built.into_merged();
    let below = merged.nodes.keys().map(ToString::to_string);
    let below: Vec<String> = below
        .filter(|path| path.starts_with("/usr/share/"))
        .collect();
    assert_eq!(below, ["/usr/share/twin"]);
    // The name that is left has the content.
    assert_eq!(merged.nodes[&path("usr/share/twin")].kind, file("1").kind);
}

#[test]
fn what_files_put_there_is_seen_and_stays() {
    let mut recipe = recipe(&|staged| {
        assert_eq!(staged.tree.nodes[&path("etc/motd")].kind, file("mine").kind);
        assert!(staged.own.contains(&path("etc/motd")));
        assert!(!staged.own.contains(&path("etc")));
        Ok(Ran::default())
    });
    recipe.files.push(crate::assemble::LoadedFile {
        path: path("etc/motd"),
        what: What::File(Blob::inline(&b"mine"[..])),
        mode: 0o640,
        owner: None,
        line: 1,
    });
    let built = recipe.build().unwrap();
    let files = built
        .layers
        .iter()
        .find(|layer| layer.name == LayerName::Files);
    assert_eq!(at(&files.unwrap().tree, "etc/motd").meta.mode, 0o640);
}

#[test]
fn a_failure_is_told_as_it_is() {
    let error = recipe(&|_| Err(AssembleError::Account("no".into()).into())).build();
    let error = error.unwrap_err();
    assert!(matches!(error, AssembleError::Scripts(_)));
    assert_eq!(error.to_string(), "no");
}

#[test]
fn without_dpkg_nothing_is_run() {
    let mut recipe = recipe(&|_| unreachable!("there is nothing to run"));
    recipe.packages.remove(0);
    let error = recipe.build().unwrap_err();
    assert!(
        error.to_string().contains("no package brings one"),
        "{error}"
    );
}
