//! The names that packages give licences, and what SPDX calls them.

use ::spdx::flags::{IS_DEPRECATED, IS_GNU};

use super::expression::{Expression, Simple};

/// The licence of SPDX's list that `name` means, with its exception where it names one. `None`
/// where the name is not clear.
pub(super) fn listed(name: &str) -> Option<Expression> {
    read(name, exception_of)
}

/// [`listed`] in a Debian copyright file, whose format has the text of an exception that elsewhere
/// could be one of several.
pub(super) fn listed_by_debian(name: &str) -> Option<Expression> {
    read(name, |exception| match exception {
        "openssl" => Some("cryptsetup-OpenSSL-exception"),
        _ => exception_of(exception),
    })
}

fn read(name: &str, exception_of: fn(&str) -> Option<&'static str>) -> Option<Expression> {
    let lower = name.trim().to_ascii_lowercase().replace(['_', ' '], "-");
    let lower = renamed(&lower).unwrap_or(&lower);
    let (license, exception) = match split_exception(lower) {
        Some((license, exception)) => (license, Some(exception)),
        None => (lower, None),
    };
    let (id, later) = base(license)?;
    let exception = match exception {
        Some(name) => Some(exception_of(name)?),
        None => None,
    };
    Some(Expression::One(Simple::Listed {
        id,
        later,
        exception,
    }))
}

/// `gpl-2+` and `font` of `gpl-2+-with-font-exception`; `gpl-3+` and `autoconf` of
/// `gpl-3+-autoconf-exception`. Some licences of the list have a `with` in their own name.
fn split_exception(name: &str) -> Option<(&str, &str)> {
    if find_license(name).is_some() {
        return None;
    }
    if let Some((license, exception)) = name.split_once("-with-") {
        let exception = exception.strip_prefix("special-").unwrap_or(exception);
        let bare = exception.strip_suffix("-exception");
        let bare = bare.or_else(|| exception.strip_suffix("-exceptions"));
        return Some((license, bare.unwrap_or(exception)));
    }
    let (license, exception) = name.split_at(name.find("+-")? + 1);
    let exception = exception.strip_prefix('-')?.strip_suffix("-exception")?;
    Some((license, exception))
}

/// A licence without exception, and whether it is `+` beside its identifier.
fn base(name: &str) -> Option<(&'static str, bool)> {
    if let Some(id) = gnu(name) {
        return Some((id, false));
    }
    let (plain, later) = match name.strip_suffix('+') {
        Some(plain) => (plain, true),
        None => (name, false),
    };
    let id = alias(plain)
        .or_else(|| find_license(plain))
        .or_else(|| {
            // Trailing `.0` is optional in Debian's format. A name must have a version to begin with.
            let versioned = plain.ends_with(|c: char| c.is_ascii_digit());
            versioned.then(|| find_license(&format!("{plain}.0")))?
        })
        .filter(|_| !MEANS_ANOTHER.contains(&plain))?;
    Some((id, later))
}

/// What Debian's format defines under another name than SPDX, and what can mean one licence only.
fn alias(name: &str) -> Option<&'static str> {
    Some(match name {
        "expat" | "mit-expat" => "MIT",
        // What Debian ships as `Artistic` is the text of Perl.
        "artistic" | "artistic-1" | "perlartistic" | "artistic-perl-1.0" => "Artistic-1.0-Perl",
        "cc0" | "cc0-1" => "CC0-1.0",
        "bsd-2" | "bsd2" | "bsd-2clause" => "BSD-2-Clause",
        "bsd-3" | "bsd3" | "bsd-3clause" => "BSD-3-Clause",
        "bsd-4" | "bsd4" | "bsd-4clause" => "BSD-4-Clause",
        "boost-1" | "boost-1.0" => "BSL-1.0",
        "openldap-2.8" => "OLDAP-2.8",
        "sil-1.1" | "sil-ofl-1.1" => "OFL-1.1",
        "zope-2.0" | "zope-2" => "ZPL-2.0",
        "zope-2.1" => "ZPL-2.1",
        "apache2" | "apache-license-2.0" => "Apache-2.0",
        _ => return None,
    })
}

/// Names that are an identifier of SPDX's, with or without `.0`, and mean something else to those
/// who write them: the Open Publication License, not the Open Public License.
const MEANS_ANOTHER: &[&str] = &["opl-1", "opl-1.0"];

