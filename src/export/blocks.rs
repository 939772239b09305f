//! A stream hashed and compressed while it is written, in blocks of fixed size on all cores.
//!
//! The caller's thread makes the stream and cuts it into blocks. One thread hashes them in order, as
//! many as asked compress them in any order, and one writes the results in order. A few more blocks
//! than there are compressors are under way at any time, however long the stream; whoever is slowest
//! holds up the rest.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use sha2::Digest as _;

use super::Encoder;
use super::tar::TarError;
use crate::model::Sha256;

/// More threads than this gain nothing, for one thread makes the stream and one hashes it, at 20
/// times the speed of a compressor; and each holds blocks in memory.
const MOST_THREADS: usize = 16;

type Block = Arc<Vec<u8>>;

/// A block on its way to the writer.
enum Pending {
    Plain(Block),
    Compressed(Receiver<io::Result<Vec<u8>>>),
}

/// A block on its way to a compressor, and where the result is awaited.
struct Job {
    block: Block,
    reply: SyncSender<io::Result<Vec<u8>>>,
}

/// Takes the stream and cuts it.
struct Cutter<'a> {
    size: usize,
    block: Vec<u8>,
    hasher: SyncSender<Block>,
    writer: SyncSender<Pending>,
    compressors: Option<Sender<Job>>,
    advance: &'a (dyn Fn(u64) + Sync),
}

impl Cutter<'_> {
    fn send(&mut self) -> io::Result<()> {
        // Whoever hung up has failed and says why when it is joined.
        let closed = || io::Error::from(io::ErrorKind::BrokenPipe);
        let block = Arc::new(std::mem::take(&mut self.block));
        (self.advance)(block.len() as u64);
        let pending = match &self.compressors {
            None => Pending::Plain(block.clone()),
            Some(jobs) => {
                let (reply, result) = sync_channel(1);
                let block = block.clone();
                jobs.send(Job { block, reply }).map_err(|_| closed())?;
                Pending::Compressed(result)
            }
        };
        self.writer.send(pending).map_err(|_| closed())?;
        self.hasher.send(block).map_err(|_| closed())
    }
}

impl Write for Cutter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.block.capacity() == 0 {
            self.block.reserve_exact(self.size);
        }
        let length = bytes.len().min(self.size - self.block.len());
        self.block.extend_from_slice(&bytes[..length]);
        if self.block.len() == self.size {
            self.send()?;
        }
        Ok(length)
    }

    /// Blocks have a fixed size: flushing must not cut one short.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes to `out` what `encoder` makes of the stream that `source` writes; the digest and the size
/// of the stream itself. `advance` is told of bytes of the stream as they pass.
pub(crate) fn encode<W: Write + Send>(
    encoder: Encoder,
    threads: usize,
    out: &mut W,
    advance: &(dyn Fn(u64) + Sync),
    source: impl FnOnce(&mut dyn Write) -> Result<(), TarError>,
) -> Result<(Sha256, u64), TarError> {
    let threads = threads.clamp(1, MOST_THREADS);
    let mut codecs = Vec::new();
    for _ in 0..threads {
        codecs.extend(encoder.codec()?);
    }
    let (hasher, blocks) = sync_channel(threads + 2);
    let (writer, results) = sync_channel(threads + 2);
    let (compressors, jobs) = channel();
    let jobs = Arc::new(Mutex::new(jobs));
    thread::scope(|scope| {
        let plain = codecs.is_empty();
        for mut codec in codecs {
            let jobs = Arc::clone(&jobs);
            scope.spawn(move || {
                while let Some(job) = next(&jobs) {
                    // Nobody waits for it when the writer has failed.
                    let _ = job.reply.send(codec.compress(&job.block));
                }
            });
        }
        let hash = scope.spawn(move || hash(&blocks));
        let write = scope.spawn(move || write(&results, out));
        let mut cutter = Cutter {
            size: encoder.block(),
            block: Vec::new(),
            hasher,
            writer,
            compressors: (!plain).then_some(compressors),
            advance,
        };
        let mut made = source(&mut cutter);
        if made.is_ok() && !cutter.block.is_empty() {
            made = cutter.send().map_err(TarError::Write);
        }
        drop(cutter);
        let gone = |_| io::Error::other("a thread of the encoder panicked");
        let written = write.join().map_err(gone)?;
        let digest = hash.join().map_err(gone)?;
        // A writer's failure is the cause of the source's broken pipe.
        written?;
        made.map(|()| digest)
    })
}

fn next(jobs: &Mutex<Receiver<Job>>) -> Option<Job> {
    let jobs = jobs.lock().unwrap_or_else(PoisonError::into_inner);
    jobs.recv().ok()
}

fn hash(blocks: &Receiver<Block>) -> (Sha256, u64) {
    let mut hasher = sha2::Sha256::new();
    let mut size = 0;
    for block in blocks {
        hasher.update(&block[..]);
        size += block.len() as u64;
    }
    (Sha256::from_bytes(hasher.finalize().into()), size)
}

fn write(results: &Receiver<Pending>, out: &mut impl Write) -> io::Result<()> {
    for pending in results {
        match pending {
            Pending::Plain(block) => out.write_all(&block)?,
            Pending::Compressed(result) => {
                let lost = |_| io::Error::other("a compressor of the encoder panicked");
                out.write_all(&result.recv().map_err(lost)??)?;
            }
        }
    }
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Compression;
    use std::io::Read as _;

    fn sample() -> Vec<u8> {
        let mut state = 1u32;
        let noise = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            if state >> 30 == 0 {
                (state >> 24) as u8
            } else {
                b'a'
            }
        });
        noise.take(9_500_001).collect()
    }

    fn encoded(compression: Compression, threads: usize, pieces: usize) -> (Vec<u8>, Sha256) {
        let sample = sample();
        let mut out = Vec::new();
        let seen = std::sync::atomic::AtomicU64::new(0);
        let advance = |bytes| {
            seen.fetch_add(bytes, std::sync::atomic::Ordering::Relaxed);
        };
        let encoder = Encoder::from(compression);
        let (digest, size) = encode(encoder, threads, &mut out, &advance, |out| {
            for piece in sample.chunks(pieces) {
                out.write_all(piece)?;
            }
            Ok(())
        })
        .unwrap();
        assert_eq!(size, sample.len() as u64);
        assert_eq!(seen.into_inner(), size);
        assert_eq!(digest, Sha256::of(&sample));
        (out, digest)
    }

    #[test]
    fn the_same_bytes_for_any_number_of_threads() {
        for compression in [Compression::Gzip, Compression::Zstd, Compression::None] {
            let one = encoded(compression, 1, 1000);
            for threads in [2, 3, 8, 64] {
                let many = encoded(compression, threads, 3_000_000);
                assert!(one == many, "{compression:?} with {threads} threads");
            }
            let mut plain = Vec::new();
            match compression {
                Compression::Gzip => {
                    let mut reader = flate2::read::MultiGzDecoder::new(&one.0[..]);
                    reader.read_to_end(&mut plain).unwrap();
                }
                Compression::Zstd => zstd::stream::copy_decode(&one.0[..], &mut plain).unwrap(),
                Compression::None => plain = one.0,
            }
            assert!(plain == sample(), "{compression:?}");
        }
    }

    #[test]
    fn a_writer_s_failure_is_the_one_that_is_told() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        for compression in [Compression::Gzip, Compression::None] {
            let result = encode(compression.into(), 2, &mut Full, &|_| {}, |out| {
                Ok(out.write_all(&sample())?)
            });
            let Err(TarError::Write(error)) = result else {
                panic!("{result:?}");
            };
            assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        }
    }
}
