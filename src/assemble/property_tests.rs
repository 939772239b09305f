//! Section 5 on images that nobody would think of.

use proptest::prelude::*;

use super::testing::*;
use crate::tree::{Kind, Tree};

/// What a made-up package ships: few names, so that they meet.
#[derive(Debug, Clone)]
struct Made {
    group: usize,
    replaces: Option<usize>,
    diverts: Option<usize>,
    entries: Vec<(usize, u8, usize)>,
}

const PATHS: &[&str] = &[
    "a",
    "a/b",
    "a/b/c",
    "d",
    "d/e",
    "l",
    "l/b",
    "l/m",
    "bin/x",
    "usr/bin/x",
    "lib32/y",
    "d/e/f",
];
const GROUPS: [&str; 3] = ["base", "mid", "top"];

fn made() -> impl Strategy<Value = Made> {
    let entry = (0..PATHS.len(), 0..6_u8, 0..PATHS.len());
    (
        0..GROUPS.len(),
        proptest::option::of(0..6_usize),
        proptest::option::weighted(0.2, 0..PATHS.len()),
        proptest::collection::vec(entry, 0..5),
    )
        .prop_map(|(group, replaces, diverts, mut entries)| {
            entries.sort();
            entries.dedup_by_key(|entry| entry.0);
            Made {
                group,
                replaces,
                diverts,
                entries,
            }
        })
}

fn package(at: usize, made: &Made) -> Pkg {
    let mut out = pkg(&format!("p{at}"), GROUPS[made.group]);
    if let Some(other) = made.replaces {
        out = out.field(&format!("Replaces: p{other}"));
    }
    if let Some(path) = made.diverts {
        let script = format!("#!/bin/sh\ndpkg-divert --add /{}\n", PATHS[path]);
        out = out.control("preinst", &script);
    }
    for (path, kind, other) in &made.entries {
        let path = PATHS[*path];
        out = match kind {
            0 | 1 => out.dir(path, 0o700 + u16::from(*kind)),
            2 => out.link(path, PATHS[*other]),
            3 => out.file(path, "same"),
            _ => out.file(path, &format!("of {at}")),
        };
    }
    out
}

fn trees(all: &[Made], wanted: impl Fn(&Made) -> bool) -> Option<Vec<(String, Tree)>> {
    let packages = all.iter().enumerate().filter(|(_, made)| wanted(made));
    let recipe = Recipe {
        packages: packages.map(|(at, made)| package(at, made)).collect(),
        ..Recipe::default()
    };
    let built = recipe.build().ok()?;
    let layers = built.layers.into_iter();
    Some(
        layers
            .map(|layer| (layer.name.to_string(), layer.tree))
            .collect(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn lower_layers_do_not_see_higher_groups(all in proptest::collection::vec(made(), 1..6)) {
        let Some(whole) = trees(&all, |_| true) else {
            return Ok(());
        };
        let lower = trees(&all, |made| made.group < 2);
        prop_assert!(lower.is_some(), "a lower image fails where the whole does not");
        for (name, tree) in lower.unwrap_or_default() {
            if name != "system" {
                let same = whole.iter().find(|(other, _)| *other == name);
                prop_assert_eq!(Some(&tree), same.map(|(_, tree)| tree));
            }
        }
    }

    #[test]
    fn every_layer_is_whole_and_none_changes_a_type(
        all in proptest::collection::vec(made(), 1..6)
    ) {
        let layers = trees(&all, |_| true).unwrap_or_default();
        for (at, (_, tree)) in layers.iter().enumerate() {
            for (path, node) in &tree.nodes {
                let parent = path.parent().map(|parent| tree.nodes.get(&parent));
                prop_assert!(parent.is_none_or(|node| node.is_some_and(|node| node.is_directory())));
                if let Kind::Hardlink(target) = &node.kind {
                    prop_assert!(target < path && matches!(tree.nodes[target].kind, Kind::File(_)));
                }
                for (_, lower) in &layers[..at] {
                    let below = lower.nodes.get(path);
                    prop_assert!(below.is_none_or(|below| below.is_directory() == node.is_directory()));
                    let under_link = path.parent().and_then(|parent| lower.nodes.get(&parent));
                    prop_assert!(under_link.is_none_or(|node| node.is_directory()));
                }
            }
        }
    }
}
