//! The order of decisions, on small worlds.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::{Job, Need, Offer, Parts, Refusal, Stock, Test, TextId, Wish, explain, situate, solve};
use super::{NameId, Situated};
use crate::model::{Explain as _, PackageId};

/// Numbers as versions; what has none sorts below.
fn compare(a: &str, b: &str, _: bool) -> Ordering {
    let number = |text: &str| text.parse::<u32>().map_or(-1, i64::from);
    number(a).cmp(&number(b))
}

/// A world in words: one package a line, `NAME VERSION` and then `+NEED`, `=PROVIDE`, `?CONDITION`,
/// `^PRIORITY`, `@REPOSITORY` in any order. A need is `[!]name[<=>version]`.
#[derive(Default)]
struct Maker {
    parts: Parts,
    names: BTreeMap<String, NameId>,
}

impl Maker {
    fn text(&mut self, text: &str) -> TextId {
        let start = self.parts.arena.len() as u32;
        self.parts.arena.push_str(text);
        self.parts.texts.push(start..start + text.len() as u32);
        TextId(self.parts.texts.len() as u32 - 1)
    }

    fn name(&mut self, text: &str) -> NameId {
        if let Some(&known) = self.names.get(text) {
            return known;
        }
        let id = self.text(text);
        self.parts.names.push(id);
        let name = NameId(self.parts.names.len() as u32 - 1);
        self.parts.ranks.push(u64::from(name.0));
        self.names.insert(text.to_owned(), name);
        name
    }

    fn need(&mut self, word: &str) -> Need {
        let (not, word) = match word.strip_prefix('!') {
            Some(word) => (Test::NOT, word),
            None => (Test::from_bits(0), word),
        };
        let end = word.find(['<', '=', '>']).unwrap_or(word.len());
        let (name, tail) = word.split_at(end);
        let name = self.name(name);
        let version = tail.trim_start_matches(['<', '=', '>']);
        let test = tail[..tail.len() - version.len()].chars();
        let test = test.fold(not, |test, c| {
            test.with(match c {
                '<' => Test::LESS,
                '>' => Test::GREATER,
                _ => Test::EQUAL,
            })
        });
        match version {
            "" => Need {
                name,
                test: Test::ANY.with(not),
                version: TextId::NONE,
            },
            _ => Need {
                name,
                test,
                version: self.text(version),
            },
        }
    }

    fn package(&mut self, line: &str) {
        let mut words = line.split_whitespace();
        let name = self.name(words.next().unwrap());
        let version = self.text(words.next().unwrap());
        let (mut priority, mut repositories) = (0, 1);
        let mut lists: [Vec<Need>; 3] = Default::default();
        for word in words {
            let (kind, rest) = word.split_at(1);
            match kind {
                "+" => lists[0].push(self.need(rest)),
                "=" => lists[1].push(self.need(rest)),
                "?" => lists[2].push(self.need(rest)),
                "^" => priority = rest.parse().unwrap(),
                _ => repositories = 1 << rest.parse::<u32>().unwrap(),
            }
        }
        let mut ends = lists.iter().map(|list| {
            let start = self.parts.needs.len() as u32;
            self.parts.needs.extend(list);
            start..self.parts.needs.len() as u32
        });
        let (depends, provides, install_if) = (
            ends.next().unwrap(),
            ends.next().unwrap(),
            ends.next().unwrap(),
        );
        drop(ends);
        self.parts.packages.push(Offer {
            name,
            version,
            identity: TextId::NONE,
            installable: true,
            empty: false,
            repositories,
            priority,
            depends,
            provides,
            install_if,
        });
    }
}

fn world(packages: &[&str], groups: &[&[&str]]) -> (Stock, Job) {
    let mut maker = Maker::default();
    for line in packages {
        maker.package(line);
    }
    let mut wishes = Vec::new();
    for (group, wanted) in groups.iter().enumerate() {
        for text in *wanted {
            let (word, tag) = match text.split_once('@') {
                Some((word, _)) => (word, 1),
                None => (*text, 0),
            };
            wishes.push(Wish {
                need: maker.need(word),
                tag,
                text: (*text).to_owned(),
                group: Some(group),
            });
        }
    }
    maker.parts.tags = vec![(String::new(), 1), ("edge".into(), 2)];
    let job = Job {
        anew: wishes.iter().map(|wish| wish.need.name).collect(),
        wishes,
        ..Job::default()
    };
    (Stock::new(maker.parts, compare), job)
}

