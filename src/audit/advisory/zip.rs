//! Zip archives of records, as osv.dev offers them.
//!
//! The table of contents at the end counts, as for every other reader. Members are read one after
//! the other, so that memory does not grow with their number; their sizes and checksums must hold.

use std::io::Read;

use flate2::read::DeflateDecoder;
use rawzip::{
    CompressionMethod, RECOMMENDED_BUFFER_SIZE, ReaderAt, ZipEntry, ZipLocator, ZipReader,
};

use super::AdvisoryError;
use super::at::limit;
use super::load::Limits;
use super::text::shown;

/// Calls `visit` with the name and the bytes of each .json file of the archive `file`; how many
/// there were.
pub(super) fn walk<R: ReaderAt>(
    file: &str,
    input: R,
    size: u64,
    limits: &Limits,
    mut visit: impl FnMut(&str, &[u8]) -> Result<(), AdvisoryError>,
) -> Result<u64, AdvisoryError> {
    let mut buffer = vec![0; RECOMMENDED_BUFFER_SIZE];
    let archive = ZipLocator::new()
        .locate_in_reader(input, &mut buffer, size)
        .map_err(|(_, error)| broken(file, error))?;
    let mut members = archive.entries(&mut buffer);
    let mut bytes = Vec::new();
    let mut inflater = None;
    let (mut seen, mut read) = (0_u64, 0_u64);
    while let Some(member) = members.next_entry().map_err(|error| broken(file, error))? {
        seen += 1;
        if seen > limits.entries {
            return Err(limit(file, "files", limits.entries));
        }
        let name = member.file_path();
        if member.is_dir() || !name.as_ref().ends_with(b".json") {
            continue;
        }
        let name = format!("{file}: {}", shown(&String::from_utf8_lossy(name.as_ref())));
        let method = member.compression_method();
        let member = archive.get_entry(member.wayfinder());
        let member = member.map_err(|error| broken(&name, error))?;
        content(
            &name,
            &member,
            method,
            &mut inflater,
            limits.record,
            &mut bytes,
        )?;
        visit(&name, &bytes)?;
        read += 1;
    }
    if seen != archive.entries_hint() {
        let why = "its table of contents does not have as many files as it says";
        return Err(broken(file, why));
    }
    Ok(read)
}

/// Reads the whole of a member. What it takes to inflate one is used again for the next.
fn content<'a, R: ReaderAt>(
    name: &str,
    member: &ZipEntry<'a, R>,
    method: CompressionMethod,
    inflater: &mut Option<DeflateDecoder<ZipReader<&'a R>>>,
    most: usize,
    into: &mut Vec<u8>,
) -> Result<(), AdvisoryError> {
    let most = most as u64;
    into.clear();
    let packed = member.reader();
    let read = match method {
        CompressionMethod::STORE => {
            let plain = member.verifying_reader(packed);
            plain.take(most + 1).read_to_end(into)
        }
        CompressionMethod::DEFLATE => {
            let inflater = match inflater {
                Some(inflater) => {
                    inflater.reset(packed);
                    inflater
                }
                None => inflater.insert(DeflateDecoder::new(packed)),
            };
            let plain = member.verifying_reader(inflater);
            plain.take(most + 1).read_to_end(into)
        }
        _ => return Err(broken(name, "it is neither stored nor deflated")),
    };
    if into.len() as u64 > most {
        return Err(limit(name, "bytes", most));
    }
    read.map(|_| ()).map_err(|error| broken(name, error))
}

fn broken(
    file: &str,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> AdvisoryError {
    AdvisoryError::Zip {
        file: file.to_owned(),
        source: source.into(),
    }
}
