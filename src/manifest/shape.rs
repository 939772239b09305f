//! The first reading of a text: which node is a list, a mapping or a scalar, and what YAML takes
//! each scalar for.

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{DeserializeSeed, EnumAccess, Error as _, MapAccess, SeqAccess, Visitor};

/// Values of one manifest, aliases followed. A large real one has a few thousand; a bomb has none
/// fewer than millions.
pub(super) const MAX_NODES: usize = 100_000;

/// What YAML takes a scalar for when nobody tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Text, also whatever is quoted.
    Text,
    /// `true` or `false`.
    Bool,
    /// `755`, `0x1f`.
    Integer,
    /// `1.20`.
    Float,
}

/// A node without its text.
#[derive(Debug)]
pub(super) enum Shape {
    Null,
    Scalar(Form),
    Seq(Vec<Self>),
    Map(Vec<(Self, Self)>),
}

/// What the first reading met that serde_yaml would let pass.
pub(super) enum Trap {
    Tag(String),
    TooMany,
}

/// The first reading's count, and why it stopped.
pub(super) struct Scan {
    left: Cell<usize>,
    pub(super) trap: RefCell<Option<Trap>>,
}

impl Scan {
    pub(super) const fn new() -> Self {
        Self {
            left: Cell::new(MAX_NODES),
            trap: RefCell::new(None),
        }
    }
}

/// Reads the shape of one node.
#[derive(Clone, Copy)]
pub(super) struct ShapeSeed<'s>(pub(super) &'s Scan);

impl<'de> DeserializeSeed<'de> for ShapeSeed<'_> {
    type Value = Shape;

    fn deserialize<D: serde::Deserializer<'de>>(self, input: D) -> Result<Shape, D::Error> {
        let left = self.0.left.get();
        if left == 0 {
            *self.0.trap.borrow_mut() = Some(Trap::TooMany);
            return Err(D::Error::custom("too many"));
        }
        self.0.left.set(left - 1);
        input.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ShapeSeed<'_> {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any YAML")
    }

    fn visit_unit<E>(self) -> Result<Shape, E> {
        Ok(Shape::Null)
    }

    fn visit_none<E>(self) -> Result<Shape, E> {
        Ok(Shape::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Shape, E> {
        Ok(Shape::Scalar(Form::Bool))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Shape, E> {
        Ok(Shape::Scalar(Form::Integer))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Shape, E> {
        Ok(Shape::Scalar(Form::Integer))
    }

    fn visit_i128<E>(self, _: i128) -> Result<Shape, E> {
        Ok(Shape::Scalar(Form::Integer))
    }

    fn visit_u128<E>(self, _: u128) -> Result<Shape, E> {
        Ok(Shape::Scalar(Form::Integer))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Shape, E> {
        Ok(Shape::Scalar(Form::Float))
    }

    fn visit_str<E>(self, _: &str) -> Result<Shape, E> {
        Ok(Shape::Scalar(Form::Text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut input: A) -> Result<Shape, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = input.next_element_seed(self)? {
            items.push(item);
        }
        Ok(Shape::Seq(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut input: A) -> Result<Shape, A::Error> {
        let mut pairs = Vec::new();
        while let Some(key) = input.next_key_seed(self)? {
            pairs.push((key, input.next_value_seed(self)?));
        }
        Ok(Shape::Map(pairs))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, input: A) -> Result<Shape, A::Error> {
        let (tag, _) = input.variant::<String>()?;
        *self.0.trap.borrow_mut() = Some(Trap::Tag(tag));
        Err(A::Error::custom("tag"))
    }
}
