//! Going through a directory on all threads.
//!
//! What is to be done lies on a heap of jobs, the newest on top: the files of a directory before the
//! directories in it. So few directories are open at any time, however many there are.

use std::ffi::CStr;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rustix::fs::{AtFlags, Dir, FileType, Stat};
use rustix::io::Errno;

use super::file::{self, Of};
use super::open;
use super::root::{Root, Seen};
use crate::image::ImageError;
use crate::tree::{Kind, Meta, Node, TreePath};

/// More read at once only get in one another's way.
pub(super) const THREADS: usize = 32;
/// Files that one thread takes at once: so many, or so many bytes.
const BATCH: usize = 64;
const BATCH_BYTES: u64 = 8 << 20;
/// At the top of the running root: what is not on a disk, or not of the system.
const HOST: [&[u8]; 5] = [b"proc", b"sys", b"dev", b"run", b"tmp"];

/// What is to be done.
enum Job {
    /// Read what is in a directory.
    Directory(Option<TreePath>),
    /// Read files that lie in an open one.
    Files(Arc<OwnedFd>, Vec<(TreePath, Meta)>),
}

#[derive(Default)]
struct Heap {
    jobs: Vec<Job>,
    /// How many threads may still put more on it.
    busy: usize,
    failure: Option<ImageError>,
}

