//! Finding out what a target is, and reading it so.
//!
//! What makes an archive of images is in `top`. A file is looked through for it before anything else is
//! read. Of a stream the first entry decides: if it could belong to an archive of images, all is put
//! aside and then looked through; so a filesystem is read while it streams. What turns out to be an
//! archive of images only then is decompressed once more, if it is a file; a pipe is refused.
//!
//! An archive that is both OCI's and Docker's, as newer versions of Docker write, is read as OCI's,
//! unless its index names what it does not hold.

use std::fs::File;
use std::io::{self, Read, Seek as _, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use super::decode::{Codec, Counted, HEAD, Origin, Packed, fill};
use super::files::Files;
use super::layer::Job;
use super::limits::{self, Budget};
use super::pipe::Stream;
use super::stack::Stack;
use super::tar::begins_tar;
use super::top::{Top, begins_images};
use super::{
    Form, Found, Image, ImageError, Layer, Listing, Options, Place, directory, docker, images, oci,
};
use crate::store::scratch;
use crate::tree::{Kind, Location, Tree, TreePath};

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
        if is_layout(path) {
            return read_layout(path, options);
        }
        no_tag(&place, options)?;
        let image = directory::read(path, &place, options)?;
        return Ok(filesystem(Form::Directory, image));
    }
    let mut file = File::open(path).map_err(failed)?;
    if !meta.is_file() {
        return stream(&mut file, Known::Nothing, &place, options);
    }
    let mut head = [0; PEEK];
    let length = read_front(&file, &mut head).map_err(failed)?;
    let head = head.get(..length).unwrap_or_default();
    if Codec::of(head) == Codec::Plain && begins_tar(head) {
        match Top::of(&file, &place) {
            Ok(top) => {
                let file = file.try_clone().map_err(failed)?;
                if let Some(found) = archive(file, top, &place, options)? {
                    return Ok(found);
                }
            }
            Err(error) if begins_images(head) => return Err(error),
            // Whoever reads the filesystem meets it too, and can say in which file.
            Err(_) => {}
        }
        return stream(&mut file, Known::Filesystem, &place, options);
    }
    match stream(&mut file, Known::Nothing, &place, options) {
        Err(ImageError::Late { .. }) => {
            file.rewind().map_err(failed)?;
            stream(&mut file, Known::Images, &place, options)
        }
        read => read,
    }
}

/// Whether `path` is a filesystem in a directory, which [`read_listing`] can read.
pub fn is_directory(path: &Path) -> bool {
    path.is_dir() && !is_layout(path)
}

/// Reads the filesystem in the directory `path` without the contents of files, but for those that are
/// kept: paths, rights and databases. Digests ([`Options::sums`]) are not made. An OCI layout is none
/// ([`is_directory`]), and would be read as one.
///
/// # Errors
/// As [`read_path`].
pub fn read_listing(path: &Path, options: &Options<'_>) -> Result<Listing, ImageError> {
    let place = Place::new(&path.display().to_string());
    no_tag(&place, options)?;
    directory::list(path, &place, options)
}

/// Whether a directory is an OCI layout, which may be damaged.
fn is_layout(path: &Path) -> bool {
    Top::with(|name| path.join(name).symlink_metadata().is_ok()).is_layout()
}

/// Reads a tar or an archive of images that comes as a stream.
///
/// # Errors
/// As [`read_path`].
pub fn read_stream(
    input: &mut (dyn Read + Send),
    options: &Options<'_>,
) -> Result<Found, ImageError> {
    let place = Place::new("standard input");
    stream(input, Known::Nothing, &place, options)
}

