//! Fetching from a loopback server that fails in each of the ways that servers have.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::Duration;

use super::retry::Pace;
use super::*;
use crate::model::{Explain as _, WantedFile};
use crate::progress::Silent;

/// A request: the path, and its `Range` and `If-Range` where it has them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Request {
    path: String,
    range: Option<String>,
    if_range: Option<String>,
    authorization: bool,
}

impl Request {
    fn from(&self) -> Option<usize> {
        let range = self.range.as_ref()?.strip_prefix("bytes=")?;
        range.strip_suffix('-')?.parse().ok()
    }
}

/// Answers each request by a function of the request and of how many came before it.
struct Server {
    base: String,
    log: Arc<Mutex<Vec<Request>>>,
}

type Reply = dyn Fn(&Request, usize, &mut TcpStream) + Send + Sync;

impl Server {
    fn new(reply: impl Fn(&Request, usize, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let log: Arc<Mutex<Vec<Request>>> = Arc::default();
        let reply: Arc<Reply> = Arc::new(reply);
        let kept = Arc::clone(&log);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let (log, reply) = (Arc::clone(&kept), Arc::clone(&reply));
                std::thread::spawn(move || {
                    let Some(request) = read_request(&stream) else {
                        return;
                    };
                    let before = {
                        let mut log = log.lock().unwrap();
                        log.push(request.clone());
                        log.len() - 1
                    };
                    reply(&request, before, &mut stream);
                });
            }
        });
        Self { base, log }
    }

    fn requests(&self) -> Vec<Request> {
        self.log.lock().unwrap().clone()
    }
}

fn read_request(stream: &TcpStream) -> Option<Request> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next()?.ok()?;
    let mut request = Request {
        path: first.split(' ').nth(1)?.to_owned(),
        range: None,
        if_range: None,
        authorization: false,
    };
    for line in lines {
        let line = line.ok()?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "range" => request.range = Some(value.trim().to_owned()),
            "if-range" => request.if_range = Some(value.trim().to_owned()),
            "authorization" => request.authorization = true,
            _ => {}
        }
    }
    Some(request)
}

fn send(stream: &mut TcpStream, status: &str, headers: &str, body: &[u8]) {
    let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\n{headers}\r\n");
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(body);
}

/// Sends all of `body`, or what the request's range asks for.
fn ok(request: &Request, stream: &mut TcpStream, body: &[u8]) {
    match request.from() {
        Some(from) if from < body.len() => {
            let headers = format!(
                "Content-Range: bytes {from}-{}/{}\r\nContent-Length: {}\r\n",
                body.len() - 1,
                body.len(),
                body.len() - from
            );
            send(stream, "206 Partial Content", &headers, &body[from..]);
        }
        Some(_) => send(
            stream,
            "416 Range Not Satisfiable",
            "Content-Length: 0\r\n",
            b"",
        ),
        None => {
            let headers = format!("Content-Length: {}\r\nETag: \"v1\"\r\n", body.len());
            send(stream, "200 OK", &headers, body);
        }
    }
}

fn content() -> Vec<u8> {
    (0..200_000_u32)
        .flat_map(|n| (n * 7).to_le_bytes())
        .collect()
}

const ARCHIVES: &[Archive] = &[Archive {
    name: "debian",
    urls: &["http://127.0.0.1:9/debian"],
    snapshot: None,
}];

struct World {
    _dir: tempfile::TempDir,
    store: Store,
    network: Network,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path().join("store")).unwrap();
        let network = Network {
            jobs: 4,
            ..Network::default()
        };
        Self {
            _dir: dir,
            store,
            network,
        }
    }

    fn fetcher(&self) -> Fetcher<'_> {
        let pace = Pace {
            connect: Duration::from_secs(5),
            read: Duration::from_millis(400),
            pause: Duration::from_millis(5),
            whole: Duration::from_secs(2),
        };
        Fetcher::at_pace(&self.store, &self.network, &Silent, ARCHIVES, pace)
    }

    fn fetch(&self, base: &str) -> Result<Fetched, FetchError> {
        self.fetcher().packages(&[package(base)])
    }

    #[track_caller]
    fn holds(&self) {
        let bytes = content();
        assert_eq!(self.store.read(&Sha256::of(&bytes)).unwrap(), Some(bytes));
    }
}

fn place(base: &str) -> Place {
    Place {
        origin: Origin::Url(base.into()),
        base: base.into(),
        path: None,
        snapshot: None,
    }
}

