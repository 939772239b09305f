//! stub
pub mod assemble;
pub mod distro;
pub mod export;
pub mod fetch;
pub mod lockfile;
pub mod manifest;
pub mod model;
pub mod ops;
pub mod progress;
pub mod resolve;
pub mod store;
pub mod tree;
pub mod trust;
