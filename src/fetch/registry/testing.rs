//! A registry on loopback that holds what a test puts into it, and misbehaves where it is told to.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::pull::pull_at_pace;
use super::{ImageReference, RegistryError};
use crate::fetch::Network;
use crate::fetch::retry::Pace;
use crate::model::{Arch, Sha256};
use crate::progress::Silent;

pub(super) const OCI: [&str; 4] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.oci.image.layer.v1.tar+gzip",
];
pub(super) const DOCKER: [&str; 4] = [
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.container.image.v1+json",
    "application/vnd.docker.image.rootfs.diff.tar.gzip",
];

/// What was asked.
#[derive(Debug, Clone)]
pub(super) struct Request {
    /// With its query.
    pub(super) path: String,
    /// By lower-case name.
    pub(super) headers: BTreeMap<String, String>,
}

impl Request {
    pub(super) fn authorization(&self) -> Option<&str> {
        self.headers.get("authorization").map(String::as_str)
    }
}

/// What is sent instead of what the registry has.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) status: &'static str,
    pub(super) headers: String,
    pub(super) body: Vec<u8>,
}

impl Reply {
    pub(super) fn new(status: &'static str, headers: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = match headers {
            "" => String::new(),
            some => format!("{some}\r\n"),
        };
        Self {
            status,
            headers,
            body: body.into(),
        }
    }

    /// Who are you?
    pub(super) fn challenge(challenge: &str) -> Self {
        Self::new(
            "401 Unauthorized",
            &format!("WWW-Authenticate: {challenge}"),
            "",
        )
    }
}

type Choose = dyn Fn(&Request, usize) -> Option<Reply> + Send + Sync;

/// What it has, and what it was asked.
#[derive(Default)]
struct State {
    files: BTreeMap<String, Vec<u8>>,
    log: Vec<Request>,
}

/// A running registry; its threads end with the process.
pub(super) struct Registry {
    /// `127.0.0.1:PORT`
    pub(super) host: String,
    state: Arc<Mutex<State>>,
}

impl Registry {
    /// Asks `choose` first, with the number of earlier requests for the same path.
    pub(super) fn new(
        choose: impl Fn(&Request, usize) -> Option<Reply> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let state: Arc<Mutex<State>> = Arc::default();
        let kept = Arc::clone(&state);
        let choose: Arc<Choose> = Arc::new(choose);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (state, choose) = (Arc::clone(&kept), Arc::clone(&choose));
                std::thread::spawn(move || answer(stream, &state, &*choose));
            }
        });
        Self { host, state }
    }

    pub(super) fn requests(&self) -> Vec<Request> {
        self.state.lock().unwrap().log.clone()
    }

    /// How often paths that hold `part` were asked for.
    pub(super) fn asked(&self, part: &str) -> usize {
        let requests = self.requests();
        let found = requests
            .iter()
            .filter(|request| request.path.contains(part));
        found.count()
    }

    pub(super) fn serve(&self, path: &str, bytes: &[u8]) {
        let mut state = self.state.lock().unwrap();
        state.files.insert(path.to_owned(), bytes.to_vec());
    }

    pub(super) fn change(&self, path: &str, change: impl FnOnce(&mut Vec<u8>)) {
        change(self.state.lock().unwrap().files.get_mut(path).unwrap());
    }

    pub(super) fn forget(&self, path: &str) {
        assert!(self.state.lock().unwrap().files.remove(path).is_some());
    }

    /// Puts a blob there; its descriptor.
    pub(super) fn blob(&self, media_type: &str, bytes: &[u8]) -> Value {
        let digest = Sha256::of(bytes);
        self.serve(&format!("/v2/team/app/blobs/{digest}"), bytes);
        json!({"mediaType": media_type, "digest": digest.to_string(), "size": bytes.len()})
    }

    /// Puts a manifest or an index there, and under a tag where there is one; its descriptor.
    pub(super) fn document(&self, media_type: &str, tag: &str, document: &Value) -> Value {
        let bytes = document.to_string().into_bytes();
        let digest = Sha256::of(&bytes);
        for version in [digest.to_string().as_str(), tag] {
            self.serve(&format!("/v2/team/app/manifests/{version}"), &bytes);
        }
        json!({"mediaType": media_type, "digest": digest.to_string(), "size": bytes.len()})
    }

    /// Puts an image there with two layers; its descriptor.
    pub(super) fn image(&self, types: [&str; 4], tag: &str, architecture: &str) -> Value {
        let config = json!({"architecture": architecture, "os": "linux"}).to_string();
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": types[1],
            "config": self.blob(types[2], config.as_bytes()),
            "layers": [
                self.blob(types[3], &layer("shared")),
                self.blob(types[3], &layer(architecture)),
            ],
        });
        self.document(types[1], tag, &manifest)
    }

    pub(super) fn reference(&self, end: &str) -> ImageReference {
        format!("{}/team/app{end}", self.host).parse().unwrap()
    }
}

