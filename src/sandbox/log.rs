//! What commands say: its last lines for messages, and who was at work when.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use fs_err as fs;

/// How many lines are kept of a command, and how many bytes of each.
const LINES: usize = 20;
/// A line that is longer is cut: it is shown to a person.
const LINE: usize = 400;

/// A moment of the file system's clock: seconds and nanoseconds.
type Moment = (i64, i64);

/// Who was at work when. The clock is that of the file system, by a file that is written each time, so
/// that its moments are as fine as those of the files that they are compared with.
#[derive(Debug)]
pub(super) struct Log {
    clock: PathBuf,
    marks: Vec<(Moment, String)>,
}

impl Log {
    pub(super) fn new(clock: PathBuf) -> Self {
        let marks = Vec::new();
        Self { clock, marks }
    }

    /// `name` is at work from now on.
    pub(super) fn mark(&mut self, name: &str) {
        let now = fs::write(&self.clock, b"x").and_then(|()| fs::metadata(&self.clock));
        if let Ok(now) = now {
            self.marks
                .push(((now.ctime(), now.ctime_nsec()), name.to_owned()));
        }
    }

    /// Who marked last.
    pub(super) fn latest(&self, otherwise: &str) -> String {
        let last = self.marks.last().map(|(_, name)| name.clone());
        last.unwrap_or_else(|| otherwise.to_owned())
    }

    /// Who was at work at a moment, which is written as `SECONDS.NANOSECONDS`.
    pub(super) fn at(&self, moment: &str) -> Option<String> {
        let (seconds, rest) = moment.split_once('.').unwrap_or((moment, "0"));
        let moment: Moment = (seconds.parse().ok()?, rest.parse().ok()?);
        let after = self.marks.partition_point(|(mark, _)| *mark <= moment);
        let (_, name) = self.marks.get(after.checked_sub(1)?)?;
        Some(name.clone())
    }

    /// Reads what a command says to its end and gives back its last lines; `told` hears the headings'
    /// names.
    pub(super) fn follow(
        &mut self,
        output: &mut dyn Read,
        headings: &[&str],
        told: &mut dyn FnMut(&str),
    ) -> io::Result<Vec<String>> {
        let mut output = BufReader::new(output);
        let mut tail = VecDeque::new();
        let mut line = Vec::new();
        loop {
            line.clear();
            if !read_line(&mut output, &mut line)? {
                return Ok(tail.into());
            }
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_end();
            if text.is_empty() {
                continue;
            }
            let heading = headings
                .iter()
                .find_map(|heading| text.strip_prefix(heading));
            if let Some(name) = heading.and_then(|rest| rest.split_ascii_whitespace().next()) {
                self.mark(name);
                told(name);
            }
            if tail.len() == LINES {
                tail.pop_front();
            }
            tail.push_back(text.to_owned());
        }
    }
}

/// Reads a line, of which no more than [`LINE`] bytes are kept; whether there was one.
fn read_line(output: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    let mut some = false;
    loop {
        let buffer = match output.fill_buf() {
            Ok(buffer) => buffer,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if buffer.is_empty() {
            return Ok(some);
        }
        some = true;
        let end = memchr::memchr(b'\n', buffer);
        let part = &buffer[..end.unwrap_or(buffer.len())];
        line.extend_from_slice(&part[..part.len().min(LINE.saturating_sub(line.len()))]);
        let used = end.map_or(buffer.len(), |end| end + 1);
        output.consume(used);
        if end.is_some() {
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_kept_and_headings_are_marked() {
        let directory = tempfile::tempdir().unwrap();
        let mut log = Log::new(directory.path().join("clock"));
        log.mark("dpkg");
        let mut said: String = (0..30).map(|n| format!("line {n}\n")).collect();
        said.push_str("Setting up bash (5.2) ...\n\n");
        said.push_str(&"x".repeat(10_000));
        let mut told = Vec::new();
        let mut tell = |name: &str| told.push(name.to_owned());
        let tail = log.follow(&mut said.as_bytes(), &["Setting up "], &mut tell);
        let tail = tail.unwrap();
        assert_eq!((tail.len(), told), (20, vec!["bash".to_owned()]));
        assert_eq!(tail[0], "line 12");
        assert_eq!(tail[19].len(), LINE);
        assert_eq!(log.latest(""), "bash");
        let ((seconds, nanos), _) = log.marks[1].clone();
        assert_eq!(
            log.at(&format!("{seconds}.{nanos:09}")),
            Some("bash".into())
        );
        let ((first, _), _) = log.marks[0].clone();
        assert_eq!(log.at(&format!("{}.0", first - 1)), None);
        assert_eq!(log.at("what"), None);
    }
}
