//! Signature primitives that distributions share.
//!
//! Signed bytes and allowed keys come in; out goes the text that a signature covers, which is the
//! only thing that anything else may parse.

pub mod openpgp;
mod openpgp_frame;
pub mod rsa;
#[cfg(test)]
pub(crate) mod rsa_testing;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