/// Reads a tar that is a filesystem, whatever lies in it.
///
/// # Errors
/// When it is cut off, malformed or beyond a bound.
pub fn read_filesystem(
    input: &mut (dyn Read + Send),
    options: &Options<'_>,
) -> Result<Found, ImageError> {
    let place = Place::new("the root");
    stream(input, Known::Filesystem, &place, options)
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

/// Reads an archive of images, which lies in a file; `None` where it is none.
fn archive(
    file: File,
    top: Top,
    place: &Place,
    options: &Options<'_>,
) -> Result<Option<Found>, ImageError> {
    if !top.is_layout() && !top.manifest {
        return Ok(None);
    }
    let files = Files::in_archive(file, place)?;
    let listed = || {
        let manifest = files.bytes("manifest.json", limits::INDEX);
        manifest.is_ok_and(|manifest| docker::lists(&manifest, |name| files.has(name)))
    };
    let docker = top.manifest && (!top.others || listed());
    if top.is_layout() {
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

/// What is known of a stream before it is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    Nothing,
    /// It was looked through.
    Filesystem,
    /// It was read once.
    Images,
}

/// Reads a tar that may be compressed and may be an archive of images.
fn stream(
    input: &mut dyn Read,
    known: Known,
    place: &Place,
    options: &Options<'_>,
) -> Result<Found, ImageError> {
    let failed = |error| place.failed(error);
    let packed = Packed::default();
    let mut input = Counted::new(Outside(input), &packed, options.advance);
    let mut head = [0; HEAD];
    let length = fill(&mut input, &mut head).map_err(failed)?;
    let head = head.get(..length).unwrap_or_default();
    let decoder = Codec::of(head).open(head.chain(input)).map_err(failed)?;
    let budget = Budget::default();
    let meter = |more, all| budget.unpacked(more, all, packed.came(), place);
    let mut stream = Stream::new(decoder, place, &meter);
    let front = stream.peek()?;
    if !begins_tar(front) {
        return Err(ImageError::Unknown {
            place: place.clone(),
        });
    }
    if known == Known::Images || known == Known::Nothing && begins_images(front) {
        let spooled = spool(&mut stream, place, options)?;
        let file = || {
            spooled
                .as_file()
                .try_clone()
                .map_err(|error| unspooled(error, place, options))
        };
        let top = Top::of(spooled.as_file(), place)?;
        if let Some(found) = archive(file()?, top, place, options)? {
            return Ok(found);
        }
        // A filesystem with such a name in it.
        let mut file = file()?;
        file.rewind()
            .map_err(|error| unspooled(error, place, options))?;
        let meter = |_, _| Ok(());
        let mut stream = Stream::new(Box::new(Outside(&mut file)), place, &meter);
        return tar(&mut stream, &packed, place, &budget, options);
    }
    if known == Known::Filesystem {
        return tar(&mut stream, &packed, place, &budget, options);
    }
    // To know in the end whether it is Docker's: nobody minds that it is kept.
    let keep = |path: &TreePath, size| {
        let manifest = path.as_bytes() == b"manifest.json" && size <= limits::INDEX;
        manifest || (options.keep)(path, size)
    };
    let keeping = Options {
        keep: &keep,
        ..*options
    };
    let found = tar(&mut stream, &packed, place, &budget, &keeping)?;
    match found.images.iter().any(|image| holds_images(&image.tree)) {
        true => Err(ImageError::Late {
            place: place.clone(),
        }),
        false => Ok(found),
    }
}

/// Whether what was read as a filesystem is an archive of images.
fn holds_images(tree: &Tree) -> bool {
    let has = |name: &str| tree.nodes.contains_key(name.as_bytes());
    let top = Top::with(has);
    let manifest = tree.nodes.get(&b"manifest.json"[..]).map(|node| &node.kind);
    let docker = match manifest {
        Some(Kind::File(blob)) => match &blob.at {
            Location::Inline(bytes) => docker::lists(bytes, has),
            Location::Pack { .. } => false,
        },
        _ => false,
    };
    top.is_layout() || docker
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
    packed: &Packed,
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
    if tree.nodes.is_empty() {
        return Err(place.empty());
    }
    let layer = Layer {
        name: None,
        created_by: None,
        blob: None,
        compressed: packed.all(),
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
