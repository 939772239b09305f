use super::*;
use crate::distro::configure::accounts::AccountBook;
use crate::distro::configure::draft::Writer;
use crate::distro::configure::testing::{Files, shown};
use crate::model::Epoch;

fn ground() -> Files {
    Files::default()
        .file("/usr/share/x/conf", "text")
        .directory("/etc", 0o755)
        .directory("/var/log/x", 0o755)
        .link("/bin", "usr/bin")
        .directory("/usr/bin", 0o755)
        .file("/usr/bin/tool", "elf")
}

/// Carries out lines; what is made, and the lines that are not understood.
fn carry_out(lines: &[&str]) -> (Vec<String>, Vec<String>) {
    let ground = ground();
    let mut draft = Draft::new(&ground, Epoch(1000));
    draft.accounts = AccountBook::new(
        "root:x:0:0::/:\nwww:x:33:44::/:\n",
        "root:x:0:\nadm:x:4:\nwww:x:44:\n",
        None,
        None,
    );
    let mut unknown = Vec::new();
    for line in lines {
        let words = crate::distro::configure::shell::words(line).unwrap();
        let words: Vec<Option<String>> = words.into_iter().map(Some).collect();
        let command = Command {
            words: &words,
            output: None,
            input: None,
        };
        if !matches!(run(&mut draft, &command), Outcome::Done | Outcome::Passed) {
            unknown.push((*line).to_owned());
        }
    }
    (shown(&draft.finish().unwrap()), unknown)
}

