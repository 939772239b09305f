//! apk's policy: a problem in the manifest's words in, a solution in the lockfile's words out.
//!
//! Requests are lines of a world file. What is locked and still offered counts as installed: apk
//! keeps it where it can. `--update` resolves as if nothing were installed, so that its answer is
//! that of a first lock; `--update NAME` lets the packages of that name move. Where nothing fits
//! upon what is locked, it is tried without: a lock must not make a manifest unsatisfiable.

use std::collections::{BTreeMap, BTreeSet};

use super::catalog::{ApkCatalog, Flawed, Offers};
use super::moves;
use crate::model::{
    Edge, LockedPackage, PackageId, PackageName, PackageRequest, RequestOp, Sha256, SourcePackage,
    Version,
};
use crate::resolve::greedy::{
    self, Choice, Job, NameId, Need, Situated, Test, TextId, Wish, situate, solve,
};
use crate::resolve::{Problem, Solution, Unsatisfiable, Update, nearest};

/// See `Catalog::resolve`.
pub(super) fn resolve(catalog: &ApkCatalog, problem: &Problem) -> Result<Solution, Unsatisfiable> {
    let (offers, job) = job(catalog, problem)?;
    let stock = &offers.stock;
    let (job, choice) = match solve(stock, &job) {
        Ok(choice) => (job, choice),
        Err(refusal) => {
            let fresh = Job {
                anew: job.wishes.iter().map(|wish| wish.need.name).collect(),
                held: Default::default(),
                ..job.clone()
            };
            match solve(stock, &fresh) {
                Ok(choice) if !job.held.is_empty() => (fresh, choice),
                _ => return Err(refuse(catalog, &offers, &job, &refusal)),
            }
        }
    };
    let situated = situate(stock, &job, &choice, problem.groups.len());
    Ok(write(catalog, problem, &offers, &job, &choice, &situated))
}

/// What the engine is asked, in the numbers of what is offered.
fn job(catalog: &ApkCatalog, problem: &Problem) -> Result<(Offers, Job), Unsatisfiable> {
    struct Line<'a> {
        name: &'a str,
        version: &'a str,
        request: Option<&'a PackageRequest>,
        group: Option<usize>,
    }
    let mut lines: Vec<Line<'_>> = Vec::new();
    for (number, group) in problem.groups.iter().enumerate() {
        lines.extend(group.requests.iter().map(|request| Line {
            name: &request.name,
            version: request.version.as_ref().map_or("", |(_, version)| version),
            request: Some(request),
            group: Some(number),
        }));
        lines.extend(group.exclude.iter().map(|name| Line {
            name: name.as_str(),
            version: "",
            request: None,
            group: None,
        }));
    }
    let (offers, asked) = catalog.offers(lines.iter().map(|line| (line.name, line.version)));
    let mut wishes: Vec<Wish> = Vec::with_capacity(lines.len());
    for (line, (name, version)) in lines.iter().zip(asked) {
        let test = match line.request {
            Some(request) => test(request),
            None => Test::ANY.with(Test::NOT),
        };
        let wish = Wish {
            need: Need {
                name,
                test,
                version,
            },
            tag: match line.request.and_then(|request| request.tag.as_deref()) {
                Some(tag) => tag_of(&offers, tag, line.request)?,
                None => 0,
            },
            text: match line.request {
                Some(request) => PackageRequest {
                    arches: Vec::new(),
                    ..request.clone()
                }
                .to_string(),
                None => format!("exclude: {}", line.name),
            },
            group: line.group,
        };
        match wishes.iter_mut().find(|known| known.text == wish.text) {
            // Asked for by two groups: it belongs to the lower one.
            Some(known) => known.group = known.group.min(wish.group),
            None => wishes.push(wish),
        }
    }
    let stock = &offers.stock;
    wishes.sort_by_cached_key(|wish| {
        let name = stock.name(wish.need.name);
        (
            name.to_ascii_lowercase(),
            name.to_owned(),
            wish.text.clone(),
        )
    });
    let (held, moved) = held(&offers, problem);
    let asked_before = |wish: &Wish| {
        let name = stock.name(wish.need.name);
        let mut locked = problem.locked.iter();
        locked.any(|package| package.requested && package.name.as_str() == name)
    };
    let anew = wishes
        .iter()
        .filter(|wish| held.is_empty() || !asked_before(wish))
        .map(|wish| wish.need.name)
        .collect();
    let asked_for = |id: &PackageId| {
        let name = stock.offer(*id).name;
        wishes.iter().any(|wish| wish.need.name == name)
    };
    let asked_once = |id: &PackageId| {
        let name = stock.name(stock.offer(*id).name);
        let mut locked = problem.locked.iter();
        locked.any(|package| package.requested && package.name.as_str() == name)
    };
    let dropped = held.iter().filter(|id| asked_once(id) && !asked_for(id));
    let job = Job {
        anew,
        dropped: dropped.copied().collect(),
        held: held.into_iter().collect(),
        upgrade: moved,
        upgrade_all: false,
        wishes,
    };
    Ok((offers, job))
}

/// What is locked and may stay, and the names that `--update` names.
fn held(offers: &Offers, problem: &Problem) -> (BTreeSet<PackageId>, BTreeSet<NameId>) {
    let mut held = BTreeSet::new();
    let mut moved = BTreeSet::new();
    if problem.update == Update::All {
        return (held, moved);
    }
    let locked: BTreeMap<&str, &LockedPackage> = problem
        .locked
        .iter()
        .filter_map(|package| Some((package.checksum.as_deref()?, package)))
        .collect();
    let stock = &offers.stock;
    for id in stock.packages() {
        let offer = stock.offer(id);
        let name = stock.name(offer.name);
        let same = locked.get(stock.text(offer.identity));
        if same.is_some_and(|package| package.name.as_str() == name) {
            held.insert(id);
        }
        if let Update::Names(names) = &problem.update
            && names.iter().any(|wanted| wanted.as_str() == name)
        {
            moved.insert(offer.name);
        }
    }
    (held, moved)
}

