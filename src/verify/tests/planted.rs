//! Changes are planted into made-up images: each must be found, named rightly, and alone.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::Index;

use super::plant::{CHANGES, Planted, layer, names_a_file, plant, samples};
use super::*;
use crate::image::{Form, Oddity, Whiteout};
use crate::tree::testing::path;

/// The highest layer that has the path; of a directory, the lowest from which on it stays the same.
fn shown_by<'a>(sample: &'a Sample, at: &TreePath) -> &'a str {
    let mut shown: Option<(&str, &Node)> = None;
    for (name, tree) in &sample.layers {
        if let Some(node) = tree.nodes.get(at)
            && !shown.is_some_and(|(_, before)| node.is_directory() && node == before)
        {
            shown = Some((name, node));
        }
    }
    shown.map_or("-", |(name, _)| name)
}

/// Plants a change into a layer of an image, which then is as one that has it.
fn into_layer(image: &mut Image, at: usize, change: &str, pick: &Index) -> Option<Planted> {
    let layer = &mut image.layers[at];
    let planted = plant(&mut layer.tree, change, pick)?;
    layer.diff_id = diff_id(&layer.tree, "");
    let layers = image.layers.iter();
    let ids: Vec<_> = layers.map(|layer| layer.diff_id.to_string()).collect();
    let config = image.config.as_mut().unwrap();
    config.json["rootfs"]["diff_ids"] = ids.into();
    config.digest = Sha256::of(config.json.to_string().as_bytes());
    image.manifest = Some(config.digest);
    image.tree = merge(image.layers.iter().map(|layer| layer.tree.clone()));
    Some(planted)
}

/// What is told, and how many notes there are.
fn judge(rebuilt: &Rebuilt<'_>, image: &Image, form: Form) -> (Vec<String>, usize) {
    let verdict = with_image(rebuilt, image, form, rebuilt.blobs.as_ref());
    (told(&verdict), verdict.notes.len())
}

fn sorted(mut lines: Vec<String>) -> Vec<String> {
    lines.sort();
    lines
}

