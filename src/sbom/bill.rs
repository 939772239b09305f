//! What both formats say, before it is written in the words of one.

use std::collections::{BTreeMap, BTreeSet};

use super::location::location;
use super::purl::purl;
use super::{License, Subject};
use crate::lockfile::{LockedRepository, Output};
use crate::model::{Arch, Epoch, LockedPackage, Origin, Sha256};

/// The image for one architecture.
#[derive(Debug)]
pub(super) struct Image<'a> {
    /// The architecture.
    pub(super) arch: Arch,
    /// What it is called: with its architecture, where there are several.
    pub(super) name: String,
    /// What was recorded of it.
    pub(super) output: Option<&'a Output>,
    /// Sorted by name, each once.
    pub(super) items: Vec<Item<'a>>,
}

/// A package of an image.
#[derive(Debug)]
pub(super) struct Item<'a> {
    /// The package.
    pub(super) package: &'a LockedPackage,
    /// Its Package URL.
    pub(super) purl: String,
    /// Where its archive can be had by anybody.
    pub(super) location: Option<String>,
    /// Whether it is from an archive of its distribution, which then is its supplier.
    pub(super) is_official: bool,
    /// What it says of its licence.
    pub(super) license: Option<&'a License>,
    /// The layer that holds it, where that was recorded.
    pub(super) layer: Option<Sha256>,
    /// The packages of the image that it depends on or that it recommends, sorted.
    pub(super) needs: BTreeSet<&'a str>,
}

/// The images, sorted by architecture.
pub(super) fn images<'a>(subject: &Subject<'a>) -> Vec<Image<'a>> {
    let lockfile = subject.lockfile;
    let repositories = lockfile.repositories.iter();
    let repositories: BTreeMap<&str, &LockedRepository> =
        repositories.map(|one| (one.id.as_str(), one)).collect();
    let several = lockfile.packages.len() > 1;
    let images = lockfile.packages.iter().map(|(&arch, packages)| {
        let packages: BTreeMap<&str, &LockedPackage> = packages
            .iter()
            .map(|one| (one.name.as_str(), one))
            .collect();
        let output = lockfile.outputs.get(&arch);
        let items = packages.values().map(|package| {
            let layers = output.map_or(&[][..], |output| &output.layers);
            let layer = layers
                .iter()
                .find(|layer| layer.group == package.group.as_str());
            let edges = package.depends.iter().chain(&package.recommends);
            let edges = edges.map(|edge| edge.name.as_str());
            let repository = repositories.get(package.repository.as_str()).copied();
            let base = subject.bases.get(&package.repository);
            Item {
                package,
                purl: package_url(subject, package, repository),
                location: base.and_then(|base| location(base, &package.path)),
                is_official: repository.is_some_and(is_official),
                license: subject.licenses.get(&package.sha256),
                layer: layer.map(|layer| layer.diff_id),
                // A lockfile with an edge to nowhere does not fit; a document must hold all the same.
                needs: edges
                    .filter(|name| *name != package.name.as_str() && packages.contains_key(name))
                    .collect(),
            }
        });
        Image {
            arch,
            name: match several {
                true => format!("{} ({arch})", subject.name),
                false => subject.name.to_owned(),
            },
            output,
            items: items.collect(),
        }
    });
    images.collect()
}

