//! What `systemd-sysusers` and `systemd-tmpfiles --create` do in a fresh root, whether systemd is in
//! the image or not: packages ship the files, and their scripts call the programs where they are.

use super::sysusers::{self, GroupRef, Id};
use super::tmpfiles::{self, Action, Line, Owner, Undone, Who};
use super::words;
use crate::distro::configure::accounts::NewUser;
use crate::distro::configure::draft::{Access, Draft};
use crate::tree::{Blob, Kind};

const NOLOGIN: &str = "/usr/sbin/nologin";

/// The texts of the named files, or of all of them; `None` where one is not there.
fn texts(draft: &mut Draft<'_>, names: &[&str], folder: &str) -> Option<Vec<String>> {
    let directories = [
        format!("/etc/{folder}"),
        format!("/usr/lib/{folder}"),
        format!("/lib/{folder}"),
    ];
    let mut paths = Vec::new();
    if names.is_empty() {
        let all: Vec<String> = directories[..2]
            .iter()
            .flat_map(|directory| draft.below(directory))
            .collect();
        let chosen = words::select(all.iter().map(String::as_str), folder);
        paths.extend(chosen.into_iter().map(str::to_owned));
    }
    for name in names {
        let places = directories
            .iter()
            .map(|directory| format!("{directory}/{name}"));
        let mut places = std::iter::once((*name).to_owned()).chain(places);
        paths.push(places.find(|path| path.starts_with('/') && draft.exists(path))?);
    }
    paths.iter().map(|path| draft.text(path)).collect()
}

/// `systemd-sysusers [FILE...]`; whether everything in the files could be done.
pub(super) fn sysusers(draft: &mut Draft<'_>, names: &[&str], day: i64) -> bool {
    let Some(texts) = texts(draft, names, "sysusers.d") else {
        return false;
    };
    let mut lines = Vec::new();
    for text in texts {
        let (found, odd) = sysusers::parse(&text);
        if !odd.is_empty() {
            return false;
        }
        lines.extend(found);
    }
    // Groups first, then users, then who is in what, whatever the order of the lines.
    let rank = |line: &sysusers::Line| match line {
        sysusers::Line::Group { .. } => 0,
        sysusers::Line::User { .. } => 1,
        sysusers::Line::Member { .. } | sysusers::Line::Range { .. } => 2,
    };
    lines.sort_by_key(rank);
    lines.iter().all(|line| account(draft, line, day).is_some())
}

fn account(draft: &mut Draft<'_>, line: &sysusers::Line, day: i64) -> Option<()> {
    match line {
        sysusers::Line::Group { name, gid } => {
            let wanted = match gid {
                Id::Number(gid) => Some(*gid),
                Id::Path(path) => draft.followed(path).map(|node| node.meta.gid),
                Id::Any | Id::With { .. } => None,
            };
            group(draft, name, wanted).map(|_| ())
        }
        sysusers::Line::User {
            name,
            uid,
            gecos,
            home,
            shell,
            locked,
        } => {
            if draft.accounts.user(name).is_some() {
                return Some(());
            }
            let wanted = match uid {
                Id::Number(uid) => Some(*uid),
                Id::Path(path) => draft.followed(path).map(|node| node.meta.uid),
                Id::With { uid, .. } => *uid,
                Id::Any => None,
            };
            let gid = match uid {
                Id::With {
                    group: GroupRef::Number(gid),
                    ..
                } => *gid,
                Id::With {
                    group: GroupRef::Name(group),
                    ..
                } => draft.accounts.group(group)?,
                _ => {
                    let common = || draft.accounts.common_id(name);
                    let own = draft.accounts.group(name).or(wanted).or_else(common)?;
                    group(draft, name, Some(own))?
                }
            };
            let free = |uid: &u32| !draft.accounts.has_uid(*uid);
            let new = NewUser {
                name: name.clone(),
                uid: wanted.filter(free),
                gid,
                gecos: gecos.clone().unwrap_or_default(),
                home: home.clone().unwrap_or_else(|| "/".into()),
                shell: shell.clone().unwrap_or_else(|| NOLOGIN.into()),
                password: "!*",
                aging: if *locked { "::::1:" } else { ":::::" },
            };
            draft.accounts.add_user(&new, day).map(|_| ())
        }
        sysusers::Line::Member { user, group: name } => {
            group(draft, name, None)?;
            draft.accounts.add_member(user, name).then_some(())
        }
        sysusers::Line::Range { .. } => Some(()),
    }
}

