//! One thing that differs.

use std::borrow::Cow;

use crate::model::PackageName;
use crate::tree::{Change, Difference, Field, Node, TreePath, describe};

/// One thing that differs, where it is, and what usually makes it so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The layer; absent where it concerns the image, or no layer can be named.
    pub layer: Option<String>,
    /// The path, where it concerns one.
    pub path: Option<TreePath>,
    /// What differs.
    pub what: What,
    /// How many paths beneath are missing or extra with it.
    pub below: usize,
    /// The package that owns the path, where it is known, or whose script it is.
    pub package: Option<PackageName>,
    /// What usually causes it, where there is something to say.
    pub cause: Option<&'static str>,
}

/// What differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// The path is not there.
    Missing(Node),
    /// The path should not be there.
    Extra(Node),
    /// A field of the path.
    Field(Field),
    /// Something else that has a name and a value, absent where a side has none.
    Value {
        /// `diff_id`, `epoch`, `order`, `config.Env` ...
        name: Cow<'static, str>,
        /// As rebuilt or recorded.
        expected: Option<String>,
        /// As it was found.
        found: Option<String>,
    },
}

impl Finding {
    /// The name of what differs: `missing`, `extra`, a field of [`Field::name`], or another.
    pub fn field(&self) -> &str {
        match &self.what {
            What::Missing(_) => "missing",
            What::Extra(_) => "extra",
            What::Field(field) => field.name(),
            What::Value { name, .. } => name,
        }
    }

    /// The expected value as text; absent where there is none.
    pub fn expected(&self) -> Option<String> {
        match &self.what {
            What::Missing(node) => Some(describe(&node.kind)),
            What::Extra(_) => None,
            What::Field(field) => field.expected(),
            What::Value { expected, .. } => expected.clone(),
        }
    }

    /// The found value as text; absent where there is none.
    pub fn found(&self) -> Option<String> {
        match &self.what {
            What::Missing(_) => None,
            What::Extra(node) => Some(describe(&node.kind)),
            What::Field(field) => field.found(),
            What::Value { found, .. } => found.clone(),
        }
    }

    /// Something that has a name and a value.
    pub fn value(
        name: impl Into<Cow<'static, str>>,
        expected: Option<String>,
        found: Option<String>,
    ) -> Self {
        let name = name.into();
        Self::new(What::Value {
            name,
            expected,
            found,
        })
    }

    fn new(what: What) -> Self {
        Self {
            layer: None,
            path: None,
            what,
            below: 0,
            package: None,
            cause: None,
        }
    }

    /// The same, in a layer.
    pub(super) fn in_layer(mut self, layer: Option<&str>) -> Self {
        self.layer = layer.map(Into::into);
        self
    }

    /// The same, at a path.
    pub(super) fn at(mut self, path: Option<TreePath>) -> Self {
        self.path = path;
        self
    }

    /// A difference of two trees: a finding for each field.
    pub(super) fn of(difference: Difference) -> Vec<Self> {
        let Difference {
            path,
            change,
            below,
        } = difference;
        let what = match change {
            Change::Missing(node) => vec![What::Missing(node)],
            Change::Extra(node) => vec![What::Extra(node)],
            Change::Fields(fields) => fields.into_iter().map(What::Field).collect(),
        };
        let one = |what| Self {
            below,
            ..Self::new(what).at(Some(path.clone()))
        };
        what.into_iter().map(one).collect()
    }
}
