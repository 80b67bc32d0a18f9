//! What a call in process costs, beside the obvious way to do the same: the parts that all benchmarks share, and their count in
//! instructions.

#![allow(
    clippy::missing_errors_doc,
    reason = "whatever goes wrong ends the program with a message"
)]

pub mod count;
pub mod in_process;
pub mod json_rpc;
pub mod naive;
pub mod plugins;
pub mod requests;
pub mod subjects;

/// Whatever goes wrong ends the program with a message.
pub type Result<T, E = Error> = std::result::Result<T, E>;
/// See [`Result`].
pub type Error = Box<dyn std::error::Error + Send + Sync>;
