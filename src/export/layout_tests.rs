//! Layouts made, added to and refused; archives with the same documents.

use super::*;
use crate::export::testing::{NoPacks, image, workshop};
use crate::export::{Output, write_oci_archive};
use crate::model::{Class, Compression, Explain as _, ImageConfig};
use crate::tree::Tree;
use crate::tree::testing::{directory, file, hardlink, tree};

struct Bench {
    home: tempfile::TempDir,
    store: Store,
}

impl Bench {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let store = Store::open(home.path().join("store")).unwrap();
        Self { home, store }
    }

    fn out(&self) -> PathBuf {
        self.home.path().join("out")
    }

    fn pack(&self, arch: &str, content: &str) -> PackedImage {
        let (config, trees) = (ImageConfig::default(), trees(content));
        let image = image(arch, &config, [("base", &trees[0]), ("system", &trees[1])]);
        workshop(&self.store)
            .pack(&image, Compression::Gzip)
            .unwrap()
    }

    fn write(&self, images: &[PackedImage], tag: &str) -> Result<Sha256, ExportError> {
        write_layout(&self.out(), &self.store, images, &tag.parse().unwrap())
    }

    fn index(&self) -> Value {
        serde_json::from_slice(&fs::read(self.out().join(INDEX)).unwrap()).unwrap()
    }

    fn blobs(&self) -> Vec<String> {
        let blobs = fs::read_dir(self.out().join("blobs/sha256")).unwrap();
        let mut names: Vec<_> = blobs
            .map(|blob| {
                let blob = blob.unwrap();
                let name = blob.file_name().into_string().unwrap();
                assert_eq!(Sha256::of(&fs::read(blob.path()).unwrap()).hex(), name);
                name
            })
            .collect();
        names.sort();
        names
    }

    /// Nothing but what belongs there, in the layout and beside it.
    fn is_tidy(&self) {
        let names = |path: &Path| {
            let entries = fs::read_dir(path).unwrap();
            let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            names
        };
        assert_eq!(names(&self.out()), ["blobs", "index.json", "oci-layout"]);
        assert_eq!(names(self.home.path()), ["out", "store"]);
    }
}

fn trees(content: &str) -> [Tree; 2] {
    let base = tree([
        ("etc", directory(0o755)),
        ("etc/a", file("base")),
        ("etc/b", hardlink("etc/a")),
    ]);
    [
        base,
        tree([("etc", directory(0o755)), ("etc/motd", file(content))]),
    ]
}

#[test]
fn a_new_layout_is_whole_and_private_to_nobody() {
    let bench = Bench::new();
    let image = bench.pack("amd64", "one");
    let digest = bench.write(std::slice::from_ref(&image), "app:1").unwrap();
    assert_eq!(digest, image.manifest.digest);
    bench.is_tidy();
    assert_eq!(bench.blobs().len(), 4);
    let expected = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [{
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": digest.to_string(),
            "size": image.manifest.bytes.len(),
            "annotations": {
                "io.containerd.image.name": "app:1",
                "org.opencontainers.image.ref.name": "1",
            },
        }],
    });
    assert_eq!(bench.index(), expected);
    let mark = fs::read(bench.out().join(MARK.0)).unwrap();
    assert_eq!(mark, MARK.1);
}

#[test]
fn only_its_own_tag_moves_and_foreign_words_stay() {
    let bench = Bench::new();
    bench.write(&[bench.pack("amd64", "one")], "app:1").unwrap();
    bench.write(&[bench.pack("amd64", "two")], "app:2").unwrap();
    let mut index = bench.index();
    index["annotations"] = json!({"theirs": "kept"});
    index["manifests"][1]["theirs"] = json!([1, 2]);
    fs::write(bench.out().join(INDEX), index.to_string()).unwrap();
    let before = bench.blobs();
    let three = bench
        .write(&[bench.pack("amd64", "three")], "app:1")
        .unwrap();
    bench.is_tidy();
    let after = bench.index();
    assert_eq!(after["annotations"], index["annotations"]);
    assert_eq!(after["manifests"][0]["digest"], three.to_string());
    assert_eq!(after["manifests"][1], index["manifests"][1]);
    assert_eq!(after["manifests"].as_array().unwrap().len(), 2);
    let blobs = bench.blobs();
    assert!(before.iter().all(|blob| blobs.contains(blob)));
    // The base layer is shared.
    assert_eq!(blobs.len(), before.len() + 3);
}

