//! `configure: native` through the program: what it says, what it records, and what it refuses.

use std::collections::BTreeMap;

use serde_json::json;

use crate::make::Deb;
use crate::support::{Site, one, two, with};
use crate::yard::{Repo, Yard, small, unpack};

const ACCOUNT: &str = "#!/bin/sh\nset -e\nadduser --system --group svc\n";
const ODD: &str =
    "#!/bin/sh\nset -e\nadduser --system --group svc\nfor x in a b; do frob $x; done\n";

/// A site whose `one` has a postinst, upon a package that has the masters of accounts.
fn site(postinst: &str) -> Site {
    let site = Site::new();
    let masters = Deb::new("base-passwd", "1")
        .arch("amd64")
        .file(
            "usr/share/base-passwd/passwd.master",
            b"root:*:0:0:root:/root:/bin/bash\n",
            0o644,
        )
        .file("usr/share/base-passwd/group.master", b"root:*:0:\n", 0o644);
    let one = one()
        .field("Depends", "base-passwd")
        .script("postinst", postinst);
    with([masters, one, two()]).write(&site.path("repo"), &site.key, site.now);
    site
}

fn tar(site: &Site) -> BTreeMap<String, (tar::EntryType, Vec<u8>)> {
    site.run(&["build", "--format", "tar", "-o", "out.tar"])
        .done();
    let bytes = fs_err::read(site.path("p/out.tar")).unwrap();
    fs_err::remove_file(site.path("p/out.tar")).unwrap();
    unpack(&bytes)
}

fn text(tree: &BTreeMap<String, (tar::EntryType, Vec<u8>)>, path: &str) -> String {
    let (_, bytes) = tree.get(path).unwrap_or_else(|| panic!("no {path}"));
    String::from_utf8(bytes.clone()).unwrap()
}

#[test]
fn native_is_the_default_and_a_lockfile_keeps_its_mode() {
    let site = site(ACCOUNT);
    site.run(&["lock"]).done();
    let lockfile = || fs_err::read_to_string(site.path("p/rootfs.lock")).unwrap();
    assert!(lockfile().contains("configure: {mode: native, rules: 1}\n"));
    let tree = tar(&site);
    assert!(text(&tree, "etc/passwd").contains("\nsvc:x:"));
    assert!(text(&tree, "var/lib/dpkg/status").contains("Status: install ok installed"));
    assert!(!text(&tree, "var/lib/dpkg/status").contains("unpacked"));

    // Another mode is the lockfile's only once it is locked, and needs no network.
    let manifest = fs_err::read_to_string(site.path("p/rootfs.yaml")).unwrap();
    fs_err::write(
        site.path("p/rootfs.yaml"),
        format!("{manifest}configure: none\n"),
    )
    .unwrap();
    let stale = site.run(&["build", "-o", "out"]);
    assert_eq!(stale.fault(2, &["configure", "rootlock lock"]), None);
    fs_err::rename(site.path("repo"), site.path("away")).unwrap();
    site.run(&["lock", "--offline"]).done();
    fs_err::rename(site.path("away"), site.path("repo")).unwrap();
    assert!(lockfile().contains("configure: {mode: none, rules: 1}\n"));
    let tree = tar(&site);
    assert!(!text(&tree, "etc/passwd").contains("svc"));
    assert!(text(&tree, "var/lib/dpkg/status").contains("Status: install ok unpacked"));
    // Without a word in the manifest the lockfile's stays.
    fs_err::write(site.path("p/rootfs.yaml"), manifest).unwrap();
    site.run(&["lock"]).done();
    assert!(lockfile().contains("configure: {mode: none, rules: 1}\n"));
}

