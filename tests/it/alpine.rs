//! Alpine from the manifest to the lockfile, on repositories that the tests make and sign.

use std::os::unix::fs::MetadataExt as _;

use serde_json::{Value, json};
use sha2::Digest as _;

use crate::support::server::{Answer, Server};
use crate::support::{Verdict, read_all};
use crate::yard::apk::{Apk, checksum, hex};
use crate::yard::{DATED, KEY, Repo, Yard, local, small};

const TWO: &str = "  - {name: base, packages: [libc]}\n  - {name: app, packages: [tool]}";

fn sha256(bytes: &[u8]) -> String {
    hex(&sha2::Sha256::digest(bytes))
}

/// `tool` needs `libc` by a name that it provides; `doc` comes where both `tool` and `libc` are.
fn first(yard: &Yard) -> Repo {
    Repo::new()
        .with(
            yard,
            &small("libc", "1.2-r0").line("provides = so:libc.so.1=1"),
        )
        .with(
            yard,
            &small("tool", "2.0-r1")
                .line("origin = tools")
                .line("depend = so:libc.so.1")
                .line("depend = libc>=1"),
        )
        .with(
            yard,
            &small("doc", "2.0-r1").line("install_if = tool=2.0-r1 libc"),
        )
        .with(yard, &small("other", "1-r0"))
}

#[test]
fn the_lockfile_says_what_the_contract_says() {
    let yard = Yard::asking(TWO);
    let repo = first(&yard);
    let covered = yard.publish("repo", &repo);
    let index = fs_err::read(yard.path("repo/x86_64/APKINDEX.tar.gz")).unwrap();
    let server = Server::new(yard.path("repo"), |_, _| Answer::File);
    for url in [
        "../repo".to_owned(),
        format!("file://{}", yard.path("repo").display()),
        server.url.clone(),
    ] {
        let _ = fs_err::remove_file(yard.path("p/rootfs.lock"));
        let line = format!("  - {{url: \"{url}\", keys: [{KEY}]}}");
        yard.manifest("[amd64]", &line, TWO);
        yard.run(&["lock"]).done();
        let text = yard.lockfile();
        let key = sha256(&yard.key.pem());
        for line in [
            "lock: 1.0.0\n".into(),
            "canonical: 1\n".into(),
            "distro: alpine\n".into(),
            "release: v3.19\n".into(),
            format!("url: {url}\n"),
            format!(
                "release: {{sha256: {}, date: 2024-03-01T00:00:00Z, signed_by: [",
                sha256(&covered)
            ),
            format!("{KEY} sha256:{key}"),
            format!(
                "indexes: [{{path: x86_64/APKINDEX.tar.gz, size: {}, sha256: {}}}]",
                index.len(),
                sha256(&index)
            ),
        ] {
            let text = text.replace('"', "");
            assert!(text.contains(&line), "no {line} in\n{text}");
        }
        assert!(!text.contains("valid_until"));

        let locked = yard.locked("amd64");
        let id = locked["tool"]["repository"].clone();
        let expected = |name: &str, version: &str, group: &str, more: Value| {
            let path = format!("{name}-{version}.apk");
            let bytes = &repo.files[&path];
            // The control member, after the member with the signature.
            let starts = (1..bytes.len()).filter(|at| bytes[*at..].starts_with(b"\x1f\x8b\x08"));
            let members: Vec<usize> = starts.collect();
            let mut package = json!({
                "name": name, "version": version, "arch": "x86_64", "group": group,
                "requested": name != "doc",
                "source": {"name": if name == "tool" { "tools" } else { name }, "version": version},
                "repository": id, "path": format!("x86_64/{path}"),
                "size": bytes.len(), "sha256": sha256(bytes),
                "checksum": checksum(&bytes[members[0]..members[1]]),
            });
            let more = more.as_object().unwrap().clone();
            package.as_object_mut().unwrap().extend(more);
            package
        };
        let libc = expected("libc", "1.2-r0", "base", json!({"depends": []}));
        let edges = json!({"depends": ["libc", {"libc": "so:libc.so.1"}]});
        let tool = expected("tool", "2.0-r1", "app", edges);
        // It hangs on the condition whose group is the highest.
        let hung = json!({"depends": [], "install_if": ["libc", "tool"]});
        let doc = expected("doc", "2.0-r1", "app", hung);
        assert_eq!(locked["libc"], libc);
        assert_eq!(locked["tool"], tool);
        assert_eq!(locked["doc"], doc);
        assert_eq!(locked.len(), 3);
    }
}

