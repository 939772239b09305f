//! A reader that may give so many bytes and fails beyond.

use std::io::{self, Read};

/// Passes bytes on, up to a bound.
#[derive(Debug)]
pub(in crate::distro::apk) struct Bounded<R> {
    inner: R,
    limit: u64,
    left: u64,
}

impl<R> Bounded<R> {
    /// Lets `limit` bytes through.
    pub(in crate::distro::apk) fn new(inner: R, limit: u64) -> Self {
        Self {
            inner,
            limit,
            left: limit,
        }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buf)?;
        let passed = || {
            let message = format!("it unpacks to more than {} MiB", self.limit >> 20);
            io::Error::new(io::ErrorKind::InvalidData, message)
        };
        self.left = self.left.checked_sub(read as u64).ok_or_else(passed)?;
        Ok(read)
    }
}