fn package(base: &str) -> Package {
    let bytes = content();
    Package {
        name: "a 1".into(),
        place: place(base),
        date: None,
        path: "pool/a+b_1%3a2~x.deb".into(),
        size: bytes.len() as u64,
        sha256: Sha256::of(&bytes),
    }
}

#[track_caller]
fn fails(reply: impl Fn(&Request, usize, &mut TcpStream) + Send + Sync + 'static) -> FailedFetch {
    let world = World::new();
    let server = Server::new(reply);
    let error = world.fetch(&server.base).unwrap_err();
    assert!(!world.store.has(&Sha256::of(&content())));
    FailedFetch {
        message: error.to_string(),
        class: error.class(),
        hint: error.hint(),
        requests: server.requests().len(),
    }
}

#[derive(Debug)]
struct FailedFetch {
    message: String,
    class: Class,
    hint: Option<String>,
    requests: usize,
}

#[test]
fn brings_a_package_once() {
    let world = World::new();
    let server = Server::new(|request, _, stream| ok(request, stream, &content()));
    let size = content().len() as u64;
    let all = [package(&server.base), package(&server.base)];
    let fetched = world.fetcher().packages(&all).unwrap();
    assert_eq!((fetched.downloaded, fetched.bytes), (1, size));
    world.holds();
    assert_eq!(world.fetch(&server.base).unwrap(), Fetched::default());
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].path, "/pool/a%2Bb_1%253a2~x.deb");
}

#[test]
fn many_packages_come_in_parallel() {
    let world = World::new();
    let body = |path: &str| format!("content of {path}").into_bytes();
    let server = Server::new(move |request, _, stream| ok(request, stream, &body(&request.path)));
    let packages: Vec<Package> = (0..40)
        .map(|number| {
            let bytes = body(&format!("/{number}"));
            Package {
                path: number.to_string(),
                size: bytes.len() as u64,
                sha256: Sha256::of(&bytes),
                ..package(&server.base)
            }
        })
        .collect();
    assert_eq!(world.fetcher().packages(&packages).unwrap().downloaded, 40);
    assert!(
        packages
            .iter()
            .all(|package| world.store.has(&package.sha256))
    );
}

#[test]
fn a_server_that_recovers_is_asked_again() {
    let world = World::new();
    let server = Server::new(|request, before, stream| match before {
        0 => send(stream, "500 Oops", "Content-Length: 0\r\n", b""),
        1 => send(
            stream,
            "503 Busy",
            "Retry-After: 0\r\nContent-Length: 0\r\n",
            b"",
        ),
        2 => {}
        _ => ok(request, stream, &content()),
    });
    world.fetch(&server.base).unwrap();
    world.holds();
    assert_eq!(server.requests().len(), 4);
}

#[test]
fn a_cut_download_goes_on_where_it_stopped() {
    let world = World::new();
    let server = Server::new(|request, before, stream| {
        let bytes = content();
        match before {
            0 => {
                let headers = format!("Content-Length: {}\r\nETag: \"v1\"\r\n", bytes.len());
                send(stream, "200 OK", &headers, &bytes[..300_000]);
            }
            _ => ok(request, stream, &bytes),
        }
    });
    world.fetch(&server.base).unwrap();
    world.holds();
    let again = &server.requests()[1];
    assert_eq!(again.from(), Some(300_000));
    assert_eq!(again.if_range.as_deref(), Some("\"v1\""));
}

#[test]
fn what_a_killed_run_left_is_used_or_replaced() {
    for (left, ranges) in [
        (content()[..1000].to_vec(), vec![Some(1000)]),
        // Other bytes: the whole is wrong, and fetched once more.
        (vec![1; 1000], vec![Some(1000), None]),
        // As long as the whole, and wrong.
        (vec![1; content().len()], vec![None]),
        (vec![1; content().len() + 1], vec![None]),
    ] {
        let world = World::new();
        let package = package("x");
        let mut partial = world
            .store
            .partial(&package.sha256, u64::MAX)
            .unwrap()
            .unwrap();
        partial.write_all(&left).unwrap();
        drop(partial);
        let server = Server::new(|request, _, stream| ok(request, stream, &content()));
        world.fetch(&server.base).unwrap();
        world.holds();
        let asked: Vec<_> = server.requests().iter().map(Request::from).collect();
        assert_eq!(asked, ranges);
    }
}

