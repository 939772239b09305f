use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::distro::{InstalledFile, InstalledPackage};
use crate::lockfile::Generated;
use crate::model::{Epoch, Sha256, SourcePackage};
use crate::tree::testing::{directory, file, node, path, symlink, tree};
use crate::tree::{Blob, merkle_root};

/// An image with one package `tool` and what was generated around it, and everything known of it.
struct Case {
    tree: Tree,
    sums: BTreeMap<TreePath, Vec<u8>>,
    installed: Installed,
    packages: Vec<LockedPackage>,
    at_hand: BTreeMap<PackageName, Vec<(TreePath, Node)>>,
    diversions: BTreeSet<(TreePath, TreePath)>,
    lost: BTreeSet<(PackageName, TreePath)>,
    output: Option<Output>,
    one_owner: bool,
    as_recorded: bool,
}

fn locked(name: &str, version: &str) -> LockedPackage {
    LockedPackage {
        name: name.parse().unwrap(),
        version: version.parse().unwrap(),
        arch: "amd64".into(),
        group: "base".parse().unwrap(),
        requested: true,
        source: SourcePackage {
            name: name.into(),
            version: version.parse().unwrap(),
        },
        repository: "r".into(),
        path: "p".into(),
        size: 1,
        sha256: Sha256::of(name.as_bytes()),
        checksum: None,
        depends: Vec::new(),
        recommends: Vec::new(),
        install_if: Vec::new(),
    }
}

fn installed(name: &str, version: &str, files: &[(&str, Option<&str>)]) -> InstalledPackage {
    let files = files.iter().map(|(at, sum)| InstalledFile {
        path: path(at),
        sum: sum.map(|sum| sum.as_bytes().into()),
        meta: None,
        directory: false,
        conffile: at.starts_with("etc/"),
    });
    InstalledPackage {
        name: name.parse().unwrap(),
        version: version.parse().unwrap(),
        arch: "amd64".into(),
        source: SourcePackage {
            name: name.into(),
            version: version.parse().unwrap(),
        },
        state: "installed".into(),
        license: None,
        files: Some(files.collect()),
    }
}

fn generated(at: &str, node: &Node) -> Generated {
    Generated {
        path: format!("/{at}"),
        sha256: match &node.kind {
            Kind::File(blob) => Some(blob.sha256),
            _ => None,
        },
        link: match &node.kind {
            Kind::Symlink(target) => Some(String::from_utf8_lossy(target).into_owned()),
            _ => None,
        },
        mode: node.meta.mode,
        uid: 0,
        gid: 0,
    }
}

impl Case {
    fn new() -> Self {
        let tree = tree([
            ("bin", symlink("usr/bin")),
            ("etc", directory(0o755)),
            ("etc/passwd", file("root:x:0:0::/root:/bin/sh\n")),
            ("etc/tool.conf", file("conf")),
            ("usr", directory(0o755)),
            ("usr/bin", directory(0o755)),
            ("usr/bin/tool", file("tool")),
            ("var", directory(0o755)),
            ("var/lib", directory(0o755)),
            ("var/lib/dpkg", directory(0o755)),
            ("var/lib/dpkg/status", file("status")),
        ]);
        let record = |at: &str| generated(at, &tree.nodes[&path(at)]);
        let output = Output {
            epoch: Epoch(1),
            layers: Vec::new(),
            tree: merkle_root(&tree),
            config: Sha256::of(b"config"),
            generated: ["bin", "etc/passwd", "var/lib/dpkg/status"]
                .map(record)
                .into(),
            paths: None,
            undone: Vec::new(),
            blobs: None,
        };
        // As packaged, before /usr was merged.
        let shipped = vec![
            (path("bin"), directory(0o755)),
            (path("bin/tool"), file("tool")),
            (path("etc/tool.conf"), file("conf")),
        ];
        let files = [("bin/tool", Some("TOOL")), ("etc/tool.conf", Some("CONF"))];
        Self {
            sums: [("usr/bin/tool", "TOOL"), ("etc/tool.conf", "CONF")]
                .map(|(at, sum)| (path(at), sum.into()))
                .into(),
            tree,
            installed: Installed {
                packages: vec![installed("tool", "1", &files)],
                databases: vec![path("var/lib/dpkg/status")],
                ..Installed::default()
            },
            packages: vec![locked("tool", "1")],
            at_hand: BTreeMap::from([("tool".parse().unwrap(), shipped)]),
            diversions: BTreeSet::new(),
            lost: BTreeSet::new(),
            output: Some(output),
            one_owner: false,
            as_recorded: false,
        }
    }

