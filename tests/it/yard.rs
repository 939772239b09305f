//! A project on Alpine repositories that the test makes and signs, see [`Yard`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::Ran;

#[allow(clippy::duplicate_mod, reason = "it uses nothing of the crate")]
#[path = "../../src/distro/apk/testing/mod.rs"]
pub(crate) mod apk;

use apk::{Apk, TestRsa};

/// The name under which the tests' key is allowed.
pub(crate) const KEY: &str = "test-1.rsa.pub";
/// The mtime of an index that says nothing else: 2024-03-01T00:00:00Z.
pub(crate) const DATED: i64 = 1_709_251_200;

/// An index in the making, and the packages beside it.
#[derive(Debug, Clone)]
pub(crate) struct Repo {
    pub(crate) arch: &'static str,
    pub(crate) mtime: i64,
    pub(crate) records: String,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
}

impl Repo {
    pub(crate) fn new() -> Self {
        Self {
            arch: "x86_64",
            mtime: DATED,
            records: String::new(),
            files: BTreeMap::new(),
        }
    }

    pub(crate) fn arch(mut self, arch: &'static str) -> Self {
        self.arch = arch;
        self
    }

    /// Adds a package, for this architecture unless it says noarch.
    pub(crate) fn with(self, yard: &Yard, apk: &Apk) -> Self {
        let mut apk = apk.clone();
        apk.info = apk
            .info
            .replace("arch = x86_64", &format!("arch = {}", self.arch));
        let parts = apk.parts();
        let bytes = parts.signed("RSA", &yard.key, KEY);
        let record = record(&apk.info, &parts.checksum(), bytes.len());
        self.raw(&apk, &record, bytes)
    }

    /// Adds a package whose record and bytes are given.
    pub(crate) fn raw(mut self, apk: &Apk, record: &str, bytes: Vec<u8>) -> Self {
        let name = format!("{}-{}.apk", field(apk, "pkgname"), field(apk, "pkgver"));
        self.records += record;
        self.records.push('\n');
        self.files.insert(name, bytes);
        self
    }

    /// The index before it is signed.
    pub(crate) fn index(&self) -> Vec<u8> {
        apk::index(&self.records, self.mtime)
    }
}

pub(crate) fn field(apk: &Apk, key: &str) -> String {
    let prefix = format!("{key} = ");
    let mut lines = apk.info.lines();
    let found = lines.find_map(|line| line.strip_prefix(&prefix));
    found.unwrap().to_owned()
}

/// What an index says of a package.
pub(crate) fn record(info: &str, checksum: &str, size: usize) -> String {
    let mut lists: BTreeMap<char, Vec<&str>> = BTreeMap::new();
    let mut text = format!("C:{checksum}\n");
    for line in info.lines() {
        let (key, value) = line.split_once(" = ").unwrap();
        let letter = match key {
            "pkgname" => 'P',
            "pkgver" => 'V',
            "arch" => 'A',
            "size" => 'I',
            "origin" => 'o',
            "provider_priority" => 'k',
            "depend" | "provides" | "install_if" => {
                let letter = match key {
                    "depend" => 'D',
                    "provides" => 'p',
                    _ => 'i',
                };
                lists.entry(letter).or_default().push(value);
                continue;
            }
            _ => continue,
        };
        text += &format!("{letter}:{value}\n");
    }
    text += &format!("S:{size}\n");
    for (letter, values) in lists {
        text += &format!("{letter}:{}\n", values.join(" "));
    }
    text
}

/// A directory with a project `p`, repositories beside it and a store.
pub(crate) struct Yard {
    dir: tempfile::TempDir,
    pub(crate) key: TestRsa,
}

