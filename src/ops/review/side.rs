//! One side of a comparison: what a word of the command line stands for.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::super::{Error, OpsError, Project};
use super::{MAX_TEXT, ReviewError, git};
use crate::distro::{self, Distro};
use crate::lockfile::{self, Lockfile, has_markers};
use crate::model::GroupName;
use crate::ops::ImageTarget;

/// Of a file so many bytes decide what it is.
const SNIFFED: u64 = 64 << 10;
/// One side of a comparison.
#[derive(Debug)]
pub enum Side {
    /// A lockfile.
    Lock(Box<Locked>),
    /// An image, a tar or a directory.
    Image(ImageTarget),
}

/// A lockfile to compare, and what it is called.
#[derive(Debug)]
pub struct Locked {
    /// For messages: a path, or `@REF:PATH`.
    pub name: String,
    /// What it holds.
    pub lockfile: Lockfile,
    /// Its distribution.
    pub distro: &'static dyn Distro,
    /// The manifest that it is of, where that is at hand.
    pub project: Option<Project>,
}

/// Where the lockfile lies that is compared with where nothing else is named.
#[derive(Debug)]
pub(super) struct Current {
    /// Its manifest; without one, a `rootfs.lock` stands for itself.
    project: Option<Project>,
    path: PathBuf,
}

impl Current {
    /// Of `MANIFEST`, with `--lockfile` where that was given.
    pub(super) fn find(manifest: &Path, lockfile: Option<&Path>) -> Result<Self, Error> {
        let absent = !Project::manifest_at(manifest).exists();
        let alone = lockfile.map(Path::to_owned).or_else(|| {
            let beside = Project::manifest_at(manifest).with_extension("lock");
            beside.exists().then_some(beside)
        });
        if let (true, Some(path)) = (absent, alone) {
            return Ok(Self {
                project: None,
                path,
            });
        }
        let project = Project::open(manifest, lockfile)?;
        Ok(Self {
            path: project.lockfile_path.clone(),
            project: Some(project),
        })
    }

    /// Of no manifest and no lockfile, where nothing is compared with it.
    pub(super) fn nowhere() -> Self {
        Self {
            project: None,
            path: PathBuf::new(),
        }
    }

    /// The groups of the manifest, lowest first.
    pub(super) fn groups(&self) -> Vec<GroupName> {
        let groups = self
            .project
            .iter()
            .flat_map(|project| &project.manifest.groups);
        groups.map(|group| group.name.clone()).collect()
    }

    /// The lockfile in the working tree.
    pub(super) fn side(self) -> Result<Side, Error> {
        match self.project {
            Some(project) => of_project(project),
            None => of_lockfile(&self.path),
        }
    }

    /// The lockfile of a commit: the one that `reference` names, else this one's.
    fn committed(&self, reference: &str, path: Option<&str>) -> Result<Side, Error> {
        let reference = if reference.is_empty() {
            "HEAD"
        } else {
            reference
        };
        let directory = self.path.parent().filter(|dir| !dir.as_os_str().is_empty());
        let here = Path::new(".");
        let (directory, inside) = match (path, self.path.file_name()) {
            (None, Some(name)) => (directory.unwrap_or(here), here.join(name)),
            (path, _) => (here, PathBuf::from(path.unwrap_or_default())),
        };
        let shown = path.map_or_else(|| self.path.clone(), PathBuf::from);
        let shown = shown.strip_prefix(".").unwrap_or(&shown).display();
        let name = format!("@{reference}:{shown}");
        let bytes = git::show(reference, directory, &inside)?;
        Ok(Side::Lock(Box::new(read(name, &bytes)?)))
    }
}

