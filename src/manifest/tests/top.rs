//! The rules of the groups and of the keys at the top.

use super::*;
use crate::model::Epoch;

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
    // It is well-formed: there is no such package.
    let error = read(locked("- {name: a, packages: ['gcc:amd64']}")).unwrap_err();
    assert_eq!(error.class(), Class::Unsatisfiable);
    assert!(
        error.to_string().contains("another architecture"),
        "{error}"
    );
    assert_eq!(error.hint().as_deref(), Some("write `gcc [amd64]`"));
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
