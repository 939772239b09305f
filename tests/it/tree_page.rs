//! docs/tree.md against the code: its dumps are recomputed, its commands and its script are run.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use rootlock::export::{Output, Workshop};
use rootlock::model::{Epoch, Sha256};
use rootlock::store::Store;
use rootlock::tree::{Blob, Contents, Kind, Meta, Node, Tree, TreePath, merkle_root};

const PAGE: &str = include_str!("../../docs/tree.md");

/// The text of the page's block that begins with "```NAME".
fn block(name: &str) -> &'static str {
    let start = format!("\n```{name}\n");
    let at = PAGE.find(&start).unwrap() + start.len();
    let end = PAGE[at..].find("```").unwrap();
    &PAGE[at..at + end]
}

/// As `hexdump -C`, for bytes without equal rows.
fn dump(bytes: &[u8]) -> String {
    let mut out = String::new();
    for (row, chunk) in bytes.chunks(16).enumerate() {
        let hex =
            |part: &[u8]| -> String { part.iter().map(|byte| format!(" {byte:02x}")).collect() };
        let (left, right) = chunk.split_at(chunk.len().min(8));
        let shown = |&byte: &u8| match byte {
            b' '..=b'~' => char::from(byte),
            _ => '.',
        };
        let text: String = chunk.iter().map(shown).collect();
        let at = row * 16;
        out += &format!("{at:08x} {:<24} {:<24}  |{text}|\n", hex(left), hex(right));
    }
    out + &format!("{:08x}\n", bytes.len())
}

