use super::*;
use crate::distro::ControlFile;
use crate::distro::configure::testing::{Files, shown};
use crate::model::{Arch, Edge, Epoch, LockedPackage, Sha256, SourcePackage};

struct Pkg {
    locked: LockedPackage,
    control: crate::distro::Control,
    layer: usize,
}

fn pkg(name: &str) -> Pkg {
    Pkg {
        locked: LockedPackage {
            name: name.parse().unwrap(),
            version: "1.0-1".parse().unwrap(),
            arch: "amd64".into(),
            group: "base".parse().unwrap(),
            requested: true,
            source: SourcePackage {
                name: name.into(),
                version: "1.0-1".parse().unwrap(),
            },
            repository: "trixie".into(),
            path: format!("pool/{name}.deb"),
            size: 1,
            sha256: Sha256::of(name.as_bytes()),
            checksum: None,
            depends: Vec::new(),
            recommends: Vec::new(),
            install_if: Vec::new(),
        },
        control: crate::distro::Control::new(),
        layer: 0,
    }
}

impl Pkg {
    fn control(mut self, name: &str, text: &str) -> Self {
        let file = ControlFile {
            mode: 0o755,
            mtime: 0,
            bytes: text.as_bytes().to_vec(),
        };
        self.control.insert(name.into(), file);
        self
    }

    fn postinst(self, text: &str) -> Self {
        self.control("postinst", &format!("#!/bin/sh\nset -e\n{text}\n"))
    }

    fn depends(mut self, name: &str) -> Self {
        self.locked.depends.push(Edge {
            name: name.parse().unwrap(),
            through: None,
        });
        self
    }

    fn on(mut self, layer: usize) -> Self {
        self.layer = layer;
        self
    }
}

const MASTERS: [&str; 2] = [
    "root:*:0:0:root:/root:/bin/bash\nnobody:*:65534:65534::/:/usr/sbin/nologin\n",
    "root:*:0:\nadm:*:4:\nshadow:*:42:\nnogroup:*:65534:\n",
];

fn ground() -> Files {
    Files::default()
        .file("/usr/share/base-passwd/passwd.master", MASTERS[0])
        .file("/usr/share/base-passwd/group.master", MASTERS[1])
        .link("/bin", "usr/bin")
        .directory("/usr/bin", 0o755)
        .directory("/etc", 0o755)
}

fn configured(files: &Files, packages: &[Pkg]) -> Configured {
    shown_to(files, packages, |scene| configure(scene).unwrap())
}

