//! One tar in, the tree that it makes and the digests of all that is in it out.
//!
//! The caller's thread decompresses and reads headers; one thread digests the whole meanwhile, and
//! some digest the files.

use std::collections::HashMap;
use std::io;
use std::sync::mpsc::channel;

use super::draft::Draft;
use super::drafted::Drafted;
use super::hashers::{Hashers, digest_whole};
use super::limits::Budget;
use super::pipe::Stream;
use super::tar::{End, Headers, padded};
use super::{ImageError, Options, Place};
use crate::model::Sha256;

/// How a tar is read.
#[derive(Clone, Copy)]
pub(super) struct Job<'a> {
    pub(super) place: &'a Place,
    pub(super) budget: &'a Budget,
    pub(super) options: &'a Options<'a>,
    /// The number that its contents get as a pack.
    pub(super) pack: u32,
    /// Whether it is a layer of an image, and has a digest; else a whole filesystem.
    pub(super) layer: bool,
    /// How many threads digest files.
    pub(super) hashers: usize,
}

/// What was read of a tar.
#[derive(Debug)]
pub(super) struct Tar {
    pub(super) drafted: Drafted,
    /// Of the whole.
    pub(super) digest: Sha256,
    /// Of the whole, in bytes.
    pub(super) size: u64,
    /// The further digests of its files, by their SHA-256.
    pub(super) sums: HashMap<Sha256, Vec<u8>>,
}

impl Job<'_> {
    /// Reads a tar to its end. Nothing of the stream may have been taken before.
    pub(super) fn read(&self, stream: &mut Stream<'_>) -> Result<Tar, ImageError> {
        let mut draft = Draft::new(self.layer, self.place, self.budget);
        let mut files = 0;
        let (walked, digested, whole) = std::thread::scope(|scope| {
            let (chunks, queue) = channel();
            let whole = scope.spawn(move || digest_whole(&queue));
            stream.listen(chunks);
            let mut hashers = Hashers::start(scope, self.hashers, self.options.sums);
            let walked = self.walk(stream, &mut draft, &mut hashers, &mut files);
            stream.hush();
            (walked, hashers.finish(files), whole.join())
        });
        walked?;
        let (digest, size) = whole.map_err(|_| {
            let source = io::Error::other("a thread that digests a tar panicked");
            let place = self.place.clone();
            ImageError::Read { place, source }
        })?;
        let mut sums = HashMap::new();
        for digested in digested.iter().flatten() {
            if let Some(sum) = &digested.sum {
                sums.entry(digested.sha256).or_insert_with(|| sum.clone());
            }
        }
        Ok(Tar {
            drafted: draft.finish(digested, self.pack)?,
            digest,
            size,
            sums,
        })
    }

    fn walk(
        &self,
        stream: &mut Stream<'_>,
        draft: &mut Draft<'_>,
        hashers: &mut Hashers<'_>,
        files: &mut usize,
    ) -> Result<(), ImageError> {
        let headers = Headers {
            place: self.place,
            budget: self.budget,
            end: match self.layer {
                true => End::Digested,
                false => End::Marked,
            },
        };
        while let Some(entry) = headers.next(stream)? {
            let size = entry.size;
            let Some((path, file)) = draft.admit(entry)? else {
                headers.pass(padded(size), stream)?;
                continue;
            };
            *files = file + 1;
            let keep = (self.options.keep)(&path, size);
            if keep {
                self.budget.keep(size, self.place, path.as_bytes())?;
            }
            if size == 0 {
                hashers.empty(file, keep);
            }
            let mut left = size;
            while left > 0 {
                let piece = stream.piece(left)?;
                let piece = piece.ok_or_else(|| {
                    let why = "is cut off: its content is not all there";
                    self.place.entry(path.as_bytes(), why)
                })?;
                left -= piece.len() as u64;
                hashers.part(file, keep, piece, left == 0);
            }
            headers.pass(padded(size) - size, stream)?;
        }
        Ok(())
    }
}