fn shown(name: &str, expected: &str) {
    let page = block(name);
    assert!(
        page == expected,
        "the block {name} should be\n{expected}\nand is\n{page}"
    );
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

fn link(target: &str) -> Kind {
    Kind::Symlink(target.as_bytes().into())
}

fn path(bytes: &[u8]) -> TreePath {
    TreePath::from_archive(bytes).unwrap().unwrap()
}

/// The page's table.
fn example() -> Tree {
    let time = 1_700_000_000;
    let mut ping = node(0o4755, time, file("hi"));
    ping.meta.gid = 7;
    ping.meta
        .xattrs
        .insert((*b"user.note").into(), (*b"yes").into());
    let nodes = [
        ("etc", node(0o755, Epoch::DIRECTORY.0, Kind::Directory)),
        ("etc/issue", node(0o644, time, file("hello\n"))),
        (
            "etc/motd",
            node(0o644, time, Kind::Hardlink(path(b"etc/issue"))),
        ),
        ("etc/mtab", node(0o777, time, link("../proc/self/mounts"))),
        ("ping", ping),
    ];
    let nodes = nodes.map(|(at, node)| (path(at.as_bytes()), node));
    Tree {
        nodes: nodes.into(),
    }
}

/// The fields of a record before what the entry is.
fn record(name: &str, letter: u8, mode: u32, gid: u32, time: i64) -> Vec<u8> {
    let mut out = bytes(name.as_bytes());
    out.push(letter);
    out.extend(mode.to_be_bytes());
    out.extend(0u32.to_be_bytes());
    out.extend(gid.to_be_bytes());
    out.extend(time.to_be_bytes());
    out
}

fn bytes(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap();
    [&length.to_be_bytes(), bytes].concat()
}

#[test]
fn the_page_shows_the_example_s_records() {
    let time = 1_700_000_000;
    let none = [0; 4];
    let content = |text: &[u8]| {
        let size = text.len() as u64;
        [&size.to_be_bytes()[..], Sha256::of(text).as_bytes()].concat()
    };
    let etc = [
        record("issue", b'f', 0o644, 0, time),
        content(b"hello\n"),
        none.into(),
        record("motd", b'h', 0o644, 0, time),
        bytes(b"etc/issue"),
        none.into(),
        record("mtab", b'l', 0o777, 0, time),
        bytes(b"../proc/self/mounts"),
        none.into(),
    ]
    .concat();
    shown("etc", &dump(&etc));
    let root = [
        record("etc", b'd', 0o755, 0, Epoch::DIRECTORY.0),
        Sha256::of(&etc).as_bytes().into(),
        none.into(),
        record("ping", b'f', 0o4755, 7, time),
        content(b"hi"),
        1u32.to_be_bytes().into(),
        bytes(b"user.note"),
        bytes(b"yes"),
    ]
    .concat();
    shown("root", &dump(&root));
    shown("tree", &format!("{}\n", Sha256::of(&root)));
    assert_eq!(merkle_root(&example()), Sha256::of(&root));
}

/// What the command prints.
fn output(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_shell_and_sha256sum_give_the_digest() {
    let printed = output(Command::new("sh").args(["-euc", block("sh")]));
    assert_eq!(format!("sha256:{printed}"), block("tree"));
}

struct Nowhere;

impl Contents for Nowhere {
    fn read_at(&self, _: u32, _: u64, _: &mut [u8]) -> io::Result<()> {
        Err(io::ErrorKind::NotFound.into())
    }
}

/// Writes `tree` as `build --format tar` does.
fn write_tar(tree: &Tree, path: &Path) {
    let home = tempfile::tempdir().unwrap();
    let workshop = Workshop {
        store: &Store::open(home.path()).unwrap(),
        threads: 1,
        watch: &|_| {},
    };
    workshop.tar(tree, &Nowhere, Output::File(path)).unwrap();
}

/// What the page's script prints for the tar of `tree`.
fn script(tree: &Tree) -> Option<String> {
    if Command::new("python3").arg("--version").output().is_err() {
        eprintln!("skipped: there is no python3");
        return None;
    }
    let home = tempfile::tempdir().unwrap();
    let tar = home.path().join("root.tar");
    write_tar(tree, &tar);
    let mut python = Command::new("python3");
    // The environment's encoding is nothing to rely on.
    python.args(["-c", block("python")]).env("LC_ALL", "C");
    let input = fs_err::File::open(&tar).unwrap().into_file();
    Some(output(python.stdin(Stdio::from(input))))
}

#[test]
fn the_script_gives_the_example_s_digest() {
    if let Some(printed) = script(&example()) {
        assert_eq!(printed, block("tree"));
    }
}

/// Everything that a tar can hold, and what it holds in its own ways.
#[test]
fn the_script_gives_the_digest_of_every_kind() {
    let mut tree = example();
    let mut put = |at: &[u8], node: Node| drop(tree.nodes.insert(path(at), node));
    let directory = || node(0o2755, Epoch::DIRECTORY.0, Kind::Directory);
    put(b"a", directory());
    put(b"a-b", node(0o600, 1, file("between a and what is in it")));
    put(b"a/b", directory());
    put(b"a/b/c", node(0o644, -1, file("")));
    put(b"a/\xff", node(0o644, 1 << 34, file("no UTF-8, and late")));
    put(b"b", node(0o644, 1, Kind::Hardlink(path(b"a/\xff"))));
    put("a/é".as_bytes(), node(0o644, 1, file("UTF-8")));
    put(b"dev", directory());
    put(b"dev/disk", node(0o660, 1, Kind::BlockDevice(259, 1)));
    put(b"dev/null", node(0o666, 1, Kind::CharDevice(1, 3)));
    put(b"pipe", node(0o622, 1, Kind::Fifo));
    let long = [b'n'; 255];
    put(&long, directory());
    let long = [&long[..], b"/", &long[..]].concat();
    put(&long, node(0o644, 1, file(&"x".repeat(3 << 20))));
    put(b"z", node(0o777, 1, Kind::Symlink(long.clone().into())));
    put(b"zz", node(0o644, 1, Kind::Hardlink(path(&long))));
    let mut owned = node(0o644, 1, file("theirs"));
    (owned.meta.uid, owned.meta.gid) = (u32::MAX - 1, 1 << 21);
    let values: [(&[u8], &[u8]); 4] = [
        (b"user.b", b""),
        (b"security.capability", b"\x01\0\0\x02\xff\xfe\n\0"),
        (b"user.a", "é=\n".as_bytes()),
        (b"user.a-b", b"12 path=/etc/passwd\n"),
    ];
    let values = values.map(|(name, value)| (name.into(), value.into()));
    owned.meta.xattrs = values.into();
    put(b"theirs", owned);
    if let Some(printed) = script(&tree) {
        assert_eq!(printed, format!("{}\n", merkle_root(&tree)));
    }
}