    fn audit(&self) -> Audit {
        let subject = Subject {
            tree: &self.tree,
            sums: &self.sums,
            installed: &self.installed,
            one_owner: self.one_owner,
            as_recorded: self.as_recorded,
        };
        let excluded = |at: &TreePath, _: &Kind| at.as_bytes().starts_with(b"usr/share/doc/");
        let locked = Locked {
            packages: &self.packages,
            at_hand: &self.at_hand,
            output: self.output.as_ref(),
            diversions: &self.diversions,
            lost: &self.lost,
            links: &[],
            excluded: &excluded,
        };
        audit(subject, locked)
    }

    /// Each finding as `kind package path field`.
    fn said(&self) -> Vec<String> {
        let text = |finding: &Finding| {
            let name = finding.package.as_ref().map(|name| name.as_str());
            let path = finding.path.as_ref().map(ToString::to_string);
            let parts = [
                Some(finding.kind.as_str()),
                name,
                path.as_deref(),
                finding.field,
            ];
            let parts: Vec<&str> = parts.into_iter().flatten().collect();
            parts.join(" ")
        };
        self.audit().findings.iter().map(text).collect()
    }

    fn set(&mut self, at: &str, node: Node) {
        self.tree.nodes.insert(path(at), node);
    }

    fn node(&mut self, at: &str) -> &mut Node {
        self.tree.nodes.get_mut(&path(at)).unwrap()
    }
}

#[test]
fn what_is_as_locked_has_no_finding() {
    let case = Case::new();
    assert_eq!(case.said(), [""; 0]);
    let checked = case.audit().summary.checked;
    assert_eq!(
        (checked.record, checked.package, checked.database),
        (3, 3, 0)
    );
}

#[test]
fn packages_are_compared_by_name_version_and_architecture() {
    let mut case = Case::new();
    case.packages.push(locked("zoo", "3"));
    case.installed
        .packages
        .insert(0, installed("evil", "1", &[]));
    assert_eq!(case.said(), ["package-missing zoo", "package-extra evil"]);

    let mut case = Case::new();
    case.installed.packages[0].version = "2".parse().unwrap();
    assert_eq!(case.said(), ["package-version tool"]);

    let mut case = Case::new();
    case.installed.packages[0].arch = "i386".into();
    assert_eq!(case.said(), ["package-arch tool"]);

    let mut case = Case::new();
    let mut foreign = case.installed.packages[0].clone();
    foreign.arch = "i386".into();
    case.installed.packages.push(foreign);
    assert_eq!(case.said(), ["package-extra tool"]);
}

#[test]
fn each_field_of_a_packaged_file_is_judged() {
    type Plant = fn(&mut Case);
    let cases: [(Plant, &str); 7] = [
        (
            |case| case.node("usr/bin/tool").kind = Kind::File(Blob::inline(*b"evil")),
            "file-changed tool /usr/bin/tool content",
        ),
        (
            |case| case.node("usr/bin/tool").meta.mode = 0o4755,
            "file-changed tool /usr/bin/tool mode",
        ),
        (
            |case| case.node("usr/bin/tool").meta.uid = 7,
            "file-changed tool /usr/bin/tool owner",
        ),
        (
            |case| case.node("usr/bin/tool").kind = symlink("sh").kind,
            "file-changed tool /usr/bin/tool type",
        ),
        (
            |case| {
                let meta = &mut case.node("usr/bin/tool").meta;
                meta.xattrs
                    .insert((*b"security.capability").into(), (*b"x").into());
            },
            "file-changed tool /usr/bin/tool xattr",
        ),
        (
            |case| drop(case.tree.nodes.remove(&path("usr/bin/tool"))),
            "file-missing tool /usr/bin/tool",
        ),
        (
            |case| case.set("usr/bin/more", file("x")),
            "file-unowned /usr/bin/more",
        ),
    ];
    for (plant, expected) in cases {
        let mut case = Case::new();
        plant(&mut case);
        assert_eq!(case.said(), [expected]);
    }
    // Who unpacks an image sets its times.
    let mut case = Case::new();
    case.node("usr/bin/tool").meta.mtime = 77;
    assert_eq!(case.said(), [""; 0]);
}

