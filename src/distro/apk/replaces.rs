//! Who keeps a path that two packages ship, apk-package(5): `replaces`, `replaces_priority`, origin.

use std::cmp::Ordering;

use super::pkginfo::PkgInfo;
use super::relation::relation;
use crate::distro::Member;

fn info<'a>(member: Member<'a>) -> PkgInfo<'a> {
    let file = member.control.get(".PKGINFO");
    PkgInfo::new(file.map_or(&[][..], |file| &file.bytes))
}

/// The origin that two packages share.
fn shared_origin<'a>(a: PkgInfo<'a>, b: PkgInfo<'a>) -> Option<&'a [u8]> {
    let origin = a.last("origin").filter(|origin| !origin.is_empty())?;
    (b.last("origin") == Some(origin)).then_some(origin)
}

/// Whether `winner`, installed after `loser`, may take its files over: it replaces `loser` and
/// `loser` does not replace it with a higher priority, or neither replaces the other and both are
/// built from one origin.
pub(super) fn takes_over(winner: Member<'_>, loser: Member<'_>) -> bool {
    let priority = |one: Member<'_>, other: Member<'_>| {
        let info = info(one);
        let package = other.package;
        let replaces = info.words("replaces").filter_map(relation).any(|relation| {
            let sum = package.checksum.as_deref();
            relation.is_met_by(package.name.as_str(), package.version.as_str(), sum)
        });
        replaces.then(|| info.number("replaces_priority"))
    };
    match (priority(winner, loser), priority(loser, winner)) {
        (None, None) => shared_origin(info(winner), info(loser)).is_some(),
        (ours, theirs) => ours >= theirs,
    }
}

/// Which of two packages decides on a directory: the lesser one.
pub(super) fn precedence(a: Member<'_>, b: Member<'_>) -> Ordering {
    let (one, other) = (info(a), info(b));
    let priority = |info: PkgInfo<'_>| info.number("replaces_priority");
    let by_priority = priority(other).cmp(&priority(one));
    let by_origin = || match shared_origin(one, other) {
        Some(origin) => {
            let main = |member: Member<'_>| member.package.name.as_str().as_bytes() == origin;
            main(b).cmp(&main(a))
        }
        None => Ordering::Equal,
    };
    let by_name = || a.package.name.cmp(&b.package.name);
    by_priority.then_with(by_origin).then_with(by_name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distro::apk::fixtures::locked;
    use crate::distro::{Control, ControlFile};
    use crate::model::LockedPackage;

    fn package(name: &str, lines: &str) -> (LockedPackage, Control) {
        let file = ControlFile {
            mode: 0o644,
            mtime: 0,
            bytes: lines.replace("; ", "\n").into(),
        };
        (
            locked(name, "1.5-r0"),
            [(".PKGINFO".to_owned(), file)].into(),
        )
    }

    fn member((package, control): &(LockedPackage, Control)) -> Member<'_> {
        Member { package, control }
    }

    #[test]
    fn files_go_by_replaces_then_priority_then_origin() {
        // Whether the later of two takes over, and whether the earlier one does.
        for (first, second, expected) in [
            ("", "", (false, false)),
            ("", "replaces = first", (true, false)),
            ("replaces = second", "", (false, true)),
            ("replaces = second", "replaces = first", (true, true)),
            (
                "replaces = second; replaces_priority = 2",
                "replaces = first",
                (false, true),
            ),
            (
                "replaces = second",
                "replaces = first; replaces_priority = 2",
                (true, false),
            ),
            ("origin = o", "origin = o", (true, true)),
            ("origin = o", "origin = p", (false, false)),
            ("origin = ", "origin = ", (false, false)),
            ("origin = o; replaces = second", "origin = o", (false, true)),
            ("", "replaces = other firsts", (false, false)),
            ("", "replaces = other first", (true, false)),
            ("", "replaces = !first", (false, false)),
            ("", "provides = first", (false, false)),
        ] {
            let (first_package, second_package) =
                (package("first", first), package("second", second));
            let (a, b) = (member(&first_package), member(&second_package));
            assert_eq!(
                (takes_over(b, a), takes_over(a, b)),
                expected,
                "{first} | {second}"
            );
        }
    }

    #[test]
    fn directories_go_by_priority_then_origin_then_name() {
        for (a, b, expected) in [
            (("a", ""), ("b", ""), Ordering::Less),
            (("a", ""), ("b", "replaces_priority = 1"), Ordering::Greater),
            (
                ("a", "replaces_priority = 10"),
                ("b", "replaces_priority = 9"),
                Ordering::Less,
            ),
            (("a", "origin = b"), ("b", "origin = b"), Ordering::Greater),
            (("a", "origin = a"), ("b", "origin = b"), Ordering::Less),
            (("a-x", "origin = c"), ("b", "origin = c"), Ordering::Less),
        ] {
            let (one, other) = (package(a.0, a.1), package(b.0, b.1));
            let (one, other) = (member(&one), member(&other));
            assert_eq!(precedence(one, other), expected, "{a:?} {b:?}");
            assert_eq!(precedence(other, one), expected.reverse(), "{a:?} {b:?}");
        }
    }
}
