//! Programs of scripts that have nothing to do in an image.

/// Programs that only speak to what runs, and nothing runs in an image.
pub(super) const OF_THE_RUNNING: &[&str] = &[
    "deb-systemd-invoke",
    "invoke-rc.d",
    "service",
    "start-stop-daemon",
    "initctl",
    "telinit",
    "dbus-send",
    "sysctl",
    "apparmor_parser",
    "aa-enabled",
    "killall",
    "pidof",
    "policy-rc.d",
    "mount",
    "umount",
    "sync",
];

/// Programs that only matter where an older version was, that make caches which their readers make
/// themselves, or that keep the books of something that is not kept.
pub(super) const NOT_NEEDED: &[&str] = &[
    "dpkg-maintscript-helper",
    "py3compile",
    "pypy3compile",
    "pycompile",
    "py3clean",
    "pyclean",
    "ucfr",
    "db_version",
    "db_capb",
    "db_stop",
    "db_title",
    "db_beginblock",
    "db_endblock",
    "restorecon",
    "wait",
    "sleep",
    "unset",
    "local",
];

/// Programs that a script looks for before it calls them, and that are known here whether the image
/// has them or not.
pub(super) const KNOWN: &[&str] = &[
    "systemd-sysusers",
    "systemd-tmpfiles",
    "py3compile",
    "pypy3compile",
    "deb-systemd-helper",
    "deb-systemd-invoke",
    "update-rc.d",
    "invoke-rc.d",
    "update-alternatives",
    "dpkg-statoverride",
    "dpkg-trigger",
];

/// Calls that only speak to what runs, of programs that can do more.
pub(super) fn of_the_running(name: &str, words: &[&str]) -> bool {
    let verb = words.iter().find(|word| !word.starts_with('-')).copied();
    match (name, verb) {
        ("systemctl", Some(verb)) => RUNNING_VERBS.contains(&verb),
        ("udevadm", Some(verb)) => matches!(verb, "control" | "trigger" | "settle"),
        ("umask", mode) => matches!(mode, Some("022" | "0022")),
        ("trap", _) => matches!(words, [] | ["-" | "", ..]),
        _ => false,
    }
}

/// Options of pam-auth-update(8) that leave its defaults as they are.
pub(super) const PAM_PLAIN: &[&str] = &["--package", "--force"];

/// What systemctl(1) asks a running manager for.
pub(super) const RUNNING_VERBS: &[&str] = &[
    "condrestart",
    "daemon-reexec",
    "daemon-reload",
    "is-active",
    "is-failed",
    "is-system-running",
    "kill",
    "reload",
    "reload-or-restart",
    "reset-failed",
    "restart",
    "start",
    "stop",
    "try-reload-or-restart",
    "try-restart",
];
