//! `configure: scripts` on Debian: preinst scripts, then dpkg's own configuration.
//!
//! The packages lie unpacked in the root, as after `dpkg --unpack`, but for their preinst scripts. What
//! is Essential is finished before anything else begins, because other packages take it for granted
//! (Debian Policy 3.8); within both halves all preinst scripts run before dpkg(1) configures, which
//! chooses its own order. As debootstrap(8) and mmdebstrap(1) have it, no service is started.

use std::collections::BTreeSet;

use super::super::control::Stanza;
use super::super::database::file_stem;
use super::super::status::is_same;
use crate::distro::configure::order::order;
use crate::distro::configure::running::{Act, Fate, Running, matches, outcome, program, variables};
use crate::distro::configure::{Scene, Scripted, keystore, sha1};
use crate::model::{Class, Epoch, Explain, PackageName};

/// The image has no dpkg that could run anything.
#[derive(Debug, thiserror::Error)]
#[error("`configure: scripts` runs the dpkg of the image, and no package brings one")]
pub(in crate::distro::deb) struct NoDpkg;

impl Explain for NoDpkg {
    fn class(&self) -> Class {
        Class::BadInput
    }

    fn hint(&self) -> Option<String> {
        Some(
            "scripts take all that is Essential for granted: give a group `priority: required`, or \
             write `configure: native`, which needs nothing"
                .into(),
        )
    }
}

/// What dpkg prints before it turns to a package.
const HEADINGS: &[&str] = &["Setting up ", "Processing triggers for "];
/// Where dpkg is. Everything is unpacked through the links of a merged /usr.
const DPKG: &str = "/usr/bin/dpkg";
/// Scripts ask it before they start, stop or restart a service (policy-rc.d of invoke-rc.d(8)).
const POLICY: &str = "usr/sbin/policy-rc.d";
/// "Action forbidden by policy".
const FORBIDDEN: &[u8] = b"#!/bin/sh\nexit 101\n";
/// Scripts that do not ask call it themselves.
const STARTER: &str = "usr/sbin/start-stop-daemon";
/// As policy-rc.d would have it.
const IDLE: &str = "#!/bin/sh\nexit 0\n";

/// What a script sees of the world, beside `SOURCE_DATE_EPOCH`. The locale is one that libc-bin has.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("DEBCONF_NONINTERACTIVE_SEEN", "true"),
    ("DEBIAN_FRONTEND", "noninteractive"),
    ("HOME", "/root"),
    ("LC_ALL", "C.UTF-8"),
    (
        "PATH",
        "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    ),
    ("SHELL", "/bin/sh"),
    ("TERM", "dumb"),
];

/// See `Layout::running`.
pub(in crate::distro::deb) fn running(scene: Scene<'_>) -> Result<Running, NoDpkg> {
    let named = |name: &str| {
        let mut packages = scene.packages.iter();
        packages.find(|one| one.package.name.as_str() == name)
    };
    let dpkg = named("dpkg").ok_or(NoDpkg)?;
    let version = dpkg.package.version.as_str();
    let epoch = scene.epoch.0.to_string();
    let mut environment = variables(ENVIRONMENT);
    environment.extend(variables(&[("SOURCE_DATE_EPOCH", &epoch)]));
    let order = order(scene.packages);
    let first = essential(scene.packages);
    let mut running = Running::default();
    for half in [true, false] {
        let members = order
            .iter()
            .copied()
            .filter(|at| first.contains(at) == half);
        let members: Vec<&Scripted<'_>> = members.map(|at| &scene.packages[at]).collect();
        let stems: Vec<String> = members.iter().map(|one| stem(one)).collect();
        for (one, stem) in members.iter().zip(&stems) {
            if one.control.contains_key("preinst") {
                running.acts.push(preinst(one, stem, version, &environment));
            }
        }
        let mut arguments = vec![DPKG.to_owned(), "--configure".to_owned()];
        match half {
            _ if members.is_empty() => continue,
            true => arguments.extend(stems),
            false => arguments.push("--pending".into()),
        }
        running.acts.push(Act {
            name: "dpkg --configure".into(),
            arguments,
            environment: environment.clone(),
            headings: HEADINGS,
        });
    }
    if let (Ok(policy), Ok(starter)) = (POLICY.parse(), STARTER.parse()) {
        running.put.insert(policy, program(FORBIDDEN));
        running.covers.push((starter, IDLE));
    }
    for one in scene.packages {
        for script in ["preinst", "postinst"] {
            if let Some(file) = one.control.get(script) {
                running.scripts.push(outcome(one, script, &file.bytes));
            }
        }
    }
    running.scripts.sort();
    Ok(running)
}

/// What dpkg calls a package, and its files.
fn stem(one: &Scripted<'_>) -> String {
    file_stem(
        one.package,
        stanza(one).is_some_and(|stanza| is_same(&stanza)),
    )
}

fn stanza(one: &Scripted<'_>) -> Option<Stanza> {
    Stanza::parse(&one.control.get("control")?.bytes).ok()
}

