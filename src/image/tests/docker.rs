//! Docker archives, as several tools write them.

use serde_json::json;

use crate::image::testing::{
    CONFIG, Item, LAYER, MANIFEST, Parts, config, file, found, found_both_ways, gzip, item, link,
    options, tar, told,
};
use crate::image::{Form, ImageError, Options, read_path, read_stream};
use crate::model::{Class, Explain as _, Sha256};
use crate::tree::testing as trees;

fn layers() -> [Vec<u8>; 2] {
    [tar(&[file("a", "1")]), tar(&[file("b", "2")])]
}

fn tree() -> crate::tree::Tree {
    trees::tree([("a", trees::file("1")), ("b", trees::file("2"))])
}

fn ids(layers: &[Vec<u8>]) -> Vec<String> {
    layers
        .iter()
        .map(|tar| Sha256::of(tar).to_string())
        .collect()
}

/// An archive in the classic form, with these names of the configuration and the layers.
fn classic(config_name: impl Fn(Sha256) -> String, layer_name: impl Fn(usize) -> String) -> Parts {
    let layers = layers();
    let document = config("amd64", &ids(&layers)).to_string();
    let name = config_name(Sha256::of(document.as_bytes()));
    let mut parts = Parts::default();
    let names: Vec<String> = (0..layers.len()).map(&layer_name).collect();
    parts.json(
        "manifest.json",
        &json!([{"Config": name, "RepoTags": ["a/b:1", "a/b:latest"], "Layers": names}]),
    );
    parts.0.insert(name, document.into());
    parts.0.extend(names.into_iter().zip(layers));
    parts
}

#[test]
fn names_differ_between_tools() {
    let hex = |number: usize| Sha256::of(&layers()[number]).hex();
    for parts in [
        // Docker up to version 24, Podman and skopeo, go-containerregistry, Jib.
        classic(
            |id| format!("{}.json", id.hex()),
            |layer| format!("{}/layer.tar", hex(layer)),
        ),
        classic(
            |id| format!("{}.json", id.hex()),
            |layer| format!("{}.tar", hex(layer)),
        ),
        classic(
            |id| id.to_string(),
            |layer| format!("{}.tar.gz", hex(layer)),
        ),
        classic(
            |_| "config.json".into(),
            |layer| format!("{}.tar.gz", hex(layer)),
        ),
        classic(
            |id| format!("blobs/sha256/{}", id.hex()),
            |layer| format!("blobs/sha256/{}", hex(layer)),
        ),
    ] {
        let found = found_both_ways(&parts.archive()).unwrap();
        assert_eq!((found.form, found.index), (Form::DockerArchive, None));
        let image = &found.images[0];
        assert_eq!(image.manifest, None);
        assert_eq!(image.tree, tree());
        assert_eq!(image.layers[0].blob, None);
        assert_eq!(image.layers[0].compressed, layers()[0].len() as u64);
    }
}

/// What any tool may write: names of its own choice, and the list of them last.
fn freely_named(config_name: &str, layer_names: [&str; 2]) -> Vec<u8> {
    let layers = layers();
    let document = config("amd64", &ids(&layers)).to_string();
    let manifest = json!([{"Config": config_name, "Layers": layer_names}]).to_string();
    tar(&[
        item(layer_names[0], b'0', &layers[0]),
        item(layer_names[1], b'0', &layers[1]),
        item(config_name, b'0', document.as_bytes()),
        item("manifest.json", b'0', manifest.as_bytes()),
    ])
}

#[test]
fn parts_may_have_any_name_and_the_list_be_last() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("file");
    for names in [["base.tar", "app.tar"], ["layers/base", "layers/app"]] {
        let bytes = freely_named("image.conf", names);
        // A file is read from the beginning once more, where it is compressed.
        for packed in [bytes.clone(), gzip(&bytes)] {
            fs_err::write(&path, &packed).unwrap();
            let read = read_path(&path, &options(home.path())).unwrap();
            assert_eq!(read.form, Form::DockerArchive);
            assert_eq!(read.images[0].tree, tree());
            assert_eq!(read.images[0].layers.len(), 2);
            let error = found(&packed).unwrap_err();
            assert!(matches!(error, ImageError::Late { .. }), "{error:?}");
            assert_eq!(error.class(), Class::BadInput);
            assert!(error.hint().unwrap().contains("to a file"));
        }
    }
}

#[test]
fn a_filesystem_may_have_a_file_of_that_name() {
    let list = |config: &str, layer: &str| json!([{"Config": config, "Layers": [layer]}]);
    for manifest in [
        json!({"name": "an app of the web"}),
        json!([]),
        json!([{"src": "a"}]),
        list("etc/a", "absent"),
        list("absent", "etc/a"),
    ] {
        let manifest = manifest.to_string();
        let items = [file("etc/a", "1"), file("manifest.json", &manifest)];
        let bytes = tar(&items);
        for packed in [bytes.clone(), gzip(&bytes)] {
            let found = found_both_ways(&packed).unwrap();
            assert_eq!(found.form, Form::Tar, "{manifest}");
            assert_eq!(found.images[0].tree.nodes.len(), 3);
        }
    }
}

