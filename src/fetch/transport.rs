//! One URL, asked patiently: http, https or file.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::sync::{Mutex, PoisonError};

use super::blobs::causes;
use super::http::{Body, Http, Manner};
use super::retry::Pace;
use super::trouble::{Again, Trouble};
use super::url;
use crate::store::Partial;

/// Bytes at a time.
const CHUNK: usize = 64 << 10;

/// Asks URLs. Remembers which hosts cannot be reached.
#[derive(Debug)]
pub(super) struct Transport {
    offline: bool,
    pace: Pace,
    http: Http,
    /// Why no connection could be made, by scheme, host and port.
    unreachable: Mutex<BTreeMap<String, String>>,
}

impl Transport {
    pub(super) fn new(offline: bool, netrc: Option<&str>, pace: Pace) -> Self {
        Self {
            offline,
            pace,
            http: Http::new(netrc, pace),
            unreachable: Mutex::default(),
        }
    }

    /// Why a URL is not asked at all, if it is not.
    pub(super) fn refuses(&self, url: &str) -> Option<Trouble> {
        if !url::is_remote(url) {
            return None;
        }
        if self.offline {
            return Some(Trouble::outside(
                "it is not asked because of `--offline`",
                Again::Never,
            ));
        }
        let unreachable = self
            .unreachable
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let reason = unreachable.get(origin(url))?;
        Some(Trouble::outside(reason.clone(), Again::Never))
    }

    /// Reads a whole file of at most `max` bytes.
    pub(super) fn read(
        &self,
        url: &str,
        max: u64,
        advance: &mut dyn FnMut(u64),
    ) -> Result<Vec<u8>, Trouble> {
        self.read_in(Manner::default(), url, max, advance)
    }

    /// As [`Self::read`], asked in some manner.
    pub(super) fn read_in(
        &self,
        manner: Manner<'_>,
        url: &str,
        max: u64,
        advance: &mut dyn FnMut(u64),
    ) -> Result<Vec<u8>, Trouble> {
        self.ask(url, || {
            let deadline = self.pace.deadline(0);
            let mut body = self.open(url, 0, None, manner)?;
            let mut out = Vec::new();
            let mut chunk = vec![0; CHUNK];
            loop {
                let read = body.read(&mut chunk)?;
                if read == 0 {
                    break;
                }
                out.extend_from_slice(&chunk[..read]);
                advance(out.len() as u64);
                if out.len() as u64 > max {
                    return Err(Trouble::wrong(format!("it has more than {max} bytes")));
                }
                in_time(deadline)?;
            }
            match body.len {
                Some(len) if len != out.len() as u64 => Err(short(out.len() as u64, len)),
                _ => Ok(out),
            }
        })
    }

    /// Fills a partial blob up to exactly `size` bytes. Whether they are right is not looked at.
    pub(super) fn bring(
        &self,
        url: &str,
        partial: &mut Partial,
        size: u64,
        advance: &mut dyn FnMut(u64),
    ) -> Result<(), Trouble> {
        self.bring_in(Manner::default(), url, partial, size, advance)
    }

    /// As [`Self::bring`], asked in some manner.
    pub(super) fn bring_in(
        &self,
        manner: Manner<'_>,
        url: &str,
        partial: &mut Partial,
        size: u64,
        advance: &mut dyn FnMut(u64),
    ) -> Result<(), Trouble> {
        let mut validator: Option<String> = None;
        let mut best = partial.len();
        self.ask(url, || {
            if partial.len() == size && size > 0 {
                return Ok(());
            }
            let fill = self.fill(manner, url, partial, size, &mut validator, advance);
            let advanced = partial.len() > best;
            best = best.max(partial.len());
            fill.map_err(|trouble| Trouble {
                advanced,
                ..trouble
            })
        })
    }