/// Whether two changes are two: none is in the other's place, and they do not share a file.
fn apart(a: &Planted, b: &Planted) -> bool {
    let near = |a: &TreePath, b: &TreePath| a == b || a.is_below(b) || b.is_below(a);
    !near(&a.path, &b.path) && (!a.links || !b.links)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_found_where_nothing_was_changed(sample in samples()) {
        let rebuilt = sample.rebuilt();
        let nothing = (Vec::<String>::new(), 0);
        for form in [Form::OciLayout, Form::OciArchive, Form::DockerArchive] {
            prop_assert_eq!(&judge(&rebuilt, &sample.image(), form), &nothing);
        }
        prop_assert_eq!(&judge(&rebuilt, &sample.tar(), Form::Tar), &nothing);
        prop_assert_eq!(&judge(&rebuilt, &sample.directory(), Form::Directory), &nothing);
        prop_assert!(with_record(&sample.output(), &rebuilt).holds());
    }

    /// What is the same once it is unpacked.
    #[test]
    fn another_way_to_write_is_one_finding(sample in samples(), at in 0..3_usize, pick in any::<Index>()) {
        let rebuilt = sample.rebuilt();
        let paths: Vec<TreePath> = sample.layers[at].1.nodes.keys().cloned().collect();
        let place = pick.get(&paths).clone();
        let odd = [
            (vec![Oddity::Order(place.clone())], format!("{place} order")),
            (vec![Oddity::Repeated(place.clone())], format!("{place} repeated")),
            (vec![Oddity::NoParent(place.clone())], format!("{place} parent")),
            (vec![Oddity::Root], "- root".into()),
            (vec![], "- encoding".into()),
        ];
        for (oddities, expected) in odd {
            let mut image = sample.image();
            image.layers[at].diff_id = diff_id(&image.layers[at].tree, "otherwise");
            image.layers[at].oddities = oddities;
            let expected = (vec![format!("{} {expected}", sample.layers[at].0)], 0);
            prop_assert_eq!(judge(&rebuilt, &image, Form::OciArchive), expected);
        }
        let mut image = sample.image();
        image.layers[at].diff_id = diff_id(&image.layers[at].tree, "otherwise");
        image.layers[at].whiteouts.push(Whiteout::Path(place.clone()));
        let expected = (vec![format!("{} {place} whiteout", sample.layers[at].0)], 0);
        prop_assert_eq!(judge(&rebuilt, &image, Form::OciArchive), expected);
    }

    /// Two changes, in one layer or in two.
    #[test]
    fn two_changes_are_two_findings(
        sample in samples(),
        changes in [(0..CHANGES.len(), 0..3_usize, any::<Index>()), (0..CHANGES.len(), 0..3_usize, any::<Index>())],
    ) {
        let rebuilt = sample.rebuilt();
        let mut image = sample.image();
        let [(a, first, pick_a), (b, second, pick_b)] = &changes;
        let a = into_layer(&mut image, *first, CHANGES[*a], pick_a).unwrap();
        let b = into_layer(&mut image, *second, CHANGES[*b], pick_b);
        // The first may have taken away what the second needs.
        prop_assume!(b.is_some());
        let b = b.unwrap();
        prop_assume!(first != second || apart(&a, &b));
        let name = |at: &usize| sample.layers[*at].0.as_str();
        let expected = sorted(vec![a.told(name(first)), b.told(name(second))]);
        let (found, notes) = judge(&rebuilt, &image, Form::OciLayout);
        prop_assert_eq!((sorted(found), notes), (expected, 0));
    }

    /// A record has no path of a group's layer, and all of those that are generated.
    #[test]
    fn a_record_names_the_layer_and_generated_paths(
        mut sample in samples(),
        at in 0..3_usize,
        change in 0..CHANGES.len(),
        pick in any::<Index>(),
    ) {
        let recorded = sample.output();
        let planted = plant(&mut sample.layers[at].1, CHANGES[change], &pick).unwrap();
        let sample = Sample::new(sample.layers);
        let verdict = with_record(&recorded, &sample.rebuilt());
        let name = &sample.layers[at].0;
        let found = told(&verdict);
        prop_assert_eq!(&found[0], &format!("{name} - diff_id"));
        let at_all: BTreeSet<_> = verdict.findings.iter().filter_map(|one| one.path.clone()).collect();
        match at {
            0 => prop_assert_eq!(&found[1..], &[] as &[String]),
            // A record has no times and attributes to compare, and of a path of both layers that of
            // the higher one.
            _ if at_all.is_empty() => prop_assert!(verdict.notes[0].starts_with("which paths of ")),
            _ => for path in at_all {
                let near = path == planted.path || path.is_below(&planted.path) || planted.links;
                prop_assert!(near, "{path} for {planted:?}");
            },
        }
    }
}

proptest! {
    // Each of them is some eighty comparisons.
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 16, ..ProptestConfig::default() })]

    /// Every change of the list, in each layer and in the whole.
    #[test]
    fn one_change_is_one_finding(sample in samples(), pick in any::<Index>()) {
        let rebuilt = sample.rebuilt();
        let whole = sample.image();
        for change in CHANGES {
            for at in 0..sample.layers.len() {
                let mut image = whole.clone();
                let planted = into_layer(&mut image, at, change, &pick).unwrap();
                let expected = (vec![planted.told(&sample.layers[at].0)], 0);
                for form in [Form::OciLayout, Form::DockerArchive] {
                    prop_assert_eq!(&judge(&rebuilt, &image, form), &expected, "{}", change);
                }
            }
            let mut tar = sample.tar();
            let planted = plant(&mut tar.tree, change, &pick).unwrap();
            tar.layers[0].tree = tar.tree.clone();
            tar.layers[0].diff_id = diff_id(&tar.tree, "");
            let expected = (vec![planted.told(shown_by(&sample, &planted.path))], 0);
            prop_assert_eq!(&judge(&rebuilt, &tar, Form::Tar), &expected, "{}", change);
            let directory = Image { layers: Vec::new(), ..tar };
            prop_assert_eq!(&judge(&rebuilt, &directory, Form::Directory), &expected, "{}", change);
        }
    }
}

#[test]
fn the_samples_hold_what_the_changes_need() {
    let sample = layer("base", &[]);
    assert!(
        sample
            .nodes
            .values()
            .any(|node| matches!(node.kind, Kind::BlockDevice(..)))
    );
    assert_eq!(
        sample
            .nodes
            .values()
            .filter(|node| names_a_file(node))
            .count(),
        6
    );
    assert_eq!(
        sample
            .nodes
            .keys()
            .filter(|at| at.is_below(&path("base/dir")))
            .count(),
        2
    );
}