/// A group with the wanted number, or where that is another's with any.
fn group(draft: &mut Draft<'_>, name: &str, wanted: Option<u32>) -> Option<u32> {
    if let Some(known) = draft.accounts.group(name) {
        return Some(known);
    }
    let wanted = wanted.filter(|gid| !draft.accounts.has_gid(*gid));
    draft.accounts.add_group_with(name, wanted, "!*")
}

/// `systemd-tmpfiles --create [FILE...]`; whether everything in the files could be done.
pub(super) fn tmpfiles(draft: &mut Draft<'_>, names: &[&str]) -> bool {
    let Some(texts) = texts(draft, names, "tmpfiles.d") else {
        return false;
    };
    let mut lines = Vec::new();
    let mut all = true;
    for text in texts {
        let (found, odd) = tmpfiles::parse(&text);
        all &= odd.is_empty();
        lines.extend(found);
    }
    // The real program skips a line whose owner is nobody while it reads.
    lines.retain(|line| owner(draft, line, None).is_some());
    for line in tmpfiles::order(lines) {
        all &= carry_out(draft, &line).is_some() || line.may_fail;
    }
    all
}

/// Mode and owner of what is made or, where something is there, of that.
fn owner(draft: &Draft<'_>, line: &Line, there: Option<(u32, u32)>) -> Option<(u32, u32)> {
    let id =
        |owner: &Option<Owner>, known: Option<u32>, of: &dyn Fn(&str) -> Option<u32>| match owner {
            Some(owner) if known.is_none() || !owner.only_new => match &owner.who {
                Who::Number(id) => Some(*id),
                Who::Name(name) => of(name),
            },
            _ => Some(known.unwrap_or(0)),
        };
    let uid = id(&line.meta.user, there.map(|(uid, _)| uid), &|name| {
        draft.accounts.user(name).map(|(uid, _)| uid)
    })?;
    let gid = id(&line.meta.group, there.map(|(_, gid)| gid), &|name| {
        draft.accounts.group(name)
    })?;
    Some((uid, gid))
}

fn access(draft: &Draft<'_>, line: &Line, path: &str, default: u16) -> Option<Access> {
    let there = draft.followed(path);
    let (uid, gid) = owner(
        draft,
        line,
        there.as_ref().map(|node| (node.meta.uid, node.meta.gid)),
    )?;
    let mode = match (&there, line.meta.mode) {
        (Some(node), Some(mode)) if !mode.only_new => {
            mode.over(node.meta.mode.into(), node.is_directory())
        }
        (Some(node), _) => node.meta.mode.into(),
        (None, Some(mode)) => mode.over(mode.bits, false),
        (None, None) => default.into(),
    };
    Some(Access {
        mode: u16::try_from(mode & 0o7777).ok()?,
        uid,
        gid,
    })
}

