//! Reads files of every format into one collection, and keeps what is of interest.

use std::collections::{BTreeSet, HashMap};
use std::io::{BufRead, BufReader, Cursor, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use rawzip::FileReader;

use super::at::{At, limit, read};
use super::detect::{Kind, PREFIX, detect};
use super::entry::Entry;
use super::pieces::{Broken, Piece, Pieces, Shape};
use super::statement::Statement;
use super::wanted::Wanted;
use super::{AdvisoryError, Component, Input, osv, secdb, tracker, vex, zip};

/// What files of advisories may hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Bytes of one record, or of a file that is read at once. The tracker's largest package, the
    /// kernel, has a quarter of it.
    pub(super) record: usize,
    /// Bytes of JSON in all: several times what osv.dev has of all ecosystems.
    pub(super) total: u64,
    /// Files of a directory or an archive: several times what osv.dev has of all ecosystems.
    pub(super) entries: u64,
    /// Directories inside one another.
    pub(super) depth: usize,
    /// Bytes of advisories that are kept in memory because they are about what is installed.
    pub(super) kept: u64,
}

const LIMITS: Limits = Limits {
    record: 64 << 20,
    total: 16 << 30,
    entries: 4_000_000,
    depth: 32,
    kept: 256 << 20,
};

/// The advisories about a list of packages.
#[derive(Debug)]
pub struct Advisories<'a> {
    pub(super) components: &'a [Component<'a>],
    /// The inputs, as the caller names them.
    pub(super) files: Vec<String>,
    /// By ecosystem and name.
    pub(super) entries: HashMap<String, HashMap<String, Vec<Entry>>>,
    /// Releases of installed packages about which any record speaks; none stands for all of them.
    pub(super) covered: BTreeSet<(String, Option<String>)>,
    pub(super) statements: Vec<Statement>,
}

impl<'a> Advisories<'a> {
    /// Reads `inputs` and keeps what they say about `components`.
    ///
    /// # Errors
    /// When an input cannot be read in full: nothing is skipped but records of other ecosystems,
    /// of packages that are not installed, and withdrawn ones.
    pub fn load(
        inputs: &[Input<'_>],
        components: &'a [Component<'a>],
    ) -> Result<Self, AdvisoryError> {
        Self::load_within(inputs, components, LIMITS)
    }

    pub(super) fn load_within(
        inputs: &[Input<'_>],
        components: &'a [Component<'a>],
        limits: Limits,
    ) -> Result<Self, AdvisoryError> {
        let mut loader = Loader {
            wanted: Wanted::new(components),
            limits,
            total: 0,
            kept: 0,
            seen: 0,
            read: 0,
            out: Self {
                components,
                files: Vec::new(),
                entries: HashMap::new(),
                covered: BTreeSet::new(),
                statements: Vec::new(),
            },
        };
        for input in inputs {
            match *input {
                Input::Path(path) => {
                    let name = path.display().to_string();
                    loader.out.files.push(name);
                    loader.path(path)?;
                }
                Input::Bytes { name, bytes } => {
                    loader.out.files.push(name.to_owned());
                    loader.bytes(name, bytes)?;
                }
            }
        }
        Ok(loader.out)
    }
}

/// Reading, with what has been read so far.
#[derive(Debug)]
pub(super) struct Loader<'a> {
    pub(super) wanted: Wanted<'a>,
    limits: Limits,
    total: u64,
    kept: u64,
    /// Entries of directories.
    seen: u64,
    /// Files of directories.
    read: u64,
    out: Advisories<'a>,
}

