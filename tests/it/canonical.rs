//! docs/canonical.md against the code: every dump on the page is recomputed, its commands are run.

use std::io;
use std::path::Path;
use std::process::Command;

use rootlock::export::{Output, Workshop};
use rootlock::model::{Epoch, Sha256};
use rootlock::store::Store;
use rootlock::tree::{Blob, Contents, Kind, Meta, Node, Tree, merkle_root};

const PAGE: &str = include_str!("../../docs/canonical.md");

/// The text of the page's block that begins with "```NAME".
fn block(name: &str) -> &'static str {
    let start = format!("\n```{name}\n");
    let at = PAGE.find(&start).unwrap() + start.len();
    let end = PAGE[at..].find("```").unwrap();
    &PAGE[at..at + end]
}

/// As `hexdump -C`.
fn dump(bytes: &[u8]) -> String {
    let mut out = String::new();
    let mut last: Option<&[u8]> = None;
    let mut skipping = false;
    for (row, chunk) in bytes.chunks(16).enumerate() {
        if last == Some(chunk) {
            if !skipping {
                out.push_str("*\n");
            }
            skipping = true;
            continue;
        }
        (last, skipping) = (Some(chunk), false);
        let hex = |part: &[u8]| {
            part.iter()
                .map(|byte| format!(" {byte:02x}"))
                .collect::<String>()
        };
        let (left, right) = chunk.split_at(chunk.len().min(8));
        let text: String = chunk
            .iter()
            .map(|&byte| match byte {
                b' '..=b'~' => char::from(byte),
                _ => '.',
            })
            .collect();
        let at = row * 16;
        out += &format!("{at:08x} {:<24} {:<24}  |{text}|\n", hex(left), hex(right));
    }
    out + &format!("{:08x}\n", bytes.len())
}

/// The page shows exactly this.
fn shown(name: &str, expected: &str) {
    let page = block(name);
    assert!(
        page == expected,
        "the block {name} should be\n{expected}\nand is\n{page}"
    );
}

struct Nowhere;

impl Contents for Nowhere {
    fn read_at(&self, _: u32, _: u64, _: &mut [u8]) -> io::Result<()> {
        Err(io::ErrorKind::NotFound.into())
    }
}

fn node(mode: u16, mtime: i64, kind: Kind) -> Node {
    let meta = Meta {
        mode,
        mtime,
        ..Meta::default()
    };
    Node { meta, kind }
}

fn file(text: &str) -> Kind {
    Kind::File(Blob::inline(text.as_bytes()))
}

fn example() -> Tree {
    let nodes = [
        ("etc", node(0o755, Epoch::DIRECTORY.0, Kind::Directory)),
        ("etc/motd", node(0o644, 1_700_000_000, file("hello\n"))),
    ];
    tree(nodes)
}

fn tree<const N: usize>(nodes: [(&str, Node); N]) -> Tree {
    let nodes = nodes.map(|(path, node)| (path.parse().unwrap(), node));
    Tree {
        nodes: nodes.into(),
    }
}

fn tar(tree: &Tree, path: &Path) -> Sha256 {
    let home = tempfile::tempdir().unwrap();
    let workshop = Workshop {
        store: &Store::open(home.path()).unwrap(),
        threads: 1,
        watch: &|_| {},
    };
    let (digest, _) = workshop.tar(tree, &Nowhere, Output::File(path)).unwrap();
    digest
}

#[test]
fn the_page_shows_the_example_s_tar_and_diff_id() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("layer.tar");
    let digest = tar(&example(), &path);
    shown("tar", &dump(&fs_err::read(path).unwrap()));
    shown("diff_id", &format!("{digest}\n"));
}

#[test]
fn the_page_shows_the_example_s_tree_digest() {
    let entry = |name: &str, kind: u8, mode: u32, mtime: i64| {
        let mut out = u32::try_from(name.len()).unwrap().to_be_bytes().to_vec();
        out.extend(name.as_bytes());
        out.push(kind);
        out.extend(mode.to_be_bytes());
        out.extend([0; 8]);
        out.extend(mtime.to_be_bytes());
        out
    };
    let mut etc = entry("motd", b'f', 0o644, 1_700_000_000);
    etc.extend(6u64.to_be_bytes());
    etc.extend(Sha256::of(b"hello\n").as_bytes());
    etc.extend([0; 4]);
    shown("etc", &dump(&etc));
    let mut root = entry("etc", b'd', 0o755, Epoch::DIRECTORY.0);
    root.extend(Sha256::of(&etc).as_bytes());
    root.extend([0; 4]);
    shown("root", &dump(&root));
    shown("tree", &format!("{}\n", Sha256::of(&root)));
    assert_eq!(merkle_root(&example()), Sha256::of(&root));
}

/// Runs the page's commands on `tree`'s tar; the digest that they print.
fn recomputed(tree: &Tree) -> Option<(Sha256, Sha256)> {
    let version = Command::new("tar").arg("--version").output();
    if !version.is_ok_and(|version| version.stdout.starts_with(b"tar (GNU tar)")) {
        eprintln!("skipped: there is no GNU tar");
        return None;
    }
    let home = tempfile::tempdir().unwrap();
    let digest = tar(tree, &home.path().join("layer.tar"));
    let shell = Command::new("sh")
        .args(["-euc", block("sh")])
        .current_dir(home.path())
        .output()
        .unwrap();
    assert!(
        shell.status.success(),
        "{}",
        String::from_utf8_lossy(&shell.stderr)
    );
    let printed = String::from_utf8(shell.stdout).unwrap();
    let hex = printed.split(' ').next().unwrap();
    Some((Sha256::from_hex(hex).unwrap(), digest))
}

#[test]
fn tar_and_sha256sum_alone_give_the_diff_id() {
    if let Some((theirs, ours)) = recomputed(&example()) {
        assert_eq!(theirs, ours);
        assert_eq!(format!("{ours}\n"), block("diff_id"));
    }
}

#[test]
fn so_they_do_for_every_kind_that_needs_no_rights() {
    let long = "n".repeat(99);
    let link = |target: &str| Kind::Symlink(target.as_bytes().into());
    let tree = tree([
        ("a", node(0o755, Epoch::DIRECTORY.0, Kind::Directory)),
        ("a-b", node(0o4711, 1, file("between a and what is in it"))),
        ("a/b", node(0o444, 0o77_777_777, file(&"x".repeat(5000)))),
        (
            "a/c",
            node(0o444, 0o77_777_777, Kind::Hardlink("a/b".parse().unwrap())),
        ),
        (
            "a/sticky",
            node(0o1777, Epoch::DIRECTORY.0, Kind::Directory),
        ),
        ("link", node(0o777, 1_700_000_000, link("a/b"))),
        (&long, node(0o600, 5, file(""))),
        ("pipe", node(0o622, 5, Kind::Fifo)),
    ]);
    if let Some((theirs, ours)) = recomputed(&tree) {
        assert_eq!(theirs, ours);
    }
}
