//! The same bytes whatever surrounds the build, and layers that do not look up.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::make::Deb;
use crate::support::{Ran, Site, good, one, read_all, two, with};

const FORMATS: [&str; 5] = ["oci", "oci-archive", "docker-archive", "tar", "dir"];

fn site() -> Site {
    let site = Site::new();
    good().write(&site.path("repo"), &site.key, site.now);
    let text = fs_err::read_to_string(site.path("p/rootfs.yaml")).unwrap();
    let more = "files:\n  - {path: /etc/motd, content: hi}\n  - {path: /app, source: ./app}\n\
                accounts: {users: [{name: app, uid: 1234}], groups: [{name: app, gid: 1234}]}\n\
                image: {user: app, env: {B: '2', A: '1'}}\n";
    fs_err::write(site.path("p/rootfs.yaml"), text + more).unwrap();
    site.file("p/app/run", b"#!/bin/sh\n");
    site.file("p/app/lib/data", &[b'x'; 3000]);
    site.run(&["lock"]).done();
    site
}

/// All bytes of an output.
fn bytes(site: &Site, out: &str) -> BTreeMap<String, Vec<u8>> {
    let path = site.path("p").join(out);
    let found = match path.is_dir() {
        true => read_all(&path),
        false => BTreeMap::from([(String::new(), fs_err::read(&path).unwrap())]),
    };
    match path.is_dir() {
        true => fs_err::remove_dir_all(path).unwrap(),
        false => fs_err::remove_file(path).unwrap(),
    }
    found
}

/// Builds in a shell, after `before` was done in it.
fn build(site: &Site, before: &str, format: &str, more: &str) -> BTreeMap<String, Vec<u8>> {
    let rootlock = env!("CARGO_BIN_EXE_rootlock");
    let owner = if format == "dir" { "--no-owner" } else { "" };
    let line = format!(
        "set -e; {before}\nexec '{rootlock}' build --json --no-host-mirror --format {format} \
         {owner} -o \"$OUT\" {more}"
    );
    let output = Command::new("/bin/sh")
        .args(["-c", &line])
        .env_clear()
        .env("ROOTLOCK_STORE", site.path("store"))
        .env("OUT", site.path("p/out"))
        .current_dir(site.path("p"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Ran::from(output).done();
    bytes(site, "out")
}

#[test]
fn nothing_around_it_matters() {
    let site = site();
    for format in FORMATS {
        let expected = build(&site, "", format, "");
        assert!(!expected.is_empty());
        let same = |case: &str, before: &str, more: &str, cold: bool| {
            if cold {
                site.wipe_store();
            }
            let found = build(&site, before, format, more);
            assert!(found == expected, "{format}: {case}");
        };
        same("warm", "", "", false);
        same("one job", "", "--jobs 1", true);
        same("seven jobs", "", "--jobs 7", true);
        same("another umask", "umask 077", "", true);
        same("an open umask", "umask 000", "", true);
        let locale = "export TZ=Pacific/Chatham LC_ALL=tr_TR.UTF-8 LANG=de_DE HOME=/nonexistent";
        same("another zone and locale", locale, "", true);
        same(
            "its files touched",
            "touch -d 2001-01-01 app app/run app/lib/data",
            "",
            true,
        );
        same(
            "another directory",
            "mkdir -p ../q; cp -r . ../q/; cd ../q; ln -sfn \"$PWD\" ../l; cd ../l",
            "",
            true,
        );
    }
}

fn layers(site: &Site) -> Vec<(String, String)> {
    let ran = site.run(&["build", "-o", "out"]).done();
    fs_err::remove_dir_all(site.path("p/out")).unwrap();
    let layers = ran["images"][0]["layers"].as_array().unwrap().clone();
    let text = |layer: &Value, field: &str| layer[field].as_str().unwrap().to_owned();
    layers
        .iter()
        .map(|layer| (text(layer, "group"), text(layer, "diff_id")))
        .collect()
}

/// What is in a higher group, or how it is written, is nothing to the lower ones.
#[test]
fn a_layer_depends_on_nothing_above_it() {
    let site = site();
    let before = layers(&site);
    let names: Vec<&str> = before.iter().map(|(group, _)| group.as_str()).collect();
    assert_eq!(names, ["low", "high", "system", "files"]);
    let change = |debs: Vec<Deb>| {
        with(debs).write(&site.path("repo"), &site.key, site.now);
        site.run(&["lock", "--update"]).done();
        layers(&site)
    };
    // A higher package changes its content, its directories' modes, and comes with another.
    let changed = two()
        .field("Version", "2.1")
        .field("Depends", "one, three")
        .dir("usr", 0o700)
        .file("usr/share/two/more", b"more", 0o600);
    let three = Deb::new("three", "3").file("usr/lib/three", b"three", 0o644);
    let after = change(vec![one(), changed, three]);
    assert_eq!(after[0], before[0]);
    assert_ne!(after[1], before[1]);
    assert_ne!(after[2], before[2]);
    assert_eq!(after[3], before[3]);
    // And the comparison can fail: a lower package changes.
    let changed = one()
        .field("Version", "1.1")
        .file("usr/bin/two", b"2", 0o755);
    let after = change(vec![changed, two()]);
    assert_ne!(after[0], before[0]);
    assert_eq!(after[1], before[1]);
}

/// Neither the order nor the format of what is asked changes a byte, and a record is kept to.
#[test]
fn the_image_does_not_depend_on_how_it_is_asked_for() {
    let site = site();
    let image = |words: &[&str]| {
        let ran = site.run(&[&["build", "-o", "out"], words].concat()).done();
        let layers = ran["images"][0]["layers"].as_array().unwrap();
        let diffs = layers.iter().map(|layer| layer["diff_id"].to_string());
        let _ = fs_err::remove_dir_all(site.path("p/out"));
        let _ = fs_err::remove_file(site.path("p/out"));
        diffs.collect::<Vec<_>>()
    };
    let oci = image(&[]);
    assert_eq!(image(&["--format", "oci-archive"]), oci);
    assert_eq!(image(&["--format", "docker-archive"]), oci);
    assert_eq!(image(&["--record"]), oci);
    let first = fs_err::read(site.path("p/rootfs.lock")).unwrap();
    assert_eq!(image(&["--record"]), oci);
    assert_eq!(fs_err::read(site.path("p/rootfs.lock")).unwrap(), first);
}
