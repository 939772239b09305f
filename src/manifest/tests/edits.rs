//! Edits keep what they do not mean, and `init`'s text is a manifest.

use super::super::{add, project_name, remove, template};
use super::*;
use crate::model::Arch;

const BLOCK: &str = "\
# my image
name: x
distro: debian

groups:
  # the base
  - name: base      # lowest
    packages:
      - bash        # the shell
      # not yet: - zsh
      - \"curl>=8\"

  - name: app
    exclude: [vim]
    # nothing yet

# the end
epoch: 5   # five
";

fn added(text: &str, packages: &[&str], group: Option<&str>) -> String {
    with_context(|context| add(text, packages, group, context)).unwrap()
}

fn removed(text: &str, packages: &[&str]) -> String {
    with_context(|context| remove(text, packages, context)).unwrap()
}

fn error(result: Result<String, ManifestError>) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.class(), Class::BadInput);
    format!("{error}\nhint: {}", error.hint().unwrap_or_default())
}

/// `text` is BLOCK with each of the pairs replaced.
fn changed(pairs: &[(&str, &str)]) -> String {
    pairs.iter().fold(BLOCK.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    })
}

#[test]
fn block_lists_grow_at_their_end() {
    assert_eq!(
        added(BLOCK, &["git", "python3 >= 3.13"], Some("base")),
        changed(&[(
            "      - \"curl>=8\"\n",
            "      - \"curl>=8\"\n      - git\n      - \"python3>=3.13\"\n"
        )])
    );
    // The highest group, which has no list yet.
    assert_eq!(
        added(BLOCK, &["git"], None),
        changed(&[("  - name: app\n", "  - name: app\n    packages: [git]\n")])
    );
    let crlf = BLOCK.replace('\n', "\r\n");
    assert_eq!(
        added(&crlf, &["git"], Some("base")),
        changed(&[("\"curl>=8\"\n", "\"curl>=8\"\n      - git\n")]).replace('\n', "\r\n")
    );
    let bare = "name: x\ndistro: debian\ngroups:\n- name: a\n  packages:\n  - b1";
    assert_eq!(added(bare, &["c1"], None), format!("{bare}\n  - c1"));
    let marked = format!("\u{feff}{bare}\n");
    assert_eq!(added(&marked, &["c1"], None), format!("{marked}  - c1\n"));
}

#[test]
fn flow_lists_grow_in_their_style() {
    let flow = |list: &str| {
        format!("name: x\ndistro: debian\ngroups: [{{name: a, packages: {list}}}] # end\n")
    };
    for (before, after) in [
        ("[]", "[c1]"),
        ("[a1]", "[a1, c1]"),
        ("[ a1, \"b1 [amd64]\" ]", "[ a1, \"b1 [amd64]\", c1 ]"),
        ("[a1, b1,]", "[a1, b1, c1,]"),
        (
            "[\n  a1, # one\n  b1 # two\n]",
            "[\n  a1, # one\n  b1, # two\n  c1\n]",
        ),
        (
            "[\n  a1,\n  b1, # two\n]",
            "[\n  a1,\n  b1, # two\n  c1,\n]",
        ),
        ("", "[c1]"),
        ("~", "[c1]"),
    ] {
        let after = if before.is_empty() {
            " [c1]".to_owned()
        } else {
            after.to_owned()
        };
        let (before, after) = (flow(before), flow(&after));
        let after = after.replace(
            "packages:  [",
            if before.contains("packages: }") {
                "packages: ["
            } else {
                "packages:  ["
            },
        );
        let got = added(&before, &["c1"], None);
        assert_eq!(got.replace(" }", "}"), after.replace(" }", "}"), "{before}");
    }
    let none = "name: x\ndistro: debian\ngroups: [{name: a}]\n";
    assert_eq!(
        added(none, &["c1=1.0-1"], None),
        "name: x\ndistro: debian\ngroups: [{name: a, packages: [\"c1=1.0-1\"]}]\n"
    );
    assert_eq!(
        added(none, &["c1"], Some("b")),
        "name: x\ndistro: debian\ngroups: [{name: a}, {name: b, packages: [c1]}]\n"
    );
    let commented = "name: x\ndistro: debian\ngroups:\n- name: a\n  packages:  # none\n  # - b1\n";
    assert_eq!(
        added(commented, &["c1"], None),
        commented.replace("packages:  #", "packages: [c1]  #")
    );
}