fn shown_to<T>(files: &Files, packages: &[Pkg], see: impl FnOnce(Scene<'_>) -> T) -> T {
    let scripted: Vec<Scripted<'_>> = packages
        .iter()
        .map(|one| Scripted {
            package: &one.locked,
            control: &one.control,
            layer: one.layer,
        })
        .collect();
    let scene = Scene {
        arch: Arch::from_oci("amd64").unwrap(),
        release: "trixie",
        epoch: Epoch(86_400 * 20_000),
        accounts: &crate::model::Accounts::default(),
        packages: &scripted,
        ground: files,
    };
    see(scene)
}

/// What is made but for the account files.
fn made(configured: &Configured) -> Vec<String> {
    let accounts = [
        "/etc/passwd ",
        "/etc/group ",
        "/etc/shadow ",
        "/etc/gshadow ",
    ];
    let lines = shown(&configured.made).into_iter();
    lines
        .filter(|line| !accounts.iter().any(|path| line.starts_with(path)))
        .collect()
}

fn classes(configured: &Configured) -> Vec<(String, ScriptClass, Vec<String>)> {
    let of = |one: &ScriptOutcome| {
        let script = format!("{} {}", one.package, one.script);
        (script, one.class, one.statements.clone())
    };
    configured.scripts.iter().map(of).collect()
}

fn file(configured: &Configured, path: &str) -> String {
    let shown = shown(&configured.made);
    let line = shown
        .iter()
        .find(|line| line.starts_with(&format!("{path} ")));
    line.cloned().unwrap_or_default()
}

#[test]
fn nothing_is_made_of_packages_without_scripts() {
    let empty = Files::default()
        .file("/etc/passwd", "a\n")
        .file("/etc/group", "b\n");
    let configured = configured(&empty, &[pkg("a"), pkg("b")]);
    assert!(configured.made.is_empty() && configured.scripts.is_empty());
    assert!(configured.unfinished.is_empty());
}

#[test]
fn accounts_are_the_masters_and_what_scripts_add() {
    let script = "adduser --system --group --home /var/lib/x --shell /bin/sh x\nadduser x adm";
    let configured = configured(&ground(), &[pkg("x").postinst(script)]);
    let passwd = file(&configured, "/etc/passwd");
    let uid = passwd
        .split("x:x:")
        .nth(1)
        .unwrap()
        .split(':')
        .next()
        .unwrap();
    let uid: u32 = uid.parse().unwrap();
    assert!(
        passwd.ends_with(&format!("x:x:{uid}:{uid}::/var/lib/x:/bin/sh\\n")),
        "{passwd}"
    );
    assert!(file(&configured, "/etc/group").contains("adm:*:4:x\\n"));
    assert!(file(&configured, "/etc/shadow").ends_with("x:!:20000::::::\\n"));
    assert!(file(&configured, "/etc/shadow").contains(" 640 0:42 "));
    assert_eq!(made(&configured), [format!("/var/lib/x/ 755 {uid}:{uid}")]);
    assert_eq!(classes(&configured)[0].1, ScriptClass::Native);
}

#[test]
fn what_debian_takes_for_granted_is_there_without_base_passwd() {
    let files = Files::default().directory("/etc", 0o755);
    let script = "install -d -o www-data -g adm /var/log/x";
    let owned = configured(&files, &[pkg("x").postinst(script)]);
    assert_eq!(made(&owned), ["/var/log/x/ 755 33:4"]);
    assert!(file(&owned, "/etc/passwd").contains("\\nwww-data:*:33:33:"));
    assert!(file(&owned, "/etc/group").contains("\\nadm:*:4:\\n"));
    // Where nobody needs a name there is no file.
    let script = "install -d -o root -g root /var/log/x";
    let rooted = configured(&files, &[pkg("x").postinst(script)]);
    assert_eq!(shown(&rooted.made), ["/var/log/x/ 755 0:0"]);
}

#[test]
fn ids_are_the_same_whatever_is_added() {
    let x = || pkg("x").postinst("adduser --system --group x");
    let alone = configured(&ground(), &[x()]);
    let others = ["a", "m", "zz"].map(|name| {
        pkg(name).postinst(&format!(
            "adduser --system --group {name}\naddgroup --system {name}-g"
        ))
    });
    let mut packages: Vec<Pkg> = others.into_iter().collect();
    packages.push(x().on(1));
    let among = configured(&ground(), &packages);
    let id = |configured: &Configured| {
        let passwd = file(configured, "/etc/passwd");
        passwd
            .split("\\nx:x:")
            .nth(1)
            .unwrap()
            .split(':')
            .next()
            .unwrap()
            .to_owned()
    };
    assert_eq!(id(&alone), id(&among));
}

#[test]
fn literal_statements_are_done_and_others_are_named() {
    let script = "case \"$1\" in configure)\n\
        update-alternatives --install /usr/bin/e e /usr/bin/e1 10 \\\n  --slave /usr/bin/f f /usr/bin/e2\n\
        dpkg-statoverride --update --add root adm 2750 /usr/bin/e1\n\
        install -d -m 750 -g adm /var/log/x\n\
        ;; esac\n\
        if [ -x /usr/bin/other ]; then other; fi";
    let files = ground().file("/usr/bin/e1", "1").file("/usr/bin/e2", "2");
    let configured = configured(&files, &[pkg("x").postinst(script)]);
    assert_eq!(
        made(&configured),
        [
            "/etc/alternatives/e -> /usr/bin/e1",
            "/etc/alternatives/f -> /usr/bin/e2",
            "/usr/bin/e -> /etc/alternatives/e",
            "/usr/bin/e1 2750 0:4 1",
            "/usr/bin/f -> /etc/alternatives/f",
            "/var/lib/dpkg/alternatives/e 644 0:0 auto\\n/usr/bin/e\\nf\\n/usr/bin/f\\n\\n/usr/bin/e1\\n10\\n/usr/bin/e2\\n\\n",
            "/var/lib/dpkg/statoverride 644 0:0 root adm 2750 /usr/bin/e1\\n",
            "/var/log/x/ 750 0:4",
        ]
    );
    let undone = vec!["if [ -x /usr/bin/other ]; then other; fi".to_owned()];
    assert_eq!(
        classes(&configured),
        [("x postinst".to_owned(), ScriptClass::Undone, undone)]
    );
    assert_eq!(configured.unfinished["x"], Vec::<String>::new());
}

#[test]
fn what_debhelper_adds_is_understood() {
    let script = "# Automatically added by dh_installsystemd/13\n\
        if [ \"$1\" = \"configure\" ] || [ \"$1\" = \"abort-upgrade\" ]; then\n\
        \tdeb-systemd-helper unmask 'x.service' >/dev/null || true\n\
        \tif deb-systemd-helper --quiet was-enabled 'x.service'; then\n\
        \t\tdeb-systemd-helper enable 'x.service' >/dev/null || true\n\
        \telse\n\t\tdeb-systemd-helper update-state 'x.service' >/dev/null || true\n\tfi\nfi\n\
        # End automatically added section\n\
        # Automatically added by dh_installsystemd/13\n\
        if [ \"$1\" = \"configure\" ]; then\n\tif [ -d /run/systemd/system ]; then\n\
        \t\tsystemctl --system daemon-reload >/dev/null || true\n\
        \t\tif [ -n \"$2\" ]; then _dh_action=restart; else _dh_action=start; fi\n\
        \t\tdeb-systemd-invoke $_dh_action 'x.service' >/dev/null || true\n\tfi\nfi\n\
        # End automatically added section\n\
        # Automatically added by dh_installtmpfiles/13\n\
        if [ \"$1\" = \"configure\" ]; then\n\tif [ -x \"$(command -v systemd-tmpfiles)\" ]; then\n\
        \t\tsystemd-tmpfiles ${DPKG_ROOT:+--root=\"$DPKG_ROOT\"} --create x.conf || true\n\tfi\nfi\n\
        # End automatically added section\n\
        # Automatically added by dh_python3\n\
        if command -v py3compile >/dev/null 2>&1; then\n\tpy3compile -p x\nfi\n\
        # End automatically added section\n\
        # Automatically added by dh_installinit/13\n\
        if [ -x \"/etc/init.d/x\" ]; then\n\tupdate-rc.d x defaults >/dev/null\n\
        \tinvoke-rc.d --skip-systemd-native x $_dh_action || exit 1\nfi\n\
        # End automatically added section";
    let unit = "[Unit]\nDescription=x\n[Install]\nWantedBy=multi-user.target\n";
    let files = ground()
        .file("/usr/lib/systemd/system/x.service", unit)
        .link("/lib", "usr/lib")
        .file(
            "/usr/lib/tmpfiles.d/x.conf",
            "d /var/lib/x 0750 nobody adm - -\nd /proc/x - - -\n",
        )
        .file(
            "/etc/init.d/x",
            "### BEGIN INIT INFO\n# Default-Start: 2\n# Default-Stop: 0\n### END INIT INFO\n",
        );
    let configured = configured(&files, &[pkg("x").postinst(script)]);
    assert_eq!(
        classes(&configured)[0].1,
        ScriptClass::Native,
        "{:?}",
        configured.scripts
    );
    let state = "/var/lib/systemd/deb-systemd-helper-enabled";
    assert_eq!(
        made(&configured),
        [
            "/etc/rc0.d/K01x -> ../init.d/x".to_owned(),
            "/etc/rc2.d/S01x -> ../init.d/x".to_owned(),
            "/etc/systemd/system/multi-user.target.wants/x.service -> /lib/systemd/system/x.service".to_owned(),
            format!("{state}/multi-user.target.wants/x.service 644 0:0 "),
            format!("{state}/x.service.dsh-also 644 0:0 /etc/systemd/system/multi-user.target.wants/x.service\\n"),
            "/var/lib/x/ 750 65534:4".to_owned(),
        ]
    );
    assert!(configured.unfinished.is_empty());
}

#[test]
fn a_section_for_a_program_counts_where_the_program_is() {
    let script = "# Automatically added by dh_apparmor/4\nload \"$PROFILE\"\n# End automatically added section";
    let class = |files: Files| classes(&configured(&files, &[pkg("x").postinst(script)]))[0].1;
    assert_eq!(class(ground()), ScriptClass::NoEffect);
    let with = ground().file("/usr/sbin/apparmor_parser", "elf");
    assert_eq!(class(with), ScriptClass::Undone);
}

#[test]
fn a_package_is_configured_after_what_it_depends_on() {
    let configured = configured(
        &ground(),
        &[
            pkg("a").depends("z").postinst("adduser z adm"),
            pkg("z").postinst("adduser --system z"),
        ],
    );
    assert!(configured.unfinished.is_empty(), "{:?}", configured.scripts);
    assert!(file(&configured, "/etc/group").contains("adm:*:4:z\\n"));
}

#[test]
fn triggers_that_are_left_are_named() {
    let interested = pkg("cache")
        .control(
            "triggers",
            "interest-noawait make-cache\ninterest-noawait never\n",
        )
        .postinst("if [ \"$1\" = triggered ]; then make-cache; exit 0; fi");
    let configured = configured(
        &ground(),
        &[
            interested,
            pkg("x").control("triggers", "activate-noawait make-cache\n"),
        ],
    );
    assert_eq!(configured.unfinished["cache"], ["make-cache"]);
    let undone = vec!["make-cache".to_owned()];
    assert_eq!(
        classes(&configured),
        [
            ("cache postinst".to_owned(), ScriptClass::NoEffect, vec![]),
            (
                "cache trigger make-cache".to_owned(),
                ScriptClass::Undone,
                undone
            ),
        ]
    );
}

#[test]
fn a_script_in_another_language_is_undone_as_a_whole() {
    let script = pkg("x").control("postinst", "#!/usr/bin/perl\nexit 0\n");
    let configured = configured(&ground(), &[script]);
    assert_eq!(
        classes(&configured),
        [(
            "x postinst".to_owned(),
            ScriptClass::Undone,
            vec!["*".to_owned()]
        )]
    );
}

#[test]
fn the_bundle_of_certificates_is_of_all_that_are_there() {
    let one = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    let files = ground()
        .file("/usr/share/ca-certificates/m/a.crt", one)
        .file("/usr/local/share/ca-certificates/own.crt", "own\n");
    let configured = configured(&files, &[pkg("x").postinst("update-ca-certificates")]);
    let made = made(&configured);
    assert!(
        made[0].starts_with("/etc/ca-certificates.conf 644 0:0 ")
            && made[0].ends_with("m/a.crt\\n")
    );
    assert!(made.contains(&"/etc/ssl/certs/a.pem -> /usr/share/ca-certificates/m/a.crt".into()));
    assert!(
        made.contains(&"/etc/ssl/certs/own.pem -> /usr/local/share/ca-certificates/own.crt".into())
    );
    let bundle = file(&configured, "/etc/ssl/certs/ca-certificates.crt");
    assert!(
        bundle.contains("MAA=") && bundle.ends_with("own\\n"),
        "{bundle}"
    );
}

#[test]
fn hostile_statements_change_nothing() {
    let scripts = [
        "adduser --system 'a:b'",
        "adduser --system --uid 0 evil",
        "adduser --system --home '/x\n/y' evil",
        "ln -s /etc/passwd /usr/bin",
        "dpkg-statoverride --update --add root root 4755 relative",
        "update-alternatives --install /usr/bin/x ../../x /usr/bin/e 1",
        "systemd-tmpfiles --create ../../etc/passwd",
        "update-rc.d ../x defaults",
        "deb-systemd-helper enable ../../x.service",
        "mkdir -p /../../x/../..",
    ];
    for script in scripts {
        let configured = configured(&ground(), &[pkg("x").postinst(script)]);
        let made = made(&configured);
        let link = script.starts_with("ln");
        assert!(
            made.is_empty() || link && made == ["/usr/bin/passwd -> /etc/passwd"],
            "{script}: {made:?}"
        );
        assert!(
            !file(&configured, "/etc/passwd").contains("evil"),
            "{script}"
        );
    }
}

/// The data itself: that every line can be read, and every digest is one.
#[test]
fn the_rules_hold_together() {
    let mut seen = BTreeSet::new();
    for rule in DATA.iter().flat_map(|data| rules::parse(data)) {
        assert!(
            matches!(rule.script, "preinst" | "postinst" | "triggered"),
            "{rule:?}"
        );
        assert!(!rule.digests.is_empty(), "{rule:?}");
        for digest in &rule.digests {
            assert!(Sha256::from_hex(digest).is_ok(), "{rule:?}");
            let key = (rule.package, rule.script, *digest);
            assert!(seen.insert(key), "two rules for {key:?}");
        }
        for line in rule.body {
            let mut line = line;
            while let Some((_, rest)) = line.strip_prefix('[').and_then(|rest| rest.split_once(']'))
            {
                line = rest.trim_start();
            }
            let said = line.starts_with("undone:") || line.starts_with("skipped:");
            assert!(
                said || shell::words(line).is_some_and(|words| !words.is_empty()),
                "{} {line}",
                rule.package
            );
        }
    }
    assert!(seen.len() > 250, "{}", seen.len());
}

#[test]
fn what_is_essential_is_finished_before_anything_else_runs() {
    let essential = "Package: x\nVersion: 1\nArchitecture: amd64\nEssential: yes\n";
    let same = "Package: x\nVersion: 1\nArchitecture: amd64\nMulti-Arch: same\n";
    let packages = [
        pkg("app").control("preinst", "#!/bin/sh\n"),
        pkg("bash").control("control", essential).depends("libc6"),
        pkg("dpkg").control("control", essential),
        pkg("libc6")
            .control("control", same)
            .control("preinst", "#!/bin/sh\n"),
    ];
    let running = shown_to(&ground(), &packages, |scene| running(scene).unwrap());
    let acts: Vec<(&str, &[String])> = running
        .acts
        .iter()
        .map(|act| (act.name.as_str(), &act.arguments[..]))
        .collect();
    let names: Vec<&str> = acts.iter().map(|(name, _)| *name).collect();
    let expected = [
        "preinst of libc6",
        "dpkg --configure",
        "preinst of app",
        "dpkg --configure",
    ];
    assert_eq!(names, expected);
    // What is needed by what is Essential belongs to it, under the name that dpkg has for it.
    assert_eq!(acts[0].1[4..], ["libc6:amd64", "libc6"]);
    assert_eq!(
        acts[1].1[1..],
        ["--configure", "libc6:amd64", "bash", "dpkg"]
    );
    assert_eq!(acts[3].1[1..], ["--configure", "--pending"]);
    let epoch = (
        "SOURCE_DATE_EPOCH".to_owned(),
        (86_400 * 20_000).to_string(),
    );
    assert!(
        running
            .acts
            .iter()
            .all(|act| act.environment.contains(&epoch))
    );
    let own = ("DPKG_MAINTSCRIPT_PACKAGE".to_owned(), "app".to_owned());
    assert!(running.acts[2].environment.contains(&own));
    assert!(
        running
            .put
            .keys()
            .any(|path| path.to_string() == "/usr/sbin/policy-rc.d")
    );
    assert_eq!(running.scripts.len(), 2);

    let without = shown_to(&ground(), &packages[..1], running_error);
    assert!(without.contains("no package brings one"));
}

fn running_error(scene: Scene<'_>) -> String {
    running(scene).unwrap_err().to_string()
}
