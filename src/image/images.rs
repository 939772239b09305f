//! Images whose parts are known: all their layers are read, at once on all threads, and laid on one
//! another.

use std::collections::HashMap;
use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::decode::{Codec, Counted, HEAD, Packed, fill};
use super::documents::Described;
use super::files::{Files, Piece};
use super::layer::{Job, Tar};
use super::limits::{self, Budget};
use super::members::{self, Members};
use super::pipe::Stream;
use super::room::Room;
use super::stack::Stack;
use super::{Config, Image, ImageError, Layer, Options, Place};
use crate::model::{Arch, Class, Explain as _, HashingReader, HashingWriter, Sha256};

/// An image that is to be read.
#[derive(Debug)]
pub(super) struct Plan {
    arch: Option<Arch>,
    pub(super) manifest: Option<Sha256>,
    config: Config,
    pub(super) layers: Vec<LayerPlan>,
}

/// A layer that is to be read.
#[derive(Debug, Default)]
pub(super) struct LayerPlan {
    /// Where it is.
    pub(super) file: String,
    /// What the manifest says that it is.
    pub(super) blob: Option<Sha256>,
    pub(super) size: u64,
    /// What the configuration says that it is when decompressed.
    diff_id: Option<Sha256>,
    created_by: Option<String>,
}

impl Plan {
    /// An image of so many layers.
    pub(super) fn new(image: Described, layers: usize, place: &Place) -> Result<Self, ImageError> {
        if layers > limits::LAYERS {
            return Err(place.limit("layers", limits::LAYERS as u64));
        }
        let told = image.diff_ids.len();
        if told != layers {
            return Err(place.broken(format!(
                "has {layers} layers, and {told} in its configuration"
            )));
        }
        let layers = image
            .diff_ids
            .iter()
            .enumerate()
            .map(|(number, diff_id)| LayerPlan {
                diff_id: Some(*diff_id),
                created_by: image.created_by(number).map(Into::into),
                ..LayerPlan::default()
            });
        Ok(Self {
            arch: image.arch,
            manifest: None,
            layers: layers.collect(),
            config: image.config,
        })
    }

    /// Adds it to those found so far, of which each has another architecture.
    pub(super) fn join(self, plans: &mut Vec<Self>, place: &Place) -> Result<(), ImageError> {
        let same = plans.iter().any(|plan| plan.arch == self.arch);
        if !same {
            plans.push(self);
            return Ok(());
        }
        let arch = self.arch.map(|arch| arch.to_string());
        let arch = arch.unwrap_or_else(|| "no known architecture".into());
        Err(place.unsupported(format!("has more than one image for {arch}")))
    }

    /// What was found: at least one image; `others` were passed over.
    pub(super) fn sort(
        mut plans: Vec<Self>,
        wanted: Option<Arch>,
        mut others: Vec<String>,
        place: &Place,
    ) -> Result<Vec<Self>, ImageError> {
        if plans.is_empty() {
            others.sort();
            others.dedup();
            return Err(ImageError::NoArch {
                place: place.clone(),
                wanted: wanted.map_or_else(|| "linux".into(), |arch| arch.to_string()),
                found: others,
            });
        }
        plans.sort_by_key(|plan| plan.arch);
        Ok(plans)
    }
}

/// At most so many layers are read at once, for each has some megabytes under way.
const READERS: usize = 16;
/// At most so many threads digest the files of one layer: one digests the layer as a whole, and is
/// only some times as fast.
const HASHERS: usize = 8;

/// How many layers are read at once, and how many threads digest the files of each.
pub(super) fn share(threads: usize, layers: usize) -> (usize, usize) {
    let readers = threads.min(READERS).min(layers).max(1);
    (readers, threads.div_ceil(readers).clamp(1, HASHERS))
}

/// One layer to read.
struct Task<'a> {
    /// In the order in which failures are told.
    index: usize,
    /// Its number in its image.
    number: usize,
    plan: &'a LayerPlan,
    budget: &'a Budget,
    done: OnceLock<Result<Tar, ImageError>>,
}

/// What all tasks have in common.
struct Shared<'a> {
    files: &'a Files,
    options: &'a Options<'a>,
    room: Room,
    hashers: usize,
    /// The first task that failed: those after it need not be finished.
    failed: AtomicUsize,
}

/// Reads images.
pub(super) fn read(
    files: &Files,
    plans: Vec<Plan>,
    options: &Options<'_>,
) -> Result<Vec<Image>, ImageError> {
    let budgets: Vec<Budget> = plans.iter().map(|_| Budget::default()).collect();
    let mut tasks = Vec::new();
    for (plan, budget) in plans.iter().zip(&budgets) {
        for (number, plan) in plan.layers.iter().enumerate() {
            tasks.push(Task {
                index: tasks.len(),
                number,
                plan,
                budget,
                done: OnceLock::new(),
            });
        }
    }
    let (readers, hashers) = share(options.threads, tasks.len());
    let shared = Shared {
        files,
        options,
        room: Room::default(),
        hashers,
        failed: AtomicUsize::new(usize::MAX),
    };
    // The largest first, so that none is left over at the end.
    let mut queue: Vec<&Task<'_>> = tasks.iter().collect();
    queue.sort_by_key(|task| std::cmp::Reverse(task.plan.size));
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..readers {
            scope.spawn(|| {
                while let Some(task) = queue.get(next.fetch_add(1, Relaxed)) {
                    let result = shared.layer(task);
                    if result.is_err() {
                        shared.failed.fetch_min(task.index, Relaxed);
                    }
                    let _ = task.done.set(result);
                }
            });
        }
    });
    let done: Vec<_> = tasks
        .into_iter()
        .map(|task| task.done.into_inner())
        .collect();
    let mut done = done.into_iter();
    let plans = plans.into_iter().zip(&budgets);
    let images = plans.map(|(plan, budget)| image(plan, &mut done, budget, &files.place));
    images.collect()
}

