//! A user's way through the commands, on a repository that the test makes, signs and keeps on disk.

use std::io::Write as _;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::place::{FIRST, Place};

fn change(name: &str, version: &str, group: &str, change: &str) -> Value {
    json!({"name": name, "version": version, "arch": "all", "group": group, "change": change, "from": null})
}

#[test]
fn lock_says_what_moves_and_why() {
    let place = Place::new();
    place.offer(7200, FIRST);
    let expected = json!({"packages": {"amd64": [
        change("base-files", "13", "base", "added"),
        change("libtool", "1.0", "app", "added"),
        change("tool", "1.0", "app", "added"),
    ]}});
    assert_eq!(place.json(&["lock", "--dry-run"]), (0, expected));
    assert!(!place.path("rootfs.lock").exists());
    assert_eq!(place.run(&["lock", "--check"]).status.code(), Some(1));

    assert_eq!(place.done(&["lock"]), "Locked 3 packages for amd64\n");
    assert_eq!(
        place.done(&["lock"]),
        "Unchanged: rootfs.lock has 3 packages for amd64\n"
    );
    assert_eq!(
        place.done(&["lock", "--check"]),
        "rootfs.lock fits rootfs.yaml\n"
    );
    let locked = place.read("rootfs.lock");

    place.offer(
        3600,
        &[
            ("base-files", "13", ""),
            ("tool", "1.1", "libtool"),
            ("libtool", "1.0", ""),
            ("other", "2.0", ""),
        ],
    );
    assert_eq!(
        place.done(&["lock"]),
        "Unchanged: rootfs.lock has 3 packages for amd64\n"
    );
    assert_eq!(place.read("rootfs.lock"), locked);
    let (code, nothing) = place.json(&["lock", "--update", "nosuch"]);
    assert_eq!((code, &nothing["error"]["code"]), (2, &json!(2)));
    let message = nothing["error"]["message"].as_str().unwrap();
    assert!(message.contains("`nosuch`"), "{message}");
    let (code, moved) = place.json(&["lock", "--update", "tool", "--dry-run"]);
    let tool = &moved["packages"]["amd64"][2];
    assert_eq!(
        (code, &tool["change"], &tool["from"]),
        (0, &json!("upgraded"), &json!("1.0"))
    );
    let text = place.done(&["lock", "--update", "tool"]);
    assert!(
        text.starts_with("Locked 3 packages for amd64 (1 upgraded)\n  ~ tool 1.0 -> 1.1 ("),
        "{text}"
    );

    let (_, list) = place.json(&["list"]);
    let tool = &list["packages"]["amd64"][2];
    assert_eq!(
        (&tool["version"], &tool["requested"]),
        (&json!("1.1"), &json!(true))
    );
    assert_eq!(tool["depends"], json!(["libtool"]));
    assert_eq!(tool["sha256"].as_str().map(str::len), Some(64));
    assert_eq!(
        place.done(&["list"]),
        "PACKAGE     VERSION  ARCH  GROUP\n\
         base-files  13       all   base\n\
         libtool     1.0      all   app\n\
         tool        1.1      all   app\n"
    );
    assert_eq!(place.litter(), Vec::<PathBuf>::new());
}

#[test]
fn add_and_remove_edit_the_manifest_and_lock_it() {
    let place = Place::new();
    place.offer(3600, FIRST);
    let before = place.read("rootfs.yaml");
    place.done(&["lock"]);
    let text = place.done(&["add", "other"]);
    assert_eq!(
        text,
        "Locked 4 packages for amd64 (1 added)\n  + other 2.0 (requested in group app)\n"
    );
    assert!(
        place
            .read("rootfs.yaml")
            .contains("- tool # kept too\n      - other\n")
    );
    assert_eq!(place.run(&["lock", "--check"]).status.code(), Some(0));
    place.done(&["remove", "other"]);
    assert_eq!(place.read("rootfs.yaml"), before);

    let (code, refused) = place.json(&["add", "toool"]);
    assert_eq!((code, &refused["error"]["code"]), (3, &json!(3)));
    let error = &refused["error"];
    let said = format!("{} {}", error["message"], error["hint"]);
    assert!(
        said.contains("a package toool") && said.contains("did you mean tool?"),
        "{said}"
    );
    assert_eq!(place.read("rootfs.yaml"), before);
}

#[test]
fn init_starts_a_project_and_never_overwrites_one() {
    let place = Place::new();
    fs_err::create_dir(place.path("new")).unwrap();
    let text = place.done(&["init", "--release", "trixie", "bash", "--manifest", "new"]);
    assert_eq!(text, "Wrote new/rootfs.yaml\n");
    let written = place.read("new/rootfs.yaml");
    assert!(
        written.contains("- bash\n") && written.contains("release: trixie\n"),
        "{written}"
    );
    assert_eq!(
        place.run(&["init", "--manifest", "new"]).status.code(),
        Some(2)
    );
    assert_eq!(place.read("new/rootfs.yaml"), written);
}

