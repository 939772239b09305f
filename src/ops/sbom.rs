//! `sbom`: a lockfile in, its bill of materials out.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::fetch::bring;
use super::open::archives;
use super::project::make_parents;
use super::{Context, Error, OpsError, Project};
use crate::assemble::{self, MEMORY};
use crate::distro::Stated;
use crate::lockfile::Lockfile;
use crate::model::{Arch, Epoch, LockedPackage, Origin, Sha256};
use crate::sbom::{self, License, Subject};
use crate::store::atomic_write;
use crate::tree::{Contents, Kind, Node, TreePath};

/// `--format`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BillFormat {
    /// SPDX 2.3.
    Spdx,
    /// CycloneDX 1.6.
    CycloneDx,
}

/// Options of `sbom`.
#[derive(Debug, Clone)]
pub struct SbomOptions {
    /// `--format`
    pub format: BillFormat,
    /// Whether licences are read from the packages.
    pub licenses: bool,
    /// `-o`; absent is the report itself.
    pub output: Option<PathBuf>,
}

/// The answer of `sbom`.
#[derive(Debug, Clone)]
pub struct SbomReport {
    /// The JSON, indented, with a line end.
    pub text: String,
    /// Where it was written.
    pub output: Option<PathBuf>,
}

/// More than any copyright file; a longer one is not read.
const MAX_COPYRIGHT: u64 = 4 << 20;

/// Writes the bill of materials of the lockfile. It is a function of the lockfile and the packages
/// that it names.
///
/// # Errors
/// When the lockfile does not fit, a package that has a licence to tell cannot be had, or the output
/// cannot be written.
pub fn sbom(
    cx: &Context<'_>,
    project: &Project,
    options: &SbomOptions,
) -> Result<SbomReport, Error> {
    let lockfile = project.fitting_lockfile(cx.host)?;
    let licenses = match options.licenses {
        true => licenses(cx, project, &lockfile)?,
        false => BTreeMap::new(),
    };
    let bases = bases(&lockfile);
    // The newest thing that the lockfile knows of: the clock would make every bill another one.
    let dates = lockfile.repositories.iter().map(|one| one.proof.date);
    let created = dates.max().unwrap_or(Epoch::DIRECTORY);
    let release = project.distro.osv_release(&lockfile.release);
    let subject = Subject {
        name: &project.manifest.name,
        lockfile: &lockfile,
        purl_type: project.distro.purl_type(),
        purl_namespace: project.distro.purl_namespace(),
        os_version: release
            .as_deref()
            .map(|release| release.trim_start_matches('v')),
        supplier: project
            .manifest
            .image
            .labels
            .get("org.opencontainers.image.vendor")
            .map(String::as_str),
        tool_version: env!("CARGO_PKG_VERSION"),
        licenses: &licenses,
        bases: &bases,
        created,
    };
    let bill = match options.format {
        BillFormat::Spdx => sbom::spdx(&subject),
        BillFormat::CycloneDx => sbom::cyclonedx(&subject),
    };
    // Text, numbers and maps with string keys: writing them cannot fail.
    let mut text = serde_json::to_string_pretty(&bill).unwrap_or_default();
    text.push('\n');
    if let Some(path) = &options.output {
        make_parents(path)?;
        atomic_write(path, text.as_bytes())?;
    }
    Ok(SbomReport {
        text,
        output: options.output.clone(),
    })
}

