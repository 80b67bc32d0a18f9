use plugin_sdk::prelude::*;

#[plugin]
#[derive(Default)]
struct Words;

fn main() {}
