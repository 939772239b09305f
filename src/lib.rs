//! Locks declared Debian or Alpine packages and builds bit-reproducible, layered images from the lock.
//!
//! A manifest declares names; a lockfile holds exact versions and digests; an image is a function
//! of the lockfile, the same to the last bit on every machine. No daemon, no root rights, no
//! container, and neither apt nor apk on the host.
//!
//! # How data flows
//!
//! ```text
//! manifest -> distro -> resolve -> lockfile -> fetch, store -> assemble -> export
//!   names     indexes   solution     text         blobs         layers     oci tar dir
//!                                      ^------------ verify, audit, sbom ------- image
//! ```
//!
//! Arrows run from left to right, and only [`ops`] sees more than its neighbours; a test holds the
//! code to that.
//!
//! 1. [`manifest`] reads `rootfs.yaml`: declared names in, a validated manifest out, with the line
//!    in every error. It also edits the file and keeps its comments.
//! 2. [`distro`] is everything that differs between ecosystems, behind one trait. A distribution
//!    does no I/O: it says which files of a repository it wants, and is given bytes. Signatures,
//!    dates and digests are judged before anything is parsed. A further ecosystem is one folder.
//! 3. [`trust`] has the signature primitives that distributions share.
//! 4. [`resolve`] has the engines, of which a distribution picks one: requests and offers in, a
//!    solution or an explained conflict out, and the same one every time. One is complete, and its
//!    answers are apt's; [`resolve::greedy`] decides as apk does and refuses what apk refuses.
//! 5. [`lockfile`] is the solution as text: canonical, idempotent, made for review.
//! 6. [`fetch`] brings bytes into the store. Where they come from never changes what is accepted:
//!    a digest decides.
//! 7. [`store`] keeps blobs under their digests, and what stages made from them under the digests
//!    of their inputs.
//! 8. [`tree`] is the filesystem as a value: paths, metadata, contents by digest. It touches no
//!    disk.
//! 9. [`assemble`] makes one tree per layer from locked packages. A layer never depends on what
//!    lies above it.
//!    With `configure: scripts` [`sandbox`] runs the packages' own scripts in the root that this makes,
//!    shut off from the host, and what they changed is a layer.
//! 10. [`export`] writes trees and layers: OCI layouts and archives, docker archives, tars,
//!     directories.
//! 11. [`image`] reads what anyone wrote, back into trees: the same five forms, every tar dialect,
//!     and nothing that lies about its digests.
//! 12. [`verify`] compares an image with what was made again, [`audit`] what is installed with what
//!     was locked and with what is known of vulnerabilities, and [`sbom`] says it all in SPDX and
//!     CycloneDX.
//!
//! [`model`] has the words that all of them share, `tar_values` what both readers of tars (of packages,
//! and of images) mean by the same bytes, [`progress`] is how they say how far they are,
//! and [`ops`] has the verbs: one function for each command of the program, and the place to start
//! for a user of the library. The program itself is a thin wrapper; it alone knows a terminal, the
//! environment and the clock, which the library is given as an [`ops::Context`].
//!
//! # Files on disk
//!
//! | file | written by | what it is |
//! |---|---|---|
//! | `rootfs.yaml` | people, `init`, `add`, `remove` | the manifest |
//! | `rootfs.lock` beside it, or where the manifest's `lockfile:` says | `lock`, `build --record` | the lockfile |
//! | `STORE/blobs/sha256/` | `lock`, `fetch`, `build` | what was downloaded, under its digest |
//! | `STORE/derived/` | `lock`, `build` | what a stage made of it: read indexes, unpacked packages, finished layers; safe to delete |
//! | `STORE/tmp/` | all of them | what is being written |
//!
//! `STORE` is `--store`, `$ROOTLOCK_STORE`, or `rootlock` in the user's cache directory. Lockfiles
//! and outputs are written beside their place and renamed into it: they appear whole or not at all.

pub mod assemble;
pub mod audit;
pub mod distro;
pub mod export;
pub mod fetch;
pub mod image;
pub mod lockfile;
pub mod manifest;
pub mod model;
pub mod ops;
pub mod progress;
pub mod resolve;
pub mod sandbox;
pub mod sbom;
pub mod store;
mod tar_values;
pub mod tree;
pub mod trust;
pub mod verify;
