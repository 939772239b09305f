//! One image, judged by what is locked.

use std::collections::BTreeMap;

use super::hand::Hand;
use super::{Advised, AuditOptions, Audited};
use crate::assemble::Filter;
use crate::audit::{self, Audit, Locked, Subject};
use crate::distro::{self, Distro, Installed};
use crate::image::{Image, Listing};
use crate::lockfile::{Lockfile, Output};
use crate::model::{Arch, PathRules};
use crate::ops::project::Alone;
use crate::ops::{Context, Error, OpsError};
use crate::tree::{Kind, Meta, Node, Tree, TreePath, merkle_root};

/// Whether an image is, to the last bit, what was recorded of any architecture that it may be for.
pub(super) fn is_recorded(image: &Image, lockfile: &Lockfile) -> bool {
    let mut outputs = lockfile.outputs.iter();
    let root = merkle_root(&image.tree);
    outputs.any(|(arch, output)| image.arch.is_none_or(|own| own == *arch) && output.tree == root)
}

/// What each ecosystem has in one image.
pub(super) fn image(
    cx: &Context<'_>,
    options: &AuditOptions,
    lock: Option<&Alone>,
    image: &Image,
) -> Result<Vec<Audited>, Error> {
    let mut databases = databases(&image.tree)?;
    let is_locked = |distro: &dyn Distro| lock.filter(|lock| lock.distro.name() == distro.name());
    if let Some(lock) = lock
        && !databases
            .iter()
            .any(|(distro, _)| is_locked(*distro).is_some())
    {
        // Not one of its packages is there, and that is an answer.
        databases.push((lock.distro, Installed::default()));
    }
    if databases.is_empty() {
        return Err(OpsError::NoDatabase(options.target.name()).into());
    }
    let certain = certain(&databases);
    let mut out = Vec::new();
    for (distro, installed) in databases {
        let case = Case {
            cx,
            image,
            installed: &installed,
            arch: options.arch.or(image.arch).or(installed.arch).or(certain),
        };
        let judged = match (lock, is_locked(distro)) {
            (_, Some(lock)) => case.judge(lock)?,
            // Of another ecosystem nothing is locked.
            (Some(_), None) => case.not_locked(),
            (None, None) => case.listed(),
        };
        out.push(Audited {
            arch: judged.arch,
            manifest: image.manifest,
            config: image.config.as_ref().map(|config| config.digest),
            distro: distro.name(),
            audit: judged.audit,
            recorded: judged.recorded,
            installed,
            advised: Advised::default(),
            skipped: image.skipped.clone(),
            one_owner: image.one_owner.is_some(),
        });
    }
    Ok(out)
}

/// What each ecosystem has in a directory of which no content is looked at.
pub(super) fn listing(options: &AuditOptions, listing: Listing) -> Result<Vec<Audited>, Error> {
    let Listing {
        tree,
        skipped,
        one_owner,
    } = listing;
    let databases = databases(&tree)?;
    if databases.is_empty() {
        return Err(OpsError::NoDatabase(options.target.name()).into());
    }
    let certain = certain(&databases);
    let audited = databases.into_iter().map(|(distro, installed)| Audited {
        arch: options.arch.or(installed.arch).or(certain),
        manifest: None,
        config: None,
        distro: distro.name(),
        audit: audit::listed(Subject {
            tree: &tree,
            sums: &BTreeMap::new(),
            installed: &installed,
            one_owner: one_owner.is_some(),
            as_recorded: false,
        }),
        recorded: None,
        installed,
        advised: Advised::default(),
        skipped: skipped.clone(),
        one_owner: one_owner.is_some(),
    });
    Ok(audited.collect())
}