    fn fill(
        &self,
        manner: Manner<'_>,
        url: &str,
        partial: &mut Partial,
        size: u64,
        validator: &mut Option<String>,
        advance: &mut dyn FnMut(u64),
    ) -> Result<(), Trouble> {
        let disk = |error: io::Error| {
            let reason = format!("the store cannot be written: {error}");
            Trouble::outside(reason, Again::Never)
        };
        let deadline = self.pace.deadline(size - partial.len().min(size));
        let opened = self.open(url, partial.len(), validator.as_deref(), manner);
        if let Err(trouble) = &opened
            && trouble.again == Again::FromStart
        {
            partial.restart().map_err(disk)?;
        }
        let mut body = opened?;
        if body.start != partial.len() {
            partial.restart().map_err(disk)?;
        }
        validator.clone_from(&body.validator);
        match body.len.map(|len| body.start.saturating_add(len)) {
            Some(whole) if whole != size => return Err(other_size(&whole.to_string(), size)),
            _ => {}
        }
        let mut chunk = vec![0; CHUNK];
        loop {
            let read = body.read(&mut chunk)?;
            if read == 0 {
                break;
            }
            if partial.len() + read as u64 > size {
                partial.restart().map_err(disk)?;
                return Err(other_size(&format!("more than {size}"), size));
            }
            partial.write_all(&chunk[..read]).map_err(disk)?;
            advance(partial.len());
            in_time(deadline)?;
        }
        match partial.len() == size {
            true => Ok(()),
            // It ended in order, and its length was not announced.
            false if body.len.is_none() => Err(Trouble {
                again: Again::Soon,
                ..other_size(&partial.len().to_string(), size)
            }),
            false => Err(short(partial.len(), size)),
        }
    }

    /// Asks patiently, unless the URL is refused, and remembers a host that cannot be reached.
    fn ask<T>(&self, url: &str, once: impl FnMut() -> Result<T, Trouble>) -> Result<T, Trouble> {
        if let Some(refused) = self.refuses(url) {
            return Err(refused);
        }
        let asked = self.pace.patiently(once);
        if let Err(trouble) = &asked
            && trouble.unreachable
        {
            let mut unreachable = self
                .unreachable
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            unreachable.insert(origin(url).to_owned(), trouble.reason.clone());
        }
        asked
    }

    /// Opens a URL from byte `from` on, or from its beginning where it cannot do that.
    fn open(
        &self,
        url: &str,
        from: u64,
        validator: Option<&str>,
        manner: Manner<'_>,
    ) -> Result<Body<'_>, Trouble> {
        if url::is_remote(url) {
            return self.http.open(url, from, validator, manner);
        }
        let path = url::file_path(url).ok_or_else(|| {
            Trouble::outside("it is not a file URL of this machine", Again::Never)
        })?;
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                Trouble::absent("there is no such file")
            }
            _ => Trouble::outside(causes(&error), Again::Never),
        };
        let file =
            fs_err::File::open(path).map_err(|error| failed(io::Error::from(error.kind())))?;
        let meta = file.metadata().map_err(failed)?;
        if !meta.is_file() {
            return Err(Trouble::outside("it is not a regular file", Again::Never));
        }
        Ok(Body::of_file(file, meta.len()))
    }
}

/// Scheme, host and port of a URL.
fn origin(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url[start..].find('/').map_or(url.len(), |at| start + at);
    &url[..end]
}

fn in_time(deadline: std::time::Instant) -> Result<(), Trouble> {
    if std::time::Instant::now() > deadline {
        return Err(Trouble::outside("it is too slow", Again::Soon));
    }
    Ok(())
}

/// The connection ended before the announced length.
fn short(found: u64, needed: u64) -> Trouble {
    Trouble::outside(
        format!("the connection ended after {found} of {needed} bytes"),
        Again::Soon,
    )
}

/// The source has a file of another size.
fn other_size(found: &str, needed: u64) -> Trouble {
    Trouble::wrong(format!("it has {found} bytes where {needed} are needed"))
}
