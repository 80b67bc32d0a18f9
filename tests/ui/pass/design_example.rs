//! The first example of the design compiles as it stands. It would serve until it is stopped, so nothing runs it.

#[allow(dead_code)]
#[path = "../../../examples/replace-words/src/main.rs"]
mod design_example;

fn main() {}
