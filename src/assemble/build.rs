//! The whole of assembling: group layers, then `system`, then `files`.

use std::collections::{BTreeMap, BTreeSet};

use super::accounts::Names;
use super::decide::inline;
use super::error::{AssembleError, Refusal};
use super::etc::{Reader, account_items, with_own_files};
use super::files::{LoadedFile, LoadedFiles};
use super::filter::Filter;
use super::group::Plan;
use super::overlay::{Item, What, overlay};
use super::stack::{Package, Stack};
use super::staged::{self, Ran, Runner, Staged};
use super::undone::{left_undone, not_run};
use super::{Assembly, Layer, LayerName, native};
use crate::distro::{Distro, Diversion, Image, Member, Registered, RootLink, Unpacked, Wishes};
use crate::model::{Accounts, Arch, Configure, Epoch, GroupName, LockedPackage, PathRules};
use crate::tree::{Blob, Contents, TreePath};

/// What an image of one architecture is made from.
pub struct AssembleRequest<'a> {
    /// The ecosystem.
    pub distro: &'a dyn Distro,
    /// The locked release.
    pub release: &'a str,
    /// The architecture.
    pub arch: Arch,
    /// What is done beyond unpacking: nothing, or what scripts would do.
    pub configure: Configure,
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
    /// What the manifest asks for.
    pub wishes: Wishes<'a>,
    /// Runs scripts, for `configure: scripts`.
    pub runner: Runner<'a>,
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
    let mut plan = Plan {
        distro,
        contents,
        filter: Filter::new(request.paths),
        root_links: distro.root_links(request.release, request.arch, request.configure),
        diversions: diversions(distro, &stack, request.configure),
        deferred: BTreeMap::new(),
        records: vec![Vec::new(); stack.packages.len()],
        gone: vec![BTreeSet::new(); stack.packages.len()],
    };
    for layer in members {
        plan.build(&mut stack, layer)?;
    }

    let scene = native::Scenery {
        stack: &stack,
        contents,
        place: (request.release, request.arch, epoch),
        accounts: request.accounts,
        files: &request.files,
    };
    let (configured, running) = match request.configure {
        Configure::None => (None, None),
        Configure::Native => (Some(scene.shown(|scene| distro.configure(scene))?), None),
        Configure::Scripts => (None, Some(scene.shown(|scene| distro.running(scene))?)),
    };
    let undone = match (&configured, &running) {
        (Some(configured), _) => left_undone(&configured.scripts),
        (None, Some(_)) => Vec::new(),
        (None, None) => not_run(distro, &stack),
    };
    for (owner, taken) in &stack.taken {
        plan.gone[*owner as usize].extend(taken.iter().cloned());
    }
    let diversions = plan
        .diversions
        .into_values()
        .map(|(_, diversion)| diversion);
    let diversions: Vec<_> = diversions.collect();
    let mut registered: Vec<Registered<'_>> = stack
        .packages
        .iter()
        .zip(plan.records.iter().zip(&plan.gone))
        .map(|(package, (record, gone))| Registered {
            package: package.locked,
            record,
            gone,
        })
        .collect();
    registered.sort_by(|a, b| a.package.name.cmp(&b.package.name));
    let image = Image {
        arch: request.arch,
        packages: &registered,
        diversions: &diversions,
        rules: request.paths,
        wishes: request.wishes,
        unfinished: configured.as_ref().map(|configured| &configured.unfinished),
    };
    let mut items = database(distro, &stack, image, epoch)?;
    let ran = match &running {
        Some(running) if !running.acts.is_empty() => {
            let links = &plan.root_links;
            let (tree, own) = staged::root(&stack, links, &items, &request.files, bound)?;
            let staged = Staged {
                distro,
                arch: request.arch,
                epoch,
                tree: &tree,
                contents,
                running,
                own: &own,
                filter: &plan.filter,
            };
            staged::run(request.runner, staged)?
        }
        _ => Ran::default(),
    };
    items.retain(|item| !ran.removed.contains(&item.path));
    let made = match &configured {
        Some(configured) => Some(&configured.made),
        None => running.is_some().then_some(&ran.made),
    };
    items.extend(made.iter().flat_map(|made| native::items(made, bound)));
    let whiteouts = staged::whiteouts(&stack, &ran.removed);
    items.extend(staged::passages(&whiteouts, epoch));
    let reader = Reader { contents, made };
    let names = account_items(&stack, distro, &reader, request.accounts, epoch, &mut items)?;
    let items = with_root_links(&mut plan.root_links, items, bound);
    let mut system = overlay(&mut stack, None, &LayerName::System, items)?;
    staged::mark(&mut system.tree, &whiteouts, epoch);
    let asks = |file: &LoadedFile| file.owner.is_some();
    let names = match request.user.is_some() || request.files.files.iter().any(asks) {
        true => with_own_files(&names, &reader, &request.files)?,
        false => names,
    };
    let user = request.user.map(|user| names.image_user(user));
    let user = user.transpose()?;
    let items = file_items(request.files, &names, bound.unwrap_or(Epoch::DIRECTORY))?;
    let items = with_root_links(&mut plan.root_links, items, bound);
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
        whiteouts,
        undone,
        scripts: configured
            .map(|configured| configured.scripts)
            .or(running.map(|running| running.scripts))
            .unwrap_or_default(),
        user,
        warnings: ran.warnings,
    })
}

