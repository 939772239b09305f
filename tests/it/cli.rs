//! The command line itself: help, usage errors, where the store is, what is generated.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The program with an environment that says nothing.
fn rootlock(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rootlock"));
    command.args(words).env_clear().stdin(Stdio::null());
    command
}

fn run(words: &[&str]) -> Output {
    rootlock(words).output().unwrap()
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

const COMMANDS: &[&[&str]] = &[
    &["init"],
    &["add"],
    &["remove"],
    &["lock"],
    &["fetch"],
    &["build"],
    &["verify"],
    &["audit"],
    &["sbom"],
    &["vendor"],
    &["list"],
    &["tree"],
    &["why"],
    &["outdated"],
    &["diff"],
    &["store"],
    &["store", "path"],
    &["store", "size"],
    &["store", "check"],
    &["store", "gc"],
    &["generate"],
];

#[test]
fn every_help_has_an_example_and_the_global_options() {
    for command in COMMANDS {
        let output = run(&[command, &["--help"][..]].concat());
        assert_eq!(output.status.code(), Some(0), "{command:?}");
        let help = stdout(&output);
        let example = format!("\n  rootlock {}", command[0]);
        let shell = format!("$(rootlock {}", command.join(" "));
        assert!(help.contains("\nExample"), "{help}");
        assert!(help.contains(&example) || help.contains(&shell), "{help}");
        for option in [
            "--store",
            "--offline",
            "--jobs",
            "--mirror",
            "--json",
            "--color",
            "--progress",
        ] {
            assert!(help.contains(option), "{command:?} lacks {option}");
        }
    }
}

#[test]
fn the_help_promises_nothing_that_is_missing() {
    let output = run(&["--help"]);
    let help = stdout(&output);
    for command in COMMANDS.iter().filter(|command| command.len() == 1) {
        let hidden = command[0] == "generate";
        assert_ne!(
            help.contains(&format!("\n  {} ", command[0])),
            hidden,
            "{command:?}"
        );
    }
}

#[test]
fn usage_errors_are_code_2_and_an_object_for_programs() {
    for words in [
        &[][..],
        &["biuld"],
        &["build"],
        &["build", "-o", "x", "--nonsense"],
        &["lock", "--check", "--update"],
        &["lock", "--update", "no spaces"],
        &["add"],
        &["store"],
        &["store", "gc"],
        &["store", "gc", "--max-size", "many"],
        &["store", "path", "--jobs", "0"],
        &["store", "path", "--mirror", "ftp://example.org"],
        &["store", "path", "-q", "-v"],
        &["build", "-o", "-"],
        &["build", "-o", "-", "--format", "dir"],
        &["build", "-o", "x", "--no-owner"],
    ] {
        let plain = run(words);
        assert_eq!(plain.status.code(), Some(2), "{words:?}");
        assert!(stdout(&plain).is_empty(), "{words:?}");
        assert!(
            !stderr(&plain).is_empty() && !stderr(&plain).contains('\x1b'),
            "{words:?}"
        );

        let json = run(&[words, &["--json"][..]].concat());
        assert_eq!(json.status.code(), Some(2), "{words:?}");
        let object: Value = serde_json::from_slice(&json.stdout).unwrap();
        let error = &object["error"];
        assert_eq!(error["code"], 2, "{words:?}");
        assert!(
            error["causes"].is_array() && error.get("hint").is_some(),
            "{words:?}"
        );
        let message = error["message"].as_str().unwrap();
        assert!(!message.is_empty() && !message.contains('\n'), "{message}");
    }
    let typo = run(&["biuld", "--json"]);
    let object: Value = serde_json::from_slice(&typo.stdout).unwrap();
    assert_eq!(object["error"]["hint"], "did you mean `build`?");
}

#[test]
fn a_bad_environment_is_bad_input() {
    let manifest = tempfile::tempdir().unwrap();
    for (name, value) in [
        (
            "ROOTLOCK_MIRRORS",
            "debian=http://a.example ftp://b.example",
        ),
        ("ROOTLOCK_MIRRORS", "https://user:secret@a.example"),
    ] {
        let mut command = rootlock(&["add", "bash", "--manifest"]);
        let output = command
            .arg(manifest.path())
            .args(["--store"])
            .arg(manifest.path().join("store"))
            .env(name, value)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(stderr(&output).contains(name), "{}", stderr(&output));
    }
}

#[test]
fn the_store_is_where_the_user_wants_it() {
    let place = |words: &[&str], environment: &[(&str, &str)]| {
        let output = rootlock(&[words, &["store", "path"][..]].concat())
            .envs(environment.iter().copied())
            .output()
            .unwrap();
        (output.status.code(), stdout(&output).trim_end().to_owned())
    };
    let all = [
        ("ROOTLOCK_STORE", "/a"),
        ("XDG_CACHE_HOME", "/b"),
        ("HOME", "/c"),
    ];
    let done = |path: &str| (Some(0), path.to_owned());
    assert_eq!(place(&["--store", "/d"], &all), done("/d"));
    assert_eq!(place(&[], &all), done("/a"));
    assert_eq!(place(&[], &all[1..]), done("/b/rootlock"));
    assert_eq!(place(&[], &all[2..]), done("/c/.cache/rootlock"));
    assert_eq!(
        place(&[], &[("XDG_CACHE_HOME", "relative"), ("HOME", "/c")]),
        done("/c/.cache/rootlock")
    );
    assert_eq!(
        place(&[], &[("ROOTLOCK_STORE", ""), ("HOME", "/c")]),
        done("/c/.cache/rootlock")
    );
    assert_eq!(place(&[], &[]).0, Some(2));
    let json = run(&["store", "path", "--store", "/d", "--json"]);
    assert_eq!(stdout(&json), "{\"path\":\"/d\"}\n");
}

#[test]
fn the_store_is_measured_checked_and_collected() {
    let dir = tempfile::tempdir().unwrap();
    let store = |words: &[&str]| {
        let mut command = rootlock(&[&["store"], words].concat());
        let output = command
            .arg("--json")
            .arg("--store")
            .arg(dir.path())
            .output()
            .unwrap();
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code(), json)
    };
    assert_eq!(store(&["size"]).1["total"]["files"], 0);
    let held = rootlock::store::Store::open(dir.path()).unwrap();
    let blob = held.put(b"a package").unwrap();
    let path = held.path(&blob);
    drop(held);
    assert_eq!(
        store(&["size"]).1["blobs"],
        serde_json::json!({"files": 1, "bytes": 9})
    );
    assert_eq!(
        store(&["check"]),
        (
            Some(0),
            serde_json::json!({"read": {"files": 1, "bytes": 9}, "damaged": []})
        )
    );

    fs_err::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    fs_err::write(&path, b"A package").unwrap();
    let (code, checked) = store(&["check"]);
    assert_eq!(code, Some(1));
    assert_eq!(checked["damaged"][0]["path"], path.to_str().unwrap());

    assert_eq!(store(&["gc", "--keep-days", "1"]).1["removed"]["files"], 0);
    let (code, collected) = store(&["gc", "--max-size", "0"]);
    assert_eq!((code, &collected["removed"]["files"]), (Some(0), &1.into()));
    assert!(!path.exists());
}

