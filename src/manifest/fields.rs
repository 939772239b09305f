//! Reading the keys of a mapping, and the values that any key may have.

use std::collections::BTreeMap;

use super::fault::{At, Fault};
use super::nearest::nearest;
use super::yaml::{Form, Kind, Node};

pub(super) type Result<T> = std::result::Result<T, Fault>;

/// Text that a message can show: short and on one line.
pub(super) fn shown(text: &str) -> String {
    const MAX: usize = 80;
    let cut: String = text
        .chars()
        .take(MAX)
        .flat_map(|c| c.escape_debug())
        .collect();
    if text.chars().nth(MAX).is_some() {
        cut + "..."
    } else {
        cut.replace("\\\"", "\"").replace("\\'", "'")
    }
}

impl Node {
    /// Something is wrong here.
    pub(super) fn fault(&self, message: impl Into<String>) -> Fault {
        Fault::new(At::Node(self.id), message.into())
    }

    /// What it is, for messages.
    const fn noun(&self) -> &'static str {
        match self.kind {
            Kind::Null(_) => "nothing",
            Kind::Scalar(_, Form::Bool, _) => "true or false",
            Kind::Scalar(_, Form::Integer | Form::Float, _) => "a number",
            Kind::Scalar(..) => "text",
            Kind::Seq(_) => "a list",
            Kind::Map(_) => "a mapping",
        }
    }

    /// Text as it is written, whatever YAML takes it for; nothing else than NUL is refused.
    /// `what` names the value in messages.
    pub(super) fn any_text(&self, what: &str) -> Result<&str> {
        let text = match &self.kind {
            Kind::Scalar(text, ..) => text,
            Kind::Null(_) => {
                return Err(self
                    .fault(format!("{what} has no value"))
                    .hint("write one, or leave the key out; text such as null or ~ needs quotes"));
            }
            Kind::Seq(_) => {
                return Err(self
                    .fault(format!("{what} must be text, not a list"))
                    .hint("put text that holds `[` in quotes"));
            }
            Kind::Map(pairs) => {
                let fault = self.fault(format!("{what} must be text, not a mapping"));
                return Err(match pairs.first() {
                    Some((key, _)) => fault.hint(format!(
                        "put text that holds `: ` or `{{` in quotes (here behind `{}`)",
                        shown(key.key())
                    )),
                    None => fault,
                });
            }
        };
        if text.contains('\0') {
            return Err(self.fault(format!("{what} holds a NUL character")));
        }
        Ok(text)
    }

    /// Text on one line, not empty.
    pub(super) fn text(&self, what: &str) -> Result<&str> {
        let text = self.any_text(what)?;
        if text.is_empty() {
            return Err(self.fault(format!("{what} is empty")));
        }
        if let Some(bad) = text.chars().find(|c| c.is_control()) {
            return Err(self.fault(format!(
                "{what} holds the control character U+{:04X}",
                u32::from(bad)
            )));
        }
        Ok(text)
    }

    /// `true` or `false`.
    pub(super) fn flag(&self, what: &str) -> Result<bool> {
        match &self.kind {
            Kind::Scalar(text, Form::Bool, _) => Ok(text.eq_ignore_ascii_case("true")),
            Kind::Scalar(text, ..) => {
                let fault = self.fault(format!(
                    "{what} must be true or false, not `{}`",
                    shown(text)
                ));
                Err(match text.to_ascii_lowercase().as_str() {
                    "yes" | "on" | "y" | "1" => fault.hint("write true"),
                    "no" | "off" | "n" | "0" => fault.hint("write false"),
                    "true" | "false" => fault.hint("write it without quotes"),
                    _ => fault,
                })
            }
            _ => Err(self.fault(format!("{what} must be true or false, not {}", self.noun()))),
        }
    }

    /// A whole decimal number from `least` to `most`.
    pub(super) fn integer(&self, what: &str, least: i64, most: i64) -> Result<i64> {
        let text = match &self.kind {
            Kind::Scalar(text, ..) => text.as_str(),
            _ => {
                return Err(self.fault(format!("{what} must be a number, not {}", self.noun())));
            }
        };
        let digits = text.strip_prefix('-').unwrap_or(text);
        let decimal = !digits.is_empty()
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && (digits == "0" || !digits.starts_with('0'));
        if !decimal {
            return Err(self.fault(format!(
                "{what} must be a whole decimal number, not `{}`",
                shown(text)
            )));
        }
        match text.parse() {
            Ok(number) if (least..=most).contains(&number) => Ok(number),
            _ => Err(self.fault(format!(
                "{what} must be from {least} to {most}, not {}",
                shown(text)
            ))),
        }
    }

    /// A list; nothing is an empty one.
    pub(super) fn list(&self, what: &str) -> Result<&[Self]> {
        match &self.kind {
            Kind::Seq(items) => Ok(items),
            Kind::Null(_) => Ok(&[]),
            Kind::Scalar(text, ..) => {
                let words: Vec<&str> = text.split([' ', ',']).filter(|w| !w.is_empty()).collect();
                Err(self
                    .fault(format!("{what} must be a list, not {}", self.noun()))
                    .hint(format!("write [{}]", shown(&words.join(", ")))))
            }
            Kind::Map(_) => Err(self
                .fault(format!("{what} must be a list, not a mapping"))
                .hint("begin each entry with `- `")),
        }
    }

    /// A list of texts on one line each, `each` being one in messages.
    pub(super) fn texts(&self, what: &str, each: &str) -> Result<Vec<String>> {
        self.list(what)?
            .iter()
            .map(|item| item.text(each).map(str::to_owned))
            .collect()
    }

    /// A mapping of texts to texts; nothing is an empty one. Keys are on one line.
    pub(super) fn text_map(&self, what: &str) -> Result<BTreeMap<String, String>> {
        let pairs: &[(Self, Self)] = match &self.kind {
            Kind::Map(pairs) => pairs,
            Kind::Null(_) => &[],
            Kind::Seq(_) => {
                return Err(self
                    .fault(format!("{what} must be a mapping, not a list"))
                    .hint("write `NAME: VALUE`, not `- NAME=VALUE`"));
            }
            Kind::Scalar(..) => {
                return Err(self.fault(format!("{what} must be a mapping, not {}", self.noun())));
            }
        };
        let mut out = BTreeMap::new();
        for (key, value) in pairs {
            let name = match &key.kind {
                Kind::Null(text) if !text.is_empty() => text,
                _ => key.text(&format!("a name in {what}"))?,
            };
            let text = match &value.kind {
                Kind::Null(text) => text,
                _ => value.any_text(&format!("`{}` in {what}", shown(name)))?,
            };
            out.insert(name.to_owned(), text.to_owned());
        }
        Ok(out)
    }

    /// One of `words`, by its place.
    pub(super) fn one_of(&self, what: &str, words: &[&str]) -> Result<usize> {
        let text = self.text(what)?;
        words.iter().position(|word| *word == text).ok_or_else(|| {
            self.fault(format!(
                "{what} must be {}, not `{}`",
                alternatives(words),
                shown(text)
            ))
            .suggest(nearest(text, words.iter().copied()))
        })
    }
}

