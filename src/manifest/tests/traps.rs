//! What YAML does to people, and what strange bytes do to YAML.

use super::*;

fn packages(rest: &str) -> String {
    format!("name: x\ndistro: debian\ngroups:\n  - name: base\n    packages:\n{rest}\n")
}

#[test]
fn indicators_are_explained() {
    refused(
        packages,
        &[
            (
                "      - !vim",
                ":6: `!vim` begins with `!`, which makes it a YAML tag ... quotes: \"!vim\"",
            ),
            (
                "      - bash\n      - !vim>=9",
                ":7: `!vim>=9` begins with `!`",
            ),
            ("      - !vim [amd64]", ":6: `!vim` begins with `!`"),
            ("      - ! vim", ":6: `!` begins with `!`"),
            ("      [bash, !vim]", ":6: `!vim` begins with `!`"),
            (
                "      - @edge",
                ":6: `@edge` begins with `@`, which YAML keeps for itself ... \"@edge\"",
            ),
            (
                "      - *foo",
                ":6: `*foo` begins with `*`, which makes it a YAML alias ... \"*foo\"",
            ),
            ("      [bash, *foo]", ":6: `*foo` begins with `*`"),
            ("      - *.pyc", ":6: `*.pyc` begins with `*`"),
            ("      - '*'\n      - *", ":7: `*` begins with `*`"),
            ("      - &foo.bar", ":6: `&foo.bar` begins with `&`"),
            ("      - %foo", ":6: `%foo` begins with `%`"),
            ("      - `foo`", ":6: `` begins"),
            ("      - >=3", ":6: `>=3` begins with `>`"),
        ][..12],
    );
    refused(
        packages,
        &[(
            "      - >=3",
            ":6: `>=3` begins with `>`, which begins a text block",
        )],
    );
    refused(
        debian,
        &[(
            "files: [{path: /x, source: y, exclude: [*.pyc]}]",
            ":4: `*.pyc` begins with `*`",
        )],
    );
}

#[test]
fn structure_is_explained() {
    refused(
        packages,
        &[
            ("\t- bash", ":6: a tab where YAML wants spaces"),
            (
                "      [a1, intel-microcode [amd64]]",
                "does not go on with `,` or end with `]` ... in quotes",
            ),
            ("      - \"bash", ":6: a quote is not closed"),
            ("      - bash\n     - curl", "indentation"),
            ("      - bash: 5: 3", ":6: `: ` is not expected here"),
            ("      - bash\n    bogus", ":8: a key without its `:`"),
        ],
    );
}

#[test]
fn keys_come_once_and_do_not_merge() {
    refused(
        debian,
        &[
            ("name: y", ":4: `name` is there twice"),
            ("\"name\": y", ":4: `name` is there twice"),
            ("image: {env: {A: 1, B: 2, A: 3}}", ":4: `A` is there twice"),
            ("<<: {release: trixie}", ":4: merge keys (`<<`)"),
            ("image: &i {}\nfoo:\n  <<: *i", ":6: merge keys (`<<`)"),
            ("[a, b]: c", ":4: a key must be text"),
            ("? {a: b}\n: c", ":4: a key must be text"),
        ],
    );
}

#[test]
fn aliases_are_followed_but_do_not_explode() {
    let manifest = good(&debian(
        "image: {labels: &l {a: b}, annotations: *l}\naccounts: {groups: [{name: &n app, gid: 1}], users: [{name: *n, uid: 2}]}",
    ));
    assert_eq!(manifest.image.annotations["a"], "b");
    assert_eq!(manifest.accounts.users[0].name, "app");
    let mut bomb = String::from("name: x\ndistro: debian\ngroups: [{name: a}]\nx0: &x0 [a, b]\n");
    for level in 1..60 {
        let below = level - 1;
        bomb.push_str(&format!("x{level}: &x{level} [*x{below}, *x{below}]\n"));
    }
    let message = bad(bomb);
    assert!(message.contains("its aliases followed"), "{message}");
    let own = bad(debian("image: &a {env: *a}"));
    assert!(own.contains("rootfs.yaml"), "{own}");
}

#[test]
fn one_document_of_reasonable_text() {
    refused(
        str::to_owned,
        &[
            ("", "rootfs.yaml: is empty"),
            ("# nothing\n", "is empty"),
            ("---\n", "is empty"),
            ("~\n", "is empty"),
            ("\u{feff}\u{feff}", "U+FEFF"),
            (
                "name: x\n---\nname: y\n",
                ":2: a second YAML document begins",
            ),
            (
                "# a\n---\nname: x\n---\nname: y\n",
                ":4: a second YAML document begins",
            ),
            (
                "%YAML 1.2\n---\nname: x\n--- # b\nname: y\n",
                ":4: a second YAML document begins",
            ),
            ("name: \u{7}", ":1: holds the control character U+0007"),
            (
                "name: x\ndistro: \u{0}",
                ":2: holds the control character U+0000",
            ),
        ],
    );
    assert!(bad(b"name: x\n# caf\xe9\n").starts_with("rootfs.yaml:2: is not UTF-8"));
    assert!(bad(b"\xff\xfen\0a\0").contains("is UTF-16"));
    assert!(bad("{a: ".repeat(200_000)).contains("opens more than 1000 brackets"));
    assert!(bad("#".repeat(super::super::MAX_SIZE + 1)).contains("1048577 bytes"));
    let text = debian("release: trixie");
    let plain = good(&text);
    assert_eq!(good(&format!("\u{feff}{text}")), plain);
    assert_eq!(good(&text.replace('\n', "\r\n")), plain);
    assert_eq!(good(&format!("%YAML 1.1\n---\n{text}...\n")), plain);
    assert!(bad(debian("relase: x").replace('\n', "\r\n")).starts_with("rootfs.yaml:4: "));
}

#[test]
fn columns_are_known_too() {
    let error = read(debian("image: {env: {\u{e9}: x}, cmd: y}")).unwrap_err();
    let ManifestError::Invalid { place, .. } = error else {
        panic!("{error}")
    };
    assert_eq!((place.line, place.column), (Some(4), Some(27)));
}

/// No text makes the parser panic or hang.
#[test]
fn hostile_texts_end_in_an_error() {
    for open in [
        "[", "{", "- ", "? ", "&a ", "!", "\"", "'", "|", "a: ", "<<: ", "*", "\u{85}", "{a: [",
    ] {
        for count in [1, 7, 200, 5000] {
            let _ = read(open.repeat(count));
            let _ = read(debian(&format!("image: {}", open.repeat(count))));
        }
    }
    let text =
        debian("files: [{path: /x, content: \"a\\x41\", mode: '0755'}]\nimage: {env: {a: 'b''c'}}");
    for end in 0..text.len() {
        let _ = read(&text[..end]);
        let mut bytes = text.clone().into_bytes();
        for byte in [b'\t', b'"', b'{', b'\n', b':', b'*', 0xff, b'&'] {
            bytes[end] = byte;
            let _ = read(&bytes);
        }
    }
}
