//! Signature primitives that distributions share.
