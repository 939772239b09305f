use super::*;

const NO_LINK: &dyn Fn(&str) -> Option<String> = &|_| None;

/// Units by name, in /usr/lib behind a merged /lib.
fn read<'a>(units: &'a [(&str, &str)]) -> impl Fn(&str) -> Option<Vec<u8>> + 'a {
    move |path| {
        let path = path.strip_prefix("/usr").unwrap_or(path);
        let name = path.strip_prefix("/lib/systemd/system/")?;
        let (_, text) = units.iter().find(|(known, _)| *known == name)?;
        Some(text.as_bytes().to_vec())
    }
}

fn links(made: &Enabled) -> Vec<String> {
    let base = "/etc/systemd/system/";
    let short = |(link, to): (&String, &String)| format!("{} {to}", link.trim_start_matches(base));
    made.links.iter().map(short).collect()
}

fn list(made: &Enabled, unit: &str) -> String {
    let path = format!("/var/lib/systemd/deb-systemd-helper-enabled/{unit}.dsh-also");
    String::from_utf8(made.files[&path].clone())
        .unwrap()
        .replace("/etc/systemd/system/", "")
}

const A: &str = "[Install]\nWantedBy=m.target n.target\nAlias=b.service\nAlso=a.socket\n";
const SOCKET: &str = "[Install]\nRequiredBy=sockets.target\nAlso=a.service\n";

#[test]
fn links_and_records_of_a_unit_and_what_it_brings_along() {
    let units = [("a.service", A), ("a.socket", SOCKET)];
    let made = enable("a.service", false, &read(&units));
    assert_eq!(
        links(&made),
        [
            "b.service /lib/systemd/system/a.service",
            "m.target.wants/a.service /lib/systemd/system/a.service",
            "n.target.wants/a.service /lib/systemd/system/a.service",
            "sockets.target.requires/a.socket /lib/systemd/system/a.socket",
        ]
    );
    assert_eq!(
        list(&made, "a.service"),
        "b.service\nm.target.wants/a.service\nn.target.wants/a.service\n\
         sockets.target.requires/a.socket\n"
    );
    let mark = "/var/lib/systemd/deb-systemd-helper-enabled/m.target.wants/a.service";
    assert_eq!(made.files[mark], b"");
    assert_eq!(made.files.len(), 5);
}

#[test]
fn a_template_is_linked_as_its_default_instance() {
    let unit = "[Install]\nWantedBy=getty.target\nDefaultInstance=\"tty1\" \n";
    let made = enable("getty@.service", false, &read(&[("getty@.service", unit)]));
    assert_eq!(
        links(&made),
        ["getty.target.wants/getty@tty1.service /lib/systemd/system/getty@.service"]
    );
}

#[test]
fn odd_values_are_read_as_the_program_reads_them() {
    let unit = "Alias=x.service y.service\nwantedby=l.target\nWantedBy= 'q.target' r.target\n";
    let made = enable("a.service", false, &read(&[("a.service", unit)]));
    assert_eq!(
        list(&made, "a.service"),
        "x.service y.service\nl.target/a.service\n.wants/a.service\nq.target/a.service\n\
         r.target/a.service\n"
    );
}

#[test]
fn a_missing_unit_fails_whole() {
    let unit = "[Install]\nWantedBy=m.target\nAlso=none.service\n";
    assert_eq!(
        enable("a.service", false, &read(&[("a.service", unit)])),
        Enabled::default()
    );
    assert_eq!(
        enable("../a.service", false, &read(&[])),
        Enabled::default()
    );
}

#[test]
fn circles_and_crowds_of_also_end() {
    let names: Vec<String> = (0..30).map(|number| format!("u{number}.service")).collect();
    let text = format!("[Install]\nAlso={}\n", names.join(" "));
    let units: Vec<(&str, &str)> = names
        .iter()
        .map(|name| (name.as_str(), text.as_str()))
        .collect();
    assert_eq!(
        enable("u0.service", false, &read(&units)),
        Enabled::default()
    );
}

#[test]
fn masked_units_are_linked_to_nothing_and_unmasked_again() {
    let units = [("a.service", A)];
    let read = read(&units);
    let mut work = Units::new(
        Root {
            read: &read,
            link: NO_LINK,
        },
        None,
    );
    work.mask("a.service", false).unwrap();
    assert_eq!(links(&work.made), ["a.service /dev/null"]);
    let mark = "/var/lib/systemd/deb-systemd-helper-masked/a.service";
    assert!(work.made.files.contains_key(mark));
    work.unmask("a.service", false).unwrap();
    assert_eq!(work.made, Enabled::default());
}

#[test]
fn users_have_their_own_places_and_a_list_alone_is_not_enabled() {
    let read = |path: &str| {
        (path == "/lib/systemd/user/a.timer").then(|| b"WantedBy=timers.target".to_vec())
    };
    let mut work = Units::new(
        Root {
            read: &read,
            link: NO_LINK,
        },
        None,
    );
    assert!(work.was_enabled("a.timer", true) && !work.debian_installed("a.timer", true));
    work.update_state("a.timer", true).unwrap();
    assert!(!work.was_enabled("a.timer", true) && work.debian_installed("a.timer", true));
    work.enable("a.timer", true).unwrap();
    assert!(work.was_enabled("a.timer", true));
    let link = "/etc/systemd/user/timers.target.wants/a.timer";
    assert_eq!(work.made.links[link], "/lib/systemd/user/a.timer");
    let mark = "/var/lib/systemd/deb-systemd-user-helper-enabled/timers.target.wants/a.timer";
    assert!(work.made.files.contains_key(mark));
}

#[test]
fn systemctl_follows_its_presets() {
    let presets = BTreeMap::from([
        (
            "/usr/lib/systemd/system-preset/90-x.preset".to_owned(),
            b"disable z-*\n".to_vec(),
        ),
        (
            "/etc/systemd/system-preset/10-y.preset".to_owned(),
            b"# y\nenable z-[ab].service\n".to_vec(),
        ),
    ]);
    let unit = "[Install]\nWantedBy=m.target\nUpheldBy=u.target\n";
    let units = [
        ("z-a.service", unit),
        ("z-c.service", unit),
        ("o.service", unit),
    ];
    let read = read(&units);
    for (version, lib) in [(252, "/lib"), (257, "/usr/lib")] {
        let systemctl = Systemctl::new(version, &presets);
        let mut work = Units::new(
            Root {
                read: &read,
                link: NO_LINK,
            },
            Some(&systemctl),
        );
        for (unit, _) in units {
            work.enable(unit, false).unwrap();
        }
        let link = "/etc/systemd/system/m.target.wants/z-a.service";
        assert_eq!(
            work.made.links[link],
            format!("{lib}/systemd/system/z-a.service")
        );
        assert!(work.was_enabled("o.service", false) && !work.was_enabled("z-c.service", false));
        assert!(work.debian_installed("z-c.service", false));
        assert_eq!(work.made.links.len(), if version < 254 { 2 } else { 4 });
    }
}