#[test]
fn the_record_counts_for_what_no_package_ships() {
    let mut case = Case::new();
    case.set("etc/passwd", file("root::0:0::/root:/bin/sh\n"));
    case.set("bin", symlink("usr/sbin"));
    case.set("var/lib/dpkg/status", file("another"));
    let said = case.said();
    let expected = [
        "file-changed /bin link",
        "file-changed /etc/passwd content",
        "file-changed /var/lib/dpkg/status content",
    ];
    assert!(
        expected.iter().all(|one| said.contains(&(*one).to_owned())),
        "{said:?}"
    );
}

#[test]
fn without_a_record_what_nobody_owns_is_counted() {
    let mut case = Case::new();
    case.output = None;
    case.set("srv", file("x"));
    assert_eq!(case.said(), [""; 0]);
    // The link `bin`, the accounts and `srv`; the database is known to be one.
    assert_eq!(case.audit().summary.unlocked, 3);
}

#[test]
fn without_the_package_its_database_counts() {
    let mut case = Case::new();
    case.at_hand.clear();
    assert_eq!(case.said(), [""; 0]);
    assert_eq!(case.audit().summary.checked.database, 2);
    case.sums.insert(path("usr/bin/tool"), b"EVIL".to_vec());
    case.sums.insert(path("etc/tool.conf"), b"MINE".to_vec());
    let findings = case.audit().findings;
    let said: Vec<_> = findings
        .iter()
        .map(|one| (one.path.as_ref().unwrap().to_string(), one.by, one.conffile))
        .collect();
    let by = Some(Witness::Database);
    assert_eq!(
        said,
        [
            ("/etc/tool.conf".to_owned(), by, true),
            ("/usr/bin/tool".to_owned(), by, false)
        ]
    );
}

#[test]
fn a_database_knows_files_from_links() {
    let mut case = Case::new();
    case.at_hand.clear();
    case.node("usr/bin/tool").kind = symlink("sh").kind;
    case.sums.remove(&path("usr/bin/tool"));
    assert_eq!(case.said(), ["file-changed tool /usr/bin/tool type"]);
    // apk has the digest of what a link says.
    let files = case.installed.packages[0].files.as_mut().unwrap();
    files[0].sum = Some([0; 20].into());
    assert_eq!(case.said(), ["file-changed tool /usr/bin/tool link"]);
}

#[test]
fn a_package_without_a_list_of_files_is_not_taken_for_right() {
    let mut case = Case::new();
    case.installed.packages[0].files = None;
    assert_eq!(case.said(), [""; 0]);
    case.at_hand.clear();
    let said = case.said();
    assert!(
        said.contains(&"package-unlisted tool".to_owned()),
        "{said:?}"
    );
}

#[test]
fn a_list_of_one_package_does_not_speak_for_anothers_file() {
    let mut case = Case::new();
    case.packages.insert(0, locked("far", "1"));
    let far = installed(
        "far",
        "1",
        &[("usr/bin/tool", None), ("usr/bin/tool", Some("EVIL"))],
    );
    case.installed.packages.insert(0, far);
    case.node("usr/bin/tool").kind = file("evil").kind;
    case.sums.insert(path("usr/bin/tool"), b"EVIL".to_vec());
    assert_eq!(case.said(), ["file-changed tool /usr/bin/tool content"]);
    let by = case.audit().findings[0].by;
    assert_eq!(by, Some(Witness::Package));
}

