//! The graph on packages that are a line each.

use super::testing::packages;
use super::{Chain, EdgeKind, Graph, Link};

fn text(chain: &Chain<'_>) -> String {
    let link = |link: &Link<'_>| match &link.by {
        Some(by) if !by.through.is_empty() => {
            format!("{}({})", link.package.name, by.through.join(","))
        }
        Some(by) if by.kind != EdgeKind::Depends => {
            format!("{}[{}]", link.package.name, by.kind.as_str())
        }
        _ => link.package.name.to_string(),
    };
    chain.iter().map(link).collect::<Vec<_>>().join(" ")
}

fn all(graph: &Graph<'_>, name: &str, most: usize) -> (Vec<String>, bool) {
    let (chains, whole) = graph.chains(graph.find(name).unwrap(), most);
    (chains.iter().map(text).collect(), whole)
}

fn shortest(graph: &Graph<'_>, name: &str) -> String {
    text(&graph.shortest().chain(graph.find(name).unwrap()))
}

#[test]
fn every_chain_begins_at_a_root_and_the_shortest_is_first() {
    let packages = packages(&["*a: b c", "b: c", "c: d:virtual", "d", "*e: c", "f: d"]);
    let graph = Graph::new(&packages);
    let (chains, whole) = all(&graph, "d", 100);
    assert!(whole);
    assert_eq!(
        chains,
        [
            "f d",
            "a c d(virtual)",
            "e c d(virtual)",
            "a b c d(virtual)"
        ]
    );
    assert_eq!(all(&graph, "d", 2), (chains[..2].to_vec(), false));
    // From a request first, though another root is nearer.
    assert_eq!(shortest(&graph, "d"), "a c d(virtual)");
    assert_eq!(shortest(&graph, "f"), "f");
    assert_eq!(shortest(&graph, "a"), "a");
}

#[test]
fn a_request_in_the_middle_of_a_chain_does_not_end_it() {
    let packages = packages(&["*a: b", "*b: c", "c"]);
    let graph = Graph::new(&packages);
    assert_eq!(all(&graph, "c", 9).0, ["b c", "a b c"]);
}

#[test]
fn a_circle_that_nothing_leads_to_begins_at_its_first_name() {
    let packages = packages(&["*a", "c: d", "d: c e", "e"]);
    let graph = Graph::new(&packages);
    let roots: Vec<_> = (0..graph.len()).filter(|&i| graph.is_root(i)).collect();
    assert_eq!(roots, [0, 1]);
    assert_eq!(all(&graph, "e", 9), (vec!["c d e".to_owned()], true));
    assert_eq!(shortest(&graph, "e"), "c d e");
}

#[test]
fn conditions_lead_to_what_they_pull_in_and_edges_to_nothing_are_left_out() {
    let packages = packages(&["*a: absent a", "b:  if a z:so:z", "*z: b:x b:y"]);
    let graph = Graph::new(&packages);
    assert_eq!(
        all(&graph, "b", 9).0,
        ["a b[install_if]", "z b(x,y)"],
        "of two arrows between two packages the dependency is told"
    );
    assert_eq!(graph.needs(0).len(), 1);
    assert_eq!(graph.needs(2).len(), 2);
}

#[test]
fn a_web_of_a_thousand_packages_ends() {
    let names: Vec<String> = (0..1000).map(|number| format!("p{number:03}")).collect();
    let lines: Vec<String> = (0..1000_usize)
        .map(|at| {
            let near = (0..1000_usize).filter(|other| *other != at && at.abs_diff(*other) < 8);
            let near: Vec<&str> = near.map(|other| names[other].as_str()).collect();
            let sign = if at == 999 { "*" } else { "" };
            format!("{sign}{}: {}", names[at], near.join(" "))
        })
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let packages = packages(&lines);
    let graph = Graph::new(&packages);
    let (chains, whole) = graph.chains(0, 1000);
    assert!(!whole && chains.len() <= 1000);
    assert_eq!(graph.shortest().chain(0).len(), 144);
}
