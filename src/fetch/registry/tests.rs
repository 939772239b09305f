//! Pulling from a loopback registry that fails in each of the ways that registries have.

use serde_json::{Value, json};

use super::RegistryError;
use super::testing::{DOCKER, OCI, Registry, Reply, Request, World, index, layer, on};
use crate::model::{Class, Explain as _, Sha256};

fn plain() -> Registry {
    Registry::new(|_, _| None)
}

fn digest(descriptor: &Value) -> &str {
    descriptor["digest"].as_str().unwrap()
}

/// A registry that answers `TOKEN` requests and wants `Bearer t0`, `t1` ...: each token is good for
/// so many requests.
fn guarded(uses: usize) -> Registry {
    guarded_with(uses, |_| None)
}

fn guarded_with(
    uses: usize,
    then: impl Fn(&Request) -> Option<Reply> + Send + Sync + 'static,
) -> Registry {
    let served = std::sync::Mutex::new((0, 0));
    Registry::new(move |request, _| {
        let mut served = served.lock().unwrap();
        let (given, used) = &mut *served;
        if request.path.starts_with("/token") {
            *given += 1;
            *used = 0;
            let token = format!(r#"{{"access_token":"t{given}","expires_in":1}}"#);
            return Some(Reply::new("200 OK", "", token));
        }
        let fits = request.authorization() == Some(&format!("Bearer t{given}"));
        if !fits || *used == uses {
            let host = &request.headers["host"];
            let realm =
                format!(r#"Bearer realm="http://{host}/token?a=b",service="a & b",scope="x""#);
            return Some(Reply::challenge(&realm));
        }
        *used += 1;
        then(request)
    })
}

#[test]
fn an_image_becomes_a_layout() {
    for types in [OCI, DOCKER] {
        let registry = plain();
        let image = registry.image(types, "1", "arm64");
        let world = World::new();
        let found = world.pull(&registry.reference(":1"), None).unwrap();
        assert_eq!(found.to_string(), digest(&image));
        let mut top = image.clone();
        top["annotations"] = json!({"org.opencontainers.image.ref.name": "1"});
        assert_eq!(world.file("index.json")["manifests"], json!([top]));
        assert_eq!(
            world.file("oci-layout"),
            json!({"imageLayoutVersion": "1.0.0"})
        );
        assert_eq!(world.blobs().len(), 4);
        assert_eq!(fs_err::read_dir(world.out()).unwrap().count(), 3);
        for request in registry.requests() {
            let accepted = request.headers.get("accept").is_some_and(|accept| {
                [OCI, DOCKER]
                    .iter()
                    .all(|types| accept.contains(types[0]) && accept.contains(types[1]))
            });
            assert_eq!(accepted, request.path.contains("/manifests/"));
            assert_eq!(request.authorization(), None);
        }
        let error = world.pull(&registry.reference(":1"), None).unwrap_err();
        assert!(matches!(error, RegistryError::Occupied { .. }));
    }
}

#[test]
fn the_index_stays_as_it_is_and_holds_one_architecture() {
    let registry = plain();
    let amd = on(registry.image(OCI, "x", "amd64"), "linux", "amd64");
    let mut arm = on(registry.image(OCI, "x", "arm64"), "linux", "arm64");
    arm["platform"]["variant"] = "v8".into();
    let mut attestation = on(registry.image(OCI, "x", "386"), "unknown", "unknown");
    attestation["annotations"] = json!({"vnd.docker.reference.type": "attestation-manifest"});
    let windows = on(registry.image(OCI, "x", "s390x"), "windows", "arm64");
    let unknown = json!({"mediaType": "text/x", "digest": "sha512:00", "size": 1});
    let all = [amd.clone(), windows, unknown, arm.clone(), attestation];
    let top = registry.document(OCI[0], "1", &index(OCI, &all));

    let world = World::new();
    let found = world
        .pull(&registry.reference(":1"), Some("arm64"))
        .unwrap();
    assert_eq!(found.to_string(), digest(&top));
    let blobs = world.blobs();
    assert_eq!(blobs.len(), 5);
    assert!(blobs.iter().any(|blob| blob == digest(&top)));
    assert!(blobs.iter().any(|blob| blob == digest(&arm)));
    assert!(blobs.contains(&Sha256::of(&layer("arm64")).to_string()));
    assert_eq!(
        world.file("index.json")["manifests"][0]["digest"],
        top["digest"]
    );

    let world = World::new();
    world.pull(&registry.reference(":1"), None).unwrap();
    // Both images share a layer.
    assert_eq!(world.blobs().len(), 1 + 4 + 3);

    let world = World::new();
    let error = world
        .pull(&registry.reference(":1"), Some("riscv64"))
        .unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("no image for riscv64, only for amd64, arm64"),
        "{error}"
    );
    assert_eq!(error.class(), Class::BadInput);
    assert!(!world.is_layout());
}

#[test]
fn where_no_index_names_the_architecture_the_configuration_does() {
    let registry = plain();
    let images = [
        registry.image(DOCKER, "amd", "amd64"),
        registry.image(DOCKER, "arm", "arm64"),
    ];
    registry.document(DOCKER[0], "1", &index(DOCKER, &images));
    let world = World::new();
    world
        .pull(&registry.reference(":1"), Some("arm64"))
        .unwrap();
    let blobs = world.blobs();
    assert!(blobs.contains(&Sha256::of(&layer("arm64")).to_string()));
    assert!(!blobs.contains(&Sha256::of(&layer("amd64")).to_string()));
    let error = World::new()
        .pull(&registry.reference(":amd"), Some("arm64"))
        .unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("no image for arm64, only for amd64"),
        "{error}"
    );
    assert_eq!(
        registry.asked("/blobs/"),
        2 + 2 + 1,
        "no layer of a wrong image is asked for"
    );
}

