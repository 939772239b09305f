//! Runs programs in the root filesystem of another system, shut off from the host.
//!
//! In: a root as a tar ([`Sandbox::fill`]) and [`Command`]s. Out: what they said, and the root as a tar
//! ([`Sandbox::pack`]). Nothing of the host is in sight but the root itself, new `/dev`, `/proc` and
//! `/tmp`, and read-only covers. There is no network but a loopback device, no process, no device, no
//! host name and no variable of the host; the user is root in a user namespace, with the capabilities
//! that a container gets, and an ordinary user or nobody outside of it.
//!
//! Bounded: wall-clock time, processes, bytes of one file, what is left of the disk, and what is kept
//! of the output. When a command ends, every process that it started is killed.
//!
//! The clock is the machine's, as no namespace has one of its own: `SOURCE_DATE_EPOCH` says what time to
//! write, and whoever needs to know whether a result depends on the clock runs twice.
//!
//! The tools are the host's: bubblewrap (bwrap(1)), unshare(1), prlimit(1) and mount(8) of util-linux,
//! tar(1), and for ordinary users newuidmap(1) of uidmap with a range in subuid(5) and subgid(5).

mod command;
mod entry;
mod error;
mod foreign;
mod ids;
mod log;
#[cfg(test)]
mod tests;
mod watch;

use std::fs::{FileType, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fs_err as fs;

use entry::{Entry, Input, Outside, Streams};
use ids::Ids;
use log::Log;

pub use command::Command;
pub use error::SandboxError;
pub use foreign::supports;

/// What commands may use.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How long one may take.
    pub time: Duration,
    /// How many processes there may be at once.
    pub processes: u32,
    /// How large one file may become, in bytes.
    pub file: u64,
    /// How much of the disk stays free, in bytes.
    pub free: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(30 * 60),
            processes: 1024,
            file: 8 << 30,
            free: 256 << 20,
        }
    }
}

/// A root in which commands run.
#[derive(Debug)]
pub struct Sandbox {
    /// Holds `root`, `covers` and the log's clock; ours alone.
    directory: PathBuf,
    entry: Entry,
    covers: Vec<String>,
    log: Log,
    limits: Limits,
    keeper: Option<Keeper>,
}

impl Sandbox {
    /// An empty root in `directory`, which exists, is empty and is deleted by whoever made it.
    ///
    /// # Errors
    /// When the host has no user namespaces, ids or tools for it.
    pub fn new(directory: &Path, limits: Limits) -> Result<Self, SandboxError> {
        let wrong = |source| SandboxError::Io {
            action: "prepare",
            source,
        };
        let ids = Ids::of_this_process()?;
        entry::look_for(&ids)?;
        for name in ["root", "covers"] {
            let path = directory.join(name);
            fs::create_dir(&path).map_err(wrong)?;
            fs::set_permissions(&path, Permissions::from_mode(0o755)).map_err(wrong)?;
        }
        let root = directory.join("root");
        ids.give(&root).map_err(wrong)?;
        // Programs with set-id bits lie in the root: where its ids are somebody's, nobody else comes near.
        let mode = if ids.is_stranger() { 0o711 } else { 0o700 };
        fs::set_permissions(directory, Permissions::from_mode(mode)).map_err(wrong)?;
        let entry = Entry::new(directory, ids);
        Ok(Self {
            keeper: Some(Keeper::start(&entry)?),
            entry,
            log: Log::new(directory.join("clock")),
            directory: directory.to_path_buf(),
            covers: Vec::new(),
            limits,
        })
    }

    /// Unpacks a tar into the root, which `write` writes: owners, modes, times and attributes count.
    ///
    /// # Errors
    /// The writer's own error, or that of unpacking.
    pub fn fill<T, E>(
        &self,
        write: impl FnOnce(&mut dyn Write) -> Result<T, E>,
    ) -> Result<Result<T, E>, SandboxError> {
        let tar = [
            "tar",
            "--extract",
            "--directory=root",
            "--numeric-owner",
            "--same-owner",
            "--preserve-permissions",
            "--delay-directory-restore",
            "--xattrs",
            "--xattrs-include=*",
        ];
        let mut outside = self.entry.start(&tar, Streams::Apart)?;
        let mut input = outside.input();
        let written = write(&mut input);
        drop(input);
        let output = outside.read_to_end();
        match outside.finish("unpack the root", output) {
            // A tar that stopped reading: its own words say why.
            Err(error) => Err(error),
            Ok(_) => Ok(written),
        }
    }