/// What the databases of every ecosystem say.
fn databases(tree: &Tree) -> Result<Vec<(&'static dyn Distro, Installed)>, Error> {
    let mut out: Vec<(&'static dyn Distro, Installed)> = Vec::new();
    for distro in distro::ALL {
        if let Some(installed) = distro.installed(tree)? {
            out.push((*distro, installed));
        }
    }
    Ok(out)
}

/// The architecture that any of them is certain of.
fn certain(databases: &[(&'static dyn Distro, Installed)]) -> Option<Arch> {
    databases.iter().find_map(|(_, installed)| installed.arch)
}

/// One database of one image.
struct Case<'a> {
    cx: &'a Context<'a>,
    image: &'a Image,
    installed: &'a Installed,
    /// What it is for, as far as anything says so.
    arch: Option<Arch>,
}

struct Judged {
    arch: Option<Arch>,
    audit: Audit,
    /// See [`Audited::recorded`].
    recorded: Option<bool>,
}

impl Case<'_> {
    fn subject(&self, as_recorded: bool) -> Subject<'_> {
        Subject {
            tree: &self.image.tree,
            sums: &self.image.sums,
            installed: self.installed,
            one_owner: self.image.one_owner.is_some(),
            as_recorded,
        }
    }

    fn unrecorded(&self, audit: Audit) -> Judged {
        Judged {
            arch: self.arch,
            audit,
            recorded: None,
        }
    }

    fn listed(&self) -> Judged {
        self.unrecorded(audit::listed(self.subject(false)))
    }

    fn not_locked(&self) -> Judged {
        self.unrecorded(audit::not_locked(self.subject(false)))
    }

    /// Compares with what is locked for the architecture.
    fn judge(&self, lock: &Alone) -> Result<Judged, Error> {
        let lockfile = &lock.lockfile;
        let arch = match self.arch {
            Some(arch) => arch,
            // Nothing in it says what it is for: the lockfile may, where it is for one only.
            None => match lockfile.packages.keys().collect::<Vec<_>>()[..] {
                [only] => *only,
                _ => return Err(OpsError::WhichArch.into()),
            },
        };
        let Some(packages) = lockfile.packages.get(&arch) else {
            // Of several images in one index this one is not locked, and none of its packages is.
            if self.image.arch.is_some() {
                return Ok(self.not_locked());
            }
            return Err(OpsError::NoArch {
                lockfile: lock.name.clone(),
                arch: arch.to_string(),
            }
            .into());
        };
        let output = lockfile.outputs.get(&arch);
        let recorded = output.map(|output| output.tree == merkle_root(&self.image.tree));
        let as_recorded = recorded == Some(true);
        let hand = match as_recorded {
            true => Hand::default(),
            false => Hand::of(self.cx, lock, packages)?,
        };
        let excluded = Filter::new(rules(output));
        let locked = Locked {
            links: &released(lock, arch),
            packages,
            at_hand: &hand.shipped,
            lost: &hand.lost,
            diversions: &hand.diversions,
            output,
            excluded: &|path: &TreePath, kind: &_| excluded.excludes(path, kind),
        };
        Ok(Judged {
            arch: Some(arch),
            audit: audit::audit(self.subject(as_recorded), locked),
            recorded,
        })
    }
}

/// `paths:`, as far as they are recorded.
fn rules(output: Option<&Output>) -> &PathRules {
    static NONE: PathRules = PathRules {
        exclude: Vec::new(),
        include: Vec::new(),
    };
    let recorded = output.and_then(|output| output.paths.as_ref());
    recorded.unwrap_or(&NONE)
}

/// The links that the release has above directories, and what they lead to, which is made where no
/// package ships it.
fn released(lock: &Alone, arch: Arch) -> Vec<(TreePath, Node)> {
    let node = |mode: u16, kind: Kind| {
        let meta = Meta {
            mode,
            ..Meta::default()
        };
        Node { meta, kind }
    };
    let lockfile = &lock.lockfile;
    let links = lock
        .distro
        .root_links(&lockfile.release, arch, lockfile.configure);
    let links = links.into_iter().flat_map(|link| {
        let text = Kind::Symlink(link.text.into_bytes().into());
        [
            (link.path, node(0o777, text)),
            (link.target, node(0o755, Kind::Directory)),
        ]
    });
    links.collect()
}
