use super::*;

const UNIX: &str = "\
Name: Unix authentication
Default: yes
Priority: 256
Auth-Type: Primary
Auth:
\t[success=end default=ignore]\tpam_unix.so nullok try_first_pass
Auth-Initial:
\t[success=end default=ignore]\tpam_unix.so nullok
Account-Type: Primary
Account-Final:
\t[success=end new_authtok_reqd=done default=ignore]\tpam_unix.so
Session-Type: Additional
Session:
\trequired\tpam_unix.so
";

const SYSTEMD: &str = "\
Name: systemd
Default: yes
Priority: 0
Session-Interactive-Only: yes
Session-Type: Additional
Session:
\toptional\tpam_systemd.so
";

const LDAP: &str = "\
Name: LDAP
Default: yes
Priority: 128
Auth-Type: Primary
Auth: [success=end default=ignore] pam_ldap.so   minimum_uid=1000 use_first_pass
Account-Type: Additional
Account:
\t[success=ok user_unknown=ignore default=end] pam_ldap.so
\trequired pam_end.so
";

fn made(profiles: &[(&str, &str)], release: Release) -> Made {
    let own = |(name, text): &(&str, &str)| ((*name).to_owned(), text.as_bytes().to_vec());
    let profiles: Vec<_> = profiles.iter().map(own).collect();
    let template = "\
# top
# here are the per-package modules (the \"Primary\" block)
$primary
# here's the fallback if no module succeeds
x requisite pam_deny.so
# and here are more per-package modules (the \"Additional\" block)
$additional
# end of pam-auth-update config
";
    let names = STACKS.iter().map(|(stack, _)| format!("common-{stack}"));
    let templates: Vec<_> = names
        .map(|name| (name, template.as_bytes().to_vec()))
        .collect();
    common(&profiles, &templates, release)
}

fn text(made: &Made, path: &str) -> String {
    String::from_utf8(made.files[path].clone()).expect("the tests are UTF-8")
}

/// The lines of both blocks.
fn blocks(made: &Made, stack: &str) -> Vec<String> {
    let all = text(made, &format!("/etc/pam.d/common-{stack}"));
    let lines = all.lines().filter(|line| !line.starts_with(['#', 'x']));
    lines.map(str::to_owned).collect()
}

#[test]
fn one_profile() {
    let made = made(&[("unix", UNIX)], Release::Trixie);
    assert_eq!(made.files.len(), 11);
    assert_eq!(
        text(&made, "/etc/pam.d/common-auth"),
        "\
# top
# here are the per-package modules (the \"Primary\" block)
auth\t[success=1 default=ignore]\tpam_unix.so nullok
# here's the fallback if no module succeeds
x requisite pam_deny.so
# and here are more per-package modules (the \"Additional\" block)
# end of pam-auth-update config
"
    );
    assert_eq!(
        blocks(&made, "session-noninteractive"),
        [
            "session\t[default=1]\t\t\tpam_permit.so",
            "session\trequired\tpam_unix.so "
        ]
    );
    assert_eq!(
        blocks(&made, "password"),
        ["password\t[default=1]\t\t\tpam_permit.so"]
    );
    assert_eq!(
        text(&made, "/var/lib/pam/session"),
        "Module: null\n[default=1]\t\t\tpam_permit.so\nModule: unix\nrequired\tpam_unix.so\n"
    );
    assert_eq!(
        text(&made, "/var/lib/pam/account"),
        "Module: unix\n[success=end new_authtok_reqd=done default=ignore]\tpam_unix.so\n"
    );
}

#[test]
fn several_profiles() {
    let all = [
        ("systemd", SYSTEMD),
        ("unix", UNIX),
        ("ldap", LDAP),
        ("zz~", UNIX),
    ];
    let made = made(&all, Release::Trixie);
    assert_eq!(made.enabled, ["unix", "ldap", "systemd"]);
    assert_eq!(text(&made, "/var/lib/pam/seen"), "unix\nldap\nsystemd\n");
    assert_eq!(
        blocks(&made, "auth"),
        [
            "auth\t[success=2 default=ignore]\tpam_unix.so nullok",
            "auth\t[success=1 default=ignore] pam_ldap.so minimum_uid=1000 use_first_pass",
        ]
    );
    // Jumps count to the last line of the second block, and `end` is one wherever it stands.
    assert_eq!(
        blocks(&made, "account")[1..],
        [
            "account\t[success=ok user_unknown=ignore default=1] pam_ldap.so ",
            "account\trequired pam_0.so ",
        ]
    );
    assert_eq!(
        blocks(&made, "session")[1..],
        [
            "session\trequired\tpam_unix.so ",
            "session\toptional\tpam_systemd.so "
        ]
    );
    assert_eq!(
        blocks(&made, "session-noninteractive")[1..],
        ["session\trequired\tpam_unix.so "]
    );
}

#[test]
fn order_defaults_and_conflicts() {
    let profile = |priority: &str, more: &str| {
        format!("Default: yes\nPriority: {priority}\nAuth-Type: Primary\nAuth: required x\n{more}")
    };
    let (a, b) = (profile("5", ""), profile("5", ""));
    let (c, d) = (profile("-1", ""), profile("7x", "Conflicts: c, a\n"));
    let e = "Default: no\nPriority: 6\n";
    let f = profile("9", "Auth:\n required pam_tally2.so\n");
    let all = [
        ("a", &*a),
        ("b", &b),
        ("c", &c),
        ("d", &d),
        ("e", e),
        ("f", &f),
    ];
    let made = made(&all, Release::Trixie);
    assert_eq!(made.enabled, ["d", "b"]);
    assert_eq!(text(&made, "/var/lib/pam/seen"), "d\ne\nb\na\nc\n");
}

#[test]
fn the_releases_differ() {
    let no = SYSTEMD.replace("Only: yes", "Only: no");
    let lines = |release| blocks(&made(&[("s", &no)], release), "session-noninteractive").len();
    assert_eq!((lines(Release::Bookworm), lines(Release::Trixie)), (1, 2));
}

#[test]
fn lines_of_no_known_form() {
    let text = "Default: yes\nAuth-Type: Primary\nAuth:\n\t[broken pam_y.so\n\tauth\n\t[] x\n";
    let made = made(&[("s", text)], Release::Trixie);
    assert_eq!(blocks(&made, "auth"), ["auth\t ", "auth\t ", "auth\t "]);
}

#[test]
fn nothing_to_make() {
    let empty = Made::default();
    assert_eq!(made(&[], Release::Trixie), empty);
    assert_eq!(made(&[("a", "Default: yes \n")], Release::Trixie), empty);
    let unix = [("unix".to_owned(), UNIX.as_bytes().to_vec())];
    assert_eq!(common(&unix, &[], Release::Trixie), empty);
    let damaged = STACKS
        .iter()
        .map(|(stack, _)| (format!("common-{stack}"), b"# x\n".to_vec()));
    assert_eq!(
        common(&unix, &damaged.collect::<Vec<_>>(), Release::Trixie),
        empty
    );
}
