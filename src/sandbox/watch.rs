//! Sees to it that a command ends.

use std::fmt;
use std::io::{self, Read};
use std::path::Path;
use std::process::ExitStatus;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::Limits;
use super::entry::Outside;

/// How often the limits are looked at.
const PERIOD: Duration = Duration::from_millis(200);

/// A limit that was passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// So much time.
    Time(Duration),
    /// So many bytes of the disk were to stay free.
    Disk(u64),
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(time) => write!(f, "it took longer than {} s", time.as_secs()),
            Self::Disk(free) => write!(f, "less than {} MiB of the disk were free", free >> 20),
        }
    }
}

/// How a command ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// With status 0.
    Well,
    /// Otherwise.
    Ill(ExitStatus),
    /// It was killed.
    Stopped(Limit),
}

/// Reads what a command says until it ends, or ends it.
pub(super) fn watch(
    outside: &mut Outside,
    directory: &Path,
    limits: &Limits,
    follow: impl FnOnce(&mut dyn Read) -> io::Result<Vec<String>>,
) -> io::Result<(Ended, Vec<String>)> {
    // Nobody answers questions.
    drop(outside.input());
    let process = i32::try_from(outside.id())
        .ok()
        .and_then(rustix::process::Pid::from_raw);
    let (done, waiting) = mpsc::channel::<()>();
    let (tail, stopped) = std::thread::scope(|scope| {
        let guard = scope.spawn(move || {
            let passed = guard(&waiting, directory, limits);
            // Not yet waited for, so the number is still its own. What it started goes with it.
            if let (Some(_), Some(process)) = (passed, process) {
                let _ = rustix::process::kill_process(process, rustix::process::Signal::KILL);
            }
            passed
        });
        let tail = follow(outside.output());
        drop(done);
        (tail, guard.join())
    });
    let status = outside.wait()?;
    let ended = match stopped {
        Ok(Some(limit)) => Ended::Stopped(limit),
        _ if status.success() => Ended::Well,
        _ => Ended::Ill(status),
    };
    Ok((ended, tail?))
}

/// Waits for the end, or for the first limit that is passed.
fn guard(done: &mpsc::Receiver<()>, directory: &Path, limits: &Limits) -> Option<Limit> {
    let started = Instant::now();
    loop {
        match done.recv_timeout(PERIOD) {
            Err(RecvTimeoutError::Timeout) => {}
            _ => return None,
        }
        if started.elapsed() > limits.time {
            return Some(Limit::Time(limits.time));
        }
        let free = rustix::fs::statvfs(directory).ok();
        let free = free.map(|stat| stat.f_bavail.saturating_mul(stat.f_frsize));
        if free.is_some_and(|free| free < limits.free) {
            return Some(Limit::Disk(limits.free));
        }
    }
}
