//! A request that is added, or one package that is updated, moves that and what it forces: on packages
//! that nobody would think of, and on the pinned indexes beside the project.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;

use crate::conformance::shared;
use crate::place::Place;
use crate::repo::Repo;
use crate::yard::Yard;

/// What is locked for the one architecture.
#[derive(Debug, Default)]
struct State {
    /// By name: the lines of the lockfile.
    blocks: BTreeMap<String, String>,
    /// By name: what it leads to.
    edges: BTreeMap<String, BTreeSet<String>>,
}

impl State {
    /// From what `list --json` prints, and the lockfile.
    fn read(listed: &Value, text: &str) -> Self {
        let mut state = Self::default();
        for block in text.split("    - name: ").skip(1) {
            let name = block.lines().next().unwrap().trim_matches('"');
            state.blocks.insert(name.to_owned(), block.to_owned());
        }
        let packages = listed["packages"].as_object().unwrap().values();
        for package in packages.flat_map(|packages| packages.as_array().unwrap()) {
            let name = package["name"].as_str().unwrap();
            for (key, inward) in [
                ("depends", false),
                ("recommends", false),
                ("install_if", true),
            ] {
                for edge in package[key].as_array().into_iter().flatten() {
                    let to = match edge {
                        Value::String(to) => to,
                        edge => edge.as_object().unwrap().keys().next().unwrap(),
                    };
                    let (from, to) = if inward {
                        (to.as_str(), name)
                    } else {
                        (name, to.as_str())
                    };
                    state
                        .edges
                        .entry(from.into())
                        .or_default()
                        .insert(to.into());
                }
            }
        }
        let known = state.blocks.keys().map(String::as_str).collect::<Vec<_>>();
        assert!(
            known.len() == state.blocks.len() && !known.is_empty(),
            "{text}"
        );
        state
    }

    fn version(&self, name: &str) -> Option<&str> {
        let line = |line: &str| line.trim().starts_with("version: ");
        self.blocks.get(name)?.lines().find(|l| line(l))
    }

    fn leads(&self, from: &str, to: &str) -> bool {
        self.edges.get(from).is_some_and(|edges| edges.contains(to))
    }

    /// What a package leads to, itself too.
    fn reach(&self, from: &str) -> BTreeSet<String> {
        let (mut found, mut open) = (BTreeSet::new(), vec![from.to_owned()]);
        while let Some(name) = open.pop() {
            open.extend(self.edges.get(&name).into_iter().flatten().cloned());
            found.insert(name.clone());
            open.retain(|name| !found.contains(name));
        }
        found
    }
}

/// The packages whose blocks are not the same to the byte.
fn differing<'a>(old: &'a State, new: &'a State) -> BTreeSet<&'a str> {
    let names = old.blocks.keys().chain(new.blocks.keys());
    names
        .filter(|name| old.blocks.get(*name) != new.blocks.get(*name))
        .map(String::as_str)
        .collect()
}

/// The packages that came, went or have another version.
fn moved<'a>(old: &'a State, new: &'a State) -> BTreeSet<&'a str> {
    let mut moved = differing(old, new);
    moved.retain(|name| old.version(name) != new.version(name));
    moved
}

/// What differs and is tied to the cause by nothing: an edge, before or now, from package to package
/// of which each differs itself.
fn astray(cause: &str, old: &State, new: &State) -> Vec<String> {
    let mut rest = differing(old, new);
    let mut open = vec![cause.to_owned()];
    rest.remove(cause);
    while let Some(at) = open.pop() {
        let tied: Vec<&str> = rest
            .iter()
            .copied()
            .filter(|name| {
                [old, new]
                    .iter()
                    .any(|s| s.leads(&at, name) || s.leads(name, &at))
            })
            .collect();
        for name in tied {
            rest.remove(name);
            open.push(name.to_owned());
        }
    }
    rest.into_iter().map(str::to_owned).collect()
}

// ---------------------------------------------------------------------------- made data

/// One alternative of a dependency: a package or virtual name, and the one version that will do.
type Alternative = (String, Option<u8>);

/// One version of a package that nobody would think of.
#[derive(Debug, Clone)]
struct Made {
    depends: Vec<Vec<Alternative>>,
    provides: Option<u8>,
}

/// How many packages there are.
const COUNT: usize = 8;

