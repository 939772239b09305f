//! Packages as the unpacker gives them, made in memory.

use crate::distro::ALL;
use crate::distro::{Control, ControlFile, Unpacked, Wishes};
use crate::model::{
    Accounts, Arch, Configure, Epoch, GroupName, LockedPackage, PathRules, Sha256, SourcePackage,
};
use crate::tree::{Blob, Contents, Kind, Meta, Node, Tree, TreePath};

use super::{AssembleError, AssembleRequest, Assembly, LoadedFile, LoadedFiles, assemble};
use super::{Ran, Runner};

/// What every entry of a test package is dated.
pub(super) const TIME: i64 = 1_700_000_000;

pub(super) struct Pkg {
    pub(super) locked: LockedPackage,
    pub(super) unpacked: Unpacked,
    fields: String,
}

pub(super) fn pkg(name: &str, group: &str) -> Pkg {
    let version: &str = "1.0-1";
    Pkg {
        locked: LockedPackage {
            name: name.parse().unwrap(),
            version: version.parse().unwrap(),
            arch: "amd64".into(),
            group: group.parse().unwrap(),
            requested: true,
            source: SourcePackage {
                name: name.into(),
                version: version.parse().unwrap(),
            },
            repository: "trixie".into(),
            path: format!("pool/{name}.deb"),
            size: 1,
            sha256: Sha256::of(name.as_bytes()),
            checksum: None,
            depends: Vec::new(),
            recommends: Vec::new(),
            install_if: Vec::new(),
        },
        unpacked: Unpacked {
            entries: Vec::new(),
            control: Control::new(),
            newest: TIME,
            root: true,
        },
        fields: String::new(),
    }
}

impl Pkg {
    pub(super) fn node(mut self, path: &str, mode: u16, kind: Kind) -> Self {
        let meta = Meta {
            mode,
            mtime: TIME,
            ..Meta::default()
        };
        self.unpacked
            .entries
            .push((path.parse().unwrap(), Node { meta, kind }));
        self
    }

    pub(super) fn file(self, path: &str, content: &str) -> Self {
        let blob = Blob::inline(content.as_bytes());
        self.node(path, 0o644, Kind::File(blob))
    }

    pub(super) fn link(self, path: &str, target: &str) -> Self {
        self.node(path, 0o777, Kind::Symlink(target.as_bytes().into()))
    }

    pub(super) fn dir(self, path: &str, mode: u16) -> Self {
        self.node(path, mode, Kind::Directory)
    }

    pub(super) fn hardlink(self, path: &str, target: &str) -> Self {
        self.node(path, 0o644, Kind::Hardlink(target.parse().unwrap()))
    }

    /// A line of its `control`.
    pub(super) fn field(mut self, line: &str) -> Self {
        self.fields += line;
        self.fields.push('\n');
        self
    }

    pub(super) fn control(mut self, name: &str, text: &str) -> Self {
        let file = ControlFile {
            mode: if text.starts_with("#!") { 0o755 } else { 0o644 },
            mtime: TIME - 5,
            bytes: text.into(),
        };
        self.unpacked.control.insert(name.into(), file);
        self
    }

    fn done(self) -> (LockedPackage, Unpacked) {
        let text = format!(
            "Package: {}\nVersion: {}\nArchitecture: {}\nMaintainer: A <a@b>\n{}Description: d\n",
            self.locked.name, self.locked.version, self.locked.arch, self.fields
        );
        let done = self.control("control", &text);
        (done.locked, done.unpacked)
    }
}

/// No test package has a pack.
pub(super) struct NoPacks;

impl Contents for NoPacks {
    fn read_at(&self, _: u32, _: u64, _: &mut [u8]) -> std::io::Result<()> {
        Err(std::io::ErrorKind::NotFound.into())
    }
}

/// An image with the groups `base`, `mid` and `top`.
pub(super) struct Recipe {
    pub(super) packages: Vec<Pkg>,
    pub(super) files: Vec<LoadedFile>,
    pub(super) release: &'static str,
    pub(super) arch: &'static str,
    pub(super) rules: PathRules,
    pub(super) accounts: Accounts,
    pub(super) user: Option<&'static str>,
    pub(super) epoch: Option<Epoch>,
    pub(super) configure: Configure,
    pub(super) runner: Runner<'static>,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            packages: Vec::new(),
            files: Vec::new(),
            release: "trixie",
            arch: "amd64",
            rules: PathRules::default(),
            accounts: Accounts::default(),
            user: None,
            epoch: None,
            configure: Configure::None,
            runner: &|_| Ok(Ran::default()),
        }
    }
}

impl Recipe {
    pub(super) fn build(self) -> Result<Assembly, AssembleError> {
        let packages: Vec<(LockedPackage, Unpacked)> =
            self.packages.into_iter().map(Pkg::done).collect();
        let (locked, unpacked): (Vec<_>, Vec<_>) = packages.into_iter().unzip();
        let groups = ["base", "mid", "top"].map(|name| name.parse::<GroupName>().unwrap());
        assemble(AssembleRequest {
            // Debian: the rules that the tests are about.
            distro: ALL[0],
            release: self.release,
            arch: Arch::from_oci(self.arch).unwrap(),
            configure: self.configure,
            groups: &groups,
            packages: locked.iter().zip(unpacked).collect(),
            contents: &NoPacks,
            files: LoadedFiles {
                files: self.files,
                pack: None,
            },
            paths: &self.rules,
            accounts: &self.accounts,
            user: self.user,
            epoch: self.epoch,
            wishes: Wishes::default(),
            runner: self.runner,
        })
    }
}

/// An image of packages alone.
pub(super) fn image<const N: usize>(packages: [Pkg; N]) -> Result<Assembly, AssembleError> {
    let recipe = Recipe {
        packages: packages.into(),
        ..Recipe::default()
    };
    recipe.build()
}

/// The tree of a layer; panics where it was left out.
pub(super) fn layer<'a>(assembly: &'a Assembly, name: &str) -> &'a Tree {
    let found = assembly
        .layers
        .iter()
        .find(|layer| layer.name.to_string() == name);
    &found.unwrap_or_else(|| panic!("no layer {name}")).tree
}

pub(super) fn names(assembly: &Assembly) -> Vec<String> {
    let names = assembly.layers.iter().map(|layer| layer.name.to_string());
    names.collect()
}

pub(super) fn at<'a>(tree: &'a Tree, path: &str) -> &'a Node {
    tree.nodes
        .get(&path.parse::<TreePath>().unwrap())
        .unwrap_or_else(|| panic!("no {path} in {:?}", tree.nodes.keys()))
}

pub(super) fn has(tree: &Tree, path: &str) -> bool {
    tree.nodes.contains_key(&path.parse::<TreePath>().unwrap())
}

/// The text of an inline file.
pub(super) fn text(tree: &Tree, path: &str) -> String {
    match &at(tree, path).kind {
        Kind::File(Blob {
            at: crate::tree::Location::Inline(bytes),
            ..
        }) => String::from_utf8(bytes.to_vec()).unwrap(),
        other => panic!("{path} is {other:?}"),
    }
}

pub(super) fn is_link(tree: &Tree, path: &str, target: &str) -> bool {
    at(tree, path).kind == Kind::Symlink(target.as_bytes().into())
}
