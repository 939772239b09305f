//! Alpine's public keys, by architecture, as the package alpine-keys has them in
//! /usr/share/apk/keys; the bytes were taken from Debian's package alpine-chroot-install (MIT).

use crate::model::Arch;

/// What the file names of Alpine's keys have around the id.
const FRAME: (&str, &str) = ("alpine-devel@lists.alpinelinux.org-", ".rsa.pub");

macro_rules! keys {
    ($($id:literal),*) => {
        &[$(($id, include_bytes!(concat!("keys/", $id, ".rsa.pub")))),*]
    };
}

/// An id and its file.
type KeyFile = (&'static str, &'static [u8]);

/// By Alpine's name of the architecture: the ids and the files. loongarch64 is not among them.
static TABLE: &[(&str, &[KeyFile])] = &[
    ("aarch64", keys!("58199dcc", "616ae350")),
    ("armhf", keys!("524d27bb", "616a9724")),
    ("armv7", keys!("524d27bb", "616adfeb")),
    ("ppc64le", keys!("58cbb476", "616abc23")),
    ("riscv64", keys!("60ac2099", "616db30d")),
    ("s390x", keys!("58e4f17d", "616ac3bc")),
    ("x86", keys!("4a6a0840", "5243ef4b", "61666e3f")),
    ("x86_64", keys!("4a6a0840", "5261cecb", "6165ee59")),
];

/// The file names and the bytes of the keys that Alpine signs with for `arch`.
pub(super) fn built_in(arch: Arch) -> impl Iterator<Item = (String, &'static [u8])> {
    let row = TABLE.iter().find(|(name, _)| arch.alpine() == Some(name));
    let keys = row.map_or(&[][..], |(_, keys)| *keys);
    let named = |(id, bytes): &KeyFile| {
        let (before, behind) = FRAME;
        (format!("{before}{id}{behind}"), *bytes)
    };
    keys.iter().map(named)
}