/// The chosen packages in the order of the plan, or the whole explanation.
fn answer(packages: &[&str], wanted: &[&str]) -> Result<String, String> {
    let (stock, job) = world(packages, &[wanted]);
    match solve(&stock, &job) {
        Ok(choice) => {
            let titles = choice
                .packages
                .iter()
                .map(|&id| stock.title(id).replace(' ', "-"));
            Ok(titles.collect::<Vec<_>>().join(" "))
        }
        Err(refusal) => Err(told(&stock, &job, &refusal)),
    }
}

fn told(stock: &Stock, job: &Job, refusal: &Refusal) -> String {
    let near = |_: &str| vec!["near".to_owned()];
    let error = explain(stock, job, refusal, &|_: PackageId| None, &near);
    let mut out = vec![error.to_string()];
    let mut next = std::error::Error::source(&error);
    while let Some(cause) = next {
        out.push(cause.to_string());
        next = cause.source();
    }
    out.extend(error.hint().map(|hint| format!("hint: {hint}")));
    out.join("\n")
}

#[test]
fn the_latest_version_that_all_allow_is_taken_after_what_it_needs() {
    let packages = ["a 1 +b", "a 2 +b<3", "b 1", "b 2", "b 3"];
    assert_eq!(answer(&packages, &["a"]).unwrap(), "b-2 a-2");
    assert_eq!(answer(&packages, &["a", "b=1"]).unwrap(), "b-1 a-2");
    assert_eq!(answer(&packages, &["a<2"]).unwrap(), "b-3 a-1");
    assert_eq!(answer(&packages, &["a", "b=3"]).unwrap(), "b-3 a-1");
}

