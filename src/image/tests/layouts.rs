//! OCI layouts.

use serde_json::{Value, json};

use crate::image::testing::{
    CONFIG, INDEX, LAYER, MANIFEST, Parts, config, file, gzip, tar, told, zstd,
};
use crate::image::{Form, Found, ImageError};
use crate::model::{Arch, Class, Explain as _, Sha256};
use crate::tree::testing as trees;

fn named(mut descriptor: Value, name: &str) -> Value {
    descriptor["annotations"] = json!({"org.opencontainers.image.ref.name": name});
    descriptor
}

fn on(mut descriptor: Value, os: &str, architecture: &str) -> Value {
    descriptor["platform"] = json!({"os": os, "architecture": architecture});
    descriptor
}

/// A layer that says which image it is of.
fn layer(what: &str) -> Vec<u8> {
    tar(&[file("what", what)])
}

fn arches(found: &Found) -> Vec<String> {
    let arches = found
        .images
        .iter()
        .map(|image| image.arch.map(|arch| arch.to_string()));
    arches.map(Option::unwrap_or_default).collect()
}

/// As the specification's examples have it, written out.
#[test]
fn an_image_of_the_specification() {
    let layers = [
        tar(&[file("a", "lower"), file("b", "x")]),
        tar(&[file("a", "upper")]),
    ];
    let blobs = [gzip(&layers[0]), zstd(&layers[1])];
    let ids = layers.each_ref().map(|tar| Sha256::of(tar).to_string());
    let document = json!({
        "created": "2015-10-31T22:22:56.015925234Z",
        "author": "Alyspa P. Hacker",
        "architecture": "arm64",
        "variant": "v8",
        "os": "linux",
        "config": {"User": "alice", "Env": ["PATH=/bin"], "Cmd": ["--foreground"]},
        "rootfs": {"diff_ids": ids, "type": "layers"},
        "history": [
            {"created": "2015-10-31T22:22:54.690851953Z", "created_by": "rootlock group base"},
            {"created": "2015-10-31T22:22:55.613815829Z", "created_by": "CMD", "empty_layer": true},
            {"created": "2015-10-31T22:22:56.329850019Z", "created_by": "/bin/sh -c #(nop) ADD"},
        ],
    });
    let mut parts = Parts::layout();
    let config = parts.document(CONFIG, &document);
    let layer = [
        parts.blob("application/vnd.oci.image.layer.v1.tar+gzip", &blobs[0]),
        parts.blob("application/vnd.oci.image.layer.v1.tar+zstd", &blobs[1]),
    ];
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": config,
        "layers": layer,
        "annotations": {"com.example.key1": "value1"},
    });
    let manifest = parts.document(MANIFEST, &manifest);
    let digest = manifest["digest"].as_str().unwrap().to_owned();
    parts.index(&[on(named(manifest, "v1"), "linux", "arm64")]);

    let found = parts.read().unwrap();
    assert_eq!((found.form, found.index), (Form::OciLayout, None));
    let [image] = &found.images[..] else {
        panic!("{found:?}");
    };
    assert_eq!(image.arch, Arch::from_oci("arm64"));
    assert_eq!(image.manifest.unwrap().to_string(), digest);
    let config = image.config.as_ref().unwrap();
    assert_eq!(config.digest, Sha256::of(document.to_string().as_bytes()));
    assert_eq!(config.json["author"], "Alyspa P. Hacker");
    let tree = trees::tree([("a", trees::file("upper")), ("b", trees::file("x"))]);
    assert_eq!(image.tree, tree);
    for (number, layer) in image.layers.iter().enumerate() {
        assert_eq!(layer.blob, Some(Sha256::of(&blobs[number])));
        assert_eq!(layer.compressed, blobs[number].len() as u64);
        assert_eq!(layer.diff_id, Sha256::of(&layers[number]));
        assert_eq!(layer.size, layers[number].len() as u64);
    }
    let made = |number: usize| {
        let layer = &image.layers[number];
        (layer.name.as_deref(), layer.created_by.as_deref())
    };
    assert_eq!(made(0), (Some("base"), Some("rootlock group base")));
    assert_eq!(made(1), (None, Some("/bin/sh -c #(nop) ADD")));
}

