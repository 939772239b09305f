//! `configure: scripts`: the scripts of a staged root are run twice, apart from the host and from each
//! other, and must make the same both times.
//!
//! The two runs go on at the same time and begin more than a second apart, in time zones whose dates
//! differ; so what holds a time, a random number or an address differs between them, and the build
//! fails and names it. What they made is kept under the digest of the root and of what was run in it.

mod changes;
mod error;
mod known;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::thread;
use std::time::Duration;

use super::Context;
use crate::assemble::{Packs, Ran, Staged};
use crate::distro::{Act, Fate, Fault};
use crate::export::stream_tar;
use crate::image::{self, Options};
use crate::progress::{Progress, Task};
use crate::sandbox::{self, Command, Sandbox, SandboxError};
use crate::store::scratch::ScratchDir;
use crate::tree::{Blob, Kind, Location, Node, Tree, TreePath};
use changes::Changes;
use error::RunError;

/// How much later the second run begins: more than the second that many files' times are exact to.
const LATER: Duration = Duration::from_millis(1100);

/// The time zones of the runs, as POSIX has them: UTC, and one in which it is another day for most of it.
const ZONES: [&str; 2] = ["UTC0", "XXX-23:59"];

/// One run: its root, and what became of it.
struct Run {
    sandbox: Sandbox,
    changes: Changes,
    _directory: ScratchDir,
}

/// Runs what `staged` asks for, or finds what came of it before. Contents lie in the last of `packs`.
pub(super) fn run(cx: &Context<'_>, packs: &Packs<'_>, staged: Staged<'_>) -> Result<Ran, Fault> {
    let key = known::key(&staged);
    if let Some((ran, blob)) = known::load(cx.store, &key, packs.made())? {
        packs.set_made_of(blob);
        return Ok(ran);
    }
    if !sandbox::supports(cx.host, staged.arch) {
        return Err(SandboxError::Foreign { arch: staged.arch }.into());
    }
    let first = |zone| attempt(cx, &staged, zone, true);
    let [one, other] = match rayon::current_num_threads() {
        1 => [first(ZONES[0]), attempt(cx, &staged, ZONES[1], false)],
        _ => thread::scope(|scope| {
            let other = scope.spawn(|| {
                thread::sleep(LATER);
                attempt(cx, &staged, ZONES[1], false)
            });
            let one = first(ZONES[0]);
            let other = other
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            [one, other]
        }),
    };
    let (one, other) = (one?, other?);
    let differing = one.changes.differing(&other.changes);
    if !differing.is_empty() {
        return Err(not_the_same(&one.sandbox, differing).into());
    }
    drop(other);
    let (ran, blob) = keep(cx, packs.made(), one, &staged)?;
    known::save(cx.store, &key, &ran, blob)?;
    packs.set_made_of(blob);
    Ok(ran)
}

/// Runs everything once; `shown` if it is the run that the user sees.
fn attempt(cx: &Context<'_>, staged: &Staged<'_>, zone: &str, shown: bool) -> Result<Run, Fault> {
    let directory = cx.store.scratch_dir()?;
    let mut sandbox = Sandbox::new(directory.path(), cx.limits)?;
    let mut tree = staged.tree.clone();
    for (path, node) in &staged.running.put {
        put(&mut tree, path, node);
    }
    let filled = sandbox.fill(|out| stream_tar(&tree, staged.contents, out))?;
    filled?.map_err(RunError::Pipe)?;
    for (path, text) in &staged.running.covers {
        if matches!(
            tree.nodes.get(path).map(|node| &node.kind),
            Some(Kind::File(_))
        ) {
            sandbox.cover(&path.to_string(), text.as_bytes())?;
        }
    }
    let progress: &dyn Progress = if shown {
        cx.progress
    } else {
        &crate::progress::Silent
    };
    for act in &staged.running.acts {
        run_act(&mut sandbox, act, zone, progress)?;
    }
    let found = sandbox.pack(None, |tar| {
        let keep = |path: &TreePath, _| staged.distro.fate(path, false) == Fate::Steadied;
        let options = Options {
            scratch: directory.path(),
            ..plain(&keep)
        };
        image::read_filesystem(tar, &options)
    })??;
    let after = found.images.into_iter().next().map(|image| image.tree);
    let changes = Changes::between(staged, &after.unwrap_or_default());
    Ok(Run {
        sandbox,
        changes,
        _directory: directory,
    })
}