/// Devices, processes and what the kernel shows are no part of an image.
fn is_kernels(path: &str) -> bool {
    ["/dev", "/proc", "/sys"].iter().any(|root| {
        path.strip_prefix(root)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

fn carry_out(draft: &mut Draft<'_>, line: &Line) -> Option<()> {
    let path = line.path.as_str();
    if is_kernels(path) {
        return Some(());
    }
    if path == "/" || path.contains(char::is_control) {
        return None;
    }
    let changes = !matches!(line.action, Action::Ignored | Action::Undone(_));
    if changes && line.is_pattern() && path.contains(['*', '?', '[', '{']) {
        // Patterns of paths that exist: nothing to do where nothing is below.
        let fixed = path.split(['*', '?', '[', '{']).next().unwrap_or_default();
        let directory = fixed
            .rsplit_once('/')
            .map_or("", |(directory, _)| directory);
        return draft
            .list(directory)
            .iter()
            .all(Vec::is_empty)
            .then_some(());
    }
    let there = draft.followed(path);
    match &line.action {
        Action::Directory => match there {
            Some(node) if !node.is_directory() => Some(()),
            _ => {
                let access = access(draft, line, path, 0o755)?;
                draft.put_directory(path, access).then_some(())
            }
        },
        Action::File { content, anew } => {
            let access = access(draft, line, path, 0o644)?;
            match there {
                Some(node) if node.is_directory() => Some(()),
                Some(_) if !anew => draft
                    .change(path, |meta| {
                        (meta.mode, meta.uid, meta.gid) = (access.mode, access.uid, access.gid);
                    })
                    .then_some(()),
                _ => {
                    let blob = Blob::inline(content.clone());
                    draft.put_file(path, blob, access).then_some(())
                }
            }
        }
        // It only writes into files that are there.
        Action::Write { content, append } => match there.map(|node| node.kind) {
            Some(Kind::File(_)) => {
                let mut bytes = draft.read(path)?;
                if *append {
                    bytes.extend(content);
                } else {
                    bytes.drain(..content.len().min(bytes.len()));
                    bytes.splice(0..0, content.iter().copied());
                }
                draft.write(path, bytes, 0o644).then_some(())
            }
            _ => Some(()),
        },
        Action::Link {
            target,
            force,
            if_target,
        } => {
            let absolute = format!("/{}", target.trim_start_matches('/'));
            if *if_target && !draft.exists(&absolute) || draft.node(path).is_some() && !force {
                return Some(());
            }
            draft.put_link(path, target).then_some(())
        }
        Action::Copy { source, .. } => copy(draft, line, source, path),
        Action::Adjust {
            recursive,
            directories,
        } => {
            let Some(node) = there else {
                return Some(());
            };
            if *recursive && !draft.below(path).is_empty() {
                return None;
            }
            if *directories && !node.is_directory() {
                return Some(());
            }
            let access = access(draft, line, path, 0)?;
            draft
                .change(path, |meta| {
                    (meta.mode, meta.uid, meta.gid) = (access.mode, access.uid, access.gid);
                })
                .then_some(())
        }
        Action::Ignored => Some(()),
        // systemd sets them at each start.
        Action::Undone(Undone::Acl | Undone::Attribute) => Some(()),
        Action::Undone(Undone::Xattr) => there.is_none().then_some(()),
        Action::Undone(Undone::Pipe | Undone::Device) => None,
    }
}

fn copy(draft: &mut Draft<'_>, line: &Line, source: &str, path: &str) -> Option<()> {
    let Some(from) = draft.followed(source) else {
        return Some(());
    };
    if draft.exists(path) && !from.is_directory() {
        return Some(());
    }
    if from.is_directory() {
        if !draft.below(path).is_empty() {
            return Some(());
        }
        for file in draft.below(source) {
            let name = file.strip_prefix(source)?;
            copy_one(draft, line, &file, &format!("{path}{name}"))?;
        }
        return Some(());
    }
    copy_one(draft, line, source, path)
}

fn copy_one(draft: &mut Draft<'_>, line: &Line, source: &str, path: &str) -> Option<()> {
    if let Some(Kind::Symlink(target)) = draft.node(source).map(|node| node.kind) {
        let target = String::from_utf8(target.to_vec()).ok()?;
        return draft.put_link(path, &target).then_some(());
    }
    let meta = draft.followed(source)?.meta;
    let (_, blob) = draft.file(source)?;
    let (uid, gid) = owner(draft, line, Some((meta.uid, meta.gid)))?;
    let mode = match line.meta.mode {
        Some(mode) if line.path == path => u16::try_from(mode.bits).ok()?,
        _ => meta.mode,
    };
    let access = Access { mode, uid, gid };
    draft.put_file(path, blob, access).then_some(())
}