fn test(request: &PackageRequest) -> Test {
    let test = match request.version.as_ref().map(|(op, _)| *op) {
        None => Test::ANY,
        Some(RequestOp::Eq) => Test::EQUAL,
        Some(RequestOp::Prefix) => Test::PREFIX,
        Some(RequestOp::Ge) => Test::GREATER.with(Test::EQUAL),
        Some(RequestOp::Le) => Test::LESS.with(Test::EQUAL),
        Some(RequestOp::Gt) => Test::GREATER,
        Some(RequestOp::Lt) => Test::LESS,
        Some(RequestOp::Fuzzy) => Test::EQUAL.with(Test::FUZZY),
        Some(RequestOp::FuzzyGe) => Test::GREATER.with(Test::EQUAL).with(Test::FUZZY),
        Some(RequestOp::FuzzyLe) => Test::LESS.with(Test::EQUAL).with(Test::FUZZY),
        Some(RequestOp::Identity) => Test::IDENTITY,
    };
    match request.negated {
        true => test.with(Test::NOT),
        false => test,
    }
}

/// The place of a tag, which a repository must have.
fn tag_of(
    offers: &Offers,
    tag: &str,
    request: Option<&PackageRequest>,
) -> Result<usize, Unsatisfiable> {
    let tags = offers.stock.tags();
    let known = || tags.iter().skip(1).map(|(known, _)| format!("@{known}"));
    let at = tags.iter().position(|(known, _)| known == tag);
    at.filter(|at| *at > 0).ok_or_else(|| {
        let request = request.map(ToString::to_string).unwrap_or_default();
        let known: Vec<String> = known().collect();
        Unsatisfiable::new(
            format!("no repository has the tag of {request}"),
            Some(match known[..] {
                [] => format!("give a repository of the manifest `tag: {tag}`"),
                _ => format!(
                    "the tags of the manifest's repositories are {}",
                    known.join(", ")
                ),
            }),
        )
    })
}

/// Why there is no solution.
fn refuse(
    catalog: &ApkCatalog,
    offers: &Offers,
    job: &Job,
    refusal: &greedy::Refusal,
) -> Unsatisfiable {
    let stock = &offers.stock;
    let flaw = |id: PackageId| match offers.extras[id.0 as usize].flaw? {
        Flawed::Arch => {
            let own = offers.extras[id.0 as usize]
                .arch
                .map_or("", |arch| stock.text(arch));
            Some(format!(
                "it is of the architecture {own}, not {}",
                catalog.arch
            ))
        }
        Flawed::Entry(flaw) => {
            let text = flaw.text().map_or("", |text| stock.text(TextId(text)));
            Some(flaw.says(text))
        }
    };
    let near = |name: &str| {
        // `cmd:jk` is a slip of what a package provides; any other name, of a package's own.
        let provided = name.contains([':', '/']);
        let names = stock.packages().flat_map(|id| {
            let more = stock.provides(id).iter().filter(move |_| provided);
            std::iter::once(stock.offer(id).name).chain(more.map(|need| need.name))
        });
        nearest(name, names.map(|id| stock.name(id)))
            .into_iter()
            .map(str::to_owned)
            .collect()
    };
    greedy::explain(stock, job, refusal, &flaw, &near)
}

/// The solution in the lockfile's words.
fn write(
    catalog: &ApkCatalog,
    problem: &Problem,
    offers: &Offers,
    job: &Job,
    choice: &Choice,
    situated: &[Situated],
) -> Solution {
    let stock = &offers.stock;
    let name_of = |id: PackageId| stock.name(stock.offer(id).name).parse::<PackageName>().ok();
    let edges = |arrows: &[(PackageId, Option<NameId>)]| {
        let mut edges: Vec<Edge> = arrows
            .iter()
            .filter_map(|(id, through)| {
                Some(Edge {
                    name: name_of(*id)?,
                    through: through.map(|name| stock.name(name).into()),
                })
            })
            .collect();
        edges.sort();
        edges.dedup();
        edges
    };
    let mut packages: Vec<LockedPackage> = situated
        .iter()
        .filter_map(|one| {
            let offer = stock.offer(one.id);
            let extra = &offers.extras[one.id.0 as usize];
            let name = name_of(one.id)?;
            let version: Version = stock.text(offer.version).parse().ok()?;
            let origin = extra
                .origin
                .map_or(name.as_str(), |origin| stock.text(origin));
            let source = catalog
                .sources
                .get(offer.repositories.trailing_zeros() as usize)?;
            Some(LockedPackage {
                arch: extra.arch.map_or("noarch", |arch| stock.text(arch)).into(),
                group: problem.groups.get(one.group)?.name.clone(),
                requested: one.requested,
                source: SourcePackage {
                    name: origin.into(),
                    version: version.clone(),
                },
                repository: source.id.clone(),
                path: format!("{}/{name}-{version}.apk", catalog.arch),
                size: extra.size,
                sha256: Sha256::from_bytes([0; 32]),
                checksum: Some(stock.text(offer.identity).to_owned()),
                depends: edges(&one.depends),
                recommends: Vec::new(),
                install_if: edges(&one.install_if),
                name,
                version,
            })
        })
        .collect();
    packages.sort_by(|a, b| a.name.cmp(&b.name));
    Solution {
        unread: packages
            .iter()
            .map(|package| package.name.clone())
            .collect(),
        moves: moves::explain(offers, problem, job, choice),
        warnings: Vec::new(),
        packages,
    }
}
