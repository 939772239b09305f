//! `.PKGINFO`, apk-package(5): lines of `key = value`, where a key may come more than once.

/// What a package says of itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct PkgInfo<'a>(&'a [u8]);

impl<'a> PkgInfo<'a> {
    /// Wraps the text. Lines that are no pair say nothing, as to apk.
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self(text)
    }

    /// The values of a key, in order.
    pub(super) fn all(self, key: &str) -> impl Iterator<Item = &'a [u8]> {
        self.0
            .split(|&byte| byte == b'\n')
            .filter(|line| !line.starts_with(b"#"))
            .filter_map(move |line| line.strip_prefix(key.as_bytes())?.strip_prefix(b" = "))
    }

    /// The value of a key: the last, as to apk.
    pub(super) fn last(self, key: &str) -> Option<&'a [u8]> {
        self.all(key).last()
    }

    /// The value as text.
    pub(super) fn text(self, key: &str) -> Option<&'a str> {
        std::str::from_utf8(self.last(key)?).ok()
    }

    /// The words of all values of a key: relations.
    pub(super) fn words(self, key: &str) -> impl Iterator<Item = &'a str> {
        self.all(key)
            .filter_map(|value| std::str::from_utf8(value).ok())
            .flat_map(str::split_ascii_whitespace)
    }

    /// The value as a number: its leading digits, as to apk; 0 where there is none.
    pub(super) fn number(self, key: &str) -> u64 {
        let digits = self.last(key).unwrap_or_default();
        let digits = digits.iter().take_while(|byte| byte.is_ascii_digit());
        digits.fold(0u64, |sum, digit| {
            sum.saturating_mul(10)
                .saturating_add(u64::from(digit - b'0'))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_apk_does() {
        let text = b"# pkgname = no\npkgname = a\ndepend = b>=1 c\nsize = 12x\npkgname = z\n\
            depend = d\nsizes = 3\nurl =\nlicense= MIT\n";
        let info = PkgInfo::new(text);
        assert_eq!(info.text("pkgname"), Some("z"));
        assert_eq!(info.all("pkgname").count(), 2);
        let depends: Vec<_> = info.words("depend").collect();
        assert_eq!(depends, ["b>=1", "c", "d"]);
        assert_eq!(info.number("size"), 12);
        assert_eq!(info.number("builddate"), 0);
        assert_eq!(info.text("url"), None);
        assert_eq!(info.text("license"), None);
    }
}
