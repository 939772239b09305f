//! The whole of assembling: group layers, then `system`, then `files`.

use std::collections::BTreeMap;

use super::accounts::{self, AccountFiles, Names};
use super::decide::inline;
use super::error::{AssembleError, Refusal};
use super::files::LoadedFiles;
use super::filter::Filter;
use super::group::Plan;
use super::overlay::{Item, What, overlay};
use super::stack::{Package, Stack};
use super::{Assembly, Layer, LayerName};
use crate::distro::{Distro, Diversion, Image, Registered, Unpacked};
use crate::lockfile::Undone;
use crate::model::{Accounts, Arch, Epoch, GroupName, LockedPackage, PathRules};
use crate::tree::{Blob, Contents, Kind, Location, TreePath};

/// What an image of one architecture is made from.
pub struct AssembleRequest<'a> {
    /// The ecosystem.
    pub distro: &'a dyn Distro,
    /// The locked release.
    pub release: &'a str,
    /// The architecture.
    pub arch: Arch,
    /// The manifest's groups, lowest first.
    pub groups: &'a [GroupName],
    /// The locked packages. A package's number is its place here, whatever order that is.
    pub packages: Vec<(&'a LockedPackage, Unpacked)>,
    /// Pack N is that of package N; the one behind them is `files`' own.
    pub contents: &'a dyn Contents,
    /// `files:`, read.
    pub files: LoadedFiles,
    /// `paths:`
    pub paths: &'a PathRules,
    /// `accounts:`
    pub accounts: &'a Accounts,
    /// `image.user`
    pub user: Option<&'a str>,
    /// `epoch:` or `SOURCE_DATE_EPOCH`.
    pub epoch: Option<Epoch>,
}

impl std::fmt::Debug for AssembleRequest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AssembleRequest")
            .field("release", &self.release)
            .field("arch", &self.arch)
            .field("groups", &self.groups)
            .finish_non_exhaustive()
    }
}

/// An account file is some kilobytes; this is a bound on what a stranger's package makes us read.
const MAX_ACCOUNT_FILE: u64 = 4 << 20;

/// Makes the layers of one image: FORMATS.md section 5.
///
/// # Errors
/// When packages claim one path, links have no end, or `files:` and `accounts:` do not fit.
pub fn assemble(request: AssembleRequest<'_>) -> Result<Assembly, AssembleError> {
    let AssembleRequest {
        distro,
        contents,
        epoch: bound,
        ..
    } = request;
    let newest = request
        .packages
        .iter()
        .map(|(_, unpacked)| unpacked.newest)
        .max();
    let epoch = bound.or(newest.map(Epoch)).unwrap_or(Epoch::DIRECTORY);
    let (mut stack, members) = sort_into_groups(distro, request.groups, request.packages)?;
    let undone = undone(distro, &stack);
    let mut plan = Plan {
        distro,
        contents,
        filter: Filter::new(request.paths),
        root_links: distro.root_links(request.release, request.arch),
        diversions: diversions(distro, &stack),
        deferred: BTreeMap::new(),
        records: vec![Vec::new(); stack.packages.len()],
    };
    for layer in members {
        plan.build(&mut stack, layer)?;
    }

    let diversions = plan
        .diversions
        .into_values()
        .map(|(_, diversion)| diversion);
    let diversions: Vec<_> = diversions.collect();
    let mut registered: Vec<Registered<'_>> = stack
        .packages
        .iter()
        .zip(&plan.records)
        .map(|(package, record)| Registered {
            package: package.locked,
            record,
        })
        .collect();
    registered.sort_by(|a, b| a.package.name.cmp(&b.package.name));
    let image = Image {
        arch: request.arch,
        packages: &registered,
        diversions: &diversions,
        rules: request.paths,
    };
    let mut items = database(distro, &stack, image, epoch)?;
    let reader = Reader { contents };
    let names = account_items(&stack, distro, &reader, request.accounts, epoch, &mut items)?;
    let system = overlay(&mut stack, None, &LayerName::System, items)?;
    let user = match request.user {
        Some(user) => {
            let names = with_own_files(&names, &reader, &request.files)?;
            Some(names.image_user(user)?)
        }
        None => None,
    };
    let items = file_items(request.files, &names, bound.unwrap_or(Epoch::DIRECTORY))?;
    let files = overlay(&mut stack, Some(&system.tree), &LayerName::Files, items)?;

    let mut replaced = system.replaced;
    replaced.extend(files.replaced);
    replaced.sort();
    let groups = stack.layers.into_iter().map(|layer| Layer {
        name: LayerName::Group(layer.group.clone()),
        tree: layer.into_tree(bound),
    });
    let mut layers: Vec<Layer> = groups.collect();
    for (name, tree) in [
        (LayerName::System, system.tree),
        (LayerName::Files, files.tree),
    ] {
        layers.push(Layer { name, tree });
    }
    layers.retain(|layer| !layer.tree.nodes.is_empty());
    Ok(Assembly {
        layers,
        epoch,
        replaced,
        undone,
        user,
        warnings: Vec::new(),
    })
}

