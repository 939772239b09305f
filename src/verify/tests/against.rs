use super::*;
use crate::image::{Form, Oddity, Whiteout};
use crate::tree::testing::path;

const OCI: Form = Form::OciLayout;

fn compare(image: &Image, form: Form) -> (Vec<String>, Verdict) {
    let sample = Sample::small();
    let verdict = with_image(&sample.rebuilt(), image, form, None);
    (told(&verdict), verdict)
}

/// A layer of the image gets another tree, and with it another digest.
fn edit(image: &mut Image, layer: usize, change: impl FnOnce(&mut Tree)) {
    let layer = &mut image.layers[layer];
    change(&mut layer.tree);
    layer.diff_id = diff_id(&layer.tree, "");
    image.tree = merge(image.layers.iter().map(|layer| layer.tree.clone()));
}

fn at<'a>(tree: &'a mut Tree, name: &str) -> &'a mut Node {
    tree.nodes.get_mut(&path(name)).unwrap()
}

/// The configuration says what its text says when `from` is `to`.
fn reword(image: &mut Image, from: &str, to: &str) {
    let config = image.config.as_mut().unwrap();
    let text = config.json.to_string();
    assert!(text.contains(from), "{text}");
    let text = text.replace(from, to);
    config.digest = Sha256::of(text.as_bytes());
    config.json = serde_json::from_str(&text).unwrap();
}

#[test]
fn the_same_holds_in_every_form() {
    let sample = Sample::small();
    for (image, form) in [
        (sample.image(), Form::OciLayout),
        (sample.image(), Form::OciArchive),
        (sample.image(), Form::DockerArchive),
        (sample.tar(), Form::Tar),
        (sample.directory(), Form::Directory),
    ] {
        let (told, verdict) = compare(&image, form);
        assert_eq!((told, verdict.notes), (vec![], vec![]), "{form:?}");
    }
}

#[test]
fn a_layer_that_differs_tells_paths_and_what_the_configuration_has_of_its_own() {
    let mut image = Sample::small().image();
    edit(&mut image, 0, |tree| {
        at(tree, "usr/a").kind = file("b").kind;
    });
    let digests = Sample::small().image().layers[0].diff_id.to_string();
    let changed = image.layers[0].diff_id.to_string();
    reword(&mut image, &digests, &changed);
    assert_eq!(compare(&image, OCI).0, ["base /usr/a content"]);
    reword(&mut image, "[\"PATH=/bin\"]", "[\"PATH=/sbin\"]");
    let (told, verdict) = compare(&image, OCI);
    assert_eq!(told, ["base /usr/a content", "- - config.Env"]);
    assert_eq!(
        verdict.findings[1].expected(),
        Some("[\"PATH=/bin\"]".into())
    );
    assert_eq!(verdict.findings[1].found(), Some("[\"PATH=/sbin\"]".into()));
}

#[test]
fn configurations_are_compared_key_by_key() {
    let cases = [
        ("\"amd64\"", "\"arm64\"", "architecture"),
        ("group files", "group other", "history[2].created_by"),
        ("\"a.b\":\"c\"", "\"a.b\":\"d\"", "config.Labels.a.b"),
        (
            "\"os\":\"linux\"",
            "\"os\":\"linux\",\"docker_version\":\"1\"",
            "docker_version",
        ),
        ("{\"Env\"", "{\"User\":\"0:0\",\"Env\"", "config.User"),
        // What is empty is as good as absent, but the text is another.
        (
            "{\"Env\"",
            "{\"Entrypoint\":null,\"User\":\"\",\"Env\"",
            "config.encoding",
        ),
    ];
    for (from, to, key) in cases {
        let mut image = Sample::small().image();
        reword(&mut image, from, to);
        assert_eq!(compare(&image, OCI).0, [format!("- - {key}")]);
    }
    let mut image = Sample::small().image();
    reword(&mut image, "22:13:20Z", "22:13:21Z");
    assert_eq!(compare(&image, OCI).0, ["- - created"]);
    image.config = None;
    let (told, verdict) = compare(&image, OCI);
    assert_eq!(told, Vec::<String>::new());
    assert_eq!(verdict.notes, ["it has no image configuration to compare"]);
}

#[test]
fn layers_are_missing_extra_or_in_another_order() {
    let small = Sample::small().image();
    let mut image = small.clone();
    image.layers.remove(1);
    assert_eq!(compare(&image, OCI).0, ["system - missing"]);
    let mut image = small.clone();
    let mut more = image.layers[0].clone();
    more.name = Some("more".into());
    image.layers.insert(2, more);
    assert_eq!(compare(&image, OCI).0, ["more - extra"]);
    let mut image = small.clone();
    image.layers.swap(0, 2);
    let (told, verdict) = compare(&image, OCI);
    assert_eq!(told, ["- - order"]);
    assert_eq!(
        verdict.findings[0].found(),
        Some("files, system, base".into())
    );
    // An equal layer needs no name.
    let mut image = small;
    image.layers[1].name = None;
    assert_eq!(compare(&image, OCI).0, Vec::<String>::new());
}

