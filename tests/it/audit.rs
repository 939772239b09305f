//! `audit`: what is installed in a directory, against the lockfile.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use serde_json::Value;

use crate::support::{Ran, Site, good};

/// A site with the directory `root`, built from a recorded lockfile.
fn site() -> Site {
    let site = Site::new();
    good().write(&site.path("repo"), &site.key, site.now);
    site.run(&["lock"]).done();
    site.run(&["build", "-o", "out", "--record"]).done();
    site.run(&["build", "-o", "root", "--format", "dir", "--no-owner"])
        .done();
    site
}

fn audit(site: &Site, more: &[&str]) -> Ran {
    let words = ["audit", "root", "--lockfile", "rootfs.lock"];
    site.run(&[&words[..], more].concat())
}

fn said(ran: &Ran) -> Vec<String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let findings = ran.stdout["images"][0]["findings"].as_array().unwrap();
    let one = |finding: &Value| {
        let parts = ["kind", "package", "path", "field"].map(|key| text(&finding[key]));
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    };
    findings.iter().map(one).collect()
}

#[test]
fn without_a_lockfile_it_lists() {
    let site = site();
    let listed = site.run(&["audit", "out"]).done();
    let image = &listed["images"][0];
    assert_eq!(image["arch"], "amd64");
    assert_eq!(image["distro"], "debian");
    let names: Vec<_> = image["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| package["name"].as_str().unwrap())
        .collect();
    assert!(
        names.contains(&"one") && names.contains(&"two"),
        "{names:?}"
    );
}

#[test]
fn a_fresh_image_is_clean_however_it_is_judged() {
    let site = site();
    for target in ["out", "root"] {
        for store in ["../store", "../empty"] {
            let words = [
                "audit",
                target,
                "--lockfile",
                "rootfs.lock",
                "--store",
                store,
            ];
            let ran = site.run(&words);
            assert_eq!(
                ran.code,
                Some(0),
                "{target} {store}: {} {}",
                ran.stdout,
                ran.stderr
            );
        }
    }
    // Without a record, too.
    let lockfile = fs_err::read_to_string(site.path("p/rootfs.lock")).unwrap();
    let end = lockfile.find("\noutputs:").unwrap() + 1;
    fs_err::write(site.path("p/rootfs.lock"), &lockfile[..end]).unwrap();
    for store in ["../store", "../empty"] {
        let ran = audit(&site, &["--store", store]);
        assert_eq!(ran.code, Some(0), "{store}: {} {}", ran.stdout, ran.stderr);
    }
}

#[test]
fn each_planted_change_is_a_finding() {
    let site = site();
    let owned: Vec<_> = site
        .files("p/root/usr")
        .into_iter()
        .filter(|path| path.is_file() && !path.is_symlink())
        // A change of a file is one of all its names.
        .filter(|path| fs_err::metadata(path).unwrap().nlink() == 1)
        .collect();
    let file = owned.first().unwrap();
    let name = file.strip_prefix(site.path("p/root")).unwrap();
    let name = format!("/{}", name.display());
    let mode = fs_err::metadata(file).unwrap().permissions().mode();
    let before = fs_err::read(file).unwrap();

    fs_err::set_permissions(file, std::fs::Permissions::from_mode(0o4755)).unwrap();
    let ran = audit(&site, &[]);
    fs_err::set_permissions(file, std::fs::Permissions::from_mode(mode)).unwrap();
    // Who may not give files away loses special bits with it: as root it is a finding.
    if ran.code == Some(1) {
        assert!(
            said(&ran)[0].ends_with(&format!("{name} mode")),
            "{:?}",
            said(&ran)
        );
    }

    fs_err::write(file, [&before[..], b"x"].concat()).unwrap();
    let ran = audit(&site, &[]);
    assert_eq!(ran.code, Some(1));
    let found = said(&ran);
    assert!(
        found.len() == 1 && found[0].ends_with(&format!("{name} content")),
        "{found:?}"
    );
    fs_err::write(file, before).unwrap();

    site.file("p/root/usr/extra", b"x");
    assert_eq!(said(&audit(&site, &[])), ["file-unowned /usr/extra"]);
    fs_err::remove_file(site.path("p/root/usr/extra")).unwrap();

    site.edit("p/root/var/lib/dpkg/status", |bytes| {
        let text = String::from_utf8(bytes.clone()).unwrap();
        let at = text.find("Package: two\n").unwrap();
        let end = text[at..]
            .find("\n\n")
            .map_or(text.len(), |end| at + end + 2);
        *bytes = [&text[..at], &text[end..]].concat().into_bytes();
    });
    let found = said(&audit(&site, &[]));
    assert!(
        found.contains(&"package-missing two".to_owned()),
        "{found:?}"
    );
    let changed = "file-changed /var/lib/dpkg/status content".to_owned();
    assert!(found.contains(&changed), "{found:?}");
}

#[test]
fn advisories_make_findings_of_what_is_installed() {
    let site = site();
    let osv = |fixed: &str| {
        format!(
            r#"{{"id": "CVE-2026-1", "affected": [{{"package": {{"ecosystem": "Debian", "name": "one"}},
                "ranges": [{{"type": "ECOSYSTEM", "events": [{{"introduced": "0"}}, {{"fixed": "{fixed}"}}]}}]}}]}}"#
        )
    };
    site.file("p/later.json", osv("99:1").as_bytes());
    site.file("p/earlier.json", osv("0~").as_bytes());
    let with = |file: &str, more: &[&str]| {
        site.run(&[&["audit", "root", "--advisories", file][..], more].concat())
    };
    let ran = with("later.json", &[]);
    assert_eq!(ran.code, Some(1), "{} {}", ran.stdout, ran.stderr);
    let known = &ran.stdout["images"][0]["vulnerabilities"];
    assert_eq!(known[0]["id"], "CVE-2026-1");
    assert_eq!(known[0]["fixed"], "99:1");
    let ignored = with("later.json", &["--ignore", "CVE-2026-1"]);
    let known = &ignored.stdout["images"][0]["vulnerabilities"];
    assert_eq!(known[0]["suppressed"]["by"], "ignore");
    let ran = with("earlier.json", &[]);
    assert_eq!(
        ran.stdout["images"][0]["vulnerabilities"],
        Value::Array(Vec::new())
    );
    site.file("p/broken.json", b"{\"id\": 1");
    let ran = with("broken.json", &[]);
    assert_eq!(ran.fault(2, &["broken.json"]), None);
}

