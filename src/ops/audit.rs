//! `audit`: what is installed somewhere, against what was locked.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::PathBuf;

use super::advise::{Advice, Advised, Advisor};
use super::target::{self, ImageTarget, Opened, Reading};
use super::{Context, Error, OpsError};
use crate::assemble::{self, Filter, MEMORY, Packs, UnpackError};
use crate::audit::{self, Audit, Locked, Subject};
use crate::distro::{self, Control, Distro, FileSum, Installed, Member, Unpacked};
use crate::image::{Form, Found, Image, SumKind};
use crate::lockfile::{self, Lockfile};
use crate::model::{Arch, LockedPackage, PackageName, PathRules, Sha256};
use crate::tree::{Kind, Meta, Node, TreePath, merkle_root};

/// Options of `audit`.
#[derive(Debug, Clone)]
pub struct AuditOptions {
    /// What is looked at.
    pub target: ImageTarget,
    /// `--lockfile`
    pub lockfile: Option<PathBuf>,
    /// `--arch`
    pub arch: Option<Arch>,
    /// What is known of vulnerabilities, and what of it does not matter.
    pub advice: Advice,
}

/// One filesystem that was looked at.
#[derive(Debug, Clone)]
pub struct Audited {
    /// Its architecture, as far as it is known.
    pub arch: Option<Arch>,
    /// The image manifest's digest.
    pub manifest: Option<Sha256>,
    /// The image ID.
    pub config: Option<Sha256>,
    /// The ecosystem, `debian` or `alpine`.
    pub distro: &'static str,
    /// What its databases say.
    pub installed: Installed,
    /// Findings and summary.
    pub audit: Audit,
    /// Known vulnerabilities, suppressed ones too, and packages of which nothing can be known.
    pub advised: Advised,
    /// What was left out of a directory.
    pub skipped: Vec<String>,
    /// Whether it is, to the last bit, the filesystem that was recorded; absent where none was.
    pub recorded: Option<bool>,
    /// Whether it was unpacked by an ordinary user, so that owners say nothing.
    pub one_owner: bool,
}

/// The answer of `audit`.
#[derive(Debug, Clone)]
pub struct AuditReport {
    /// As the user called it.
    pub target: String,
    /// What it is.
    pub form: Form,
    /// The lockfile that it was compared with.
    pub lockfile: Option<PathBuf>,
    /// Whether advisories were looked at.
    pub advised: bool,
    /// One per architecture and ecosystem.
    pub images: Vec<Audited>,
}

impl AuditReport {
    /// Whether anything was found.
    pub fn is_clean(&self) -> bool {
        self.images.iter().all(|image| {
            let mut known = image.advised.vulnerabilities.iter();
            let open = known.any(|one| one.finding.suppressed.is_none());
            image.audit.findings.is_empty() && !open && image.advised.unmatched.is_empty()
        })
    }
}

/// Looks at what is installed in `options.target`; `stdin` is read where that is `-`.
///
/// # Errors
/// When the lockfile or an advisory cannot be read, the target cannot be read in full, or it has no
/// package database that is understood.
pub fn audit(
    cx: &Context<'_>,
    options: &AuditOptions,
    stdin: &mut (dyn Read + Send),
) -> Result<AuditReport, Error> {
    let lockfile = options.lockfile.as_deref().map(read_lockfile).transpose()?;
    let mut opened = target::open(cx, &options.target, options.arch, stdin)?;
    let found = read(cx, &mut opened, options.arch, lockfile.as_ref())?;
    let mut images = Vec::new();
    for image in &found.images {
        images.extend(look(cx, options, lockfile.as_ref(), image)?);
    }
    let advisor = Advisor::load(cx, &options.advice)?;
    for image in &mut images {
        image.advised = advisor.advise(cx, image, lockfile.as_ref())?;
    }
    Ok(AuditReport {
        target: options.target.name(),
        form: found.form,
        lockfile: options.lockfile.clone(),
        advised: !options.advice.is_empty(),
        images,
    })
}

/// A lockfile with its distribution, apart from any manifest.
pub(super) struct Lock {
    pub(super) lockfile: Lockfile,
    pub(super) distro: &'static dyn Distro,
}

/// Reads a lockfile whose manifest is not at hand.
pub(super) fn read_lockfile(path: &std::path::Path) -> Result<Lock, Error> {
    let text =
        super::project::read_file(path)?.ok_or_else(|| OpsError::NoLockfile(path.to_owned()))?;
    let lockfile = lockfile::parse(path, &text)?;
    let Some(distro) = distro::by_name(&lockfile.distro) else {
        return Err(OpsError::Unsupported {
            what: format!("`distro: {}`", lockfile.distro),
            hint: "this version knows `debian` and `alpine`".into(),
        }
        .into());
    };
    for package in lockfile.packages.values().flatten() {
        distro.check(package).map_err(|reason| OpsError::Package {
            lockfile: path.display().to_string(),
            package: package.name.to_string(),
            reason,
        })?;
    }
    Ok(Lock { lockfile, distro })
}