#[test]
fn layers_of_another_tool_are_compared_by_what_they_make() {
    let mut image = Sample::small().image();
    edit(&mut image, 2, |tree| {
        at(tree, "etc/motd").kind = file("x").kind;
    });
    image.layers[2].name = None;
    let mut docker = image.layers[2].clone();
    docker.tree.nodes.insert(path("new"), file(""));
    image.layers.push(docker);
    image.tree.nodes.insert(path("new"), file(""));
    let (told, verdict) = compare(&image, OCI);
    assert_eq!(told, ["files /etc/motd content", "- /new extra"]);
    assert_eq!(
        verdict.notes,
        [
            "its 4 layers are not the 3 of the rebuilt image: the filesystems that they make were \
          compared, and not the layers"
        ]
    );
    // A history that is another is no finding then; what a container is started with is.
    reword(&mut image, "rootlock group files", "COPY . /");
    reword(&mut image, "/usr/tool", "/bin/sh");
    assert_eq!(compare(&image, OCI).0.last().unwrap(), "- - config.Cmd");
    assert_eq!(compare(&image, OCI).0.len(), 3);
}

#[test]
fn an_archive_that_holds_the_same_is_written_otherwise() {
    let odd = [
        (Oddity::Order(path("usr/a")), "base /usr/a order"),
        (Oddity::Repeated(path("usr/a")), "base /usr/a repeated"),
        (Oddity::NoParent(path("usr/a")), "base /usr/a parent"),
        (Oddity::Root, "base - root"),
    ];
    let mut image = Sample::small().image();
    image.layers[0].diff_id = Sha256::of(b"x");
    let (told, verdict) = compare(&image, OCI);
    assert_eq!(told, ["base - encoding"]);
    assert!(verdict.findings[0].cause.unwrap().contains("another tool"));
    for (oddity, expected) in odd {
        image.layers[0].oddities = vec![oddity.clone()];
        assert_eq!(compare(&image, OCI).0, [expected]);
        let mut tar = Sample::small().tar();
        tar.layers[0].diff_id = Sha256::of(b"x");
        tar.layers[0].oddities = vec![oddity];
        let (told, _) = compare(&tar, Form::Tar);
        assert_eq!(told, [expected.replace("base ", "- ")]);
    }
    // Each way is one finding, however many entries are written so.
    let order = |name: &str| Oddity::Order(path(name));
    image.layers[0].oddities = vec![
        order("usr/b"),
        Oddity::NoParent(path("usr/a")),
        order("usr/a"),
        order("usr/tool"),
        Oddity::Repeated(path("usr/tool")),
    ];
    let (told, verdict) = compare(&image, OCI);
    assert_eq!(
        told,
        [
            "base /usr/b order",
            "base /usr/a parent",
            "base /usr/tool repeated"
        ]
    );
    let found = "behind a path that sorts after it, and so are at least 1 more";
    assert_eq!(verdict.findings[0].found(), Some(found.into()));
    // Where the filesystem differs it is a note.
    edit(&mut image, 0, |tree| at(tree, "usr/a").meta.uid = 1);
    let (told, verdict) = compare(&image, OCI);
    assert_eq!(told, ["base /usr/a owner"]);
    assert_eq!(verdict.notes.len(), 1);
}

#[test]
fn a_tar_s_digest_is_compared_where_it_is_known() {
    let sample = Sample::small();
    let mut tar = sample.tar();
    tar.layers[0].diff_id = Sha256::of(b"x");
    assert_eq!(compare(&tar, Form::Tar).0, ["- - encoding"]);
    let mut rebuilt = sample.rebuilt();
    rebuilt.tar = None;
    let verdict = with_image(&rebuilt, &tar, Form::Tar, None);
    assert!(verdict.holds());
    assert_eq!(
        verdict.notes,
        ["how the archive is written was not compared in full"]
    );
}

#[test]
fn whiteouts_are_findings_beside_what_else_differs() {
    let mut image = Sample::small().image();
    edit(&mut image, 2, |tree| at(tree, "etc/motd").meta.uid = 1);
    image.layers[2].whiteouts = vec![
        Whiteout::Path(path("usr/a")),
        Whiteout::Below(Some(path("etc"))),
        Whiteout::Below(None),
    ];
    assert_eq!(
        compare(&image, OCI).0,
        [
            "files /etc/motd owner",
            "files /usr/a whiteout",
            "files /etc whiteout",
            "files - whiteout"
        ]
    );
}