fn made(exact: bool) -> impl Strategy<Value = Made> {
    let target = prop_oneof![
        6 => (0..COUNT).prop_map(|at| format!("p{at}-x")),
        1 => (0..2_u8).prop_map(|at| format!("virtual-{at}")),
    ];
    let version = match exact {
        true => prop_oneof![3 => Just(None), 1 => Just(Some(1)), 2 => Just(Some(2))].boxed(),
        false => Just(None).boxed(),
    };
    let alternative = (target, version).prop_map(|(name, version)| {
        let version = version.filter(|_| !name.starts_with("virtual"));
        (name, version)
    });
    let relation = prop::collection::vec(alternative, 1..3);
    let provides = prop::option::weighted(0.3, 0..2_u8);
    (prop::collection::vec(relation, 0..3), provides)
        .prop_map(|(depends, provides)| Made { depends, provides })
}

/// The first version of each package, and the second of some.
fn universe() -> impl Strategy<Value = Vec<(Made, Option<Made>)>> {
    prop::collection::vec(
        (made(false), prop::option::weighted(0.6, made(true))),
        COUNT,
    )
}

type Universe = [(Made, Option<Made>)];

/// A solution: name to version.
type Chosen = BTreeMap<String, u8>;

fn of<'a>(universe: &'a Universe, name: &str, version: u8) -> Option<&'a Made> {
    let at: usize = name.strip_prefix('p')?.strip_suffix("-x")?.parse().ok()?;
    let (first, second) = universe.get(at)?;
    if version == 1 {
        Some(first)
    } else {
        second.as_ref()
    }
}

/// Whether all that is chosen is offered and has what it depends on.
fn holds(universe: &Universe, chosen: &Chosen) -> bool {
    let provided: BTreeSet<String> = chosen
        .iter()
        .filter_map(|(name, version)| of(universe, name, *version)?.provides)
        .map(|at| format!("virtual-{at}"))
        .collect();
    let fits = |(name, version): &Alternative| match chosen.get(name) {
        Some(found) => version.is_none_or(|version| version == *found),
        None => provided.contains(name),
    };
    chosen.iter().all(|(name, version)| {
        of(universe, name, *version)
            .is_some_and(|made| made.depends.iter().all(|any| any.iter().any(fits)))
    })
}

/// Puts the first versions into the place's repository, with the second ones beside them.
fn offer(place: &Place, universe: &Universe, second: bool) {
    let mut repo = Repo::new("trixie");
    repo.age = if second { 3600 } else { 7200 };
    for at in 0..universe.len() {
        for version in 1..=1 + u8::from(second) {
            let name = format!("p{at}-x");
            let Some(made) = of(universe, &name, version) else {
                continue;
            };
            let relation = |any: &Vec<Alternative>| {
                let each = any.iter().map(|(name, version)| match version {
                    Some(version) => format!("{name} (= {version})"),
                    None => name.clone(),
                });
                each.collect::<Vec<_>>().join(" | ")
            };
            let depends: Vec<_> = made.depends.iter().map(relation).collect();
            let mut control = format!(
                "Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: x\nDescription: x\n"
            );
            if !depends.is_empty() {
                control += &format!("Depends: {}\n", depends.join(", "));
            }
            if let Some(provides) = made.provides {
                control += &format!("Provides: virtual-{provides}\n");
            }
            let bytes = format!("{name} {version}").into_bytes();
            repo = repo.deb(&format!("{name}_{version}_all.deb"), bytes, &control);
        }
    }
    let _ = fs_err::remove_dir_all(place.path("repo"));
    repo.write(&place.path("repo"), &place.key, place.now);
}

/// Writes the manifest with these packages in its two groups.
fn ask(place: &Place, low: &[usize], high: &[usize]) {
    let list = |names: &[usize]| {
        let names = names.iter().map(|at| format!("p{at}-x"));
        names.collect::<Vec<_>>().join(", ")
    };
    let text = format!(
        "name: test\ndistro: debian\nrelease: trixie\narchitectures: [amd64]\nrepositories:\n  \
         - {{url: ./repo, suite: trixie, keyring: key.gpg}}\ngroups:\n  - {{name: low, packages: [{}]}}\n  \
         - {{name: high, packages: [{}]}}\n",
        list(low),
        list(high)
    );
    place.write("rootfs.yaml", text.as_bytes());
}

