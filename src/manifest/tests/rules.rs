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

#[test]
fn groups_have_rules() {
    let groups = |rest: &str| format!("name: x\ndistro: debian\ngroups:\n{rest}\n");
    refused(
        groups,
        &[
            ("- name: system", ":4: a group cannot be called `system`"),
            ("- name: files", "a group cannot be called `files`"),
            (
                "- name: a\n- name: b\n- name: a",
                ":6: two groups have the name `a`",
            ),
            ("- name: Base", "not `Base` ... write `base`"),
            ("- name: [a]", "must be text, not a list"),
            (
                "- {name: a, packages: bash}",
                "must be a list, not text ... write [bash]",
            ),
            ("- {name: a, packages: bash curl}", "write [bash, curl]"),
            (
                "- {name: a, packages: {bash: 1}}",
                "must be a list, not a mapping",
            ),
            (
                "- {name: a, packages: [[b]]}",
                "a package request must be text, not a list",
            ),
            (
                "- name: a\n  packages:\n  - x: 1",
                "must be text, not a mapping ... in quotes",
            ),
            (
                "- name: a\n  packages:\n  -\n",
                "a package request has no value",
            ),
            (
                "- name: a\n  packages:\n  - ''\n",
                "a package request is empty",
            ),
            (
                "- name: a\n  packages:\n  - Bash",
                ":6: `Bash` is not a package request: ... lower-case: `bash`",
            ),
            (
                "- name: a\n  packages: [x1, 'bash (>= 5)']",
                ":5: `bash (>= 5)` ... `bash>=5`",
            ),
            ("- name: a\n  packages: [foo~1]", "is Alpine's"),
            (
                "- name: a\n  priority: require",
                ":5: `priority` in group `a` must be essential, required, important or standard ... `required`?",
            ),
            (
                "- name: a\n  exclude: ['vim=9']",
                "`exclude` holds names alone, not `vim=9` ... write `vim`",
            ),
            ("- name: a\n  exclude: ['vim [amd64]']", "names alone"),
            ("- name: a\n  exclude: ['vim:any']", "names alone"),
        ],
    );
    let locked = |rest: &str| groups(rest) + "architectures: [amd64, arm64]\n";
    refused(
        locked,
        &[(
            "- {name: a, packages: ['gcc:amd64']}",
            "another architecture ... `gcc [amd64]`",
        )],
    );
    good(&locked(
        "- {name: a, packages: ['gcc:amd64 [amd64]', 'make:native']}",
    ));
    // A list whose lines are all comments, and the same request twice, are what people write.
    let manifest = good(&groups(
        "- name: a\n  packages:\n  # - vim\n- name: b\n  packages: [a1, a1]",
    ));
    assert_eq!(manifest.groups[0].packages, None);
    assert_eq!(manifest.groups[1].packages().len(), 2);
}

#[test]
fn the_top_has_rules() {
    refused(
        debian,
        &[
            ("release: v/1", "`release` cannot be `v/1` ... `trixie`"),
            ("release: [trixie]", "must be text"),
            (
                "snapshot: 2026-11-01",
                ":4: `snapshot` is not a moment: `2026-11-01` ... 20261101T000000Z",
            ),
            ("snapshot: 20261301T000000Z", "not a moment"),
            ("architectures: []", "names none"),
            ("architectures: amd64", "must be a list ... write [amd64]"),
            ("architectures: [amd64, x86_64]", "names amd64 twice"),
            (
                "architectures: [amd46]",
                "`amd46` is not an architecture of `distro: debian` ... 386, amd64, arm/v5",
            ),
            (
                "architectures: [arm/v6]",
                "not an architecture of `distro: debian`",
            ),
            (
                "recommends: no",
                "must be true or false, not `no` ... write false",
            ),
            ("recommends: 'true'", "without quotes"),
            ("recommends: [true]", "not a list"),
            ("recommends:", "not nothing"),
            ("configure: natve", "none, native or scripts ... `native`?"),
            ("compression: xz", "gzip, zstd or none"),
            ("epoch: -1", "from 0 to"),
            ("epoch: 1e9", "whole decimal number, not `1e9`"),
            ("epoch: 2026-11-01", "whole decimal number"),
            ("epoch: 010", "whole decimal number"),
            ("epoch: 99999999999999999999", "from 0 to"),
            ("lockfile: ''", "is empty"),
            ("lockfile: \"a\\nb\"", "control character U+000A"),
        ],
    );
    let manifest = good(&debian("architectures: [linux/amd64, armhf]\nepoch: 0"));
    assert_eq!(manifest.architectures[1].to_string(), "arm/v7");
    assert_eq!(manifest.epoch, Some(Epoch(0)));
}