#[test]
fn layers_may_be_compressed_and_there_once() {
    let layer = layers()[0].clone();
    let document = config("amd64", &ids(&[layer.clone(), layer.clone()])).to_string();
    let name = format!("{}.json", Sha256::of(document.as_bytes()).hex());
    let (one, two) = ("1".repeat(64), "2".repeat(64));
    let manifest = json!([{
        "Config": name,
        "RepoTags": null,
        "Layers": [format!("{one}/layer.tar"), format!("{two}/layer.tar")],
    }]);
    let items: [Item; 4] = [
        item(&format!("{one}/layer.tar"), b'0', &gzip(&layer)),
        link(
            &format!("{two}/layer.tar"),
            b'2',
            &format!("../{one}/layer.tar"),
        ),
        item(&name, b'0', document.as_bytes()),
        item("manifest.json", b'0', manifest.to_string().as_bytes()),
    ];
    let found = found_both_ways(&tar(&items)).unwrap();
    assert_eq!(found.images[0].layers.len(), 2);
    assert_eq!(found.images[0].tree, trees::tree([("a", trees::file("1"))]));
}

/// Docker from version 25 on writes both.
fn both() -> Parts {
    let layers = layers();
    let mut parts = Parts::layout();
    let config = parts.document(CONFIG, &config("amd64", &ids(&layers)));
    let blobs = layers.each_ref().map(|tar| parts.blob(LAYER, tar));
    let name = |descriptor: &serde_json::Value| {
        format!(
            "blobs/{}",
            descriptor["digest"].as_str().unwrap().replace(':', "/")
        )
    };
    let names: Vec<String> = blobs.iter().map(name).collect();
    parts.json(
        "manifest.json",
        &json!([{"Config": name(&config), "RepoTags": ["a:1"], "Layers": names}]),
    );
    let manifest = json!({"schemaVersion": 2, "config": config, "layers": blobs});
    let manifest = parts.document(MANIFEST, &manifest);
    parts.index(&[manifest]);
    parts
}

#[test]
fn an_index_is_preferred_where_all_that_it_names_is_there() {
    let mut parts = both();
    let found = found_both_ways(&parts.archive()).unwrap();
    assert_eq!(found.form, Form::OciArchive);
    assert!(found.images[0].manifest.is_some());
    assert_eq!(found.images[0].tree, tree());

    let absent = json!({
        "mediaType": MANIFEST,
        "digest": Sha256::of(b"absent").to_string(),
        "size": 1,
    });
    parts.index(&[absent]);
    let found = found_both_ways(&parts.archive()).unwrap();
    assert_eq!(found.form, Form::DockerArchive);
    assert_eq!(found.images[0].tree, tree());
    parts.0.remove("manifest.json");
    let told = told(found_both_ways(&parts.archive()));
    assert!(told.ends_with(" is not in standard input"), "{told}");
}

#[test]
fn what_lies_is_refused() {
    let parts = classic(
        |id| format!("{}.json", id.hex()),
        |layer| format!("{layer:064}.tar"),
    );
    found(&parts.archive()).unwrap();
    let change = |name: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let mut parts = parts.clone();
        let name = parts
            .0
            .keys()
            .find(|key| key.ends_with(name))
            .unwrap()
            .clone();
        change(parts.0.get_mut(&name).unwrap());
        found(&parts.archive())
    };
    let config = parts
        .0
        .keys()
        .find(|key| !key.ends_with(".tar") && **key != "manifest.json");
    for (result, why) in [
        (
            change(config.unwrap(), &|bytes| bytes.push(b' ')),
            "the configuration of",
        ),
        (
            change("1.tar", &|bytes| *bytes = layers()[0].clone()),
            "the tar of layer 2 of",
        ),
        (
            change("1.tar", &|bytes| bytes.truncate(700)),
            "layer 2 of standard input is cut off",
        ),
        (
            change("manifest.json", &|bytes| bytes.truncate(9)),
            "manifest.json of",
        ),
    ] {
        let error = result.unwrap_err();
        assert_eq!(error.class(), Class::Untrusted, "{error}");
        assert!(error.to_string().starts_with(why), "{error}");
    }
}

#[test]
fn a_tag_chooses_among_images() {
    let mut parts = classic(|_| "config.json".into(), |layer| format!("{layer:064}.tar"));
    let empty = config("amd64", &[]);
    parts.json("other.json", &empty);
    let both = json!([
        {"Config": "config.json", "RepoTags": ["a:1"], "Layers": [format!("{:064}.tar", 0), format!("{:064}.tar", 1)]},
        {"Config": "other.json", "RepoTags": ["b:2", "b:3"], "Layers": []},
    ]);
    parts.json("manifest.json", &both);
    let home = tempfile::tempdir().unwrap();
    let read = |tag| {
        let options = Options {
            tag,
            ..options(home.path())
        };
        read_stream(&mut &parts.archive()[..], &options)
    };
    assert_eq!(
        told(read(None)),
        "standard input holds several images: a:1, b:2, b:3"
    );
    assert_eq!(read(Some("1")).unwrap().images[0].tree, tree());
    assert_eq!(read(Some("b:3")).unwrap().images[0].layers.len(), 0);
    assert_eq!(told(read(Some("4"))), "standard input has no image `4`");
}
