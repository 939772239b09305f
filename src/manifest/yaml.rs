//! YAML text in, a tree of nodes out that keeps every scalar as it is written and knows where each
//! node stands.
//!
//! serde_yaml reads the text; it gives neither the text of a plain scalar whose type it has to guess
//! (`1.20` becomes 1.2) nor the place of a value. So the text is read twice: first without a schema,
//! which tells the shape (list, mapping, scalar and what YAML takes it for), then along that shape,
//! asking for every scalar as text. The place of a node is found by reading a third time and failing
//! at that node, for serde_yaml puts the place on the error: it costs only where there is an error,
//! and holds for every style, because the parser itself says it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_yaml::{Deserializer, Error};

use super::fault::{At, Fault};
use super::shape::{MAX_NODES, Scan, Shape, ShapeSeed, Trap};
use super::syntax;

pub(super) use super::shape::Form;

/// Brackets that are open at once, those in quotes and comments counted too. The parser refuses far
/// fewer, but needs a time that grows with the square of their number to find that out.
const MAX_OPEN: usize = 1000;

/// A value, or a key of a mapping.
#[derive(Debug)]
pub(super) struct Node {
    /// Its number, counted in the order of the text with aliases followed.
    pub(super) id: usize,
    /// What it holds.
    pub(super) kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    /// Nothing, `~` or `null`; the text as written.
    Null(String),
    /// The text without quotes and escapes; where it begins, unless it had escapes or line breaks.
    Scalar(String, Form, Option<usize>),
    /// A list.
    Seq(Vec<Node>),
    /// A mapping; its keys are text and differ.
    Map(Vec<(Node, Node)>),
}

/// A text with its tree.
#[derive(Debug)]
pub(super) struct Document<'a> {
    pub(super) text: &'a str,
    pub(super) root: Node,
    shape: Shape,
}

impl<'a> Document<'a> {
    /// Reads one YAML document.
    pub(super) fn read(text: &'a str) -> Result<Self, Fault> {
        let mut open = 0_usize;
        for byte in text.bytes() {
            match byte {
                b'[' | b'{' => open += 1,
                b']' | b'}' => open = open.saturating_sub(1),
                _ => {}
            }
            if open > MAX_OPEN {
                let message = format!("opens more than {MAX_OPEN} brackets without closing them");
                return Err(Fault::new(At::Nowhere, message));
            }
        }
        let mut documents = Deserializer::from_str(text);
        let scan = Scan::new();
        let shape = match documents.next() {
            Some(document) => ShapeSeed(&scan)
                .deserialize(document)
                .map_err(|error| match scan.trap.take() {
                    Some(Trap::Tag(tag)) => syntax::tag(text, &error, &tag),
                    Some(Trap::TooMany) => Fault::new(
                        At::Nowhere,
                        format!(
                            "has too many values, its aliases followed: {MAX_NODES} is the most"
                        ),
                    ),
                    None => syntax::explain(text, &error),
                })?,
            None => Shape::Null,
        };
        if documents.next().is_some() {
            return Err(syntax::second_document(text));
        }
        if matches!(shape, Shape::Null) {
            return Err(Fault::new(At::Nowhere, "is empty".into()));
        }
        let walk = Walk::new(text, None);
        let root = walk.run(&shape);
        if let Some(fault) = walk.fault.take() {
            let mut fault = fault;
            if let At::Node(id) = fault.at {
                fault.at = locate(text, &shape, id);
            }
            return Err(fault);
        }
        Ok(Self {
            text,
            root: root.map_err(|error| syntax::explain(text, &error))?,
            shape,
        })
    }

    /// Where a node begins.
    pub(super) fn locate(&self, id: usize) -> At {
        locate(self.text, &self.shape, id)
    }

    /// The byte at which a node begins.
    pub(super) fn offset(&self, id: usize) -> Option<usize> {
        match self.locate(id) {
            At::Place { offset, .. } => Some(offset),
            _ => None,
        }
    }

    /// The line of a node, from 1, or of the first text in it; cheap. 0 where it has no plain text.
    pub(super) fn line(&self, node: &Node) -> usize {
        node.first_offset()
            .and_then(|offset| self.text.as_bytes().get(..offset))
            .map_or(0, |before| memchr::memchr_iter(b'\n', before).count() + 1)
    }
}

fn locate(text: &str, shape: &Shape, id: usize) -> At {
    match Walk::new(text, Some(id)).run(shape) {
        Err(error) => At::of(&error),
        Ok(_) => At::Nowhere,
    }
}

impl Node {
    fn first_offset(&self) -> Option<usize> {
        match &self.kind {
            Kind::Null(_) => None,
            Kind::Scalar(_, _, offset) => *offset,
            Kind::Seq(items) => items.iter().find_map(Self::first_offset),
            Kind::Map(pairs) => pairs
                .iter()
                .find_map(|(key, value)| key.first_offset().or_else(|| value.first_offset())),
        }
    }