#[track_caller]
fn makes(lines: &[&str], expected: &[&str]) {
    let (made, unknown) = carry_out(lines);
    assert_eq!(made, expected, "{lines:?}");
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn each_statement_does_what_its_program_does() {
    makes(&["mkdir -p /srv/a"], &["/srv/a/ 755 0:0"]);
    makes(
        &["mkdir -m 700 /srv", "mkdir -p -m 755 /srv"],
        &["/srv/ 700 0:0"],
    );
    makes(
        &["install -d -o www -g adm -m 2750 /var/log/x"],
        &["/var/log/x/ 2750 33:4"],
    );
    makes(
        &["install -m 640 -g adm /usr/share/x/conf /etc"],
        &["/etc/conf 640 0:4 text"],
    );
    makes(
        &["install /usr/share/x/conf /etc/y"],
        &["/etc/y 755 0:0 text"],
    );
    makes(&["cp /usr/share/x/conf /etc/y"], &["/etc/y 644 0:0 text"]);
    makes(&["cp -n /usr/share/x/conf /usr/bin/tool"], &[]);
    makes(
        &["ln -s ../x /etc/y", "ln -s ../z /etc/y"],
        &["/etc/y -> ../x"],
    );
    makes(
        &["ln -s ../x /etc/y", "ln -sf ../z /etc/y"],
        &["/etc/y -> ../z"],
    );
    makes(&["ln -s tool /bin/t"], &["/usr/bin/t -> tool"]);
    makes(&["touch /etc/y /usr/bin/tool"], &["/etc/y 644 0:0 "]);
    makes(&["chmod 4755 /bin/tool"], &["/usr/bin/tool 4755 0:0 elf"]);
    makes(
        &["chmod u+s,g-r /bin/tool"],
        &["/usr/bin/tool 4604 0:0 elf"],
    );
    makes(
        &["chown www:adm /bin/tool", "chgrp www /bin/tool"],
        &["/usr/bin/tool 644 33:44 elf"],
    );
    makes(&["chown www: /bin/tool"], &["/usr/bin/tool 644 33:44 elf"]);
    makes(&["chmod 600 /not/there", "chown www /not/there"], &[]);
    makes(
        &["chmod 2775 /var/log/x", "chmod 755 /var/log/x"],
        &["/var/log/x/ 2755 0:0"],
    );
    makes(&["touch /etc/y", "rm -f /etc/y /etc/z"], &[]);
}

#[test]
fn what_cannot_be_or_is_not_known_is_left() {
    let lines = [
        "mkdir relative",
        "mkdir -p /usr/bin/tool",
        "mkdir -Z /x",
        "install -d -o nobody-there /x",
        "install -s /usr/share/x/conf /etc",
        "install /not/there /etc",
        "cp -r /usr/share/x /etc",
        "cp /usr/share/x/conf relative",
        "ln /usr/bin/tool /usr/bin/other",
        "ln -sfn x /usr/bin/",
        "touch /usr/bin/tool/x",
        "touch -d now /x",
        "chmod u=g /usr/bin/tool",
        "chmod -R 755 /etc",
        "chmod 99999 /etc",
        "chown nobody-there /etc",
        "chown -R www /etc",
        "rm /usr/bin/tool",
        "rm -r /etc",
        "mv /usr/bin/tool /x",
    ];
    let (made, unknown) = carry_out(&lines);
    assert_eq!(
        unknown,
        lines
            .iter()
            .filter(|l| **l != "ln -sfn x /usr/bin/")
            .map(|l| (*l).to_owned())
            .collect::<Vec<_>>()
    );
    assert_eq!(made, ["/usr/bin/x -> x"]);
}

#[test]
fn a_changed_file_keeps_its_time_and_content() {
    let ground = ground();
    let mut draft = Draft::new(&ground, Epoch(1000));
    assert!(draft.change("/bin/tool", |meta| meta.mode = 0o4755));
    assert!(draft.write("/etc/new", b"x".to_vec(), 0o600));
    let made = draft.finish().unwrap();
    let time = |path: &str| {
        made[&path.parse::<crate::tree::TreePath>().unwrap()]
            .meta
            .mtime
    };
    assert_eq!((time("usr/bin/tool"), time("etc/new")), (7, 1000));
}

#[test]
fn an_early_statement_meets_nothing_that_is_shipped_and_none_what_is_reserved() {
    let ground = ground();
    let mut draft = Draft::new(&ground, Epoch(1000));
    draft.reserve(&["var/lib/db", "etc/passwd"]);
    draft.writer = Writer::Early;
    assert!(!draft.write("/usr/bin/tool", b"x".to_vec(), 0o644));
    assert!(!draft.change("/usr/bin/tool", |meta| meta.mode = 0o600));
    assert!(draft.write("/etc/early", b"x".to_vec(), 0o644));
    draft.writer = Writer::Script;
    assert!(draft.change("/usr/bin/tool", |meta| meta.mode = 0o755));
    for path in [
        "/etc/passwd",
        "/var/lib/db",
        "/var/lib/db/x",
        "/bin/../../etc/passwd",
    ] {
        assert!(!draft.write(path, b"x".to_vec(), 0o644), "{path}");
        assert!(!draft.put_link(path, "x"), "{path}");
        assert!(!draft.put_directory(path, Access::root(0o755)), "{path}");
    }
    // What is generated takes the place of a link instead of following it.
    assert!(draft.put_link("/etc/cache", "/usr/bin/tool"));
    draft.writer = Writer::Generator;
    assert!(draft.write("/etc/cache", b"new".to_vec(), 0o644));
    assert!(draft.write("/etc/passwd", b"p".to_vec(), 0o644));
    let made = shown(&draft.finish().unwrap());
    assert_eq!(
        made,
        [
            "/etc/cache 644 0:0 new",
            "/etc/early 644 0:0 x",
            "/etc/passwd 644 0:0 p",
            "/usr/bin/tool 755 0:0 elf",
        ]
    );
}

#[test]
fn a_file_keeps_the_directories_above_it() {
    let (made, unknown) = carry_out(&["touch /x/y", "ln -sfn /etc /x", "touch /x"]);
    assert_eq!(made, ["/x/etc -> /etc", "/x/y 644 0:0 "]);
    assert!(unknown.is_empty());
}

#[test]
fn what_statements_may_use_is_bounded() {
    let ground = ground();
    let mut draft = Draft::new(&ground, Epoch(1000));
    let made = (0..300_000).take_while(|n| draft.put_link(&format!("/x/{n}"), "y"));
    assert!((100_000..300_000).contains(&made.count()));
}
