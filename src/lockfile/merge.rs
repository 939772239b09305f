//! A lockfile that version control could not merge: both sides of it.

use std::path::Path;

use super::{Lockfile, LockfileError, parse};

/// What both sides of a merge had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// Between `<<<<<<<` and `=======`: where the merge went on.
    pub ours: Lockfile,
    /// Between `=======` and `>>>>>>>`: what was merged in.
    pub theirs: Lockfile,
}

/// What a line is to a merge: git's markers have seven signs, and a label behind a space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Marker {
    Ours,
    Base,
    Theirs,
    End,
}

fn marker(line: &[u8]) -> Option<Marker> {
    let (sign, rest) = line.split_at_checked(7)?;
    let fits = matches!(rest, [] | [b' ' | b'\t' | b'\r', ..]);
    let marker = match sign {
        b"<<<<<<<" => Marker::Ours,
        b"|||||||" => Marker::Base,
        b"=======" => Marker::Theirs,
        b">>>>>>>" => Marker::End,
        _ => return None,
    };
    fits.then_some(marker)
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split_inclusive(|&byte| byte == b'\n')
}

fn without_newline(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\n").unwrap_or(line)
}

/// The first line with a merge marker, from 1.
pub(super) fn first_marker(bytes: &[u8]) -> Option<usize> {
    let found = lines(bytes).position(|line| marker(without_newline(line)).is_some());
    found.map(|index| index + 1)
}

/// Whether it has merge markers.
pub fn has_markers(bytes: &[u8]) -> bool {
    first_marker(bytes).is_some()
}

/// Reads both sides of a lockfile with merge markers, also with the base between them (diff3).
/// `file` is named in errors only.
///
/// # Errors
/// When the markers are in no order, or a side is not a lockfile.
pub fn parse_merged(file: &Path, bytes: &[u8]) -> Result<Merged, LockfileError> {
    let (ours, theirs) = sides(bytes).map_err(|line| LockfileError::Invalid {
        file: file.into(),
        line: Some(line),
        reason: "the merge markers are in no order".into(),
    })?;
    Ok(Merged {
        ours: parse(file, &ours)?,
        theirs: parse(file, &theirs)?,
    })
}

/// The text of each side, with empty lines for what the other has, so that a line keeps its number.
fn sides(bytes: &[u8]) -> Result<(Vec<u8>, Vec<u8>), usize> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let mut inside = None;
    for (index, line) in lines(bytes).enumerate() {
        let mut to = (true, true);
        match (inside, marker(without_newline(line))) {
            (None, None) => {}
            (Some(part), None) => to = (part == Marker::Ours, part == Marker::Theirs),
            (state, Some(found)) => {
                to = (false, false);
                inside = match (state, found) {
                    (None, Marker::Ours) => Some(Marker::Ours),
                    (Some(Marker::Ours), Marker::Base) => Some(Marker::Base),
                    (Some(Marker::Ours | Marker::Base), Marker::Theirs) => Some(Marker::Theirs),
                    (Some(Marker::Theirs), Marker::End) => None,
                    _ => return Err(index + 1),
                };
            }
        }
        ours.extend_from_slice(if to.0 { line } else { b"\n" });
        theirs.extend_from_slice(if to.1 { line } else { b"\n" });
    }
    match inside {
        None => Ok((ours, theirs)),
        Some(_) => Err(lines(bytes).count()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_sides_apart_and_keeps_the_lines() {
        let text = b"a\n<<<<<<< HEAD\nb\n||||||| base\nc\n=======\nd\n>>>>>>> other\ne\n";
        let (ours, theirs) = sides(text).unwrap();
        assert_eq!(ours, b"a\n\nb\n\n\n\n\n\ne\n");
        assert_eq!(theirs, b"a\n\n\n\n\n\nd\n\ne\n");
        assert_eq!(first_marker(text), Some(2));
        assert_eq!(
            sides(b"<<<<<<<\r\nb\r\n=======\r\n>>>>>>>\r\n").unwrap().0,
            b"\nb\r\n\n\n"
        );
    }

    #[test]
    fn refuses_markers_in_no_order() {
        for text in [
            "=======\n",
            "<<<<<<< a\n",
            "<<<<<<< a\n<<<<<<< b\n=======\n>>>>>>> c\n",
            "<<<<<<< a\n>>>>>>> b\n",
            "<<<<<<< a\n=======\n=======\n>>>>>>> b\n",
        ] {
            assert!(sides(text.as_bytes()).is_err(), "{text}");
        }
        assert!(!has_markers(b"# <<<<<<< x\n========\n <<<<<<< x\n"));
    }
}
