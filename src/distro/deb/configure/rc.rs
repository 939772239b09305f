//! What `update-rc.d NAME defaults` leaves behind in a root where it never ran before.
//!
//! Init scripts in, links in /etc/rc?.d out (update-rc.d(8), init-system-helpers 1.65 and 1.69;
//! the runlevels come from the header of the script, init-d-script(5), "Default-Start"). All links
//! have the number 01: without insserv nobody computes an order. Where insserv or OpenRC is
//! installed other programs make the links, and nothing is made here: see [`is_plain`].

use std::collections::BTreeMap;

/// Bytes of an init script; the largest in Debian has thirty thousand.
const MAX_SCRIPT: usize = 1 << 20;
/// Runlevels of one header; there are eight.
const MAX_LEVELS: usize = 64;

/// Whether update-rc.d makes the links itself: no insserv with its configuration, no OpenRC.
pub(in crate::distro::deb::configure) fn is_plain(read: &dyn Fn(&str) -> Option<Vec<u8>>) -> bool {
    let has = |path: &str| read(path).is_some();
    let insserv = has("/sbin/insserv") || has("/usr/lib/insserv/insserv");
    !(has("/sbin/openrc") || insserv && has("/etc/insserv.conf"))
}

/// The links of all calls, in their order: the script's name, and `false` for
/// `defaults-disabled`. A name that has links already keeps them; one without a script is refused
/// by the program and has none. Nothing where the root [is not plain](is_plain).
pub(in crate::distro::deb::configure) fn links(
    calls: &[(String, bool)],
    read: &dyn Fn(&str) -> Option<Vec<u8>>,
) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    if !is_plain(read) {
        return out;
    }
    for (name, enabled) in calls {
        if !is_name(name) || levels().any(|level| has_link(&out, level, name)) {
            continue;
        }
        let Some(script) = read(&format!("/etc/init.d/{name}")) else {
            continue;
        };
        let header = Header::read(&script);
        let start = if *enabled { 'S' } else { 'K' };
        let start = header.start.iter().map(|level| (level, start));
        let stop = header.stop.iter().map(|level| (level, 'K'));
        for (level, kind) in start.chain(stop) {
            let link = format!("/etc/rc{level}.d/{kind}01{name}");
            out.insert(link, format!("../init.d/{name}"));
        }
    }
    out
}

/// The runlevels whose links the program looks for: a single character.
fn levels() -> impl Iterator<Item = char> {
    ('0'..='9').chain('A'..='Z').chain('a'..='z')
}

fn has_link(links: &BTreeMap<String, String>, level: char, name: &str) -> bool {
    ['S', 'K']
        .iter()
        .any(|kind| links.contains_key(&format!("/etc/rc{level}.d/{kind}01{name}")))
}

fn is_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._+-".contains(c);
    !name.is_empty() && !name.starts_with(['.', '-']) && name.chars().all(fits)
}

/// The runlevels of a script.
#[derive(Debug, Default, PartialEq, Eq)]
struct Header {
    start: Vec<String>,
    stop: Vec<String>,
}

impl Header {
    fn read(script: &[u8]) -> Self {
        let mut header = Self::default();
        let mut inside = false;
        let script = script.get(..MAX_SCRIPT).unwrap_or(script);
        for line in script.split(|&byte| byte == b'\n') {
            let Ok(line) = std::str::from_utf8(line) else {
                continue;
            };
            match line.trim_ascii_end() {
                "### BEGIN INIT INFO" => inside = true,
                "### END INIT INFO" => break,
                line if inside => {
                    // The last of several lines counts.
                    if let Some(levels) = line.strip_prefix("# Default-Start:") {
                        header.start = words(levels);
                    } else if let Some(levels) = line.strip_prefix("# Default-Stop:") {
                        header.stop = words(levels);
                    }
                }
                _ => {}
            }
        }
        header
    }
}

/// The runlevels of a line; what is no runlevel could be any path.
fn words(line: &str) -> Vec<String> {
    line.split_ascii_whitespace()
        .filter(|word| word.chars().all(|c| c.is_ascii_alphanumeric()))
        .take(MAX_LEVELS)
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "#!/bin/sh\n# Default-Start: 9\n### BEGIN INIT INFO\n\
        # Default-Start: 2 3\n# Default-Stop:\t0\n### END INIT INFO\n# Default-Stop: 6\n";

    fn read(path: &str) -> Option<Vec<u8>> {
        (path == "/etc/init.d/x").then(|| SCRIPT.as_bytes().to_vec())
    }

    fn made(calls: &[(&str, bool)]) -> Vec<String> {
        let calls: Vec<_> = calls.iter().map(|(n, e)| ((*n).to_owned(), *e)).collect();
        links(&calls, &read).into_keys().collect()
    }

    #[test]
    fn the_header_names_the_runlevels() {
        let all = ["/etc/rc0.d/K01x", "/etc/rc2.d/S01x", "/etc/rc3.d/S01x"];
        assert_eq!(made(&[("x", true)]), all);
        assert_eq!(made(&[("x", true), ("x", false)]), all);
        let links = links(&[("x".to_owned(), true)], &read);
        assert_eq!(links["/etc/rc0.d/K01x"], "../init.d/x");
    }

    #[test]
    fn a_disabled_script_has_only_stopping_links() {
        let all = ["/etc/rc0.d/K01x", "/etc/rc2.d/K01x", "/etc/rc3.d/K01x"];
        assert_eq!(made(&[("x", false), ("x", true)]), all);
    }

    #[test]
    fn nothing_is_made_without_a_script_or_beside_insserv() {
        assert!(made(&[("none", true), ("../init.d/x", true)]).is_empty());
        let insserv = |path: &str| match path {
            "/usr/lib/insserv/insserv" | "/etc/insserv.conf" => Some(Vec::new()),
            path => read(path),
        };
        assert!(!is_plain(&insserv) && is_plain(&read));
        assert!(links(&[("x".to_owned(), true)], &insserv).is_empty());
    }
}
