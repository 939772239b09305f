//! One stream for several threads: whoever reads it cuts it into chunks that others hash meanwhile.
//!
//! The number of chunks is fixed, and a chunk comes back when the last thread is done with it: so
//! memory is bounded whichever thread is the slowest, and no queue needs a bound of its own.

use std::io::Read;
use std::ops::{Deref, Range};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use super::decode::fill;
use super::tar::Source;
use super::{ImageError, Place};

/// In bytes: what two caches hand over well, and a multiple of tar's blocks.
pub(super) const CHUNK: usize = 128 << 10;
/// How many chunks of one stream are under way.
const CHUNKS: usize = 16;

/// A part of a stream.
#[derive(Debug)]
pub(super) struct Chunk {
    buffer: Vec<u8>,
    length: usize,
    /// Where the buffer is waited for.
    home: Option<Sender<Vec<u8>>>,
}

impl Deref for Chunk {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.buffer.get(..self.length).unwrap_or_default()
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        if let Some(home) = &self.home {
            // Nobody waits once the stream is dropped.
            let _ = home.send(std::mem::take(&mut self.buffer));
        }
    }
}

/// A part of a chunk.
#[derive(Debug)]
pub(super) struct Span {
    pub(super) chunk: Arc<Chunk>,
    pub(super) range: Range<usize>,
}

impl Deref for Span {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.chunk.get(self.range.clone()).unwrap_or_default()
    }
}

/// A stream in chunks.
pub(super) struct Stream<'a> {
    input: Box<dyn Read + 'a>,
    place: &'a Place,
    /// Is told of every chunk, as the bytes in it and all so far; may end the reading.
    meter: &'a dyn Fn(u64, u64) -> Result<(), ImageError>,
    home: Sender<Vec<u8>>,
    free: Receiver<Vec<u8>>,
    made: usize,
    listener: Option<Sender<Arc<Chunk>>>,
    chunk: Arc<Chunk>,
    /// How much of the chunk was taken.
    at: usize,
    /// Where the chunk begins.
    base: u64,
    ended: bool,
}

impl<'a> Stream<'a> {
    pub(super) fn new(
        input: Box<dyn Read + 'a>,
        place: &'a Place,
        meter: &'a dyn Fn(u64, u64) -> Result<(), ImageError>,
    ) -> Self {
        let (home, free) = channel();
        let nothing = Chunk {
            buffer: Vec::new(),
            length: 0,
            home: None,
        };
        Self {
            input,
            place,
            meter,
            home,
            free,
            made: 0,
            listener: None,
            chunk: Arc::new(nothing),
            at: 0,
            base: 0,
            ended: false,
        }
    }

    /// The first chunk, or what is left of it, without taking anything.
    pub(super) fn peek(&mut self) -> Result<&[u8], ImageError> {
        if self.rest().is_empty() {
            self.load()?;
        }
        Ok(self.rest())
    }

    /// Lets `listener` have all chunks from the present one on; only at the beginning is that all.
    pub(super) fn listen(&mut self, listener: Sender<Arc<Chunk>>) {
        // A listener that hung up is missed where its answer is awaited.
        let _ = listener.send(Arc::clone(&self.chunk));
        self.listener = Some(listener);
    }

    /// Lets the listener go, which ends its work.
    pub(super) fn hush(&mut self) {
        self.listener = None;
    }

    /// Takes what comes next: at most `most` bytes, and not over a chunk's end; `None` at the end.
    pub(super) fn piece(&mut self, most: u64) -> Result<Option<Span>, ImageError> {
        if self.rest().is_empty() && !self.load()? {
            return Ok(None);
        }
        let rest = self.rest().len();
        let length = usize::try_from(most).map_or(rest, |most| most.min(rest));
        let range = self.at..self.at + length;
        self.at = range.end;
        let chunk = Arc::clone(&self.chunk);
        Ok(Some(Span { chunk, range }))
    }

    fn rest(&self) -> &[u8] {
        self.chunk.get(self.at..).unwrap_or_default()
    }

    /// Goes on to the next chunk; false at the end.
    fn load(&mut self) -> Result<bool, ImageError> {
        if self.ended {
            return Ok(false);
        }
        let mut buffer = self.buffer();
        let failed = |error| self.place.failed(error);
        let length = fill(&mut self.input, &mut buffer).map_err(failed)?;
        self.ended = length < buffer.len();
        self.base += self.chunk.len() as u64;
        self.at = 0;
        self.chunk = Arc::new(Chunk {
            buffer,
            length,
            home: Some(self.home.clone()),
        });
        (self.meter)(length as u64, self.base + length as u64)?;
        if let Some(listener) = &self.listener {
            let _ = listener.send(Arc::clone(&self.chunk));
        }
        Ok(length > 0)
    }

    /// A buffer of one chunk, once there is one.
    fn buffer(&mut self) -> Vec<u8> {
        let back = if self.made < CHUNKS {
            self.free.try_recv().ok()
        } else {
            self.free.recv().ok()
        };
        back.unwrap_or_else(|| {
            self.made += 1;
            vec![0; CHUNK]
        })
    }
}

impl Source for Stream<'_> {
    fn take(&mut self, buf: &mut [u8]) -> Result<usize, ImageError> {
        let mut at = 0;
        while at < buf.len() {
            let Some(piece) = self.piece((buf.len() - at) as u64)? else {
                break;
            };
            let to = buf.get_mut(at..).unwrap_or_default();
            to.iter_mut()
                .zip(&*piece)
                .for_each(|(to, from)| *to = *from);
            at += piece.len();
        }
        Ok(at)
    }

    fn skip(&mut self, mut bytes: u64) -> Result<bool, ImageError> {
        while bytes > 0 {
            match self.piece(bytes)? {
                Some(piece) => bytes -= piece.len() as u64,
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    fn offset(&self) -> u64 {
        self.base + self.at as u64
    }
}
