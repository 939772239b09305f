//! What keeps a command from running, or from ending well.

use std::fmt;
use std::io;
use std::process::ExitStatus;

use super::watch::Limit;
use crate::model::{Arch, Class, Explain};

/// A sandbox could not be made, or a command in it did not end well.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// The host lacks a program.
    #[error("`{program}` is not on this machine, and scripts cannot be run without it")]
    NoTool {
        /// Its name.
        program: &'static str,
        /// The Debian package that has it.
        package: &'static str,
    },
    /// The user may not use ids beside the own one.
    #[error("{user} has no subordinate ids, and the users of an image need them")]
    NoIds {
        /// The user's name, or number.
        user: String,
    },
    /// The host has no user namespaces for us.
    #[error("no user namespace can be made here: {said}")]
    Denied {
        /// The tool's words.
        said: String,
    },
    /// Nothing here runs the programs of that architecture.
    #[error("this machine does not run programs of {arch}")]
    Foreign {
        /// The architecture.
        arch: Arch,
    },
    /// Something has to be mounted there, and a link would lead it elsewhere.
    #[error("{path} of the root is no directory, and scripts need one there")]
    NoDirectory {
        /// Its path in the root.
        path: &'static str,
    },
    /// A command failed.
    #[error("{name} ended with {status}{}", Tail(.tail))]
    Failed {
        /// The package and its script, or the package that was being configured.
        name: String,
        /// How it ended.
        status: ExitStatus,
        /// Its last lines.
        tail: Vec<String>,
    },
    /// A command was stopped.
    #[error("{name} was stopped: {limit}{}", Tail(.tail))]
    Stopped {
        /// The package and its script, or the package that was being configured.
        name: String,
        /// What it passed.
        limit: Limit,
        /// Its last lines.
        tail: Vec<String>,
    },
    /// The host failed.
    #[error("cannot {action} in the sandbox")]
    Io {
        /// `unpack the root`
        action: &'static str,
        /// Why.
        source: io::Error,
    },
}

/// The last lines of a command under a message.
struct Tail<'a>(&'a [String]);

impl fmt::Display for Tail<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.0 {
            let line = line.replace(|c: char| c.is_control() && c != '\t', "\u{fffd}");
            write!(f, "\n    {line}")?;
        }
        Ok(())
    }
}

impl SandboxError {
    /// A program that could not be started.
    pub(super) fn tool(program: &'static str, source: io::Error) -> Self {
        let package = match program {
            "bwrap" => "bubblewrap",
            "newuidmap" | "newgidmap" => "uidmap",
            "tar" => "tar",
            "mount" => "mount",
            _ => "util-linux",
        };
        match source.kind() {
            io::ErrorKind::NotFound => Self::NoTool { program, package },
            _ => Self::Io {
                action: "start a program",
                source,
            },
        }
    }

    /// What `unshare` says instead of starting a program.
    pub(super) fn denied(said: &str) -> Self {
        Self::Denied {
            said: said.lines().next().unwrap_or_default().to_owned(),
        }
    }
}

impl Explain for SandboxError {
    fn class(&self) -> Class {
        match self {
            // The packages themselves do not make an image.
            Self::Failed { .. } | Self::Stopped { .. } | Self::NoDirectory { .. } => {
                Class::Unsatisfiable
            }
            _ => Class::Outside,
        }
    }

    fn hint(&self) -> Option<String> {
        let native = "or write `configure: native`, which runs nothing";
        match self {
            Self::NoTool { package, .. } => {
                Some(format!("`sudo apt-get install {package}`, {native}"))
            }
            Self::NoIds { user } => Some(format!(
                "`sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {user}`, {native}"
            )),
            Self::Denied { .. } => Some(format!(
                "let users have them: `sudo sysctl user.max_user_namespaces=15000`, on Ubuntu also \
                 `sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0`; a container needs the \
                 right from its host; {native}"
            )),
            Self::Foreign { .. } => Some(format!(
                "`sudo apt-get install qemu-user-static binfmt-support` (qemu-user-binfmt from Debian 13 \
                 on), build on such a machine, {native}"
            )),
            Self::Failed { .. } | Self::Stopped { .. } => Some(
                "scripts take what is Essential for granted: `priority: required` in a group brings it; \
                 `configure: native` runs none"
                    .into(),
            ),
            Self::NoDirectory { .. } | Self::Io { .. } => None,
        }
    }
}
