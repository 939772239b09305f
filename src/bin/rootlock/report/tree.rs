//! The answer of `tree`.

use rootlock::ops::review::{EdgeKind, TreeNode, TreeReport};
use serde_json::{Map, Value, json};

use super::why::not_locked;
use super::{Report, enumerate};
use crate::render::{self, Style};
use crate::session::View;

/// The trees, and how they are drawn.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) report: TreeReport,
    /// Whether the terminal has more than ASCII.
    pub(crate) utf8: bool,
}

/// What stands before a package: `[another follows, the last]` on its own line, and the same on the
/// lines below it.
struct Strokes {
    own: [&'static str; 2],
    below: [&'static str; 2],
}

const UTF8: Strokes = Strokes {
    own: ["├── ", "└── "],
    below: ["│   ", "    "],
};
const ASCII: Strokes = Strokes {
    own: ["|-- ", "`-- "],
    below: ["|   ", "    "],
};

impl Report for Tree {
    fn text(&self, view: &View) -> String {
        let strokes = if self.utf8 { &UTF8 } else { &ASCII };
        let pen = Pen {
            strokes,
            style: view.style,
        };
        let mut out = String::new();
        for (arch, roots) in &self.report.trees {
            if self.report.trees.len() > 1 {
                let gap = if out.is_empty() { "" } else { "\n" };
                out.push_str(&format!("{gap}{arch}\n"));
            }
            if self.report.named {
                for root in roots {
                    out.push_str(&format!("{}\n", pen.node(root)));
                    pen.children(&root.children, "", &mut out);
                }
                continue;
            }
            for group in &self.report.groups {
                let of_group: Vec<_> = roots.iter().filter(|root| root.group == *group).collect();
                if !of_group.is_empty() {
                    out.push_str(&format!("{}\n", view.style.cyan(group.as_str())));
                    pen.nodes(&of_group, "", &mut out);
                }
            }
        }
        let arches: Vec<String> = self
            .report
            .trees
            .iter()
            .map(|(a, _)| a.to_string())
            .collect();
        for (name, near) in &self.report.missing {
            out.push_str(&not_locked(name, &enumerate(&arches), near, view.style));
        }
        out
    }

    fn json(&self) -> Value {
        let trees = self.report.trees.iter().map(|(arch, roots)| {
            let roots = roots.iter().map(node_json).collect::<Vec<_>>();
            (arch.to_string(), roots.into())
        });
        let trees: Map<String, Value> = trees.collect();
        let missing = self.report.missing.iter().map(|(name, _)| name.as_str());
        json!({"trees": trees, "missing": missing.collect::<Vec<_>>()})
    }
}

struct Pen<'a> {
    strokes: &'a Strokes,
    style: Style,
}

impl Pen<'_> {
    fn children(&self, nodes: &[TreeNode], before: &str, out: &mut String) {
        self.nodes(&nodes.iter().collect::<Vec<_>>(), before, out);
    }

    fn nodes(&self, nodes: &[&TreeNode], before: &str, out: &mut String) {
        for (place, node) in nodes.iter().enumerate() {
            let last = usize::from(place + 1 == nodes.len());
            let (own, below) = (self.strokes.own[last], self.strokes.below[last]);
            out.push_str(&format!("{before}{own}{}\n", self.node(node)));
            self.children(&node.children, &format!("{before}{below}"), out);
        }
    }

    /// `libssl3 3.1.4-r5 (so:libssl.so.3) (*)`
    fn node(&self, node: &TreeNode) -> String {
        let mut marks = Vec::new();
        if !node.via.is_empty() {
            marks.push(format!("({})", render::plain(&node.via.join(", "))));
        }
        match node.edge {
            Some(kind @ (EdgeKind::Recommends | EdgeKind::InstallIf)) => {
                marks.push(format!("({})", kind.as_str()));
            }
            Some(EdgeKind::Depends) | None => {}
        }
        if node.repeated {
            marks.push("(*)".to_owned());
        }
        if node.cut {
            marks.push("...".to_owned());
        }
        let marks = match marks.is_empty() {
            true => String::new(),
            false => format!(" {}", self.style.dim(&marks.join(" "))),
        };
        format!("{} {}{marks}", node.name, node.version)
    }
}

