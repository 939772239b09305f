//! Names that are read as Docker reads them, and names that are refused.

use proptest::prelude::*;

use super::*;
use crate::model::Explain as _;

const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[test]
fn reads_what_docker_pull_reads() {
    for (text, full, url) in [
        (
            "docker://alpine",
            "docker.io/library/alpine:latest",
            "https://registry-1.docker.io/v2/library/alpine",
        ),
        (
            "docker.io/alpine:3.20",
            "docker.io/library/alpine:3.20",
            "https://registry-1.docker.io/v2/library/alpine",
        ),
        (
            "docker://index.docker.io/a/b",
            "docker.io/a/b:latest",
            "https://registry-1.docker.io/v2/a/b",
        ),
        (
            "docker://a/b:1",
            "docker.io/a/b:1",
            "https://registry-1.docker.io/v2/a/b",
        ),
        (
            "localhost:5000/team/app",
            "localhost:5000/team/app:latest",
            "http://localhost:5000/v2/team/app",
        ),
        (
            "[::1]:5000/app:x",
            "[::1]:5000/app:x",
            "http://[::1]:5000/v2/app",
        ),
        (
            "docker://127.3.2.1/app",
            "127.3.2.1/app:latest",
            "http://127.3.2.1/v2/app",
        ),
        (
            "ghcr.io/a__b/c--d.e:X",
            "ghcr.io/a__b/c--d.e:X",
            "https://ghcr.io/v2/a__b/c--d.e",
        ),
        (
            "127.0.0.1.example/app",
            "127.0.0.1.example/app:latest",
            "https://127.0.0.1.example/v2/app",
        ),
    ] {
        let read: ImageReference = text.parse().unwrap();
        assert_eq!(
            (read.to_string().as_str(), read.url().as_str()),
            (full, url)
        );
        assert_eq!(read.to_string().parse::<ImageReference>().unwrap(), read);
    }
}

#[test]
fn a_digest_counts_more_than_a_tag() {
    let both: ImageReference = format!("quay.io/a:1@{DIGEST}").parse().unwrap();
    assert_eq!((both.tag(), both.version().as_str()), (Some("1"), DIGEST));
    let bare: ImageReference = format!("quay.io/a@{DIGEST}").parse().unwrap();
    assert_eq!((bare.tag(), bare.version().as_str()), (None, DIGEST));
    assert_eq!(bare.to_string(), format!("quay.io/a@{DIGEST}"));
}

#[test]
fn what_docker_pull_refuses_is_refused() {
    for bad in [
        "",
        "docker://",
        "quay.io/",
        "quay.io/A",
        "docker://Host/a",
        "quay.io/a:",
        "quay.io/a:-x",
        "quay.io/a:x:y",
        "quay.io//a",
        "quay.io/a/",
        "quay.io/a/../b",
        "quay.io/a?b",
        "quay.io/a%2fb",
        "quay.io/a b",
        "quay.io/a@sha512:00",
        "quay.io/a@sha256:00",
        "u:p@quay.io/a",
        "quay.io:/a",
        "quay.io:70000/a",
        "quay.io:+80/a",
        "-a.io/b",
        "a..io/b",
        "./a/b",
        "../a",
        "[::1/a",
        "[fe80::1%25lo]/a",
    ] {
        assert!(bad.parse::<ImageReference>().is_err(), "{bad}");
    }
    for long in [
        format!("quay.io/{}", "a".repeat(256)),
        format!("quay.io/a:{}", "a".repeat(129)),
        format!("{}.io/a", "a".repeat(253)),
    ] {
        assert!(long.parse::<ImageReference>().is_err(), "{long}");
    }
}

#[test]
fn a_name_without_a_registry_is_not_guessed_at() {
    let error = "alpine:3".parse::<ImageReference>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "`alpine:3` is not an image of a registry: it names no registry"
    );
    assert_eq!(error.hint().unwrap(), "write `docker.io/library/alpine:3`");
    assert!("a/b".parse::<ImageReference>().is_err());
}

#[test]
fn files_do_not_look_like_references() {
    for text in [
        "docker://alpine",
        "localhost/a",
        "localhost:5000/a",
        "quay.io/a",
        "[::1]:5000/a",
    ] {
        assert!(looks_like_reference(text), "{text}");
    }
    for text in [
        "alpine",
        "alpine:3",
        "image.tar",
        "out/image",
        "./quay.io/a",
        "../a",
        ".cache/a",
        "/quay.io/a",
        "oci:out/a",
        "~/a.b/c",
    ] {
        assert!(!looks_like_reference(text), "{text}");
    }
}

proptest! {
    #[test]
    fn what_is_read_names_one_place_of_one_host(text in "(docker://)?[a-z.:@/%?#\\[\\]0-9-]{0,40}") {
        if let Ok(read) = text.parse::<ImageReference>() {
            let url = reqwest::Url::parse(&read.url()).unwrap();
            prop_assert!(url.path().starts_with("/v2/"));
            prop_assert!(url.username().is_empty() && url.query().is_none());
            prop_assert_eq!(url.path(), format!("/v2/{}", read.repository()));
        }
    }
}