#[test]
fn what_is_left_undone_is_said_recorded_and_can_be_refused() {
    let site = site(ODD);
    let left = json!([{
        "package": "one", "script": "postinst", "statement": "for x in a b; do frob $x; done",
    }]);
    let built = site.build("out");
    assert_eq!(built["images"][0]["undone"], left);
    let status = text(&tar(&site), "var/lib/dpkg/status");
    let state = |package: &str| {
        let paragraph = status
            .split("\n\n")
            .find(|one| one.starts_with(&format!("Package: {package}\n")));
        paragraph
            .unwrap()
            .lines()
            .find(|line| line.starts_with("Status:"))
            .unwrap()
            .to_owned()
    };
    assert_eq!(state("one"), "Status: install ok unpacked");
    assert_eq!(state("two"), "Status: install ok installed");

    let listed = site.run(&["list", "--scripts"]).done();
    let script = &listed["scripts"]["amd64"][0];
    assert_eq!(
        (&script["class"], &script["script"]),
        (&json!("undone"), &json!("postinst"))
    );
    site.run(&["build", "-o", "out", "--record"]).done();
    let recorded = fs_err::read_to_string(site.path("p/rootfs.lock")).unwrap();
    assert!(recorded.contains("frob"), "{recorded}");
    site.run(&["list"]).done();

    for format in ["oci", "oci-archive", "docker-archive", "tar", "dir"] {
        let ran = site.run(&[
            "build",
            "--format",
            format,
            "-o",
            "no",
            "--require-configured",
        ]);
        assert_eq!(
            ran.fault(1, &["one", "postinst", "frob", "list --scripts"]),
            None,
            "{format}"
        );
        assert!(!site.path("p/no").exists(), "{format}");
    }
    // The same from the store's finished image, and nothing to refuse where nothing is left.
    let site = self::site(ACCOUNT);
    site.build("out");
    site.run(&["build", "-o", "out", "--require-configured"])
        .done();
}

#[test]
fn scripts_are_listed_from_the_store_alone() {
    let site = site(ACCOUNT);
    site.run(&["lock"]).done();
    let ran = site.run(&["list", "--scripts"]);
    assert_eq!(ran.fault(5, &["not in the store", "rootlock fetch"]), None);
    site.run(&["fetch"]).done();
    fs_err::remove_dir_all(site.path("repo")).unwrap();
    let listed = site.run(&["list", "--scripts", "--offline"]).done();
    assert_eq!(listed["scripts"]["amd64"][0]["class"], "native");
    assert!(
        listed["scripts"]["amd64"][0]["sha256"]
            .as_str()
            .is_some_and(|hex| hex.len() == 64)
    );
}

#[test]
fn only_the_layer_system_and_the_links_into_run_differ_from_unpacked() {
    let layers = |site: &Site| {
        let built = site.build("out");
        let layers = built["images"][0]["layers"].as_array().unwrap().clone();
        layers
            .into_iter()
            .map(|layer| (layer["group"].clone(), layer["diff_id"].clone()))
            .collect::<Vec<_>>()
    };
    let site = site(ACCOUNT);
    let native = layers(&site);
    site.edit("p/rootfs.yaml", |text| text.extend(b"configure: none\n"));
    site.run(&["lock"]).done();
    let none = layers(&site);
    assert_eq!(native[..2], none[..2]);
    assert_eq!(
        (&native[2].0, &none[2].0),
        (&json!("system"), &json!("system"))
    );
    assert_ne!(native[2], none[2]);
}

#[test]
fn accounts_of_the_manifest_have_the_last_word_on_numbers() {
    let site = site(ACCOUNT);
    site.edit("p/rootfs.yaml", |text| {
        text.extend(b"accounts:\n  groups: [{name: svc, gid: 4242}]\n  users: [{name: svc, uid: 4243, group: svc}]\n");
    });
    let tree = tar(&site);
    assert!(
        text(&tree, "etc/passwd").contains("\nsvc:x:4243:4242:"),
        "{}",
        text(&tree, "etc/passwd")
    );
    assert!(text(&tree, "etc/group").contains("\nsvc:x:4242:"));
}

