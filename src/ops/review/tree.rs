//! `tree`: what is there because of what.

use super::super::{Error, Project};
use super::{near, packages_of};
use crate::lockfile::{Arrow, EdgeKind, Graph};
use crate::model::{Arch, GroupName, PackageName, Version};

/// A tree is not grown deeper than this: a hundred times what packages have, and what readers of
/// JSON take.
const MAX_DEPTH: usize = 50;

/// Options of `tree`.
#[derive(Debug, Clone, Default)]
pub struct TreeOptions {
    /// `--arch`; empty means all of the lockfile's.
    pub arches: Vec<Arch>,
    /// `--depth`
    pub depth: Option<usize>,
    /// `--invert`: from a package up to who needs it.
    pub invert: bool,
    /// Where to begin; empty means what the groups ask for.
    pub packages: Vec<PackageName>,
}

/// The answer of `tree`.
#[derive(Debug, Clone)]
pub struct TreeReport {
    /// `--invert`
    pub invert: bool,
    /// The groups, lowest first.
    pub groups: Vec<GroupName>,
    /// Whether the trees begin at packages that were named, and not at the groups.
    pub named: bool,
    /// Of each architecture: roots by group, then by name; or the packages that were named.
    pub trees: Vec<(Arch, Vec<TreeNode>)>,
    /// The packages that were named and are locked for none of the architectures, with the names
    /// nearest to them.
    pub missing: Vec<(PackageName, Vec<String>)>,
}

/// A package in a tree.
#[derive(Debug, Clone)]
pub struct TreeNode {
    /// Its name.
    pub name: PackageName,
    /// Its version.
    pub version: Version,
    /// The group whose layer holds it.
    pub group: GroupName,
    /// Whether the manifest asks for it.
    pub requested: bool,
    /// How the node above leads to it, or with `--invert` it to the node above; none for a root.
    pub edge: Option<EdgeKind>,
    /// The provided names that made the edge.
    pub via: Vec<String>,
    /// What it leads to.
    pub children: Vec<Self>,
    /// Its children are shown elsewhere in this tree.
    pub repeated: bool,
    /// It has children, which lie too deep to be shown.
    pub cut: bool,
}

/// Grows the trees of a project's lockfile. Reads the manifest and the lockfile, and nothing else.
///
/// # Errors
/// When the lockfile is not there or damaged, or has nothing for an architecture.
pub fn tree(project: &Project, options: &TreeOptions) -> Result<TreeReport, Error> {
    let lockfile = project.lockfile()?;
    let packages = packages_of(project, &lockfile, &options.arches)?;
    let graphs: Vec<_> = packages.iter().map(|(a, p)| (*a, Graph::new(p))).collect();
    let lacks = |name: &&PackageName| {
        let mut graphs = graphs.iter();
        graphs.all(|(_, graph)| graph.find(name.as_str()).is_none())
    };
    let missing = options.packages.iter().filter(lacks);
    let missing = missing
        .map(|name| (name.clone(), near(&packages, name.as_str())))
        .collect();
    let mut groups: Vec<GroupName> = Vec::new();
    let declared = project.manifest.groups.iter().map(|group| &group.name);
    let locked = packages.values().copied().flatten().map(|p| &p.group);
    for group in declared.chain(locked) {
        if !groups.contains(group) {
            groups.push(group.clone());
        }
    }
    let trees = graphs
        .iter()
        .map(|(arch, graph)| {
            let mut roots: Vec<usize> = match &options.packages[..] {
                [] => (0..graph.len()).filter(|&i| graph.is_root(i)).collect(),
                names => names
                    .iter()
                    .filter_map(|n| graph.find(n.as_str()))
                    .collect(),
            };
            if options.packages.is_empty() {
                roots.sort_by_key(|&root| {
                    groups
                        .iter()
                        .position(|group| *group == graph.package(root).group)
                });
            }
            let mut grower = Grower {
                graph,
                invert: options.invert,
                limit: options.depth.unwrap_or(MAX_DEPTH).min(MAX_DEPTH),
                grown: vec![None; graph.len()],
            };
            let trees = roots
                .iter()
                .map(|&root| grower.grow(root, None, 0))
                .collect();
            (*arch, trees)
        })
        .collect();
    Ok(TreeReport {
        invert: options.invert,
        groups,
        named: !options.packages.is_empty(),
        trees,
        missing,
    })
}

struct Grower<'a, 'g> {
    graph: &'g Graph<'a>,
    invert: bool,
    limit: usize,
    /// How deep the children of each package are shown already.
    grown: Vec<Option<usize>>,
}

