//! The outer archive of a package: ar(5) as deb(5) uses it, in one pass.

use std::io::{self, Read};

/// What begins every ar archive.
const MAGIC: &[u8; 8] = b"!<arch>\n";
/// Name 16, time 12, owner 6, group 6, mode 8, size 10, end 2; all text, padded with spaces.
const HEADER: usize = 60;

/// The outer archive does not hold.
#[derive(Debug, thiserror::Error)]
pub(super) enum ArError {
    /// The input cannot be read, or ends early.
    #[error("its ar archive cannot be read")]
    Read(#[from] io::Error),
    /// Not an ar archive.
    #[error("it is no ar archive")]
    Magic,
    /// The header after the member `.0` is none.
    #[error("its ar archive has no valid header after `{0}`")]
    Header(String),
}

/// Reads the members one after the other; it is itself the reader of the current one's content.
#[derive(Debug)]
pub(super) struct Ar<R> {
    inner: R,
    name: String,
    left: u64,
    padded: bool,
}

impl<R: Read> Ar<R> {
    /// Begins an archive.
    pub(super) fn open(mut inner: R) -> Result<Self, ArError> {
        let mut magic = [0; MAGIC.len()];
        inner
            .read_exact(&mut magic)
            .map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => ArError::Magic,
                _ => error.into(),
            })?;
        if magic != *MAGIC {
            return Err(ArError::Magic);
        }
        Ok(Self {
            inner,
            name: "!<arch>".into(),
            left: 0,
            padded: false,
        })
    }

    /// Skips what is left of the current member and begins the next: its name, without the slash
    /// that some writers end it with, and its size. `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<(String, u64)>, ArError> {
        io::copy(&mut *self, &mut io::sink())?;
        if self.padded {
            // deb(5) pads with a newline; which byte it is has no meaning, and the last member's
            // is left out by some writers.
            io::copy(&mut self.inner.by_ref().take(1), &mut io::sink())?;
        }
        let mut header = Vec::with_capacity(HEADER);
        self.inner
            .by_ref()
            .take(HEADER as u64)
            .read_to_end(&mut header)?;
        if header.is_empty() {
            return Ok(None);
        }
        let (name, size) =
            parse(&header).ok_or_else(|| ArError::Header(std::mem::take(&mut self.name)))?;
        self.left = size;
        self.padded = size % 2 == 1;
        self.name.clone_from(&name);
        Ok(Some((name, size)))
    }
}

impl<R: Read> Read for Ar<R> {
    /// Reads from the current member; an archive that ends within it is an error.
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let room = buf
            .len()
            .min(usize::try_from(self.left).unwrap_or(usize::MAX));
        if room == 0 {
            return Ok(0);
        }
        let read = self.inner.read(&mut buf[..room])?;
        if read == 0 {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                format!("`{}` ends {} bytes early", self.name, self.left),
            ));
        }
        self.left -= read as u64;
        Ok(read)
    }
}

/// The name and the size in a header.
fn parse(header: &[u8]) -> Option<(String, u64)> {
    if header.len() != HEADER || &header[58..] != b"`\n" {
        return None;
    }
    let name = header[..16].trim_ascii_end();
    let name = name.strip_suffix(b"/").unwrap_or(name);
    let plain = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
    let size = header[48..58].trim_ascii_end();
    // At most ten digits, so the sum fits.
    let size = (!size.is_empty() && size.iter().all(u8::is_ascii_digit)).then(|| {
        size.iter()
            .fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'))
    })?;
    plain.then(|| (String::from_utf8_lossy(name).into_owned(), size))
}
