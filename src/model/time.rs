//! Moments as whole seconds, and the few spellings of them that repositories use.

use std::fmt;
use std::str::FromStr;

/// Seconds since 1970-01-01T00:00:00Z. Displayed as `2026-11-01T08:12:44Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub i64);

/// A moment of snapshot.debian.org: `20261101T000000Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Snapshot(Epoch);

/// The text is not a moment of the expected form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a time of the form {form}")]
pub struct ParseTimeError {
    text: String,
    form: &'static str,
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
const SECONDS_PER_DAY: i64 = 86_400;

/// Days from 1970-01-01 to the day of the proleptic Gregorian calendar.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month (1 to 12) and day of the month of a day counted from 1970-01-01.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl Epoch {
    /// 2000-01-01T00:00:00Z, the time of every directory (FORMATS.md section 5).
    pub const DIRECTORY: Self = Self(946_684_800);

    fn from_parts(date: (i64, i64, i64), time: (i64, i64, i64)) -> Option<Self> {
        let (year, month, day) = date;
        let (hour, minute, second) = time;
        let valid = (1900..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=days_in_month(year, month)).contains(&day)
            && (0..24).contains(&hour)
            && (0..60).contains(&minute)
            && (0..=60).contains(&second);
        valid.then(|| {
            let days = days_from_civil(year, month, day);
            Self(days * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second)
        })
    }

    /// Reads the dates of Release files (RFC 5322 as deb-release writes it):
    /// `Sat, 21 Nov 2026 09:15:44 UTC`. The zone is `UTC`, `GMT` or `+0000`.
    ///
    /// # Errors
    /// When the text has another form.
    pub fn from_rfc5322(text: &str) -> Result<Self, ParseTimeError> {
        let wrong = || ParseTimeError {
            text: text.chars().take(60).flat_map(char::escape_debug).collect(),
            form: "`Sat, 21 Nov 2026 09:15:44 UTC`",
        };
        let rest = match text.split_once(',') {
            Some((_weekday, rest)) => rest,
            None => text,
        };
        let words: Vec<&str> = rest.split_ascii_whitespace().collect();
        let [day, month, year, clock, "UTC" | "GMT" | "+0000" | "Z"] = words[..] else {
            return Err(wrong());
        };
        let month = MONTHS
            .iter()
            .position(|name| *name == month)
            .ok_or_else(wrong)? as i64
            + 1;
        let clock: Vec<&str> = clock.split(':').collect();
        let [hour, minute, second] = clock[..] else {
            return Err(wrong());
        };
        let number = |text: &str| digits(text, 1, 4).ok_or_else(wrong);
        Self::from_parts(
            (number(year)?, month, number(day)?),
            (number(hour)?, number(minute)?, number(second)?),
        )
        .ok_or_else(wrong)
    }
}

/// A number of `least` to `most` decimal digits and nothing else.
fn digits(text: &str, least: usize, most: usize) -> Option<i64> {
    let fits = (least..=most).contains(&text.len());
    (fits && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

/// Reads `YYYY-MM-DDThh:mm:ssZ` where `dash` and `colon` are the separators, possibly none.
fn timestamp(text: &str, dash: &str, colon: &str) -> Option<Epoch> {
    let text = text.strip_suffix('Z')?;
    let (date, time) = text.split_once('T')?;
    let fields = |text: &str, separator: &str, widths: [usize; 3]| {
        let mut out = [0; 3];
        let mut rest = text;
        for (index, width) in widths.into_iter().enumerate() {
            if index > 0 {
                rest = rest.strip_prefix(separator)?;
            }
            out[index] = digits(rest.get(..width)?, width, width)?;
            rest = &rest[width..];
        }
        rest.is_empty().then_some((out[0], out[1], out[2]))
    };
    Epoch::from_parts(
        fields(date, dash, [4, 2, 2])?,
        fields(time, colon, [2, 2, 2])?,
    )
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.0.div_euclid(SECONDS_PER_DAY));
        let second = self.0.rem_euclid(SECONDS_PER_DAY);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
            second / 3600,
            second / 60 % 60,
            second % 60
        )
    }
}

impl FromStr for Epoch {
    type Err = ParseTimeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        timestamp(text, "-", ":").ok_or_else(|| ParseTimeError {
            text: text.chars().take(60).flat_map(char::escape_debug).collect(),
            form: "`2026-11-01T08:12:44Z`",
        })
    }
}

impl Snapshot {
    /// The moment.
    pub const fn epoch(self) -> Epoch {
        self.0
    }
}

impl From<Epoch> for Snapshot {
    fn from(epoch: Epoch) -> Self {
        Self(epoch)
    }
}

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spelled = self.0.to_string();
        f.write_str(&spelled.replace(['-', ':'], ""))
    }
}

impl FromStr for Snapshot {
    type Err = ParseTimeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        timestamp(text, "", "")
            .map(Self)
            .ok_or_else(|| ParseTimeError {
                text: text.chars().take(60).flat_map(char::escape_debug).collect(),
                form: "`20261101T000000Z`",
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_spellings_agree() {
        let epoch = Epoch(1_795_252_544);
        assert_eq!(epoch.to_string(), "2026-11-21T09:15:44Z");
        assert_eq!("2026-11-21T09:15:44Z".parse(), Ok(epoch));
        assert_eq!(
            Epoch::from_rfc5322("Sat, 21 Nov 2026 09:15:44 UTC"),
            Ok(epoch)
        );
        assert_eq!(
            Epoch::from_rfc5322("Sat, 1 Jan 2000 00:00:00 +0000"),
            Ok(Epoch::DIRECTORY)
        );
        assert_eq!("20261121T091544Z".parse(), Ok(Snapshot(epoch)));
        assert_eq!(Snapshot(epoch).to_string(), "20261121T091544Z");
    }

    #[test]
    fn refuses_days_that_do_not_exist() {
        assert!("2026-02-29T00:00:00Z".parse::<Epoch>().is_err());
        assert!("2024-02-29T00:00:00Z".parse::<Epoch>().is_ok());
        assert!("20261301T000000Z".parse::<Snapshot>().is_err());
        assert!(Epoch::from_rfc5322("yesterday").is_err());
        assert_eq!(Epoch(-1).to_string(), "1969-12-31T23:59:59Z");
    }
}