/// Reads the target. The digests of the image's own database are made only where files cannot be
/// judged otherwise: where it is not what was recorded, and locked packages are not at hand.
fn read(
    cx: &Context<'_>,
    opened: &mut Opened<'_>,
    arch: Option<Arch>,
    lock: Option<&Lock>,
) -> Result<Found, Error> {
    let sums = lock.filter(|lock| {
        let mut packages = lock.lockfile.packages.values().flatten();
        !packages.all(|package| is_at_hand(cx, package))
    });
    let sums = sums.map(|lock| match lock.distro.file_sum() {
        FileSum::Md5 => SumKind::Md5,
        FileSum::Sha1 => SumKind::Sha1,
    });
    let mut how = Reading {
        arch,
        ..Reading::default()
    };
    // A stream comes once; and what was never recorded cannot be as it was recorded.
    let records = lock.is_some_and(|lock| !lock.lockfile.outputs.is_empty());
    if opened.is_stream() || !records {
        how.sums = sums;
        return opened.read(cx, how);
    }
    let found = opened.read(cx, how)?;
    let recorded = |image: &Image| lock.is_some_and(|lock| is_recorded(image, &lock.lockfile));
    if sums.is_none() || found.images.iter().all(recorded) {
        return Ok(found);
    }
    how.sums = sums;
    opened.read(cx, how)
}

fn is_at_hand(cx: &Context<'_>, package: &LockedPackage) -> bool {
    cx.store.has_sized(&package.sha256, package.size)
}

/// Whether an image is, to the last bit, what was recorded of it.
fn is_recorded(image: &Image, lockfile: &Lockfile) -> bool {
    let mut outputs = lockfile.outputs.iter();
    let root = merkle_root(&image.tree);
    outputs.any(|(arch, output)| image.arch.is_none_or(|own| own == *arch) && output.tree == root)
}

/// What each ecosystem has in one image.
fn look(
    cx: &Context<'_>,
    options: &AuditOptions,
    lock: Option<&Lock>,
    image: &Image,
) -> Result<Vec<Audited>, Error> {
    let mut databases = Vec::new();
    for distro in distro::ALL {
        if let Some(installed) = distro.installed(&image.tree)? {
            databases.push((*distro, installed));
        }
    }
    if let Some(lock) = lock
        && !databases
            .iter()
            .any(|(distro, _)| distro.name() == lock.distro.name())
    {
        // Not one of its packages is there, and that is an answer.
        databases.push((lock.distro, Installed::default()));
    }
    if databases.is_empty() {
        return Err(OpsError::NoDatabase(options.target.name()).into());
    }
    let certain = databases.iter().find_map(|(_, installed)| installed.arch);
    let mut out = Vec::new();
    for (distro, installed) in databases {
        let lock = lock.filter(|lock| lock.distro.name() == distro.name());
        let arch = options.arch.or(image.arch).or(installed.arch).or(certain);
        let audit = match lock {
            Some(lock) => compare(cx, lock, image, &installed, arch)?,
            // Of another ecosystem nothing is locked.
            None if options.lockfile.is_some() => unlocked(image, &installed),
            None => audit::audit(subject(image, &installed, false), None),
        };
        out.push(Audited {
            arch,
            manifest: image.manifest,
            config: image.config.as_ref().map(|config| config.digest),
            distro: distro.name(),
            installed,
            audit,
            advised: Advised::default(),
            skipped: image.skipped.clone(),
            recorded: lock.and_then(|lock| {
                let output = lock.lockfile.outputs.get(&arch?)?;
                Some(output.tree == merkle_root(&image.tree))
            }),
            one_owner: image.one_owner.is_some(),
        });
    }
    Ok(out)
}

fn subject<'a>(image: &'a Image, installed: &'a Installed, as_recorded: bool) -> Subject<'a> {
    Subject {
        tree: &image.tree,
        sums: &image.sums,
        installed,
        one_owner: image.one_owner.is_some(),
        as_recorded,
    }
}

/// The answer for a database of which no package is locked.
fn unlocked(image: &Image, installed: &Installed) -> Audit {
    let nothing = Locked {
        packages: &[],
        at_hand: &BTreeMap::new(),
        diversions: &BTreeSet::new(),
        output: None,
        links: &[],
        excluded: &|_, _| false,
    };
    let mut audit = audit::audit(subject(image, installed, false), Some(nothing));
    // What its packages do not own, those of the lockfile may.
    audit.summary.unlocked = 0;
    audit
}

