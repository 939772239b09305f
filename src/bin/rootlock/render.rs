//! Text for people and objects for programs: errors, warnings, colour, tables, sizes.

use std::borrow::Cow;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use clap::error::{ContextKind, ErrorKind};
use serde_json::{Value, json};

use crate::args::{ColorWhen, Early};
use crate::failure::Failure;

/// Whether text is coloured. Nothing is said by colour alone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style(bool);

impl Style {
    /// For a stream that is a terminal or not.
    pub(crate) fn of(when: ColorWhen, terminal: bool) -> Self {
        Self(match when {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto => terminal && !crate::world::no_color(),
        })
    }

    fn paint(self, codes: &str, text: &str) -> String {
        if self.0 {
            format!("\x1b[{codes}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    /// Errors, and what is gone.
    pub(crate) fn red(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    /// Success, and what is new.
    pub(crate) fn green(self, text: &str) -> String {
        self.paint("1;32", text)
    }

    /// Warnings, and what changed.
    pub(crate) fn yellow(self, text: &str) -> String {
        self.paint("1;33", text)
    }

    /// Advice.
    pub(crate) fn cyan(self, text: &str) -> String {
        self.paint("1;36", text)
    }

    /// What matters less.
    pub(crate) fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }
}

/// `text` without what a terminal would obey: a message may quote a stranger's bytes.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    let obeyed = |c: char| c.is_control() && c != '\n';
    if !text.contains(obeyed) {
        return Cow::Borrowed(text);
    }
    let escaped = text.chars().map(|c| match c {
        '\t' => " ".to_owned(),
        c if obeyed(c) => c.escape_default().to_string(),
        c => c.to_string(),
    });
    Cow::Owned(escaped.collect())
}

/// `label: text`, with the lines after the first under the text.
fn labelled(label: &str, painted: &str, text: &str) -> String {
    let indent = format!("\n{}", " ".repeat(label.len() + 2));
    format!("{painted}: {}", plain(text).replace('\n', &indent))
}

/// A warning as it is shown.
pub(crate) fn warning(style: Style, message: &str) -> String {
    labelled("warning", &style.yellow("warning"), message)
}

/// A note as it is shown.
pub(crate) fn note(style: Style, message: &str) -> String {
    labelled("note", &style.dim("note"), message)
}

/// A failure as it is shown.
fn failure_text(failure: &Failure, style: Style) -> String {
    let mut out = labelled("error", &style.red("error"), &failure.message);
    for cause in &failure.causes {
        out.push_str("\n  ");
        out.push_str(&labelled("  caused by", "caused by", cause));
    }
    if let Some(hint) = &failure.hint {
        out.push('\n');
        out.push_str(&labelled("hint", &style.cyan("hint"), hint));
    }
    out
}

/// The object that `--json` prints of a failure.
fn failure_json(failure: &Failure) -> Value {
    json!({"error": {
        "code": failure.code,
        "message": failure.message,
        "causes": failure.causes,
        "hint": failure.hint,
    }})
}

/// Shows a failure: to people on stderr, and with `--json` to programs on stdout.
pub(crate) fn failure(failure: &Failure, early: &Early) {
    if early.json {
        // What cannot be said on a closed stdout is still said on stderr.
        let _ = writeln!(io::stdout(), "{}", failure_json(failure));
    }
    to_stderr(&failure_text(failure, early.style()));
}

/// Writes a line to stderr. Where even that is closed there is no one left to tell.
pub(crate) fn to_stderr(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Shows what clap says of the command line, which may be the help that was asked for.
pub(crate) fn clap(error: &clap::Error, early: &Early) -> ExitCode {
    let asked = matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    );
    let rendered = error.render();
    if asked {
        let style = Style::of(early.color, std::io::IsTerminal::is_terminal(&io::stdout()));
        let text = match style {
            Style(true) => rendered.ansi().to_string(),
            Style(false) => rendered.to_string(),
        };
        // A reader who closed the pipe has seen enough of the help.
        let _ = io::stdout().write_all(text.as_bytes());
        return ExitCode::SUCCESS;
    }
    if early.json {
        let _ = writeln!(io::stdout(), "{}", failure_json(&usage(error)));
    }
    let text = match early.style() {
        Style(true) => rendered.ansi().to_string(),
        Style(false) => rendered.to_string(),
    };
    to_stderr(text.trim_end());
    ExitCode::from(2)
}

/// A usage error in the shape of the others.
fn usage(error: &clap::Error) -> Failure {
    let text = error.render().to_string();
    let mut paragraphs = text.split("\n\n");
    let first = paragraphs.next().unwrap_or_default();
    let message = first.strip_prefix("error: ").unwrap_or(first).trim();
    let message = match error.kind() {
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => "a command is needed".to_owned(),
        _ => message.split_whitespace().collect::<Vec<_>>().join(" "),
    };
    let nearest = [
        ContextKind::SuggestedSubcommand,
        ContextKind::SuggestedArg,
        ContextKind::SuggestedValue,
    ];
    let hint = nearest
        .into_iter()
        .find_map(|kind| error.get(kind))
        .map_or_else(
            || {
                "`rootlock --help` shows the commands, `rootlock COMMAND --help` the options of one"
                    .to_owned()
            },
            |nearest| format!("did you mean `{nearest}`?"),
        );
    Failure::usage(message).hint(hint)
}

/// A path as the user would write it: no `./` before what lies in the current directory.
pub(crate) fn path(path: &Path) -> String {
    let short = path.strip_prefix(".").unwrap_or(path);
    let whole = if short.as_os_str().is_empty() {
        path
    } else {
        short
    };
    plain(&whole.to_string_lossy()).into_owned()
}

/// `text` with every SHA-256 as container tools shorten it: enough to compare with the eye.
pub(crate) fn short_digests(text: &str) -> Cow<'_, str> {
    const PREFIX: &str = "sha256:";
    const DIGITS: usize = 12;
    if !text.contains(PREFIX) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(PREFIX) {
        let (before, after) = rest.split_at(at + PREFIX.len());
        out.push_str(before);
        let digits = after.bytes().take_while(u8::is_ascii_hexdigit).count();
        let shown = if digits == 64 { DIGITS } else { digits };
        out.push_str(&after[..shown]);
        rest = &after[digits..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// A size for people: decimal units, as apt and registries show them.
pub(crate) fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if count < 1000 {
        return format!("{count} B");
    }
    let mut value = count as f64 / 1000.0;
    let mut unit = 0;
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// `1 package`, `2 packages`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}

/// Rows with their columns aligned to the left and two spaces between them.
pub(crate) fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut out = String::new();
    for row in rows {
        let cells = row.iter().zip(widths);
        let line: Vec<_> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        out.push_str(line.join("  ").trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFF: Style = Style(false);

    #[test]
    fn a_failure_says_what_why_and_what_to_do() {
        let mut failure = Failure::usage("the manifest `rootfs.yaml` is not valid").hint("mend it");
        failure.causes = vec!["line 3: unknown key\nnear `x`".into(), "why".into()];
        assert_eq!(
            failure_text(&failure, OFF),
            "error: the manifest `rootfs.yaml` is not valid\n\
             \x20 caused by: line 3: unknown key\n\
             \x20            near `x`\n\
             \x20 caused by: why\n\
             hint: mend it"
        );
        assert_eq!(
            failure_json(&failure).to_string(),
            r#"{"error":{"code":2,"message":"the manifest `rootfs.yaml` is not valid","causes":["line 3: unknown key\nnear `x`","why"],"hint":"mend it"}}"#
        );
    }

    #[test]
    fn a_stranger_cannot_move_the_cursor() {
        assert_eq!(
            plain("a\x1b[2Jb\r\u{9b}1m\tc\nd"),
            "a\\u{1b}[2Jb\\r\\u{9b}1m c\nd"
        );
        assert!(matches!(plain("quite plain"), Cow::Borrowed(_)));
    }

    #[test]
    fn whole_digests_are_shortened_and_nothing_else() {
        let digest = format!("sha256:{}", "ab".repeat(32));
        let text = format!("{digest} (3 bytes), sha256:abc, {digest}");
        assert_eq!(
            short_digests(&text),
            "sha256:abababababab (3 bytes), sha256:abc, sha256:abababababab"
        );
        assert!(matches!(short_digests("md5"), Cow::Borrowed(_)));
    }

    #[test]
    fn sizes_are_short() {
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(1000), "1.0 kB");
        assert_eq!(bytes(999_960), "1.0 MB");
        assert_eq!(bytes(1_498_756), "1.5 MB");
        assert_eq!(bytes(u64::MAX), "18446.7 PB");
    }

    #[test]
    fn columns_are_aligned_and_lines_end_without_spaces() {
        let rows = [["a".into(), "1".into()], ["bcd".into(), String::new()]];
        assert_eq!(table(&rows), "a    1\nbcd\n");
    }
}
