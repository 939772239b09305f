//! `busybox --install -s`: a link for each applet, where nothing else has its place.
//!
//! Alpine ships the list of their paths in `/etc/busybox-paths.d` since 3.17. Before that it is only
//! in the program: names, each ending in NUL, behind the places that they are installed in, four
//! bits each (busybox's applet_tables). `bbsuid`, which carries those that need rights, holds its
//! links' paths one behind the other.

use crate::distro::configure::draft::Draft;

/// More than busybox has by a factor of ten.
const MAX_APPLETS: usize = 4096;

/// The first names of every busybox, in the order of its table.
const FIRST: &[u8] = b"[\0[[\0";

/// What busybox calls the directories.
const DIRECTORIES: [&str; 5] = ["/", "/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/"];

/// Makes the links of all programs that the image has, those with rights first.
pub(super) fn install(draft: &mut Draft<'_>) {
    if let Some(bytes) = draft.read("/bin/bbsuid") {
        link(draft, &privileged(&bytes), "/bin/bbsuid");
    }
    for program in ["busybox-extras", "busybox"] {
        let path = format!("/bin/{program}");
        let list = draft.text(&format!("/etc/busybox-paths.d/{program}"));
        let applets = match list {
            Some(list) => listed(&list),
            None => match draft.read(&path) {
                Some(bytes) => contained(&bytes).unwrap_or_default(),
                None => continue,
            },
        };
        link(draft, &applets, &path);
    }
}

fn link(draft: &mut Draft<'_>, applets: &[String], program: &str) {
    for applet in applets {
        if draft.node(applet).is_none() {
            draft.put_link(applet, program);
        }
    }
}

/// The paths of a list, one to a line, without a leading slash.
fn listed(list: &str) -> Vec<String> {
    let lines = list.lines().filter(|line| !line.is_empty());
    lines
        .take(MAX_APPLETS)
        .map(|line| format!("/{}", line.trim_start_matches('/')))
        .collect()
}

/// The paths that the table in a program makes; `None` where there is none that holds together.
fn contained(program: &[u8]) -> Option<Vec<String>> {
    let start = memchr::memmem::find(program, FIRST)?;
    let names = strings(program.get(start..)?, |name| {
        name.bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'/')
    });
    let places = program.get(start.checked_sub(names.len().div_ceil(2))?..start)?;
    let mut out = Vec::with_capacity(names.len());
    for (at, name) in names.iter().enumerate() {
        let place = places.get(at / 2)? >> (4 * (at % 2)) & 0xf;
        let directory = DIRECTORIES.get(usize::from(place))?;
        out.push(format!("{directory}{name}"));
    }
    // `[` is a program of users: another table stands before the names otherwise.
    (out.first()? == "/usr/bin/[").then_some(out)
}

/// The links of bbsuid.
fn privileged(program: &[u8]) -> Vec<String> {
    let Some(start) = memchr::memmem::find(program, b"/bin/mount\0") else {
        return Vec::new();
    };
    let rest = program.get(start..).unwrap_or_default();
    strings(rest, |path| {
        path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic())
    })
}

/// Texts that end in NUL, one behind the other, as long as they fit.
fn strings(bytes: &[u8], fits: impl Fn(&str) -> bool) -> Vec<String> {
    bytes
        .split(|&byte| byte == 0)
        .map_while(|text| std::str::from_utf8(text).ok())
        .take_while(|text| !text.is_empty() && text.len() < 64 && fits(text))
        .take(MAX_APPLETS)
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_a_program_without_a_list() {
        // Three names: `[` and `[[` in /usr/bin, `ls` in /bin.
        let program = b"\x7fELF....\x33\x01[\0[[\0ls\0\0rest";
        let found = contained(program).unwrap();
        assert_eq!(found, ["/usr/bin/[", "/usr/bin/[[", "/bin/ls"]);
        // Places that are none, or another table before the names.
        assert_eq!(contained(b"\x7fELF....\xf3\x01[\0[[\0ls\0\0"), None);
        assert_eq!(contained(b"\x7fELF....\x11\x01[\0[[\0ls\0\0"), None);
        assert_eq!(contained(b"[\0[[\0ls\0\0"), None);
        assert_eq!(contained(b"nothing"), None);
    }

    #[test]
    fn links_with_rights_end_where_something_else_begins() {
        let program = b"text\0/bin/mount\0/usr/bin/passwd\0\0/not/one\0";
        assert_eq!(privileged(program), ["/bin/mount", "/usr/bin/passwd"]);
        assert!(privileged(b"\x7fELF").is_empty());
    }
}
