use super::*;

fn call(line: &str) -> Install {
    let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    parse(&words).unwrap_or_else(|| panic!("not understood: {line}"))
}

/// A merged /usr with some files; `awk` is a file that a package ships.
fn look(path: &str) -> Place {
    match path {
        "/bin" => Place::Link("usr/bin".to_owned()),
        "/etc" | "/usr" | "/usr/bin" | "/usr/man" | "/usr/bin/awk" => Place::Other,
        "/usr/man/old.1" => Place::Link("/etc/alternatives/none.1".to_owned()),
        _ if path.starts_with("/usr/bin/p") || path == "/usr/man/p1.1" => Place::Other,
        _ => Place::Nothing,
    }
}

fn after(lines: &[&str]) -> State {
    let calls: Vec<Install> = lines.iter().map(|line| call(line)).collect();
    state(&calls, &look)
}

fn record<'a>(state: &'a State, name: &str) -> &'a str {
    let path = format!("/var/lib/dpkg/alternatives/{name}");
    std::str::from_utf8(&state.files[&path]).unwrap()
}

#[test]
fn the_best_choice_is_linked_and_all_are_recorded() {
    let state = after(&[
        "--install /bin/e e /usr/bin/p2 10 --slave /usr/man/e.1 e.1 /usr/man/p2.1",
        "--quiet --install /bin/e e /usr/bin/p1 20 --slave /usr/man/e.1 e.1 /usr/man/p1.1",
        "--install /bin/e e /usr/bin/p0 20",
    ]);
    assert_eq!(
        record(&state, "e"),
        "auto\n/bin/e\ne.1\n/usr/man/e.1\n\n/usr/bin/p0\n20\n\n/usr/bin/p1\n20\n/usr/man/p1.1\n\
         /usr/bin/p2\n10\n/usr/man/p2.1\n\n"
    );
    let links: Vec<_> = state
        .links
        .iter()
        .map(|(l, t)| format!("{l} {t}"))
        .collect();
    assert_eq!(
        links,
        [
            "/etc/alternatives/e /usr/bin/p1",
            "/etc/alternatives/e.1 /usr/man/p1.1",
            "/usr/bin/e /etc/alternatives/e",
            "/usr/man/e.1 /etc/alternatives/e.1",
        ]
    );
    assert!(state.refused.is_empty() && state.removed.is_empty());
}

#[test]
fn a_slave_without_its_file_has_no_link_and_loses_an_old_one() {
    let line = "--install /usr/bin/e e /usr/bin/p1 1 --slave /usr/man/old.1 o /usr/man/no.1";
    let state = after(&[line]);
    assert!(!state.links.contains_key("/etc/alternatives/o"));
    assert_eq!(state.removed, BTreeSet::from(["/usr/man/old.1".to_owned()]));
    assert!(record(&state, "e").contains("\no\n/usr/man/old.1\n\n/usr/bin/p1\n1\n/usr/man/no.1\n"));
}

#[test]
fn a_shipped_file_stays_unless_forced() {
    let line = "--install /usr/bin/awk awk /usr/bin/p1 1";
    let state = after(&[line]);
    assert_eq!(state.links["/etc/alternatives/awk"], "/usr/bin/p1");
    assert!(!state.links.contains_key("/usr/bin/awk"));
    let state = after(&[&format!("--force {line}")]);
    assert_eq!(state.links["/usr/bin/awk"], "/etc/alternatives/awk");
}

#[test]
fn calls_that_the_program_fails_are_refused() {
    let state = after(&[
        "--install /usr/bin/a a /usr/bin/p1 1 --slave /usr/bin/s s /usr/bin/p1",
        "--install /usr/bin/b b /usr/bin/none 1",
        "--install /usr/bin/a c /usr/bin/p1 1",
        "--install /usr/bin/d s /usr/bin/p1 1",
        "--install /usr/bin/d d /usr/bin/p1 1 --slave /usr/bin/s t /usr/bin/p1",
        "--install /usr/bin/d d /usr/bin/p1 1 --slave /usr/bin/t a /usr/bin/p1",
    ]);
    assert_eq!(
        state.refused,
        [
            "b: /usr/bin/none does not exist",
            "c: /usr/bin/a belongs to a",
            "s: the name belongs to a",
            "d: /usr/bin/s belongs to a",
            "d: the name a belongs to a",
        ]
    );
    assert_eq!(state.files.len(), 1);
}

#[test]
fn a_later_call_renames_links_and_drops_slaves() {
    let state = after(&[
        "--install /usr/bin/a n /usr/bin/p1 1 --slave /usr/bin/s s /usr/bin/p1",
        "--install /usr/bin/b n /usr/bin/p1 1 --slave /usr/bin/t s /usr/bin/p2",
    ]);
    assert!(!state.links.contains_key("/usr/bin/a") && !state.links.contains_key("/usr/bin/s"));
    assert_eq!(state.links["/usr/bin/b"], "/etc/alternatives/n");
    assert_eq!(state.links["/usr/bin/t"], "/etc/alternatives/s");
    assert_eq!(state.links["/etc/alternatives/s"], "/usr/bin/p2");
    assert_eq!(
        record(&state, "n"),
        "auto\n/usr/bin/b\ns\n/usr/bin/t\n\n/usr/bin/p1\n1\n/usr/bin/p2\n\n"
    );
}

#[test]
fn only_whole_installs_are_understood() {
    let bad = [
        "--display e",
        "--install /usr/bin/e e /usr/bin/p1",
        "--install /usr/bin/e e /usr/bin/p1 x",
        "--install /usr/bin/e e /usr/bin/p1 3000000000",
        "--install usr/bin/e e /usr/bin/p1 1",
        "--install /usr/bin/e a/b /usr/bin/p1 1",
        "--install /usr/bin/e e /usr/bin/e 1",
        "--slave /usr/bin/s s /usr/bin/p1 --install /usr/bin/e e /usr/bin/p1 1",
        "--install /usr/bin/e e /usr/bin/p1 1 --slave /usr/bin/s e /usr/bin/p1",
        "--install /usr/bin/e e /usr/bin/p1 1 --slave /usr/bin/e s /usr/bin/p1",
        "--admindir /x --install /usr/bin/e e /usr/bin/p1 1",
    ];
    for line in bad {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        assert_eq!(parse(&words), None, "{line}");
    }
    assert_eq!(call("--install /usr/bin/e e /usr/bin/p1 +7").priority, 7);
    assert!(call("--install /usr/bin/e e /usr/bin/p1 -7 --force").force);
}
