//! Finding out what a target is.
//!
//! A directory with `oci-layout` and `index.json` is an OCI layout, any other a filesystem. Everything
//! else is a tar, decompressed first where its first bytes say so. If the first entry could belong to
//! an archive of images, the whole is looked through for what makes one; so a filesystem is read
//! while it streams. An archive that is both OCI's and Docker's, as newer versions of Docker write,
//! is read as OCI's, unless its index names what it does not hold.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read, Seek as _, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use super::decode::{Codec, Counted, HEAD, Origin, fill};
use super::files::Files;
use super::layer::Job;
use super::limits::Budget;
use super::pipe::Stream;
use super::resolve::parts;
use super::stack::Stack;
use super::tar::{End, Headers, Kind, Slice, begins_tar, padded};
use super::{
    Form, Found, Image, ImageError, Layer, Options, Place, directory, docker, images, oci,
};
use crate::store::scratch;

/// Reads what is at `path`: a directory or a file of any kind that is known.
///
/// # Errors
/// When it is nothing that is understood, cannot be read, does not hold what it says, or is not as
/// `options` wants it.
#[allow(
    clippy::disallowed_methods,
    reason = "fs_err would name the path twice"
)]
pub fn read_path(path: &Path, options: &Options<'_>) -> Result<Found, ImageError> {
    let place = Place::new(&path.display().to_string());
    let failed = |source| ImageError::Read {
        place: place.clone(),
        source,
    };
    let meta = std::fs::metadata(path).map_err(failed)?;
    if meta.is_dir() {
        let has = |name: &str| path.join(name).symlink_metadata().is_ok();
        if has("oci-layout") && has("index.json") {
            return read_layout(path, options);
        }
        no_tag(&place, options)?;
        let image = directory::read(path, &place, options)?;
        return Ok(filesystem(Form::Directory, image));
    }
    let mut file = File::open(path).map_err(failed)?;
    if !meta.is_file() {
        return stream(&mut file, &place, options);
    }
    let mut head = [0; PEEK];
    let length = read_front(&file, &mut head).map_err(failed)?;
    let head = head.get(..length).unwrap_or_default();
    if Codec::of(head) == Codec::Plain
        && holds_images(head)
        && let Some(found) = archive(file.try_clone().map_err(failed)?, &place, options)?
    {
        return Ok(found);
    }
    stream(&mut file, &place, options)
}

/// Reads a tar or an archive of images that comes as a stream.
///
/// # Errors
/// As [`read_path`].
pub fn read_stream(
    input: &mut (dyn Read + Send),
    options: &Options<'_>,
) -> Result<Found, ImageError> {
    stream(input, &Place::new("standard input"), options)
}

/// Reads the OCI image layout in the directory `path`.
///
/// # Errors
/// As [`read_path`].
pub fn read_layout(path: &Path, options: &Options<'_>) -> Result<Found, ImageError> {
    let place = Place::new(&path.display().to_string());
    let files = Files::in_directory(path, &place);
    let layout = oci::read(&files, options)?;
    Ok(Found {
        form: Form::OciLayout,
        index: layout.index,
        images: images::read(&files, layout.plans, options)?,
    })
}

/// Enough for the first headers of a tar.
const PEEK: usize = 16 << 10;

fn read_front(file: &File, buf: &mut [u8]) -> io::Result<usize> {
    struct Front<'a>(&'a File, u64);
    impl Read for Front<'_> {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            let read = self.0.read_at(buf, self.1)?;
            self.1 += read as u64;
            Ok(read)
        }
    }
    fill(&mut Front(file, 0), buf)
}

/// Whether a tar that begins with `head` could be an archive of images.
fn holds_images(head: &[u8]) -> bool {
    let place = Place::new("");
    let headers = Headers {
        place: &place,
        budget: &Budget::default(),
        end: End::Digested,
    };
    let mut slice = Slice::new(head);
    while let Ok(Some(entry)) = headers.next(&mut slice) {
        let parts = parts(&entry.path).unwrap_or_default();
        if let Some(first) = parts.first() {
            return belongs(first);
        }
        if headers.pass(padded(entry.size), &mut slice).is_err() || entry.kind != Kind::Directory {
            break;
        }
    }
    false
}

/// Whether a name at the top could belong to an archive of images: what the layouts define, and
/// digests with what tools put before and after them.
fn belongs(name: &[u8]) -> bool {
    let known: [&[u8]; 6] = [
        b"blobs",
        b"oci-layout",
        b"index.json",
        b"manifest.json",
        b"repositories",
        // Jib's.
        b"config.json",
    ];
    if known.contains(&name) {
        return true;
    }
    let name = name.strip_prefix(b"sha256:").unwrap_or(name);
    let Some((digits, rest)) = name.split_at_checked(64) else {
        return false;
    };
    let rests: [&[u8]; 4] = [b"", b".json", b".tar", b".tar.gz"];
    digits.iter().all(u8::is_ascii_hexdigit) && rests.contains(&rest)
}

