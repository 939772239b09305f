//! What is asked of a name, in numbers: which name, and which versions of it will do.

/// A text of the arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TextId(pub u32);

impl TextId {
    /// No text: an absent version, which sorts below every other.
    pub const NONE: Self = Self(u32::MAX);
}

/// A name, of packages or provided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameId(pub u32);

/// Which versions will do: any of the orderings that are set, in the distribution's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Test(u8);

impl Test {
    /// An earlier version.
    pub const LESS: Self = Self(1);
    /// The same version.
    pub const EQUAL: Self = Self(2);
    /// A later version.
    pub const GREATER: Self = Self(4);
    /// A version that begins with all the parts of the wanted one counts as the same.
    pub const FUZZY: Self = Self(8);
    /// What the rest says must not be.
    pub const NOT: Self = Self(16);
    /// The version's text begins with the wanted one.
    pub const PREFIX: Self = Self(32);
    /// Any version.
    pub const ANY: Self = Self(7);
    /// Exactly the package of an identity, which the wanted version is.
    pub const IDENTITY: Self = Self(5);

    /// All of both.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` is set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// As one byte.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// From [`Test::bits`].
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & 63)
    }
}

/// One thing that a package or the manifest asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// Of what.
    pub name: NameId,
    /// Which versions will do.
    pub test: Test,
    /// Compared with which; [`TextId::NONE`] for any.
    pub version: TextId,
}

impl Need {
    /// Whether it must not be there.
    pub const fn negated(self) -> bool {
        self.test.has(Test::NOT)
    }
}
