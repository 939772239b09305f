//! Every answer of apt that lies beside the project, through the program itself: one manifest per
//! case, on the pinned indexes, checked by the built-in keys.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use serde_json::Value;

/// A question and apt's answer: name and version of all that it would install, or a refusal.
#[derive(serde::Deserialize)]
struct Case {
    id: String,
    suites: Vec<String>,
    request: Vec<String>,
    recommends: bool,
    #[serde(default)]
    exclude: Vec<String>,
    #[serde(default)]
    solution: Solution,
    /// Another answer that is as good.
    also: Option<Solution>,
    error: Option<String>,
}

type Solution = BTreeMap<String, String>;

/// Cases that are answered otherwise, and why. None is: a new one must say here what is better.
const EXPLAINED: &[(&str, &str)] = &[];

#[expect(
    clippy::disallowed_methods,
    reason = "a test is told where its data lies"
)]
pub(crate) fn shared() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let shared = std::env::var_os("ROOTLOCK_SHARED").map_or(beside, PathBuf::from);
    let found = shared.join("debian/indices").is_dir();
    if !found {
        eprintln!("skipped: {} has no debian/indices", shared.display());
    }
    found.then(|| fs_err::canonicalize(shared).unwrap())
}

struct Bench {
    shared: PathBuf,
    dir: tempfile::TempDir,
}

impl Bench {
    fn new() -> Option<Self> {
        Some(Self {
            shared: shared()?,
            dir: tempfile::tempdir().unwrap(),
        })
    }

    fn read<T: serde::de::DeserializeOwned>(&self, name: &str) -> T {
        let bytes = fs_err::read(self.shared.join("debian").join(name)).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    /// Locks a manifest with one group, whose further lines are given.
    fn lock(&self, id: &str, suites: &[String], recommends: bool, group: &str) -> (i32, Value) {
        let repositories: String = suites
            .iter()
            .map(|suite| {
                let url = self.shared.join("debian/indices").join(suite);
                let url = url.display();
                format!("  - {{url: \"file://{url}\", suite: {suite}, allow_expired: true}}\n")
            })
            .collect();
        let release = &suites[0];
        let manifest = format!(
            "name: case\ndistro: debian\nrelease: {release}\narchitectures: [amd64]\n\
             recommends: {recommends}\nrepositories:\n{repositories}groups:\n  - name: g\n{group}"
        );
        let project = self.dir.path().join(id);
        fs_err::create_dir(&project).unwrap();
        fs_err::write(project.join("rootfs.yaml"), manifest).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_rootlock"))
            .args(["lock", "--dry-run", "--json", "--offline"])
            .current_dir(&project)
            .env_clear()
            .env("ROOTLOCK_STORE", self.dir.path().join("store"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let printed = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{id}: {error}: {output:?}"));
        (output.status.code().unwrap(), printed)
    }
}

fn solution(printed: &Value) -> Solution {
    let packages = printed["packages"]["amd64"].as_array().unwrap();
    let text = |package: &Value, field: &str| package[field].as_str().unwrap().to_owned();
    packages
        .iter()
        .inspect(|package| assert_eq!(package["change"], "added"))
        .map(|package| (text(package, "name"), text(package, "version")))
        .collect()
}

fn difference(ours: &Solution, theirs: &Solution) -> String {
    let only = |one: &Solution, other: &Solution| -> Vec<String> {
        let of_one = one.iter().filter(|(name, v)| other.get(*name) != Some(v));
        of_one.map(|(name, v)| format!("{name}={v}")).collect()
    };
    format!(
        "ours alone {:?}, theirs alone {:?}",
        only(ours, theirs),
        only(theirs, ours)
    )
}

/// What is wrong with our answer.
fn fault(bench: &Bench, case: &Case) -> Option<String> {
    let list = |words: &[String]| serde_json::to_string(words).unwrap();
    let group = format!(
        "    packages: {}\n    exclude: {}\n",
        list(&case.request),
        list(&case.exclude)
    );
    let (code, printed) = bench.lock(&case.id, &case.suites, case.recommends, &group);
    match (code, &case.error) {
        (0, None) => {
            let ours = solution(&printed);
            let fits = ours == case.solution || case.also.as_ref() == Some(&ours);
            (!fits).then(|| difference(&ours, &case.solution))
        }
        (3, Some(_)) => {
            let message = printed["error"]["message"].as_str().unwrap_or_default();
            let names = |request: &String| {
                let end = request.find(['=', '/', ':']).unwrap_or(request.len());
                message.contains(&request[..end])
            };
            (!case.request.iter().any(names)).then(|| format!("names no request: {message}"))
        }
        (code, error) => Some(format!("code {code} where apt says {error:?}: {printed}")),
    }
}

#[test]
fn lock_answers_as_apt_does() {
    let Some(bench) = Bench::new() else { return };
    let cases: Vec<Case> = bench.read("cases.json");
    let queue = Mutex::new(cases.iter());
    let wrong = Mutex::new(BTreeMap::new());
    let work = || {
        loop {
            let Some(case) = queue.lock().unwrap().next() else {
                return;
            };
            if let Some(fault) = fault(&bench, case) {
                wrong.lock().unwrap().insert(case.id.clone(), fault);
            }
        }
    };
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(work);
        }
    });
    let mut wrong = wrong.into_inner().unwrap();
    for (id, _) in EXPLAINED {
        assert!(wrong.remove(*id).is_some(), "{id} needs no explanation");
    }
    assert!(wrong.is_empty(), "of {} cases: {wrong:#?}", cases.len());
}

#[derive(serde::Deserialize)]
struct BaseSets {
    suites: Vec<String>,
    closure_essential: Solution,
    closure_essential_required: Solution,
}

#[test]
fn priorities_give_the_sets_of_a_bootstrap() {
    let Some(bench) = Bench::new() else { return };
    let sets: BTreeMap<String, BaseSets> = bench.read("base-sets.json");
    for (release, sets) in &sets {
        for (priority, expected) in [
            ("essential", &sets.closure_essential),
            ("required", &sets.closure_essential_required),
        ] {
            let group = format!("    priority: {priority}\n");
            let id = format!("{release}-{priority}");
            let (code, printed) = bench.lock(&id, &sets.suites, false, &group);
            assert_eq!(code, 0, "{id}: {printed}");
            let ours = solution(&printed);
            assert!(ours == *expected, "{id}: {}", difference(&ours, expected));
        }
    }
}
