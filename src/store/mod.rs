//! Content-addressed blobs on disk, and what is derived from them.
//!
//! ```text
//! STORE/blobs/sha256/ab/abcd...      a blob under its digest, read-only
//! STORE/derived/STAGE-REV/ab/abcd... what a stage made from the inputs with that digest
//! STORE/tmp/                         what is being written
//! ```

mod derived;
mod dir;

pub use dir::{BlobWriter, Store, StoreError};