#[test]
fn a_token_is_asked_for_once_and_shown_to_the_registry() {
    let basic = "Basic bWU6c2VjcmV0";
    for (world, told) in [(World::with_netrc(), Some(basic)), (World::new(), None)] {
        let registry = guarded(usize::MAX);
        registry.image(OCI, "1", "amd64");
        world.pull(&registry.reference(":1"), None).unwrap();
        let requests = registry.requests();
        assert_eq!(requests[0].authorization(), None);
        let scope = "/token?a=b&service=a+%26+b&scope=repository%3Ateam%2Fapp%3Apull";
        assert_eq!(
            (requests[1].path.as_str(), requests[1].authorization()),
            (scope, told)
        );
        assert_eq!(requests.len(), 2 + 4);
        for request in &requests[2..] {
            assert_eq!(request.authorization(), Some("Bearer t1"));
        }
    }
}

#[test]
fn a_token_that_ends_is_renewed() {
    let mut world = World::with_netrc();
    world.network.jobs = 1;
    let registry = guarded(2);
    registry.image(OCI, "1", "amd64");
    world.pull(&registry.reference(":1"), None).unwrap();
    assert_eq!(registry.asked("/token"), 2);
}

#[test]
fn tokens_that_end_while_a_layer_comes_are_renewed_as_long_as_it_comes() {
    let bytes = layer("amd64");
    let path = format!("/v2/team/app/blobs/{}", Sha256::of(&bytes));
    let cut = path.clone();
    let registry = guarded_with(1, move |request| {
        let from = request.headers.get("range");
        let from = from.and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-'));
        let from: usize = from.map_or(0, |from| from.parse().unwrap());
        let headers = format!(
            "Content-Range: bytes {from}-{}/{}\r\nContent-Length: {}",
            bytes.len() - 1,
            bytes.len(),
            bytes.len() - from,
        );
        let status = match from {
            0 => "200 OK",
            _ => "206 Partial Content",
        };
        let part = bytes.len().min(from + 50_000);
        (request.path == cut).then(|| Reply::new(status, &headers, &bytes[from..part]))
    });
    registry.image(OCI, "1", "amd64");
    let mut world = World::new();
    world.network.jobs = 1;
    world.pull(&registry.reference(":1"), None).unwrap();
    let requests = registry.requests();
    let parts = requests.iter().filter(|request| request.path == path);
    let told: std::collections::BTreeSet<_> =
        parts.filter_map(|part| part.authorization()).collect();
    assert!(told.len() >= 4, "{told:?}");
}

