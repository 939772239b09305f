//! Section 5 of FORMATS.md, rule by rule.

use super::testing::*;
use super::{AssembleError, LayerName, Replaced, generated};
use crate::model::{Accounts, Class, Epoch, Explain, PathRules};
use crate::tree::{Kind, TreePath};

fn path(text: &str) -> TreePath {
    text.parse().unwrap()
}

/// The mtime of every directory.
const DIRECTORY: i64 = 946_684_800;

#[test]
fn layers_in_order_and_none_empty() {
    let image = image([
        pkg("b", "top").file("usr/bin/b", "b"),
        pkg("a", "base").file("usr/bin/a", "a"),
    ])
    .unwrap();
    assert_eq!(names(&image), ["base", "top", "system"]);
    assert_eq!(names(&Recipe::default().build().unwrap()), [""; 0]);
    let base = layer(&image, "base");
    assert!(has(base, "usr/bin/a") && !has(base, "usr/bin/b"));
    assert!(has(base, "var/lib/dpkg/info/a.list"));
    assert!(has(layer(&image, "top"), "var/lib/dpkg/info/b.list"));
    assert!(!has(base, "var/lib/dpkg/status"));
}

#[test]
fn a_group_that_the_manifest_lacks_is_a_stale_lock() {
    let error = image([pkg("a", "elsewhere")]).unwrap_err();
    assert_eq!(error.class(), Class::BadInput);
    assert!(error.hint().unwrap().contains("rootlock lock"));
}

#[test]
fn parents_are_in_every_layer_with_the_lowest_packages_metadata() {
    let image = image([
        pkg("z", "base").dir("srv/x", 0o700).file("srv/x/z", ""),
        pkg("a", "top")
            .dir("srv", 0o711)
            .dir("srv/x", 0o777)
            .file("srv/x/a", ""),
        pkg("b", "top").dir("opt", 0o750).file("opt/b", ""),
        pkg("c", "top").dir("opt", 0o755).file("opt/c", ""),
    ])
    .unwrap();
    let (base, top) = (layer(&image, "base"), layer(&image, "top"));
    let mode = |tree, at_path: &str| at(tree, at_path).meta.mode;
    assert_eq!(mode(base, "srv/x"), 0o700);
    assert_eq!(mode(top, "srv/x"), 0o700);
    // What only a higher layer ships does not reach down.
    assert_eq!(mode(base, "srv"), 0o755);
    assert_eq!(mode(top, "srv"), 0o711);
    assert_eq!(mode(top, "opt"), 0o750);
    for layer in &image.layers {
        for (path, node) in &layer.tree.nodes {
            assert!(!node.is_directory() || node.meta.mtime == DIRECTORY);
            let parent = path.parent();
            assert!(parent.is_none_or(|parent| layer.tree.nodes[&parent].is_directory()));
        }
    }
}