#[test]
fn a_closed_stdout_of_a_report_is_no_error() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = rootlock(&["store", "path", "--store", "/d"])
        .stdout(writer)
        .output()
        .unwrap();
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""));
}

#[test]
fn a_full_disk_behind_a_report_is_the_outside_failing() {
    let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else {
        eprintln!("skipped: this system has no /dev/full");
        return;
    };
    let output = rootlock(&["store", "path", "--store", "/d"])
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
}

#[test]
fn colour_is_for_whoever_wants_it() {
    let coloured = |words: &[&str], no_color: &str| {
        let mut command = rootlock(&[&["build", "-o", "-"], words].concat());
        stderr(&command.env("NO_COLOR", no_color).output().unwrap()).contains('\x1b')
    };
    assert!(!coloured(&[], ""));
    assert!(coloured(&["--color", "always"], ""));
    assert!(coloured(&["--color=always"], "1"));
    assert!(!coloured(&["--color", "never"], ""));
}

#[test]
fn generate_lays_out_pages_and_completions() {
    let dir = tempfile::tempdir().unwrap();
    let generate = || {
        let output = rootlock(&["generate"]).arg(dir.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    };
    generate();
    let read = |path: &str| fs_err::read_to_string(dir.path().join(path)).unwrap();
    let page = read("man/man1/rootlock-build.1");
    assert!(page.contains("Examples:") && page.contains("no\\-owner"));
    assert!(Path::new(&dir.path().join("man/man1/rootlock.1")).is_file());
    assert!(!Path::new(&dir.path().join("man/man1/rootlock-generate.1")).exists());
    for path in [
        "bash-completion/completions/rootlock",
        "zsh/vendor-completions/_rootlock",
        "fish/vendor_completions.d/rootlock.fish",
    ] {
        assert!(
            read(path).contains("--mirror-only") || read(path).contains("mirror-only"),
            "{path}"
        );
    }
    generate();
    assert_eq!(read("man/man1/rootlock-build.1"), page);
}
