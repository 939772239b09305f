//! What a vulnerability is called.
//!
//! Sources name the same thing differently: OSV has `DEBIAN-CVE-2024-1`, whose upstream is
//! `CVE-2024-1`; the tracker has the latter alone; a bulletin such as `DSA-5000-1` covers several at
//! once. A finding is about one vulnerability, so a bulletin that covers several becomes one finding
//! for each, and its own name is kept as one more name of each, by which it can be ignored, but never
//! as proof that two vulnerabilities are the same.

use std::collections::BTreeSet;

/// The names of one vulnerability.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Names {
    /// The CVE, where there is one.
    pub(super) id: String,
    /// Names of this vulnerability and no other, `id` among them.
    pub(super) same: BTreeSet<String>,
    /// Names of what covers it together with others.
    pub(super) also: BTreeSet<String>,
}

impl Names {
    pub(super) fn size(&self) -> usize {
        let names = self.same.iter().chain(&self.also);
        self.id.len() + names.map(|name| name.len() + 48).sum::<usize>()
    }
}

/// The CVE that `id` is or wraps: `DEBIAN-CVE-2024-1234` is Debian's record of `CVE-2024-1234`.
pub(super) fn cve(id: &str) -> Option<&str> {
    let bare = ["DEBIAN-", "ALPINE-"]
        .iter()
        .find_map(|prefix| id.strip_prefix(prefix))
        .unwrap_or(id);
    let (year, number) = bare.strip_prefix("CVE-")?.split_once('-')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    (year.len() == 4 && digits(year) && number.len() >= 4 && digits(number)).then_some(bare)
}

/// One vulnerability called `id` and `others`; or, where those are several CVEs of which `id` is
/// none, one for each of them.
pub(super) fn names<'a>(id: &'a str, others: impl IntoIterator<Item = &'a str>) -> Vec<Names> {
    let all: BTreeSet<&str> = others.into_iter().chain([id]).collect();
    if let Some(own) = cve(id) {
        return vec![one(own, &all)];
    }
    let cves: BTreeSet<&str> = all.iter().filter_map(|name| cve(name)).collect();
    if cves.len() <= 1 {
        return vec![one(cves.first().unwrap_or(&id), &all)];
    }
    each(&cves, &all)
}

/// The vulnerabilities of names of which none is before the others.
pub(super) fn of_words(words: &[&str]) -> Vec<Names> {
    let all: BTreeSet<&str> = words.iter().copied().collect();
    let cves: BTreeSet<&str> = all.iter().filter_map(|name| cve(name)).collect();
    match (cves.first(), words.first()) {
        (Some(_), _) if cves.len() > 1 => each(&cves, &all),
        (Some(only), _) => vec![one(only, &all)],
        (None, Some(first)) => vec![one(first, &all)],
        (None, None) => Vec::new(),
    }
}

fn one(id: &str, all: &BTreeSet<&str>) -> Names {
    let same = all.iter().copied().chain([id]).map(str::to_owned);
    Names {
        id: id.to_owned(),
        same: same.collect(),
        also: BTreeSet::new(),
    }
}

fn each(cves: &BTreeSet<&str>, all: &BTreeSet<&str>) -> Vec<Names> {
    let also: BTreeSet<String> = all
        .iter()
        .filter(|name| cve(name).is_none())
        .map(|name| (*name).to_owned())
        .collect();
    cves.iter()
        .map(|id| {
            let spelled = all.iter().filter(|name| cve(name) == Some(id));
            let same = spelled.copied().chain([*id]).map(str::to_owned);
            Names {
                id: (*id).to_owned(),
                same: same.collect(),
                also: also.clone(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(names: &[Names]) -> Vec<String> {
        let join = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(",");
        names
            .iter()
            .map(|names| {
                format!(
                    "{}: {} | {}",
                    names.id,
                    join(&names.same),
                    join(&names.also)
                )
            })
            .collect()
    }

    #[test]
    fn a_cve_is_known_with_and_without_the_distribution_before_it() {
        assert_eq!(cve("CVE-2024-1234"), Some("CVE-2024-1234"));
        assert_eq!(cve("DEBIAN-CVE-2024-12345"), Some("CVE-2024-12345"));
        assert_eq!(cve("ALPINE-CVE-2024-1234"), Some("CVE-2024-1234"));
        for other in [
            "CVE-2024-12",
            "CVE-24-1234",
            "CVE_2024-1234",
            "DSA-1-1",
            "CVE-2024-1234x",
        ] {
            assert_eq!(cve(other), None, "{other}");
        }
    }

    #[test]
    fn a_record_of_one_cve_is_that_cve() {
        let found = names("DEBIAN-CVE-2024-0001", ["CVE-2024-0001"]);
        assert_eq!(
            texts(&found),
            ["CVE-2024-0001: CVE-2024-0001,DEBIAN-CVE-2024-0001 | "]
        );
        let found = names("GHSA-a", ["CVE-2024-0001"]);
        assert_eq!(texts(&found), ["CVE-2024-0001: CVE-2024-0001,GHSA-a | "]);
        let found = names("CVE-2024-0001", ["CVE-2024-0002"]);
        assert_eq!(
            texts(&found),
            ["CVE-2024-0001: CVE-2024-0001,CVE-2024-0002 | "]
        );
        assert_eq!(texts(&names("TEMP-1-A", [])), ["TEMP-1-A: TEMP-1-A | "]);
    }

    #[test]
    fn a_bulletin_of_several_cves_is_each_of_them_and_makes_none_the_same() {
        let covered = [
            "DEBIAN-CVE-2024-0001",
            "CVE-2024-0001",
            "CVE-2024-0002",
            "X-1",
        ];
        assert_eq!(
            texts(&names("DSA-1-1", covered)),
            [
                "CVE-2024-0001: CVE-2024-0001,DEBIAN-CVE-2024-0001 | DSA-1-1,X-1",
                "CVE-2024-0002: CVE-2024-0002 | DSA-1-1,X-1",
            ]
        );
        let words = of_words(&["CVE-2024-0001", "CVE-2024-0002", "GHSA-a"]);
        assert_eq!(words.len(), 2);
        assert!(words.iter().all(|names| names.also.contains("GHSA-a")));
        assert_eq!(
            texts(&of_words(&["XSA-1", "GHSA-a"])),
            ["XSA-1: GHSA-a,XSA-1 | "]
        );
        assert_eq!(of_words(&[]), []);
    }
}
