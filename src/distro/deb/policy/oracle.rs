//! apt's own answers, as far as they lie beside the project: the pinned indexes and cases.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::OnceLock;

use crate::distro::deb::Debian;
use crate::distro::deb::catalog::{DebCatalog, Source};
use crate::distro::deb::index::condense;
use crate::model::{Arch, Dialect as _, WantedFile};
use crate::resolve::{GroupRequest, Problem, Solution, Update};

/// Where the data lies; `None`, said aloud, in a clone without it.
pub(super) fn shared() -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared");
    #[expect(
        clippy::disallowed_methods,
        reason = "a test is told where its data lies"
    )]
    let shared = std::env::var_os("ROOTLOCK_SHARED").map_or(beside, PathBuf::from);
    let found = shared.join("debian/indices").is_dir();
    if !found {
        println!("skipped: {} has no debian/indices", shared.display());
    }
    found.then_some(shared)
}

/// The catalog of a release with its updates and security suites.
pub(super) fn catalog(release: &str) -> Option<&'static DebCatalog> {
    static BOOKWORM: OnceLock<Option<DebCatalog>> = OnceLock::new();
    static TRIXIE: OnceLock<Option<DebCatalog>> = OnceLock::new();
    let cell = match release {
        "bookworm" => &BOOKWORM,
        _ => &TRIXIE,
    };
    cell.get_or_init(|| read(release)).as_ref()
}

fn read(release: &str) -> Option<DebCatalog> {
    let shared = shared()?;
    let suites = [
        release.into(),
        format!("{release}-updates"),
        format!("{release}-security"),
    ];
    let source = |(repository, suite): (usize, &String)| {
        let path = format!("dists/{suite}/main/binary-amd64/Packages.xz");
        let raw = fs_err::read(shared.join("debian/indices").join(suite).join(&path));
        let file = WantedFile {
            path,
            expect: None,
            max_size: u64::MAX,
            plain: None,
        };
        let condensed = condense(&file, &raw.expect("an index")).expect("a valid index");
        Source {
            repository,
            id: suite.clone(),
            pin: 500,
            suites: vec![suite.clone()],
            indexes: vec![condensed.into()],
        }
    };
    let sources = suites.iter().enumerate().map(source).collect();
    let arch = Arch::from_oci("amd64").expect("known");
    Some(DebCatalog::new(arch, sources).expect("valid indexes"))
}

/// A problem of one group, or the reason why a request is none.
pub(super) fn problem(
    requests: &[String],
    exclude: &[String],
    recommends: bool,
) -> Result<Problem, String> {
    let requests: Result<_, _> = requests.iter().map(|text| Debian.request(text)).collect();
    Ok(Problem {
        arch: Arch::from_oci("amd64").expect("known"),
        groups: vec![GroupRequest {
            name: "base".parse().expect("a name"),
            priority: None,
            requests: requests
                .map_err(|error: crate::model::ParseRequestError| error.to_string())?,
            exclude: exclude
                .iter()
                .map(|name| name.parse().expect("a name"))
                .collect(),
        }],
        recommends,
        locked: Vec::new(),
        update: Update::Keep,
    })
}

/// What was chosen, by name.
pub(super) fn versions(solution: &Solution) -> BTreeMap<String, String> {
    let pair = |package: &crate::model::LockedPackage| {
        (package.name.to_string(), package.version.to_string())
    };
    solution.packages.iter().map(pair).collect()
}

/// How two choices differ, in one line.
pub(super) fn difference(
    ours: &BTreeMap<String, String>,
    theirs: &BTreeMap<String, String>,
) -> String {
    let text = |map: &BTreeMap<String, String>| -> BTreeSet<String> {
        map.iter()
            .map(|(name, version)| format!("{name}={version}"))
            .collect()
    };
    let (ours, theirs) = (text(ours), text(theirs));
    let list = |set: Vec<&String>| set.into_iter().cloned().collect::<Vec<_>>().join(" ");
    format!(
        "only here: {}; only apt: {}",
        list(ours.difference(&theirs).collect()),
        list(theirs.difference(&ours).collect())
    )
}