impl Loader<'_> {
    fn path(&mut self, path: &Path) -> Result<(), AdvisoryError> {
        if fs_err::metadata(path).map_err(read(path))?.is_dir() {
            let before = self.read;
            self.directory(path, 0)?;
            if self.read == before {
                let file = path.display().to_string();
                return Err(AdvisoryError::Nothing { file });
            }
            Ok(())
        } else {
            self.file(path)
        }
    }

    /// All .json files below `path`, in the order of their names.
    fn directory(&mut self, path: &Path, depth: usize) -> Result<(), AdvisoryError> {
        let name = path.display().to_string();
        if depth > self.limits.depth {
            let depth = self.limits.depth as u64;
            return Err(limit(&name, "directories inside one another", depth));
        }
        let mut inside = Vec::new();
        for entry in fs_err::read_dir(path).map_err(read(path))? {
            self.seen += 1;
            if self.seen > self.limits.entries {
                return Err(limit(&name, "files", self.limits.entries));
            }
            inside.push(entry.map_err(read(path))?.path());
        }
        inside.sort_unstable();
        for path in inside {
            let is_dir = match fs_err::metadata(&path) {
                Ok(metadata) => metadata.is_dir(),
                // A link to nowhere: an error below, where it is called .json.
                Err(error) if error.kind() == ErrorKind::NotFound => false,
                Err(error) => return Err(read(&path)(error)),
            };
            if is_dir {
                self.directory(&path, depth + 1)?;
            } else if path
                .extension()
                .is_some_and(|extension| extension == "json")
            {
                self.read += 1;
                self.file(&path)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path) -> Result<(), AdvisoryError> {
        let name = path.display().to_string();
        let (mut file, _) = fs_err::File::open(path).map_err(read(path))?.into_parts();
        let mut prefix = Vec::new();
        let begin = (&mut file).take(PREFIX as u64).read_to_end(&mut prefix);
        begin.map_err(read(path))?;
        match detect(&prefix) {
            Some(Kind::Zip) => {
                let size = file.seek(SeekFrom::End(0)).map_err(read(path))?;
                self.archive(&name, FileReader::from(file), size)
            }
            Some(kind) => {
                let rest = BufReader::with_capacity(256 << 10, file);
                self.json(&name, kind, Cursor::new(prefix).chain(rest))
            }
            None => Err(AdvisoryError::Format { file: name }),
        }
    }

    fn bytes(&mut self, name: &str, bytes: &[u8]) -> Result<(), AdvisoryError> {
        match detect(bytes.get(..PREFIX).unwrap_or(bytes)) {
            Some(Kind::Zip) => self.archive(name, bytes, bytes.len() as u64),
            Some(kind) => self.json(name, kind, bytes),
            None => Err(AdvisoryError::Format { file: name.into() }),
        }
    }

    fn archive<R: rawzip::ReaderAt>(
        &mut self,
        name: &str,
        input: R,
        size: u64,
    ) -> Result<(), AdvisoryError> {
        let limits = self.limits;
        let read = zip::walk(name, input, size, &limits, |name, bytes| {
            match detect(bytes.get(..PREFIX).unwrap_or(bytes)) {
                Some(Kind::Zip) | None => Err(AdvisoryError::Format { file: name.into() }),
                Some(kind) => self.json(name, kind, bytes),
            }
        })?;
        if read == 0 {
            return Err(AdvisoryError::Nothing { file: name.into() });
        }
        Ok(())
    }

    fn json(
        &mut self,
        name: &str,
        kind: Kind,
        mut input: impl BufRead,
    ) -> Result<(), AdvisoryError> {
        match kind {
            Kind::Osv(shape) => self.pieces(name, input, shape, osv::read),
            Kind::Tracker => self.pieces(name, input, Shape::Object, tracker::read),
            Kind::Secdb | Kind::Vex | Kind::Zip => {
                let most = self.limits.record as u64;
                let mut bytes = Vec::new();
                let read = input.by_ref().take(most + 1).read_to_end(&mut bytes);
                read.map_err(|source| AdvisoryError::Read {
                    file: name.into(),
                    source,
                })?;
                if bytes.len() as u64 > most {
                    return Err(limit(name, "bytes", most));
                }
                self.count(name, bytes.len() as u64)?;
                let at = At {
                    file: name,
                    number: 0,
                };
                if kind == Kind::Secdb {
                    secdb::read(self, at, &bytes)
                } else {
                    vex::read(self, at, &bytes)
                }
            }
        }
    }

    /// Calls `visit` for each value of a stream.
    fn pieces(
        &mut self,
        file: &str,
        input: impl BufRead,
        shape: Shape,
        visit: impl Fn(&mut Self, At<'_>, Piece<'_>) -> Result<(), AdvisoryError>,
    ) -> Result<(), AdvisoryError> {
        let left = self.limits.total.saturating_sub(self.total);
        let mut pieces = Pieces::new(input, shape, self.limits.record, left);
        loop {
            let number = pieces.taken() + 1;
            match pieces.next() {
                Ok(Some(piece)) => visit(self, At { file, number }, piece)?,
                Ok(None) => return self.count(file, pieces.read()),
                Err(Broken::Read(source)) => {
                    let file = file.to_owned();
                    return Err(AdvisoryError::Read { file, source });
                }
                Err(Broken::Total) => return self.count(file, left + 1),
                Err(Broken::Limit(what, most)) => return Err(limit(file, what, most)),
                Err(Broken::Syntax(why)) => return Err(At { file, number }.record(None, why)),
            }
        }
    }

    fn count(&mut self, file: &str, bytes: u64) -> Result<(), AdvisoryError> {
        self.total = self.total.saturating_add(bytes);
        if self.total > self.limits.total {
            return Err(limit(file, "bytes of JSON", self.limits.total));
        }
        Ok(())
    }

    /// Takes note that there are records about a release.
    pub(super) fn cover(&mut self, ecosystem: &str, release: Option<&str>) {
        if self.wanted.release(ecosystem, release) {
            let release = release.map(str::to_owned);
            self.out.covered.insert((ecosystem.to_owned(), release));
        }
    }

    /// The index of the input that is being read.
    pub(super) fn input(&self) -> usize {
        self.out.files.len().saturating_sub(1)
    }

    pub(super) fn keep(
        &mut self,
        at: At<'_>,
        ecosystem: &str,
        name: &str,
        entry: Entry,
    ) -> Result<(), AdvisoryError> {
        self.hold(at, entry.size())?;
        let entries = self.out.entries.entry(ecosystem.to_owned()).or_default();
        entries.entry(name.to_owned()).or_default().push(entry);
        Ok(())
    }

    pub(super) fn state(&mut self, at: At<'_>, statement: Statement) -> Result<(), AdvisoryError> {
        self.hold(at, statement.size())?;
        self.out.statements.push(statement);
        Ok(())
    }

    fn hold(&mut self, at: At<'_>, bytes: u64) -> Result<(), AdvisoryError> {
        self.kept += bytes;
        if self.kept > self.limits.kept {
            let what = "bytes about what is installed";
            return Err(limit(at.file, what, self.limits.kept));
        }
        Ok(())
    }
}
