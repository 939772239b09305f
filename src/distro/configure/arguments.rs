//! Options and operands of a command.

/// Options and operands.
#[derive(Debug, Default)]
pub(in crate::distro) struct Arguments<'a> {
    /// Single letters; a long option by the letter that `long` gives it.
    pub(in crate::distro) flags: Vec<char>,
    values: Vec<(char, &'a str)>,
    pub(in crate::distro) operands: Vec<&'a str>,
}

impl<'a> Arguments<'a> {
    /// Reads `words`: `flags` are letters without a value, `valued` those with one, `long` gives
    /// long options the letter that they stand for. `None` with any other option.
    pub(in crate::distro) fn read(
        words: &[&'a str],
        flags: &str,
        valued: &str,
        long: &[(&str, char)],
    ) -> Option<Self> {
        let mut out = Self::default();
        let mut words = words.iter();
        let mut options = true;
        while let Some(word) = words.next() {
            if !options || !word.starts_with('-') || *word == "-" {
                out.operands.push(word);
                continue;
            }
            if *word == "--" {
                options = false;
                continue;
            }
            if word.starts_with("--") {
                let (name, value) = match word.split_once('=') {
                    Some((name, value)) => (name, Some(value)),
                    None => (*word, None),
                };
                let letter = long.iter().find(|(known, _)| *known == name)?.1;
                match valued.contains(letter) {
                    true => {
                        let value = value.or_else(|| words.next().copied())?;
                        out.values.push((letter, value));
                    }
                    false if value.is_none() => out.flags.push(letter),
                    false => return None,
                }
                continue;
            }
            for (at, letter) in word.char_indices().skip(1) {
                if flags.contains(letter) {
                    out.flags.push(letter);
                    continue;
                }
                if !valued.contains(letter) {
                    return None;
                }
                let rest = &word[at + letter.len_utf8()..];
                let value = match rest.is_empty() {
                    true => words.next().copied()?,
                    false => rest,
                };
                out.values.push((letter, value));
                break;
            }
        }
        Some(out)
    }

    /// Whether a flag is set.
    pub(in crate::distro) fn has(&self, letter: char) -> bool {
        self.flags.contains(&letter)
    }

    /// The last value of an option.
    pub(in crate::distro) fn value(&self, letter: char) -> Option<&'a str> {
        let mut values = self.values.iter().rev();
        values
            .find(|(known, _)| *known == letter)
            .map(|(_, value)| *value)
    }
}
