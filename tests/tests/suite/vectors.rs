//! The recorded vectors of the Python framework ([protocol, section
//! 15](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#15-test-vectors)) against our
//! server, over a real socket.
//!
//! The recordings are in `tests/vectors`, with the configuration of the server that answers here; its plugins are
//! `plugin_sdk_tests::vector`. Answers are read with the public messages that prost generates, not with the SDK's own
//! codec. Where the SDK answers otherwise on purpose, [`differences`] says so, and why. Every file has its number of
//! cases asserted, so that none goes missing.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a vector that is not as expected fails its test"
)]

mod configs;
pub(crate) mod decode;
mod differences;
mod grpc;
mod hosts;
mod mcp;
mod mcp_normal;
pub(crate) mod normal;
mod raw;
mod results;
mod structs;
mod texts;

use std::io;
use std::path::PathBuf;
use std::process::Command;

use plugin_sdk_tests::process::ServerProcess;
use serde_json::Value;

/// The recorded server reports `{{ env.HOME }}` as it stands; ours renders it, without HTML escapes.
const HOME: &str = "/srv/a&b";

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("vectors")
        .join(name)
}

/// A file of vectors.
fn vectors(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path(name)).unwrap()).unwrap()
}

/// The cases of a file, of which there must be this many.
pub(crate) fn cases(name: &str, number: usize) -> Vec<Value> {
    let Value::Array(cases) = vectors(name)["cases"].take() else {
        panic!("{name} has no cases")
    };
    assert_eq!(cases.len(), number, "the number of cases in {name}");
    cases
}

pub(crate) fn text<'a>(case: &'a Value, key: &str) -> &'a str {
    case[key].as_str().unwrap_or_else(|| panic!("no {key} in {case}"))
}

pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<_> = hex
        .chars()
        .map(|digit| u8::try_from(digit.to_digit(16).unwrap()).unwrap())
        .collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// The server behind the vectors.
fn server() -> ServerProcess {
    server_with(|_| {})
}

/// The same, after `change` has changed the command.
fn server_with(change: impl FnOnce(&mut Command)) -> ServerProcess {
    let configuration = std::fs::read_to_string(path("vector.yaml")).unwrap();
    start_with(&configuration, change).unwrap()
}

fn start(configuration: &str) -> io::Result<ServerProcess> {
    start_with(configuration, |_| {})
}

fn start_with(configuration: &str, change: impl FnOnce(&mut Command)) -> io::Result<ServerProcess> {
    ServerProcess::start_with(env!("CARGO_BIN_EXE_vector-plugin"), configuration, |command| {
        command.env("HOME", HOME);
        change(command);
    })
}