#[test]
fn a_record_names_the_database_itself() {
    let mut case = Case::new();
    case.installed
        .databases
        .push(path("var/lib/dpkg/status.d/x"));
    case.set("var/lib/dpkg/status.d", directory(0o755));
    case.set("var/lib/dpkg/status.d/x", file("Package: x"));
    assert_eq!(case.said(), ["file-unowned /var/lib/dpkg/status.d/x"]);
}

#[test]
fn nobody_gains_rights_by_unpacking_without_any() {
    let mut case = Case::new();
    for node in case.tree.nodes.values_mut() {
        (node.meta.uid, node.meta.gid) = (1000, 1000);
    }
    case.one_owner = true;
    case.node("usr/bin/tool").meta.mode = 0o4644;
    assert_eq!(case.said(), ["file-changed tool /usr/bin/tool mode"]);
    let name: PackageName = "tool".parse().unwrap();
    case.at_hand.get_mut(&name).unwrap()[1].1.meta.mode = 0o4644;
    assert_eq!(case.said(), [""; 0]);
    case.node("usr/bin/tool").meta.mode = 0o644;
    assert_eq!(case.said(), [""; 0]);
    let meta = &mut case.node("etc/passwd").meta;
    meta.xattrs
        .insert((*b"security.capability").into(), (*b"x").into());
    assert_eq!(case.said(), ["file-changed /etc/passwd xattr"]);
}

#[test]
fn names_of_one_file_have_what_the_file_has() {
    let mut case = Case::new();
    let mut link = node(0o600, 9, Kind::Hardlink(path("usr/bin/tool")));
    link.meta.uid = 3;
    case.set("usr/bin/uno", link.clone());
    let name: PackageName = "tool".parse().unwrap();
    link.kind = Kind::Hardlink(path("bin/tool"));
    let shipped = case.at_hand.get_mut(&name).unwrap();
    shipped.push((path("bin/uno"), link));
    assert_eq!(case.said(), [""; 0]);
}

#[test]
fn what_the_manifest_left_out_may_be_missing() {
    let mut case = Case::new();
    let name: PackageName = "tool".parse().unwrap();
    let doc = (path("usr/share/doc/tool/README"), file("doc"));
    let other = (path("usr/share/man/tool.1"), file("man"));
    case.at_hand.get_mut(&name).unwrap().extend([doc, other]);
    assert_eq!(case.said(), ["file-missing tool /usr/share/man/tool.1"]);
}

#[test]
fn a_diverted_path_is_looked_for_under_its_other_name() {
    let mut case = Case::new();
    let moved = case.tree.nodes.remove(&path("usr/bin/tool")).unwrap();
    case.tree.nodes.insert(path("usr/bin/tool.real"), moved);
    let other: PackageName = "other".parse().unwrap();
    case.installed.diversions = vec![(path("bin/tool"), path("bin/tool.real"), Some(other))];
    // As packages write it, before /usr was merged, and as it may be in the database.
    case.diversions = [(path("usr/bin/tool"), path("bin/tool.real"))].into();
    assert_eq!(case.said(), [""; 0]);
    case.diversions.clear();
    assert_eq!(case.said(), ["file-diverted other /bin/tool"]);
    case.packages.insert(0, locked("other", "1"));
    case.installed
        .packages
        .insert(0, installed("other", "1", &[]));
    // A package that is not at hand may well do that.
    assert_eq!(case.said(), [""; 0]);
}

#[test]
fn what_two_packages_ship_may_be_either() {
    let mut case = Case::new();
    case.packages.insert(0, locked("cool", "1"));
    case.installed
        .packages
        .insert(0, installed("cool", "1", &[]));
    let name = "cool".parse().unwrap();
    case.at_hand
        .insert(name, vec![(path("usr/bin/tool"), file("another tool"))]);
    assert_eq!(case.said(), [""; 0]);
    // But for one that the other takes over: putting it back is a change.
    case.lost = [("tool".parse().unwrap(), path("bin/tool"))].into();
    assert_eq!(case.said(), ["file-changed cool /usr/bin/tool content"]);
    case.lost.clear();
    case.node("usr/bin/tool").kind = file("neither").kind;
    assert_eq!(case.said().len(), 1);
}

