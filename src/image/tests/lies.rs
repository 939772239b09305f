//! Images that are not what they say.

use serde_json::{Value, json};

use crate::image::ImageError;
use crate::image::testing::{
    CONFIG, INDEX, LAYER, MANIFEST, Parts, config, file, gzip, layered, tar, told,
};
use crate::model::{Class, Explain as _, Sha256};

fn layer() -> Vec<u8> {
    tar(&[file("a", "x")])
}

/// An image whose manifest `change` was made to.
fn changed(change: impl Fn(&mut Parts, &mut Value)) -> Result<(), ImageError> {
    let mut parts = Parts::layout();
    let id = Sha256::of(&layer()).to_string();
    let config = parts.document(CONFIG, &config("amd64", &[id]));
    let layers = [parts.blob(&format!("{LAYER}+gzip"), &gzip(&layer()))];
    let mut manifest = json!({"schemaVersion": 2, "config": config, "layers": layers});
    change(&mut parts, &mut manifest);
    let manifest = parts.document(MANIFEST, &manifest);
    parts.index(&[manifest]);
    parts.read().map(|_| ())
}

/// The one blob whose descriptor this is.
fn blob<'a>(parts: &'a mut Parts, descriptor: &Value) -> &'a mut Vec<u8> {
    let digest = descriptor["digest"].as_str().unwrap().replace(':', "/");
    parts.0.get_mut(&format!("blobs/{digest}")).unwrap()
}

#[test]
fn an_honest_image_is_read() {
    changed(|_, _| {}).unwrap();
}

#[test]
fn a_digest_that_lies_is_found() {
    let other = gzip(&tar(&[file("a", "y")]));
    let error = changed(|parts, manifest| {
        let bytes = blob(parts, &manifest["layers"][0]);
        assert_eq!(bytes.len(), other.len());
        bytes.clone_from(&other);
    });
    let error = error.unwrap_err();
    assert_eq!(error.class(), Class::Untrusted);
    let expected = Sha256::of(&gzip(&layer()));
    let found = Sha256::of(&other);
    let text = error.to_string();
    assert!(
        text.starts_with(&format!("the blob of layer 1 ({expected}) of ")),
        "{text}"
    );
    let digests = format!("has the digest {found}, and {expected} was promised");
    assert!(text.ends_with(&digests), "{text}");
}

#[test]
fn damage_is_told_as_a_wrong_digest_wherever_it_shows() {
    let length = gzip(&layer()).len();
    for at in 0..length {
        let error = changed(|parts, manifest| blob(parts, &manifest["layers"][0])[at] ^= 0x10);
        assert!(
            matches!(error, Err(ImageError::Digest { .. })),
            "{at}: {error:?}"
        );
    }
}

#[test]
fn sizes_digests_and_numbers_must_agree() {
    let descriptor = |parts: &mut Parts, bytes: &[u8]| parts.blob(LAYER, bytes);
    for (result, why) in [
        (
            changed(|parts, manifest| blob(parts, &manifest["layers"][0]).push(0)),
            "bytes, and",
        ),
        (
            changed(|_, manifest| manifest["layers"][0]["size"] = 7.into()),
            "and 7 were promised",
        ),
        (
            changed(|parts, manifest| blob(parts, &manifest["config"])[0] = b' '),
            "a document of",
        ),
        (
            changed(|parts, manifest| {
                manifest["layers"][0] = descriptor(parts, &tar(&[file("a", "y")]));
            }),
            "the tar of layer 1",
        ),
        (
            changed(|_, manifest| manifest["layers"] = json!([])),
            "has 0 layers, and 1 in its configuration",
        ),
        (
            changed(|_, manifest| {
                let twice = [manifest["layers"][0].clone(), manifest["layers"][0].clone()];
                manifest["layers"] = json!(twice);
            }),
            "has 2 layers, and 1 in its configuration",
        ),
        (
            changed(|parts, manifest| {
                let garbage = [gzip(&layer()), b"garbage".to_vec()].concat();
                manifest["layers"][0] = descriptor(parts, &garbage);
            }),
            "cannot be decompressed",
        ),
        (
            changed(|parts, manifest| {
                manifest["layers"][0] = descriptor(parts, b"no tar at all");
            }),
            "is cut off",
        ),
        (
            changed(|_, manifest| manifest["manifests"] = json!([])),
            "which is both an image and an index",
        ),
        (
            changed(|_, manifest| *manifest = json!({"manifests": []})),
            "which is not what its media type says",
        ),
        (
            changed(|_, manifest| *manifest = json!("text")),
            "is malformed",
        ),
        (
            changed(|_, manifest| {
                *manifest = json!({"schemaVersion": 1, "fsLayers": [], "name": "x"});
            }),
            "has a manifest of Docker's schema 1, which is not supported",
        ),
        (
            changed(|parts, manifest| {
                let digest = manifest["layers"][0]["digest"].as_str().unwrap();
                let name = format!("blobs/{}", digest.replace(':', "/"));
                parts.0.remove(&name);
            }),
            " is not in ",
        ),
    ] {
        let told = told(result);
        assert!(told.contains(why), "{why}: {told}");
    }
}

