//! Which ids of the host stand for those of the sandbox.

use std::io;
use std::path::Path;
use std::process::Command;

use fs_err as fs;

use super::SandboxError;

/// Where the ids of the sandbox lie when the host's root makes it: above those that systemd-nspawn(1)
/// picks from and far from any that a person or a service has, so that they have no rights anywhere.
const HIGH: u32 = 0x7000_0000;
/// How many ids there are: all that packages may ask for (Debian Policy 9.2.2) and `nobody`.
const COUNT: u32 = 65_536;

/// The ids of a sandbox.
#[derive(Debug, Clone)]
pub(super) enum Ids {
    /// The host's root gives ids that nobody has.
    High,
    /// Root of a container that has no others: the same ones.
    Same(u32),
    /// An ordinary user is root, and the rest are subordinate ids.
    Subordinate {
        /// User ids: the user's own, the first subordinate one, their number.
        users: [u32; 3],
        /// Group ids.
        groups: [u32; 3],
    },
}

impl Ids {
    pub(super) fn of_this_process() -> Result<Self, SandboxError> {
        let (user, group) = (
            rustix::process::geteuid().as_raw(),
            rustix::process::getegid().as_raw(),
        );
        if user == 0 {
            let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
            return Ok(match mapped_from_zero(&map) {
                count if count >= HIGH + COUNT => Self::High,
                count => Self::Same(count.min(COUNT)),
            });
        }
        let names = names(user);
        let range = |path: &str| {
            let text = fs::read_to_string(path).unwrap_or_default();
            subordinate(&text, &names)
        };
        let user_name = || names.last().cloned().unwrap_or_default();
        match (range("/etc/subuid"), range("/etc/subgid")) {
            (Some((first_user, users)), Some((first_group, groups))) => Ok(Self::Subordinate {
                users: [user, first_user, users.min(COUNT - 1)],
                groups: [group, first_group, groups.min(COUNT - 1)],
            }),
            _ => Err(SandboxError::NoIds { user: user_name() }),
        }
    }

    /// Makes a new directory root's.
    pub(super) fn give(&self, path: &Path) -> io::Result<()> {
        match self {
            Self::High => std::os::unix::fs::chown(path, Some(HIGH), Some(HIGH)),
            Self::Same(_) | Self::Subordinate { .. } => Ok(()),
        }
    }

    /// Whether the sandbox's root may enter only what everybody may.
    pub(super) const fn is_stranger(&self) -> bool {
        matches!(self, Self::High)
    }

    /// Maps the ids of the process `pid`, which waits in a user namespace of its own.
    pub(super) fn map(&self, pid: u32) -> Result<(), SandboxError> {
        match self {
            Self::High => write_maps(pid, &format!("0 {HIGH} {COUNT}\n")),
            Self::Same(count) => write_maps(pid, &format!("0 0 {count}\n")),
            Self::Subordinate { users, groups } => {
                map_with("newuidmap", pid, *users)?;
                map_with("newgidmap", pid, *groups)
            }
        }
    }
}

fn write_maps(pid: u32, line: &str) -> Result<(), SandboxError> {
    for kind in ["uid_map", "gid_map"] {
        fs::write(format!("/proc/{pid}/{kind}"), line).map_err(|source| SandboxError::Io {
            action: "map ids",
            source,
        })?;
    }
    Ok(())
}

fn map_with(
    program: &'static str,
    pid: u32,
    [own, first, count]: [u32; 3],
) -> Result<(), SandboxError> {
    let numbers = [pid, 0, own, 1, 1, first, count].map(|number| number.to_string());
    let output = Command::new(program)
        .args(numbers)
        .output()
        .map_err(|source| SandboxError::tool(program, source))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(SandboxError::Denied {
            said: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        }),
    }
}

/// How many ids from 0 on there are in a process's uid_map (user_namespaces(7)).
fn mapped_from_zero(map: &str) -> u32 {
    let first = map.lines().find_map(|line| {
        let mut numbers = line.split_ascii_whitespace();
        (numbers.next()? == "0").then(|| numbers.nth(1)?.parse().ok())?
    });
    first.unwrap_or(0)
}

/// What a user is called in subuid(5): the number, and the name where it has one.
fn names(user: u32) -> Vec<String> {
    let number = user.to_string();
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == number).then(|| name.to_owned())
    });
    [Some(number), name].into_iter().flatten().collect()
}

/// The first and the number of the largest range of one of `names` in a subuid(5) file.
fn subordinate(text: &str, names: &[String]) -> Option<(u32, u32)> {
    let ranges = text.lines().filter_map(|line| {
        let mut fields = line.trim().split(':');
        let name = fields.next()?;
        let (first, count) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        names
            .iter()
            .any(|own| own == name)
            .then_some((first, count))
    });
    // 1 to `nobody`, which is 65534.
    ranges
        .filter(|(_, count)| *count >= COUNT - 2)
        .max_by_key(|(first, count)| (*count, std::cmp::Reverse(*first)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_a_user_are_found_by_name_and_by_number() {
        let names = ["1000".to_owned(), "ann".to_owned()];
        let text = "bob:100000:65536\nann:165536:65536\n";
        assert_eq!(subordinate(text, &names), Some((165_536, 65_536)));
        assert_eq!(subordinate("1000:5:70000\n", &names), Some((5, 70_000)));
        // Too few for `nobody`, malformed, somebody else's.
        for text in [
            "ann:100000:1000\n",
            "ann:x:65536\n",
            "ann:1\n",
            "anna:1:65536\n",
            "",
        ] {
            assert_eq!(subordinate(text, &names), None, "{text}");
        }
    }

    #[test]
    fn the_map_of_a_process_is_read() {
        assert_eq!(
            mapped_from_zero("         0          0 4294967295\n"),
            u32::MAX
        );
        assert_eq!(mapped_from_zero("0 1000 1\n1 100000 65536\n"), 1);
        assert_eq!(mapped_from_zero("5 1000 1\n"), 0);
        assert_eq!(mapped_from_zero(""), 0);
    }
}
