//! Every case that apt answered, and the base sets.

use std::collections::BTreeMap;

use super::oracle::{catalog, difference, problem, shared, versions};
use super::testing::{asking, check, with_priority};
use crate::distro::Catalog as _;
use crate::distro::deb::catalog::DebCatalog;
use crate::model::Priority;

#[derive(serde::Deserialize)]
struct Case {
    id: String,
    suites: Vec<String>,
    request: Vec<String>,
    recommends: bool,
    #[serde(default)]
    exclude: Vec<String>,
    #[serde(default)]
    solution: BTreeMap<String, String>,
    also: Option<BTreeMap<String, String>>,
    error: Option<String>,
}

/// What our answer to a case lacks.
fn fault(case: &Case) -> Option<String> {
    let catalog = catalog(&case.suites[0])?;
    let answer = problem(&case.request, &case.exclude, case.recommends).and_then(|problem| {
        catalog.resolve(&problem).map_err(|error| {
            let mut text = error.to_string();
            let mut next = error.source();
            while let Some(cause) = next {
                text += &format!("; {cause}");
                next = cause.source();
            }
            format!("{text} ({:?})", error.hint())
        })
    });
    match (answer, &case.error) {
        (Ok(solution), None) => {
            let theirs = &case.solution;
            let ours = versions(&solution);
            let fits = ours == *theirs || case.also.as_ref() == Some(&ours);
            (!fits).then(|| difference(&ours, theirs))
        }
        (Err(error), None) => Some(format!("refused: {error}")),
        (Ok(_), Some(error)) => Some(format!("apt refuses: {error}")),
        (Err(error), Some(_)) => {
            println!("{}: {error}", case.id);
            None
        }
    }
}

#[test]
fn answers_as_apt_does() {
    let Some(shared) = shared() else { return };
    let text = fs_err::read(shared.join("debian/cases.json")).expect("the cases");
    let cases: Vec<Case> = serde_json::from_slice(&text).expect("valid cases");
    let mut wrong = 0;
    for case in &cases {
        if let Some(fault) = fault(case) {
            wrong += 1;
            println!("WRONG {}: {fault}", case.id);
        }
    }
    println!("{} of {} cases", cases.len() - wrong, cases.len());
    assert_eq!(wrong, 0);
}

#[derive(serde::Deserialize)]
struct BaseSets {
    essential: Vec<String>,
    closure_essential: BTreeMap<String, String>,
    closure_essential_required: BTreeMap<String, String>,
}

#[test]
fn priorities_are_the_base_sets() {
    let Some(shared) = shared() else { return };
    let text = fs_err::read(shared.join("debian/base-sets.json")).expect("the sets");
    let sets: BTreeMap<String, BaseSets> = serde_json::from_slice(&text).expect("valid sets");
    for (release, sets) in &sets {
        let Some(catalog) = catalog(release) else {
            return;
        };
        for (priority, closure) in [
            (Priority::Essential, &sets.closure_essential),
            (Priority::Required, &sets.closure_essential_required),
        ] {
            let problem = with_priority(asking(""), priority);
            let solution = catalog.resolve(&problem).expect("a solution");
            check(catalog, &problem, &solution);
            let ours = versions(&solution);
            assert_eq!(ours, *closure, "{release}: {}", difference(&ours, closure));
            assert!(sets.essential.iter().all(|name| ours.contains_key(name)));
        }
    }
}

/// How many random requests are tried.
const ROUNDS: usize = 40;

/// Random requests: whatever the answer, it is valid, and locking it again changes nothing.
#[test]
fn every_answer_is_valid() {
    if shared().is_none() {
        return;
    }
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % bound as u64) as usize
    };
    let mut solved = 0;
    let releases = ["bookworm", "trixie"].map(catalog);
    let names = releases.map(|catalog| catalog.into_iter().flat_map(DebCatalog::names).collect());
    let names: [Vec<&str>; 2] = names;
    for round in 0..ROUNDS {
        let (Some(catalog), names) = (releases[round % 2], &names[round % 2]) else {
            return;
        };
        let requests: Vec<&str> = (0..=next(6)).map(|_| names[next(names.len())]).collect();
        let mut problem = asking(&requests.join(" "));
        problem.recommends = next(3) == 0;
        let Ok(solution) = catalog.resolve(&problem) else {
            continue;
        };
        solved += 1;
        check(catalog, &problem, &solution);
        problem.groups[0].requests.reverse();
        let other = catalog.resolve(&problem).expect("the same requests");
        assert_eq!(other.packages, solution.packages, "{requests:?}");
        problem.locked = other.packages;
        let again = catalog.resolve(&problem).expect("what is locked");
        assert_eq!(again.packages, solution.packages, "{requests:?}");
        assert_eq!(again.moves, []);
    }
    println!("{solved} of {ROUNDS} random requests have an answer, all valid");
    assert!(solved > ROUNDS / 2);
}
