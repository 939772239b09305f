//! The locked packages that are at hand: what they ship, and what of it an image has.

use std::collections::{BTreeMap, BTreeSet};

use crate::assemble::{self, MEMORY, Packs, UnpackError};
use crate::distro::{Control, Distro, Member, Unpacked};
use crate::model::{LockedPackage, PackageName};
use crate::ops::project::Alone;
use crate::ops::{Context, Error};
use crate::store::Store;
use crate::tree::{Node, TreePath};

/// What is known of the packages that are at hand.
#[derive(Default)]
pub(super) struct Hand {
    /// What each ships, as packaged, and what it adds to the database.
    pub(super) shipped: BTreeMap<PackageName, Vec<(TreePath, Node)>>,
    /// Which of those paths another of them takes over, as packaged.
    pub(super) lost: BTreeSet<(PackageName, TreePath)>,
    /// Which paths they divert: from and to, as packaged.
    pub(super) diversions: BTreeSet<(TreePath, TreePath)>,
}

/// Whether the store has a package's archive.
pub(super) fn is_at_hand(store: &Store, package: &LockedPackage) -> bool {
    store.has_sized(&package.sha256, package.size)
}

impl Hand {
    /// Unpacks those of `packages` that the store has.
    pub(super) fn of(
        cx: &Context<'_>,
        lock: &Alone,
        packages: &[LockedPackage],
    ) -> Result<Self, Error> {
        let distro = lock.distro;
        let (packages, unpacked, packs) = unpack(cx, distro, packages)?;
        let mut hand = Self::default();
        let mut controls: Vec<(&LockedPackage, Control)> = Vec::new();
        for (package, unpacked) in packages.into_iter().zip(unpacked) {
            let Unpacked {
                mut control,
                mut entries,
                newest,
                ..
            } = unpacked;
            let member = Member {
                package,
                control: &control,
            };
            let own = distro.diversions(member, lock.lockfile.configure);
            let own = own.into_iter().map(|one| (one.from, one.to));
            hand.diversions.extend(own);
            let registered = distro.register(package, &mut control, &entries, newest, &packs)?;
            // What it ships counts before what would be generated in its place.
            let shipped: BTreeSet<TreePath> =
                entries.iter().map(|(path, _)| path.clone()).collect();
            let added = registered.files.into_iter();
            entries.extend(added.filter(|(path, _)| !shipped.contains(path)));
            hand.shipped.insert(package.name.clone(), entries);
            // What describes it stays there.
            controls.push((package, control));
        }
        hand.lost = hand.losses(distro, &controls);
        Ok(hand)
    }

    /// The paths that are another package's in the end, where only one of the two may have it.
    fn losses(
        &self,
        distro: &dyn Distro,
        controls: &[(&LockedPackage, Control)],
    ) -> BTreeSet<(PackageName, TreePath)> {
        let mut holders: BTreeMap<&TreePath, Vec<Member<'_>>> = BTreeMap::new();
        for (package, control) in controls {
            let member = Member { package, control };
            let entries = self.shipped.get(&package.name).into_iter().flatten();
            // Directories are shared.
            for (path, _) in entries.filter(|(_, node)| !node.is_directory()) {
                holders.entry(path).or_default().push(member);
            }
        }
        let mut out = BTreeSet::new();
        for (path, members) in holders.iter().filter(|(_, members)| members.len() > 1) {
            for loser in members {
                let beaten = |winner: &Member<'_>| {
                    winner.package.name != loser.package.name
                        && distro.takes_over(*winner, *loser)
                        && !distro.takes_over(*loser, *winner)
                };
                if members.iter().any(beaten) {
                    out.insert((loser.package.name.clone(), (*path).clone()));
                }
            }
        }
        out
    }
}

/// The packages of `packages` that the store has, unpacked. What is damaged there says nothing of an
/// image: it is dropped, and not at hand.
fn unpack<'a>(
    cx: &Context<'a>,
    distro: &'static dyn Distro,
    packages: &'a [LockedPackage],
) -> Result<(Vec<&'a LockedPackage>, Vec<Unpacked>, Packs<'a>), Error> {
    let mut before = usize::MAX;
    loop {
        let at_hand: Vec<&LockedPackage> = packages
            .iter()
            .filter(|package| is_at_hand(cx.store, package))
            .collect();
        let threads = rayon::current_num_threads();
        match assemble::unpack_all(cx.store, distro, &at_hand, threads, MEMORY, cx.progress) {
            Ok((unpacked, packs)) => return Ok((at_hand, unpacked, packs)),
            // In a store that cannot be written it stays, and would be found again.
            Err(error @ UnpackError::Damaged { .. }) if at_hand.len() < before => {
                cx.progress
                    .warn(&format!("nothing is judged by it: {error}"));
                before = at_hand.len();
            }
            Err(error) => return Err(error.into()),
        }
    }
}
