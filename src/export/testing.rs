//! Contents for tests.

use std::io;

use crate::tree::Contents;

/// For trees whose contents are all inline.
pub(crate) struct NoPacks;

impl Contents for NoPacks {
    fn read_at(&self, pack: u32, _offset: u64, _buffer: &mut [u8]) -> io::Result<()> {
        Err(io::Error::other(format!("there is no pack {pack}")))
    }
}

/// Packs in memory.
pub(crate) struct Packs(pub(crate) Vec<Vec<u8>>);

impl Contents for Packs {
    fn read_at(&self, pack: u32, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let start = offset as usize;
        let bytes = self.0[pack as usize].get(start..start + buffer.len());
        buffer.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}
