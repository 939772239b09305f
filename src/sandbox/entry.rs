//! The way in: a program of the host as root of a user namespace.
//!
//! A shell is started in a new user namespace and waits; its ids are mapped from outside; then it becomes
//! the program, which is root from then on. Where the host's root makes the namespace its ids are nobody's
//! (`Ids::High`), who could not enter the directory by its path: a mount in a namespace of its own shows
//! it at `/mnt`.

use std::ffi::OsStr;
use std::io::{self, PipeReader, Read, Write};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;

use super::SandboxError;
use super::ids::Ids;

/// Takes a umask of its own, says that it is there, waits until its ids are mapped, and becomes root
/// with no group of the host's.
const WAIT: &str =
    "umask 022 && echo && read -r go && exec setpriv --reuid=0 --regid=0 --clear-groups -- \"$@\"";
/// Shows the directory at a path that anybody can go, and goes there.
const SHOW: &str = "mount --bind -- \"$1\" /mnt && cd /mnt && shift && exec \"$@\"";

/// How many lines of an error's words are told.
const LINES: usize = 5;
/// How much of an error's words is kept, in bytes.
const WORDS: u64 = 8 << 10;

/// Sees whether the host's tools are there.
pub(super) fn look_for(ids: &Ids) -> Result<(), SandboxError> {
    let mount = ids.is_stranger().then_some("mount");
    for program in ["unshare", "setpriv", "prlimit", "tar", "bwrap"]
        .into_iter()
        .chain(mount)
    {
        let started = Command::new(program)
            .arg("--version")
            .stdin(Stdio::null())
            .output();
        started.map_err(|source| SandboxError::tool(program, source))?;
    }
    Ok(())
}

/// Where and as whom programs run.
#[derive(Debug)]
pub(super) struct Entry {
    directory: PathBuf,
    ids: Ids,
}

impl Entry {
    pub(super) fn new(directory: &Path, ids: Ids) -> Self {
        let directory = directory.to_path_buf();
        Self { directory, ids }
    }

    /// Starts a program with its arguments in the directory.
    pub(super) fn start<S: AsRef<[u8]>>(
        &self,
        program: &[S],
        streams: Streams,
    ) -> Result<Outside, SandboxError> {
        let mut command = Command::new("unshare");
        if self.ids.is_stranger() {
            command.args(["--mount", "--propagation", "private", "--"]);
            command.args(["sh", "-c", SHOW, "sh"]).arg(&self.directory);
            command.arg("unshare");
        }
        // Its own id need not be one of the namespace's, and then it would come in without rights.
        command.args(["--user", "--keep-caps", "--", "sh", "-c", WAIT, "sh"]);
        command.args(program.iter().map(|one| OsStr::from_bytes(one.as_ref())));
        command.current_dir(&self.directory);
        command.stdin(Stdio::piped());
        // Its messages are read, and nothing but arguments decides what it does.
        command
            .env("LC_ALL", "C")
            .env_remove("TAR_OPTIONS")
            .env_remove("POSIXLY_CORRECT");
        let unprepared = |source| SandboxError::Io {
            action: "start a program",
            source,
        };
        let (mut reader, writer) = io::pipe().map_err(unprepared)?;
        let errors = match streams {
            Streams::Merged => {
                command.stderr(writer.try_clone().map_err(unprepared)?);
                None
            }
            Streams::Apart => {
                let (errors, for_errors) = io::pipe().map_err(unprepared)?;
                command.stderr(for_errors);
                Some(errors)
            }
        };
        command.stdout(writer);
        let child = command.spawn();
        // It holds the ends that write, and no end would come while it lives.
        drop(command);
        let mut child = child.map_err(|source| SandboxError::tool("unshare", source))?;
        let errors = errors.map(|errors| std::thread::spawn(move || words(errors)));
        let mut first = [0];
        let ready = reader.read_exact(&mut first).is_ok() && first == *b"\n";
        if !ready {
            // One that waits all the same must not be waited for.
            drop(child.stdin.take());
            let mut said = first.to_vec();
            said.extend(words(reader));
            said.extend(
                errors
                    .and_then(|errors| errors.join().ok())
                    .unwrap_or_default(),
            );
            let _ = child.wait();
            let said = String::from_utf8_lossy(&said);
            return Err(SandboxError::denied(said.trim_matches(['\0', '\n', ' '])));
        }
        let mut outside = Outside {
            input: child.stdin.take(),
            child,
            output: reader,
            errors,
        };
        self.ids.map(outside.child.id())?;
        if let Some(input) = &mut outside.input {
            input.write_all(b"\n").map_err(unprepared)?;
        }
        Ok(outside)
    }
}

/// What a person would want to read of it.
fn first_lines(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    let lines: Vec<&str> = said.trim().lines().take(LINES).collect();
    lines.join("\n")
}

/// The beginning of what comes; the rest is read and lost.
fn words(mut reader: PipeReader) -> Vec<u8> {
    let mut kept = Vec::new();
    let _ = (&mut reader).take(WORDS).read_to_end(&mut kept);
    let _ = io::copy(&mut reader, &mut io::sink());
    kept
}

/// Where a program's output and its messages go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Streams {
    /// Into one stream, in their order.
    Merged,
    /// Each for itself.
    Apart,
}

/// A program that runs inside, seen from outside. Killed when it is dropped.
#[derive(Debug)]
pub(super) struct Outside {
    child: Child,
    input: Option<ChildStdin>,
    output: PipeReader,
    errors: Option<JoinHandle<Vec<u8>>>,
}

impl Outside {
    /// What it reads; closed when dropped.
    pub(super) fn input(&mut self) -> Input {
        Input(self.input.take())
    }

    /// What it says.
    pub(super) fn output(&mut self) -> &mut PipeReader {
        &mut self.output
    }

    /// What it says, all of it.
    pub(super) fn read_to_end(&mut self) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        self.output.read_to_end(&mut all)?;
        Ok(all)
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait()
    }

    /// Waits for its end, which must be a good one.
    pub(super) fn finish(
        mut self,
        action: &'static str,
        output: io::Result<Vec<u8>>,
    ) -> Result<Vec<u8>, SandboxError> {
        let wrong = |source| SandboxError::Io { action, source };
        let status = self.child.wait().map_err(wrong)?;
        let said = self.errors.take().and_then(|errors| errors.join().ok());
        match status.success() {
            true => output.map_err(wrong),
            false => {
                let said = said.unwrap_or_default();
                let said = first_lines(&said);
                Err(SandboxError::Io {
                    action,
                    source: io::Error::other(match said.is_empty() {
                        true => format!("it ended with {status}"),
                        false => said,
                    }),
                })
            }
        }
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a program reads.
#[derive(Debug)]
pub(super) struct Input(Option<ChildStdin>);

impl Write for Input {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Some(input) => input.write(buf),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Some(input) => input.flush(),
            None => Ok(()),
        }
    }
}