#[test]
fn a_range_that_is_ignored_or_wrong_does_no_harm() {
    for wrong in ["ignored", "other", "refused"] {
        let world = World::new();
        let package = package("x");
        let mut partial = world
            .store
            .partial(&package.sha256, package.size)
            .unwrap()
            .unwrap();
        partial.write_all(&content()[..1000]).unwrap();
        drop(partial);
        let server = Server::new(move |request, _, stream| {
            let bytes = content();
            let whole = Request {
                range: None,
                ..request.clone()
            };
            match (wrong, request.from()) {
                ("other", Some(_)) => send(
                    stream,
                    "206 Partial Content",
                    &format!(
                        "Content-Range: bytes 5-9/{}\r\nContent-Length: 5\r\n",
                        bytes.len()
                    ),
                    &bytes[5..10],
                ),
                ("refused", Some(_)) => send(stream, "416 No", "Content-Length: 0\r\n", b""),
                _ => ok(&whole, stream, &bytes),
            }
        });
        world.fetch(&server.base).unwrap();
        world.holds();
    }
}

#[test]
fn wrong_bytes_are_refused_and_not_asked_for_again() {
    let failed = fails(|request, _, stream| {
        let mut bytes = content();
        bytes[77] ^= 1;
        ok(request, stream, &bytes);
    });
    assert_eq!(
        (failed.class, failed.requests),
        (Class::Untrusted, 1),
        "{failed:?}"
    );
    assert!(failed.message.contains("is needed"), "{failed:?}");
    for body in [
        b"<html>".to_vec(),
        Vec::new(),
        [content(), content()].concat(),
    ] {
        let failed = fails(move |request, _, stream| ok(request, stream, &body));
        assert_eq!(
            (failed.class, failed.requests),
            (Class::Untrusted, 1),
            "{failed:?}"
        );
        assert!(
            failed.message.contains("bytes where 800000 are needed"),
            "{failed:?}"
        );
    }
}

#[test]
fn a_body_without_end_is_cut_off() {
    let failed = fails(|_, _, stream| {
        send(stream, "200 OK", "", b"");
        while stream.write_all(&[0; 4096]).is_ok() {}
    });
    assert_eq!(failed.class, Class::Untrusted, "{failed:?}");
    let failed = fails(|_, _, stream| send(stream, "200 OK", "", &content()[..100]));
    assert_eq!(failed.class, Class::Untrusted, "{failed:?}");
}

#[test]
fn a_missing_file_is_asked_for_once() {
    let failed = fails(|_, _, stream| send(stream, "404 Not Found", "Content-Length: 0\r\n", b""));
    assert_eq!(
        (failed.class, failed.requests),
        (Class::Outside, 1),
        "{failed:?}"
    );
    assert!(failed.message.contains("404"), "{failed:?}");
    assert!(failed.hint.as_ref().unwrap().contains("gone"), "{failed:?}");
}

#[test]
fn redirects_are_followed_and_bounded() {
    let world = World::new();
    let server = Server::new(|request, _, stream| match request.path.as_str() {
        "/there" => ok(request, stream, &content()),
        _ => send(
            stream,
            "302 Found",
            "Location: /there\r\nContent-Length: 0\r\n",
            b"",
        ),
    });
    world.fetch(&server.base).unwrap();
    world.holds();
    for (location, why) in [
        ("/loop", "more than 10 times"),
        ("file:///etc/passwd", "other than http"),
        ("http://u:p@127.0.0.1/x", "with credentials"),
        ("http://[", "not a URL"),
    ] {
        let failed = fails(move |_, _, stream| {
            let headers = format!("Location: {location}\r\nContent-Length: 0\r\n");
            send(stream, "301 Moved", &headers, b"");
        });
        assert!(failed.message.contains(why), "{failed:?}");
        assert_eq!(failed.class, Class::Outside);
    }
}

#[test]
fn a_server_that_stalls_is_given_up() {
    let failed = fails(|_, _, stream| {
        send(stream, "200 OK", "Content-Length: 800000\r\n", b"abc");
        sleep(Duration::from_secs(3));
    });
    assert_eq!(failed.class, Class::Outside, "{failed:?}");
    assert!(failed.requests <= 5, "{failed:?}");
}

#[test]
fn the_next_source_is_tried_after_any_failure() {
    let mut world = World::new();
    let bad = Server::new(|request, _, stream| ok(request, stream, &vec![0; content().len()]));
    let good = Server::new(|request, _, stream| ok(request, stream, &content()));
    let mirror = |what: &str, url: &str| Mirror {
        what: Some(what.into()),
        url: url.into(),
    };
    world.network.mirrors = vec![
        mirror("http://repo.example.org/debian", &good.base),
        mirror("http://repo.example.org/debian/pool", &bad.base),
        mirror("http://repo.example.org/deb", &bad.base),
    ];
    world.network.mirror_only = true;
    world.fetch("http://repo.example.org/debian").unwrap();
    world.holds();
    assert_eq!(bad.requests()[0].path, "/a%2Bb_1%253a2~x.deb");
    assert_eq!((bad.requests().len(), good.requests().len()), (1, 1));
}