#[test]
fn a_new_group_comes_on_top() {
    assert_eq!(
        added(BLOCK, &["git", "make"], Some("tools")),
        changed(&[(
            "    # nothing yet\n",
            "    # nothing yet\n  - name: tools\n    packages:\n      - git\n      - make\n"
        )])
    );
    let last = "name: x\ndistro: debian\ngroups:\n- name: a\n  packages:\n  - b1\n\n# end\n";
    assert_eq!(
        added(last, &["c1"], Some("t")),
        last.replace("- b1\n", "- b1\n- name: t\n  packages:\n    - c1\n")
    );
    let bad = |group| {
        error(with_context(|context| {
            add(BLOCK, &["git"], Some(group), context)
        }))
    };
    assert!(bad("system").contains("a group cannot be called `system`"));
    assert!(bad("No Way").contains("not the name of a group"));
}

#[test]
fn what_is_there_is_replaced_or_left() {
    assert_eq!(added(BLOCK, &["bash"], None), BLOCK);
    assert_eq!(added(BLOCK, &["curl >= 8"], None), BLOCK);
    assert_eq!(
        added(BLOCK, &["curl=8.5-1"], None),
        changed(&[("\"curl>=8\"", "\"curl=8.5-1\"")])
    );
    assert_eq!(
        added(BLOCK, &["curl"], None),
        changed(&[("\"curl>=8\"", "curl")])
    );
    assert_eq!(
        added(BLOCK, &["bash>=5"], None),
        changed(&[("- bash  ", "- \"bash>=5\"  ")])
    );
    // In a named group the others do not matter; another architecture is another request.
    assert_eq!(
        added(BLOCK, &["bash"], Some("app")),
        changed(&[("  - name: app\n", "  - name: app\n    packages: [bash]\n")])
    );
    assert_eq!(
        added(BLOCK, &["bash>=5 [arm64]"], Some("base")),
        changed(&[(
            "\"curl>=8\"\n",
            "\"curl>=8\"\n      - \"bash>=5 [arm64]\"\n"
        )])
    );
    let twice = BLOCK.replace("- bash  ", "- \"curl<9\"");
    let message = error(with_context(|context| {
        add(&twice, &["curl"], None, context)
    }));
    assert!(message.contains("`curl` is requested 2 times"), "{message}");
}

#[test]
fn what_cannot_be_requested_is_refused() {
    let bad = |package: &str| {
        error(with_context(|context| {
            add(BLOCK, &[package], None, context)
        }))
    };
    assert!(bad("Bash").starts_with("`Bash` is not a package request"));
    assert!(bad("!bash").contains("`exclude`"));
    let alpine = "name: x\ndistro: alpine\ngroups: [{name: a}]\n";
    let message = error(with_context(|context| {
        add(alpine, &["jq@edge"], None, context)
    }));
    assert!(
        message.contains("no repository has `tag: edge`"),
        "{message}"
    );
    assert_eq!(
        added(alpine, &["!vim", "so:libssl.so.3"], None),
        "name: x\ndistro: alpine\ngroups: [{name: a, packages: [\"!vim\", \"so:libssl.so.3\"]}]\n"
    );
}

#[test]
fn removing_takes_the_line_and_leaves_the_rest() {
    assert_eq!(
        removed(BLOCK, &["bash"]),
        changed(&[("      - bash        # the shell\n", "")])
    );
    assert_eq!(
        removed(BLOCK, &["curl"]),
        changed(&[("      - \"curl>=8\"\n", "")])
    );
    assert_eq!(
        removed(BLOCK, &["curl>=8"]),
        changed(&[("      - \"curl>=8\"\n", "")])
    );
    assert_eq!(
        removed(BLOCK, &["curl", "bash"]),
        changed(&[
            ("packages:\n", "packages: []\n"),
            ("      - bash        # the shell\n", ""),
            ("      - \"curl>=8\"\n", ""),
        ])
    );
    let added_then_removed = removed(&added(BLOCK, &["git"], Some("base")), &["git"]);
    assert_eq!(added_then_removed, BLOCK);
}

