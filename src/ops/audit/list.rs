//! A directory with which nothing is compared: only what databases and the summary are made from is
//! read of it, so that a whole machine takes seconds.

use std::path::Path;

use crate::distro;
use crate::image::{self, Listing};
use crate::ops::target::ImageTarget;
use crate::ops::{Context, Error};
use crate::progress::Task;
use crate::tree::TreePath;

/// What the summary is made from beside rights and attributes.
const ACCOUNTS: &[&[u8]] = &[b"etc/passwd", b"etc/group", b"etc/shadow"];

/// The directory that a target is, where it is one and no image.
pub(super) fn directory(target: &ImageTarget) -> Option<&Path> {
    match target {
        // Whoever reads it in full says that a filesystem has no tag.
        ImageTarget::Path(path, None) if image::is_directory(path) => Some(path),
        _ => None,
    }
}

/// Reads it.
pub(super) fn read(cx: &Context<'_>, path: &Path) -> Result<Listing, Error> {
    let keep = |path: &TreePath, _size: u64| {
        ACCOUNTS.contains(&path.as_bytes()) || distro::ALL.iter().any(|distro| distro.reads(path))
    };
    let name = path.display().to_string();
    let (name, size) = (&*name, None);
    let task = cx.progress.begin(Task::Read { name, size });
    let listing = image::read_listing(
        path,
        &image::Options {
            arch: None,
            tag: None,
            keep: &keep,
            sums: None,
            threads: rayon::current_num_threads(),
            advance: &|bytes| cx.progress.advance(task, bytes),
            scratch: cx.store.root(),
        },
    );
    cx.progress.end(task);
    Ok(listing?)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;
    use crate::fetch::Network;
    use crate::model::{Arch, Epoch};
    use crate::ops::Limits;
    use crate::ops::audit::{Advice, AuditOptions, in_full, judge};
    use crate::progress::{Progress, Silent, TaskId};
    use crate::store::Store;

    /// Counts what is read.
    #[derive(Default)]
    struct Meter(std::sync::atomic::AtomicU64);

    impl Progress for Meter {
        fn begin(&self, task: Task<'_>) -> TaskId {
            Silent.begin(task)
        }
        fn advance(&self, _task: TaskId, bytes: u64) {
            self.0
                .fetch_add(bytes, std::sync::atomic::Ordering::Relaxed);
        }
        fn end(&self, _task: TaskId) {}
        fn expect(&self, _downloads: u64, _bytes: u64) {}
        fn warn(&self, _message: &str) {}
        fn note(&self, _message: &str) {}
    }

    /// A small Debian: a database, accounts, a setuid file, hard and symbolic links, a socket.
    fn machine(home: &Path) {
        let file = |name: &str, mode: u32, content: &str| {
            let path = home.join(name);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(&path, content).unwrap();
            fs_err::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        let status =
            "Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n\n";
        file("var/lib/dpkg/status", 0o644, status);
        file("var/lib/dpkg/arch", 0o644, "amd64\n");
        file(
            "var/lib/dpkg/info/a.list",
            0o644,
            "/.\n/usr\n/usr/bin\n/usr/bin/su\n",
        );
        let sums = "d41d8cd98f00b204e9800998ecf8427e  usr/bin/su\n";
        file("var/lib/dpkg/info/a.md5sums", 0o644, sums);
        file(
            "etc/passwd",
            0o644,
            "root:x:0:0::/root:/bin/sh\nguest::1:1::/:/bin/sh\n",
        );
        file("etc/shadow", 0o600, "root:$y$j9T$x:1:0:99999:7:::\n");
        file(
            "usr/lib/os-release",
            0o644,
            "ID=debian\nVERSION_CODENAME=trixie\n",
        );
        file("usr/bin/su", 0o4755, "su");
        file("srv/open", 0o666, "x");
        let large = fs_err::File::create(home.join("srv/large")).unwrap();
        large.set_len(9 << 20).unwrap();
        fs_err::hard_link(home.join("usr/bin/su"), home.join("usr/bin/also")).unwrap();
        symlink("../usr/lib/os-release", home.join("etc/os-release")).unwrap();
    }

    #[test]
    fn a_listing_says_all_that_reading_in_full_does() {
        let home = tempfile::tempdir().unwrap();
        let at = home.path().join("root");
        machine(&at);
        let _socket = std::os::unix::net::UnixListener::bind(at.join("srv/socket")).unwrap();
        let store = Store::open(home.path().join("store")).unwrap();
        let network = Network::default();
        let [some, all] = [Meter::default(), Meter::default()];
        let context = |progress| Context {
            store: &store,
            network: &network,
            progress,
            now: Epoch(0),
            host: Arch::from_oci("amd64").unwrap(),
            source_date_epoch: None,
            limits: Limits::default(),
        };
        let options = AuditOptions {
            target: ImageTarget::Path(at.clone(), None),
            lockfile: None,
            arch: None,
            advice: Advice::default(),
        };
        let path = directory(&options.target).unwrap();
        let listed = judge::listing(&options, read(&context(&some), path).unwrap()).unwrap();
        let (_, full) = in_full(&context(&all), &options, None, &mut &b""[..]).unwrap();
        assert_eq!(format!("{listed:?}"), format!("{full:?}"));
        let summary = &listed[0].audit.summary;
        assert_eq!((summary.accounts.len(), summary.setuid.len()), (2, 2));
        assert_eq!(summary.world_writable.len(), 1);
        assert_eq!(listed[0].skipped.len(), 1);
        let [some, all] = [some, all].map(|meter| meter.0.into_inner());
        assert!(some < 1000 && all > 4_000_000, "{some} of {all}");
    }

    #[test]
    fn only_a_directory_without_an_image_is_listed() {
        let home = tempfile::tempdir().unwrap();
        let at = home.path().join("root");
        machine(&at);
        let path =
            |path: &Path, tag: Option<&str>| ImageTarget::Path(path.into(), tag.map(Into::into));
        assert_eq!(directory(&path(&at, None)), Some(&*at));
        assert_eq!(directory(&path(&at, Some("1"))), None);
        assert_eq!(directory(&path(&at.join("etc/passwd"), None)), None);
        assert_eq!(directory(&path(&at.join("absent"), None)), None);
        assert_eq!(directory(&ImageTarget::Stdin), None);
        fs_err::write(at.join("oci-layout"), "{}").unwrap();
        fs_err::write(at.join("index.json"), "{}").unwrap();
        assert_eq!(directory(&path(&at, None)), None);
    }
}