/// Makes an image of its layers, which come next in `done`.
fn image(
    plan: Plan,
    done: &mut impl Iterator<Item = Option<Result<Tar, ImageError>>>,
    budget: &Budget,
    place: &Place,
) -> Result<Image, ImageError> {
    let mut stack = Stack::new(budget);
    let (mut layers, mut sums) = (Vec::new(), HashMap::new());
    for (number, (layer, tar)) in plan.layers.into_iter().zip(done).enumerate() {
        let place = place.layer(number, layer.blob);
        let mut tar = tar.unwrap_or_else(|| Err(place.broken("was not read")))?;
        stack.add(&mut tar.drafted, &place)?;
        sums.extend(tar.sums);
        let created_by = layer.created_by;
        let name = created_by
            .as_deref()
            .and_then(|by| by.strip_prefix("rootlock group "));
        layers.push(Layer {
            name: name.map(Into::into),
            created_by,
            blob: layer.blob,
            compressed: layer.size,
            diff_id: tar.digest,
            size: tar.size,
            tree: tar.drafted.tree,
            whiteouts: tar.drafted.whiteouts,
            oddities: tar.drafted.oddities,
        });
    }
    let (tree, sums) = stack.finish(&sums);
    Ok(Image {
        arch: plan.arch,
        manifest: plan.manifest,
        config: Some(plan.config),
        layers,
        tree,
        sums,
        skipped: Vec::new(),
        one_owner: None,
    })
}

impl Shared<'_> {
    /// Reads a layer, which must be what its image says.
    fn layer(&self, task: &Task<'_>) -> Result<Tar, ImageError> {
        let plan = task.plan;
        let place = self.files.place.layer(task.number, plan.blob);
        self.go_on(task, &place)?;
        let piece = match &plan.blob {
            Some(digest) => self.files.blob(digest, plan.size)?,
            None => self.files.open(&plan.file)?,
        };
        let lies = |what: &str, expected, found| ImageError::Digest {
            place: place.clone(),
            what: what.into(),
            expected,
            found,
        };
        match (self.decompress(task, &piece, &place), plan.blob) {
            (Ok((_, found)), Some(expected)) if found != expected => {
                Err(lies("the blob", expected, found))
            }
            (Ok((tar, _)), _) => match plan.diff_id {
                Some(expected) if tar.digest != expected => {
                    Err(lies("the tar", expected, tar.digest))
                }
                _ => Ok(tar),
            },
            // Damage shows in many ways; that the bytes are not the promised ones is the reason.
            (Err(error), Some(expected)) if error.class() == Class::Untrusted => {
                match digest(&piece, &place)? {
                    found if found != expected => Err(lies("the blob", expected, found)),
                    _ => Err(error),
                }
            }
            (Err(error), _) => Err(error),
        }
    }

    /// The tar, and the digest of what it was compressed to.
    fn decompress(
        &self,
        task: &Task<'_>,
        piece: &Piece,
        place: &Place,
    ) -> Result<(Tar, Sha256), ImageError> {
        let failed = |error| place.failed(error);
        let mut head = [0; HEAD];
        let length = fill(&mut piece.read(place), &mut head).map_err(failed)?;
        let head = head.get(..length).unwrap_or_default();
        let codec = Codec::of(head);
        let _room = self.room.take(codec.memory(head));
        let packed = Packed::default();
        let input = Counted::new(piece.read(place), &packed, self.options.advance);
        let meter = |more, all| {
            self.go_on(task, place)?;
            task.budget.unpacked(more, all, packed.came(), place)
        };
        let job = Job {
            place,
            budget: task.budget,
            options: self.options,
            pack: u32::try_from(task.number).unwrap_or(u32::MAX),
            layer: true,
            hashers: self.hashers,
        };
        if codec == Codec::Plain {
            let tar = job.read(&mut Stream::new(Box::new(input), place, &meter))?;
            let digest = tar.digest;
            return Ok((tar, digest));
        }
        let mut input = HashingReader::new(input);
        let decoder = match head.starts_with(members::HEADER) {
            true => Box::new(Members::new(&mut input)),
            false => codec.open(&mut input).map_err(failed)?,
        };
        let tar = job.read(&mut Stream::new(decoder, place, &meter))?;
        let (digest, read) = input.finish();
        match read == piece.size {
            true => Ok((tar, digest)),
            false => Err(place.broken("goes on after its end")),
        }
    }

    /// An error where an earlier layer failed: nobody will hear of it.
    fn go_on(&self, task: &Task<'_>, place: &Place) -> Result<(), ImageError> {
        match self.failed.load(Relaxed) < task.index {
            true => Err(place.broken("was not read")),
            false => Ok(()),
        }
    }
}

fn digest(piece: &Piece, place: &Place) -> Result<Sha256, ImageError> {
    let mut hashing = HashingWriter::new(io::sink());
    let copied = io::copy(&mut piece.read(place), &mut hashing);
    copied.map_err(|error| place.failed(error))?;
    Ok(hashing.finish().1)
}
