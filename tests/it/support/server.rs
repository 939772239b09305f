//! A server on loopback that serves a directory, and misbehaves where it is told to.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;

/// What is sent instead of the file.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// The file, or 404.
    File,
    /// A status with further headers, each with its line end, and a body.
    Status(&'static str, String, Vec<u8>),
    /// These bytes, then the end of the connection.
    Raw(Vec<u8>),
    /// The file's headers and so many of its bytes, then the end.
    Cut(usize),
    /// 200 with bytes for as long as they are taken.
    Endless,
}

/// What to answer to the path that is asked for the n-th time, from 1.
type Choose = dyn Fn(&str, u32) -> Answer + Send + Sync;

/// A running server; its threads end with the process.
pub(crate) struct Server {
    pub(crate) url: String,
    asked: Arc<Mutex<BTreeMap<String, u32>>>,
}

impl Server {
    /// Serves `root`, asking `choose` first.
    pub(crate) fn new(
        root: PathBuf,
        choose: impl Fn(&str, u32) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(BTreeMap::new()));
        let counts = Arc::clone(&asked);
        let choose: Arc<Choose> = Arc::new(choose);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (root, counts) = (root.clone(), Arc::clone(&counts));
                let choose = Arc::clone(&choose);
                thread::spawn(move || answer(stream, &root, &counts, &*choose));
            }
        });
        Self { url, asked }
    }

    /// How often paths that end so were asked for.
    pub(crate) fn asked(&self, suffix: &str) -> u32 {
        let asked = self.asked.lock().unwrap();
        let found = asked.iter().filter(|(path, _)| path.ends_with(suffix));
        found.map(|(_, count)| count).sum()
    }
}

fn answer(
    mut stream: TcpStream,
    root: &Path,
    counts: &Mutex<BTreeMap<String, u32>>,
    choose: &Choose,
) -> Option<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?;
    let path = head.split(' ').nth(1)?.to_owned();
    let count = {
        let mut counts = counts.lock().unwrap();
        let count = counts.entry(path.clone()).or_insert(0);
        *count += 1;
        *count
    };
    let file = fs_err::read(root.join(path.trim_start_matches('/')));
    let status = |status: &str, headers: &str, body: &[u8], length: usize| {
        let head = format!(
            "HTTP/1.1 {status}\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n"
        );
        [head.as_bytes(), body].concat()
    };
    let bytes = match (choose(&path, count), file) {
        (Answer::File, Ok(file)) => match range(&head).filter(|from| *from < file.len()) {
            Some(from) => {
                let range = format!(
                    "Content-Range: bytes {from}-{}/{}\r\n",
                    file.len() - 1,
                    file.len()
                );
                status(
                    "206 Partial Content",
                    &range,
                    &file[from..],
                    file.len() - from,
                )
            }
            None => status("200 OK", "", &file, file.len()),
        },
        (Answer::File | Answer::Cut(_), Err(_)) => status("404 Not Found", "", b"", 0),
        (Answer::Status(code, headers, body), _) => status(code, &headers, &body, body.len()),
        (Answer::Raw(bytes), _) => bytes,
        (Answer::Cut(length), Ok(file)) => status("200 OK", "", &file[..length], file.len()),
        (Answer::Endless, _) => {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
                .ok()?;
            let block = [b'x'; 65_536];
            while stream.write_all(&block).is_ok() {}
            return None;
        }
    };
    stream.write_all(&bytes).ok()
}

/// The first byte that a request asks for.
fn range(head: &str) -> Option<usize> {
    let lower = head.to_ascii_lowercase();
    let (_, rest) = lower.split_once("\r\nrange: bytes=")?;
    rest.split('-').next()?.parse().ok()
}