#[test]
fn what_cannot_be_read_in_full_is_no_report() {
    let site = site();
    site.file("p/garbage", &[7; 4096]);
    assert_eq!(site.run(&["audit", "garbage"]).code, Some(2));
    site.file("p/empty/file", b"");
    let ran = site.run(&["audit", "empty"]);
    assert_eq!(ran.fault(2, &["no package database"]), None);
    site.edit("p/root/var/lib/dpkg/status", |bytes| {
        let length = bytes.len();
        bytes.truncate(length / 2);
        bytes.extend(b"\0\xff");
    });
    let ran = site.run(&["audit", "root"]);
    assert_eq!(ran.fault(4, &["var/lib/dpkg/status"]), None);
}

#[test]
fn what_the_store_lost_is_not_held_against_the_image() {
    let site = site();
    for blob in site.files("store/blobs") {
        let mut bytes = fs_err::read(&blob).unwrap();
        if bytes.starts_with(b"!<arch>") {
            let last = bytes.len() - 1;
            bytes[last] ^= 1;
            fs_err::set_permissions(&blob, std::fs::Permissions::from_mode(0o644)).unwrap();
            fs_err::write(&blob, bytes).unwrap();
        }
    }
    let _ = fs_err::remove_dir_all(site.path("store/derived"));
    // Not to the last bit what was recorded, so that packages are asked.
    let data = fs_err::OpenOptions::new()
        .append(true)
        .open(site.path("p/root/usr/share/two/data"))
        .unwrap();
    data.file().set_modified(std::time::UNIX_EPOCH).unwrap();
    let ran = audit(&site, &[]);
    assert_eq!(ran.code, Some(0), "{} {}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("damaged"), "{}", ran.stderr);
}

#[test]
fn a_pipe_is_read_once_whatever_it_is_called() {
    let site = site();
    site.run(&["build", "-o", "tar", "--format", "tar"]).done();
    let pipe = site.path("p/pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let whole = fs_err::read(site.path("p/tar")).unwrap();
    let writer = std::thread::spawn(move || fs_err::write(&pipe, whole));
    let words = [
        "audit",
        "pipe",
        "--lockfile",
        "rootfs.lock",
        "--store",
        "../empty",
    ];
    let ran = site.run(&words);
    writer.join().unwrap().unwrap();
    assert_eq!(ran.code, Some(0), "{} {}", ran.stdout, ran.stderr);
}

#[test]
fn a_database_of_another_ecosystem_is_not_as_locked() {
    let site = site();
    site.file(
        "p/root/lib/apk/db/installed",
        b"P:evil\nV:1-r0\nA:x86_64\nL:MIT\no:evil\n\n",
    );
    let ran = audit(&site, &[]);
    assert_eq!(ran.code, Some(1));
    let images = ran.stdout["images"].as_array().unwrap();
    let apk = images
        .iter()
        .find(|image| image["distro"] == "alpine")
        .unwrap();
    assert_eq!(apk["findings"][0]["kind"], "package-extra");
    assert_eq!(apk["findings"][0]["package"], "evil");
}

#[test]
fn sarif_has_what_the_answer_is_made_of() {
    let site = site();
    site.file("p/root/usr/extra", b"x");
    let output = site
        .command(&["audit", "root", "--lockfile", "rootfs.lock", "--sarif"])
        .output()
        .unwrap();
    // `--json` is the other form of the report.
    assert_eq!(output.status.code(), Some(2));
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_rootlock"))
        .args([
            "audit",
            "root",
            "--lockfile",
            "rootfs.lock",
            "--sarif",
            "--no-host-mirror",
        ])
        .env_clear()
        .env("ROOTLOCK_STORE", site.path("store"))
        .current_dir(site.path("p"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let log: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 1);
    assert_eq!(results[0]["ruleId"], "file-unowned");
}
