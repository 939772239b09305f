//! Where `build` writes, and what it says when it cannot.

use crate::place::{FIRST, Place};

fn refused(place: &Place, words: &[&str]) -> (i32, String) {
    let output = place.run(words);
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), said)
}

#[test]
fn the_directories_above_an_output_are_made() {
    let place = Place::new();
    place.offer(3600, FIRST);
    for (format, out) in [
        ("oci", "a/b/oci"),
        ("oci-archive", "c/d/oci.tar"),
        ("docker-archive", "e/f/docker.tar"),
        ("tar", "g/h/root.tar"),
    ] {
        place.done(&["build", "--format", format, "-o", out]);
        assert!(place.path(out).exists(), "{out}");
    }
    place.done(&["build", "--format", "dir", "--no-owner", "-o", "i/j/root"]);
    let written = place.read("i/j/root/usr/share/tool/version");
    assert_eq!(written, "1.0");
}

#[test]
fn an_output_that_is_taken_is_refused_before_anything_is_fetched() {
    let place = Place::new();
    place.offer(3600, FIRST);
    fs_err::create_dir(place.path("full")).unwrap();
    place.write("full/mine", b"x");
    for (format, out) in [
        ("oci", "full"),
        ("dir", "full"),
        ("tar", "full"),
        ("oci-archive", "full"),
        ("oci", "full/mine"),
        ("dir", "full/mine"),
    ] {
        let (code, said) = refused(&place, &["build", "--format", format, "-o", out]);
        assert!(code == 2 && said.contains(out), "{format} {out}: {said}");
        assert!(!place.path("rootfs.lock").exists());
    }
    assert_eq!(place.read("full/mine"), "x");
}

#[test]
fn what_is_wrong_in_files_names_the_manifest_and_the_line() {
    let place = Place::new();
    place.offer(3600, FIRST);
    let text = place.read("rootfs.yaml");
    let lines = text.lines().count();
    for (entry, complaint) in [
        ("source: ./nowhere", "does not exist"),
        ("source: /etc/hostname", "leaves the manifest's directory"),
        ("content: x, owner: ghost", "ghost"),
    ] {
        let files = format!("{text}files:\n  - {{path: /x, {entry}}}\n");
        place.write("rootfs.yaml", files.as_bytes());
        let (code, said) = refused(&place, &["build", "-o", "out"]);
        let line = lines + 2;
        assert_eq!(code, 2, "{said}");
        assert!(said.contains(complaint), "{said}");
        assert!(
            said.contains("rootfs.yaml") && said.contains(&line.to_string()),
            "{said}"
        );
        assert!(!place.path("out").exists());
    }
}

#[test]
fn a_store_that_cannot_be_written_is_not_a_missing_package() {
    let place = Place::new();
    place.offer(3600, FIRST);
    place.done(&["lock"]);
    place.write("file", b"");
    let (code, said) = refused(&place, &["fetch", "--store", "file/store"]);
    assert!(code == 5 && said.contains("--store"), "{said}");
    assert!(!said.contains("--mirror"), "{said}");
}

#[test]
fn a_manifest_is_not_its_own_lockfile() {
    let place = Place::new();
    place.offer(3600, FIRST);
    let (code, said) = refused(&place, &["lock", "--lockfile", "rootfs.yaml"]);
    assert!(
        code == 2 && said.contains("both the manifest and its lockfile"),
        "{said}"
    );
    assert!(!said.contains("delete"), "{said}");
}