#[test]
fn repositories_have_rules() {
    let one = |rest: &str| debian(&format!("repositories:\n- {{{rest}}}"));
    refused(
        one,
        &[
            (
                "archive: debian",
                ":5: `suite` is missing in entry 1 of `repositories`",
            ),
            (
                "suite: trixie",
                "`archive` or `url` is missing ... debian, debian-security",
            ),
            (
                "archive: debian, url: x, suite: a",
                "`archive` and `url` are both there",
            ),
            (
                "archive: debain, suite: a",
                "not `debain` ... did you mean `debian`?",
            ),
            (
                "archive: alpine, suite: a",
                "must be debian or debian-security, not `alpine`",
            ),
            (
                "url: ftp://x/y, suite: a",
                "http://, https:// or file://, or be a path, not ftp://",
            ),
            ("url: https:/x, suite: a", "lacks the `//`"),
            ("url: /srv/mirror, suite: a", "write `file:///srv/mirror`"),
            ("url: file://srv/mirror, suite: a", "must be absolute"),
            ("url: https:///debian, suite: a", "names no host"),
            ("url: 'https://h:99999/d', suite: a", "port"),
            ("url: 'https://h/d?x=1', suite: a", "cannot hold `?`"),
            ("url: 'https://h/d#x', suite: a", "cannot hold `#`"),
            ("url: 'https://h/a b', suite: a", "cannot hold ' '"),
            ("url: https://h/d, suite: /", "relative path"),
            ("url: https://h/d, suite: ../x", "relative path"),
            (
                "url: https://h/d, suite: ./, components: [main]",
                "flat repository ... leave `components` out",
            ),
            ("archive: debian, suite: a, components: []", "names none"),
            (
                "archive: debian, suite: a, components: main contrib",
                "write [main, contrib]",
            ),
            (
                "archive: debian, suite: a, components: [main, main]",
                "names `main` twice",
            ),
            (
                "archive: debian, suite: a, components: [ma in]",
                "cannot hold ' '",
            ),
            ("archive: debian, suite: a, priority: 0", "cannot be 0"),
            (
                "archive: debian, suite: a, priority: 99999",
                "from -32768 to 32767",
            ),
            (
                "archive: debian, suite: a, snapshot: 20261101T000000Z",
                "can only be false ... at the top",
            ),
            (
                "archive: debian, suite: a, snapshot: false",
                "for a repository by URL",
            ),
            (
                "archive: debian, suite: a, keys: [k]",
                "`keys` in entry 1 of `repositories` is not for `distro: debian`",
            ),
            ("archive: debian, suite: a, keyring: [k]", "must be text"),
            ("archive: debian, suite: a, unsigned: yes", "write true"),
        ],
    );
    let message = bad(one("url: 'https://me:secret@h/d', suite: a"));
    assert!(message.contains("user name or password"), "{message}");
    assert!(
        message.contains("netrc") && !message.contains("secret"),
        "{message}"
    );
    refused(
        debian,
        &[
            ("repositories: []", "holds none"),
            (
                "repositories: [debian]",
                "must be a mapping of keys to values, not text",
            ),
            (
                "repositories: [{url: https://h, suite: a}]\nsnapshot: 20261101T000000Z",
                "`snapshot: false` is missing",
            ),
            (
                "repositories:\n- {archive: debian, suite: a}\n- {archive: debian, suite: a}",
                ":6: entry 2 of `repositories` is the same",
            ),
        ],
    );
    for fine in [
        "url: https://h:8080/d, suite: ./",
        "url: 'http://[::1]:80/d', suite: sub/dir/",
        "url: ../mirror, suite: stable/updates",
        "url: file:///srv/debian, suite: trixie-backports, snapshot: false",
        "url: HTTPS://h/d, suite: a, priority: -1",
        "archive: debian-security, suite: trixie-security, components: [updates/main]",
    ] {
        good(&one(fine));
    }
}