#[test]
fn an_unchanged_image_touches_nothing() {
    let bench = Bench::new();
    let image = bench.pack("amd64", "one");
    bench.write(std::slice::from_ref(&image), "app").unwrap();
    let stamp = |name: &str| {
        fs::metadata(bench.out().join(name))
            .unwrap()
            .modified()
            .unwrap()
    };
    let before = (stamp("."), stamp(INDEX), stamp("blobs/sha256"));
    bench.write(&[image], "app").unwrap();
    assert_eq!((stamp("."), stamp(INDEX), stamp("blobs/sha256")), before);
}

#[test]
fn several_architectures_are_one_nested_index_in_their_order() {
    let bench = Bench::new();
    let images = [bench.pack("arm64", "x"), bench.pack("amd64", "x")];
    let digest = bench.write(&images, "app").unwrap();
    let index = bench.index();
    assert_eq!(index["manifests"].as_array().unwrap().len(), 1);
    assert_eq!(index["manifests"][0]["digest"], digest.to_string());
    assert_eq!(index["manifests"][0]["mediaType"], oci::INDEX);
    let nested = fs::read(bench.out().join("blobs/sha256").join(digest.hex())).unwrap();
    let nested: Value = serde_json::from_slice(&nested).unwrap();
    for (at, arch) in ["amd64", "arm64"].into_iter().enumerate() {
        assert_eq!(nested["manifests"][at]["platform"]["architecture"], arch);
    }
    // Two layers that both share, two configurations, two manifests, one index.
    assert_eq!(bench.blobs().len(), 7);
}

#[test]
fn what_is_no_layout_stays_as_it_is() {
    let bench = Bench::new();
    let images = [bench.pack("amd64", "x")];
    let class = |error: ExportError| (error.class(), error.hint().is_some());
    fs::write(bench.out(), "theirs").unwrap();
    let refused = bench.write(&images, "app").unwrap_err();
    assert_eq!(class(refused), (Class::BadInput, true));
    fs::remove_file(bench.out()).unwrap();
    fs::create_dir(bench.out()).unwrap();
    fs::write(bench.out().join("x"), "theirs").unwrap();
    let refused = bench.write(&images, "app").unwrap_err();
    assert_eq!(class(refused), (Class::BadInput, true));
    assert_eq!(fs::read_dir(bench.out()).unwrap().count(), 1);
    fs::remove_file(bench.out().join("x")).unwrap();
    bench.write(&images, "app").unwrap();
    for bad in [
        "",
        "[]",
        "{",
        r#"{"schemaVersion":1,"manifests":[]}"#,
        r#"{"schemaVersion":2}"#,
    ] {
        fs::write(bench.out().join(INDEX), bad).unwrap();
        let refused = bench.write(&images, "app").unwrap_err();
        assert_eq!(refused.class(), Class::BadInput, "{bad}");
        assert_eq!(fs::read(bench.out().join(INDEX)).unwrap(), bad.as_bytes());
    }
}

#[test]
fn concurrent_writers_lose_no_tag() {
    let bench = Bench::new();
    let images: Vec<_> = (0..6)
        .map(|number| bench.pack("amd64", &number.to_string()))
        .collect();
    std::thread::scope(|scope| {
        for (number, image) in images.iter().enumerate() {
            let bench = &bench;
            scope.spawn(move || {
                bench
                    .write(std::slice::from_ref(image), &format!("app:{number}"))
                    .unwrap();
            });
        }
    });
    bench.is_tidy();
    assert_eq!(bench.index()["manifests"].as_array().unwrap().len(), 6);
}

#[test]
fn a_damaged_blob_is_dropped_and_made_again() {
    let bench = Bench::new();
    let image = bench.pack("amd64", "x");
    let digest = image.layers[1].1.digest;
    let path = bench.store.path(&digest);
    for archive in [false, true] {
        let mut bytes = fs::read(&path).unwrap();
        bytes[20] ^= 1;
        fs::remove_file(&path).unwrap();
        fs::write(&path, bytes).unwrap();
        let images = std::slice::from_ref(&image);
        let refused = match archive {
            false => bench.write(images, "app"),
            true => archived(&bench, images).map(|(digest, _)| digest),
        };
        let Err(ExportError::Damaged { digest: found }) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(
            (found, path.exists(), bench.out().exists()),
            (digest, false, false)
        );
        let again = bench.pack("amd64", "x");
        assert_eq!(again.manifest, image.manifest);
    }
    bench.write(&[image], "app").unwrap();
}

