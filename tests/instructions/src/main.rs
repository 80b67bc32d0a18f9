//! Counts the instructions of calls, and compares them with those that were accepted. It builds the SDK without any transport, so
//! that a build takes little.

mod baseline;

use std::process::ExitCode;

use plugin_sdk_instructions::{Result, subjects};

const USAGE: &str = "usage: plugin-sdk-instructions check | update | repeat SUBJECT CALLS";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["check"] => baseline::check(),
        ["update"] => baseline::update(),
        ["repeat", subject, calls] => repeat(subject, calls),
        _ => Err(USAGE.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn repeat(subject: &str, calls: &str) -> Result<()> {
    subjects::repeat(subject, calls.parse()?)
}
