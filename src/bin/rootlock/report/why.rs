//! The answer of `why`.

use rootlock::model::PackageName;
use rootlock::ops::review::{Asking, EdgeKind, Why, WhyChain, WhyLink, WhyReport};
use serde_json::{Map, Value, json};

use super::fill::fill;
use super::{Report, enumerate};
use crate::render::{self, Style};
use crate::session::View;

impl Report for WhyReport {
    fn text(&self, view: &View) -> String {
        // Architectures with the same answer are told of once.
        let mut told: Vec<(Option<[String; 2]>, Vec<String>)> = Vec::new();
        for (arch, why) in &self.answers {
            let text = why.as_ref().map(|why| {
                let Why { version, group, .. } = why;
                let head = format!("{} {version}, in group {group}", self.package);
                [head, why_text(why, view.style)]
            });
            match told.iter_mut().find(|(known, _)| *known == text) {
                Some((_, arches)) => arches.push(arch.to_string()),
                None => told.push((text, vec![arch.to_string()])),
            }
        }
        let texts = told.into_iter().map(|(text, arches)| {
            let arches = enumerate(&arches);
            match text {
                Some([head, text]) => format!("{head} for {arches}\n{text}"),
                None => not_locked(&self.package, &arches, &self.near, view.style),
            }
        });
        texts.collect()
    }

    fn json(&self) -> Value {
        let answers = self.answers.iter().map(|(arch, why)| {
            let why = why
                .as_ref()
                .map_or(Value::Null, |why| why_json(&self.package, why));
            (arch.to_string(), why)
        });
        let answers: Map<String, Value> = answers.collect();
        json!({ "why": answers })
    }
}

/// That a name is not locked, and which ones may be meant.
pub(super) fn not_locked(
    name: &PackageName,
    arches: &str,
    near: &[String],
    style: Style,
) -> String {
    let mut out = format!("{name} is not locked for {arches}\n");
    if !near.is_empty() {
        let hint = style.cyan("hint");
        let near = near
            .iter()
            .map(|name| format!("`{name}`"))
            .collect::<Vec<_>>();
        out.push_str(&format!("{hint}: did you mean {}?\n", near.join(" or ")));
    }
    out
}

fn why_text(why: &Why, style: Style) -> String {
    let mut out = String::new();
    if let Some(asking) = &why.asking {
        out.push_str(&format!("  asked for by {}\n", asking_text(asking)));
    }
    let chains = chains_by_request(&why.chains);
    for chain in chains.iter().filter(|chain| chain.links.len() > 1) {
        out.push_str(&chain_text("  ", chain, style));
    }
    if !why.whole {
        let most = why.chains.len();
        out.push_str(&format!(
            "  and there are more: these are the first {most}\n"
        ));
    }
    out
}

/// The chains, those of one request behind each other, the shortest of each deciding.
fn chains_by_request(chains: &[WhyChain]) -> Vec<&WhyChain> {
    let first = |chain: &&WhyChain| chains.iter().position(|c| c.asking == chain.asking);
    let mut out: Vec<&WhyChain> = chains.iter().collect();
    out.sort_by_key(first);
    out
}

/// A request as the manifest writes it: a stranger's text.
fn asking_text(asking: &Asking) -> String {
    render::plain(&asking.to_string()).into_owned()
}

/// `` `curl` in group base: curl -> libcurl4t64 -> libssl3t64``, with what is special about an edge
/// behind its package; whole lines.
pub(super) fn chain_text(before: &str, chain: &WhyChain, style: Style) -> String {
    let asking = asking_text(&chain.asking);
    let links: Vec<String> = chain.links.iter().map(link_text).collect();
    let indent = before.len() - before.trim_start().len() + 2;
    let text = match links.len() {
        0 | 1 => format!("{before}{asking}"),
        _ => fill(&format!("{before}{asking}: "), " -> ", &links, indent),
    };
    let lines = text.lines().map(|line| format!("{}\n", style.dim(line)));
    lines.collect()
}

fn link_text(link: &WhyLink) -> String {
    let mut out = link.name.to_string();
    if !link.via.is_empty() {
        out.push_str(&format!(" ({})", render::plain(&link.via.join(", "))));
    }
    if let Some(kind @ (EdgeKind::Recommends | EdgeKind::InstallIf)) = link.edge {
        out.push_str(&format!(" ({})", kind.as_str()));
    }
    out
}

fn why_json(package: &PackageName, why: &Why) -> Value {
    json!({
        "package": package.as_str(),
        "version": why.version.as_str(),
        "group": why.group.as_str(),
        "requested": why.asking.as_ref().map_or(Value::Null, asking_json),
        "chains": why.chains.iter().map(chain_json).collect::<Vec<_>>(),
        "complete": why.whole,
    })
}