/// Packages in layers, lowest first and each in order of precedence.
type Members = Vec<Vec<(u32, Unpacked)>>;

/// Gives every package its layer; groups without packages have none.
fn sort_into_groups<'a>(
    distro: &dyn Distro,
    groups: &[GroupName],
    packages: Vec<(&'a LockedPackage, Unpacked)>,
) -> Result<(Stack<'a>, Members), AssembleError> {
    let mut group_of = Vec::with_capacity(packages.len());
    for (package, _) in &packages {
        let at = groups.iter().position(|group| *group == package.group);
        group_of.push(at.ok_or_else(|| AssembleError::UnknownGroup {
            package: package.name.clone(),
            group: package.group.clone(),
        })?);
    }
    let mut used = group_of.clone();
    used.sort_unstable();
    used.dedup();
    let mut stack = Stack::new(used.iter().map(|&at| groups[at].clone()).collect());
    let mut members: Members = used.iter().map(|_| Vec::new()).collect();
    for ((owner, (locked, mut unpacked)), group) in (0..).zip(packages).zip(group_of) {
        let layer = used.binary_search(&group).unwrap_or(0);
        stack.packages.push(Package {
            locked,
            control: std::mem::take(&mut unpacked.control),
            layer,
            records: Vec::new(),
        });
        members[layer].push((owner, unpacked));
    }
    for layer in &mut members {
        let member = |owner: u32| stack.packages[owner as usize].member();
        layer.sort_by(|(a, _), (b, _)| distro.precedence(member(*a), member(*b)));
    }
    Ok((stack, members))
}

/// What packages move out of their way; of two for one path the lower layer's counts.
fn diversions(distro: &dyn Distro, stack: &Stack<'_>) -> BTreeMap<TreePath, (u32, Diversion)> {
    let mut found: Vec<(usize, u32, Diversion)> = Vec::new();
    for (owner, package) in (0..).zip(&stack.packages) {
        let own = distro.diversions(package.member());
        found.extend(
            own.into_iter()
                .map(|diversion| (package.layer, owner, diversion)),
        );
    }
    let name = |owner: u32| &stack.packages[owner as usize].locked.name;
    found.sort_by(|a, b| (a.0, name(a.1)).cmp(&(b.0, name(b.1))));
    let mut out = BTreeMap::new();
    for (_, owner, diversion) in found {
        out.entry(diversion.from.clone())
            .or_insert((owner, diversion));
    }
    out
}

/// Scripts that did not run: under `configure: none` all of them, each as a whole.
fn undone(distro: &dyn Distro, stack: &Stack<'_>) -> Vec<Undone> {
    let mut out: Vec<Undone> = Vec::new();
    for package in &stack.packages {
        for script in distro.scripts(&package.control) {
            out.push(Undone {
                package: package.locked.name.clone(),
                script: script.into(),
                statement: "*".into(),
            });
        }
    }
    out.sort();
    out
}

fn generated(path: TreePath, what: What, mode: u16, gid: u32, epoch: Epoch) -> Item {
    Item {
        path,
        what,
        mode,
        uid: 0,
        gid,
        mtime: epoch.0,
        line: None,
    }
}

/// The database of the whole image, and the files of packages that lost paths to a higher layer.
fn database(
    distro: &dyn Distro,
    stack: &Stack<'_>,
    image: Image<'_>,
    epoch: Epoch,
) -> Result<Vec<Item>, AssembleError> {
    let mut items = Vec::new();
    if image.packages.is_empty() {
        return Ok(items);
    }
    for file in distro.database(image).map_err(Refusal)? {
        let what = match file.content {
            Some(bytes) => What::File(Blob::inline(bytes)),
            None => What::Passage,
        };
        items.push(generated(file.path, what, file.mode, 0, epoch));
    }
    for (owner, gone) in &stack.taken {
        let package = &stack.packages[*owner as usize];
        for record in &package.records {
            let place = stack.links.place(record).ok();
            let claim = place.and_then(|place| stack.layers[package.layer].get(&place));
            if let Some(claim) = claim
                && let Some(bytes) = inline(claim)
                && let Some(shorter) = distro.without(record, bytes, gone)
            {
                let what = What::File(Blob::inline(shorter));
                items.push(generated(
                    record.clone(),
                    what,
                    claim.node.meta.mode,
                    0,
                    epoch,
                ));
            }
        }
    }
    Ok(items)
}

/// Reads small files that the image is going to hold.
struct Reader<'a> {
    contents: &'a dyn Contents,
}