fn run_act(
    sandbox: &mut Sandbox,
    act: &Act,
    zone: &str,
    progress: &dyn Progress,
) -> Result<(), SandboxError> {
    let mut environment = act.environment.clone();
    environment.push(("TZ".into(), zone.into()));
    let command = Command {
        name: &act.name,
        arguments: &act.arguments,
        environment: &environment,
        headings: act.headings,
    };
    let mut task = progress.begin(Task::Script { name: &act.name });
    let done = sandbox.run(&command, &mut |name| {
        progress.end(task);
        task = progress.begin(Task::Script { name });
    });
    progress.end(task);
    done
}

/// Puts a file where nothing is, with the directories above it.
fn put(tree: &mut Tree, path: &TreePath, node: &Node) {
    if tree.nodes.contains_key(path) {
        return;
    }
    let mut next = path.parent();
    while let Some(directory) = next {
        next = directory.parent();
        tree.nodes.entry(directory).or_insert_with(|| {
            let mut above = node.clone();
            above.kind = Kind::Directory;
            above
        });
    }
    tree.nodes.insert(path.clone(), node.clone());
}

fn plain<'a>(keep: &'a (dyn Fn(&TreePath, u64) -> bool + Sync)) -> Options<'a> {
    Options {
        arch: None,
        tag: None,
        keep,
        sums: None,
        threads: 1,
        advance: &|_| {},
        scratch: std::path::Path::new(""),
    }
}

/// Takes the contents of what was made into the store, as one blob, and says where they are.
fn keep(
    cx: &Context<'_>,
    pack: u32,
    run: Run,
    staged: &Staged<'_>,
) -> Result<(Ran, Option<crate::model::Sha256>), Fault> {
    let Changes {
        mut made,
        removed,
        of_one_machine,
    } = run.changes;
    let files: Vec<&[u8]> = made
        .iter()
        .filter(|(_, node)| matches!(&node.kind, Kind::File(blob) if is_far(blob)))
        .map(|(path, _)| path.as_bytes())
        .collect();
    let mut blob = None;
    if !files.is_empty() {
        let mut writer = cx.store.writer()?;
        let copied = run
            .sandbox
            .pack(Some(&files), |tar| io::copy(tar, &mut writer))?;
        copied.map_err(RunError::Pipe)?;
        let (digest, _) = writer.commit()?;
        blob = Some(digest);
        place(cx, &digest, pack, &mut made)?;
    }
    for node in made.values_mut() {
        node.meta.mtime = staged.epoch.0;
    }
    let warnings = of_one_machine
        .into_iter()
        .map(|(maker, paths)| left_out(maker, &paths))
        .collect();
    Ok((
        Ran {
            made,
            removed,
            warnings,
        },
        blob,
    ))
}

/// Whether a content is still in the sandbox alone.
fn is_far(blob: &Blob) -> bool {
    matches!(blob.at, Location::Pack { .. })
}

/// Points the files of `made` to their contents in a tar of the store.
fn place(
    cx: &Context<'_>,
    tar: &crate::model::Sha256,
    pack: u32,
    made: &mut BTreeMap<TreePath, Node>,
) -> Result<(), Fault> {
    let mut file = cx.store.open_blob(tar)?.ok_or(RunError::Moved)?;
    let found = image::read_filesystem(&mut file, &plain(&|_, _| false))?;
    let packed = found.images.into_iter().next().map(|image| image.tree);
    let packed = packed.unwrap_or_default();
    for (path, node) in made {
        let Kind::File(blob) = &mut node.kind else {
            continue;
        };
        if !is_far(blob) {
            continue;
        }
        let mut there = packed.nodes.get(path);
        if let Some(Kind::Hardlink(first)) = there.map(|node| &node.kind) {
            there = packed.nodes.get(first);
        }
        match there.map(|node| &node.kind) {
            Some(Kind::File(same)) if same == blob => match same.at {
                Location::Pack { offset, .. } => blob.at = Location::Pack { pack, offset },
                Location::Inline(_) => blob.at = same.at.clone(),
            },
            _ => return Err(RunError::Moved.into()),
        }
    }
    Ok(())
}

fn left_out(maker: &str, paths: &BTreeSet<TreePath>) -> String {
    let first = paths.first().map(ToString::to_string).unwrap_or_default();
    let more = match paths.len() {
        0 | 1 => String::new(),
        count => format!(" and {} more", count - 1),
    };
    format!("{first}{more} left out, for every machine must have its own: there, run `{maker}`")
}

/// The error of two runs that made different things.
fn not_the_same(sandbox: &Sandbox, differing: BTreeSet<TreePath>) -> RunError {
    let count = differing.len();
    let shown: Vec<TreePath> = differing.into_iter().take(RunError::SHOWN).collect();
    let paths: Vec<&[u8]> = shown.iter().map(TreePath::as_bytes).collect();
    let makers = sandbox.changed_under(&paths);
    RunError::NotTheSame {
        count,
        shown: shown.into_iter().zip(makers).collect(),
    }
}
