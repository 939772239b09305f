//! Lines that are no wider than a terminal: items in a row, broken between two of them.

/// Where a line ends: what every terminal and mail has room for.
const WIDTH: usize = 80;

/// `first` and the items, each with `separator` before it, in lines of at most 80 characters where
/// no item is longer. Every line but the first begins with `indent` spaces. The last has no line end.
pub(in crate::report) fn fill(
    first: &str,
    separator: &str,
    items: &[String],
    indent: usize,
) -> String {
    let mut out = String::new();
    let mut line = first.to_owned();
    let mut used = false;
    for item in items {
        let next = format!("{}{item}", if used { separator } else { "" });
        let width = line.chars().count() + next.trim_end().chars().count();
        if used && width > WIDTH {
            out.push_str(line.trim_end());
            // A comma stays where it is; an arrow goes with what it leads to.
            let (stays, goes) = match separator.starts_with(' ') {
                true => ("", separator.trim_start()),
                false => (separator.trim_end(), ""),
            };
            out.push_str(stays);
            out.push('\n');
            line = format!("{:indent$}{goes}{item}", "");
        } else {
            line.push_str(&next);
        }
        used = true;
    }
    out.push_str(&line);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(count: usize) -> Vec<String> {
        (0..count)
            .map(|number| format!("word{number:02}"))
            .collect()
    }

    #[test]
    fn no_line_is_wider_than_a_terminal_and_nothing_is_lost() {
        for (separator, count) in [(", ", 40), (" -> ", 40), (", ", 1), (" -> ", 0)] {
            let items = words(count);
            let text = fill("  first: ", separator, &items, 4);
            assert!(
                text.lines().all(|line| line.chars().count() <= WIDTH),
                "{text}"
            );
            assert!(text.lines().skip(1).all(|line| line.starts_with("    ")));
            let found: Vec<&str> = text
                .split([',', ' ', '\n'])
                .filter(|word| word.starts_with("word"))
                .collect();
            assert_eq!(found, items);
        }
    }

    #[test]
    fn an_arrow_goes_with_what_it_leads_to_and_a_comma_stays() {
        let items = words(12);
        assert_eq!(
            fill("", " -> ", &items, 2),
            "word00 -> word01 -> word02 -> word03 -> word04 -> word05 -> word06 -> word07\n\
             \x20 -> word08 -> word09 -> word10 -> word11"
        );
        let text = fill("", ", ", &items, 2);
        assert!(text.contains("word09,\n  word10"), "{text}");
    }
}