/// The state after a run of `lock`, where there is a solution.
fn lock(place: &Place, words: &[&str]) -> Option<State> {
    let output = place.run(&[&["lock"], words].concat());
    match output.status.code() {
        Some(0) => Some(State::read(
            &place.json(&["list"]).1,
            &place.read("rootfs.lock"),
        )),
        Some(3) => None,
        _ => panic!("{output:?}"),
    }
}

fn chosen(state: &State) -> Chosen {
    let version = |name: &String| {
        let line = state.version(name).unwrap();
        (name.clone(), if line.contains('2') { 2 } else { 1 })
    };
    state.blocks.keys().map(version).collect()
}

/// What moved although the rest would have held without that: every choice of locked packages that
/// could have stayed as they were is tried, and whether anything need have come at all. Which one of
/// several alternatives comes is the order's to say, not this test's.
fn needless(universe: &Universe, cause: &str, old: &State, new: &State) -> Option<String> {
    let (before, after) = (chosen(old), chosen(new));
    let moved = moved(old, new).into_iter().filter(|name| *name != cause);
    let (stayed, came): (Vec<&str>, Vec<&str>) = moved
        .filter(|name| after.contains_key(*name))
        .partition(|name| before.contains_key(*name));
    for choice in 0..1_u32 << (stayed.len() + 1) {
        let mut other = after.clone();
        for (bit, name) in stayed.iter().enumerate() {
            if choice >> (bit + 1) & 1 == 1 {
                other.insert((*name).to_owned(), before[*name]);
            }
        }
        if choice & 1 == 1 {
            other.retain(|name, _| !came.contains(&name.as_str()));
        }
        if other != after && holds(universe, &other) {
            return Some(format!("{other:?} would have done, and not {after:?}"));
        }
    }
    None
}

/// How many packages moved for a cause that is known, or what is wrong with that.
fn judge(universe: &Universe, cause: &str, old: &State, new: &State) -> Result<usize, String> {
    if !holds(universe, &chosen(new)) {
        return Err(format!("{:?} does not hold", chosen(new)));
    }
    let astray = astray(cause, old, new);
    if !astray.is_empty() {
        return Err(format!("{astray:?} are not tied to {cause}"));
    }
    match needless(universe, cause, old, new) {
        Some(fault) => Err(fault),
        None => Ok(moved(old, new).len()),
    }
}

/// A case in few lines.
fn written(universe: &Universe, requests: &[usize], cause: usize) -> String {
    let mut out = format!("requests {requests:?}, cause {cause}\n");
    for (at, (first, second)) in universe.iter().enumerate() {
        for (version, made) in [(1, Some(first)), (2, second.as_ref())] {
            if let Some(Made { depends, provides }) = made {
                out += &format!("p{at}-x {version}: {depends:?} {provides:?}\n");
            }
        }
    }
    out
}

/// What a case came to: nothing could be locked, or how many packages moved, or what is wrong.
type Case = Option<Result<usize, String>>;

/// Runs `property` on made-up universes, of which enough must have moved something. Failures are
/// printed, and no file is written.
fn on_made_data(
    cases: u32,
    property: impl Fn(&Place, &Universe, &[usize], usize) -> Case,
) -> [u32; 3] {
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 400,
        ..ProptestConfig::default()
    };
    let requests = prop::collection::vec(0..COUNT, 1..4);
    let place = Place::new();
    let mut runner = TestRunner::new_with_rng(
        config,
        // The same cases every time.
        TestRng::deterministic_rng(RngAlgorithm::ChaCha),
    );
    let seen = Cell::new([0; 3]);
    let inputs = (universe(), requests, 0..COUNT);
    let outcome = runner.run(&inputs, |(universe, requests, cause)| {
        let _ = fs_err::remove_file(place.path("rootfs.lock"));
        match property(&place, &universe, &requests, cause) {
            None => {}
            Some(Ok(moved)) => {
                let mut now = seen.get();
                now[moved.min(2)] += 1;
                seen.set(now);
            }
            Some(Err(fault)) => {
                prop_assert!(false, "{fault}\n{}", written(&universe, &requests, cause));
            }
        }
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    seen.get()
}

/// What is asked for at first, the cause, whether that is updated and not added, how many packages move,
/// and the universe.
type Example<'a> = (&'a [usize], usize, bool, usize, &'a [&'a str]);