#[test]
fn owners_say_nothing_where_all_have_one() {
    let mut case = Case::new();
    for node in case.tree.nodes.values_mut() {
        (node.meta.uid, node.meta.gid) = (1000, 1000);
    }
    case.one_owner = true;
    assert_eq!(case.said(), [""; 0]);
    case.node("usr/bin/tool").meta.mode = 0o600;
    assert_eq!(case.said(), ["file-changed tool /usr/bin/tool mode"]);
}

#[test]
fn a_filesystem_with_the_recorded_root_is_judged_by_it() {
    let mut case = Case::new();
    case.as_recorded = true;
    case.at_hand.clear();
    case.sums.clear();
    let audit = case.audit();
    assert!(audit.findings.is_empty());
    assert_eq!(audit.summary.checked.unchecked, 0);
    assert!(audit.summary.checked.record > 0);
}

#[test]
fn scripts_of_packages_at_hand_are_not_taken_on_trust() {
    let mut case = Case::new();
    let name: PackageName = "tool".parse().unwrap();
    let list = (path("var/lib/dpkg/info/tool.list"), file(""));
    case.at_hand.get_mut(&name).unwrap().push(list);
    case.installed.databases = vec![
        path("var/lib/dpkg/info/tool.list"),
        path("var/lib/dpkg/status"),
    ];
    case.set("var/lib/dpkg/info", directory(0o755));
    case.set("var/lib/dpkg/info/tool.list", file(""));
    case.set("var/lib/dpkg/info/tool.postinst", file("evil"));
    assert_eq!(
        case.said(),
        ["file-unowned /var/lib/dpkg/info/tool.postinst"]
    );
    // Of another version nothing is known of its scripts, but that it is another version.
    case.installed.packages[0].version = "2".parse().unwrap();
    assert_eq!(case.said(), ["package-version tool"]);
    case.installed.packages[0].version = "1".parse().unwrap();
    case.at_hand.clear();
    assert_eq!(case.said(), [""; 0]);
}

#[test]
fn a_directory_that_is_a_link_now_is_known_with_what_it_leads_to() {
    let mut case = Case::new();
    case.at_hand.clear();
    case.set("run", directory(0o755));
    case.set("run/lock", node(0o1777, 0, Kind::Directory));
    case.set("var/lock", symlink("/run/lock"));
    let listed = &mut case.installed.packages[0].files;
    listed.as_mut().unwrap().push(InstalledFile {
        path: path("var/lock"),
        sum: None,
        meta: None,
        directory: true,
        conffile: false,
    });
    assert_eq!(case.said(), [""; 0]);
}

#[test]
fn rights_and_accounts_are_summed_up() {
    let sticky = node(0o1777, 0, Kind::Directory);
    let tree = tree([
        ("dev", directory(0o755)),
        ("dev/null", node(0o666, 0, Kind::CharDevice(1, 3))),
        ("etc", directory(0o755)),
        (
            "etc/passwd",
            file(
                "root:x:0:0:root:/root:/bin/sh\ntoor::0:0::/:/bin/sh\nweb:x:33:33::/:/bin/no\nbad\n",
            ),
        ),
        ("etc/shadow", file("root:*:1::::::\nweb:$6$x:1::::::\n")),
        ("open", node(0o777, 0, Kind::Directory)),
        ("su", node(0o4755, 0, file("su").kind)),
        ("tmp", sticky),
    ]);
    let summary = summary::of(&tree);
    let paths =
        |list: &[Special]| -> Vec<String> { list.iter().map(|one| one.path.to_string()).collect() };
    assert_eq!(paths(&summary.setuid), ["/su"]);
    assert_eq!(paths(&summary.world_writable), ["/open"]);
    let accounts: Vec<_> = summary
        .accounts
        .iter()
        .map(|one| (one.name.as_str(), one.uid, one.password))
        .collect();
    let expected = [
        ("root", 0, Password::Locked),
        ("toor", 0, Password::Empty),
        ("web", 33, Password::Set),
    ];
    assert_eq!(accounts, expected);
}

#[test]
fn escaped_paths_of_the_record_are_read_back() {
    assert_eq!(expect::unescaped(r"/a\xffb\x41\x"), b"/a\xffb\\x41\\x");
}
