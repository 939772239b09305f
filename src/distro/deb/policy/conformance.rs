//! Every case that apt answered, and the base sets.

use std::collections::BTreeMap;

use super::oracle::{catalog, difference, problem, shared, versions};
use crate::distro::Catalog as _;

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