/// A universe of a line per version: `p2 2 virtual-0: p1 | p0=2, p3`.
fn parsed(lines: &[&str]) -> Vec<(Made, Option<Made>)> {
    let nothing = Made {
        depends: Vec::new(),
        provides: None,
    };
    let mut out = vec![(nothing, None); COUNT];
    let alternative = |text: &str| {
        let (name, version) = text.split_once('=').unwrap_or((text, ""));
        let name = match name.starts_with('p') {
            true => format!("{name}-x"),
            false => name.to_owned(),
        };
        (name, version.parse().ok())
    };
    for line in lines {
        let (head, depends) = line.split_once(':').unwrap();
        let words: Vec<&str> = head.split_ascii_whitespace().collect();
        let relations = depends.split(',').map(str::trim);
        let relations = relations.filter(|any| !any.is_empty());
        let made = Made {
            depends: relations
                .map(|any| any.split(" | ").map(alternative).collect())
                .collect(),
            provides: words.get(2).map(|word| word[8..].parse().unwrap()),
        };
        let at: usize = words[0][1..].parse().unwrap();
        match words[1] {
            "1" => out[at].0 = made,
            _ => out[at].1 = Some(made),
        }
    }
    out
}

/// What is seldom met at random: a newest version that cannot be installed and what it brings about,
/// an index that changes what stands for a virtual name, a locked package of the wrong version among
/// alternatives.
#[test]
fn what_the_complete_engine_decides_moves_nothing_else_either() {
    let cases: &[Example<'_>] = &[
        (
            &[6],
            4,
            false,
            1,
            &["p2 2 virtual-0:", "p4 2: p0=2", "p6 1: virtual-0 | p2"],
        ),
        (
            &[5],
            1,
            false,
            1,
            &[
                "p0 2: p6",
                "p4 1 virtual-1:",
                "p5 1: virtual-1",
                "p6 1 virtual-1: p4",
            ],
        ),
        (
            &[2, 4],
            1,
            false,
            1,
            &[
                "p1 2: p2=2",
                "p2 1: p0",
                "p4 1: virtual-1",
                "p7 1 virtual-1: p3 | p0",
            ],
        ),
        (
            &[6, 1, 2],
            1,
            true,
            0,
            &["p0 2 virtual-1:", "p1 2: p1=1", "p6 1: virtual-1 | p0"],
        ),
        (
            &[4, 5],
            4,
            true,
            3,
            &[
                "p0 2:",
                "p2 1: p7",
                "p3 2: p0=2 | p7=2, p0",
                "p4 2: p3=2",
                "p5 1: p2",
                "p7 1: p3",
                "p7 2:",
            ],
        ),
        // The best version is worth what it forces.
        (&[1], 1, true, 2, &["p1 1: p2", "p1 2: p2=2", "p2 2:"]),
    ];
    for &(requests, cause, update, expected, lines) in cases {
        let place = Place::new();
        let universe = parsed(lines);
        offer(&place, &universe, false);
        ask(&place, requests, &[]);
        let old = lock(&place, &[]).unwrap();
        offer(&place, &universe, true);
        let name = format!("p{cause}-x");
        let new = match update {
            true => lock(&place, &["--update", &name]),
            false => {
                ask(&place, requests, &[cause]);
                lock(&place, &[])
            }
        };
        let moved = judge(&universe, &name, &old, &new.unwrap());
        assert_eq!(moved, Ok(expected), "{lines:?}");
    }
}

#[test]
fn a_request_that_is_added_moves_what_it_forces() {
    let seen = on_made_data(48, |place, universe, requests, cause| {
        offer(place, universe, false);
        ask(place, requests, &[]);
        // What cannot be locked has nothing that could move.
        let old = lock(place, &[])?;
        offer(place, universe, true);
        ask(place, requests, &[cause]);
        let new = lock(place, &[])?;
        Some(judge(universe, &format!("p{cause}-x"), &old, &new))
    });
    assert!(
        seen.iter().all(|cases| *cases > 0),
        "{seen:?} moved none, one and more"
    );
}

#[test]
fn one_package_that_is_updated_moves_what_it_forces() {
    let seen = on_made_data(48, |place, universe, requests, cause| {
        offer(place, universe, false);
        ask(place, requests, &[]);
        let old = lock(place, &[])?;
        let names: Vec<String> = old.blocks.keys().cloned().collect();
        let cause = &names[cause % names.len()];
        offer(place, universe, true);
        let new = lock(place, &["--update", cause])?;
        Some(judge(universe, cause, &old, &new))
    });
    assert!(
        seen.iter().all(|cases| *cases > 0),
        "{seen:?} moved none, one and more"
    );
}

