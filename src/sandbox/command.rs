//! A command, and how bubblewrap is told to run it.

use super::Limits;

/// The capabilities that a container gets: what maintainer scripts need, within the namespace.
const CAPABILITIES: &[&str] = &[
    "CAP_AUDIT_WRITE",
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_NET_BIND_SERVICE",
    "CAP_SETFCAP",
    "CAP_SETGID",
    "CAP_SETPCAP",
    "CAP_SETUID",
    "CAP_SYS_CHROOT",
];

/// The name of every host inside: what a container without a name of its own calls itself.
const HOST: &str = "localhost";

/// What runs in a root.
#[derive(Debug, Clone, Copy)]
pub struct Command<'a> {
    /// What messages call it: a package and its script.
    pub name: &'a str,
    /// The program, by its absolute path or a name in `PATH`, and its arguments.
    pub arguments: &'a [String],
    /// All its variables.
    pub environment: &'a [(String, String)],
    /// With what its lines begin when it goes on to something else, whose name is the next word.
    pub headings: &'a [&'a str],
}

impl Command<'_> {
    /// The program of the host that runs it, and its arguments.
    pub(super) fn arguments(&self, covers: &[(usize, &str)], limits: &Limits) -> Vec<String> {
        let mut out: Vec<String> = Vec::new();
        let mut add = |words: &[&str]| out.extend(words.iter().map(|word| (*word).to_owned()));
        add(&["prlimit", "--core=0"]);
        add(&[&format!("--nproc={}", limits.processes)]);
        add(&[&format!("--fsize={}", limits.file), "--"]);
        add(&["bwrap", "--bind", "root", "/"]);
        add(&["--dev", "/dev", "--proc", "/proc"]);
        // Part of it belongs to the machine, whoever asks.
        add(&["--ro-bind", "/proc/sys", "/proc/sys"]);
        add(&["--tmpfs", "/tmp", "--chmod", "1777", "/tmp"]);
        for (number, path) in covers {
            add(&["--ro-bind", &format!("covers/{number}"), path]);
        }
        add(&[
            "--unshare-pid",
            "--unshare-net",
            "--unshare-ipc",
            "--unshare-uts",
        ]);
        add(&["--unshare-cgroup-try", "--hostname", HOST]);
        add(&["--die-with-parent", "--new-session", "--chdir", "/"]);
        add(&["--cap-drop", "ALL"]);
        for capability in CAPABILITIES {
            add(&["--cap-add", capability]);
        }
        add(&["--clearenv"]);
        for (name, value) in self.environment {
            add(&["--setenv", name, value]);
        }
        add(&["--"]);
        out.extend(self.arguments.iter().cloned());
        out
    }
}
