//! Decompression of a whole stream, by what its first bytes are.
//!
//! Guaranteed: a stream that is cut off inside compressed data, fails its own checksum, or goes on
//! with something else after its end is an error (zeros after gzip are padding); a decoder takes at
//! most [`MEMORY`] bytes; and however many empty members, frames and zeros there are, no more than
//! 64 MiB are read of what nothing comes out of.

use std::cell::Cell;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

use xz2::stream::{CONCATENATED, Stream};

use super::limits;

/// How many bytes tell the codecs apart, and zstd's window.
pub(super) const HEAD: usize = 32;
/// What a decoder may take: zstd's windows up to 128 MiB, which `zstd -d` accepts, and xz's
/// dictionaries up to about that.
const MEMORY: u64 = 160 << 20;
/// zstd's window as a power of two: 128 MiB.
const WINDOW_LOG: u32 = 27;
/// Of compressed bytes.
const BUFFER: usize = 64 << 10;

/// A failure of what is read, which no decoder is to blame for.
#[derive(Debug)]
pub(super) struct Origin(pub(super) io::Error);

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Origin {}

impl From<Origin> for io::Error {
    fn from(origin: Origin) -> Self {
        Self::new(origin.0.kind(), origin)
    }
}

/// How a stream is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    /// Not at all.
    Plain,
    Gzip,
    Zstd,
    Xz,
    Bzip2,
}

impl Codec {
    /// Of a stream that begins with `head`.
    pub(super) fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, 8, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            // A frame to be skipped, as pzstd begins with.
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            [b'B', b'Z', b'h', b'1'..=b'9', block @ ..]
                if block.starts_with(b"1AY&SY")
                    || block.starts_with(b"\x17\x72\x45\x38\x50\x90") =>
            {
                Self::Bzip2
            }
            _ => Self::Plain,
        }
    }

    /// About how many bytes a decoder takes for a stream that begins with `head`.
    pub(super) fn memory(self, head: &[u8]) -> u64 {
        match self {
            Self::Plain => 0,
            // Of what is in small members, too.
            Self::Gzip => 8 << 20,
            Self::Zstd => window(head).unwrap_or(1 << 23).min(1 << WINDOW_LOG),
            // The dictionary of `xz -9`; which one it is says only the block's header.
            Self::Xz => 64 << 20,
            Self::Bzip2 => 4 << 20,
        }
    }

    /// Decompresses `input`.
    pub(super) fn open<'a>(self, input: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
        let buffered = |input| BufReader::with_capacity(BUFFER, input);
        Ok(match self {
            Self::Plain => Box::new(input),
            Self::Gzip => Box::new(Gzip(Some(flate2::bufread::GzDecoder::new(buffered(input))))),
            Self::Zstd => {
                let mut decoder = zstd::Decoder::with_buffer(buffered(input))?;
                decoder.window_log_max(WINDOW_LOG)?;
                Box::new(decoder)
            }
            Self::Xz => {
                let stream = Stream::new_stream_decoder(MEMORY, CONCATENATED)?;
                Box::new(xz2::bufread::XzDecoder::new_stream(buffered(input), stream))
            }
            Self::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(buffered(input))),
        })
    }
}

/// The window that the first frame's header asks for (RFC 8878, 3.1.1.1).
fn window(head: &[u8]) -> Option<u64> {
    let rest = head.strip_prefix(&[0x28, 0xb5, 0x2f, 0xfd])?;
    let (&descriptor, rest) = rest.split_first()?;
    if descriptor & 0x20 == 0 {
        let &byte = rest.first()?;
        let base = 1u64 << (10 + u32::from(byte >> 3));
        return Some(base + base / 8 * u64::from(byte & 7));
    }
    // A single segment is as large as its content, whose size follows the dictionary's number.
    let rest = rest.get([0, 1, 2, 4][usize::from(descriptor & 3)]..)?;
    let width = 1 << (descriptor >> 6);
    let bytes = rest.get(..width)?;
    let size = bytes
        .iter()
        .rev()
        .fold(0, |sum, &byte| sum << 8 | u64::from(byte));
    Some(size + if width == 2 { 256 } else { 0 })
}

/// The members of a gzip file one after the other, as `gzip -d` reads them; nothing after the last.
struct Gzip<R>(Option<flate2::bufread::GzDecoder<R>>);

impl<R: BufRead> Read for Gzip<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.0 {
            let read = member.read(buf)?;
            if read > 0 || buf.is_empty() {
                return Ok(read);
            }
            let Some(mut rest) = self.0.take().map(flate2::bufread::GzDecoder::into_inner) else {
                break;
            };
            match rest.fill_buf()?.first() {
                None => {}
                Some(0) => only_zeros(rest)?,
                Some(_) => self.0 = Some(flate2::bufread::GzDecoder::new(rest)),
            }
        }
        Ok(0)
    }
}

