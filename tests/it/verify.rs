//! `build --record` and `verify`: the same again, and every planted change named.

use serde_json::Value;

use crate::support::{Ran, Site, good, one, two, with};

fn site() -> Site {
    let site = Site::new();
    good().write(&site.path("repo"), &site.key, site.now);
    let text = fs_err::read_to_string(site.path("p/rootfs.yaml")).unwrap();
    let more =
        "files:\n  - {path: /etc/motd, content: \"hi\\n\"}\n  - {path: /app, source: ./app}\n";
    fs_err::write(site.path("p/rootfs.yaml"), text + more).unwrap();
    site.file("p/app/run", b"#!/bin/sh\n");
    site.run(&["lock"]).done();
    site
}

/// For two architectures.
fn wide() -> Site {
    let site = Site::new();
    let mut repo = with([one().arch("all"), two()]);
    repo.arches = vec!["amd64".into(), "arm64".into()];
    repo.write(&site.path("repo"), &site.key, site.now);
    site.edit("p/rootfs.yaml", |text| {
        let both = String::from_utf8(text.clone()).unwrap();
        *text = both.replace("[amd64]", "[amd64, arm64]").into_bytes();
    });
    site.run(&["lock"]).done();
    site
}

/// Where and what each finding is: `layer path field`.
fn said(ran: &Ran) -> Vec<String> {
    let images = ran.stdout["images"].as_array().unwrap();
    let findings = images
        .iter()
        .flat_map(|image| image["findings"].as_array().unwrap());
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    findings
        .map(|one| {
            let parts = [&one["layer"], &one["path"], &one["field"]].map(text);
            parts.join(" ")
        })
        .collect()
}

#[track_caller]
fn same(ran: &Ran) {
    assert_eq!(ran.code, Some(0), "{} {}", ran.stdout, ran.stderr);
    assert_eq!(ran.stdout["same"], true);
}

#[track_caller]
fn differs(ran: &Ran, expected: &[&str]) {
    assert_eq!(ran.code, Some(1), "{} {}", ran.stdout, ran.stderr);
    assert_eq!(said(ran), expected, "{}", ran.stdout);
}

