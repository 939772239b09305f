//! A manifest with the files that belong to it.

use std::io;
use std::path::{Path, PathBuf};

use super::{Error, OpsError};
use crate::distro::{self, Distro, Provenance};
use crate::lockfile::{self, LockedRepository, Lockfile};
use crate::manifest::{self, Manifest, ParseContext};
use crate::model::{Arch, Configure, Repository, Sha256};
use crate::store::atomic_write;

/// The manifest's name in a directory.
const MANIFEST: &str = "rootfs.yaml";
/// The lockfile of [`MANIFEST`].
const LOCKFILE: &str = "rootfs.lock";
/// More than any manifest or lockfile; what is larger is not read.
const MAX_TEXT: u64 = 64 << 20;

/// A manifest on disk, read and valid, and where its lockfile is.
#[derive(Debug)]
pub struct Project {
    /// The manifest's path.
    pub manifest_path: PathBuf,
    /// The manifest's directory, absolute: what relative paths in it are relative to.
    pub directory: PathBuf,
    /// The manifest's text.
    pub text: String,
    /// What it says.
    pub manifest: Manifest,
    /// Its `repositories:` with their keys read; empty for the release's own.
    pub repositories: Vec<Repository>,
    /// The digest of its normal form.
    pub digest: Sha256,
    /// Its distribution.
    pub distro: &'static dyn Distro,
    /// The lockfile's path, whether or not it exists.
    pub lockfile_path: PathBuf,
}

impl Project {
    /// Opens `MANIFEST`: a file, or a directory that holds `rootfs.yaml`. `lockfile` is
    /// `--lockfile`.
    ///
    /// # Errors
    /// When it cannot be read, is not valid, or asks for what this version lacks.
    pub fn open(manifest: &Path, lockfile: Option<&Path>) -> Result<Self, Error> {
        let path = Self::manifest_at(manifest);
        let bytes = read_file(&path)?.ok_or_else(|| OpsError::NoManifest(path.clone()))?;
        Self::read(path, &bytes, lockfile)
    }

    /// The manifest that `path` means.
    pub(super) fn manifest_at(path: &Path) -> PathBuf {
        match path.is_dir() {
            // `rootfs.yaml` is what the user calls it, and messages begin with.
            true if path == Path::new(".") => MANIFEST.into(),
            true => path.join(MANIFEST),
            false => path.to_owned(),
        }
    }

    /// The same project with another text of its manifest.
    pub(super) fn with_text(&self, text: &str) -> Result<Self, Error> {
        let after = Self::read(self.manifest_path.clone(), text.as_bytes(), None)?;
        Ok(Self {
            lockfile_path: self.lockfile_path.clone(),
            ..after
        })
    }

    fn read(path: PathBuf, bytes: &[u8], lockfile: Option<&Path>) -> Result<Self, Error> {
        let manifest = reading(&path, |context| manifest::parse(bytes, context))?;
        // Parsing has refused what is not UTF-8.
        let text = String::from_utf8_lossy(bytes).into_owned();
        let absolute = std::path::absolute(&path).map_err(OpsError::file("find", &path))?;
        let directory = absolute.parent().unwrap_or(Path::new("/")).to_owned();
        let mut keys = |key: &Path| read_bounded(key);
        let repositories = manifest.repositories(&directory, &mut keys)?;
        let digest = manifest.digest(&repositories);
        let lockfile_path = match (lockfile, &manifest.lockfile) {
            (Some(given), _) => given.to_owned(),
            (None, Some(named)) => beside(&path, Path::new(named)),
            (None, None) if path.file_name().is_some_and(|name| name == MANIFEST) => {
                path.with_file_name(LOCKFILE)
            }
            (None, None) => path.with_extension("lock"),
        };
        if lockfile_path == path {
            return Err(OpsError::OneFile(path).into());
        }
        let Some(distro) = distro::by_name(&manifest.distro) else {
            return Err(OpsError::Unsupported {
                what: format!("`distro: {}`", manifest.distro),
                hint: "this version locks and builds `distro: debian` and `distro: alpine`".into(),
            }
            .into());
        };
        Ok(Self {
            manifest_path: path,
            directory,
            text,
            manifest,
            repositories,
            digest,
            distro,
            lockfile_path,
        })
    }

