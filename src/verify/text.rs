//! Two contents in, what differs between them as text out, for people.

use similar::TextDiff;

use super::escaped;

/// Longer contents are not shown line by line.
const MAX_BYTES: usize = 1 << 20;
/// Lines of both, without those in common at the start and at the end. Where nothing fits the time
/// goes with the square of this: less than a second, so that a stranger's file holds up nothing.
const MAX_LINES: usize = 12_000;
/// Lines around a change that are shown with it.
const CONTEXT: usize = 3;

/// What differs, as a unified diff without file names; `None` where nothing does. Contents that are
/// no text, or too long, get one line that says where they begin to differ. Control characters are
/// escaped: a stranger's file does not get to speak to a terminal.
pub fn text_diff(expected: &[u8], found: &[u8]) -> Option<String> {
    if expected == found {
        return None;
    }
    let at = expected
        .iter()
        .zip(found)
        .take_while(|(a, b)| a == b)
        .count();
    let note = |what: &str| {
        let (was, is) = (expected.len(), found.len());
        Some(format!(
            "{what} of {was} and {is} bytes, different from byte {at} on\n"
        ))
    };
    let (Some(old), Some(new)) = (text(expected), text(found)) else {
        return note("binary contents");
    };
    if expected.len().max(found.len()) > MAX_BYTES {
        return note("long texts");
    }
    let old: Vec<&str> = old.split_inclusive('\n').collect();
    let new: Vec<&str> = new.split_inclusive('\n').collect();
    let same = |(a, b): &(&&str, &&str)| a == b;
    let start = old.iter().zip(&new).take_while(same).count();
    let (rest_old, rest_new) = (old.get(start..)?, new.get(start..)?);
    let end = rest_old
        .iter()
        .rev()
        .zip(rest_new.iter().rev())
        .take_while(same)
        .count();
    if rest_old.len() + rest_new.len() - 2 * end > MAX_LINES {
        return note("very different texts");
    }
    Some(unified(&old, &new))
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes)
        .ok()
        .filter(|text| !text.contains('\0'))
}

fn unified(old: &[&str], new: &[&str]) -> String {
    let diff = TextDiff::configure()
        .newline_terminated(true)
        .diff_slices(old, new);
    escaped(&diff.unified_diff().context_radius(CONTEXT).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_shown_line_by_line() {
        let old = "a\nb\nc\nd\ne\nf\n";
        let new = "a\nb\nc\nd\nE\nf\ng";
        let shown = text_diff(old.as_bytes(), new.as_bytes()).unwrap();
        assert_eq!(
            shown,
            "@@ -2,5 +2,6 @@\n b\n c\n d\n-e\n+E\n f\n+g\n\\ No newline at end of file\n"
        );
        assert_eq!(text_diff(b"", b""), None);
        assert_eq!(text_diff(b"", b"x\n").unwrap(), "@@ -0,0 +1 @@\n+x\n");
    }

    #[test]
    fn a_line_end_alone_differs() {
        let shown = text_diff(b"a\n", b"a").unwrap();
        assert_eq!(shown, "@@ -1 +1 @@\n-a\n+a\n\\ No newline at end of file\n");
    }

    #[test]
    fn what_is_no_text_gets_one_line() {
        let note = "binary contents of 4 and 3 bytes, different from byte 2 on\n";
        assert_eq!(
            text_diff(b"ab\0d", b"ab\0").unwrap(),
            note.replace("byte 2", "byte 3")
        );
        assert_eq!(text_diff(b"ab\xffd", b"abd").unwrap(), note);
        let long = vec![b'x'; MAX_BYTES + 1];
        assert!(
            text_diff(&long, b"x")
                .unwrap()
                .starts_with("long texts of 1048577 and 1 bytes")
        );
    }

    #[test]
    fn what_has_too_little_in_common_gets_one_line() {
        let lines = |from: usize, count: usize| -> String {
            (from..from + count)
                .map(|line| format!("{line}\n"))
                .collect()
        };
        let old = lines(0, MAX_LINES);
        let note = text_diff(old.as_bytes(), b"x\n").unwrap();
        assert!(note.starts_with("very different texts of "), "{note}");
        // Common lines at the ends do not count.
        let new = format!("{old}more\n");
        let shown = text_diff(old.as_bytes(), new.as_bytes()).unwrap();
        assert!(shown.ends_with("\n+more\n"), "{shown}");
        let new = format!("more\n{old}");
        let shown = text_diff(old.as_bytes(), new.as_bytes()).unwrap();
        assert!(shown.starts_with("@@ -1,3 +1,4 @@\n+more\n"), "{shown}");
    }

    #[test]
    fn control_characters_are_escaped() {
        let shown = text_diff(b"a\n", b"a\x1b[31m\tb\r\n").unwrap();
        assert_eq!(shown, "@@ -1 +1 @@\n-a\n+a\\u{1b}[31m\tb\\r\n");
    }
}
