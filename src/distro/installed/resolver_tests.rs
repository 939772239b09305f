//! Where paths lie, against Linux's rules and a plain reading of them.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::tree::Node;
use crate::tree::testing::{directory, file, path, symlink, tree};

fn resolved(tree: &Tree, at: &str) -> String {
    Resolver::new(tree).resolve(&path(at)).to_string()
}

#[test]
fn links_above_a_path_are_followed_and_itself_is_not() {
    let tree = tree([
        ("bin", symlink("usr/bin")),
        ("usr", directory(0o755)),
        ("usr/bin", directory(0o755)),
        ("usr/bin/awk", symlink("/etc/alternatives/awk")),
        ("usr/lib", directory(0o755)),
        ("usr/lib/x86", symlink("../../opt/./lib//")),
        ("opt", directory(0o755)),
        ("opt/lib", symlink("/data/../usr/lib")),
        ("data", directory(0o755)),
        ("outside", symlink("../../../usr")),
        ("file", symlink("usr/bin/awk")),
    ]);
    for (packaged, found) in [
        ("bin/sh", "/usr/bin/sh"),
        ("bin/awk", "/usr/bin/awk"),
        ("bin", "/bin"),
        ("usr/lib/x86/a/b", "/usr/lib/a/b"),
        ("outside/bin/sh", "/usr/bin/sh"),
        ("bin/none/deep", "/usr/bin/none/deep"),
        ("file/x", "/file/x"),
        ("none/x", "/none/x"),
    ] {
        assert_eq!(resolved(&tree, packaged), found, "{packaged}");
    }
    let mut resolver = Resolver::new(&tree);
    assert!(resolver.is_directory(&path("bin")) && resolver.is_directory(&path("opt/lib")));
    assert!(!resolver.is_directory(&path("bin/awk")) && !resolver.is_directory(&path("none")));
}

#[test]
fn a_directory_that_only_its_entries_tell_of_is_one() {
    let tree = tree([("bin", symlink("usr/bin")), ("usr/bin/sh", file(""))]);
    assert_eq!(resolved(&tree, "bin/sh"), "/usr/bin/sh");
    assert!(Resolver::new(&tree).is_directory(&path("usr/bin")));
    assert!(!Resolver::new(&tree).is_directory(&path("usr/b")));
}

#[test]
fn forty_links_are_followed_and_no_more() {
    let chain = |count: usize| {
        let mut nodes: BTreeMap<TreePath, Node> = (0..count)
            .map(|at| (path(&format!("l{at}")), symlink(&format!("l{}", at + 1))))
            .collect();
        nodes.insert(path(&format!("l{count}")), directory(0o755));
        nodes.insert(path("a"), symlink("l20"));
        Tree { nodes }
    };
    assert_eq!(resolved(&chain(40), "l0/x"), "/l40/x");
    assert_eq!(resolved(&chain(41), "l0/x"), "/l0/x");
    // What was found before changes nothing.
    let tree = chain(41);
    let mut resolver = Resolver::new(&tree);
    assert_eq!(resolver.resolve(&path("l1/x")), path("l41/x"));
    assert_eq!(resolver.resolve(&path("l0/x")), path("l0/x"));
    assert_eq!(resolver.resolve(&path("a/x")), path("l41/x"));
}

#[test]
fn loops_lead_nowhere() {
    let tree = tree([
        ("a", symlink("b")),
        ("b", symlink("a")),
        ("c", symlink("c/c")),
    ]);
    let mut resolver = Resolver::new(&tree);
    for at in ["a/x", "b/x", "c/x", "c/c/c"] {
        assert_eq!(resolver.resolve(&path(at)), path(at));
        assert_eq!(resolver.follow(&path(at)), None);
    }
    assert_eq!(resolver.follow(&path("a")), None);
}

#[test]
fn a_file_is_followed_to_where_it_lies() {
    let tree = tree([
        ("etc", directory(0o755)),
        ("etc/os-release", symlink("../usr/lib/os-release")),
        ("etc/root", symlink("..")),
        ("etc/none", symlink("gone")),
        ("usr", directory(0o755)),
        ("usr/lib", directory(0o755)),
        ("usr/lib/os-release", file("")),
    ]);
    let mut resolver = Resolver::new(&tree);
    let mut follow = |at: &str| resolver.follow(&path(at));
    assert_eq!(follow("etc/os-release"), Some(path("usr/lib/os-release")));
    assert_eq!(follow("etc/root/usr/lib"), Some(path("usr/lib")));
    assert_eq!(follow("etc/root"), None);
    assert_eq!(follow("etc/none"), None);
    assert_eq!(follow("etc/os-release/x"), None);
}

/// Reads the parts of a path one by one, as Linux does; `None` where it finds nothing.
fn plainly(tree: &Tree, path: &TreePath) -> Option<TreePath> {
    let mut todo: Vec<Vec<u8>> = path.parts().rev().map(<[u8]>::to_vec).collect();
    let name = todo.remove(0);
    let (mut at, mut links): (Vec<Vec<u8>>, _) = (Vec::new(), 0);
    while let Some(part) = todo.pop() {
        match &part[..] {
            b"" | b"." => continue,
            b".." => {
                at.pop();
                continue;
            }
            _ => at.push(part),
        }
        match &tree.nodes.get(&at.join(&b'/')[..])?.kind {
            Kind::Directory => {}
            Kind::Symlink(target) => {
                links += 1;
                if links > MAX_LINKS {
                    return None;
                }
                at.pop();
                if target.starts_with(b"/") {
                    at.clear();
                }
                todo.extend(target.rsplit(|&byte| byte == b'/').map(<[u8]>::to_vec));
            }
            _ => return None,
        }
    }
    at.push(name);
    let found = TreePath::from_archive(&at.join(&b'/')).unwrap()?;
    tree.nodes.contains_key(&found).then_some(found)
}

proptest! {
    /// In any tree, in any order of asking.
    #[test]
    fn agrees_with_a_plain_reading(
        nodes in prop::collection::vec(("[abc](/[abc]){0,3}", 0..6u8, "/?([abc.]|\\.\\.)(/([abc]|\\.\\.)){0,3}"), 0..24),
        paths in prop::collection::vec("[abc](/[abc]){0,5}", 1..12),
    ) {
        let mut tree = Tree::default();
        for (at, kind, target) in nodes {
            let at = path(&at);
            let above = at.parent();
            let fits = above.is_none_or(|above| tree.nodes.get(&above).is_some_and(Node::is_directory));
            if fits && !tree.nodes.contains_key(&at) {
                let node = match kind {
                    0..3 => directory(0o755),
                    3..5 => symlink(&target),
                    _ => file(""),
                };
                tree.nodes.insert(at, node);
            }
        }
        let mut resolver = Resolver::new(&tree);
        for at in paths {
            let at = path(&at);
            let found = resolver.resolve(&at);
            let found = tree.nodes.contains_key(&found).then_some(found);
            prop_assert_eq!(found, plainly(&tree, &at), "{}", at);
        }
    }
}