#[test]
fn with_nothing_to_change_nothing_is_touched() {
    let yard = Yard::asking(TWO);
    yard.publish("repo", &first(&yard));
    assert_eq!(yard.run(&["lock", "--check"]).code, Some(1));
    yard.run(&["lock"]).done();
    fs_err::rename(yard.path("repo"), yard.path("gone")).unwrap();
    let state = || {
        let meta = fs_err::metadata(yard.path("p/rootfs.lock")).unwrap();
        (meta.ino(), meta.mtime(), meta.mtime_nsec())
    };
    let before = state();
    yard.run(&["lock"]).done();
    assert_eq!(yard.run(&["lock", "--check"]).code, Some(0));
    assert_eq!(state(), before);
    // What was locked was downloaded, so that nothing more is needed.
    yard.run(&["fetch", "--offline"]).done();
    yard.run(&["build", "--offline", "-o", "out"]).done();
    yard.edit("[tool]", "[tool, other]");
    assert_eq!(yard.run(&["lock", "--check"]).code, Some(1));
    let stale = yard.run(&["build", "-o", "out2"]);
    let fault = stale.fault(2, &["rootlock lock"]);
    assert!(fault.is_none(), "{fault:?}");
}

#[test]
fn a_dry_run_reads_indexes_and_no_package() {
    let yard = Yard::new();
    let mut repo = first(&yard);
    yard.publish("repo", &repo);
    let server = Server::new(yard.path("repo"), |_, _| Answer::File);
    let line = format!("  - {{url: \"{}\", keys: [{KEY}]}}", server.url);
    yard.manifest("[amd64]", &line, TWO);
    let entry = |name: &str, version: &str, group: &str, change: &str, from: Value| json!({"name": name, "version": version, "arch": "x86_64", "group": group, "change": change, "from": from});
    let report = yard.run(&["lock", "--dry-run"]).done();
    let expected = json!({"packages": {"amd64": [
        entry("doc", "2.0-r1", "app", "added", Value::Null),
        entry("libc", "1.2-r0", "base", "added", Value::Null),
        entry("tool", "2.0-r1", "app", "added", Value::Null),
    ]}});
    assert_eq!(report, expected);
    assert_eq!(server.asked(".apk"), 0);
    assert!(yard.made().is_empty());

    yard.run(&["lock"]).done();
    assert_eq!(server.asked(".apk"), 3);
    let before = yard.lockfile();
    repo = Repo::new()
        .with(
            &yard,
            &small("libc", "1.3-r0").line("provides = so:libc.so.1=1"),
        )
        .with(
            &yard,
            &small("tool", "1.9-r0").line("depend = so:libc.so.1"),
        )
        .with(&yard, &small("other", "1-r0"));
    repo.mtime = DATED + 60;
    yard.publish("repo", &repo);
    yard.edit("[tool]", "[tool, other]");
    let report = yard.run(&["lock", "--dry-run"]).done();
    let expected = json!({"packages": {"amd64": [
        entry("doc", "2.0-r1", "app", "removed", json!("2.0-r1")),
        entry("libc", "1.3-r0", "base", "upgraded", json!("1.2-r0")),
        entry("other", "1-r0", "app", "added", Value::Null),
        entry("tool", "1.9-r0", "app", "downgraded", json!("2.0-r1")),
    ]}});
    assert_eq!(report, expected);
    assert_eq!(server.asked(".apk"), 3);
    assert_eq!(yard.lockfile(), before);
}

