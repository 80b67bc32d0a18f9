use plugin_sdk::prelude::*;

#[plugin(priority = 10)]
#[derive(Default)]
struct Words;

fn main() {}
