//! The nearest of some names, for messages.

/// The name that is fewest edits away from `word`, if any is near enough to be meant: at most one
/// edit in three characters. Of equally near ones, the first.
pub(super) fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    names
        .into_iter()
        .map(|name| (distance(word, name), name))
        .filter(|(edits, name)| {
            *edits <= name.len().max(word.len().min(name.len() + 3)).div_ceil(3)
        })
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, name)| name)
}

/// Longer words are not compared: a message has no use for them.
const MAX_WORD: usize = 100;

/// Insertions, deletions, replacements and swaps of neighbours, upper and lower case alike
/// (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.to_lowercase().chars().take(MAX_WORD).collect();
    let b: Vec<char> = b.to_lowercase().chars().take(MAX_WORD).collect();
    let mut rows = [vec![0; b.len() + 1], (0..=b.len()).collect(), Vec::new()];
    for i in 1..=a.len() {
        let [before, last, _] = &rows;
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let differ = usize::from(a[i - 1] != b[j - 1]);
            row[j] = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + differ);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        rows = [std::mem::take(&mut rows[1]), row, Vec::new()];
    }
    rows[1][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_edits() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("packges", "packages"), 1);
        assert_eq!(distance("pakcages", "packages"), 1);
        assert_eq!(distance("Name", "name"), 0);
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn suggests_only_what_is_near() {
        let names = ["name", "groups", "packages"];
        assert_eq!(nearest("packges", names), Some("packages"));
        assert_eq!(nearest("group", names), Some("groups"));
        assert_eq!(nearest("xyzzy", names), None);
        assert_eq!(nearest("", names), None);
        assert_eq!(nearest(&"x".repeat(100_000), names), None);
    }
}