impl Grower<'_, '_> {
    fn grow(&mut self, index: usize, arrow: Option<&Arrow<'_>>, depth: usize) -> TreeNode {
        let package = self.graph.package(index);
        let arrows = match self.invert {
            true => self.graph.needed_by(index),
            false => self.graph.needs(index),
        };
        // Shown nearer to the end of what is shown, it lacks what there is room for here.
        let repeated = !arrows.is_empty() && self.grown[index].is_some_and(|known| known <= depth);
        let cut = !arrows.is_empty() && !repeated && depth >= self.limit;
        let mut children = Vec::new();
        if !repeated && !cut {
            self.grown[index] = Some(depth);
            for arrow in arrows {
                children.push(self.grow(arrow.to, Some(arrow), depth + 1));
            }
        }
        TreeNode {
            name: package.name.clone(),
            version: package.version.clone(),
            group: package.group.clone(),
            requested: package.requested,
            edge: arrow.map(|arrow| arrow.kind),
            via: arrow.map_or_else(Vec::new, |arrow| {
                arrow.through.iter().map(|&name| name.to_owned()).collect()
            }),
            children,
            repeated,
            cut,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::review::testing::project;

    const GROUPS: &str = "  - {name: low, packages: [zz]}\n  - {name: high, packages: [aa]}\n";
    const LINES: &[&str] = &[
        "*aa@high: bb cc ~ rr",
        "*zz@low: cc:virtual",
        "bb@high: cc dd",
        "cc@low: dd",
        "dd@low: cc ee",
        "ee@low",
        "rr@high",
        "xx@high",
        "ii@high: if bb ee",
    ];

    fn drawn(node: &TreeNode) -> String {
        let via = match &node.via[..] {
            [] => String::new(),
            via => format!("({})", via.join(",")),
        };
        let edge = match node.edge {
            Some(EdgeKind::Recommends) => "~",
            Some(EdgeKind::InstallIf) => "?",
            _ => "",
        };
        let children: Vec<String> = node.children.iter().map(drawn).collect();
        let mark = match (node.repeated, node.cut) {
            (true, false) => "*".to_owned(),
            (false, true) => "..".to_owned(),
            (false, false) if children.is_empty() => String::new(),
            (false, false) => format!("[{}]", children.join(" ")),
            (true, true) => panic!("{node:?} is shown and cut"),
        };
        format!("{edge}{}{via}{mark}", node.name)
    }

    fn drawing(options: &TreeOptions) -> String {
        let dir = tempfile::tempdir().unwrap();
        let report = tree(&project(dir.path(), GROUPS, LINES), options).unwrap();
        let trees: Vec<String> = report.trees[0].1.iter().map(drawn).collect();
        trees.join(" ")
    }

    fn of(names: &[&str], invert: bool, depth: Option<usize>) -> String {
        drawing(&TreeOptions {
            packages: names.iter().map(|name| name.parse().unwrap()).collect(),
            invert,
            depth,
            arches: Vec::new(),
        })
    }

    #[test]
    fn it_begins_at_the_groups_and_shows_everything_once() {
        assert_eq!(
            of(&[], false, None),
            "zz[cc(virtual)[dd[cc* ee[?ii]]]] aa[bb[cc* dd* ?ii] cc* ~rr] xx"
        );
    }

    #[test]
    fn what_was_cut_is_shown_where_there_is_room_for_it() {
        assert_eq!(of(&[], false, Some(0)), "zz.. aa.. xx");
        assert_eq!(
            of(&["zz", "dd"], false, Some(2)),
            "zz[cc(virtual)[dd..]] dd[cc* ee[?ii]]"
        );
    }

    #[test]
    fn inverted_it_ends_at_what_is_asked_for() {
        assert_eq!(
            of(&["cc"], true, None),
            "cc[aa bb[aa] dd[bb* cc*] zz(virtual)]"
        );
        assert_eq!(of(&["rr"], true, None), "rr[~aa]");
        assert_eq!(of(&["ii"], true, Some(1)), "ii[?bb.. ?ee..]");
    }

    #[test]
    fn a_chain_of_many_packages_does_not_exhaust_the_stack() {
        let lines: Vec<String> = (0..5000)
            .map(|at| match at {
                0 => "*p0000: p0001".to_owned(),
                _ => format!("p{at:04}: p{:04}", at + 1),
            })
            .collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let dir = tempfile::tempdir().unwrap();
        let project = project(dir.path(), "  - {name: base, packages: [p0000]}\n", &lines);
        let report = tree(&project, &TreeOptions::default()).unwrap();
        let mut node = &report.trees[0].1[0];
        let mut depth = 0;
        while let [child] = &node.children[..] {
            (node, depth) = (child, depth + 1);
        }
        assert!(node.cut && depth == MAX_DEPTH, "{depth}");
    }

    #[test]
    fn a_name_that_is_not_locked_has_its_nearest() {
        let dir = tempfile::tempdir().unwrap();
        let project = project(dir.path(), GROUPS, &["*bash@low"]);
        let options = TreeOptions {
            packages: vec!["bsah".parse().unwrap(), "bash".parse().unwrap()],
            ..TreeOptions::default()
        };
        let report = tree(&project, &options).unwrap();
        assert_eq!(
            report.missing,
            [("bsah".parse().unwrap(), vec!["bash".to_owned()])]
        );
        assert_eq!(report.trees[0].1.len(), 1);
        let options = TreeOptions {
            arches: vec![Arch::from_oci("s390x").unwrap()],
            ..TreeOptions::default()
        };
        assert!(tree(&project, &options).is_err());
    }
}
