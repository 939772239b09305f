//! Where a path leads, inside the root, when its symbolic links are followed.

/// What there is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At<'a> {
    Nothing,
    Directory,
    Symlink(&'a [u8]),
    /// Something that holds no other.
    Other,
}

/// As many links as Linux follows.
const LINKS: usize = 40;

/// The parts of a path as an archive has it, which may begin with a slash; a `..` takes back the part
/// before it. `None` where one leaves the root.
pub(super) fn parts(path: &[u8]) -> Option<Vec<&[u8]>> {
    let mut parts = Vec::new();
    for part in path.split(|&byte| byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                parts.pop()?;
            }
            _ => parts.push(part),
        }
    }
    Some(parts)
}

/// Follows every link on the way along `parts`, the last one too. From the root `..` leads to the
/// root, as in a container, so that nothing leads out of it. What is not there may be passed through:
/// it could be made.
///
/// `look` is asked for what is at a path. Where that is a directory, so is all that is above it. What
/// it cost comes with it: the parts that were gone along one by one.
pub(super) fn follow<'a>(
    parts: &[&[u8]],
    mut look: impl FnMut(&[u8]) -> At<'a>,
) -> (Result<Vec<u8>, &'static str>, u64) {
    // Nearly always the whole way is one of directories.
    let straight = parts.join(&b'/');
    if straight.is_empty() || look(&straight) == At::Directory {
        return (Ok(straight), 0);
    }
    let mut steps = 0;
    (walk(parts, look, &mut steps), steps)
}

fn walk<'a>(
    parts: &[&[u8]],
    mut look: impl FnMut(&[u8]) -> At<'a>,
    steps: &mut u64,
) -> Result<Vec<u8>, &'static str> {
    let mut at: Vec<u8> = Vec::new();
    let mut ahead: Vec<Vec<u8>> = parts.iter().rev().map(|part| part.to_vec()).collect();
    let mut links = 0;
    while let Some(part) = ahead.pop() {
        *steps += 1;
        match &part[..] {
            b"" | b"." => continue,
            b".." => {
                let parent = at.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
                at.truncate(parent);
                continue;
            }
            _ => {}
        }
        let here = at.len();
        if here > 0 {
            at.push(b'/');
        }
        at.extend_from_slice(&part);
        match look(&at) {
            At::Directory | At::Nothing => {}
            At::Other => return Err("lies beneath what is no directory"),
            At::Symlink(target) => {
                links += 1;
                if links > LINKS {
                    return Err("lies beneath more than 40 symbolic links");
                }
                at.truncate(if target.starts_with(b"/") { 0 } else { here });
                let target = target.split(|&byte| byte == b'/').rev();
                ahead.extend(target.map(<[u8]>::to_vec));
            }
        }
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn followed(path: &str, links: &[(&str, &'static str)]) -> Result<String, &'static str> {
        let parts = parts(path.as_bytes()).unwrap();
        let (at, _) = follow(&parts, |at| {
            let at = std::str::from_utf8(at).unwrap();
            let target = |at: &str| links.iter().find(|(link, _)| *link == at);
            let mut above = at.match_indices('/').filter_map(|(end, _)| at.get(..end));
            match target(at) {
                Some((_, target)) => At::Symlink(target.as_bytes()),
                None if above.any(|at| target(at).is_some() || at.ends_with("file")) => At::Nothing,
                None if at.ends_with("file") => At::Other,
                None => At::Directory,
            }
        });
        at.map(|at| String::from_utf8(at).unwrap())
    }

    #[test]
    fn links_are_followed_inside_the_root() {
        let links = [
            ("lib", "usr/lib"),
            ("usr/lib/up", "../../lib/x"),
            ("out", "../../../etc"),
            ("abs", "/lib/y"),
        ];
        for (path, leads) in [
            ("lib/a", "usr/lib/a"),
            ("lib", "usr/lib"),
            ("lib/up", "usr/lib/x"),
            ("out", "etc"),
            ("abs/z", "usr/lib/y/z"),
            ("/a//b/./c", "a/b/c"),
            ("", ""),
        ] {
            assert_eq!(followed(path, &links).as_deref(), Ok(leads), "{path}");
        }
    }

    #[test]
    fn every_part_of_a_link_is_a_step() {
        let parts = [&b"a"[..], b"b"];
        assert_eq!(follow(&parts, |_| At::Directory).1, 0);
        assert_eq!(follow(&parts, |_| At::Nothing).1, 2);
        let target = b"./.././x";
        let look = |at: &[u8]| match at {
            b"a" => At::Symlink(target),
            _ => At::Nothing,
        };
        assert_eq!(follow(&parts, look), (Ok(b"x/b".to_vec()), 6));
    }

    #[test]
    fn loops_and_files_lead_nowhere() {
        assert!(followed("a/b", &[("a", "b"), ("b", "a")]).is_err());
        assert!(followed("a/file/b", &[]).is_err());
    }

    #[test]
    fn names_may_not_leave_the_root() {
        let joined = |path: &[u8]| parts(path).map(|parts| parts.concat());
        assert_eq!(joined(b"a/../b").as_deref(), Some(&b"b"[..]));
        assert_eq!(joined(b"/../a"), None);
        assert_eq!(joined(b"a/../../a"), None);
    }
}