    /// The manifest's file name.
    pub fn manifest_name(&self) -> String {
        file_name(&self.manifest_path)
    }

    /// The lockfile's file name.
    pub fn lockfile_name(&self) -> String {
        file_name(&self.lockfile_path)
    }

    /// The lockfile's text, where there is one.
    pub(super) fn lockfile_text(&self) -> Result<Option<Vec<u8>>, Error> {
        Ok(read_file(&self.lockfile_path)?)
    }

    /// The lockfile, which must be there and whole.
    ///
    /// # Errors
    /// When it is not, or a package in it is outside the distribution's grammar.
    pub fn lockfile(&self) -> Result<Lockfile, Error> {
        let text = self
            .lockfile_text()?
            .ok_or_else(|| OpsError::NoLockfile(self.lockfile_path.clone()))?;
        let lockfile = lockfile::parse(&self.lockfile_path, &text)?;
        check(&self.lockfile_name(), self.distro, &lockfile)?;
        Ok(lockfile)
    }

    /// The lockfile, which must be of this manifest.
    ///
    /// # Errors
    /// As [`Project::lockfile`], and when it does not fit.
    pub fn fitting_lockfile(&self, host: Arch) -> Result<Lockfile, Error> {
        let lockfile = self.lockfile()?;
        let reasons = self.unfit(&lockfile, host);
        if !reasons.is_empty() {
            return Err(OpsError::Stale {
                lockfile: self.lockfile_name(),
                manifest: self.manifest_name(),
                reasons,
            }
            .into());
        }
        Ok(lockfile)
    }

    /// Why the lockfile does not fit, as sentences.
    pub(super) fn unfit(&self, lockfile: &Lockfile, host: Arch) -> Vec<String> {
        let arches = self.arches(Some(lockfile), host);
        let mut reasons = lockfile::unfit(lockfile, &self.digest, &arches)
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>();
        if self
            .manifest
            .configure
            .is_some_and(|mode| mode != lockfile.configure)
        {
            reasons.push("it has another `configure:`".into());
        }
        reasons
    }

    /// What is locked for: the manifest's architectures, else the lockfile's, else `host`.
    pub(super) fn arches(&self, lockfile: Option<&Lockfile>, host: Arch) -> Vec<Arch> {
        let mut arches = self.manifest.architectures.clone();
        if arches.is_empty() {
            arches = lockfile
                .map(|old| old.packages.keys().copied().collect())
                .unwrap_or_default();
        }
        if arches.is_empty() {
            arches.push(host);
        }
        arches.sort();
        arches.dedup();
        arches
    }

    /// `release:` of the manifest, or the distribution's default.
    pub(super) fn release(&self) -> &str {
        self.manifest
            .release
            .as_deref()
            .unwrap_or_else(|| self.distro.default_release())
    }

    /// The mode that a new lockfile has: `configure:` of the manifest, else the old lockfile's, else
    /// `native`.
    pub(super) fn configure(&self, old: Option<&Lockfile>) -> Configure {
        let wanted = self.manifest.configure;
        wanted
            .or_else(|| old.map(|old| old.configure))
            .unwrap_or(Configure::Native)
    }

    /// The locked repositories with what the manifest declares of them beside: their keys and tags,
    /// and where a relative URL leads to.
    pub(super) fn provenance(&self, lockfile: &Lockfile) -> Vec<Provenance> {
        let of = |locked: &LockedRepository| {
            let same = |new: &&Repository| {
                (&new.origin, &new.suite, &new.path)
                    == (&locked.origin, &locked.suite, &locked.path)
            };
            let repository = match self.repositories.iter().find(same) {
                Some(declared) => declared.clone(),
                // The release's own: a well-known archive.
                None => Repository {
                    id: locked.id.clone(),
                    origin: locked.origin.clone(),
                    base: String::new(),
                    suite: locked.suite.clone(),
                    components: Vec::new(),
                    path: locked.path.clone(),
                    priority: None,
                    keys: Vec::new(),
                    snapshot: locked.snapshot,
                    tag: None,
                    unsigned: locked.unsigned,
                    allow_expired: false,
                },
            };
            Provenance {
                repository,
                proof: locked.proof.clone(),
            }
        };
        lockfile.repositories.iter().map(of).collect()
    }

