//! Alpine's own packages, as they lie beside the project: the image works, and apk in it is content.

use std::process::{Command, Output};

use crate::conformance::shared;
use crate::yard::Yard;

fn root() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        eprintln!("skipped: only root may enter a root directory");
    }
    root
}

fn inside(yard: &Yard, words: &[&str]) -> Output {
    let mut command = Command::new("chroot");
    command.arg(yard.path("p/root")).args(words).env_clear();
    command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    command.output().unwrap()
}

#[track_caller]
fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{output:?}");
    text(&output.stdout) + &text(&output.stderr)
}

#[test]
fn an_image_of_alpine_works_and_apk_in_it_is_content() {
    let Some(repo) = shared().map(|shared| shared.join("alpine/3.19")) else {
        return;
    };
    if !repo.is_dir() {
        eprintln!("skipped: there is no {}", repo.display());
        return;
    }
    let yard = Yard::new();
    // A directory in the image, so that apk in it has the repository too.
    yard.manifest(
        "[amd64]",
        "  - {url: \"https://dl.example.org/alpine/v3.19/main\"}",
        "  - {name: base, packages: [alpine-baselayout, busybox, apk-tools]}\n  \
         - {name: ssh, packages: [openssh-client-default, alpine-keys]}\n  \
         - {name: web, packages: [wget]}",
    );
    let mirror = format!(
        "https://dl.example.org/alpine/v3.19/main=file://{}",
        repo.display()
    );
    yard.run(&["lock", "--offline", "--mirror", &mirror]).done();
    let layers: Vec<String> = yard.layers("out").into_iter().map(|at| at.0).collect();
    assert_eq!(layers, ["base", "ssh", "web", "system"]);
    let locked = yard.locked("amd64");
    if !root() {
        return;
    }
    yard.run(&["build", "--offline", "--format", "dir", "-o", "root"])
        .done();
    let null = yard.path("p/root/dev/null");
    fs_err::create_dir_all(null.parent().unwrap()).unwrap();
    let made = Command::new("mknod")
        .arg(&null)
        .args(["c", "1", "3"])
        .status();
    if !made.unwrap().success() {
        eprintln!("skipped: devices may not be made here");
        return;
    }
    let busybox = said(&inside(&yard, &["/bin/busybox", "--help"]));
    assert!(busybox.contains("BusyBox v1.36.1"), "{busybox}");
    let ssh = said(&inside(&yard, &["/usr/bin/ssh", "-V"]));
    assert!(ssh.contains("OpenSSH_9.6p1"), "{ssh}");
    let info = said(&inside(&yard, &["/sbin/apk", "info", "-v"]));
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let mut expected: Vec<String> = locked
        .iter()
        .map(|(name, package)| format!("{name}-{}", text(&package["version"])))
        .collect();
    expected.sort();
    let mut found: Vec<&str> = info
        .lines()
        .filter(|line| !line.contains("WARNING"))
        .collect();
    found.sort_unstable();
    assert_eq!(found, expected);
    let audit = inside(&yard, &["/sbin/apk", "audit", "--system"]);
    assert_eq!(String::from_utf8_lossy(&audit.stdout), "", "{audit:?}");

    // apk resolves, checks with the keys in the image, and adds one package more.
    crate::yard::copy(&repo, &yard.path("p/root/srv/repo"));
    yard.file("p/root/etc/apk/repositories", b"/srv/repo\n");
    let add = said(&inside(
        &yard,
        &["/sbin/apk", "add", "--no-network", "libcap2"],
    ));
    assert!(add.contains("Installing libcap2"), "{add}");
    assert!(
        !add.contains("UNTRUSTED") && !add.contains("ERROR"),
        "{add}"
    );
    let info = said(&inside(&yard, &["/sbin/apk", "info", "-e", "libcap2"]));
    assert!(info.contains("libcap2"), "{info}");
    assert!(yard.path("p/root/usr/lib/libcap.so.2").exists());
    let world = yard.text("p/root/etc/apk/world");
    assert!(world.lines().any(|line| line == "libcap2"), "{world}");
}
