//! An image that somebody made: a path, a stream, or a place in a registry.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Context, Error, OpsError};
use crate::distro;
use crate::fetch::registry::{ImageReference, looks_like_reference, pull};
use crate::image::{self, Found, SumKind};
use crate::model::Arch;
use crate::progress::Task;
use crate::store::scratch::ScratchDir;
use crate::tree::TreePath;

/// What a summary of an image is made from, beside package databases.
const ACCOUNTS: &[&[u8]] = &[b"etc/passwd", b"etc/group", b"etc/shadow"];

/// Where an image is, as a command line names it.
#[derive(Debug, Clone)]
pub enum ImageTarget {
    /// `-`, a tar or an archive.
    Stdin,
    /// A file or directory, and a tag where several are in it.
    Path(PathBuf, Option<String>),
    /// `docker://HOST/NAME:TAG`, or the same without the prefix.
    Registry(ImageReference),
}

impl ImageTarget {
    /// Reads a word of the command line. What is there as a file or directory is that; then what
    /// looks like a registry's; then `PATH:TAG`.
    ///
    /// # Errors
    /// When it is none of them.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text == "-" {
            return Ok(Self::Stdin);
        }
        let path = Path::new(text);
        if path.symlink_metadata().is_ok() {
            return Ok(Self::Path(path.into(), None));
        }
        if let Some((path, tag)) = text.rsplit_once(':')
            && !tag.contains('/')
            && Path::new(path).symlink_metadata().is_ok()
        {
            return Ok(Self::Path(path.into(), Some(tag.to_owned())));
        }
        if looks_like_reference(text) {
            return Ok(Self::Registry(text.parse()?));
        }
        Err(OpsError::NoTarget(text.to_owned()).into())
    }

    /// As messages name it.
    pub fn name(&self) -> String {
        match self {
            Self::Stdin => "stdin".into(),
            Self::Path(path, None) => path.display().to_string(),
            Self::Path(path, Some(tag)) => format!("{}:{tag}", path.display()),
            Self::Registry(reference) => reference.to_string(),
        }
    }
}

/// How an image is to be read.
#[derive(Clone, Copy, Default)]
pub(super) struct Reading<'a> {
    /// Only this architecture.
    pub(super) arch: Option<Arch>,
    /// Which digests beside SHA-256 are made of files.
    pub(super) sums: Option<SumKind>,
    /// Further contents that are kept.
    pub(super) also: Option<&'a (dyn Fn(&TreePath) -> bool + Sync)>,
}

/// An image that is at hand: it can be read more than once, unless it is a stream.
pub(super) struct Opened<'a> {
    name: String,
    place: Place<'a>,
    /// What was pulled from a registry; vanishes with it.
    _pulled: Option<ScratchDir>,
}

enum Place<'a> {
    Path(PathBuf, Option<String>),
    Stream(Box<dyn Read + Send + 'a>),
}

/// Brings the image near: what is in a registry is pulled.
pub(super) fn open<'a>(
    cx: &Context<'_>,
    target: &ImageTarget,
    arch: Option<Arch>,
    stdin: &'a mut (dyn Read + Send),
) -> Result<Opened<'a>, Error> {
    let name = target.name();
    let (place, pulled) = match target {
        ImageTarget::Stdin => (Place::Stream(Box::new(stdin)), None),
        ImageTarget::Path(path, tag) => (at_path(path, tag.as_deref())?, None),
        ImageTarget::Registry(reference) => {
            let scratch = cx.store.scratch_dir()?;
            let layout = scratch.path().join("image");
            pull(cx.network, cx.progress, reference, arch, &layout)?;
            (Place::Path(layout, None), Some(scratch))
        }
    };
    Ok(Opened {
        name,
        place,
        _pulled: pulled,
    })
}

/// What lies at a path: a pipe can be read once, as stdin.
fn at_path<'a>(path: &Path, tag: Option<&str>) -> Result<Place<'a>, Error> {
    let again = match fs_err::metadata(path) {
        Ok(meta) => meta.is_file() || meta.is_dir(),
        // Whoever reads it says why it cannot be read.
        Err(_) => true,
    };
    if again {
        return Ok(Place::Path(path.to_owned(), tag.map(str::to_owned)));
    }
    let file = fs_err::File::open(path).map_err(OpsError::file("read", path))?;
    Ok(Place::Stream(Box::new(file)))
}

impl Opened<'_> {
    /// Whether it can be read once only.
    pub(super) fn is_stream(&self) -> bool {
        matches!(self.place, Place::Stream(_))
    }

    /// Reads and hashes all of it. The contents that package databases and summaries are made from
    /// are kept.
    pub(super) fn read(&mut self, cx: &Context<'_>, how: Reading<'_>) -> Result<Found, Error> {
        let keep = |path: &TreePath, _size: u64| {
            ACCOUNTS.contains(&path.as_bytes())
                || distro::ALL.iter().any(|distro| distro.reads(path))
                || how.also.is_some_and(|also| also(path))
        };
        let task = cx.progress.begin(Task::Read {
            name: &self.name,
            size: None,
        });
        // Told in steps: a bar does not show single blocks.
        let waiting = AtomicU64::new(0);
        let advance = |bytes: u64| {
            if waiting.fetch_add(bytes, Ordering::Relaxed) + bytes >= STEP {
                cx.progress
                    .advance(task, waiting.swap(0, Ordering::Relaxed));
            }
        };
        // An archive that comes as a stream is read more than once.
        let scratch = match self.is_stream() {
            true => Some(cx.store.scratch_dir()?),
            false => None,
        };
        let scratch = scratch.as_ref().map_or(cx.store.root(), ScratchDir::path);
        let tag = match &self.place {
            Place::Path(_, tag) => tag.clone(),
            Place::Stream(_) => None,
        };
        let options = image::Options {
            arch: how.arch,
            tag: tag.as_deref(),
            keep: &keep,
            sums: how.sums,
            threads: rayon::current_num_threads(),
            advance: &advance,
            scratch,
        };
        let found = match &mut self.place {
            Place::Path(path, _) => image::read_path(path, &options),
            Place::Stream(input) => image::read_stream(&mut **input, &options),
        };
        cx.progress.end(task);
        Ok(found?)
    }
}

/// How many bytes are told of at once.
const STEP: u64 = 4 << 20;
