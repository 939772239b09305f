//! The symbolic links of layers, and where a path ends up when it passes through them.

use std::collections::HashMap;

use crate::tree::TreePath;

/// Linux' own bound on links followed in one path (path_resolution(7)).
const MAX_FOLLOWED: usize = 40;

/// A path does not end within the bound, or not on a path that could exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tangled;

/// Links by the place where they are stored. Only looked up, never iterated.
#[derive(Debug, Clone, Default)]
pub(super) struct Links {
    targets: HashMap<TreePath, (Box<[u8]>, u32)>,
}

impl Links {
    /// The link stored at `path`, with the package that it is of.
    pub(super) fn get(&self, path: &TreePath) -> Option<(&[u8], u32)> {
        let (target, owner) = self.targets.get(path)?;
        Some((target, *owner))
    }

    /// Keeps a link; what was at the place before.
    pub(super) fn insert(
        &mut self,
        path: TreePath,
        target: Box<[u8]>,
        owner: u32,
    ) -> Option<(Box<[u8]>, u32)> {
        self.targets.insert(path, (target, owner))
    }

    /// Forgets the link at `path`.
    pub(super) fn remove(&mut self, path: &TreePath) {
        self.targets.remove(path);
    }

    /// Where `path` itself ends up, its last part followed too; `None` is the root. What does not
    /// exist is taken for a directory, and `..` above the root is the root, as in a chroot.
    pub(super) fn resolve(&self, path: &[u8]) -> Result<Option<TreePath>, Tangled> {
        let mut done: Vec<u8> = Vec::with_capacity(path.len());
        // What is still ahead, the next part last.
        let mut ahead: Vec<&[u8]> = path.split(|&byte| byte == b'/').rev().collect();
        let mut followed = 0;
        while let Some(part) = ahead.pop() {
            let parent = done.len();
            match part {
                b"" | b"." => continue,
                b".." => {
                    let slash = done.iter().rposition(|&byte| byte == b'/');
                    done.truncate(slash.unwrap_or(0));
                    continue;
                }
                _ if parent > 0 => done.push(b'/'),
                _ => {}
            }
            done.extend_from_slice(part);
            let Some((target, _)) = self.targets.get(&done[..]) else {
                continue;
            };
            followed += 1;
            if followed > MAX_FOLLOWED {
                return Err(Tangled);
            }
            done.truncate(if target.starts_with(b"/") { 0 } else { parent });
            ahead.extend(target.split(|&byte| byte == b'/').rev());
        }
        TreePath::from_archive(&done).map_err(|_| Tangled)
    }

    /// Where an entry at `path` is stored: its directory is followed, its own name is not.
    pub(super) fn place(&self, path: &TreePath) -> Result<TreePath, Tangled> {
        match path.parent() {
            None => Ok(path.clone()),
            Some(parent) => join(self.resolve(parent.as_bytes())?.as_ref(), path.name()),
        }
    }
}

/// `directory/name`, where no directory is the root.
pub(super) fn join(directory: Option<&TreePath>, name: &[u8]) -> Result<TreePath, Tangled> {
    match directory {
        Some(directory) => directory.join(name).map_err(|_| Tangled),
        None => TreePath::from_archive(name).ok().flatten().ok_or(Tangled),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> TreePath {
        text.parse().unwrap()
    }

    fn links(pairs: &[(&str, &str)]) -> Links {
        let mut out = Links::default();
        for (at, target) in pairs {
            out.insert(path(at), target.as_bytes().into(), 0);
        }
        out
    }

    #[test]
    fn follows_links_inside_the_root() {
        let links = links(&[
            ("bin", "usr/bin"),
            ("var/run", "/run"),
            ("usr/lib/x", "../../../../../etc/./x"),
            ("run/lock", "../bin"),
        ]);
        for (from, to) in [
            ("bin/sh", "usr/bin/sh"),
            ("var/run/a/b", "run/a/b"),
            ("usr/lib/x/y", "etc/x/y"),
            ("var/run/lock/z", "usr/bin/z"),
            ("var/run", "var/run"),
            ("opt/a", "opt/a"),
        ] {
            assert_eq!(links.place(&path(from)), Ok(path(to)), "{from}");
        }
        assert_eq!(links.resolve(b"var/run"), Ok(Some(path("run"))));
        assert_eq!(links.resolve(b"/"), Ok(None));
    }

    #[test]
    fn forty_links_and_no_more() {
        let chain = |length: usize| {
            let mut out = Links::default();
            for at in 0..length {
                let next = format!("l{}", at + 1);
                out.insert(path(&format!("l{at}")), next.as_bytes().into(), 0);
            }
            out
        };
        assert_eq!(chain(40).place(&path("l0/f")), Ok(path("l40/f")));
        assert_eq!(chain(41).place(&path("l0/f")), Err(Tangled));
        assert_eq!(links(&[("a", "a")]).place(&path("a/b")), Err(Tangled));
    }
}