#[test]
fn a_lock_of_the_same_manifest_moves_nothing() {
    let [still, ..] = on_made_data(200, |place, universe, requests, _| {
        offer(place, universe, false);
        ask(place, requests, &[]);
        let old = lock(place, &[])?;
        offer(place, universe, true);
        // Another digest of the manifest, and the same packages.
        let text = place
            .read("rootfs.yaml")
            .replace("suite: trixie,", "suite: trixie, priority: 400,");
        place.write("rootfs.yaml", text.as_bytes());
        let new = lock(place, &[])?;
        let differing = differing(&old, &new);
        Some(match differing.is_empty() {
            true => Ok(0),
            false => Err(format!("{differing:?} differ")),
        })
    });
    assert!(still > 2, "only {still} cases could be locked");
}

// ---------------------------------------------------------------------------- the pinned indexes

/// A project on indexes that lie beside this one.
struct Pinned {
    shared: PathBuf,
    dir: tempfile::TempDir,
}

impl Pinned {
    fn new() -> Option<Self> {
        Some(Self {
            shared: shared()?,
            dir: tempfile::tempdir().unwrap(),
        })
    }

    fn write(&self, suites: &[&str], groups: [&[&str]; 2]) {
        let repositories: String = suites
            .iter()
            .map(|suite| {
                let url = self.shared.join("debian/indices").join(suite);
                let url = url.display();
                format!("  - {{url: \"file://{url}\", suite: {suite}, allow_expired: true}}\n")
            })
            .collect();
        let [low, high] = groups.map(|names| serde_json::to_string(names).unwrap());
        let release = suites[0];
        let text = format!(
            "name: case\ndistro: debian\nrelease: {release}\narchitectures: [amd64]\nrepositories:\n\
             {repositories}groups:\n  - {{name: low, packages: {low}}}\n  \
             - {{name: high, packages: {high}}}\n"
        );
        fs_err::write(self.dir.path().join("rootfs.yaml"), text).unwrap();
    }

