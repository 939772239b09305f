//! One group layer: the packages of a group upon the layers beneath.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::error::{AssembleError, Refusal};
use super::filter::Filter;
use super::links::join;
use super::parents::enter_directories;
use super::stack::{Built, Claim, NOBODY, Stack};
use crate::distro::{Distro, Diversion, RootLink, Unpacked};
use crate::model::Epoch;
use crate::tree::{Contents, Kind, Location, Meta, Node, TreePath};

/// What every layer is made with.
pub(super) struct Plan<'a> {
    pub(super) distro: &'a dyn Distro,
    pub(super) filter: Filter<'a>,
    pub(super) contents: &'a dyn Contents,
    /// The links of the release that no layer has yet.
    pub(super) root_links: Vec<RootLink>,
    /// Each with the number of the package that diverts, by the path as packaged.
    pub(super) diversions: BTreeMap<TreePath, (u32, Diversion)>,
    /// What diversions of higher layers put there: copies of lower layers' files.
    pub(super) deferred: BTreeMap<usize, Vec<Claim>>,
    /// By package number, what the database says of it.
    pub(super) records: Vec<Vec<u8>>,
    /// By package number, the paths as packaged that are left out, or another package's in the same
    /// or a lower layer.
    pub(super) gone: Vec<BTreeSet<TreePath>>,
}

/// What the packages of one layer ship, before it is known who keeps what.
#[derive(Default)]
struct Shipment {
    claims: Vec<Claim>,
    directories: Vec<(TreePath, Meta, u32)>,
}

/// Links that lead to links that lead to links: nothing real comes near.
const MAX_ROUNDS: usize = 40;