#[test]
fn files_have_rules() {
    let one = |rest: &str| debian(&format!("files:\n  - {{{rest}}}"));
    refused(
        one,
        &[
            ("content: x", ":5: `path` is missing of entry 1"),
            (
                "path: /x",
                "exactly one of content, source, directory or link is needed of file `/x`, and none is there",
            ),
            (
                "path: /x, content: a, link: b",
                "`content` and `link` are there",
            ),
            ("path: x, content: a", "must be absolute"),
            ("path: /a/../b, content: a", "cannot have a part `..`"),
            ("path: /a/./b, content: a", "cannot have a part `.`"),
            ("path: /a//b, content: a", "has an empty part"),
            ("path: //, content: a", "has an empty part"),
            (
                "path: /, content: a",
                "only a `source` directory can be put at `/`",
            ),
            ("path: /a/.wh.b, content: a", "whiteout"),
            ("path: \"/a\\tb\", content: a", "U+0009"),
            ("path: \"/a\\0b\", content: a", "NUL"),
            ("path: /x, directory: false", "can only be true"),
            ("path: /x, directory: yes", "write true"),
            ("path: /x, link: ''", "is empty"),
            (
                "path: /x, link: y, mode: '0777'",
                "has no meaning for a link",
            ),
            (
                "path: /x, content: y, exclude: [z]",
                "goes with `source` only",
            ),
            ("path: /x, content: [y]", "must be text, not a list"),
            ("path: /x, content: ", "has no value"),
            (
                "path: /x, content: y, mode: 755",
                "to YAML 755 is a decimal number ... write \"0755\"",
            ),
            ("path: /x, content: y, mode: 0o755", "write \"0755\""),
            ("path: /x, content: y, mode: 493", "\"0755\""),
            (
                "path: /x, content: y, mode: '0888'",
                "octal digits, not `0888`",
            ),
            ("path: /x, content: y, mode: u+x", "octal digits, not `u+x`"),
            ("path: /x, content: y, mode: '17777'", "octal digits"),
            ("path: /x, content: y, owner: 'a:'", "a name is empty"),
            (
                "path: /x, content: y, owner: 'a b'",
                "not the name of an account",
            ),
            ("path: /x, content: y, owner: 4294967295", "is larger than"),
        ],
    );
    let message = bad(one(&format!("path: /{}, content: a", "x".repeat(256))));
    assert!(
        message.contains("a part longer than 255 bytes"),
        "{message}"
    );
    refused(
        debian,
        &[
            (
                "files:\n- {path: /a, content: x}\n- {path: /a/, link: y}",
                ":6: `files` has `/a` twice",
            ),
            (
                "files:\n- {path: /a/b/c, content: x}\n- {path: /a, content: y}",
                ":5: `/a/b/c` is below `/a`, which `files` makes a file",
            ),
            ("files: {path: /x}", "must be a list, not a mapping"),
        ],
    );
    let manifest = good(&debian(
        "files:
  - {path: /etc/x/, content: \"\", mode: 0644, owner: 0}
  - {path: /y, content: 1.20, owner: 0:0, mode: '4755'}
  - {path: /, source: ./overlay}
  - path: /z
    content: |
      a
      b
",
    ));
    assert_eq!(manifest.files[0].path, "/etc/x");
    assert_eq!(manifest.files[0].mode, Some(0o644));
    assert_eq!(manifest.files[1].source, FileSource::Content("1.20".into()));
    assert_eq!(manifest.files[1].mode, Some(0o4755));
    assert_eq!(
        manifest.files[3].source,
        FileSource::Content("a\nb\n".into())
    );
    assert_eq!(manifest.files[3].line, 8);
}

#[test]
fn paths_and_accounts_have_rules() {
    let user = |rest: &str| debian(&format!("accounts: {{users: [{{{rest}}}]}}"));
    refused(
        user,
        &[
            ("name: a", "`uid` is missing"),
            ("uid: 1", "`name` is missing"),
            ("name: a, uid: -1", "from 0 to 4294967294"),
            ("name: a, uid: 4294967295", "from 0 to 4294967294"),
            ("name: a, uid: 65535", "cannot be 65535"),
            ("name: a, uid: x", "whole decimal number"),
            ("name: 'a:b', uid: 1", "not the name of an account"),
            ("name: 1a, uid: 1", "not the name of an account"),
            ("name: a, uid: 1, home: app", "must be absolute"),
            ("name: a, uid: 1, home: '/a:b'", "cannot hold `:`"),
            ("name: a, uid: 1, shell: bash", "must be absolute"),
            (
                "name: a, uid: 1, group: 'x y'",
                "not the name of an account",
            ),
            (
                "name: a, uid: 1}, {name: a, uid: 2",
                "two users have the name `a`",
            ),
            (
                "name: a, uid: 1}, {name: b, uid: 1",
                "`uid` 1 is there twice",
            ),
        ],
    );
    refused(
        debian,
        &[
            (
                "accounts: {groups: [{name: a, gid: 1}, {name: b, gid: 1}]}",
                "`gid` 1 is there twice",
            ),
            (
                "accounts: {groups: [{name: a, gid: 1}, {name: a, gid: 2}]}",
                "two groups have the name `a`",
            ),
            ("accounts: {groups: [app]}", "must be a mapping"),
            (
                "paths: {exclude: [usr/share/doc]}",
                "must begin with `/` ... write `/usr/share/doc`",
            ),
            ("paths: {exclude: /x}", "must be a list"),
            ("paths: [/x]", "must be a mapping"),
        ],
    );
    good(&debian(
        "accounts: {groups: [{name: a, gid: 5}], users: [{name: a, uid: 5, group: 0}]}",
    ));
}

#[test]
fn the_image_has_rules() {
    let image = |rest: &str| debian(&format!("image:\n  {rest}"));
    refused(
        image,
        &[
            (
                "entrypoint: /bin/sh -c",
                ":5: `entrypoint` must be a list, not text ... write [/bin/sh, -c]",
            ),
            ("cmd: [[a]]", "a word of `cmd` must be text"),
            (
                "env: [A=b]",
                "must be a mapping, not a list ... `NAME: VALUE`",
            ),
            ("env: {A: [b]}", "`A` in `env` must be text"),
            (
                "env: {A=b: c}",
                ":5: the name of a variable cannot hold `=`: `A=b`",
            ),
            ("env: {'': c}", "is empty"),
            ("env: {A: \"\\0\"}", "NUL"),
            ("workdir: app", "must be absolute"),
            ("user: 'a:b:c'", "not the name of an account"),
            ("user: ''", "is empty"),
            ("ports: [tcp/80]", "write it as 8000/tcp"),
            ("ports: [0/tcp]", "from 1 to 65535"),
            ("ports: [65536/tcp]", "from 1 to 65535"),
            ("ports: [80/http]", "/tcp, /udp or /sctp"),
            ("ports: ['8080:80']", "the host's side"),
            ("ports: [80/tcp, 80]", "`80/tcp` is there twice"),
            ("volumes: [data]", "must be absolute"),
            ("volumes: [/d, /d/]", "`/d` is there twice"),
            ("labels: {a: {b: c}}", "must be text"),
            ("stop_signal: TERM", "did you mean `SIGTERM`?"),
            ("stop_signal: 0", "not a signal"),
            ("stop_signal: SIGRTMIN+99", "not a signal"),
        ],
    );
    let manifest = good(&image(
        "{env: {DEBUG: no, V: 1.20, N: null, E: , O: 0777, Y: true, M: \"a\\nb\", no: x},
   labels: {version: 1.20}, ports: [80, 53/udp], stop_signal: SIGRTMIN+3, user: 1000:1000,
   entrypoint: [sh, -c, \"a\\nb\", 5, true]}",
    ));
    let env = manifest.image.env;
    let get = |name: &str| env[name].as_str();
    assert_eq!(
        ["DEBUG", "V", "N", "E", "O", "Y", "M", "no"].map(get),
        ["no", "1.20", "null", "", "0777", "true", "a\nb", "x"]
    );
    assert_eq!(manifest.image.labels["version"], "1.20");
    assert_eq!(manifest.image.ports, ["80/tcp", "53/udp"]);
    assert_eq!(manifest.image.entrypoint.unwrap()[3..], ["5", "true"]);
    assert_eq!(manifest.image.user.as_deref(), Some("1000:1000"));
}
