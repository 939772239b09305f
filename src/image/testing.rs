//! Tars and images for tests, written byte by byte and not by a library.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use super::{Found, ImageError, Options, read_path, read_stream};
use crate::model::Sha256;
use crate::tree::{Tree, TreePath};

/// One header and what follows it.
#[derive(Clone)]
pub(super) struct Item {
    block: [u8; 512],
    content: Vec<u8>,
}

/// A ustar header: mode 0644, owner 0:0, time 1.
pub(super) fn item(name: &str, flag: u8, content: &[u8]) -> Item {
    let mut item = Item {
        block: [0; 512],
        content: content.into(),
    };
    item.put(0, name.as_bytes());
    item.put(100, b"0000644\0");
    item.put(108, b"0000000\0");
    item.put(116, b"0000000\0");
    item.put(124, format!("{:011o}\0", content.len()).as_bytes());
    item.put(136, b"00000000001\0");
    item.block[156] = flag;
    item.put(257, b"ustar\x0000");
    item
}

pub(super) fn file(name: &str, content: &str) -> Item {
    item(name, b'0', content.as_bytes())
}

/// Of mode 0755 and rootlock's time of directories.
pub(super) fn directory(name: &str) -> Item {
    item(name, b'5', b"")
        .with(100, b"0000755\0")
        .with(136, b"07033241600\0")
}

/// A hard (`1`) or symbolic (`2`) link.
pub(super) fn link(name: &str, flag: u8, target: &str) -> Item {
    let item = item(name, flag, b"").with(157, target.as_bytes());
    match flag {
        b'2' => item.with(100, b"0000777\0"),
        _ => item,
    }
}

/// A pax header (`x` or `g`) with these records.
pub(super) fn pax(flag: u8, records: &[(&str, &[u8])]) -> Item {
    let mut content = Vec::new();
    for (key, value) in records {
        let rest = key.len() + value.len() + 3;
        let mut length = rest;
        while length != rest + length.to_string().len() {
            length = rest + length.to_string().len();
        }
        content.extend(format!("{length} {key}=").bytes());
        content.extend(*value);
        content.push(b'\n');
    }
    item("PaxHeaders/x", flag, &content)
}

impl Item {
    fn put(&mut self, at: usize, bytes: &[u8]) {
        self.block[at..at + bytes.len()].copy_from_slice(bytes);
    }

    /// With other bytes in a field.
    pub(super) fn with(mut self, at: usize, bytes: &[u8]) -> Self {
        self.put(at, bytes);
        self
    }

    /// With another content than the header says.
    pub(super) fn holding(mut self, content: &[u8]) -> Self {
        self.content = content.into();
        self
    }

    /// The sum of the bytes, each from -128 to 127 where they are signed.
    fn seal(&mut self, signed: bool) {
        self.put(148, b"        ");
        let sum: i64 = self
            .block
            .iter()
            .map(|&byte| match signed {
                true => i64::from(byte as i8),
                false => i64::from(byte),
            })
            .sum();
        self.put(148, format!("{sum:06o}\0 ").as_bytes());
    }
}

/// The bytes of items, without an end.
pub(super) fn blocks(items: &[Item]) -> Vec<u8> {
    let mut out = Vec::new();
    for item in items {
        let mut item = item.clone();
        item.seal(false);
        out.extend(item.block);
        out.extend(&item.content);
        out.resize(out.len().next_multiple_of(512), 0);
    }
    out
}

/// The same with a sum of signed bytes.
pub(super) fn signed(item: &Item) -> Vec<u8> {
    let mut item = item.clone();
    item.seal(true);
    item.block.to_vec()
}

/// A whole tar.
pub(super) fn tar(items: &[Item]) -> Vec<u8> {
    let mut out = blocks(items);
    out.resize(out.len() + 1024, 0);
    out
}

pub(super) fn options(scratch: &Path) -> Options<'_> {
    Options {
        arch: None,
        tag: None,
        keep: &|_: &TreePath, _| true,
        sums: None,
        threads: 3,
        advance: &|_| {},
        scratch,
    }
}

/// Reads bytes as a stream.
pub(super) fn found(bytes: &[u8]) -> Result<Found, ImageError> {
    read_stream(&mut &bytes[..], &options(&std::env::temp_dir()))
}

