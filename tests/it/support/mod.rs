//! What the tests of whole runs share: a directory with a project in it, and a server.

pub(crate) mod server;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::UNIX_EPOCH;

use serde_json::Value;

use crate::make::Deb;
use crate::repo::{Repo, TestKey};

/// The present, which the program under test reads too.
pub(crate) fn now() -> i64 {
    UNIX_EPOCH.elapsed().unwrap().as_secs().try_into().unwrap()
}

/// A directory with a project `p`, a repository `repo` and a store.
pub(crate) struct Site {
    dir: tempfile::TempDir,
    pub(crate) key: TestKey,
    pub(crate) now: i64,
}

/// The files of a suite and the text of its Release, before they are signed.
pub(crate) type Suite = (BTreeMap<String, Vec<u8>>, String);

impl Site {
    /// With a manifest that asks for `one` and, in a second group, `two`.
    pub(crate) fn new() -> Self {
        let now = now();
        let site = Self {
            dir: tempfile::tempdir().unwrap(),
            key: TestKey::new(now - 200 * 86_400, None),
            now,
        };
        fs_err::create_dir(site.path("p")).unwrap();
        fs_err::write(site.path("p/key.gpg"), site.key.public()).unwrap();
        site.manifest("../repo", "");
        site
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes the manifest: where the repository is, and further lines for it (each `, key: value`).
    pub(crate) fn manifest(&self, url: &str, more: &str) {
        let text = format!(
            "name: test\ndistro: debian\nrelease: trixie\narchitectures: [amd64]\nrepositories:\n  \
             - {{url: \"{url}\", suite: trixie, keyring: key.gpg{more}}}\n\
             groups:\n  - {{name: low, packages: [one]}}\n  - {{name: high, packages: [two]}}\n"
        );
        fs_err::write(self.path("p/rootfs.yaml"), text).unwrap();
    }

    /// Signs a suite and writes it; the packages are there already.
    pub(crate) fn publish(&self, (mut files, release): Suite) {
        let at = self.now - 3600;
        files.insert(
            "InRelease".into(),
            self.key.clear_sign(release.as_bytes(), at),
        );
        self.put(&files);
    }

    /// Writes files of the suite.
    pub(crate) fn put(&self, files: &BTreeMap<String, Vec<u8>>) {
        for (name, bytes) in files {
            self.file(&format!("repo/dists/trixie/{name}"), bytes);
        }
    }

    /// Writes any file.
    pub(crate) fn file(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, bytes).unwrap();
    }

    /// Changes a file.
    pub(crate) fn edit(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = fs_err::read(self.path(name)).unwrap();
        change(&mut bytes);
        fs_err::write(self.path(name), bytes).unwrap();
    }

    /// The program, with an environment that says nothing but where the store is.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rootlock"));
        command
            .args(words)
            .args(["--json", "--no-host-mirror"])
            .env_clear()
            .env("ROOTLOCK_STORE", self.path("store"))
            .current_dir(self.path("p"))
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        Ran::from(self.command(words).output().unwrap())
    }

    /// Builds into `out`, which must work; what it printed.
    pub(crate) fn build(&self, out: &str) -> Value {
        self.run(&["build", "-o", out]).done()
    }

    /// What lies below the project and was not put there by a test.
    pub(crate) fn made(&self) -> Vec<String> {
        let mut names: Vec<String> = fs_err::read_dir(self.path("p"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "rootfs.yaml" && name != "key.gpg")
            .collect();
        names.sort();
        names
    }

    /// The files below a directory.
    pub(crate) fn files(&self, below: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut pending = vec![self.path(below)];
        while let Some(directory) = pending.pop() {
            let Ok(entries) = fs_err::read_dir(directory) else {
                continue;
            };
            for entry in entries {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => pending.push(path),
                    false => found.push(path),
                }
            }
        }
        found.sort();
        found
    }

    /// A copy of this one's repository and project with a store of its own.
    pub(crate) fn wipe_store(&self) {
        let _ = fs_err::remove_dir_all(self.path("store"));
    }
}

/// What a run gave.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Value,
    pub(crate) stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!stderr.contains("panicked"), "{stderr}");
        Self {
            code: output.status.code(),
            stdout: serde_json::from_slice(&output.stdout).unwrap_or(Value::Null),
            stderr,
        }
    }
}

impl Ran {
    /// What it printed, when it must have worked.
    #[track_caller]
    pub(crate) fn done(self) -> Value {
        assert_eq!(self.code, Some(0), "{} {}", self.stdout, self.stderr);
        self.stdout
    }

    /// All that a failure says.
    pub(crate) fn text(&self) -> String {
        let error = &self.stdout["error"];
        let causes = error["causes"].as_array();
        let causes = causes.into_iter().flatten().filter_map(Value::as_str);
        let parts = [error["message"].as_str(), error["hint"].as_str()];
        parts
            .into_iter()
            .flatten()
            .chain(causes)
            .collect::<Vec<_>>()
            .join("; ")
    }

    /// What is wrong with this as a failure with that code that says these words.
    pub(crate) fn fault(&self, code: i32, words: &[&str]) -> Option<String> {
        let text = self.text();
        let wrong_code = self.code != Some(code);
        let said = self.stdout["error"]["code"] == code;
        let missing: Vec<_> = words.iter().filter(|word| !text.contains(**word)).collect();
        (wrong_code || !said || !missing.is_empty() || text.is_empty()).then(|| {
            format!(
                "code {:?} and not {code}; without {missing:?}: {text}\n    {} {}",
                self.code, self.stdout, self.stderr
            )
        })
    }
}

/// Collects what is wrong with many cases, and fails with all of it.
#[derive(Default)]
pub(crate) struct Verdict(Vec<String>);

impl Verdict {
    pub(crate) fn add(&mut self, case: &str, fault: Option<String>) {
        self.0.extend(fault.map(|fault| format!("{case}: {fault}")));
    }
}

impl Drop for Verdict {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert!(self.0.is_empty(), "\n{}\n", self.0.join("\n"));
        }
    }
}

/// A suite with `one` and `two`, which depends on it.
pub(crate) fn good() -> Repo {
    with([one(), two()])
}

pub(crate) fn one() -> Deb {
    Deb::new("one", "1.0")
        .arch("amd64")
        .dir("usr/bin", 0o755)
        .file("usr/bin/one", &[b'1'; 70_000], 0o755)
        .hardlink("usr/bin/uno", "usr/bin/one")
        .symlink("usr/bin/first", "one")
        .conffile("etc/one.conf", b"one\n")
}

pub(crate) fn two() -> Deb {
    Deb::new("two", "2.0").field("Depends", "one (>= 1)").file(
        "usr/share/two/data",
        b"two\n",
        0o644,
    )
}

/// A suite with these packages.
pub(crate) fn with(debs: impl IntoIterator<Item = Deb>) -> Repo {
    let mut repo = Repo::new("trixie");
    for deb in debs {
        let name = format!(
            "{}_{}_{}.deb",
            deb.get("Package"),
            deb.get("Version"),
            deb.get("Architecture")
        );
        repo = repo.deb(&name, deb.build(), &deb.control());
    }
    repo
}

/// The tar or layout's files as one value to compare.
pub(crate) fn read_all(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut pending = vec![directory.to_owned()];
    while let Some(next) = pending.pop() {
        for entry in fs_err::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else {
                let name = path.strip_prefix(directory).unwrap();
                found.insert(name.display().to_string(), fs_err::read(&path).unwrap());
            }
        }
    }
    found
}