#[test]
fn an_unreachable_host_is_named_and_asked_once() {
    let world = World::new();
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let error = world.fetch(&format!("http://{free}")).unwrap_err();
    assert!(error.to_string().contains("Connection refused"), "{error}");
    assert_eq!(error.class(), Class::Outside);
}

#[test]
fn credentials_never_go_over_plain_http() {
    let mut world = World::new();
    world.network.netrc = Some("default login me password secret".into());
    let server = Server::new(|request, _, stream| ok(request, stream, &content()));
    world.fetch(&server.base).unwrap();
    assert!(!server.requests()[0].authorization);
}

#[test]
fn offline_forbids_the_network_and_not_files() {
    let mut world = World::new();
    world.network.offline = true;
    let error = world.fetch("http://repo.example.org").unwrap_err();
    assert!(matches!(error, FetchError::Offline { .. }), "{error}");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a dir/pool");
    fs_err::create_dir_all(&path).unwrap();
    fs_err::write(path.join("a+b_1%3a2~x.deb"), content()).unwrap();
    let base = format!("file://{}/a%20dir", dir.path().display());
    world.fetch(&base).unwrap();
    world.holds();
}

#[test]
fn a_vendored_tree_is_read_as_a_repository_is() {
    let mut world = World::new();
    let tree = tempfile::tempdir().unwrap();
    let path = tree.path().join("by-url/http/repo.example.org/pool");
    fs_err::create_dir_all(&path).unwrap();
    fs_err::write(path.join("a+b_1%3a2~x.deb"), content()).unwrap();
    world.network.offline = true;
    world.network.mirrors = vec![Mirror {
        what: None,
        url: format!("file://{}", tree.path().display()),
    }];
    world.fetch("http://repo.example.org").unwrap();
    world.holds();
}

#[test]
fn a_release_is_read_from_every_source_of_its_tier() {
    let mut world = World::new();
    let inline = Server::new(|request, _, stream| match request.path.as_str() {
        "/debian/dists/x/InRelease" => ok(request, stream, b"inline"),
        _ => send(stream, "404 No", "Content-Length: 0\r\n", b""),
    });
    let detached = Server::new(|request, _, stream| match request.path.as_str() {
        "/dists/x/Release" => ok(request, stream, b"text"),
        "/dists/x/Release.gpg" => ok(request, stream, b"signature"),
        _ => send(stream, "404 No", "Content-Length: 0\r\n", b""),
    });
    let mirrors = vec![format!("{}/debian", inline.base)];
    world.network.host_mirrors = BTreeMap::from([("debian".to_owned(), mirrors)]);
    let official: &'static str = Box::leak(detached.base.clone().into_boxed_str());
    let archives = [Archive {
        name: "debian",
        urls: Box::leak(Box::new([official])),
        snapshot: None,
    }];
    let fetcher = Fetcher::new(&world.store, &world.network, &Silent, &archives);
    let repository = Repository {
        id: "x".into(),
        origin: Origin::Archive("debian".into()),
        base: String::new(),
        suite: Some("x".into()),
        components: Vec::new(),
        path: None,
        priority: None,
        keys: Vec::new(),
        snapshot: None,
        tag: None,
        unsigned: false,
        allow_expired: false,
    };
    let file = |name: &str| WantedFile {
        path: format!("dists/x/{name}"),
        expect: None,
        max_size: 100,
        plain: None,
    };
    let mut wanted = Wanted {
        repository: 0,
        purpose: Purpose::Release { attempt: 0 },
        alternatives: vec![
            vec![file("InRelease")],
            vec![file("Release"), file("Release.gpg")],
        ],
    };
    let Answer::Found(found) = fetcher.answer(&repository, &wanted) else {
        panic!()
    };
    let files: Vec<Vec<&[u8]>> = found
        .iter()
        .map(|found| found.files.iter().map(AsRef::as_ref).collect())
        .collect();
    assert_eq!(
        files,
        [vec![b"inline".as_slice()], vec![b"text", b"signature"]]
    );
    wanted.purpose = Purpose::Release { attempt: 1 };
    assert!(matches!(
        fetcher.answer(&repository, &wanted),
        Answer::Exhausted(misses) if misses.is_empty()
    ));
}