impl Image<'_> {
    /// The digest that names it: of the image manifest, else of its configuration.
    pub(super) fn digest(&self) -> Option<Sha256> {
        let output = self.output?;
        Some(
            output
                .blobs
                .as_ref()
                .map_or(output.config, |blobs| blobs.digest),
        )
    }

    /// What names it among all images of its name: the digest, or what is locked for it where no
    /// image was recorded.
    pub(super) fn version(&self) -> String {
        match self.digest() {
            Some(digest) => digest.to_string(),
            None => locked(self.items.iter().map(|item| item.package)),
        }
    }

    /// Its Package URL, where its manifest was recorded.
    pub(super) fn purl(&self, subject: &Subject<'_>) -> Option<String> {
        let manifest = self.output?.blobs.as_ref()?.digest;
        Some(image_url(subject, manifest, self.arch.oci_architecture()))
    }

    /// What else was recorded of it. Trivy reads the first two under these names.
    pub(super) fn facts(&self) -> Vec<(&'static str, String)> {
        let Some(output) = self.output else {
            return Vec::new();
        };
        let mut facts = vec![("ImageID", output.config.to_string())];
        let layers = output.layers.iter();
        facts.extend(layers.map(|layer| ("DiffID", layer.diff_id.to_string())));
        facts
    }
}

/// The version of the distribution as its os-release has it, else its name without Alpine's `v`.
pub(super) fn os_version<'a>(subject: &Subject<'a>) -> &'a str {
    let release = subject.lockfile.release.as_str();
    let number = release.strip_prefix('v');
    let number = number.filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    subject.os_version.or(number).unwrap_or(release)
}

/// The supplier of what comes from the distribution's own archives: its name as a name.
pub(super) fn vendor(subject: &Subject<'_>) -> String {
    let mut letters = subject.purl_namespace.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// Whether any package is from the distribution's own archives.
pub(super) fn has_official(subject: &Subject<'_>) -> bool {
    subject.lockfile.repositories.iter().any(is_official)
}

/// The version of the index over several architectures, as [`Image::version`].
pub(super) fn index_version(subject: &Subject<'_>) -> String {
    match &subject.lockfile.index {
        Some(index) => index.digest.to_string(),
        None => locked(subject.lockfile.packages.values().flatten()),
    }
}

/// A name for a set of packages.
fn locked<'a>(packages: impl Iterator<Item = &'a LockedPackage>) -> String {
    let digests: BTreeSet<Sha256> = packages.map(|package| package.sha256).collect();
    let digest = Sha256::of_all(digests.iter().map(|digest| &digest.as_bytes()[..])).hex();
    format!("lock-{}", digest.get(..16).unwrap_or_default())
}

/// The Package URL of the index over several architectures, where it was recorded.
pub(super) fn index_url(subject: &Subject<'_>) -> Option<String> {
    let index = subject.lockfile.index.as_ref()?;
    Some(image_url(subject, index.digest, ""))
}

/// The document's own time, within the years that its form can hold.
pub(super) fn created(subject: &Subject<'_>) -> String {
    /// The last second of the year 9999.
    const LAST: i64 = 253_402_300_799;
    Epoch(subject.created.0.clamp(0, LAST)).to_string()
}

const fn is_official(repository: &LockedRepository) -> bool {
    matches!(repository.origin, Origin::Archive(_))
}

fn image_url(subject: &Subject<'_>, digest: Sha256, arch: &str) -> String {
    purl(
        "oci",
        None,
        subject.name,
        &digest.to_string(),
        &[("arch", arch)],
    )
}

fn package_url(
    subject: &Subject<'_>,
    package: &LockedPackage,
    repository: Option<&LockedRepository>,
) -> String {
    let distro = format!("{}-{}", subject.lockfile.distro, os_version(subject));
    let source = &package.source;
    let upstream = match *source.name == *package.name.as_str() && source.version == package.version
    {
        true => String::new(),
        false => format!("{}@{}", source.name, source.version),
    };
    // What is not from the distribution's archives cannot be found by `distro` alone.
    let elsewhere = match repository {
        Some(repository) if !is_official(repository) => {
            let base = subject.bases.get(&repository.id);
            base.and_then(|base| location(base, "")).unwrap_or_default()
        }
        _ => String::new(),
    };
    purl(
        subject.purl_type,
        Some(subject.purl_namespace),
        package.name.as_str(),
        package.version.as_str(),
        &[
            ("arch", &package.arch),
            ("distro", &distro),
            ("repository_url", &elsewhere),
            ("upstream", &upstream),
        ],
    )
}