fn node_json(node: &TreeNode) -> Value {
    json!({
        "name": node.name.as_str(),
        "version": node.version.as_str(),
        "group": node.group.as_str(),
        "requested": node.requested,
        "edge": node.edge.map(EdgeKind::as_str),
        "via": node.via,
        "children": node.children.iter().map(node_json).collect::<Vec<_>>(),
        "repeated": node.repeated,
        "cut": node.cut,
    })
}

#[cfg(test)]
mod tests {
    use rootlock::ops;
    use rootlock::ops::review::TreeOptions;

    use super::super::testing::Fixture;
    use super::*;

    fn tree(options: &TreeOptions, utf8: bool) -> (Fixture, Tree) {
        let fixture = Fixture::new();
        let report = ops::tree(&fixture.project(), options).unwrap();
        (fixture, Tree { report, utf8 })
    }

    fn amd64() -> TreeOptions {
        TreeOptions {
            arches: vec![rootlock::model::Arch::from_oci("amd64").unwrap()],
            ..TreeOptions::default()
        }
    }

    #[test]
    fn text_without_colour_and_with_it() {
        let (fixture, tree) = tree(&amd64(), true);
        let [plain, coloured] = fixture.texts(&tree);
        insta::assert_snapshot!(plain, @r"
        base
        ├── base-files 13.8
        │   └── mawk 1.3.4 (awk)
        │       └── libc6 2.41-12
        │           └── libgcc-s1 14.2.0-19
        │               └── libc6 2.41-12 (*)
        ├── bash 5.2.37-1
        │   ├── base-files 13.8 (*)
        │   ├── libc6 2.41-12
        │   │   └── libgcc-s1 14.2.0-19
        │   │       └── libc6 2.41-12 (*)
        │   └── zlib1g 1.3.1
        │       └── libc6 2.41-12 (*)
        └── tar 1.35
            └── libc6 2.41-12 (*)
        app
        ├── curl 8.14.1-3
        │   └── libcurl4t64 8.14.1-3
        │       ├── libc6 2.41-12 (*)
        │       ├── libnghttp3-9 1.8.0-1
        │       │   └── libc6 2.41-12 (*)
        │       ├── libssl3t64 3.5.4-1
        │       │   ├── libc6 2.41-12 (*)
        │       │   ├── openssl-provider-legacy 3.5.4-1
        │       │   │   └── libssl3t64 3.5.4-1 (*)
        │       │   └── zlib1g 1.3.1 (*)
        │       └── ca-certificates 20250419 (recommends)
        │           └── openssl 3.5.4-1
        │               └── libssl3t64 3.5.4-1 (*)
        └── openssl 3.5.4-1
            └── libssl3t64 3.5.4-1
                ├── libc6 2.41-12 (*)
                ├── openssl-provider-legacy 3.5.4-1
                │   └── libssl3t64 3.5.4-1 (*)
                └── zlib1g 1.3.1 (*)
        ");
        insta::assert_snapshot!(coloured, @r"
        ^[1;36mbase^[0m
        ├── base-files 13.8
        │   └── mawk 1.3.4 ^[2m(awk)^[0m
        │       └── libc6 2.41-12
        │           └── libgcc-s1 14.2.0-19
        │               └── libc6 2.41-12 ^[2m(*)^[0m
        ├── bash 5.2.37-1
        │   ├── base-files 13.8 ^[2m(*)^[0m
        │   ├── libc6 2.41-12
        │   │   └── libgcc-s1 14.2.0-19
        │   │       └── libc6 2.41-12 ^[2m(*)^[0m
        │   └── zlib1g 1.3.1
        │       └── libc6 2.41-12 ^[2m(*)^[0m
        └── tar 1.35
            └── libc6 2.41-12 ^[2m(*)^[0m
        ^[1;36mapp^[0m
        ├── curl 8.14.1-3
        │   └── libcurl4t64 8.14.1-3
        │       ├── libc6 2.41-12 ^[2m(*)^[0m
        │       ├── libnghttp3-9 1.8.0-1
        │       │   └── libc6 2.41-12 ^[2m(*)^[0m
        │       ├── libssl3t64 3.5.4-1
        │       │   ├── libc6 2.41-12 ^[2m(*)^[0m
        │       │   ├── openssl-provider-legacy 3.5.4-1
        │       │   │   └── libssl3t64 3.5.4-1 ^[2m(*)^[0m
        │       │   └── zlib1g 1.3.1 ^[2m(*)^[0m
        │       └── ca-certificates 20250419 ^[2m(recommends)^[0m
        │           └── openssl 3.5.4-1
        │               └── libssl3t64 3.5.4-1 ^[2m(*)^[0m
        └── openssl 3.5.4-1
            └── libssl3t64 3.5.4-1
                ├── libc6 2.41-12 ^[2m(*)^[0m
                ├── openssl-provider-legacy 3.5.4-1
                │   └── libssl3t64 3.5.4-1 ^[2m(*)^[0m
                └── zlib1g 1.3.1 ^[2m(*)^[0m
        ");
    }

    #[test]
    fn text_of_named_packages_in_ascii() {
        let options = TreeOptions {
            packages: vec!["curl".parse().unwrap(), "opennssl".parse().unwrap()],
            depth: Some(2),
            ..TreeOptions::default()
        };
        let (fixture, tree) = tree(&options, false);
        let [plain, _] = fixture.texts(&tree);
        insta::assert_snapshot!(plain, @r"
        amd64
        curl 8.14.1-3
        `-- libcurl4t64 8.14.1-3
            |-- libc6 2.41-12 ...
            |-- libnghttp3-9 1.8.0-1 ...
            |-- libssl3t64 3.5.4-1 ...
            `-- ca-certificates 20250419 (recommends) ...

        arm64
        curl 8.14.1-3
        `-- libcurl4t64 8.14.1-3
            |-- libc6 2.41-12 ...
            |-- libnghttp3-9 1.8.0-1+b1 ...
            |-- libssl3t64 3.5.4-1 ...
            `-- ca-certificates 20250419 (recommends) ...
        opennssl is not locked for amd64 and arm64
        hint: did you mean `openssl`?
        ");
    }

    #[test]
    fn text_of_who_needs_it() {
        let options = TreeOptions {
            packages: vec!["ca-certificates".parse().unwrap()],
            invert: true,
            ..amd64()
        };
        let (fixture, tree) = tree(&options, true);
        let [plain, coloured] = fixture.texts(&tree);
        insta::assert_snapshot!(plain, @r"
        ca-certificates 20250419
        └── libcurl4t64 8.14.1-3 (recommends)
            └── curl 8.14.1-3
        ");
        insta::assert_snapshot!(coloured, @r"
        ca-certificates 20250419
        └── libcurl4t64 8.14.1-3 ^[2m(recommends)^[0m
            └── curl 8.14.1-3
        ");
    }

    #[test]
    fn the_object_has_the_edges() {
        let options = TreeOptions {
            packages: vec!["base-files".parse().unwrap()],
            ..amd64()
        };
        let (_fixture, tree) = tree(&options, true);
        let root = &tree.json()["trees"]["amd64"][0];
        assert_eq!(
            (&root["edge"], &root["requested"], &root["group"]),
            (&Value::Null, &json!(true), &json!("base"))
        );
        let child = &root["children"][0];
        assert_eq!(child["name"], "mawk");
        assert_eq!(
            (&child["edge"], &child["via"]),
            (&json!("depends"), &json!(["awk"]))
        );
        let circle = &child["children"][0]["children"][0]["children"][0];
        assert_eq!(
            (&circle["name"], &circle["repeated"]),
            (&json!("libc6"), &json!(true))
        );
    }
}
