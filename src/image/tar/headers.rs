//! From one header to the next, and to the very end.

use super::entry::{self, Ahead};
use super::pax::Pax;
use super::{BLOCK, End, Entry, Source, number, padded};
use crate::image::limits::{Budget, PADDING};
use crate::image::{ImageError, Place};
use crate::tar_values::PAX_HEADER;

/// The longest content of a GNU long name that is read; what is over Linux's 4095 is refused later.
const LONG_NAME: u64 = 64 << 10;

/// Reads headers one after the other.
pub(in crate::image) struct Headers<'a> {
    pub(in crate::image) place: &'a Place,
    pub(in crate::image) budget: &'a Budget,
    pub(in crate::image) end: End,
}

/// What a block is.
enum Read {
    Header(Box<tar::Header>),
    Zeros,
    End,
}

impl Headers<'_> {
    /// The next entry; `None` after the last, when the source was read to its end.
    pub(in crate::image) fn next(
        &self,
        source: &mut dyn Source,
    ) -> Result<Option<Entry>, ImageError> {
        let mut ahead = Ahead::default();
        loop {
            let header = match self.block(source)? {
                Read::Header(header) => header,
                Read::Zeros | Read::End if !ahead.is_empty() => {
                    let why = "ends with a header for an entry that is not there";
                    return Err(self.place.broken(why));
                }
                Read::Zeros => return self.after_zeros(source).map(|()| None),
                Read::End if self.end == End::Digested => return Ok(None),
                Read::End => {
                    let why = "has no end marker: it may have been cut off";
                    return Err(self.place.broken(why));
                }
            };
            self.budget.entry(self.place)?;
            let field = &header.as_old().size;
            let size = number::size(field).ok_or_else(|| self.bad(&header, "has no clear size"))?;
            match header.as_old().linkflag[0] {
                b'L' => self.long_name(&mut ahead.name, size, source)?,
                b'K' => self.long_name(&mut ahead.link, size, source)?,
                // Readers differ in whether the second adds to the first.
                b'x' if ahead.any => {
                    return Err(self.place.broken("has two pax headers for one entry"));
                }
                b'x' => {
                    let records =
                        self.content(size, PAX_HEADER, "bytes in a pax header", source)?;
                    ahead.pax.add(&records, self.place)?;
                    ahead.any = true;
                }
                b'g' => {
                    let records =
                        self.content(size, PAX_HEADER, "bytes in a pax header", source)?;
                    let mut pax = Pax::default();
                    pax.add(&records, self.place)?;
                    if !pax.only_remarks() {
                        let why =
                            "has a pax header for all entries, which readers take differently";
                        return Err(self.place.unsupported(why));
                    }
                }
                // The name of the volume, by `tar --label`.
                b'V' => self.pass(padded(size), source)?,
                _ => {
                    let offset = source.offset();
                    let entry = entry::read(&header, size, offset, ahead, self.place)?;
                    self.budget.names(entry::names(&entry), self.place)?;
                    return Ok(Some(entry));
                }
            }
        }
    }

    /// The content of an entry that nobody wants, and what fills its last block.
    pub(in crate::image) fn pass(
        &self,
        bytes: u64,
        source: &mut dyn Source,
    ) -> Result<(), ImageError> {
        match source.skip(bytes)? {
            true => Ok(()),
            false => Err(self.cut()),
        }
    }

    fn cut(&self) -> ImageError {
        self.place.broken("is cut off")
    }

    fn bad(&self, header: &tar::Header, why: &'static str) -> ImageError {
        self.place.entry(&header.path_bytes(), why)
    }

    fn block(&self, source: &mut dyn Source) -> Result<Read, ImageError> {
        let mut header = Box::new(tar::Header::new_old());
        let block = header.as_mut_bytes();
        match source.take(block)? as u64 {
            0 => return Ok(Read::End),
            BLOCK => {}
            _ => return Err(self.cut()),
        }
        if is_zero(block) {
            return Ok(Read::Zeros);
        }
        if !checksum_holds(block) {
            return Err(self.place.broken("has a tar header that is damaged"));
        }
        Ok(Read::Header(header))
    }

    /// Reads on past the first zero block, to the very end of the source.
    fn after_zeros(&self, source: &mut dyn Source) -> Result<(), ImageError> {
        let mut buffer = vec![0; 32 << 10];
        let mut zeros = BLOCK;
        loop {
            let read = source.take(&mut buffer)?;
            if read == 0 {
                return match zeros < 2 * BLOCK && self.end == End::Marked {
                    true => Err(self.cut()),
                    false => Ok(()),
                };
            }
            // What is no whole block is padding, too.
            let bytes = buffer.get(..read).unwrap_or_default();
            if bytes.iter().any(|&byte| byte != 0) {
                return Err(self.place.broken("goes on after its end"));
            }
            zeros += read as u64;
            if zeros > PADDING {
                let what = "bytes of zeros at its end";
                return Err(self.place.limit(what, PADDING));
            }
        }
    }

    /// The whole content of an extension header.
    fn content(
        &self,
        size: u64,
        limit: u64,
        what: &'static str,
        source: &mut dyn Source,
    ) -> Result<Vec<u8>, ImageError> {
        if size > limit {
            return Err(self.place.limit(what, limit));
        }
        let mut bytes = vec![0; size as usize];
        if source.take(&mut bytes)? != bytes.len() {
            return Err(self.cut());
        }
        self.pass(padded(size) - size, source)?;
        Ok(bytes)
    }

    /// Reads GNU's `L` or `K`: a name, and NULs after it.
    fn long_name(
        &self,
        into: &mut Option<Vec<u8>>,
        size: u64,
        source: &mut dyn Source,
    ) -> Result<(), ImageError> {
        let mut name = self.content(size, LONG_NAME, "bytes in a long name", source)?;
        let length = name
            .iter()
            .position(|&byte| byte == 0)
            .unwrap_or(name.len());
        name.truncate(length);
        if name.is_empty() {
            return Err(self.place.broken("has a long name that is empty"));
        }
        match into.replace(name) {
            None => Ok(()),
            Some(_) => Err(self.place.broken("has two long names for one entry")),
        }
    }
}

/// Whether `head` can be the beginning of a tar.
pub(in crate::image) fn begins_tar(head: &[u8]) -> bool {
    let block = head.first_chunk();
    block.is_some_and(|block| is_zero(block) || checksum_holds(block))
}

fn is_zero(block: &[u8; BLOCK as usize]) -> bool {
    block.iter().all(|&byte| byte == 0)
}

/// The sum of all bytes, with spaces in the place of the sum itself; some old tools took bytes for
/// signed.
fn checksum_holds(block: &[u8; BLOCK as usize]) -> bool {
    const FIELD: std::ops::Range<usize> = 148..156;
    let Some(stored) = block.get(FIELD).and_then(number::size) else {
        return false;
    };
    let bytes = || {
        let bytes = block.iter().enumerate();
        bytes.map(|(at, &byte)| if FIELD.contains(&at) { b' ' } else { byte })
    };
    let unsigned: u64 = bytes().map(u64::from).sum();
    let signed: i64 = bytes().map(|byte| i64::from(byte as i8)).sum();
    stored == unsigned || i64::try_from(stored) == Ok(signed)
}