    fn run(&self, words: &[&str]) -> Value {
        let output = Command::new(env!("CARGO_BIN_EXE_rootlock"))
            .args(words)
            .args(["--json", "--offline", "--no-host-mirror"])
            .current_dir(self.dir.path())
            .env_clear()
            .env("ROOTLOCK_STORE", self.dir.path().join("store"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{words:?} {output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn lock(&self, words: &[&str]) -> State {
        self.run(&[&["lock"], words].concat());
        let text = fs_err::read_to_string(self.dir.path().join("rootfs.lock")).unwrap();
        State::read(&self.run(&["list"]), &text)
    }

    fn forget(&self) {
        let _ = fs_err::remove_file(self.dir.path().join("rootfs.lock"));
    }
}

/// What people ask for; none of them keeps another out.
const WANTED: &[&str] = &[
    "nginx",
    "curl",
    "git",
    "python3",
    "openssh-client",
    "postgresql-client",
    "redis-server",
    "haproxy",
    "memcached",
    "rsync",
    "vim",
    "tmux",
    "jq",
    "perl",
    "ruby",
    "php-cli",
    "sqlite3",
    "gnupg",
    "wget",
    "openssl",
    "imagemagick",
    "ffmpeg",
    "bind9-dnsutils",
    "procps",
    "gawk",
    "mawk",
    "ca-certificates",
];

/// Numbers that are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }

    fn names(&mut self, count: usize) -> Vec<&'static str> {
        let mut out = Vec::new();
        while out.len() < count {
            let name = WANTED[self.below(WANTED.len())];
            if !out.contains(&name) {
                out.push(name);
            }
        }
        out
    }
}

#[test]
fn a_request_that_is_added_on_the_pinned_indexes_moves_nothing_else() {
    let Some(pinned) = Pinned::new() else { return };
    let mut dice = Dice(1);
    for case in 0..12 {
        let release = ["trixie", "bookworm"][case % 2];
        let names = dice.names(4);
        let (added, low) = names.split_last().unwrap();
        let to_low = dice.below(2) == 0;
        pinned.forget();
        pinned.write(&[release], [low, &[]]);
        let old = pinned.lock(&[]);
        match to_low {
            true => pinned.write(&[release], [&names, &[]]),
            false => pinned.write(&[release], [low, &[added]]),
        }
        let new = pinned.lock(&[]);
        let tied = new.reach(added);
        for name in differing(&old, &new) {
            assert!(
                tied.contains(name) || new.reach(name).contains(*added),
                "{release}: {low:?} and then {added}: {name} is not needed by it and does not need it"
            );
        }
        for name in moved(&old, &new) {
            assert!(
                old.version(name).is_none(),
                "{low:?} and then {added}: {name} moved"
            );
        }
        assert_eq!(astray(added, &old, &new), Vec::<String>::new());
    }
}

#[test]
fn one_package_that_is_updated_on_the_pinned_indexes_moves_what_it_forces() {
    let Some(pinned) = Pinned::new() else { return };
    let mut dice = Dice(7);
    let mut seen = 0;
    for case in 0..10 {
        let release = ["trixie", "bookworm"][case % 2];
        let names = dice.names(5);
        pinned.forget();
        pinned.write(&[release], [&names, &[]]);
        let old = pinned.lock(&[]);
        let suites = ["", "-updates", "-security"].map(|end| format!("{release}{end}"));
        pinned.write(&suites.each_ref().map(String::as_str), [&names, &[]]);
        let kept = pinned.lock(&[]);
        assert_eq!(
            differing(&old, &kept),
            BTreeSet::new(),
            "all is still offered"
        );
        let found = pinned.run(&["outdated"]);
        let found: Vec<&str> = found["outdated"]["amd64"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|package| package["change"] == "upgraded")
            .map(|package| package["name"].as_str().unwrap())
            .collect();
        if found.is_empty() {
            continue;
        }
        seen += 1;
        let cause = found[dice.below(found.len())];
        let new = pinned.lock(&["--update", cause]);
        assert_ne!(
            old.version(cause),
            new.version(cause),
            "{cause} is outdated"
        );
        assert_eq!(
            astray(cause, &old, &new),
            Vec::<String>::new(),
            "{names:?}, {cause}"
        );
        // It is one source package that moves, and with it what that needs anew.
        let all = moved(&old, &new).len();
        assert!(all <= found.len(), "{cause} of {found:?} moves {all}");
    }
    assert!(seen > 0, "nothing is outdated in any case");
}

#[test]
fn a_request_that_is_added_on_a_pinned_release_of_alpine_moves_nothing_else() {
    let Some(at) = shared().map(|shared| shared.join("alpine/3.13.1")) else {
        return;
    };
    if !Path::new(&at).is_dir() {
        eprintln!("skipped: there is no {}", at.display());
        return;
    }
    const URL: &str = "https://dl.example.org/alpine";
    let mirror = format!("{URL}=file://{}", at.display());
    let names = [
        "busybox",
        "openssh",
        "apk-tools",
        "tzdata",
        "openssl",
        "chrony",
        "haveged",
        "kbd-bkeymaps",
        "openrc",
        "wpa_supplicant",
        "e2fsprogs",
    ];
    let mut dice = Dice(3);
    let yard = Yard::new();
    let lock = |groups: &str| {
        yard.manifest("[arm64]", &format!("  - {{url: {URL}}}"), groups);
        yard.run(&["lock", "--offline", "--mirror", &mirror]).done();
        State::read(&yard.run(&["list"]).done(), &yard.lockfile())
    };
    for _ in 0..8 {
        let _ = fs_err::remove_file(yard.path("p/rootfs.lock"));
        let pick = |dice: &mut Dice| names[dice.below(names.len())];
        let (one, two, added) = (pick(&mut dice), pick(&mut dice), pick(&mut dice));
        // Somebody must be the shell: apk takes none unasked.
        let low = format!("  - {{name: low, packages: [busybox, {one}, {two}]}}\n");
        let old = lock(&low);
        let new = lock(&format!("{low}  - {{name: high, packages: [{added}]}}\n"));
        assert_eq!(
            astray(added, &old, &new),
            Vec::<String>::new(),
            "{one}, {two}, then {added}"
        );
        for name in moved(&old, &new) {
            assert!(
                old.version(name).is_none(),
                "{one}, {two}, then {added}: {name} moved"
            );
        }
    }
}
