//! Gzip whose members are small, as rootlock and eStargz write it: whole members are decompressed
//! twice as fast as a stream.
//!
//! Where a member ends is known only when it is decompressed; it is taken to be where the next one
//! seems to begin. Whatever does not come out of that with the sum and the size that stand before
//! that place, and all that follows, goes to the ordinary decoder. One that hides more behind an end
//! that looks like another's is read short: so this is for streams whose digest is known.

use std::io::{self, Cursor, Read};

use libdeflater::Decompressor;
use memchr::memmem;

use super::decode::Codec;

/// How a member begins that has neither a name nor a time.
pub(super) const HEADER: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0";
/// The largest member, before and after, in bytes.
const MEMBER: usize = 4 << 20;
/// How much is read at once, in bytes.
const READ: usize = 256 << 10;

pub(super) struct Members<'a, R> {
    input: Option<R>,
    decompressor: Decompressor,
    /// Read and not decompressed.
    packed: Vec<u8>,
    plain: Vec<u8>,
    /// How much of it was taken.
    at: usize,
    /// What the rest is left to.
    ordinary: Option<Box<dyn Read + 'a>>,
}

impl<'a, R: Read + 'a> Members<'a, R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input: Some(input),
            decompressor: Decompressor::new(),
            packed: Vec::new(),
            plain: Vec::new(),
            at: 0,
            ordinary: None,
        }
    }

    /// Decompresses the next member, or leaves it and the rest to the ordinary decoder; false at the
    /// end.
    fn next(&mut self) -> io::Result<bool> {
        let length = self.length()?;
        if length == Some(0) {
            return Ok(false);
        }
        let member = length.and_then(|length| self.packed.get(..length));
        if let Some(member) = member
            && decompress(&mut self.decompressor, member, &mut self.plain).is_some()
        {
            self.packed.drain(..member.len());
            self.at = 0;
            return Ok(true);
        }
        self.plain.clear();
        if let Some(input) = self.input.take() {
            let rest = Cursor::new(std::mem::take(&mut self.packed)).chain(input);
            self.ordinary = Some(Codec::Gzip.open(rest)?);
        }
        Ok(true)
    }

    /// How long the next member is; `None` where it is too long.
    fn length(&mut self) -> io::Result<Option<usize>> {
        let mut searched = 1;
        loop {
            let rest = self.packed.get(searched..).unwrap_or_default();
            if let Some(next) = memmem::find(rest, HEADER) {
                return Ok(Some(searched + next));
            }
            if self.packed.len() > MEMBER {
                return Ok(None);
            }
            // A header may lie across the end.
            searched = self.packed.len().saturating_sub(HEADER.len() - 1).max(1);
            let Some(input) = &mut self.input else {
                return Ok(Some(self.packed.len()));
            };
            if input.take(READ as u64).read_to_end(&mut self.packed)? < READ {
                return Ok(Some(self.packed.len()).filter(|length| *length <= MEMBER));
            }
        }
    }
}

/// Decompresses a member that is the whole of `packed`; `None` where it is not.
fn decompress(decompressor: &mut Decompressor, packed: &[u8], plain: &mut Vec<u8>) -> Option<()> {
    let (_, size) = packed.split_last_chunk::<4>()?;
    let (_, sum) = packed.split_last_chunk::<8>()?;
    let (sum, _) = sum.split_first_chunk::<4>()?;
    let size = usize::try_from(u32::from_le_bytes(*size)).ok()?;
    if size > MEMBER {
        return None;
    }
    plain.resize(size, 0);
    let length = decompressor.gzip_decompress(packed, plain).ok()?;
    let same = length == size && libdeflater::crc32(plain) == u32::from_le_bytes(*sum);
    same.then_some(())
}

impl<'a, R: Read + 'a> Read for Members<'a, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(ordinary) = &mut self.ordinary {
                return ordinary.read(buf);
            }
            let read = self.plain.get(self.at..).unwrap_or_default().read(buf)?;
            self.at += read;
            if read > 0 || buf.is_empty() || !self.next()? {
                return Ok(read);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::testing::gzip;

    /// A member as rootlock writes it.
    fn member(bytes: &[u8]) -> Vec<u8> {
        let level = libdeflater::CompressionLvl::new(6).unwrap();
        let mut compressor = libdeflater::Compressor::new(level);
        let mut out = vec![0; compressor.gzip_compress_bound(bytes.len())];
        let length = compressor.gzip_compress(bytes, &mut out).unwrap();
        out.truncate(length);
        out
    }

    fn noise(length: usize) -> Vec<u8> {
        let mut state = 1u32;
        let noise = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        });
        noise.take(length).collect()
    }

    fn read(packed: &[u8]) -> io::Result<(Vec<u8>, bool)> {
        let mut members = Members::new(packed);
        let mut plain = Vec::new();
        members.read_to_end(&mut plain)?;
        Ok((plain, members.ordinary.is_none()))
    }

    #[test]
    fn small_members_are_read_fast_and_others_as_ever() {
        let (small, large) = (noise(1 << 20), noise(5 << 20));
        let named = flate2::GzBuilder::new()
            .filename("x")
            .write(Vec::new(), flate2::Compression::fast());
        let named = named.finish().unwrap();
        for (parts, fast) in [
            (vec![member(&small), member(b""), member(&small)], true),
            (vec![member(&small); 9], true),
            (vec![gzip(b"x")], true),
            (vec![member(&large)], false),
            (vec![member(&small), member(&large), member(&small)], false),
            (vec![member(&vec![0; 5 << 20])], false),
            (vec![member(&small), named], false),
            (vec![member(&small), vec![0; 512]], false),
        ] {
            let packed = parts.concat();
            let mut expected = Vec::new();
            let mut ordinary = Codec::Gzip.open(&packed[..]).unwrap();
            ordinary.read_to_end(&mut expected).unwrap();
            assert!(
                read(&packed).unwrap() == (expected, fast),
                "{} parts",
                parts.len()
            );
        }
    }

    #[test]
    fn damage_is_the_ordinary_decoder_s_to_tell() {
        let packed = [member(b"first"), member(b"second")].concat();
        for length in 0..packed.len() {
            let whole = length == 0 || length == member(b"first").len();
            assert_eq!(read(&packed[..length]).is_ok(), whole, "{length}");
        }
        for at in 0..packed.len() {
            let mut bytes = packed.clone();
            bytes[at] ^= 1;
            let mut ordinary = Vec::new();
            let expected = Codec::Gzip
                .open(&bytes[..])
                .unwrap()
                .read_to_end(&mut ordinary);
            match read(&bytes) {
                Ok((plain, _)) => assert!(expected.is_ok() && plain == ordinary, "{at}"),
                Err(_) => assert!(expected.is_err(), "{at}"),
            }
        }
    }
}
