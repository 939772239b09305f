//! Names that someone may have meant.

/// The names nearest to `wanted`, the nearest first, three at most; none that is far from it.
pub fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    /// Of how many characters of a name one may be wrong.
    const TOLERANCE: usize = 3;
    let limit = (wanted.len() / TOLERANCE).clamp(1, 3);
    let mut found: Vec<(usize, &str)> = names
        .filter_map(|name| Some((distance(wanted, name, limit)?, name)))
        .collect();
    found.sort_unstable();
    found.dedup();
    found.truncate(3);
    found.into_iter().map(|(_, name)| name).collect()
}

/// How many characters must be put in, taken out, replaced or swapped with their neighbour to make
/// one text of the other, if no more than `limit`.
fn distance(a: &str, b: &str, limit: usize) -> Option<usize> {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len().abs_diff(b.len()) > limit {
        return None;
    }
    let width = b.len() + 1;
    let mut before_last = vec![0; width];
    let mut last: Vec<usize> = (0..width).collect();
    for (i, &from) in a.iter().enumerate() {
        let mut row = vec![i + 1; width];
        for (j, &to) in b.iter().enumerate() {
            let mut best = (last[j] + usize::from(from != to))
                .min(last[j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && from == b[j - 1] && a[i - 1] == to {
                best = best.min(before_last[j - 1] + 1);
            }
            row[j + 1] = best;
        }
        if row.iter().all(|&cost| cost > limit) {
            return None;
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last.last().copied().filter(|&cost| cost <= limit)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_slips_and_nothing_far_off() {
        let names = ["bash", "bazel", "dash", "libssl3t64", "python3", "zsh"];
        let near = |wanted| nearest(wanted, names.into_iter());
        assert_eq!(near("bsah"), ["bash"]);
        assert_eq!(near("libssl3"), Vec::<&str>::new());
        assert_eq!(near("python"), ["python3"]);
        assert_eq!(near("ash"), ["bash", "dash", "zsh"]);
        assert_eq!(near(""), Vec::<&str>::new());
    }
}
