//! Documents that are refused, and why.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::testing::{DOCKER, OCI, index, on};
use super::*;
use crate::model::{Class, Explain as _};

fn entry(media_type: &str) -> Value {
    let digest = Sha256::of(media_type.as_bytes()).to_string();
    json!({"mediaType": media_type, "digest": digest, "size": 7})
}

fn manifest(types: [&str; 4]) -> Value {
    json!({
        "schemaVersion": 2,
        "mediaType": types[1],
        "config": entry(types[2]),
        "layers": [entry(types[3])],
    })
}

fn parse(document: &Value) -> Result<Document, RegistryError> {
    Document::parse(document.to_string().as_bytes(), "it")
}

#[test]
fn a_document_is_what_its_bytes_say() {
    for types in [OCI, DOCKER] {
        let read = parse(&manifest(types)).unwrap();
        assert!(matches!(read.content, Content::Image(_)));
        assert_eq!(read.media_type, types[1]);
        let read = parse(&index(types, &[entry(types[1])])).unwrap();
        assert!(matches!(read.content, Content::Index(_)));
        assert_eq!(read.media_type, types[0]);
    }
    let mut bare = manifest(OCI);
    bare.as_object_mut().unwrap().remove("mediaType");
    assert_eq!(parse(&bare).unwrap().media_type, OCI_MANIFEST);
}

#[test]
fn each_refusal_says_why() {
    let with = |pointer: &str, value: Value| {
        let mut document = manifest(OCI);
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        document.pointer_mut(parent).unwrap()[key] = value;
        document
    };
    let many = |n| vec![entry(OCI_MANIFEST); n];
    let sized = |size: u64| {
        let mut entry = entry(OCI_MANIFEST);
        entry["size"] = size.into();
        entry
    };
    for (document, class, why) in [
        (
            json!([]),
            Class::Untrusted,
            "it is malformed: invalid length",
        ),
        (
            with("/schemaVersion", 1.into()),
            Class::BadInput,
            "manifest schema 1",
        ),
        (
            with("/schemaVersion", 3.into()),
            Class::Untrusted,
            "schemaVersion is not 2",
        ),
        (
            with("/mediaType", OCI_INDEX.into()),
            Class::BadInput,
            "its type is",
        ),
        (
            with("/mediaType", "a\u{1b}b".into()),
            Class::BadInput,
            r"its type is `a\u{1b}b`",
        ),
        (
            with("/manifests", json!([])),
            Class::Untrusted,
            "could be an image and an index",
        ),
        (
            with("/layers", Value::Null),
            Class::Untrusted,
            "lacks its configuration or its layers",
        ),
        (
            json!({"schemaVersion": 2}),
            Class::Untrusted,
            "neither manifests nor layers",
        ),
        (
            with(
                "/config/mediaType",
                "application/vnd.cncf.helm.config.v1+json".into(),
            ),
            Class::BadInput,
            "it is no image: it holds `application/vnd.cncf.helm.config.v1+json`",
        ),
        (
            with("/config/size", (17 << 20).into()),
            Class::Untrusted,
            "bytes in its configuration",
        ),
        (
            with("/config/size", json!(-1)),
            Class::Untrusted,
            "invalid value",
        ),
        (
            with("/layers/0/size", (65_u64 << 30).into()),
            Class::Untrusted,
            "bytes in a layer",
        ),
        (
            with("/layers/0/digest", "sha512:00".into()),
            Class::BadInput,
            "only SHA-256 is read",
        ),
        (
            with("/layers/0/digest", "sha256:../../x".into()),
            Class::BadInput,
            "only SHA-256 is read",
        ),
        (
            with("/layers/0/urls", json!(["https://x"])),
            Class::BadInput,
            "outside the registry",
        ),
        (
            with(
                "/layers/0/mediaType",
                "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip".into(),
            ),
            Class::BadInput,
            "outside the registry",
        ),
        (
            with(
                "/layers/0/mediaType",
                format!("{}+encrypted", OCI[3]).into(),
            ),
            Class::BadInput,
            "it has a layer of type",
        ),
        (
            with("/layers", json!(vec![entry(OCI[3]); 1025])),
            Class::Untrusted,
            "it has 1025 layers, over the limit of 1024",
        ),
        (
            index(OCI, &many(5000)),
            Class::Untrusted,
            "it has 5000 manifests, over the limit of 256",
        ),
        (
            index(OCI, &[entry(OCI_INDEX)]),
            Class::BadInput,
            "it is an index of indexes",
        ),
        (
            index(OCI, &[entry(DOCKER_LIST)]),
            Class::BadInput,
            "it is an index of indexes",
        ),
        (index(OCI, &[]), Class::BadInput, "no image for Linux"),
        (
            index(OCI, &[on(entry(OCI_MANIFEST), "windows", "amd64")]),
            Class::BadInput,
            "no image for Linux",
        ),
        (
            index(OCI, &[sized(5 << 20)]),
            Class::Untrusted,
            "bytes in a manifest",
        ),
    ] {
        let error = parse(&document).unwrap_err();
        assert!(error.to_string().contains(why), "{why}: {error}");
        assert_eq!(error.class(), class, "{error}");
    }
}

