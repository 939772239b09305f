//! The image of one architecture: from locked packages to layers, or straight from the store where
//! the same inputs made one before.

use std::fmt;

use super::cache;
use super::report::{BuiltImage, BuiltLayer};
use super::{Context, Error, OpsError, Project, running};
use crate::assemble::{self, AssembleError, AssembleRequest, Assembly, LoadedFiles, Packs};
use crate::distro::Wishes;
use crate::export::{Event, ExportError, Image, ImageLayer, PackedImage, Workshop};
use crate::lockfile::{Generated, Lockfile, Undone};
use crate::model::{
    Arch, Class, Epoch, Explain, GroupName, LockedPackage, PackageName, PackageRequest, PathRules,
    Version,
};
use crate::progress::{Task, TaskId};
use crate::tree::{Tree, merkle_root};

/// What the decoders of packages may use together, in bytes (DESIGN.md, "Speed, by design").
const DECODERS: u64 = 160 << 20;

/// What an image is made from.
#[derive(Clone, Copy)]
pub(super) struct Maker<'a> {
    pub(super) cx: &'a Context<'a>,
    pub(super) project: &'a Project,
    pub(super) lockfile: &'a Lockfile,
    /// The upper bound of every time, where there is one.
    pub(super) epoch: Option<Epoch>,
    pub(super) allow_outside: bool,
    /// Whether it is an error when something of a script is left undone.
    pub(super) require_configured: bool,
}

/// A finished image, and what is said of it.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub(super) built: BuiltImage,
    pub(super) generated: Vec<Generated>,
    pub(super) warnings: Vec<String>,
}

/// An image whose layers have no bytes yet.
pub(super) struct Assembled<'a> {
    arch: Arch,
    assembly: Assembly,
    contents: Packs<'a>,
    packages: Vec<(PackageName, Version)>,
}

/// What is wrong in a line of the manifest once the packages are known.
#[derive(Debug)]
struct InManifest {
    manifest: String,
    error: AssembleError,
}

impl fmt::Display for InManifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.manifest, self.error)
    }
}

impl std::error::Error for InManifest {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error.source()
    }
}

impl Explain for InManifest {
    fn class(&self) -> Class {
        self.error.class()
    }

    fn hint(&self) -> Option<String> {
        self.error.hint()
    }
}