/// Reads on to the end, which is padding.
fn only_zeros(mut rest: impl BufRead) -> io::Result<()> {
    loop {
        let bytes = rest.fill_buf()?;
        let length = bytes.len();
        if length == 0 {
            return Ok(());
        }
        if bytes.iter().any(|&byte| byte != 0) {
            let why = "something else follows the end of the compressed data";
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        rest.consume(length);
    }
}

/// How many compressed bytes were read.
#[derive(Debug, Default)]
pub(super) struct Packed {
    all: Cell<u64>,
    /// Since something came out of them.
    idle: Cell<u64>,
}

impl Packed {
    pub(super) const fn all(&self) -> u64 {
        self.all.get()
    }

    /// Something came out; how many went in so far.
    pub(super) fn came(&self) -> u64 {
        self.idle.set(0);
        self.all.get()
    }

    fn went(&self, bytes: u64) -> io::Result<()> {
        self.all.set(self.all.get() + bytes);
        self.idle.set(self.idle.get() + bytes);
        match self.idle.get() > limits::PADDING {
            true => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "more than 64 MiB of it hold nothing",
            )),
            false => Ok(()),
        }
    }
}

/// Counts what is read.
pub(super) struct Counted<'a, R> {
    inner: R,
    packed: &'a Packed,
    advance: &'a (dyn Fn(u64) + Sync),
}

impl<'a, R> Counted<'a, R> {
    pub(super) fn new(inner: R, packed: &'a Packed, advance: &'a (dyn Fn(u64) + Sync)) -> Self {
        Self {
            inner,
            packed,
            advance,
        }
    }
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buf)?;
        (self.advance)(read as u64);
        self.packed.went(read as u64)?;
        Ok(read)
    }
}

/// Reads until `buf` is full or the input ends; how many bytes.
pub(super) fn fill(input: &mut (impl Read + ?Sized), buf: &mut [u8]) -> io::Result<usize> {
    let mut at = 0;
    while let Some(rest) = buf.get_mut(at..)
        && !rest.is_empty()
    {
        match input.read(rest) {
            Ok(0) => break,
            Ok(read) => at += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn codecs_are_told_apart_by_their_first_bytes() {
        for (head, codec) in [
            (&b"\x1f\x8b\x08\0"[..], Codec::Gzip),
            (b"\x1f\x8b\x07\0", Codec::Plain),
            (b"\x28\xb5\x2f\xfd", Codec::Zstd),
            (b"\x5f\x2a\x4d\x18", Codec::Zstd),
            (b"\xfd7zXZ\0", Codec::Xz),
            (b"BZh91AY&SY", Codec::Bzip2),
            (b"BZh1\x17\x72\x45\x38\x50\x90", Codec::Bzip2),
            (b"BZh9.txt", Codec::Plain),
            (b"", Codec::Plain),
        ] {
            assert_eq!(Codec::of(head), codec, "{}", head.escape_ascii());
        }
    }

    #[test]
    fn what_nothing_comes_of_is_bounded() {
        let packed = Packed::default();
        let mut input = Counted::new(io::repeat(0), &packed, &|_| {});
        let mut read = |bytes| io::copy(&mut (&mut input).take(bytes), &mut io::sink());
        read(limits::PADDING).unwrap();
        assert_eq!(packed.came(), limits::PADDING);
        read(limits::PADDING).unwrap();
        let error = read(1).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert_eq!(packed.all(), 2 * limits::PADDING + 1);
    }

    #[test]
    fn zstd_says_how_large_its_window_is() {
        let bytes = vec![7; 3_000_000];
        for log in [20, 24, 27] {
            let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
            encoder.window_log(log).unwrap();
            encoder.write_all(&bytes).unwrap();
            let packed = encoder.finish().unwrap();
            assert_eq!(window(&packed), Some(1 << log), "{log}");
            assert_eq!(Codec::Zstd.memory(&packed), 1 << log);
        }
        for length in [1, 200, 300, 70_000] {
            let packed = zstd::bulk::compress(&bytes[..length], 1).unwrap();
            assert_eq!(window(&packed), Some(length as u64));
        }
        assert_eq!(window(b"\x28\xb5\x2f\xfd"), None);
    }

    #[test]
    fn a_window_over_the_bound_is_refused() {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(WINDOW_LOG + 1).unwrap();
        encoder.write_all(&[7; 1000]).unwrap();
        let packed = encoder.finish().unwrap();
        let mut decoder = Codec::Zstd.open(&packed[..]).unwrap();
        assert!(decoder.read_to_end(&mut Vec::new()).is_err());
    }

    #[test]
    fn a_dictionary_over_the_bound_is_refused() {
        let mut options = xz2::stream::LzmaOptions::new_preset(1).unwrap();
        options.dict_size(512 << 20);
        let mut filters = xz2::stream::Filters::new();
        filters.lzma2(&options);
        let stream = Stream::new_stream_encoder(&filters, xz2::stream::Check::Crc32).unwrap();
        let mut encoder = xz2::write::XzEncoder::new_stream(Vec::new(), stream);
        encoder.write_all(b"x").unwrap();
        let packed = encoder.finish().unwrap();
        let mut decoder = Codec::Xz.open(&packed[..]).unwrap();
        assert!(decoder.read_to_end(&mut Vec::new()).is_err());
    }
}
