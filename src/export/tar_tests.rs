//! Whole archives, read back by another implementation.

use std::collections::BTreeMap;
use std::io::Read as _;

use super::*;
use crate::export::testing::{NoPacks, Packs};
use crate::tree::Meta;
use crate::tree::testing::{directory, file, hardlink, node, path, symlink, tree};

fn tar(tree: &Tree, contents: &dyn Contents) -> Vec<u8> {
    let mut out = Vec::new();
    write_tar(tree, contents, &mut out).unwrap();
    assert_eq!(out.len() as u64, tar_size(tree).unwrap());
    out
}

#[test]
fn the_reader_sees_what_was_written() {
    let long = format!("etc/{}", "n".repeat(200));
    let mut capable = file("x");
    let capability = (*b"\x01\0\0\x02\0").into();
    capable.meta.xattrs = BTreeMap::from([((*b"security.capability").into(), capability)]);
    let tree = tree([
        ("a", file("shared")),
        ("b", hardlink("a")),
        ("etc", directory(0o755)),
        ("etc-x", symlink("etc")),
        ("etc/empty", file("")),
        (&long, capable),
        ("p", node(0o600, -5, Kind::Fifo)),
    ]);
    let bytes = tar(&tree, &NoPacks);
    let mut archive = ::tar::Archive::new(&bytes[..]);
    let mut seen = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = String::from_utf8(entry.path_bytes().into_owned()).unwrap();
        let mut content = String::new();
        entry.read_to_string(&mut content).unwrap();
        let link = entry.link_name_bytes();
        let link = String::from_utf8(link.unwrap_or_default().into_owned()).unwrap();
        seen.push((name, content, link));
    }
    let row = |name: &str, content: &str, link: &str| (name.into(), content.into(), link.into());
    let expected: Vec<(String, String, String)> = vec![
        row("a", "shared", ""),
        row("b", "", "a"),
        row("etc/", "", ""),
        row("etc-x", "", "etc"),
        row("etc/empty", "", ""),
        row(&long, "x", ""),
        row("p", "", ""),
    ];
    assert_eq!(seen, expected);
    assert_eq!(&bytes[bytes.len() - 1024..], [0; 1024]);
}

#[test]
fn the_empty_tree_is_two_blocks() {
    assert_eq!(tar(&Tree::default(), &NoPacks), [0; 1024]);
}

#[test]
fn contents_are_copied_by_ranges() {
    let pack: Vec<u8> = (0..700_000u32).map(|at| (at % 251) as u8).collect();
    let blob = |offset: usize, size: usize| {
        let kind = Kind::File(Blob {
            size: size as u64,
            sha256: crate::model::Sha256::of(&pack[offset..offset + size]),
            at: Location::Pack {
                pack: 0,
                offset: offset as u64,
            },
        });
        let meta = Meta::default();
        Node { meta, kind }
    };
    let tree = tree([("a", blob(3, 600_000)), ("b", blob(512, 512))]);
    let bytes = tar(&tree, &Packs(vec![pack.clone()]));
    assert_eq!(&bytes[512..600_512], &pack[3..600_003]);
    assert_eq!(&bytes[600_512..600_576], [0; 64]);
    assert_eq!(&bytes[601_088..601_600], &pack[512..1024]);
    let short = write_tar(&tree, &Packs(vec![pack[..1000].to_vec()]), &mut io::sink());
    let Err(TarError::Tree(error @ ExportError::Content { .. })) = short else {
        panic!("{short:?}");
    };
    assert_eq!(error.to_string(), "the content of /a cannot be read");
}

#[test]
fn refuses_trees_that_are_not_whole() {
    for (bad, why) in [
        (tree([("a/b", file(""))]), "its parent is missing"),
        (
            tree([("a", file("")), ("a/b", file(""))]),
            "its parent is no directory",
        ),
        (
            tree([("a", hardlink("b")), ("b", file(""))]),
            "it links to a later path",
        ),
        (
            tree([("b", hardlink("a"))]),
            "it links to what is no regular file",
        ),
        (
            tree([("a", symlink("x")), ("b", hardlink("a"))]),
            "it links to what is no regular file",
        ),
    ] {
        let error = check(&bad).unwrap_err();
        assert!(error.to_string().ends_with(why), "{error}");
        assert!(write_tar(&bad, &NoPacks, &mut io::sink()).is_err());
    }
    let nested = tree([
        ("a", directory(0o755)),
        ("a-b", file("")),
        ("a/b", file("")),
    ]);
    check(&nested).unwrap();
    assert!(nested.nodes.contains_key(&path("a/b")));
}