#[test]
fn several_architectures_each_have_their_own_packages() {
    let yard = Yard::new();
    let groups = "  - {name: base, packages: [libc, \"tool [arm64]\", \"other [!aarch64]\"]}";
    yard.manifest("[x86_64, arm64]", &local("repo"), groups);
    yard.publish("repo", &first(&yard));
    yard.publish(
        "repo",
        &Repo::new()
            .arch("aarch64")
            .with(&yard, &small("libc", "1.1-r0"))
            .with(&yard, &small("tool", "3.0-r0")),
    );
    yard.run(&["lock"]).done();
    assert_eq!(
        yard.placed("amd64"),
        ["libc-1.2-r0 base", "other-1-r0 base"]
    );
    assert_eq!(
        yard.placed("arm64"),
        ["libc-1.1-r0 base", "tool-3.0-r0 base"]
    );
    assert_eq!(
        yard.locked("arm64")["tool"]["path"],
        "aarch64/tool-3.0-r0.apk"
    );
    let text = yard.lockfile();
    assert!(
        text.contains("path: x86_64/APKINDEX.tar.gz")
            && text.contains("path: aarch64/APKINDEX.tar.gz"),
        "{text}"
    );
    let built = yard.run(&["build", "-o", "out"]).done();
    assert_eq!(built["images"].as_array().unwrap().len(), 2);
    let one = yard.run(&["build", "--format", "tar", "-o", "x.tar"]);
    assert_eq!(one.code, Some(2), "{}", one.text());
    yard.run(&["build", "--format", "tar", "--arch", "arm64", "-o", "x.tar"])
        .done();
}

#[test]
fn two_builds_are_the_same_whatever_is_around_them() {
    let yard = Yard::asking(TWO);
    yard.publish("repo", &first(&yard));
    yard.edit(
        "configure: none",
        "files:\n  - {path: /etc/motd, content: \"hello\\n\"}\n\
         accounts:\n  groups: [{name: app, gid: 10001}]\n  \
         users: [{name: app, uid: 10001, group: app, home: /app, shell: /sbin/nologin}]\n\
         configure: none",
    );
    yard.run(&["lock"]).done();
    yard.run(&["build", "-o", "one"]).done();
    let mut shell = std::process::Command::new("sh");
    let ran = shell
        .args(["-c", "umask 077; exec \"$@\"", "sh"])
        .arg(env!("CARGO_BIN_EXE_rootlock"))
        .args(["build", "--jobs", "1", "-o", "two", "--store", "elsewhere"])
        .env_clear()
        .env("TZ", "Pacific/Kiritimati")
        .env("LC_ALL", "de_DE.UTF-8")
        .current_dir(yard.path("p"))
        .output()
        .unwrap();
    assert!(ran.status.success(), "{ran:?}");
    let (one, two) = (read_all(&yard.path("p/one")), read_all(&yard.path("p/two")));
    assert!(one == two, "{:?} {:?}", one.keys(), two.keys());

    let names: Vec<String> = yard.layers("three").into_iter().map(|at| at.0).collect();
    assert_eq!(names, ["base", "app", "system", "files"]);
    let tree = yard.tree();
    let text = |path: &str| String::from_utf8_lossy(&tree[path].1).into_owned();
    assert_eq!(text("etc/motd"), "hello\n");
    assert!(text("etc/passwd").contains("app:x:10001:10001:"));
    assert!(text("etc/group").contains("app:x:10001:"));
}

#[test]
fn a_higher_group_leaves_lower_layers_alone() {
    let yard = Yard::asking(TWO);
    yard.publish("repo", &first(&yard));
    yard.run(&["lock"]).done();
    let before = yard.layers("one");
    yard.edit("[tool]", "[tool, other]");
    yard.run(&["lock"]).done();
    let after = yard.layers("two");
    assert_eq!(before[0], after[0]);
    let mut verdict = Verdict::default();
    for at in 1..3 {
        let same = before[at].1 == after[at].1;
        verdict.add(&before[at].0, same.then(|| "it did not change".into()));
    }
}

