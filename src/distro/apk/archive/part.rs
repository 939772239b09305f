//! One part of a package: a gzip member whose compressed bytes are digested as they are read.

use std::io::{self, BufRead, BufReader, Read};

use super::PIECE;
use super::bounded::Bounded;
use super::error::{Cause, PartError};
use crate::distro::tarball::{self, Failure, Limits, TarError};
use crate::distro::{Entry, Fault};
use crate::trust::rsa::{Hash, Hasher};

/// Why reading a package ended early.
pub(super) enum Stop {
    /// The sink's reason.
    Refused(Fault),
    /// Another package: the field, what it is, what is locked.
    Other(&'static str, String, String),
    /// The package does not hold.
    Bad(Cause),
}

impl<E: Into<Cause>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Bad(error.into())
    }
}

/// A part that does not hold.
pub(super) fn bad(part: &'static str, source: impl Into<PartError>) -> Stop {
    let source = source.into();
    Stop::Bad(Cause::Part { part, source })
}

/// An entry of a part that does not hold.
pub(super) fn wrong(part: &'static str, path: &[u8], why: &'static str) -> Stop {
    let path = path[..path.len().min(200)].escape_ascii().to_string();
    bad(part, PartError::Entry { path, why })
}

/// The bytes of a package, digested as they are taken.
pub(super) struct Tee<'a> {
    inner: BufReader<&'a mut (dyn Read + Send)>,
    hashers: Vec<(Hash, Hasher)>,
}

impl<'a> Tee<'a> {
    pub(super) fn new(inner: BufReader<&'a mut (dyn Read + Send)>) -> Self {
        Self {
            inner,
            hashers: Vec::new(),
        }
    }

    /// Digests from here on, and forgets what was digested before.
    pub(super) fn digest(&mut self, hashes: &[Hash]) {
        self.hashers.clear();
        let fresh = hashes.iter().map(|&hash| (hash, Hasher::new(hash)));
        self.hashers.extend(fresh);
    }

    /// The digest of what was read since; nothing where it attacks the hash.
    pub(super) fn digest_of(&self, wanted: Hash) -> Option<Vec<u8>> {
        let (_, hasher) = self.hashers.iter().find(|(hash, _)| *hash == wanted)?;
        hasher.clone().finish()
    }

    /// Some of the bytes that follow; none at the end.
    pub(super) fn peek(&mut self) -> Result<&[u8], Stop> {
        self.inner.fill_buf().map_err(|error| bad("last", error))
    }

    /// Visits the entries of the tar stream that the next gzip member is, to its very end.
    pub(super) fn walk(
        &mut self,
        part: &'static str,
        limit: u64,
        limits: Limits,
        visit: &mut dyn FnMut(Entry, &mut dyn Read) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        if self.peek()?.is_empty() {
            return Err(bad(part, TarError::Archive("is not there")));
        }
        let decoder = flate2::bufread::GzDecoder::new(&mut *self);
        let plain = BufReader::with_capacity(PIECE, Bounded::new(decoder, limit));
        tarball::walk(plain, limits, visit).map_err(|failure| match failure {
            Failure::Refused(stop) => stop,
            Failure::Tar(TarError::Read(error)) => bad(part, error),
            Failure::Tar(error) => bad(part, error),
        })
    }
}

impl Read for Tee<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buf)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for Tee<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        let taken = self.inner.buffer();
        let taken = &taken[..amount.min(taken.len())];
        for (_, hasher) in &mut self.hashers {
            hasher.update(taken);
        }
        self.inner.consume(amount);
    }
}