    /// The value under `name`, if this is a mapping that has it.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        self.entry(name).map(|(_, value)| value)
    }

    /// The key `name` with its value, if this is a mapping that has it.
    pub(super) fn entry(&self, name: &str) -> Option<(&Self, &Self)> {
        match &self.kind {
            Kind::Map(pairs) => pairs
                .iter()
                .find(|(key, _)| key.key() == name)
                .map(|(key, value)| (key, value)),
            _ => None,
        }
    }

    /// The items, if this is a list.
    pub(super) fn items(&self) -> &[Self] {
        match &self.kind {
            Kind::Seq(items) => items,
            _ => &[],
        }
    }

    /// The text of a key.
    pub(super) fn key(&self) -> &str {
        match &self.kind {
            Kind::Null(text) | Kind::Scalar(text, ..) => text,
            Kind::Seq(_) | Kind::Map(_) => "",
        }
    }
}

/// One reading along a shape.
struct Walk<'t> {
    text: &'t str,
    next: Cell<usize>,
    /// The node to fail at.
    stop: Option<usize>,
    /// The first thing wrong that YAML itself does not mind.
    fault: RefCell<Option<Fault>>,
}

impl<'t> Walk<'t> {
    const fn new(text: &'t str, stop: Option<usize>) -> Self {
        Self {
            text,
            next: Cell::new(0),
            stop,
            fault: RefCell::new(None),
        }
    }

    fn run(&self, shape: &Shape) -> Result<Node, Error> {
        let seed = NodeSeed { shape, walk: self };
        match Deserializer::from_str(self.text).next() {
            Some(document) => seed.deserialize(document),
            None => Err(Error::custom("no document")),
        }
    }

    fn enter<E: serde::de::Error>(&self) -> Result<usize, E> {
        let id = self.next.get();
        self.next.set(id + 1);
        if self.stop == Some(id) {
            return Err(E::custom("here"));
        }
        Ok(id)
    }

    fn complain(&self, fault: Fault) {
        self.fault.borrow_mut().get_or_insert(fault);
    }

    /// Keys are text, differ, and do not merge.
    fn check_key(&self, key: &Node, seen: &mut BTreeSet<String>) {
        let at = At::Node(key.id);
        if matches!(key.kind, Kind::Seq(_) | Kind::Map(_)) {
            self.complain(
                Fault::new(at, "a key must be text, not a list or a mapping".into())
                    .hint("put a value that holds `{` or `[` in quotes"),
            );
        } else if key.key() == "<<" {
            self.complain(
                Fault::new(at, "merge keys (`<<`) are not part of YAML 1.2".into())
                    .hint("write the keys out, or use an alias for a whole value"),
            );
        } else if !seen.insert(key.key().to_owned()) {
            self.complain(
                Fault::new(at, format!("`{}` is there twice", key.key().escape_debug()))
                    .hint("join the two, or remove one"),
            );
        }
    }
}

/// Reads one node along its shape.
struct NodeSeed<'s, 't> {
    shape: &'s Shape,
    walk: &'s Walk<'t>,
}

impl<'s, 't> NodeSeed<'s, 't> {
    const fn of(&self, shape: &'s Shape) -> Self {
        NodeSeed {
            shape,
            walk: self.walk,
        }
    }

    fn scalar<E: serde::de::Error>(&self, text: &str, offset: Option<usize>) -> Result<Node, E> {
        let id = self.walk.enter()?;
        let kind = match self.shape {
            Shape::Scalar(form) => Kind::Scalar(text.to_owned(), *form, offset),
            _ => Kind::Null(text.to_owned()),
        };
        Ok(Node { id, kind })
    }
}

impl<'de> DeserializeSeed<'de> for NodeSeed<'_, '_> {
    type Value = Node;

    fn deserialize<D: serde::Deserializer<'de>>(self, input: D) -> Result<Node, D::Error> {
        match self.shape {
            Shape::Null | Shape::Scalar(_) => input.deserialize_str(self),
            Shape::Seq(_) => input.deserialize_seq(self),
            Shape::Map(_) => input.deserialize_map(self),
        }
    }
}

impl<'de> Visitor<'de> for NodeSeed<'_, '_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the same YAML as before")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Node, E> {
        self.scalar(text, None)
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, text: &'de str) -> Result<Node, E> {
        // Borrowed text is a part of the whole text, so its address tells where it stands.
        let offset = text
            .as_ptr()
            .addr()
            .checked_sub(self.walk.text.as_ptr().addr())
            .filter(|offset| *offset <= self.walk.text.len());
        self.scalar(text, offset)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut input: A) -> Result<Node, A::Error> {
        let id = self.walk.enter()?;
        let Shape::Seq(shapes) = self.shape else {
            return Err(A::Error::custom("another shape"));
        };
        let mut items = Vec::with_capacity(shapes.len());
        for shape in shapes {
            items.extend(input.next_element_seed(self.of(shape))?);
        }
        Ok(Node {
            id,
            kind: Kind::Seq(items),
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut input: A) -> Result<Node, A::Error> {
        let id = self.walk.enter()?;
        let Shape::Map(shapes) = self.shape else {
            return Err(A::Error::custom("another shape"));
        };
        let mut pairs = Vec::with_capacity(shapes.len());
        let mut seen = BTreeSet::new();
        for (key, value) in shapes {
            if let Some(key) = input.next_key_seed(self.of(key))? {
                self.walk.check_key(&key, &mut seen);
                pairs.push((key, input.next_value_seed(self.of(value))?));
            }
        }
        Ok(Node {
            id,
            kind: Kind::Map(pairs),
        })
    }
}
