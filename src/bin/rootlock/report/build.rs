//! The answer of `build`.

use rootlock::model::ScriptClass;
use rootlock::ops::{BuildReport, BuiltImage, BuiltLayer, Format, Target};
use serde_json::{Value, json};

use super::Report;
use crate::render;
use crate::session::View;

impl Report for BuildReport {
    fn text(&self, view: &View) -> String {
        let mut out = format!("{} {}", view.style.green("Built"), place(self));
        if let Some(tag) = &self.tag {
            out.push_str(&format!(" as {tag}"));
        }
        out.push('\n');
        if let Some(digest) = &self.digest {
            out.push_str(&format!("  {digest}\n"));
        }
        for image in &self.images {
            out.push_str(&image_text(image, view));
        }
        out
    }

    fn json(&self) -> Value {
        json!({
            "output": match &self.output {
                Target::Path(path) => path.to_string_lossy().into_owned(),
                Target::Stdout => "-".to_owned(),
            },
            "format": self.format.as_str(),
            "tag": self.tag,
            "digest": self.digest.map(|digest| digest.to_string()),
            "images": self.images.iter().map(image_json).collect::<Value>(),
        })
    }
}

/// Where it went, in words.
fn place(report: &BuildReport) -> String {
    match &report.output {
        Target::Path(path) => render::path(path),
        Target::Stdout => {
            let article = if report.format == Format::OciArchive {
                "an"
            } else {
                "a"
            };
            format!("{article} {} to stdout", report.format.as_str())
        }
    }
}

fn image_text(image: &BuiltImage, view: &View) -> String {
    let packages = render::count(image.packages.len(), "package");
    let mut out = format!("  {}, {packages}, epoch {}\n", image.arch, image.epoch);
    let rows: Vec<_> = image.layers.iter().map(layer_row).collect();
    for line in render::table(&rows).lines() {
        out.push_str(&format!("    {line}\n"));
    }
    if !image.replaced.is_empty() {
        let paths = render::count(image.replaced.len(), "path");
        out.push_str(&format!("    {paths} of packages replaced\n"));
    }
    if view.verbose {
        for replaced in &image.replaced {
            out.push_str(&format!("      {} by {}\n", replaced.path, replaced.by));
        }
    }
    if image.scripts.is_empty() && !image.undone.is_empty() {
        let mut packages: Vec<_> = image.undone.iter().map(|undone| &undone.package).collect();
        packages.dedup();
        let packages = render::count(packages.len(), "package");
        out.push_str(&format!("    scripts of {packages} did not run\n"));
    }
    if !image.scripts.is_empty() {
        out.push_str(&format!("    {}\n", scripts_line(image)));
    }
    // Of a configured image what is missing; without configuration that is everything.
    let most = match (view.verbose, image.scripts.is_empty()) {
        (true, _) => usize::MAX,
        (false, true) => 0,
        (false, false) => MAX_UNDONE,
    };
    for undone in image.undone.iter().take(most) {
        let statement = render::plain(&undone.statement);
        out.push_str(&format!(
            "      {} {}: {statement}\n",
            undone.package, undone.script
        ));
    }
    let more = image.undone.len().saturating_sub(most);
    if more > 0 && most > 0 {
        out.push_str(&format!(
            "      and {more} more: `rootlock list --scripts` shows them\n"
        ));
    }
    out
}

/// How many undone statements are shown before one has to ask for them.
const MAX_UNDONE: usize = 20;

/// What became of the packages' scripts, in one line.
fn scripts_line(image: &BuiltImage) -> String {
    let count = |class: ScriptClass| {
        let scripts = image.scripts.iter().filter(|script| script.class == class);
        scripts.count()
    };
    let classes = [
        ScriptClass::Native,
        ScriptClass::NoEffect,
        ScriptClass::Undone,
        ScriptClass::Run,
    ];
    let parts: Vec<String> = classes
        .into_iter()
        .map(|class| (count(class), class.as_str()))
        .filter(|(count, _)| *count > 0)
        .map(|(count, class)| format!("{count} {class}"))
        .collect();
    let total = render::count(image.scripts.len(), "script");
    format!("{total}: {}", parts.join(", "))
}

/// The name, the sizes and enough of the digest to compare it with the eye.
fn layer_row(layer: &BuiltLayer) -> [String; 4] {
    let compressed = match layer.compressed {
        Some(compressed) => format!("{} compressed", render::bytes(compressed)),
        None => String::new(),
    };
    [
        layer.name.clone(),
        render::bytes(layer.size),
        compressed,
        layer.diff_id.to_string()[..SHORT_DIGEST].to_owned(),
    ]
}

/// `sha256:` and twelve digits, as container tools shorten it.
const SHORT_DIGEST: usize = "sha256:".len() + 12;

fn image_json(image: &BuiltImage) -> Value {
    let text = |digest: &rootlock::model::Sha256| digest.to_string();
    let layers = image.layers.iter().map(|layer| {
        json!({
            "group": layer.name,
            "diff_id": text(&layer.diff_id),
            "size": layer.size,
            "digest": layer.digest.as_ref().map(text),
            "compressed": layer.compressed,
        })
    });
    let replaced = image.replaced.iter().map(|replaced| {
        json!({
            "path": replaced.path.to_string(),
            "by": replaced.by.to_string(),
            "package": replaced.package.as_ref().map(|name| name.as_str()),
        })
    });
    let undone = image.undone.iter().map(|undone| {
        json!({
            "package": undone.package.as_str(),
            "script": undone.script,
            "statement": undone.statement,
        })
    });
    let packages = image.packages.iter();
    let packages =
        packages.map(|(name, version)| json!({"name": name.as_str(), "version": version.as_str()}));
    json!({
        "arch": image.arch.to_string(),
        "epoch": image.epoch.0,
        "manifest": image.manifest.as_ref().map(text),
        "config": image.config.as_ref().map(text),
        "tree": image.tree.as_ref().map(text),
        "layers": layers.collect::<Value>(),
        "replaced": replaced.collect::<Value>(),
        "undone": undone.collect::<Value>(),
        "packages": packages.collect::<Value>(),
    })
}