    /// Writes the lockfile, whole or not at all.
    pub(super) fn write_lockfile(&self, text: &str) -> Result<(), Error> {
        write(&self.lockfile_path, text)
    }

    /// Writes the manifest, whole or not at all.
    pub(super) fn write_manifest(&self) -> Result<(), Error> {
        write(&self.manifest_path, &self.text)
    }
}

/// A lockfile whose manifest is not at hand.
#[derive(Debug)]
pub(super) struct Alone {
    /// For messages.
    pub(super) name: String,
    /// What it holds.
    pub(super) lockfile: Lockfile,
    /// Its distribution.
    pub(super) distro: &'static dyn Distro,
}

impl Alone {
    /// Reads the text of a lockfile that is called `name`.
    pub(super) fn parse(name: String, text: &[u8]) -> Result<Self, Error> {
        let lockfile = lockfile::parse(Path::new(&name), text)?;
        let Some(distro) = distro::by_name(&lockfile.distro) else {
            return Err(OpsError::Unsupported {
                what: format!("`distro: {}`", lockfile.distro),
                hint: "use the version of rootlock that wrote the lockfile".into(),
            }
            .into());
        };
        check(&name, distro, &lockfile)?;
        Ok(Self {
            name,
            lockfile,
            distro,
        })
    }
}

/// The lockfile at `path`, which must be there.
pub(super) fn read_alone(path: &Path) -> Result<Alone, Error> {
    let text = read_file(path)?.ok_or_else(|| OpsError::NoLockfile(path.to_owned()))?;
    Alone::parse(path.display().to_string(), &text)
}

/// Refuses a lockfile with a package that is outside the distribution's grammar.
fn check(name: &str, distro: &dyn Distro, lockfile: &Lockfile) -> Result<(), Error> {
    for package in lockfile.packages.values().flatten() {
        distro.check(package).map_err(|reason| OpsError::Package {
            lockfile: name.to_owned(),
            package: package.name.to_string(),
            reason,
        })?;
    }
    Ok(())
}

/// Makes the directories above `path`.
pub(super) fn make_parents(path: &Path) -> Result<(), Error> {
    if let Some(parent) = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
    {
        fs_err::create_dir_all(parent).map_err(OpsError::file("create", parent))?;
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    make_parents(path)?;
    Ok(atomic_write(path, text.as_bytes())?)
}

/// Calls `read` with what reading the manifest at `path` needs to know.
pub(super) fn reading<T>(path: &Path, read: impl FnOnce(&ParseContext<'_>) -> T) -> T {
    // A package's version is semver: cargo refuses any other.
    let version = semver::Version::parse(env!("CARGO_PKG_VERSION"))
        .unwrap_or_else(|_| semver::Version::new(0, 0, 0));
    read(&ParseContext {
        file: &path.display().to_string(),
        version: &version,
        dialects: distro::DIALECTS,
    })
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}

/// `named`, relative to the directory of `file`.
fn beside(file: &Path, named: &Path) -> PathBuf {
    file.parent().unwrap_or(Path::new("")).join(named)
}

/// The bytes of a file, where it exists.
pub(super) fn read_file(path: &Path) -> Result<Option<Vec<u8>>, OpsError> {
    match read_bounded(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(OpsError::file("read", path)(error)),
    }
}

fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    let read = fs_err::File::open(path)?
        .take(MAX_TEXT + 1)
        .read_to_end(&mut bytes)?;
    if read as u64 > MAX_TEXT {
        return Err(io::Error::other("it has over 64 MiB"));
    }
    Ok(bytes)
}