#[test]
fn removing_from_flow_lists() {
    let flow = |list: &str| {
        format!(
            "name: x\ndistro: debian\ngroups:\n- name: a\n  packages: {list}\n- name: b\n  packages: [z1, c1]\n"
        )
    };
    for (before, after) in [
        ("[c1]", "[]"),
        ("[c1, a1]", "[a1]"),
        ("[a1, c1]", "[a1]"),
        ("[ a1, 'c1>=2', b1 ]", "[ a1, b1 ]"),
        ("[a1, c1, b1, 'c1 [amd64]']", "[a1, b1]"),
        (
            "[\n    a1, # one\n    c1, # two\n    b1\n  ]",
            "[\n    a1, # one\n    b1\n  ]",
        ),
        (
            "[\n    a1, # one\n    c1 # two\n  ]",
            "[\n    a1, # one\n  ]",
        ),
    ] {
        let after = flow(after).replace("[z1, c1]", "[z1]");
        assert_eq!(removed(&flow(before), &["c1"]), after, "{before}");
    }
}

#[test]
fn removing_what_is_not_there_names_the_nearest() {
    let bad = |package: &str| error(with_context(|context| remove(BLOCK, &[package], context)));
    assert_eq!(
        bad("crul"),
        "no group of rootfs.yaml asks for `crul`\nhint: did you mean `curl>=8`?"
    );
    assert!(bad("vim").contains("group `app` has it in `exclude`"));
    assert!(bad("curl>=9").contains("did you mean `curl>=8`?"));
    assert_eq!(
        bad("postgresql"),
        "no group of rootfs.yaml asks for `postgresql`\nhint: "
    );
}

#[test]
fn what_is_not_mastered_is_refused_and_not_spoilt() {
    for text in [
        "name: x\ndistro: debian\ngroups:\n- name: a\n  packages: &p [b1]\n- name: b\n  packages: *p\n",
        "name: x\ndistro: debian\ngroups:\n- name: a\n  packages: [\"b\\x31\"]\n- {name: b, packages: [*q]}\n".replace("*q", "b2").as_str(),
    ] {
        let result = with_context(|context| add(text, &["c1"], Some("b"), context));
        if let Ok(text) = &result {
            good(text);
        } else {
            assert!(error(result).contains("add `c1` to `packages` by hand"));
        }
    }
    let folded = "name: x\ndistro: debian\ngroups:\n- name: a\n  packages:\n  - >-\n    b1\n";
    let message = error(with_context(|context| remove(folded, &["b1"], context)));
    assert_eq!(
        message,
        "rootfs.yaml is written in a way that cannot be edited safely\nhint: remove `b1` from `packages` by hand; nothing was changed"
    );
}

#[test]
fn the_template_is_a_manifest() {
    let amd64 = Arch::from_oci("amd64").unwrap();
    let dialects: [&dyn Dialect; 2] = [&crate::distro::deb::Debian, &crate::distro::apk::Alpine];
    for dialect in dialects {
        for packages in [&[][..], &["nginx", "curl>=8"]] {
            let requests: Vec<_> = packages
                .iter()
                .map(|p| dialect.request(p))
                .map(Result::unwrap)
                .collect();
            let text = template("web", dialect, None, amd64, &requests);
            let manifest = good(&text);
            assert_eq!(manifest.distro, dialect.name());
            assert_eq!(manifest.release.as_deref(), Some(dialect.default_release()));
            assert_eq!(manifest.groups[1].packages(), requests);
            // What is commented out is right too.
            let mut seen = String::new();
            for line in text.lines() {
                let yaml = line
                    .strip_prefix("# ")
                    .filter(|line| line.starts_with(' ') || line.ends_with(':'));
                seen.push_str(yaml.unwrap_or(line));
                seen.push('\n');
            }
            let whole = good(&seen);
            assert!(!whole.files.is_empty() && whole.paths.is_some());
            assert!(whole.image.entrypoint.is_some());
            good(&added(&text, &["git"], None));
        }
    }
    let number = template("1.20", dialects[0], Some("13"), amd64, &[]);
    assert_eq!(good(&number).name, "1.20");
}

#[test]
fn projects_get_names_from_directories() {
    for (dir, name) in [
        ("web", "web"),
        ("My Project", "my-project"),
        ("_x.y_", "x.y"),
        ("\u{fc}ber", "ber"),
        ("", "rootfs"),
        ("...", "rootfs"),
    ] {
        assert_eq!(project_name(dir), name);
        good(&debian("").replace("name: x", &format!("name: {name}")));
    }
}