struct Shared {
    heap: Mutex<Heap>,
    bell: Condvar,
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// The next job, once there is one; `None` when nothing is left to do.
    fn next(&self) -> Option<Job> {
        let mut heap = lock(&self.heap);
        loop {
            if heap.failure.is_some() {
                return None;
            }
            if let Some(job) = heap.jobs.pop() {
                heap.busy += 1;
                return Some(job);
            }
            if heap.busy == 0 {
                return None;
            }
            heap = self.bell.wait(heap).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn done(&self, result: Result<Vec<Job>, ImageError>) {
        let mut heap = lock(&self.heap);
        heap.busy -= 1;
        match result {
            Ok(jobs) => heap.jobs.extend(jobs),
            Err(error) => {
                heap.failure.get_or_insert(error);
            }
        }
        drop(heap);
        self.bell.notify_all();
    }
}

impl Root<'_> {
    /// Finds everything, and reads all files that have one name.
    pub(super) fn walk(&self) -> Result<Seen, ImageError> {
        let shared = Shared {
            heap: Mutex::new(Heap {
                jobs: vec![Job::Directory(None)],
                ..Heap::default()
            }),
            bell: Condvar::new(),
        };
        let all = Mutex::new(Seen::default());
        std::thread::scope(|scope| {
            for _ in 0..self.options.threads.clamp(1, THREADS) {
                scope.spawn(|| {
                    let mut seen = Seen::default();
                    let mut buffer = file::buffer();
                    while let Some(job) = shared.next() {
                        shared.done(match job {
                            Job::Directory(path) => self.directory(path.as_ref(), &mut seen),
                            Job::Files(directory, files) => self
                                .files(&directory, files, &mut seen, &mut buffer)
                                .map(|()| Vec::new()),
                        });
                    }
                    lock(&all).append(seen);
                });
            }
        });
        let heap = shared
            .heap
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        match heap.failure {
            Some(error) => Err(error),
            None => Ok(all.into_inner().unwrap_or_else(PoisonError::into_inner)),
        }
    }

    /// Reads a directory: its own metadata, and what is in it.
    fn directory(&self, path: Option<&TreePath>, seen: &mut Seen) -> Result<Vec<Job>, ImageError> {
        let failed = |error| self.failed(path, error);
        let fd = match open::directory(&self.fd, path) {
            Ok(fd) => Arc::new(fd),
            Err(error) if self.vanished(&error) => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        if let Some(path) = path {
            let mut meta = meta(&rustix::fs::fstat(&fd).map_err(failed)?);
            meta.xattrs = self.xattrs(Of::Open(&fd), path)?;
            let kind = Kind::Directory;
            seen.nodes.push((path.clone(), Node { meta, kind }));
        }
        let (mut jobs, mut files) = (Vec::new(), Vec::new());
        let (mut batch, mut bytes) = (Vec::new(), 0);
        for entry in Dir::read_from(&*fd).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let Some((path, stat)) = self.look(&fd, path, name, seen)? else {
                continue;
            };
            match FileType::from_raw_mode(stat.st_mode) {
                FileType::Directory => {
                    if let Some(why) = self.not_entered(&path, &stat) {
                        seen.skipped.push(format!("{path} {why}"));
                        let (meta, kind) = (meta(&stat), Kind::Directory);
                        seen.nodes.push((path, Node { meta, kind }));
                    } else {
                        jobs.push(Job::Directory(Some(path)));
                    }
                }
                FileType::RegularFile if stat.st_nlink > 1 => {
                    seen.linked
                        .push(((stat.st_dev, stat.st_ino), path, meta(&stat)));
                }
                FileType::RegularFile => {
                    bytes += u64::try_from(stat.st_size).unwrap_or_default();
                    batch.push((path, meta(&stat)));
                    if batch.len() == BATCH || bytes >= BATCH_BYTES {
                        files.push(Job::Files(Arc::clone(&fd), std::mem::take(&mut batch)));
                        bytes = 0;
                    }
                }
                FileType::Socket => {
                    seen.skipped
                        .push(format!("{path} is a socket and is left out"));
                }
                kind => self.special(&fd, path, name, kind, &stat, seen)?,
            }
        }
        if !batch.is_empty() {
            files.push(Job::Files(fd, batch));
        }
        jobs.append(&mut files);
        Ok(jobs)
    }

    /// What an entry of a directory is; `None` where it went away.
    fn look(
        &self,
        directory: &OwnedFd,
        parent: Option<&TreePath>,
        name: &CStr,
        seen: &mut Seen,
    ) -> Result<Option<(TreePath, Stat)>, ImageError> {
        self.budget.entry(self.place)?;
        let joined = match parent {
            Some(parent) => [parent.as_bytes(), name.to_bytes()].join(&b'/'),
            None => name.to_bytes().to_vec(),
        };
        self.budget.names(joined.len() as u64, self.place)?;
        let path = match TreePath::from_archive(&joined) {
            Ok(Some(path)) => path,
            Ok(None) => return Ok(None),
            // Of a machine, nobody will clean up because of one file.
            Err(error) if self.running => {
                seen.skipped.push(format!("{error}, and is left out"));
                return Ok(None);
            }
            Err(source) => {
                let place = self.place.clone();
                return Err(ImageError::Path { place, source });
            }
        };
        match rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some((path, stat))),
            Err(error) if self.vanished(&error) => Ok(None),
            Err(error) => Err(self.failed(Some(&path), error)),
        }
    }

    /// Why a directory is not looked into, where it is not.
    fn not_entered(&self, path: &TreePath, stat: &Stat) -> Option<&'static str> {
        if !self.running {
            return None;
        }
        if HOST.contains(&path.as_bytes()) {
            return Some("is not looked into");
        }
        (stat.st_dev != self.device).then_some("is another file system and is not looked into")
    }

    /// A link, a device or a pipe.
    fn special(
        &self,
        directory: &OwnedFd,
        path: TreePath,
        name: &CStr,
        kind: FileType,
        stat: &Stat,
        seen: &mut Seen,
    ) -> Result<(), ImageError> {
        let mut meta = meta(stat);
        let (major, minor) = (
            rustix::fs::major(stat.st_rdev),
            rustix::fs::minor(stat.st_rdev),
        );
        let kind = match kind {
            FileType::Symlink => match rustix::fs::readlinkat(directory, name, Vec::new()) {
                Ok(target) => {
                    meta.mode = 0o777;
                    Kind::Symlink(target.into_bytes().into())
                }
                Err(error) if self.vanished(&error) || self.running && error == Errno::INVAL => {
                    return Ok(());
                }
                Err(error) => return Err(self.failed(Some(&path), error)),
            },
            FileType::CharacterDevice => Kind::CharDevice(major, minor),
            FileType::BlockDevice => Kind::BlockDevice(major, minor),
            FileType::Fifo => Kind::Fifo,
            _ => return Err(self.place.entry(path.as_bytes(), "is of an unknown type")),
        };
        meta.xattrs = self.xattrs(Of::Path(&path), &path)?;
        seen.nodes.push((path, Node { meta, kind }));
        Ok(())
    }

    fn files(
        &self,
        directory: &OwnedFd,
        files: Vec<(TreePath, Meta)>,
        seen: &mut Seen,
        buffer: &mut [u8],
    ) -> Result<(), ImageError> {
        for (path, mut meta) in files {
            let file = match open::file_in(directory, path.name()) {
                Ok(file) => file,
                Err(error) if self.vanished(&error) => continue,
                Err(error) => return Err(self.failed(Some(&path), error)),
            };
            if let Some((size, xattrs, digested)) = self.content(&path, file, buffer)? {
                meta.xattrs = xattrs;
                let kind = seen.file(size, digested);
                seen.nodes.push((path, Node { meta, kind }));
            }
        }
        Ok(())
    }
}

fn meta(stat: &Stat) -> Meta {
    Meta {
        mode: (stat.st_mode & 0o7777) as u16,
        uid: stat.st_uid,
        gid: stat.st_gid,
        mtime: stat.st_mtime,
        ..Meta::default()
    }
}
