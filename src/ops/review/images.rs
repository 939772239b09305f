//! `diff` where a side is an image, a tar or a directory: packages by what is installed, and of two
//! images layers and paths.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use super::side::{Locked, Side};
use crate::distro::{self, Distro, Installed};
use crate::image::{Found, Image};
use crate::model::{Arch, PackageName, Sha256, Version};
use crate::ops::target::{self, ImageTarget, Reading};
use crate::ops::{Context, Error, OpsError};
use crate::tree::{self, Difference, Tree};

/// A package that one side has otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstalledChange {
    /// Its name.
    pub name: PackageName,
    /// Its architecture, in the distribution's words.
    pub arch: String,
    /// The source package, as it is now; of a removed one as it was.
    pub source: String,
    /// The version before.
    pub from: Option<Version>,
    /// The version now.
    pub to: Option<Version>,
    /// How the two compare.
    pub order: Ordering,
}

/// A layer of the new image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageLayerDiff {
    /// Its group, where its history says so.
    pub name: Option<String>,
    /// Of the uncompressed tar.
    pub diff_id: Sha256,
    /// What is sent of it, in bytes.
    pub size: u64,
    /// Whether the old image has it not: then it is sent.
    pub new: bool,
}

/// What changed for one architecture.
#[derive(Debug, Clone)]
pub struct ImageArchDiff {
    /// The architecture, where it is known.
    pub arch: Option<Arch>,
    /// Packages, by name.
    pub packages: Vec<InstalledChange>,
    /// Of two images: the new one's layers, lowest first.
    pub layers: Vec<ImageLayerDiff>,
    /// Of two filesystems: their paths.
    pub paths: Vec<Difference>,
    /// The image IDs, where both have one.
    pub configs: Option<(Sha256, Sha256)>,
}

/// The answer of `diff` about images.
#[derive(Debug, Clone)]
pub struct ImageDiffReport {
    /// What was before, for messages.
    pub from: String,
    /// What is now.
    pub to: String,
    /// By architecture.
    pub arches: Vec<ImageArchDiff>,
    /// Architectures that only one side has.
    pub lonely: Vec<Arch>,
}

impl ImageDiffReport {
    /// Whether nothing differs.
    pub fn equal(&self) -> bool {
        let same = |diff: &ImageArchDiff| {
            let config = diff.configs.is_none_or(|(from, to)| from == to);
            let layers = diff.layers.iter().all(|layer| !layer.new);
            config && layers && diff.packages.is_empty() && diff.paths.is_empty()
        };
        self.lonely.is_empty() && self.arches.iter().all(same)
    }
}

/// One package of a side.
struct One {
    version: Version,
    source: String,
    distro: &'static dyn Distro,
}

/// The packages of one architecture of a side, by name and architecture.
type Packages = BTreeMap<(PackageName, String), One>;

/// One architecture of a side.
struct Part {
    packages: Packages,
    image: Option<Image>,
}

/// A side, read.
struct Contents {
    name: String,
    parts: Vec<(Option<Arch>, Part)>,
}

/// Compares two sides of which one at least is an image.
pub(super) fn compare(
    cx: &Context<'_>,
    from: Side,
    to: Side,
    stdin: &mut (dyn Read + Send),
) -> Result<ImageDiffReport, Error> {
    let from = read(cx, from, stdin)?;
    let to = read(cx, to, stdin)?;
    let mut lonely = BTreeSet::new();
    let mut arches = Vec::new();
    // A filesystem that does not say what it is for is compared with the only part of the other.
    let alone = from.parts.len() == 1 && to.parts.len() == 1;
    let fits = |a: Option<Arch>, b: Option<Arch>| match (a, b) {
        (Some(a), Some(b)) => a == b,
        _ => alone,
    };
    for (arch, old) in &from.parts {
        match to.parts.iter().find(|(other, _)| fits(*arch, *other)) {
            Some((other, new)) => arches.push(part(arch.or(*other), old, new)),
            None => lonely.extend(*arch),
        }
    }
    for (arch, _) in &to.parts {
        if !from.parts.iter().any(|(other, _)| fits(*other, *arch)) {
            lonely.extend(*arch);
        }
    }
    if arches.is_empty() && lonely.is_empty() {
        return Err(OpsError::WhichArch.into());
    }
    Ok(ImageDiffReport {
        from: from.name,
        to: to.name,
        arches,
        lonely: lonely.into_iter().collect(),
    })
}