#[test]
fn certificates_of_the_user_are_in_the_bundle() {
    let site = site("#!/bin/sh\nupdate-ca-certificates\n");
    let pem = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    site.file("p/own.crt", pem.as_bytes());
    site.edit("p/rootfs.yaml", |text| {
        text.extend(
            b"files: [{path: /usr/local/share/ca-certificates/own.crt, source: own.crt}]\n",
        );
    });
    let tree = tar(&site);
    assert_eq!(text(&tree, "etc/ssl/certs/ca-certificates.crt"), pem);
    assert_eq!(tree["etc/ssl/certs/own.pem"].0, tar::EntryType::Symlink);
}

#[test]
fn directories_that_become_links_take_what_is_below_with_them() {
    let site = Site::new();
    let ships =
        one()
            .dir("var/run", 0o755)
            .dir("var/run/one", 0o750)
            .file("var/lock/one", b"x", 0o644);
    with([ships, two()]).write(&site.path("repo"), &site.key, site.now);
    let tree = tar(&site);
    for link in ["var/run", "var/lock"] {
        assert_eq!(tree[link].0, tar::EntryType::Symlink, "{link}");
    }
    assert!(
        tree.contains_key("run/one") && tree.contains_key("run/lock/one"),
        "{:?}",
        tree.keys()
    );
}

#[test]
fn alpine_has_its_applets_and_accounts() {
    let yard = Yard::asking("  - {name: base, packages: [busybox, daemon]}");
    yard.edit("configure: none\n", "");
    let busybox = small("busybox", "1-r0")
        .dir("bin")
        .dir("etc")
        .dir("etc/busybox-paths.d")
        .file("bin/busybox", "elf")
        .file("bin/cat", "another")
        .file(
            "etc/busybox-paths.d/busybox",
            "bin/ls\nbin/cat\nusr/bin/id\n",
        )
        .script(
            ".post-install",
            "#!/bin/busybox sh\nexec /bin/busybox --install -s\n",
        );
    let daemon = small("daemon", "1-r0").script(
        ".pre-install",
        "#!/bin/sh\naddgroup -S daemon 2>/dev/null\nadduser -S -D -H -h /var/lib/d -s /sbin/nologin -G daemon -g d daemon 2>/dev/null\nexit 0\n",
    );
    yard.publish(
        "repo",
        &Repo::new().with(&yard, &busybox).with(&yard, &daemon),
    );
    let tree = yard.tree();
    assert_eq!(tree["bin/ls"].0, tar::EntryType::Symlink);
    assert_eq!(tree["usr/bin/id"].0, tar::EntryType::Symlink);
    assert_eq!(text(&tree, "bin/cat"), "another");
    assert!(text(&tree, "etc/passwd").contains("daemon:x:"));
    assert!(text(&tree, "etc/group").contains(":daemon\n"));
}

/// Made packages have no dpkg that runs: `tests/e2e/scripts` runs scripts, of real ones.
#[test]
fn scripts_are_a_mode_that_is_locked_and_needs_the_dpkg_of_the_image() {
    let site = site(ACCOUNT);
    let manifest = fs_err::read_to_string(site.path("p/rootfs.yaml")).unwrap();
    let manifest = format!("{manifest}configure: scripts\n");
    fs_err::write(site.path("p/rootfs.yaml"), manifest).unwrap();
    site.run(&["lock"]).done();
    let lockfile = fs_err::read_to_string(site.path("p/rootfs.lock")).unwrap();
    assert!(lockfile.contains("configure: {mode: scripts, rules: 1}\n"));
    let failed = site.run(&["build", "--format", "tar", "-o", "out.tar"]);
    assert_eq!(
        failed.fault(2, &["no package brings one", "priority: required"]),
        None
    );
    assert!(!site.path("p/out.tar").exists());

    // Listing them runs none, and so needs nothing.
    let listed = site.run(&["list", "--scripts"]).done();
    let (_, scripts) = listed["scripts"]
        .as_object()
        .unwrap()
        .iter()
        .next()
        .unwrap();
    let found: Vec<_> = scripts.as_array().unwrap().iter().collect();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["script"], "postinst");
    assert_eq!(found[0]["class"], "run");
}
