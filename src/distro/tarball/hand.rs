//! Handing an entry to a sink, whose word about a broken content does not count.

use std::io::{self, Read};

use crate::distro::{Entry, EntryKind, Fault, Sink};

/// Why an entry was not taken.
#[derive(Debug)]
pub(in crate::distro) enum Hand {
    /// The sink refused it.
    Refused(Fault),
    /// Its content cannot be read.
    Failed(io::Error),
    /// Its content ends before the header says.
    Cut,
}

/// Gives `sink` an entry. Where reading the content fails, that is the error, whatever the sink
/// makes of it.
pub(in crate::distro) fn hand(
    sink: &mut dyn Sink,
    entry: Entry,
    content: &mut dyn Read,
) -> Result<(), Hand> {
    let mut content = Watched {
        inner: content,
        left: match entry.kind {
            EntryKind::File(size) => size,
            _ => 0,
        },
        failed: None,
    };
    let taken = sink.entry(entry, &mut content);
    match content.failed {
        Some(failure) => Err(failure),
        None => taken.map_err(Hand::Refused),
    }
}

/// Remembers the failure of a content: it is the archive's.
struct Watched<'a> {
    inner: &'a mut dyn Read,
    /// Bytes that the entry's header announced and that have not come yet.
    left: u64,
    failed: Option<Hand>,
}

impl Read for Watched<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.inner.read(buf) {
            Ok(0) if self.left > 0 && !buf.is_empty() => {
                self.failed = Some(Hand::Cut);
                Err(io::ErrorKind::UnexpectedEof.into())
            }
            Ok(read) => {
                self.left = self.left.saturating_sub(read as u64);
                Ok(read)
            }
            Err(error) => {
                let kind = error.kind();
                if kind != io::ErrorKind::Interrupted {
                    self.failed = Some(Hand::Failed(error));
                }
                Err(kind.into())
            }
        }
    }
}