#[test]
fn a_token_that_is_not_accepted_is_not_asked_for_again() {
    let registry = guarded(0);
    registry.image(OCI, "1", "amd64");
    let error = World::with_netrc()
        .pull(&registry.reference(":1"), None)
        .unwrap_err();
    assert!(
        matches!(error, RegistryError::Denied { told: true, .. }),
        "{error}"
    );
    assert_eq!(registry.asked("/token"), 1);
}

#[test]
fn basic_credentials_come_from_netrc_and_only_when_asked_for() {
    let registry = Registry::new(|request, _| {
        let told = request.authorization() == Some("Basic bWU6c2VjcmV0");
        (!told).then(|| Reply::challenge("Basic realm=x"))
    });
    registry.image(OCI, "1", "amd64");
    World::with_netrc()
        .pull(&registry.reference(":1"), None)
        .unwrap();
    assert_eq!(registry.requests()[0].authorization(), None);
    let error = World::new()
        .pull(&registry.reference(":1"), None)
        .unwrap_err();
    assert_eq!(error.class(), Class::Outside);
    assert_eq!(
        error.hint().unwrap(),
        "check the name, or write `machine 127.0.0.1 login NAME password TOKEN` into ~/.netrc"
    );
}

#[test]
fn a_redirect_leads_no_credentials_elsewhere_and_no_challenge_back() {
    let bytes = layer("amd64");
    let storage = plain();
    storage.serve("/signed?key=1", &bytes);
    let asking = Registry::new(|_, _| Some(Reply::challenge("Basic realm=x")));
    for (elsewhere, comes) in [(storage, true), (asking, false)] {
        let location = format!("Location: http://{}/signed?key=1", elsewhere.host);
        let path = format!("/blobs/{}", Sha256::of(&bytes));
        let registry = Registry::new(move |request, _| {
            if request.authorization() != Some("Basic bWU6c2VjcmV0") {
                return Some(Reply::challenge("Basic realm=x"));
            }
            let moved = Reply::new("307 Temporary Redirect", &location, "");
            request.path.ends_with(&path).then_some(moved)
        });
        registry.image(OCI, "1", "amd64");
        match World::with_netrc().pull(&registry.reference(":1"), None) {
            Ok(_) => assert!(comes),
            Err(error) => {
                assert!(!comes, "{error}");
                assert!(error.to_string().contains("the server says 401"), "{error}");
            }
        }
        let asked = elsewhere.requests();
        assert_eq!(asked.len(), 1);
        assert_eq!(asked[0].authorization(), None);
    }
}

