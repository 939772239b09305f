//! `diversions`: three lines each, from, to, and whose file keeps the first.

use crate::distro::deb::database::ADMIN;
use crate::distro::installed::{Files, InventoryFault, Text, shown};
use crate::model::PackageName;
use crate::tree::TreePath;

type Diversion = (TreePath, TreePath, Option<PackageName>);

/// The diversions in force, sorted.
pub(super) fn read(files: &mut Files<'_>) -> Result<Vec<Diversion>, InventoryFault> {
    let Some(text) = files.database(format!("{ADMIN}/diversions").as_bytes())? else {
        return Ok(Vec::new());
    };
    text.check_end()?;
    text.check_returns()?;
    let mut out: Vec<(Diversion, usize)> = Vec::new();
    let mut lines = text.lines();
    while let Some((line, from)) = lines.next() {
        files.count(&text)?;
        let (Some((second, to)), Some((third, by))) = (lines.next(), lines.next()) else {
            return Err(text.cut("a diversion"));
        };
        let package = match by {
            // The administrator's: the path is no package's.
            b":" => None,
            _ => Some(package(&text, third, by)?),
        };
        let diversion = (path(&text, line, from)?, path(&text, second, to)?, package);
        out.push((diversion, line));
    }
    out.sort_by(|(a, _), (b, _)| a.0.cmp(&b.0));
    let twice = |pair: &[(Diversion, usize)]| match pair {
        [(a, _), (b, line)] if a.0 == b.0 => Some(*line),
        _ => None,
    };
    if let Some(line) = out.windows(2).find_map(twice) {
        return Err(text.line(line, "diverts a path again"));
    }
    Ok(out.into_iter().map(|(diversion, _)| diversion).collect())
}

fn package(text: &Text<'_>, line: usize, by: &[u8]) -> Result<PackageName, InventoryFault> {
    let name = std::str::from_utf8(by).ok().and_then(|by| by.parse().ok());
    name.ok_or_else(|| text.line(line, format!("names no package: {}", shown(by))))
}

fn path(text: &Text<'_>, line: usize, bytes: &[u8]) -> Result<TreePath, InventoryFault> {
    let wrong = || text.line(line, format!("is no absolute path: {}", shown(bytes)));
    if !bytes.starts_with(b"/") {
        return Err(wrong());
    }
    text.path(line, bytes)?.ok_or_else(wrong)
}
