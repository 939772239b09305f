//! The normal form and the digest.

use std::io;
use std::path::{Path, PathBuf};

use super::*;
use crate::model::Sha256;

#[test]
fn a_worked_example() {
    let manifest = good(
        "
name: example
distro: debian
release: trixie
snapshot: 20261101T000000Z
architectures: [arm64, x86_64, armhf]
repositories:
  - {archive: debian, suite: trixie, components: [main, contrib], priority: 500}
  - url: https://packages.example.org/debian/
    suite: ./
    keyring: keys/site.gpg
    snapshot: false
    unsigned: false
recommends: false
groups:
  - name: base
    priority: required
    packages: [bash, base-files, bash]
  - name: python
    packages: [ 'python3 >= 3.13', 'libssl3t64 = 3.5.*', 'git/trixie', 'intel-microcode[!arm64 x86_64]' ]
    exclude: [vim, python3-doc]
  - name: empty
    packages: []
    exclude:
files: [{path: /x, content: y}]
image: {env: {A: b}}
configure: none
epoch: 5
",
    );
    let repositories = manifest
        .repositories(Path::new("/p"), &mut |_| Ok(b"abc".to_vec()))
        .unwrap();
    let json = concat!(
        r#"{"architectures":["amd64","arm/v7","arm64"],"distro":"debian","groups":["#,
        r#"{"name":"base","packages":["base-files","bash"],"priority":"required"},"#,
        r#"{"exclude":["python3-doc","vim"],"name":"python","packages":["#,
        r#""git/trixie","intel-microcode [amd64 !arm64]","libssl3t64=3.5.*","python3>=3.13"]},"#,
        r#"{"name":"empty","packages":[]}],"#,
        r#""recommends":false,"release":"trixie","repositories":["#,
        r#"{"archive":"debian","components":["main","contrib"],"priority":500,"suite":"trixie"},"#,
        r#"{"keyring":"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","#,
        r#""snapshot":false,"suite":"./","unsigned":false,"#,
        r#""url":"https://packages.example.org/debian/"}],"snapshot":"20261101T000000Z"}"#,
    );
    assert_eq!(manifest.normal_form(&repositories), json);
    assert_eq!(manifest.digest(&repositories), Sha256::of(json.as_bytes()));
}

#[test]
fn the_smallest_has_no_defaults() {
    let manifest = good("name: x\ndistro: debian\ngroups: [{name: a}]\n");
    let json = r#"{"distro":"debian","groups":[{"name":"a"}]}"#;
    assert_eq!(manifest.normal_form(&[]), json);
}

#[test]
fn alpine_keys_are_a_list() {
    let manifest = good(
        "name: x\ndistro: alpine\nrelease: v3.22\ngroups: [{name: a, packages: ['jq @e', 'jq=1 @e']}]
repositories: [{url: r, keys: [a, b], tag: e}, {archive: alpine, path: v3.22/main}]\n",
    );
    let repositories = manifest
        .repositories(Path::new("/p"), &mut |path| {
            Ok(path.to_str().unwrap().as_bytes().to_vec())
        })
        .unwrap();
    let (a, b) = (Sha256::of(b"/p/a"), Sha256::of(b"/p/b"));
    assert_eq!(
        manifest.normal_form(&repositories),
        format!(
            r#"{{"distro":"alpine","groups":[{{"name":"a","packages":["jq=1@e","jq@e"]}}],"release":"v3.22","repositories":[{{"keys":["{a}","{b}"],"tag":"e","url":"r"}},{{"archive":"alpine","path":"v3.22/main"}}]}}"#
        )
    );
}

#[test]
fn only_what_decides_the_packages_counts() {
    let digest = |text: &str| good(text).digest(&[]);
    let text = debian("release: trixie\nrecommends: true");
    let base = digest(&text);
    for same in [
        text.replace('\n', "\r\n"),
        format!("\u{feff}# comment\n{text}"),
        text.replace("name: x", "name: other"),
        format!("{text}image: {{cmd: [a]}}\nfiles: [{{path: /a, content: b}}]\nepoch: 1\n"),
        format!(
            "{text}lockfile: a\nconfigure: none\ncompression: zstd\npaths: {{exclude: [/a]}}\n"
        ),
        "groups:\n- {name: 'base'}\nrecommends: true\nrelease: trixie\ndistro: debian\nname: x"
            .into(),
    ] {
        assert_eq!(digest(&same), base, "{same}");
    }
    for other in [
        text.replace("trixie", "sid"),
        text.replace("true", "false"),
        text.replace("recommends: true\n", ""),
        text.replace("base", "app"),
        format!("{text}architectures: [amd64]\n"),
        text.replace("{name: base}", "{name: base, packages: [bash]}"),
    ] {
        assert_ne!(digest(&other), base, "{other}");
    }
    let packages = |list: &str| {
        digest(&text.replace("{name: base}", &format!("{{name: base, packages: {list}}}")))
    };
    assert_eq!(packages("[b1, a1, b1]"), packages("[ a1 , 'b1' ]"));
    assert_eq!(packages("['a1 >= 1']"), packages("['a1>=1']"));
    assert_ne!(packages("['a1>=1']"), packages("['a1>1']"));
}

#[test]
fn keys_are_read_from_the_manifests_directory() {
    let text = debian(
        "repositories:\n  - {url: ../r, suite: ./, keyring: ../k.gpg}\n  - {archive: debian, suite: s}",
    );
    let manifest = good(&text);
    let mut asked = Vec::new();
    let repositories = manifest
        .repositories(Path::new("/a/b"), &mut |path| {
            asked.push(path.to_owned());
            Ok(vec![1])
        })
        .unwrap();
    assert_eq!(asked, [PathBuf::from("/a/b/../k.gpg")]);
    assert_eq!(repositories[0].base, "file:///a/r");
    assert_eq!(repositories[0].keys[0].name, "../k.gpg");
    assert!(repositories[0].components.is_empty());
    assert_eq!(repositories[1].components, ["main"]);
    assert_eq!(
        (repositories[1].base.as_str(), repositories[1].keys.len()),
        ("", 0)
    );

    let fail = |kind: io::ErrorKind| {
        let read = &mut |_: &Path| Err(kind.into());
        manifest.repositories(Path::new("/"), read).unwrap_err()
    };
    let error = fail(io::ErrorKind::NotFound);
    assert_eq!(
        error.to_string(),
        "rootfs.yaml:5: cannot read the key file `../k.gpg`"
    );
    assert_eq!(error.class(), Class::BadInput);
    assert_eq!(
        fail(io::ErrorKind::PermissionDenied).class(),
        Class::Outside
    );
    let read = &mut |_: &Path| Ok(Vec::new());
    let error = manifest.repositories(Path::new("/"), read).unwrap_err();
    assert_eq!(
        error.to_string(),
        "rootfs.yaml:5: the key file `../k.gpg` is empty"
    );
}

#[test]
fn archives_are_pinned_and_urls_are_not() {
    let manifest = good(&debian(
        "snapshot: 20261101T000000Z\nrepositories:\n- {archive: debian, suite: s}\n- {url: r, suite: s, snapshot: false}",
    ));
    let read = manifest
        .repositories(Path::new("/"), &mut |_| Ok(vec![]))
        .unwrap();
    assert_eq!(read[0].snapshot, manifest.snapshot);
    assert_eq!(read[1].snapshot, None);
}