#[test]
fn what_was_recorded_is_made_again_from_nothing() {
    let site = site();
    let missing = site.run(&["verify"]);
    assert_eq!(missing.fault(2, &["recorded outputs", "--record"]), None);
    site.run(&["build", "-o", "out", "--record"]).done();
    same(&site.run(&["verify"]));
    same(&site.run(&["verify", "--offline"]));
    // A store that holds nothing is no help, and none is needed.
    site.wipe_store();
    same(&site.run(&["verify"]));
    let left = site.files("store/tmp");
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn every_form_of_output_is_the_same_image() {
    let site = site();
    for format in ["oci", "oci-archive", "docker-archive", "tar"] {
        site.run(&["build", "-o", format, "--format", format])
            .done();
        same(&site.run(&["verify", "--against", format]));
    }
    site.run(&["build", "-o", "dir", "--format", "dir", "--no-owner"])
        .done();
    same(&site.run(&["verify", "--against", "dir"]));
    let piped = site
        .command(&["verify", "--against", "-"])
        .stdin(
            fs_err::File::open(site.path("p/docker-archive"))
                .unwrap()
                .into_parts()
                .0,
        )
        .output()
        .unwrap();
    same(&Ran::from(piped));
}

#[test]
fn another_compression_is_the_same_image_and_another_configuration_is_not() {
    let site = site();
    site.run(&["build", "-o", "out", "--record"]).done();
    let text = fs_err::read_to_string(site.path("p/rootfs.yaml")).unwrap();
    fs_err::write(
        site.path("p/zstd.yaml"),
        format!("{text}compression: zstd\n"),
    )
    .unwrap();
    fs_err::copy(site.path("p/rootfs.lock"), site.path("p/zstd.lock")).unwrap();
    site.run(&["build", "zstd.yaml", "-o", "zstd"]).done();
    same(&site.run(&["verify", "--against", "zstd"]));
    fs_err::write(
        site.path("p/env.yaml"),
        format!("{text}image: {{env: {{A: b}}}}\n"),
    )
    .unwrap();
    fs_err::copy(site.path("p/rootfs.lock"), site.path("p/env.lock")).unwrap();
    site.run(&["build", "env.yaml", "-o", "env"]).done();
    differs(
        &site.run(&["verify", "--against", "env"]),
        &["- - config.Env"],
    );
}

#[test]
fn a_time_that_was_set_for_one_build_is_the_recorded_one() {
    let site = site();
    let mut command = site.command(&["build", "-o", "out", "--record"]);
    let output = command.env("SOURCE_DATE_EPOCH", "1000000000").output();
    Ran::from(output.unwrap()).done();
    let mut command = site.command(&["verify"]);
    let output = command.env("SOURCE_DATE_EPOCH", "5").output().unwrap();
    same(&Ran::from(output));
    same(&site.run(&["verify", "--against", "out"]));
}

#[test]
fn other_bytes_under_files_are_found_with_their_path() {
    let site = site();
    site.run(&["build", "-o", "out", "--record"]).done();
    site.file("p/app/run", b"#!/bin/sh\nevil\n");
    let found = said(&site.run(&["verify"]));
    assert!(
        found.contains(&"files /app/run content".to_owned()),
        "{found:?}"
    );
    let found = site.run(&["verify", "--against", "out", "--diff"]);
    differs(&found, &["files /app/run content"]);
    let text = &found.stdout["images"][0]["findings"][0]["diff"];
    assert!(text.as_str().unwrap().contains("+"), "{text}");
}

/// The entries of a plain tar, changed, as a tar again.
fn rewrite(site: &Site, change: impl Fn(&mut tar::Header, &str, &mut Vec<u8>) -> bool) {
    let bytes = fs_err::read(site.path("p/tar")).unwrap();
    let mut archive = tar::Archive::new(&bytes[..]);
    let mut out = tar::Builder::new(Vec::new());
    for entry in archive.entries().unwrap() {
        use std::io::Read as _;
        let mut entry = entry.unwrap();
        let mut header = entry.header().clone();
        let path = entry.path().unwrap().to_string_lossy().into_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        if change(&mut header, path.trim_end_matches('/'), &mut content) {
            header.set_size(content.len() as u64);
            header.set_cksum();
            out.append(&header, &content[..]).unwrap();
        }
    }
    fs_err::write(site.path("p/changed"), out.into_inner().unwrap()).unwrap();
}

/// What a test does to the entry at a path; `false` leaves it out.
type Plant = fn(&mut tar::Header, &mut Vec<u8>) -> bool;

#[test]
fn each_planted_change_is_found_and_nothing_else() {
    let site = site();
    site.run(&["build", "-o", "tar", "--format", "tar"]).done();
    // The same entries, by another writer: that is said where nothing else is.
    rewrite(&site, |_, _, _| true);
    differs(
        &site.run(&["verify", "--against", "changed"]),
        &["- - encoding"],
    );
    let plants: [(&str, Plant, &str); 6] = [
        (
            "content",
            |_, content| {
                content[0] ^= 1;
                true
            },
            "content",
        ),
        (
            "mode",
            |header, _| {
                header.set_mode(0o4755);
                true
            },
            "mode",
        ),
        (
            "owner",
            |header, _| {
                header.set_uid(7);
                true
            },
            "owner",
        ),
        (
            "mtime",
            |header, _| {
                header.set_mtime(1);
                true
            },
            "mtime",
        ),
        ("removed", |_, _| false, "missing"),
        (
            "type",
            |header, content| {
                content.clear();
                header.set_entry_type(tar::EntryType::Symlink);
                header.set_link_name("x").unwrap();
                true
            },
            "type",
        ),
    ];
    for (name, plant, field) in plants {
        rewrite(&site, |header, path, content| match path {
            "etc/motd" => plant(header, content),
            _ => true,
        });
        let ran = site.run(&["verify", "--against", "changed"]);
        assert_eq!(ran.code, Some(1), "{name}: {}", ran.stdout);
        assert_eq!(said(&ran), [format!("files /etc/motd {field}")], "{name}");
    }
}

#[test]
fn what_is_not_whole_is_never_the_same() {
    let site = site();
    site.run(&["build", "-o", "tar", "--format", "tar"]).done();
    let whole = fs_err::read(site.path("p/tar")).unwrap();
    for keep in [0, 100, 512, 1024, whole.len() / 2, whole.len() - 1025] {
        fs_err::write(site.path("p/cut"), &whole[..keep]).unwrap();
        let ran = site.run(&["verify", "--against", "cut"]);
        assert!(matches!(ran.code, Some(2 | 4)), "{keep}: {:?}", ran);
        assert!(ran.stdout["error"]["message"].is_string());
    }
    let ran = site.run(&["verify", "--against", "nowhere"]);
    assert_eq!(ran.fault(2, &["nowhere"]), None);
}

#[test]
fn a_record_that_was_edited_is_found_out() {
    let site = site();
    site.run(&["build", "-o", "out", "--record"]).done();
    let lockfile = fs_err::read_to_string(site.path("p/rootfs.lock")).unwrap();
    let outputs = lockfile.find("\noutputs:").unwrap();
    for field in ["diff_id: sha256:", "config: sha256:", "tree: sha256:"] {
        let at = outputs + lockfile[outputs..].find(field).unwrap() + field.len();
        let mut edited = lockfile.clone();
        let digit = if edited.as_bytes()[at] == b'0' {
            "1"
        } else {
            "0"
        };
        edited.replace_range(at..=at, digit);
        fs_err::write(site.path("p/rootfs.lock"), &edited).unwrap();
        let ran = site.run(&["verify"]);
        assert_eq!(ran.code, Some(1), "{field}: {} {}", ran.stdout, ran.stderr);
    }
}

#[test]
fn a_damaged_package_is_not_verified_with() {
    let site = site();
    site.run(&["build", "-o", "out", "--record"]).done();
    for blob in site.files("store/blobs") {
        use std::os::unix::fs::PermissionsExt as _;
        let mut bytes = fs_err::read(&blob).unwrap();
        if bytes.starts_with(b"!<arch>") {
            let last = bytes.len() - 1;
            bytes[last] ^= 1;
            fs_err::set_permissions(&blob, std::fs::Permissions::from_mode(0o644)).unwrap();
            fs_err::write(&blob, bytes).unwrap();
        }
    }
    // The repository is a directory, which `--offline` does not forbid.
    same(&site.run(&["verify", "--offline"]));
    fs_err::remove_dir_all(site.path("repo/pool")).unwrap();
    let ran = site.run(&["verify", "--offline"]);
    assert_eq!(ran.code, Some(5), "{} {}", ran.stdout, ran.stderr);
}

#[test]
fn what_is_published_as_one_has_every_architecture_and_no_other() {
    let site = wide();
    site.run(&["build", "-o", "both", "--record"]).done();
    same(&site.run(&["verify"]));
    same(&site.run(&["verify", "--against", "both"]));
    // One of the two, as it is: the other is said not to be there.
    site.run(&["build", "-o", "one", "--arch", "arm64"]).done();
    let ran = site.run(&["verify", "--against", "one"]);
    same(&ran);
    assert!(
        ran.stdout["notes"].to_string().contains("amd64"),
        "{}",
        ran.stdout
    );
    same(&site.run(&["verify", "--against", "one", "--arch", "arm64"]));
    let ran = site.run(&["verify", "--against", "one", "--arch", "amd64"]);
    assert_eq!(ran.code, Some(2));

    // An index of two, against a lockfile of which one is gone, and against one with another.
    let lockfile = fs_err::read_to_string(site.path("p/rootfs.lock")).unwrap();
    let manifest = fs_err::read_to_string(site.path("p/rootfs.yaml")).unwrap();
    let only = manifest.replace("[amd64, arm64]", "[amd64]");
    fs_err::write(site.path("p/rootfs.yaml"), only).unwrap();
    site.run(&["lock"]).done();
    let ran = site.run(&["verify", "--against", "both"]);
    assert_eq!(ran.code, Some(1));
    assert_eq!(ran.stdout["findings"][0]["field"], "architecture");
    assert_eq!(ran.stdout["findings"][0]["found"], "arm64");
    fs_err::write(site.path("p/rootfs.yaml"), manifest).unwrap();

    // What was never recorded is said, and what was is compared.
    let end = lockfile.find("\noutputs:").unwrap() + 1;
    fs_err::write(site.path("p/rootfs.lock"), &lockfile[..end]).unwrap();
    site.run(&["build", "-o", "again", "--arch", "amd64", "--record"])
        .done();
    let ran = site.run(&["verify"]);
    same(&ran);
    assert!(
        ran.stdout["notes"].to_string().contains("arm64"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_filesystem_is_known_by_what_is_installed_in_it() {
    let site = Site::new();
    let mut repo = with([one(), two()]);
    repo.arches = vec!["amd64".into(), "arm64".into()];
    repo = repo.deb(
        "one_1.0_arm64.deb",
        one().arch("arm64").build(),
        &one().arch("arm64").control(),
    );
    repo.write(&site.path("repo"), &site.key, site.now);
    site.edit("p/rootfs.yaml", |text| {
        let both = String::from_utf8(text.clone()).unwrap();
        *text = both.replace("[amd64]", "[amd64, arm64]").into_bytes();
    });
    site.run(&["lock"]).done();
    site.run(&["build", "-o", "tar", "--format", "tar", "--arch", "arm64"])
        .done();
    let ran = site.run(&["verify", "--against", "tar"]);
    same(&ran);
    assert_eq!(ran.stdout["images"][0]["arch"], "arm64");
    assert_eq!(
        site.run(&["verify", "--against", "tar", "--arch", "amd64"])
            .code,
        Some(1)
    );
    // `--arch` says what it is to be.
    let audit =
        |arch: &str| site.run(&["audit", "tar", "--lockfile", "rootfs.lock", "--arch", arch]);
    assert_eq!(audit("arm64").code, Some(0));
    let wrong = audit("amd64");
    assert_eq!(wrong.code, Some(1));
    assert_eq!(
        wrong.stdout["images"][0]["findings"][0]["kind"],
        "package-arch"
    );
}
