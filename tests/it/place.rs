//! A directory to run the program in, see [`Place`].

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::UNIX_EPOCH;

use serde_json::Value;

use crate::make::Deb;
use crate::repo::{Repo, TestKey};

/// A directory with a repository, a manifest beside it and a store.
pub(crate) struct Place {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) key: TestKey,
    pub(crate) now: i64,
}

/// Packages as (name, version, Depends).
pub(crate) type Offer<'a> = &'a [(&'a str, &'a str, &'a str)];

impl Place {
    /// With a manifest that wants `base-files` below and `tool` above.
    pub(crate) fn new() -> Self {
        let now = i64::try_from(UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
        let place = Self {
            dir: tempfile::tempdir().unwrap(),
            key: TestKey::new(now - 864_000, None),
            now,
        };
        place.write("key.gpg", &place.key.public());
        place.write(
            "rootfs.yaml",
            b"# kept\nname: test\ndistro: debian\nrelease: trixie\narchitectures: [amd64]\n\
              repositories:\n  - {url: ./repo, suite: trixie, keyring: key.gpg}\n\
              groups:\n  - name: base\n    packages: [base-files]\n  - name: app\n    packages:\n      - tool # kept too\n\
              configure: none\n",
        );
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        fs_err::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs_err::read_to_string(self.path(name)).unwrap()
    }

    /// Puts these packages, and no others, into the repository; its Release is `age` seconds old.
    pub(crate) fn offer(&self, age: i64, packages: Offer<'_>) {
        let mut repo = Repo::new("trixie");
        repo.age = age;
        for (name, version, depends) in packages {
            let path = format!("usr/share/{name}/version");
            let mut deb = Deb::new(name, version).file(&path, version.as_bytes(), 0o644);
            if !depends.is_empty() {
                deb = deb.field("Depends", depends);
            }
            let control = deb.control();
            repo = repo.deb(&format!("{name}_{version}_all.deb"), deb.build(), &control);
        }
        let _ = fs_err::remove_dir_all(self.path("repo"));
        repo.write(&self.path("repo"), &self.key, self.now);
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rootlock"));
        command
            .args(words)
            .args(["--offline", "--no-host-mirror"])
            .env_clear()
            .env("HOME", self.dir.path())
            .env("ROOTLOCK_STORE", self.path("store"))
            .current_dir(self.dir.path())
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    /// Runs with `--json`; the exit code and the object.
    pub(crate) fn json(&self, words: &[&str]) -> (i32, Value) {
        let output = self.run(&[words, &["--json"][..]].concat());
        let object = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {output:?}"));
        (output.status.code().unwrap(), object)
    }

    /// Runs what must work, and returns its stdout.
    pub(crate) fn done(&self, words: &[&str]) -> String {
        let output = self.run(words);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What lies in the directory that nobody asked for.
    pub(crate) fn litter(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut pending = vec![self.dir.path().to_owned()];
        while let Some(dir) = pending.pop() {
            for entry in fs_err::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                let hidden = path.file_name().unwrap().to_string_lossy().starts_with('.');
                let temporary = path.parent().unwrap().ends_with("store/tmp");
                if hidden || temporary {
                    found.push(path);
                } else if path.is_dir() {
                    pending.push(path);
                }
            }
        }
        found
    }
}

/// What most tests offer.
pub(crate) const FIRST: Offer<'_> = &[
    ("base-files", "13", ""),
    ("tool", "1.0", "libtool (>= 1)"),
    ("libtool", "1.0", ""),
    ("other", "2.0", ""),
];
