//! The words: plain data that every stage shares.
//!
//! Nothing here does I/O, knows a distribution's rules or depends on another module of rootlock.
//! A value of one of these types is valid by construction: its parser is the only way to it.

mod arch;
mod config;
mod digest;
mod error;
mod locked;
mod name;
mod package;
mod relation;
mod repository;
mod request;
mod script;
mod time;
mod wanted;

pub use arch::Arch;
pub use config::{
    Account, Accounts, Compression, Configure, FileSource, FileSpec, ImageConfig, Owner, PathRules,
    UserGroup,
};
pub use digest::{HashingReader, HashingWriter, ParseDigestError, Sha256};
pub use error::{Class, Explain};
pub use locked::{Edge, IndexProof, LockedPackage, Proof, SourcePackage};
pub use name::{GroupName, PackageName, ParseNameError, Version};
pub use package::{Compare, Package, PackageId, Provide};
pub use relation::{Clause, Op, Relation};
pub use repository::{Key, Origin, Repository};
pub use request::{ArchList, Dialect, PackageRequest, ParseRequestError, Priority, RequestOp};
pub use script::{ScriptClass, ScriptOutcome};
pub use time::{Epoch, ParseTimeError, Snapshot};
pub use wanted::{Answer, Archive, Found, Miss, Purpose, Wanted, WantedFile};