impl Reader<'_> {
    fn text(&self, path: &TreePath, blob: &Blob) -> Result<String, AssembleError> {
        let bytes = match &blob.at {
            Location::Inline(bytes) => bytes.to_vec(),
            Location::Pack { pack, offset } => {
                if blob.size > MAX_ACCOUNT_FILE {
                    return Err(AssembleError::Account(format!(
                        "{path} has {} bytes, more than the {MAX_ACCOUNT_FILE} of any account file",
                        blob.size
                    )));
                }
                let mut bytes = vec![0; blob.size as usize];
                let read = self.contents.read_at(*pack, *offset, &mut bytes);
                read.map_err(|cause| AssembleError::Content {
                    path: path.clone(),
                    cause,
                })?;
                bytes
            }
        };
        String::from_utf8(bytes)
            .map_err(|_| AssembleError::Account(format!("{path} is not UTF-8 text")))
    }

    /// A file that packages ship, with its mode and group.
    fn shipped(
        &self,
        stack: &Stack<'_>,
        path: &str,
    ) -> Result<Option<(String, u16, u32)>, AssembleError> {
        let claim = path.parse().ok().and_then(|path: TreePath| {
            let place = stack.links.place(&path).ok()?;
            stack.holder(&place).map(|(_, claim)| claim)
        });
        let Some(claim) = claim else {
            return Ok(None);
        };
        let Kind::File(blob) = &claim.node.kind else {
            return Ok(None);
        };
        let text = self.text(&claim.path, blob)?;
        Ok(Some((text, claim.node.meta.mode, claim.node.meta.gid)))
    }
}

/// The account files, where accounts are declared or packages ship what they are made from; the
/// names that the image then knows.
fn account_items(
    stack: &Stack<'_>,
    distro: &dyn Distro,
    reader: &Reader<'_>,
    accounts: &Accounts,
    epoch: Epoch,
    items: &mut Vec<Item>,
) -> Result<Names, AssembleError> {
    let defaults = distro.accounts();
    let read = |path: &str, mode, gid| -> Result<_, AssembleError> {
        let found = reader.shipped(stack, path)?;
        Ok(found.map_or((None, mode, gid), |(text, mode, gid)| {
            (Some(text), mode, gid)
        }))
    };
    let master = |path: &str| -> Result<Option<String>, AssembleError> {
        Ok(reader.shipped(stack, path)?.map(|(text, ..)| text))
    };
    let passwd = read("etc/passwd", 0o644, 0)?;
    let group = read("etc/group", 0o644, 0)?;
    let shadow = read("etc/shadow", 0o640, defaults.shadow_gid)?;
    let gshadow = read("etc/gshadow", 0o640, defaults.shadow_gid)?;
    let passwd_master = match &passwd.0 {
        None => master(defaults.passwd_master)?,
        Some(_) => None,
    };
    let group_master = match &group.0 {
        None => master(defaults.group_master)?,
        Some(_) => None,
    };
    let declared = *accounts != Accounts::default();
    let wanted = [
        declared || passwd_master.is_some(),
        declared || group_master.is_some(),
        declared,
        declared,
    ];
    let or = |text: Option<String>, master: Option<String>, default: &str| {
        text.or(master).unwrap_or_else(|| default.into())
    };
    let before = AccountFiles {
        passwd: or(passwd.0, passwd_master, defaults.passwd),
        group: or(group.0, group_master, defaults.group),
        shadow: shadow.0.unwrap_or_default(),
        gshadow: gshadow.0,
    };
    let after = accounts::declare(before, accounts, &defaults, distro.shadow_day(epoch))?;
    let mut names = Names::default();
    names.read(&after.passwd, &after.group);
    let files = [
        ("etc/passwd", Some(after.passwd), passwd.1, passwd.2),
        ("etc/group", Some(after.group), group.1, group.2),
        ("etc/shadow", Some(after.shadow), shadow.1, shadow.2),
        ("etc/gshadow", after.gshadow, gshadow.1, gshadow.2),
    ];
    for ((path, text, mode, gid), wanted) in files.into_iter().zip(wanted) {
        if let (Some(text), Ok(path), true) = (text, path.parse(), wanted) {
            let what = What::File(Blob::inline(text.into_bytes()));
            items.push(generated(path, what, mode, gid, epoch));
        }
    }
    Ok(names)
}

/// The names that count when the image runs: the user's own account files hide all others.
fn with_own_files(
    names: &Names,
    reader: &Reader<'_>,
    files: &LoadedFiles,
) -> Result<Names, AssembleError> {
    let own = |name: &str| -> Result<String, AssembleError> {
        for file in files.files.iter().rev() {
            if let What::File(blob) = &file.what
                && file.path.as_bytes() == name.as_bytes()
            {
                return reader.text(&file.path, blob);
            }
        }
        Ok(String::new())
    };
    let mut out = Names::default();
    out.read(&own("etc/passwd")?, &own("etc/group")?);
    Ok(out.or(names))
}

fn file_items(files: LoadedFiles, names: &Names, mtime: Epoch) -> Result<Vec<Item>, AssembleError> {
    let mut items = Vec::with_capacity(files.files.len());
    for file in files.files {
        let (uid, gid) = match &file.owner {
            Some(owner) => names.owner(owner).map_err(|what| AssembleError::File {
                line: file.line,
                what,
            })?,
            None => (0, 0),
        };
        items.push(Item {
            path: file.path,
            what: file.what,
            mode: file.mode,
            uid,
            gid,
            mtime: mtime.0,
            line: Some(file.line),
        });
    }
    Ok(items)
}