pub(super) fn asking_json(asking: &Asking) -> Value {
    let kind = match asking {
        Asking::Request { .. } => "request",
        Asking::Base { .. } => "priority",
    };
    json!({"by": kind, "text": asking.text(), "group": asking.group().as_str()})
}

/// The packages of a chain; of the first, what asks for it.
pub(super) fn chain_json(chain: &WhyChain) -> Value {
    let link = |(place, link): (usize, &WhyLink)| {
        let mut out = json!({
            "name": link.name.as_str(),
            "version": link.version.as_str(),
            "edge": link.edge.map(EdgeKind::as_str),
            "via": link.via,
        });
        if place == 0 {
            out["requested"] = asking_json(&chain.asking);
        }
        out
    };
    chain.links.iter().enumerate().map(link).collect()
}

#[cfg(test)]
mod tests {
    use rootlock::ops;
    use rootlock::ops::review::WhyOptions;

    use super::super::testing::Fixture;
    use super::*;

    fn why(package: &str, all: bool) -> (Fixture, WhyReport) {
        let fixture = Fixture::new();
        let options = WhyOptions {
            package: package.parse().unwrap(),
            arches: Vec::new(),
            all,
        };
        let report = ops::why(&fixture.project(), &options).unwrap();
        (fixture, report)
    }

    #[test]
    fn text_of_the_shortest_chain() {
        let (fixture, report) = why("zlib1g", false);
        let [plain, coloured] = fixture.texts(&report);
        insta::assert_snapshot!(plain, @r"
        zlib1g 1.3.1, in group base for amd64 and arm64
          `bash` in group base: bash -> zlib1g
        ");
        insta::assert_snapshot!(coloured, @r"
        zlib1g 1.3.1, in group base for amd64 and arm64
        ^[2m  `bash` in group base: bash -> zlib1g^[0m
        ");
    }

    #[test]
    fn text_of_every_chain() {
        let (fixture, report) = why("libssl3t64", true);
        let [plain, _] = fixture.texts(&report);
        insta::assert_snapshot!(plain, @r"
        libssl3t64 3.5.4-1, in group app for amd64 and arm64
          `openssl=3.5.*` in group app: openssl -> libssl3t64
          `curl` in group app: curl -> libcurl4t64 -> libssl3t64
          `curl` in group app: curl -> libcurl4t64 -> ca-certificates (recommends)
            -> openssl -> libssl3t64
        ");
    }

    #[test]
    fn text_of_what_is_asked_for_itself() {
        let [plain, _] = {
            let (fixture, report) = why("openssl", false);
            fixture.texts(&report)
        };
        assert_eq!(
            plain,
            "openssl 3.5.4-1, in group app for amd64 and arm64\n  asked for by `openssl=3.5.*` in group \
             app\n"
        );
        let (fixture, report) = why("tar", false);
        let [plain, _] = fixture.texts(&report);
        assert_eq!(
            plain,
            "tar 1.35, in group base for amd64 and arm64\n  asked for by `priority: required` of group \
             base\n"
        );
    }

    #[test]
    fn text_of_what_differs_between_architectures_and_of_what_is_not_locked() {
        let (fixture, report) = why("libnghttp3-9", false);
        let [plain, _] = fixture.texts(&report);
        insta::assert_snapshot!(plain, @r"
        libnghttp3-9 1.8.0-1, in group app for amd64
          `curl` in group app: curl -> libcurl4t64 -> libnghttp3-9
        libnghttp3-9 1.8.0-1+b1, in group app for arm64
          `curl` in group app: curl -> libcurl4t64 -> libnghttp3-9
        ");
        let (fixture, report) = why("bahs", false);
        let [plain, coloured] = fixture.texts(&report);
        insta::assert_snapshot!(plain, @r"
        bahs is not locked for amd64 and arm64
        hint: did you mean `bash`?
        ");
        insta::assert_snapshot!(coloured, @r"
        bahs is not locked for amd64 and arm64
        ^[1;36mhint^[0m: did you mean `bash`?
        ");
        assert_eq!(
            report.json(),
            json!({"why": {"amd64": null, "arm64": null}})
        );
    }

    #[test]
    fn the_object_has_chains_that_begin_with_what_asks() {
        let (_fixture, report) = why("mawk", false);
        assert_eq!(
            report.json()["why"]["amd64"],
            json!({
                "package": "mawk",
                "version": "1.3.4",
                "group": "base",
                "requested": null,
                "chains": [[
                    {
                        "name": "base-files",
                        "version": "13.8",
                        "edge": null,
                        "via": [],
                        "requested": {"by": "request", "text": "base-files", "group": "base"},
                    },
                    {"name": "mawk", "version": "1.3.4", "edge": "depends", "via": ["awk"]},
                ]],
                "complete": true,
            })
        );
    }
}
