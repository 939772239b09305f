//! The threads that digest a stream while it is read: one the whole, and some the files in it.

use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{Scope, ScopedJoinHandle};

use md5::Digest as _;
use sha2::Digest as _;

use super::SumKind;
use super::pipe::{Chunk, Span};
use crate::model::Sha256;

/// What is known of a content when it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Digested {
    pub(super) sha256: Sha256,
    pub(super) sum: Option<Vec<u8>>,
    pub(super) kept: Option<Arc<[u8]>>,
}

/// Digests one content.
#[derive(Debug)]
pub(super) struct Digester {
    sha256: sha2::Sha256,
    sum: Option<Sum>,
    kept: Option<Vec<u8>>,
}

#[derive(Debug)]
enum Sum {
    Md5(md5::Md5),
    Sha1(Box<sha1collisiondetection::Sha1CD>),
}

impl Digester {
    pub(super) fn new(sums: Option<SumKind>, keep: bool) -> Self {
        Self {
            sha256: sha2::Sha256::new(),
            sum: sums.map(|kind| match kind {
                SumKind::Md5 => Sum::Md5(md5::Md5::new()),
                SumKind::Sha1 => Sum::Sha1(Box::default()),
            }),
            kept: keep.then(Vec::new),
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        match &mut self.sum {
            Some(Sum::Md5(hasher)) => hasher.update(bytes),
            Some(Sum::Sha1(hasher)) => hasher.update(bytes),
            None => {}
        }
        if let Some(kept) = &mut self.kept {
            kept.extend_from_slice(bytes);
        }
    }

    pub(super) fn finish(self) -> Digested {
        Digested {
            sha256: Sha256::from_bytes(self.sha256.finalize().into()),
            sum: self.sum.map(|sum| match sum {
                Sum::Md5(hasher) => hasher.finalize().to_vec(),
                // What was made to collide is equal to nothing.
                Sum::Sha1(hasher) => hasher.finalize_cd().map_or(Vec::new(), |sum| sum.to_vec()),
            }),
            kept: self.kept.map(Into::into),
        }
    }
}

/// A part of a file in a chunk.
#[derive(Debug)]
struct Part {
    file: usize,
    range: Range<usize>,
    keep: bool,
    last: bool,
}

/// The parts of one chunk that one thread looks at.
#[derive(Debug)]
struct Batch {
    chunk: Arc<Chunk>,
    parts: Vec<Part>,
}

/// Threads that digest files. Each file is one thread's, whatever number of chunks it spans.
pub(super) struct Hashers<'scope> {
    workers: Vec<Worker<'scope>>,
    chunk: Option<Arc<Chunk>>,
    sums: Option<SumKind>,
    empty: Vec<(usize, Digested)>,
    next: usize,
}

struct Worker<'scope> {
    parts: Vec<Part>,
    queue: Sender<Batch>,
    thread: ScopedJoinHandle<'scope, Vec<(usize, Digested)>>,
}

impl<'scope> Hashers<'scope> {
    pub(super) fn start<'env>(
        scope: &'scope Scope<'scope, 'env>,
        threads: usize,
        sums: Option<SumKind>,
    ) -> Self {
        let worker = || {
            let (queue, batches) = channel();
            Worker {
                parts: Vec::new(),
                queue,
                thread: scope.spawn(move || digest_files(&batches, sums)),
            }
        };
        Self {
            workers: std::iter::repeat_with(worker)
                .take(threads.max(1))
                .collect(),
            chunk: None,
            sums,
            empty: Vec::new(),
            next: 0,
        }
    }

    /// A file without content.
    pub(super) fn empty(&mut self, file: usize, keep: bool) {
        let digested = Digester::new(self.sums, keep).finish();
        self.empty.push((file, digested));
    }

    /// A part of the content of a file; whether it is the last one.
    pub(super) fn part(&mut self, file: usize, keep: bool, piece: Span, last: bool) {
        let Span { chunk, range } = piece;
        if self
            .chunk
            .as_ref()
            .is_some_and(|present| !Arc::ptr_eq(present, &chunk))
        {
            self.flush();
        }
        self.chunk.get_or_insert(chunk);
        let part = Part {
            file,
            range,
            keep,
            last,
        };
        if let Some(worker) = self.workers.get_mut(self.next) {
            worker.parts.push(part);
        }
        if last {
            self.next = (self.next + 1) % self.workers.len().max(1);
        }
    }

    fn flush(&mut self) {
        let Some(chunk) = self.chunk.take() else {
            return;
        };
        for worker in &mut self.workers {
            if !worker.parts.is_empty() {
                let parts = std::mem::take(&mut worker.parts);
                let chunk = Arc::clone(&chunk);
                // One that hung up panicked: its files are missing in the end.
                let _ = worker.queue.send(Batch { chunk, parts });
            }
        }
    }

    /// Waits for all; by the number of the file.
    pub(super) fn finish(mut self, files: usize) -> Vec<Option<Digested>> {
        self.flush();
        let mut all = vec![None; files];
        let mut take = |found: Vec<(usize, Digested)>| {
            for (file, digested) in found {
                if let Some(slot) = all.get_mut(file) {
                    *slot = Some(digested);
                }
            }
        };
        take(self.empty);
        for worker in self.workers {
            drop(worker.queue);
            take(worker.thread.join().unwrap_or_default());
        }
        all
    }
}

fn digest_files(batches: &Receiver<Batch>, sums: Option<SumKind>) -> Vec<(usize, Digested)> {
    let mut done = Vec::new();
    let mut open = None;
    for Batch { chunk, parts } in batches {
        for part in parts {
            let mut digester = open
                .take()
                .unwrap_or_else(|| Digester::new(sums, part.keep));
            digester.update(chunk.get(part.range).unwrap_or_default());
            if part.last {
                done.push((part.file, digester.finish()));
            } else {
                open = Some(digester);
            }
        }
    }
    done
}

/// Digests and measures the whole of a stream.
pub(super) fn digest_whole(chunks: &Receiver<Arc<Chunk>>) -> (Sha256, u64) {
    let mut hasher = sha2::Sha256::new();
    let mut size = 0;
    for chunk in chunks {
        hasher.update(&chunk[..]);
        size += chunk.len() as u64;
    }
    (Sha256::from_bytes(hasher.finalize().into()), size)
}
