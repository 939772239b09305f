//! ldconfig(8) over the image: `/etc/ld.so.cache`, and the links that libraries lack.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;

use super::ldso::{
    Arch, Directory, Info, Library, Platform, cache, candidate, directories, generator, inspect,
    matches, survey, version,
};
use crate::distro::configure::draft::Draft;
use crate::tree::Kind;

/// The architecture as the cache has it; the program is not known for any other.
pub(super) fn platform(arch: &str) -> Option<Arch> {
    match arch {
        "amd64" => Some(Arch::Amd64),
        "arm64" => Some(Arch::Arm64),
        _ => None,
    }
}

/// Whether the image's own program is one whose cache can be made.
pub(super) fn is_known(draft: &Draft<'_>, arch: &str) -> bool {
    platform(arch).is_some() && PROGRAM.iter().any(|path| draft.exists(path))
}

const PROGRAM: [&str; 2] = ["/usr/sbin/ldconfig", "/sbin/ldconfig"];

/// Writes the cache, as the image's own program would.
pub(super) fn run(draft: &mut Draft<'_>, arch: &str) {
    let program = PROGRAM.iter().find_map(|path| draft.read(path));
    let generator = program.as_deref().and_then(generator);
    let (Some(arch), Some(glibc)) = (platform(arch), generator.as_deref().and_then(version)) else {
        return;
    };
    let platform = Platform { arch, glibc };
    let shared = RefCell::new(draft);
    let conf = |path: &str| shared.borrow_mut().read(path);
    let glob = |pattern: &str| {
        let Some((directory, name)) = pattern.rsplit_once('/') else {
            return Vec::new();
        };
        let [files, _] = shared.borrow().list(directory);
        let found = files.into_iter().filter(|file| matches(name, file));
        found.map(|file| format!("{directory}/{file}")).collect()
    };
    let searched = directories(platform, &conf, &glob);
    let known: RefCell<BTreeMap<String, Option<Info>>> = RefCell::default();
    let real = |path: &str| {
        let draft = shared.borrow();
        let place = draft.target(path)?;
        let directory = draft.followed(path)?.is_directory();
        directory.then(|| format!("/{place}").replacen("//", "/", 1))
    };
    let list = |path: &str| {
        let mut out = Directory::default();
        let [files, inner] = shared.borrow().list(path);
        out.directories = inner;
        for name in files {
            let full = format!("{path}/{name}");
            let draft = shared.borrow();
            let link = draft
                .node(&full)
                .is_some_and(|node| matches!(node.kind, Kind::Symlink(_)));
            let place = draft.target(&full);
            let (Some(place), Some(node)) = (place, draft.followed(&full)) else {
                out.dangling.push(name);
                continue;
            };
            drop(draft);
            if node.is_directory() {
                out.directories.push(name);
                continue;
            }
            let real = place.to_string();
            let wanted = candidate(platform, &name, link, true);
            let info = match wanted {
                true => {
                    let mut known = known.borrow_mut();
                    let of = || look(&mut shared.borrow_mut(), &full);
                    known.entry(real.clone()).or_insert_with(of).clone()
                }
                false => None,
            };
            out.files.push(Library {
                file: name,
                link,
                real,
                info,
            });
        }
        out
    };
    let found = survey(platform, &searched, &real, &list);
    let bytes = cache(&found, generator.as_deref());
    let draft = shared.into_inner();
    for link in &found.links {
        draft.put_link(&link.path, &link.target);
    }
    draft.write("/etc/ld.so.cache", bytes, 0o644);
}

/// What a library's file says of itself.
fn look(draft: &mut Draft<'_>, path: &str) -> Option<Info> {
    let (place, blob) = draft.file(path)?;
    let mut read =
        |offset: u64, into: &mut [u8]| match draft.read_range(&place, &blob, offset, into) {
            true => Ok(()),
            false => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
        };
    inspect(&mut read, blob.size)
}