/// What each package says of its licence, by the digest of its archive.
fn licenses(
    cx: &Context<'_>,
    project: &Project,
    lockfile: &Lockfile,
) -> Result<BTreeMap<Sha256, License>, Error> {
    let all = || lockfile.packages.values().flatten();
    let missing = all().filter(|package| !cx.store.has_sized(&package.sha256, package.size));
    let missing = missing.count();
    if missing > 0 && cx.network.offline {
        cx.progress.warn(&format!(
            "licences are left out: {missing} of the locked packages are not in the store, and \
             `--offline` forbids the network"
        ));
        return Ok(BTreeMap::new());
    }
    if missing > 0 {
        let arches: Vec<Arch> = lockfile.packages.keys().copied().collect();
        bring(cx, project, lockfile, &arches)?;
    }
    let mut packages: BTreeMap<Sha256, &LockedPackage> = BTreeMap::new();
    packages.extend(all().map(|package| (package.sha256, package)));
    let packages: Vec<&LockedPackage> = packages.into_values().collect();
    let distro = project.distro;
    let threads = rayon::current_num_threads();
    let (unpacked, packs) =
        assemble::unpack_all(cx.store, distro, &packages, threads, MEMORY, cx.progress)?;
    // A package may have its copyright file in the directory of another of the same lockfile.
    let mut shipped: BTreeMap<&TreePath, &Node> = BTreeMap::new();
    for unpacked in &unpacked {
        shipped.extend(unpacked.entries.iter().map(|(path, node)| (path, node)));
    }
    let mut out = BTreeMap::new();
    for (package, unpacked) in packages.iter().zip(&unpacked) {
        let license = match distro.license(package, &unpacked.control) {
            Stated::Field(text) => Some(sbom::license::of_apk(&text)),
            Stated::File(path) => content(&shipped, &path, &packs)?
                .and_then(|bytes| sbom::license::of_copyright(&bytes)),
            Stated::Nowhere => None,
        };
        out.extend(license.map(|license| (package.sha256, license)));
    }
    Ok(out)
}

/// The content of a packaged file, found through packaged links to it.
fn content(
    shipped: &BTreeMap<&TreePath, &Node>,
    path: &TreePath,
    contents: &dyn Contents,
) -> Result<Option<Vec<u8>>, Error> {
    let Some(place) = follow(shipped, path) else {
        return Ok(None);
    };
    let Some(Kind::File(blob)) = shipped.get(&place).map(|node| &node.kind) else {
        return Ok(None);
    };
    if blob.size > MAX_COPYRIGHT {
        return Ok(None);
    }
    let bytes = blob.read(contents);
    Ok(Some(bytes.map_err(OpsError::file(
        "read",
        std::path::Path::new(&path.to_string()),
    ))?))
}

/// Where a path lies once the packages' own links are followed.
fn follow(shipped: &BTreeMap<&TreePath, &Node>, path: &TreePath) -> Option<TreePath> {
    /// As the kernel's MAXSYMLINKS.
    const LINKS: usize = 40;
    let mut at = path.clone();
    'links: for _ in 0..LINKS {
        let parts: Vec<&[u8]> = at.parts().collect();
        for count in 1..=parts.len() {
            let prefix = TreePath::from_archive(&parts[..count].join(&b'/')).ok()??;
            let Some(Kind::Symlink(target)) = shipped.get(&prefix).map(|node| &node.kind) else {
                continue;
            };
            let from = match target.starts_with(b"/") {
                true => Vec::new(),
                false => parts[..count - 1].to_vec(),
            };
            let mut joined = from;
            for part in target
                .split(|&byte| byte == b'/')
                .chain(parts[count..].iter().copied())
            {
                match part {
                    b"" | b"." => {}
                    b".." => drop(joined.pop()),
                    part => joined.push(part),
                }
            }
            at = TreePath::from_archive(&joined.join(&b'/')).ok()??;
            continue 'links;
        }
        return Some(at);
    }
    None
}

/// The addresses of the lockfile's repositories, as far as they have one for everybody.
fn bases(lockfile: &Lockfile) -> BTreeMap<String, String> {
    let archives = archives();
    let address = |origin: &Origin| match origin {
        Origin::Archive(name) => {
            let archive = archives.iter().find(|archive| archive.name == *name)?;
            archive.urls.first().map(|url| (*url).to_owned())
        }
        Origin::Url(url) if url.starts_with("http") => Some(url.clone()),
        Origin::Url(_) => None,
    };
    let repositories = lockfile.repositories.iter();
    let bases = repositories.filter_map(|one| {
        let base = address(&one.origin)?;
        let base = base.trim_end_matches('/');
        let base = match &one.path {
            Some(path) => format!("{base}/{path}"),
            None => base.to_owned(),
        };
        Some((one.id.clone(), base))
    });
    bases.collect()
}