impl Side {
    /// What `word` stands for: `@REF` or `@REF:PATH`, a lockfile, a manifest or its directory, or an
    /// image.
    pub(super) fn open(word: &Path, current: &Current) -> Result<Self, Error> {
        let text = word.to_str();
        if let Some(name) = text.and_then(|text| text.strip_prefix('@'))
            && !word.exists()
        {
            return match name.split_once(':') {
                Some((reference, path)) => current.committed(reference, Some(path)),
                None => current.committed(name, None),
            };
        }
        if word.is_dir() {
            return match Project::manifest_at(word).exists() {
                true => of_project(Project::open(word, None)?),
                false => Ok(Self::Image(ImageTarget::Path(word.to_owned(), None))),
            };
        }
        // What is no file may be a tag of one, a registry's, or stdin.
        if !word.exists()
            && let Some(Ok(target)) = text.map(ImageTarget::parse)
        {
            return Ok(Self::Image(target));
        }
        match sniff(word)? {
            Kind::Lockfile => of_lockfile(word),
            Kind::Manifest => of_project(Project::open(word, None)?),
            Kind::Image => Ok(Self::Image(ImageTarget::Path(word.to_owned(), None))),
        }
    }

    /// The lockfile that it must be.
    pub(super) fn lock(self) -> Result<Box<Locked>, ReviewError> {
        match self {
            Self::Lock(locked) => Ok(locked),
            Self::Image(target) => Err(ReviewError::Image(target.name())),
        }
    }
}

enum Kind {
    Lockfile,
    Manifest,
    Image,
}

/// A lockfile has a line `lock:`, a manifest is other text, and an image is not text.
fn sniff(path: &Path) -> Result<Kind, Error> {
    let head = head(path, SNIFFED)?;
    let lock = |line: &[u8]| line.starts_with(b"lock:");
    let name = path
        .extension()
        .is_some_and(|extension| extension == "lock");
    Ok(match head.contains(&0) {
        true => Kind::Image,
        false if name || head.split(|&b| b == b'\n').any(lock) || has_markers(&head) => {
            Kind::Lockfile
        }
        false => Kind::Manifest,
    })
}

/// The first bytes of a file, which must be there.
fn head(path: &Path, most: u64) -> Result<Vec<u8>, Error> {
    let file = match fs_err::File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(OpsError::NoLockfile(path.to_owned()).into());
        }
        file => file.map_err(OpsError::file("read", path))?,
    };
    let mut bytes = Vec::new();
    file.take(most)
        .read_to_end(&mut bytes)
        .map_err(OpsError::file("read", path))?;
    Ok(bytes)
}

fn of_project(project: Project) -> Result<Side, Error> {
    Ok(Side::Lock(Box::new(Locked {
        name: shown(&project.lockfile_path),
        lockfile: project.lockfile()?,
        distro: project.distro,
        project: Some(project),
    })))
}

fn of_lockfile(path: &Path) -> Result<Side, Error> {
    let bytes = head(path, MAX_TEXT + 1)?;
    if bytes.len() as u64 > MAX_TEXT {
        let large = std::io::Error::other("it has over 64 MiB");
        return Err(OpsError::file("read", path)(large).into());
    }
    Ok(Side::Lock(Box::new(read(shown(path), &bytes)?)))
}

fn shown(path: &Path) -> String {
    path.strip_prefix(".").unwrap_or(path).display().to_string()
}

/// A lockfile without its manifest.
fn read(name: String, bytes: &[u8]) -> Result<Locked, Error> {
    let lockfile = lockfile::parse(Path::new(&name), bytes)?;
    let Some(distro) = distro::by_name(&lockfile.distro) else {
        return Err(OpsError::Unsupported {
            what: format!("`distro: {}`", lockfile.distro),
            hint: "use the version of rootlock that wrote the lockfile".into(),
        }
        .into());
    };
    for package in lockfile.packages.values().flatten() {
        distro.check(package).map_err(|reason| OpsError::Package {
            lockfile: name.clone(),
            package: package.name.to_string(),
            reason,
        })?;
    }
    Ok(Locked {
        name,
        lockfile,
        distro,
        project: None,
    })
}