/// Reads an archive of images, which lies in a file; `None` where it is none.
fn archive(file: File, place: &Place, options: &Options<'_>) -> Result<Option<Found>, ImageError> {
    let files = Files::in_archive(file, place)?;
    let docker = files.has("manifest.json");
    if files.has("oci-layout") && files.has("index.json") {
        match oci::read(&files, options) {
            Err(ImageError::Absent { .. }) if docker => {}
            layout => {
                let layout = layout?;
                return Ok(Some(Found {
                    form: Form::OciArchive,
                    index: layout.index,
                    images: images::read(&files, layout.plans, options)?,
                }));
            }
        }
    }
    if !docker {
        return Ok(None);
    }
    let plans = docker::read(&files, options)?;
    Ok(Some(Found {
        form: Form::DockerArchive,
        index: None,
        images: images::read(&files, plans, options)?,
    }))
}

/// Reads a tar that may be compressed and may be an archive of images.
fn stream(input: &mut dyn Read, place: &Place, options: &Options<'_>) -> Result<Found, ImageError> {
    let failed = |error| place.failed(error);
    let packed = Cell::new(0);
    let mut input = Counted::new(Outside(input), &packed, options.advance);
    let mut head = [0; HEAD];
    let length = fill(&mut input, &mut head).map_err(failed)?;
    let head = head.get(..length).unwrap_or_default();
    let decoder = Codec::of(head).open(head.chain(input)).map_err(failed)?;
    let budget = Budget::default();
    let meter = |more, all| budget.unpacked(more, all, packed.get(), place);
    let mut stream = Stream::new(decoder, place, &meter);
    let front = stream.peek()?;
    if !begins_tar(front) {
        return Err(ImageError::Unknown {
            place: place.clone(),
        });
    }
    if holds_images(front) {
        let spooled = spool(&mut stream, place, options)?;
        let file = || {
            spooled
                .as_file()
                .try_clone()
                .map_err(|error| unspooled(error, place, options))
        };
        if let Some(found) = archive(file()?, place, options)? {
            return Ok(found);
        }
        // A filesystem with such a name in it.
        let mut file = file()?;
        file.rewind()
            .map_err(|error| unspooled(error, place, options))?;
        let meter = |_, _| Ok(());
        let mut stream = Stream::new(Box::new(Outside(&mut file)), place, &meter);
        return tar(&mut stream, packed.get(), place, &budget, options);
    }
    tar(&mut stream, 0, place, &budget, options).map(|mut found| {
        for layer in found.images.iter_mut().flat_map(|image| &mut image.layers) {
            layer.compressed = packed.get();
        }
        found
    })
}

/// What is read may fail without being to blame.
struct Outside<'a>(&'a mut dyn Read);

impl Read for Outside<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.read(buf) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Origin(error).into()),
                read => return read,
            }
        }
    }
}

fn unspooled(source: io::Error, place: &Place, options: &Options<'_>) -> ImageError {
    ImageError::Spool {
        place: place.clone(),
        directory: options.scratch.into(),
        source,
    }
}

/// Puts the whole stream into a file that vanishes.
fn spool(
    stream: &mut Stream<'_>,
    place: &Place,
    options: &Options<'_>,
) -> Result<scratch::ScratchFile, ImageError> {
    let failed = |error| unspooled(error, place, options);
    fs_err::create_dir_all(options.scratch).map_err(failed)?;
    let mut file = scratch::file_beside(&options.scratch.join("archive")).map_err(failed)?;
    while let Some(piece) = stream.piece(u64::MAX)? {
        file.write_all(&piece).map_err(failed)?;
    }
    Ok(file)
}

/// Reads a filesystem.
fn tar(
    stream: &mut Stream<'_>,
    compressed: u64,
    place: &Place,
    budget: &Budget,
    options: &Options<'_>,
) -> Result<Found, ImageError> {
    no_tag(place, options)?;
    let job = Job {
        place,
        budget,
        options,
        pack: 0,
        layer: false,
        hashers: images::share(options.threads, 1).1,
    };
    let mut read = job.read(stream)?;
    let mut stack = Stack::new(budget);
    stack.add(&mut read.drafted, place)?;
    let (tree, sums) = stack.finish(&read.sums);
    let layer = Layer {
        name: None,
        created_by: None,
        blob: None,
        compressed,
        diff_id: read.digest,
        size: read.size,
        tree: read.drafted.tree,
        whiteouts: Vec::new(),
        oddities: read.drafted.oddities,
    };
    let image = Image {
        arch: None,
        manifest: None,
        config: None,
        layers: vec![layer],
        tree,
        sums,
        skipped: Vec::new(),
        one_owner: None,
    };
    Ok(filesystem(Form::Tar, image))
}

fn filesystem(form: Form, image: Image) -> Found {
    Found {
        form,
        index: None,
        images: vec![image],
    }
}

/// A filesystem has no name.
fn no_tag(place: &Place, options: &Options<'_>) -> Result<(), ImageError> {
    match options.tag {
        None => Ok(()),
        Some(tag) => Err(ImageError::NoTag {
            place: place.clone(),
            tag: tag.into(),
            tags: Vec::new(),
        }),
    }
}
