//! `source` as FORMATS.md section 1 has it, on directories made for the purpose.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use fs_err as fs;

use super::*;
use crate::model::{Class, Explain};

struct Ground {
    dir: tempfile::TempDir,
    store: Store,
}

impl Ground {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path().join("store")).unwrap();
        fs::create_dir(dir.path().join("m")).unwrap();
        Self { dir, store }
    }

    fn root(&self) -> std::path::PathBuf {
        self.dir.path().join("m")
    }

    fn put(&self, path: &str, content: &str, mode: u32) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
    }

    fn load(&self, specs: &[FileSpec], outside: bool) -> Result<LoadedFiles, AssembleError> {
        load(specs, &self.root(), outside, &self.store, 9)
    }

    fn refused(&self, specs: FileSpec) -> String {
        let error = self.load(&[specs], false).unwrap_err();
        assert_eq!(error.class(), Class::BadInput);
        error.to_string()
    }
}

fn source(path: &str, source: &str) -> FileSpec {
    FileSpec {
        path: path.into(),
        source: FileSource::Source(source.into()),
        mode: None,
        owner: None,
        exclude: Vec::new(),
        line: 3,
    }
}

fn shown(files: &LoadedFiles) -> Vec<String> {
    let one = |file: &LoadedFile| {
        let kind = match &file.what {
            What::Directory => "asked".into(),
            What::Passage => "dir".into(),
            What::File(blob) => format!("file {}", blob.size),
            What::Symlink(target) => format!("link {}", String::from_utf8_lossy(target)),
        };
        format!("{} {:o} {kind}", file.path, file.mode)
    };
    files.files.iter().map(one).collect()
}

#[test]
fn a_source_gives_names_types_contents_and_the_execute_bit() {
    let ground = Ground::new();
    ground.put("app/b.txt", "bb", 0o600);
    ground.put("app/run", "r", 0o711);
    ground.put("app/sub/x.pyc", "c", 0o644);
    ground.put("app/sub/y", "", 0o4644);
    ground.put("app/sub/.git/config", "g", 0o644);
    ground.put("app/.git", "a file of a worktree", 0o644);
    ground.put("app/skip/deep", "s", 0o644);
    symlink("/nowhere/at/all", ground.root().join("app/link")).unwrap();
    fs::set_permissions(ground.root().join("app"), PermissionsExt::from_mode(0o700)).unwrap();
    let mut spec = source("/srv/app", "./app");
    spec.exclude = vec!["*.pyc".into(), "/skip/".into()];
    let loaded = ground.load(&[spec.clone()], false).unwrap();
    assert_eq!(
        shown(&loaded),
        [
            "/srv/app 755 dir",
            "/srv/app/b.txt 644 file 2",
            "/srv/app/link 777 link /nowhere/at/all",
            "/srv/app/run 755 file 1",
            "/srv/app/sub 755 dir",
            "/srv/app/sub/y 644 file 0",
        ]
    );
    let pack = ground.store.read(&loaded.pack.unwrap()).unwrap().unwrap();
    assert_eq!(pack, b"bbr");
    let What::File(blob) = &loaded.files[3].what else {
        panic!("not a file");
    };
    assert_eq!(blob.sha256, Sha256::of(b"r"));
    assert_eq!(blob.at, Location::Pack { pack: 9, offset: 2 });

    // A mode is of what the entry names, not of what lies below.
    spec.mode = Some(0o700);
    let loaded = ground.load(&[spec], false).unwrap();
    assert_eq!(
        shown(&loaded)[..2],
        ["/srv/app 700 dir", "/srv/app/b.txt 644 file 2"]
    );
    // Onto the root itself.
    let loaded = ground.load(&[source("/", "app/sub")], false).unwrap();
    assert_eq!(shown(&loaded), ["/x.pyc 644 file 1", "/y 644 file 0"]);
}

#[test]
fn a_source_stays_under_the_manifest() {
    let ground = Ground::new();
    ground.put("in/real", "1", 0o644);
    fs::write(ground.dir.path().join("out"), "secret").unwrap();
    symlink("in/real", ground.root().join("good")).unwrap();
    symlink("../out", ground.root().join("bad")).unwrap();
    let loaded = ground.load(&[source("/f", "good")], false).unwrap();
    assert_eq!(shown(&loaded), ["/f 644 file 1"]);
    for outside in ["bad", "../out", "in/../../out", "/etc/hostname"] {
        let error = ground.load(&[source("/f", outside)], false).unwrap_err();
        assert_eq!(error.class(), Class::BadInput, "{outside}");
        assert!(error.hint().unwrap().contains("--allow-outside"));
        assert!(error.to_string().starts_with("line 3: "));
    }
    assert!(ground.load(&[source("/f", "bad")], true).is_ok());
}

#[test]
fn what_cannot_be_a_source_is_said() {
    let ground = Ground::new();
    ground.put("app/.wh.x", "", 0o644);
    assert!(
        ground
            .refused(source("/f", "absent"))
            .contains("does not exist")
    );
    assert!(ground.refused(source("/f", "app")).contains(".wh."));
    fs::remove_file(ground.root().join("app/.wh.x")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(ground.root().join("app/s")).unwrap();
    assert!(ground.refused(source("/f", "app")).contains("neither"));
    ground.put("file", "", 0o644);
    assert!(
        ground
            .refused(source("/", "file"))
            .contains("not a directory")
    );
    let loaded = ground.load(&[], false).unwrap();
    assert_eq!((loaded.files.len(), loaded.pack), (0, None));
    assert!(Path::new(&ground.root()).is_dir());
}