#[test]
fn depth_does_no_harm() {
    let deep = "[".repeat(MAX_DOCUMENT as usize / 2) + &"]".repeat(MAX_DOCUMENT as usize / 2);
    let mut document = manifest(OCI).to_string();
    document.truncate(document.len() - 1);
    let passed_over = format!(r#"{document},"more":{deep}}}"#);
    assert!(Document::parse(passed_over.as_bytes(), "it").is_ok());
    let refused = format!(r#"{{"schemaVersion":2,"manifests":{deep}}}"#);
    assert!(Document::parse(refused.as_bytes(), "it").is_err());
}

#[test]
fn a_blob_has_one_size_and_all_have_a_bound() {
    let blob = |name: &str, size| Blob {
        digest: Sha256::of(name.as_bytes()),
        size,
    };
    let sizes = |blobs: &[Blob]| {
        let found = distinct(blobs.iter().copied(), "it")?;
        Ok::<_, RegistryError>(found.iter().map(|blob| blob.size).collect::<Vec<_>>())
    };
    let found = sizes(&[blob("a", 1), blob("b", 3), blob("c", 2), blob("b", 3)]);
    assert_eq!(found.unwrap(), [3, 2, 1]);
    let error = sizes(&[blob("a", 1), blob("a", 2)]).unwrap_err();
    assert!(
        error.to_string().contains("it gives two sizes to sha256:"),
        "{error}"
    );
    let full: Vec<Blob> = (0..5).map(|n| blob(&n.to_string(), MAX_LAYER)).collect();
    assert!(matches!(sizes(&full), Err(RegistryError::Limit { .. })));
    assert!(sizes(&full[1..]).is_ok());
}

#[test]
fn platforms_are_compared_in_one_form() {
    for (architecture, variant, arch) in [
        ("amd64", "", "amd64"),
        ("amd64", "v1", "amd64"),
        ("arm64", "v8", "arm64"),
        ("arm", "", "arm/v7"),
        ("arm", "v6", "arm/v6"),
        ("386", "", "386"),
    ] {
        let config = json!({"architecture": architecture, "variant": variant, "os": "linux"});
        let found = configured(config.to_string().as_bytes(), "it").unwrap();
        assert_eq!(found.as_deref(), Some(arch));
        assert!(fits(found.as_deref(), Arch::from_oci(arch)));
        assert!(!fits(found.as_deref(), Arch::from_oci("s390x")));
    }
    assert!(!fits(Some("amd64/v3"), Arch::from_oci("amd64")));
    assert!(fits(Some("anything"), None));
    assert_eq!(configured(b"{}", "it").unwrap(), None);
    assert!(configured(b"[", "it").is_err());
}

proptest! {
    #[test]
    fn damaged_documents_are_survived(at in 0..400_usize, byte: u8) {
        for document in [manifest(OCI), index(DOCKER, &[on(entry(DOCKER_MANIFEST), "linux", "arm")])] {
            let mut bytes = document.to_string().into_bytes();
            let at = at % bytes.len();
            bytes[at] = byte;
            let _ = Document::parse(&bytes, "it");
        }
    }
}