/// `a, b or c`.
pub(super) fn alternatives(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [init @ .., last] => format!("{} or {last}", init.join(", ")),
    }
}

/// A mapping whose keys are all known.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    node: &'a Node,
    /// ` in group `base``; empty at the top.
    place: String,
}

impl<'a> Fields<'a> {
    /// Refuses anything but a mapping, and keys that are not `known`. `elsewhere` are keys that
    /// exist, but for another distribution than `distro`.
    pub(super) fn read(
        node: &'a Node,
        place: &str,
        known: &[&str],
        elsewhere: &[&str],
        distro: &str,
    ) -> Result<Self> {
        let Kind::Map(pairs) = &node.kind else {
            let what = if place.is_empty() {
                "a manifest"
            } else {
                place.trim_start().trim_start_matches("in ")
            };
            let fault = node.fault(format!(
                "{what} must be a mapping of keys to values, not {}",
                node.noun()
            ));
            return Err(fault.hint(format!("it begins with `{}: `", known[0])));
        };
        for (key, _) in pairs {
            let name = key.key();
            if known.contains(&name) {
                continue;
            }
            let name = shown(name);
            if elsewhere.contains(&key.key()) {
                return Err(key.fault(format!("`{name}`{place} is not for `distro: {distro}`")));
            }
            let fault = key.fault(format!("unknown key `{name}`{place}"));
            return Err(match nearest(key.key(), known.iter().copied()) {
                Some(near) => fault.suggest(Some(near)),
                None => fault.hint(format!("the keys here are {}", known.join(", "))),
            });
        }
        Ok(Self {
            node,
            place: place.to_owned(),
        })
    }

    /// The value of a key.
    pub(super) fn get(&self, name: &str) -> Option<&'a Node> {
        self.node.get(name)
    }

    /// The value of a key, unless it is nothing.
    pub(super) fn filled(&self, name: &str) -> Option<&'a Node> {
        self.get(name)
            .filter(|node| !matches!(node.kind, Kind::Null(_)))
    }

    /// The value of a key that must be there.
    pub(super) fn required(&self, name: &str) -> Result<&'a Node> {
        self.get(name).ok_or_else(|| {
            self.node
                .fault(format!("`{name}` is missing{}", self.place))
        })
    }

    /// The text of a key, where it is there.
    pub(super) fn text(&self, name: &str) -> Result<Option<&'a str>> {
        self.get(name)
            .map(|node| node.text(&self.what(name)))
            .transpose()
    }

    /// The flag of a key, where it is there.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>> {
        self.get(name)
            .map(|node| node.flag(&self.what(name)))
            .transpose()
    }

    /// The items under a key, each in its place in messages; none where it is absent.
    pub(super) fn list(&self, name: &str) -> Result<&'a [Node]> {
        self.get(name)
            .map_or(Ok(&[]), |node| node.list(&self.what(name)))
    }

    /// How messages call a key here.
    pub(super) fn what(&self, name: &str) -> String {
        format!("`{name}`{}", self.place)
    }

    /// Something is wrong with the mapping as a whole.
    pub(super) fn fault(&self, message: impl Into<String>) -> Fault {
        self.node.fault(message)
    }
}
