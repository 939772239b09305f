//! `[`: the conditions of test(1) that can be decided from words alone.

/// More than the words of any real condition.
const MAX_WORDS: usize = 64;

/// Joins two truths, of which either may be unknown.
type Join = fn(Option<bool>, Option<bool>) -> Option<bool>;

/// Decides `words`, the operands between `[` and `]`; `file` is asked about files (`-e PATH`).
/// `None` where something is not known.
pub(super) fn decide(
    words: &[Option<String>],
    file: &mut dyn FnMut(&str, &str) -> Option<bool>,
) -> Option<bool> {
    let is = |word: &Option<String>, text: &str| word.as_deref() == Some(text);
    if words.len() == 4 && is(&words[0], "!") {
        return decide(&words[1..], file).map(|truth| !truth);
    }
    if words.len() > MAX_WORDS {
        return None;
    }
    // -o binds weaker than -a; of three words the middle one decides what they are.
    for (operator, join) in [("-o", or as Join), ("-a", and as Join)] {
        let joins = words.len() > 3 || words.len() == 3 && is(&words[1], operator);
        if let Some(at) = split(words, operator).filter(|_| joins) {
            let (left, right) = (&words[..at], &words[at + 1..]);
            // Of a part that is no condition the whole is an error, whatever the other says.
            if !(is_condition(left) && is_condition(right)) {
                return None;
            }
            let (a, b) = (decide(left, file), decide(right, file));
            return join(a, b);
        }
    }
    match words {
        [] => Some(false),
        [first, rest @ ..] if is(first, "!") && !rest.is_empty() => {
            decide(rest, file).map(|truth| !truth)
        }
        [one] => one.as_ref().map(|text| !text.is_empty()),
        [operator, operand] => {
            let operand = operand.as_ref()?;
            match operator.as_deref()? {
                "-n" => Some(!operand.is_empty()),
                "-z" => Some(operand.is_empty()),
                operator if operator.len() == 2 && operator.starts_with('-') => {
                    file(operator, operand)
                }
                _ => None,
            }
        }
        [a, operator, b] => {
            let (a, b) = (a.as_ref()?, b.as_ref()?);
            match operator.as_deref()? {
                "=" | "==" => Some(a == b),
                "!=" => Some(a != b),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Whether words have the form of a condition, or of several joined.
fn is_condition(words: &[Option<String>]) -> bool {
    let words: Vec<&str> = words.iter().flatten().map(String::as_str).collect();
    let unary =
        |word: &str| word.len() == 2 && word.starts_with('-') && word != "-a" && word != "-o";
    let binary = |word: &str| matches!(word, "=" | "==" | "!=");
    match words[..] {
        [one] => !(one.starts_with('-') || binary(one) || matches!(one, "!" | "(" | ")")),
        [operator, _] => unary(operator),
        [_, operator, _] => binary(operator),
        ["!", _, operator, _] => binary(operator),
        _ => {
            let joint = words.iter().rposition(|word| matches!(*word, "-a" | "-o"));
            joint.is_some_and(|at| {
                let of = |part: &[&str]| {
                    let part: Vec<Option<String>> =
                        part.iter().map(|word| Some((*word).to_owned())).collect();
                    is_condition(&part)
                };
                at > 0 && at + 1 < words.len() && of(&words[..at]) && of(&words[at + 1..])
            })
        }
    }
}

/// The last such operator with something on both sides.
fn split(words: &[Option<String>], operator: &str) -> Option<usize> {
    let at = words
        .iter()
        .rposition(|word| word.as_deref() == Some(operator))?;
    (at > 0 && at + 1 < words.len()).then_some(at)
}

pub(super) fn and(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

pub(super) fn or(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    }
}