/// Adds the release's links that no lower layer has and that these items need, as a group's layer
/// would: before them, so that an item at a link's own place counts.
pub(super) fn with_root_links(
    links: &mut Vec<RootLink>,
    items: Vec<Item>,
    bound: Option<Epoch>,
) -> Vec<Item> {
    if items.is_empty() {
        return items;
    }
    let needed =
        |link: &mut RootLink| link.always || items.iter().any(|item| link.is_on(&item.path));
    let time = bound.map_or(Epoch::DIRECTORY, |bound| bound.min(Epoch::DIRECTORY));
    let taken: Vec<RootLink> = links.extract_if(.., needed).collect();
    let mut out = Vec::with_capacity(items.len() + 2 * taken.len());
    for RootLink {
        path, target, text, ..
    } in taken
    {
        let link = What::Symlink(text.into_bytes().into());
        out.push(generated(target, What::Passage, 0o755, 0, time));
        out.push(generated(path, link, 0o777, 0, time));
    }
    out.extend(items);
    out
}

/// Packages in layers, lowest first and each in the distribution's order.
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
        let of = |(owner, _): &(u32, Unpacked)| stack.packages[*owner as usize].member();
        let order = distro.order(&layer.iter().map(of).collect::<Vec<Member<'_>>>());
        let mut packages: Vec<_> = std::mem::take(layer).into_iter().map(Some).collect();
        layer.extend(order.into_iter().filter_map(|at| packages[at].take()));
    }
    Ok((stack, members))
}

/// What packages move out of their way; of two for one path the lower layer's counts.
fn diversions(
    distro: &dyn Distro,
    stack: &Stack<'_>,
    configure: Configure,
) -> BTreeMap<TreePath, (u32, Diversion)> {
    let mut found: Vec<(usize, u32, Diversion)> = Vec::new();
    for (owner, package) in (0..).zip(&stack.packages) {
        let own = distro.diversions(package.member(), configure);
        // A script may speak for another package; that one is the diverting package then.
        let named = |diversion: &Diversion| {
            let name = diversion.package.as_ref()?;
            let found = stack
                .packages
                .iter()
                .position(|package| package.locked.name == *name);
            found.and_then(|at| u32::try_from(at).ok())
        };
        for diversion in own {
            let by = named(&diversion).unwrap_or(owner);
            found.push((stack.packages[by as usize].layer, by, diversion));
        }
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

pub(super) fn generated(path: TreePath, what: What, mode: u16, gid: u32, epoch: Epoch) -> Item {
    Item {
        path,
        what,
        mode,
        uid: 0,
        gid,
        mtime: epoch.0,
        xattrs: BTreeMap::new(),
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
        let place = stack.links.place(&file.path);
        if file.yields && place.is_ok_and(|place| stack.holder(&place).is_some()) {
            continue;
        }
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

pub(super) fn file_items(
    files: LoadedFiles,
    names: &Names,
    mtime: Epoch,
) -> Result<Vec<Item>, AssembleError> {
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
            xattrs: BTreeMap::new(),
            line: Some(file.line),
        });
    }
    Ok(items)
}
