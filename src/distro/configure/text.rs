//! Text that statements write into files.

use super::draft::Draft;
use super::files::absolute;
use super::shell::Command;

/// The mode of a file that a redirection makes, under umask 022.
const FILE: u16 = 0o644;

/// `echo`, `printf` and `cat <<EOF` into a file.
pub(super) fn print(
    draft: &mut Draft<'_>,
    words: &[&str],
    command: &Command<'_>,
    path: &str,
    append: bool,
) -> Option<bool> {
    if !absolute(path) {
        return None;
    }
    let mut text = match (words, &command.input) {
        (["cat"], Some(document)) => document.clone(),
        ([":" | "true"], None) => String::new(),
        // What a backslash means to echo depends on the shell.
        (["echo", rest @ ..], None) if !rest.iter().any(|word| word.contains('\\')) => {
            match rest.split_first() {
                Some((&"-n", rest)) => rest.join(" "),
                Some((first, _)) if first.starts_with('-') => return None,
                _ => format!("{}\n", rest.join(" ")),
            }
        }
        (["printf", format], None) if !format.contains('%') => unescape(format)?,
        _ => return None,
    };
    if append && draft.exists(path) {
        text = draft.text(path)? + &text;
    }
    Some(draft.write(path, text.into_bytes(), FILE))
}

/// The escapes of printf(1) that text needs.
pub(in crate::distro) fn unescape(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.push(match chars.next()? {
                'n' => '\n',
                't' => '\t',
                '\\' => '\\',
                '"' => '"',
                _ => return None,
            }),
            c => out.push(c),
        }
    }
    Some(out)
}