fn part(arch: Option<Arch>, old: &Part, new: &Part) -> ImageArchDiff {
    let images = old.image.as_ref().zip(new.image.as_ref());
    let layers = images.map(|(old, new)| layers(old, new));
    let config = |image: &Image| image.config.as_ref().map(|config| config.digest);
    ImageArchDiff {
        arch,
        packages: packages(&old.packages, &new.packages),
        layers: layers.unwrap_or_default(),
        paths: images
            .map(|(old, new)| tree::diff(&old.tree, &new.tree))
            .unwrap_or_default(),
        configs: images.and_then(|(old, new)| config(old).zip(config(new))),
    }
}

fn packages(old: &Packages, new: &Packages) -> Vec<InstalledChange> {
    let keys: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    let change = |key: &(PackageName, String)| {
        let (was, is) = (old.get(key), new.get(key));
        let one = is.or(was)?;
        let order = match (was, is) {
            (Some(was), Some(is)) if was.version == is.version => return None,
            (Some(was), Some(is)) => is.distro.compare(&was.version, &is.version),
            (None, _) => Ordering::Less,
            (_, None) => Ordering::Greater,
        };
        Some(InstalledChange {
            name: key.0.clone(),
            arch: key.1.clone(),
            source: one.source.clone(),
            from: was.map(|was| was.version.clone()),
            to: is.map(|is| is.version.clone()),
            order,
        })
    };
    keys.into_iter().filter_map(change).collect()
}

fn layers(old: &Image, new: &Image) -> Vec<ImageLayerDiff> {
    let known: BTreeSet<Sha256> = old.layers.iter().map(|layer| layer.diff_id).collect();
    let layer = |layer: &crate::image::Layer| ImageLayerDiff {
        name: layer.name.clone(),
        diff_id: layer.diff_id,
        size: if layer.blob.is_some() {
            layer.compressed
        } else {
            layer.size
        },
        new: !known.contains(&layer.diff_id),
    };
    new.layers.iter().map(layer).collect()
}

fn read(cx: &Context<'_>, side: Side, stdin: &mut (dyn Read + Send)) -> Result<Contents, Error> {
    match side {
        Side::Lock(locked) => Ok(of_lockfile(&locked)),
        Side::Image(target) => of_image(cx, &target, stdin),
    }
}

fn of_lockfile(locked: &Locked) -> Contents {
    let parts = locked.lockfile.packages.iter().map(|(arch, packages)| {
        let packages = packages.iter().map(|package| {
            let one = One {
                version: package.version.clone(),
                source: package.source.name.to_string(),
                distro: locked.distro,
            };
            ((package.name.clone(), package.arch.to_string()), one)
        });
        let part = Part {
            packages: packages.collect(),
            image: None,
        };
        (Some(*arch), part)
    });
    Contents {
        name: locked.name.clone(),
        parts: parts.collect(),
    }
}

fn of_image(
    cx: &Context<'_>,
    target: &ImageTarget,
    stdin: &mut (dyn Read + Send),
) -> Result<Contents, Error> {
    let mut opened = target::open(cx, target, None, stdin)?;
    let Found { images, .. } = opened.read(cx, Reading::default())?;
    let mut parts = Vec::new();
    for image in images {
        let (arch, packages) = installed(&image.tree)?;
        let part = Part {
            packages,
            image: Some(image),
        };
        let own = part.image.as_ref().and_then(|image| image.arch);
        parts.push((own.or(arch), part));
    }
    Ok(Contents {
        name: target.name(),
        parts,
    })
}

/// What all databases of a filesystem say.
fn installed(tree: &Tree) -> Result<(Option<Arch>, Packages), Error> {
    let mut packages = Packages::new();
    let mut arch = None;
    for distro in distro::ALL {
        let Some(Installed {
            packages: found,
            arch: own,
            ..
        }) = distro.installed(tree)?
        else {
            continue;
        };
        arch = arch.or(own);
        packages.extend(found.into_iter().map(|package| {
            let one = One {
                version: package.version,
                source: package.source.name.to_string(),
                distro: *distro,
            };
            ((package.name, package.arch.to_string()), one)
        }));
    }
    Ok((arch, packages))
}
