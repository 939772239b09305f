//! The base score of CVSS v3.0 and v3.1 vectors (FIRST, Specification Document v3.1, section 7.1).
//!
//! Other versions have no score here: v2's scale is another one, and v4's is a table, not a formula.

/// The base score in tenths, 0 to 100; nothing for what is no complete vector of version 3.
///
/// Metrics of the temporal and environmental groups may follow and change nothing.
pub(super) fn base_score(vector: &str) -> Option<u8> {
    let metrics = vector
        .strip_prefix("CVSS:3.1/")
        .or_else(|| vector.strip_prefix("CVSS:3.0/"))?;
    let mut base: [Option<&str>; 8] = [None; 8];
    for metric in metrics.split('/') {
        let (name, value) = metric.split_once(':')?;
        match BASE.iter().position(|known| *known == name) {
            Some(index) => {
                // Given twice, nobody can say which one counts.
                if base.get_mut(index)?.replace(value).is_some() {
                    return None;
                }
            }
            None if OTHER.contains(&name) => {}
            None => return None,
        }
    }
    let [av, ac, pr, ui, s, c, i, a] = base;
    let changed = match s? {
        "C" => true,
        "U" => false,
        _ => return None,
    };
    let impact = 1.0 - (1.0 - impact(c?)?) * (1.0 - impact(i?)?) * (1.0 - impact(a?)?);
    let exploitability =
        8.22 * attack(av?)? * complexity(ac?)? * privileges(pr?, changed)? * user(ui?)?;
    let impact = if changed {
        7.52 * (impact - 0.029) - 3.25 * (impact - 0.02).powi(15)
    } else {
        6.42 * impact
    };
    if impact <= 0.0 {
        return Some(0);
    }
    let sum = impact + exploitability;
    Some(round_up((if changed { 1.08 * sum } else { sum }).min(10.0)))
}

const BASE: [&str; 8] = ["AV", "AC", "PR", "UI", "S", "C", "I", "A"];
/// Temporal and environmental metrics.
const OTHER: [&str; 14] = [
    "E", "RL", "RC", "CR", "IR", "AR", "MAV", "MAC", "MPR", "MUI", "MS", "MC", "MI", "MA",
];

fn attack(value: &str) -> Option<f64> {
    Some(match value {
        "N" => 0.85,
        "A" => 0.62,
        "L" => 0.55,
        "P" => 0.2,
        _ => return None,
    })
}

fn complexity(value: &str) -> Option<f64> {
    Some(match value {
        "L" => 0.77,
        "H" => 0.44,
        _ => return None,
    })
}

fn privileges(value: &str, changed: bool) -> Option<f64> {
    Some(match (value, changed) {
        ("N", _) => 0.85,
        ("L", false) => 0.62,
        ("L", true) => 0.68,
        ("H", false) => 0.27,
        ("H", true) => 0.5,
        _ => return None,
    })
}

fn user(value: &str) -> Option<f64> {
    Some(match value {
        "N" => 0.85,
        "R" => 0.62,
        _ => return None,
    })
}

fn impact(value: &str) -> Option<f64> {
    Some(match value {
        "H" => 0.56,
        "L" => 0.22,
        "N" => 0.0,
        _ => return None,
    })
}

/// The smallest number of tenths that is not below `score`, as appendix A defines it: in hundred
/// thousandths first, so that no error of floating point rounds up.
fn round_up(score: f64) -> u8 {
    let fine = (score * 100_000.0).round() as u32;
    fine.div_ceil(10_000).min(100) as u8
}

#[cfg(test)]
mod tests {
    use super::base_score;

    /// From the document of examples that FIRST publishes with the specification.
    #[test]
    fn scores_are_those_of_the_published_examples() {
        for (vector, tenths) in [
            ("AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 61),
            ("AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", 64),
            ("AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N", 31),
            ("AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H", 99),
            ("AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", 88),
            ("AV:L/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H", 78),
            ("AV:A/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 88),
            ("AV:P/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N", 46),
            ("AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", 75),
            ("AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 98),
            ("AV:N/AC:H/PR:N/UI:N/S:C/C:N/I:H/A:N", 68),
            ("AV:P/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 68),
            ("AV:N/AC:L/PR:N/UI:N/S:C/C:L/I:N/A:N", 58),
            ("AV:A/AC:L/PR:N/UI:N/S:C/C:H/I:N/A:H", 93),
            ("AV:N/AC:L/PR:L/UI:R/S:C/C:L/I:L/A:N", 54),
            ("AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 100),
            ("AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0),
            ("AV:N/AC:L/PR:N/UI:N/S:C/C:N/I:N/A:N", 0),
        ] {
            for version in ["3.0", "3.1"] {
                let vector = format!("CVSS:{version}/{vector}");
                assert_eq!(base_score(&vector), Some(tenths), "{vector}");
            }
        }
    }

    #[test]
    fn the_order_and_the_other_groups_do_not_matter() {
        let plain = base_score("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N");
        let other = base_score("CVSS:3.1/A:N/I:N/C:H/S:U/E:P/UI:N/PR:N/AC:L/AV:N/MAV:P");
        assert_eq!((plain, other), (Some(75), Some(75)));
    }

    #[test]
    fn what_is_no_whole_vector_has_no_score() {
        for vector in [
            "",
            "9.8",
            "CVSS:3.1/",
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N",
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N/A:H",
            "CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N",
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N/XX:1",
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N/",
            "AV:N/AC:L/Au:N/C:P/I:P/A:P",
            "CVSS:4.0/AV:N/AC:L/AT:N/PR:H/UI:N/VC:L/VI:L/VA:N/SC:N/SI:N/SA:N",
        ] {
            assert_eq!(base_score(vector), None, "{vector}");
        }
    }
}