#[test]
fn a_higher_group_never_changes_a_lower_layer() {
    let lower = || {
        [
            pkg("base-files", "base")
                .dir("usr", 0o755)
                .link("etc/x", "../usr"),
            pkg("libc6", "base")
                .field("Multi-Arch: same")
                .file("lib/libc.so", "c")
                .file("usr/share/f", "old"),
        ]
    };
    let tops = [
        vec![],
        vec![pkg("t", "top").file("usr/share/t", "t").dir("lib", 0o700)],
        vec![
            pkg("t", "top")
                .field("Replaces: libc6")
                .file("usr/share/f", "new")
                .dir("usr/share", 0o700),
        ],
        vec![
            pkg("t", "top")
                .control("preinst", "#!/bin/sh\ndpkg-divert --add /usr/share/f\n")
                .file("etc/x/through", "")
                .file("usr/share/f", "mine"),
        ],
    ];
    let mut seen = Vec::new();
    for top in tops {
        let recipe = Recipe {
            packages: lower().into_iter().chain(top).collect(),
            ..Recipe::default()
        };
        seen.push(layer(&recipe.build().unwrap(), "base").clone());
    }
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn merged_usr_is_in_the_lowest_layer() {
    let image = image([
        pkg("a", "base").file("opt/a", ""),
        pkg("base-files", "mid")
            .link("bin", "usr/bin")
            .link("lib64", "usr/lib64")
            .dir("usr/bin", 0o711),
        pkg("b", "top")
            .dir("bin", 0o755)
            .file("bin/sh", "sh")
            .file("lib32/x", "x")
            .file("lib64/ld.so", "ld"),
    ])
    .unwrap();
    let (base, mid, top) = (
        layer(&image, "base"),
        layer(&image, "mid"),
        layer(&image, "top"),
    );
    for name in ["bin", "sbin", "lib", "lib64"] {
        assert!(is_link(base, name, &format!("usr/{name}")));
        let meta = &at(base, name).meta;
        assert_eq!((meta.uid, meta.gid, meta.mtime), (0, 0, DIRECTORY));
        assert!(at(base, &format!("usr/{name}")).is_directory());
        assert!(!has(mid, name) && !has(top, name));
    }
    assert!(is_link(top, "lib32", "usr/lib32"));
    assert!(has(top, "usr/bin/sh") && has(top, "usr/lib32/x") && has(top, "usr/lib64/ld.so"));
    assert_eq!(at(top, "usr/bin").meta.mode, 0o711);
    // The list has the paths as packaged.
    let list = text(top, "var/lib/dpkg/info/b.list");
    assert_eq!(list, "/.\n/bin\n/bin/sh\n/lib32/x\n/lib64/ld.so\n");
}

#[test]
fn the_lowest_layer_is_the_lowest_that_has_packages() {
    let image = image([pkg("a", "top").file("bin/a", "")]).unwrap();
    assert!(is_link(layer(&image, "top"), "bin", "usr/bin"));
}

#[test]
fn other_releases_and_architectures() {
    let build = |release, arch| {
        let recipe = Recipe {
            packages: vec![pkg("a", "base").file("bin/a", "")],
            release,
            arch,
            ..Recipe::default()
        };
        recipe.build().unwrap()
    };
    let old = build("bullseye", "amd64");
    assert!(at(layer(&old, "base"), "bin").is_directory());
    let arm = build("bookworm", "arm64");
    assert!(!has(layer(&arm, "base"), "lib64"));
    assert!(is_link(layer(&arm, "base"), "bin", "usr/bin"));
}

#[test]
fn something_else_at_a_root_links_place_is_a_conflict() {
    for alien in [
        pkg("a", "base").file("bin", ""),
        pkg("a", "base").link("bin", "opt"),
    ] {
        let error = image([alien]).unwrap_err();
        assert_eq!(error.class(), Class::Unsatisfiable);
    }
}

#[test]
fn what_passes_through_links_is_stored_under_their_target() {
    let image = image([
        pkg("a", "base")
            .link("var/run", "/run")
            .link("usr/lib/x", "../share/x")
            .link("usr/share/x/deep", "/opt")
            .file("usr/lib/x/same", "1"),
        pkg("b", "top")
            .dir("var/run", 0o700)
            .file("var/run/pid", "")
            .file("usr/lib/x/deep/f", "")
            .link("usr/lib/x/l", "deep"),
        pkg("c", "top").file("usr/lib/x/l/g", ""),
    ])
    .unwrap();
    let (base, top) = (layer(&image, "base"), layer(&image, "top"));
    assert!(has(base, "usr/share/x/same"));
    for stored in ["run/pid", "opt/f", "opt/g", "usr/share/x/l"] {
        assert!(has(top, stored), "{stored}");
    }
    assert_eq!(at(top, "run").meta.mode, 0o700);
    assert!(!has(top, "var/run") && !has(top, "usr/lib/x"));
}

#[test]
fn links_in_a_circle_are_refused() {
    let error = image([
        pkg("a", "base").link("x", "y").link("y", "x"),
        pkg("b", "base").file("x/f", ""),
    ])
    .unwrap_err();
    assert!(matches!(error, AssembleError::Tangled { .. }), "{error}");
    // Where nothing passes through them they are only links.
    assert!(image([pkg("a", "base").link("x", "y").link("y", "x")]).is_ok());
}

#[test]
fn a_link_above_a_lower_layers_directory_names_the_move() {
    let error = image([
        pkg("low", "base").file("var/lock/low", ""),
        pkg("base-files", "top").link("var/lock", "/run/lock"),
    ])
    .unwrap_err();
    assert_eq!(error.class(), Class::Unsatisfiable);
    let hint = error.hint().unwrap();
    assert!(hint.contains("move base-files to group base"), "{hint}");
    assert!(error.to_string().contains("/var/lock"));
    // In one layer the directory is the link's target.
    let image = image([
        pkg("low", "base")
            .dir("var/lock", 0o755)
            .file("var/lock/low", ""),
        pkg("z", "base").link("var/lock", "/run/lock"),
    ])
    .unwrap();
    assert!(has(layer(&image, "base"), "run/lock/low"));
}

#[test]
fn the_same_path_in_two_packages() {
    let two = |a: Pkg, b: Pkg| image([a, b]);
    // The same: the lowest keeps it, both lists name it.
    let same = two(
        pkg("a", "base").file("etc/f", "x"),
        pkg("b", "top").file("etc/f", "x"),
    )
    .unwrap();
    assert!(has(layer(&same, "base"), "etc/f") && !has(layer(&same, "top"), "etc/f"));
    assert!(text(layer(&same, "top"), "var/lib/dpkg/info/b.list").contains("/etc/f\n"));
    assert!(!has(layer(&same, "system"), "var/lib/dpkg/info/b.list"));
    // Other content, mode or type without a rule.
    for other in [
        pkg("b", "top").file("etc/f", "y"),
        pkg("b", "base").file("etc/f", "y"),
        pkg("b", "top").node("etc/f", 0o600, Kind::File(crate::tree::Blob::inline(*b"x"))),
        pkg("b", "top").dir("etc/f", 0o755),
        pkg("b", "base").file("etc/f/below", ""),
        pkg("b", "top").link("etc/f", "x"),
    ] {
        let error = two(pkg("a", "base").file("etc/f", "x"), other).unwrap_err();
        let message = error.to_string();
        assert_eq!(error.class(), Class::Unsatisfiable);
        for part in ["/etc/f", "a (group base)", "b (group"] {
            assert!(message.contains(part), "{message}");
        }
    }
}

#[test]
fn replaces_in_a_higher_group_shadows() {
    let image = image([
        pkg("a", "base")
            .control("md5sums", "0123456789abcdef0123456789abcdef  usr/f\n0123456789abcdef0123456789abcdef  usr/g\n")
            .file("usr/f", "old")
            .file("usr/g", "g"),
        pkg("b", "top").field("Replaces: a (<< 2)").file("usr/f", "new"),
    ])
    .unwrap();
    assert_eq!(text(layer(&image, "base"), "usr/f"), "old");
    assert_eq!(text(layer(&image, "top"), "usr/f"), "new");
    let list = "var/lib/dpkg/info/a.list";
    assert_eq!(text(layer(&image, "base"), list), "/.\n/usr/f\n/usr/g\n");
    assert_eq!(text(layer(&image, "system"), list), "/.\n/usr/g\n");
    let sums = text(layer(&image, "system"), "var/lib/dpkg/info/a.md5sums");
    assert_eq!(sums, "0123456789abcdef0123456789abcdef  usr/g\n");
    assert!(image.replaced.contains(&Replaced {
        path: path(list),
        by: LayerName::System,
        package: Some("a".parse().unwrap()),
    }));
}

#[test]
fn replaces_leaves_the_losers_file_out() {
    // A lower package that replaces a higher one, and two of one group in either order.
    for (winner, loser, group) in [("a", "b", "top"), ("a", "b", "base"), ("z", "b", "base")] {
        let image = image([
            pkg(winner, "base")
                .field(&format!("Replaces: {loser}"))
                .file("usr/f", "winner"),
            pkg(loser, group).file("usr/f", "loser").file("usr/own", ""),
        ])
        .unwrap();
        assert_eq!(text(layer(&image, "base"), "usr/f"), "winner");
        let tree = layer(&image, group);
        assert!(group == "base" || !has(tree, "usr/f"));
        let list = format!("var/lib/dpkg/info/{loser}.list");
        assert_eq!(text(tree, &list), "/.\n/usr/own\n");
        assert!(!has(layer(&image, "system"), &list));
    }
    // The version has to fit.
    let error = image([
        pkg("a", "base")
            .field("Replaces: b (<< 1.0)")
            .file("usr/f", "1"),
        pkg("b", "base").file("usr/f", "2"),
    ]);
    assert!(matches!(error, Err(AssembleError::Conflict { .. })));
}

#[test]
fn diversions() {
    let diverter = |group: &str| {
        pkg("d", group)
            .control(
                "preinst",
                "#!/bin/sh\nif [ \"$1\" = install ]; then\n  dpkg-divert --package d --add --rename --divert /bin/sh.real /bin/sh\nfi\n",
            )
            .file("bin/sh", "diverter's")
    };
    let owner = |group: &str| pkg("s", group).file("bin/sh", "owner's");
    for (by, of) in [("base", "base"), ("base", "top")] {
        let image = image([diverter(by), owner(of)]).unwrap();
        assert_eq!(text(layer(&image, by), "usr/bin/sh"), "diverter's");
        assert_eq!(text(layer(&image, of), "usr/bin/sh.real"), "owner's");
        assert!(by == of || !has(layer(&image, of), "usr/bin/sh"));
        let diversions = text(layer(&image, "system"), "var/lib/dpkg/diversions");
        assert_eq!(diversions, "/bin/sh\n/bin/sh.real\nd\n");
    }
    // A script that speaks for another package: that one's own file keeps the path.
    let spoken = image([
        pkg("script", "top").control(
            "preinst",
            "#!/bin/sh\ndpkg-divert --package d --add /bin/sh\n",
        ),
        pkg("d", "base").file("bin/sh", "d's"),
        pkg("e", "top").file("bin/sh", "e's"),
    ])
    .unwrap();
    assert_eq!(text(layer(&spoken, "base"), "usr/bin/sh"), "d's");
    assert_eq!(text(layer(&spoken, "top"), "usr/bin/sh.distrib"), "e's");
    // A diverter above: the original stays beneath, and is under its new name above.
    let image = image([diverter("top"), owner("base")]).unwrap();
    assert_eq!(text(layer(&image, "base"), "usr/bin/sh"), "owner's");
    assert_eq!(text(layer(&image, "top"), "usr/bin/sh"), "diverter's");
    assert_eq!(text(layer(&image, "top"), "usr/bin/sh.real"), "owner's");
    assert!(!has(layer(&image, "system"), "var/lib/dpkg/info/s.list"));
}

#[test]
fn hard_links_join_what_is_left_in_one_layer() {
    let image = image([
        pkg("a", "base")
            .file("usr/bin/zz", "content")
            .hardlink("usr/bin/bb", "usr/bin/zz")
            .hardlink("usr/bin/cc", "usr/bin/bb")
            .file("usr/bin/gone", "one")
            .hardlink("usr/bin/stays", "usr/bin/gone"),
        pkg("w", "base")
            .field("Replaces: a")
            .file("usr/bin/gone", "two"),
    ])
    .unwrap();
    let base = layer(&image, "base");
    assert_eq!(text(base, "usr/bin/bb"), "content");
    for name in ["usr/bin/cc", "usr/bin/zz"] {
        assert_eq!(at(base, name).kind, Kind::Hardlink(path("usr/bin/bb")));
    }
    assert_eq!(text(base, "usr/bin/stays"), "one");
    assert_eq!(text(base, "usr/bin/gone"), "two");
    let lost = super::testing::image([pkg("a", "base").hardlink("x", "nowhere")]).unwrap_err();
    assert_eq!(lost.class(), Class::Untrusted);
}

#[test]
fn paths_filter_packages_and_stay_in_the_lists() {
    let recipe = Recipe {
        packages: vec![
            pkg("a", "base")
                .dir("usr/share/doc", 0o755)
                .dir("usr/share/doc/a", 0o755)
                .file("usr/share/doc/a/copyright", "c")
                .file("usr/share/doc/a/README", "r")
                .hardlink("usr/share/kept", "usr/share/doc/a/README")
                .dir("usr/share/man", 0o755)
                .dir("usr/share/man/man1", 0o755)
                .file("bin/x", ""),
        ],
        rules: PathRules {
            exclude: [
                "/usr/share/doc/*",
                "/usr/share/man/*",
                "/usr/bin/*",
                "/var/*",
            ]
            .map(Into::into)
            .into(),
            include: vec!["/usr/share/doc/*/copyright".into()],
        },
        ..Recipe::default()
    };
    let image = recipe.build().unwrap();
    let base = layer(&image, "base");
    assert!(has(base, "usr/share/doc/a/copyright") && has(base, "usr/share/man"));
    assert!(!has(base, "usr/share/doc/a/README") && !has(base, "usr/share/man/man1"));
    // As packaged: `/usr/bin/*` does not touch /bin/x. The hard link keeps the content.
    assert!(has(base, "usr/bin/x"));
    assert_eq!(text(base, "usr/share/kept"), "r");
    let list = text(base, "var/lib/dpkg/info/a.list");
    assert!(list.contains("/usr/share/doc/a/README\n") && list.contains("/man1\n"));
    assert_eq!(
        text(layer(&image, "system"), "etc/dpkg/dpkg.cfg.d/rootlock"),
        "path-exclude=/usr/share/doc/*\npath-exclude=/usr/share/man/*\n\
         path-exclude=/usr/bin/*\npath-exclude=/var/*\n\
         path-include=/usr/share/doc/*/copyright\n"
    );
}

#[test]
fn the_order_of_packages_does_not_count() {
    let packages = || {
        vec![
            pkg("a", "base")
                .dir("usr/x", 0o700)
                .file("usr/x/f", "a")
                .link("l", "/usr/x"),
            pkg("b", "base")
                .dir("usr/x", 0o755)
                .field("Replaces: a")
                .file("usr/x/f", "b"),
            pkg("c", "top")
                .field("Replaces: b")
                .file("usr/x/f", "c")
                .file("l/g", ""),
            pkg("d", "top")
                .control("preinst", "#!/bin/sh\ndpkg-divert --add /usr/x/h\n")
                .file("usr/x/h", "d"),
            pkg("e", "top").file("usr/x/h", "e"),
        ]
    };
    let trees = |packages| {
        let recipe = Recipe {
            packages,
            ..Recipe::default()
        };
        let layers = recipe.build().unwrap().layers.into_iter();
        layers.map(|layer| layer.tree).collect::<Vec<_>>()
    };
    let mut turned = packages();
    let first = trees(packages());
    for _ in 0..turned.len() {
        turned.rotate_left(1);
        turned.reverse();
        let names: Vec<_> = turned.iter().map(|one| one.locked.name.clone()).collect();
        let again = names.iter().map(|name| {
            let mut all = packages();
            let at = all.iter().position(|one| one.locked.name == *name).unwrap();
            all.swap_remove(at)
        });
        assert_eq!(trees(again.collect()), first);
    }
}

#[test]
fn times() {
    let build = |epoch| {
        let mut late = pkg("late", "top").file("usr/late", "");
        late.unpacked.newest = TIME + 100;
        late.unpacked.entries[0].1.meta.mtime = TIME + 50;
        let recipe = Recipe {
            packages: vec![
                pkg("a", "base")
                    .file("usr/a", "")
                    .control("postinst", "#!/bin/sh\n"),
                late,
            ],
            files: vec![content("/etc/f", "x")],
            epoch,
            ..Recipe::default()
        };
        recipe.build().unwrap()
    };
    let mtime =
        |image: &super::Assembly, name: &str, path: &str| at(layer(image, name), path).meta.mtime;
    let image = build(None);
    assert_eq!(image.epoch, Epoch(TIME + 100));
    assert_eq!(mtime(&image, "base", "usr/a"), TIME);
    assert_eq!(mtime(&image, "base", "var/lib/dpkg/info/a.list"), TIME);
    assert_eq!(
        mtime(&image, "base", "var/lib/dpkg/info/a.postinst"),
        TIME - 5
    );
    assert_eq!(
        mtime(&image, "top", "var/lib/dpkg/info/late.list"),
        TIME + 100
    );
    assert_eq!(mtime(&image, "system", "var/lib/dpkg/status"), TIME + 100);
    assert_eq!(mtime(&image, "files", "etc/f"), DIRECTORY);
    let image = build(Some(Epoch(TIME - 7)));
    assert_eq!(image.epoch, Epoch(TIME - 7));
    for layer in &image.layers {
        for node in layer.tree.nodes.values() {
            let expected =
                if node.is_directory() || node.kind == Kind::Symlink((*b"usr/bin").into()) {
                    DIRECTORY
                } else {
                    TIME - 7
                };
            assert!(node.meta.mtime <= expected.max(DIRECTORY));
        }
    }
    assert_eq!(mtime(&image, "top", "usr/late"), TIME - 7);
    assert_eq!(mtime(&image, "files", "etc/f"), TIME - 7);
}

#[test]
fn the_system_layer_has_the_database() {
    let mut library = pkg("libx1", "base")
        .field("Multi-Arch: same")
        .field("Priority: Optional");
    library.locked.requested = false;
    let image = image([
        library
            .field("Depends: a(>=1.0)|b:any ,c (<2), d (= 0:1-1)")
            .field("X-Custom: 1")
            .field("Homepage: https://x")
            .file("usr/lib/libx.so.1", "x")
            .control("triggers", "activate-noawait ldconfig\n"),
        pkg("apt", "base")
            .field("Essential: no")
            .field("Section: admin")
            .file("etc/apt.conf", "conf")
            .control("conffiles", "/etc/apt.conf\nremove-on-upgrade /etc/old\n")
            .control("triggers", "interest /usr/lib\ninterest-noawait named\n")
            .control("list", "not dpkg's")
            .control("postinst", "#!/bin/sh\n"),
    ])
    .unwrap();
    let (base, system) = (layer(&image, "base"), layer(&image, "system"));
    assert_eq!(
        text(system, "var/lib/dpkg/status"),
        "Package: apt\nStatus: install ok unpacked\nSection: admin\nMaintainer: A <a@b>\n\
         Architecture: amd64\nVersion: 1.0-1\nConffiles:\n \
         /etc/apt.conf e9c3fd8cd5b7dec30c4a74d4ed8ac2d1\n \
         /etc/old newconffile remove-on-upgrade\nDescription: d\n\n\
         Package: libx1\nStatus: install ok unpacked\nPriority: optional\nMaintainer: A <a@b>\n\
         Architecture: amd64\nMulti-Arch: same\nVersion: 1.0-1\n\
         Depends: a (>= 1.0) | b:any, c (<= 2), d (= 1-1)\nDescription: d\n\
         X-Custom: 1\nHomepage: https://x\n\n"
            .replace("e9c3fd8cd5b7dec30c4a74d4ed8ac2d1", &md5_of("conf"))
    );
    let info = |name: &str| format!("var/lib/dpkg/info/{name}");
    assert_eq!(
        text(base, &info("libx1:amd64.list")),
        "/.\n/usr/lib/libx.so.1\n"
    );
    assert_eq!(
        text(base, &info("apt.md5sums")),
        format!("{}  etc/apt.conf\n", md5_of("conf"))
    );
    assert_eq!(text(base, &info("apt.list")), "/.\n/etc/apt.conf\n");
    assert_eq!(at(base, &info("apt.postinst")).meta.mode, 0o755);
    assert!(!has(base, &info("apt.control")));
    assert_eq!(text(system, &info("format")), "1\n");
    assert_eq!(text(system, "var/lib/dpkg/triggers/File"), "/usr/lib apt\n");
    assert_eq!(text(system, "var/lib/dpkg/triggers/named"), "apt/noawait\n");
    assert_eq!(
        text(system, "var/lib/apt/extended_states"),
        "Package: libx1\nArchitecture: amd64\nAuto-Installed: 1\n\n"
    );
    let undone: Vec<String> = image
        .undone
        .iter()
        .map(|one| format!("{} {} {}", one.package, one.script, one.statement))
        .collect();
    assert_eq!(undone, ["apt postinst *", "libx1 triggers *"]);
    assert!(image.replaced.is_empty());
}

#[test]
fn a_path_that_a_list_cannot_hold_is_refused() {
    let error = image([pkg("a", "base").file("usr/x\n/etc/passwd", "")]).unwrap_err();
    assert_eq!(error.class(), Class::Untrusted);
}

fn md5_of(text: &str) -> String {
    use md5::Digest as _;
    let sum = md5::Md5::digest(text);
    sum.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn entry(path: &str, what: super::overlay::What) -> super::LoadedFile {
    let mode = match what {
        super::overlay::What::File(_) => 0o644,
        _ => 0o755,
    };
    super::LoadedFile {
        path: self::path(path),
        what,
        mode,
        owner: None,
        line: 7,
    }
}

fn content(path: &str, text: &str) -> super::LoadedFile {
    let blob = crate::tree::Blob::inline(text.as_bytes());
    entry(path, super::overlay::What::File(blob))
}

fn link(path: &str, target: &str) -> super::LoadedFile {
    entry(
        path,
        super::overlay::What::Symlink(target.as_bytes().into()),
    )
}

fn with_files(files: Vec<super::LoadedFile>) -> Result<super::Assembly, AssembleError> {
    let recipe = Recipe {
        packages: vec![
            pkg("a", "base")
                .dir("etc", 0o750)
                .file("etc/f", "packaged")
                .link("etc/l", "f")
                .link("etc/d", "/opt")
                .file("opt/o", "")
                .file("bin/sh", "sh"),
        ],
        files,
        ..Recipe::default()
    };
    recipe.build()
}

#[test]
fn files_replace_whole_and_land_in_targets() {
    use super::overlay::What;
    let image = with_files(vec![
        content("etc/f", "mine"),
        content("bin/tool", "t"),
        content("etc/l", "was a link"),
        content("etc/d/inner", "i"),
        link("srv/here", "/var/there"),
        content("srv/here/below", "b"),
        entry("etc", What::Passage),
        entry("opt", What::Directory),
        entry("bin", What::Directory),
        content("var/lib/dpkg/status", "hidden"),
    ])
    .unwrap();
    let files = layer(&image, "files");
    assert_eq!(text(files, "etc/f"), "mine");
    assert_eq!(text(files, "etc/l"), "was a link");
    for stored in ["usr/bin/tool", "opt/inner", "var/there/below"] {
        assert!(has(files, stored), "{stored}");
    }
    assert_eq!(at(files, "etc").meta.mode, 0o750);
    assert!(at(files, "usr/bin").is_directory() && !has(files, "bin"));
    let shown: Vec<String> = image
        .replaced
        .iter()
        .map(|one| {
            format!(
                "{} {} {:?}",
                one.path,
                one.by,
                one.package.as_ref().map(|p| p.as_str())
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            "/etc/f files Some(\"a\")",
            "/etc/l files Some(\"a\")",
            "/var/lib/dpkg/status files None"
        ]
    );
    let record = generated(&image.layers);
    let paths: Vec<&str> = record.iter().map(|one| one.path.as_str()).collect();
    assert!(paths.is_sorted() && paths.contains(&"/etc/l") && paths.contains(&"/srv/here"));
    let status = record
        .iter()
        .find(|one| one.path == "/var/lib/dpkg/status")
        .unwrap();
    assert_eq!(status.sha256, Some(crate::model::Sha256::of(b"hidden")));
}

#[test]
fn directories_replace_nothing_and_nothing_replaces_them() {
    use super::overlay::What;
    for wrong in [
        content("opt", ""),
        link("usr/bin", "/x"),
        entry("etc/f", What::Directory),
        entry("etc/f", What::Passage),
        content("etc/f/below", ""),
        content("var/lib/dpkg/status/below", ""),
    ] {
        let error = with_files(vec![wrong]).unwrap_err();
        assert_eq!(error.class(), Class::BadInput, "{error}");
        assert!(error.to_string().contains("line 7"), "{error}");
    }
    let error = with_files(vec![
        link("srv/a", "b"),
        link("srv/b", "a"),
        content("srv/a/x", ""),
    ]);
    assert_eq!(error.unwrap_err().class(), Class::BadInput);
}

fn accounts() -> Accounts {
    use crate::model::{Account, UserGroup};
    Accounts {
        groups: vec![UserGroup {
            name: "app".into(),
            gid: 10_001,
        }],
        users: vec![
            Account {
                name: "app".into(),
                uid: 10_001,
                group: Some("app".into()),
                home: Some("/app".into()),
                shell: Some("/sbin/nologin".into()),
            },
            Account {
                name: "own".into(),
                uid: 10_002,
                group: None,
                home: None,
                shell: None,
            },
        ],
    }
}

#[test]
fn accounts_are_added_to_what_packages_ship() {
    let build = |packages, user| {
        let mut owned = content("etc/owned", "");
        owned.owner = Some(crate::model::Owner {
            user: "app".into(),
            group: None,
        });
        let recipe = Recipe {
            packages,
            files: vec![owned],
            accounts: accounts(),
            user,
            ..Recipe::default()
        };
        recipe.build()
    };
    let bare = build(vec![pkg("a", "base").file("x", "")], Some("app")).unwrap();
    let system = layer(&bare, "system");
    assert_eq!(
        text(system, "etc/passwd"),
        "root:*:0:0:root:/root:/bin/bash\napp:x:10001:10001::/app:/sbin/nologin\n\
         own:x:10002:10002::/nonexistent:/usr/sbin/nologin\n"
    );
    assert_eq!(
        text(system, "etc/group"),
        "root:*:0:\napp:x:10001:\nown:x:10002:\n"
    );
    let day = TIME / 86_400;
    assert_eq!(
        text(system, "etc/shadow"),
        format!("app:!:{day}::::::\nown:!:{day}::::::\n")
    );
    let meta = &at(system, "etc/shadow").meta;
    assert_eq!((meta.mode, meta.gid), (0o640, 42));
    assert_eq!(bare.user.as_deref(), Some("10001:10001"));
    let owned = &at(layer(&bare, "files"), "etc/owned").meta;
    assert_eq!((owned.uid, owned.gid), (10_001, 10_001));

    let shipped = || {
        pkg("p", "base")
            .file(
                "etc/passwd",
                "root:x:0:0::/root:/bin/sh\nwww:x:33:34::/:/bin/sh",
            )
            .file("etc/group", "www:x:34:\n")
    };
    let image = build(vec![shipped()], Some("www")).unwrap();
    assert!(
        text(layer(&image, "system"), "etc/passwd")
            .starts_with("root:x:0:0::/root:/bin/sh\nwww:x:33:34::/:/bin/sh\napp:x:10001")
    );
    assert_eq!(image.user.as_deref(), Some("33:34"));
    assert_eq!(image.replaced.len(), 2);
    for (text, numbers) in [
        ("33", "33:34"),
        ("5", "5:0"),
        ("5:app", "5:10001"),
        ("root:0", "0:0"),
    ] {
        let user = build(vec![shipped()], Some(text)).unwrap().user;
        assert_eq!(user.as_deref(), Some(numbers));
    }
    for unknown in ["nobody", "app:nobody", "", "4294967295", "-1", "a:b:c"] {
        let error = build(vec![shipped()], Some(unknown)).unwrap_err();
        assert_eq!(error.class(), Class::BadInput);
    }
    for clash in ["x:x:10001:5::/:/", "app:x:7:7::/:/"] {
        let packages = vec![pkg("p", "base").file("etc/passwd", clash)];
        assert_eq!(build(packages, None).unwrap_err().class(), Class::BadInput);
    }
}

#[test]
fn the_masters_of_accounts_become_the_accounts() {
    let recipe = |accounts| Recipe {
        packages: vec![
            pkg("base-passwd", "base")
                .file(
                    "usr/share/base-passwd/passwd.master",
                    "root:*:0:0::/:/x\nwww:*:33:33::/:/x\n",
                )
                .file("usr/share/base-passwd/group.master", "root:*:0:\n"),
        ],
        accounts,
        user: Some("www"),
        ..Recipe::default()
    };
    let plain = recipe(Accounts::default()).build().unwrap();
    let system = layer(&plain, "system");
    assert_eq!(
        text(system, "etc/passwd"),
        "root:*:0:0::/:/x\nwww:*:33:33::/:/x\n"
    );
    assert_eq!(text(system, "etc/group"), "root:*:0:\n");
    assert!(!has(system, "etc/shadow"));
    assert_eq!(plain.user.as_deref(), Some("33:33"));
    let more = recipe(accounts()).build().unwrap();
    assert!(text(layer(&more, "system"), "etc/passwd").contains("/x\napp:x:10001:"));
}

#[test]
fn files_bring_the_root_links_that_only_they_need() {
    let image = Recipe {
        packages: vec![pkg("p", "base").file("usr/x", "")],
        files: vec![content("lib32/a", ""), content("libx32", "a file")],
        ..Recipe::default()
    };
    let image = image.build().unwrap();
    let files = layer(&image, "files");
    assert!(is_link(files, "lib32", "usr/lib32") && has(files, "usr/lib32/a"));
    assert_eq!(text(files, "libx32"), "a file");
    assert!(!has(files, "bin"), "the lowest layer has it");

    let alone = Recipe {
        files: vec![content("bin/a", "")],
        ..Recipe::default()
    };
    let alone = alone.build().unwrap();
    let files = layer(&alone, "files");
    assert!(is_link(files, "bin", "usr/bin") && has(files, "usr/bin/a"));
    assert!(is_link(files, "lib64", "usr/lib64"));
}

#[test]
fn the_user_s_own_account_files_name_owners_too() {
    let mut owned = content("srv/x", "");
    owned.owner = Some(crate::model::Owner {
        user: "zed".into(),
        group: Some("crew".into()),
    });
    let image = Recipe {
        packages: vec![pkg("p", "base").file("etc/passwd", "zed:x:1:1::/:/bin/sh\n")],
        files: vec![
            owned,
            content("etc/passwd", "zed:x:7:8::/:/bin/sh\n"),
            content("etc/group", "crew:x:9:\n"),
        ],
        user: Some("zed"),
        ..Recipe::default()
    };
    let image = image.build().unwrap();
    let meta = &at(layer(&image, "files"), "srv/x").meta;
    assert_eq!((meta.uid, meta.gid), (7, 9));
    assert_eq!(image.user.as_deref(), Some("7:8"));
}

#[test]
fn an_unknown_owner_names_the_line() {
    let mut owned = content("etc/owned", "");
    owned.owner = Some(crate::model::Owner {
        user: "ghost".into(),
        group: None,
    });
    let error = with_files(vec![owned]).unwrap_err();
    assert_eq!(error.class(), Class::BadInput);
    assert_eq!(
        error.to_string(),
        "line 7: the user `ghost` is neither in `accounts` nor in what the packages ship"
    );
}

#[test]
fn without_accounts_nothing_but_the_database_is_made() {
    let image = image([pkg("a", "base").file("usr/a", "")]).unwrap();
    let files: Vec<String> = layer(&image, "system")
        .nodes
        .iter()
        .filter(|(_, node)| !node.is_directory())
        .map(|(path, _)| path.to_string())
        .collect();
    let expected = [
        "available",
        "diversions",
        "info/format",
        "statoverride",
        "status",
        "triggers/File",
        "triggers/Unincorp",
    ];
    assert_eq!(files, expected.map(|name| format!("/var/lib/dpkg/{name}")));
}
