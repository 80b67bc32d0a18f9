//! The host half: plugins called from Rust, over real sockets and in the same process.

mod config;