impl Plan<'_> {
    /// Makes the next layer of `stack` from `members`, which are in the distribution's order.
    pub(super) fn build(
        &mut self,
        stack: &mut Stack<'_>,
        members: Vec<(u32, Unpacked)>,
    ) -> Result<(), AssembleError> {
        let layer = stack.layers.len();
        let mut shipment = Shipment::default();
        for (owner, unpacked) in members {
            self.ship(stack, layer, owner, unpacked, &mut shipment)?;
        }
        let mut claims = shipment.claims;
        claims.extend(self.deferred.remove(&layer).unwrap_or_default());
        let roots = self.root_links(stack, layer, &mut claims, &shipment.directories)?;
        self.settle_links(stack, &claims)?;
        place_all(stack, &mut claims)?;
        claims.extend(roots.iter().map(root_claim));
        // Stable: what precedes stays first among equals.
        claims.sort_by(|a, b| a.path.cmp(&b.path));
        let (mut kept, lost) = self.decide(stack, layer, claims)?;
        self.correct(stack, &mut kept, &lost);
        for claim in &kept {
            // What takes a link's place is no longer one.
            if !matches!(claim.node.kind, Kind::Symlink(_)) {
                stack.links.remove(&claim.path);
            }
        }
        let implied = roots.into_iter().map(|link| link.target);
        let directories =
            enter_directories(stack, self.distro, shipment.directories, implied, &kept)?;
        stack.layers.push(Built {
            group: stack.groups[layer].clone(),
            claims: kept,
            directories,
        });
        Ok(())
    }

    /// Adds what one package ships: filtered, diverted, hard links as the files that they are.
    fn ship(
        &mut self,
        stack: &mut Stack<'_>,
        layer: usize,
        owner: u32,
        mut unpacked: Unpacked,
        out: &mut Shipment,
    ) -> Result<(), AssembleError> {
        for (_, node) in &mut unpacked.entries {
            if let Kind::File(blob) = &mut node.kind
                && let Location::Pack { pack, .. } = &mut blob.at
            {
                *pack = owner;
            }
        }
        let package = stack.packages[owner as usize].locked;
        let control = &mut stack.packages[owner as usize].control;
        let registration = self
            .distro
            .register(
                package,
                control,
                &unpacked.entries,
                unpacked.newest,
                self.contents,
            )
            .map_err(Refusal)?;
        self.records[owner as usize] = registration.record;
        let inodes = join_hardlinks(stack, owner, &mut unpacked.entries)?;
        for (at, (path, node)) in unpacked.entries.into_iter().enumerate() {
            if self.filter.excludes(&path, &node.kind) {
                self.gone[owner as usize].insert(path);
                continue;
            }
            if node.is_directory() {
                out.directories.push((path, node.meta, owner));
                continue;
            }
            let mut node = node;
            if matches!(node.kind, Kind::Symlink(_)) {
                node.meta.mode = 0o777;
            }
            let inode = inodes.get(&at).copied().unwrap_or_default();
            let mut claim = Claim {
                path,
                node,
                owner,
                inode,
                packaged: None,
            };
            self.divert(stack, layer, &mut claim);
            out.claims.push(claim);
        }
        for (path, node) in registration.files {
            stack.packages[owner as usize].records.push(path.clone());
            out.claims.push(Claim {
                path,
                node,
                owner,
                inode: 0,
                packaged: None,
            });
        }
        Ok(())
    }

    /// Moves a file out of the way of a package of this or a lower layer; for one of a higher layer
    /// the file stays, and that layer gets a copy under the new name.
    fn divert(&mut self, stack: &Stack<'_>, layer: usize, claim: &mut Claim) {
        let Some((by, diversion)) = self.diversions.get(&claim.path) else {
            return;
        };
        let package = &stack.packages[claim.owner as usize].locked.name;
        if diversion.package.as_ref() == Some(package) {
            return;
        }
        let above = stack.packages[*by as usize].layer;
        let mut moved = claim.clone();
        moved.packaged = Some(std::mem::replace(&mut moved.path, diversion.to.clone()));
        if above <= layer {
            *claim = moved;
        } else {
            self.deferred.entry(above).or_default().push(moved);
        }
    }

    /// Takes the release's links that this layer needs, and drops what packages ship at their
    /// places: there the release decides.
    fn root_links(
        &mut self,
        stack: &mut Stack<'_>,
        layer: usize,
        claims: &mut Vec<Claim>,
        directories: &[(TreePath, Meta, u32)],
    ) -> Result<Vec<RootLink>, AssembleError> {
        let needed = |link: &mut RootLink| {
            link.always
                || claims.iter().any(|claim| link.is_on(&claim.path))
                || directories.iter().any(|(path, ..)| link.is_on(path))
        };
        let taken: Vec<RootLink> = self.root_links.extract_if(.., needed).collect();
        for link in &taken {
            let target = link.text.as_bytes().into();
            stack.links.insert(link.path.clone(), target, NOBODY);
        }
        let mut alien = None;
        claims.retain(|claim| {
            let at_root_link = stack
                .links
                .get(&claim.path)
                .filter(|(_, owner)| *owner == NOBODY);
            let Some((target, _)) = at_root_link else {
                return true;
            };
            if !leads_to(&claim.path, &claim.node.kind, target) {
                alien.get_or_insert((claim.path.clone(), claim.owner));
            }
            false
        });
        match alien {
            Some((path, owner)) => Err(stack.conflict(&path, (NOBODY, 0), (owner, layer))),
            None => Ok(taken),
        }
    }

    /// Finds where the layer's links are stored, each possibly through others of them.
    fn settle_links(&self, stack: &mut Stack<'_>, claims: &[Claim]) -> Result<(), AssembleError> {
        let links: Vec<(&Claim, &[u8])> = claims
            .iter()
            .filter_map(|claim| match &claim.node.kind {
                Kind::Symlink(target) => Some((claim, &target[..])),
                _ => None,
            })
            .collect();
        let mut places: Vec<TreePath> = links.iter().map(|(claim, _)| claim.path.clone()).collect();
        for _ in 0..MAX_ROUNDS {
            let mut undo = Vec::new();
            for ((claim, target), place) in links.iter().zip(&places) {
                let known = stack.links.get(place).map(|(_, owner)| owner);
                let wins = match known {
                    None => true,
                    Some(owner) => {
                        owner == claim.owner || stack.takes_over(self.distro, claim.owner, owner)
                    }
                };
                if wins {
                    let before = stack
                        .links
                        .insert(place.clone(), (*target).into(), claim.owner);
                    undo.push((place.clone(), before));
                }
            }
            let mut next = Vec::with_capacity(places.len());
            for (claim, _) in &links {
                let place = stack.links.place(&claim.path);
                next.push(place.map_err(|_| tangled(stack, claim.owner, &claim.path))?);
            }
            if next == places {
                return Ok(());
            }
            for (place, before) in undo.into_iter().rev() {
                match before {
                    Some((target, owner)) => {
                        stack.links.insert(place, target, owner);
                    }
                    None => stack.links.remove(&place),
                }
            }
            places = next;
        }
        match links.first() {
            Some((claim, _)) => Err(tangled(stack, claim.owner, &claim.path)),
            None => Ok(()),
        }
    }
}