#[test]
fn a_package_in_the_tree_is_in_the_database() {
    let yard = Yard::asking(
        "  - {name: base, packages: [one, \"two>1\"]}\n  - {name: app, packages: [\"!zero\"]}",
    );
    let one = Apk::new("one", "1-r0")
        .line("triggers = /usr/share/*")
        .script(".post-install", "#!/bin/sh\nexit 0\n")
        .script(".trigger", "#!/bin/sh\nexit 0\n")
        .dir("etc")
        .file("etc/one.conf", "1\n")
        .link("etc/uno.conf", "one.conf");
    let repo = Repo::new()
        .with(&yard, &one)
        .with(&yard, &small("two", "2-r0"));
    yard.publish("repo", &repo);
    yard.run(&["lock"]).done();
    let tree = yard.tree();
    let text = |path: &str| {
        let found = tree.get(path);
        let (_, bytes) = found.unwrap_or_else(|| panic!("no {path} in {:?}", tree.keys()));
        String::from_utf8(bytes.clone()).unwrap()
    };
    assert_eq!(
        text("etc/apk/world"),
        "one\ntwo>1\n!zero\n",
        "sorted by name"
    );
    assert_eq!(text("etc/apk/arch"), "x86_64\n");
    assert!(tree.contains_key("etc/apk/repositories"));
    assert_eq!(
        tree[&format!("etc/apk/keys/{KEY}")].1,
        yard.key.pem(),
        "the key that apk inside needs"
    );
    let locked = yard.locked("amd64");
    let id = locked["one"]["checksum"].as_str().unwrap();
    assert_eq!(text("lib/apk/db/triggers"), format!("{id} /usr/share/*\n"));
    assert_eq!(text("lib/apk/db/lock"), "");
    let installed = text("lib/apk/db/installed");
    let first = installed.split("\n\n").next().unwrap();
    assert!(
        first.starts_with(&format!("C:{id}\nP:one\nV:1-r0\nA:x86_64\n")),
        "{first}"
    );
    let files = format!(
        "F:\nF:etc\nR:one.conf\nZ:{}\nR:uno.conf\na:0:0:777\nZ:{}",
        checksum(b"1\n"),
        checksum(b"one.conf")
    );
    // apk writes `F:` of the root and no `a:` where it is the default of the type.
    let shape = |text: &str| {
        let lines = text
            .lines()
            .filter(|line| *line != "F:" && *line != "a:0:0:777");
        lines.collect::<Vec<_>>().join("\n")
    };
    assert!(shape(first).ends_with(&shape(&files)), "{first}");
    let scripts = crate::yard::unpack(&tree["lib/apk/db/scripts.tar"].1);
    // The checksum is in hexadecimal: apk 2 and 3 read it, and it never holds a slash.
    let bytes = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, &id[2..]).unwrap();
    let hex = format!("X1{}", hex(&bytes));
    let names: Vec<&String> = scripts.keys().collect();
    assert_eq!(
        names,
        [
            &format!("one-1-r0.{hex}.post-install"),
            &format!("one-1-r0.{hex}.trigger")
        ]
    );
}

#[test]
fn excluded_paths_are_not_in_the_database() {
    let yard = Yard::asking("  - {name: base, packages: [one]}");
    let one = small("one", "1-r0")
        .dir("usr/share/doc")
        .file("usr/share/doc/long", "x")
        .file("usr/share/doc/copyright", "x");
    yard.publish("repo", &Repo::new().with(&yard, &one));
    yard.edit(
        "configure: none",
        "paths: {exclude: [/usr/share/doc/*], include: [/usr/share/doc/copyright]}\nconfigure: none",
    );
    yard.run(&["lock"]).done();
    let tree = yard.tree();
    assert!(!tree.contains_key("usr/share/doc/long"));
    assert!(tree.contains_key("usr/share/doc/copyright"));
    let installed = String::from_utf8_lossy(&tree["lib/apk/db/installed"].1).into_owned();
    assert!(!installed.contains("R:long\n"), "{installed}");
    assert!(installed.contains("R:copyright\n") && installed.contains("R:one\n"));
}