#[test]
fn an_index_has_an_image_for_each_architecture() {
    let mut parts = Parts::layout();
    let images = ["arm64", "arm/v7", "amd64"].map(|arch| parts.image(arch, &[layer(arch)]));
    let mut attestation = on(
        parts.image("amd64", &[layer("no image")]),
        "unknown",
        "unknown",
    );
    attestation["annotations"] = json!({"vnd.docker.reference.type": "attestation-manifest"});
    let windows = {
        let mut described = config("amd64", &[]);
        described["os"] = "windows".into();
        let config = parts.document(CONFIG, &described);
        let manifest = json!({"schemaVersion": 2, "config": config, "layers": []});
        parts.document(MANIFEST, &manifest)
    };
    let unknown = parts.blob("application/vnd.example.unknown+json", b"{}");
    let inner = [&images[..2], &[attestation.clone(), unknown.clone()]].concat();
    let inner = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": inner});
    let inner = parts.document(INDEX, &inner);
    let index = json!({"manifests": [inner, images[2], windows, attestation]});
    let index = parts.document(INDEX, &index);
    let digest = index["digest"].as_str().unwrap().parse().unwrap();
    parts.index(&[named(index, "latest"), attestation, unknown]);

    let found = parts.read().unwrap();
    assert_eq!(found.index, Some(digest));
    assert_eq!(arches(&found), ["amd64", "arm/v7", "arm64"]);
    for image in &found.images {
        let arch = image.arch.unwrap().to_string();
        assert_eq!(image.tree, trees::tree([("what", trees::file(&arch))]));
    }
    let only = |arch: &str| {
        let arch = Arch::from_oci(arch);
        parts.read_with(|mut options| {
            options.arch = arch;
            options
        })
    };
    assert_eq!(arches(&only("arm64").unwrap()), ["arm64"]);
    let error = only("s390x").unwrap_err();
    assert_eq!(error.class(), Class::BadInput);
    assert!(
        error.to_string().ends_with("has no image for s390x"),
        "{error}"
    );
    assert_eq!(
        error.hint().unwrap(),
        "it has linux/amd64, linux/arm, linux/arm64, windows/amd64"
    );
}

#[test]
fn the_configuration_and_not_the_descriptor_says_which_architecture_it_is() {
    let mut parts = Parts::layout();
    let image = parts.image("amd64", &[layer("x")]);
    parts.index(&[on(image, "linux", "arm64")]);
    let found = parts.read_with(|mut options| {
        options.arch = Arch::from_oci("amd64");
        options
    });
    assert_eq!(arches(&found.unwrap()), ["amd64"]);
}

#[test]
fn an_architecture_that_is_not_wanted_may_be_absent() {
    let mut parts = Parts::layout();
    let here = on(parts.image("amd64", &[layer("x")]), "linux", "amd64");
    let absent = on(
        parts.clone().image("arm64", &[layer("y")]),
        "linux",
        "arm64",
    );
    let index = parts.document(INDEX, &json!({"manifests": [here, absent]}));
    parts.index(&[index]);
    let told = told(parts.read());
    assert!(
        told.contains("blobs/sha256/") && told.contains(" is not in "),
        "{told}"
    );
    let found = parts.read_with(|mut options| {
        options.arch = Arch::from_oci("amd64");
        options
    });
    assert_eq!(arches(&found.unwrap()), ["amd64"]);
}

#[test]
fn several_images_need_a_tag() {
    let mut parts = Parts::layout();
    let one = parts.image("amd64", &[layer("1")]);
    let two = parts.image("amd64", &[layer("2")]);
    parts.index(&[
        named(one.clone(), "1"),
        named(two, "2"),
        named(one, "x/one:uno"),
    ]);
    let error = parts.read().unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("holds several images: 1, 2, x/one:uno"),
        "{error}"
    );
    assert!(
        error.hint().unwrap().starts_with("choose one with `"),
        "{error:?}"
    );
    for (tag, what) in [("1", "1"), ("2", "2"), ("uno", "1")] {
        let found = parts.read_with(|mut options| {
            options.tag = Some(tag);
            options
        });
        let tree = trees::tree([("what", trees::file(what))]);
        assert_eq!(found.unwrap().images[0].tree, tree);
    }
    let error = parts.read_with(|mut options| {
        options.tag = Some("3");
        options
    });
    let error = error.unwrap_err();
    assert!(error.to_string().ends_with("has no image `3`"), "{error}");
    assert_eq!(error.hint().unwrap(), "it has 1, 2, x/one:uno");
}