    /// Puts a read-only file in the place of the one at `path`, an absolute path, while commands run.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn cover(&mut self, path: &str, content: &[u8]) -> Result<(), SandboxError> {
        let file = self.directory.join(format!("covers/{}", self.covers.len()));
        fs::write(&file, content)
            .and_then(|()| fs::set_permissions(&file, Permissions::from_mode(0o755)))
            .map_err(|source| SandboxError::Io {
                action: "prepare",
                source,
            })?;
        self.covers.push(path.to_owned());
        Ok(())
    }

    /// Runs a command to its end; `told` hears the names that follow its headings.
    ///
    /// # Errors
    /// When it fails, or is stopped at a limit.
    pub fn run(
        &mut self,
        command: &Command<'_>,
        told: &mut dyn FnMut(&str),
    ) -> Result<(), SandboxError> {
        self.log.mark(command.name);
        for place in ["/dev", "/proc", "/tmp"] {
            if self.kind(place).is_some_and(|kind| !kind.is_dir()) {
                return Err(SandboxError::NoDirectory { path: place });
            }
        }
        let covered = self.covers.iter().enumerate();
        // An earlier command may have put something else in its place.
        let covered =
            covered.filter(|(_, path)| self.kind(path).is_some_and(|kind| kind.is_file()));
        let covers: Vec<(usize, &str)> = covered.map(|(at, path)| (at, path.as_str())).collect();
        let arguments = command.arguments(&covers, &self.limits);
        let mut outside = self.entry.start(&arguments, Streams::Merged)?;
        let watched = watch::watch(&mut outside, &self.directory, &self.limits, |output| {
            self.log.follow(output, command.headings, told)
        });
        let (ended, tail) = watched.map_err(|source| SandboxError::Io {
            action: "run a program",
            source,
        })?;
        let name = self.log.latest(command.name);
        match ended {
            watch::Ended::Well => Ok(()),
            watch::Ended::Ill(status) => Err(SandboxError::Failed { name, status, tail }),
            watch::Ended::Stopped(limit) => Err(SandboxError::Stopped { name, limit, tail }),
        }
    }

    /// What is at an absolute path of the root where no link leads there: one that did would lead
    /// whoever mounts something at that path out of the root.
    fn kind(&self, path: &str) -> Option<FileType> {
        let mut place = self.directory.join("root");
        let mut kind = fs::symlink_metadata(&place).ok()?.file_type();
        for part in path.trim_matches('/').split('/') {
            if !kind.is_dir() {
                return None;
            }
            place.push(part);
            kind = fs::symlink_metadata(&place).ok()?.file_type();
        }
        Some(kind)
    }

    /// Gives the root as a tar to `read`: all of it, or only what lies at `paths` (relative, without what
    /// is below them), in any order.
    ///
    /// # Errors
    /// The reader's own error, or that of packing.
    pub fn pack<T, E>(
        &self,
        paths: Option<&[&[u8]]>,
        read: impl FnOnce(&mut (dyn Read + Send)) -> Result<T, E>,
    ) -> Result<Result<T, E>, SandboxError> {
        let mut tar = vec![
            "tar",
            "--create",
            "--directory=root",
            "--format=posix",
            "--numeric-owner",
            "--xattrs",
            // What a security module of the host writes on every file is none of the root's.
            "--xattrs-include=security.capability",
            "--xattrs-include=user.*",
            // A socket is no file of an image; that one is there is nothing to stop at.
            "--warning=no-file-ignored",
        ];
        match paths {
            Some(_) => tar.extend([
                "--no-recursion",
                "--null",
                "--verbatim-files-from",
                "--files-from=-",
            ]),
            None => tar.push("."),
        }
        let mut outside = self.entry.start(&tar, Streams::Apart)?;
        let mut input = outside.input();
        let list: Vec<u8> = paths
            .into_iter()
            .flatten()
            .flat_map(|path| [b"./", *path, b"\0"].concat())
            .collect();
        let (result, listed) = std::thread::scope(|scope| {
            let listing = scope.spawn(move || input.write_all(&list));
            let mut output = outside.output();
            let result = read(&mut output);
            // What a reader leaves behind an error must not block the packer.
            let _ = io::copy(&mut output, &mut io::sink());
            (result, listing.join())
        });
        outside.finish("pack the root", Ok(Vec::new()))?;
        match listed {
            Ok(Ok(())) => Ok(result),
            Ok(Err(source)) => Err(SandboxError::Io {
                action: "pack the root",
                source,
            }),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }

    /// The names of the commands, or of the headings that they printed, under which the root's files at
    /// `paths` (relative) were last changed: as good as the clock of the file system is.
    pub fn changed_under(&self, paths: &[&[u8]]) -> Vec<Option<String>> {
        let mut arguments: Vec<Vec<u8>> = [&b"stat"[..], b"--printf=%.9Z\\n", b"--"]
            .map(<[u8]>::to_vec)
            .into();
        arguments.extend(paths.iter().map(|path| [b"root/", *path].concat()));
        let output = self
            .entry
            .start(&arguments, Streams::Apart)
            .and_then(|mut outside| {
                drop(outside.input());
                let output = outside.read_to_end();
                outside.finish("ask for times", output)
            });
        let text = String::from_utf8_lossy(&output.unwrap_or_default()).into_owned();
        let names: Vec<Option<String>> = text.lines().map(|line| self.log.at(line)).collect();
        match names.len() == paths.len() {
            true => names,
            // One that is gone has no line, and then nobody knows which line is whose.
            false => vec![None; paths.len()],
        }
    }
}

/// Deletes the root when this process lets go of it, or ends in whatever way: only the root of the
/// namespace can delete what its users made.
#[derive(Debug)]
struct Keeper {
    outside: Outside,
    /// The end that is closed then.
    hold: Input,
}

/// Signals of the terminal are for those that it waits for.
const KEEP: &str = "trap '' HUP INT QUIT TERM; cat >/dev/null; rm -rf --one-file-system -- root";

impl Keeper {
    fn start(entry: &Entry) -> Result<Self, SandboxError> {
        let mut outside = entry.start(&["sh", "-c", KEEP], Streams::Apart)?;
        let hold = outside.input();
        Ok(Self { outside, hold })
    }

    fn let_go(mut self) {
        drop(self.hold);
        let output = self.outside.read_to_end();
        let _ = self.outside.finish("delete the root", output);
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(keeper) = self.keeper.take() {
            keeper.let_go();
        }
    }
}