/// Moves every claim to where links lead it. Neighbours in an archive share their directory, which
/// is followed once.
fn place_all(stack: &Stack<'_>, claims: &mut [Claim]) -> Result<(), AssembleError> {
    let mut last: Option<(TreePath, Option<TreePath>)> = None;
    for claim in claims {
        let Some(parent) = claim.path.parent() else {
            continue;
        };
        let failure = |_| tangled(stack, claim.owner, &claim.path);
        let place = match &last {
            Some((known, place)) if *known == parent => place,
            _ => {
                let place = stack.links.resolve(parent.as_bytes()).map_err(failure)?;
                &last.insert((parent.clone(), place)).1
            }
        };
        if place.as_ref() != Some(&parent) {
            let place = join(place.as_ref(), claim.path.name()).map_err(failure)?;
            let packaged = std::mem::replace(&mut claim.path, place);
            claim.packaged.get_or_insert(packaged);
        }
    }
    Ok(())
}

/// The release's link as a claim of the layer.
fn root_claim(link: &RootLink) -> Claim {
    Claim {
        path: link.path.clone(),
        node: Node {
            meta: Meta {
                mode: 0o777,
                mtime: Epoch::DIRECTORY.0,
                ..Meta::default()
            },
            kind: Kind::Symlink(link.text.as_bytes().into()),
        },
        owner: NOBODY,
        inode: 0,
        packaged: None,
    }
}

/// Whether a package ships the same link, however it says so: `usr/bin`, `/usr/bin`, `../run`.
fn leads_to(at: &TreePath, kind: &Kind, target: &[u8]) -> bool {
    let place = |text: &[u8]| {
        let absolute = text.starts_with(b"/");
        let mut here: Vec<Vec<u8>> = at.parts().map(<[u8]>::to_vec).collect();
        here.truncate(if absolute { 0 } else { here.len() - 1 });
        for part in text.split(|&byte| byte == b'/') {
            match part {
                b"" | b"." => {}
                b".." => {
                    here.pop();
                }
                part => here.push(part.to_vec()),
            }
        }
        here
    };
    matches!(kind, Kind::Symlink(text) if place(text) == place(target))
}

pub(super) fn tangled(stack: &Stack<'_>, owner: u32, path: &TreePath) -> AssembleError {
    AssembleError::Tangled {
        path: path.clone(),
        package: stack.packages[owner as usize].locked.name.clone(),
    }
}

/// Turns hard links into the files that they are, and numbers those with several names.
fn join_hardlinks(
    stack: &Stack<'_>,
    owner: u32,
    entries: &mut [(TreePath, Node)],
) -> Result<HashMap<usize, u32>, AssembleError> {
    let is_link = |node: &Node| matches!(node.kind, Kind::Hardlink(_));
    let mut inodes = HashMap::new();
    if !entries.iter().any(|(_, node)| is_link(node)) {
        return Ok(inodes);
    }
    let mut places: HashMap<TreePath, usize> = HashMap::new();
    let mut count = 0;
    for at in 0..entries.len() {
        if let Kind::Hardlink(target) = &entries[at].1.kind {
            let Some(&source) = places.get(target) else {
                return Err(AssembleError::LostHardlink {
                    path: entries[at].0.clone(),
                    target: target.clone(),
                    package: stack.packages[owner as usize].locked.name.clone(),
                });
            };
            let inode = *inodes.entry(source).or_insert_with(|| {
                count += 1;
                count
            });
            inodes.insert(at, inode);
            entries[at].1 = entries[source].1.clone();
        }
        if matches!(entries[at].1.kind, Kind::File(_)) {
            places.insert(entries[at].0.clone(), at);
        }
    }
    Ok(inodes)
}
