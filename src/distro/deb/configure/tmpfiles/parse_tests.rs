use super::*;

fn one(text: &str) -> Line {
    let (mut lines, odd) = parse(text);
    assert_eq!((lines.len(), odd), (1, vec![]), "{text}");
    lines.remove(0)
}

#[test]
fn every_type() {
    let file = |content: &[u8], anew| Action::File {
        content: content.to_vec(),
        anew,
    };
    for (text, expected) in [
        ("d /a", Action::Directory),
        ("D /a 0755 - - 1d", Action::Directory),
        ("v /a", Action::Directory),
        ("q /a", Action::Directory),
        ("Q /a", Action::Directory),
        ("f /a", file(b"", false)),
        ("f /a - - - - -", file(b"", false)),
        ("f /a - - - -  b \"c\" ", file(b"b \"c\"", false)),
        ("f+ /a - - - - \\x20b\\n", file(b" b\n", true)),
        ("F /a - - - - %%t%t", file(b"%t/run", true)),
        ("f~ /a - - - - aGVs bG8=", file(b"hello", false)),
        ("f~ /a - - - - JW0=", file(b"%m", false)),
        ("f^ /a - - - - name", Action::Ignored),
        ("x /a/%b", Action::Ignored),
        ("X /a", Action::Ignored),
        ("r /a", Action::Ignored),
        ("R /a", Action::Ignored),
        ("z /a/%m 2755 root root", Action::Ignored),
        ("a /a - - - - u:x:r", Action::Undone(Undone::Acl)),
        ("T /a - - - - user.x=y", Action::Undone(Undone::Xattr)),
        ("h /a - - - - +C", Action::Undone(Undone::Attribute)),
        ("p+ /a", Action::Undone(Undone::Pipe)),
        ("c /a - - - - 1:3", Action::Undone(Undone::Device)),
    ] {
        assert_eq!(one(text).action, expected, "{text}");
    }
    let adjust = |text| match one(text).action {
        Action::Adjust {
            recursive,
            directories,
        } => (recursive, directories),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        ["z /a", "m /a", "Z /a", "e /a"].map(adjust),
        [(false, false), (false, false), (true, false), (false, true)]
    );
    let link = |text| match one(text).action {
        Action::Link {
            target,
            force,
            if_target,
        } => (target, force, if_target),
        other => panic!("{other:?}"),
    };
    assert_eq!(link("L /a"), ("/usr/share/factory/a".into(), false, false));
    assert_eq!(link("L+ /a - - - - ../b/"), ("../b/".into(), true, false));
    assert_eq!(link("L$? /a - - - - b%%"), ("b%".into(), false, true));
    let copy = |text| match one(text).action {
        Action::Copy { source, merge } => (source, merge),
        other => panic!("{other:?}"),
    };
    assert_eq!(copy("C /a/b"), ("/usr/share/factory/a/b".into(), false));
    assert_eq!(copy("C+ /a - - - - /b//c/"), ("/b/c".into(), true));
    assert_eq!(
        one("w+ /a - - - - b").action,
        Action::Write {
            content: b"b".to_vec(),
            append: true
        }
    );
}

#[test]
fn fields() {
    let line = one("d-= \"/a b//./c/\" ~:2750 :root 07 abM:1.5h30min");
    assert_eq!(line.path, "/a b/c");
    assert!(line.may_fail && line.replace);
    assert_eq!(
        line.meta.mode,
        Some(Mode {
            bits: 0o2750,
            masked: true,
            only_new: true
        })
    );
    let name = |name: &str, only_new| {
        Some(Owner {
            who: Who::Name(name.into()),
            only_new,
        })
    };
    assert_eq!(line.meta.user, name("root", true));
    assert_eq!(line.meta.group, name("07", false));
    assert_eq!(line.age.as_deref(), Some("abM:1.5h30min"));
    let number = Some(Owner {
        who: Who::Number(7),
        only_new: false,
    });
    assert_eq!(one("d /a - 7").meta.user, number);
    assert_eq!(one("d /a \"\" - '' -").meta, Meta::default());
    assert_eq!(one("d /var/run/a").path, "/run/a");
    assert_eq!(one("d /var/run").path, "/var/run");
    assert_eq!(one("d /").path, "/");
}

#[test]
fn boot_lines_and_comments_say_nothing() {
    let text = "# d /a\n\n  \nd! /a\nR!- /b\nf+! /c - - - - \"x\"\n  d /d\n";
    let (lines, odd) = parse(text);
    assert_eq!((lines.len(), odd.len()), (1, 0));
}

#[test]
fn what_is_not_understood() {
    for text in [
        "d",
        "y /a",
        "d? /a",
        "dd /a",
        "d++ /a",
        "z$ /a",
        "d a",
        "d /../a",
        "d /a%m",
        "L /a - - - - %H",
        "C /a - - - - b",
        "d '/a",
        "d /\\q",
        "d /a 08",
        "d /a 10000",
        "d /a ~",
        "d /a 0o755",
        "d /a - :",
        "d /a - - - 5parsecs",
        "d /a - - - am:",
        "d /a - - - q:5",
        "d /a - - - .h",
        "w /a",
        "f^ /a",
        "f~ /a - - - - aGVsbG8",
        "f~ /a - - - - aGVsbG9=",
        "L~ /a - - - - aGVsbG8=",
        ";d /a",
        "d /\\xff",
    ] {
        let (lines, odd) = parse(text);
        assert_eq!((lines.len(), odd.len()), (0, 1), "{text}");
    }
}

#[test]
fn modes_over_modes() {
    let mode = |bits, masked| Mode {
        bits,
        masked,
        only_new: false,
    };
    assert_eq!(mode(0o2750, true).over(0o644, false), 0o640);
    assert_eq!(mode(0o2750, true).over(0o755, true), 0o2750);
    assert_eq!(mode(0o777, true).over(0o400, false), 0o444);
    assert_eq!(mode(0o2750, false).over(0, false), 0o2750);
}