#[test]
fn build_reports_what_it_made_and_makes_it_again() {
    let place = Place::new();
    place.offer(3600, FIRST);
    let (code, first) = place.json(&["build", "-o", "out/first"]);
    assert_eq!(
        (code, &first["format"], &first["tag"]),
        (0, &json!("oci"), &json!("test:latest"))
    );
    let image = &first["images"][0];
    let layers: Vec<_> = image["layers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|layer| &layer["group"])
        .collect();
    assert_eq!(layers, ["base", "app", "system"]);
    for key in ["manifest", "config", "tree"] {
        assert!(image[key].as_str().unwrap().starts_with("sha256:"), "{key}");
    }
    let (_, second) = place.json(&["build", "-o", "second", "--store", "another", "--jobs", "1"]);
    assert_eq!(second["images"], first["images"]);

    let tar = place.run(&["build", "-o", "-", "--format", "tar"]);
    assert_eq!(tar.status.code(), Some(0), "{tar:?}");
    assert_eq!(tar.stdout.len() % 512, 0);
    let report = String::from_utf8(tar.stderr).unwrap();
    assert!(report.contains("Built a tar to stdout\n"), "{report}");
    place.done(&["build", "-o", "image.tar", "--format", "tar", "-q"]);
    assert_eq!(fs_err::read(place.path("image.tar")).unwrap(), tar.stdout);
}

#[test]
fn each_kind_of_failure_has_its_code_and_leaves_nothing() {
    let place = Place::new();
    place.offer(3600, FIRST);
    let code = |words: &[&str]| {
        let (code, object) = place.json(words);
        assert_eq!(object["error"]["code"], code, "{object}");
        code
    };
    assert_eq!(code(&["build", "-o", "out", "--locked"]), 2);
    assert_eq!(code(&["list"]), 2);
    assert_eq!(code(&["fetch", "elsewhere"]), 2);
    place.done(&["lock"]);

    let manifest = place.read("rootfs.yaml");
    place.write(
        "rootfs.yaml",
        manifest.replace("- tool", "- other").as_bytes(),
    );
    assert_eq!(code(&["build", "-o", "out"]), 2);
    let stale = place.run(&["build", "-o", "out"]);
    assert!(
        String::from_utf8_lossy(&stale.stderr).contains("rootlock lock"),
        "{stale:?}"
    );
    place.write("rootfs.yaml", manifest.as_bytes());

    let deb = place.path("repo/pool/tool_1.0_all.deb");
    let bytes = fs_err::read(&deb).unwrap();
    fs_err::write(&deb, [&bytes[..bytes.len() - 1], b"\0"].concat()).unwrap();
    assert_eq!(code(&["build", "-o", "out"]), 4);
    fs_err::remove_file(&deb).unwrap();
    assert_eq!(code(&["build", "-o", "out"]), 5);
    fs_err::write(&deb, bytes).unwrap();

    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let closed = place
        .command(&["build", "-o", "-", "--format", "tar"])
        .stdout(writer)
        .output();
    assert_eq!(closed.unwrap().status.code(), Some(5));

    let release = place.path("repo/dists/trixie/InRelease");
    let signed = fs_err::read_to_string(&release).unwrap();
    fs_err::write(
        &release,
        signed.replace("Codename: trixie", "Codename: forky"),
    )
    .unwrap();
    assert_eq!(code(&["lock", "--update"]), 4);
    assert!(!place.path("out").exists());
    assert_eq!(place.litter(), Vec::<PathBuf>::new());
}

#[test]
fn a_signal_sweeps_up_and_names_itself() {
    for (signal, expected) in [("-INT", 130), ("-TERM", 143)] {
        let place = Place::new();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let manifest = place.read("rootfs.yaml");
        let url = format!("http://{address}/debian");
        place.write("rootfs.yaml", manifest.replace("./repo", &url).as_bytes());

        let child = Command::new(env!("CARGO_BIN_EXE_rootlock"))
            .args(["lock", "--no-host-mirror"])
            .env_clear()
            .env("ROOTLOCK_STORE", place.path("store"))
            .current_dir(place.dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // It is in the middle of a download: half an answer, and then silence.
        let (mut stream, _) = listener.accept().unwrap();
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")
            .unwrap();
        std::thread::sleep(Duration::from_millis(300));
        let kill = Command::new("kill")
            .arg(signal)
            .arg(child.id().to_string())
            .status()
            .unwrap();
        assert!(kill.success());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(expected), "{output:?}");
        assert!(
            output.stdout.is_empty() && output.stderr.is_empty(),
            "{output:?}"
        );
        assert!(!place.path("rootfs.lock").exists());
        assert_eq!(place.litter(), Vec::<PathBuf>::new());
    }
}

#[test]
fn progress_is_plain_lines_outside_a_terminal() {
    let place = Place::new();
    place.offer(3600, FIRST);
    place.done(&["lock"]);
    let lines = |words: &[&str], store: &str| {
        let output = place.run(&[&["fetch", "--store", store], words].concat());
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        (
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (report, progress) = lines(&[], "a");
    assert!(report.starts_with("Fetched 3 of 3 packages ("), "{report}");
    assert!(
        progress.contains("Downloaded tool 1.0 (") && !progress.contains('\x1b'),
        "{progress}"
    );
    assert_eq!(
        lines(&[], "a").0,
        "Nothing to fetch: 3 packages in the store\n"
    );
    assert_eq!(lines(&["--progress", "none"], "b").1, "");
    assert_eq!(lines(&["-q"], "c"), (String::new(), String::new()));
}
