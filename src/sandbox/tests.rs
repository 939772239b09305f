use super::*;

fn made() -> (tempfile::TempDir, Sandbox) {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("root")).unwrap();
    let sandbox = Sandbox {
        directory: directory.path().to_path_buf(),
        entry: Entry::new(directory.path(), Ids::Same(1)),
        covers: Vec::new(),
        log: Log::new(directory.path().join("clock")),
        limits: Limits::default(),
        keeper: None,
    };
    (directory, sandbox)
}

#[test]
fn nothing_is_mounted_where_a_link_leads() {
    let (directory, sandbox) = made();
    let root = directory.path().join("root");
    fs::create_dir_all(root.join("usr/sbin")).unwrap();
    fs::write(root.join("usr/sbin/starter"), "").unwrap();
    std::os::unix::fs::symlink("usr/sbin", root.join("sbin")).unwrap();
    std::os::unix::fs::symlink("/etc", root.join("tmp")).unwrap();
    let is_file = |path: &str| sandbox.kind(path).is_some_and(|kind| kind.is_file());
    assert!(is_file("/usr/sbin/starter"));
    assert!(!is_file("/sbin/starter"));
    assert!(!is_file("/usr/sbin/absent"));
    assert!(sandbox.kind("/tmp").unwrap().is_symlink());
    assert!(sandbox.kind("/dev").is_none());
}

#[test]
fn a_root_with_a_link_for_tmp_runs_nothing() {
    let (directory, mut sandbox) = made();
    std::os::unix::fs::symlink("/etc", directory.path().join("root/tmp")).unwrap();
    let command = Command {
        name: "any",
        arguments: &["/bin/true".to_owned()],
        environment: &[],
        headings: &[],
    };
    let error = sandbox.run(&command, &mut |_| {}).unwrap_err();
    assert!(matches!(error, SandboxError::NoDirectory { path: "/tmp" }));
}

#[test]
fn nothing_of_the_host_is_told_to_be_in_sight() {
    let command = Command {
        name: "any",
        arguments: &["/bin/true".to_owned()],
        environment: &[("HOME".into(), "/root".into())],
        headings: &[],
    };
    let words = command.arguments(&[(3, "/usr/sbin/starter")], &Limits::default());
    let joined = words.join(" ");
    for wanted in [
        "prlimit --core=0 --nproc=1024 --fsize=8589934592 -- bwrap --bind root /",
        "--ro-bind covers/3 /usr/sbin/starter",
        "--unshare-pid --unshare-net --unshare-ipc --unshare-uts",
        "--ro-bind /proc/sys /proc/sys",
        "--die-with-parent --new-session",
        "--cap-drop ALL",
        "--clearenv --setenv HOME /root -- /bin/true",
    ] {
        assert!(joined.contains(wanted), "{wanted} is not in {joined}");
    }
    // The root, what is read-only, and nothing else.
    let binds = words.iter().filter(|word| word.contains("bind")).count();
    assert_eq!(binds, 3);
    assert!(!joined.contains("SYS_ADMIN") && !joined.contains("MKNOD"));
}
