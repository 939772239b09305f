//! What FORMATS.md section 1 allows and refuses.

use super::*;
use crate::model::{Compression, Configure, Epoch, FileSource, Origin, Owner, Priority, RequestOp};

/// The manifest of FORMATS.md section 1, without what belongs to Alpine.
const WHOLE: &str = r##"
name: python-web                  # [a-z0-9][a-z0-9._-]*
rootlock: ">=0.1, <1"             # semver requirement on the tool
distro: debian                    # debian | alpine
release: trixie
snapshot: 20261101T000000Z
architectures: [amd64, arm64]
repositories:
  - archive: debian
    suite: trixie
    components: [main, contrib]
    priority: 500
  - url: https://packages.example.org/debian
    suite: stable
    keyring: keys/site.gpg
    snapshot: false
    unsigned: false
    allow_expired: false
recommends: false
groups:
  - name: base
    priority: required
    packages: [base-files, bash, ca-certificates]
  - name: python
    packages: ["python3>=3.13", "libssl3t64=3.5.*", "intel-microcode [amd64]"]
    exclude: [python3-doc]
files:
  - {path: /etc/motd, content: "hello\n"}
  - {path: /app, source: ./app, mode: "0755", owner: "app:app", exclude: ["*.pyc"]}
  - {path: /var/cache/app, directory: true, owner: "app:app", mode: "0750"}
  - {path: /usr/local/bin/py, link: ../../bin/python3}
paths:
  exclude: [/usr/share/doc/*, /usr/share/man/*]
  include: [/usr/share/doc/*/copyright]
accounts:
  groups: [{name: app, gid: 10001}]
  users: [{name: app, uid: 10001, group: app, home: /app, shell: /sbin/nologin}]
image:
  entrypoint: [/usr/bin/python3]
  cmd: [-m, http.server]
  env: {PYTHONUNBUFFERED: "1"}
  workdir: /app
  user: app
  ports: [8000/tcp]
  volumes: [/data]
  labels: {org.opencontainers.image.title: python-web}
  annotations: {}
  stop_signal: SIGTERM
lockfile: ../locks/web.lock
configure: native
compression: gzip
epoch: 1761955200
"##;

#[test]
fn the_manifest_of_the_contract_is_read_whole() {
    let manifest = good(WHOLE);
    assert_eq!(manifest.name, "python-web");
    assert_eq!(manifest.distro, "debian");
    assert_eq!(manifest.release.as_deref(), Some("trixie"));
    assert_eq!(manifest.snapshot.unwrap().to_string(), "20261101T000000Z");
    assert_eq!(manifest.architectures.len(), 2);
    let repositories = manifest.repositories.as_deref().unwrap();
    assert_eq!(repositories[0].origin, Origin::Archive("debian".into()));
    assert_eq!(repositories[0].priority, Some(500));
    assert!(repositories[1].unpinned);
    assert_eq!(repositories[1].keyring.as_deref(), Some("keys/site.gpg"));
    assert_eq!((repositories[0].line, repositories[1].line), (9, 13));
    assert_eq!(manifest.recommends, Some(false));
    assert_eq!(manifest.groups[0].priority, Some(Priority::Required));
    let python = &manifest.groups[1];
    assert_eq!(
        python.packages()[0].version,
        Some((RequestOp::Ge, "3.13".into()))
    );
    assert_eq!(
        python.packages()[1].version,
        Some((RequestOp::Prefix, "3.5.".into()))
    );
    assert_eq!(python.packages()[2].arches.len(), 1);
    assert_eq!(python.exclude()[0].as_str(), "python3-doc");
    let files = &manifest.files;
    assert_eq!(files[0].source, FileSource::Content("hello\n".into()));
    assert_eq!(files[1].mode, Some(0o755));
    assert_eq!(files[1].exclude, ["*.pyc"]);
    let owner = Owner {
        user: "app".into(),
        group: Some("app".into()),
    };
    assert_eq!(files[2].owner, Some(owner));
    assert_eq!(files[2].source, FileSource::Directory);
    assert_eq!(
        files[3].source,
        FileSource::Link("../../bin/python3".into())
    );
    assert_eq!(files[3].line, 31);
    assert_eq!(manifest.paths.unwrap().exclude.len(), 2);
    assert_eq!(manifest.accounts.users[0].uid, 10001);
    assert_eq!(manifest.image.cmd.unwrap(), ["-m", "http.server"]);
    assert_eq!(manifest.image.env["PYTHONUNBUFFERED"], "1");
    assert_eq!(manifest.lockfile.as_deref(), Some("../locks/web.lock"));
    assert_eq!(manifest.configure, Some(Configure::Native));
    assert_eq!(manifest.compression, Some(Compression::Gzip));
    assert_eq!(manifest.epoch, Some(Epoch(1_761_955_200)));
}