/// The places of what is Essential, and of what that depends on.
fn essential(packages: &[Scripted<'_>]) -> BTreeSet<usize> {
    let is_essential = |one: &Scripted<'_>| {
        stanza(one).is_some_and(|stanza| stanza.text("Essential") == Some("yes"))
    };
    let mut ahead: Vec<usize> = (0..packages.len())
        .filter(|&at| is_essential(&packages[at]))
        .collect();
    let place = |name: &PackageName| packages.iter().position(|one| one.package.name == *name);
    let mut found = BTreeSet::new();
    while let Some(at) = ahead.pop() {
        if found.insert(at) {
            let needs = packages[at].package.depends.iter();
            ahead.extend(needs.filter_map(|edge| place(&edge.name)));
        }
    }
    found
}

/// Runs a preinst script where dpkg does: beside the other control files of its package, by which
/// debconf knows whose it is. `$1` is what the files in dpkg's database are called, `$2` the package.
const PREINST: &str = "
    to=/var/lib/dpkg/tmp.ci
    mkdir $to
    for file in /var/lib/dpkg/info/$1.*; do
        cp -p $file $to/${file#/var/lib/dpkg/info/$1.}
    done
    echo Package: $2 >$to/control
    $to/preinst install
    rm -r $to";

/// A preinst script as dpkg calls it, with the variables of dpkg(1) that scripts see.
fn preinst(one: &Scripted<'_>, stem: &str, dpkg: &str, environment: &[(String, String)]) -> Act {
    let name = one.package.name.as_str();
    let mut environment = environment.to_vec();
    environment.extend(variables(&[
        ("DPKG_ADMINDIR", "/var/lib/dpkg"),
        ("DPKG_MAINTSCRIPT_ARCH", &one.package.arch),
        ("DPKG_MAINTSCRIPT_NAME", "preinst"),
        ("DPKG_MAINTSCRIPT_PACKAGE", name),
        ("DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT", "1"),
        ("DPKG_ROOT", ""),
        ("DPKG_RUNNING_VERSION", dpkg),
        ("PERL_DL_NONLAZY", "1"),
    ]));
    let words = ["/bin/sh", "-ec", PREINST, "sh", stem, name];
    Act {
        name: format!("preinst of {name}"),
        arguments: words.map(str::to_owned).into(),
        environment,
        headings: &[],
    }
}

/// Logs, locks, backups, caches that hold times, and scratch.
const DROPPED: &[&str] = &[
    "etc/*-",
    "etc/.pwd.lock",
    "root/.cache/",
    "tmp/",
    "var/cache/apt/*.bin",
    "var/cache/debconf/*-old",
    "var/cache/ldconfig/aux-cache",
    "var/cache/man/",
    "var/lib/apt/lists/",
    "var/lib/dpkg/*-old",
    "var/lib/dpkg/lock",
    "var/lib/dpkg/lock-frontend",
    "var/lib/dpkg/triggers/Lock",
    "var/log/alternatives.log",
    "var/log/apt/*.log*",
    "var/log/bootstrap.log",
    "var/log/dpkg.log",
    "var/log/fontconfig.log",
    "var/tmp/",
];

/// What many machines must not share, and what makes it on one.
const OF_ONE_MACHINE: &[(&str, &str)] = &[
    ("etc/postgresql/*/*", "pg_createcluster"),
    ("etc/postgresql/*/*/", "pg_createcluster"),
    ("etc/ssh/ssh_host_*", "ssh-keygen -A"),
    (
        "etc/ssl/certs/ssl-cert-snakeoil.pem",
        "make-ssl-cert generate-default-snakeoil",
    ),
    (
        "etc/ssl/private/ssl-cert-snakeoil.key",
        "make-ssl-cert generate-default-snakeoil",
    ),
    ("var/lib/dbus/machine-id", "dbus-uuidgen --ensure"),
    ("var/lib/postgresql/*/*", "pg_createcluster"),
    ("var/lib/postgresql/*/*/", "pg_createcluster"),
    ("var/lib/systemd/random-seed", "systemd-random-seed"),
];

/// Java's, in which each certificate has the time of its making, in the order of a hash table.
const KEYSTORE: &[u8] = b"etc/ssl/certs/java/cacerts";

/// See `Layout::steady`.
pub(in crate::distro::deb) fn steady(path: &[u8], bytes: &[u8], epoch: Epoch) -> Option<Vec<u8>> {
    let time = epoch.0.saturating_mul(1000);
    match path == KEYSTORE {
        true => keystore::steady(bytes, time, &sha1),
        false => None,
    }
}

/// See `Layout::fate`.
pub(in crate::distro::deb) fn fate(path: &[u8], directory: bool) -> Fate {
    let fits = |pattern: &&str| matches(pattern, path);
    if path == b"etc/machine-id" {
        return Fate::Emptied;
    }
    if path == KEYSTORE {
        return Fate::Steadied;
    }
    // What runs finds its directory there, and nothing of another machine's life.
    let past = matches("run/", path) && !directory;
    if past || DROPPED.iter().any(fits) {
        return Fate::Dropped;
    }
    let found = OF_ONE_MACHINE.iter().find(|(pattern, _)| fits(pattern));
    found.map_or(Fate::Kept, |(_, maker)| Fate::OfOneMachine(maker))
}
