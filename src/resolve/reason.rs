//! Why there is no solution, as facts in the words of the universe.

use crate::model::PackageId;

/// Why there is no solution: what takes part, in the order of the requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reason {
    /// The facts that cannot all hold.
    pub(super) facts: Vec<Fact>,
}

/// One fact of an explanation. `None` for a package is the manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fact {
    /// It needs one of these, in the words of the relation or request.
    Needs {
        /// Who needs it.
        by: Option<PackageId>,
        /// The relation or the request.
        what: String,
        /// What would do; empty if nothing that may be taken would.
        any_of: Vec<PackageId>,
        /// What would do and may not be taken, where nothing else would.
        barred: Vec<PackageId>,
        /// What has the names, but not the versions, where nothing would do.
        others: Vec<PackageId>,
    },
    /// The two cannot be there at the same time.
    Conflicts {
        /// Who says so.
        by: PackageId,
        /// In the words of the relation.
        what: String,
        /// Whom it concerns.
        with: PackageId,
    },
    /// Only one version of a package can be there.
    OneVersion {
        /// The one.
        one: PackageId,
        /// The other.
        other: PackageId,
    },
    /// The manifest excludes it.
    Excluded {
        /// The package.
        package: PackageId,
    },
}