#[test]
fn alpine_has_its_own_keys() {
    let manifest = good(
        "name: x
distro: alpine
release: v3.22
architectures: [x86_64, aarch64, armhf]
repositories:
  - {archive: alpine, path: v3.22/main}
  - {url: https://dl-cdn.alpinelinux.org/alpine/edge/main, keys: [k.pub], tag: edge}
groups:
- name: base
  packages: [jq@edge, 'so:libssl.so.3', '!vim', \"python3~3.12\"]
",
    );
    let arches: Vec<String> = manifest
        .architectures
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(arches, ["amd64", "arm64", "arm/v6"]);
    assert_eq!(
        manifest.groups[0].packages()[0].tag.as_deref(),
        Some("edge")
    );
    refused(
        alpine,
        &[
            (
                "snapshot: 20261101T000000Z",
                ":4: `snapshot` is not for `distro: alpine`",
            ),
            (
                "recommends: true",
                "`recommends` is not for `distro: alpine`",
            ),
            ("release: trixie", "`release` cannot be `trixie` ... v3.22"),
            (
                "release: 3.20",
                "`release` cannot be `3.20` ... write `v3.20`, with a `v`",
            ),
            ("repositories: [{archive: alpine}]", "`path` is missing"),
            (
                "repositories: [{url: x, path: v3.22/main}]",
                "goes with `archive`",
            ),
            (
                "repositories: [{url: x, suite: trixie}]",
                "`suite` in entry 1 of `repositories` is not for `distro: alpine`",
            ),
            (
                "repositories: [{url: x, tag: '@edge'}]",
                "write `tag: edge`",
            ),
            ("repositories: [{url: x, keys: []}]", "names none"),
            (
                "repositories: [{url: x, keys: k.pub}]",
                "must be a list ... write [k.pub]",
            ),
            (
                "architectures: [mips64le]",
                "not an architecture of `distro: alpine` ... amd64",
            ),
        ],
    );
    let group = |rest: &str| format!("name: x\ndistro: alpine\ngroups:\n- {{name: g, {rest}}}\n");
    refused(
        group,
        &[
            (
                "priority: required",
                ":4: `priority` in group `g` is not for `distro: alpine`",
            ),
            ("packages: [jq@edge]", "no repository has `tag: edge`"),
            ("exclude: ['so:x']", "names of packages"),
            ("exclude: ['!x']", "names alone"),
        ],
    );
}

#[test]
fn unknown_keys_name_their_line_and_the_nearest() {
    assert_eq!(
        bad("name: x\ndistro: debian\ngroups:\n  - name: base\n    packges: [bash]\n"),
        "rootfs.yaml:5: unknown key `packges` in group `base`\nhint: did you mean `packages`?"
    );
    assert_eq!(
        bad("name: x\ndistro: debian\n\"relaese\": trixie\ngroups: [{name: a}]\n"),
        "rootfs.yaml:3: unknown key `relaese`\nhint: did you mean `release`?"
    );
    assert_eq!(
        bad("nmae: x\ndistro: debian\ngroups: [{name: a}]\n"),
        "rootfs.yaml:1: unknown key `nmae`\nhint: did you mean `name`?"
    );
    assert_eq!(
        bad("name: x\ndistor: debian\ngroups: [{name: a}]\n"),
        "rootfs.yaml:2: unknown key `distor`\nhint: did you mean `distro`?"
    );
    refused(
        debian,
        &[
            (
                "repository: []",
                ":4: unknown key `repository` ... `repositories`?",
            ),
            (
                "xyzzy: 1",
                "unknown key `xyzzy` ... the keys here are name, rootlock, distro",
            ),
            (
                "image:\n  entry_point: [x]",
                ":5: unknown key `entry_point` in `image` ... `entrypoint`?",
            ),
            (
                "accounts: {users: [{nam: x}]}",
                "unknown key `nam` in `accounts.users` ... `name`?",
            ),
            (
                "accounts: {group: []}",
                "unknown key `group` in `accounts` ... `groups`?",
            ),
            (
                "paths: {excludes: []}",
                "unknown key `excludes` in `paths` ... `exclude`?",
            ),
            (
                "files: [{path: /x, contents: y}]",
                "unknown key `contents` of file `/x` ... `content`?",
            ),
            (
                "repositories: [{archive: debian, suit: x}]",
                "unknown key `suit` ... `suite`?",
            ),
        ],
    );
}

#[test]
fn a_newer_manifest_says_so_before_anything_else() {
    let text = |requirement: &str| {
        format!("frobnicate: [1]\nrootlock: \"{requirement}\"\ndistro: gentoo\n")
    };
    let message = bad(text(">=0.9"));
    assert!(message.starts_with("rootfs.yaml:2: needs a newer rootlock: it asks for `>=0.9`"));
    for newer in [
        "1",
        ">0.1.0",
        "^2.3",
        "~0.2",
        "0.1.1",
        "=3.0.0",
        ">=0.2, <1",
    ] {
        assert!(
            bad(text(newer)).contains("needs a newer rootlock"),
            "{newer}"
        );
    }
    for older in ["<0.1", "=0.0.9", "0.0.1", "<=0.0.5"] {
        assert!(
            bad(text(older)).contains("needs an older rootlock"),
            "{older}"
        );
    }
    assert!(bad(text("new")).contains("not a version requirement"));
    assert!(bad(text("0.1")).contains("`distro` must be debian or alpine, not `gentoo`"));
    good(&debian("rootlock: 0.1"));
    good(&debian("rootlock: '*'"));
    let dialects: [&dyn Dialect; 1] = [&crate::distro::deb::Debian];
    let context = ParseContext {
        file: "x",
        version: &semver::Version::parse("0.1.0-rc.1+git").unwrap(),
        dialects: &dialects,
    };
    assert!(parse(debian("rootlock: '>=0.1'"), &context).is_ok());
}

#[test]
fn what_is_required_is_missed() {
    refused(
        str::to_owned,
        &[
            (
                "distro: debian\ngroups: [{name: a}]",
                "rootfs.yaml:1: `name` is missing",
            ),
            (
                "name: x\ngroups: [{name: a}]",
                "`distro` is missing ... debian",
            ),
            ("name: x\ndistro: debian", "`groups` is missing"),
            (
                "name: x\ndistro: debian\ngroups: []",
                ":3: `groups` holds no group",
            ),
            (
                "name: x\ndistro: debian\ngroups:",
                "`groups` holds no group",
            ),
            (
                "name: x\ndistro: debian\ngroups: {name: a}",
                "`groups` must be a list, not a mapping",
            ),
            (
                "name: x\ndistro: debian\ngroups: [base]",
                ":3: group 1 must be a mapping ... `name: `",
            ),
            (
                "name: x\ndistro: debian\ngroups: [{packages: [a]}]",
                "`name` is missing in group 1",
            ),
            (
                "name:\ndistro: debian\ngroups: [{name: a}]",
                ":1: `name` has no value",
            ),
            (
                "name: Web App\ndistro: debian\ngroups: [{name: a}]",
                "not `Web App` ... write `web-app`",
            ),
            (
                "name: x\ndistro: Debian\ngroups: [{name: a}]",
                "not `Debian` ... did you mean `debian`?",
            ),
            ("- a", "a manifest must be a mapping"),
            ("just text", "a manifest must be a mapping"),
        ],
    );
}
