//! How bad a vulnerability is, in one scale for all sources.

use std::fmt;

use super::cvss;

/// A severity on the common scale. Ordered from the least to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// No source has a word or a CVSS v3 vector that this program knows.
    Unknown,
    /// Not worth a fix: Debian's `unimportant`.
    Negligible,
    /// CVSS 0.1 to 3.9.
    Low,
    /// CVSS 4.0 to 6.9.
    Medium,
    /// CVSS 7.0 to 8.9.
    High,
    /// CVSS 9.0 and more.
    Critical,
}

impl Level {
    /// The word for it, in lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Negligible => "negligible",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// Of a CVSS base score in tenths, by the qualitative scale of CVSS v3.1, section 5.
    pub const fn of_score(tenths: u8) -> Self {
        match tenths {
            0 => Self::Negligible,
            1..=39 => Self::Low,
            40..=69 => Self::Medium,
            70..=89 => Self::High,
            _ => Self::Critical,
        }
    }

    /// Of a word that a source uses, in any case. Debian marks what was not set by hand with `*`.
    pub fn of_word(word: &str) -> Self {
        match word.trim_end_matches('*').to_ascii_lowercase().as_str() {
            "critical" => Self::Critical,
            "high" | "important" => Self::High,
            "medium" | "moderate" => Self::Medium,
            "low" | "minor" => Self::Low,
            "unimportant" | "negligible" | "none" => Self::Negligible,
            _ => Self::Unknown,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What one source says of the severity. Whose word counts more comes first in the order: who makes
/// the distribution knows its package better than a formula does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rating {
    /// The distribution's own: Debian's urgency.
    Urgency(String),
    /// A database's word.
    Word(String),
    /// A vector, a score or a word of a named scale.
    Scale { kind: String, value: String },
}

impl Rating {
    pub(super) fn level(&self) -> Level {
        match self {
            Self::Urgency(word) | Self::Word(word) => Level::of_word(word),
            Self::Scale { kind, value } if kind == "Ubuntu" => Level::of_word(value),
            Self::Scale { .. } => self.score().map_or(Level::Unknown, Level::of_score),
        }
    }

    /// The CVSS v3 base score in tenths.
    pub(super) fn score(&self) -> Option<u8> {
        match self {
            Self::Scale { value, .. } => cvss::base_score(value),
            _ => None,
        }
    }

    /// As the source says it.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Urgency(text) | Self::Word(text) | Self::Scale { value: text, .. } => text,
        }
    }

    pub(super) fn size(&self) -> usize {
        match self {
            Self::Urgency(text) | Self::Word(text) => text.len(),
            Self::Scale { kind, value } => kind.len() + value.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_ordered_from_harmless_to_worst() {
        assert!(Level::Unknown < Level::Negligible && Level::Negligible < Level::Low);
        assert!(Level::Low < Level::Medium && Level::Medium < Level::High);
        assert!(Level::High < Level::Critical);
    }

    #[test]
    fn words_of_every_source_have_a_level() {
        for (word, level) in [
            ("CRITICAL", Level::Critical),
            ("important", Level::High),
            ("MODERATE", Level::Medium),
            ("low**", Level::Low),
            ("unimportant", Level::Negligible),
            ("not yet assigned", Level::Unknown),
            ("end-of-life", Level::Unknown),
            ("", Level::Unknown),
        ] {
            assert_eq!(Level::of_word(word), level, "{word}");
        }
    }

    #[test]
    fn the_edges_of_the_scale_are_those_of_cvss() {
        for (tenths, level) in [
            (0, Level::Negligible),
            (1, Level::Low),
            (39, Level::Low),
            (40, Level::Medium),
            (69, Level::Medium),
            (70, Level::High),
            (89, Level::High),
            (90, Level::Critical),
            (100, Level::Critical),
        ] {
            assert_eq!(Level::of_score(tenths), level, "{tenths}");
        }
    }
}