#[test]
fn a_realm_that_anybody_can_listen_to_is_refused() {
    for (challenge, why) in [
        (
            r#"Bearer realm="http://192.0.2.1/token""#,
            "its realm is not an https URL",
        ),
        (
            r#"Bearer realm="http://localhost.example/token""#,
            "its realm is not an https URL",
        ),
        (
            r#"Bearer realm="file:///token""#,
            "its realm is not an https URL",
        ),
        (r#"Bearer service="x""#, "its realm is not a URL"),
        ("Negotiate", "it names no way that is known"),
        ("", "it names no way that is known"),
    ] {
        let registry = Registry::new(move |_, _| Some(Reply::challenge(challenge)));
        let error = World::with_netrc()
            .pull(&registry.reference(":1"), None)
            .unwrap_err();
        assert!(error.to_string().ends_with(why), "{challenge}: {error}");
        assert_eq!(error.class(), Class::Outside);
    }
}

#[test]
fn what_the_token_service_says_is_told() {
    for (reply, why) in [
        (
            Reply::new("403 Forbidden", "", ""),
            "with the credentials in netrc",
        ),
        (Reply::new("200 OK", "", "{}"), "its answer holds no token"),
        (
            Reply::new("200 OK", "", r#"{"token":""}"#),
            "its answer holds no token",
        ),
        (
            Reply::new("200 OK", "", r#"{"token":"a\r\nb"}"#),
            "its token has characters that no token has",
        ),
        (
            Reply::new("200 OK", "", vec![b' '; 2 << 20]),
            "it has more than 1048576 bytes",
        ),
    ] {
        let registry = Registry::new(move |request, _| {
            let realm = format!("Bearer realm=\"http://{}/token\"", request.headers["host"]);
            Some(match request.path.starts_with("/token") {
                true => reply.clone(),
                false => Reply::challenge(&realm),
            })
        });
        let error = World::with_netrc()
            .pull(&registry.reference(":1"), None)
            .unwrap_err();
        assert!(error.to_string().ends_with(why), "{error}");
    }
}

#[test]
fn bytes_that_do_not_hold_are_refused() {
    let child = |registry: &Registry| {
        let image = registry.image(OCI, "x", "amd64");
        registry.document(OCI[0], "1", &index(OCI, std::slice::from_ref(&image)));
        format!("/manifests/{}", digest(&image))
    };
    type Victim = Box<dyn Fn(&Registry) -> String>;
    let victims: [Victim; 3] = [
        Box::new(|_| format!("/blobs/{}", Sha256::of(&layer("amd64")))),
        Box::new(|_| {
            let config = json!({"architecture": "amd64", "os": "linux"}).to_string();
            format!("/blobs/{}", Sha256::of(config.as_bytes()))
        }),
        Box::new(child),
    ];
    for victim in victims {
        type Change = fn(&mut Vec<u8>);
        let changes: [Change; 3] = [
            |bytes| bytes[7] ^= 1,
            |bytes| bytes.push(b' '),
            |bytes| bytes.truncate(bytes.len() - 1),
        ];
        for change in changes {
            let registry = plain();
            registry.image(OCI, "1", "amd64");
            let path = format!("/v2/team/app{}", victim(&registry));
            let world = World::new();
            world.pull(&registry.reference(":1"), None).unwrap();
            registry.change(&path, change);
            let world = World::new();
            let error = world.pull(&registry.reference(":1"), None).unwrap_err();
            assert_eq!(error.class(), Class::Untrusted, "{path}: {error}");
            assert!(!world.is_layout());
        }
    }
}

#[test]
fn sizes_that_do_not_hold_are_refused() {
    let registry = plain();
    let mut image = registry.image(OCI, "x", "amd64");
    for lie in [-1, 1] {
        let size = image["size"].as_i64().unwrap() + lie;
        image["size"] = size.into();
        registry.document(OCI[0], "1", &index(OCI, std::slice::from_ref(&image)));
        let config = registry.blob(OCI[2], b"{}");
        let mut one = registry.blob(OCI[3], &layer("one"));
        one["size"] = (one["size"].as_i64().unwrap() + lie).into();
        let manifest = json!({"schemaVersion": 2, "config": config, "layers": [one]});
        registry.document(OCI[1], "2", &manifest);
        for tag in [":1", ":2"] {
            let error = World::new()
                .pull(&registry.reference(tag), None)
                .unwrap_err();
            assert_eq!(error.class(), Class::Untrusted, "{error}");
        }
        image["size"] = (size - lie).into();
    }
}

#[test]
fn a_digest_in_the_reference_counts() {
    let registry = plain();
    let image = registry.image(OCI, "1", "amd64");
    registry.image(OCI, "2", "arm64");
    let world = World::new();
    let reference = registry.reference(&format!(":2@{}", digest(&image)));
    assert_eq!(
        world.pull(&reference, None).unwrap().to_string(),
        digest(&image)
    );
    let world = World::new();
    let reference = registry.reference(&format!("@{}", digest(&image)));
    world.pull(&reference, None).unwrap();
    assert_eq!(
        world.file("index.json")["manifests"][0].get("annotations"),
        None
    );
    registry.change(
        &format!("/v2/team/app/manifests/{}", digest(&image)),
        |bytes| bytes.push(b' '),
    );
    let error = World::new().pull(&reference, None).unwrap_err();
    assert_eq!(error.class(), Class::Untrusted, "{error}");
}

#[test]
fn a_cut_layer_goes_on_where_it_stopped() {
    let bytes = layer("amd64");
    let path = format!("/v2/team/app/blobs/{}", Sha256::of(&bytes));
    let cut = path.clone();
    let registry = Registry::new(move |request, before| {
        let length = format!("Content-Length: {}", bytes.len());
        let part = Reply::new("200 OK", &length, &bytes[..50_000]);
        (request.path == cut && before == 0).then_some(part)
    });
    registry.image(OCI, "1", "amd64");
    let world = World::new();
    world.pull(&registry.reference(":1"), None).unwrap();
    assert_eq!(world.blobs().len(), 4);
    let requests = registry.requests();
    let ranges: Vec<_> = requests
        .iter()
        .filter(|request| request.path == path)
        .collect();
    assert_eq!(ranges.len(), 2);
    assert_eq!(ranges[1].headers["range"], "bytes=50000-");
}

#[test]
fn a_registry_that_asks_for_patience_gets_it() {
    let registry = Registry::new(|_, before| {
        let wait = Reply::new("429 Too Many Requests", "Retry-After: 0", "");
        (before < 5).then_some(wait)
    });
    registry.image(OCI, "1", "amd64");
    World::new().pull(&registry.reference(":1"), None).unwrap();
    let busy = Registry::new(|_, _| Some(Reply::new("503 Busy", "Retry-After: 9999", "")));
    let error = World::new().pull(&busy.reference(":1"), None).unwrap_err();
    assert_eq!((busy.requests().len(), error.class()), (1, Class::Outside));
}

#[test]
fn offline_asks_nobody() {
    let registry = plain();
    let mut world = World::new();
    world.network.offline = true;
    let error = world.pull(&registry.reference(":1"), None).unwrap_err();
    assert!(error.to_string().contains("`--offline`"), "{error}");
    assert!(registry.requests().is_empty() && !world.out().exists());
}

#[test]
fn what_is_not_there_is_named() {
    let registry = plain();
    let error = World::new()
        .pull(&registry.reference(":9"), None)
        .unwrap_err();
    let Registry { host, .. } = &registry;
    assert_eq!(
        error.to_string(),
        format!("the registry {host} has no tag `9` in the repository team/app")
    );
    let closed = Registry::new(|_, _| Some(Reply::new("403 Forbidden", "", "")));
    let error = World::new()
        .pull(&closed.reference(":9"), None)
        .unwrap_err();
    assert!(
        matches!(error, RegistryError::Denied { told: false, .. }),
        "{error}"
    );
    let image = registry.image(OCI, "1", "amd64");
    registry.document(OCI[0], "2", &index(OCI, std::slice::from_ref(&image)));
    registry.forget(&format!(
        "/v2/team/app/blobs/{}",
        Sha256::of(&layer("amd64"))
    ));
    registry.forget(&format!("/v2/team/app/manifests/{}", digest(&image)));
    for (tag, part) in [(":1", "the layer sha256:"), (":2", "no manifest sha256:")] {
        let error = World::new()
            .pull(&registry.reference(tag), None)
            .unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
        assert_eq!(error.class(), Class::Outside);
    }
}

#[test]
fn a_manifest_without_end_is_cut_off() {
    let registry = Registry::new(|_, _| Some(Reply::new("200 OK", "", vec![b' '; 5 << 20])));
    let error = World::new()
        .pull(&registry.reference(":1"), None)
        .unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("it has more than 4194304 bytes"),
        "{error}"
    );
    assert_eq!(error.class(), Class::Untrusted);
}