/// Identifiers that SPDX has given up, and what it says instead.
fn renamed(name: &str) -> Option<&'static str> {
    Some(match name {
        "bsd-2-clause-netbsd" => "bsd-2-clause",
        "bsd-2-clause-freebsd" => "bsd-2-clause-views",
        "bzip2-1.0.5" => "bzip2-1.0.6",
        "standardml-nj" => "smlnj",
        "gpl-2.0-with-autoconf-exception" => "gpl-2.0-with-autoconf-exception-2.0",
        "gpl-2.0-with-bison-exception" => "gpl-2.0-with-bison-exception-2.2",
        "gpl-2.0-with-gcc-exception" => "gpl-2.0-with-gcc-exception-2.0",
        "gpl-3.0-with-autoconf-exception" => "gpl-3.0-with-autoconf-exception-3.0",
        "gpl-3.0-with-gcc-exception" => "gpl-3.0-with-gcc-exception-3.1",
        _ => return None,
    })
}

/// The GNU licences: `gpl-2+`, `lgpl2.1`, `gplv3`, `agpl-3.0-or-later`, `gfdl-niv-1.3+`,
/// `gfdl-1.2-no-invariants-only`.
fn gnu(name: &str) -> Option<&'static str> {
    let families = [
        ("agpl", "AGPL"),
        ("lgpl", "LGPL"),
        ("gfdl", "GFDL"),
        ("gpl", "GPL"),
    ];
    let (rest, family) = families
        .iter()
        .find_map(|(lower, family)| Some((name.strip_prefix(lower)?, *family)))?;
    let rest = rest.strip_prefix('-').unwrap_or(rest);
    let (rest, mut invariants) = match rest.strip_prefix("niv-") {
        Some(rest) if family == "GFDL" => (rest, "-no-invariants"),
        _ => (rest, ""),
    };
    let rest = rest.strip_prefix('v').unwrap_or(rest);
    let end = rest
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(rest.len());
    let (version, mut rest) = rest.split_at(end);
    let version = match version.split_once('.') {
        None => format!("{version}.0"),
        Some((major, minor)) => format!("{major}.{}", minor.strip_suffix(".0").unwrap_or(minor)),
    };
    let mut later = false;
    while !rest.is_empty() {
        let word = |word| rest.strip_prefix(word);
        (rest, later, invariants) = if let Some(rest) = word("+").or(word("-or-later")) {
            (rest, true, invariants)
        } else if let Some(rest) = word("-only") {
            (rest, later, invariants)
        } else if let Some(rest) = word("-no-invariants").or(word("-no-invariant"))
            && family == "GFDL"
        {
            (rest, later, "-no-invariants")
        } else if let Some(rest) = word("-invariants")
            && family == "GFDL"
        {
            (rest, later, "-invariants")
        } else {
            return None;
        };
    }
    let suffix = if later { "or-later" } else { "only" };
    // Not every version exists.
    find_license(&format!("{family}-{version}{invariants}-{suffix}"))
}

/// The exception of the list that `name` means: an identifier, possibly without `-exception`, and
/// without its version where there is but one of that name.
fn exception_of(name: &str) -> Option<&'static str> {
    let means = |id: &str| {
        let Some((stem, version)) = id.split_once("-exception") else {
            return id == name;
        };
        let version = version.trim_start_matches('-');
        let given = name
            .strip_prefix(stem)
            .filter(|rest| rest.is_empty() || rest.starts_with('-'));
        let given = given.map(|rest| rest.trim_start_matches('-'));
        // A variant (`-2.0-short`) is meant only by its whole name.
        let is_number = version
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.');
        id == name || given == Some(version) || (given == Some("") && is_number)
    };
    let known = ::spdx::identifiers::EXCEPTIONS.iter();
    let mut found = known.filter(|one| means(&one.name.to_ascii_lowercase()));
    let first = found.next()?;
    found.next().is_none().then_some(first.name)
}

/// The identifier that is `name` but for the case of its letters. Those of the GNU licences that
/// SPDX has given up do not say whether later versions may be used: [`gnu`] knows what they mean.
fn find_license(name: &str) -> Option<&'static str> {
    let vague = |flags: u8| flags & IS_DEPRECATED != 0 && flags & IS_GNU != 0;
    let known = ::spdx::identifiers::LICENSES.iter();
    known
        .filter(|one| !vague(one.flags))
        .map(|one| one.name)
        .find(|id| id.eq_ignore_ascii_case(name))
}