#[test]
fn one_architecture_has_one_image() {
    let mut parts = Parts::layout();
    let one = parts.image("amd64", &[layer("1")]);
    let two = parts.image("amd64", &[layer("2")]);
    parts.index(&[one.clone(), two, one.clone()]);
    let text = told(parts.read());
    assert!(
        text.ends_with("has more than one image for amd64"),
        "{text}"
    );
    parts.index(&[one.clone(), one]);
    assert_eq!(parts.read().unwrap().images.len(), 1);
}

#[test]
fn docker_s_media_types_are_read() {
    let mut parts = Parts::layout();
    let tar = layer("x");
    let ids = [Sha256::of(&tar).to_string(), Sha256::of(&tar).to_string()];
    let document = config("amd64", &ids);
    let config = parts.document("application/vnd.docker.container.image.v1+json", &document);
    let layers = [
        parts.blob(
            "application/vnd.docker.image.rootfs.diff.tar.gzip",
            &gzip(&tar),
        ),
        // What it is compressed with is seen, not believed.
        parts.blob(
            "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
            &tar,
        ),
    ];
    let manifest = json!({"schemaVersion": 2, "config": config, "layers": layers});
    let manifest = parts.document(
        "application/vnd.docker.distribution.manifest.v2+json",
        &manifest,
    );
    let list = "application/vnd.docker.distribution.manifest.list.v2+json";
    let index = parts.document(list, &json!({"schemaVersion": 2, "manifests": [manifest]}));
    parts.index(&[index]);
    assert_eq!(parts.read().unwrap().images[0].layers.len(), 2);
}

#[test]
fn what_is_no_image_is_refused() {
    let layer = layer("x");
    let id = Sha256::of(&layer).to_string();
    let image = |config_type: &str, layer_type: &str| {
        let mut parts = Parts::layout();
        let config = parts.document(config_type, &config("amd64", std::slice::from_ref(&id)));
        let layers = [parts.blob(layer_type, &layer)];
        let manifest = json!({"schemaVersion": 2, "config": config, "layers": layers});
        let manifest = parts.document(MANIFEST, &manifest);
        parts.index(&[manifest]);
        parts.read()
    };
    image(CONFIG, LAYER).unwrap();
    for (result, why) in [
        (
            image("application/vnd.cncf.helm.config.v1+json", LAYER),
            "is no container image: its configuration is `application/vnd.cncf.helm.config.v1+json`",
        ),
        (
            image(CONFIG, "application/vnd.oci.image.layer.v1.tar+encrypted"),
            "has a layer of the unknown type `application/vnd.oci.image.layer.v1.tar+encrypted`",
        ),
    ] {
        let error = result.unwrap_err();
        assert_eq!(error.class(), Class::BadInput);
        assert!(error.to_string().ends_with(why), "{error}");
    }
    let mut parts = Parts::layout();
    parts.index(&[]);
    assert!(matches!(parts.read(), Err(ImageError::NoArch { .. })));
    parts.json("oci-layout", &json!({"imageLayoutVersion": "2.0.0"}));
    assert!(told(parts.read()).ends_with("is an OCI layout of an unknown version"));
}

#[test]
fn indexes_are_bounded() {
    let mut parts = Parts::layout();
    let mut inner = parts.image("amd64", &[layer("x")]);
    for _ in 0..4 {
        inner = parts.document(INDEX, &json!({"manifests": [inner]}));
    }
    parts.index(&[inner.clone()]);
    parts.read().unwrap();
    let deep = parts.document(INDEX, &json!({"manifests": [inner]}));
    parts.index(&[deep]);
    assert!(told(parts.read()).ends_with("has more than 4 indexes in one another"));

    let image = parts.image("amd64", &[layer("x")]);
    let many = parts.document(INDEX, &json!({"manifests": vec![image; 1000]}));
    parts.index(&[many]);
    assert!(told(parts.read()).ends_with("has more than 1000 images in an index"));

    let layers = vec![tar(&[]); 501];
    let image = parts.image("amd64", &layers);
    parts.index(&[image]);
    assert!(told(parts.read()).ends_with("has more than 500 layers"));

    let large = parts.blob(MANIFEST, &vec![b' '; (4 << 20) + 1]);
    parts.index(&[large]);
    assert!(told(parts.read()).ends_with("has more than 4194304 bytes in a document"));
}
