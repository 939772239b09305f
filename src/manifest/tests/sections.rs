//! The rules of repositories, files, paths, accounts and the image.

use super::*;
use crate::model::FileSource;

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
            (
                "url: HTTPS://x/y, suite: a",
                "not HTTPS:// ... did you mean `https`?",
            ),
            ("url: 'host:dir', suite: a", "neither a URL nor a path"),
            (
                "url: 'me:secret@host/dir', suite: a",
                "user name or password",
            ),
            ("url: my repo, suite: a", "cannot hold ' ' ... %20"),
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
        "url: https://h/d, suite: a, priority: -1",
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