impl Yard {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let yard = Self {
            dir,
            key: TestRsa::new(),
        };
        yard.file(&format!("p/{KEY}"), &yard.key.pem());
        yard
    }

    /// With a manifest of one repository, `repo`, and these groups.
    pub(crate) fn asking(groups: &str) -> Self {
        let yard = Self::new();
        yard.groups(groups);
        yard
    }

    pub(crate) fn groups(&self, groups: &str) {
        self.manifest("[amd64]", &local("repo"), groups);
    }

    /// Writes the manifest: flow or block text for each part.
    pub(crate) fn manifest(&self, arches: &str, repositories: &str, groups: &str) {
        let text = format!(
            "name: test\ndistro: alpine\nrelease: v3.19\narchitectures: {arches}\n\
             repositories:\n{repositories}\ngroups:\n{groups}\nconfigure: none\n"
        );
        self.file("p/rootfs.yaml", text.as_bytes());
    }

    pub(crate) fn edit(&self, from: &str, to: &str) {
        let text = self.text("p/rootfs.yaml");
        assert!(text.contains(from), "{from} is not in\n{text}");
        self.file("p/rootfs.yaml", text.replace(from, to).as_bytes());
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn file(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, bytes).unwrap();
    }

    pub(crate) fn text(&self, name: &str) -> String {
        fs_err::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn lockfile(&self) -> String {
        self.text("p/rootfs.lock")
    }

    /// Signs the index and writes all to the directory `at`; returns the bytes that are signed.
    pub(crate) fn publish(&self, at: &str, repo: &Repo) -> Vec<u8> {
        let index = repo.index();
        let signed = apk::signed("RSA", &self.key, KEY, &index);
        self.publish_as(at, repo, &signed);
        index
    }

    /// Writes all to the directory `at`, with this index.
    pub(crate) fn publish_as(&self, at: &str, repo: &Repo, index: &[u8]) {
        let _ = fs_err::remove_dir_all(self.path(at).join(repo.arch));
        let arch = repo.arch;
        self.file(&format!("{at}/{arch}/APKINDEX.tar.gz"), index);
        for (name, bytes) in &repo.files {
            self.file(&format!("{at}/{arch}/{name}"), bytes);
        }
    }

    /// The program with these words and `--json`.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rootlock"));
        command
            .args(words)
            .args(["--json", "--no-host-mirror", "--progress", "plain"])
            .env_clear()
            .env("HOME", self.dir.path())
            .env("ROOTLOCK_STORE", self.path("store"))
            .current_dir(self.path("p"))
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        Ran::from(self.command(words).output().unwrap())
    }

    /// What the program says to a person, where it must work.
    #[track_caller]
    pub(crate) fn told(&self, words: &[&str]) -> String {
        let command = self.command(words);
        let args = command.get_args().filter(|word| *word != "--json");
        let mut plain = Command::new(command.get_program());
        let plain = plain.args(args).env_clear().current_dir(self.path("p"));
        let store = self.path("store");
        let output = plain.env("ROOTLOCK_STORE", store).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        text(&output.stdout) + &text(&output.stderr)
    }

    /// What lies in the project and was not put there by a test.
    pub(crate) fn made(&self) -> Vec<String> {
        let entries = fs_err::read_dir(self.path("p")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names
            .filter(|name| name != "rootfs.yaml" && !name.ends_with(".pub"))
            .collect();
        names.sort();
        names
    }

    /// The locked packages of an architecture, by name.
    pub(crate) fn locked(&self, arch: &str) -> BTreeMap<String, Value> {
        let listed = self.run(&["list"]).done();
        let packages = listed["packages"][arch].as_array().unwrap();
        let named = packages.iter().map(|package| {
            (
                package["name"].as_str().unwrap().to_owned(),
                package.clone(),
            )
        });
        named.collect()
    }

    /// The locked packages as `NAME-VERSION` with their groups.
    pub(crate) fn placed(&self, arch: &str) -> Vec<String> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let locked = self.locked(arch);
        let lines = locked.iter().map(|(name, package)| {
            let (version, group) = (text(&package["version"]), text(&package["group"]));
            format!("{name}-{version} {group}")
        });
        lines.collect()
    }

    /// Locks, which must work, and says what [`Self::placed`] says of amd64.
    #[track_caller]
    pub(crate) fn solved(&self) -> Vec<String> {
        self.run(&["lock"]).done();
        self.placed("amd64")
    }

    /// The files of the image as a tar: path without its slash to the header's type and content.
    pub(crate) fn tree(&self) -> BTreeMap<String, (tar::EntryType, Vec<u8>)> {
        let _ = fs_err::remove_file(self.path("p/tree.tar"));
        self.run(&["build", "--format", "tar", "-o", "tree.tar"])
            .done();
        let tree = unpack(&fs_err::read(self.path("p/tree.tar")).unwrap());
        fs_err::remove_file(self.path("p/tree.tar")).unwrap();
        tree
    }

    /// A file of the image as text.
    pub(crate) fn holds(&self, path: &str) -> String {
        let mut tree = self.tree();
        let names: Vec<_> = tree.keys().cloned().collect();
        let found = tree.remove(path);
        let (_, bytes) = found.unwrap_or_else(|| panic!("no {path} in {names:?}"));
        String::from_utf8(bytes).unwrap()
    }

    /// Builds a layout `out`; group and diff ID of each layer.
    pub(crate) fn layers(&self, out: &str) -> Vec<(String, String)> {
        let built = self.run(&["build", "-o", out]).done();
        let image = &built["images"][0];
        let layers = image["layers"].as_array();
        let layers = layers.unwrap_or_else(|| panic!("no layers in {built}"));
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        layers
            .iter()
            .map(|layer| (text(&layer["group"]), text(&layer["diff_id"])))
            .collect()
    }
}

/// The line of a repository beside the project, signed by the tests' key.
pub(crate) fn local(name: &str) -> String {
    format!("  - {{url: ../{name}, keys: [{KEY}]}}")
}

/// The entries of a tar, a link's target as its content.
pub(crate) fn unpack(bytes: &[u8]) -> BTreeMap<String, (tar::EntryType, Vec<u8>)> {
    use std::io::Read as _;
    let mut found = BTreeMap::new();
    for entry in tar::Archive::new(bytes).entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().display().to_string();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        if let Some(target) = entry.link_name_bytes() {
            content = target.to_vec();
        }
        let kind = entry.header().entry_type();
        let path = path.trim_end_matches('/').to_owned();
        assert!(found.insert(path, (kind, content)).is_none());
    }
    found
}

/// A package with one file under `usr/share`, and nothing else.
pub(crate) fn small(name: &str, version: &str) -> Apk {
    Apk::new(name, version)
        .dir("usr")
        .dir("usr/share")
        .file(&format!("usr/share/{name}"), version)
}

/// A copy of a directory.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs_err::create_dir_all(to).unwrap();
    for entry in fs_err::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs_err::copy(entry.path(), target).unwrap();
        }
    }
}