#[test]
fn a_digest_is_no_path() {
    for (digest, why) in [
        ("sha256:../../../../etc/passwd", "has a malformed digest"),
        (
            "sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
            "malformed",
        ),
        ("../x", "has a malformed digest, `../x`"),
        (
            "sha512:abc",
            "has a digest that is not SHA-256, which is not supported",
        ),
        ("", "has a malformed digest"),
    ] {
        let told = told(changed(|_, manifest| {
            manifest["layers"][0]["digest"] = digest.into();
        }));
        assert!(told.contains(why), "{told}");
    }
    let mut parts = Parts::layout();
    parts.index(&[json!({"mediaType": INDEX, "digest": "md5:x", "size": 1})]);
    assert!(told(parts.read()).contains("has a malformed digest, `md5:x`"));
}

#[test]
fn nothing_outside_a_layout_is_read() {
    let home = tempfile::tempdir().unwrap();
    let mut parts = Parts::layout();
    let manifest = parts.image("amd64", &[layer()]);
    parts.index(&[manifest]);
    let blobs = home.path().join("layout/blobs");
    let read = || {
        let options = crate::image::testing::options(home.path());
        crate::image::read_path(&home.path().join("layout"), &options)
    };
    parts.write(&home.path().join("layout"));
    read().unwrap();
    // A directory on the way, then the files.
    fs_err::rename(blobs.join("sha256"), home.path().join("outside")).unwrap();
    std::os::unix::fs::symlink("../../outside", blobs.join("sha256")).unwrap();
    assert_eq!(read().unwrap_err().class(), Class::Outside);
    fs_err::remove_file(blobs.join("sha256")).unwrap();
    fs_err::create_dir(blobs.join("sha256")).unwrap();
    for entry in fs_err::read_dir(home.path().join("outside")).unwrap() {
        let entry = entry.unwrap();
        let link = blobs.join("sha256").join(entry.file_name());
        std::os::unix::fs::symlink(entry.path(), link).unwrap();
    }
    assert_eq!(read().unwrap_err().class(), Class::Outside);
}

#[test]
fn an_error_names_the_layer_and_the_path() {
    let wrong = [file("good", ""), file("../bad", "")];
    let told = told(layered(&[&[file("a", "")], &wrong]));
    let digest = Sha256::of(&tar(&wrong));
    assert!(
        told.starts_with(&format!("`../bad` in layer 2 ({digest}) of /")),
        "{told}"
    );
    assert!(told.ends_with("/layout leaves the root"), "{told}");
}

#[test]
fn of_several_failures_the_lowest_layer_s_is_told() {
    let bad = |name: &str| [file(name, "")];
    for _ in 0..20 {
        let told = told(layered(&[
            &bad("a"),
            &bad("../b"),
            &bad("../c"),
            &bad("../d"),
        ]));
        assert!(told.starts_with("`../b` in layer 2"), "{told}");
    }
}
