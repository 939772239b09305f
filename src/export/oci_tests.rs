//! The documents as text.

use super::*;
use crate::export::ImageLayer;
use crate::export::testing::NoPacks;
use crate::model::{Epoch, ImageConfig};
use crate::tree::Tree;

fn digest(letter: &str) -> Sha256 {
    Sha256::from_hex(&letter.repeat(64)).unwrap()
}

fn diff(letter: &str) -> Diff {
    let diff_id = digest(letter);
    Diff {
        diff_id,
        size: 1024,
    }
}

fn text(document: &Document) -> String {
    assert_eq!(document.digest, Sha256::of(&document.bytes));
    let text = String::from_utf8(document.bytes.clone()).unwrap();
    ["a", "b", "c"].iter().fold(text, |text, letter| {
        text.replace(&letter.repeat(64), letter)
    })
}

fn image<'a>(arch: &str, config: &'a ImageConfig, tree: &'a Tree) -> Image<'a> {
    let layer = |name: &str| ImageLayer {
        name: name.into(),
        tree,
    };
    Image {
        arch: Arch::from_oci(arch).unwrap(),
        epoch: Epoch(1_761_955_200),
        layers: vec![layer("base"), layer("system")],
        config,
        user: config.user.as_ref().map(|_| "10001:10002"),
        contents: &NoPacks,
    }
}

#[test]
fn the_smallest_configuration() {
    let (given, tree) = (ImageConfig::default(), Tree::default());
    let config = config(&image("amd64", &given, &tree), &[diff("a"), diff("b")]);
    assert_eq!(
        text(&config),
        concat!(
            r#"{"created":"2025-11-01T00:00:00Z","architecture":"amd64","os":"linux","#,
            r#""config":{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]},"#,
            r#""rootfs":{"type":"layers","diff_ids":["sha256:a","sha256:b"]},"#,
            r#""history":[{"created":"2025-11-01T00:00:00Z","created_by":"rootlock group base"},"#,
            r#"{"created":"2025-11-01T00:00:00Z","created_by":"rootlock group system"}]}"#,
        )
    );
}

#[test]
fn the_fullest_configuration() {
    let words = |words: &[&str]| {
        words
            .iter()
            .map(|word| (*word).to_owned())
            .collect::<Vec<_>>()
    };
    let pairs = |pairs: &[(&str, &str)]| {
        let pairs = pairs.iter();
        pairs
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    };
    let given = ImageConfig {
        entrypoint: Some(words(&["/usr/bin/python3"])),
        cmd: Some(words(&["-m", "http.server"])),
        env: pairs(&[("PYTHONUNBUFFERED", "1"), ("PATH", "/bin"), ("A", "b=c")]),
        workdir: Some("/app".into()),
        user: Some("app".into()),
        ports: words(&["8000/tcp", "53/udp"]),
        volumes: words(&["/data"]),
        labels: pairs(&[("org.opencontainers.image.title", "python-web")]),
        annotations: pairs(&[("k", "v")]),
        stop_signal: Some("SIGTERM".into()),
    };
    let tree = Tree::default();
    let config = config(&image("arm/v7", &given, &tree), &[diff("a"), diff("b")]);
    let text = text(&config);
    let (head, rest) = text.split_once(r#","rootfs""#).unwrap();
    assert!(rest.contains(r#""created_by":"rootlock group base""#));
    assert_eq!(
        head,
        concat!(
            r#"{"created":"2025-11-01T00:00:00Z","architecture":"arm","os":"linux","variant":"v7","#,
            r#""config":{"User":"10001:10002","ExposedPorts":{"53/udp":{},"8000/tcp":{}},"#,
            r#""Env":["A=b=c","PATH=/bin","PYTHONUNBUFFERED=1"],"#,
            r#""Entrypoint":["/usr/bin/python3"],"Cmd":["-m","http.server"],"#,
            r#""Volumes":{"/data":{}},"WorkingDir":"/app","#,
            r#""Labels":{"org.opencontainers.image.title":"python-web"},"StopSignal":"SIGTERM"}"#,
        )
    );
}

#[test]
fn manifest_and_index() {
    let config = Document::of(&"config");
    let layer = LayerBlob {
        diff: diff("a"),
        digest: digest("b"),
        size: 77,
    };
    let annotations = BTreeMap::from([("k".to_owned(), "v".to_owned())]);
    let made = manifest(&config, &[layer], Compression::Gzip, &annotations);
    let expected = concat!(
        r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","#,
        r#""config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"CONFIG","size":8},"#,
        r#""layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"sha256:b","#,
        r#""size":77}],"annotations":{"k":"v"}}"#,
    );
    assert_eq!(
        text(&made),
        expected.replace("CONFIG", &config.digest.to_string())
    );

    let arch = |name| Arch::from_oci(name).unwrap();
    let (one, two) = (Document::of(&1), Document::of(&22));
    let made = index(
        [(arch("amd64"), &one), (arch("arm/v7"), &two)],
        &BTreeMap::new(),
    );
    let expected = concat!(
        r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":["#,
        r#"{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"ONE","size":1,"#,
        r#""platform":{"architecture":"amd64","os":"linux"}},"#,
        r#"{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"TWO","size":2,"#,
        r#""platform":{"architecture":"arm","os":"linux","variant":"v7"}}]}"#,
    );
    let expected = expected.replace("ONE", &one.digest.to_string());
    assert_eq!(
        text(&made),
        expected.replace("TWO", &two.digest.to_string())
    );
}
