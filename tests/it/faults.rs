//! Servers that fail in every way short of the truth: what can be got is got, the rest is said.

use crate::support::server::{Answer, Server};
use crate::support::{Site, Verdict, good};

const POOL: &str = "/pool/one_1.0_amd64.deb";

/// A served repository; `choose` says what happens to its files.
fn served(choose: impl Fn(&str, u32) -> Answer + Send + Sync + 'static) -> (Site, Server) {
    let site = Site::new();
    good().write(&site.path("repo"), &site.key, site.now);
    let server = Server::new(site.path("repo"), choose);
    site.manifest(&server.url, "");
    (site, server)
}

/// The first answers to the package's path; later ones are the file.
fn first(times: u32, answer: Answer) -> (Site, Server) {
    served(move |path, count| match path == POOL && count <= times {
        true => answer.clone(),
        false => Answer::File,
    })
}

fn status(line: &'static str, headers: &str) -> Answer {
    Answer::Status(line, headers.into(), b"no".to_vec())
}

#[test]
fn what_passes_is_waited_out() {
    let mut verdict = Verdict::default();
    let mut case = |name: &str, times: u32, answer: Answer| {
        let (site, server) = first(times, answer);
        let ran = site.run(&["build", "-o", "out"]);
        verdict.add(name, (ran.code != Some(0)).then(|| format!("{ran:?}")));
        let asked = server.asked(POOL);
        let again = asked != times + 1;
        verdict.add(name, again.then(|| format!("asked {asked} times")));
    };
    case("503", 1, status("503 Service Unavailable", ""));
    case(
        "503 for a second",
        1,
        status("503 Service Unavailable", "Retry-After: 1\r\n"),
    );
    case(
        "429",
        1,
        status("429 Too Many Requests", "Retry-After: 1\r\n"),
    );
    case("500", 1, status("500 Internal Server Error", ""));
    case("a reset", 1, Answer::Raw(Vec::new()));
    case(
        "a reset in the headers",
        1,
        Answer::Raw(b"HTTP/1.1 200 OK\r\nContent-Le".to_vec()),
    );
    case("a cut", 1, Answer::Cut(300));
    case("cuts", 2, Answer::Cut(300));
    case("a redirect", 0, Answer::File);
}

#[test]
fn a_redirect_is_followed() {
    let (site, server) = first(
        1,
        status("302 Found", "Location: /pool/../pool/one_1.0_amd64.deb\r\n"),
    );
    site.build("out");
    assert_eq!(server.asked(POOL), 2);
}

#[test]
fn what_stays_wrong_is_said_with_its_url() {
    let mut verdict = Verdict::default();
    let mut case = |name: &str, code: i32, words: &[&str], answer: Answer| {
        let (site, server) = first(u32::MAX, answer);
        site.run(&["lock"]).done();
        let ran = site.run(&["build", "-o", "out"]);
        let url = format!("{}{POOL}", server.url);
        let words = [words, &["one", &url]].concat();
        verdict.add(name, ran.fault(code, &words));
        let made = site.made();
        verdict.add(
            name,
            (made != ["rootfs.lock"]).then(|| format!("it left {made:?}")),
        );
    };
    case("404", 5, &["404"], status("404 Not Found", ""));
    case("410", 5, &["410"], status("410 Gone", ""));
    case("403", 5, &["403"], status("403 Forbidden", ""));
    case("401", 5, &["401"], status("401 Unauthorized", ""));
    case(
        "a redirect loop",
        5,
        &["redirects"],
        status("302 Found", &format!("Location: {POOL}\r\n")),
    );
    case(
        "a redirect to a file",
        5,
        &["redirects"],
        status("302 Found", "Location: file:///etc/passwd\r\n"),
    );
    case(
        "a login page",
        4,
        &[],
        Answer::Status("200 OK", String::new(), b"<html>".to_vec()),
    );
    case("an endless body", 4, &[], Answer::Endless);
    case(
        "a length that is a lie",
        4,
        &[],
        Answer::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nx".to_vec()),
    );
    case(
        "not http",
        5,
        &[],
        Answer::Raw(b"220 ftp.example.org\r\n".to_vec()),
    );
    case(
        "a wait of a day",
        5,
        &["503"],
        status("503 Service Unavailable", "Retry-After: 86400\r\n"),
    );
}

/// The same for what is read before anything is trusted.
#[test]
fn a_release_is_asked_for_as_patiently() {
    let mut verdict = Verdict::default();
    let mut case = |name: &str, code: i32, answer: Answer| {
        let (site, _server) = served(move |path, _| match path.ends_with("Release") {
            true => answer.clone(),
            false => Answer::File,
        });
        verdict.add(
            name,
            site.run(&["lock"]).fault(code, &["trixie", "Release"]),
        );
        let made = site.made();
        verdict.add(
            name,
            (!made.is_empty()).then(|| format!("it left {made:?}")),
        );
    };
    case("endless", 4, Answer::Endless);
    case(
        "a login page",
        4,
        Answer::Status("200 OK", String::new(), b"<html>".to_vec()),
    );
    case("403", 5, status("403 Forbidden", ""));
    case(
        "a redirect to a file",
        5,
        status("302 Found", "Location: file:///etc/passwd\r\n"),
    );
    case("an empty answer", 5, Answer::Raw(Vec::new()));
}

/// Wrong bytes from a mirror are as good as none.
#[test]
fn the_next_source_is_asked_after_wrong_bytes() {
    let (site, server) = served(|_, _| Answer::File);
    site.run(&["lock"]).done();
    let mirror = Server::new(site.path("repo"), |path, _| match path.ends_with(".deb") {
        true => Answer::Status("200 OK", String::new(), b"evil".to_vec()),
        false => Answer::File,
    });
    let given = format!("{}={}", server.url, mirror.url);
    site.run(&["build", "-o", "out", "--mirror", &given]).done();
    assert!(mirror.asked(POOL) > 0 && server.asked(POOL) == 1);
}

/// What was cut short is gone on with, by the next process too.
#[test]
fn a_download_is_resumed() {
    let (site, server) = first(4, Answer::Cut(300));
    site.run(&["lock"]).done();
    let mut runs = 0;
    while site.run(&["fetch"]).code != Some(0) {
        runs += 1;
        assert!(runs < 4, "it never comes");
    }
    assert!(server.asked(POOL) <= 6);
    site.build("out");
}