/// The bytes of a layer: some, and others for another name.
pub(super) fn layer(name: &str) -> Vec<u8> {
    name.bytes().cycle().take(200_000).collect()
}

/// `{"platform": ...}` added to a descriptor.
pub(super) fn on(mut descriptor: Value, os: &str, architecture: &str) -> Value {
    descriptor["platform"] = json!({"os": os, "architecture": architecture});
    descriptor
}

pub(super) fn index(types: [&str; 4], manifests: &[Value]) -> Value {
    json!({"schemaVersion": 2, "mediaType": types[0], "manifests": manifests})
}

fn answer(mut stream: TcpStream, state: &Mutex<State>, choose: &Choose) {
    let mut lines = BufReader::new(&stream).lines();
    let Some(Ok(first)) = lines.next() else {
        return;
    };
    let headers = lines.map_while(|line| {
        let line = line.ok()?;
        let (name, value) = line.split_once(':')?;
        Some((name.to_ascii_lowercase(), value.trim().to_owned()))
    });
    let request = Request {
        path: first.split(' ').nth(1).unwrap().to_owned(),
        headers: headers.collect(),
    };
    let (before, file) = {
        let mut state = state.lock().unwrap();
        let same = state.log.iter().filter(|other| other.path == request.path);
        let before = same.count();
        state.log.push(request.clone());
        (before, state.files.get(&request.path).cloned())
    };
    let from = request.headers.get("range");
    let from = from.and_then(|range| {
        range
            .strip_prefix("bytes=")?
            .strip_suffix('-')?
            .parse()
            .ok()
    });
    let reply = choose(&request, before).unwrap_or_else(|| match (file, from) {
        (None, _) => Reply::new("404 Not Found", "", ""),
        (Some(file), None) => Reply::new("200 OK", "", file),
        (Some(file), Some(from)) => {
            let range = format!(
                "Content-Range: bytes {from}-{}/{}",
                file.len() - 1,
                file.len()
            );
            Reply::new("206 Partial Content", &range, &file[from..])
        }
    });
    let announced = match reply.headers.contains("Content-Length") {
        true => String::new(),
        false => format!("Content-Length: {}\r\n", reply.body.len()),
    };
    let head = format!(
        "HTTP/1.1 {}\r\nConnection: close\r\n{}{announced}\r\n",
        reply.status, reply.headers
    );
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(&reply.body);
}

/// Where a test pulls to.
pub(super) struct World {
    dir: tempfile::TempDir,
    pub(super) network: Network,
}

impl World {
    pub(super) fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            network: Network {
                jobs: 4,
                ..Network::default()
            },
        }
    }

    /// With a netrc that knows every host of this machine.
    pub(super) fn with_netrc() -> Self {
        let mut world = Self::new();
        world.network.netrc = Some("machine 127.0.0.1 login me password secret".into());
        world
    }

    pub(super) fn out(&self) -> PathBuf {
        self.dir.path().join("out")
    }

    pub(super) fn pull(
        &self,
        reference: &ImageReference,
        arch: Option<&str>,
    ) -> Result<Sha256, RegistryError> {
        let pace = Pace {
            connect: Duration::from_secs(5),
            read: Duration::from_millis(400),
            pause: Duration::from_millis(5),
            whole: Duration::from_secs(2),
        };
        let arch = arch.map(|name| Arch::from_oci(name).unwrap());
        pull_at_pace(&self.network, &Silent, reference, arch, &self.out(), pace)
    }

    /// The digests of the blobs that are there, each of which holds.
    #[track_caller]
    pub(super) fn blobs(&self) -> Vec<String> {
        let entries = fs_err::read_dir(self.out().join("blobs/sha256")).unwrap();
        let mut found = Vec::new();
        for entry in entries {
            let path = entry.unwrap().path();
            let digest = Sha256::of(&fs_err::read(&path).unwrap());
            assert_eq!(path.file_name().unwrap().to_str().unwrap(), digest.hex());
            found.push(digest.to_string());
        }
        found.sort();
        found
    }

    pub(super) fn file(&self, name: &str) -> Value {
        serde_json::from_slice(&fs_err::read(self.out().join(name)).unwrap()).unwrap()
    }

    /// Whether what is there may be taken for a layout.
    pub(super) fn is_layout(&self) -> bool {
        Path::new(&self.out()).join("oci-layout").exists()
    }
}