#[test]
fn a_directory_of_a_user_without_rights_is_forgiven_what_it_cannot_hold() {
    let mut found = Sample::small().directory();
    for node in found.tree.nodes.values_mut() {
        (node.meta.uid, node.meta.gid) = (1000, 100);
        node.meta.xattrs.clear();
        node.meta.mode &= !0o6000;
    }
    found.tree.nodes.remove(&path("dev/null"));
    found.one_owner = Some((1000, 100));
    let (told, verdict) = compare(&found, Form::Directory);
    assert_eq!(told, Vec::<String>::new());
    assert_eq!(
        verdict.notes,
        [
            "owners were not compared: everything belongs to 1000:100; 1 setuid or setgid bits, \
          1 devices and 1 security attributes are missing, as they are where nobody had the right \
          to set them"
        ]
    );
    // Not what is there and should not be, nor any other bit.
    at(&mut found.tree, "usr/a").meta.mode |= 0o2000;
    at(&mut found.tree, "usr/tool").meta.mode = 0o711;
    found
        .tree
        .nodes
        .insert(path("dev/zero"), node(0o666, 1, Kind::CharDevice(1, 5)));
    assert_eq!(
        compare(&found, Form::Directory).0,
        [
            "- /dev/zero extra",
            "base /usr/a mode",
            "base /usr/tool mode"
        ]
    );
    // Whoever has the rights is held to them.
    found.one_owner = None;
    assert!(
        compare(&found, Form::Directory)
            .0
            .contains(&"base /usr/a owner".into())
    );
}

#[test]
fn what_was_skipped_is_said() {
    let mut found = Sample::small().directory();
    found.skipped = vec!["/proc is another file system".into()];
    assert_eq!(compare(&found, Form::Directory).1.notes, found.skipped);
}

#[test]
fn blobs_count_only_where_the_encoder_is_known_to_be_equal() {
    let sample = Sample::small();
    let mut image = sample.image();
    image.layers[1].blob = Some(Sha256::of(b"x"));
    image.manifest = Some(Sha256::of(b"x"));
    let (told, verdict) = compare(&image, OCI);
    assert_eq!(told, Vec::<String>::new());
    assert_eq!(
        verdict.notes,
        ["the same layers are compressed otherwise: system"]
    );
    let mut recorded = sample.rebuilt().blobs.unwrap();
    let verdict = with_image(&sample.rebuilt(), &image, OCI, Some(&recorded));
    assert_eq!(super::told(&verdict), ["- - manifest"]);
    // A docker archive has neither.
    let verdict = with_image(
        &sample.rebuilt(),
        &image,
        Form::DockerArchive,
        Some(&recorded),
    );
    assert!(verdict.holds() && verdict.notes.is_empty());
    recorded.encoder = "gzip/0".into();
    assert!(with_image(&sample.rebuilt(), &image, OCI, Some(&recorded)).holds());
    image.layers[1].blob = sample.image().layers[1].blob;
    let (told, verdict) = compare(&image, OCI);
    assert_eq!(told, Vec::<String>::new());
    assert_eq!(
        verdict.notes,
        ["its manifest is another: by its annotations or media types"]
    );
}

#[test]
fn owners_tell_the_cause_of_what_has_none() {
    let mut image = Sample::small().image();
    edit(&mut image, 0, |tree| {
        at(tree, "usr/a").kind = file("x").kind;
        tree.nodes.insert(path("usr/x.pyc"), file(""));
        at(tree, "usr/tool").meta.mtime = 5;
        at(tree, "usr").meta.mtime = 5;
    });
    edit(&mut image, 1, |tree| {
        at(tree, "etc/passwd").kind = file("x").kind;
    });
    let (told, mut verdict) = compare(&image, OCI);
    assert_eq!(
        told,
        [
            "base /usr mtime",
            "base /usr/a content",
            "base /usr/tool mtime",
            "base /usr/x.pyc extra",
            "system /etc/passwd content",
        ]
    );
    let causes = |verdict: &Verdict| -> Vec<_> {
        let cause = |finding: &Finding| finding.cause.unwrap_or("?").split(',').next().unwrap();
        verdict
            .findings
            .iter()
            .map(cause)
            .collect::<Vec<&'static str>>()
    };
    let mut expected = [
        "a directory's time is always 2000-01-01 here",
        "?",
        "the builder stamps its own time",
        "python's byte code",
        "another version of the tool made it",
    ];
    assert_eq!(causes(&verdict), expected);
    let owner = |at: &TreePath| {
        at.as_bytes()
            .starts_with(b"usr/")
            .then(|| "tool".parse().unwrap())
    };
    verdict.annotate(&owner);
    expected[1] = "it is not the file of the locked package";
    assert_eq!(causes(&verdict), expected);
    assert_eq!(verdict.findings[2].package, Some("tool".parse().unwrap()));
    assert_eq!(verdict.findings[4].package, None);
}