#[test]
fn a_name_without_a_version_is_not_taken_unasked() {
    let packages = ["a 1 +mta", "exim 1 =mta", "postfix 1 =mta"];
    let refused = answer(&packages, &["a"]).unwrap_err();
    insta::assert_snapshot!(refused, @r"
    a cannot be installed
    a 1 needs mta, which exim or postfix can be: none is taken unasked
    ");
    assert_eq!(answer(&packages, &["a", "exim"]).unwrap(), "exim-1 a-1");
    // A version, or a priority, makes it one that may be.
    let packages = ["a 1 +mta", "exim 1 =mta ^1", "postfix 1 =mta ^2"];
    assert_eq!(answer(&packages, &["a"]).unwrap(), "postfix-1 a-1");
    let packages = ["a 1 +mta", "exim 1 =mta=1", "postfix 1 =mta"];
    assert_eq!(answer(&packages, &["a"]).unwrap(), "exim-1 a-1");
    insta::assert_snapshot!(answer(&["exim 1 =mta"], &["mta"]).unwrap_err(), @r"
    mta is a virtual package that 1 package provides: exim
    hint: ask for one of them: apk takes none unasked
    ");
}

#[test]
fn conditions_bring_packages_in_and_conflicts_keep_them_out() {
    let packages = [
        "a 1",
        "docs 1",
        "a-doc 1 ?a ?docs",
        "a-new 1 ?a ?!old",
        "old 1",
    ];
    assert_eq!(answer(&packages, &["a"]).unwrap(), "a-1 a-new-1");
    assert_eq!(answer(&packages, &["a", "old"]).unwrap(), "a-1 old-1");
    let all = answer(&packages, &["docs", "a", "old"]).unwrap();
    assert_eq!(all, "docs-1 a-1 a-doc-1 old-1");
    assert_eq!(
        answer(&packages, &["a", "docs", "!a-doc"]).unwrap(),
        "a-1 a-new-1 docs-1"
    );
}

#[test]
fn a_tagged_repository_serves_what_asks_for_it() {
    let packages = ["a 1 +b", "b 1", "a 2 +b @1", "b 2 @1"];
    assert_eq!(answer(&packages, &["a"]).unwrap(), "b-1 a-1");
    assert_eq!(answer(&packages, &["a@edge"]).unwrap(), "b-1 a-2");
    insta::assert_snapshot!(answer(&["a 1 @1"], &["a"]).unwrap_err(), @r"
    a cannot be installed
    a 1 is only in the repositories tagged @edge
    ");
}

#[test]
fn what_was_there_before_stays_while_it_may() {
    let packages = ["a 1", "a 2", "b 1", "b 2 +a=2"];
    let (stock, job) = world(&packages, &[&["a", "b"]]);
    let with = |held: &[u32], upgrade: bool| {
        let job = Job {
            held: held.iter().map(|&id| PackageId(id)).collect(),
            upgrade: match upgrade {
                true => [job.wishes[1].need.name].into(),
                false => Default::default(),
            },
            ..job.clone()
        };
        let mut chosen = solve(&stock, &job).unwrap().packages;
        chosen.sort();
        chosen
    };
    let ids = |ids: [u32; 2]| ids.map(PackageId).to_vec();
    assert_eq!(with(&[], false), ids([1, 3]));
    assert_eq!(with(&[0, 2], false), ids([0, 2]));
    // The one that is to be upgraded takes along what it must.
    assert_eq!(with(&[0, 2], true), ids([1, 3]));
}

#[test]
fn the_fewest_requests_are_blamed_along_what_they_need() {
    let packages = [
        "a 1 +lib=1",
        "b 1 +so:lib",
        "c 1",
        "lib 1 =so:lib=1",
        "d 1 +missing",
    ];
    insta::assert_snapshot!(answer(&packages, &["c", "b", "!lib", "a"]).unwrap_err(), @r"
    !lib and a cannot be installed together
    a 1 needs lib=1
    the manifest rules out lib 1 with `!lib`
    ");
    insta::assert_snapshot!(answer(&packages, &["c", "b", "!lib"]).unwrap_err(), @r"
    b and !lib cannot be installed together
    b 1 needs so:lib, which lib 1 has
    the manifest rules out lib 1 with `!lib`
    ");
    insta::assert_snapshot!(answer(&packages, &["a", "d"]).unwrap_err(), @r"
    d cannot be installed
    d 1 needs missing, which no repository offers
    ");
    insta::assert_snapshot!(answer(&packages, &["a", "nope"]).unwrap_err(), @r"
    no repository offers a package nope
    hint: did you mean near?
    ");
    insta::assert_snapshot!(answer(&packages, &["a>5", "b"]).unwrap_err(), @r"
    no repository offers a>5
    hint: a is offered as 1
    ");
}

#[test]
fn two_that_provide_one_name_at_versions_exclude_each_other() {
    let packages = ["a 1 =x=1", "b 1 =x=2", "c 1 =y", "d 1 =y"];
    insta::assert_snapshot!(answer(&packages, &["a", "b"]).unwrap_err(), @r"
    a and b cannot be installed together
    b 1 and a 1 both provide x
    ");
    assert_eq!(answer(&packages, &["c", "d"]).unwrap(), "c-1 d-1");
}

#[test]
fn a_package_belongs_to_the_lowest_group_that_reaches_it() {
    let packages = [
        "a 1 +lib",
        "b 1 +so:lib +other",
        "lib 1 =so:lib=1",
        "other 1",
        "docs 1",
        "a-doc 1 ?a ?docs +man",
        "man 1",
    ];
    let (stock, job) = world(&packages, &[&["a"], &["b"], &["docs"]]);
    let choice = solve(&stock, &job).unwrap();
    let situated = situate(&stock, &job, &choice, 3);
    let shown = |one: &Situated| {
        let edges = |arrows: &[(PackageId, Option<NameId>)]| {
            let arrows = arrows.iter().map(|(id, through)| match through {
                Some(name) => format!("{} by {}", stock.title(*id), stock.name(*name)),
                None => stock.title(*id),
            });
            arrows.collect::<Vec<_>>().join(", ")
        };
        let own = stock.title(one.id);
        let asked = if one.requested { "!" } else { "" };
        let (depends, install_if) = (edges(&one.depends), edges(&one.install_if));
        format!("{}: {own}{asked} [{depends}] if [{install_if}]", one.group)
    };
    let mut lines: Vec<String> = situated.iter().map(shown).collect();
    lines.sort();
    insta::assert_snapshot!(lines.join("\n"), @r"
    0: a 1! [lib 1] if []
    0: lib 1 [] if []
    1: b 1! [lib 1 by so:lib, other 1] if []
    1: other 1 [] if []
    2: a-doc 1 [man 1] if [a 1, docs 1]
    2: docs 1! [] if []
    2: man 1 [] if []
    ");
}

#[test]
fn a_chain_of_any_length_is_walked_without_recursion() {
    let lines: Vec<String> = (0..30_000)
        .map(|at| format!("p{at} 1 +p{}", at + 1))
        .collect();
    let mut packages: Vec<&str> = lines.iter().map(String::as_str).collect();
    packages.push("p30000 1");
    let (stock, job) = world(&packages, &[&["p0"]]);
    assert_eq!(solve(&stock, &job).unwrap().packages.len(), 30_001);
}
