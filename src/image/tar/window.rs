//! Tars that lie somewhere: in memory, or in a part of a file.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use super::Source;
use crate::image::decode::{Origin, fill};
use crate::image::{ImageError, Place};

/// A tar in memory.
pub(in crate::image) struct Slice<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Slice<'a> {
    pub(in crate::image) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }
}

impl Source for Slice<'_> {
    fn take(&mut self, buf: &mut [u8]) -> Result<usize, ImageError> {
        let rest = self.rest();
        buf.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        let length = rest.len().min(buf.len());
        self.at += length;
        Ok(length)
    }

    fn skip(&mut self, bytes: u64) -> Result<bool, ImageError> {
        let rest = self.rest().len();
        let length = usize::try_from(bytes).map_or(rest, |bytes| bytes.min(rest));
        self.at += length;
        Ok(length as u64 == bytes)
    }

    fn offset(&self) -> u64 {
        self.at as u64
    }
}

/// A part of a file, read by its own position.
#[derive(Debug)]
pub(in crate::image) struct Window<'a> {
    file: &'a File,
    place: &'a Place,
    start: u64,
    at: u64,
    end: u64,
}

impl<'a> Window<'a> {
    /// The bytes of `file` from `start` on, up to `end`.
    pub(in crate::image) const fn new(
        file: &'a File,
        start: u64,
        end: u64,
        place: &'a Place,
    ) -> Self {
        Self {
            file,
            place,
            start,
            at: start,
            end,
        }
    }
}

impl io::Read for Window<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
        let length = buf.len().min(left);
        let buf = buf.get_mut(..length).unwrap_or_default();
        match self.file.read_at(buf, self.at) {
            Ok(0) if length > 0 => Err(Origin(io::ErrorKind::UnexpectedEof.into()).into()),
            Ok(read) => {
                self.at += read as u64;
                Ok(read)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => Err(Origin(error).into()),
        }
    }
}

impl Source for Window<'_> {
    fn take(&mut self, buf: &mut [u8]) -> Result<usize, ImageError> {
        let place = self.place;
        fill(self, buf).map_err(|error| place.failed(error))
    }

    fn skip(&mut self, bytes: u64) -> Result<bool, ImageError> {
        let length = bytes.min(self.end - self.at);
        self.at += length;
        Ok(length == bytes)
    }

    fn offset(&self) -> u64 {
        self.at - self.start
    }
}
