//! The tests of the whole: every behaviour once, over real sockets and with the real host.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::items_after_statements,
    reason = "a test fails by panicking, also in the functions that its tests share"
)]

mod blocking;
mod book;
mod certificates;
mod codec;
mod codec_python;
mod command_line;
mod conformance;
mod context;
mod counts;
mod deadlines;
mod denials;
mod deploy;
mod dotenv;
mod everywhere;
mod examples;
mod frames;
mod grpc;
mod hook_table;
mod host;
mod installation;
mod late_answers;
mod log;
mod map;
mod mcp;
mod packages;
mod panics;
mod readme;
mod real_host;
mod schema;
mod secrets;
mod shutdown;
mod socket_file;
mod templates;
mod testing;
mod tls;
mod unread;
mod vectors;
mod ways;
mod yaml_python;