fn archived(bench: &Bench, images: &[PackedImage]) -> Result<(Sha256, Vec<u8>), ExportError> {
    let mut out = Vec::new();
    let reference = "app:1".parse().unwrap();
    write_oci_archive(Output::Stream(&mut out), &bench.store, images, &reference)
        .map(|digest| (digest, out))
}

#[test]
fn an_archive_is_the_layout_as_a_tar() {
    let bench = Bench::new();
    let images = [bench.pack("amd64", "one"), bench.pack("arm64", "one")];
    let digest = bench.write(&images, "app:1").unwrap();
    let (archived, bytes) = archived(&bench, &images).unwrap();
    assert_eq!(archived, digest);
    let mut archive = ::tar::Archive::new(&bytes[..]);
    let mut files = 0;
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        assert_eq!(entry.header().mtime().unwrap(), 946_684_800);
        if entry.header().entry_type().is_file() {
            let path = bench.out().join(entry.path().unwrap());
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            assert!(content == fs::read(&path).unwrap(), "{}", path.display());
            files += 1;
        }
    }
    assert_eq!(files, bench.blobs().len() + 2);
}

#[test]
fn a_docker_archive_has_plain_layers_and_a_tag() {
    let bench = Bench::new();
    let (config, trees) = (ImageConfig::default(), trees("x"));
    let image = image(
        "amd64",
        &config,
        [("base", &trees[0]), ("system", &trees[1])],
    );
    let path = bench.home.path().join("image.tar");
    fs::write(&path, "old").unwrap();
    let reference = "localhost/t:1".parse().unwrap();
    let made = workshop(&bench.store)
        .docker_archive(&image, &reference, Output::File(&path))
        .unwrap();
    let packed = bench.pack("amd64", "x");
    assert_eq!(made.config, packed.config);
    let bytes = fs::read(&path).unwrap();
    let mut archive = ::tar::Archive::new(&bytes[..]);
    let mut files = std::collections::BTreeMap::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        files.insert(entry.path().unwrap().display().to_string(), content);
    }
    let manifest: Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
    let names = made
        .layers
        .iter()
        .map(|(_, diff)| format!("{}.tar", diff.diff_id.hex()));
    let names: Vec<_> = names.collect();
    let config = format!("{}.json", made.config.digest.hex());
    let expected = json!([{"Config": config, "RepoTags": ["localhost/t:1"], "Layers": names}]);
    assert_eq!(manifest, expected);
    assert_eq!(files[&config], made.config.bytes);
    for ((_, diff), name) in made.layers.iter().zip(&names) {
        assert_eq!(Sha256::of(&files[name]), diff.diff_id);
    }
    assert_eq!(files.len(), 4);
}

#[test]
fn a_file_is_replaced_whole_and_a_pipe_is_written_to() {
    let bench = Bench::new();
    let tree = tree([("a", file("a"))]);
    let workshop = workshop(&bench.store);
    let path = bench.home.path().join("root.tar");
    let (digest, size) = workshop.tar(&tree, &NoPacks, Output::File(&path)).unwrap();
    let bytes = fs::read(&path).unwrap();
    assert_eq!((Sha256::of(&bytes), bytes.len() as u64), (digest, size));
    let broken = self::tree([("a/b", file("a"))]);
    workshop
        .tar(&broken, &NoPacks, Output::File(&path))
        .unwrap_err();
    assert_eq!(fs::read(&path).unwrap(), bytes);
    workshop
        .tar(&tree, &NoPacks, Output::File(Path::new("/dev/null")))
        .unwrap();
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
    let refused = workshop.tar(&tree, &NoPacks, Output::File(bench.home.path()));
    assert_eq!(refused.unwrap_err().class(), Class::BadInput);
    assert_eq!(fs::read_dir(bench.home.path()).unwrap().count(), 1);

    struct Closed;
    impl io::Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let closed = workshop
        .tar(&tree, &NoPacks, Output::Stream(&mut Closed))
        .unwrap_err();
    assert_eq!(closed.class(), Class::Outside);
    assert_eq!(closed.to_string(), "the standard output cannot be written");
}