/// Reads bytes as a file, too, which must make no difference.
pub(super) fn found_both_ways(bytes: &[u8]) -> Result<Found, ImageError> {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("standard input");
    fs_err::write(&path, bytes).unwrap();
    let file = read_path(&path, &options(home.path()));
    let stream = found(bytes);
    match (&file, &stream) {
        (Ok(file), Ok(stream)) => {
            assert_eq!(file.form, stream.form);
            assert_eq!(file.images[0].tree, stream.images[0].tree);
        }
        (Err(file), Err(stream)) => {
            let file = file.to_string();
            let file = file.replace(&*home.path().join("").to_string_lossy(), "");
            assert_eq!(file, stream.to_string());
        }
        _ => panic!("{file:?} and {stream:?}"),
    }
    stream
}

/// The filesystem of a tar.
pub(super) fn filesystem(items: &[Item]) -> Result<Tree, ImageError> {
    Ok(found(&tar(items))?.images.remove(0).tree)
}

/// What reading fails with, as its message and the causes of it.
pub(super) fn told<T: std::fmt::Debug>(result: Result<T, ImageError>) -> String {
    let error = result.unwrap_err();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

pub(super) fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut out = xz2::write::XzEncoder::new(Vec::new(), 1);
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

pub(super) fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut out = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

pub(super) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(super) const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
pub(super) const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// The files of an OCI layout or of a docker archive.
#[derive(Clone, Default)]
pub(super) struct Parts(pub(super) BTreeMap<String, Vec<u8>>);

impl Parts {
    /// A layout with the files that each must have.
    pub(super) fn layout() -> Self {
        let mut parts = Self::default();
        parts.json("oci-layout", &json!({"imageLayoutVersion": "1.0.0"}));
        parts
    }

    pub(super) fn json(&mut self, name: &str, value: &Value) {
        self.0.insert(name.into(), value.to_string().into());
    }

    /// Adds a blob; its descriptor.
    pub(super) fn blob(&mut self, media_type: &str, bytes: &[u8]) -> Value {
        let digest = Sha256::of(bytes);
        self.0
            .insert(format!("blobs/sha256/{}", digest.hex()), bytes.into());
        json!({
            "mediaType": media_type,
            "digest": digest.to_string(),
            "size": bytes.len(),
        })
    }

    pub(super) fn document(&mut self, media_type: &str, value: &Value) -> Value {
        self.blob(media_type, value.to_string().as_bytes())
    }

    /// Adds an image of plain layers; the descriptor of its manifest.
    pub(super) fn image(&mut self, arch: &str, layers: &[Vec<u8>]) -> Value {
        let ids: Vec<String> = layers
            .iter()
            .map(|tar| Sha256::of(tar).to_string())
            .collect();
        let config = config(arch, &ids);
        let config = self.document(CONFIG, &config);
        let layers: Vec<Value> = layers.iter().map(|tar| self.blob(LAYER, tar)).collect();
        let manifest = json!({"schemaVersion": 2, "config": config, "layers": layers});
        self.document(MANIFEST, &manifest)
    }

    /// Writes `index.json`.
    pub(super) fn index(&mut self, manifests: &[Value]) {
        let index = json!({"schemaVersion": 2, "manifests": manifests});
        self.json("index.json", &index);
    }

    /// As a tar, in the order of the names.
    pub(super) fn archive(&self) -> Vec<u8> {
        let items = self.0.iter().map(|(name, bytes)| item(name, b'0', bytes));
        tar(&items.collect::<Vec<_>>())
    }

    /// As a directory.
    pub(super) fn write(&self, home: &Path) {
        for (name, bytes) in &self.0 {
            let path = home.join(name);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, bytes).unwrap();
        }
    }

    pub(super) fn read(&self) -> Result<Found, ImageError> {
        self.read_with(|options| options)
    }

    pub(super) fn read_with(
        &self,
        change: impl for<'a> Fn(Options<'a>) -> Options<'a>,
    ) -> Result<Found, ImageError> {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("layout");
        self.write(&path);
        read_path(&path, &change(options(home.path())))
    }
}

pub(super) fn config(arch: &str, diff_ids: &[String]) -> Value {
    let (architecture, variant) = arch.split_once('/').unwrap_or((arch, ""));
    json!({
        "architecture": architecture,
        "variant": variant,
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
    })
}

/// The merged filesystem of an image of plain layers, and what was read of it.
pub(super) fn layered(layers: &[&[Item]]) -> Result<Found, ImageError> {
    let mut parts = Parts::layout();
    let layers: Vec<Vec<u8>> = layers.iter().map(|items| tar(items)).collect();
    let manifest = parts.image("amd64", &layers);
    parts.index(&[manifest]);
    parts.read()
}

/// The filesystem alone.
pub(super) fn merged(layers: &[&[Item]]) -> Result<Tree, ImageError> {
    Ok(layered(layers)?.images.remove(0).tree)
}
