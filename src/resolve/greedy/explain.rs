//! Why there is no solution, in sentences: the fewest requests that do not go together, then what
//! stands in the way of each package that had to be taken.

use std::collections::BTreeSet;

use super::stock::Stock;
use super::teller::Teller;
use super::{Job, Refusal, Wish, solve};
use crate::model::PackageId;
use crate::resolve::Unsatisfiable;

/// Wishes are left out this many times at most: a hundred wishes need about two hundred.
const MAX_TRIES: usize = 400;
/// More sentences than this are not read by anyone.
const MAX_SENTENCES: usize = 8;

/// Explains a refusal. `flaw` says why a package is not installable, `near` which names of packages
/// are spelt like another.
pub fn explain(
    stock: &Stock,
    job: &Job,
    refusal: &Refusal,
    flaw: &dyn Fn(PackageId) -> Option<String>,
    near: &dyn Fn(&str) -> Vec<String>,
) -> Unsatisfiable {
    let (job, refusal) = fewest(stock, job, refusal);
    let teller = Teller {
        stock,
        job: &job,
        refusal: &refusal,
        flaw,
    };
    if let [wish] = &job.wishes[..]
        && let Some(short) = teller.alone(wish, near)
    {
        return short;
    }
    let mut sentences = Vec::new();
    for wish in &job.wishes {
        teller.follow(wish, &mut sentences);
    }
    if sentences.is_empty() {
        teller.everything(&mut sentences);
    }
    let mut told = BTreeSet::new();
    sentences.retain(|sentence| told.insert(sentence.clone()));
    let more = sentences.len().saturating_sub(MAX_SENTENCES);
    if more > 0 {
        sentences.truncate(MAX_SENTENCES);
        sentences.push(format!("and {more} more relations like these"));
    }
    let wanted: Vec<&str> = job.wishes.iter().map(|wish| wish.text.as_str()).collect();
    let message = match wanted[..] {
        [] => "no set of packages fits the manifest".to_owned(),
        [one] => format!("{one} cannot be installed"),
        [ref first @ .., last] => {
            format!(
                "{} and {last} cannot be installed together",
                first.join(", ")
            )
        }
    };
    Unsatisfiable::told(message, sentences, None)
}

/// The fewest wishes that are refused: ever smaller parts are left out as long as the rest is still
/// refused.
fn fewest(stock: &Stock, job: &Job, refusal: &Refusal) -> (Job, Refusal) {
    let with = |wishes: Vec<Wish>| Job {
        anew: wishes.iter().map(|wish| wish.need.name).collect(),
        wishes,
        ..Job::default()
    };
    let mut wishes = job.wishes.clone();
    let mut reason = match solve(stock, &with(wishes.clone())) {
        Err(reason) => reason,
        // Only with what was there before it does not fit.
        Ok(_) => return (job.clone(), refusal.clone()),
    };
    let mut part = wishes.len().div_ceil(2);
    let mut tries = 0;
    while part > 0 && tries < MAX_TRIES {
        let mut start = 0;
        while start < wishes.len() {
            tries += 1;
            let end = (start + part).min(wishes.len());
            let mut rest = wishes.clone();
            rest.drain(start..end);
            match solve(stock, &with(rest.clone())) {
                Err(less) if !rest.is_empty() => {
                    wishes = rest;
                    reason = less;
                }
                _ => start = end,
            }
        }
        part = match part {
            1 => 0,
            part => part.div_ceil(2).min(part - 1),
        };
    }
    (with(wishes), reason)
}