/// Compares an image with what is locked for its architecture.
fn compare(
    cx: &Context<'_>,
    lock: &Lock,
    image: &Image,
    installed: &Installed,
    arch: Option<Arch>,
) -> Result<Audit, Error> {
    let lockfile = &lock.lockfile;
    let arch = match arch {
        Some(arch) => arch,
        // Nothing in it says what it is for: the lockfile may, where it is for one only.
        None => match lockfile.packages.keys().collect::<Vec<_>>()[..] {
            [only] => *only,
            _ => return Err(OpsError::WhichArch.into()),
        },
    };
    let Some(packages) = lockfile.packages.get(&arch) else {
        // Of several images in one index this one is not locked, and none of its packages is.
        if image.arch.is_some() {
            return Ok(unlocked(image, installed));
        }
        return Err(OpsError::NoArch {
            lockfile: "the lockfile".into(),
            arch: arch.to_string(),
        }
        .into());
    };
    let output = lockfile.outputs.get(&arch);
    let as_recorded = output.is_some_and(|output| output.tree == merkle_root(&image.tree));
    let at_hand = match as_recorded {
        true => <_>::default(),
        false => unpacked(cx, lock, packages)?,
    };
    let (at_hand, diversions) = at_hand;
    let none = PathRules::default();
    let rules = output.and_then(|output| output.paths.as_ref());
    let filter = Filter::new(rules.unwrap_or(&none));
    let excluded = |path: &TreePath, kind: &_| filter.excludes(path, kind);
    let links: Vec<(TreePath, Node)> = lock
        .distro
        .root_links(&lockfile.release, arch, lockfile.configure)
        .into_iter()
        .flat_map(|link| {
            let text = Kind::Symlink(link.text.into_bytes().into());
            // What it leads to is made where no package ships it.
            [
                (link.path, released(0o777, text)),
                (link.target, released(0o755, Kind::Directory)),
            ]
        })
        .collect();
    let locked = Locked {
        links: &links,
        packages,
        at_hand: &at_hand,
        diversions: &diversions,
        output,
        excluded: &excluded,
    };
    let subject = subject(image, installed, as_recorded);
    Ok(audit::audit(subject, Some(locked)))
}

fn released(mode: u16, kind: Kind) -> Node {
    let meta = Meta {
        mode,
        ..Meta::default()
    };
    Node { meta, kind }
}

/// What packages ship and add to the database; and which paths they divert, from and to.
type AtHand = (
    BTreeMap<PackageName, Vec<(TreePath, Node)>>,
    BTreeSet<(TreePath, TreePath)>,
);

fn unpack<'a>(
    cx: &'a Context<'_>,
    distro: &'a dyn Distro,
    packages: &[&'a LockedPackage],
) -> Result<(Vec<Unpacked>, Packs<'a>), UnpackError> {
    let threads = rayon::current_num_threads();
    assemble::unpack_all(cx.store, distro, packages, threads, MEMORY, cx.progress)
}

/// What is known of the packages that are at hand.
fn unpacked(cx: &Context<'_>, lock: &Lock, packages: &[LockedPackage]) -> Result<AtHand, Error> {
    let distro = lock.distro;
    let mut at_hand: Vec<&LockedPackage> = packages
        .iter()
        .filter(|package| is_at_hand(cx, package))
        .collect();
    let unpacked = match unpack(cx, distro, &at_hand) {
        // What is damaged in the store says nothing of the image: it is dropped, and not at hand.
        Err(UnpackError::Damaged { .. }) => {
            let mut whole = Vec::new();
            for package in at_hand {
                match cx.store.open_verified(&package.sha256)? {
                    Some(_) => whole.push(package),
                    None => cx.progress.warn(&format!(
                        "the store's archive of {} {} was damaged, and is not judged by",
                        package.name, package.version
                    )),
                }
            }
            at_hand = whole;
            unpack(cx, distro, &at_hand)
        }
        unpacked => unpacked,
    };
    let (unpacked, packs) = unpacked?;
    let mut out = BTreeMap::new();
    let mut diversions = BTreeSet::new();
    for (package, unpacked) in at_hand.into_iter().zip(unpacked) {
        let mut control: Control = unpacked.control;
        let member = Member {
            package,
            control: &control,
        };
        let own = distro
            .diversions(member, lock.lockfile.configure)
            .into_iter();
        diversions.extend(own.map(|one| (one.from, one.to)));
        let mut entries = unpacked.entries;
        let registered =
            distro.register(package, &mut control, &entries, unpacked.newest, &packs)?;
        let shipped: BTreeSet<TreePath> = entries.iter().map(|(path, _)| path.clone()).collect();
        let added = registered.files.into_iter();
        entries.extend(added.filter(|(path, _)| !shipped.contains(path)));
        out.insert(package.name.clone(), entries);
    }
    Ok((out, diversions))
}