impl<'a> Maker<'a> {
    fn packages(&self, arch: Arch) -> &'a [LockedPackage] {
        self.lockfile.packages.get(&arch).map_or(&[], Vec::as_slice)
    }

    /// `files:`, read from disk.
    pub(super) fn files(&self, arch: Arch) -> Result<LoadedFiles, Error> {
        // The pack behind those of the packages.
        let pack = u32::try_from(self.packages(arch).len()).unwrap_or(u32::MAX);
        let specs = &self.project.manifest.files;
        let root = &self.project.directory;
        let loaded = assemble::load(specs, root, self.allow_outside, self.cx.store, pack);
        loaded.map_err(|error| self.located(error))
    }

    /// An error with the manifest's name before its line, where it has one.
    fn located(&self, error: AssembleError) -> Error {
        match error {
            AssembleError::File { .. }
            | AssembleError::Outside { .. }
            | AssembleError::Source { .. } => InManifest {
                manifest: self.project.manifest_path.display().to_string(),
                error,
            }
            .into(),
            other => other.into(),
        }
    }

    /// Refuses what is left undone, where nothing may be.
    fn insist(&self, arch: Arch, undone: &[Undone]) -> Result<(), Error> {
        match undone.first() {
            Some(first) if self.require_configured => Err(OpsError::NotConfigured {
                arch: arch.to_string(),
                count: undone.len(),
                first: format!("{} of {}: {}", first.script, first.package, first.statement),
            }
            .into()),
            _ => Ok(()),
        }
    }

    /// Makes the layers' trees.
    pub(super) fn assemble(&self, arch: Arch, files: LoadedFiles) -> Result<Assembled<'a>, Error> {
        let cx = self.cx;
        let locked = self.packages(arch);
        let distro = self.project.distro;
        let packages: Vec<&LockedPackage> = locked.iter().collect();
        let threads = rayon::current_num_threads();
        let (unpacked, packs) =
            assemble::unpack_all(cx.store, distro, &packages, threads, DECODERS, cx.progress)?;
        let contents = packs.with_files(files.pack);
        let manifest = &self.project.manifest;
        let groups: Vec<GroupName> = manifest
            .groups
            .iter()
            .map(|group| group.name.clone())
            .collect();
        let requests: Vec<PackageRequest> = manifest
            .groups
            .iter()
            .flat_map(|group| group.packages())
            .filter(|request| request.applies_to(arch))
            .cloned()
            .collect();
        let excluded: Vec<PackageName> = manifest
            .groups
            .iter()
            .flat_map(|group| group.exclude())
            .cloned()
            .collect();
        let repositories = self.project.provenance(self.lockfile);
        let assembly = assemble::assemble(AssembleRequest {
            distro,
            release: &self.lockfile.release,
            arch,
            configure: self.lockfile.configure,
            groups: &groups,
            packages: locked.iter().zip(unpacked).collect(),
            contents: &contents,
            files,
            paths: manifest.paths.as_ref().unwrap_or(&PathRules::default()),
            accounts: &manifest.accounts,
            user: manifest.image.user.as_deref(),
            epoch: self.epoch,
            wishes: Wishes {
                requests: &requests,
                excluded: &excluded,
                repositories: &repositories,
            },
            runner: &|staged| running::run(cx, &contents, staged),
        });
        let assembly = assembly.map_err(|error| self.located(error))?;
        self.insist(arch, &assembly.undone)?;
        let packages = locked
            .iter()
            .map(|package| (package.name.clone(), package.version.clone()));
        Ok(Assembled {
            arch,
            assembly,
            contents,
            packages: packages.collect(),
        })
    }

    /// Makes the layers' blobs, unless the same inputs made them before and they are still there.
    pub(super) fn packed(&self, arch: Arch) -> Result<(PackedImage, Made), Error> {
        let files = self.files(arch)?;
        let key = cache::key(self, arch, &files);
        if let Some(known) = cache::load(self.cx.store, &key, arch, self.packages(arch))? {
            self.insist(arch, &known.1.built.undone)?;
            return Ok(known);
        }
        let assembled = self.assemble(arch, files)?;
        let compression = self.project.manifest.compression.unwrap_or_default();
        let packed =
            self.workshop(|workshop| workshop.pack(&assembled.image(self.project), compression))?;
        let layers = packed.layers.iter().map(|(name, blob)| BuiltLayer {
            name: name.clone(),
            diff_id: blob.diff.diff_id,
            size: blob.diff.size,
            digest: Some(blob.digest),
            compressed: Some(blob.size),
        });
        let mut made = assembled.made(layers.collect());
        let (_, tree, _) = assembled.merged();
        made.built.config = Some(packed.config.digest);
        made.built.manifest = Some(packed.manifest.digest);
        made.built.tree = Some(merkle_root(&tree));
        cache::save(self.cx.store, &key, &packed, &made)?;
        Ok((packed, made))
    }

    /// Exports something, and shows its layers.
    pub(super) fn workshop<T>(
        &self,
        export: impl FnOnce(&Workshop<'_>) -> Result<T, ExportError>,
    ) -> Result<T, Error> {
        let task = std::sync::Mutex::new(TaskId(0));
        let progress = self.cx.progress;
        let current = || {
            task.lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
        };
        let watch = |event: Event<'_>| match event {
            Event::Begin { layer, size } => {
                *current() = progress.begin(Task::Layer {
                    name: layer,
                    size: Some(size),
                });
            }
            Event::Advance(bytes) => progress.advance(*current(), bytes),
            Event::End => progress.end(*current()),
        };
        let workshop = Workshop {
            store: self.cx.store,
            threads: rayon::current_num_threads(),
            watch: &watch,
        };
        Ok(export(&workshop)?)
    }
}

impl<'p> Assembled<'p> {
    /// As exporting takes it.
    pub(super) fn image<'a>(&'a self, project: &'a Project) -> Image<'a> {
        let layers = self.assembly.layers.iter();
        Image {
            arch: self.arch,
            epoch: self.assembly.epoch,
            layers: layers
                .map(|layer| ImageLayer {
                    name: layer.name.to_string(),
                    tree: &layer.tree,
                })
                .collect(),
            config: &project.manifest.image,
            user: self.assembly.user.as_deref(),
            contents: &self.contents,
        }
    }

    /// The filesystem that its layers make together.
    pub(super) fn tree(&self) -> Tree {
        self.assembly.merged()
    }

    /// Its layers, lowest first.
    pub(super) fn layers(&self) -> &[assemble::Layer] {
        &self.assembly.layers
    }

    /// Its time.
    pub(super) fn epoch(&self) -> Epoch {
        self.assembly.epoch
    }

    /// Where the contents of its files lie.
    pub(super) fn contents(&self) -> &Packs<'p> {
        &self.contents
    }

    /// What is said of it, as far as it is known.
    pub(super) fn made(&self, layers: Vec<BuiltLayer>) -> Made {
        Made {
            built: BuiltImage {
                arch: self.arch,
                epoch: self.assembly.epoch,
                layers,
                config: None,
                manifest: None,
                tree: None,
                replaced: self.assembly.replaced.clone(),
                undone: self.assembly.undone.clone(),
                scripts: self.assembly.scripts.clone(),
                packages: self.packages.clone(),
            },
            generated: assemble::generated(&self.assembly.layers),
            warnings: self.assembly.warnings.clone(),
        }
    }

    /// The filesystem that its layers make together.
    pub(super) fn merged(self) -> (Made, Tree, Packs<'p>) {
        let made = self.made(Vec::new());
        (made, self.assembly.into_merged(), self.contents)
    }
}
