//! Decompression of a package's members, with what it may take known before it starts.
//!
//! A decoder's memory is read from the head of its stream; the decoder is then held to it, so that
//! whoever runs many at once can keep a budget. Every decoder checks its stream to the end: one
//! that is cut off is an error, never a short result or an endless read (CVE-2026-2219).

use std::io::{self, BufRead, Read};

use xz2::stream::Stream;

/// The largest dictionary or window: `zstd --ultra -22`, and twice `xz -9`.
const MAX_WINDOW: u64 = 128 << 20;
/// What a decoder takes beside its window, with room to spare.
const BESIDE: u64 = 1 << 20;
/// bzip2's largest blocks need 3.7 MiB, and gzip next to nothing.
const SMALL: u64 = 4 << 20;
/// The smallest window that zstd's decoder can be held to, as a power of two.
const MIN_WINDOW_LOG: u32 = 10;

/// How a member is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    Plain,
    Gzip,
    Xz,
    Zstd,
    Bzip2,
    Lzma,
}

impl Packing {
    /// Reads what follows `control.tar` or `data.tar` in a member's name.
    pub(super) fn from_suffix(suffix: &str) -> Option<Self> {
        Some(match suffix {
            "" => Self::Plain,
            ".gz" => Self::Gzip,
            ".xz" => Self::Xz,
            ".zst" => Self::Zstd,
            ".bz2" => Self::Bzip2,
            ".lzma" => Self::Lzma,
            _ => return None,
        })
    }

    /// How many bytes of memory the decoder of a stream that begins with `head` needs.
    pub(super) fn memory(self, head: &[u8]) -> io::Result<u64> {
        let window = match self {
            Self::Plain => return Ok(0),
            Self::Gzip | Self::Bzip2 => return Ok(SMALL),
            Self::Xz => xz_dictionary(head),
            Self::Zstd => zstd_window(head),
            Self::Lzma => lzma_dictionary(head),
        };
        match window {
            Some(window) if window <= MAX_WINDOW => Ok(window + BESIDE),
            Some(window) => Err(invalid(format!(
                "its decoder would need {} MiB of memory and may have {}",
                window >> 20,
                MAX_WINDOW >> 20
            ))),
            None => Err(invalid("its stream has no valid header".into())),
        }
    }

    /// The decoder of `input`, which keeps to `memory`.
    pub(super) fn decoder<'a>(
        self,
        input: impl BufRead + 'a,
        memory: u64,
    ) -> io::Result<Box<dyn Read + 'a>> {
        Ok(match self {
            Self::Plain => Box::new(input),
            Self::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(input)),
            Self::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(input)),
            Self::Xz => {
                let stream = Stream::new_stream_decoder(memory, 0)?;
                Box::new(xz2::bufread::XzDecoder::new_stream(input, stream))
            }
            Self::Lzma => {
                let stream = Stream::new_lzma_decoder(memory)?;
                Box::new(xz2::bufread::XzDecoder::new_stream(input, stream))
            }
            Self::Zstd => {
                let window = memory.saturating_sub(BESIDE).max(1).next_power_of_two();
                let mut decoder = zstd::stream::read::Decoder::with_buffer(input)?;
                decoder.window_log_max(window.ilog2().max(MIN_WINDOW_LOG))?;
                Box::new(decoder)
            }
        })
    }
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

/// The dictionary of the first block of an xz file (xz-file-format 1.1.0, sections 2.1.1 and 3.1).
/// A later block that wants more fails against the decoder's limit.
fn xz_dictionary(head: &[u8]) -> Option<u64> {
    const STREAM_HEADER: usize = 12;
    const LZMA2: u64 = 0x21;
    if !head.starts_with(b"\xfd7zXZ\0") {
        return None;
    }
    let block = head.get(STREAM_HEADER..)?;
    let size = usize::from(*block.first()?);
    if size == 0 {
        // The index: a stream without a block.
        return Some(0);
    }
    let flags = *block.get(1)?;
    let mut rest = block.get(2..(size + 1) * 4)?;
    if flags & 0x40 != 0 {
        vli(&mut rest)?;
    }
    if flags & 0x80 != 0 {
        vli(&mut rest)?;
    }
    for _ in 0..=flags & 3 {
        let filter = vli(&mut rest)?;
        let length = usize::try_from(vli(&mut rest)?).ok()?;
        let properties = rest.get(..length)?;
        rest = &rest[length..];
        if filter == LZMA2 {
            let bits = u32::from(*properties.first()?);
            return match bits {
                0..40 => Some(u64::from(2 | bits & 1) << (bits / 2 + 11)),
                40 => Some(u64::from(u32::MAX)),
                _ => None,
            };
        }
    }
    None
}

/// xz's integers of variable length: seven bits a byte, the lowest first, at most nine bytes.
fn vli(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for index in 0..9 {
        let (&byte, tail) = rest.split_first()?;
        *rest = tail;
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// The window of the first frame of a zstd stream (RFC 8878, section 3.1.1.1).
fn zstd_window(head: &[u8]) -> Option<u64> {
    let frame = head.strip_prefix(b"\x28\xb5\x2f\xfd")?;
    let descriptor = *frame.first()?;
    if descriptor & 0x20 == 0 {
        let window = frame.get(1)?;
        let base = 1u64 << (10 + (window >> 3));
        return Some(base + base / 8 * u64::from(window & 7));
    }
    // A single segment: the content's size is the window.
    let skip = 1 + [0, 1, 2, 4][usize::from(descriptor & 3)];
    let width = [1, 2, 4, 8][usize::from(descriptor >> 6)];
    let size = frame.get(skip..skip + width)?;
    let size = size
        .iter()
        .rev()
        .fold(0, |sum, &byte| sum << 8 | u64::from(byte));
    Some(if width == 2 { size + 256 } else { size })
}

/// The dictionary of the old `.lzma` format: after one byte of properties, little-endian.
fn lzma_dictionary(head: &[u8]) -> Option<u64> {
    let bytes: [u8; 4] = head.get(1..5)?.try_into().ok()?;
    Some(u64::from(u32::from_le_bytes(bytes)))
}

/// A reader that may give so many bytes and fails beyond.
#[derive(Debug)]
pub(super) struct Bounded<R> {
    inner: R,
    limit: u64,
    left: u64,
}

impl<R> Bounded<R> {
    /// Lets `limit` bytes through.
    pub(super) fn new(inner: R, limit: u64) -> Self {
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
        self.left = self
            .left
            .checked_sub(read as u64)
            .ok_or_else(|| invalid(format!("it unpacks to more than {} MiB", self.limit >> 20)))?;
        Ok(read)
    }
}
